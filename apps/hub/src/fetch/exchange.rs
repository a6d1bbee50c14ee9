//! One request and its answer, over a connection to an address that was checked.

use std::fmt::Display;
use std::net::SocketAddr;
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::{Expected, FetchError, Fetcher, Target};

/// Longest head of an answer.
const HEAD_BYTES_MAX: usize = 64 * 1024;
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("cueline-hub/", env!("CARGO_PKG_VERSION")));

/// A request about to be made.
pub(super) struct Exchange<'a> {
    fetcher: &'a Fetcher,
    target: &'a Target,
    addresses: &'a [SocketAddr],
}

/// An answer whose body has not been read.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: Incoming,
    origin: String,
    idle: Duration,
    /// Ends with the answer.
    _connection: Connection,
}

/// The task that drives a connection.
struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<'a> Exchange<'a> {
    pub const fn new(
        fetcher: &'a Fetcher,
        target: &'a Target,
        addresses: &'a [SocketAddr],
    ) -> Self {
        Self {
            fetcher,
            target,
            addresses,
        }
    }

    /// Connects, sends, and reads the answer's head.
    pub async fn send(
        self,
        method: Method,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, FetchError> {
        let limit = self.fetcher.settings.connect_within;
        let connected = tokio::time::timeout(limit, self.connect()).await;
        let (mut sender, connection) =
            connected.unwrap_or_else(|_| Err(self.too_slow("connecting", limit)))?;
        let mut request = Request::builder()
            .method(method)
            .uri(self.target.path.as_str())
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| self.broken(error))?;
        *request.headers_mut() = headers;
        let host = HeaderValue::try_from(self.target.authority());
        let host = host.map_err(|error| self.broken(error))?;
        request.headers_mut().insert(HOST, host);
        request.headers_mut().insert(USER_AGENT, AGENT);
        request
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
        let idle = self.fetcher.settings.idle;
        let answered = tokio::time::timeout(idle, sender.send_request(request)).await;
        let answer = answered
            .map_err(|_| self.too_slow("its answer", idle))?
            .map_err(|error| self.broken(error))?;
        let (head, body) = answer.into_parts();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
            origin: self.target.to_string(),
            idle,
            _connection: connection,
        })
    }

    async fn connect(&self) -> Result<(SendRequest<Full<Bytes>>, Connection), FetchError> {
        let mut failed = None;
        for address in self.addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => return self.over(stream).await,
                // The kind alone: the whole text may name the address.
                Err(error) => failed = Some(error.kind()),
            }
        }
        let cause = failed.map_or_else(|| "no address".to_owned(), |kind| kind.to_string());
        Err(self.broken(format!("no connection: {cause}")))
    }

    async fn over(
        &self,
        stream: TcpStream,
    ) -> Result<(SendRequest<Full<Bytes>>, Connection), FetchError> {
        if !self.target.https {
            return self.handshake(stream).await;
        }
        let tls = self.fetcher.tls.as_ref();
        let tls =
            tls.map_err(|error| self.broken(format!("no certificate can be checked: {error}")))?;
        let name = ServerName::try_from(self.target.host.clone());
        let name = name.map_err(|error| self.broken(error))?;
        let connector = TlsConnector::from(tls.clone());
        let stream = connector.connect(name, stream).await;
        self.handshake(stream.map_err(|error| self.broken(error))?)
            .await
    }

    async fn handshake(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) -> Result<(SendRequest<Full<Bytes>>, Connection), FetchError> {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_BYTES_MAX)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.broken(error))?;
        let connection = Connection(tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection for a fetch ended early");
            }
        }));
        Ok((sender, connection))
    }

    fn broken(&self, cause: impl Display) -> FetchError {
        FetchError::Broken {
            origin: self.target.to_string(),
            cause: cause.to_string(),
        }
    }

    fn too_slow(&self, what: &'static str, limit: Duration) -> FetchError {
        FetchError::TooSlow {
            origin: self.target.to_string(),
            what,
            limit,
        }
    }
}

impl Answer {
    /// The whole body, given up as soon as it is too long, too slow or the wrong thing.
    pub async fn body(mut self, max: u64, expected: Expected) -> Result<Vec<u8>, FetchError> {
        let too_large = |origin: &str| FetchError::TooLarge {
            origin: origin.to_owned(),
            max,
        };
        let declared = self.headers.get(CONTENT_LENGTH);
        let declared = declared.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if declared.is_some_and(|length| length > max) {
            return Err(too_large(&self.origin));
        }
        // Room is made as bytes come, not as they are promised.
        let mut whole: Vec<u8> = Vec::new();
        loop {
            let frame = tokio::time::timeout(self.idle, self.body.frame()).await;
            let data = match frame {
                Err(_) => {
                    return Err(FetchError::TooSlow {
                        origin: self.origin,
                        what: "a pause in the document",
                        limit: self.idle,
                    });
                }
                Ok(None) => break,
                Ok(Some(Err(error))) => {
                    return Err(FetchError::Broken {
                        origin: self.origin,
                        cause: format!("the document broke off: {error}"),
                    });
                }
                Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            };
            if whole.len() as u64 + data.len() as u64 > max {
                return Err(too_large(&self.origin));
            }
            whole.extend_from_slice(&data);
            if !expected.fits(&whole) {
                return Err(self.wrong_type(expected, "something that does not begin like one"));
            }
        }
        if whole.is_empty() {
            return Err(self.wrong_type(expected, "nothing"));
        }
        if expected == Expected::Pdf && whole.len() < Expected::PDF_HEAD.len() {
            return Err(self.wrong_type(expected, "a few bytes"));
        }
        Ok(whole)
    }

    fn wrong_type(&self, expected: Expected, got: &str) -> FetchError {
        FetchError::WrongType {
            origin: self.origin.clone(),
            expected: expected.words(),
            got: got.to_owned(),
        }
    }
}
