//! What the journal promises, on real files: everything acknowledged is found again, damage is
//! noticed and never papered over, a full disk loses nothing, one process at a time.

#![allow(
    clippy::unwrap_used,
    reason = "clippy's exemption for tests does not reach their helper functions"
)]

mod damage;
mod disk_full;
mod payments;
mod records;
mod reference;
mod released;
mod single_owner;
mod writer;

use std::path::{Path, PathBuf};

use cueline_agent_core::{Job, Record, Recovered};
use cueline_journal::{Journal, OnDamage};
use cueline_model::{
    ContentType, Document, JobId, JobKey, Outcome, PrintOptions, Proof, Sha256, UncertainPolicy,
    WallTime,
};
use cueline_wire::cloud::{Progress, ReportEntry};

fn journal_in(folder: &Path) -> PathBuf {
    folder.join("journal.sqlite")
}

fn open(path: &Path) -> (Journal, Recovered) {
    let opened = Journal::open(path, OnDamage::Refuse).unwrap();
    assert!(opened.set_aside.is_none());
    (opened.journal, opened.recovered)
}

fn key(number: u128) -> JobKey {
    JobKey {
        job: JobId::from_u128(number),
        attempt: 1,
    }
}

fn job(number: u128, bytes: u64) -> Job {
    Job {
        options: Box::new(PrintOptions {
            from_ticket: Some(3),
            tray: Some("left \"roll\"".to_owned()),
            ..PrintOptions::default()
        }),
        marked: true,
        key: key(number),
        sequence: u64::try_from(number).unwrap() * 10,
        printer: "desk-1".parse().unwrap(),
        start_by: Some(WallTime(1_777_663_800_125)),
        copies: 2,
        uncertain: UncertainPolicy::ReprintMarked,
        document: Document {
            content_type: ContentType::Png,
            bytes,
            sha256: Sha256([7; 32]),
        },
    }
}

fn entry(seq: u64, number: u128, progress: Progress) -> ReportEntry {
    ReportEntry {
        seq,
        job: key(number).job,
        attempt: 1,
        at: WallTime(1_777_663_800_000 + i64::try_from(seq).unwrap()),
        progress,
    }
}

fn accepted(seq: u64, number: u128, body: Option<&[u8]>) -> Record {
    let bytes = body.map_or(100_000, |body| body.len() as u64);
    Record::Accepted {
        entry: entry(seq, number, Progress::Accepted),
        job: job(number, bytes),
        body: body.map(|body| body.to_vec().into()),
    }
}

fn done() -> Progress {
    Progress::Ended(Outcome::Done {
        proof: Proof::Printed,
    })
}

/// The files as a power cut would leave them: copied while the journal is open.
fn copy_as_left_by_a_cut(from: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        let name = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        if name(from).exists() {
            std::fs::copy(name(from), name(to)).unwrap();
        }
    }
}
