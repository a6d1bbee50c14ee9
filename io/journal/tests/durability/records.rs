//! Each kind of record is found again as it was written.

use std::time::Duration;

use cueline_agent_core::{Phase, Proven, Record};
use cueline_journal::JournalError;
use cueline_model::limits::DOCUMENT_BYTES_MAX;
use cueline_wire::cloud::Progress;

use crate::{accepted, copy_as_left_by_a_cut, done, entry, job, journal_in, key, open};

#[test]
fn a_new_journal_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let (_journal, recovered) = open(&journal_in(folder.path()));
    assert_eq!(recovered, cueline_agent_core::Recovered::default());
}

#[test]
fn what_a_crash_left_of_a_new_journal_is_no_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    std::fs::write(folder.path().join("journal.sqlite.new"), b"half").unwrap();
    std::fs::write(folder.path().join("journal.sqlite.new-wal"), b"half").unwrap();
    let (mut journal, _) = open(&path);
    journal.append(&[accepted(1, 1, None)]).unwrap();
    drop(journal);
    assert_eq!(open(&path).1.jobs.len(), 1);
}

#[cfg(unix)]
#[test]
fn the_journal_and_its_log_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(&journal_in(folder.path()));
    journal.append(&[accepted(1, 1, None)]).unwrap();
    for name in ["journal.sqlite", "journal.sqlite-wal"] {
        let mode = std::fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn each_step_of_a_job_is_found_after_a_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(&journal_in(folder.path()));
    let steps = [
        (accepted(1, 1, Some(b"ticket")), Phase::Waiting, 0, true),
        (
            Record::Progress(entry(2, 1, Progress::Started)),
            Phase::Started,
            0,
            true,
        ),
        (
            Record::Progress(entry(3, 1, Progress::NotStarted)),
            Phase::Waiting,
            0,
            true,
        ),
        (
            Record::Progress(entry(4, 1, Progress::Started)),
            Phase::Started,
            0,
            true,
        ),
        (
            Record::Progress(entry(5, 1, Progress::Reprinting)),
            Phase::Waiting,
            1,
            true,
        ),
        (
            Record::Progress(entry(6, 1, Progress::Started)),
            Phase::Started,
            1,
            true,
        ),
        (
            Record::Progress(entry(
                7,
                1,
                Progress::Printing {
                    printed: 2,
                    total: 6,
                },
            )),
            Phase::Started,
            1,
            true,
        ),
        (
            Record::Progress(entry(8, 1, Progress::Reprinting)),
            Phase::Waiting,
            2,
            true,
        ),
        (
            Record::Progress(entry(9, 1, done())),
            Phase::Ended,
            2,
            false,
        ),
    ];
    for (number, (record, phase, reprints, document_here)) in steps.into_iter().enumerate() {
        journal.append(std::slice::from_ref(&record)).unwrap();

        let cut = folder.path().join(format!("cut-{number}"));
        copy_as_left_by_a_cut(journal.path(), &cut);
        let (_after_cut, found) = open(&cut);
        let newest = match record {
            Record::Accepted { entry, .. } | Record::Progress(entry) => entry,
            other => panic!("{other:?} is no step"),
        };
        assert_eq!(found.jobs.len(), 1);
        let job_found = &found.jobs[0];
        assert_eq!(job_found.job, job(1, 6));
        assert_eq!(job_found.phase, phase, "after {newest:?}");
        assert_eq!(job_found.reprints, reprints, "after {newest:?}");
        let proven = (newest.seq >= 7).then_some(Proven {
            printed: 2,
            total: 6,
        });
        assert_eq!(job_found.proven, proven, "after {newest:?}");
        assert_eq!(job_found.document_here, document_here, "after {newest:?}");
        assert_eq!(found.next_seq, newest.seq + 1);
        assert_eq!(found.untold.len(), number + 1);
        assert_eq!(found.untold.last(), Some(&newest));
        assert_eq!(job_found.newest_entry, newest);
    }
}

#[test]
fn told_entries_and_forgotten_jobs_are_gone_and_numbers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    let (mut journal, _) = open(&path);
    journal
        .append(&[accepted(1, 1, Some(b"a")), accepted(2, 2, Some(b"b"))])
        .unwrap();
    journal
        .append(&[
            Record::Progress(entry(3, 1, done())),
            Record::Told(vec![1, 2, 3]),
        ])
        .unwrap();
    journal.append(&[Record::Forgotten(vec![key(1)])]).unwrap();
    drop(journal);

    let (_journal, found) = open(&path);
    assert!(found.untold.is_empty());
    assert_eq!(found.next_seq, 4);
    let keys: Vec<_> = found.jobs.iter().map(|found| found.job.key).collect();
    assert_eq!(keys, [key(2)]);
}

#[test]
fn jobs_are_found_in_order_of_acceptance() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    let (mut journal, _) = open(&path);
    for (seq, number) in [(1, 30), (2, 10), (3, 20)] {
        journal.append(&[accepted(seq, number, None)]).unwrap();
    }
    journal.append(&[Record::Forgotten(vec![key(20)])]).unwrap();
    journal.append(&[accepted(4, 5, None)]).unwrap();
    drop(journal);
    let (_journal, found) = open(&path);
    let keys: Vec<_> = found.jobs.iter().map(|found| found.job.key).collect();
    assert_eq!(keys, [key(30), key(10), key(5)]);
}

#[test]
fn what_was_learned_is_found_and_can_be_unlearned() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    let learned = |path: &str, ping| Record::LearnedPing {
        path: path.to_owned(),
        ping,
    };
    let (mut journal, _) = open(&path);
    journal
        .append(&[
            learned("direct", Some(Duration::from_millis(22_500))),
            learned("proxy a:3128", Some(Duration::from_secs(30))),
            learned("direct", Some(Duration::from_secs(20))),
            learned("proxy a:3128", None),
            Record::ClockOffset(-3_600_000),
            Record::ClockOffset(42),
        ])
        .unwrap();
    drop(journal);
    let (_journal, found) = open(&path);
    let pings: Vec<_> = found.learned_pings.into_iter().collect();
    assert_eq!(pings, [("direct".to_owned(), Duration::from_secs(20))]);
    assert_eq!(found.clock_offset_ms, Some(42));
}

#[test]
fn a_batch_is_durable_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    let (mut journal, _) = open(&path);
    journal.append(&[accepted(1, 1, None)]).unwrap();
    // The second record of the batch contradicts the journal: an entry's number came before.
    let refused = journal.append(&[
        accepted(2, 2, None),
        Record::Progress(entry(1, 1, Progress::Started)),
    ]);
    assert!(
        matches!(refused, Err(JournalError::Damaged { .. })),
        "{refused:?}"
    );
    let later = journal.append(&[accepted(3, 3, None)]);
    assert!(
        matches!(later, Err(JournalError::Poisoned { .. })),
        "{later:?}"
    );
    assert!(matches!(
        journal.document(key(1)),
        Err(JournalError::Poisoned { .. })
    ));
    drop(journal);
    let (_journal, found) = open(&path);
    assert_eq!(found.jobs.len(), 1);
    assert_eq!(found.next_seq, 2);
}

#[test]
fn documents_come_with_the_offer_or_later_and_go_with_the_job() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    let (mut journal, _) = open(&path);
    journal
        .append(&[accepted(1, 1, Some(b"inline")), accepted(2, 2, None)])
        .unwrap();
    assert_eq!(journal.document(key(1)).unwrap().unwrap().body, b"inline");
    assert_eq!(journal.document(key(2)).unwrap(), None);

    assert!(journal.store_document(key(2), b"fetched").unwrap());
    assert!(!journal.store_document(key(3), b"of no job").unwrap());
    drop(journal);
    let (mut journal, found) = open(&path);
    assert!(found.jobs.iter().all(|job| job.document_here));
    let kept = journal.document(key(2)).unwrap().unwrap();
    assert_eq!(kept.body, b"fetched");
    assert_eq!(kept.document, job(2, 100_000).document);

    journal
        .append(&[Record::Progress(entry(3, 2, done()))])
        .unwrap();
    assert_eq!(journal.document(key(2)).unwrap(), None);
    assert!(!journal.store_document(key(2), b"too late").unwrap());
}

#[test]
fn a_document_over_the_limit_is_refused_and_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(&journal_in(folder.path()));
    journal.append(&[accepted(1, 1, None)]).unwrap();
    let long = vec![0; usize::try_from(DOCUMENT_BYTES_MAX).unwrap() + 1];
    let error = journal.store_document(key(1), &long).unwrap_err();
    assert!(
        matches!(error, JournalError::DocumentTooLong { .. }),
        "{error}"
    );
    assert!(journal.store_document(key(1), b"short").unwrap());
}

#[test]
fn the_room_of_ended_jobs_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    let (mut journal, _) = open(&path);
    let body = vec![0x5a; 1 << 20];
    for number in 1..=16_u64 {
        let id = u128::from(number);
        journal
            .append(&[accepted(2 * number, id, Some(&body))])
            .unwrap();
        journal
            .append(&[Record::Progress(entry(2 * number + 1, id, done()))])
            .unwrap();
    }
    let in_turn = std::fs::metadata(&path).unwrap().len();
    assert!(in_turn < 4 << 20, "16 MiB in turn took {in_turn} bytes");

    for number in 17..=32_u64 {
        journal
            .append(&[accepted(2 * number, u128::from(number), Some(&body))])
            .unwrap();
    }
    journal.tidy().unwrap();
    let held = std::fs::metadata(&path).unwrap().len();
    assert!(held > 16 << 20, "{held}");
    for number in 17..=32_u64 {
        journal
            .append(&[Record::Progress(entry(
                2 * number + 1,
                u128::from(number),
                done(),
            ))])
            .unwrap();
    }
    for _ in 0..8 {
        journal.tidy().unwrap();
    }
    let after = std::fs::metadata(&path).unwrap().len();
    assert!(after < 8 << 20, "{after} of {held} bytes are left");
}
