//! What the agent tells the hub: journal entries until they are stored, pongs, printers' states.

use cueline_model::{Attempt, Fault, JobId, JobKey, Outcome, PrinterName, WallTime};
use serde::{Deserialize, Serialize};

/// One report. Sending it again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Report {
    /// The newest ping seen, as proof that the far end is alive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pong: Option<Pong>,
    /// Journal entries not yet known to be stored, in order, at most
    /// [`cueline_model::limits::REPORT_ENTRIES_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<ReportEntry>,
    /// Printers whose state changed since the last report that arrived; not durable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub printers: Vec<PrinterStatus>,
}

/// The answer to a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    /// The link's epoch.
    pub epoch: u64,
    /// The ping's number; 0 stands for `hello`.
    pub number: u64,
}

/// One entry of the agent's journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportEntry {
    /// The entry's number in the agent's journal, rising.
    pub seq: u64,
    /// Which job.
    pub job: JobId,
    /// Which attempt at it.
    pub attempt: Attempt,
    /// When, on the hub's clock as the agent knows it, ms since 1970.
    pub at: WallTime,
    /// What.
    #[serde(flatten)]
    pub progress: Progress,
}

impl ReportEntry {
    /// The job and the attempt at it.
    #[must_use]
    pub const fn key(&self) -> JobKey {
        JobKey {
            job: self.job,
            attempt: self.attempt,
        }
    }
}

/// A step of a job at the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Progress {
    /// Durable at the agent.
    Accepted,
    /// Bytes may reach the printer from now on.
    Started,
    /// The printer has proven its first `printed` tickets of `total`, and goes on.
    Printing {
        /// Counted from 1 through all copies.
        printed: u32,
        /// All of the job's.
        total: u32,
    },
    /// It was started, but no byte can have left; it will be started again.
    NotStarted,
    /// A print in doubt is made again, as the job's policy says.
    Reprinting,
    /// It has ended.
    Ended(Outcome),
}

/// The state of one printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrinterStatus {
    /// The printer's name on its agent.
    pub printer: PrinterName,
    /// What is wrong; `None` when nothing is.
    pub fault: Option<Fault>,
    /// What will soon keep it from printing, such as paper that is low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Fault>,
    /// Since when, on the hub's clock as the agent knows it, ms since 1970.
    pub since: WallTime,
}

/// What the hub did with a report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReportReply {
    /// Numbers of the entries that are durable at the hub; the agent may forget them.
    pub stored: Vec<u64>,
    /// Entries the hub will never store; the agent logs them and lets go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Rejection>,
}

/// Why the hub will not store an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The entry's number.
    pub seq: u64,
    /// Stable, snake case.
    pub code: String,
    /// For people.
    pub text: String,
}
