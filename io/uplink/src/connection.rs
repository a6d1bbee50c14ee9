//! One open connection to the hub, speaking HTTP/1.1.

use std::fmt;
use std::future::Future;

use http::header::{HOST, USER_AGENT};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::SendRequest;
use tokio::task::JoinHandle;

use crate::request_error::RequestError;
use crate::{HubUrl, Route};

/// A task that ends with its owner.
pub(crate) struct Driver(JoinHandle<()>);

impl Driver {
    /// Runs `connection` to its end; its error reaches whoever waits for an answer on it.
    pub(crate) fn spawn<E: fmt::Display>(
        connection: impl Future<Output = Result<(), E>> + Send + 'static,
    ) -> Self {
        Self(tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
        }))
    }

    pub(crate) fn spawn_task(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(task))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An open connection to the hub, one exchange at a time. Dropping it closes it, and with it the
/// body of an answer that is still being read: keep it as long as the body.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    _driver: Driver,
    hub: HubUrl,
    user_agent: HeaderValue,
    route: Route,
}

/// A request that was not answered, and, where nothing of it was sent, the request itself.
pub(crate) struct Unanswered {
    pub(crate) error: RequestError,
    pub(crate) certainly_unsent: bool,
}

impl Connection {
    pub(crate) fn new(
        sender: SendRequest<Full<Bytes>>,
        driver: Driver,
        hub: HubUrl,
        user_agent: HeaderValue,
        route: Route,
    ) -> Self {
        Self {
            sender,
            _driver: driver,
            hub,
            user_agent,
            route,
        }
    }

    /// Sends a request and waits, without limit, for the head of the answer.
    ///
    /// The request names a path and query; the hub is added as `Host`, and `User-Agent` where it
    /// has none.
    ///
    /// # Errors
    /// [`RequestError::ConnectionLost`] or [`RequestError::NotHttp`]; the connection is then of no
    /// further use.
    pub async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, RequestError> {
        self.try_send(request)
            .await
            .map_err(|unanswered| unanswered.error)
    }

    /// The way this connection takes, `direct` or `proxy host:port`.
    pub fn path(&self) -> String {
        self.route.to_string()
    }

    pub(crate) fn route(&self) -> &Route {
        &self.route
    }

    /// Whether another request can be sent. An end that the peer has closed is noticed here.
    pub(crate) async fn is_usable(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    pub(crate) async fn try_send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Unanswered> {
        let request = self.completed(request);
        let sent = match self.sender.ready().await {
            Ok(()) => self.sender.try_send_request(request).await,
            Err(error) => return Err(self.unanswered(&error, true)),
        };
        sent.map_err(|failed: TrySendError<_>| {
            self.unanswered(failed.error(), failed.message().is_some())
        })
    }

    fn completed(&self, mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
        if let Some(path) = request.uri().path_and_query() {
            *request.uri_mut() = Uri::from(path.clone());
        }
        let authority = HeaderValue::try_from(self.hub.authority())
            .expect("host and port were checked when the address was parsed");
        request.headers_mut().insert(HOST, authority);
        request
            .headers_mut()
            .entry(USER_AGENT)
            .or_insert_with(|| self.user_agent.clone());
        request
    }

    fn unanswered(&self, error: &hyper::Error, certainly_unsent: bool) -> Unanswered {
        let (hub, path) = (self.hub.host_and_port(), self.path());
        let error = if error.is_parse() {
            RequestError::NotHttp { hub, path }
        } else {
            RequestError::ConnectionLost {
                hub,
                path,
                cause: crate::request_error::cause(error),
            }
        };
        Unanswered {
            error,
            certainly_unsent,
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("hub", &self.hub)
            .field("route", &self.route)
            .finish_non_exhaustive()
    }
}
