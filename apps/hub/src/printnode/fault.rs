//! Errors as PrintNode answers them: `{uid, code, message}`, with the uid in `Request-Id` too.

use axum::response::{IntoResponse, Response};
use cueline_hub_core::StoreError;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use crate::fetch::FetchError;
use crate::refusal::Refusal;

/// The header with the uid of a request.
pub const REQUEST_ID: &str = "request-id";

/// An answer that something was not done.
#[derive(Debug)]
pub struct Fault(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    message: String,
    headers: HeaderMap,
}

/// The body. Nothing else may be in it: the Python client takes its keys for arguments.
#[derive(Debug, Serialize)]
struct Body<'a> {
    uid: &'a str,
    code: &'static str,
    message: &'a str,
}

impl Fault {
    /// An error with a sentence saying what was wrong and what to do.
    #[must_use]
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            message: message.into(),
            headers: HeaderMap::new(),
        }))
    }

    /// The request is not what it should be (400).
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// What PrintNode has and this hub has not (403).
    #[must_use]
    pub fn not_offered(what: &str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            format!("{what}; docs/printnode.md of this hub says what it offers"),
        )
    }

    /// No key, or one that opens nothing (401).
    #[must_use]
    pub fn key_invalid() -> Self {
        let mut fault = Self::new(
            StatusCode::UNAUTHORIZED,
            "no valid API key came with the request; send one of this hub's as the user name of HTTP \
             Basic, with an empty password",
        );
        let challenge = HeaderValue::from_static("Basic realm=\"cueline\"");
        fault.0.headers.insert(WWW_AUTHENTICATE, challenge);
        fault
    }

    /// The status line's number.
    #[cfg(test)]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }
}

/// PrintNode's word for a status.
fn code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        408 => "RequestTimeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "RequestEntityTooLarge",
        415 => "UnsupportedMediaType",
        422 => "UnprocessableEntity",
        429 => "TooManyRequests",
        502 => "BadGateway",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        507 => "InsufficientStorage",
        _ => "InternalServerError",
    }
}

/// A fresh name for a request.
#[must_use]
pub fn uid() -> String {
    Uuid::now_v7().to_string()
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let uid = uid();
        let body = Body {
            uid: &uid,
            code: code(self.0.status),
            message: &self.0.message,
        };
        let body = serde_json::to_vec(&body).expect("plain data with string keys becomes JSON");
        let mut response = (self.0.status, body).into_response();
        let headers = response.headers_mut();
        headers.extend(self.0.headers);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Ok(uid) = HeaderValue::try_from(uid) {
            headers.insert(REQUEST_ID, uid);
        }
        response
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        if refusal.status() == StatusCode::UNAUTHORIZED {
            return Self::key_invalid();
        }
        let mut fault = Self::new(refusal.status(), refusal.problem().detail.clone());
        // When to come back, and whether the connection ends.
        fault.0.headers = refusal.into_response().headers().clone();
        fault.0.headers.remove(http::header::CONTENT_LENGTH);
        fault
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Refusal::from(error).into()
    }
}

impl From<FetchError> for Fault {
    fn from(error: FetchError) -> Self {
        let message = format!("the content could not be fetched: {error}");
        let status = match &error {
            FetchError::BadUrl { .. } => StatusCode::BAD_REQUEST,
            FetchError::NotEncrypted { .. }
            | FetchError::NotPublic { .. }
            | FetchError::NotResolved { .. }
            | FetchError::TooManyRedirects { .. }
            | FetchError::WrongType { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            FetchError::Refused { status, .. } if !status.is_server_error() => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            FetchError::Refused { .. } | FetchError::Broken { .. } => StatusCode::BAD_GATEWAY,
            FetchError::TooSlow { .. } => StatusCode::GATEWAY_TIMEOUT,
            FetchError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            FetchError::Busy => {
                let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message);
                return refusal.retry_after(5).into();
            }
        };
        Self::new(status, message)
    }
}
