//! What an FGL printer says: one byte for each thing that happens, each once, without being asked.
//!
//! Source: Boca, "FGL Programming Guide", "Printer status supplement" and status commands. A ticket that
//! came out is told with `06`; that it is ready, also in answer to `<S1>`, with `11` (X-ON). When it is
//! not ready it answers nothing: why was told when it happened, so a fault is remembered over connections.
//!
//! A byte proves nothing by itself, as the line may be noisy or the printer may have been switched off
//! and on. So a ticket counts only after its last byte was written, and from the first byte that the
//! guide does not know, a refused ticket or a restart on, no more tickets of the print are proven.

use cueline_model::FaultCode;

use crate::session::{Known, sentences};

/// Asks whether it is ready.
const QUERY: &[u8] = b"<S1>";

/// Written before a job's first ticket: a line that was cut in the middle of a ticket leaves half of it
/// in the printer's buffer, and the next ticket would be printed on top of it.
pub(crate) const CLEAR_BUFFER: &[u8] = b"<CB>";

/// What came from one printer.
#[derive(Debug)]
pub(crate) struct Line {
    may_send: bool,
    /// Acknowledgements may belong to other tickets than those of the print.
    doubtful: bool,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self {
            may_send: true,
            doubtful: false,
        }
    }

    pub(crate) fn handle_connected(&mut self) {
        *self = Self::new();
    }

    pub(crate) fn may_send(&self) -> bool {
        self.may_send
    }

    #[expect(clippy::unused_self, reason = "every line has its query")]
    pub(crate) fn query(&self) -> &'static [u8] {
        QUERY
    }

    pub(crate) fn begin(&mut self) {
        self.doubtful = false;
    }

    pub(crate) fn handle_byte(&mut self, byte: u8, known: &mut Known) {
        let fault = |code| Some(sentences::fault(code));
        match byte {
            0x06 => self.handle_acknowledgement(known),
            // X-ON: ready, after a fault too.
            0x11 => {
                self.may_send = true;
                known.set_health(None);
            }
            0x13 => self.may_send = false,
            // Switched on: what it held is lost.
            0x12 => self.doubtful = true,
            0x0c | 0x0d => {
                known.set_warning(None);
                if known.fault_code() == Some(FaultCode::PaperOut) {
                    known.set_health(None);
                }
            }
            0x0f => known.set_warning(fault(FaultCode::PaperLow)),
            0x0a | 0x0b | 0x10 => known.set_health(fault(FaultCode::PaperOut)),
            0x03 | 0x04 | 0x0e | 0x18 | 0x1e | 0x1f => {
                known.set_health(fault(FaultCode::PaperJam));
            }
            0x1d => known.set_health(fault(FaultCode::CutterError)),
            0x17 => known.set_health(fault(FaultCode::RibbonOut)),
            0x14 | 0x1a => {
                self.doubtful = true;
                known.set_health(fault(FaultCode::DeviceError));
            }
            0x15 | 0x19 => {
                self.doubtful = true;
                known.set_health(fault(FaultCode::DataRefused));
            }
            // A ticket of its test button, updates of its own programs, a ribbon that will soon be out, and
            // the warnings of a reject bin: nothing that a print depends on.
            0x01 | 0x02 | 0x05 | 0x07..=0x09 | 0x16 | 0x1c => {}
            _ => self.doubtful = true,
        }
    }

    /// One ticket came out.
    fn handle_acknowledgement(&mut self, known: &mut Known) {
        if !known.awaits_proof() || self.doubtful {
            return;
        }
        let tickets = known.printed() + 1;
        if tickets > known.written_whole() {
            // Of another print, or noise: those that follow cannot be told apart either.
            self.doubtful = true;
            return;
        }
        known.prove(tickets);
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
