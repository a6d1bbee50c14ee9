//! Print jobs as the box office makes and sees them.

use cueline_model::{
    AgentId, Attempt, ContentType, Document, Failure, JobId, JobState, PrintOptions, PrinterId,
    PrinterName, Proof, Sha256, TicketCount, UncertainPolicy, Unsupported,
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
    /// How it is wanted.
    #[serde(default, skip_serializing_if = "PrintOptions::is_default")]
    pub options: PrintOptions,
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
    /// How it was asked for, as given.
    #[serde(default, skip_serializing_if = "PrintOptions::is_default")]
    pub options: PrintOptions,
    /// Which of the options were left out, because the printer cannot do them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Unsupported>,
    /// Whether it is headed DUPLICATE, where the printer's language allows it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub marked: bool,
    /// The job that this one prints again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reprint_of: Option<JobId>,
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
    /// How far its tickets came, where the printer tells; while it is printed, those that were not
    /// proven yet are `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tickets: Option<TicketCount>,
    /// What somebody found out about it and decided; with `uncertain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// What it waits for now, while it has not ended.
    pub waiting: Option<Waiting>,
    /// What happened when, oldest first.
    pub timeline: Vec<TimelineEntry>,
}

/// `POST /v1/print-jobs/{id}/reprint`: the same document, copies and options once more, as a job of
/// its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReprintRequest {
    /// Tickets before this one, counted from 1 through all copies, are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_ticket: Option<u32>,
    /// On another printer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printer: Option<PrinterId>,
    /// Whether it is headed DUPLICATE. If not given: where any of the tickets printed again may be on
    /// paper already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marked: Option<bool>,
}

/// `POST /v1/print-jobs/{id}/resolve`: what somebody found out about an `uncertain` job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolveRequest {
    /// What was found or done.
    pub decision: Decision,
    /// Who says so, 1 to 100 characters.
    pub by: String,
    /// Why, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What somebody found out about a job in doubt, or did about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is on paper, whole.
    Printed,
    /// None of it is on paper that anybody could use.
    NotPrinted,
    /// It was printed again, wholly or from some ticket on.
    Reprinted,
}

impl Decision {
    /// The word used on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Printed => "printed",
            Self::NotPrinted => "not_printed",
            Self::Reprinted => "reprinted",
        }
    }
}

/// What became of a job in doubt, as somebody says. Its outcome stays `uncertain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// What was found or done.
    pub decision: Decision,
    /// Who says so.
    pub by: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was said.
    pub at: Timestamp,
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
    /// What: a job state, `not_started`, `reprinting`, `cancel_requested` or `resolved`.
    pub what: String,
    /// More, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
