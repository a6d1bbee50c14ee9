//! What is written to a printer for one job.

use std::ops::Range;

use cueline_model::{ContentType, PrintOptions};

/// What is written to a printer for one job, all copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Print {
    /// Command bytes, ticket by ticket.
    Tickets(Tickets),
    /// A whole document, for a device that takes documents ([`cueline_model::Language::Pdf`]).
    Document {
        /// The document as the box office made it.
        bytes: Vec<u8>,
        /// What it is.
        content_type: ContentType,
        /// How many times.
        copies: u16,
        /// How it is wanted.
        options: Box<PrintOptions>,
        /// What it is called in the printer's queue.
        title: Option<String>,
    },
}

/// Command bytes cut where one ticket ends and the next begins, so that a session can count them.
///
/// Mostly a piece of bytes is a ticket. One command may also ask for several (`^PQ` of ZPL), or for
/// none, where raw bytes only set the printer up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tickets {
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    end: usize,
    /// Tickets that come out of it.
    tickets: u32,
}

impl Tickets {
    /// Adds a ticket.
    pub fn push(&mut self, ticket: &[u8]) {
        self.push_several(ticket, 1);
    }

    /// Adds bytes that so many tickets come out of.
    pub fn push_several(&mut self, bytes: &[u8], tickets: u32) {
        self.bytes.extend_from_slice(bytes);
        self.pieces.push(Piece {
            end: self.bytes.len(),
            tickets,
        });
    }

    /// How many tickets come out of all of it.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.pieces
            .iter()
            .fold(0, |sum, piece| sum.saturating_add(piece.tickets))
    }

    /// All bytes, one piece after the other.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Where each piece stands in [`Tickets::bytes`], and how many tickets come out of it.
    pub fn pieces(&self) -> impl Iterator<Item = (Range<usize>, u32)> + '_ {
        let starts = std::iter::once(0).chain(self.pieces.iter().map(|piece| piece.end));
        starts
            .zip(&self.pieces)
            .map(|(start, piece)| (start..piece.end, piece.tickets))
    }

    /// Where each piece stands in [`Tickets::bytes`]: a ticket each, but for commands that ask for several.
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.pieces().map(|(range, _)| range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_stand_one_after_the_other() {
        let mut tickets = Tickets::default();
        tickets.push(b"one");
        tickets.push(b"");
        tickets.push_several(b"three", 3);
        assert_eq!(tickets.count(), 5);
        let parts: Vec<(&[u8], u32)> = tickets
            .pieces()
            .map(|(range, count)| (&tickets.bytes()[range], count))
            .collect();
        assert_eq!(parts, [(&b"one"[..], 1), (b"", 1), (b"three", 3)]);
        assert_eq!(tickets.ranges().count(), 3);
    }
}
