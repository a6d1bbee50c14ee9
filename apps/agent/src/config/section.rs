//! Reading a TOML document key by key, so that one error does not hide the next.
//!
//! A [`Section`] hands out values and remembers which keys were asked for; what nobody asked for
//! when it is dropped is not a setting. Complaints come out in the order of the file.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// Counted from 1; 0 for the file as a whole.
    line: usize,
    /// Like `printers[2].port`.
    key: String,
    text: String,
}

impl Complaint {
    /// About a file that cannot be read.
    pub fn of_file(error: &std::io::Error) -> Self {
        Self {
            line: 0,
            key: String::new(),
            text: error.to_string(),
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.key.as_str()) {
            (0, _) => f.write_str(&self.text),
            (line, "") => write!(f, "line {line}: {}", self.text),
            (line, key) => write!(f, "line {line}, {key}: {}", self.text),
        }
    }
}

/// A document and the complaints about it.
pub struct Document<'t> {
    text: &'t str,
    table: Spanned<DeTable<'t>>,
    complaints: RefCell<Vec<Complaint>>,
}

impl<'t> Document<'t> {
    /// Reads the text as TOML.
    ///
    /// # Errors
    /// Where it is not TOML.
    pub fn parse(text: &'t str) -> Result<Self, Vec<Complaint>> {
        let table = DeTable::parse(text).map_err(|error| {
            vec![Complaint {
                line: line_of(text, error.span().map_or(0, |span| span.start)),
                key: String::new(),
                text: error.message().to_owned(),
            }]
        })?;
        Ok(Self {
            text,
            table,
            complaints: RefCell::default(),
        })
    }

    /// The table that is the whole document.
    pub fn root(&self) -> Section<'_> {
        Section {
            document: self,
            path: String::new(),
            table: Some(self.table.get_ref()),
            span: self.table.span(),
            known: Vec::new(),
        }
    }

    /// `value`, unless there were complaints. Every section is to be dropped before.
    ///
    /// # Errors
    /// The complaints, in the order of the file.
    pub fn finish<T>(self, value: T) -> Result<T, Vec<Complaint>> {
        let mut complaints = self.complaints.into_inner();
        complaints.sort();
        if complaints.is_empty() {
            Ok(value)
        } else {
            Err(complaints)
        }
    }

    fn complain(&self, span: &Range<usize>, key: String, text: String) {
        self.complaints.borrow_mut().push(Complaint {
            line: line_of(self.text, span.start),
            key,
            text,
        });
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

/// One table. A table that is not there gives no values.
pub struct Section<'d> {
    document: &'d Document<'d>,
    path: String,
    table: Option<&'d DeTable<'d>>,
    span: Range<usize>,
    known: Vec<&'static str>,
}

impl<'d> Section<'d> {
    /// Complains about `key` of this table, in the line of its value or of the table.
    pub fn complain(&self, key: &str, text: impl fmt::Display) {
        let span = self.entry(key).map_or(self.span.clone(), Spanned::span);
        self.document
            .complain(&span, self.path_of(key), text.to_string());
    }

    /// Complains where `value` is none and the key is not there either.
    pub fn require<T>(&self, key: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && self.entry(key).is_none() {
            self.complain(key, "missing");
        }
        value
    }

    /// A text.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        match self.value(key)? {
            DeValue::String(text) => Some(text.to_string()),
            other => self.wrong_type(key, "a text", other),
        }
    }

    /// What `text`, the value of `key`, means.
    pub fn parsed<T: FromStr>(&self, key: &str, text: &str) -> Option<T>
    where
        T::Err: fmt::Display,
    {
        text.parse()
            .map_err(|error: T::Err| self.complain(key, error))
            .ok()
    }

    /// True or false.
    pub fn switch(&mut self, key: &'static str) -> Option<bool> {
        match self.value(key)? {
            DeValue::Boolean(value) => Some(*value),
            other => self.wrong_type(key, "true or false", other),
        }
    }

    /// A whole number in a range.
    pub fn whole_number(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let value = match self.value(key)? {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            other => return self.wrong_type(key, "a whole number", other),
        };
        let fitting = value
            .and_then(|value| u32::try_from(value).ok())
            .filter(|value| range.contains(value));
        if fitting.is_none() {
            let (low, high) = (range.start(), range.end());
            self.complain(key, format!("expected a whole number from {low} to {high}"));
        }
        fitting
    }

    /// A number of seconds in a range, whole or not.
    pub fn seconds(&mut self, key: &'static str, range: RangeInclusive<f64>) -> Option<Duration> {
        let value = match self.value(key)? {
            DeValue::Integer(number) => number.as_str().parse::<f64>().ok(),
            DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
            other => return self.wrong_type(key, "a number of seconds", other),
        };
        let fitting = value
            .filter(|value| range.contains(value))
            .and_then(|value| Duration::try_from_secs_f64(value).ok());
        if fitting.is_none() {
            let (low, high) = (range.start(), range.end());
            self.complain(key, format!("expected {low} to {high} seconds"));
        }
        fitting
    }

    /// A table below this one.
    pub fn section(&mut self, key: &'static str) -> Section<'d> {
        let mut span = self.span.clone();
        let table = match self.value(key) {
            None => None,
            Some(DeValue::Table(table)) => {
                span = self.entry(key).map_or(span, Spanned::span);
                Some(table)
            }
            Some(other) => self.wrong_type(key, "a table", other),
        };
        self.below(self.path_of(key), table, span)
    }

    /// The tables of an array, at most `count_max`; each is named by its number from 1.
    pub fn sections(&mut self, key: &'static str, count_max: usize) -> Vec<Section<'d>> {
        let array = match self.value(key) {
            None => return Vec::new(),
            Some(DeValue::Array(array)) => array,
            Some(other) => {
                self.wrong_type::<()>(key, "an array of tables", other);
                return Vec::new();
            }
        };
        if array.len() > count_max {
            self.complain(
                key,
                format!("expected {count_max} at most, got {}", array.len()),
            );
            return Vec::new();
        }
        let mut sections = Vec::new();
        for (index, item) in array.iter().enumerate() {
            let path = format!("{}[{}]", self.path_of(key), index + 1);
            match item.get_ref() {
                DeValue::Table(table) => sections.push(self.below(path, Some(table), item.span())),
                other => {
                    let text = format!("expected a table, got {}", other.type_str());
                    self.document.complain(&item.span(), path, text);
                }
            }
        }
        sections
    }

    fn below(
        &self,
        path: String,
        table: Option<&'d DeTable<'d>>,
        span: Range<usize>,
    ) -> Section<'d> {
        Section {
            document: self.document,
            path,
            table,
            span,
            known: Vec::new(),
        }
    }

    fn value(&mut self, key: &'static str) -> Option<&'d DeValue<'d>> {
        self.known.push(key);
        self.entry(key).map(Spanned::get_ref)
    }

    fn entry(&self, key: &str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.table?
            .iter()
            .find(|(name, _)| name.get_ref() == key)
            .map(|(_, value)| value)
    }

    fn wrong_type<T>(&self, key: &str, expected: &str, got: &DeValue<'_>) -> Option<T> {
        self.complain(key, format!("expected {expected}, got {}", got.type_str()));
        None
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        for (name, _) in self.table.into_iter().flatten() {
            let name_text = name.get_ref().as_ref();
            if !self.known.contains(&name_text) {
                let known = self.known.join(", ");
                let text = format!("not a setting; expected one of {known}");
                self.document
                    .complain(&name.span(), self.path_of(name_text), text);
            }
        }
    }
}
