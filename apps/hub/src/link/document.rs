//! `GET /link/v1/jobs/{id}/document`: a job's document, whole or a range of it (RFC 9110 section 14).

use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use cueline_model::JobId;
use http::header::{ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::Full;
use hyper::body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use super::signed;
use crate::hub::Hub;
use crate::refusal::Refusal;

const ROOM_WITHIN: Duration = Duration::from_secs(20);
const BUSY_RETRY_AFTER_S: u32 = 5;

/// What a `Range` header amounts to.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(Range<usize>),
    Unsatisfiable,
}

/// Gives the document to the agent that has the job.
pub async fn give(
    State(hub): State<Arc<Hub>>,
    Path(job): Path<String>,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let (parts, _) = request.into_parts();
    let agent = signed::without_body(&hub, &parts).await?;
    let job: JobId = job.parse().map_err(|_| Refusal::not_found("job"))?;
    let room = room(&hub).await?;
    let found = hub.store.job_document(agent.id, job).await?;
    let (document, bytes) =
        found.ok_or_else(|| Refusal::not_found("document of a job of this agent"))?;
    let etag = format!("\"{}\"", document.sha256);
    let whole = Bytes::from(bytes);
    let (status, content_range, bytes) = match asked(&parts.headers, &etag, whole.len()) {
        Asked::Whole => (StatusCode::OK, None, whole),
        Asked::Part(range) => {
            let value = format!("bytes {}-{}/{}", range.start, range.end - 1, whole.len());
            (StatusCode::PARTIAL_CONTENT, Some(value), whole.slice(range))
        }
        Asked::Unsatisfiable => {
            return Err(Refusal::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "range_not_satisfiable",
                format!(
                    "the document has {} bytes; ask for a range inside",
                    whole.len()
                ),
            )
            .header(CONTENT_RANGE, &format!("bytes */{}", whole.len())));
        }
    };
    let headers = [
        (CONTENT_TYPE, "application/octet-stream"),
        (ACCEPT_RANGES, "bytes"),
        (ETAG, &etag),
    ];
    let body = Body::new(Download {
        bytes: Full::new(bytes),
        _room: room,
    });
    let mut response = (status, headers, body).into_response();
    if let Some(value) = content_range.and_then(|value| HeaderValue::try_from(value).ok()) {
        response.headers_mut().insert(CONTENT_RANGE, value);
    }
    Ok(response)
}

async fn room(hub: &Hub) -> Result<OwnedSemaphorePermit, Refusal> {
    let room = tokio::time::timeout(ROOM_WITHIN, hub.downloads.clone().acquire_owned());
    match room.await {
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
fn asked(headers: &HeaderMap, etag: &str, length: usize) -> Asked {
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
        digits.then(|| text.parse::<usize>().unwrap_or(usize::MAX))
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

/// A document on its way, with its place among those.
struct Download {
    bytes: Full<Bytes>,
    _room: OwnedSemaphorePermit,
}

impl HttpBody for Download {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.bytes).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.bytes.size_hint()
    }
}

#[cfg(test)]
mod tests {
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
}
