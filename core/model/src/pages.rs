//! Which pages of a document, as people write them: `1,3-5,8-`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Ranges in one [`PageRanges`].
pub const PAGE_RANGES_MAX: usize = 64;

/// Pages counted from 1, such as `1,3-5,8-`: at most [`PAGE_RANGES_MAX`] ranges, rising, apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PageRanges(Vec<(u32, Option<u32>)>);

/// Why a text does not name pages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected pages from 1, rising, such as 1,3-5,8- (at most {PAGE_RANGES_MAX} ranges); got {got:?}"
)]
pub struct PageRangesError {
    /// The text that was given, cut to 64 characters.
    pub got: String,
}

impl PageRanges {
    /// Whether a page, counted from 1, is among them.
    #[must_use]
    pub fn contains(&self, page: u32) -> bool {
        self.0
            .iter()
            .any(|(first, last)| page >= *first && last.is_none_or(|last| page <= last))
    }

    /// First and last page of each range; no last page means up to the document's end.
    pub fn ranges(&self) -> impl Iterator<Item = (u32, Option<u32>)> + '_ {
        self.0.iter().copied()
    }
}

impl FromStr for PageRanges {
    type Err = PageRangesError;

    fn from_str(text: &str) -> Result<Self, PageRangesError> {
        let refuse = || PageRangesError {
            got: text.chars().take(64).collect(),
        };
        let number = |digits: &str| {
            let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse::<u32>().ok().filter(|_| all_digits)
        };
        let mut ranges: Vec<(u32, Option<u32>)> = Vec::new();
        for part in text.split(',') {
            let (first, last) = match part.split_once('-') {
                None => {
                    let page = number(part).ok_or_else(refuse)?;
                    (page, Some(page))
                }
                Some((first, "")) => (number(first).ok_or_else(refuse)?, None),
                Some((first, last)) => (
                    number(first).ok_or_else(refuse)?,
                    Some(number(last).ok_or_else(refuse)?),
                ),
            };
            let rises = match ranges.last() {
                None => first >= 1,
                Some((_, before)) => before.is_some_and(|before| first > before),
            };
            if !rises || last.is_some_and(|last| last < first) || ranges.len() == PAGE_RANGES_MAX {
                return Err(refuse());
            }
            ranges.push((first, last));
        }
        Ok(Self(ranges))
    }
}

impl fmt::Display for PageRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match last {
                Some(last) if last == first => write!(f, "{comma}{first}")?,
                Some(last) => write!(f, "{comma}{first}-{last}")?,
                None => write!(f, "{comma}{first}-")?,
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for PageRanges {
    type Error = PageRangesError;

    fn try_from(text: String) -> Result<Self, PageRangesError> {
        text.parse()
    }
}

impl From<PageRanges> for String {
    fn from(pages: PageRanges) -> Self {
        pages.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_read_back_as_written_and_must_rise() {
        for text in ["1", "1,3-5", "2-", "1-2,4,9-"] {
            let pages: PageRanges = text.parse().unwrap();
            assert_eq!(pages.to_string(), text);
        }
        for text in [
            "", "0", "3-1", "1,1", "2,1", "1-,3", "a", "1-2-3", "+1", " 1",
        ] {
            assert!(text.parse::<PageRanges>().is_err(), "{text:?} was taken");
        }
        let pages: PageRanges = "1,3-5,8-".parse().unwrap();
        let taken: Vec<u32> = (1..=10).filter(|page| pages.contains(*page)).collect();
        assert_eq!(taken, [1, 3, 4, 5, 8, 9, 10]);
    }
}
