//! Documents to pages of dots: PNG and JPEG pictures, PDF, and Cueline's own ticket document.
//!
//! Opens nothing and knows no printer's language: `cueline-printers` makes commands of what comes out
//! here, `cueline-paper` draws what came out of a printer with the same [`Bits`] and codes.

mod bits;
pub mod codes;
mod document;
mod grey;
mod pdf;
pub mod picture;
mod setup;
pub mod ticket;

pub use bits::Bits;
pub use document::{DocumentError, PageCount, pages};
pub use pdf::PdfError;
pub use setup::{Limits, PageSetup};
