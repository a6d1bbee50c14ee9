//! Desks and their card terminals, by the names they have at the till.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Characters of a name.
const NAME_CHARS_MAX: usize = 64;

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a {what} of 1 to {NAME_CHARS_MAX} characters without control characters or spaces at either end, got {got:?}"
)]
pub struct NameError {
    /// `station name` or `terminal name`.
    pub what: &'static str,
    /// The text that was given, cut to 80 characters.
    pub got: String,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                if is_name(text) {
                    return Ok(Self(text.to_owned()));
                }
                Err(NameError {
                    what: $what,
                    got: text.chars().take(80).collect(),
                })
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

name!(
    /// A desk with one tray, such as `box-office-1`.
    StationName,
    "station name"
);
name!(
    /// A card terminal of a station, such as `counter`.
    TerminalName,
    "terminal name"
);

fn is_name(text: &str) -> bool {
    let chars = text.chars().count();
    (1..=NAME_CHARS_MAX).contains(&chars)
        && text.trim() == text
        && !text.chars().any(char::is_control)
}

/// What a terminal speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminalProtocol {
    /// The ECR interface of ZVT terminals over TCP (PA00P015).
    Zvt,
    /// Adyen's Terminal API, local and encrypted (nexo 3.0).
    AdyenLocal,
    /// Caisse-AP over IP.
    CaisseAp,
}

impl TerminalProtocol {
    /// The word used in settings, on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zvt => "zvt",
            Self::AdyenLocal => "adyen_local",
            Self::CaisseAp => "caisse_ap",
        }
    }
}

impl fmt::Display for TerminalProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_could_not_tell_apart_are_refused() {
        for good in ["box-office-1", "Kasse Süd", "x"] {
            assert_eq!(good.parse::<StationName>().unwrap().as_str(), good);
        }
        let long = "x".repeat(NAME_CHARS_MAX + 1);
        for bad in ["", " desk", "desk ", "de\nsk", long.as_str()] {
            let error = bad.parse::<TerminalName>().unwrap_err();
            assert!(error.to_string().contains("terminal name"), "{error}");
        }
    }
}
