//! From a document to what one printer takes: which kinds, how many copies, what is refused.

mod error;
mod pages;
mod raw;
mod sequence;

use cueline_model::limits::COPIES_MAX;
use cueline_model::{Capabilities, ContentType, Language, OnUnsupported, PrintOptions};
use serde::{Deserialize, Serialize};

use crate::{Print, Profile, capabilities, supported};
pub use error::RenderError;
pub use pages::as_pdf;

/// The most bytes one job may come to with all its copies; it is held in memory while it prints.
pub const RENDERED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The most tickets of one job; ESC/POS numbers the marks of a print from 0 to 9999.
pub const TICKETS_MAX: u32 = 5_000;

/// How a document is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenderOptions {
    /// How many times, 1 to [`COPIES_MAX`].
    pub copies: u16,
    /// Head each ticket DUPLICATE, where the language has a known way to write text.
    pub duplicate: bool,
    /// All else that is asked for.
    pub options: PrintOptions,
    /// What it is called in the queue of a device that takes whole documents.
    pub title: Option<String>,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self {
            copies: 1,
            duplicate: false,
            options: PrintOptions::default(),
            title: None,
        }
    }
}

/// Makes what prints `document` on a printer described by `profile`.
///
/// | Document | Becomes |
/// |---|---|
/// | raw | itself, once per copy, cut where its tickets end; nothing of it is changed |
/// | png, jpeg, pdf | a picture for each page |
/// | ticket | FGL and ZPL of the printer's own text, codes and boxes where that is shorter, a picture elsewhere |
/// | anything, [`Language::Pdf`] | the document as it is; a ticket document as a PDF |
///
/// Copies stand one after the other, page for page where collation is asked off. What the printer cannot
/// is left out, or refused where the options ask for it. Raw bytes take copies, `from_ticket` and
/// `duplicate`; all else they say themselves.
///
/// # Errors
///
/// [`RenderError`], whose [`to_failure`](RenderError::to_failure) is what the job is failed with.
pub fn render(
    document: &[u8],
    content_type: ContentType,
    profile: &Profile,
    options: &RenderOptions,
) -> Result<Print, RenderError> {
    if !(1..=COPIES_MAX).contains(&options.copies) {
        return Err(RenderError::Copies {
            got: options.copies,
        });
    }
    if !supported(profile.language).contains(&content_type) {
        return Err(RenderError::Unsupported {
            content_type,
            language: profile.language,
        });
    }
    if profile.language == Language::Pdf {
        return pages::document(document, content_type, profile, options);
    }
    refuse_what_it_cannot(content_type, profile, options)?;
    let tickets = match content_type {
        ContentType::Raw => raw::tickets(document, profile, options)?,
        _ => pages::tickets(document, content_type, profile, options)?,
    };
    Ok(Print::Tickets(tickets))
}

/// Of a device that takes whole documents only its port knows what it can.
fn refuse_what_it_cannot(
    content_type: ContentType,
    profile: &Profile,
    options: &RenderOptions,
) -> Result<(), RenderError> {
    if options.options.on_unsupported != OnUnsupported::Strict {
        return Ok(());
    }
    let able = match content_type {
        ContentType::Raw => Capabilities::default(),
        _ => capabilities(profile),
    };
    match options.options.unsupported_by(&able) {
        unsupported if unsupported.is_empty() => Ok(()),
        unsupported => Err(RenderError::Options(unsupported)),
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
