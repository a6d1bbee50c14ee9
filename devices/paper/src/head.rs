//! The print head and the stock in front of it.

use cueline_model::Language;

/// Dots across that any head here may have: 8 inches at 600 dpi, and some.
const WIDTH_DOTS_MAX: u16 = 5_000;
/// Rows of one ticket, 2 m of paper at 203 dpi; more is cut off into the next ticket or lost.
pub(crate) const ROWS_MAX: usize = 16_000;

/// The print head and the stock in front of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Dots to the inch, both ways.
    pub dpi: u16,
    /// Dots across a ticket as it is read. FGL reads along the paper, so there these are the columns,
    /// the long side of a ticket; the others read across it.
    pub width_dots: u16,
    /// Dots down a ticket as it is read; none on a roll that is cut where the ticket ends.
    pub height_dots: Option<u16>,
}

impl Head {
    /// The usual head of a language at 203 dpi: 80 mm receipts, tickets of 2 by 5.25 inches, labels of
    /// 4 inches; A4 for documents.
    #[must_use]
    pub const fn new(language: Language) -> Self {
        let (dpi, width_dots, height_dots) = match language {
            Language::Escpos | Language::Raw => (203, 576, None),
            Language::Fgl => (203, 1050, Some(384)),
            Language::Zpl => (203, 832, None),
            Language::Pdf => (300, 2480, Some(3508)),
        };
        Self {
            dpi,
            width_dots,
            height_dots,
        }
    }

    /// Dots across, within bounds.
    pub(crate) fn width(self) -> usize {
        usize::from(self.width_dots.clamp(8, WIDTH_DOTS_MAX))
    }

    /// Dots down where the stock has them, within bounds.
    pub(crate) fn height(self) -> Option<usize> {
        self.height_dots
            .map(|dots| usize::from(dots).clamp(8, ROWS_MAX))
    }
}
