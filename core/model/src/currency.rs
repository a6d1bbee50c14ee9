//! Currencies, by their ISO 4217 codes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A currency of ISO 4217, written as its three letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(iso_currency::Currency);

/// Why a text is not a currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a currency of ISO 4217 such as EUR or GBP, got {got:?}")]
pub struct CurrencyError {
    /// The text that was given, cut to 16 characters.
    pub got: String,
}

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);
    /// The pound sterling.
    pub const GBP: Self = Self(iso_currency::Currency::GBP);

    /// Its three letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Its number, such as 978.
    #[must_use]
    pub fn numeric(self) -> u16 {
        self.0.numeric()
    }

    /// The currency of a number.
    #[must_use]
    pub fn from_numeric(number: u16) -> Option<Self> {
        iso_currency::Currency::from_numeric(number).map(Self)
    }

    /// Digits of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD; 0 where ISO 4217 names none.
    #[must_use]
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }

    /// An amount as people read it: `EUR 12.50`.
    #[must_use]
    pub fn amount(self, amount_minor: i64) -> String {
        let (code, digits) = (self.code(), self.exponent());
        let sign = if amount_minor < 0 { "-" } else { "" };
        let absolute = amount_minor.unsigned_abs();
        match 10_u64.checked_pow(digits) {
            Some(unit) if digits > 0 => {
                let (whole, minor) = (absolute / unit, absolute % unit);
                format!(
                    "{code} {sign}{whole}.{minor:0width$}",
                    width = digits as usize
                )
            }
            _ => format!("{code} {sign}{absolute}"),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        iso_currency::Currency::from_code(text)
            .map(Self)
            .ok_or_else(|| CurrencyError {
                got: text.chars().take(16).collect(),
            })
    }
}

impl TryFrom<String> for Currency {
    type Error = CurrencyError;

    fn try_from(text: String) -> Result<Self, CurrencyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_the_currencys_own_digits() {
        let yen: Currency = "JPY".parse().unwrap();
        let dinar: Currency = "KWD".parse().unwrap();
        assert_eq!(Currency::EUR.amount(1250), "EUR 12.50");
        assert_eq!(Currency::GBP.amount(-5), "GBP -0.05");
        assert_eq!(yen.amount(1250), "JPY 1250");
        assert_eq!(dinar.amount(1250), "KWD 1.250");
        assert_eq!(Currency::from_numeric(978), Some(Currency::EUR));
    }

    #[test]
    fn what_is_no_currency_is_refused() {
        for text in ["", "eur", "EURO", "€", "ZZZ"] {
            assert!(text.parse::<Currency>().is_err(), "{text} was taken");
        }
    }
}
