//! Any document the box office sends, page by page.

use std::ops::ControlFlow;

use cueline_model::{ContentType, PageRanges};

use crate::pdf::PdfError;
use crate::picture::PictureError;
use crate::setup::{Limits, PageSetup};
use crate::ticket::{TicketDocument, TicketError};
use crate::{Bits, pdf, picture};

/// Why a document cannot be made pages. Nothing was printed.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// A picture that cannot be read.
    #[error("cannot print the picture: {0}")]
    Picture(#[from] PictureError),
    /// A PDF that cannot be read.
    #[error("cannot print the PDF: {0}")]
    Pdf(#[from] PdfError),
    /// A ticket document that cannot be set.
    #[error("cannot print the ticket: {0}")]
    Ticket(#[from] TicketError),
    /// None of the pages that were asked for is there.
    #[error("cannot print page {asked}: the document has {total}; ask for pages that are there")]
    NoSuchPage {
        /// The pages asked for.
        asked: PageRanges,
        /// Pages in the document.
        total: u32,
    },
    /// More pages than one job may print.
    #[error(
        "cannot print {got} pages in one job: expected at most {pages_max}; print them in parts, with \
         the option `pages`"
    )]
    TooManyPages {
        /// Pages asked for.
        got: u32,
        /// Pages one job may print.
        pages_max: u32,
    },
    /// A document that has no pages: command bytes.
    #[error("cannot make pages of a {content_type} document: expected png, jpeg, pdf or ticket")]
    NoPages {
        /// What it is.
        content_type: ContentType,
    },
}

/// How many pages there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageCount {
    /// Pages in the document.
    pub in_document: u32,
    /// Pages that were made, each for one ticket.
    pub made: u32,
}

/// Makes the pages of a document in dots and hands each over before the next is made; `each` may break
/// off.
///
/// # Errors
/// [`DocumentError`]. Pages before the faulty one were handed over.
pub fn pages(
    document: &[u8],
    content_type: ContentType,
    setup: &PageSetup,
    limits: &Limits,
    each: &mut dyn FnMut(Bits) -> ControlFlow<()>,
) -> Result<PageCount, DocumentError> {
    match content_type {
        ContentType::Png | ContentType::Jpeg => {
            chosen(setup, limits, 1)?;
            // A break after the only page changes nothing.
            let _either = each(picture::page(document, setup, limits)?);
            Ok(PageCount {
                in_document: 1,
                made: 1,
            })
        }
        ContentType::Pdf => pdf::pages(document, setup, limits, each),
        ContentType::Ticket => {
            let ticket = TicketDocument::parse(document)?;
            let total = ticket.count();
            let mut made = 0;
            for page in chosen(setup, limits, total)? {
                let bits = ticket.layout(page - 1, setup, limits)?.draw();
                made += 1;
                if each(bits).is_break() {
                    break;
                }
            }
            Ok(PageCount {
                in_document: total,
                made,
            })
        }
        ContentType::Raw => Err(DocumentError::NoPages { content_type }),
    }
}

/// The pages to print, counted from 1.
pub(crate) fn chosen(
    setup: &PageSetup,
    limits: &Limits,
    total: u32,
) -> Result<Vec<u32>, DocumentError> {
    let all = [(1, None)];
    let ranges: Vec<(u32, Option<u32>)> = match &setup.pages {
        None => all.to_vec(),
        Some(pages) => pages.ranges().collect(),
    };
    let bounded = ranges
        .iter()
        .map(|(first, last)| *first..=last.unwrap_or(total).min(total));
    let got: u64 = bounded
        .clone()
        .map(|range| u64::from((range.end() + 1).saturating_sub(*range.start())))
        .sum();
    if got > u64::from(limits.pages_max) {
        return Err(DocumentError::TooManyPages {
            got: u32::try_from(got).unwrap_or(u32::MAX),
            pages_max: limits.pages_max,
        });
    }
    match &setup.pages {
        Some(asked) if got == 0 => Err(DocumentError::NoSuchPage {
            asked: asked.clone(),
            total,
        }),
        _ => Ok(bounded.flatten().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages_of(ranges: &str, total: u32) -> Result<Vec<u32>, DocumentError> {
        let mut setup = PageSetup::new(203, 576, None);
        setup.pages = Some(ranges.parse().unwrap());
        chosen(&setup, &Limits::default(), total)
    }

    #[test]
    fn only_pages_that_are_asked_for_and_there_are_chosen() {
        assert_eq!(pages_of("1,3-4,6-", 7).unwrap(), [1, 3, 4, 6, 7]);
        assert_eq!(pages_of("2-9", 3).unwrap(), [2, 3]);
        assert_eq!(pages_of("99999-", 100_000).unwrap(), [99_999, 100_000]);
        assert_eq!(
            pages_of("4-", 3).unwrap_err().to_string(),
            "cannot print page 4-: the document has 3; ask for pages that are there"
        );
        assert_eq!(
            pages_of("1-", 100_000).unwrap_err().to_string(),
            "cannot print 100000 pages in one job: expected at most 500; print them in parts, with \
             the option `pages`"
        );
    }
}
