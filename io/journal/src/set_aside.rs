//! Putting a journal out of the way without losing a byte of it.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::JournalError;
use crate::directory_lock::{DirectoryLock, suffixed};

/// SQLite's files beside a journal.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Renames the journal that `lock` is for, with SQLite's files beside it, to
/// `JOURNAL.REASON-SECONDS` (since 1970) and gives the new name; `None` where there is neither a
/// journal nor a log that one left behind.
///
/// # Errors
/// [`JournalError::Io`] where a file cannot be copied or renamed.
pub fn set_aside(lock: &DirectoryLock, reason: &str) -> Result<Option<PathBuf>, JournalError> {
    let journal = lock.journal();
    if !journal.exists() && !has_log_left(journal) {
        return Ok(None);
    }
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let aside = free_name(journal, &format!(".{reason}-{seconds}"));
    move_all(journal, &aside).map_err(|error| JournalError::io(journal, "set aside", &error))?;
    Ok(Some(aside))
}

/// The files beside are copied before the journal is renamed and removed after: at no moment is
/// there a journal without its log, which would pass for a sound one that lacks the newest records.
/// A crash in between leaves a log without its journal, which [`has_log_left`] finds.
fn move_all(journal: &Path, aside: &Path) -> io::Result<()> {
    for suffix in BESIDE {
        unless_missing(fs::copy(suffixed(journal, suffix), suffixed(aside, suffix)).map(drop))?;
    }
    unless_missing(fs::rename(journal, aside))?;
    for suffix in BESIDE {
        unless_missing(fs::remove_file(suffixed(journal, suffix)))?;
    }
    Ok(())
}

/// Whether a log lies where a journal's would, with something in it. SQLite would play it into a new
/// journal of that name, and old jobs would be printed again.
pub(crate) fn has_log_left(journal: &Path) -> bool {
    ["-wal", "-journal"]
        .into_iter()
        .any(|suffix| fs::metadata(suffixed(journal, suffix)).is_ok_and(|log| log.len() > 0))
}

/// Two within one second must not overwrite each other.
fn free_name(journal: &Path, suffix: &str) -> PathBuf {
    let mut name = suffixed(journal, suffix);
    let mut number = 1_u32;
    while name.exists() || has_log_left(&name) {
        number += 1;
        name = suffixed(journal, &format!("{suffix}-{number}"));
    }
    name
}

fn unless_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
