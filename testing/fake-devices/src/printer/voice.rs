//! What a printer says to its host, language by language.

mod escpos;
mod fgl;
mod noise;
mod zpl;

use std::collections::VecDeque;

use cueline_model::Language;
use cueline_paper::Talk;

pub(super) use noise::noise;

use super::fault::PrinterFault;

/// Bytes that wait to be read by the host; the oldest are written over.
const WAITING_BYTES_MAX: usize = 4 * 1024;

/// What a printer has to know of itself to answer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Situation {
    pub(super) fault: PrinterFault,
    /// Told to pause (ZPL).
    pub(super) paused: bool,
    /// Tickets that came out since it was switched on.
    pub(super) tickets: u32,
    /// Whole formats that were received and are not printed.
    pub(super) formats: usize,
    /// Labels of the current format that did not come out yet.
    pub(super) labels_left: u32,
    /// A format is begun and not finished.
    pub(super) in_format: bool,
    /// The receive buffer is full.
    pub(super) full: bool,
    /// Rows of the label that was printed last.
    pub(super) label_rows: usize,
}

/// What a printer says.
#[derive(Debug)]
pub(super) struct Voice {
    kind: Kind,
    waiting: VecDeque<u8>,
    connected: bool,
    silent: bool,
}

#[derive(Debug)]
enum Kind {
    Escpos(escpos::Escpos),
    Fgl(fgl::Fgl),
    Zpl(zpl::Zpl),
}

/// What has to be done about something that was received, at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgent {
    /// Everything that is not printed is to be forgotten (`~JA`).
    CancelAll,
    /// Printing pauses or goes on (`~PP`, `~PS`).
    Pause(bool),
}

impl Voice {
    pub(super) fn new(language: Language, silent_in_fault: bool) -> Self {
        Self {
            kind: match language {
                Language::Fgl => Kind::Fgl(fgl::Fgl::default()),
                Language::Zpl => Kind::Zpl(zpl::Zpl::new(silent_in_fault)),
                _ => Kind::Escpos(escpos::Escpos::default()),
            },
            waiting: VecDeque::new(),
            connected: false,
            silent: false,
        }
    }

    /// What waits to be sent.
    pub(super) fn waiting(&self) -> &[u8] {
        self.waiting.as_slices().0
    }

    /// So many of the waiting bytes were sent.
    pub(super) fn sent(&mut self, count: usize) {
        self.waiting.drain(..count.min(self.waiting.len()));
    }

    pub(super) fn connected(&mut self) {
        self.connected = true;
    }

    /// The host is gone. A ticket printer keeps what it had to say for the next one.
    pub(super) fn disconnected(&mut self) {
        self.connected = false;
        if let Kind::Escpos(escpos) = &mut self.kind {
            escpos.forget();
        }
        if !matches!(self.kind, Kind::Fgl(_)) {
            self.waiting.clear();
        }
    }

    /// Switched off: nothing is left of what it had to say.
    pub(super) fn switched_off(&mut self) {
        self.waiting.clear();
        if let Kind::Escpos(escpos) = &mut self.kind {
            escpos.forget();
        }
    }

    /// Bytes were received; whatever is answered at once, and whether they are only questions.
    /// `each` is called for what has to be done before the next byte counts.
    pub(super) fn received(
        &mut self,
        bytes: &[u8],
        line: &mut Line,
        mut situation: impl FnMut(Option<Urgent>) -> Situation,
    ) {
        for byte in bytes {
            let answer = match &mut self.kind {
                Kind::Escpos(_) => escpos::real_time(*byte, line, || situation(None).fault),
                Kind::Zpl(zpl) => zpl.real_time(*byte, line, &mut situation),
                Kind::Fgl(_) => {
                    fgl::watch(*byte, line);
                    Vec::new()
                }
            };
            self.say(&answer);
        }
    }

    /// A question or order that was read in its turn.
    pub(super) fn talk(&mut self, talk: Talk, situation: &Situation) {
        let answer = match &mut self.kind {
            Kind::Escpos(escpos) => escpos.talk(talk, situation.fault),
            Kind::Fgl(_) => fgl::talk(talk, situation),
            // Answered when they were received.
            Kind::Zpl(_) => Vec::new(),
        };
        self.say(&answer);
    }

    /// `ESC @`
    pub(super) fn initialized(&mut self) {
        if let Kind::Escpos(escpos) = &mut self.kind {
            escpos.forget();
        }
    }

    /// Something else is wrong than before, or nothing.
    pub(super) fn fault_changed(&mut self, from: PrinterFault, to: PrinterFault) {
        self.silent = to == PrinterFault::Silent;
        let said = match &mut self.kind {
            Kind::Escpos(escpos) => escpos.fault_changed(from, to),
            Kind::Fgl(_) => fgl::fault_changed(from, to),
            Kind::Zpl(_) => Vec::new(),
        };
        self.say(&said);
    }

    /// A ticket came out.
    pub(super) fn ticket_out(&mut self) {
        if let Kind::Fgl(_) = self.kind {
            self.say(&[fgl::TICKET_ACK]);
        }
    }

    /// Somebody pressed the test button.
    pub(super) fn button(&mut self) {
        if let Kind::Fgl(_) = self.kind {
            self.say(&[fgl::TEST_TICKET_ACK]);
        }
    }

    /// Data came that it cannot make sense of.
    pub(super) fn illegal_data(&mut self) {
        if let Kind::Fgl(_) = self.kind {
            self.say(&[fgl::ILLEGAL_DATA]);
        }
    }

    /// The receive buffer is full, or has room again.
    pub(super) fn buffer(&mut self, full: bool) {
        if let Kind::Fgl(fgl) = &mut self.kind {
            let said = fgl.buffer(full);
            self.say(&said);
        }
    }

    /// Noise on the line.
    pub(super) fn noise(&mut self, bytes: u16, seed: u64) {
        // Of a ticket printer's line every byte below 20H is a status of its own, so there noise that
        // can be told from status is made.
        let printable = matches!(self.kind, Kind::Fgl(_));
        self.say(&noise(bytes, seed, printable));
    }

    fn say(&mut self, bytes: &[u8]) {
        if self.silent || (!self.connected && !matches!(self.kind, Kind::Fgl(_))) {
            return;
        }
        self.waiting.extend(bytes);
        let excess = self.waiting.len().saturating_sub(WAITING_BYTES_MAX);
        self.waiting.drain(..excess);
        self.waiting.make_contiguous();
    }
}

/// What was seen of one connection's bytes, for questions that are answered when they are received.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// The last bytes, oldest first.
    pub(super) last: [u8; 6],
    /// There was more than questions in it.
    pub(super) has_print_data: bool,
}

impl Line {
    fn push(&mut self, byte: u8) {
        self.last.rotate_left(1);
        self.last[5] = byte;
    }
}
