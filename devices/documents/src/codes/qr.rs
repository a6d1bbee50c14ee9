//! QR codes (ISO/IEC 18004, model 2), in the smallest version that holds the data.

use qrcode::bits::Bits;
use qrcode::types::QrResult;
use qrcode::{Color, EcLevel, QrCode, Version};
use serde::{Deserialize, Serialize};

use super::CodeError;

/// How much of a QR code may be damaged and it is still read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Level {
    /// 7 %.
    L,
    /// 15 %.
    #[default]
    M,
    /// 25 %.
    Q,
    /// 30 %.
    H,
}

impl Level {
    /// Its letter.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::L => 'L',
            Self::M => 'M',
            Self::Q => 'Q',
            Self::H => 'H',
        }
    }

    /// Bytes in the largest version, 40 (table 7).
    const fn bytes_max(self) -> usize {
        match self {
            Self::L => 2953,
            Self::M => 2331,
            Self::Q => 1663,
            Self::H => 1273,
        }
    }
}

/// The modules of a QR code, without its quiet zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    side: usize,
    dark: Vec<bool>,
}

impl Matrix {
    /// Modules that must stay bare on every side (section 9.1).
    pub const QUIET: usize = 4;

    /// Modules on a side, 21 to 177.
    #[must_use]
    pub fn side(&self) -> usize {
        self.side
    }

    /// Whether a module is dark; there are none outside.
    #[must_use]
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.side && self.dark.get(y * self.side + x).copied().unwrap_or(false)
    }
}

/// The modules of a QR code of `data` at `level`. Data beyond ASCII that is UTF-8 says so in the code
/// (ECI 26), or readers have to guess.
///
/// # Errors
/// [`CodeError`] where the data is empty or too long.
pub fn qr(data: &[u8], level: Level) -> Result<Matrix, CodeError> {
    if data.is_empty() {
        return Err(CodeError::Empty);
    }
    let ec_level = match level {
        Level::L => EcLevel::L,
        Level::M => EcLevel::M,
        Level::Q => EcLevel::Q,
        Level::H => EcLevel::H,
    };
    let code = if data.is_ascii() || std::str::from_utf8(data).is_err() {
        QrCode::with_error_correction_level(data, ec_level)
    } else {
        utf8(data, ec_level)
    };
    let code = code.map_err(|_| CodeError::QrTooLong {
        level: level.letter(),
        got: data.len(),
        bytes_max: level.bytes_max(),
    })?;
    Ok(Matrix {
        side: code.width(),
        dark: code.to_colors().iter().map(|c| *c == Color::Dark).collect(),
    })
}

/// The designator of UTF-8 (AIM ECI, section 5.1).
const ECI_UTF_8: u32 = 26;

fn utf8(data: &[u8], level: EcLevel) -> QrResult<QrCode> {
    let in_version = |version| {
        let mut bits = Bits::new(Version::Normal(version));
        bits.push_eci_designator(ECI_UTF_8)?;
        bits.push_optimal_data(data)?;
        bits.push_terminator(level)?;
        QrCode::with_bits(bits, level)
    };
    let smaller = (1..40).find_map(|version| in_version(version).ok());
    smaller.map_or_else(|| in_version(40), Ok)
}
