//! `/v1/printers`: what can be printed on.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use cueline_model::PrinterId;
use cueline_wire::api::{Page, Printer};

use super::pages::PageQuery;
use super::params::{Params, PathId, id};
use super::shown;
use crate::auth::{Caller, ToRead};
use crate::hub::Hub;
use crate::refusal::Refusal;

/// `GET /v1/printers`: those set up on agents that are not removed, newest first.
pub async fn list(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToRead>,
    Params(asked): Params<PageQuery<PrinterId>>,
) -> Result<Json<Page<Printer>>, Refusal> {
    let found = hub
        .store
        .printers(caller.tenant, asked.after, asked.to_read()?)
        .await?;
    Ok(Json(asked.cut(
        found,
        |printer| printer.id,
        |printer| shown::printer(&hub, printer),
    )))
}

/// `GET /v1/printers/{id}`.
pub async fn get(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToRead>,
    PathId(printer): PathId,
) -> Result<Json<Printer>, Refusal> {
    let found = hub
        .store
        .printer(caller.tenant, id(&printer, "printer")?)
        .await?;
    let found = found
        .filter(|printer| printer.gone_at.is_none() && !printer.agent_revoked)
        .ok_or_else(|| Refusal::not_found("printer"))?;
    Ok(Json(shown::printer(&hub, found)))
}
