//! Barcodes and QR: from data to modules. Used by the ticket document to draw codes, and by
//! `cueline-paper` to draw what a printer draws when it is given a code as a command.
//!
//! Everything here counts in modules, the width of the narrowest bar. How many dots a module has, how
//! high the bars are and where they stand is for whoever draws them.

mod code128;
mod qr;
mod retail;
mod two_widths;

use serde::Deserialize;

pub use code128::{code128, code128_escpos, code128_escpos_text, code128_values};
pub use qr::{Level, Matrix, qr};
pub use retail::{ean8, ean13, upca};
pub use two_widths::{code39, itf};

/// A barcode by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Symbology {
    /// [`code128()`]
    Code128,
    /// [`code39`]
    Code39,
    /// [`ean13`]
    Ean13,
    /// [`ean8`]
    Ean8,
    /// [`upca`]
    Upca,
    /// [`itf`]
    Itf,
}

impl Symbology {
    /// The bars of `data` in this code.
    ///
    /// # Errors
    /// [`CodeError`] where the code cannot hold the data.
    pub fn bars(self, data: &str) -> Result<Bars, CodeError> {
        match self {
            Self::Code128 => code128(data),
            Self::Code39 => code39(data),
            Self::Ean13 => ean13(data),
            Self::Ean8 => ean8(data),
            Self::Upca => upca(data),
            Self::Itf => itf(data),
        }
    }
}

/// The bars of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bars {
    /// Widths in modules: a bar, a space, a bar, and so on; the last is a bar.
    pub runs: Vec<u8>,
    /// The line under the bars: the data with its check digit where people see one.
    pub text: String,
    /// Modules that must stay bare on the left.
    pub quiet_left: u8,
    /// Modules that must stay bare on the right.
    pub quiet_right: u8,
}

impl Bars {
    /// Modules from the first bar to the last, without the quiet zones.
    #[must_use]
    pub fn modules(&self) -> usize {
        self.runs.iter().map(|run| usize::from(*run)).sum()
    }

    /// First module and width in modules of each bar, left to right.
    pub fn bars(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let mut at = 0;
        self.runs
            .iter()
            .enumerate()
            .filter_map(move |(index, run)| {
                let start = at;
                at += usize::from(*run);
                index
                    .is_multiple_of(2)
                    .then_some((start, usize::from(*run)))
            })
    }
}

/// Why data cannot be made a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// There is nothing to encode.
    #[error("the data is empty; give at least one character")]
    Empty,
    /// A character the code has no symbol for.
    #[error("{code} has no symbol for {character:?} (character {place}): expected {expected}")]
    Character {
        /// The code.
        code: &'static str,
        /// The character.
        character: char,
        /// Which it is, from 1.
        place: usize,
        /// What the code can hold.
        expected: &'static str,
    },
    /// Too many or too few characters.
    #[error("{code} takes {expected}, got {got}")]
    Length {
        /// The code.
        code: &'static str,
        /// How many it takes.
        expected: &'static str,
        /// How many there are.
        got: usize,
    },
    /// A check digit that is given and wrong.
    #[error(
        "the check digit of {code} {data:?} is wrong: expected {expected}, got {got}; leave it out \
         to have it computed"
    )]
    CheckDigit {
        /// The code.
        code: &'static str,
        /// The digits as given.
        data: String,
        /// The right digit.
        expected: u8,
        /// The digit given.
        got: u8,
    },
    /// More than the largest QR code holds at its level.
    #[error(
        "{got} bytes are too many for a QR code of level {level}: expected at most {bytes_max}; \
         shorten the data or lower the level"
    )]
    QrTooLong {
        /// The level asked for.
        level: char,
        /// Bytes in the data.
        got: usize,
        /// Bytes that always fit at this level.
        bytes_max: usize,
    },
}

/// The most characters a barcode may have: none that long can be read by a scanner.
pub const BARCODE_CHARS_MAX: usize = 100;

fn check_length(code: &'static str, data: &str) -> Result<(), CodeError> {
    match data.chars().count() {
        0 => Err(CodeError::Empty),
        got if got > BARCODE_CHARS_MAX => Err(CodeError::Length {
            code,
            expected: "at most 100 characters",
            got,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
