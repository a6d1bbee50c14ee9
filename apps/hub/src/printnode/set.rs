//! Sets of numbers as PrintNode writes them in paths: `1,2,5-9`.

use std::fmt;
use std::str::FromStr;

use crate::store::Numbers;

/// Numbers and ranges in one set.
const PARTS_MAX: usize = 500;

/// Positive numbers, as rising ranges that do not touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set(Numbers);

/// Why a text is no set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected numbers from 1 and ranges like 1,2,5-9 (at most {PARTS_MAX}), got {got:?}")]
pub struct SetError {
    /// The text that was given, cut to 64 characters.
    pub got: String,
}

impl Set {
    /// The ranges.
    #[must_use]
    pub fn into_numbers(self) -> Numbers {
        self.0
    }
}

impl FromStr for Set {
    type Err = SetError;

    fn from_str(text: &str) -> Result<Self, SetError> {
        let refuse = || SetError {
            got: text.chars().take(64).collect(),
        };
        let mut ranges = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let first = number(first).ok_or_else(refuse)?;
            let last = number(last).ok_or_else(refuse)?;
            if first > last || ranges.len() == PARTS_MAX {
                return Err(refuse());
            }
            ranges.push((first, last));
        }
        ranges.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match joined.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => joined.push((first, last)),
            }
        }
        Ok(Self(
            joined
                .into_iter()
                .map(|(first, last)| first..=last)
                .collect(),
        ))
    }
}

/// A number from 1, in digits alone. One beyond what is ever given is the largest there is.
fn number(digits: &str) -> Option<u32> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) || digits.len() > 20 {
        return None;
    }
    let number = digits.parse::<u128>().ok()?;
    u32::try_from(number).map_or(Some(u32::MAX), |number| (number > 0).then_some(number))
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match (range.start(), range.end()) {
                (first, last) if first == last => write!(f, "{comma}{first}")?,
                (first, last) => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::{ProptestConfig, prop, proptest};
    use proptest::{prop_assert, prop_assert_eq};

    use super::*;

    #[test]
    fn sets_are_read_sorted_and_joined() {
        for (text, read) in [
            ("7", "7"),
            ("1,2,5-9", "1-2,5-9"),
            ("9,1-3,2-5", "1-5,9"),
            ("4-4", "4"),
            ("007", "7"),
            ("3,3", "3"),
            ("99999999999", "4294967295"),
        ] {
            assert_eq!(text.parse::<Set>().unwrap().to_string(), read, "{text}");
        }
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for text in [
            "",
            ",",
            "1,",
            ",1",
            "0",
            "0-3",
            "3-1",
            "-5",
            "5-",
            "1--2",
            "1-2-3",
            "a",
            "+1",
            " 1",
            "1.0",
            "1;2",
            "١",
            "999999999999999999999",
        ] {
            assert!(text.parse::<Set>().is_err(), "{text:?} was taken");
        }
        let many = vec!["1"; PARTS_MAX + 1].join(",");
        assert!(many.parse::<Set>().is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_set_holds_what_its_parts_hold(
            parts in prop::collection::vec((1_u32..200, 0_u32..20), 1..20)
        ) {
            let mut expected = BTreeSet::new();
            let mut texts = Vec::new();
            for (first, more) in parts {
                expected.extend(first..=first + more);
                texts.push(match more {
                    0 => first.to_string(),
                    _ => format!("{first}-{}", first + more),
                });
            }
            let set: Set = texts.join(",").parse().unwrap();
            let again: Set = set.to_string().parse().unwrap();
            prop_assert_eq!(&again, &set);
            let numbers = set.into_numbers();
            let held: BTreeSet<u32> = numbers.iter().cloned().flatten().collect();
            prop_assert_eq!(held, expected);
            let apart = numbers.windows(2).all(|pair| pair[0].end() + 1 < *pair[1].start());
            prop_assert!(apart);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9,\\-a ]{0,40}") {
            if let Ok(set) = text.parse::<Set>() {
                prop_assert_eq!(set.to_string().parse::<Set>().unwrap(), set);
            }
        }
    }
}
