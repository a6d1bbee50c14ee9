//! The data of FGL bar codes, without the signs that only begin and end it.

use cueline_documents::codes::{self, Bars};

/// The bars of a code; none where its data is not valid, and nothing is printed then.
pub(super) fn encode(symbology: u8, three_to_one: bool, data: &[u8]) -> Option<Bars> {
    let text = std::str::from_utf8(data).ok()?;
    let inner = text.get(1..text.len().checked_sub(1)?)?;
    match symbology {
        b'O' => codes::code128(inner).ok(),
        b'N' => codes::code39(inner)
            .ok()
            .map(|bars| ratio(bars, three_to_one)),
        b'F' => codes::itf(inner).ok().map(|bars| ratio(bars, three_to_one)),
        b'U' | b'E' => retail(text),
        _ => None,
    }
}

/// Two to one is what the printer makes unless it is told otherwise.
fn ratio(mut bars: Bars, three_to_one: bool) -> Bars {
    if !three_to_one {
        for run in bars.runs.iter_mut().filter(|run| **run == 3) {
            *run = 2;
        }
    }
    bars
}

/// `J501234K567890L` is UPC-A, `J1234K5678L` EAN-8, `9J014561K780128L` EAN-13. The last digit is the
/// check digit, which the printer computes anew.
fn retail(text: &str) -> Option<Bars> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if text
        .chars()
        .any(|c| !(c.is_ascii_digit() || matches!(c, 'J' | 'K' | 'L')))
    {
        return None;
    }
    let without_check = digits.get(..digits.len().checked_sub(1)?)?;
    match digits.len() {
        8 => codes::ean8(without_check).ok(),
        12 => codes::upca(without_check).ok(),
        13 => codes::ean13(without_check).ok(),
        _ => None,
    }
}
