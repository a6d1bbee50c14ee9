//! What can be made to go wrong with a virtual printer, and the words for it.

use std::fmt;
use std::str::FromStr;

/// What is wrong with a virtual printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PrinterFault {
    /// Nothing.
    #[default]
    None,
    /// Little paper left; printing goes on.
    PaperLow,
    /// Out of paper: data is taken until the buffer is full, printing goes on with the next roll.
    PaperOut,
    /// One of two paper paths is out of paper (FGL); otherwise as out of paper.
    PathOut {
        /// 1 or 2.
        path: u8,
    },
    /// The cover is open: as out of paper, with its own status.
    CoverOpen,
    /// Paper is jammed. A page printer prints the ticket again once it is cleared.
    Jam,
    /// The cutter does not move.
    Cutter,
    /// Little ribbon left; printing goes on.
    RibbonLow,
    /// The ribbon is used up.
    RibbonOut,
    /// Off line for no reason it can name.
    Offline,
    /// Busy with something else: it says X-OFF, and X-ON when that is over.
    Busy,
    /// Answers status requests as if all were well, but prints nothing; once its buffer is full it
    /// reads nothing either.
    Stall,
    /// Prints, but its answers never come.
    Silent,
    /// Takes connections and does nothing with them: reads nothing, answers nothing, prints nothing.
    Hang,
    /// No listener: connections are refused. One that is open goes on.
    Refuse,
    /// The cable is out: the connection is cut and none is taken. What was received is printed.
    Unplugged,
    /// Switched off: connections are cut, what was not printed is lost.
    Off,
    /// Drops each connection once this many bytes of a ticket were printed, and what came after them.
    CutConnection {
        /// Bytes of the ticket, from its first.
        after_bytes: u64,
    },
    /// Not a state: so many bytes of noise come over the line once, the same for the same seed.
    Garbage {
        /// How many.
        bytes: u16,
        /// Which.
        seed: u64,
    },
}

/// Why a text names no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected none, paper_low, paper_out, path_out path=1|2, cover_open, jam, cutter, ribbon_low, \
     ribbon_out, offline, busy, stall, silent, hang, refuse, unplugged, off, cut_connection \
     after=BYTES or garbage bytes=N seed=N, each with after_tickets=N or in_ticket=N \
     after_rows=N|after_bytes=N for when, and for_ms=N for how long; got {got:?}"
)]
pub struct UnknownFault {
    /// The text that was given, cut to 64 characters.
    pub got: String,
}

impl UnknownFault {
    pub(super) fn new(text: &str) -> Self {
        Self {
            got: text.chars().take(64).collect(),
        }
    }
}

impl PrinterFault {
    /// Whether print data stays in the receive buffer.
    pub(super) const fn halts(self) -> bool {
        matches!(
            self,
            Self::PaperOut
                | Self::PathOut { .. }
                | Self::CoverOpen
                | Self::Jam
                | Self::Cutter
                | Self::RibbonOut
                | Self::Offline
                | Self::Busy
                | Self::Stall
                | Self::Hang
                | Self::Off
        )
    }

    /// Whether the printer knows that it cannot print, and says so where it has words for it.
    pub(super) const fn is_off_line(self) -> bool {
        self.halts() && !matches!(self, Self::Busy | Self::Stall | Self::Hang)
    }

    /// Whether no connection is taken.
    pub(super) const fn closes_port(self) -> bool {
        matches!(self, Self::Refuse | Self::Unplugged | Self::Off)
    }

    /// Whether an open connection is cut.
    pub(super) const fn cuts_connection(self) -> bool {
        matches!(self, Self::Unplugged | Self::Off)
    }

    /// Out of paper on whichever path.
    pub(super) const fn is_out_of_paper(self) -> bool {
        matches!(self, Self::PaperOut | Self::PathOut { .. })
    }

    const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::PaperLow => "paper_low",
            Self::PaperOut => "paper_out",
            Self::PathOut { .. } => "path_out",
            Self::CoverOpen => "cover_open",
            Self::Jam => "jam",
            Self::Cutter => "cutter",
            Self::RibbonLow => "ribbon_low",
            Self::RibbonOut => "ribbon_out",
            Self::Offline => "offline",
            Self::Busy => "busy",
            Self::Stall => "stall",
            Self::Silent => "silent",
            Self::Hang => "hang",
            Self::Refuse => "refuse",
            Self::Unplugged => "unplugged",
            Self::Off => "off",
            Self::CutConnection { .. } => "cut_connection",
            Self::Garbage { .. } => "garbage",
        }
    }

    /// A fault by its first word and what its own parameters say; `parameter` takes one out by name.
    pub(super) fn read(word: &str, mut parameter: impl FnMut(&str) -> Option<u64>) -> Option<Self> {
        let plain = [
            Self::None,
            Self::PaperLow,
            Self::PaperOut,
            Self::CoverOpen,
            Self::Jam,
            Self::Cutter,
            Self::RibbonLow,
            Self::RibbonOut,
            Self::Offline,
            Self::Busy,
            Self::Stall,
            Self::Silent,
            Self::Hang,
            Self::Refuse,
            Self::Unplugged,
            Self::Off,
        ];
        match word {
            "path_out" => match parameter("path")? {
                path @ (1 | 2) => Some(Self::PathOut { path: path as u8 }),
                _ => None,
            },
            "cut_connection" => Some(Self::CutConnection {
                after_bytes: parameter("after")?,
            }),
            "garbage" => Some(Self::Garbage {
                bytes: parameter("bytes")?.try_into().ok()?,
                seed: parameter("seed")?,
            }),
            _ => plain.into_iter().find(|fault| fault.word() == word),
        }
    }
}

impl fmt::Display for PrinterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::PathOut { path } => write!(f, " path={path}"),
            Self::CutConnection { after_bytes } => write!(f, " after={after_bytes}"),
            Self::Garbage { bytes, seed } => write!(f, " bytes={bytes} seed={seed}"),
            _ => Ok(()),
        }
    }
}

impl FromStr for PrinterFault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let plan: super::plan::PlannedFault = text.parse()?;
        if plan == plan.fault.into() {
            Ok(plan.fault)
        } else {
            Err(UnknownFault::new(text))
        }
    }
}
