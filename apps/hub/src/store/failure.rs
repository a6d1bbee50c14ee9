//! What SQLite's errors mean for the hub.

use cueline_hub_core::{StoreError, SubmitError};
use rusqlite::{Error, ErrorCode, ffi};

/// An error that may hide a [`StoreError`], so that the writer sees when storage can no longer be
/// trusted whatever the request was.
pub trait StorageError: From<StoreError> + Send + 'static {
    /// The store's own error in it.
    fn storage(&self) -> Option<&StoreError>;
}

impl StorageError for StoreError {
    fn storage(&self) -> Option<&StoreError> {
        Some(self)
    }
}

impl StorageError for SubmitError {
    fn storage(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Sorts an error of SQLite: come again, make room, restart, or a fault of the program.
pub fn of(error: &Error) -> StoreError {
    let text = error.to_string();
    let Some(sqlite) = error.sqlite_error() else {
        return StoreError::Internal { text };
    };
    match (sqlite.code, sqlite.extended_code) {
        // The shared-memory file could not grow: on a full disk that is all that is wrong.
        (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => StoreError::DiskFull,
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => StoreError::Busy,
        (
            ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::FileLockingProtocolFailed,
            _,
        ) => StoreError::Broken { text },
        _ => StoreError::Internal { text },
    }
}

/// For `map_err` on whatever rusqlite gives.
pub fn map<E: From<StoreError>>(error: Error) -> E {
    of(&error).into()
}
