//! Questions and answers of the Internet Printing Protocol (RFC 8010, RFC 8011), as this port uses them.

use std::io::Cursor;

use hyper::body::Bytes;
use ipp::attribute::{IppAttribute, IppAttributeGroup};
use ipp::model::{DelimiterTag, IppVersion, Operation};
use ipp::parser::{IppParseError, IppParser};
use ipp::request::IppRequestResponse;
use ipp::value::{IppName, IppValue};

/// What the jobs' owner is called; the owner may cancel them.
const USER: &str = "cueline";

/// How deep collections may be nested; those that are defined come to three.
const DEPTH_MAX: usize = 16;

/// A question about to be asked.
pub(crate) struct Question(IppRequestResponse);

impl Question {
    /// A question to one printer or queue.
    pub(crate) fn new(operation: Operation, printer_uri: &str) -> Result<Self, IppParseError> {
        Self::bare(operation)?
            .operation("printer-uri", IppValue::new_uri(printer_uri)?)?
            .operation(
                "requesting-user-name",
                IppValue::new_name_without_language(USER)?,
            )
    }

    /// A question to a server about all it has.
    pub(crate) fn bare(operation: Operation) -> Result<Self, IppParseError> {
        IppRequestResponse::new(IppVersion::v1_1(), operation, None).map(Self)
    }

    /// Adds an operation attribute.
    pub(crate) fn operation(self, name: &str, value: IppValue) -> Result<Self, IppParseError> {
        self.with(DelimiterTag::OperationAttributes, name, value)
    }

    /// Adds a job template attribute.
    pub(crate) fn job(self, name: &str, value: IppValue) -> Result<Self, IppParseError> {
        self.with(DelimiterTag::JobAttributes, name, value)
    }

    /// Asks for these attributes only.
    pub(crate) fn only(self, names: &[&str]) -> Result<Self, IppParseError> {
        let keywords: Result<Vec<_>, _> = names
            .iter()
            .map(|name| IppValue::new_keyword(*name))
            .collect();
        self.operation("requested-attributes", IppValue::Array(keywords?))
    }

    /// The bytes to send, a document after them.
    pub(crate) fn into_bytes(self, document: &[u8]) -> Bytes {
        let message = self.0.to_bytes();
        if document.is_empty() {
            return message;
        }
        [&message, document].concat().into()
    }

    fn with(
        mut self,
        group: DelimiterTag,
        name: &str,
        value: IppValue,
    ) -> Result<Self, IppParseError> {
        let attribute = IppAttribute::new(IppName::new(name)?, value);
        self.0.attributes_mut().add(group, attribute);
        Ok(self)
    }
}

/// What was answered.
pub(crate) struct Answer(IppRequestResponse);

impl Answer {
    /// Reads an answer.
    pub(crate) fn parse(bytes: Bytes) -> Result<Self, IppParseError> {
        if !is_shallow(&bytes) {
            return Err(IppParseError::InvalidCollection);
        }
        let parser = IppParser::new(ipp::reader::IppReader::new(Cursor::new(bytes)));
        parser.parse().map(Self)
    }

    /// The status (RFC 8011, section B.1): below 100 hexadecimal it was done.
    pub(crate) fn status(&self) -> u16 {
        self.0.header().operation_or_status.cast_unsigned()
    }

    /// What it says about its status.
    pub(crate) fn message(&self) -> Option<String> {
        let group = self
            .0
            .attributes()
            .first_of(DelimiterTag::OperationAttributes)?;
        Attributes(group).text("status-message")
    }

    /// The printer's attributes.
    pub(crate) fn printer(&self) -> Option<Attributes<'_>> {
        self.printers().next()
    }

    /// The attributes of each printer.
    pub(crate) fn printers(&self) -> impl Iterator<Item = Attributes<'_>> {
        self.0
            .attributes()
            .groups_of(DelimiterTag::PrinterAttributes)
            .map(Attributes)
    }

    /// The job's attributes.
    pub(crate) fn job(&self) -> Option<Attributes<'_>> {
        let group = self.0.attributes().first_of(DelimiterTag::JobAttributes)?;
        Some(Attributes(group))
    }
}

/// Whether no collection is nested deeper than [`DEPTH_MAX`]: the values are built, and dropped, by
/// recursion. What is no message at all is left for the parser to say.
fn is_shallow(message: &[u8]) -> bool {
    const BEGIN_COLLECTION: u8 = 0x34;
    const END_COLLECTION: u8 = 0x37;
    const END_OF_ATTRIBUTES: u8 = 3;
    let mut rest = message.get(8..).unwrap_or_default();
    let mut depth: usize = 0;
    while let [tag, after @ ..] = rest {
        rest = after;
        match *tag {
            END_OF_ATTRIBUTES => break,
            0..0x10 => continue,
            BEGIN_COLLECTION => depth += 1,
            END_COLLECTION => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return false;
        }
        // A name and a value, each after its length in two bytes.
        for _ in 0..2 {
            let Some((length, after)) = rest.split_first_chunk() else {
                return true;
            };
            let Some(after) = after.get(usize::from(u16::from_be_bytes(*length))..) else {
                return true;
            };
            rest = after;
        }
    }
    true
}

/// One group of attributes.
#[derive(Clone, Copy)]
pub(crate) struct Attributes<'a>(&'a IppAttributeGroup);

impl<'a> Attributes<'a> {
    /// All values of an attribute; none if it is not there.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a IppValue> + use<'a> {
        let value = self.0.get(name).map(IppAttribute::value);
        let (one, many): (_, &[IppValue]) = match value {
            Some(IppValue::Array(values)) => (None, values),
            other => (other, &[]),
        };
        one.into_iter().chain(many)
    }

    /// Whether it is there at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    /// The texts among the values: keywords, names, texts, URIs, MIME types.
    pub(crate) fn texts(&self, name: &str) -> impl Iterator<Item = String> + use<'a> {
        self.values(name).filter_map(text_of)
    }

    /// The first text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.texts(name).next()
    }

    /// The first whole number or enumeration.
    pub(crate) fn number(&self, name: &str) -> Option<i32> {
        self.numbers(name).next()
    }

    /// The whole numbers and enumerations.
    pub(crate) fn numbers(&self, name: &str) -> impl Iterator<Item = i32> + use<'a> {
        self.values(name).filter_map(|value| match value {
            IppValue::Integer(number) | IppValue::Enum(number) => Some(*number),
            _ => None,
        })
    }

    /// The first yes or no.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.values(name).find_map(|value| match value {
            IppValue::Boolean(flag) => Some(*flag),
            _ => None,
        })
    }
}

/// A value as text, where it is one; control characters are left out.
pub(crate) fn text_of(value: &IppValue) -> Option<String> {
    let text = match value {
        IppValue::Keyword(text) => text.as_str(),
        IppValue::NameWithoutLanguage(text) => text.as_str(),
        IppValue::NameWithLanguage { name, .. } => name.as_str(),
        IppValue::TextWithoutLanguage(_) | IppValue::TextWithLanguage { .. } => {
            return Some(printable(&value.to_string()));
        }
        IppValue::Uri(text) | IppValue::UriScheme(text) => text.as_str(),
        IppValue::MimeMediaType(text) => text.as_str(),
        _ => return None,
    };
    Some(printable(text))
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(400).collect()
}

#[cfg(test)]
mod tests {
    use ipp::model::StatusCode;
    use proptest::prelude::*;

    use super::*;

    fn answer_bytes() -> Vec<u8> {
        let mut answer =
            IppRequestResponse::new_response(IppVersion::v1_1(), StatusCode::SuccessfulOk, 1)
                .unwrap();
        let resolution = IppValue::new_resolution(203, 203, 3);
        let ranges = IppValue::Array(vec![
            IppValue::Integer(1),
            IppValue::RangeOfInteger { min: 2, max: 9 },
        ]);
        let members = [("media-size".try_into().unwrap(), IppValue::Integer(7))];
        for (name, value) in [
            ("printer-state", IppValue::Enum(5)),
            (
                "printer-state-reasons",
                IppValue::new_keyword("media-empty").unwrap(),
            ),
            ("printer-resolution-supported", resolution),
            ("number-up-supported", ranges),
            (
                "media-col-default",
                IppValue::Collection(members.into_iter().collect()),
            ),
        ] {
            let attribute = IppAttribute::new(IppName::new(name).unwrap(), value);
            answer
                .attributes_mut()
                .add(DelimiterTag::PrinterAttributes, attribute);
        }
        answer.to_bytes().to_vec()
    }

    #[test]
    fn an_answer_is_read() {
        let answer = Answer::parse(answer_bytes().into()).unwrap();
        assert_eq!(answer.status(), 0);
        let printer = answer.printer().unwrap();
        assert_eq!(printer.number("printer-state"), Some(5));
        assert_eq!(
            printer.text("printer-state-reasons").as_deref(),
            Some("media-empty")
        );
        assert_eq!(printer.values("number-up-supported").count(), 2);
        assert!(answer.job().is_none());
    }

    #[test]
    fn collections_without_end_are_refused() {
        let mut bytes = vec![1, 1, 0, 0, 0, 0, 0, 1, 4, 0x34, 0, 1, b'c', 0, 0];
        for _ in 0..300_000 {
            bytes.extend_from_slice(&[0x4a, 0, 0, 0, 1, b'm', 0x34, 0, 0, 0, 0]);
        }
        bytes.push(3);
        assert!(Answer::parse(bytes.into()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes: Vec<u8>) {
            let _read_or_not = Answer::parse(bytes.into());
        }

        #[test]
        fn no_damage_does_harm(at: usize, byte: u8, cut: usize) {
            let mut bytes = answer_bytes();
            let length = bytes.len();
            bytes[at % length] = byte;
            bytes.truncate(length - cut % 8);
            if let Ok(answer) = Answer::parse(bytes.into())
                && let Some(printer) = answer.printer()
            {
                let description = super::super::description::Description::read(printer);
                let _any = description.capabilities();
            }
        }
    }
}
