//! The handle's methods about jobs: what [`JobStore`] does, after its commit and with its notices.

use cueline_hub_core::aftermath::Resolved;
use cueline_hub_core::job::{CancelDecision, PrintJob};
use cueline_hub_core::store::{
    AgentCounts, Backlog, Cancelling, Idempotency, JobFilter, JobPage, Recording, Resolving,
    Submission, Submitted,
};
use cueline_hub_core::{JobStore as _, StoreError, SubmitError};
use cueline_model::limits::INLINE_BODY_BYTES_MAX;
use cueline_model::{AgentId, JobId, JobKey, JobState, PrinterId, TenantId, WallTime};
use cueline_wire::api::Resolution;
use cueline_wire::cloud::ReportEntry;
use rusqlite::Connection;

use super::jobs::Jobs;
use super::writer::Changes;
use super::{Committed, JobChange, JobNotice, Store, StoreResult, documents};

/// A job to be written to its agent's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedJob {
    /// The job.
    pub job: PrintJob,
    /// Its document where it is short enough to travel in the offer.
    pub body: Option<Vec<u8>>,
}

/// Tells the watcher about a job, once this is durable.
pub fn tell(changes: &mut Changes<'_>, job: &PrintJob, change: JobChange) -> StoreResult<()> {
    let at_agent = Jobs(changes.connection).agent_counts(job.agent)?.at_agent;
    changes.committed.push(Committed::Job(JobNotice {
        change,
        tenant: job.tenant,
        agent: job.agent,
        key: job.key(),
        sequence: job.sequence,
        printer: job.printer,
        state: job.state,
        tickets: job.tickets,
        at_agent,
    }));
    Ok(())
}

impl Store {
    /// The job that the same request made before, if it did. Ask this before anything else is checked,
    /// so that a repeat succeeds whatever has changed since.
    ///
    /// # Errors
    /// [`SubmitError::KeyReused`] when the key was used for another request.
    pub async fn replay(
        &self,
        tenant: TenantId,
        idempotency: Idempotency,
    ) -> Result<Option<PrintJob>, SubmitError> {
        self.read(move |connection| Jobs(connection).replay(tenant, &idempotency))
            .await
    }

    /// Stores a job.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn submit(
        &self,
        submission: Submission,
        now: WallTime,
    ) -> Result<Submitted, SubmitError> {
        self.write(move |changes| {
            let submitted = Jobs(changes.connection).submit(submission, now)?;
            if !submitted.repeat {
                tell(changes, &submitted.job, JobChange::Queued)?;
            }
            Ok(submitted)
        })
        .await
    }

    /// One job of a tenant.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn job(&self, tenant: TenantId, job: JobId) -> StoreResult<Option<PrintJob>> {
        self.read(move |connection| Jobs(connection).job(tenant, job))
            .await
    }

    /// A page of a tenant's jobs, newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn jobs(
        &self,
        tenant: TenantId,
        filter: JobFilter,
        limit: usize,
    ) -> StoreResult<JobPage> {
        self.read(move |connection| Jobs(connection).list(tenant, &filter, limit))
            .await
    }

    /// The answer to [`cueline_hub_core::link::Effect::LoadBacklog`].
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn backlog(&self, agent: AgentId, after: u64, limit: usize) -> StoreResult<Backlog> {
        self.read(move |connection| Jobs(connection).backlog(agent, after, limit))
            .await
    }

    /// Makes durable that the agent may have these jobs, and gives those that are to be written to its
    /// stream, in the order asked for. For each that is missing the link is to be told
    /// [`cueline_hub_core::link::Event::NotOffered`].
    ///
    /// Jobs that were stored as offered need no second commit.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn offers(
        &self,
        agent: AgentId,
        keys: Vec<JobKey>,
        now: WallTime,
    ) -> StoreResult<Vec<OfferedJob>> {
        let (keys, ready) = self
            .read(move |connection| {
                let ready = offered_already(connection, agent, &keys)?;
                Ok::<_, StoreError>((keys, ready))
            })
            .await?;
        if let Some(ready) = ready {
            return Ok(ready);
        }
        self.write(move |changes| {
            let jobs = Jobs(changes.connection).mark_offered(agent, &keys, now)?;
            with_bodies(changes.connection, jobs)
        })
        .await
    }

    /// Stores an agent's journal entries.
    ///
    /// # Errors
    /// See [`StoreError`]; then none of them is stored.
    pub async fn record(
        &self,
        agent: AgentId,
        entries: Vec<ReportEntry>,
        now: WallTime,
    ) -> StoreResult<Recording> {
        self.write(move |changes| {
            let recording = Jobs(changes.connection).record(agent, &entries, now)?;
            for touched in recording.touched.iter().filter(|touched| touched.changed) {
                let change = if touched.state.is_settled() {
                    JobChange::Settled
                } else {
                    JobChange::Progressed
                };
                changes.committed.push(Committed::Job(JobNotice {
                    change,
                    tenant: touched.tenant,
                    agent,
                    key: touched.key,
                    sequence: touched.sequence,
                    printer: touched.printer,
                    state: touched.state,
                    tickets: touched.tickets,
                    at_agent: recording.at_agent,
                }));
            }
            Ok(recording)
        })
        .await
    }

    /// Decides about a wish to cancel; `None` when the tenant has no such job.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn cancel(
        &self,
        tenant: TenantId,
        job: JobId,
        now: WallTime,
    ) -> StoreResult<Option<Cancelling>> {
        self.write(move |changes| {
            let cancelling = Jobs(changes.connection).cancel(tenant, job, now)?;
            if let Some(cancelling) = &cancelling {
                match cancelling.decision {
                    CancelDecision::Cancelled => {
                        tell(changes, &cancelling.job, JobChange::Settled)?;
                    }
                    CancelDecision::Asked => {
                        tell(changes, &cancelling.job, JobChange::WithdrawAsked)?;
                    }
                    CancelDecision::TooLate { .. } | CancelDecision::Already => {}
                }
            }
            Ok(cancelling)
        })
        .await
    }

    /// Keeps what somebody says about a job in doubt; `None` when the tenant has no such job.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn resolve(
        &self,
        tenant: TenantId,
        job: JobId,
        resolution: Resolution,
    ) -> StoreResult<Option<Resolving>> {
        self.write(move |changes| {
            let resolving = Jobs(changes.connection).resolve(tenant, job, resolution)?;
            if let Some(resolving) = &resolving
                && resolving.resolved == Ok(Resolved::Now)
            {
                tell(changes, &resolving.job, JobChange::Resolved)?;
            }
            Ok(resolving)
        })
        .await
    }

    /// The next epoch of an agent's links, durable.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn next_epoch(&self, agent: AgentId) -> StoreResult<u64> {
        self.write(move |changes| Jobs(changes.connection).next_epoch(agent))
            .await
    }

    /// How many jobs an agent has that have not ended.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn agent_counts(&self, agent: AgentId) -> StoreResult<AgentCounts> {
        self.read(move |connection| Jobs(connection).agent_counts(agent))
            .await
    }

    /// How many jobs for a printer have not ended.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn printer_count(&self, printer: PrinterId) -> StoreResult<u32> {
        self.read(move |connection| Jobs(connection).printer_count(printer))
            .await
    }
}

/// The jobs with their documents if none of those still queued has to be marked first.
fn offered_already(
    connection: &Connection,
    agent: AgentId,
    keys: &[JobKey],
) -> StoreResult<Option<Vec<OfferedJob>>> {
    let mut jobs = Vec::new();
    for key in keys {
        let job = super::job_row::of_agent(connection, agent, key.job)?;
        jobs.extend(job.filter(|job| job.is_to_be_offered(agent, *key)));
    }
    if jobs.iter().any(|job| job.offered_at.is_none()) {
        return Ok(None);
    }
    with_bodies(connection, jobs).map(Some)
}

fn with_bodies(connection: &Connection, jobs: Vec<PrintJob>) -> StoreResult<Vec<OfferedJob>> {
    jobs.into_iter()
        .map(|job| {
            debug_assert_eq!(job.state, JobState::Queued);
            let body = if job.document.bytes <= INLINE_BODY_BYTES_MAX {
                documents::body(connection, job.tenant, job.document.sha256)?
            } else {
                None
            };
            Ok(OfferedJob { job, body })
        })
        .collect()
}
