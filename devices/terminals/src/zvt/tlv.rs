//! The container of field 06: tag, length, value (PA00P015, chapter 9.4).

/// What a value is, by its tag.
pub mod tag {
    /// A line of text.
    pub const TEXT_LINE: u16 = 0x07;
    /// How the lines after it are printed.
    pub const LINE_ATTRIBUTE: u16 = 0x09;
    /// A command, inside [`PERMITTED_COMMANDS`].
    pub const COMMAND: u16 = 0x0a;
    /// Texts for a display: lines of text.
    pub const DISPLAY_TEXTS: u16 = 0x24;
    /// Texts for a printer: lines of text and their attributes.
    pub const PRINT_TEXTS: u16 = 0x25;
    /// The commands that the terminal may send.
    pub const PERMITTED_COMMANDS: u16 = 0x26;
    /// 1: the merchant's receipt, 2: the customer's, 3: neither's.
    pub const RECEIPT_TYPE: u16 = 0x1f07;
    /// How the cardholder was identified; 1 and 5 to 7: by signature.
    pub const CARDHOLDER_AUTHENTICATION: u16 = 0x1f10;
    /// 0: magnetic stripe, 1: chip, 2: contactless.
    pub const CARD_TECHNOLOGY: u16 = 0x1f12;
}

/// One value with its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// See [`tag`].
    pub tag: u16,
    /// As it came.
    pub value: &'a [u8],
}

/// The values of a container in order, up to the first that is not whole.
#[must_use]
pub fn parse(mut bytes: &[u8]) -> Vec<Tlv<'_>> {
    let mut found = Vec::new();
    while let Some((tlv, rest)) = next(bytes) {
        found.push(tlv);
        bytes = rest;
    }
    found
}

/// The first value with this tag.
#[must_use]
pub fn find(bytes: &[u8], tag: u16) -> Option<&[u8]> {
    parse(bytes)
        .into_iter()
        .find(|tlv| tlv.tag == tag)
        .map(|tlv| tlv.value)
}

/// One value as it goes over the wire.
#[must_use]
pub fn encode(tag: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = match u8::try_from(tag) {
        Ok(short) => vec![short],
        Err(_) => tag.to_be_bytes().to_vec(),
    };
    bytes.extend(encode_length(value.len()));
    bytes.extend(value);
    bytes
}

/// A length as it goes over the wire, its high byte first; at most 65535.
#[must_use]
pub fn encode_length(length: usize) -> Vec<u8> {
    match length {
        0..=0x7f => vec![u8::try_from(length).unwrap_or_default()],
        0x80..=0xff => vec![0x81, u8::try_from(length).unwrap_or_default()],
        _ => {
            let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
            vec![0x82, high, low]
        }
    }
}

/// A length and what comes after it.
#[must_use]
pub fn parse_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [length @ 0..=0x7f, rest @ ..] | [0x81, length, rest @ ..] => {
            Some((usize::from(*length), rest))
        }
        [0x82, high, low, rest @ ..] => {
            Some((usize::from(u16::from_be_bytes([*high, *low])), rest))
        }
        _ => None,
    }
}

fn next(bytes: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    let (tag, rest) = match bytes {
        // Five bits set: the tag goes on; a third byte where the second's highest bit is set.
        [first, second, third, ..] if first & 0x1f == 0x1f && second & 0x80 != 0 => {
            // Longer than any that is used here; it only has to be passed over.
            let _longer = third;
            (u16::MAX, &bytes[3..])
        }
        [first, second, rest @ ..] if first & 0x1f == 0x1f => {
            (u16::from_be_bytes([*first, *second]), rest)
        }
        [first, rest @ ..] if first & 0x1f != 0x1f => (u16::from(*first), rest),
        _ => return None,
    };
    let (length, rest) = parse_length(rest)?;
    let value = rest.get(..length)?;
    Some((Tlv { tag, value }, &rest[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_whatever_stands_between() {
        let mut bytes = encode(0x60, &[1, 2, 3]);
        bytes.extend([0x1f, 0x80, 0x01, 1, 9]);
        bytes.extend(encode(tag::RECEIPT_TYPE, &[2]));
        let long = vec![b'x'; 300];
        bytes.extend(encode(tag::TEXT_LINE, &long));
        assert_eq!(find(&bytes, tag::RECEIPT_TYPE), Some(&[2][..]));
        assert_eq!(find(&bytes, tag::TEXT_LINE), Some(long.as_slice()));
        assert_eq!(find(&bytes[..bytes.len() - 1], tag::TEXT_LINE), None);
    }
}
