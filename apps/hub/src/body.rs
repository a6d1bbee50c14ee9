//! Reads request bodies with a limit, and JSON out of them with errors that help.

use axum::body::{Body, Bytes};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;

use crate::pace::{self, Pace, Passage};
use crate::refusal::Refusal;

/// The longest JSON body, but for those with a document in them.
pub const JSON_BYTES_MAX: usize = 64 * 1024;
/// The longest JSON body with a document in it: 32 MiB in base64 and what is around it.
pub const JSON_WITH_DOCUMENT_BYTES_MAX: usize = 48 * 1024 * 1024;

/// Reads a whole body.
///
/// # Errors
/// 413 `too_large` as soon as the limit is passed, or declared to be; 408 `body_stalled`; 400.
pub async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Refusal> {
    read_at(pace::LEAST, headers, body, limit).await
}

async fn read_at(
    pace: Pace,
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
) -> Result<Bytes, Refusal> {
    let declared = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    // Room is made as bytes come, not as they are promised.
    let mut whole = Vec::new();
    let mut passage = Passage::begin(pace);
    loop {
        let frame = tokio::time::timeout_at(passage.due(), body.frame()).await;
        let data = match frame {
            Err(_) => return Err(stalled()),
            Ok(None) => return Ok(whole.into()),
            Ok(Some(Err(error))) => return Err(broken(&error)),
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        };
        if whole.len() + data.len() > limit {
            return Err(too_large(limit));
        }
        whole.extend_from_slice(&data);
        passage.advance(data.len());
    }
}

/// Reads a JSON body.
///
/// # Errors
/// As [`read`]; 415 `media_type`; 400 `invalid_json` with line and column; 422 `invalid_request`.
pub async fn json<T: DeserializeOwned>(request: Request<Body>, limit: usize) -> Result<T, Refusal> {
    let (parts, body) = request.into_parts();
    // Exactly so: JSON has one encoding (RFC 8259 section 8.1) and the type no parameters.
    if content_type(&parts.headers) != Some("application/json") {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media_type",
            "send the body as Content-Type: application/json",
        ));
    }
    parse(&read(&parts.headers, body, limit).await?)
}

/// Reads JSON text.
///
/// # Errors
/// 400 `invalid_json` or 422 `invalid_request`, with line and column.
pub fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(text).map_err(|error| {
        if error.is_data() {
            Refusal::invalid("invalid_request", format!("the body does not fit: {error}"))
        } else {
            Refusal::new(
                StatusCode::BAD_REQUEST,
                "invalid_json",
                format!("the body is not JSON: {error}"),
            )
        }
    })
}

/// The one `Content-Type`, as it was sent.
#[must_use]
pub fn content_type(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

fn too_large(limit: usize) -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        format!("the body may be {limit} bytes long here; send less"),
    )
    .close()
}

fn stalled() -> Refusal {
    Refusal::new(
        StatusCode::REQUEST_TIMEOUT,
        "body_stalled",
        "the body came too slowly or stood still; send it again",
    )
    .close()
}

fn broken(error: &axum::Error) -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "body_broken",
        format!("the body broke off or is not framed as HTTP/1.1 says: {error}"),
    )
    .close()
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Duration;

    use axum::body::HttpBody;
    use hyper::body::Frame;

    use super::*;

    async fn code<T: DeserializeOwned + std::fmt::Debug>(
        content_type: &str,
        text: &str,
    ) -> (u16, String) {
        let request = Request::post("/")
            .header(CONTENT_TYPE, content_type)
            .body(Body::from(text.to_owned()))
            .unwrap();
        let refusal = json::<T>(request, 64).await.unwrap_err();
        let problem = refusal.problem();
        (
            problem.status,
            format!("{}: {}", problem.code, problem.detail),
        )
    }

    #[tokio::test]
    async fn each_fault_of_a_body_has_its_own_answer() {
        use cueline_wire::api::SiteRequest as T;
        let json = "application/json";
        let (status, text) = code::<T>(json, "{\n \"name\": }").await;
        assert_eq!(status, 400);
        assert!(
            text.starts_with("invalid_json") && text.contains("line 2 column 10"),
            "{text}"
        );
        let (status, text) = code::<T>(json, "{\"name\":\"a\",\"nmae\":1}").await;
        assert_eq!(status, 422);
        assert!(
            text.starts_with("invalid_request") && text.contains("nmae"),
            "{text}"
        );
        assert_eq!(
            code::<T>("application/json; charset=utf-8", "{}").await.0,
            415
        );
        assert_eq!(code::<T>("text/plain", "{}").await.0, 415);
        assert_eq!(
            code::<T>(json, &format!("{{\"name\":\"{}\"}}", "a".repeat(64)))
                .await
                .0,
            413
        );
    }

    #[tokio::test]
    async fn a_promised_length_past_the_limit_is_refused_unread() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, "99999999999".parse().unwrap());
        let refusal = read(&headers, Body::empty(), 10).await.unwrap_err();
        assert_eq!(refusal.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    /// A byte each few milliseconds, for ever.
    struct Dripping(tokio::time::Interval);

    impl HttpBody for Dripping {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            let drop = || Some(Ok(Frame::data(Bytes::from_static(b"x"))));
            self.0.poll_tick(context).map(|_| drop())
        }
    }

    #[tokio::test]
    async fn a_body_that_drips_is_given_up() {
        let pace = Pace {
            patience: Duration::from_millis(200),
            bytes_per_s: 8 * 1024,
        };
        let drops = tokio::time::interval(Duration::from_millis(5));
        let body = Body::new(Dripping(drops));
        let refusal = read_at(pace, &HeaderMap::new(), body, 1024 * 1024).await;
        assert_eq!(refusal.unwrap_err().problem().code, "body_stalled");
    }
}
