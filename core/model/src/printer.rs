//! Printers as the system sees them: what they speak, what they can prove, what can be wrong.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::options::OptionName;

/// The command language a printer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Epson's receipt language and its relatives; tells its state and can prove a print.
    Escpos,
    /// Boca's Friendly Ghost Language, of ticket printers; acknowledges each ticket.
    Fgl,
    /// Zebra's label language; tells its state and how much of its buffer is still to be printed.
    Zpl,
    /// Takes whole documents as they are: a driverless (IPP) printer, a queue, or a printer with a driver.
    Pdf,
    /// Nothing is known of the device: bytes go through and only their acceptance is proven.
    Raw,
}

impl Language {
    /// Every language, in the order they are offered to people.
    pub const ALL: [Self; 5] = [Self::Fgl, Self::Escpos, Self::Zpl, Self::Pdf, Self::Raw];

    /// The word used in settings, on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Escpos => "escpos",
            Self::Fgl => "fgl",
            Self::Zpl => "zpl",
            Self::Pdf => "pdf",
            Self::Raw => "raw",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far a print was proven to have come, weakest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Handed to something else (a queue, a file) that will see to it.
    #[default]
    Spooled,
    /// The device accepted every byte.
    Sent,
    /// The device itself said that it is done.
    Printed,
}

impl Proof {
    /// The word used on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spooled => "spooled",
            Self::Sent => "sent",
            Self::Printed => "printed",
        }
    }
}

/// What is wrong with a printer, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// No connection: name not resolved, no route, no answer, or refused.
    Unreachable,
    /// Connected, but the device did not answer a status request or take data in time.
    NoAnswer,
    /// Out of paper.
    PaperOut,
    /// Paper will soon be out; it still prints.
    PaperLow,
    /// Paper is jammed or stuck.
    PaperJam,
    /// The cutter is jammed.
    CutterError,
    /// The ribbon is out or badly fitted.
    RibbonOut,
    /// The cover or the print head is open.
    CoverOpen,
    /// A person has paused it at its own buttons, or its queue is stopped.
    Paused,
    /// It takes no more data for now (X-OFF, a full buffer).
    Busy,
    /// It says that it cannot make sense of what it was sent.
    DataRefused,
    /// Another computer or program is using it.
    InUse,
    /// The device says it is off line for another reason.
    Offline,
    /// An error the device cannot recover from alone (cutter, head, voltage).
    DeviceError,
    /// The connection broke while it was in use.
    ConnectionLost,
    /// The file or device could not be opened or written.
    PortError,
}

impl FaultCode {
    /// Whether it prints all the same: a warning.
    #[must_use]
    pub const fn is_warning(self) -> bool {
        matches!(self, Self::PaperLow)
    }

    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::NoAnswer => "no_answer",
            Self::PaperOut => "paper_out",
            Self::PaperLow => "paper_low",
            Self::PaperJam => "paper_jam",
            Self::CutterError => "cutter_error",
            Self::RibbonOut => "ribbon_out",
            Self::CoverOpen => "cover_open",
            Self::Paused => "paused",
            Self::Busy => "busy",
            Self::DataRefused => "data_refused",
            Self::InUse => "in_use",
            Self::Offline => "offline",
            Self::DeviceError => "device_error",
            Self::ConnectionLost => "connection_lost",
            Self::PortError => "port_error",
        }
    }
}

/// What is wrong with a printer, with a sentence for the clerk.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[error("{text}")]
pub struct Fault {
    /// For programs.
    pub code: FaultCode,
    /// For the clerk: what is wrong and what to do, one sentence.
    pub text: String,
}

impl Fault {
    /// A fault with its sentence.
    #[must_use]
    pub fn new(code: FaultCode, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }
}

/// What a printer can do, as far as its agent knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Capabilities {
    /// The strongest proof it can give.
    pub proves: Proof,
    /// Resolutions it can print at, dots per inch, the usual one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dpi: Vec<u16>,
    /// Options of [`crate::PrintOptions`] that it can do; trays, media and resolutions by their lists.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub options: BTreeSet<OptionName>,
    /// Its trays by the names it gives them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trays: Vec<String>,
    /// Its media by the names it gives them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<String>,
    /// Its papers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub papers: Vec<Paper>,
}

/// A size of paper that a printer has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Paper {
    /// The name it gives it, such as `A4`.
    pub name: String,
    /// Hundredths of a millimetre.
    pub width_hmm: u32,
    /// Hundredths of a millimetre; `None` for a roll.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_hmm: Option<u32>,
}

/// A printer's name on its own agent: 1 to 64 letters, digits, `-`, `_` and `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PrinterName(String);

/// Why a text is not a printer's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a printer's name is 1 to 64 letters, digits, '-', '_' and '.'; got {got:?}")]
pub struct PrinterNameError {
    /// The text that was given, cut to 64 characters.
    pub got: String,
}

impl PrinterName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PrinterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PrinterName {
    type Err = PrinterNameError;

    fn from_str(text: &str) -> Result<Self, PrinterNameError> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for PrinterName {
    type Error = PrinterNameError;

    fn try_from(text: String) -> Result<Self, PrinterNameError> {
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if fits {
            Ok(Self(text))
        } else {
            Err(PrinterNameError {
                got: text.chars().take(64).collect(),
            })
        }
    }
}

impl From<PrinterName> for String {
    fn from(name: PrinterName) -> Self {
        name.0
    }
}
