//! Fields of a packet: a number, then a value whose length the number tells (PA00P015, chapter 9).
//!
//! A field of an unknown number has an unknown length, so what comes after it is found by trying:
//! from each later place the rest is read to its very end, and what all such readings agree on
//! counts. A terminal's new field must not hide its result.

use super::tlv;

/// What a value is, by its number.
pub mod number {
    /// In minor units, 6 bytes of digits.
    pub const AMOUNT: u8 = 0x04;
    /// A [`super::super::tlv`] container.
    pub const TLV: u8 = 0x06;
    /// 3 bytes of digits.
    pub const TRACE: u8 = 0x0b;
    /// Hours, minutes, seconds, 3 bytes of digits.
    pub const TIME: u8 = 0x0c;
    /// Month, day, 2 bytes of digits.
    pub const DATE: u8 = 0x0d;
    /// With digits hidden as the half byte E.
    pub const CARD_NUMBER: u8 = 0x22;
    /// 0: approved.
    pub const RESULT_CODE: u8 = 0x27;
    /// 4 bytes of digits.
    pub const TERMINAL_ID: u8 = 0x29;
    /// Of the transaction that was taken back, 3 bytes of digits.
    pub const ORIGINAL_TRACE: u8 = 0x37;
    /// The issuer's, 8 bytes of text.
    pub const AUTHORISATION_CODE: u8 = 0x3b;
    /// Text.
    pub const ADDITIONAL_TEXT: u8 = 0x3c;
    /// ISO 4217, 2 bytes of digits.
    pub const CURRENCY: u8 = 0x49;
    /// 2 bytes of digits.
    pub const RECEIPT: u8 = 0x87;
    /// One byte.
    pub const CARD_TYPE: u8 = 0x8a;
    /// Text.
    pub const CARD_NAME: u8 = 0x8b;
}

/// Places from which the rest is tried after a field of unknown number.
const PLACES_MAX: usize = 512;

enum Length {
    Fixed(usize),
    /// Two half bytes after F each: `F1 F6` is 16.
    Llvar,
    /// Three of them.
    Lllvar,
    Tlv,
}

/// Chapter 9, "Summary of utilised bitmaps".
const fn length_of(number: u8) -> Option<Length> {
    Some(match number {
        0x01..=0x03
        | 0x05
        | 0x19
        | 0x27
        | 0x8a
        | 0x8c
        | 0xa0
        | 0xd0
        | 0xd2
        | 0xd3
        | 0xe0
        | 0xe9
        | 0xea
        | 0xf0
        | 0xf9..=0xfc => Length::Fixed(1),
        0x0d | 0x0e | 0x17 | 0x3a | 0x49 | 0x87 => Length::Fixed(2),
        0x0b | 0x0c | 0x37 | 0x3d | 0x88 | 0xaa => Length::Fixed(3),
        0x29 => Length::Fixed(4),
        0xba => Length::Fixed(5),
        0x04 => Length::Fixed(6),
        0x3b | 0xeb => Length::Fixed(8),
        0x2a => Length::Fixed(15),
        0x22 | 0x23 | 0x2d | 0x8b | 0xa7 | 0xd1 | 0xe1..=0xe8 | 0xf1..=0xf8 => Length::Llvar,
        0x24 | 0x2e | 0x3c | 0x60 | 0x92 | 0x9a | 0xaf => Length::Lllvar,
        0x06 => Length::Tlv,
        _ => return None,
    })
}

/// The fields of a packet, each number once.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Fields {
    list: Vec<(u8, Vec<u8>)>,
}

/// Without the values, which may hold what is kept nowhere.
impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let numbers = self.list.iter().map(|(number, _)| number);
        f.debug_list().entries(numbers).finish()
    }
}

impl Fields {
    /// Reads what can be read.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let (mut list, stopped) = read(bytes);
        // What is cut off, in place of unknown, has nothing behind it.
        if let Some(at) = stopped.filter(|at| length_of(bytes[*at]).is_none()) {
            list.extend(agreed_on(&bytes[at + 1..], &list));
        }
        let list = list
            .into_iter()
            .map(|(number, value)| (number, value.to_vec()))
            .collect();
        Self { list }
    }

    /// The value of a number.
    #[must_use]
    pub fn get(&self, number: u8) -> Option<&[u8]> {
        self.list
            .iter()
            .find(|(other, _)| *other == number)
            .map(|(_, value)| value.as_slice())
    }

    /// The value of a number as one byte.
    #[must_use]
    pub fn byte(&self, number: u8) -> Option<u8> {
        self.get(number)?.first().copied()
    }

    /// The value of a number as digits.
    #[must_use]
    pub fn digits(&self, number: u8) -> Option<u64> {
        super::bcd::decode(self.get(number)?)
    }

    /// Adds a value. Its length must be that of its number; one of an unknown number is added as it is.
    #[must_use]
    pub fn with(mut self, number: u8, value: &[u8]) -> Self {
        self.list.push((number, value.to_vec()));
        self
    }

    /// As they go over the wire.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (number, value) in &self.list {
            bytes.push(*number);
            match length_of(*number) {
                Some(Length::Llvar) => bytes.extend(decimal_length(value.len(), 2)),
                Some(Length::Lllvar) => bytes.extend(decimal_length(value.len(), 3)),
                Some(Length::Tlv) => bytes.extend(tlv::encode_length(value.len())),
                Some(Length::Fixed(_)) | None => {}
            }
            bytes.extend(value);
        }
        bytes
    }
}

type Reading<'a> = Vec<(u8, &'a [u8])>;

/// Reads from the start, up to a field that cannot be read; says where that is. Of a number that comes
/// twice the first value counts.
fn read(bytes: &[u8]) -> (Reading<'_>, Option<usize>) {
    let mut found: Reading<'_> = Vec::new();
    let mut rest = bytes;
    while let [number, after @ ..] = rest {
        let Some((value, after)) = value_of(*number, after) else {
            return (found, Some(bytes.len() - rest.len()));
        };
        if !found.iter().any(|(other, _)| other == number) {
            found.push((*number, value));
        }
        rest = after;
    }
    (found, None)
}

/// Reads from the start to the very end, each number once and none that was there before.
fn read_strictly<'a>(bytes: &'a [u8], before: &[(u8, &[u8])]) -> Option<Reading<'a>> {
    let mut found: Reading<'a> = Vec::new();
    let mut rest = bytes;
    while let [number, after @ ..] = rest {
        if before
            .iter()
            .chain(&found)
            .any(|(other, _)| other == number)
        {
            return None;
        }
        let (value, after) = value_of(*number, after)?;
        found.push((*number, value));
        rest = after;
    }
    Some(found)
}

fn value_of(number: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match length_of(number)? {
        Length::Fixed(length) => (length, bytes),
        Length::Llvar => parse_decimal_length(bytes, 2)?,
        Length::Lllvar => parse_decimal_length(bytes, 3)?,
        Length::Tlv => tlv::parse_length(bytes)?,
    };
    Some((rest.get(..length)?, &rest[length..]))
}

/// What all readings to the very end agree on.
fn agreed_on<'a>(bytes: &'a [u8], before: &[(u8, &[u8])]) -> Reading<'a> {
    let readings: Vec<Reading<'a>> = (0..bytes.len().min(PLACES_MAX))
        .filter_map(|start| read_strictly(&bytes[start..], before))
        .collect();
    let mut agreed: Reading<'a> = Vec::new();
    for (number, value) in readings.iter().flatten() {
        let others = || {
            readings
                .iter()
                .flatten()
                .filter(|(other, _)| other == number)
        };
        let known = agreed.iter().any(|(other, _)| other == number);
        if !known && others().all(|(_, other)| other == value) {
            agreed.push((*number, value));
        }
    }
    agreed
}

fn parse_decimal_length(bytes: &[u8], digits: usize) -> Option<(usize, &[u8])> {
    let length = bytes.get(..digits)?.iter().try_fold(0, |length, byte| {
        matches!(byte, 0xf0..=0xf9).then(|| length * 10 + usize::from(byte & 0xf))
    })?;
    Some((length, &bytes[digits..]))
}

fn decimal_length(length: usize, digits: u32) -> Vec<u8> {
    (0..digits)
        .rev()
        .map(|place| 0xf0 | u8::try_from(length / 10_usize.pow(place) % 10).unwrap_or_default())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_two_and_three_digits_come_back() {
        let fields = Fields::default()
            .with(number::RESULT_CODE, &[0])
            .with(number::CARD_NAME, b"girocard\0")
            .with(number::ADDITIONAL_TEXT, &[b'x'; 123])
            .with(number::TLV, &[7; 200]);
        let bytes = fields.encode();
        assert!(bytes.starts_with(&[0x27, 0, 0x8b, 0xf0, 0xf9]));
        assert_eq!(Fields::parse(&bytes), fields);
    }

    #[test]
    fn an_unknown_field_does_not_hide_what_follows() {
        let rest = Fields::default()
            .with(number::RESULT_CODE, &[5])
            .with(number::AMOUNT, &[0, 0, 0, 0, 0x12, 0x50])
            .with(number::RECEIPT, &[0, 7])
            .encode();
        // The unknown field's value may look like fields, also like an approval.
        for unknown in [
            &[0x51][..],
            &[0x51, 1],
            &[0x51, 0x27, 0],
            &[0x51, 0x27, 0, 0x19],
        ] {
            let fields = Fields::parse(&[unknown, &rest].concat());
            assert_eq!(fields.byte(number::RESULT_CODE), Some(5), "{unknown:?}");
            assert_eq!(fields.digits(number::RECEIPT), Some(7), "{unknown:?}");
        }
    }

    #[test]
    fn what_is_cut_off_is_not_read() {
        let bytes = Fields::default()
            .with(number::RESULT_CODE, &[0])
            .with(number::AMOUNT, &[0; 6])
            .encode();
        let fields = Fields::parse(&bytes[..bytes.len() - 1]);
        assert_eq!(fields.byte(number::RESULT_CODE), Some(0));
        assert_eq!(fields.get(number::AMOUNT), None);
    }
}
