//! Why a document was not decoded.

use std::io;
use std::time::Duration;

use cueline_model::{Failure, FailureCode};

/// Why a document was not decoded. Nothing was printed.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The document is damaged, of the wrong kind, or over a limit of its format.
    #[error("{}", .0.text)]
    Document(Failure),
    /// Longer than is taken at all; no child was started.
    #[error("the document has {bytes} bytes; expected at most {limit_bytes}")]
    TooLong {
        /// Its length.
        bytes: u64,
        /// The longest that is taken.
        limit_bytes: u64,
    },
    /// The child was ended because it took too long.
    #[error("the document needs more than {} s to decode; make it simpler", .limit.as_secs())]
    TooSlow {
        /// How long it may take.
        limit: Duration,
    },
    /// The child was ended because it took too much memory.
    #[error(
        "the document needs more than {} MiB to decode; make it simpler", .limit_bytes / (1024 * 1024)
    )]
    TooLarge {
        /// How much it may take.
        limit_bytes: u64,
    },
    /// The child broke down on the document.
    #[error("the document broke the decoder ({how}); export it again, or send it as a picture")]
    Crashed {
        /// How it ended.
        how: String,
    },
    /// There was no child that could have decoded anything. Not the document's fault.
    #[error("the decoder cannot be started: {0}; send the job again when this machine is well")]
    Start(io::Error),
}

impl DecodeError {
    /// The same for the job's record: a code for programs and the sentence.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        match self {
            Self::Document(failure) => failure.clone(),
            _ => Failure {
                code: FailureCode::BadDocument,
                text: self.to_string(),
            },
        }
    }

    /// Whether the document had no part in it, so that trying again may help.
    #[must_use]
    pub const fn is_of_this_machine(&self) -> bool {
        matches!(self, Self::Start(_))
    }
}
