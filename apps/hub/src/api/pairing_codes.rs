//! `POST /v1/pairing-codes`: a code that registers one agent, once.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use cueline_wire::Timestamp;
use cueline_wire::api::{PairingCode, PairingCodeRequest};
use http::{Request, StatusCode};

use crate::auth::{Caller, ToManage};
use crate::body::{self, JSON_BYTES_MAX};
use crate::clock;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::store::CodeError;

const TOO_MANY_RETRY_AFTER_S: u32 = 60;

/// The code itself is in this answer and nowhere else.
pub async fn create(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToManage>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<PairingCode>), Refusal> {
    let asked: PairingCodeRequest = body::json(request, JSON_BYTES_MAX).await?;
    let made = hub
        .store
        .add_pairing_code(caller.tenant, asked.site, clock::wall());
    let made = made.await.map_err(refused)?;
    let shown = PairingCode {
        id: made.id,
        code: made.code,
        site: made.site,
        expires_at: Timestamp(made.expires_at),
    };
    Ok((StatusCode::CREATED, Json(shown)))
}

fn refused(error: CodeError) -> Refusal {
    let detail = error.to_string();
    match error {
        CodeError::Store(error) => error.into(),
        CodeError::UnknownSite => Refusal::new(StatusCode::NOT_FOUND, "unknown_site", detail),
        CodeError::SiteNeeded { .. } => Refusal::invalid("site_needed", detail),
        CodeError::TooManyOpen => {
            Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many_codes", detail)
                .retry_after(TOO_MANY_RETRY_AFTER_S)
        }
    }
}
