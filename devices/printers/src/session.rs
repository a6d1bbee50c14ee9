//! One printer's side of a connection: is it ready, what is wrong with it, is the print through.
//!
//! Owns no connection and no clock. The owner of the connection writes what [`Session`] asks for,
//! hands over what comes back with [`Session::handle_bytes`], then drains [`Session::poll_event`].
//!
//! A print is proven with `GS ( H` function 48 (Epson, "ESC/POS Command Reference", "Specifies the
//! process ID response"): the printer echoes the four characters as `37 22 id id id id 00` once it
//! has printed everything that came before. A printer that does not know the command never echoes,
//! and its prints stay unproven.

mod demux;
mod faults;

use std::collections::VecDeque;

use cueline_model::{Fault, Language, Proof};

use demux::{Answer, Demux};

/// Asks for printer status, cause of being off line, and paper, in this order.
const READINESS_QUERY: &[u8] = b"\x10\x04\x01\x10\x04\x02\x10\x04\x04";
/// Bytes of [`READINESS_QUERY`]'s answer.
const READINESS_ANSWERS: usize = 3;
/// Events kept for an owner that does not drain them; the oldest goes first.
const EVENTS_MAX: usize = 64;

/// What the printer let be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEvent {
    /// It answered and nothing is wrong, for the first time or after a fault.
    Ready,
    /// Something is wrong that was not, or was something else.
    Fault(Fault),
    /// Everything before the last end marker is printed; a fault told before is over, or will be
    /// told again when the printer is next asked.
    Finished,
}

/// What is known of one printer over one connection after another.
#[derive(Debug)]
pub struct Session {
    language: Language,
    demux: Demux,
    /// Real-time answers since the last question; one more than asked for is enough to know that
    /// they cannot be told apart.
    answers: Vec<u8>,
    health: Health,
    /// The number of the last end marker.
    marker: u16,
    /// The end marker whose echo is awaited.
    awaited: Option<[u8; 4]>,
    finished: bool,
    events: VecDeque<SessionEvent>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Health {
    Unknown,
    Ready,
    Faulty(Fault),
}

impl Session {
    /// A session that numbers its end markers on from `marker` (0 to 9999, then from 0 again).
    ///
    /// Give each process another start: a late echo of what an earlier one sent would otherwise
    /// be taken for this one's.
    #[must_use]
    pub fn new(language: Language, marker: u16) -> Self {
        Self {
            language,
            demux: Demux::default(),
            answers: Vec::new(),
            health: Health::Unknown,
            marker: marker % 10_000,
            awaited: None,
            finished: false,
            events: VecDeque::new(),
        }
    }

    /// A new connection is open: forgets the last one's state, but counts its markers on.
    pub fn handle_connected(&mut self) {
        *self = Self::new(self.language, self.marker);
    }

    /// What to send to learn whether the printer can print; empty where there is no such question.
    ///
    /// May be sent at any moment before a print and, after its end marker, again and again: the
    /// answer to the question before counts then only if it came in full and alone, because a
    /// printer answers the same bytes inside a picture too.
    pub fn readiness_query(&mut self) -> &'static [u8] {
        if self.awaited.is_some() {
            self.judge_answers();
        }
        self.answers.clear();
        match self.language {
            Language::Escpos => READINESS_QUERY,
            Language::Raw => &[],
        }
    }

    /// What to send right after a print's last byte to have it proven; empty where nothing can be.
    pub fn end_marker(&mut self) -> Vec<u8> {
        self.finished = false;
        match self.language {
            Language::Raw => Vec::new(),
            Language::Escpos => {
                self.marker = (self.marker + 1) % 10_000;
                // Digits only: no status byte that came torn can take them for its rest.
                let digits =
                    [1000, 100, 10, 1].map(|place| b'0' + (self.marker / place % 10) as u8);
                self.awaited = Some(digits);
                [b"\x1d(H\x06\x00\x30\x30".as_slice(), &digits].concat()
            }
        }
    }

    /// Takes what came from the printer, in pieces of any size.
    pub fn handle_bytes(&mut self, bytes: &[u8]) {
        if self.language == Language::Raw {
            return;
        }
        for byte in bytes {
            match self.demux.push(*byte) {
                Some(Answer::RealTime(status)) => self.handle_real_time(status),
                Some(Answer::StatusBack(status)) => {
                    self.set_health(faults::from_status_back(status));
                }
                Some(Answer::Block(block)) => self.handle_block(&block),
                None => {}
            }
        }
    }

    /// The next thing that became known, oldest first.
    pub fn poll_event(&mut self) -> Option<SessionEvent> {
        self.events.pop_front()
    }

    /// What is wrong now, as far as is known.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match &self.health {
            Health::Faulty(fault) => Some(fault),
            Health::Unknown | Health::Ready => None,
        }
    }

    /// What can be claimed for a print whose every byte the device took: [`Proof::Printed`] once
    /// its end marker came back, [`Proof::Sent`] until then and where nothing can be proven.
    #[must_use]
    pub fn proof(&self) -> Proof {
        if self.finished {
            Proof::Printed
        } else {
            Proof::Sent
        }
    }

    fn handle_real_time(&mut self, status: u8) {
        if self.answers.len() <= READINESS_ANSWERS {
            self.answers.push(status);
        }
        if self.awaited.is_none() {
            self.judge_answers();
        }
    }

    fn judge_answers(&mut self) {
        if let Ok(answers) = <[u8; READINESS_ANSWERS]>::try_from(self.answers.as_slice()) {
            self.set_health(faults::from_real_time(answers));
        }
    }

    fn handle_block(&mut self, block: &[u8]) {
        const PROCESS_ID: u8 = 0x22;
        let Some(awaited) = self.awaited else { return };
        // The end decides: stray bytes may have run into the block.
        if block.ends_with(&awaited) && block[..block.len() - 4].ends_with(&[PROCESS_ID]) {
            self.awaited = None;
            self.finished = true;
            self.answers.clear();
            self.health = Health::Unknown;
            self.tell(SessionEvent::Finished);
        }
    }

    fn set_health(&mut self, fault: Option<Fault>) {
        let health = fault.map_or(Health::Ready, Health::Faulty);
        if health == self.health {
            return;
        }
        self.tell(match &health {
            Health::Faulty(fault) => SessionEvent::Fault(fault.clone()),
            Health::Unknown | Health::Ready => SessionEvent::Ready,
        });
        self.health = health;
    }

    fn tell(&mut self, event: SessionEvent) {
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}

#[cfg(test)]
#[path = "session/tests.rs"]
mod tests;
