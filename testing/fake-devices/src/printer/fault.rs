//! What can be made to go wrong with the virtual printer, and what its status bytes then say.
//!
//! Source of the bytes: Epson, "ESC/POS Command Reference", commands `DLE EOT`, `GS r`, `GS a`.

use std::fmt;
use std::str::FromStr;

/// What is wrong with the virtual printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PrinterFault {
    /// Nothing.
    #[default]
    None,
    /// Out of paper: data is taken until the buffer is full, printing goes on with the next roll.
    PaperOut,
    /// The cover is open: as out of paper, with its own status.
    CoverOpen,
    /// Off line for no reason it can name.
    Offline,
    /// Answers status requests as if all were well, but prints nothing; once its buffer is full it
    /// reads nothing either.
    Stall,
    /// No listener: connections are refused. One that is open goes on.
    Refuse,
    /// Drops each connection once this many bytes of a ticket were printed.
    CutConnection {
        /// Bytes of the ticket, from its first.
        after_bytes: u64,
    },
}

/// Why a text names no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected none, paper_out, cover_open, offline, stall, refuse or cut_connection after=BYTES; \
     got {got:?}"
)]
pub struct UnknownFault {
    /// The text that was given, cut to 64 characters.
    pub got: String,
}

impl PrinterFault {
    /// Whether print data stays in the receive buffer.
    pub(crate) const fn halts(self) -> bool {
        matches!(
            self,
            Self::PaperOut | Self::CoverOpen | Self::Offline | Self::Stall
        )
    }

    const fn is_off_line(self) -> bool {
        matches!(self, Self::PaperOut | Self::CoverOpen | Self::Offline)
    }

    /// The answer to `DLE EOT n`; none where `n` asks for nothing this printer has.
    pub(crate) fn real_time_status(self, n: u8) -> Option<u8> {
        const FIXED: u8 = 0x12;
        let bits = match n {
            1 => bit(self.is_off_line(), 0x08),
            2 => bit(self == Self::CoverOpen, 0x04) | bit(self == Self::PaperOut, 0x20),
            3 => 0,
            4 => bit(self == Self::PaperOut, 0x6c),
            _ => return None,
        };
        Some(FIXED | bits)
    }

    /// The answer to `GS r n`; none where `n` asks for nothing this printer has.
    pub(crate) fn transmitted_status(self, n: u8) -> Option<u8> {
        match n {
            1 | b'1' => Some(bit(self == Self::PaperOut, 0x0f)),
            2 | b'2' => Some(0),
            _ => None,
        }
    }

    /// The four bytes of automatic status back.
    pub(crate) fn status_back(self) -> [u8; 4] {
        let printer = 0x10 | bit(self.is_off_line(), 0x08) | bit(self == Self::CoverOpen, 0x20);
        [printer, 0, bit(self == Self::PaperOut, 0x0f), 0]
    }
}

fn bit(on: bool, mask: u8) -> u8 {
    if on { mask } else { 0 }
}

impl fmt::Display for PrinterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::PaperOut => "paper_out",
            Self::CoverOpen => "cover_open",
            Self::Offline => "offline",
            Self::Stall => "stall",
            Self::Refuse => "refuse",
            Self::CutConnection { after_bytes } => {
                return write!(f, "cut_connection after={after_bytes}");
            }
        })
    }
}

impl FromStr for PrinterFault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let fault = match words.as_slice() {
            ["none"] => Some(Self::None),
            ["paper_out"] => Some(Self::PaperOut),
            ["cover_open"] => Some(Self::CoverOpen),
            ["offline"] => Some(Self::Offline),
            ["stall"] => Some(Self::Stall),
            ["refuse"] => Some(Self::Refuse),
            ["cut_connection", after] => after
                .strip_prefix("after=")
                .and_then(|bytes| bytes.parse().ok())
                .map(|after_bytes| Self::CutConnection { after_bytes }),
            _ => None,
        };
        fault.ok_or_else(|| UnknownFault {
            got: text.chars().take(64).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_back_as_written() {
        for fault in [
            PrinterFault::None,
            PrinterFault::PaperOut,
            PrinterFault::CoverOpen,
            PrinterFault::Offline,
            PrinterFault::Stall,
            PrinterFault::Refuse,
            PrinterFault::CutConnection { after_bytes: 77 },
        ] {
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        for text in [
            "",
            "paper",
            "cut_connection",
            "cut_connection after=-1",
            "none none",
        ] {
            assert!(text.parse::<PrinterFault>().is_err(), "{text:?}");
        }
    }
}
