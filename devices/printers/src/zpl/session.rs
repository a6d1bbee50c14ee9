//! What a ZPL printer says when it is asked: what is wrong, and how much of the print is left.
//!
//! It never speaks by itself. A print is proven when `~HS`, asked after the print's last byte, says twice
//! in a row that no format is in the buffer and no label of the batch is left: once could be the moment
//! between two formats. Before that, all but the formats in the buffer and the one before them are
//! proven, in the order they were sent.
//!
//! A printer that was switched off and on has an empty buffer too. It does not answer for as long as that
//! takes, so after [`SILENT_QUERIES_MAX`] questions without an answer nothing more of the print is proven.

use cueline_model::FaultCode;

use super::status::{Answer, Answers, Errors, HostStatus};
use crate::session::{Known, sentences};

/// Asks for the state and for errors that `~HS` has no place for.
const QUERY: &[u8] = b"~HS~HQES";
/// Questions in a row that may stay unanswered while a proof is awaited.
const SILENT_QUERIES_MAX: u32 = 3;

/// What came from one printer, and the formats it was sent.
#[derive(Debug)]
pub(crate) struct Line {
    answers: Answers,
    host: Option<HostStatus>,
    errors: Option<Errors>,
    /// Whether they were told behind the last `~HS` answer; a printer may answer that alone.
    errors_told: bool,
    /// Labels of the print up to the end of each format.
    formats: Vec<u32>,
    /// Questions since the last answer.
    unanswered: u32,
    /// Whether the answer before this one said that nothing is left.
    was_idle: bool,
    /// The printer may have lost what it held.
    doubtful: bool,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self {
            answers: Answers::default(),
            host: None,
            errors: None,
            errors_told: false,
            formats: Vec::new(),
            unanswered: 0,
            was_idle: false,
            doubtful: false,
        }
    }

    pub(crate) fn handle_connected(&mut self) {
        *self = Self::new();
    }

    pub(crate) fn query(&mut self, known: &mut Known) -> &'static [u8] {
        if self.unanswered >= SILENT_QUERIES_MAX && known.awaits_proof() {
            self.doubtful = true;
            known.set_health(Some(sentences::fault(FaultCode::NoAnswer)));
        }
        self.unanswered = self.unanswered.saturating_add(1);
        QUERY
    }

    pub(crate) fn begin(&mut self) {
        self.formats.clear();
        self.unanswered = 0;
        self.was_idle = false;
        self.doubtful = false;
    }

    /// A format that so many labels come out of is sent; nothing has to stand behind it.
    pub(crate) fn note_format(&mut self, labels: u32) {
        let before = self.formats.last().copied().unwrap_or(0);
        self.formats.push(before.saturating_add(labels));
    }

    pub(crate) fn handle_byte(&mut self, byte: u8, known: &mut Known) {
        match self.answers.push(byte) {
            Some(Answer::Host(status)) => {
                self.unanswered = 0;
                self.host = Some(status);
                // Told again behind this one, if there still are any; until then they hold.
                if !std::mem::take(&mut self.errors_told) {
                    self.errors = None;
                }
                self.judge(known);
                self.count(status, known);
            }
            Some(Answer::Errors(errors)) => {
                self.errors = Some(errors);
                self.errors_told = true;
                self.judge(known);
            }
            None => {}
        }
    }

    fn judge(&self, known: &mut Known) {
        let Some(host) = self.host else { return };
        let errors = self.errors.map_or(0, |errors| errors.errors);
        let causes = [
            (host.head_open || errors & 0x4 != 0, FaultCode::CoverOpen),
            (host.paper_out || errors & 0x1 != 0, FaultCode::PaperOut),
            (host.ribbon_out || errors & 0x2 != 0, FaultCode::RibbonOut),
            (errors & 0x8 != 0, FaultCode::CutterError),
            // Jammed in the retract, not fed, path not cleared.
            (errors & 0xd000 != 0, FaultCode::PaperJam),
            // Of the head, the motor, the firmware or (2000) the presenter.
            (
                host.memory_lost || errors & 0x23f0 != 0,
                FaultCode::DeviceError,
            ),
            (host.temperature_wrong, FaultCode::DeviceError),
            (host.paused, FaultCode::Paused),
            (host.buffer_full, FaultCode::Busy),
        ];
        let holds = causes.into_iter().find(|(holds, _)| *holds);
        known.set_health(holds.map(|(_, code)| sentences::fault(code)));
        // Warning 8 of printers with a sensor for it: paper near its end.
        if let Some(errors) = self.errors {
            let low = errors.warnings & 0x8 != 0 && errors.errors & 0x1 == 0;
            known.set_warning(low.then(|| sentences::fault(FaultCode::PaperLow)));
        }
    }

    fn count(&mut self, host: HostStatus, known: &mut Known) {
        let all_written = known.written_whole() == known.total();
        if !known.awaits_proof() || !all_written || self.doubtful {
            return;
        }
        let idle = host.formats == 0 && host.labels_left == 0 && !host.half_received;
        let left = if idle && std::mem::replace(&mut self.was_idle, idle) {
            0
        } else {
            self.was_idle = idle;
            // Those in the buffer, the one that is half received, and the one that is being printed.
            host.formats as usize + usize::from(host.half_received) + 1
        };
        let proven = self.formats.len().checked_sub(left + 1);
        if let Some(labels) = proven.and_then(|last| self.formats.get(last)) {
            known.prove(*labels);
        }
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
