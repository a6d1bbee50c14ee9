//! Opening the data directory: settings, migrations, a second hub, strange and damaged files.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

use cueline_hub_core::store::contract::{START, place, submission};
use rusqlite::Connection;

use super::super::schema::DATABASE_FILE;
use super::super::{OpenError, Store};
use super::{Opened, add_place, with_place};

#[tokio::test]
async fn the_settings_that_durability_rests_on_are_in_force() {
    let opened = Opened::new();
    let settings = opened.store.write(|changes| {
        let value = |pragma: &str| {
            let text = changes
                .connection
                .pragma_query_value(None, pragma, |row| row.get::<_, rusqlite::types::Value>(0))
                .unwrap();
            format!("{pragma} = {text:?}")
        };
        Ok::<_, cueline_hub_core::StoreError>(
            [
                "journal_mode",
                "synchronous",
                "foreign_keys",
                "mmap_size",
                "user_version",
            ]
            .map(value),
        )
    });
    assert_eq!(
        settings.await.unwrap(),
        [
            "journal_mode = Text(\"wal\")",
            "synchronous = Integer(2)",
            "foreign_keys = Integer(1)",
            "mmap_size = Integer(0)",
            "user_version = Integer(4)",
        ]
    );
    let tables: Vec<(String, bool)> = opened
        .store
        .read(|connection| {
            let mut query = connection
                .prepare("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'")
                .unwrap();
            let rows = query.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
            Ok::<_, cueline_hub_core::StoreError>(rows.map(Result::unwrap).collect())
        })
        .await
        .unwrap();
    assert!(tables.len() > 5);
    for (table, strict) in tables {
        assert!(strict, "{table} is not STRICT");
    }
}

#[test]
fn a_second_hub_is_refused_and_let_in_once_the_first_is_gone() {
    let opened = Opened::new();
    let path = opened.directory.path().to_owned();
    let refused = Store::open(&path, |_| {}).err().unwrap();
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
    assert!(refused.to_string().contains("another hub"), "{refused}");
    drop(opened.store);
    Store::open(&path, |_| {}).unwrap();
}

#[test]
fn a_later_versions_database_is_left_alone() {
    let opened = Opened::new();
    let directory = opened.directory;
    drop(opened.store);
    let path = directory.path().join(DATABASE_FILE);
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let refused = Store::open(directory.path(), |_| {}).err().unwrap();
    assert!(
        matches!(refused, OpenError::TooNew { got: 99, .. }),
        "{refused}"
    );
}

#[test]
fn something_elses_database_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(DATABASE_FILE);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE mine (a)").unwrap();
    drop(connection);
    let before = std::fs::read(&path).unwrap();
    let refused = Store::open(directory.path(), |_| {}).err().unwrap();
    assert!(matches!(refused, OpenError::NotOurs { .. }), "{refused}");
    assert_eq!(std::fs::read(&path).unwrap(), before);

    std::fs::write(&path, b"this is a letter and no database at all").unwrap();
    let refused = Store::open(directory.path(), |_| {}).err().unwrap();
    assert!(matches!(refused, OpenError::Database { .. }), "{refused}");
}

#[tokio::test]
async fn damage_is_found_at_the_start() {
    let opened = with_place().await;
    for job in 1..=200 {
        let submitted = opened.store.submit(submission(place(1, 1), job), START);
        submitted.await.unwrap();
    }
    let directory = opened.directory;
    drop(opened.store);
    let path = directory.path().join(DATABASE_FILE);
    let mut file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    // Every page after the schema's loses its header.
    let page = 4_096;
    for start in (page * 20..bytes.len()).step_by(page) {
        file.seek(SeekFrom::Start(start as u64)).unwrap();
        file.write_all(&[0xa5; 64]).unwrap();
    }
    drop(file);
    let refused = Store::open(directory.path(), |_| {}).err().unwrap();
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    assert!(refused.to_string().contains("backup"), "{refused}");
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let refused = Store::open(&file.join("data"), |_| {}).err().unwrap();
    assert!(matches!(refused, OpenError::Directory { .. }), "{refused}");
    assert!(refused.to_string().contains("file"), "{refused}");
}

#[cfg(unix)]
#[test]
fn a_fresh_data_directory_is_the_accounts_own() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("deep/data");
    drop(super::super::schema::lock(&data).unwrap());
    let mode = std::fs::metadata(&data).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn a_crash_leaves_what_was_answered() {
    let opened = with_place().await;
    let job = opened
        .store
        .submit(submission(place(1, 1), 1), START)
        .await
        .unwrap()
        .job;
    let copy = cut_off(&opened);
    let recovered = Store::open(copy.path(), |_| {}).unwrap();
    let found = recovered.job(job.tenant, job.id).await.unwrap();
    assert_eq!(found, Some(job));
}

/// Copies what a process that was cut off leaves: the files as they are, the log not written back.
fn cut_off(opened: &Opened) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in [DATABASE_FILE, "hub.db-wal"] {
        std::fs::copy(opened.directory.path().join(file), copy.path().join(file)).unwrap();
    }
    copy
}

#[tokio::test]
async fn what_was_found_in_the_log_is_in_the_file_before_anything_rests_on_it() {
    let opened = with_place().await;
    let submitted = opened.store.submit(submission(place(1, 1), 1), START);
    let job = submitted.await.unwrap().job;
    let after = cut_off(&opened);
    let _recovered = Store::open(after.path(), |_| {}).unwrap();

    let file_alone = tempfile::tempdir().unwrap();
    let database = file_alone.path().join(DATABASE_FILE);
    std::fs::copy(after.path().join(DATABASE_FILE), database).unwrap();
    let found = Store::open(file_alone.path(), |_| {}).unwrap();
    assert_eq!(found.job(job.tenant, job.id).await.unwrap(), Some(job));
}

#[tokio::test]
async fn a_log_that_another_program_holds_back_is_not_built_upon() {
    let opened = with_place().await;
    let after = cut_off(&opened);
    let reader = Connection::open(after.path().join(DATABASE_FILE)).unwrap();
    reader
        .execute_batch("BEGIN; SELECT * FROM tenants")
        .unwrap();
    let refused = Store::open(after.path(), |_| {}).err().unwrap();
    assert!(refused.to_string().contains("another program"), "{refused}");
    drop(reader);
    Store::open(after.path(), |_| {}).unwrap();
}

#[cfg(unix)]
#[test]
fn the_database_is_its_accounts_own_in_a_directory_open_to_all() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let open_to_all = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(directory.path(), open_to_all).unwrap();
    let _store = Store::open(directory.path(), |_| {}).unwrap();
    for file in [DATABASE_FILE, "hub.db-wal", "hub.db-shm"] {
        let metadata = std::fs::metadata(directory.path().join(file)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{file}");
    }
}

#[tokio::test]
async fn the_schema_is_made_once() {
    let opened = Opened::new().reopened().reopened();
    add_place(&opened.store, place(1, 1)).await;
    let submitted = opened.store.submit(submission(place(1, 1), 1), START).await;
    assert!(submitted.is_ok());
}
