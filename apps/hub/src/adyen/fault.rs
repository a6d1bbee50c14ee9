//! Errors before a message is understood, as Adyen's APIs answer them: `{status, errorCode, message, errorType}`.

use axum::response::{IntoResponse, Response};
use cueline_hub_core::StoreError;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::refusal::Refusal;

/// An answer that something was not done, and that no payment was made because of it.
#[derive(Debug)]
pub struct Fault {
    status: StatusCode,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    status: u16,
    error_code: &'static str,
    message: &'a str,
    error_type: &'static str,
}

impl Fault {
    /// An error with a sentence saying what was wrong and what to do.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }
}

/// Adyen's words for a status: its general error code, and the error's type.
fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        401 | 403 => ("000", "security"),
        404 => ("901", "validation"),
        400..=499 => ("702", "validation"),
        _ => ("905", "internal"),
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (error_code, error_type) = words(self.status);
        let body = Body {
            status: self.status.as_u16(),
            error_code,
            message: &self.message,
            error_type,
        };
        let body = serde_json::to_vec(&body).expect("plain data with string keys becomes JSON");
        let mut response = (self.status, body).into_response();
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.status(), refusal.problem().detail.clone())
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Refusal::from(error).into()
    }
}
