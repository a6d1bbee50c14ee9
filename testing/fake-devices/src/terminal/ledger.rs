//! The terminal's ledger: what it did to cards' accounts, in a file that outlives it.
//!
//! `ledger.jsonl` in the terminal's directory, one JSON object a line, each synced to the disk before
//! anybody is told of it. It is the judge of tests: money moved where it says so.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

const FILE: &str = "ledger.jsonl";
/// What a new terminal did first: its initialisation has a trace and a receipt number of its own.
const FIRST: u32 = 1;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerKind {
    /// A sale: money moved to the venue.
    Authorised,
    /// Nothing moved.
    Declined,
    /// One sale, or refund, was taken back.
    Reversed,
    /// Money moved to the card.
    Refunded,
}

/// Who asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedBy {
    /// The till, over the wire.
    Till,
    /// Somebody at the terminal's own keys.
    Hand,
    /// The terminal itself, because the till did not take a result.
    Terminal,
}

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// What was done.
    pub kind: LedgerKind,
    /// In minor units, more than zero.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// Counted by the terminal, from 2.
    pub trace_no: u32,
    /// Counted by the terminal, from 2 to 9999 and then from 1.
    pub receipt_no: u32,
    /// The transaction that a reversal took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_trace_no: Option<u32>,
    /// Who asked for it.
    pub asked_by: AskedBy,
    /// Of a sale or refund that was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_code: Option<String>,
    /// RFC 3339, UTC.
    pub at: String,
}

/// Reads the ledger in a terminal's directory, oldest first; also while the terminal runs. A last line
/// that was not finished is not there yet.
///
/// # Errors
///
/// The file cannot be read or a line is no entry. A file that is not there is an empty ledger.
pub fn read_ledger(directory: &Path) -> io::Result<Vec<LedgerEntry>> {
    let text = match std::fs::read_to_string(directory.join(FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).map_err(io::Error::other))
        .collect()
}

/// The sales and refunds that stand: approved and not taken back.
#[must_use]
pub fn standing(entries: &[LedgerEntry]) -> Vec<&LedgerEntry> {
    let taken_back = |trace_no| {
        entries.iter().any(|entry| {
            entry.kind == LedgerKind::Reversed && entry.original_trace_no == Some(trace_no)
        })
    };
    entries
        .iter()
        .filter(|entry| matches!(entry.kind, LedgerKind::Authorised | LedgerKind::Refunded))
        .filter(|entry| !taken_back(entry.trace_no))
        .collect()
}

/// What is to be written; numbers and time are the ledger's.
#[derive(Debug, Clone)]
pub(super) struct Posting {
    pub(super) kind: LedgerKind,
    pub(super) amount_minor: i64,
    pub(super) currency: String,
    pub(super) original_trace_no: Option<u32>,
    pub(super) asked_by: AskedBy,
}

/// The ledger of a running terminal.
#[derive(Debug)]
pub(super) struct Ledger {
    file: Option<File>,
    entries: Vec<LedgerEntry>,
}

impl Ledger {
    /// Opens the ledger in a directory, made if it is not there. A last line that was not finished was
    /// told to nobody and is cut off.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let entries = read_ledger(directory)?;
        let path = directory.join(FILE);
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)?;
        let bytes = std::fs::read(&path)?;
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        file.set_len(whole as u64)?;
        file.sync_all()?;
        Ok(Self {
            file: Some(file),
            entries,
        })
    }

    /// One that is kept in memory.
    pub(super) const fn in_memory() -> Self {
        Self {
            file: None,
            entries: Vec::new(),
        }
    }

    pub(super) fn entries(&self) -> &[LedgerEntry] {
        &self.entries
    }

    /// Writes an entry; it is on the disk when this returns.
    pub(super) fn post(&mut self, posting: Posting) -> io::Result<LedgerEntry> {
        let (trace_no, receipt_no) = self
            .entries
            .last()
            .map_or((FIRST, FIRST), |last| (last.trace_no, last.receipt_no));
        let moved = matches!(posting.kind, LedgerKind::Authorised | LedgerKind::Refunded);
        let trace_no = trace_no % 999_999 + 1;
        let entry = LedgerEntry {
            kind: posting.kind,
            amount_minor: posting.amount_minor,
            currency: posting.currency,
            trace_no,
            receipt_no: receipt_no % 9_999 + 1,
            original_trace_no: posting.original_trace_no,
            asked_by: posting.asked_by,
            auth_code: moved.then(|| format!("A{trace_no:05}")),
            at: jiff::Timestamp::now().to_string(),
        };
        if let Some(file) = &mut self.file {
            let mut line = serde_json::to_vec(&entry)?;
            line.push(b'\n');
            file.write_all(&line)?;
            file.sync_data()?;
        }
        self.entries.push(entry.clone());
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sale(amount_minor: i64) -> Posting {
        Posting {
            kind: LedgerKind::Authorised,
            amount_minor,
            currency: "EUR".to_owned(),
            original_trace_no: None,
            asked_by: AskedBy::Till,
        }
    }

    #[test]
    fn numbers_go_on_after_a_crash_in_mid_line() {
        let directory = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(directory.path()).unwrap();
        assert_eq!(ledger.post(sale(1)).unwrap().trace_no, 2);
        drop(ledger);
        let path = directory.path().join(FILE);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"kind\":\"auth").unwrap();
        assert_eq!(read_ledger(directory.path()).unwrap().len(), 1);
        let mut ledger = Ledger::open(directory.path()).unwrap();
        assert_eq!(ledger.post(sale(2)).unwrap().receipt_no, 3);
        let entries = read_ledger(directory.path()).unwrap();
        assert_eq!(entries, ledger.entries());
        assert_eq!(standing(&entries).len(), 2);
    }
}
