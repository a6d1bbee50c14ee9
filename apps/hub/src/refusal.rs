//! Errors as the hub answers them: a problem document (RFC 9457) and the headers that go with it.

use axum::response::{IntoResponse, Response};
use cueline_wire::Problem;
use cueline_wire::problem::MEDIA_TYPE;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::clock;

/// An answer that something was not done. Small, so that it travels cheaply in a `Result`.
#[derive(Debug)]
pub struct Refusal(Box<Parts>);

#[derive(Debug)]
struct Parts {
    problem: Problem,
    headers: HeaderMap,
}

impl Refusal {
    /// A refusal with its stable code and a sentence saying what was wrong and what to do.
    #[must_use]
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            problem: Problem::new(status.as_u16(), code, detail),
            headers: HeaderMap::new(),
        }))
    }

    /// The request is well-formed but asks for something that cannot be (422).
    #[must_use]
    pub fn invalid(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// The same for what never was and for what is another tenant's.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("there is no such {what}; check the id"),
        )
    }

    /// Too much, too often or too busy (429 or 503): say when to come back.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.problem.retry_after_s = Some(seconds);
        self.header(RETRY_AFTER, &seconds.to_string())
    }

    /// Names the way of authentication that would do (RFC 9110 section 11.6.1).
    #[must_use]
    pub fn challenge(self, scheme: &'static str) -> Self {
        self.header(WWW_AUTHENTICATE, scheme)
    }

    /// Ends the connection with this answer.
    #[must_use]
    pub fn close(self) -> Self {
        self.header(CONNECTION, "close")
    }

    /// Whether the connection ends with this answer.
    #[must_use]
    pub fn closes(&self) -> bool {
        self.0.headers.contains_key(CONNECTION)
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers.insert(name, value);
        }
        self
    }

    /// The document itself.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// The status line's number.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The answer as bytes, for where no HTTP library is between the hub and the connection.
    #[must_use]
    pub fn to_http11(&self, more_headers: &HeaderMap) -> Vec<u8> {
        let body = self.body();
        let mut bytes = format!(
            "HTTP/1.1 {}\r\ndate: {}\r\ncontent-type: {MEDIA_TYPE}\r\ncache-control: no-store\r\n\
             content-length: {}\r\n",
            self.status(),
            clock::http_date(),
            body.len()
        )
        .into_bytes();
        for (name, value) in self.0.headers.iter().chain(more_headers) {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&body);
        bytes
    }

    fn body(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0.problem).expect("plain data with string keys becomes JSON")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status(), self.body()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.extend(self.0.headers);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_hold_the_same_as_the_response() {
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many", "wait")
            .retry_after(7)
            .close();
        let text = String::from_utf8(refusal.to_http11(&HeaderMap::new())).unwrap();
        assert!(
            text.starts_with("HTTP/1.1 429 Too Many Requests\r\n"),
            "{text}"
        );
        for header in [
            "retry-after: 7\r\n",
            "connection: close\r\n",
            " GMT\r\n",
            "content-type: application/problem+json\r\n",
        ] {
            assert!(text.contains(header), "{text}");
        }
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(text.contains(&format!("content-length: {}\r\n", body.len())));
        let problem: Problem = serde_json::from_str(body).unwrap();
        assert_eq!(&problem, refusal.problem());
        assert_eq!(problem.retry_after_s, Some(7));

        let response = refusal.into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[CONTENT_TYPE], MEDIA_TYPE);
        assert_eq!(response.headers()[RETRY_AFTER], "7");
    }
}
