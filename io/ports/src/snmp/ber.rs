//! As much of SNMP version 2c and its encoding (X.690, BER) as one question and its answer take.
//!
//! Written here because the crates for it bring an ASN.1 parser in a second version and an event loop or
//! a C library for what comes to two messages.

/// A value of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A whole number of any kind.
    Integer(i64),
    /// Bytes, or text.
    Octets(Vec<u8>),
    /// Anything else; "no such object" among it.
    Other,
}

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const COUNTER32: u8 = 0x41;
const GAUGE32: u8 = 0x42;
const TIME_TICKS: u8 = 0x43;
const GET_REQUEST: u8 = 0xa0;
const GET_NEXT_REQUEST: u8 = 0xa1;
const RESPONSE: u8 = 0xa2;
/// The number of version 2c.
const VERSION_2C: i64 = 1;
/// Sub-identifiers of one name that are read (RFC 2578, section 3.5).
const SUB_IDENTIFIERS_MAX: usize = 128;

/// A GetRequest for names; at most as many as fit a datagram.
pub(super) fn get(id: i32, names: &[&[u32]]) -> Vec<u8> {
    message(GET_REQUEST, id, names)
}

/// A GetNextRequest for the name after one.
pub(super) fn get_next(id: i32, name: &[u32]) -> Vec<u8> {
    message(GET_NEXT_REQUEST, id, &[name])
}

fn message(kind: u8, id: i32, names: &[&[u32]]) -> Vec<u8> {
    let bindings: Vec<u8> = names
        .iter()
        .flat_map(|name| element(SEQUENCE, &[name_element(name), vec![NULL, 0]].concat()))
        .collect();
    let zero = integer(0);
    let pdu = [
        integer(i64::from(id)),
        zero.clone(),
        zero,
        element(SEQUENCE, &bindings),
    ]
    .concat();
    let parts = [
        integer(VERSION_2C),
        element(OCTET_STRING, b"public"),
        element(kind, &pdu),
    ];
    element(SEQUENCE, &parts.concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match content.len() {
        short @ 0..=0x7f => bytes.push(short as u8),
        long => {
            bytes.push(0x82);
            bytes.extend_from_slice(&(long as u16).to_be_bytes());
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

fn integer(value: i64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    // As few as keep the sign.
    let redundant = bytes
        .windows(2)
        .take_while(|pair| (pair[0] == 0 && pair[1] < 0x80) || (pair[0] == 0xff && pair[1] >= 0x80))
        .count();
    element(INTEGER, &bytes[redundant..])
}

fn name_element(name: &[u32]) -> Vec<u8> {
    let mut content = Vec::new();
    let [first, second, rest @ ..] = name else {
        return element(OBJECT_IDENTIFIER, &content);
    };
    for number in std::iter::once(first * 40 + second).chain(rest.iter().copied()) {
        let groups = (32 - number.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let more = if group > 0 { 0x80 } else { 0 };
            content.push((number >> (7 * group) & 0x7f) as u8 | more);
        }
    }
    element(OBJECT_IDENTIFIER, &content)
}

/// The names and values of the answer to question `id`; `None` for any other datagram.
pub(super) fn answer(datagram: &[u8], id: i32) -> Option<Vec<(Vec<u32>, Value)>> {
    let mut message = Reader(datagram).enter(SEQUENCE)?;
    let (_version, _community) = (message.next()?, message.next()?);
    let mut pdu = message.enter(RESPONSE)?;
    if number(pdu.tagged(INTEGER)?) != Some(i64::from(id)) {
        return None;
    }
    let error = number(pdu.tagged(INTEGER)?)?;
    let _index = pdu.next()?;
    let mut bindings = pdu.enter(SEQUENCE)?;
    let mut values = Vec::new();
    while !bindings.0.is_empty() {
        let mut binding = bindings.enter(SEQUENCE)?;
        let name = identifier(binding.tagged(OBJECT_IDENTIFIER)?)?;
        let (tag, content) = binding.next()?;
        values.push((
            name,
            match tag {
                _ if error != 0 => Value::Other,
                INTEGER | COUNTER32 | GAUGE32 | TIME_TICKS => Value::Integer(number(content)?),
                OCTET_STRING => Value::Octets(content.to_vec()),
                _ => Value::Other,
            },
        ));
    }
    Some(values)
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The next element's tag and content.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let [tag, length, rest @ ..] = self.0 else {
            return None;
        };
        let (length, rest) = match *length {
            short @ 0..=0x7f => (usize::from(short), rest),
            long => {
                let digits = usize::from(long & 0x7f);
                if digits > 3 {
                    return None;
                }
                let (length, rest) = rest.split_at_checked(digits)?;
                let sum = |sum, byte: &u8| sum << 8 | usize::from(*byte);
                (length.iter().fold(0, sum), rest)
            }
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, content))
    }

    fn tagged(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.next()
            .and_then(|(tag, content)| (tag == wanted).then_some(content))
    }

    fn enter(&mut self, wanted: u8) -> Option<Self> {
        self.tagged(wanted).map(Self)
    }
}

fn number(content: &[u8]) -> Option<i64> {
    let first = *content.first()?;
    if content.len() > 8 {
        return None;
    }
    let sign = if first >= 0x80 { -1 } else { 0 };
    Some(
        content
            .iter()
            .fold(sign, |sum, byte| sum << 8 | i64::from(*byte)),
    )
}

fn identifier(content: &[u8]) -> Option<Vec<u32>> {
    let mut name = Vec::new();
    let mut number: u32 = 0;
    for byte in content {
        number = number.checked_mul(0x80)? | u32::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        if name.is_empty() {
            let first = (number / 40).min(2);
            name.extend([first, number - first * 40]);
        } else {
            name.push(number);
        }
        number = 0;
        if name.len() > SUB_IDENTIFIERS_MAX {
            return None;
        }
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_question_is_encoded_as_in_the_books() {
        // As net-snmp sends it for `snmpget -v2c -c public host 1.3.6.1.2.1.1.3.0`, request id 1.
        let wanted =
            b"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x01\x01\x02\x01\x00\x02\x01\x00\
            \x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x05\x00";
        assert_eq!(get(1, &[&[1, 3, 6, 1, 2, 1, 1, 3, 0]]), wanted);
    }

    #[test]
    fn an_answer_is_read_and_that_to_another_question_is_not() {
        let bindings = [
            element(
                SEQUENCE,
                &[name_element(&[1, 3, 6, 1, 300]), integer(-129)].concat(),
            ),
            element(
                SEQUENCE,
                &[name_element(&[1, 3, 1]), element(OCTET_STRING, &[7; 200])].concat(),
            ),
            element(SEQUENCE, &[name_element(&[2, 5]), vec![0x80, 0]].concat()),
        ];
        let pdu = [
            integer(77),
            integer(0),
            integer(0),
            element(SEQUENCE, &bindings.concat()),
        ];
        let message = element(
            SEQUENCE,
            &[
                integer(1),
                element(OCTET_STRING, b"public"),
                element(RESPONSE, &pdu.concat()),
            ]
            .concat(),
        );
        let wanted = vec![
            (vec![1, 3, 6, 1, 300], Value::Integer(-129)),
            (vec![1, 3, 1], Value::Octets(vec![7; 200])),
            (vec![2, 5], Value::Other),
        ];
        assert_eq!(answer(&message, 77), Some(wanted));
        assert_eq!(answer(&message, 78), None);
        for end in 0..message.len() {
            assert_eq!(answer(&message[..end], 77), None, "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn numbers_come_back(value: i64) {
            let bytes = integer(value);
            prop_assert_eq!(number(&bytes[2..]), Some(value));
        }

        #[test]
        fn no_datagram_does_harm(datagram: Vec<u8>) {
            let _read_or_not = answer(&datagram, 1);
        }

        #[test]
        fn no_damage_does_harm(at in 0usize..40, byte: u8) {
            let mut message = get(1, &[&[1, 3, 6, 1, 2, 1, 1, 3, 0]]);
            message[13] = RESPONSE;
            let at = at % message.len();
            message[at] = byte;
            let _read_or_not = answer(&message, 1);
        }
    }
}
