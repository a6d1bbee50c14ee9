//! PDF to pages of dots, one after the other, at the head's own resolution and without smoothing, so
//! that bars and modules keep whole dots wherever the document gives them whole dots.
//!
//! The work is `hayro`'s, which has no unsafe code and no C. A page costs four bytes a dot while it is
//! drawn and one while it is made black and white. What a page decodes (a picture in it, a stream) is
//! limited by the process this runs in, see `cueline-decoder`.

mod images;
mod page;
mod sheet;

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

use crate::Bits;
use crate::document::{DocumentError, PageCount, chosen};
use crate::setup::{Limits, PageSetup};

/// How far from the start the header may stand (Adobe's implementation note 13).
const HEADER_WITHIN: usize = 1024;
/// How far from the end the last marker may stand (note 18).
const END_WITHIN: usize = 1024;

/// Objects of one document. Each page is at least two, and all pages are listed before one is drawn, at
/// about two kilobytes each.
const OBJECTS_MAX: u64 = 50_000;
/// How far behind the start of a table's description its size may stand.
const DESCRIPTION_WITHIN: usize = 4096;

/// Why a PDF cannot be printed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PdfError {
    /// It begins with something else.
    #[error("it does not begin like a PDF: expected %PDF- in its first {HEADER_WITHIN} bytes")]
    NotPdf,
    /// Its end is missing.
    #[error(
        "it is cut off: expected %%EOF in its last {END_WITHIN} bytes, got {got_bytes} bytes without; \
         send it again whole"
    )]
    CutOff {
        /// Bytes that came.
        got_bytes: usize,
    },
    /// It is made of more objects than are read; counted before any is.
    #[error(
        "it is made of {got} objects; expected at most {OBJECTS_MAX}; split it, for instance with \
         `qpdf --split-pages=100`"
    )]
    TooManyObjects {
        /// How many it says it has.
        got: u64,
    },
    /// It opens with a password only.
    #[error("it is encrypted with a password; save it without one")]
    Password,
    /// Encrypted in a way that is not known or is faulty.
    #[error("it is encrypted in a way that cannot be read; save it without encryption")]
    Encryption,
    /// Its objects make no document.
    #[error("its objects cannot be read; export it again, or check it with `qpdf --check`")]
    Damaged,
    /// It has no page.
    #[error("it has no page; expected at least one")]
    Empty,
    /// A page whose content is not there.
    #[error(
        "the content of page {page} cannot be read; export it again, or check it with `qpdf --check`"
    )]
    PageDamaged {
        /// Which, from 1.
        page: u32,
    },
    /// A picture in a page that does not unpack; it might be the code that admits.
    #[error("a picture on page {page} cannot be decoded; export it again")]
    Image {
        /// Which, from 1.
        page: u32,
    },
    /// A picture of more pixels than are unpacked; checked before it is.
    #[error(
        "a picture on page {page} has {width} x {height} pixels; expected at most {pixels_max} in all; \
         make it smaller"
    )]
    ImageTooLarge {
        /// Which page, from 1.
        page: u32,
        /// Its pixels across.
        width: u64,
        /// Its pixels down.
        height: u64,
        /// Pixels of a picture at most.
        pixels_max: u64,
    },
    /// More pictures and forms than are looked at.
    #[error("page {page} has more than 5000 pictures and forms; print it from where it was made")]
    TooMuchInPage {
        /// Which, from 1.
        page: u32,
    },
    /// Text that would be missing.
    #[error("a font on page {page} cannot be read; embed the fonts when exporting")]
    Font {
        /// Which page, from 1.
        page: u32,
    },
    /// More dots than are drawn; checked before anything is.
    #[error(
        "page {page} is {width_mm} x {height_mm} mm, {width_dots} x {height_dots} dots; expected at \
         most {pixels_max} dots in all and {side_max} on a side; make it smaller"
    )]
    TooLarge {
        /// Which, from 1.
        page: u32,
        /// Its width.
        width_mm: f64,
        /// Its height.
        height_mm: f64,
        /// Dots it would take across.
        width_dots: u64,
        /// Dots it would take down.
        height_dots: u64,
        /// Dots of a page at most.
        pixels_max: u64,
        /// Dots of its longer side at most.
        side_max: u32,
    },
}

/// Makes the pages of a PDF in dots and hands each over before the next is drawn.
pub(crate) fn pages(
    document: &[u8],
    setup: &PageSetup,
    limits: &Limits,
    each: &mut dyn FnMut(Bits) -> ControlFlow<()>,
) -> Result<PageCount, DocumentError> {
    let pdf = open(document)?;
    let in_document = u32::try_from(pdf.pages().len()).unwrap_or(u32::MAX);
    if in_document == 0 {
        return Err(PdfError::Empty.into());
    }
    let numbers = chosen(setup, limits, in_document)?;
    let nup = usize::from(setup.nup.max(1));
    let mut made = 0;
    for numbers in numbers.chunks(nup) {
        let bits = if nup == 1 {
            page::draw(&pdf, numbers[0], setup, limits)?
        } else {
            sheet::draw(&pdf, numbers, setup, limits)?
        };
        made += 1;
        if each(bits).is_break() {
            break;
        }
    }
    Ok(PageCount { in_document, made })
}

fn open(document: &[u8]) -> Result<Pdf, PdfError> {
    let start = &document[..document.len().min(HEADER_WITHIN)];
    if !contains(start, b"%PDF-") {
        return Err(PdfError::NotPdf);
    }
    // The reader repairs what it can, and of a document that is cut off it would find some pages.
    let bare = document
        .iter()
        .rposition(|byte| !byte.is_ascii_whitespace() && *byte != 0)
        .map_or(0, |last| last + 1);
    if !contains(&document[bare.saturating_sub(END_WITHIN)..bare], b"%%EOF") {
        return Err(PdfError::CutOff {
            got_bytes: document.len(),
        });
    }
    if let Some(got) = objects(document).filter(|got| *got > OBJECTS_MAX) {
        return Err(PdfError::TooManyObjects { got });
    }
    let opened = caught(|| Pdf::new(document.to_vec())).ok_or(PdfError::Damaged)?;
    opened.map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => PdfError::Password,
        LoadPdfError::Decryption(_) => PdfError::Encryption,
        LoadPdfError::Invalid => PdfError::Damaged,
    })
}

/// How many objects the document says it has, in its trailer or its cross-reference stream (ISO 32000-1,
/// sections 7.5.5 and 7.5.8); none where neither is where it should be and the reader will look for
/// them.
fn objects(document: &[u8]) -> Option<u64> {
    let end = &document[document.len().saturating_sub(2 * END_WITHIN)..];
    let start = after(end, end.windows(9).rposition(|w| w == b"startxref")? + 9);
    let table = document.get(usize::try_from(number(start)?).ok()?..)?;
    // The trailer stands behind a table of any length, a stream's description before its data.
    let description = if table.trim_ascii_start().starts_with(b"xref") {
        after(table, table.windows(7).position(|w| w == b"trailer")?)
    } else {
        table
    };
    let description = &description[..description.len().min(DESCRIPTION_WITHIN)];
    let size = description.windows(5).position(|w| w == b"/Size")? + 5;
    number(after(description, size))
}

fn after(bytes: &[u8], place: usize) -> &[u8] {
    bytes.get(place..).unwrap_or_default()
}

/// The digits that come next, white space before them left out.
fn number(bytes: &[u8]) -> Option<u64> {
    let bytes = bytes.trim_ascii_start();
    let digits = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    std::str::from_utf8(&bytes[..digits]).ok()?.parse().ok()
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// What the reader makes of it, or none where it panics: it reads what anybody may have written, and a
/// bad document must cost no more than its own job.
fn caught<T>(read: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok()
}
