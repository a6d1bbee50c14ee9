//! Damage is noticed, named, and never papered over.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use cueline_journal::{Journal, JournalError, OnDamage};

use crate::{accepted, copy_as_left_by_a_cut, journal_in, key, open};

fn filled(path: &Path) {
    let (mut journal, _) = open(path);
    for number in 1..=200_u64 {
        let body = vec![b'x'; 3000];
        journal
            .append(&[accepted(number, u128::from(number), Some(&body))])
            .unwrap();
    }
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

fn assert_refused_in_place(path: &Path) {
    let before = fs::read(path).unwrap();
    let error = Journal::open(path, OnDamage::Refuse).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
    assert!(
        error.to_string().contains("--set-aside-damaged-journal"),
        "{error}"
    );
    assert_eq!(
        fs::read(path).unwrap(),
        before,
        "the damaged file was changed"
    );
}

#[test]
fn a_damaged_file_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for (name, harm) in [
        (
            "noise",
            (|path| overwrite(path, 0, &[0x55; 4096])) as fn(&Path),
        ),
        ("pages", |path| {
            for page in 1..40 {
                overwrite(path, page * 4096, &[0xff; 200]);
            }
        }),
        ("empty", |path| fs::write(path, b"").unwrap()),
        ("cut", |path| {
            let length = fs::metadata(path).unwrap().len();
            fs::OpenOptions::new()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(length / 2)
                .unwrap();
        }),
    ] {
        let path = folder.path().join(name);
        filled(&path);
        harm(&path);
        assert_refused_in_place(&path);
    }
}

#[test]
fn a_row_that_cannot_be_read_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    filled(&path);
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute(
        "UPDATE job SET newest_entry = '{\"seq\":' WHERE position = 3",
        [],
    )
    .unwrap();
    drop(raw);
    assert_refused_in_place(&path);
}

#[test]
fn with_consent_a_damaged_journal_is_set_aside_whole_and_a_new_one_begun() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    filled(&path);
    overwrite(&path, 0, &[0x55; 4096]);
    let log = folder.path().join("journal.sqlite-wal");
    fs::write(&log, b"whatever the log held").unwrap();
    let before = fs::read(&path).unwrap();

    let opened = Journal::open(&path, OnDamage::SetAside).unwrap();
    let (moved_to, damage) = opened.set_aside.expect("it was damaged");
    assert!(matches!(damage, JournalError::Damaged { .. }));
    assert!(opened.recovered.jobs.is_empty());
    assert!(fs::read(&moved_to).unwrap() == before, "the copy differs");
    let moved_log = format!("{}-wal", moved_to.display());
    assert_eq!(fs::read(moved_log).unwrap(), b"whatever the log held");

    let mut journal = opened.journal;
    journal.append(&[accepted(1, 1, None)]).unwrap();
    drop(journal);
    let (_journal, found) = open(&path);
    assert_eq!(found.jobs.len(), 1);
}

#[test]
fn consent_changes_nothing_for_a_sound_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    filled(&path);
    let opened = Journal::open(&path, OnDamage::SetAside).unwrap();
    assert!(opened.set_aside.is_none());
    assert_eq!(opened.recovered.jobs.len(), 200);
}

#[test]
fn a_torn_write_at_the_end_of_the_log_costs_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(&journal_in(folder.path()));
    for number in 1..=20_u64 {
        journal
            .append(&[accepted(number, u128::from(number), Some(b"ticket"))])
            .unwrap();
    }
    for torn_bytes in [1, 24, 4096, 5000] {
        let cut = folder.path().join(format!("cut-{torn_bytes}"));
        copy_as_left_by_a_cut(journal.path(), &cut);
        let log = folder.path().join(format!("cut-{torn_bytes}-wal"));
        let mut log = fs::OpenOptions::new().append(true).open(log).unwrap();
        log.write_all(&vec![0xa5; torn_bytes]).unwrap();
        let (mut after, found) = open(&cut);
        assert_eq!(found.jobs.len(), 20);
        assert_eq!(after.document(key(20)).unwrap().unwrap().body, b"ticket");
    }
}

#[test]
fn what_was_found_in_the_log_is_in_the_file_before_anything_rests_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(&journal_in(folder.path()));
    journal.append(&[accepted(1, 1, Some(b"ticket"))]).unwrap();
    let cut = folder.path().join("cut");
    copy_as_left_by_a_cut(journal.path(), &cut);
    let (_after, found) = open(&cut);
    assert_eq!(found.jobs.len(), 1);

    let file_alone = folder.path().join("file-alone");
    fs::copy(&cut, &file_alone).unwrap();
    assert_eq!(open(&file_alone).1.jobs.len(), 1);
}

#[test]
fn a_later_versions_journal_is_refused_by_version_and_not_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    filled(&path);
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    let error = Journal::open(&path, OnDamage::SetAside).unwrap_err();
    assert!(
        matches!(
            error,
            JournalError::Newer {
                found: 99,
                known: 2,
                ..
            }
        ),
        "{error}"
    );
    assert!(path.exists());
}

#[test]
fn a_log_without_its_journal_is_damage_and_never_flows_into_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let living = folder.path().join("living");
    let path = journal_in(folder.path());
    let (mut journal, _) = open(&living);
    journal.append(&[accepted(1, 1, Some(b"ticket"))]).unwrap();
    copy_as_left_by_a_cut(&living, &path);
    drop(journal);
    let log = folder.path().join("journal.sqlite-wal");
    let left = fs::read(&log).unwrap();
    assert!(!left.is_empty());
    // What a copy by hand forgets, or a crash while a journal is set aside leaves.
    fs::remove_file(&path).unwrap();

    let error = Journal::open(&path, OnDamage::Refuse).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
    assert!(!path.exists());
    assert_eq!(fs::read(&log).unwrap(), left);

    let opened = Journal::open(&path, OnDamage::SetAside).unwrap();
    assert_eq!(opened.recovered.jobs, []);
    let (moved_to, _) = opened.set_aside.unwrap();
    let kept = format!("{}-wal", moved_to.display());
    assert_eq!(fs::read(kept).unwrap(), left);
    drop(opened.journal);
    assert_eq!(open(&path).1.jobs, []);
}
