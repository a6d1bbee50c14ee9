//! Asks an HTTP proxy for a tunnel: `CONNECT` (RFC 9110 section 9.3.6) with Basic credentials
//! (RFC 7617) or none.

use http::header::{HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::upgrade::Parts;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::certificate::plain_text;
use crate::connect_error::ConnectError;
use crate::connection::Driver;
use crate::request_error;
use crate::{HubUrl, ProxyUrl};

const ANSWER_HEAD_BYTES_MAX: usize = 16 * 1024;

/// Turns a connection to the proxy into one whose other end is the hub.
pub(crate) async fn open(
    stream: TcpStream,
    proxy: &ProxyUrl,
    hub: &HubUrl,
) -> Result<TcpStream, ConnectError> {
    let not_http = |cause: String| ConnectError::ProxyNotHttp {
        proxy: proxy.host_and_port(),
        hub: hub.host_and_port(),
        cause,
    };
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(ANSWER_HEAD_BYTES_MAX)
        .handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(|error| not_http(not_http_cause(&error)))?;
    // Ends with this function; the upgrade has taken the stream out by then.
    let _driver = Driver::spawn(connection.with_upgrades());
    let answer = sender
        .send_request(connect_request(proxy, hub))
        .await
        .map_err(|error| not_http(not_http_cause(&error)))?;
    if !answer.status().is_success() {
        return Err(refusal(&answer, proxy, hub));
    }
    let upgraded = hyper::upgrade::on(answer)
        .await
        .map_err(|error| not_http(not_http_cause(&error)))?;
    let parts: Parts<TokioIo<TcpStream>> = upgraded
        .downcast()
        .map_err(|_| not_http("a connection of another kind".to_owned()))?;
    // In TLS the client speaks first, so the hub cannot have said these.
    if !parts.read_buf.is_empty() {
        return Err(not_http(format!(
            "{} bytes after its answer",
            parts.read_buf.len()
        )));
    }
    Ok(parts.io.into_inner())
}

fn connect_request(proxy: &ProxyUrl, hub: &HubUrl) -> Request<Empty<Bytes>> {
    let target = hub.host_and_port();
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .uri(&target)
        .header(HOST, &target);
    if let Some(authorization) = proxy.authorization() {
        request = request.header(PROXY_AUTHORIZATION, authorization);
    }
    request
        .body(Empty::new())
        .expect("host and port were checked when the address was parsed")
}

fn refusal(answer: &Response<Incoming>, proxy: &ProxyUrl, hub: &HubUrl) -> ConnectError {
    let with_credentials = proxy.has_credentials();
    let (proxy, hub) = (proxy.host_and_port(), hub.host_and_port());
    match answer.status() {
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            let offers = offered_schemes(answer.headers());
            if with_credentials {
                ConnectError::ProxyPasswordWrong { proxy, hub, offers }
            } else {
                ConnectError::ProxyWantsPassword { proxy, hub, offers }
            }
        }
        StatusCode::FORBIDDEN => ConnectError::ProxyDenied { proxy, hub },
        status => {
            let detail = answer
                .headers()
                .get("x-squid-error")
                .and_then(|value| value.to_str().ok());
            let detail = detail.map(plain_text).unwrap_or_default();
            ConnectError::ProxyFailed {
                proxy,
                hub,
                status: status.as_u16(),
                detail,
            }
        }
    }
}

/// The first word of each `Proxy-Authenticate` field; a proxy that offers several schemes sends a
/// field for each.
fn offered_schemes(headers: &HeaderMap) -> String {
    let fields = headers.get_all(PROXY_AUTHENTICATE).into_iter();
    let schemes = fields.filter_map(|field| {
        field
            .to_str()
            .ok()?
            .split_whitespace()
            .next()
            .map(plain_text)
    });
    plain_text(&schemes.collect::<Vec<_>>().join(", "))
}

fn not_http_cause(error: &hyper::Error) -> String {
    if error.is_parse() {
        "something else".to_owned()
    } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        "a closed connection".to_owned()
    } else {
        request_error::cause(error).to_lowercase()
    }
}
