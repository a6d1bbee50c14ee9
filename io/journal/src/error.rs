//! What can go wrong with the journal, told apart by what somebody has to do about it.

use std::path::{Path, PathBuf};

use rusqlite::ffi::ErrorCode;

/// Why the journal could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The disk is full; nothing was changed and the same call may succeed later.
    #[error("write the journal {}: the disk is full; free some space, then it goes on by itself", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// Another process has the journal open.
    #[error(
        "open the journal {}: another agent is using it; stop that one, or give this one its own data directory",
        path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file's content is not what was written to it.
    #[error(
        "read the journal {}: it is damaged ({detail}); keep a copy, then start with \
         --set-aside-damaged-journal to go on without it: jobs in it that were not printed yet are \
         then settled by the box office",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The file was written by a later version of the agent.
    #[error(
        "open the journal {}: expected schema version {known} at most, got {found}; install the \
         newer agent again",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// The journal is another agent's: the data directory was copied, or the agent registered anew.
    #[error(
        "open the journal {}: it is the journal of {owner}, and this is {agent}; payments in it are not this agent's: move the file away",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: String,
        /// Who wanted it.
        agent: cueline_model::AgentId,
    },
    /// Reading, writing or syncing failed. What is on the disk is unknown until the next start
    /// checks it.
    #[error("{attempt} the journal {}: {detail}; check the disk and the rights to the folder, then start the agent again", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The verb: what was attempted.
        attempt: &'static str,
        /// What SQLite or the operating system said.
        detail: String,
    },
    /// An earlier call failed in a way after which this journal is not to be trusted.
    #[error(
        "{attempt} the journal {}: an earlier error makes it unsafe to go on; start the agent again",
        path.display()
    )]
    Poisoned {
        /// The file.
        path: PathBuf,
        /// The verb: what was attempted.
        attempt: &'static str,
    },
    /// A document is longer than any job's may be.
    #[error("store a document of {bytes} bytes: expected {bytes_max} at most")]
    DocumentTooLong {
        /// Its length.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
}

impl JournalError {
    /// Whether the same call may succeed later without anything having been lost.
    #[must_use]
    pub const fn leaves_journal_sound(&self) -> bool {
        matches!(self, Self::DiskFull { .. } | Self::DocumentTooLong { .. })
    }

    pub(crate) fn damaged(path: &Path, detail: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            detail: detail.into(),
        }
    }

    pub(crate) fn io(path: &Path, attempt: &'static str, error: &std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            attempt,
            detail: error.to_string(),
        }
    }

    /// Sorts SQLite's result codes (<https://sqlite.org/rescode.html>).
    pub(crate) fn from_sqlite(path: &Path, attempt: &'static str, error: &rusqlite::Error) -> Self {
        use rusqlite::Error as Sql;
        let path_owned = path.to_owned();
        match error {
            Sql::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DiskFull => Self::DiskFull { path: path_owned },
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                    Self::Locked { path: path_owned }
                }
                ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ConstraintViolation => Self::damaged(path, error.to_string()),
                _ => Self::Io {
                    path: path_owned,
                    attempt,
                    detail: format!("{error} (SQLite code {})", failure.extended_code),
                },
            },
            Sql::FromSqlConversionFailure(..)
            | Sql::IntegralValueOutOfRange(..)
            | Sql::InvalidColumnType(..)
            | Sql::QueryReturnedNoRows
            | Sql::Utf8Error(..) => Self::damaged(path, error.to_string()),
            _ => Self::Io {
                path: path_owned,
                attempt,
                detail: error.to_string(),
            },
        }
    }
}
