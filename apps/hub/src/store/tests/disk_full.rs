//! A disk without room, on a small file system of its own.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;

use cueline_hub_core::store::contract::{START, place, submission};
use cueline_hub_core::{StoreError, SubmitError};

use super::super::Store;
use super::add_place;

/// A file system in memory, unmounted when it goes.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Or why there can be none here.
    fn new(size: &str) -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(directory.path())
            .output()
            .map_err(|error| format!("mount cannot be run: {error}"))?;
        if mount.status.success() {
            Ok(Self(directory))
        } else {
            Err(String::from_utf8_lossy(&mount.stderr).into_owned())
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.path()).status();
        let unmounted = unmounted.is_ok_and(|status| status.success());
        // A second panic would hide the first.
        assert!(
            unmounted || std::thread::panicking(),
            "{} is still mounted",
            self.path().display()
        );
    }
}

#[tokio::test]
async fn a_full_disk_is_said_and_loses_nothing() {
    let disk = match SmallDisk::new("4m") {
        Ok(disk) => disk,
        Err(reason) => {
            println!(
                "skipped: a small file system cannot be mounted here: {}",
                reason.trim()
            );
            return;
        }
    };
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![0; 1024 * 1024]).unwrap();
    let store = Store::open(disk.path(), |_| {}).unwrap();
    add_place(&store, place(1, 1)).await;
    let mut stored = Vec::new();
    let full = loop {
        let number = stored.len() as u128 + 1;
        match submit(&store, number).await {
            Ok(job) => stored.push(job),
            Err(error) => break error,
        }
        assert!(stored.len() < 1_000, "four megabytes do not get full");
    };
    assert_eq!(full, SubmitError::Store(StoreError::DiskFull));
    let again = submit(&store, 5_000).await.unwrap_err();
    assert_eq!(again, SubmitError::Store(StoreError::DiskFull));
    assert!(!stored.is_empty());
    for job in &stored {
        let found = store.job(job.tenant, job.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(job));
    }

    std::fs::remove_file(&ballast).unwrap();
    stored.push(submit(&store, 6_000).await.unwrap());
    let sequences: Vec<_> = stored.iter().map(|job| job.sequence).collect();
    assert!(sequences.iter().copied().eq(1..=stored.len() as u64));
    drop(store);
    let store = Store::open(disk.path(), |_| {}).unwrap();
    for job in &stored {
        let found = store.job(job.tenant, job.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(job));
    }
    drop(store);
}

async fn submit(store: &Store, number: u128) -> Result<cueline_hub_core::PrintJob, SubmitError> {
    let mut new = submission(place(1, 1), number);
    new.body = Some(vec![7; 20_000]);
    new.job.document.bytes = 20_000;
    store
        .submit(new, START)
        .await
        .map(|submitted| submitted.job)
}
