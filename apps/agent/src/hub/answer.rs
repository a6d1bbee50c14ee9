//! What an answer of the hub means: a document, or a problem (RFC 9457) with its code.

use std::time::Duration;

use cueline_uplink::RequestError;
use cueline_wire::Problem;
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use jiff::fmt::rfc2822::DateTimeParser;
use serde::de::DeserializeOwned;

/// The longest detail that is passed on from an answer.
const TEXT_CHARS_MAX: usize = 500;

/// The hub (or something in its place) said no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the hub answered {status} ({code}): {text}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The problem's code, or `http_STATUS` where the answer is no problem document.
    pub code: String,
    /// For people.
    pub text: String,
    /// How long it asked to wait.
    pub retry_after: Option<Duration>,
}

/// Why a question to the hub brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// No complete answer came.
    #[error(transparent)]
    NoAnswer(#[from] RequestError),
    /// The answer is no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The answer cannot be read.
    #[error("read the hub's answer: {0}; the hub may be of another version")]
    Unreadable(String),
}

impl AskError {
    /// How long the hub asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            Self::NoAnswer(_) | Self::Unreadable(_) => None,
        }
    }
}

/// The refusal in an answer whose status is not a success.
pub fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Refusal {
    let problem: Option<Problem> = serde_json::from_slice(body).ok();
    let told_in_body = problem
        .as_ref()
        .and_then(|problem| problem.retry_after_s)
        .map(|seconds| Duration::from_secs(seconds.into()));
    let (code, text) = match problem {
        Some(problem) => (plain_code(&problem.code), problem.detail),
        None => (
            None,
            status
                .canonical_reason()
                .unwrap_or("no reason given")
                .to_owned(),
        ),
    };
    Refusal {
        status: status.as_u16(),
        code: code.unwrap_or_else(|| format!("http_{}", status.as_u16())),
        text: one_line(&text),
        retry_after: retry_after(headers).or(told_in_body),
    }
}

/// The JSON document of an answer.
///
/// # Errors
/// [`AskError::Unreadable`].
pub fn decoded<T: DeserializeOwned>(body: &[u8]) -> Result<T, AskError> {
    serde_json::from_slice(body).map_err(|error| AskError::Unreadable(error.to_string()))
}

/// `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date, which is taken relative to the
/// answer's own `Date` since this machine's clock may be wrong.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let wanted = text(RETRY_AFTER)?.trim();
    if let Ok(seconds) = wanted.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| DateTimeParser::new().parse_timestamp(text).ok();
    let (until, now) = (date(wanted)?, date(text(DATE)?)?);
    u64::try_from(until.as_second() - now.as_second())
        .ok()
        .map(Duration::from_secs)
}

/// Codes go into logs and the core's notices; anything but a plain word is not one.
fn plain_code(code: &str) -> Option<String> {
    let plain = (1..=64).contains(&code.len())
        && code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain.then(|| code.to_owned())
}

/// Text from the other side, fit to stand in one line of a log.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(TEXT_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(http::HeaderName, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().cloned();
        pairs
            .map(|(name, value)| (name, HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_problem_gives_its_code_detail_and_wait() {
        let mut problem = Problem::new(429, "too_many_requests", "wait\na bit");
        problem.retry_after_s = Some(7);
        let body = serde_json::to_vec(&problem).unwrap();
        let found = refusal(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new(), &body);
        assert_eq!(found.code, "too_many_requests");
        assert_eq!(found.text, "wait a bit");
        assert_eq!(found.retry_after, Some(Duration::from_secs(7)));
    }

    #[test]
    fn another_answer_gives_its_status() {
        let found = refusal(
            StatusCode::BAD_GATEWAY,
            &HeaderMap::new(),
            b"<html>oops</html>",
        );
        assert_eq!((found.status, found.code.as_str()), (502, "http_502"));
        assert_eq!(found.text, "Bad Gateway");

        let forged = br#"{"type":"x","title":"x","status":400,"detail":"d","code":"a\nb"}"#;
        let found = refusal(StatusCode::BAD_REQUEST, &HeaderMap::new(), forged);
        assert_eq!(found.code, "http_400");
    }

    #[test]
    fn a_wait_is_read_in_both_forms() {
        assert_eq!(
            retry_after(&headers(&[(RETRY_AFTER, "30")])),
            Some(Duration::from_secs(30))
        );
        let dates = [
            (RETRY_AFTER, "Fri, 31 Dec 1999 23:59:59 GMT"),
            (DATE, "Fri, 31 Dec 1999 23:59:29 GMT"),
        ];
        assert_eq!(retry_after(&headers(&dates)), Some(Duration::from_secs(30)));
        assert_eq!(retry_after(&headers(&dates[..1])), None);
        assert_eq!(retry_after(&headers(&[(RETRY_AFTER, "soon")])), None);
    }
}
