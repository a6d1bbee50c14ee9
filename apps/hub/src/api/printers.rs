//! `/v1/printers`: what can be printed on, what was wrong with it, and its test page.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use cueline_model::PrinterId;
use cueline_wire::api::{Page, Printer, PrinterEvent};
use http::HeaderMap;

use super::pages::PageQuery;
use super::params::{Params, PathId, id, idempotency_key};
use super::print_jobs::answer;
use super::shown;
use crate::auth::{Caller, ToPrint, ToRead};
use crate::hub::Hub;
use crate::jobs;
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

/// `GET /v1/printers/{id}/events`: what began and ended to be wrong with it, newest first; also of one
/// that is no longer set up.
pub async fn events(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToRead>,
    PathId(printer): PathId,
    Params(asked): Params<PageQuery<u64>>,
) -> Result<Json<Page<PrinterEvent>>, Refusal> {
    let printer = id(&printer, "printer")?;
    let known = hub.store.printer(caller.tenant, printer).await?;
    known.ok_or_else(|| Refusal::not_found("printer"))?;
    let found = hub
        .store
        .printer_events(caller.tenant, printer, asked.after, asked.to_read()?)
        .await?;
    Ok(Json(asked.cut(found, |event| event.id, |event| event)))
}

/// `POST /v1/printers/{id}/test-page`: 201 with the job that prints it. Takes an Idempotency-Key.
pub async fn test_page(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToPrint>,
    PathId(printer): PathId,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let key = idempotency_key(&headers)?;
    let printer = id(&printer, "printer")?;
    let found = hub.store.printer(caller.tenant, printer).await?;
    let found = found
        .filter(|printer| printer.gone_at.is_none() && !printer.agent_revoked)
        .ok_or_else(|| Refusal::not_found("printer"))?;
    let submitted = jobs::test_page(&hub, caller.tenant, &found, key).await?;
    answer(&hub, &submitted).await
}
