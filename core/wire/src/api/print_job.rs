//! Print jobs as the box office makes and sees them.

use cueline_model::{
    AgentId, Attempt, ContentType, Document, Failure, JobId, JobState, PrinterId, PrinterName,
    Proof, Sha256, UncertainPolicy,
};
use serde::{Deserialize, Serialize};

use crate::{Base64Bytes, Timestamp};

/// `POST /v1/print-jobs`. Exactly one of `content` and `document` is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrintJobRequest {
    /// Where.
    pub printer: PrinterId,
    /// What the document is.
    pub content_type: ContentType,
    /// The document itself, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Base64Bytes>,
    /// A document uploaded before with `POST /v1/documents`, by its SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Sha256>,
    /// What people shall call it, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// 1 to [`cueline_model::limits::COPIES_MAX`].
    #[serde(default = "one")]
    pub copies: u16,
    /// Not to be started later than this; at most one of the two `expires` fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Not to be started later than this many seconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_s: Option<u32>,
    /// What to do where a crash leaves the print in doubt.
    #[serde(default)]
    pub uncertain: UncertainPolicy,
}

const fn one() -> u16 {
    1
}

/// The answer to `POST /v1/documents`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDocument {
    /// Pass as `document` in a print job.
    pub document: Sha256,
    /// How long it is.
    pub bytes: u64,
    /// Kept at least until then if no job uses it.
    pub kept_until: Timestamp,
}

/// A print job as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintJob {
    /// Which.
    pub id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// Where it is to be printed.
    pub printer: PrinterId,
    /// That printer's name on its agent.
    pub printer_name: PrinterName,
    /// The agent that prints it.
    pub agent: AgentId,
    /// As given.
    pub title: Option<String>,
    /// What is printed.
    pub document: Document,
    /// How many times.
    pub copies: u16,
    /// As given.
    pub uncertain: UncertainPolicy,
    /// Which attempt this is, from 1.
    pub attempt: Attempt,
    /// When the hub took it.
    pub created_at: Timestamp,
    /// Not to be started after this.
    pub expires_at: Option<Timestamp>,
    /// When a cancel was first asked for.
    pub cancel_requested_at: Option<Timestamp>,
    /// When it ended.
    pub settled_at: Option<Timestamp>,
    /// How far it was proven to have come; with `done`.
    pub proof: Option<Proof>,
    /// Why nothing was printed; with `failed`.
    pub failure: Option<Failure>,
    /// What is in doubt; with `uncertain`.
    pub detail: Option<String>,
    /// What it waits for now, while it has not ended.
    pub waiting: Option<Waiting>,
    /// What happened when, oldest first.
    pub timeline: Vec<TimelineEntry>,
}

/// Why a job does not go on at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// `agent_offline` or a printer's fault code.
    pub code: String,
    /// For people.
    pub text: String,
}

/// One step of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// What: a job state, `not_started`, `reprinting` or `cancel_requested`.
    pub what: String,
    /// More, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
