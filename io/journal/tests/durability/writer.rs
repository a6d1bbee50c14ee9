//! The writer's thread: order, group commit, documents, its end.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use cueline_agent_core::{BatchId, Record};
use cueline_journal::{Journal, JournalError, Refused, Request, Writer, WriterEvent};
use cueline_wire::cloud::Progress;

use crate::{accepted, entry, journal_in, key, open};

pub(crate) const SOON: Duration = Duration::from_secs(60);

pub(crate) fn start(
    journal: Journal,
    queue_requests_max: usize,
) -> (Writer, Receiver<WriterEvent>) {
    let (sender, told) = channel();
    let writer = Writer::start(journal, queue_requests_max, move |event| {
        drop(sender.send(event));
    })
    .unwrap();
    (writer, told)
}

pub(crate) fn append(batch: u64, records: Vec<Record>) -> Request {
    Request::Append {
        batch: BatchId(batch),
        records,
    }
}

#[test]
fn batches_are_confirmed_in_order_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    let (writer, told) = start(open(&path).0, 1000);
    for number in 1..=500_u64 {
        let request = append(
            number,
            vec![accepted(number, u128::from(number), Some(b"t"))],
        );
        assert!(writer.queue().submit(request).is_ok());
    }
    for number in 1..=500 {
        assert_eq!(
            told.recv_timeout(SOON).unwrap(),
            WriterEvent::Appended(BatchId(number))
        );
    }
    writer.finish();
    assert_eq!(open(&path).1.jobs.len(), 500);
}

#[test]
fn a_finished_writer_has_done_what_was_in_its_queue() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    let (writer, told) = start(open(&path).0, 100);
    let queue = writer.queue();
    for number in 1..=50_u64 {
        let request = append(number, vec![accepted(number, u128::from(number), None)]);
        assert!(queue.submit(request).is_ok());
    }
    writer.finish();
    assert_eq!(told.iter().count(), 50);
    assert!(matches!(
        queue.submit(append(51, vec![])),
        Err(Refused::Ended)
    ));
    assert_eq!(open(&path).1.jobs.len(), 50);
}

#[test]
fn documents_go_through_the_same_queue_in_turn() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, told) = start(open(&journal_in(folder.path())).0, 100);
    let queue = writer.queue();
    let (reply, document) = channel();
    let load = |job, reply: std::sync::mpsc::Sender<_>| Request::LoadDocument {
        job,
        reply: Box::new(move |found| drop(reply.send(found))),
    };
    for request in [
        append(1, vec![accepted(1, 1, None)]),
        load(key(1), reply.clone()),
        Request::StoreDocument {
            job: key(1),
            body: b"fetched".to_vec(),
        },
        Request::StoreDocument {
            job: key(2),
            body: b"nobody's".to_vec(),
        },
        load(key(1), reply),
    ] {
        assert!(queue.submit(request).is_ok());
    }
    let told: BTreeSet<String> = (0..3)
        .map(|_| format!("{:?}", told.recv_timeout(SOON).unwrap()))
        .collect();
    let stored = |job, wanted| format!("{:?}", WriterEvent::DocumentStored { job, wanted });
    let expected = [
        format!("{:?}", WriterEvent::Appended(BatchId(1))),
        stored(key(1), true),
        stored(key(2), false),
    ];
    assert_eq!(told, BTreeSet::from(expected));
    assert_eq!(document.recv_timeout(SOON).unwrap(), None);
    assert_eq!(
        document.recv_timeout(SOON).unwrap().unwrap().body,
        b"fetched"
    );
    writer.finish();
}

#[test]
fn an_error_that_is_not_a_full_disk_ends_the_writer_without_a_confirmation() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, told) = start(open(&journal_in(folder.path())).0, 100);
    let queue = writer.queue();
    assert!(queue.submit(append(1, vec![accepted(1, 1, None)])).is_ok());
    assert_eq!(
        told.recv_timeout(SOON).unwrap(),
        WriterEvent::Appended(BatchId(1))
    );
    let contradiction = Record::Progress(entry(1, 1, Progress::Started));
    assert!(queue.submit(append(2, vec![contradiction])).is_ok());
    let end = told.recv_timeout(SOON).unwrap();
    assert!(
        matches!(end, WriterEvent::Failed(JournalError::Damaged { .. })),
        "{end:?}"
    );
    assert!(
        told.recv_timeout(SOON).is_err(),
        "something was told after the end"
    );
    writer.finish();
}

#[test]
fn a_full_queue_gives_the_request_back() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _told) = start(open(&journal_in(folder.path())).0, 1);
    let queue = writer.queue();
    let (inside, entered) = channel();
    let (release, held) = channel::<()>();
    let block = Request::LoadDocument {
        job: key(1),
        reply: Box::new(move |_| {
            inside.send(()).unwrap();
            held.recv().ok();
        }),
    };
    assert!(queue.submit(block).is_ok());
    entered.recv_timeout(SOON).unwrap();
    assert!(queue.submit(append(1, vec![accepted(1, 1, None)])).is_ok());
    match queue.submit(append(2, vec![])) {
        Err(Refused::Full(Request::Append { batch, .. })) => assert_eq!(batch, BatchId(2)),
        _ => panic!("a queue of one took two"),
    }
    release.send(()).unwrap();
    writer.finish();
}
