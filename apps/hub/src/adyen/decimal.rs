//! Amounts as Adyen writes them, in major units, to minor units and back, exactly.
//!
//! JSON libraries make binary fractions of numbers like `10.10`; an amount must never be one. So the numbers of
//! a request are made texts before it is read, and read digit by digit.

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

/// An amount in minor units from its decimal text; `None` for what is none, or has more digits than its currency
/// (zeros apart).
#[must_use]
pub fn minor_units(text: &str, currency: Currency) -> Option<i64> {
    let exponent = usize::try_from(currency.exponent()).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || (text.ends_with('.')) {
        return None;
    }
    let kept = fraction.get(..exponent.min(fraction.len()))?;
    let zeros = fraction.get(kept.len()..)?;
    if zeros.bytes().any(|byte| byte != b'0') {
        return None;
    }
    format!("{whole}{kept:0<exponent$}").parse().ok()
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

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn amounts_are_read_digit_by_digit() {
        for (text, code, expected) in [
            ("10.10", "EUR", Some(1010)),
            ("10.1", "EUR", Some(1010)),
            ("10", "EUR", Some(1000)),
            ("0.29", "EUR", Some(29)),
            ("1.15", "EUR", Some(115)),
            ("4.35", "EUR", Some(435)),
            ("10.1000", "EUR", Some(1010)),
            ("10.105", "EUR", None),
            ("500", "JPY", Some(500)),
            ("500.5", "JPY", None),
            ("1.234", "KWD", Some(1234)),
            ("9999999999.99", "EUR", Some(999_999_999_999)),
            ("99999999999999999999", "EUR", None),
            ("-1", "EUR", None),
            ("1e2", "EUR", None),
            ("1.", "EUR", None),
            (".5", "EUR", None),
            ("", "EUR", None),
            ("1,5", "EUR", None),
        ] {
            assert_eq!(minor_units(text, currency(code)), expected, "{text} {code}");
        }
    }

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
            let currency = currency(["EUR", "JPY", "KWD"][which]);
            let text = serde_json::to_string(&major_units(minor, currency).unwrap()).unwrap();
            prop_assert_eq!(minor_units(&text, currency), Some(minor), "{}", text);
        }
    }
}
