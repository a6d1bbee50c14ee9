//! QR codes of FGL, which may be told their version.

use cueline_documents::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

/// The versions that `<QRVn>` knows; with another one nothing is printed.
const VERSIONS: [i16; 4] = [2, 7, 11, 15];

/// The modules of a code of `data`; none where they do not fit into the version, or into any.
pub(super) fn matrix(data: &[u8], level: u32, version: Option<u32>) -> Option<QrCode> {
    let level = match level {
        1 => EcLevel::L,
        2 => EcLevel::H,
        3 => EcLevel::Q,
        _ => EcLevel::M,
    };
    let Some(version) = version else {
        return QrCode::with_error_correction_level(data, level).ok();
    };
    let version = i16::try_from(version).ok()?;
    let known = VERSIONS.contains(&version);
    known
        .then(|| QrCode::with_version(data, Version::Normal(version), level).ok())
        .flatten()
}

/// The code, each module a square of `module` dots.
pub(super) fn draw(code: &QrCode, module: usize) -> Bits {
    let side = code.width();
    let mut bits = Bits::blank(side * module, side * module);
    for y in 0..side {
        for x in (0..side).filter(|x| code[(*x, y)] == Color::Dark) {
            bits.fill(x * module, y * module, module, module);
        }
    }
    bits
}
