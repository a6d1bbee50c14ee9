//! Status bytes of an ESC/POS printer to what is wrong, in a clerk's words.
//!
//! Source: Epson, "ESC/POS Command Reference", commands `DLE EOT` and `GS a`.

use cueline_model::{Fault, FaultCode};

use crate::session::sentences;

/// What the answers to `DLE EOT 1`, `DLE EOT 2` and `DLE EOT 4` say together.
pub(super) fn from_real_time([printer, off_line_cause, paper]: [u8; 3]) -> Option<Fault> {
    first_that_holds([
        (off_line_cause & 0x04 != 0, FaultCode::CoverOpen),
        (
            off_line_cause & 0x20 != 0 || paper & 0x60 != 0,
            FaultCode::PaperOut,
        ),
        (off_line_cause & 0x40 != 0, FaultCode::DeviceError),
        (printer & 0x08 != 0, FaultCode::Offline),
    ])
}

/// What four bytes of automatic status back (`GS a`) say.
pub(super) fn from_status_back([printer, errors, paper, _]: [u8; 4]) -> Option<Fault> {
    first_that_holds([
        (printer & 0x20 != 0, FaultCode::CoverOpen),
        (paper & 0x0c != 0, FaultCode::PaperOut),
        // Cutter, unrecoverable, and recoverable by itself (a hot head), in this order.
        (errors & 0x68 != 0, FaultCode::DeviceError),
        (printer & 0x08 != 0, FaultCode::Offline),
    ])
}

/// What the answer to `DLE EOT 4` warns of.
pub(super) fn warning_from_real_time([_, _, paper]: [u8; 3]) -> Option<Fault> {
    low_paper(paper & 0x0c != 0 && paper & 0x60 == 0)
}

/// What automatic status back warns of.
pub(super) fn warning_from_status_back([_, _, paper, _]: [u8; 4]) -> Option<Fault> {
    low_paper(paper & 0x03 != 0 && paper & 0x0c == 0)
}

fn low_paper(is_low: bool) -> Option<Fault> {
    is_low.then(|| sentences::fault(FaultCode::PaperLow))
}

/// An open cover comes first because it makes the paper sensor say "out" as well; off line comes
/// last because every other fault puts the printer off line.
fn first_that_holds(causes: [(bool, FaultCode); 4]) -> Option<Fault> {
    let (_, code) = causes.into_iter().find(|(holds, _)| *holds)?;
    Some(sentences::fault(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(fault: Option<Fault>) -> Option<FaultCode> {
        fault.map(|fault| fault.code)
    }

    #[test]
    fn real_time_status_names_the_cause_and_not_only_off_line() {
        let table = [
            ([0x12, 0x12, 0x12], None),
            // Drawer open, paper near its end: nothing that keeps from printing.
            ([0x16, 0x12, 0x1e], None),
            ([0x1a, 0x12, 0x12], Some(FaultCode::Offline)),
            ([0x1a, 0x32, 0x12], Some(FaultCode::PaperOut)),
            ([0x12, 0x12, 0x72], Some(FaultCode::PaperOut)),
            ([0x1a, 0x16, 0x72], Some(FaultCode::CoverOpen)),
            ([0x1a, 0x52, 0x12], Some(FaultCode::DeviceError)),
        ];
        for (bytes, wanted) in table {
            assert_eq!(code(from_real_time(bytes)), wanted, "{bytes:02x?}");
        }
    }

    #[test]
    fn automatic_status_names_the_cause_and_not_only_off_line() {
        let table = [
            ([0x14, 0x00, 0x03, 0x00], None),
            ([0x18, 0x00, 0x00, 0x00], Some(FaultCode::Offline)),
            ([0x18, 0x00, 0x0c, 0x00], Some(FaultCode::PaperOut)),
            ([0x38, 0x00, 0x0c, 0x00], Some(FaultCode::CoverOpen)),
            ([0x18, 0x08, 0x00, 0x00], Some(FaultCode::DeviceError)),
            ([0x18, 0x20, 0x00, 0x00], Some(FaultCode::DeviceError)),
        ];
        for (bytes, wanted) in table {
            assert_eq!(code(from_status_back(bytes)), wanted, "{bytes:02x?}");
        }
    }
}
