//! Bars of CODE128 and EAN-13, as runs of modules: bar, space, bar, and so on.

/// Symbols of CODE128 by value (ISO/IEC 15417, table 1): widths of three bars and three spaces.
#[rustfmt::skip]
const CODE128: [[u8; 6]; 106] = [
    [2, 1, 2, 2, 2, 2], [2, 2, 2, 1, 2, 2], [2, 2, 2, 2, 2, 1], [1, 2, 1, 2, 2, 3], [1, 2, 1, 3, 2, 2],
    [1, 3, 1, 2, 2, 2], [1, 2, 2, 2, 1, 3], [1, 2, 2, 3, 1, 2], [1, 3, 2, 2, 1, 2], [2, 2, 1, 2, 1, 3],
    [2, 2, 1, 3, 1, 2], [2, 3, 1, 2, 1, 2], [1, 1, 2, 2, 3, 2], [1, 2, 2, 1, 3, 2], [1, 2, 2, 2, 3, 1],
    [1, 1, 3, 2, 2, 2], [1, 2, 3, 1, 2, 2], [1, 2, 3, 2, 2, 1], [2, 2, 3, 2, 1, 1], [2, 2, 1, 1, 3, 2],
    [2, 2, 1, 2, 3, 1], [2, 1, 3, 2, 1, 2], [2, 2, 3, 1, 1, 2], [3, 1, 2, 1, 3, 1], [3, 1, 1, 2, 2, 2],
    [3, 2, 1, 1, 2, 2], [3, 2, 1, 2, 2, 1], [3, 1, 2, 2, 1, 2], [3, 2, 2, 1, 1, 2], [3, 2, 2, 2, 1, 1],
    [2, 1, 2, 1, 2, 3], [2, 1, 2, 3, 2, 1], [2, 3, 2, 1, 2, 1], [1, 1, 1, 3, 2, 3], [1, 3, 1, 1, 2, 3],
    [1, 3, 1, 3, 2, 1], [1, 1, 2, 3, 1, 3], [1, 3, 2, 1, 1, 3], [1, 3, 2, 3, 1, 1], [2, 1, 1, 3, 1, 3],
    [2, 3, 1, 1, 1, 3], [2, 3, 1, 3, 1, 1], [1, 1, 2, 1, 3, 3], [1, 1, 2, 3, 3, 1], [1, 3, 2, 1, 3, 1],
    [1, 1, 3, 1, 2, 3], [1, 1, 3, 3, 2, 1], [1, 3, 3, 1, 2, 1], [3, 1, 3, 1, 2, 1], [2, 1, 1, 3, 3, 1],
    [2, 3, 1, 1, 3, 1], [2, 1, 3, 1, 1, 3], [2, 1, 3, 3, 1, 1], [2, 1, 3, 1, 3, 1], [3, 1, 1, 1, 2, 3],
    [3, 1, 1, 3, 2, 1], [3, 3, 1, 1, 2, 1], [3, 1, 2, 1, 1, 3], [3, 1, 2, 3, 1, 1], [3, 3, 2, 1, 1, 1],
    [3, 1, 4, 1, 1, 1], [2, 2, 1, 4, 1, 1], [4, 3, 1, 1, 1, 1], [1, 1, 1, 2, 2, 4], [1, 1, 1, 4, 2, 2],
    [1, 2, 1, 1, 2, 4], [1, 2, 1, 4, 2, 1], [1, 4, 1, 1, 2, 2], [1, 4, 1, 2, 2, 1], [1, 1, 2, 2, 1, 4],
    [1, 1, 2, 4, 1, 2], [1, 2, 2, 1, 1, 4], [1, 2, 2, 4, 1, 1], [1, 4, 2, 1, 1, 2], [1, 4, 2, 2, 1, 1],
    [2, 4, 1, 2, 1, 1], [2, 2, 1, 1, 1, 4], [4, 1, 3, 1, 1, 1], [2, 4, 1, 1, 1, 2], [1, 3, 4, 1, 1, 1],
    [1, 1, 1, 2, 4, 2], [1, 2, 1, 1, 4, 2], [1, 2, 1, 2, 4, 1], [1, 1, 4, 2, 1, 2], [1, 2, 4, 1, 1, 2],
    [1, 2, 4, 2, 1, 1], [4, 1, 1, 2, 1, 2], [4, 2, 1, 1, 1, 2], [4, 2, 1, 2, 1, 1], [2, 1, 2, 1, 4, 1],
    [2, 1, 4, 1, 2, 1], [4, 1, 2, 1, 2, 1], [1, 1, 1, 1, 4, 3], [1, 1, 1, 3, 4, 1], [1, 3, 1, 1, 4, 1],
    [1, 1, 4, 1, 1, 3], [1, 1, 4, 3, 1, 1], [4, 1, 1, 1, 1, 3], [4, 1, 1, 3, 1, 1], [1, 1, 3, 1, 4, 1],
    [1, 1, 4, 1, 3, 1], [3, 1, 1, 1, 4, 1], [4, 1, 1, 1, 3, 1], [2, 1, 1, 4, 1, 2], [2, 1, 1, 2, 1, 4],
    [2, 1, 1, 2, 3, 2],
];
/// Two thirds of a bar more than any symbol, so that a reader knows the end.
const CODE128_STOP: [u8; 7] = [2, 3, 3, 1, 1, 1, 2];

/// Values of CODE128 that are no data.
const CODE_C: u8 = 99;
const CODE_B: u8 = 100;
const CODE_A: u8 = 101;
const FNC_1: u8 = 102;
const SHIFT: u8 = 98;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CodeSet {
    A,
    B,
    C,
}

/// The bars of a `GS k 73`, whose data names its code sets (`{A`, `{B`, `{C`; `{1` is FNC1, `{S`
/// shifts one character, `{{` is a brace). None where the data is not valid: a printer prints
/// nothing then.
pub(super) fn code128(data: &[u8]) -> Option<Vec<u8>> {
    let mut values: Vec<u8> = Vec::new();
    let mut set = None;
    let mut shifted = false;
    let mut rest = data;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first == b'{' {
            let (&selector, tail) = rest.split_first()?;
            rest = tail;
            match (selector, set) {
                (b'A' | b'B' | b'C', before) => {
                    let (next, start, switch) = match selector {
                        b'A' => (CodeSet::A, 103, CODE_A),
                        b'B' => (CodeSet::B, 104, CODE_B),
                        _ => (CodeSet::C, 105, CODE_C),
                    };
                    if before != Some(next) {
                        values.push(if before.is_none() { start } else { switch });
                    }
                    set = Some(next);
                }
                (b'1', Some(_)) => values.push(FNC_1),
                (b'S', Some(CodeSet::A | CodeSet::B)) => {
                    values.push(SHIFT);
                    shifted = true;
                }
                (b'{', Some(CodeSet::B)) => values.push(b'{' - 32),
                _ => return None,
            }
            continue;
        }
        values.push(value(first, set?, std::mem::take(&mut shifted))?);
    }
    let (&start, symbols) = values.split_first()?;
    let weighted: u32 = (1_u32..).zip(symbols).map(|(i, v)| i * u32::from(*v)).sum();
    values.push(((u32::from(start) + weighted) % 103) as u8);
    let bars = values.iter().flat_map(|value| CODE128[usize::from(*value)]);
    Some(bars.chain(CODE128_STOP).collect())
}

fn value(byte: u8, set: CodeSet, shifted: bool) -> Option<u8> {
    let set = match (set, shifted) {
        (CodeSet::A, true) => CodeSet::B,
        (CodeSet::B, true) => CodeSet::A,
        (set, _) => set,
    };
    match (set, byte) {
        // In set C one byte is a pair of digits, 0 to 99.
        (CodeSet::C, 0..=99) => Some(byte),
        (CodeSet::A, 0..=31) => Some(byte + 64),
        (CodeSet::A, 32..=95) | (CodeSet::B, 32..=127) => Some(byte - 32),
        _ => None,
    }
}

/// The printable text of `GS k 73` data, for the line under the bars.
pub(super) fn code128_text(data: &[u8]) -> String {
    let mut text = String::new();
    let mut in_set_c = false;
    let mut bytes = data.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' => match bytes.next() {
                Some(b'{') => text.push('{'),
                Some(set @ (b'A' | b'B' | b'C')) => in_set_c = *set == b'C',
                _ => {}
            },
            pair if in_set_c => text.push_str(&format!("{pair:02}")),
            _ => text.push(char::from(*byte)),
        }
    }
    text
}

/// The bars of an EAN-13 (GS1 General Specifications, section 5.2.1) from 12 digits, or 13 with a
/// right check digit; and its text. None where the data is neither.
pub(super) fn ean13(data: &[u8]) -> Option<(Vec<u8>, String)> {
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
    let mut digits: Vec<u8> = data
        .iter()
        .map(|byte| byte.is_ascii_digit().then(|| byte - b'0'))
        .collect::<Option<_>>()?;
    let weights = [1, 3].into_iter().cycle();
    let sum: u8 = digits
        .iter()
        .take(12)
        .zip(weights)
        .map(|(d, w)| d * w)
        .sum();
    let check = (10 - sum % 10) % 10;
    match digits.len() {
        12 => digits.push(check),
        13 if digits[12] == check => {}
        _ => return None,
    }
    let mut bars = vec![1, 1, 1];
    for (place, digit) in digits[1..7].iter().enumerate() {
        let mut widths = WIDTHS[usize::from(*digit)];
        if EVEN[usize::from(digits[0])] & (0b10_0000 >> place) != 0 {
            widths.reverse();
        }
        bars.extend(widths);
    }
    bars.extend([1, 1, 1, 1, 1]);
    bars.extend(
        digits[7..]
            .iter()
            .flat_map(|digit| WIDTHS[usize::from(*digit)]),
    );
    bars.extend([1, 1, 1]);
    let text = digits
        .iter()
        .map(|digit| char::from(b'0' + digit))
        .collect();
    Some((bars, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_is_eleven_modules_and_no_two_are_alike() {
        for (index, symbol) in CODE128.iter().enumerate() {
            assert_eq!(symbol.iter().sum::<u8>(), 11, "{index}");
            // Bars of a symbol come to an even number of modules, its self-check.
            assert_eq!((symbol[0] + symbol[2] + symbol[4]) % 2, 0, "{index}");
            assert!(!CODE128[..index].contains(symbol), "{index}");
        }
    }

    #[test]
    fn data_that_is_not_valid_gives_no_bars() {
        for data in [
            &b"AB"[..],
            b"",
            b"{",
            b"{Xabc",
            b"{Ba\x01",
            b"{Cd",
            b"{1{B",
            b"{A{{",
        ] {
            assert_eq!(code128(data), None, "{data:?}");
        }
        for data in [&b"12345"[..], b"4006381333930", b"40063813339x"] {
            assert_eq!(ean13(data), None, "{data:?}");
        }
    }

    #[test]
    fn the_text_leaves_out_what_only_switches() {
        assert_eq!(code128_text(b"{BNo. {C\x12\x05{B{{x"), "No. 1805{x");
        assert_eq!(ean13(b"400638133393").unwrap().1, "4006381333931");
    }
}
