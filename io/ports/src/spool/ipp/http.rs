//! How IPP messages travel: HTTP/1.1 POST over TCP, TLS or the local socket of CUPS.

use std::io;
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cueline_model::{Fault, FaultCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::message::{Answer, Question};
use super::trust;
use crate::faults;

/// The longest answer that is read. Printers describe themselves in some 100 kB at most.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Where a server of IPP listens.
#[derive(Debug, Clone)]
pub(crate) enum Dial {
    /// TCP, with TLS where there is a configuration for it.
    Tcp {
        host: String,
        port: u16,
        tls: Option<Arc<trust::Trust>>,
    },
    /// The local socket of CUPS.
    #[cfg(unix)]
    Socket(PathBuf),
}

/// Why a question has no answer.
#[derive(Debug, Clone)]
pub(crate) struct Unanswered {
    /// Whether the question cannot have arrived.
    pub(crate) nothing_sent: bool,
    pub(crate) fault: Fault,
}

impl Dial {
    /// Asks one question over a connection of its own.
    pub(crate) async fn ask(
        &self,
        path: &str,
        question: Bytes,
        connect_within: Duration,
        answer_within: Duration,
    ) -> Result<Answer, Unanswered> {
        let before = |fault| Unanswered {
            nothing_sent: true,
            fault,
        };
        let after = |fault| Unanswered {
            nothing_sent: false,
            fault,
        };
        let name = self.name();
        let connected = timeout(connect_within, self.connect()).await;
        let mut sender = connected
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(|error| before(self.cannot_connect(&error)))?;
        let request = Request::post(path)
            .header(header::HOST, self.host())
            .header(header::CONTENT_TYPE, "application/ipp")
            .header(header::USER_AGENT, "Cueline")
            .header(header::CONNECTION, "close")
            .body(Full::new(question))
            .map_err(|error| before(no_ipp(&name, &error.to_string())))?;
        let asking = async {
            let response = sender
                .send_request(request)
                .await
                .map_err(io::Error::other)?;
            let status = response.status();
            let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX)
                .collect()
                .await;
            Ok::<_, io::Error>((status, body.map_err(io::Error::other)?.to_bytes()))
        };
        let answered = timeout(answer_within, asking).await;
        let (status, body) = answered
            .map_err(|_| after(faults::no_answer(&name)))?
            .map_err(|error| after(faults::connection_lost(&name, &error)))?;
        match status {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(before(Fault::new(
                    FaultCode::PortError,
                    format!(
                        "The printer {name} asks who prints: let it take jobs from this computer without signing in."
                    ),
                )));
            }
            StatusCode::UPGRADE_REQUIRED => {
                return Err(before(Fault::new(
                    FaultCode::PortError,
                    format!(
                        "The printer {name} takes jobs over TLS only: write its address with ipps:// in the settings."
                    ),
                )));
            }
            StatusCode::SERVICE_UNAVAILABLE => return Err(before(faults::in_use(&name))),
            status if status.is_client_error() => {
                return Err(before(no_ipp(&name, &format!("HTTP status {status}"))));
            }
            status => return Err(after(no_ipp(&name, &format!("HTTP status {status}")))),
        }
        Answer::parse(body).map_err(|error| after(no_ipp(&name, &error.to_string())))
    }

    /// As it is shown to people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Tcp { host, port, .. } => format!("{}:{port}", crate::address::Host(host)),
            #[cfg(unix)]
            Self::Socket(path) => path.display().to_string(),
        }
    }

    fn host(&self) -> String {
        match self {
            Self::Tcp { .. } => self.name(),
            #[cfg(unix)]
            Self::Socket(_) => "localhost".to_owned(),
        }
    }

    fn cannot_connect(&self, error: &io::Error) -> Fault {
        match self {
            Self::Tcp {
                tls: Some(trust), ..
            } => match trust.refused() {
                Some(fingerprint) => Fault::new(
                    FaultCode::PortError,
                    format!(
                        "The printer {name} shows a certificate that nobody vouches for: if it is this \
                         printer's own, add ?pin={fingerprint} to its address in the settings.",
                        name = self.name()
                    ),
                ),
                None => faults::unreachable(&self.name(), error),
            },
            _ => faults::unreachable(&self.name(), error),
        }
    }

    async fn connect(&self) -> io::Result<SendRequest<Full<Bytes>>> {
        match self {
            Self::Tcp {
                host,
                port,
                tls: None,
            } => speak(TcpStream::connect((host.as_str(), *port)).await?).await,
            Self::Tcp {
                host,
                port,
                tls: Some(trust),
            } => {
                let server = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                let connector = TlsConnector::from(trust.config()?);
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                speak(connector.connect(server, stream).await?).await
            }
            #[cfg(unix)]
            Self::Socket(path) => speak(tokio::net::UnixStream::connect(path).await?).await,
        }
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> io::Result<SendRequest<Full<Bytes>>> {
    let (sender, connection) = handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    // Ends with its sender, or with the peer.
    tokio::spawn(connection);
    Ok(sender)
}

fn no_ipp(name: &str, why: &str) -> Fault {
    Fault::new(
        FaultCode::PortError,
        format!(
            "The printer {name} does not answer as a printer does ({why}): check its address in the settings."
        ),
    )
}

/// Why a question could not be written at all: a name in it is too long, for one.
pub(crate) fn unwritable(
    name: &str,
    question: Result<Question, ipp::parser::IppParseError>,
) -> Result<Question, Unanswered> {
    question.map_err(|error| Unanswered {
        nothing_sent: true,
        fault: Fault::new(
            FaultCode::PortError,
            format!("A job for the printer {name} cannot be written ({error}): check the printer's name and the job's options."),
        ),
    })
}
