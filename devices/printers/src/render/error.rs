//! Why a document cannot be rendered. Nothing was printed.

use cueline_documents::DocumentError;
use cueline_model::limits::COPIES_MAX;
use cueline_model::{ContentType, Failure, FailureCode, Language, Unsupported};

use super::{RENDERED_BYTES_MAX, TICKETS_MAX};
use crate::supported;

/// Why a document cannot be rendered. Nothing was printed.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The printer's language has no way for this kind of document.
    #[error(
        "cannot print a {content_type} document on a printer that takes {language}: it takes {}; \
         send one of these or use another printer", names(supported(*.language))
    )]
    Unsupported {
        /// What was sent.
        content_type: ContentType,
        /// What the printer speaks.
        language: Language,
    },
    /// The job insists on what the printer cannot do.
    #[error("cannot print as asked: {}", texts(.0))]
    Options(Vec<Unsupported>),
    /// The document cannot be made pages.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Raw bytes that are obviously not in the printer's language.
    #[error(
        "cannot print the raw document: the printer takes {language} and this is {found}; send it with \
         its own content type, or to a printer that takes it"
    )]
    WrongLanguage {
        /// What it is.
        found: &'static str,
        /// What the printer takes.
        language: Language,
    },
    /// Zero copies, or too many.
    #[error("cannot print {got} copies: expected 1 to {COPIES_MAX}")]
    Copies {
        /// The number asked for.
        got: u16,
    },
    /// All copies together are over [`RENDERED_BYTES_MAX`].
    #[error(
        "cannot print {copies} copies of {each_bytes} bytes in one job: expected at most \
         {RENDERED_BYTES_MAX} bytes together; split the copies over several jobs"
    )]
    TooLong {
        /// The number of copies asked for.
        copies: u16,
        /// What one copy comes to, as far as it was made.
        each_bytes: usize,
    },
    /// All copies together are over [`TICKETS_MAX`].
    #[error(
        "cannot print {got} tickets in one job: expected at most {TICKETS_MAX}; split them over \
         several jobs"
    )]
    TooManyTickets {
        /// Tickets of all copies.
        got: u64,
    },
    /// A reprint from a ticket that the job does not have.
    #[error("cannot print from ticket {asked} on: the job has {total}, counted from 1")]
    NoSuchTicket {
        /// The ticket asked for.
        asked: u32,
        /// Tickets of all copies.
        total: u32,
    },
    /// A reprint that would have to begin in the middle of one raw command.
    #[error(
        "cannot print from ticket {asked} on: tickets {first} to {last} come from one command of the raw \
         document; print from ticket {first} on"
    )]
    OneCommand {
        /// The ticket asked for.
        asked: u32,
        /// The first one of the command.
        first: u32,
        /// The last one of the command.
        last: u32,
    },
}

impl RenderError {
    /// The same for the job's record: a code for programs and the sentence.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        let code = match self {
            Self::Unsupported { .. } | Self::Options(_) => FailureCode::UnsupportedContent,
            _ => FailureCode::BadDocument,
        };
        Failure {
            code,
            text: self.to_string(),
        }
    }
}

fn names(kinds: &[ContentType]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    names.join(", ")
}

fn texts(unsupported: &[Unsupported]) -> String {
    let texts: Vec<&str> = unsupported.iter().map(|one| one.text.as_str()).collect();
    texts.join("; ")
}
