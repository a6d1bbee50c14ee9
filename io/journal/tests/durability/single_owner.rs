//! One process at a time, whoever asks and however.

use cueline_journal::{DirectoryLock, Journal, JournalError, OnDamage};

use crate::{accepted, journal_in, open};

#[test]
fn a_second_opener_is_refused_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    let (journal, _) = open(&path);

    let error = Journal::open(&path, OnDamage::SetAside).unwrap_err();
    assert_eq!(error, JournalError::Locked { path: path.clone() });
    assert!(
        error.to_string().contains("another agent is using it"),
        "{error}"
    );
    assert!(DirectoryLock::acquire(&path).is_err());

    drop(journal);
    open(&path);
}

#[test]
fn a_stranger_with_sqlite_alone_is_kept_out_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    let (mut journal, _) = open(&path);
    journal.append(&[accepted(1, 1, None)]).unwrap();

    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.busy_timeout(std::time::Duration::ZERO).unwrap();
    let refused = raw.query_row("SELECT count(*) FROM job", [], |row| row.get::<_, i64>(0));
    assert_eq!(
        refused.unwrap_err().sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseBusy)
    );
    journal.append(&[accepted(2, 2, None)]).unwrap();
}

#[test]
fn a_file_in_a_folder_that_is_missing_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("journal.sqlite");
    let error = Journal::open(&path, OnDamage::Refuse).unwrap_err();
    assert!(matches!(error, JournalError::Io { .. }), "{error}");
    assert!(error.to_string().contains("missing"), "{error}");
}
