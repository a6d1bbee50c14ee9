//! Makes one connection: name, TCP, proxy, TLS, HTTP, each failure under its own name.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{AlertDescription, ClientConfig, Error as TlsError};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::connect_error::{ConnectError, Stage};
use crate::connection::{Connection, Driver};
use crate::dial::{DialError, dial};
use crate::verify::Refusal;
use crate::{HubUrl, ProxyUrl, Route, request_error, tunnel};

/// Longest head of an answer.
const HEAD_BYTES_MAX: usize = 64 * 1024;

pub(crate) struct Connector {
    pub(crate) hub: HubUrl,
    pub(crate) tls: Arc<ClientConfig>,
    /// Whether `tls` believes only authorities named for this hub.
    pub(crate) pinned: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) user_agent: HeaderValue,
}

impl Connector {
    pub(crate) async fn connect(&self, route: Route) -> Result<Connection, ConnectError> {
        let deadline = Instant::now() + self.connect_timeout;
        let stream = match &route {
            Route::Direct => self.dial_hub(deadline).await?,
            Route::Proxy(proxy) => self.dial_through(proxy, deadline).await?,
        };
        let stream = self.open_tls(stream, &route, deadline).await?;
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_BYTES_MAX)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.tls_failed(request_error::cause(&error), &route))?;
        let driver = Driver::spawn(connection);
        Ok(Connection::new(
            sender,
            driver,
            self.hub.clone(),
            self.user_agent.clone(),
            route,
        ))
    }

    async fn dial_hub(&self, deadline: Instant) -> Result<TcpStream, ConnectError> {
        let (hub, after) = (self.hub.host_and_port(), self.connect_timeout);
        dial(self.hub.host(), self.hub.port(), deadline)
            .await
            .map_err(|error| match error {
                DialError::NotResolved { cause } => ConnectError::NameNotResolved {
                    host: self.hub.host().to_owned(),
                    cause,
                },
                DialError::ResolveTimedOut => ConnectError::TimedOut {
                    hub,
                    stage: Stage::Resolve,
                    after,
                    proxy: None,
                },
                DialError::Refused { address } => ConnectError::Refused {
                    hub,
                    address: address.to_string(),
                },
                DialError::Unreachable { cause } => ConnectError::Unreachable { hub, cause },
                DialError::TimedOut => ConnectError::TimedOut {
                    hub,
                    stage: Stage::Tcp,
                    after,
                    proxy: None,
                },
            })
    }

    async fn dial_through(
        &self,
        proxy: &ProxyUrl,
        deadline: Instant,
    ) -> Result<TcpStream, ConnectError> {
        let timed_out = |stage| ConnectError::ProxyTimedOut {
            proxy: proxy.host_and_port(),
            hub: self.hub.host_and_port(),
            stage,
            after: self.connect_timeout,
        };
        let dialled = dial(proxy.host(), proxy.port(), deadline).await;
        let stream = dialled.map_err(|error| {
            let (host, proxy) = (proxy.host().to_owned(), proxy.host_and_port());
            match error {
                DialError::NotResolved { cause } => {
                    ConnectError::ProxyNameNotResolved { proxy, host, cause }
                }
                DialError::ResolveTimedOut => timed_out(Stage::Resolve),
                DialError::Refused { address } => ConnectError::ProxyRefused {
                    proxy,
                    address: address.to_string(),
                },
                DialError::Unreachable { cause } => ConnectError::ProxyUnreachable { proxy, cause },
                DialError::TimedOut => timed_out(Stage::Tcp),
            }
        })?;
        match timeout_at(deadline, tunnel::open(stream, proxy, &self.hub)).await {
            Ok(opened) => opened,
            Err(_) => Err(timed_out(Stage::Proxy)),
        }
    }

    async fn open_tls(
        &self,
        stream: TcpStream,
        route: &Route,
        deadline: Instant,
    ) -> Result<TlsStream<TcpStream>, ConnectError> {
        let connector = TlsConnector::from(self.tls.clone());
        match timeout_at(deadline, connector.connect(self.hub.server_name(), stream)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(self.handshake_failed(&error, route)),
            Err(_) => Err(ConnectError::TimedOut {
                hub: self.hub.host_and_port(),
                stage: Stage::Tls,
                after: self.connect_timeout,
                proxy: route.proxy(),
            }),
        }
    }

    fn handshake_failed(&self, error: &io::Error, route: &Route) -> ConnectError {
        let tls_error = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<TlsError>());
        let Some(tls_error) = tls_error else {
            let cause = match error.kind() {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
                    "the connection was closed during the handshake".to_owned()
                }
                _ => error.to_string(),
            };
            return self.tls_failed(cause, route);
        };
        match Refusal::within(tls_error) {
            Some(refusal) => self.certificate_refused(refusal.clone(), route),
            None => self.tls_failed(handshake_cause(tls_error), route),
        }
    }

    fn certificate_refused(&self, refusal: Refusal, route: &Route) -> ConnectError {
        let (hub, proxy) = (self.hub.host_and_port(), route.proxy());
        match refusal {
            Refusal::UnknownIssuer { issuer } => ConnectError::TlsIntercepted {
                hub,
                issuer,
                pinned: self.pinned,
                proxy,
            },
            Refusal::WrongName { presented } => ConnectError::WrongHostName {
                hub,
                presented,
                proxy,
            },
            Refusal::Expired { validity, now_s } => ConnectError::CertificateExpired {
                hub,
                validity,
                now_s,
                proxy,
            },
            Refusal::NotYetValid { validity, now_s } => ConnectError::CertificateNotYetValid {
                hub,
                validity,
                now_s,
                proxy,
            },
            Refusal::Other { cause } => ConnectError::TlsFailed { hub, cause, proxy },
        }
    }

    fn tls_failed(&self, cause: String, route: &Route) -> ConnectError {
        ConnectError::TlsFailed {
            hub: self.hub.host_and_port(),
            cause,
            proxy: route.proxy(),
        }
    }
}

fn handshake_cause(error: &TlsError) -> String {
    match error {
        TlsError::InvalidMessage(_) => "what answers there does not speak TLS".to_owned(),
        TlsError::AlertReceived(AlertDescription::ProtocolVersion)
        | TlsError::PeerIncompatible(_) => {
            format!("no common way to speak TLS 1.2 or later ({error})")
        }
        other => other.to_string(),
    }
}
