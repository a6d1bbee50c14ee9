//! CODE128: any ASCII text, digits in pairs.

use super::{Bars, CodeError, check_length};

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
/// The start symbols of the sets A, B and C are 103 to 105.
const START_A: u8 = 103;
/// Modules that must be bare on either side (ISO/IEC 15417, section 4.3.5).
const QUIET: u8 = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CodeSet {
    A,
    B,
    C,
}

impl CodeSet {
    const ALL: [Self; 3] = [Self::A, Self::B, Self::C];

    const fn switch(self) -> u8 {
        match self {
            Self::A => CODE_A,
            Self::B => CODE_B,
            Self::C => CODE_C,
        }
    }
}

/// The bars of an ASCII text with as few symbols as can be.
///
/// # Errors
/// [`CodeError`] where it is empty, too long or has a character beyond ASCII.
pub fn code128(data: &str) -> Result<Bars, CodeError> {
    check_length("code128", data)?;
    if let Some((place, character)) = data.chars().enumerate().find(|(_, c)| !c.is_ascii()) {
        return Err(CodeError::Character {
            code: "code128",
            character,
            place: place + 1,
            expected: "ASCII characters",
        });
    }
    let values = shortest(data.as_bytes());
    // Data and checksum are all in range.
    let mut bars = code128_values(&values).ok_or(CodeError::Empty)?;
    // What cannot be seen is left out of the line under the bars.
    bars.text = data.chars().filter(|c| !c.is_ascii_control()).collect();
    Ok(bars)
}

/// Start symbol and data, shortest by going backwards: from each place and set the cheapest way to the
/// end is known from the places after it.
fn shortest(data: &[u8]) -> Vec<u8> {
    // Symbols still needed from a place on when it is reached in a set, and how many bytes the next
    // symbol takes in which set, shifted or not.
    #[derive(Clone, Copy)]
    struct Step {
        cost: usize,
        set: CodeSet,
        bytes: usize,
        shifted: bool,
    }
    let end = Step {
        cost: 0,
        set: CodeSet::B,
        bytes: 0,
        shifted: false,
    };
    let mut steps = vec![[end; 3]; data.len() + 1];
    for place in (0..data.len()).rev() {
        for from in CodeSet::ALL {
            let mut best = Step {
                cost: usize::MAX,
                ..end
            };
            // The set one is in comes first, so that none is left without a reason.
            let others = CodeSet::ALL.into_iter().filter(|set| *set != from);
            for set in std::iter::once(from).chain(others) {
                let ways = match set {
                    CodeSet::C => [Some((2, false)), None],
                    _ => [Some((1, false)), Some((1, true))],
                };
                for (bytes, shifted) in ways.into_iter().flatten() {
                    let Some(next) = steps.get(place + bytes) else {
                        continue;
                    };
                    if symbol(&data[place..place + bytes], set, shifted).is_none() {
                        continue;
                    }
                    let here = 1 + usize::from(set != from) + usize::from(shifted);
                    let cost = here + next[set as usize].cost;
                    if cost < best.cost {
                        best = Step {
                            cost,
                            set,
                            bytes,
                            shifted,
                        };
                    }
                }
            }
            steps[place][from as usize] = best;
        }
    }
    let mut values = Vec::new();
    let mut set = None;
    let mut place = 0;
    while place < data.len() {
        // The start symbol costs the same in each set, so that of the cheapest start is taken.
        let start = || {
            let cheapest = CodeSet::ALL
                .into_iter()
                .min_by_key(|set| (steps[place][*set as usize].cost, *set != CodeSet::B));
            cheapest.unwrap_or(CodeSet::B)
        };
        let from = set.unwrap_or_else(|| {
            let first = start();
            values.push(START_A + first as u8);
            first
        });
        let step = steps[place][from as usize];
        if step.set != from {
            values.push(step.set.switch());
        }
        if step.shifted {
            values.push(SHIFT);
        }
        let bytes = &data[place..place + step.bytes];
        values.extend(symbol(bytes, step.set, step.shifted));
        set = Some(step.set);
        place += step.bytes;
    }
    values
}

/// The value of one byte in set A or B, or of two digits in set C.
fn symbol(bytes: &[u8], set: CodeSet, shifted: bool) -> Option<u8> {
    match (set, bytes) {
        (CodeSet::C, [tens @ b'0'..=b'9', ones @ b'0'..=b'9']) => {
            Some((tens - b'0') * 10 + (ones - b'0'))
        }
        (CodeSet::A | CodeSet::B, [byte]) => value(*byte, set, shifted),
        _ => None,
    }
}

/// The bars of symbols by their values, a start symbol (103 to 105) first; checksum and stop are
/// added. The text is left empty. None where a value is out of place.
#[must_use]
pub fn code128_values(values: &[u8]) -> Option<Bars> {
    let (&start, symbols) = values.split_first()?;
    if !(START_A..=START_A + 2).contains(&start) || symbols.iter().any(|value| *value > FNC_1) {
        return None;
    }
    let weighted: usize = (1..)
        .zip(symbols)
        .map(|(weight, value)| weight * usize::from(*value))
        .sum();
    let check = ((usize::from(start) + weighted) % 103) as u8;
    let all = values.iter().chain(std::iter::once(&check));
    let runs = all.flat_map(|value| CODE128[usize::from(*value)]);
    Some(Bars {
        runs: runs.chain(CODE128_STOP).collect(),
        text: String::new(),
        quiet_left: QUIET,
        quiet_right: QUIET,
    })
}

/// The bars of an ESC/POS `GS k 73`, whose data names its code sets (`{A`, `{B`, `{C`; `{1` is FNC1,
/// `{S` shifts one character, `{{` is a brace). None where the data is not valid: a printer prints
/// nothing then.
#[must_use]
pub fn code128_escpos(data: &[u8]) -> Option<Bars> {
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
                    let next = CodeSet::ALL[usize::from(selector - b'A')];
                    if before != Some(next) {
                        let start = START_A + next as u8;
                        values.push(if before.is_none() {
                            start
                        } else {
                            next.switch()
                        });
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
    let mut bars = code128_values(&values)?;
    bars.text = code128_escpos_text(data);
    Some(bars)
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
#[must_use]
pub fn code128_escpos_text(data: &[u8]) -> String {
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

#[cfg(test)]
pub(super) const SYMBOLS: &[[u8; 6]] = &CODE128;
