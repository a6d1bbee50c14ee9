//! CODE39 and interleaved 2 of 5: codes of only narrow and wide bars.

use super::{Bars, CodeError, check_length};

/// Modules of a wide bar or space: the most that is allowed reads best.
pub(super) const WIDE: u8 = 3;
/// Modules that must be bare on either side of both codes (ISO/IEC 16388 and 16390, section 4.4).
const QUIET: u8 = 10;

/// Characters of CODE39 (ISO/IEC 16388, table 1) with the nine elements of each, bar first, a 1 for a
/// wide one. `*` starts and stops and is no data.
#[rustfmt::skip]
const CODE39: [(u8, u16); 44] = [
    (b'0', 0b0_0011_0100), (b'1', 0b1_0010_0001), (b'2', 0b0_0110_0001), (b'3', 0b1_0110_0000),
    (b'4', 0b0_0011_0001), (b'5', 0b1_0011_0000), (b'6', 0b0_0111_0000), (b'7', 0b0_0010_0101),
    (b'8', 0b1_0010_0100), (b'9', 0b0_0110_0100), (b'A', 0b1_0000_1001), (b'B', 0b0_0100_1001),
    (b'C', 0b1_0100_1000), (b'D', 0b0_0001_1001), (b'E', 0b1_0001_1000), (b'F', 0b0_0101_1000),
    (b'G', 0b0_0000_1101), (b'H', 0b1_0000_1100), (b'I', 0b0_0100_1100), (b'J', 0b0_0001_1100),
    (b'K', 0b1_0000_0011), (b'L', 0b0_0100_0011), (b'M', 0b1_0100_0010), (b'N', 0b0_0001_0011),
    (b'O', 0b1_0001_0010), (b'P', 0b0_0101_0010), (b'Q', 0b0_0000_0111), (b'R', 0b1_0000_0110),
    (b'S', 0b0_0100_0110), (b'T', 0b0_0001_0110), (b'U', 0b1_1000_0001), (b'V', 0b0_1100_0001),
    (b'W', 0b1_1100_0000), (b'X', 0b0_1001_0001), (b'Y', 0b1_1001_0000), (b'Z', 0b0_1101_0000),
    (b'-', 0b0_1000_0101), (b'.', 0b1_1000_0100), (b' ', 0b0_1100_0100), (b'$', 0b0_1010_1000),
    (b'/', 0b0_1010_0010), (b'+', 0b0_1000_1010), (b'%', 0b0_0010_1010), (b'*', 0b0_1001_0100),
];

/// The bars of a CODE39 with start and stop, without a check character; wide ones have 3 modules, the
/// gap between characters one.
///
/// # Errors
/// [`CodeError`] where the data is empty, too long or has a character the code has not.
pub fn code39(data: &str) -> Result<Bars, CodeError> {
    check_length("code39", data)?;
    let mut runs = Vec::new();
    let mut push = |elements: u16| {
        if !runs.is_empty() {
            runs.push(1);
        }
        runs.extend((0..9).rev().map(|bit| width(elements & (1 << bit) != 0)));
    };
    let elements = |wanted: char| {
        let found = CODE39.iter().find(|(c, _)| char::from(*c) == wanted);
        found.map(|(_, elements)| *elements)
    };
    let star = elements('*').unwrap_or_default();
    push(star);
    for (place, character) in data.chars().enumerate() {
        let known = elements(character).filter(|_| character != '*');
        push(known.ok_or(CodeError::Character {
            code: "code39",
            character,
            place: place + 1,
            expected: "A-Z, 0-9, space and - . $ / + %",
        })?);
    }
    push(star);
    Ok(Bars {
        runs,
        text: data.to_owned(),
        quiet_left: QUIET,
        quiet_right: QUIET,
    })
}

/// Elements of a digit of 2 of 5 (ISO/IEC 16390, table 1), a 1 for a wide one.
const TWO_OF_FIVE: [u8; 10] = [
    0b00110, 0b10001, 0b01001, 0b11000, 0b00101, 0b10100, 0b01100, 0b00011, 0b10010, 0b01010,
];

/// The bars of an interleaved 2 of 5: digits in pairs, one in the bars and one in the spaces; wide
/// ones have 3 modules. No check digit is added.
///
/// # Errors
/// [`CodeError`] where the data is no even number of digits.
pub fn itf(data: &str) -> Result<Bars, CodeError> {
    check_length("itf", data)?;
    let digits = digits("itf", data)?;
    if digits.len() % 2 == 1 {
        return Err(CodeError::Length {
            code: "itf",
            expected: "an even number of digits (put a 0 before them)",
            got: digits.len(),
        });
    }
    let mut runs = vec![1, 1, 1, 1];
    for pair in digits.chunks_exact(2) {
        let [bars, spaces] = [pair[0], pair[1]].map(|digit| TWO_OF_FIVE[usize::from(digit)]);
        for bit in (0..5).rev() {
            runs.push(width(bars & (1 << bit) != 0));
            runs.push(width(spaces & (1 << bit) != 0));
        }
    }
    runs.extend([WIDE, 1, 1]);
    Ok(Bars {
        runs,
        text: data.to_owned(),
        quiet_left: QUIET,
        quiet_right: QUIET,
    })
}

const fn width(wide: bool) -> u8 {
    if wide { WIDE } else { 1 }
}

/// The values of digits, and of nothing but digits.
pub(super) fn digits(code: &'static str, data: &str) -> Result<Vec<u8>, CodeError> {
    check_length(code, data)?;
    let digit = |(place, character): (usize, char)| {
        let digit = character.to_digit(10).map(|digit| digit as u8);
        digit.ok_or(CodeError::Character {
            code,
            character,
            place: place + 1,
            expected: "the digits 0-9",
        })
    };
    data.chars().enumerate().map(digit).collect()
}
