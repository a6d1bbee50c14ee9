//! A full disk: nothing is acknowledged, nothing is lost, and it goes on when there is room.

use std::fs;
use std::path::Path;
use std::process::Command;

use cueline_agent_core::BatchId;
use cueline_journal::{JournalError, WriterEvent};

use crate::writer::{SOON, append, start};
use crate::{accepted, journal_in, open};

/// A file system of 2 MiB, where the system allows one to be mounted.
pub struct TinyDisk(tempfile::TempDir);

impl TinyDisk {
    pub fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(folder.path())
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(folder)),
            Ok(output) => {
                let reason = String::from_utf8_lossy(&output.stderr).into_owned();
                println!("skipped: mounting a tmpfs needs root: {}", reason.trim());
                None
            }
            Err(error) => {
                println!("skipped: no mount command here: {error}");
                None
            }
        }
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves no room at all.
    pub fn fill(&self) {
        let ballast = vec![0; 4096];
        let file = fs::File::create(self.path().join("ballast")).unwrap();
        while std::io::Write::write_all(&mut &file, &ballast).is_ok() {}
    }

    pub fn make_room(&self) {
        fs::remove_file(self.path().join("ballast")).unwrap();
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.path()).output());
    }
}

#[test]
fn an_append_on_a_full_disk_changes_nothing_and_succeeds_later() {
    let Some(disk) = TinyDisk::mount() else {
        return;
    };
    let path = journal_in(disk.path());
    let (mut journal, _) = open(&path);
    journal.append(&[accepted(1, 1, Some(b"before"))]).unwrap();
    disk.fill();
    let body = vec![1; 60_000];
    for _ in 0..3 {
        let error = journal.append(&[accepted(2, 2, Some(&body))]).unwrap_err();
        assert_eq!(error, JournalError::DiskFull { path: path.clone() });
    }
    disk.make_room();
    journal.append(&[accepted(2, 2, Some(&body))]).unwrap();
    drop(journal);
    let (_journal, found) = open(&path);
    assert_eq!(found.jobs.len(), 2);
    assert_eq!(found.next_seq, 3);
}

#[test]
fn the_writer_says_so_once_acknowledges_nothing_and_goes_on_when_there_is_room() {
    let Some(disk) = TinyDisk::mount() else {
        return;
    };
    let path = journal_in(disk.path());
    let (mut journal, _) = open(&path);
    journal.append(&[accepted(1, 1, None)]).unwrap();
    disk.fill();
    let (writer, told) = start(journal, 100);
    let body = vec![1; 60_000];
    for number in 2..=5_u64 {
        let request = append(
            number,
            vec![accepted(number, u128::from(number), Some(&body))],
        );
        assert!(writer.queue().submit(request).is_ok());
    }
    let full = told.recv_timeout(SOON).unwrap();
    assert!(matches!(full, WriterEvent::DiskFull(_)), "{full:?}");
    // Longer than two of its pauses.
    std::thread::sleep(std::time::Duration::from_millis(2500));
    assert!(
        told.try_recv().is_err(),
        "something was told while the disk was full"
    );

    disk.make_room();
    let mut seen = Vec::new();
    while seen.last() != Some(&WriterEvent::Appended(BatchId(5))) {
        seen.push(told.recv_timeout(SOON).unwrap());
    }
    let batches: Vec<_> = seen
        .iter()
        .filter(|event| **event != WriterEvent::DiskFreed)
        .collect();
    let expected: Vec<_> = (2..=5)
        .map(|number| WriterEvent::Appended(BatchId(number)))
        .collect();
    assert_eq!(batches, expected.iter().collect::<Vec<_>>());
    assert!(seen.contains(&WriterEvent::DiskFreed));
    writer.finish();
    assert_eq!(open(&path).1.jobs.len(), 5);
}

#[test]
fn a_writer_can_be_finished_while_the_disk_is_full() {
    let Some(disk) = TinyDisk::mount() else {
        return;
    };
    let path = journal_in(disk.path());
    let (mut journal, _) = open(&path);
    journal.append(&[accepted(1, 1, None)]).unwrap();
    disk.fill();
    let (writer, told) = start(journal, 100);
    let body = vec![1; 60_000];
    assert!(
        writer
            .queue()
            .submit(append(2, vec![accepted(2, 2, Some(&body))]))
            .is_ok()
    );
    assert!(matches!(
        told.recv_timeout(SOON).unwrap(),
        WriterEvent::DiskFull(_)
    ));
    writer.finish();
    assert!(
        told.recv_timeout(SOON).is_err(),
        "an unwritten batch was acknowledged"
    );
    disk.make_room();
    assert_eq!(open(&path).1.jobs.len(), 1);
}
