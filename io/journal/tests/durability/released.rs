//! A journal that a released version wrote is still read, brought up to date, and gone on with.

use std::path::{Path, PathBuf};

use cueline_agent_core::{Phase, Record, Recovered};
use cueline_model::{JobKey, Outcome, PrintOptions, Proof, UncertainPolicy};
use cueline_wire::cloud::Progress;
use rusqlite::Connection;

use crate::{accepted, done, entry, job, journal_in, key, open};

/// A journal file made from the text of one, as `sqlite3 .dump` gave it, with its `user_version`.
fn written_by(release: &str, folder: &Path) -> PathBuf {
    let dump = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/durability/released")
        .join(format!("{release}.sql"));
    let path = journal_in(folder);
    let text = std::fs::read_to_string(dump).unwrap();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(&text).unwrap();
    path
}

fn phase(recovered: &Recovered, key: JobKey) -> Phase {
    let mut jobs = recovered.jobs.iter();
    jobs.find(|found| found.job.key == key).unwrap().phase
}

#[test]
fn everything_in_a_journal_of_0_1_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = written_by("0.1", folder.path());
    let (mut journal, recovered) = open(&path);

    assert_eq!(recovered.jobs.len(), 4);
    for (number, expected) in [
        (1, Phase::Waiting),
        (2, Phase::Started),
        (3, Phase::Waiting),
        (4, Phase::Ended),
    ] {
        assert_eq!(phase(&recovered, key(number)), expected);
    }
    for found in &recovered.jobs {
        assert_eq!(found.job.options, Box::new(PrintOptions::default()));
        assert!(!found.job.marked);
        assert_eq!(found.proven, None);
        assert_eq!(found.job.uncertain, UncertainPolicy::ReprintMarked);
        assert_eq!(found.job.copies, 2);
        assert_eq!(found.job.document, job(1, 6).document);
    }
    let [waiting, _, reprinted, ended] = &recovered.jobs[..] else {
        panic!("four jobs")
    };
    assert!(waiting.document_here && !ended.document_here);
    assert_eq!(reprinted.reprints, 1);
    let proof = Proof::Printed;
    let outcome = Outcome::Done { proof };
    assert_eq!(ended.newest_entry.progress, Progress::Ended(outcome));
    let untold: Vec<u64> = recovered.untold.iter().map(|entry| entry.seq).collect();
    assert_eq!(untold, [3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(recovered.next_seq, 11);
    assert_eq!(recovered.learned_pings.len(), 1);
    assert_eq!(recovered.clock_offset_ms, Some(-250));
    let document = journal.document(key(1)).unwrap().unwrap();
    assert_eq!(document.body, b"ticket");

    // And it goes on like a new one.
    let accepts = accepted(11, 5, Some(b"ticket"));
    let ends = Record::Progress(entry(12, 2, done()));
    journal.append(&[accepts, ends]).unwrap();
    drop(journal);
    let (_journal, again) = open(&path);
    assert_eq!(phase(&again, key(2)), Phase::Ended);
    assert_eq!(again.jobs.last().unwrap().job, job(5, 6));
}
