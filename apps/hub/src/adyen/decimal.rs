//! Amounts as Adyen writes them, in major units, to be read and written exactly.
//!
//! JSON libraries make binary fractions of numbers like `10.10`; an amount must never be one. So the numbers of
//! a request are made texts before it is read, and read digit by digit ([`Currency::from_decimal`]).

use cueline_model::Currency;
use serde_json::Number;

/// The JSON text with each number outside of strings put in quotes. `json` has been found to be JSON.
#[must_use]
pub fn numbers_as_texts(json: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(json.len() + 16);
    let mut at = 0;
    while at < json.len() {
        let end = match json[at] {
            b'"' => string_end(json, at),
            b'-' | b'0'..=b'9' => {
                let rest = json[at..].iter();
                let digits = rest.take_while(|byte| {
                    matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
                });
                let end = at + digits.count();
                quoted.push(b'"');
                quoted.extend_from_slice(&json[at..end]);
                quoted.push(b'"');
                at = end;
                continue;
            }
            _ => at + 1,
        };
        quoted.extend_from_slice(&json[at..end]);
        at = end;
    }
    quoted
}

/// Behind the string that begins at `start`.
fn string_end(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < json.len() {
        match json[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    json.len()
}

/// An amount as a JSON number in major units. With at most twelve digits its shortest text is exact.
#[must_use]
pub fn major_units(amount_minor: i64, currency: Currency) -> Option<Number> {
    let exponent = usize::try_from(currency.exponent()).ok()?;
    let digits = format!("{:0>width$}", amount_minor, width = exponent + 1);
    let (whole, fraction) = digits.split_at(digits.len() - exponent);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        return whole.parse().ok();
    }
    format!("{whole}.{fraction}").parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_in_strings_stay_what_they_are() {
        let json = br#"{"a": 10.10, "b\"1": ["x 2", -3e4, null], "c": {"d":0}}"#;
        let quoted = String::from_utf8(numbers_as_texts(json)).unwrap();
        let expected = r#"{"a": "10.10", "b\"1": ["x 2", "-3e4", null], "c": {"d":"0"}}"#;
        assert_eq!(quoted, expected);
    }

    proptest! {
        #[test]
        fn an_amount_comes_back_as_it_was(minor in 1_i64..=999_999_999_999, which in 0..3_usize) {
            let currency: Currency = ["EUR", "JPY", "KWD"][which].parse().unwrap();
            let text = serde_json::to_string(&major_units(minor, currency).unwrap()).unwrap();
            prop_assert_eq!(currency.from_decimal(&text).ok(), Some(minor), "{}", text);
        }
    }
}
