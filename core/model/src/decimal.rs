//! Amounts as other protocols write them: decimal numbers in major units, to and from minor units exactly.

use crate::currency::Currency;

/// The longest number that is read.
const TEXT_BYTES_MAX: usize = 64;

/// Why a number is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "read an amount in {currency}: expected a decimal number of whole minor units, got {got:?}"
)]
pub struct DecimalError {
    currency: Currency,
    /// Cut to 64 characters.
    got: String,
}

impl Currency {
    /// An amount in minor units as a decimal number with all the digits of the currency: `12.50`.
    #[must_use]
    pub fn to_decimal(self, amount_minor: i64) -> String {
        let digits = self.exponent() as usize;
        let sign = if amount_minor < 0 { "-" } else { "" };
        let text = format!(
            "{:0width$}",
            amount_minor.unsigned_abs(),
            width = digits + 1
        );
        match text.split_at(text.len() - digits) {
            (whole, "") => format!("{sign}{whole}"),
            (whole, minor) => format!("{sign}{whole}.{minor}"),
        }
    }

    /// The minor units of a decimal number as JSON writes it (RFC 8259, section 6). Never by way of a
    /// binary fraction: what is no whole number of minor units is refused, not rounded.
    ///
    /// # Errors
    /// Where it is no number, no whole number of minor units, or too large.
    pub fn from_decimal(self, text: &str) -> Result<i64, DecimalError> {
        minor_units(text, self.exponent()).ok_or_else(|| DecimalError {
            currency: self,
            got: text.chars().take(TEXT_BYTES_MAX).collect(),
        })
    }
}

fn minor_units(text: &str, currency_digits: u32) -> Option<i64> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (number, exponent) = match rest.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, read_exponent(exponent)?),
        None => (rest, 0),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((_, "")) => return None,
        Some((whole, fraction)) => (whole, fraction),
        None => (number, ""),
    };
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let leads_with_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || leads_with_zero || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    // Where the point of the minor units is, counted from the end of the digits.
    let shift = i64::from(exponent) + i64::from(currency_digits) - fraction.len() as i64;
    let mut value: i128 = 0;
    let kept = usize::try_from(digits.len() as i64 + shift.min(0)).unwrap_or(0);
    if digits.bytes().skip(kept).any(|digit| digit != b'0') {
        return None;
    }
    for digit in digits.bytes().take(kept) {
        value = value
            .checked_mul(10)?
            .checked_add(i128::from(digit - b'0'))?;
    }
    if value != 0 {
        for _ in 0..shift.max(0) {
            value = value.checked_mul(10)?;
        }
    }
    i64::try_from(if negative { -value } else { value }).ok()
}

fn read_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|value: &i32| value.abs() <= 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn amounts_are_written_and_read_exactly() {
        for (code, minor, text) in [
            ("EUR", 1250, "12.50"),
            ("EUR", 5, "0.05"),
            ("EUR", -5, "-0.05"),
            ("EUR", 0, "0.00"),
            ("JPY", 1250, "1250"),
            ("KWD", 1250, "1.250"),
            ("EUR", i64::MAX, "92233720368547758.07"),
            ("EUR", i64::MIN, "-92233720368547758.08"),
        ] {
            assert_eq!(currency(code).to_decimal(minor), text);
            assert_eq!(currency(code).from_decimal(text), Ok(minor));
        }
    }

    #[test]
    fn other_forms_of_the_same_number_are_read() {
        for (text, minor) in [
            ("12.5", 1250),
            ("12", 1200),
            ("12.5000", 1250),
            ("1.25e1", 1250),
            ("1.25E+1", 1250),
            ("1250e-2", 1250),
            ("125000000e-7", 1250),
            ("0e9", 0),
            ("-0", 0),
            ("0.29", 29),
            ("1.005e1", 1005),
        ] {
            assert_eq!(Currency::EUR.from_decimal(text), Ok(minor), "{text}");
        }
    }

    #[test]
    fn what_is_no_whole_number_of_minor_units_is_refused() {
        for text in [
            "",
            "-",
            ".5",
            "5.",
            "+5",
            "05",
            "1,25",
            "0.005",
            "12.501",
            "1e",
            "1e+",
            "1e999",
            "1e64",
            "NaN",
            "1 2",
            "0x10",
            "92233720368547758.08",
            "\u{0661}",
        ] {
            let error = Currency::EUR.from_decimal(text).unwrap_err();
            assert!(error.to_string().contains("EUR"), "{error}");
        }
        let long = "1".repeat(TEXT_BYTES_MAX + 1);
        assert!(Currency::EUR.from_decimal(&long).is_err());
    }
}
