//! The writer: gathering, failing alone, being full, breaking.

use std::sync::mpsc;
use std::time::Duration;

use cueline_hub_core::store::Idempotency;
use cueline_hub_core::store::contract::{START, place, sha256, submission};
use cueline_hub_core::{StoreError, SubmitError};
use rusqlite::ffi;
use tokio::task::JoinSet;

use super::super::failure;
use super::super::{Committed, JobChange};
use super::{Opened, with_place};

/// Keeps the writer busy until the sender is dropped, so that what follows gathers behind it.
fn hold(opened: &Opened) -> (mpsc::Sender<()>, tokio::task::JoinHandle<()>) {
    let (release, held) = mpsc::channel::<()>();
    let store = opened.store.clone();
    let holding = tokio::spawn(async move {
        let wait =
            store.write(move |_| Ok::<_, StoreError>(held.recv_timeout(Duration::from_secs(60))));
        let released = wait.await.unwrap();
        assert_eq!(released, Err(mpsc::RecvTimeoutError::Disconnected));
    });
    (release, holding)
}

#[tokio::test]
async fn one_that_fails_does_not_hurt_those_it_was_gathered_with() {
    let opened = with_place().await;
    let (release, holding) = hold(&opened);
    tokio::task::yield_now().await;
    let mut calls = JoinSet::new();
    for job in 1..=60 {
        let store = opened.store.clone();
        calls.spawn(async move {
            let mut new = submission(place(1, 1), job);
            if job % 3 == 0 {
                // Fails after it has written: the agent's sequence is used up by then.
                new.job.printer = place(9, 9).printer;
            }
            (job, store.submit(new, START).await)
        });
    }
    tokio::task::yield_now().await;
    drop(release);
    holding.await.unwrap();
    let mut sequences = Vec::new();
    for (job, result) in calls.join_all().await {
        match result {
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
        Committed::AgentRevoked(_) => panic!("nothing was revoked"),
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
    let (release, holding) = hold(&opened);
    tokio::task::yield_now().await;
    let mut calls = JoinSet::new();
    for _ in 0..3_000 {
        let store = opened.store.clone();
        calls.spawn(async move { store.next_epoch(place(1, 1).agent).await });
    }
    // Every call has been polled once before this task is polled again.
    tokio::task::yield_now().await;
    drop(release);
    holding.await.unwrap();
    let results = calls.join_all().await;
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
async fn what_was_asked_is_done_though_nobody_waits() {
    let opened = with_place().await;
    let (release, holding) = hold(&opened);
    tokio::task::yield_now().await;
    let store = opened.store.clone();
    let gone = tokio::spawn(async move { store.next_epoch(place(1, 1).agent).await });
    tokio::task::yield_now().await;
    gone.abort();
    drop(release);
    holding.await.unwrap();
    assert_eq!(opened.store.next_epoch(place(1, 1).agent).await, Ok(2));
}
