//! Sends each connection to the room that serves it, by its first request.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tower_service::Service as _;

use super::admission::Place;
use super::head::{self, Head};
use super::paced::Paced;
use super::rewind::Rewind;
use super::{Peer, Server};
use crate::refusal::Refusal;
use crate::{link, pace};

/// From the handshake, or the last answer, to the end of the next head.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// The same on connections the general server has, which are kept open between requests.
const KEPT_OPEN: Duration = Duration::from_secs(45);
const REFUSAL_WITHIN: Duration = Duration::from_secs(5);
const FULL_RETRY_AFTER_S: u32 = 5;

/// Serves a connection to its end.
pub(super) async fn serve(
    server: Arc<Server>,
    mut stream: TlsStream<TcpStream>,
    peer: Peer,
    place: Place,
) {
    let mut read = Vec::new();
    loop {
        let head = tokio::time::timeout(HEAD_WITHIN, head::read(&mut stream, &mut read));
        let (parts, length) = match head.await {
            Ok(Ok(Head::Stream(parts, length))) => (parts, length),
            Ok(Ok(Head::Other)) => {
                let stream = Rewind::new(read, Paced::new(stream, pace::LEAST));
                return Box::pin(serve_http(server, stream, peer, place)).await;
            }
            Ok(Ok(Head::Refused(refusal))) => {
                return Box::pin(refuse_and_close(stream, refusal)).await;
            }
            Ok(Ok(Head::Closed) | Err(_)) | Err(_) => return,
        };
        read.drain(..length);
        match Box::pin(link::open(&server.hub, &parts)).await {
            Ok(opened) => {
                // A task of its own, so that the line held for days is as small as can be.
                let held = link::Held::new(server.hub.clone(), opened, stream, place);
                tokio::spawn(held.hold());
                return;
            }
            // The agent signs again with the nonce of the answer, on the same connection.
            Err(refusal) => {
                if !answer(&mut stream, &server, &parts, &refusal).await {
                    return Box::pin(close(stream)).await;
                }
            }
        }
    }
}

/// Says that there is no room for one more connection.
pub(super) async fn tell_full(mut stream: TlsStream<TcpStream>) {
    let refusal = Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "too_many_connections",
        "this hub holds as many connections as it can; come again later",
    )
    .retry_after(FULL_RETRY_AFTER_S)
    .close();
    // Answered only once asked, or the answer would be lost with the unread request.
    let mut read = Vec::new();
    let head = head::read(&mut stream, &mut read);
    if tokio::time::timeout(REFUSAL_WITHIN, head).await.is_ok() {
        refuse_and_close(stream, refusal).await;
    }
}

/// Writes a refusal; says whether the connection is of further use.
async fn answer(
    stream: &mut TlsStream<TcpStream>,
    server: &Server,
    parts: &Parts,
    refusal: &Refusal,
) -> bool {
    let mut headers = HeaderMap::new();
    if let Ok(nonce) = HeaderValue::from_str(&server.hub.fresh_nonce()) {
        headers.insert(cueline_wire::cloud::NONCE_HEADER, nonce);
    }
    let bytes = refusal.to_http11(&headers);
    let written = tokio::time::timeout(REFUSAL_WITHIN, async {
        stream.write_all(&bytes).await?;
        stream.flush().await
    });
    matches!(written.await, Ok(Ok(()))) && !asks_to_close(&parts.headers) && !refusal.closes()
}

/// A list of options, maybe in several lines (RFC 9110 section 7.6.1).
fn asks_to_close(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(http::header::CONNECTION).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|option| option.trim().eq_ignore_ascii_case("close"))
}

async fn refuse_and_close(mut stream: TlsStream<TcpStream>, refusal: Refusal) {
    let bytes = refusal.to_http11(&HeaderMap::new());
    let written = tokio::time::timeout(REFUSAL_WITHIN, stream.write_all(&bytes)).await;
    if matches!(written, Ok(Ok(()))) {
        close(stream).await;
    }
}

async fn close(mut stream: TlsStream<TcpStream>) {
    // The other end may be gone; there is nobody to tell.
    let _ended = tokio::time::timeout(REFUSAL_WITHIN, stream.shutdown()).await;
}

async fn serve_http(
    server: Arc<Server>,
    stream: Rewind<Paced<TlsStream<TcpStream>>>,
    peer: Peer,
    _place: Place,
) {
    let mut draining = server.hub.draining.subscribe();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        server.router.clone().call(request.map(Body::new))
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(KEPT_OPEN)
            .max_buf_size(4 * super::HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = async { drop(draining.wait_for(|draining| *draining).await) } => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
