//! The status bytes of an ESC/POS printer.
//!
//! Source: Epson, "ESC/POS Command Reference", commands `DLE EOT`, `GS r`, `GS a`, `GS ( H`.

use cueline_paper::Talk;

use super::Line;
use crate::printer::fault::PrinterFault;

const X_ON: u8 = 0x11;
const X_OFF: u8 = 0x13;

/// What a host asked to be told of.
#[derive(Debug, Default)]
pub(super) struct Escpos {
    status_back: bool,
}

impl Escpos {
    pub(super) fn forget(&mut self) {
        self.status_back = false;
    }

    pub(super) fn talk(&mut self, talk: Talk, fault: PrinterFault) -> Vec<u8> {
        match talk {
            Talk::TransmitStatus(n) => transmitted_status(fault, n).into_iter().collect(),
            Talk::ProcessId(id) => [&[0x37, 0x22], id.as_slice(), &[0]].concat(),
            Talk::StatusBack(n) => {
                self.status_back = n != 0;
                self.status(fault)
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn fault_changed(&self, from: PrinterFault, to: PrinterFault) -> Vec<u8> {
        let mut said = Vec::new();
        if from == PrinterFault::Busy {
            said.push(X_ON);
        }
        if to == PrinterFault::Busy {
            said.push(X_OFF);
        }
        said.extend(self.status(to));
        said
    }

    /// The four bytes of automatic status back, where they were asked for.
    fn status(&self, fault: PrinterFault) -> Vec<u8> {
        if self.status_back {
            status_back(fault).to_vec()
        } else {
            Vec::new()
        }
    }
}

/// Takes one received byte; gives the answer to a `DLE EOT n` that it completes. These are seen
/// wherever they stand, inside a picture too (Epson's notes on the command).
pub(super) fn real_time(
    byte: u8,
    line: &mut Line,
    fault: impl FnOnce() -> PrinterFault,
) -> Vec<u8> {
    let before = [line.last[4], line.last[5]];
    let is_request = matches!(
        (before, byte),
        (_, 0x10) | ([_, 0x10], 0x04) | ([0x10, 0x04], 1..=4)
    );
    line.has_print_data |= !is_request;
    line.push(byte);
    if before == [0x10, 0x04] {
        real_time_status(fault(), byte).into_iter().collect()
    } else {
        Vec::new()
    }
}

/// The answer to `DLE EOT n`; none where `n` asks for nothing this printer has.
fn real_time_status(fault: PrinterFault, n: u8) -> Option<u8> {
    const FIXED: u8 = 0x12;
    let out = fault.is_out_of_paper();
    let error = matches!(fault, PrinterFault::Jam | PrinterFault::Cutter);
    let bits = match n {
        1 => bit(fault.is_off_line(), 0x08),
        2 => bit(fault == PrinterFault::CoverOpen, 0x04) | bit(out, 0x20) | bit(error, 0x40),
        3 => bit(fault == PrinterFault::Jam, 0x04) | bit(fault == PrinterFault::Cutter, 0x08),
        4 => bit(out, 0x6c) | bit(fault == PrinterFault::PaperLow, 0x0c),
        _ => return None,
    };
    Some(FIXED | bits)
}

/// The answer to `GS r n`; none where `n` asks for nothing this printer has.
fn transmitted_status(fault: PrinterFault, n: u8) -> Option<u8> {
    match n {
        1 | b'1' => Some(paper(fault)),
        2 | b'2' => Some(0),
        _ => None,
    }
}

/// The four bytes of automatic status back.
fn status_back(fault: PrinterFault) -> [u8; 4] {
    let printer =
        0x10 | bit(fault.is_off_line(), 0x08) | bit(fault == PrinterFault::CoverOpen, 0x20);
    let errors = bit(fault == PrinterFault::Jam, 0x04) | bit(fault == PrinterFault::Cutter, 0x08);
    [printer, errors, paper(fault), 0]
}

/// Near the end 03H, at the end 0CH as well.
fn paper(fault: PrinterFault) -> u8 {
    bit(fault.is_out_of_paper(), 0x0f) | bit(fault == PrinterFault::PaperLow, 0x03)
}

fn bit(on: bool, mask: u8) -> u8 {
    if on { mask } else { 0 }
}
