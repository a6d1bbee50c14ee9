//! Reports of agents.

use cueline_model::{JobState, Outcome, Proof};
use cueline_wire::cloud::Progress;

use super::{Harness, START, entry, get, known, place, submit_all};
use crate::store::{AgentCounts, JobStore as _, Recording};

fn done(proof: Proof) -> Progress {
    Progress::Ended(Outcome::Done { proof })
}

fn record(harness: &mut impl Harness, entries: &[cueline_wire::cloud::ReportEntry]) -> Recording {
    harness
        .store()
        .record(place(1, 1).agent, entries, START.shifted_ms(1_000))
        .expect("the store answers")
}

/// A whole life in one report, sent twice.
pub fn a_report_applies_in_order_and_twice_changes_nothing(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    let job = submit_all(harness, here, &[1])[0].job;
    let life = [
        entry(1, job, Progress::Accepted),
        entry(2, job, Progress::Started),
        entry(3, job, Progress::NotStarted),
        entry(4, job, Progress::Started),
        entry(5, job, done(Proof::Printed)),
    ];
    let first = record(harness, &life);
    assert_eq!(first.reply.stored, [1, 2, 3, 4, 5]);
    assert!(first.reply.rejected.is_empty());
    assert!(first.touched.iter().all(|touched| touched.changed));
    harness.reopen();
    let stored = get(harness, here, job);
    assert_eq!(stored.state, JobState::Done);
    assert_eq!(stored.settled_at, Some(START.shifted_ms(5)));
    let steps: Vec<_> = stored.timeline.iter().map(|e| e.what.as_str()).collect();
    assert_eq!(
        steps,
        [
            "queued",
            "accepted",
            "started",
            "not_started",
            "started",
            "done"
        ]
    );
    let again = record(harness, &life);
    assert_eq!(again.reply, first.reply);
    assert!(again.touched.iter().all(|touched| !touched.changed));
    assert_eq!(get(harness, here, job), stored);
}

/// The first outcome stays, over a contradiction and a restart.
pub fn an_outcome_never_changes(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    let job = submit_all(harness, here, &[1])[0].job;
    record(harness, &[entry(1, job, done(Proof::Sent))]);
    let stored = get(harness, here, job);
    let contradictions = [
        entry(2, job, done(Proof::Printed)),
        entry(3, job, Progress::Ended(Outcome::Cancelled)),
        entry(
            4,
            job,
            Progress::Ended(Outcome::Uncertain {
                tickets: None,
                detail: "?".to_owned(),
            }),
        ),
    ];
    let refused = record(harness, &contradictions).reply;
    assert!(refused.stored.is_empty());
    let codes: Vec<_> = refused.rejected.iter().map(|r| r.code.as_str()).collect();
    assert_eq!(codes, ["outcome_differs"; 3]);
    harness
        .store()
        .cancel(here.tenant, job, START)
        .expect("the store answers");
    harness.reopen();
    assert_eq!(get(harness, here, job), stored);
}

/// One bad entry does not keep the others from being stored.
pub fn entries_about_others_jobs_are_refused(harness: &mut impl Harness) {
    let (here, other) = (place(1, 1), place(1, 2));
    known(harness, here).add_place(other);
    let mine = submit_all(harness, here, &[1])[0].job;
    let others = submit_all(harness, other, &[2])[0].job;
    let mut wrong_attempt = entry(3, mine, Progress::Started);
    wrong_attempt.attempt = 2;
    let entries = [
        entry(1, others, done(Proof::Sent)),
        entry(2, cueline_model::JobId::from_u128(99), Progress::Accepted),
        wrong_attempt,
        entry(4, mine, Progress::Accepted),
    ];
    let reply = record(harness, &entries).reply;
    assert_eq!(reply.stored, [4]);
    let refused: Vec<_> = reply
        .rejected
        .iter()
        .map(|r| (r.seq, r.code.as_str()))
        .collect();
    assert_eq!(
        refused,
        [(1, "unknown_job"), (2, "unknown_job"), (3, "wrong_attempt")]
    );
    assert_eq!(get(harness, other, others).state, JobState::Queued);
    assert_eq!(get(harness, here, mine).state, JobState::Accepted);
}

fn expect_counts(harness: &mut impl Harness, queued: u32, at_agent: u32) {
    let store = harness.store();
    let counts = AgentCounts { queued, at_agent };
    assert_eq!(store.agent_counts(place(1, 1).agent), Ok(counts));
    let of_printer = store.printer_count(place(1, 1).printer);
    assert_eq!(of_printer, Ok(queued + at_agent));
}

/// Per agent and printer, over every kind of step.
pub fn counts_follow_the_jobs(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    let jobs = submit_all(harness, here, &[1, 2, 3, 4]);
    expect_counts(harness, 4, 0);
    let recording = record(
        harness,
        &[
            entry(1, jobs[0].job, Progress::Accepted),
            entry(2, jobs[1].job, Progress::Started),
        ],
    );
    assert_eq!(recording.at_agent, 2);
    expect_counts(harness, 2, 2);
    record(harness, &[entry(3, jobs[1].job, Progress::NotStarted)]);
    expect_counts(harness, 2, 2);
    let ended = [
        entry(4, jobs[0].job, done(Proof::Sent)),
        entry(5, jobs[2].job, Progress::Ended(Outcome::Expired)),
    ];
    assert_eq!(record(harness, &ended).at_agent, 1);
    harness
        .store()
        .cancel(here.tenant, jobs[3].job, START)
        .expect("the store answers");
    harness.reopen();
    expect_counts(harness, 0, 1);
}
