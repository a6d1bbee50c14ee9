//! The data directory: its lock, the database's settings, its tables and how they came to be.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

/// The database's name in the data directory.
pub const DATABASE_FILE: &str = "hub.db";
/// The file that a running hub keeps locked.
const LOCK_FILE: &str = "hub.lock";
/// Marks a database as a hub's (`PRAGMA application_id`): "CueH".
const APPLICATION_ID: i32 = 0x4375_6548;
/// How long a statement waits for another process, such as a backup, to let go.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Prepared statements that a connection keeps: more than there are.
const STATEMENTS_KEPT: usize = 128;

/// Forward only: a released one is never changed, and there is no way back.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/001.sql"),
    include_str!("migrations/002.sql"),
    include_str!("migrations/003_printnode.sql"),
    include_str!("migrations/004_payments.sql"),
];

/// Why the data directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Two hubs on one directory would give out the same jobs.
    #[error(
        "another hub is running on the data directory {directory}; stop it or use another directory"
    )]
    InUse {
        /// Which.
        directory: PathBuf,
    },
    /// The directory or its lock could not be made or opened.
    #[error(
        "the data directory {directory} cannot be used: {source}; check that it exists or can be made, and that this account may write to it"
    )]
    Directory {
        /// Which.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something else's database.
    #[error(
        "{path} is not a hub's database (its application id is {got:#x}); move it away or use another directory"
    )]
    NotOurs {
        /// Which file.
        path: PathBuf,
        /// Its mark.
        got: i32,
    },
    /// Written by a later version.
    #[error(
        "{path} was written by a later version (schema {got}, this hub knows up to {known}); use that version, there is no way back"
    )]
    TooNew {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        got: u32,
        /// The newest known here.
        known: usize,
    },
    /// SQLite's own check found damage.
    #[error("{path} is damaged: {findings}; nothing was changed, restore it from a backup")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// The first of what was found.
        findings: String,
    },
    /// SQLite could not open or change it.
    #[error("the database {path} cannot be opened: {source}")]
    Database {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

impl OpenError {
    /// An error of SQLite while `path` is opened.
    pub fn of(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        if source.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) {
            let findings = source.to_string();
            return Self::Damaged { path, findings };
        }
        Self::Database { path, source }
    }
}

/// Makes the data directory if need be and locks it against a second hub for as long as the file
/// returned is open. The lock is the operating system's, so that a killed hub leaves none behind.
pub fn lock(directory: &Path) -> Result<File, OpenError> {
    let refuse = |source| OpenError::Directory {
        directory: directory.to_owned(),
        source,
    };
    create_directory(directory).map_err(refuse)?;
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(directory.join(LOCK_FILE))
        .map_err(refuse)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
            directory: directory.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(refuse(source)),
    }
}

/// Makes the data directory if need be, for this account alone.
///
/// # Errors
/// Those of the file system.
#[cfg(unix)]
pub fn create_directory(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
}

/// Makes the data directory if need be. On Windows it inherits its parent's access list, which is the
/// operator's to set.
///
/// # Errors
/// Those of the file system.
#[cfg(not(unix))]
pub fn create_directory(directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)
}

/// Tickets are in the database: it is its owner's alone, in whatever directory. SQLite gives its log
/// the same mode. A file that is there keeps the mode the operator gave it.
#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map(drop)
}

/// Windows has no modes: the file inherits the directory's access list.
#[cfg(not(unix))]
fn create_private(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Opens the database for writing: checked, and brought up to this version.
pub fn open_writer(directory: &Path) -> Result<Connection, OpenError> {
    let path = directory.join(DATABASE_FILE);
    let refuse = |source| OpenError::of(&path, source);
    create_private(&path).map_err(|source| OpenError::Directory {
        directory: directory.to_owned(),
        source,
    })?;
    let mut connection = Connection::open(&path).map_err(refuse)?;
    check_ours(&connection, &path)?;
    set_up(&connection).map_err(refuse)?;
    write_log_back(&connection).map_err(refuse)?;
    // Keeps the write-ahead log from staying as long as the largest documents once made it.
    connection
        .pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)
        .map_err(refuse)?;
    quick_check(&connection, &path)?;
    migrate(&mut connection, &path)?;
    Ok(connection)
}

/// Opens the database for reading only.
pub fn open_reader(directory: &Path) -> Result<Connection, OpenError> {
    let path = directory.join(DATABASE_FILE);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = Connection::open_with_flags(&path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "mmap_size", 0)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        Ok(connection)
    };
    open().map_err(|source| OpenError::of(&path, source))
}

/// Before anything is written to it.
fn check_ours(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let refuse = |source| OpenError::of(path, source);
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let mark = number("application_id").map_err(refuse)?;
    let version = number("user_version").map_err(refuse)?;
    let tables: i32 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(refuse)?;
    if mark != APPLICATION_ID && (mark, version, tables) != (0, 0, 0) {
        return Err(OpenError::NotOurs {
            path: path.to_owned(),
            got: mark,
        });
    }
    Ok(())
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // Less than FULL loses acknowledged jobs in a power cut.
    connection.pragma_update(None, "synchronous", "full")?;
    // Only macOS needs and knows these: its fsync does not reach the platter.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    // A mapped file turns an I/O error into a killed process.
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Savepoints write down what they may have to undo: that needs no file.
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(())
}

/// Writes the log into the database, syncs that, and empties the log. The last process may have
/// ended because a sync failed, and then the log that can be read here may never reach the disk: what
/// is stored from now on must not lie behind it.
fn write_log_back(connection: &Connection) -> rusqlite::Result<()> {
    let others_read: bool =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if others_read {
        return Err(rusqlite::Error::SqliteFailure(
            ffi::Error::new(ffi::SQLITE_BUSY),
            Some("another program is reading it; wait until it has ended, or end it".to_owned()),
        ));
    }
    Ok(())
}

fn quick_check(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let damaged = |findings| OpenError::Damaged {
        path: path.to_owned(),
        findings,
    };
    let finding: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| damaged(error.to_string()))?;
    if finding == "ok" {
        Ok(())
    } else {
        Err(damaged(finding))
    }
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let refuse = |source| OpenError::of(path, source);
    let version: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(refuse)?;
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    let Some(missing) = MIGRATIONS.get(done..) else {
        return Err(OpenError::TooNew {
            path: path.to_owned(),
            got: version,
            known: MIGRATIONS.len(),
        });
    };
    for (number, migration) in (version + 1..).zip(missing) {
        apply(connection, migration, number).map_err(refuse)?;
    }
    Ok(())
}

/// One step and its number together, so that a crash leaves either both or neither.
fn apply(connection: &mut Connection, migration: &str, number: u32) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(migration)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", number)?;
    transaction.commit()
}
