//! One printer's side of a connection: is it ready, what is wrong with it, which tickets are through.
//!
//! Owns no connection and no clock. Its owner:
//!
//! 1. after connecting calls [`Session::handle_connected`], writes [`Session::readiness_query`] and
//!    waits for [`SessionEvent::Ready`] or [`SessionEvent::Fault`] (no query: it is as ready as can
//!    be known; no answer in time: [`Session::fault`] may still know why);
//! 2. writes what [`Session::begin`] gives, while [`Session::may_send`], reading all the time, and
//!    tells how far it came with [`Session::advance`]; while it may not, writes what
//!    [`Session::held_query`] gives now and then, where [`Outgoing::is_between`] tickets;
//! 3. once all is written, writes [`Session::status_query`] again and again until
//!    [`SessionEvent::Finished`], if [`Session::proves`] says that there is such a proof;
//! 4. hands over whatever comes, at any time, with [`Session::handle_bytes`], then drains
//!    [`Session::poll_event`].

pub(crate) mod known;
pub(crate) mod sentences;

use cueline_model::{Fault, FaultCode, Language, Proof};

use crate::{Outgoing, Profile, Tickets, escpos, fgl, zpl};
pub(crate) use known::Known;

/// What the printer let be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEvent {
    /// It answered and nothing is wrong, for the first time or after a fault.
    Ready,
    /// Something is wrong that was not, or was something else.
    Fault(Fault),
    /// Something will soon be wrong (paper near its end), or no longer: it prints all the same.
    Warning(Option<Fault>),
    /// So many tickets of this print are proven printed, counted from 1.
    Tickets {
        /// The first so many.
        printed: u32,
    },
    /// Everything is printed; a fault told before is over, or will be told again when the printer
    /// is next asked.
    Finished,
}

/// What is known of one printer over one connection after another.
#[derive(Debug)]
pub struct Session {
    /// Whether this model proves its prints.
    acknowledges: bool,
    line: Line,
    known: Known,
}

/// One language's way to read what comes from the printer.
#[derive(Debug)]
enum Line {
    Escpos(escpos::session::Line),
    Fgl(fgl::session::Line),
    Zpl(zpl::session::Line),
    /// Says nothing that is understood.
    Mute,
}

impl Session {
    /// A session that numbers its marks on from `marker` (0 to 9999, then from 0 again).
    ///
    /// Give each process another start: a late echo of what an earlier one sent would otherwise
    /// be taken for this one's.
    #[must_use]
    pub fn new(profile: &Profile, marker: u16) -> Self {
        let line = match profile.language {
            _ if !profile.quirks.tells_status => Line::Mute,
            Language::Escpos => Line::Escpos(escpos::session::Line::new(marker)),
            Language::Fgl => Line::Fgl(fgl::session::Line::new()),
            Language::Zpl => Line::Zpl(zpl::session::Line::new()),
            Language::Pdf | Language::Raw => Line::Mute,
        };
        Self {
            acknowledges: profile.quirks.acknowledges,
            line,
            known: Known::default(),
        }
    }

    /// A new connection is open: forgets the last one's state, but counts its marks on, and keeps what
    /// a printer tells only once.
    pub fn handle_connected(&mut self) {
        let tells_once = matches!(self.line, Line::Fgl(_));
        self.known.handle_connected(tells_once);
        match &mut self.line {
            Line::Escpos(line) => line.handle_connected(),
            Line::Fgl(line) => line.handle_connected(),
            Line::Zpl(line) => line.handle_connected(),
            Line::Mute => {}
        }
    }

    /// What to send to learn whether the printer can print; empty where there is no such question.
    /// May be sent at any moment before a print.
    pub fn readiness_query(&mut self) -> &'static [u8] {
        match &mut self.line {
            Line::Escpos(line) => line.query(&mut self.known),
            Line::Fgl(line) => line.query(),
            Line::Zpl(line) => line.query(&mut self.known),
            Line::Mute => &[],
        }
    }

    /// What to send again and again, behind everything of a print, while its proof is awaited; empty
    /// where there is no such question.
    pub fn status_query(&mut self) -> &'static [u8] {
        match &mut self.line {
            Line::Escpos(line) => line.query(&mut self.known),
            Line::Fgl(line) => line.query(),
            Line::Zpl(line) => line.query(&mut self.known),
            Line::Mute => &[],
        }
    }

    /// What may be asked while [`Session::may_send`] says no, to learn whether it is the printer that holds
    /// data back or noise on its line; empty where there is no such question. It may stand between two
    /// tickets, or behind the last, and nowhere else.
    pub fn held_query(&mut self) -> Vec<u8> {
        match &mut self.line {
            Line::Escpos(line) => line.held_query(self.acknowledges, &mut self.known),
            Line::Fgl(_) | Line::Zpl(_) | Line::Mute => Vec::new(),
        }
    }

    /// A print begins: what to write, with marks between the tickets where the language has them.
    /// What was known of the print before is over.
    pub fn begin<'a>(&mut self, tickets: &'a Tickets) -> Outgoing<'a> {
        self.known.begin(tickets.count());
        match &mut self.line {
            Line::Escpos(line) => {
                line.begin();
                let marks = self.acknowledges;
                Outgoing::new(&[], tickets, |count| {
                    if marks && count > 0 {
                        line.mark(count)
                    } else {
                        Vec::new()
                    }
                })
            }
            Line::Fgl(line) => {
                line.begin();
                Outgoing::new(fgl::session::CLEAR_BUFFER, tickets, |_| Vec::new())
            }
            Line::Zpl(line) => {
                line.begin();
                Outgoing::new(&[], tickets, |count| {
                    line.note_format(count);
                    Vec::new()
                })
            }
            Line::Mute => Outgoing::new(&[], tickets, |_| Vec::new()),
        }
    }

    /// The printer's line took `count` bytes of [`Outgoing::rest`]: only tickets that were written
    /// whole can be proven.
    pub fn advance(&mut self, outgoing: &mut Outgoing<'_>, count: usize) {
        outgoing.advance(count);
        self.known.written(outgoing.complete());
    }

    /// Takes what came from the printer, in pieces of any size.
    pub fn handle_bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match &mut self.line {
                Line::Escpos(line) => line.handle_byte(*byte, &mut self.known),
                Line::Fgl(line) => line.handle_byte(*byte, &mut self.known),
                Line::Zpl(line) => line.handle_byte(*byte, &mut self.known),
                Line::Mute => {}
            }
        }
    }

    /// The next thing that became known, oldest first.
    pub fn poll_event(&mut self) -> Option<SessionEvent> {
        self.known.poll_event()
    }

    /// Whether the printer takes data now: `false` between its X-OFF and X-ON, which it uses on lines
    /// without a flow control of their own.
    #[must_use]
    pub fn may_send(&self) -> bool {
        match &self.line {
            Line::Escpos(line) => line.may_send(),
            Line::Fgl(line) => line.may_send(),
            Line::Zpl(_) | Line::Mute => true,
        }
    }

    /// What is wrong now, as far as is known.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.known.fault()
    }

    /// What will soon be wrong, as far as is known.
    #[must_use]
    pub fn warning(&self) -> Option<&Fault> {
        self.known.warning()
    }

    /// How many tickets of the print, the first so many, are proven printed.
    #[must_use]
    pub fn printed(&self) -> u32 {
        self.known.printed()
    }

    /// The strongest proof that this printer can give of the print that is under way: without one,
    /// nothing is to be waited for after the last byte.
    #[must_use]
    pub fn proves(&self) -> Proof {
        let speaks = !matches!(self.line, Line::Mute);
        if speaks && self.acknowledges && self.known.total() > 0 {
            Proof::Printed
        } else {
            Proof::Sent
        }
    }

    /// What can be claimed for a print whose every byte the device took: [`Proof::Printed`] once
    /// each ticket was proven, [`Proof::Sent`] until then and where nothing can be proven.
    #[must_use]
    pub fn proof(&self) -> Proof {
        if self.known.is_finished() {
            Proof::Printed
        } else {
            Proof::Sent
        }
    }

    #[cfg(test)]
    pub(crate) fn untold(&self) -> usize {
        self.known.untold()
    }
}

/// What to tell of a printer that has not taken data for long by its own wish ([`Session::may_send`]).
#[must_use]
pub fn busy() -> Fault {
    sentences::fault(FaultCode::Busy)
}

#[cfg(test)]
#[path = "session/model_tests.rs"]
mod model_tests;
