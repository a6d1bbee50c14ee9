//! The open journal: batches in, documents in and out, and no call after an error that may have
//! left the disk in an unknown state.

use std::path::{Path, PathBuf};

use cueline_agent_core::{Record, Recovered};
use cueline_model::limits::DOCUMENT_BYTES_MAX;
use cueline_model::{Document, JobKey};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::directory_lock::DirectoryLock;
use crate::set_aside::has_log_left;
use crate::{JournalError, recovery, schema, set_aside, tables};

/// Free pages are given back to the disk beyond this many (of 4 KiB).
const FREE_PAGES_MAX: i64 = 1024;

/// What to do with a journal that is found to be damaged when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDamage {
    /// Leave it where it is and fail with [`JournalError::Damaged`].
    Refuse,
    /// Rename it and start with an empty one.
    SetAside,
}

/// A journal that was opened.
#[derive(Debug)]
pub struct Opened {
    /// Ready for more.
    pub journal: Journal,
    /// What was in it.
    pub recovered: Recovered,
    /// Where a damaged one was moved, and what was wrong with it.
    pub set_aside: Option<(PathBuf, JournalError)>,
}

/// A job's document as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDocument {
    /// What it was announced as.
    pub document: Document,
    /// The bytes.
    pub body: Vec<u8>,
}

/// The agent's durable memory. One process at a time has it.
#[derive(Debug)]
pub struct Journal {
    connection: Connection,
    lock: DirectoryLock,
    poisoned: bool,
}

impl Journal {
    /// Opens the journal at `path`, or makes it, and reads back everything in it. Its directory
    /// must exist.
    ///
    /// # Errors
    /// [`JournalError::Locked`] where another process has it; [`JournalError::Damaged`] unless
    /// `on_damage` says to go on without; [`JournalError::Newer`], [`JournalError::DiskFull`],
    /// [`JournalError::Io`].
    pub fn open(path: &Path, on_damage: OnDamage) -> Result<Opened, JournalError> {
        let lock = DirectoryLock::acquire(path)?;
        match open_and_recover(path) {
            Ok((connection, recovered)) => Ok(Opened {
                journal: Self::new(connection, lock),
                recovered,
                set_aside: None,
            }),
            Err(damage @ JournalError::Damaged { .. }) if on_damage == OnDamage::SetAside => {
                let moved_to = set_aside(&lock, "damaged")?;
                let (connection, recovered) = open_and_recover(path)?;
                Ok(Opened {
                    journal: Self::new(connection, lock),
                    recovered,
                    set_aside: moved_to.map(|moved_to| (moved_to, damage)),
                })
            }
            Err(error) => Err(error),
        }
    }

    fn new(connection: Connection, lock: DirectoryLock) -> Self {
        Self {
            connection,
            lock,
            poisoned: false,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.lock.journal()
    }

    /// Makes `records` durable, all or none.
    ///
    /// # Errors
    /// [`JournalError::DiskFull`] leaves everything as it was; after any other error every call
    /// fails with [`JournalError::Poisoned`].
    pub fn append(&mut self, records: &[Record]) -> Result<(), JournalError> {
        self.append_all([records])
    }

    /// Makes several batches durable with one sync, in order, all or none.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn append_all<'a>(
        &mut self,
        batches: impl IntoIterator<Item = &'a [Record]>,
    ) -> Result<(), JournalError> {
        self.change(|transaction| {
            batches
                .into_iter()
                .flatten()
                .try_for_each(|record| tables::apply(transaction, record))
        })
    }

    /// Makes a document durable that did not come with its job's offer. Gives whether there is a
    /// job that still wants it; one that has ended or is not known takes none.
    ///
    /// # Errors
    /// [`JournalError::DocumentTooLong`] over
    /// [`DOCUMENT_BYTES_MAX`](cueline_model::limits::DOCUMENT_BYTES_MAX), else as
    /// [`Journal::append`].
    pub fn store_document(&mut self, job: JobKey, body: &[u8]) -> Result<bool, JournalError> {
        let bytes = body.len() as u64;
        if bytes > DOCUMENT_BYTES_MAX {
            return Err(JournalError::DocumentTooLong {
                bytes,
                bytes_max: DOCUMENT_BYTES_MAX,
            });
        }
        self.change(|transaction| tables::store_document(transaction, job, body))
    }

    /// A job's document; `None` where it is not here, or the job has ended.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn document(&mut self, job: JobKey) -> Result<Option<KeptDocument>, JournalError> {
        self.fail_if_poisoned("read")?;
        let found = recovery::document(&self.connection, job);
        self.sorted("read", found)
    }

    /// Everything in the journal, as [`Journal::open`] gives it.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn recover(&mut self) -> Result<Recovered, JournalError> {
        self.fail_if_poisoned("read")?;
        let recovered = recovery::recover(&self.connection, self.lock.journal());
        self.poison_unless_sound(recovered)
    }

    /// Gives room back: writes the log into the file where it has grown long, and pages that ended
    /// jobs left behind to the disk, at most 4 MiB a call. For idle moments, and while the disk is
    /// full.
    ///
    /// # Errors
    /// As [`Journal::append`]. A full disk is no error here: what was committed stays committed.
    pub fn tidy(&mut self) -> Result<(), JournalError> {
        self.fail_if_poisoned("tidy")?;
        let free_pages = self
            .connection
            .pragma_query_value(None, "freelist_count", |row| row.get::<_, i64>(0));
        if self.sorted("tidy", free_pages)? > FREE_PAGES_MAX {
            // One page is freed at each step, so the statement has to be run to its end.
            let freed = self
                .connection
                .prepare("PRAGMA incremental_vacuum(1024)")
                .and_then(|mut vacuum| {
                    let mut rows = vacuum.query([])?;
                    while rows.next()?.is_some() {}
                    Ok(())
                });
            match self.sorted("tidy", freed) {
                Ok(()) | Err(JournalError::DiskFull { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.write_log_back_beyond(0)
    }

    fn change<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        self.fail_if_poisoned("write")?;
        let committed = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .and_then(|transaction| {
                let value = change(&transaction)?;
                transaction.commit()?;
                Ok(value)
            });
        let value = self.sorted("write", committed)?;
        self.write_log_back_beyond(schema::LOG_BYTES_MAX)?;
        Ok(value)
    }

    /// A checkpoint. Where the disk is too full for it the log keeps what it has, and it is asked
    /// for again after the next commit; a failed sync must not go by unseen, since the system may
    /// report it only once.
    fn write_log_back_beyond(&mut self, log_bytes: u64) -> Result<(), JournalError> {
        let written = schema::write_log_back_beyond(&self.connection, self.path(), log_bytes);
        match self.sorted("write", written) {
            Err(JournalError::DiskFull { .. }) => Ok(()),
            other => other,
        }
    }

    fn fail_if_poisoned(&self, attempt: &'static str) -> Result<(), JournalError> {
        if self.poisoned {
            return Err(JournalError::Poisoned {
                path: self.path().to_owned(),
                attempt,
            });
        }
        Ok(())
    }

    fn sorted<T>(
        &mut self,
        attempt: &'static str,
        result: rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        let result =
            result.map_err(|error| JournalError::from_sqlite(self.lock.journal(), attempt, &error));
        self.poison_unless_sound(result)
    }

    fn poison_unless_sound<T>(
        &mut self,
        result: Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        if let Err(error) = &result {
            self.poisoned |= !error.leaves_journal_sound();
        }
        result
    }
}

fn open_and_recover(path: &Path) -> Result<(Connection, Recovered), JournalError> {
    if !path.exists() {
        if has_log_left(path) {
            return Err(JournalError::damaged(
                path,
                "its log is there, but the file itself is not",
            ));
        }
        schema::create(path, schema::JOBS)?;
    }
    let connection = schema::open(path, schema::JOBS)?;
    let recovered = recovery::recover(&connection, path)?;
    schema::keep_file_unchanged_at_close(&connection, false)
        .and_then(|()| schema::write_log_back(&connection))
        .map_err(|error| JournalError::from_sqlite(path, "open", &error))?;
    Ok((connection, recovered))
}
