//! `/v1/print-jobs`: make, look at, wait for, list and cancel print jobs.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cueline_hub_core::job::{CancelDecision, PrintJob};
use cueline_hub_core::store::{Idempotency, JobFilter, Submission};
use cueline_hub_core::submit::{self, Content};
use cueline_hub_core::{Refusal as SubmitRefusal, SubmitError};
use cueline_model::{JobId, JobState, PrinterId, Sha256, TenantId};
use cueline_wire::api::{Page, PrintJob as Shown, PrintJobRequest};
use http::header::LOCATION;
use http::{HeaderMap, Request, StatusCode};
use serde::Deserialize;

use super::params::{Params, PathId, id};
use super::{documents, shown};
use crate::auth::signature::sha256;
use crate::auth::{Caller, ToPrint, ToSeeJobs};
use crate::body::{self, JSON_WITH_DOCUMENT_BYTES_MAX};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::{clock, ids};

const WAIT_MAX_S: u32 = 60;
const IDEMPOTENCY_KEY: &str = "idempotency-key";
const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;

/// `POST /v1/print-jobs`: 201 after the commit, 200 for a repeat under the same Idempotency-Key.
pub async fn create(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToPrint>,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let key = idempotency_key(request.headers())?;
    let _room = documents::room(&hub, request.headers()).await?;
    let mut asked: PrintJobRequest = body::json(request, JSON_WITH_DOCUMENT_BYTES_MAX).await?;
    let idempotency = key.map(|key| Idempotency {
        key,
        request: digest(&mut asked),
    });
    // First of all, so that a repeat succeeds whatever has changed since.
    if let Some(idempotency) = &idempotency {
        let made = hub.store.replay(caller.tenant, idempotency.clone()).await;
        if let Some(job) = made.map_err(refused)? {
            return answer(&hub, &job, StatusCode::OK).await;
        }
    }
    let now = clock::wall();
    let target = hub.store.target(caller.tenant, asked.printer).await?;
    let uploaded = match (&asked.content, asked.document) {
        (None, Some(sha256)) => hub.store.document_head(caller.tenant, sha256).await?,
        _ => None,
    };
    let content = match (&asked.content, asked.document, &uploaded) {
        (Some(content), ..) => Some(Content {
            sha256: sha256(&content.0),
            bytes: content.0.len() as u64,
            head: &content.0[..content.0.len().min(16)],
        }),
        (None, Some(sha256), Some(found)) => Some(Content {
            sha256,
            bytes: found.bytes,
            head: &found.head,
        }),
        _ => None,
    };
    let job = submit::check(
        ids::job(),
        caller.tenant,
        &asked,
        target.as_ref(),
        content,
        now,
    )
    .map_err(|refusal| Refusal::from(refusal.problem()))?;
    let submission = Submission {
        // Saves a second commit before the offer where the agent is there to take it.
        offered: hub.is_online(job.agent),
        job,
        body: asked.content.take().map(|content| content.0),
        kept_until: documents::kept_until(now),
        idempotency,
    };
    let submitted = hub.store.submit(submission, now).await.map_err(refused)?;
    let status = if submitted.repeat {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    answer(&hub, &submitted.job, status).await
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
    let mut settled = pin!(waiter.settled());
    settled.as_mut().enable();
    let mut job = found(&hub, caller.tenant, id).await?;
    if !wait.is_zero() && !job.state.is_settled() {
        let mut draining = hub.draining.subscribe();
        tokio::select! {
            () = settled => {}
            () = tokio::time::sleep(wait) => {}
            _ = draining.wait_for(|draining| *draining) => {}
        }
        job = found(&hub, caller.tenant, id).await?;
    }
    Ok(Json(shown::job(&hub, &job).await?))
}

/// Which jobs to list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    state: Option<JobState>,
    printer: Option<PrinterId>,
    limit: Option<usize>,
    after: Option<JobId>,
}

/// `GET /v1/print-jobs`, newest first.
pub async fn list(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToSeeJobs>,
    Params(asked): Params<ListQuery>,
) -> Result<Json<Page<Shown>>, Refusal> {
    let filter = JobFilter {
        state: asked.state,
        printer: asked.printer,
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

async fn found(hub: &Hub, tenant: TenantId, id: JobId) -> Result<PrintJob, Refusal> {
    let job = hub.store.job(tenant, id).await?;
    job.ok_or_else(|| Refusal::not_found("print job"))
}

async fn answer(hub: &Hub, job: &PrintJob, status: StatusCode) -> Result<Response, Refusal> {
    let location = [(LOCATION, format!("/v1/print-jobs/{}", job.id))];
    let shown = shown::job(hub, job).await?;
    Ok((status, location, Json(shown)).into_response())
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
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

/// What was asked, however the JSON was written.
fn digest(asked: &mut PrintJobRequest) -> Sha256 {
    // A long document is not written out as JSON again only to be digested.
    let content = asked.content.take();
    let mut text = serde_json::to_vec(asked).expect("plain data with string keys becomes JSON");
    if let Some(content) = &content {
        text.extend_from_slice(&sha256(&content.0).0);
    }
    asked.content = content;
    sha256(&text)
}

fn refused(error: SubmitError) -> Refusal {
    match error {
        SubmitError::Store(error) => error.into(),
        error => SubmitRefusal::from(error).problem().into(),
    }
}
