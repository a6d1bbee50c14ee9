//! EAN-13, EAN-8 and UPC-A: digits with a check digit (GS1 General Specifications, section 5.2.1).

use super::{Bars, CodeError};

/// Left half, odd parity; the right half has the same widths, and even parity has them reversed.
const WIDTHS: [[u8; 4]; 10] = [
    [3, 2, 1, 1],
    [2, 2, 2, 1],
    [2, 1, 2, 2],
    [1, 4, 1, 1],
    [1, 1, 3, 2],
    [1, 2, 3, 1],
    [1, 1, 1, 4],
    [1, 3, 1, 2],
    [1, 2, 1, 3],
    [3, 1, 1, 2],
];
/// Even parity in the left half by the first digit, leftmost in the highest of six bits.
const EVEN: [u8; 10] = [
    0b00_0000, 0b00_1011, 0b00_1101, 0b00_1110, 0b01_0011, 0b01_1001, 0b01_1100, 0b01_0101,
    0b01_0110, 0b01_1010,
];

/// The bars of an EAN-13 from 12 digits, or 13 with a right check digit.
///
/// # Errors
/// [`CodeError`] where the data is neither.
pub fn ean13(data: &str) -> Result<Bars, CodeError> {
    let digits = checked("ean13", data, 12, "12 digits, or 13 with the check digit")?;
    Ok(Bars {
        runs: halves(&digits[1..7], &digits[7..], EVEN[usize::from(digits[0])]),
        text: text(&digits),
        quiet_left: 11,
        quiet_right: 7,
    })
}

/// The bars of a UPC-A from 11 digits, or 12 with a right check digit: an EAN-13 that begins with 0.
///
/// # Errors
/// [`CodeError`] where the data is neither.
pub fn upca(data: &str) -> Result<Bars, CodeError> {
    let digits = checked("upca", data, 11, "11 digits, or 12 with the check digit")?;
    Ok(Bars {
        runs: halves(&digits[..6], &digits[6..], 0),
        text: text(&digits),
        quiet_left: 9,
        quiet_right: 9,
    })
}

/// The bars of an EAN-8 from 7 digits, or 8 with a right check digit.
///
/// # Errors
/// [`CodeError`] where the data is neither.
pub fn ean8(data: &str) -> Result<Bars, CodeError> {
    let digits = checked("ean8", data, 7, "7 digits, or 8 with the check digit")?;
    Ok(Bars {
        runs: halves(&digits[..4], &digits[4..], 0),
        text: text(&digits),
        quiet_left: 7,
        quiet_right: 7,
    })
}

/// Guard, left half, middle guard, right half, guard.
fn halves(left: &[u8], right: &[u8], even: u8) -> Vec<u8> {
    let mut runs = vec![1, 1, 1];
    for (place, digit) in left.iter().enumerate() {
        let mut widths = WIDTHS[usize::from(*digit)];
        if even & (0b10_0000 >> place) != 0 {
            widths.reverse();
        }
        runs.extend(widths);
    }
    runs.extend([1; 5]);
    runs.extend(right.iter().flat_map(|digit| WIDTHS[usize::from(*digit)]));
    runs.extend([1, 1, 1]);
    runs
}

/// The digits with their check digit, computed where it is not given.
fn checked(
    code: &'static str,
    data: &str,
    without: usize,
    expected: &'static str,
) -> Result<Vec<u8>, CodeError> {
    let mut digits = super::two_widths::digits(code, data)?;
    if digits.len() != without && digits.len() != without + 1 {
        return Err(CodeError::Length {
            code,
            expected,
            got: digits.len(),
        });
    }
    // Weights alternate so that the last digit before the check digit counts three times.
    let sum: u32 = digits[..without]
        .iter()
        .rev()
        .zip([3, 1].into_iter().cycle())
        .map(|(digit, weight)| u32::from(*digit) * weight)
        .sum();
    let right = ((10 - sum % 10) % 10) as u8;
    match digits.get(without) {
        None => digits.push(right),
        Some(got) if *got != right => {
            return Err(CodeError::CheckDigit {
                code,
                data: data.to_owned(),
                expected: right,
                got: *got,
            });
        }
        Some(_) => {}
    }
    Ok(digits)
}

fn text(digits: &[u8]) -> String {
    digits.iter().map(|d| char::from(b'0' + d)).collect()
}
