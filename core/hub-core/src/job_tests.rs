//! Every step of a job, as tables.

use super::*;
use crate::store::contract::{START, entry, place, submission};
use cueline_model::{Failure, FailureCode};

const NOW: WallTime = WallTime(START.0 + 60_000);

fn queued() -> PrintJob {
    submission(place(1, 1), 1).job.into_job(1, false, START)
}

fn ended(outcome: Outcome) -> Progress {
    Progress::Ended(outcome)
}

fn done() -> Outcome {
    Outcome::Done { proof: Proof::Sent }
}

/// A job on which `steps` were recorded one after the other.
fn after(steps: &[Progress]) -> PrintJob {
    let mut job = queued();
    for (seq, step) in (1..).zip(steps) {
        job.record(job.agent, &entry(seq, job.id, step.clone()), NOW);
    }
    job
}

fn record(job: &mut PrintJob, seq: u64, progress: Progress) -> Recorded {
    job.record(job.agent, &entry(seq, job.id, progress), NOW)
}

#[test]
fn each_entry_in_each_state() {
    use JobState::{Accepted, Cancelled, Done, Queued, Started};
    use Progress::{NotStarted, Reprinting};
    let states = [
        (Queued, vec![]),
        (Accepted, vec![Progress::Accepted]),
        (Started, vec![Progress::Started]),
        (Done, vec![ended(done())]),
    ];
    let expected = [
        // from: Accepted, Started, NotStarted, Reprinting, Ended(Cancelled)
        (Queued, [Accepted, Started, Accepted, Started, Cancelled]),
        (Accepted, [Accepted, Started, Accepted, Started, Cancelled]),
        (Started, [Started, Started, Accepted, Started, Cancelled]),
        (Done, [Done; 5]),
    ];
    let entries = [
        Progress::Accepted,
        Progress::Started,
        NotStarted,
        Reprinting,
        ended(Outcome::Cancelled),
    ];
    for ((from, steps), (_, row)) in states.into_iter().zip(expected) {
        for (progress, to) in entries.iter().zip(row) {
            let mut job = after(&steps);
            assert_eq!(job.state, from);
            record(&mut job, 10, progress.clone());
            assert_eq!(job.state, to, "{progress:?} in {from}");
        }
    }
}

#[test]
fn steps_seen_late_or_twice_change_nothing() {
    let life = [
        Progress::Accepted,
        Progress::Started,
        Progress::NotStarted,
        Progress::Started,
    ];
    let job = after(&life);
    for (seq, progress) in (1..).zip(life) {
        let mut late = job.clone();
        assert_eq!(record(&mut late, seq, progress), Recorded::Repeat);
        assert_eq!(late, job);
    }
}

#[test]
fn accepted_after_started_is_a_repeat() {
    let mut job = after(&[Progress::Started]);
    let before = job.clone();
    assert_eq!(record(&mut job, 9, Progress::Accepted), Recorded::Repeat);
    assert_eq!(job, before);
}

#[test]
fn steps_after_the_end_are_repeats() {
    let job = after(&[ended(done())]);
    for progress in [
        Progress::Accepted,
        Progress::Started,
        Progress::NotStarted,
        Progress::Reprinting,
        ended(done()),
    ] {
        let mut late = job.clone();
        assert_eq!(record(&mut late, 9, progress), Recorded::Repeat);
        assert_eq!(late, job);
    }
}

#[test]
fn an_outcome_is_never_replaced_by_another() {
    let outcomes = [
        done(),
        Outcome::Done {
            proof: Proof::Printed,
        },
        Outcome::Failed {
            failure: Failure {
                code: FailureCode::BadDocument,
                text: "no".to_owned(),
            },
        },
        Outcome::Expired,
        Outcome::Cancelled,
        Outcome::Uncertain {
            tickets: None,
            detail: "power cut".to_owned(),
        },
    ];
    for first in &outcomes {
        for second in &outcomes {
            let mut job = after(&[ended(first.clone())]);
            let before = job.clone();
            let recorded = record(&mut job, 2, ended(second.clone()));
            let refused = matches!(
                recorded,
                Recorded::Refused {
                    code: "outcome_differs",
                    ..
                }
            );
            assert_eq!(refused, first != second, "{second:?} after {first:?}");
            assert_eq!(job, before);
        }
    }
}

#[test]
fn an_end_is_applied_whatever_its_number() {
    let mut job = after(&[Progress::Accepted, Progress::Started]);
    assert_eq!(record(&mut job, 1, ended(done())), Recorded::Changed);
    assert_eq!(job.outcome, Some(done()));
}

#[test]
fn an_end_with_nothing_before_it_is_taken() {
    let mut job = queued();
    assert_eq!(record(&mut job, 1, ended(done())), Recorded::Changed);
    assert_eq!(job.state, JobState::Done);
    assert!(job.offered_at.is_some());
}

#[test]
fn entries_of_others_are_refused() {
    let mut job = queued();
    let before = job.clone();
    let stranger = AgentId::from_u128(77);
    let mine = entry(1, job.id, ended(done()));
    let other_attempt = ReportEntry {
        attempt: 2,
        ..mine.clone()
    };
    let cases = [
        (job.record(stranger, &mine, NOW), "unknown_job"),
        (job.record(job.agent, &other_attempt, NOW), "wrong_attempt"),
    ];
    for (recorded, expected) in cases {
        let Recorded::Refused { code, .. } = recorded else {
            panic!("{recorded:?} instead of {expected}");
        };
        assert_eq!(code, expected);
    }
    assert_eq!(job, before);
}

#[test]
fn a_wrong_clock_does_not_lead_out_of_the_jobs_life() {
    for (told, kept) in [
        (WallTime(0), START),
        (START.shifted_ms(5), START.shifted_ms(5)),
        (NOW.shifted_ms(1), NOW),
    ] {
        let mut job = queued();
        let entry = ReportEntry {
            at: told,
            ..entry(1, job.id, ended(done()))
        };
        job.record(job.agent, &entry, NOW);
        assert_eq!(job.settled_at, Some(kept), "told {told}");
    }
}

#[test]
fn a_wish_to_cancel_what_stands_at_its_printer_is_passed_on() {
    let mut job = after(&[Progress::Started]);
    assert_eq!(job.cancel(NOW, true), CancelDecision::Asked);
    assert_eq!(job.cancel_requested_at, Some(NOW));
    assert_eq!(job.state, JobState::Started, "only its agent can end it");
    assert_eq!(job.cancel(NOW, true), CancelDecision::Already);
    let mut done = after(&[ended(done())]);
    assert!(matches!(
        done.cancel(NOW, true),
        CancelDecision::TooLate { .. }
    ));
}

#[test]
fn a_wish_to_cancel_in_each_state() {
    use CancelDecision::{Already, Asked, Cancelled, TooLate};
    let offered = |mut job: PrintJob| {
        job.mark_offered(START);
        job
    };
    let cases = [
        (queued(), Cancelled, JobState::Cancelled),
        (offered(queued()), Asked, JobState::Queued),
        (after(&[Progress::Accepted]), Asked, JobState::Accepted),
        (
            after(&[Progress::Started]),
            TooLate {
                state: JobState::Started,
            },
            JobState::Started,
        ),
        (
            after(&[ended(done())]),
            TooLate {
                state: JobState::Done,
            },
            JobState::Done,
        ),
        (
            after(&[ended(Outcome::Cancelled)]),
            Already,
            JobState::Cancelled,
        ),
    ];
    for (mut job, decision, state) in cases {
        let from = job.state;
        assert_eq!(job.cancel(NOW, false), decision, "from {from}");
        assert_eq!(job.state, state, "from {from}");
        let asked_at = matches!(decision, Asked | Cancelled).then_some(NOW);
        assert_eq!(job.cancel_requested_at, asked_at);
        let again = job.clone();
        if matches!(decision, Asked | Cancelled) {
            assert_eq!(job.cancel(NOW.shifted_ms(9), false), Already);
            assert_eq!(job, again, "the second wish leaves no trace");
        }
    }
}

#[test]
fn the_agent_may_print_what_it_was_asked_back() {
    let mut job = after(&[Progress::Accepted]);
    assert_eq!(job.cancel(NOW, false), CancelDecision::Asked);
    assert_eq!(record(&mut job, 5, ended(done())), Recorded::Changed);
    assert_eq!(job.state, JobState::Done);
    let steps: Vec<_> = job.timeline.iter().map(|e| e.what.as_str()).collect();
    assert_eq!(steps, ["queued", "accepted", "cancel_requested", "done"]);
}

#[test]
fn the_hub_expires_only_what_the_agent_cannot_have() {
    let due = NOW.shifted_ms(-1);
    let at_agent = after(&[Progress::Accepted]);
    let mut offered = queued();
    offered.mark_offered(START);
    for (job, start_by, expires) in [
        (queued(), Some(due), true),
        (queued(), Some(NOW), false),
        (queued(), None, false),
        (offered, Some(due), false),
        (at_agent, Some(due), false),
        (after(&[ended(done())]), Some(due), false),
    ] {
        let mut job = PrintJob { start_by, ..job };
        let before = job.clone();
        assert_eq!(job.expire(NOW), expires);
        if expires {
            assert_eq!(job.outcome, Some(Outcome::Expired));
            assert_eq!(job.settled_at, Some(NOW));
        } else {
            assert_eq!(job, before);
        }
    }
}

#[test]
fn an_endless_to_and_fro_keeps_its_beginning_and_its_end() {
    let mut job = queued();
    for seq in 0..500 {
        record(&mut job, 2 * seq + 1, Progress::Started);
        record(&mut job, 2 * seq + 2, Progress::NotStarted);
    }
    record(&mut job, 2_000, ended(done()));
    assert_eq!(job.timeline.len(), TIMELINE_ENTRIES_MAX);
    assert_eq!(job.timeline[0].what, "queued");
    assert_eq!(job.timeline[TIMELINE_ENTRIES_MAX - 1].what, "done");
}

#[test]
fn a_very_long_sentence_is_cut_and_still_the_same_outcome() {
    let told = Outcome::Uncertain {
        tickets: None,
        detail: "\u{e4}".repeat(DETAIL_CHARS_MAX + 5),
    };
    let mut job = after(&[ended(told.clone())]);
    let Some(Outcome::Uncertain { detail, .. }) = &job.outcome else {
        panic!("{:?}", job.outcome);
    };
    assert_eq!(detail.chars().count(), DETAIL_CHARS_MAX);
    assert_eq!(record(&mut job, 1, ended(told)), Recorded::Repeat);
}

fn printing(printed: u32, total: u32) -> Progress {
    Progress::Printing { printed, total }
}

fn count(printed: u32, unknown: u32, total: u32) -> Option<TicketCount> {
    Some(TicketCount {
        printed,
        unknown,
        total,
    })
}

#[test]
fn tickets_are_counted_through_each_end() {
    let printed = Outcome::Done {
        proof: Proof::Printed,
    };
    let uncertain = |tickets| Outcome::Uncertain {
        detail: "?".to_owned(),
        tickets,
    };
    let started = [Progress::Started, printing(1, 4), printing(3, 4)];
    for (end, expected) in [
        (None, count(3, 1, 4)),
        (Some(printed.clone()), count(4, 0, 4)),
        // Not the printer's word: no more than it had proven is shown as printed.
        (Some(done()), count(3, 1, 4)),
        (Some(uncertain(None)), count(3, 1, 4)),
        (Some(uncertain(count(2, 1, 4))), count(2, 1, 4)),
    ] {
        let mut steps = started.to_vec();
        steps.extend(end.clone().map(ended));
        assert_eq!(after(&steps).tickets, expected, "{end:?}");
    }
    assert_eq!(after(&[Progress::Started, ended(printed)]).tickets, None);
    let told = after(&[ended(uncertain(count(0, 1, 1)))]);
    assert_eq!(told.tickets, count(0, 1, 1));
}

#[test]
fn a_print_that_begins_anew_is_counted_anew() {
    for anew in [Progress::NotStarted, Progress::Reprinting] {
        let steps = [Progress::Started, printing(3, 4), anew];
        assert_eq!(after(&steps).tickets, None);
    }
}

#[test]
fn a_count_is_no_step_and_does_not_go_back() {
    let mut job = after(&[Progress::Started, printing(1, 9), printing(4, 9)]);
    let steps: Vec<_> = job.timeline.iter().map(|e| e.what.as_str()).collect();
    assert_eq!(steps, ["queued", "started"]);
    let before = job.clone();
    assert_eq!(record(&mut job, 2, printing(1, 9)), Recorded::Repeat);
    assert_eq!(job, before);
    // Before its start was heard of, a count says that it was started.
    let early = after(&[printing(1, 9)]);
    assert_eq!(early.state, JobState::Started);
    assert_eq!(early.timeline[1].what, "started");
    // Nor does a count that comes after the end change anything.
    let mut ended = after(&[Progress::Started, ended(done())]);
    assert_eq!(record(&mut ended, 9, printing(1, 9)), Recorded::Repeat);
    assert_eq!(ended.tickets, None);
}

#[test]
fn a_count_adds_up_whatever_was_told() {
    let job = after(&[Progress::Started, printing(12, 9)]);
    assert_eq!(job.tickets, count(9, 0, 9));
    let absurd = Outcome::Uncertain {
        detail: "?".to_owned(),
        tickets: count(u32::MAX, u32::MAX, 5),
    };
    assert_eq!(after(&[ended(absurd)]).tickets, count(5, 0, 5));
}
