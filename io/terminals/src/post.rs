//! One message over HTTPS, posted once, on a connection of its own: an abort must not wait behind the
//! payment it aborts.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::address::TerminalAddress;
use crate::stream::{CONNECT_WITHIN, open_any};
use crate::trust::Trust;

/// The longest answer that is read; a receipt's is some 10 kB.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Longer than any payment; the driver's own time-outs come before.
const ANSWER_WITHIN: Duration = Duration::from_secs(10 * 60);

/// How a post went: the answer's body, or why there is none.
pub(crate) type Posted = Result<Bytes, Unanswered>;

/// Why a post has no answer.
#[derive(Debug)]
pub(crate) struct Unanswered {
    /// False only where no byte of it can have left.
    pub(crate) may_have_arrived: bool,
    pub(crate) text: String,
}

/// Posts a body, once.
pub(crate) async fn post(
    address: &TerminalAddress,
    path: &str,
    trust: &Arc<Trust>,
    body: Vec<u8>,
) -> Posted {
    let before = |text| Unanswered {
        may_have_arrived: false,
        text,
    };
    let after = |cause: String| Unanswered {
        may_have_arrived: true,
        text: format!(
            "wait for the terminal's answer at {}: {cause}",
            address.host_and_port()
        ),
    };
    let mut sender = connect(address, trust).await.map_err(before)?;
    let request = Request::post(path)
        .header(header::HOST, address.host_and_port())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "Cueline")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| before(format!("write a request to the terminal: {error}")))?;
    let asking = async {
        let response = match sender.try_send_request(request).await {
            Ok(response) => response,
            // The request comes back only where none of it was written.
            Err(mut error) => {
                let unsent = error.take_message().is_some();
                return Err(Unanswered {
                    may_have_arrived: !unsent,
                    ..after(cause(&error.into_error()))
                });
            }
        };
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX)
            .collect()
            .await
            .map_err(|error| after(error.to_string()))?
            .to_bytes();
        if status.is_success() {
            Ok(body)
        } else {
            Err(after(format!("it answered with HTTP status {status}")))
        }
    };
    match timeout(ANSWER_WITHIN, asking).await {
        Ok(answered) => answered,
        Err(_) => Err(after(format!("none within {} s", ANSWER_WITHIN.as_secs()))),
    }
}

async fn connect(
    address: &TerminalAddress,
    trust: &Arc<Trust>,
) -> Result<SendRequest<Full<Bytes>>, String> {
    let stream = open_any(address).await?;
    let at = address.host_and_port();
    let failed = |cause: String| format!("open TLS to the terminal at {at}: {cause}");
    let securing = async {
        let server = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
        let stream = TlsConnector::from(trust.config()?)
            .connect(server, stream)
            .await?;
        handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)
    };
    match timeout(CONNECT_WITHIN, securing).await {
        Ok(Ok((sender, connection))) => {
            // Ends with its sender, or with the peer.
            tokio::spawn(connection);
            Ok(sender)
        }
        Ok(Err(error)) => Err(match trust.refused() {
            Some(digest) => failed(format!(
                "it shows a certificate that nobody vouches for: if it is this terminal's own, add \
                 ?pin={digest} to its address in the settings"
            )),
            None => failed(error.to_string()),
        }),
        Err(_) => Err(failed(format!(
            "no answer within {} s",
            CONNECT_WITHIN.as_secs()
        ))),
    }
}

/// The innermost reason; hyper's own words do not tell it.
fn cause(error: &hyper::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
