//! The writer: gathering, failing alone, being full, breaking.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

use cueline_hub_core::store::Idempotency;
use cueline_hub_core::store::contract::{START, place, sha256, submission};
use cueline_hub_core::{StoreError, SubmitError};
use rusqlite::ffi;
use tokio::task::JoinSet;

use super::super::failure;
use super::super::{Committed, JobChange};
use super::{Opened, with_place};

/// A call that has been polled once: it waits in the writer's queue, or is over already.
enum Asked<F: Future> {
    Waiting(Pin<Box<F>>),
    Over(F::Output),
}

impl<F: Future> Asked<F> {
    async fn answer(self) -> F::Output {
        match self {
            Self::Waiting(call) => call.await,
            Self::Over(output) => output,
        }
    }
}

async fn ask<F: Future>(call: F) -> Asked<F> {
    let mut call = Box::pin(call);
    match poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await {
        Poll::Ready(output) => Asked::Over(output),
        Poll::Pending => Asked::Waiting(call),
    }
}

/// Keeps the writer busy until the sender is dropped, so that what follows gathers behind it.
async fn hold(opened: &Opened) -> (mpsc::Sender<()>, Asked<impl Future<Output = Released>>) {
    let (release, held) = mpsc::channel::<()>();
    let hold = opened
        .store
        .write(move |_| Ok::<_, StoreError>(held.recv_timeout(Duration::from_secs(60))));
    (release, ask(hold).await)
}

/// Only the sender's end lets the writer go on.
type Released = Result<Result<(), mpsc::RecvTimeoutError>, StoreError>;
const RELEASED: Released = Ok(Err(mpsc::RecvTimeoutError::Disconnected));

#[tokio::test]
async fn one_that_fails_does_not_hurt_those_it_was_gathered_with() {
    let opened = with_place().await;
    let (release, holding) = hold(&opened).await;
    let mut calls = Vec::new();
    for job in 1..=60 {
        let mut new = submission(place(1, 1), job);
        if job % 3 == 0 {
            // Fails after it has written: the agent's sequence is used up by then.
            new.job.printer = place(9, 9).printer;
        }
        calls.push((job, ask(opened.store.submit(new, START)).await));
    }
    drop(release);
    assert_eq!(holding.answer().await, RELEASED);
    let mut sequences = Vec::new();
    for (job, call) in calls {
        match call.answer().await {
            Ok(submitted) => sequences.push(submitted.job.sequence),
            Err(error) => {
                assert_eq!(job % 3, 0, "{error}");
                assert!(matches!(
                    error,
                    SubmitError::Store(StoreError::Internal { .. })
                ));
            }
        }
    }
    sequences.sort_unstable();
    assert_eq!(
        sequences,
        (1..=40).collect::<Vec<_>>(),
        "no gap of a failure"
    );
    let queued = opened.told().into_iter().map(|committed| match committed {
        Committed::Job(notice) => (notice.change, notice.sequence),
        other => panic!("it was about no job: {other:?}"),
    });
    let expected: Vec<_> = (1..=40).map(|n| (JobChange::Queued, n)).collect();
    assert_eq!(queued.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn the_same_request_sent_many_times_at_once_makes_one_job() {
    let opened = with_place().await;
    let mut calls = JoinSet::new();
    for job in 1..=64 {
        let store = opened.store.clone();
        calls.spawn(async move {
            let mut new = submission(place(1, 1), job);
            new.idempotency = Some(Idempotency {
                key: "the same".to_owned(),
                request: sha256(1),
            });
            store.submit(new, START).await.unwrap()
        });
    }
    let submitted = calls.join_all().await;
    assert_eq!(submitted.iter().filter(|s| !s.repeat).count(), 1);
    assert!(submitted.iter().all(|s| s.job == submitted[0].job));
    assert_eq!(opened.told().len(), 1);
}

#[tokio::test]
async fn a_full_queue_says_busy_and_nothing_waits_for_ever() {
    let opened = with_place().await;
    let (release, holding) = hold(&opened).await;
    let mut calls = Vec::new();
    for _ in 0..3_000 {
        calls.push(ask(opened.store.next_epoch(place(1, 1).agent)).await);
    }
    drop(release);
    assert_eq!(holding.answer().await, RELEASED);
    let mut results = Vec::new();
    for call in calls {
        results.push(call.answer().await);
    }
    let busy = results
        .iter()
        .filter(|r| **r == Err(StoreError::Busy))
        .count();
    let mut epochs: Vec<_> = results.into_iter().filter_map(Result::ok).collect();
    epochs.sort_unstable();
    assert!(busy > 1_000, "{busy} were refused");
    assert_eq!(epochs.len() + busy, 3_000);
    assert!(epochs.iter().copied().eq(1..=epochs.len() as u64));
}

#[tokio::test]
async fn after_an_io_error_nothing_is_acknowledged_any_more() {
    let opened = with_place().await;
    let broken = opened.store.write(|_| {
        let error = ffi::Error::new(ffi::SQLITE_IOERR_FSYNC);
        let error = rusqlite::Error::SqliteFailure(error, Some("sync failed".to_owned()));
        Err::<(), StoreError>(failure::map(error))
    });
    let is_broken = |error: &StoreError| matches!(error, StoreError::Broken { text } if text.contains("sync failed"));
    assert!(is_broken(&broken.await.unwrap_err()));
    assert!(opened.store.failed().await.contains("sync failed"));
    let later = opened.store.next_epoch(place(1, 1).agent).await;
    assert!(is_broken(&later.unwrap_err()));
    let read = opened.store.agent_by_id(place(1, 1).agent).await;
    assert!(is_broken(&read.unwrap_err()));
    // The next start finds everything that had been acknowledged.
    let opened = opened.reopened();
    let agent = opened.store.agent_by_id(place(1, 1).agent).await.unwrap();
    assert!(agent.is_some());
}

#[tokio::test]
async fn a_thread_that_panics_is_missed() {
    let opened = with_place().await;
    let panicked = opened.store.write(|_| -> Result<(), StoreError> {
        panic!("a fault in a request");
    });
    assert!(matches!(panicked.await, Err(StoreError::Broken { .. })));
    let failed = tokio::time::timeout(Duration::from_secs(20), opened.store.failed());
    assert!(failed.await.unwrap().contains("panicked"));

    let opened = opened.reopened();
    let panicked = opened.store.read(|_| -> Result<(), StoreError> {
        panic!("a fault in a query");
    });
    assert!(matches!(panicked.await, Err(StoreError::Broken { .. })));
    let failed = tokio::time::timeout(Duration::from_secs(20), opened.store.failed());
    assert!(failed.await.unwrap().contains("panicked"));
}

#[tokio::test]
async fn what_was_asked_is_done_though_nobody_waits() {
    let opened = with_place().await;
    let (release, holding) = hold(&opened).await;
    let gone = ask(opened.store.next_epoch(place(1, 1).agent)).await;
    assert!(matches!(gone, Asked::Waiting(_)));
    drop(gone);
    drop(release);
    assert_eq!(holding.answer().await, RELEASED);
    assert_eq!(opened.store.next_epoch(place(1, 1).agent).await, Ok(2));
}
