//! HTTP around IPP: one POST, one answer (RFC 8010, section 4).

use std::io;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{PATH, Shared, operations};
use crate::printer::fault::PrinterFault;

/// Bytes of one request, its document included.
const REQUEST_BYTES_MAX: usize = 64 * 1024 * 1024;

/// One connection from first to last request.
pub(super) async fn connection(stream: TcpStream, shared: Shared) {
    let service = service_fn(|request| answer(request, &shared));
    let served = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended");
    }
}

async fn answer(request: Request<Incoming>, shared: &Shared) -> io::Result<Response<Full<Bytes>>> {
    if request.method() != Method::POST || request.uri().path() != PATH {
        return Ok(plain(StatusCode::NOT_FOUND));
    }
    let content_type = request.headers().get(hyper::header::CONTENT_TYPE);
    if content_type.is_none_or(|kind| kind.as_bytes() != b"application/ipp") {
        return Ok(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let Some(body) = body(request, shared).await? else {
        return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE));
    };
    let answer = match shared.queue.take_noise() {
        Some(noise) => noise,
        None => operations::answer(body, shared),
    };
    // It has done what it was told, but says nothing of it.
    shared.panel.while_it_is(PrinterFault::Silent).await;
    let mut response = Response::new(Full::new(Bytes::from(answer)));
    let kind = hyper::header::HeaderValue::from_static("application/ipp");
    response
        .headers_mut()
        .insert(hyper::header::CONTENT_TYPE, kind);
    Ok(response)
}

/// The request's body; none where it is too long.
///
/// # Errors
/// The connection is to be cut in the middle of it.
async fn body(request: Request<Incoming>, shared: &Shared) -> io::Result<Option<Vec<u8>>> {
    let mut incoming = request.into_body();
    let mut bytes = Vec::new();
    loop {
        shared.panel.while_it_is(PrinterFault::Hang).await;
        let Some(frame) = incoming.frame().await else {
            return Ok(Some(bytes));
        };
        let Ok(data) = frame.map_err(io::Error::other)?.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > REQUEST_BYTES_MAX {
            return Ok(None);
        }
        bytes.extend_from_slice(&data);
        let so_far = bytes.len() as u64;
        let cut = match shared.panel.fault() {
            // Questions are shorter than any document.
            PrinterFault::CutConnection { after_bytes } => so_far >= after_bytes.max(1_000),
            _ if so_far >= 1_000 => shared.panel.bytes_read(so_far),
            _ => false,
        };
        if cut && shared.panel.fault() != PrinterFault::None {
            return Err(io::Error::other("the cable is cut here"));
        }
    }
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = status;
    response
}
