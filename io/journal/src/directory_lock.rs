//! One agent per data directory: an operating-system lock that ends with its process.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::JournalError;

/// The right to use a journal and what lies beside it. The lock is on the file `JOURNAL.lock`, is
/// let go when this is dropped or the process ends in any way, and leaves the empty file behind.
#[derive(Debug)]
pub struct DirectoryLock {
    journal: PathBuf,
    _file: File,
}

impl DirectoryLock {
    /// Takes the lock that belongs to the journal at `journal`, without waiting.
    ///
    /// # Errors
    /// [`JournalError::Locked`] where another process has it, [`JournalError::Io`] where the lock's
    /// file cannot be opened.
    pub fn acquire(journal: &Path) -> Result<Self, JournalError> {
        let lock_path = suffixed(journal, ".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(|error| JournalError::io(&lock_path, "lock", &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self {
                journal: journal.to_owned(),
                _file: file,
            }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Locked {
                path: journal.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(JournalError::io(&lock_path, "lock", &error)),
        }
    }

    /// The journal that this is the right to use.
    #[must_use]
    pub fn journal(&self) -> &Path {
        &self.journal
    }
}

/// `path` with `suffix` after its last character.
pub(crate) fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
