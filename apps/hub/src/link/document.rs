//! `GET /link/v1/jobs/{id}/document`: a job's document, whole or a range of it (RFC 9110 section 14).

use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cueline_model::JobId;
use http::header::{ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use hyper::body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use super::signed;
use crate::api::PathId;
use crate::hub::Hub;
use crate::refusal::Refusal;

const ROOM_WITHIN: Duration = Duration::from_secs(20);
const BUSY_RETRY_AFTER_S: u32 = 5;
/// What is handed to the connection at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// What a `Range` header amounts to.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(Range<u64>),
    Unsatisfiable,
}

/// Gives the document to the agent that has the job.
pub async fn give(
    State(hub): State<Arc<Hub>>,
    PathId(job): PathId,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let (parts, _) = request.into_parts();
    let agent = signed::without_body(&hub, &parts).await?;
    let job: JobId = job.parse().map_err(|_| Refusal::not_found("job"))?;
    let no_such = || Refusal::not_found("document of a job of this agent");
    let job = hub.store.open_job(agent.id, job).await?;
    let job = job.ok_or_else(no_such)?;
    let length = job.document.bytes;
    let etag = format!("\"{}\"", job.document.sha256);
    let (status, content_range, range) = match asked(&parts.headers, &etag, length) {
        Asked::Whole => (StatusCode::OK, None, 0..length),
        Asked::Part(range) => {
            let value = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            (StatusCode::PARTIAL_CONTENT, Some(value), range)
        }
        Asked::Unsatisfiable => {
            return Err(Refusal::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "range_not_satisfiable",
                format!("the document has {length} bytes; ask for a range inside"),
            )
            .header(CONTENT_RANGE, &format!("bytes */{length}")));
        }
    };
    let room = room(&hub, length).await?;
    let whole = hub.store.document(job.tenant, job.document.sha256).await?;
    let body = Download {
        bytes: part(whole.ok_or_else(no_such)?, range),
        _room: room,
    };
    let headers = [
        (CONTENT_TYPE, "application/octet-stream"),
        (ACCEPT_RANGES, "bytes"),
        (ETAG, &etag),
    ];
    let mut response = (status, headers, Body::new(body)).into_response();
    if let Some(value) = content_range.and_then(|value| HeaderValue::try_from(value).ok()) {
        response.headers_mut().insert(CONTENT_RANGE, value);
    }
    Ok(response)
}

fn part(whole: Vec<u8>, range: Range<u64>) -> Bytes {
    let place = |number: u64| usize::try_from(number).map_or(whole.len(), |n| n.min(whole.len()));
    let range = place(range.start)..place(range.end);
    Bytes::from(whole).slice(range)
}

/// A place for a document of so many bytes among those on their way.
async fn room(hub: &Hub, bytes: u64) -> Result<OwnedSemaphorePermit, Refusal> {
    let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
    let room = hub.downloads.clone().acquire_many_owned(kib);
    match tokio::time::timeout(ROOM_WITHIN, room).await {
        Ok(Ok(room)) => Ok(room),
        _ => Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "many documents are on their way; ask again in a moment",
        )
        .retry_after(BUSY_RETRY_AFTER_S)),
    }
}

/// A single range is given; anything else that is well-formed or not is answered in whole, as a
/// server may (RFC 9110 section 14.2).
fn asked(headers: &HeaderMap, etag: &str, length: u64) -> Asked {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    // The bytes asked for must be of the document the agent has the rest of.
    if headers.contains_key(IF_RANGE) && text(IF_RANGE) != Some(etag) {
        return Asked::Whole;
    }
    let range = text(RANGE)
        .and_then(|range| range.strip_prefix("bytes="))
        .filter(|range| !range.contains(','))
        .and_then(|range| range.trim().split_once('-'));
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    let range = match range {
        None => return Asked::Whole,
        Some(("", last)) => match number(last) {
            None => return Asked::Whole,
            Some(count) => length.saturating_sub(count)..length,
        },
        Some((first, last)) => match (number(first), number(last), last) {
            (Some(first), Some(last), _) if first <= last => {
                first..last.saturating_add(1).min(length)
            }
            (Some(first), None, "") => first..length,
            _ => return Asked::Whole,
        },
    };
    if range.start < range.end {
        Asked::Part(range)
    } else {
        Asked::Unsatisfiable
    }
}

/// A document on its way, with its place among those. It is handed on in copied pieces: what the
/// connection still has to write when this has ended is small, however slowly the agent reads.
struct Download {
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

impl HttpBody for Download {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.bytes.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.bytes.len().min(PIECE_BYTES);
        let piece = Bytes::copy_from_slice(&self.bytes.split_to(length));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[test]
    fn a_single_range_is_given_and_everything_else_is_answered_in_whole() {
        let of = |range: &str, if_range: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, range.parse().unwrap());
            if let Some(etag) = if_range {
                headers.insert(IF_RANGE, etag.parse().unwrap());
            }
            asked(&headers, "\"e\"", 10)
        };
        assert_eq!(of("bytes=0-3", None), Asked::Part(0..4));
        assert_eq!(of("bytes=4-", Some("\"e\"")), Asked::Part(4..10));
        assert_eq!(of("bytes=4-", Some("\"f\"")), Asked::Whole);
        assert_eq!(of("bytes=-3", None), Asked::Part(7..10));
        assert_eq!(of("bytes=-30", None), Asked::Part(0..10));
        assert_eq!(
            of("bytes=9-99999999999999999999999", None),
            Asked::Part(9..10)
        );
        assert_eq!(of("bytes=10-", None), Asked::Unsatisfiable);
        assert_eq!(of("bytes=-0", None), Asked::Unsatisfiable);
        for whole in [
            "bytes=0-1,3-4",
            "bytes=3-1",
            "bytes=a-",
            "lines=1-2",
            "bytes=+1-2",
            "bytes=-",
        ] {
            assert_eq!(of(whole, None), Asked::Whole, "{whole}");
        }
        assert_eq!(asked(&HeaderMap::new(), "\"e\"", 10), Asked::Whole);
    }

    #[tokio::test]
    async fn a_document_keeps_its_place_until_its_last_piece_is_taken() {
        let places = Arc::new(tokio::sync::Semaphore::new(1));
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        let mut body = Body::new(Download {
            bytes: part(bytes.clone(), 7..200_000),
            _room: places.clone().acquire_owned().await.unwrap(),
        });
        let mut taken = Vec::new();
        while let Some(frame) = body.frame().await {
            let piece = frame.unwrap().into_data().unwrap();
            assert!(piece.len() <= PIECE_BYTES);
            taken.extend_from_slice(&piece);
            // What a server goes by: it lets go of a body that has ended.
            assert_eq!(body.is_end_stream(), taken.len() == bytes.len() - 7);
            assert_eq!(places.available_permits(), 0);
        }
        assert_eq!(taken, &bytes[7..]);
        drop(body);
        assert_eq!(places.available_permits(), 1);
    }
}
