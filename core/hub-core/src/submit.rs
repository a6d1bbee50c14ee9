//! What is checked before a job is taken, and every way to refuse one.

use cueline_model::limits::{
    COPIES_MAX, DOCUMENT_BYTES_MAX, QUEUED_JOBS_PER_AGENT_MAX, TICKET_BYTES_MAX,
};
use cueline_model::{
    AgentId, Capabilities, ContentType, Document, JobId, OptionError, PrinterId, PrinterName,
    Sha256, SiteId, TenantId, Unsupported, WallTime,
};
use cueline_wire::Problem;
use cueline_wire::api::PrintJobRequest;

use crate::job::NewJob;
use crate::options;
use crate::store::{StoreError, SubmitError};

#[cfg(test)]
#[path = "submit_tests.rs"]
mod tests;

/// Characters of a job's title.
pub const TITLE_CHARS_MAX: usize = 200;
/// When to try again after the agent's queue was full.
pub const QUEUE_FULL_RETRY_AFTER_S: u32 = 30;
/// When to try again after the store was busy.
pub const BUSY_RETRY_AFTER_S: u32 = 1;

/// A printer as far as a submission needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Which.
    pub printer: PrinterId,
    /// Its name on its agent.
    pub name: PrinterName,
    /// Whose.
    pub tenant: TenantId,
    /// Where.
    pub site: SiteId,
    /// Its agent.
    pub agent: AgentId,
    /// What it prints.
    pub content_types: Vec<ContentType>,
    /// What it can do; `None` where its agent does not tell.
    pub capabilities: Option<Capabilities>,
    /// Whether the agent no longer names it in its inventory.
    pub gone: bool,
    /// Whether the agent was removed.
    pub agent_revoked: bool,
}

/// The document of a request, as the shell found it: decoded or looked up.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// Its digest.
    pub sha256: Sha256,
    /// Its length.
    pub bytes: u64,
    /// Its first bytes, 8 at least where it is that long.
    pub head: &'a [u8],
}

/// What a job prints again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The job printed before.
    pub reprint_of: JobId,
    /// Whether the reprint is headed DUPLICATE.
    pub marked: bool,
}

/// Why a print job was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The tenant has no such printer.
    #[error("there is no printer {printer}; list them with GET /v1/printers")]
    UnknownPrinter {
        /// As asked for.
        printer: PrinterId,
    },
    /// The agent has taken the printer out of its inventory.
    #[error("printer {name} is no longer set up on its agent; set it up again or use another")]
    PrinterGone {
        /// Which.
        name: PrinterName,
    },
    /// The printer's agent was removed.
    #[error(
        "the agent of this printer was removed; register the machine again or use another printer"
    )]
    AgentRevoked,
    /// The printer does not take such documents.
    #[error("printer {name} does not take {content_type}; it takes: {takes}")]
    ContentNotSupported {
        /// Which.
        name: PrinterName,
        /// What was sent.
        content_type: ContentType,
        /// What it takes, separated by commas.
        takes: String,
    },
    /// The bytes are not what they are said to be.
    #[error("the document is said to be {content_type} and does not begin like one")]
    ContentMismatch {
        /// What it was said to be.
        content_type: ContentType,
    },
    /// Neither or both of `content` and `document`.
    #[error("give exactly one of `content` and `document`, got {got}")]
    ContentAmbiguous {
        /// `neither` or `both`.
        got: &'static str,
    },
    /// The document has no bytes.
    #[error("the document is empty")]
    ContentEmpty,
    /// The document is too long.
    #[error("the document has {bytes} bytes; at most {max} are taken of its type")]
    DocumentTooLarge {
        /// How long it is.
        bytes: u64,
        /// How long it may be.
        max: u64,
    },
    /// No such document was uploaded, or its time is over.
    #[error("there is no document {sha256}; upload it with POST /v1/documents first")]
    UnknownDocument {
        /// As asked for.
        sha256: Sha256,
    },
    /// The number of copies is out of range.
    #[error("expected 1 to {COPIES_MAX} copies, got {copies}")]
    TooManyCopies {
        /// As asked for.
        copies: u16,
    },
    /// The title is too long.
    #[error("a title has at most {TITLE_CHARS_MAX} characters, got {chars}")]
    TitleTooLong {
        /// How long it is.
        chars: usize,
    },
    /// Its time is over already.
    #[error("`expires_at` is {late_ms} ms ago by the hub's clock; the job could never be printed")]
    Expired {
        /// By how much.
        late_ms: i64,
    },
    /// Both ways to say when it expires.
    #[error("give at most one of `expires_at` and `expires_in_s`")]
    ExpiryAmbiguous,
    /// An option has a value that no printer could do.
    #[error("options.{0}")]
    OptionInvalid(OptionError),
    /// The printer cannot do what is asked for, and the options say `strict`.
    #[error(
        "{}; change the options or let them be left out with on_unsupported: best_effort",
        texts(unsupported)
    )]
    OptionUnsupported {
        /// Each of them.
        unsupported: Vec<Unsupported>,
    },
    /// The printer's agent is of a version that cannot do what is asked for.
    #[error(
        "the printer's agent is of a version that prints no part of a job and no headline DUPLICATE; update it"
    )]
    AgentOutdated,
    /// Too many jobs wait for the agent.
    #[error(
        "{queued} jobs wait for this agent already; at most {QUEUED_JOBS_PER_AGENT_MAX} may; try again later or cancel some"
    )]
    QueueFull {
        /// How many.
        queued: u32,
    },
    /// The idempotency key names another request.
    #[error(
        "this Idempotency-Key was used before with a different request; use a fresh key for a new job"
    )]
    IdempotencyKeyReused,
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal {
    /// Stable, snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownPrinter { .. } => "unknown_printer",
            Self::PrinterGone { .. } => "printer_gone",
            Self::AgentRevoked => "agent_revoked",
            Self::ContentNotSupported { .. } => "content_not_supported",
            Self::ContentMismatch { .. } => "content_mismatch",
            Self::ContentAmbiguous { .. } => "content_ambiguous",
            Self::ContentEmpty => "content_empty",
            Self::DocumentTooLarge { .. } => "document_too_large",
            Self::UnknownDocument { .. } => "unknown_document",
            Self::TooManyCopies { .. } => "too_many_copies",
            Self::TitleTooLong { .. } => "title_too_long",
            Self::Expired { .. } => "expired",
            Self::ExpiryAmbiguous => "expiry_ambiguous",
            Self::OptionInvalid(_) => "option_invalid",
            Self::OptionUnsupported { .. } => "option_unsupported",
            Self::AgentOutdated => "agent_outdated",
            Self::QueueFull { .. } => "queue_full",
            Self::IdempotencyKeyReused => "idempotency_mismatch",
            Self::Store(error) => store_code(error),
        }
    }

    /// The HTTP status (RFC 9110 section 15).
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::UnknownPrinter { .. } => 404,
            Self::PrinterGone { .. } | Self::AgentRevoked | Self::AgentOutdated => 409,
            Self::DocumentTooLarge { .. } => 413,
            Self::ContentNotSupported { .. }
            | Self::ContentMismatch { .. }
            | Self::ContentAmbiguous { .. }
            | Self::ContentEmpty
            | Self::UnknownDocument { .. }
            | Self::TooManyCopies { .. }
            | Self::TitleTooLong { .. }
            | Self::Expired { .. }
            | Self::ExpiryAmbiguous
            | Self::OptionInvalid(_)
            | Self::OptionUnsupported { .. }
            | Self::IdempotencyKeyReused => 422,
            Self::QueueFull { .. } => 429,
            Self::Store(error) => store_status(error),
        }
    }

    /// When a repeat may succeed, seconds.
    #[must_use]
    pub const fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::QueueFull { .. } => Some(QUEUE_FULL_RETRY_AFTER_S),
            Self::Store(error) => store_retry_after_s(error),
            _ => None,
        }
    }

    /// The refusal as a problem document.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem {
            retry_after_s: self.retry_after_s(),
            ..Problem::new(self.status(), self.code(), self.to_string())
        }
    }
}

fn texts(unsupported: &[Unsupported]) -> String {
    let texts: Vec<_> = unsupported.iter().map(|u| u.text.as_str()).collect();
    texts.join("; ")
}

impl From<SubmitError> for Refusal {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::KeyReused => Self::IdempotencyKeyReused,
            SubmitError::QueueFull { queued } => Self::QueueFull { queued },
            SubmitError::AgentRevoked => Self::AgentRevoked,
            SubmitError::UnknownDocument { sha256 } => Self::UnknownDocument { sha256 },
            SubmitError::Store(error) => Self::Store(error),
        }
    }
}

/// The problem document of a store's error, for any request.
#[must_use]
pub fn store_problem(error: &StoreError) -> Problem {
    Refusal::Store(error.clone()).problem()
}

const fn store_code(error: &StoreError) -> &'static str {
    match error {
        StoreError::Busy => "busy",
        StoreError::DiskFull => "disk_full",
        StoreError::Broken { .. } => "storage_failed",
        StoreError::Internal { .. } => "internal",
    }
}

const fn store_status(error: &StoreError) -> u16 {
    match error {
        StoreError::Busy | StoreError::Broken { .. } => 503,
        StoreError::DiskFull => 507,
        StoreError::Internal { .. } => 500,
    }
}

const fn store_retry_after_s(error: &StoreError) -> Option<u32> {
    match error {
        StoreError::Busy => Some(BUSY_RETRY_AFTER_S),
        StoreError::Broken { .. } => Some(QUEUE_FULL_RETRY_AFTER_S),
        StoreError::DiskFull | StoreError::Internal { .. } => None,
    }
}

/// Checks a request against what the shell found and makes the job of it. Whether the agent's queue
/// has room, the store decides when it takes the job.
///
/// `target` is the printer of the request if `tenant` has it; `content` is its document, `None` where
/// one was named that is not stored; `origin` tells of a job that prints another one again.
///
/// # Errors
/// The first thing that is wrong, those first that no change of the document would mend.
pub fn check(
    job: JobId,
    tenant: TenantId,
    request: &PrintJobRequest,
    target: Option<&Target>,
    content: Option<Content<'_>>,
    origin: Option<Origin>,
    now: WallTime,
) -> Result<NewJob, Refusal> {
    let target = target
        .filter(|target| target.tenant == tenant && target.printer == request.printer)
        .ok_or(Refusal::UnknownPrinter {
            printer: request.printer,
        })?;
    check_target(target, request.content_type)?;
    if !(1..=COPIES_MAX).contains(&request.copies) {
        return Err(Refusal::TooManyCopies {
            copies: request.copies,
        });
    }
    check_title(request.title.as_deref())?;
    let marked = origin.is_some_and(|origin| origin.marked);
    let notes = options::check(&request.options, marked, target.capabilities.as_ref())?;
    let start_by = start_by(request, now)?;
    let document = check_content(request, content)?;
    Ok(NewJob {
        id: job,
        tenant,
        site: target.site,
        agent: target.agent,
        printer: target.printer,
        printer_name: target.name.clone(),
        title: request.title.clone(),
        document,
        copies: request.copies,
        uncertain: request.uncertain,
        options: request.options.clone(),
        notes,
        marked,
        reprint_of: origin.map(|origin| origin.reprint_of),
        start_by,
    })
}

fn check_target(target: &Target, content_type: ContentType) -> Result<(), Refusal> {
    if target.agent_revoked {
        return Err(Refusal::AgentRevoked);
    }
    if target.gone {
        return Err(Refusal::PrinterGone {
            name: target.name.clone(),
        });
    }
    if !target.content_types.contains(&content_type) {
        let takes: Vec<_> = target.content_types.iter().map(|t| t.as_str()).collect();
        return Err(Refusal::ContentNotSupported {
            name: target.name.clone(),
            content_type,
            takes: takes.join(", "),
        });
    }
    Ok(())
}

fn check_title(title: Option<&str>) -> Result<(), Refusal> {
    let chars = title.map_or(0, |title| title.chars().count());
    if chars > TITLE_CHARS_MAX {
        return Err(Refusal::TitleTooLong { chars });
    }
    Ok(())
}

fn start_by(request: &PrintJobRequest, now: WallTime) -> Result<Option<WallTime>, Refusal> {
    let start_by = match (request.expires_at, request.expires_in_s) {
        (Some(_), Some(_)) => return Err(Refusal::ExpiryAmbiguous),
        (Some(at), None) => Some(at.0),
        (None, Some(s)) => Some(now.shifted_ms(i64::from(s) * 1_000)),
        (None, None) => None,
    };
    match start_by {
        Some(at) if at <= now => Err(Refusal::Expired {
            late_ms: now.ms_since(at),
        }),
        start_by => Ok(start_by),
    }
}

fn check_content(
    request: &PrintJobRequest,
    content: Option<Content<'_>>,
) -> Result<Document, Refusal> {
    match (&request.content, request.document) {
        (Some(_), Some(_)) => return Err(Refusal::ContentAmbiguous { got: "both" }),
        (None, None) => return Err(Refusal::ContentAmbiguous { got: "neither" }),
        (None, Some(sha256)) if content.is_none() => {
            return Err(Refusal::UnknownDocument { sha256 });
        }
        _ => {}
    }
    let Some(content) = content.filter(|content| content.bytes > 0) else {
        return Err(Refusal::ContentEmpty);
    };
    let content_type = request.content_type;
    let max = bytes_max(content_type);
    if content.bytes > max {
        return Err(Refusal::DocumentTooLarge {
            bytes: content.bytes,
            max,
        });
    }
    if !begins_like(content_type, content.head) {
        return Err(Refusal::ContentMismatch { content_type });
    }
    Ok(Document {
        content_type,
        bytes: content.bytes,
        sha256: content.sha256,
    })
}

/// How long a document of this type may be, bytes.
#[must_use]
pub const fn bytes_max(content_type: ContentType) -> u64 {
    match content_type {
        ContentType::Ticket => TICKET_BYTES_MAX,
        ContentType::Raw | ContentType::Png | ContentType::Jpeg | ContentType::Pdf => {
            DOCUMENT_BYTES_MAX
        }
    }
}

/// Whether a document begins as its type must: PNG's signature (ISO/IEC 15948 section 5.2), JPEG's
/// first two markers (ISO/IEC 10918-1 annex B), PDF's header (ISO 32000-2 section 7.5.2), a JSON object
/// for a ticket. Raw bytes may be anything.
#[must_use]
pub fn begins_like(content_type: ContentType, head: &[u8]) -> bool {
    match content_type {
        ContentType::Raw => true,
        ContentType::Png => head.starts_with(b"\x89PNG\r\n\x1a\n"),
        ContentType::Jpeg => head.starts_with(b"\xff\xd8\xff"),
        ContentType::Pdf => head.starts_with(b"%PDF-"),
        ContentType::Ticket => head.trim_ascii_start().starts_with(b"{"),
    }
}
