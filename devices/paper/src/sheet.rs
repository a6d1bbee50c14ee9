//! What came out of a printer in one piece.

use cueline_documents::Bits;

use crate::head::Head;

/// How a piece of paper came off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// By the cutter.
    Cut,
    /// Whole, not cut: a label on its liner, a ticket that hangs on the next by its perforation.
    Whole,
    /// Before it was finished.
    Torn,
}

/// One ticket, receipt or label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Its dots, as it is read.
    pub bits: Bits,
    /// Lines of text on it, top to bottom, blank ones left out. Text in codes is not among them unless
    /// it is printed beside them.
    pub text: Vec<String>,
    /// How it came off.
    pub edge: Edge,
}

impl Sheet {
    /// A bare piece, a line high on a roll.
    #[must_use]
    pub fn blank(head: Head) -> Self {
        Self {
            bits: Bits::blank(head.width(), head.height().unwrap_or(24)),
            text: Vec::new(),
            edge: Edge::Cut,
        }
    }

    /// Whether the cutter cut it.
    #[must_use]
    pub fn cut(&self) -> bool {
        self.edge == Edge::Cut
    }

    /// The part of it that had come out of the printer when `rows` rows of its feed were printed; torn
    /// off there. Its text is what the whole has.
    #[must_use]
    pub fn torn_after(&self, rows: usize, along: Feed) -> Self {
        let bits = match along {
            Feed::Down => self
                .bits
                .clone()
                .with_height(rows.min(self.bits.height_dots())),
            Feed::Across => {
                let width = rows.min(self.bits.width_dots());
                self.bits.cropped(0, 0, width, self.bits.height_dots())
            }
        };
        Self {
            bits,
            text: self.text.clone(),
            edge: Edge::Torn,
        }
    }

    /// Rows of feed that it is long.
    #[must_use]
    pub fn feed_rows(&self, along: Feed) -> usize {
        match along {
            Feed::Down => self.bits.height_dots(),
            Feed::Across => self.bits.width_dots(),
        }
    }
}

/// Which way the paper moves under the head, as the ticket is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// From top to bottom.
    Down,
    /// From left to right: ticket printers.
    Across,
}
