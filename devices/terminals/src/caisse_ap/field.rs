//! Messages: fields one after another, each a tag of two characters, three digits that count the value's
//! characters, and the value. Nothing says where a message ends.

use std::fmt;

/// The longest message that is read; real ones have some 300 bytes.
const MESSAGE_BYTES_MAX: usize = 8 * 1024;
const TAG_BYTES: usize = 2;
const HEAD_BYTES: usize = 5;
const VALUE_CHARS_MAX: usize = 999;

/// What a field is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag(pub [u8; TAG_BYTES]);

impl Tag {
    /// The protocol's version; stands first.
    pub const VERSION: Self = Self(*b"CZ");
    /// Whose cash register software it is, by twelve digits.
    pub const REGISTER_KIND: Self = Self(*b"CJ");
    /// The cash register's number.
    pub const REGISTER: Self = Self(*b"CA");
    /// The amount in minor units, 2 to 12 digits.
    pub const AMOUNT: Self = Self(*b"CB");
    /// The kind of card.
    pub const CARD_KIND: Self = Self(*b"CC");
    /// What is done: 0 debit, 1 credit, 2 cancellation.
    pub const ACTION: Self = Self(*b"CD");
    /// The currency, by the three digits of ISO 4217.
    pub const CURRENCY: Self = Self(*b"CE");
    /// How the card was read.
    pub const ENTRY_MODE: Self = Self(*b"CI");
    /// The card's number, masked.
    pub const MASKED_PAN: Self = Self(*b"AA");
    /// The authorisation's number.
    pub const AUTHORISATION: Self = Self(*b"AC");
    /// Whether it was done: 10 yes, 01 no.
    pub const STATUS: Self = Self(*b"AE");
    /// Why it was not.
    pub const REASON: Self = Self(*b"AF");
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a terminal and a cash register say to each other.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Message {
    fields: Vec<(Tag, String)>,
}

/// Why bytes are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// It ends in the midst of a field; more may come.
    #[error("read a message of Caisse-AP: expected more after byte {at}, got its end")]
    Cut {
        /// Where the field that is cut begins.
        at: usize,
    },
    /// It is none and will not become one.
    #[error("read a message of Caisse-AP: expected {expected} at byte {at}, got something else")]
    Malformed {
        /// What was expected.
        expected: &'static str,
        /// Where.
        at: usize,
    },
}

impl Message {
    /// Adds a field. `None`: the value is empty, longer than 999 characters, or not printable ASCII.
    #[must_use]
    pub fn with(mut self, tag: Tag, value: &str) -> Option<Self> {
        let fits = (1..=VALUE_CHARS_MAX).contains(&value.len()) && value.bytes().all(is_printable);
        self.fields.push((tag, value.to_owned()));
        fits.then_some(self)
    }

    /// The first field with this tag.
    #[must_use]
    pub fn get(&self, tag: Tag) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| *known == tag)
            .map(|(_, value)| value.as_str())
    }

    /// As it goes over the wire.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (tag, value) in &self.fields {
            bytes.extend_from_slice(&tag.0);
            bytes.extend_from_slice(format!("{:03}", value.len()).as_bytes());
            bytes.extend_from_slice(value.as_bytes());
        }
        bytes
    }

    /// Reads a message that ends with the bytes.
    ///
    /// # Errors
    /// [`FieldError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, FieldError> {
        let malformed = |expected, at| Err(FieldError::Malformed { expected, at });
        if bytes.len() > MESSAGE_BYTES_MAX {
            return malformed("at most 8 KiB", MESSAGE_BYTES_MAX);
        }
        let mut message = Self::default();
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let tag = &rest[..rest.len().min(TAG_BYTES)];
            if !tag.iter().all(u8::is_ascii_alphanumeric) {
                return malformed("a tag of two letters or digits", at);
            }
            let digits = &rest[tag.len()..rest.len().min(HEAD_BYTES)];
            if !digits.iter().all(u8::is_ascii_digit) {
                return malformed("a length of three digits", at + TAG_BYTES);
            }
            let (&[first, second], Some(head)) = (tag, rest.get(..HEAD_BYTES)) else {
                return Err(FieldError::Cut { at });
            };
            let chars = head[TAG_BYTES..]
                .iter()
                .fold(0, |chars, digit| chars * 10 + usize::from(digit - b'0'));
            let end = HEAD_BYTES + chars;
            let value = &rest[HEAD_BYTES..rest.len().min(end)];
            if !value.iter().copied().all(is_printable) {
                return malformed("a value of printable ASCII", at + HEAD_BYTES);
            }
            if rest.len() < end {
                return Err(FieldError::Cut { at });
            }
            let value = String::from_utf8_lossy(value).into_owned();
            message.fields.push((Tag([first, second]), value));
            at += end;
        }
        Ok(message)
    }
}

/// The tags alone: values may be of a card.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.fields.iter().map(|(tag, _)| tag))
            .finish()
    }
}

fn is_printable(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_published_example_is_read() {
        let bytes = b"CZ0040320CJ012323540032810CA00201CB0042500CD0010CE003978";
        let message = Message::parse(bytes).unwrap();
        assert_eq!(message.get(Tag::AMOUNT), Some("2500"));
        assert_eq!(message.get(Tag::CURRENCY), Some("978"));
        assert_eq!(message.get(Tag::STATUS), None);
        assert_eq!(message.encode(), bytes);
        assert_eq!(format!("{message:?}"), "[CZ, CJ, CA, CB, CD, CE]");
    }

    #[test]
    fn what_is_no_message_is_refused_where_it_goes_wrong() {
        for (bytes, at) in [
            (&b"C\xff0040320"[..], 0),
            (b"CZ0x40320", 2),
            (b"CZ004032\n", 5),
            (b"CZ0040320  ", 9),
        ] {
            match Message::parse(bytes) {
                Err(FieldError::Malformed { at: got, .. }) => assert_eq!(got, at),
                other => panic!("{other:?}"),
            }
        }
        let long = vec![b'A'; MESSAGE_BYTES_MAX + 1];
        assert!(matches!(
            Message::parse(&long),
            Err(FieldError::Malformed { .. })
        ));
    }

    prop_compose! {
        fn field()(tag in "[A-Z]{2}", value in "[ -~]{1,40}") -> (Tag, String) {
            (Tag([tag.as_bytes()[0], tag.as_bytes()[1]]), value)
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_and_a_part_of_it_is_known_to_be_one(
            fields in prop::collection::vec(field(), 1..20),
            cut: prop::sample::Index,
        ) {
            let mut message = Message::default();
            let mut ends = vec![0];
            for (tag, value) in &fields {
                message = message.with(*tag, value).unwrap();
                ends.push(message.encode().len());
            }
            let bytes = message.encode();
            prop_assert_eq!(Message::parse(&bytes), Ok(message));
            let cut = cut.index(bytes.len());
            match Message::parse(&bytes[..cut]) {
                Ok(_) => prop_assert!(ends.contains(&cut)),
                Err(error) => prop_assert!(matches!(error, FieldError::Cut { .. }), "{:?}", error),
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(message) = Message::parse(&bytes) {
                prop_assert_eq!(message.encode(), bytes);
            }
        }
    }
}
