//! What the agent remembers, and what it finds again after a crash.

use std::collections::BTreeMap;
use std::time::Duration;

use cueline_model::{Document, JobKey, PrintOptions, PrinterName, UncertainPolicy, WallTime};
use cueline_wire::Base64Bytes;
use cueline_wire::cloud::ReportEntry;

/// A job as the journal keeps it, without its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Which.
    pub key: JobKey,
    /// The hub's sequence number: the order of printing on one printer.
    pub sequence: u64,
    /// Where.
    pub printer: PrinterName,
    /// Not to be started after this, on the hub's clock.
    pub start_by: Option<WallTime>,
    /// How often.
    pub copies: u16,
    /// What to do when in doubt.
    pub uncertain: UncertainPolicy,
    /// How it is wanted.
    pub options: Box<PrintOptions>,
    /// Whether it is headed DUPLICATE, whatever becomes of it here.
    pub marked: bool,
    /// What.
    pub document: Document,
}

/// One line of the journal. Records that carry a [`ReportEntry`] stay until the hub has stored it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A job is this agent's from now on.
    Accepted {
        /// Told to the hub.
        entry: ReportEntry,
        /// The job.
        job: Job,
        /// Its document, where it came with the offer.
        body: Option<Base64Bytes>,
    },
    /// A job went a step on; of one that was never accepted the entry alone is kept. An [`cueline_wire::cloud::Progress::Ended`] lets go of its document.
    Progress(ReportEntry),
    /// The hub has stored (or will never store) these entries, by number.
    Told(Vec<u64>),
    /// Settled jobs that need not be remembered any longer.
    Forgotten(Vec<JobKey>),
    /// The ping that a path turned out to need; `None` to unlearn.
    LearnedPing {
        /// The path.
        path: String,
        /// The period to ask for.
        ping: Option<Duration>,
    },
    /// Hub's clock minus this machine's wall clock, ms.
    ClockOffset(i64),
}

/// How far a job had come when the journal was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Accepted, known not to have been sent, or to be reprinted.
    Waiting,
    /// Started, with no end recorded: it may be on paper.
    Started,
    /// Ended.
    Ended,
}

/// Tickets that a printer has proven, counted from the first that the job prints, through all copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proven {
    /// The first so many.
    pub printed: u32,
    /// All of the job's.
    pub total: u32,
}

/// A job found in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveredJob {
    /// The job.
    pub job: Job,
    /// How far it had come.
    pub phase: Phase,
    /// Whether its document is here in full.
    pub document_here: bool,
    /// How often it was already reprinted by policy.
    pub reprints: u32,
    /// The newest count of its tickets; `None`: there was none.
    pub proven: Option<Proven>,
    /// Its newest entry, told to the hub again when the hub asks by offering the job again.
    pub newest_entry: ReportEntry,
}

/// Everything found in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovered {
    /// All jobs, those that have ended included, in order of acceptance.
    pub jobs: Vec<RecoveredJob>,
    /// Entries not yet known to be stored at the hub, in order.
    pub untold: Vec<ReportEntry>,
    /// The number of the next entry; never one that was given before, not even after everything was told
    /// and forgotten.
    pub next_seq: u64,
    /// Learned ping by path.
    pub learned_pings: BTreeMap<String, Duration>,
    /// Hub's clock minus this machine's, ms, as last known.
    pub clock_offset_ms: Option<i64>,
}
