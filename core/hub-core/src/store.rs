//! What a store of jobs must do, whatever it is made of.
//!
//! [`memory`] keeps them in memory (for the simulator); the hub keeps them in SQLite. Both pass
//! [`contract`]. Every call that changes something is durable, all or nothing, before it returns.

pub mod contract;
pub mod memory;

use std::time::Duration;

use cueline_model::{
    AgentId, JobId, JobKey, JobState, PrinterId, Sha256, TenantId, TicketCount, WallTime,
};
use cueline_wire::api::{PrinterEvent, Resolution};
use cueline_wire::cloud::{PrinterStatus, Rejection, ReportEntry, ReportReply};

use crate::aftermath::{AftermathError, Resolved};
use crate::job::{CancelDecision, NewJob, PrintJob, Recorded};

/// Why a store could not do what was asked; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Its queue is full; the same call may succeed in a moment.
    #[error("the store's queue is full; try again in a moment")]
    Busy,
    /// The disk is full; the same call succeeds once there is room.
    #[error(
        "the disk that holds the hub's data is full; nothing was lost, make room and try again"
    )]
    DiskFull,
    /// The storage cannot be trusted any more; the program must end and start anew.
    #[error("the hub's storage failed and the hub must be restarted: {text}")]
    Broken {
        /// What failed.
        text: String,
    },
    /// A fault of the program or of a stored row.
    #[error("the store could not carry out a request: {text}")]
    Internal {
        /// What failed.
        text: String,
    },
}

/// Why a job was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The idempotency key was used for another request.
    #[error("this idempotency key was used before with a different request; use a fresh key")]
    KeyReused,
    /// The agent has as many waiting jobs as it may.
    #[error("{queued} jobs wait for this agent already")]
    QueueFull {
        /// How many.
        queued: u32,
    },
    /// The agent was removed.
    #[error("the printer's agent was removed")]
    AgentRevoked,
    /// There is no such document (any more).
    #[error("there is no document {sha256}")]
    UnknownDocument {
        /// Which.
        sha256: Sha256,
    },
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A client's own name for a request, so that sending it twice makes one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The `Idempotency-Key` header, 1 to 255 characters; scoped to its tenant.
    pub key: String,
    /// Digest of what was asked.
    pub request: Sha256,
}

/// A job to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The job.
    pub job: NewJob,
    /// Its document where it came with the request; otherwise it must be stored already.
    pub body: Option<Vec<u8>>,
    /// Keep the document at least until then.
    pub kept_until: WallTime,
    /// See [`Idempotency`].
    pub idempotency: Option<Idempotency>,
    /// Whether the agent is to be offered it as soon as it is stored; see [`NewJob::into_job`].
    pub offered: bool,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The job, new or the one made by the same request before.
    pub job: PrintJob,
    /// Whether it was made before.
    pub repeat: bool,
}

/// Which jobs to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobFilter {
    /// Only those in this state.
    pub state: Option<JobState>,
    /// Only those for this printer.
    pub printer: Option<PrinterId>,
    /// Only those in doubt that were resolved, or were not.
    pub resolved: Option<bool>,
    /// Only those before this one: the last of the page before.
    pub after: Option<JobId>,
}

/// A page of jobs, highest id (newest) first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobPage {
    /// At most as many as were asked for.
    pub jobs: Vec<PrintJob>,
    /// Pass as [`JobFilter::after`] for the next page; `None` on the last.
    pub next: Option<JobId>,
}

/// A job that waits for its agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingJob {
    /// Which.
    pub key: JobKey,
    /// Its place.
    pub sequence: u64,
    /// Whether its cancellation was asked for.
    pub withdraw: bool,
}

/// What waits for an agent from some place in its sequence on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Queued jobs in order of their sequence.
    pub jobs: Vec<WaitingJob>,
    /// Every queued job up to this sequence was in this backlog or an earlier one.
    pub through: u64,
    /// Whether there are more after `through`.
    pub more: bool,
    /// Jobs the agent has acknowledged and not ended.
    pub at_agent: u32,
    /// Accepted jobs whose cancellation was asked for; told in the first part of a backlog only.
    pub withdrawals: Vec<JobKey>,
}

/// One job that a report was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub key: JobKey,
    /// Its place.
    pub sequence: u64,
    /// Its printer.
    pub printer: PrinterId,
    /// Where it stands now.
    pub state: JobState,
    /// How far its tickets came.
    pub tickets: Option<TicketCount>,
    /// Whether the entry changed it.
    pub changed: bool,
}

/// What became of a report's entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recording {
    /// For the agent.
    pub reply: ReportReply,
    /// For the agent's link and for whoever waits for the jobs: one for each entry stored.
    pub touched: Vec<Touched>,
    /// Jobs the agent has after it that have not ended.
    pub at_agent: u32,
}

impl Recording {
    /// Adds what became of the entry numbered `seq`, which was about `job`.
    pub fn add(&mut self, seq: u64, recorded: Recorded, job: Option<&PrintJob>) {
        let changed = match recorded {
            Recorded::Refused { code, text } => {
                self.reply.rejected.push(Rejection {
                    seq,
                    code: code.to_owned(),
                    text,
                });
                return;
            }
            Recorded::Changed => true,
            Recorded::Repeat => false,
        };
        self.reply.stored.push(seq);
        self.touched.extend(job.map(|job| Touched {
            tenant: job.tenant,
            key: job.key(),
            sequence: job.sequence,
            printer: job.printer,
            state: job.state,
            tickets: job.tickets,
            changed,
        }));
    }
}

/// What became of a wish to cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelling {
    /// What was decided.
    pub decision: CancelDecision,
    /// The job after it.
    pub job: PrintJob,
}

/// What became of a wish to resolve a job in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolving {
    /// What was decided.
    pub resolved: Result<Resolved, AftermathError>,
    /// The job after it.
    pub job: PrintJob,
}

/// How long the document of a job in doubt is kept at most until somebody resolves it, so that it
/// can be printed again.
pub const DOUBT_KEPT: Duration = Duration::from_secs(30 * 24 * 3_600);

/// How many jobs an agent has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AgentCounts {
    /// Queued at the hub.
    pub queued: u32,
    /// Acknowledged by the agent and not ended.
    pub at_agent: u32,
}

/// Durable jobs and documents. Ids of another tenant or agent are as unknown as ids of nothing.
pub trait JobStore {
    /// The job that the same request made before, if it did.
    ///
    /// # Errors
    /// [`SubmitError::KeyReused`] when the key was used for another request.
    fn replay(
        &mut self,
        tenant: TenantId,
        idempotency: &Idempotency,
    ) -> Result<Option<PrintJob>, SubmitError>;

    /// Stores a job at the end of its agent's sequence.
    ///
    /// # Errors
    /// See [`SubmitError`]; a repeat of a stored request succeeds whatever has changed since.
    fn submit(&mut self, submission: Submission, now: WallTime) -> Result<Submitted, SubmitError>;

    /// One job.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn job(&mut self, tenant: TenantId, job: JobId) -> Result<Option<PrintJob>, StoreError>;

    /// A page of a tenant's jobs, at most `limit`.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn list(
        &mut self,
        tenant: TenantId,
        filter: &JobFilter,
        limit: usize,
    ) -> Result<JobPage, StoreError>;

    /// Queued jobs of an agent with a sequence over `after`, at most `limit`.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn backlog(&mut self, agent: AgentId, after: u64, limit: usize) -> Result<Backlog, StoreError>;

    /// Records that the agent may have these jobs from now on, and gives those of them that are still
    /// to be offered, in the order asked for. Only these may be written to the stream.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn mark_offered(
        &mut self,
        agent: AgentId,
        keys: &[JobKey],
        now: WallTime,
    ) -> Result<Vec<PrintJob>, StoreError>;

    /// Applies an agent's journal entries in order.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn record(
        &mut self,
        agent: AgentId,
        entries: &[ReportEntry],
        now: WallTime,
    ) -> Result<Recording, StoreError>;

    /// Decides about a wish to cancel; `None` when there is no such job.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn cancel(
        &mut self,
        tenant: TenantId,
        job: JobId,
        now: WallTime,
    ) -> Result<Option<Cancelling>, StoreError>;

    /// Keeps what somebody says about a job in doubt (see [`PrintJob::resolve`]); `None` when there is
    /// no such job.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn resolve(
        &mut self,
        tenant: TenantId,
        job: JobId,
        resolution: Resolution,
    ) -> Result<Option<Resolving>, StoreError>;

    /// Keeps what an agent says of its printers' conditions, and the events that this makes (see
    /// [`crate::printer_news::news`]), the newest [`crate::printer_news::PRINTER_EVENTS_MAX`] of each
    /// printer; gives the new ones. Printers the agent does not have are passed over.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn record_conditions(
        &mut self,
        agent: AgentId,
        printers: &[PrinterStatus],
        now: WallTime,
    ) -> Result<Vec<PrinterEvent>, StoreError>;

    /// A tenant's printer's events before the one numbered `before` (all: `None`), newest first, at
    /// most `limit`.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn printer_events(
        &mut self,
        tenant: TenantId,
        printer: PrinterId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<PrinterEvent>, StoreError>;

    /// Ends jobs that the hub may end as expired (see [`PrintJob::expire`]), at most `limit`.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn expire_due(&mut self, now: WallTime, limit: usize) -> Result<Vec<PrintJob>, StoreError>;

    /// The next epoch of an agent's links, from 1, never given twice.
    ///
    /// # Errors
    /// See [`StoreError`]; [`StoreError::Internal`] for an agent that does not exist.
    fn next_epoch(&mut self, agent: AgentId) -> Result<u64, StoreError>;

    /// Marks an agent as removed: it is given no more jobs, and those it certainly does not have are
    /// cancelled and given back. About the others only the till knows, so they stay as they are.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn revoke_agent(&mut self, agent: AgentId, now: WallTime) -> Result<Vec<PrintJob>, StoreError>;

    /// How many jobs an agent has that have not ended.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn agent_counts(&mut self, agent: AgentId) -> Result<AgentCounts, StoreError>;

    /// How many jobs for a printer have not ended.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn printer_count(&mut self, printer: PrinterId) -> Result<u32, StoreError>;

    /// Stores a document, once; a later `kept_until` replaces an earlier one. The caller has made sure
    /// that `sha256` is the digest of `body`.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn put_document(
        &mut self,
        tenant: TenantId,
        sha256: Sha256,
        body: &[u8],
        kept_until: WallTime,
    ) -> Result<(), StoreError>;

    /// Forgets idempotency keys first used before `before`, at most `limit`; says how many.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn forget_requests(&mut self, before: WallTime, limit: usize) -> Result<u32, StoreError>;

    /// A document's bytes.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn document(&mut self, tenant: TenantId, sha256: Sha256)
    -> Result<Option<Vec<u8>>, StoreError>;

    /// Deletes documents whose time is over and that no job still needs, at most `limit`; says how
    /// many. A job needs its document until it has ended, and one in doubt until it is resolved or
    /// [`DOUBT_KEPT`] has passed.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn drop_documents(&mut self, now: WallTime, limit: usize) -> Result<u32, StoreError>;
}
