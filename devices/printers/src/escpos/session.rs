//! What an ESC/POS printer says: status by question and by itself, and the echo of each ticket's mark.
//!
//! A ticket is proven with `GS ( H` function 48 (Epson, "ESC/POS Command Reference", "Specifies the
//! process ID response"): the printer echoes the four characters as `37 22 id id id id 00` once it
//! has printed everything that came before. A printer that does not know the command never echoes,
//! and its prints stay unproven.
//!
//! On a noisy line a byte of noise is X-OFF, and its X-ON never comes. So while data is held back the
//! printer is asked all the same: real-time commands are processed when the receive buffer is full
//! too. They do not say whether it is, but the echo of one more mark does: what came before it is through,
//! so there is room.

use super::demux::{Answer, Demux};
use super::faults;
use crate::session::Known;

/// Asks for printer status, cause of being off line, and paper, in this order.
const QUERY: &[u8] = b"\x10\x04\x01\x10\x04\x02\x10\x04\x04";
/// Bytes of [`QUERY`]'s answer.
const QUERY_ANSWERS: usize = 3;
/// Marks before they begin again.
const MARKERS: u16 = 10_000;
/// Questions that are answered well before a mark whose echo did not come is tried again.
const ANSWERS_A_PROBE: u8 = 2;

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
    /// Set by X-OFF, until X-ON or the echo of a mark that was sent later.
    held: Option<Held>,
}

/// What was done to learn whether an X-OFF was the printer's.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    /// The mark that was sent since, and how often the printer has said since then that it is well.
    probe: Option<(u16, u8)>,
}

impl Line {
    pub(crate) fn new(marker: u16) -> Self {
        Self {
            demux: Demux::default(),
            answers: Vec::new(),
            marker: marker % MARKERS,
            awaited_from: 0,
            awaited: Vec::new(),
            held: None,
        }
    }

    pub(crate) fn handle_connected(&mut self) {
        *self = Self::new(self.marker);
    }

    pub(crate) fn may_send(&self) -> bool {
        self.held.is_none()
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

    /// What to ask while data is held back, between two tickets or behind the last: a printer that says
    /// that it is well gets one mark more where it `echoes` them.
    pub(crate) fn held_query(&mut self, echoes: bool, known: &mut Known) -> Vec<u8> {
        let is_well = self.is_well();
        let mut query = self.query(known).to_vec();
        let Some(held) = &mut self.held else {
            return query;
        };
        if let Some((_, answers)) = &mut held.probe {
            *answers += u8::from(is_well);
        }
        let is_due = held
            .probe
            .is_none_or(|(_, answers)| answers >= ANSWERS_A_PROBE);
        if is_well && is_due && echoes && self.awaited.len() < usize::from(MARKERS / 2) {
            query.extend(self.next_mark(known.written_whole()));
            self.held = Some(Held {
                probe: Some((self.marker, 0)),
            });
        }
        query
    }

    pub(crate) fn begin(&mut self) {
        self.awaited.clear();
        self.awaited_from = self.marker + 1;
        // One that was sent for the print before may be echoed in this one.
        if let Some(held) = &mut self.held {
            held.probe = None;
        }
    }

    /// What to send right after a piece that `tickets` come out of to have it proven.
    pub(crate) fn mark(&mut self, tickets: u32) -> Vec<u8> {
        let before = self.awaited.last().copied().unwrap_or(0);
        self.next_mark(before.saturating_add(tickets))
    }

    /// A mark that proves the first `tickets` of the print.
    fn next_mark(&mut self, tickets: u32) -> Vec<u8> {
        self.marker = (self.marker + 1) % MARKERS;
        self.awaited.push(tickets);
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
            Some(Answer::MaySend(true)) => self.held = None,
            // A second one may be the printer's own: what was learned of the first does not count.
            Some(Answer::MaySend(false)) => self.held = Some(Held::default()),
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

    /// Whether the answers to the last question came in full and alone, and nothing is wrong by them.
    fn is_well(&self) -> bool {
        <[u8; QUERY_ANSWERS]>::try_from(self.answers.as_slice())
            .is_ok_and(|answers| faults::from_real_time(answers).is_none())
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
        let probe = self.held.and_then(|held| held.probe);
        if probe.is_some_and(|(mark, _)| digits(mark) == *echoed) {
            self.held = None;
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
