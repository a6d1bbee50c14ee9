//! The uplink itself: makes connections, and keeps one idle between short exchanges.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use tokio::time::{Instant, timeout_at};

use crate::connect_error::ConnectError;
use crate::connection::{Connection, Driver, Unanswered};
use crate::connector::Connector;
use crate::request_error::{RequestError, cause};
use crate::verify::client_config;
use crate::{HubUrl, ProxyChoice, Route, Trust, TrustError};

/// What an [`Uplink`] needs to know.
#[derive(Debug, Clone)]
pub struct UplinkConfig {
    /// Where the hub is.
    pub hub: HubUrl,
    /// Whom to believe that it is the hub.
    pub trust: Trust,
    /// Which way to go.
    pub proxy: ProxyChoice,
    /// For name, TCP, proxy and TLS together.
    pub connect_timeout: Duration,
    /// How long a connection is kept between two requests. Should be shorter than what proxies and
    /// address translators usually allow a silent connection, which is 45 s and more.
    pub idle_timeout: Duration,
    /// Sent as `User-Agent`.
    pub user_agent: HeaderValue,
}

impl UplinkConfig {
    /// This machine's authorities and proxy settings, 10 s to connect, 30 s between requests.
    pub fn new(hub: HubUrl) -> Self {
        Self {
            hub,
            trust: Trust::default(),
            proxy: ProxyChoice::default(),
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
            user_agent: HeaderValue::from_static(concat!("cueline/", env!("CARGO_PKG_VERSION"))),
        }
    }
}

/// One request with its complete answer, and the limits on both.
#[derive(Debug, Clone)]
pub struct Call {
    request: Request<Bytes>,
    repeatable: bool,
    timeout: Duration,
    answer_bytes_max: usize,
}

impl Call {
    /// A request naming a path and query. 30 s for everything, 1 MiB of answer; repeatable where
    /// its method is idempotent (RFC 9110 section 9.2.2).
    pub fn new(request: Request<Bytes>) -> Self {
        let repeatable = request.method().is_idempotent();
        Self {
            request,
            repeatable,
            timeout: Duration::from_secs(30),
            answer_bytes_max: 1 << 20,
        }
    }

    /// Says that the hub takes this request twice without harm, whatever its method.
    #[must_use]
    pub fn repeatable(self) -> Self {
        Self {
            repeatable: true,
            ..self
        }
    }

    /// The time for connecting, asking and reading together.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The longest body taken as an answer, in bytes.
    #[must_use]
    pub fn answer_bytes_max(self, answer_bytes_max: usize) -> Self {
        Self {
            answer_bytes_max,
            ..self
        }
    }

    fn to_send(&self) -> Request<Full<Bytes>> {
        self.request.clone().map(Full::new)
    }
}

/// The road to one hub. Cheap to share behind an `Arc`; [`Uplink::request`] may run many times at
/// once, one idle connection is kept.
pub struct Uplink {
    connector: Connector,
    proxy: ProxyChoice,
    idle_timeout: Duration,
    idle: Arc<Mutex<Option<Idle>>>,
}

struct Idle {
    connection: Connection,
    _expiry: Driver,
}

impl Uplink {
    /// Prepares the road; connects to nothing yet.
    ///
    /// # Errors
    /// [`TrustError`] where there is nothing to check the hub's certificate against.
    pub fn new(config: UplinkConfig) -> Result<Self, TrustError> {
        let UplinkConfig {
            hub,
            trust,
            proxy,
            connect_timeout,
            idle_timeout,
            user_agent,
        } = config;
        let tls = Arc::new(client_config(&trust)?);
        let pinned = trust.is_pinned();
        let connector = Connector {
            hub,
            tls,
            pinned,
            connect_timeout,
            user_agent,
        };
        Ok(Self {
            connector,
            proxy,
            idle_timeout,
            idle: Arc::default(),
        })
    }

    /// The hub's address.
    pub fn hub(&self) -> &HubUrl {
        &self.connector.hub
    }

    /// The way a new connection would take now, `direct` or `proxy host:port`.
    ///
    /// # Errors
    /// [`ConnectError::ProxyUnsupported`].
    pub fn path(&self) -> Result<String, ConnectError> {
        Ok(self.proxy.route(self.hub())?.to_string())
    }

    /// Opens a new connection: name, TCP, proxy, TLS, all within the configured time.
    ///
    /// # Errors
    /// [`ConnectError`], which tells every failure apart.
    pub async fn connect(&self) -> Result<Connection, ConnectError> {
        let route = self.proxy.route(self.hub())?;
        self.connector.connect(route).await
    }

    /// Asks and reads the complete answer, whatever its status, on the idle connection or a new
    /// one. Where the idle connection turns out dead before anything of an answer came, and the
    /// request was certainly not sent or is repeatable, it is sent once more on a new one.
    ///
    /// # Errors
    /// [`RequestError`]. An HTTP status of 400 or more is an answer, not an error.
    pub async fn request(&self, call: Call) -> Result<Response<Bytes>, RequestError> {
        let route = self.proxy.route(self.hub())?;
        let deadline = Instant::now() + call.timeout;
        match timeout_at(deadline, self.exchange(&call, &route)).await {
            Ok(done) => done,
            Err(_) => Err(RequestError::TimedOut {
                hub: self.hub().host_and_port(),
                path: route.to_string(),
                after: call.timeout,
            }),
        }
    }

    async fn exchange(&self, call: &Call, route: &Route) -> Result<Response<Bytes>, RequestError> {
        if let Some(mut connection) = self.take_idle(route).await {
            match connection.try_send(call.to_send()).await {
                Ok(answer) => return self.read(connection, answer, call.answer_bytes_max).await,
                Err(Unanswered {
                    certainly_unsent,
                    error,
                }) => {
                    let lost = matches!(error, RequestError::ConnectionLost { .. });
                    if !lost || !(certainly_unsent || call.repeatable) {
                        return Err(error);
                    }
                    tracing::debug!(%error, "idle connection was dead, asking again on a new one");
                }
            }
        }
        let mut connection = self.connector.connect(route.clone()).await?;
        let answer = connection.send(call.to_send()).await?;
        self.read(connection, answer, call.answer_bytes_max).await
    }

    async fn read(
        &self,
        connection: Connection,
        answer: Response<Incoming>,
        limit_bytes: usize,
    ) -> Result<Response<Bytes>, RequestError> {
        let (hub, path) = (self.hub().host_and_port(), connection.path());
        let (head, mut body) = answer.into_parts();
        let mut received = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = match frame {
                Ok(frame) => frame,
                Err(error) => {
                    let received_bytes = received.len();
                    let cause = cause(&error);
                    return Err(RequestError::BodyInterrupted {
                        hub,
                        path,
                        received_bytes,
                        cause,
                    });
                }
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if received.len() + data.len() > limit_bytes {
                return Err(RequestError::BodyTooLarge {
                    hub,
                    path,
                    limit_bytes,
                });
            }
            received.extend_from_slice(&data);
        }
        self.keep_idle(connection);
        Ok(Response::from_parts(head, Bytes::from(received)))
    }

    /// The idle connection, where it goes the way a new one would go now and is still open.
    async fn take_idle(&self, route: &Route) -> Option<Connection> {
        let Idle { mut connection, .. } = self.idle_slot().take()?;
        (connection.route() == route && connection.is_usable().await).then_some(connection)
    }

    fn keep_idle(&self, connection: Connection) {
        let (slot, idle_timeout) = (Arc::downgrade(&self.idle), self.idle_timeout);
        let expiry = Driver::spawn_task(async move {
            tokio::time::sleep(idle_timeout).await;
            if let Some(slot) = slot.upgrade() {
                // Taken out first, so that the lock is free when this task drops itself.
                let expired = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
                drop(expired);
            }
        });
        *self.idle_slot() = Some(Idle {
            connection,
            _expiry: expiry,
        });
    }

    fn idle_slot(&self) -> MutexGuard<'_, Option<Idle>> {
        // Only whole values are moved in and out, so a panic elsewhere leaves nothing half done.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Uplink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uplink")
            .field("hub", self.hub())
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}
