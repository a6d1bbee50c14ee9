//! Backlogs, offers, withdrawals, expiry, epochs: the agent's side of the queue.

use std::collections::BTreeSet;

use cueline_model::{JobKey, JobState, WallTime};
use cueline_wire::cloud::Progress;

use super::{Harness, START, entry, get, known, place, submission, submit, submit_all};
use crate::job::CancelDecision;
use crate::store::{Backlog, JobStore as _};

pub(super) fn backlog(harness: &mut impl Harness, after: u64, limit: usize) -> Backlog {
    harness
        .store()
        .backlog(place(1, 1).agent, after, limit)
        .expect("the store answers")
}

fn keys(backlog: &Backlog) -> Vec<JobKey> {
    backlog.jobs.iter().map(|job| job.key).collect()
}

/// Queued jobs only, each once, and `through` says how far that is the whole truth.
pub fn a_backlog_comes_in_order_and_in_parts(harness: &mut impl Harness) {
    let (here, other) = (place(1, 1), place(1, 2));
    known(harness, here).add_place(other);
    assert_eq!(backlog(harness, 0, 10), Backlog::default());
    let jobs = submit_all(harness, here, &[5, 4, 3, 2, 1]);
    submit_all(harness, other, &[6]);
    let accepted = [entry(1, jobs[1].job, Progress::Accepted)];
    let recorded = harness.store().record(here.agent, &accepted, START);
    recorded.expect("the store answers");
    harness
        .store()
        .cancel(here.tenant, jobs[4].job, START)
        .expect("the store answers");

    let first = backlog(harness, 0, 2);
    assert_eq!(keys(&first), [jobs[0], jobs[2]]);
    assert!(first.more);
    assert_eq!((first.through, first.at_agent), (first.jobs[1].sequence, 1));
    let rest = backlog(harness, first.through, 2);
    assert_eq!(keys(&rest), [jobs[3]]);
    assert!(!rest.more);
    let next = submit(harness, submission(here, 7), START).job;
    assert_eq!(
        next.sequence,
        rest.through + 1,
        "the end of a backlog is known"
    );
    assert_eq!(keys(&backlog(harness, rest.through, 2)), [next.key()]);
}

/// A wish to cancel outlives the link on which it was first told.
pub fn withdrawals_are_told_to_a_new_link(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    let jobs = submit_all(harness, here, &[1, 2, 3]);
    let marked = harness.store().mark_offered(here.agent, &jobs, START);
    assert_eq!(marked.map(|jobs| jobs.len()), Ok(3));
    let entries = [
        entry(1, jobs[0].job, Progress::Accepted),
        entry(2, jobs[1].job, Progress::Accepted),
    ];
    harness
        .store()
        .record(here.agent, &entries, START)
        .expect("the store answers");
    for key in [jobs[0], jobs[2]] {
        let cancelling = harness.store().cancel(here.tenant, key.job, START);
        let cancelling = cancelling.expect("the store answers").expect("it is there");
        assert_eq!(cancelling.decision, CancelDecision::Asked);
    }
    harness.reopen();
    let first = backlog(harness, 0, 10);
    assert_eq!(first.withdrawals, [jobs[0]]);
    assert_eq!(keys(&first), [jobs[2]]);
    assert!(first.jobs[0].withdraw);
    assert!(backlog(harness, first.through, 10).withdrawals.is_empty());
}

/// That the agent may have a job is known after a restart, and offering again keeps the first time.
pub fn an_offer_is_durable(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    let jobs = submit_all(harness, here, &[1, 2]);
    let later = START.shifted_ms(1);
    for now in [START, later] {
        let marked = harness.store().mark_offered(here.agent, &jobs[..1], now);
        let marked = marked.expect("the store answers");
        assert_eq!(marked.len(), 1);
        assert_eq!(marked[0].offered_at, Some(START));
        harness.reopen();
    }
    assert_eq!(get(harness, here, jobs[0].job).offered_at, Some(START));
    assert_eq!(get(harness, here, jobs[1].job).offered_at, None);
    let mut at_once = submission(here, 3);
    at_once.offered = true;
    assert_eq!(submit(harness, at_once, START).job.offered_at, Some(START));
}

/// Between the backlog and the offer a job may end; then it must not be written to the stream.
pub fn a_cancelled_job_is_not_offered(harness: &mut impl Harness) {
    let (here, other) = (place(1, 1), place(1, 2));
    known(harness, here).add_place(other);
    let jobs = submit_all(harness, here, &[1, 2, 3]);
    let strangers = submit_all(harness, other, &[4]);
    let cancelling = harness.store().cancel(here.tenant, jobs[1].job, START);
    let cancelling = cancelling.expect("the store answers").expect("it is there");
    assert_eq!(cancelling.decision, CancelDecision::Cancelled);
    assert_eq!(cancelling.job.state, JobState::Cancelled);
    let another_attempt = JobKey {
        attempt: 2,
        ..jobs[2]
    };
    let asked = [jobs[2], jobs[1], strangers[0], another_attempt, jobs[0]];
    let marked = harness.store().mark_offered(here.agent, &asked, START);
    let marked: Vec<_> = marked
        .expect("the store answers")
        .iter()
        .map(|job| job.key())
        .collect();
    assert_eq!(marked, [jobs[2], jobs[0]]);
}

/// What may be at the agent is its to give back.
pub fn an_offered_job_is_only_asked_back(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    let job = submit_all(harness, here, &[1])[0].job;
    let offered = harness
        .store()
        .mark_offered(here.agent, &[JobKey { job, attempt: 1 }], START);
    offered.expect("the store answers");
    let mut cancel = |expected| {
        let cancelling = harness.store().cancel(here.tenant, job, START);
        let cancelling = cancelling.expect("the store answers").expect("it is there");
        assert_eq!(cancelling.decision, expected);
        harness.reopen();
    };
    cancel(CancelDecision::Asked);
    cancel(CancelDecision::Already);
    let started = [entry(1, job, Progress::Started)];
    harness
        .store()
        .record(here.agent, &started, START)
        .expect("the store answers");
    let stored = get(harness, here, job);
    assert_eq!(stored.state, JobState::Started);
    assert_eq!(stored.cancel_requested_at, Some(START));
}

/// The hub's own clock ends only what the agent cannot have.
pub fn only_what_was_never_offered_expires_here(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    let due = START.shifted_ms(1_000);
    for job in 1..=4 {
        let mut new = submission(here, job);
        new.job.start_by = (job != 4).then_some(due);
        new.offered = job == 3;
        submit(harness, new, START);
    }
    let mut expire = |now: WallTime, limit| {
        let expired = harness.store().expire_due(now, limit);
        expired.expect("the store answers").len()
    };
    assert_eq!(expire(due, 10), 0, "at `start_by` it may still be started");
    let late = due.shifted_ms(1);
    assert_eq!(expire(late, 1), 1);
    assert_eq!(expire(late, 10), 1);
    assert_eq!(expire(late, 10), 0);
    harness.reopen();
    let states: Vec<_> = (1..=4)
        .map(|job| get(harness, here, cueline_model::JobId::from_u128(job)).state)
        .collect();
    let (expired, queued) = (JobState::Expired, JobState::Queued);
    assert_eq!(states, [expired, expired, queued, queued]);
}

/// Not even over a restart, and each agent has its own.
pub fn epochs_are_never_given_twice(harness: &mut impl Harness) {
    let (here, other) = (place(1, 1), place(1, 2));
    known(harness, here).add_place(other);
    let mut given = BTreeSet::new();
    for _ in 0..5 {
        let epoch = harness.store().next_epoch(here.agent);
        let epoch = epoch.expect("the store answers");
        assert!(given.last().is_none_or(|last| epoch > *last));
        given.insert(epoch);
        harness.reopen();
    }
    assert_eq!(given.first(), Some(&1));
    assert_eq!(harness.store().next_epoch(other.agent), Ok(1));
}
