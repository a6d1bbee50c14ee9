//! Opening the file: how SQLite has to treat it, what tables it has, whether it is sound.

use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::JournalError;
use crate::directory_lock::suffixed;

/// A file's schema in steps, one for each version; `user_version` counts those that were taken.
pub(crate) type Steps = &'static [&'static str];

/// The journal of print jobs.
pub(crate) const JOBS: Steps = &[
    // 0.1
    "
CREATE TABLE job (
    position     INTEGER PRIMARY KEY,           -- rises in order of acceptance
    job          TEXT    NOT NULL,
    attempt      INTEGER NOT NULL,
    sequence     INTEGER NOT NULL,
    printer      TEXT    NOT NULL,
    start_by_ms  INTEGER,                       -- hub's clock, since 1970
    copies       INTEGER NOT NULL,
    uncertain    TEXT    NOT NULL,
    content_type TEXT    NOT NULL,
    bytes        INTEGER NOT NULL,
    sha256       BLOB    NOT NULL CHECK (length(sha256) = 32),
    phase        TEXT    NOT NULL CHECK (phase IN ('waiting', 'started', 'ended')),
    reprints     INTEGER NOT NULL DEFAULT 0,
    newest_entry TEXT    NOT NULL,              -- JSON, as told to the hub
    UNIQUE (job, attempt)
) STRICT;
CREATE TABLE document (
    position INTEGER PRIMARY KEY REFERENCES job (position) ON DELETE CASCADE,
    body     BLOB NOT NULL
) STRICT;
CREATE TABLE entry (
    seq  INTEGER PRIMARY KEY,
    body TEXT NOT NULL                          -- JSON, as told to the hub
) STRICT;
CREATE TABLE learned_ping (
    path    TEXT PRIMARY KEY,
    ping_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE number (
    name  TEXT PRIMARY KEY CHECK (name IN ('next_seq', 'clock_offset_ms')),
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
",
    // 0.2
    "
ALTER TABLE job ADD COLUMN options TEXT;                       -- JSON; null: nothing is asked for
ALTER TABLE job ADD COLUMN marked INTEGER NOT NULL DEFAULT 0;  -- headed DUPLICATE from the beginning
ALTER TABLE job ADD COLUMN printed INTEGER;                    -- tickets proven by the printer, of
ALTER TABLE job ADD COLUMN tickets INTEGER;                    -- so many; null: none was counted
",
];

/// The journal of payments.
pub(crate) const PAYMENTS: Steps = &[
    // 0.3
    "
CREATE TABLE payment (
    position    INTEGER PRIMARY KEY,            -- number of its first entry: order of acceptance
    payment     TEXT    NOT NULL UNIQUE,
    order_asked TEXT    NOT NULL,               -- JSON, as the hub signed it
    start_by_ms INTEGER NOT NULL                -- hub's clock, since 1970
) STRICT;
CREATE TABLE step (
    seq      INTEGER PRIMARY KEY,
    position INTEGER NOT NULL REFERENCES payment (position) ON DELETE CASCADE,
    entry    TEXT    NOT NULL                   -- JSON, as told to the hub
) STRICT;
CREATE INDEX step_of_payment ON step (position, seq);
CREATE TABLE untold (
    seq   INTEGER PRIMARY KEY,
    entry TEXT NOT NULL                         -- JSON, as told to the hub
) STRICT;
CREATE TABLE mark (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    next_seq INTEGER NOT NULL,
    openings INTEGER NOT NULL,
    agent    TEXT    NOT NULL                   -- whose journal this is
) STRICT;
",
];

/// Opens the file, which must exist, takes it for this process alone, checks it, brings its schema
/// up to date. Its log stays as it is at close until [`keep_file_unchanged_at_close`] says otherwise.
pub(crate) fn open(path: &Path, steps: Steps) -> Result<Connection, JournalError> {
    let length = fs::metadata(path)
        .map_err(|error| JournalError::io(path, "open", &error))?
        .len();
    if length == 0 {
        // SQLite would take it for a new one, but new ones only get their name when they are whole.
        return Err(JournalError::damaged(path, "it is empty"));
    }
    let mut connection = connect(path)?;
    check(&connection, path)?;
    migrate(&mut connection, path, steps)?;
    Ok(connection)
}

/// Makes an empty journal beside `path` and gives it its name once it is whole and durable, so that
/// whatever bears the name was a journal once.
pub(crate) fn create(path: &Path, steps: Steps) -> Result<(), JournalError> {
    let beside = suffixed(path, ".new");
    let fail = |error: io::Error| JournalError::io(path, "create", &error);
    for suffix in ["", "-wal", "-shm", "-journal"] {
        match fs::remove_file(suffixed(&beside, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fail(error)),
            _ => {}
        }
    }
    create_private(&beside).map_err(fail)?;
    let mut connection = connect(&beside)?;
    migrate(&mut connection, &beside, steps)?;
    let closed = keep_file_unchanged_at_close(&connection, false)
        .and_then(|()| connection.close().map_err(|(_, error)| error));
    closed.map_err(|error| JournalError::from_sqlite(path, "create", &error))?;
    fs::rename(&beside, path).map_err(fail)?;
    sync_directory_of(path).map_err(fail)
}

/// Tickets are in it: its owner's alone. SQLite gives the log the same mode.
#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::OpenOptions::new();
    options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map(drop)
}

/// Windows has no modes: the file inherits the access list of the data directory.
#[cfg(windows)]
fn create_private(path: &Path) -> io::Result<()> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map(drop)
}

#[cfg(unix)]
fn sync_directory_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::File::open(folder)?.sync_all(),
        _ => fs::File::open(".")?.sync_all(),
    }
}

/// On Windows a directory cannot be opened for syncing, and NTFS journals the renaming itself.
#[cfg(windows)]
fn sync_directory_of(_path: &Path) -> io::Result<()> {
    Ok(())
}

fn connect(path: &Path) -> Result<Connection, JournalError> {
    let fail = |error: rusqlite::Error| JournalError::from_sqlite(path, "open", &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    connection.busy_timeout(Duration::ZERO).map_err(fail)?;
    keep_file_unchanged_at_close(&connection, true).map_err(fail)?;
    configure(&connection).map_err(fail)?;
    Ok(connection)
}

/// Whether closing leaves the log as it is instead of writing it back into the file: the copy of a
/// damaged journal that somebody will look at has to be what was found.
pub(crate) fn keep_file_unchanged_at_close(
    connection: &Connection,
    keep: bool,
) -> rusqlite::Result<()> {
    let option = rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    connection.set_db_config(option, keep).map(drop)
}

/// Writes the log into the file, syncs that, and empties the log. Done at each opening too: the last
/// process may have ended because a sync failed, and then the log that can be read here may never
/// reach the disk, so nothing must rest on it.
pub(crate) fn write_log_back(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// The log is written back into the file beyond this length.
pub(crate) const LOG_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// [`write_log_back`], where the log of the file at `path` is longer than `log_bytes`.
pub(crate) fn write_log_back_beyond(
    connection: &Connection,
    path: &Path,
    log_bytes: u64,
) -> rusqlite::Result<()> {
    let log = suffixed(path, "-wal");
    if fs::metadata(&log).map_or(0, |metadata| metadata.len()) <= log_bytes {
        return Ok(());
    }
    write_log_back(connection)
}

/// `auto_vacuum` only takes effect before the first table is made, and exclusive locking has to
/// precede WAL for its index to stay out of shared memory. Checkpoints are asked for by
/// [`crate::Journal`], since SQLite's automatic ones swallow sync errors.
fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA auto_vacuum = INCREMENTAL;
         PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA foreign_keys = ON;
         PRAGMA mmap_size = 0;
         PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;
         PRAGMA secure_delete = OFF;",
    )
}

fn check(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let fail = |error: rusqlite::Error| JournalError::from_sqlite(path, "check", &error);
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(fail)?;
    if verdict != "ok" {
        return Err(JournalError::damaged(path, verdict));
    }
    let orphan: Option<String> = connection
        .query_row("PRAGMA foreign_key_check", [], |row| row.get(0))
        .optional()
        .map_err(fail)?;
    match orphan {
        Some(table) => Err(JournalError::damaged(
            path,
            format!("a row of {table} belongs to nothing"),
        )),
        None => Ok(()),
    }
}

fn migrate(connection: &mut Connection, path: &Path, steps: Steps) -> Result<(), JournalError> {
    let fail = |error: rusqlite::Error| JournalError::from_sqlite(path, "update", &error);
    let known = i64::try_from(steps.len()).expect("a handful of steps");
    let found: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(fail)?;
    let Some(taken) = usize::try_from(found)
        .ok()
        .filter(|taken| *taken <= steps.len())
    else {
        return Err(JournalError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    };
    if taken == steps.len() {
        return Ok(());
    }
    let transaction = connection.transaction().map_err(fail)?;
    for step in &steps[taken..] {
        transaction.execute_batch(step).map_err(fail)?;
    }
    transaction
        .pragma_update(None, "user_version", known)
        .map_err(fail)?;
    transaction.commit().map_err(fail)
}
