//! `/v1/alerts` and `/v1/audit-events`: what somebody has to look at, and what people took upon them.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use cueline_hub_core::payment::check::{REASON_CHARS_MAX, REF_CHARS_MAX, text};
use cueline_hub_core::payment::rows::AlertFilter;
use cueline_model::PaymentId;
use cueline_wire::Timestamp;
use cueline_wire::api::{Alert, AuditEvent, CloseRequest, Closing, Page};
use http::Request;
use serde::Deserialize;

use super::pages::PageQuery;
use super::params::{Params, PathId, id};
use crate::auth::{Caller, ToPay, ToSeeAudit, ToSeePayments};
use crate::body::{self, JSON_BYTES_MAX};
use crate::clock;
use crate::hub::Hub;
use crate::refusal::Refusal;

/// Which alerts to list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    open: Option<bool>,
    payment: Option<PaymentId>,
    limit: Option<usize>,
    after: Option<u64>,
}

/// `GET /v1/alerts`, newest first; `open=true` for those that nobody has dealt with.
pub async fn list(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToSeePayments>,
    Params(asked): Params<ListQuery>,
) -> Result<Json<Page<Alert>>, Refusal> {
    let filter = AlertFilter {
        open: asked.open,
        payment: asked.payment,
        after: asked.after,
    };
    let limit = super::params::limit(asked.limit)?;
    let mut data = hub.store.alerts(caller.tenant, filter, limit + 1).await?;
    let more = data.len() > limit;
    data.truncate(limit);
    let next = data
        .last()
        .filter(|_| more)
        .map(|alert| alert.id.to_string());
    Ok(Json(Page { data, next }))
}

/// `POST /v1/alerts/{id}/close`: 200 with the alert; one that is closed stays as it is.
pub async fn close(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToPay>,
    PathId(alert): PathId,
    request: Request<Body>,
) -> Result<Json<Alert>, Refusal> {
    let id = id(&alert, "alert")?;
    let unknown = || Refusal::not_found("alert");
    // Whoever may not see the alert is not told what is wrong with the request about it.
    let known = hub.store.alert(caller.tenant, id).await?;
    known.ok_or_else(unknown)?;
    let asked: CloseRequest = body::json(request, JSON_BYTES_MAX).await?;
    let closing = Closing {
        by: text("by", &asked.by, REF_CHARS_MAX)?,
        reason: text("reason", &asked.reason, REASON_CHARS_MAX)?,
        at: Timestamp(clock::wall()),
    };
    let closed = hub.store.close_alert(caller.tenant, id, closing).await?;
    closed.map(Json).ok_or_else(unknown)
}

/// `GET /v1/audit-events`, newest first.
pub async fn audit(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToSeeAudit>,
    Params(asked): Params<PageQuery<u64>>,
) -> Result<Json<Page<AuditEvent>>, Refusal> {
    let found = hub
        .store
        .audit(caller.tenant, asked.after, asked.to_read()?)
        .await?;
    Ok(Json(asked.cut(found, |event| event.id, |event| event)))
}
