//! `/v1/print-jobs`: make, look at, wait for, list, cancel, repeat and resolve print jobs.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cueline_hub_core::job::CancelDecision;
use cueline_hub_core::store::{JobFilter, Submitted};
use cueline_model::{JobId, JobState, PrinterId};
use cueline_wire::Timestamp;
use cueline_wire::api::{
    Page, PrintJob as Shown, PrintJobRequest, ReprintRequest, Resolution, ResolveRequest,
};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderName, Request, StatusCode};
use serde::Deserialize;

use super::params::{Params, PathId, id, idempotency_key, name, number};
use super::{documents, shown};
use crate::auth::{Caller, ToPrint, ToRead, ToSeeJobs};
use crate::body::{self, JSON_BYTES_MAX, JSON_WITH_DOCUMENT_BYTES_MAX};
use crate::hub::Hub;
use crate::pictures::PICTURED_PAGES_MAX;
use crate::refusal::Refusal;
use crate::{clock, jobs};

const WAIT_MAX_S: u32 = 60;
/// A job stays what it is; only its printer may be set up anew.
const PICTURE_CACHE: &str = "private, max-age=60";
const BY_CHARS_MAX: usize = 100;
const REASON_CHARS_MAX: usize = 500;

/// `POST /v1/print-jobs`: 201 after the commit, 200 for a repeat under the same Idempotency-Key.
pub async fn create(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToPrint>,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let key = idempotency_key(request.headers())?;
    let _room = documents::room(&hub, request.headers()).await?;
    let asked: PrintJobRequest = body::json(request, JSON_WITH_DOCUMENT_BYTES_MAX).await?;
    let submitted = jobs::submit(&hub, caller.tenant, asked, key).await?;
    answer(&hub, &submitted).await
}

/// What a job may be asked for with.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// Answer once the job has settled, or after so many seconds, 60 at most.
    wait: Option<u32>,
}

/// `GET /v1/print-jobs/{id}`.
pub async fn get(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToSeeJobs>,
    PathId(job): PathId,
    Params(asked): Params<Wait>,
) -> Result<Json<Shown>, Refusal> {
    let id = id(&job, "print job")?;
    let wait = Duration::from_secs(asked.wait.unwrap_or(0).min(WAIT_MAX_S).into());
    // Waiting starts before the state is read, so that nothing slips between the two.
    let waiter = hub.waiters.wait_for(id);
    let mut settled = pin!(waiter.woken());
    settled.as_mut().enable();
    let mut job = jobs::found(&hub, caller.tenant, id).await?;
    if !wait.is_zero() && !job.state.is_settled() {
        let mut draining = hub.draining.subscribe();
        tokio::select! {
            () = settled => {}
            () = tokio::time::sleep(wait) => {}
            _ = draining.wait_for(|draining| *draining) => {}
        }
        job = jobs::found(&hub, caller.tenant, id).await?;
    }
    Ok(Json(shown::job(&hub, &job).await?))
}

/// Which jobs to list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    state: Option<JobState>,
    printer: Option<PrinterId>,
    resolved: Option<bool>,
    limit: Option<usize>,
    after: Option<JobId>,
}

/// `GET /v1/print-jobs`, newest first. With `resolved` only those in doubt that were resolved
/// (`true`) or wait for it (`false`).
pub async fn list(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToSeeJobs>,
    Params(asked): Params<ListQuery>,
) -> Result<Json<Page<Shown>>, Refusal> {
    let filter = JobFilter {
        state: asked.state,
        printer: asked.printer,
        resolved: asked.resolved,
        after: asked.after,
    };
    let limit = super::params::limit(asked.limit)?;
    let page = hub.store.jobs(caller.tenant, filter, limit).await?;
    let mut data = Vec::with_capacity(page.jobs.len());
    for job in &page.jobs {
        data.push(shown::job(&hub, job).await?);
    }
    let next = page.next.map(|id| id.to_string());
    Ok(Json(Page { data, next }))
}

/// `POST /v1/print-jobs/{id}/cancel`: 200 with the job as it is then; 409 where it is too late.
pub async fn cancel(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToPrint>,
    PathId(job): PathId,
) -> Result<Json<Shown>, Refusal> {
    let id = id(&job, "print job")?;
    let cancelling = hub.store.cancel(caller.tenant, id, clock::wall()).await?;
    let cancelling = cancelling.ok_or_else(|| Refusal::not_found("print job"))?;
    if let CancelDecision::TooLate { state } = cancelling.decision {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "too_late",
            format!("the job is {state} already and cannot be cancelled any more"),
        ));
    }
    Ok(Json(shown::job(&hub, &cancelling.job).await?))
}

/// `POST /v1/print-jobs/{id}/reprint`: 201 after the commit of a new job, 200 for a repeat under the
/// same Idempotency-Key.
pub async fn reprint(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToPrint>,
    PathId(job): PathId,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let id = id(&job, "print job")?;
    let key = idempotency_key(request.headers())?;
    let asked: ReprintRequest = body::json(request, JSON_BYTES_MAX).await?;
    let submitted = jobs::reprint(&hub, caller.tenant, id, &asked, key).await?;
    answer(&hub, &submitted).await
}

/// `POST /v1/print-jobs/{id}/resolve`: 200 with the job, also when the same was said before; 409 where
/// it is not in doubt or something else was said.
pub async fn resolve(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToPrint>,
    PathId(job): PathId,
    request: Request<Body>,
) -> Result<Json<Shown>, Refusal> {
    let id = id(&job, "print job")?;
    // Whoever may not see the job is not told what is wrong with the request about it.
    jobs::found(&hub, caller.tenant, id).await?;
    let asked: ResolveRequest = body::json(request, JSON_BYTES_MAX).await?;
    let reason = asked.reason.as_deref();
    let reason = reason.map(|reason| name("reason", reason, REASON_CHARS_MAX));
    let resolution = Resolution {
        decision: asked.decision,
        by: name("by", &asked.by, BY_CHARS_MAX)?,
        reason: reason.transpose()?,
        at: Timestamp(clock::wall()),
    };
    let resolving = hub.store.resolve(caller.tenant, id, resolution).await?;
    let resolving = resolving.ok_or_else(|| Refusal::not_found("print job"))?;
    if let Err(error) = resolving.resolved {
        return Err(error.problem().into());
    }
    Ok(Json(shown::job(&hub, &resolving.job).await?))
}

/// Which page of a job to picture.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureQuery {
    /// Counted from 1; the first if not given.
    page: Option<u32>,
}

/// `GET /v1/print-jobs/{id}/picture`: a page as it comes out of the job's printer, as PNG. How many pages
/// there are is in `Cueline-Pages`.
pub async fn picture(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToRead>,
    PathId(job): PathId,
    Params(asked): Params<PictureQuery>,
) -> Result<Response, Refusal> {
    let id = id(&job, "print job")?;
    let page = number("page", asked.page, 1, PICTURED_PAGES_MAX)?;
    let job = jobs::found(&hub, caller.tenant, id).await?;
    let picture = hub.pictures.of(&hub, &job, page).await?;
    let headers = [
        (CONTENT_TYPE, "image/png".to_owned()),
        (CACHE_CONTROL, PICTURE_CACHE.to_owned()),
        (
            HeaderName::from_static("cueline-pages"),
            picture.pages.to_string(),
        ),
    ];
    Ok((headers, picture.png).into_response())
}

/// A job that was made, or made before.
pub async fn answer(hub: &Hub, submitted: &Submitted) -> Result<Response, Refusal> {
    let status = if submitted.repeat {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let job = &submitted.job;
    let location = [(LOCATION, format!("/v1/print-jobs/{}", job.id))];
    let shown = shown::job(hub, job).await?;
    Ok((status, location, Json(shown)).into_response())
}
