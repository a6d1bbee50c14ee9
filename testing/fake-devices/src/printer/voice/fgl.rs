//! The status bytes of an FGL printer: one for each thing that happens, each said once.
//!
//! Source: Boca Systems, "Programming Guide", printer status supplement, and "Printer status operation
//! modes" (normal mode): what happens is said unasked and once, kept until a host reads it; `<S1>` is
//! read in its turn and answered only when the printer is ready.

use cueline_paper::Talk;

use super::{Line, Situation};
use crate::printer::fault::PrinterFault;

pub(super) const TEST_TICKET_ACK: u8 = 0x05;
pub(super) const TICKET_ACK: u8 = 0x06;
pub(super) const ILLEGAL_DATA: u8 = 0x19;
const PATH_OUT: [u8; 2] = [0x0a, 0x0b];
const PATH_LOADED: [u8; 2] = [0x0c, 0x0d];
const LOW_PAPER: u8 = 0x0f;
const OUT_OF_PAPER: u8 = 0x10;
const X_ON: u8 = 0x11;
const POWER_ON: u8 = 0x12;
const X_OFF: u8 = 0x13;
const RIBBON_LOW: u8 = 0x16;
const RIBBON_OUT: u8 = 0x17;
const PAPER_JAM: u8 = 0x18;
const CUTTER_JAM: u8 = 0x1d;

/// Whether X-OFF was said because the buffer was full.
#[derive(Debug, Default)]
pub(super) struct Fgl {
    buffer_full: bool,
}

impl Fgl {
    pub(super) fn buffer(&mut self, full: bool) -> Vec<u8> {
        let changed = std::mem::replace(&mut self.buffer_full, full) != full;
        match (changed, full) {
            (true, true) => vec![X_OFF],
            (true, false) => vec![X_ON],
            (false, _) => Vec::new(),
        }
    }
}

/// Takes one received byte: is it more than a question?
pub(super) fn watch(byte: u8, line: &mut Line) {
    line.push(byte);
    let last = &line.last;
    let is_request = match byte {
        b'<' | b'\r' | b'\n' => true,
        b'S' => last[4] == b'<',
        b'1' | b'2' => last[3..5] == *b"<S",
        b'>' => matches!(&last[2..5], b"<S1" | b"<S2"),
        _ => false,
    };
    line.has_print_data |= !is_request;
}

pub(super) fn talk(talk: Talk, situation: &Situation) -> Vec<u8> {
    match talk {
        Talk::Status if situation.fault == PrinterFault::PaperLow => vec![LOW_PAPER, X_ON],
        Talk::Status => vec![X_ON],
        Talk::TicketCount => {
            format!("{:07} PROM = FGL46V1", situation.tickets % 10_000_000).into_bytes()
        }
        _ => Vec::new(),
    }
}

pub(super) fn fault_changed(from: PrinterFault, to: PrinterFault) -> Vec<u8> {
    let path = |path: u8| usize::from(path.clamp(1, 2) - 1);
    let mut said = Vec::new();
    match from {
        PrinterFault::Off => said.push(POWER_ON),
        PrinterFault::PathOut { path: which } => said.push(PATH_LOADED[path(which)]),
        _ => {}
    }
    // Switched on, it says whether it is ready even if it was before.
    let was_ready = !from.halts();
    match to {
        PrinterFault::PaperLow => said.push(LOW_PAPER),
        PrinterFault::PaperOut => said.push(OUT_OF_PAPER),
        PrinterFault::PathOut { path: which } => said.push(PATH_OUT[path(which)]),
        PrinterFault::RibbonLow => said.push(RIBBON_LOW),
        PrinterFault::RibbonOut => said.push(RIBBON_OUT),
        PrinterFault::Jam => said.push(PAPER_JAM),
        PrinterFault::Cutter => said.push(CUTTER_JAM),
        _ => {}
    }
    match to {
        // It cannot say that it does not go on.
        PrinterFault::Off | PrinterFault::Stall | PrinterFault::Hang => {}
        _ if to.halts() && (was_ready || from == PrinterFault::Off) => said.push(X_OFF),
        _ if !to.halts() && !was_ready && !is_mute(from) => said.push(X_ON),
        _ => {}
    }
    said
}

/// States of which it did not say that they began.
const fn is_mute(fault: PrinterFault) -> bool {
    matches!(fault, PrinterFault::Stall | PrinterFault::Hang)
}
