//! Which request is where in the ledger: `requests.jsonl` in the terminal's directory, one line for each
//! that was begun, on the disk before anything of it is done.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::terminal::ledger::{AskedBy, LedgerEntry};

const FILE: &str = "requests.jsonl";

#[derive(Debug, Serialize, Deserialize)]
struct Begun {
    service_id: String,
    /// Entries that the ledger had.
    before: usize,
}

/// What the ledger says of a request.
pub(super) enum Known<'a> {
    /// Done.
    Entry(&'a LedgerEntry),
    /// Nothing, and it is the last that was begun.
    Latest,
    /// Nothing.
    Nothing,
}

#[derive(Debug)]
pub(super) struct Requests {
    file: Option<File>,
    begun: Vec<Begun>,
}

impl Requests {
    pub(super) fn open(directory: Option<&Path>) -> io::Result<Self> {
        let Some(directory) = directory else {
            return Ok(Self {
                file: None,
                begun: Vec::new(),
            });
        };
        std::fs::create_dir_all(directory)?;
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(directory.join(FILE))?;
        let text = std::fs::read_to_string(directory.join(FILE))?;
        // A line that was not finished belongs to a request that was not begun.
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n")?;
        }
        Ok(Self {
            file: Some(file),
            begun: text
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .collect(),
        })
    }

    pub(super) fn knows(&self, service_id: &str) -> bool {
        self.begun
            .iter()
            .any(|begun| begun.service_id == service_id)
    }

    pub(super) fn remember(&mut self, service_id: &str, before: usize) -> io::Result<()> {
        let begun = Begun {
            service_id: service_id.to_owned(),
            before,
        };
        if let Some(file) = &mut self.file {
            let mut line = serde_json::to_vec(&begun)?;
            line.push(b'\n');
            file.write_all(&line)?;
            file.sync_data()?;
        }
        self.begun.push(begun);
        Ok(())
    }

    /// The first entry for a till since it was begun and before the next was.
    pub(super) fn find<'a>(
        &self,
        service_id: &str,
        ledger: &'a [LedgerEntry],
    ) -> Option<Known<'a>> {
        let at = self
            .begun
            .iter()
            .position(|begun| begun.service_id == service_id)?;
        let next = self.begun.get(at + 1);
        let until = next.map_or(ledger.len(), |next| next.before);
        let entry = ledger
            .get(self.begun[at].before..until)
            .unwrap_or_default()
            .iter()
            .find(|entry| entry.asked_by == AskedBy::Till);
        Some(match (entry, next) {
            (Some(entry), _) => Known::Entry(entry),
            (None, None) => Known::Latest,
            (None, Some(_)) => Known::Nothing,
        })
    }
}
