//! `{{name}}` in texts and data, filled from the document's fields.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::error::ElementFault;

/// Characters of one text after its fields are filled.
pub(super) const TEXT_CHARS_MAX: usize = 4_000;

/// Values by name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "BTreeMap<String, Value>")]
pub(super) struct Fields(BTreeMap<String, String>);

impl TryFrom<BTreeMap<String, Value>> for Fields {
    type Error = String;

    fn try_from(values: BTreeMap<String, Value>) -> Result<Self, String> {
        let text = |(name, value): (String, Value)| match value {
            Value::String(text) => Ok((name, text)),
            Value::Number(number) => Ok((name, number.to_string())),
            other => Err(format!(
                "field {name:?}: expected a text or a number, got {other}"
            )),
        };
        values
            .into_iter()
            .map(text)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Fields {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Fills each `{{name}}` with the first value there is. Values are not filled again.
pub(super) fn filled(template: &str, fields: [&Fields; 2]) -> Result<String, ElementFault> {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else {
            return Err(ElementFault::Braces {
                text: rest.chars().take(40).collect(),
            });
        };
        text.push_str(before);
        let name = name.trim();
        let value = fields.iter().find_map(|fields| fields.0.get(name));
        text.push_str(value.ok_or_else(|| no_field(name, fields))?);
        rest = after;
        check_length(&text)?;
    }
    text.push_str(rest);
    check_length(&text)?;
    Ok(text)
}

fn no_field(name: &str, fields: [&Fields; 2]) -> ElementFault {
    let names = fields.iter().flat_map(|fields| fields.0.keys().cloned());
    let mut known: Vec<String> = names.collect();
    known.sort();
    known.dedup();
    known.truncate(10);
    ElementFault::NoField {
        name: name.chars().take(64).collect(),
        known,
    }
}

fn check_length(text: &str) -> Result<(), ElementFault> {
    // Bytes first, which cost nothing to count.
    if text.len() > TEXT_CHARS_MAX {
        let got = text.chars().count();
        if got > TEXT_CHARS_MAX {
            return Err(ElementFault::TooLong {
                got,
                max: TEXT_CHARS_MAX,
            });
        }
    }
    Ok(())
}
