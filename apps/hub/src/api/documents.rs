//! `POST /v1/documents`: upload a document once, print it with many jobs.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use cueline_hub_core::submit::{begins_like, bytes_max};
use cueline_model::{ContentType, WallTime};
use cueline_wire::Timestamp;
use cueline_wire::api::StoredDocument;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Request, StatusCode};
use tokio::sync::SemaphorePermit;

use crate::auth::signature::sha256;
use crate::auth::{Caller, ToPrint};
use crate::body;
use crate::clock;
use crate::hub::Hub;
use crate::jobs;
use crate::refusal::Refusal;

/// A document that no job uses is kept for this long.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);
/// Longer bodies are read a few at a time: each is whole in memory.
const LARGE_BYTES: u64 = 1024 * 1024;
const ROOM_WITHIN: Duration = Duration::from_secs(10);
const BUSY_RETRY_AFTER_S: u32 = 5;

/// `POST /v1/documents`: 201 once it is stored; the same document again changes nothing.
pub async fn create(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToPrint>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<StoredDocument>), Refusal> {
    let (parts, body) = request.into_parts();
    let content_type = content_type(&parts.headers)?;
    let _room = room(&hub, &parts.headers).await?;
    let limit = usize::try_from(bytes_max(content_type)).unwrap_or(usize::MAX);
    let document = body::read(&parts.headers, body, limit).await?;
    if document.is_empty() {
        return Err(Refusal::invalid("content_empty", "the document is empty"));
    }
    if !begins_like(content_type, &document) {
        return Err(Refusal::invalid(
            "content_mismatch",
            format!("the document is said to be {content_type} and does not begin like one"),
        ));
    }
    if content_type == ContentType::Ticket {
        jobs::well_formed_ticket(&document)?;
    }
    let stored = StoredDocument {
        document: sha256(&document),
        bytes: document.len() as u64,
        kept_until: Timestamp(kept_until(clock::wall())),
    };
    let kept_until = stored.kept_until.0;
    hub.store
        .put_document(caller.tenant, stored.document, document.into(), kept_until)
        .await?;
    Ok((StatusCode::CREATED, Json(stored)))
}

/// How long a document that comes now is kept.
#[must_use]
pub fn kept_until(now: WallTime) -> WallTime {
    now + KEPT_FOR
}

/// Room for a large body; `None` for one that needs none.
///
/// # Errors
/// 503 `busy` where there is none for a while.
pub async fn room<'a>(
    hub: &'a Hub,
    headers: &HeaderMap,
) -> Result<Option<SemaphorePermit<'a>>, Refusal> {
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length <= LARGE_BYTES) {
        return Ok(None);
    }
    match tokio::time::timeout(ROOM_WITHIN, hub.uploads.acquire()).await {
        Ok(Ok(room)) => Ok(Some(room)),
        _ => Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "many large documents are coming in at once; send this one again in a moment",
        )
        .retry_after(BUSY_RETRY_AFTER_S)
        .close()),
    }
}

fn content_type(headers: &HeaderMap) -> Result<ContentType, Refusal> {
    match body::content_type(headers) {
        Some("application/pdf") => Ok(ContentType::Pdf),
        Some("image/png") => Ok(ContentType::Png),
        Some("image/jpeg") => Ok(ContentType::Jpeg),
        Some("application/vnd.cueline.ticket+json") => Ok(ContentType::Ticket),
        Some("application/octet-stream") => Ok(ContentType::Raw),
        _ => Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media_type",
            "send a document as Content-Type: application/pdf, image/png, image/jpeg, \
             application/vnd.cueline.ticket+json or application/octet-stream",
        )),
    }
}
