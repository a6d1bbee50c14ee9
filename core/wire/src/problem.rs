//! Errors as they cross the line: problem details for HTTP APIs (RFC 9457) with a stable code.

use serde::{Deserialize, Serialize};

/// The media type of a [`Problem`].
pub const MEDIA_TYPE: &str = "application/problem+json";

/// One error, for a program (`code`, `status`) and for a person (`title`, `detail`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:cueline:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in words; the same for every occurrence.
    pub title: String,
    /// The HTTP status, repeated so that the document stands alone.
    pub status: u16,
    /// What was wrong this time and what to do.
    pub detail: String,
    /// Stable, snake case.
    pub code: String,
    /// Seconds after which a repeat may succeed, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

impl Problem {
    /// A problem from its status, code, and sentence; the title is the code in words.
    #[must_use]
    pub fn new(status: u16, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:cueline:problem:{code}"),
            title: code.replace('_', " "),
            status,
            detail: detail.into(),
            code: code.to_owned(),
            retry_after_s: None,
        }
    }
}
