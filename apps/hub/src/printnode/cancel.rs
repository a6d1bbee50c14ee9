//! `DELETE /printjobs…`: cancels what has not been started.
//!
//! The answer names the jobs that are cancelled now and those whose agent was asked to withdraw them.
//! The latter are `deleted` only once the agent has said that nothing was printed.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use cueline_hub_core::job::CancelDecision;
use cueline_model::TenantId;
use tokio::task::JoinSet;

use super::Facade;
use super::account::Caller;
use super::fault::Fault;
use super::lists::numbers;
use crate::auth::ToPrint;
use crate::clock;
use crate::store::Numbers;

/// Jobs cancelled at a time: their commits are gathered.
const AT_ONCE: usize = 64;
/// Jobs of one request; more wait for an agent at no time.
const JOBS_MAX: usize = 100_000;

type Facades = State<Arc<Facade>>;

/// `DELETE /printjobs`: all of the tenant's.
pub async fn all(State(facade): Facades, caller: Caller<ToPrint>) -> Result<Json<Vec<u32>>, Fault> {
    cancel(&facade, caller.tenant, None, None).await
}

/// `DELETE /printjobs/{set}`.
pub async fn some(
    State(facade): Facades,
    caller: Caller<ToPrint>,
    Path(set): Path<String>,
) -> Result<Json<Vec<u32>>, Fault> {
    cancel(&facade, caller.tenant, None, Some(numbers(&set)?)).await
}

/// `DELETE /printers/{set}/printjobs`.
pub async fn all_of_printers(
    State(facade): Facades,
    caller: Caller<ToPrint>,
    Path(printers): Path<String>,
) -> Result<Json<Vec<u32>>, Fault> {
    cancel(&facade, caller.tenant, Some(numbers(&printers)?), None).await
}

/// `DELETE /printers/{set}/printjobs/{set}`.
pub async fn some_of_printers(
    State(facade): Facades,
    caller: Caller<ToPrint>,
    Path((printers, jobs)): Path<(String, String)>,
) -> Result<Json<Vec<u32>>, Fault> {
    let (printers, jobs) = (numbers(&printers)?, numbers(&jobs)?);
    cancel(&facade, caller.tenant, Some(printers), Some(jobs)).await
}

async fn cancel(
    facade: &Facade,
    tenant: TenantId,
    printers: Option<Numbers>,
    jobs: Option<Numbers>,
) -> Result<Json<Vec<u32>>, Fault> {
    let store = &facade.hub.store;
    let open = store.numbered_open_jobs(tenant, printers, jobs, JOBS_MAX);
    let mut cancelled = Vec::new();
    for batch in open.await?.chunks(AT_ONCE) {
        let mut asked = JoinSet::new();
        for (number, job) in batch.iter().copied() {
            let store = store.clone();
            asked.spawn(async move {
                let cancelling = store.cancel(tenant, job, clock::wall()).await?;
                Ok::<_, cueline_hub_core::StoreError>((number, cancelling))
            });
        }
        while let Some(ended) = asked.join_next().await {
            let ended = ended.map_err(|error| {
                let text = format!("a job could not be cancelled: {error}");
                cueline_hub_core::StoreError::Internal { text }
            })?;
            let (number, cancelling) = ended?;
            let taken = cancelling.is_some_and(|cancelling| {
                !matches!(cancelling.decision, CancelDecision::TooLate { .. })
            });
            if taken {
                cancelled.push(number);
            }
        }
    }
    cancelled.sort_unstable();
    Ok(Json(cancelled))
}
