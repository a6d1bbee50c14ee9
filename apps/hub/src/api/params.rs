//! What a request says beside its body: ids, query parameters, its own name.

use axum::extract::{FromRequestParts, Path, Query};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

/// Entries of a page where nothing else is asked for.
const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 200;
const IDEMPOTENCY_KEY: &str = "idempotency-key";
const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;

/// Query parameters; unknown ones are refused by those that say so.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(params)| Self(params))
            .map_err(|error| invalid(&error.body_text()))
    }
}

/// The one id in a path, as text.
pub struct PathId(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let text = Path::from_request_parts(parts, state).await;
        // What is not even text is an id of nothing.
        let Path(text) = text.map_err(|_| Refusal::not_found("id"))?;
        Ok(Self(text))
    }
}

/// How many entries a page is to have.
///
/// # Errors
/// 400 `invalid_query`.
pub fn limit(asked: Option<usize>) -> Result<usize, Refusal> {
    match asked {
        None => Ok(LIMIT_DEFAULT),
        Some(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
        Some(limit) => Err(invalid(&format!(
            "limit: expected 1 to {LIMIT_MAX}, got {limit}"
        ))),
    }
}

/// A number from 1 to `max`, `default` where none was given.
///
/// # Errors
/// 400 `invalid_query`.
pub fn number(what: &str, asked: Option<u32>, default: u32, max: u32) -> Result<u32, Refusal> {
    let number = asked.unwrap_or(default);
    if (1..=max).contains(&number) {
        return Ok(number);
    }
    Err(invalid(&format!(
        "{what}: expected 1 to {max}, got {number}"
    )))
}

/// An id out of the path; what is no id of that kind is an id of nothing.
///
/// # Errors
/// 404 `not_found`.
pub fn id<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| Refusal::not_found(what))
}

fn invalid(reason: &str) -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "invalid_query",
        format!("the query was refused: {reason}"),
    )
}

/// A name people give something: trimmed, printable, 1 to `max` characters.
///
/// # Errors
/// 422 `invalid_request`.
pub fn name(field: &str, text: &str, max: usize) -> Result<String, Refusal> {
    let text = text.trim();
    let fits = (1..=max).contains(&text.chars().count()) && !text.contains(char::is_control);
    if fits {
        return Ok(text.to_owned());
    }
    Err(Refusal::invalid(
        "invalid_request",
        format!("{field}: expected 1 to {max} printable characters"),
    ))
}

/// The `Idempotency-Key` header: a client's own name for a request, so that sending it twice makes one
/// job.
///
/// # Errors
/// 400 `idempotency_key_invalid`.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let key = value.to_str().ok().filter(|key| {
        (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&key.len()) && values.next().is_none()
    });
    key.map(|key| Some(key.to_owned())).ok_or_else(|| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "idempotency_key_invalid",
            format!(
                "Idempotency-Key: expected one of 1 to {IDEMPOTENCY_KEY_CHARS_MAX} plain characters"
            ),
        )
    })
}
