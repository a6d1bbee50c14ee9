//! What an ESC/POS printer says: status by question and by itself, and the echo of each ticket's mark.
//!
//! A ticket is proven with `GS ( H` function 48 (Epson, "ESC/POS Command Reference", "Specifies the
//! process ID response"): the printer echoes the four characters as `37 22 id id id id 00` once it
//! has printed everything that came before. A printer that does not know the command never echoes,
//! and its prints stay unproven.

use super::demux::{Answer, Demux};
use super::faults;
use crate::session::Known;

/// Asks for printer status, cause of being off line, and paper, in this order.
const QUERY: &[u8] = b"\x10\x04\x01\x10\x04\x02\x10\x04\x04";
/// Bytes of [`QUERY`]'s answer.
const QUERY_ANSWERS: usize = 3;
/// Marks before they begin again.
const MARKERS: u16 = 10_000;

/// What came from one printer over one connection, and the marks it was sent.
#[derive(Debug)]
pub(crate) struct Line {
    demux: Demux,
    /// Real-time answers since the last question; one more than asked for is enough to know that
    /// they cannot be told apart.
    answers: Vec<u8>,
    /// The number of the last mark.
    marker: u16,
    /// The marks of this print that were not echoed yet: the number of the first, and the tickets
    /// that each proves, counted from the print's first.
    awaited_from: u16,
    awaited: Vec<u32>,
    may_send: bool,
}

impl Line {
    pub(crate) fn new(marker: u16) -> Self {
        Self {
            demux: Demux::default(),
            answers: Vec::new(),
            marker: marker % MARKERS,
            awaited_from: 0,
            awaited: Vec::new(),
            may_send: true,
        }
    }

    pub(crate) fn handle_connected(&mut self) {
        *self = Self::new(self.marker);
    }

    pub(crate) fn may_send(&self) -> bool {
        self.may_send
    }

    /// After the first mark the answers to the question before count only if they came in full and
    /// alone, because a printer answers the same bytes inside a picture too.
    pub(crate) fn query(&mut self, known: &mut Known) -> &'static [u8] {
        if known.awaits_proof() {
            self.judge_answers(known);
        }
        self.answers.clear();
        QUERY
    }

    pub(crate) fn begin(&mut self) {
        self.awaited.clear();
        self.awaited_from = self.marker + 1;
    }

    /// What to send right after a piece that `tickets` come out of to have it proven.
    pub(crate) fn mark(&mut self, tickets: u32) -> Vec<u8> {
        self.marker = (self.marker + 1) % MARKERS;
        let before = self.awaited.last().copied().unwrap_or(0);
        self.awaited.push(before.saturating_add(tickets));
        [b"\x1d(H\x06\x00\x30\x30".as_slice(), &digits(self.marker)].concat()
    }

    pub(crate) fn handle_byte(&mut self, byte: u8, known: &mut Known) {
        match self.demux.push(byte) {
            Some(Answer::RealTime(status)) => self.handle_real_time(status, known),
            Some(Answer::StatusBack(status)) => {
                known.set_health(faults::from_status_back(status));
                known.set_warning(faults::warning_from_status_back(status));
            }
            Some(Answer::Block(block)) => self.handle_block(&block, known),
            Some(Answer::MaySend(may_send)) => self.may_send = may_send,
            None => {}
        }
    }

    fn handle_real_time(&mut self, status: u8, known: &mut Known) {
        if self.answers.len() <= QUERY_ANSWERS {
            self.answers.push(status);
        }
        if !known.awaits_proof() {
            self.judge_answers(known);
        }
    }

    fn judge_answers(&self, known: &mut Known) {
        if let Ok(answers) = <[u8; QUERY_ANSWERS]>::try_from(self.answers.as_slice()) {
            known.set_health(faults::from_real_time(answers));
            known.set_warning(faults::warning_from_real_time(answers));
        }
    }

    fn handle_block(&mut self, block: &[u8], known: &mut Known) {
        const PROCESS_ID: u8 = 0x22;
        // The end decides: stray bytes may have run into the block.
        let Some((head, echoed)) = block.split_last_chunk::<4>() else {
            return;
        };
        if !head.ends_with(&[PROCESS_ID]) || !known.awaits_proof() {
            return;
        }
        let proven = self.awaited.iter().enumerate().find(|(index, tickets)| {
            **tickets > known.printed() && digits(self.numbered(*index)) == *echoed
        });
        if let Some((_, tickets)) = proven
            && known.prove(*tickets)
        {
            self.answers.clear();
            known.forget_health();
        }
    }

    /// The mark at this place of the print.
    fn numbered(&self, index: usize) -> u16 {
        ((usize::from(self.awaited_from) + index) % usize::from(MARKERS)) as u16
    }
}

/// Digits only: no status byte that came torn can take them for its rest.
fn digits(marker: u16) -> [u8; 4] {
    [1000, 100, 10, 1].map(|place| b'0' + (marker / place % 10) as u8)
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
