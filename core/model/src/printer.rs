//! Printers as the system sees them: what they speak, what they can prove, what can be wrong.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The command language a printer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Epson's receipt language and its relatives; tells its state and can prove a print.
    Escpos,
    /// Nothing is known of the device: bytes go through and only their acceptance is proven.
    Raw,
}

impl Language {
    /// The word used in settings, on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Escpos => "escpos",
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Handed to something else (a queue, a file) that will see to it.
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
    /// The cover is open.
    CoverOpen,
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
    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::NoAnswer => "no_answer",
            Self::PaperOut => "paper_out",
            Self::CoverOpen => "cover_open",
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
