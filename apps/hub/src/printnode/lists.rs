//! Computers, printers, print jobs and their states: what is asked for with `GET`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use cueline_model::TenantId;
use http::Uri;

use super::Facade;
use super::account::Caller;
use super::fault::Fault;
use super::page::page;
use super::set::Set;
use super::{shown, states};
use crate::auth::{ToRead, ToSeeFleet, ToSeeJobs};
use crate::store::{NumberedJob, Numbers};

/// A set in a path.
///
/// # Errors
/// 400.
pub fn numbers(text: &str) -> Result<Numbers, Fault> {
    let set: Result<Set, _> = text.parse();
    set.map(Set::into_numbers)
        .map_err(|error| Fault::bad_request(error.to_string()))
}

type Facades = State<Arc<Facade>>;

/// `GET /computers`.
pub async fn computers(
    State(facade): Facades,
    caller: Caller<ToSeeFleet>,
    uri: Uri,
) -> Result<Json<Vec<shown::Computer>>, Fault> {
    list_computers(&facade, caller.tenant, None, &uri).await
}

/// `GET /computers/{set}`.
pub async fn some_computers(
    State(facade): Facades,
    caller: Caller<ToSeeFleet>,
    Path(set): Path<String>,
    uri: Uri,
) -> Result<Json<Vec<shown::Computer>>, Fault> {
    list_computers(&facade, caller.tenant, Some(numbers(&set)?), &uri).await
}

async fn list_computers(
    facade: &Facade,
    tenant: TenantId,
    set: Option<Numbers>,
    uri: &Uri,
) -> Result<Json<Vec<shown::Computer>>, Fault> {
    let hub = &facade.hub;
    let found = hub
        .store
        .numbered_computers(tenant, set, page(uri)?)
        .await?;
    let shown = found.into_iter().map(|found| shown::computer(hub, found));
    Ok(Json(shown.collect()))
}

/// `GET /printers`.
pub async fn printers(
    State(facade): Facades,
    caller: Caller<ToRead>,
    uri: Uri,
) -> Result<Json<Vec<shown::Printer>>, Fault> {
    list_printers(&facade, caller.tenant, None, None, &uri).await
}

/// `GET /printers/{set}`.
pub async fn some_printers(
    State(facade): Facades,
    caller: Caller<ToRead>,
    Path(set): Path<String>,
    uri: Uri,
) -> Result<Json<Vec<shown::Printer>>, Fault> {
    list_printers(&facade, caller.tenant, None, Some(numbers(&set)?), &uri).await
}

/// `GET /computers/{set}/printers`.
pub async fn printers_of_computers(
    State(facade): Facades,
    caller: Caller<ToRead>,
    Path(computers): Path<String>,
    uri: Uri,
) -> Result<Json<Vec<shown::Printer>>, Fault> {
    let computers = Some(numbers(&computers)?);
    list_printers(&facade, caller.tenant, computers, None, &uri).await
}

/// `GET /computers/{set}/printers/{set}`.
pub async fn some_printers_of_computers(
    State(facade): Facades,
    caller: Caller<ToRead>,
    Path((computers, printers)): Path<(String, String)>,
    uri: Uri,
) -> Result<Json<Vec<shown::Printer>>, Fault> {
    let (computers, printers) = (numbers(&computers)?, numbers(&printers)?);
    list_printers(
        &facade,
        caller.tenant,
        Some(computers),
        Some(printers),
        &uri,
    )
    .await
}

async fn list_printers(
    facade: &Facade,
    tenant: TenantId,
    computers: Option<Numbers>,
    printers: Option<Numbers>,
    uri: &Uri,
) -> Result<Json<Vec<shown::Printer>>, Fault> {
    let hub = &facade.hub;
    let page = page(uri)?;
    let found = hub
        .store
        .numbered_printers(tenant, computers, printers, page);
    let shown = found.await?.into_iter();
    Ok(Json(
        shown.map(|found| shown::printer(hub, found)).collect(),
    ))
}

/// `GET /printjobs`.
pub async fn jobs(
    State(facade): Facades,
    caller: Caller<ToSeeJobs>,
    uri: Uri,
) -> Result<Json<Vec<shown::PrintJob>>, Fault> {
    list_jobs(&facade, caller.tenant, None, None, &uri).await
}

/// `GET /printjobs/{set}`.
pub async fn some_jobs(
    State(facade): Facades,
    caller: Caller<ToSeeJobs>,
    Path(set): Path<String>,
    uri: Uri,
) -> Result<Json<Vec<shown::PrintJob>>, Fault> {
    list_jobs(&facade, caller.tenant, None, Some(numbers(&set)?), &uri).await
}

/// `GET /printers/{set}/printjobs`.
pub async fn jobs_of_printers(
    State(facade): Facades,
    caller: Caller<ToSeeJobs>,
    Path(printers): Path<String>,
    uri: Uri,
) -> Result<Json<Vec<shown::PrintJob>>, Fault> {
    list_jobs(
        &facade,
        caller.tenant,
        Some(numbers(&printers)?),
        None,
        &uri,
    )
    .await
}

/// `GET /printers/{set}/printjobs/{set}`.
pub async fn some_jobs_of_printers(
    State(facade): Facades,
    caller: Caller<ToSeeJobs>,
    Path((printers, jobs)): Path<(String, String)>,
    uri: Uri,
) -> Result<Json<Vec<shown::PrintJob>>, Fault> {
    let (printers, jobs) = (numbers(&printers)?, numbers(&jobs)?);
    list_jobs(&facade, caller.tenant, Some(printers), Some(jobs), &uri).await
}

async fn list_jobs(
    facade: &Facade,
    tenant: TenantId,
    printers: Option<Numbers>,
    jobs: Option<Numbers>,
    uri: &Uri,
) -> Result<Json<Vec<shown::PrintJob>>, Fault> {
    let hub = &facade.hub;
    let found = find_jobs(facade, tenant, printers, jobs, uri).await?;
    let shown = found.into_iter().map(|found| shown::job(hub, found));
    Ok(Json(shown.collect()))
}

/// `GET /printjobs/states`: of each job, the states it was in.
pub async fn states(
    State(facade): Facades,
    caller: Caller<ToSeeJobs>,
    uri: Uri,
) -> Result<Json<Vec<Vec<states::State>>>, Fault> {
    let found = find_jobs(&facade, caller.tenant, None, None, &uri).await?;
    Ok(Json(found.iter().map(states::history).collect()))
}

/// `GET /printjobs/{set}/states`.
pub async fn some_states(
    State(facade): Facades,
    caller: Caller<ToSeeJobs>,
    Path(set): Path<String>,
    uri: Uri,
) -> Result<Json<Vec<Vec<states::State>>>, Fault> {
    let found = find_jobs(&facade, caller.tenant, None, Some(numbers(&set)?), &uri).await?;
    Ok(Json(found.iter().map(states::history).collect()))
}

async fn find_jobs(
    facade: &Facade,
    tenant: TenantId,
    printers: Option<Numbers>,
    jobs: Option<Numbers>,
    uri: &Uri,
) -> Result<Vec<NumberedJob>, Fault> {
    let store = &facade.hub.store;
    let found = store.numbered_jobs(tenant, printers, jobs, page(uri)?);
    Ok(found.await?)
}
