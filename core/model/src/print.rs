//! Print jobs: what is to be printed, how far it has come, how it ended.
//!
//! ```text
//! queued -> accepted -> started -> done | failed | uncertain
//!    |         |           ^ |
//!    |         |           +-+  back to accepted when no byte can have left
//!    +---------+-> expired | cancelled | failed
//! ```

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::JobId;
use crate::printer::Proof;

/// Which try at a job this is, counted by the hub from 1. The agent tells jobs apart by (id, attempt).
pub type Attempt = u32;

/// What tells jobs apart between hub and agent: a job and the attempt at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobKey {
    /// The job.
    pub job: JobId,
    /// The attempt at it.
    pub attempt: Attempt,
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentType {
    /// Bytes in the printer's own language, sent as they are.
    Raw,
    /// A PNG picture.
    Png,
    /// A JPEG picture.
    Jpeg,
    /// A PDF document.
    Pdf,
    /// Cueline's own ticket document (JSON): elements in millimetres, compiled for each printer.
    Ticket,
}

impl ContentType {
    /// The word used on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Pdf => "pdf",
            Self::Ticket => "ticket",
        }
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A SHA-256 digest (FIPS 180-4), written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256(pub [u8; 32]);

/// Why a text is not a SHA-256 digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 lower-case hexadecimal digits, got {got:?}")]
pub struct Sha256Error {
    /// The text that was given, cut to 80 characters.
    pub got: String,
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sha256 {
    type Err = Sha256Error;

    fn from_str(text: &str) -> Result<Self, Sha256Error> {
        let refuse = || Sha256Error {
            got: text.chars().take(80).collect(),
        };
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(refuse());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let (high, low) = digit(pair[0]).zip(digit(pair[1])).ok_or_else(refuse)?;
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Sha256 {
    type Error = Sha256Error;

    fn try_from(text: String) -> Result<Self, Sha256Error> {
        text.parse()
    }
}

impl From<Sha256> for String {
    fn from(digest: Sha256) -> Self {
        digest.to_string()
    }
}

/// A document by what it is, how long and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Document {
    /// What the bytes are.
    pub content_type: ContentType,
    /// How many bytes.
    pub bytes: u64,
    /// Which bytes.
    pub sha256: Sha256,
}

/// What the agent does when it finds, after a crash, a print that may have reached the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UncertainPolicy {
    /// Print nothing; a person decides. The default, because a ticket is worth money.
    #[default]
    Hold,
    /// Print again, headed DUPLICATE where the language allows it.
    ReprintMarked,
    /// Print again as if nothing had been.
    Reprint,
}

impl UncertainPolicy {
    /// The word used on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::ReprintMarked => "reprint_marked",
            Self::Reprint => "reprint",
        }
    }
}

/// Why a job failed with nothing on paper, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The agent has no printer of that name.
    UnknownPrinter,
    /// The printer cannot take this kind of document.
    UnsupportedContent,
    /// The document is not what it says, is damaged, or exceeds a decoder's limit.
    BadDocument,
    /// The hub no longer has the document, or its digest does not match.
    DocumentUnavailable,
    /// The offer was not signed by the hub this agent is registered with.
    BadSignature,
}

impl FailureCode {
    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownPrinter => "unknown_printer",
            Self::UnsupportedContent => "unsupported_content",
            Self::BadDocument => "bad_document",
            Self::DocumentUnavailable => "document_unavailable",
            Self::BadSignature => "bad_signature",
        }
    }
}

/// Why a job failed with nothing on paper.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Failure {
    /// For programs.
    pub code: FailureCode,
    /// For people: what was wrong and what to do.
    pub text: String,
}

/// How an attempt at a job ended. Once recorded it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It came as far as `proof` says.
    Done {
        /// How far it was proven to have come.
        proof: Proof,
    },
    /// Nothing was printed.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// Not started before its time was over; nothing was printed.
    Expired,
    /// Withdrawn before it was started; nothing was printed.
    Cancelled,
    /// It may or may not be on paper; a person decides.
    Uncertain {
        /// What happened, one sentence for the clerk.
        detail: String,
        /// Which of its tickets are in doubt, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tickets: Option<TicketCount>,
    },
}

/// How far a job of several tickets came. Tickets are counted from 1 through all copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TicketCount {
    /// The first so many were proven printed.
    pub printed: u32,
    /// So many after them may be on paper, wholly or in part.
    pub unknown: u32,
    /// All of the job's; those that are neither were not printed.
    pub total: u32,
}

impl fmt::Display for TicketCount {
    /// `tickets 1-6 printed, 7 unknown, 8-10 not printed`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (0, self.printed, "printed"),
            (
                self.printed,
                self.printed.saturating_add(self.unknown),
                "unknown",
            ),
            (
                self.printed.saturating_add(self.unknown),
                self.total,
                "not printed",
            ),
        ];
        let shown: Vec<String> = parts
            .into_iter()
            .filter(|(before, through, _)| through > before)
            .map(|(before, through, word)| match through - before {
                1 => format!("{through} {word}"),
                _ => format!("{}-{through} {word}", before + 1),
            })
            .collect();
        let noun = if self.total == 1 { "ticket" } else { "tickets" };
        write!(f, "{noun} {}", shown.join(", "))
    }
}

impl Outcome {
    /// The job state this outcome puts a job in.
    #[must_use]
    pub const fn state(&self) -> JobState {
        match self {
            Self::Done { .. } => JobState::Done,
            Self::Failed { .. } => JobState::Failed,
            Self::Expired => JobState::Expired,
            Self::Cancelled => JobState::Cancelled,
            Self::Uncertain { .. } => JobState::Uncertain,
        }
    }
}

/// Where a job stands, as the box office sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Durable at the hub, not yet at the agent.
    Queued,
    /// Durable at the agent, nothing sent to the printer.
    Accepted,
    /// The agent has recorded that bytes may reach the printer from now on.
    Started,
    /// Ended; its proof says how far it came.
    Done,
    /// Ended with nothing printed.
    Failed,
    /// Ended with nothing printed: its time was over first.
    Expired,
    /// Ended with nothing printed: withdrawn first.
    Cancelled,
    /// Held: it may or may not be on paper.
    Uncertain,
}

impl JobState {
    /// Every state, in the order a job may go through them.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Accepted,
        Self::Started,
        Self::Done,
        Self::Failed,
        Self::Expired,
        Self::Cancelled,
        Self::Uncertain,
    ];

    /// The word used on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Accepted => "accepted",
            Self::Started => "started",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Uncertain => "uncertain",
        }
    }

    /// Whether software does nothing more about the job by itself.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        !matches!(self, Self::Queued | Self::Accepted | Self::Started)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for JobState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownState {
                got: text.chars().take(64).collect(),
            })
    }
}

/// Why a text is not a job's state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected one of queued, accepted, started, done, failed, expired, cancelled, uncertain; got {got:?}"
)]
pub struct UnknownState {
    /// The text that was given, cut to 64 characters.
    pub got: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_reads_back_as_written() {
        for state in JobState::ALL {
            assert_eq!(state.as_str().parse::<JobState>().unwrap(), state);
            assert_eq!(
                serde_json::to_string(&state).unwrap(),
                format!("\"{state}\"")
            );
        }
        assert!("printed".parse::<JobState>().is_err());
    }

    #[test]
    fn a_count_says_which_tickets_are_where() {
        let count = |printed, unknown, total| {
            TicketCount {
                printed,
                unknown,
                total,
            }
            .to_string()
        };
        assert_eq!(
            count(6, 1, 10),
            "tickets 1-6 printed, 7 unknown, 8-10 not printed"
        );
        assert_eq!(count(0, 1, 1), "ticket 1 unknown");
        assert_eq!(count(2, 0, 3), "tickets 1-2 printed, 3 not printed");
    }

    #[test]
    fn a_digest_reads_back_as_written_and_refuses_upper_case() {
        let digest = Sha256([0xab; 32]);
        let text = digest.to_string();
        assert_eq!(text.parse::<Sha256>().unwrap(), digest);
        assert!(text.to_uppercase().parse::<Sha256>().is_err());
        assert!(text[1..].parse::<Sha256>().is_err());
    }
}
