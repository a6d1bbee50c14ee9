//! A crash at each stage of a job, and what the next process makes of it.

use std::time::Duration;

use cueline_agent_core::{Config, Phase, PrintEnd};
use cueline_model::{FailureCode, FaultCode, Outcome, UncertainPolicy};
use cueline_wire::cloud::Progress;

use crate::till::{Till, config, failure, fault, key, print};

fn up() -> Till {
    let mut till = Till::new();
    till.hello();
    till.answer_reports();
    till
}

fn finish(till: &mut Till) {
    while till.open_op("left").is_some() {
        till.ready("left");
        if till.open_op("left").is_some() {
            till.print_done("left");
        }
    }
}

#[test]
fn before_the_acceptance_is_durable_the_job_is_the_hubs() {
    let mut till = up();
    till.slow_disk = true;
    let job = till.offer(1);
    till.crash();
    assert_eq!(till.agent.unsettled_jobs(), 0);
    till.slow_disk = false;
    till.hello();
    till.offer(1);
    finish(&mut till);
    assert!(matches!(till.outcome(job), Outcome::Done { .. }));
}

#[test]
fn once_the_acceptance_is_durable_the_job_is_printed_and_told() {
    let mut till = up();
    till.slow_disk = true;
    let job = till.offer(1);
    till.persist_one();
    till.slow_disk = false;
    till.crash();
    assert_eq!(
        till.report().unwrap().entries[0].progress,
        Progress::Accepted
    );
    finish(&mut till);
    assert_eq!(till.prints(), [(job, false)]);
}

#[test]
fn while_the_printer_was_opened_or_before_its_start_was_durable_nothing_was_printed() {
    let mut till = up();
    let job = till.offer(1);
    till.crash();
    till.slow_disk = true;
    till.ready("left");
    till.crash();
    till.slow_disk = false;
    finish(&mut till);
    assert_eq!(till.prints(), [(job, false)]);
}

#[test]
fn once_its_start_was_durable_a_job_is_held_for_a_person_and_the_lane_goes_on() {
    let mut till = up();
    let job = till.offer(1);
    till.offer(2);
    till.slow_disk = true;
    till.ready("left");
    till.persist_one();
    till.crash();
    assert_eq!(till.open_op("left"), None, "the lane waits for the disk");
    till.sync();
    assert_eq!(
        till.outcome(job),
        Outcome::Uncertain {
            tickets: None,
            detail: "The till was interrupted while this was printing. \
                     Check whether the ticket came out."
                .to_owned()
        }
    );
    till.slow_disk = false;
    finish(&mut till);
    assert_eq!(till.prints(), [(key(2), false)]);
}

#[test]
fn a_crash_while_printing_is_a_reprint_where_the_policy_says_so_three_times() {
    let mut till = up();
    let policy = UncertainPolicy::ReprintMarked;
    let job = till.offer_as(1, |offer| print(offer).uncertain = policy);
    for round in 0..=3 {
        till.take();
        till.ready("left");
        assert_eq!(till.prints(), [(job, round > 0)]);
        till.crash();
    }
    assert!(matches!(till.outcome(job), Outcome::Uncertain { .. }));
}

#[test]
fn a_crash_between_the_decision_to_reprint_and_the_reprint_loses_neither() {
    let mut till = up();
    let policy = UncertainPolicy::ReprintMarked;
    let job = till.offer_as(1, |offer| print(offer).uncertain = policy);
    till.ready("left");
    till.crash();
    assert_eq!(till.newest(job), Progress::Reprinting);
    till.crash();
    till.take();
    till.ready("left");
    assert_eq!(till.prints(), [(job, true)]);
}

#[test]
fn before_the_end_is_durable_the_print_is_in_doubt() {
    let mut till = up();
    let job = till.offer(1);
    till.ready("left");
    till.slow_disk = true;
    till.print_done("left");
    till.crash();
    till.sync();
    assert!(matches!(till.outcome(job), Outcome::Uncertain { .. }));
}

#[test]
fn after_the_end_is_durable_it_is_told_until_stored_and_never_changes() {
    let mut till = up();
    let job = till.offer(1);
    till.ready("left");
    till.print_done("left");
    for _ in 0..3 {
        till.crash();
        assert_eq!(till.report().unwrap().entries.len(), 3);
        assert_eq!(till.phase(job), Some(Phase::Ended));
    }
    till.answer_reports();
    till.crash();
    assert!(till.report().is_none());
    assert!(till.agent.is_idle());
}

#[test]
fn a_print_that_was_taken_back_waits_again() {
    let mut till = up();
    let job = till.offer(1);
    till.ready("left");
    till.print_ends("left", PrintEnd::NothingSent(fault(FaultCode::NoAnswer)));
    till.crash();
    till.take();
    finish(&mut till);
    assert_eq!(till.prints(), [(job, false)]);
}

#[test]
fn waiting_jobs_keep_their_order_and_numbers_go_on() {
    let mut till = up();
    for number in [4, 2, 3] {
        till.offer(number);
    }
    till.answer_reports();
    till.crash();
    finish(&mut till);
    let printed: Vec<_> = till.prints().iter().map(|(job, _)| *job).collect();
    assert_eq!(printed, [key(2), key(3), key(4)]);
    let told: Vec<_> = till.answer_reports().iter().map(|e| e.seq).collect();
    assert_eq!(told, (3..9).collect::<Vec<_>>());
}

#[test]
fn numbers_are_never_given_twice_not_even_when_all_was_told() {
    let mut till = up();
    till.offer(1);
    finish(&mut till);
    till.answer_reports();
    till.crash();
    till.hello();
    till.offer(2);
    assert_eq!(till.answer_reports()[0].seq, 3);
}

#[test]
fn a_job_whose_time_passed_while_the_till_was_off_is_not_started_and_expires_with_the_greeting() {
    let mut till = up();
    let start_by = till.hub_now() + Duration::from_secs(60);
    let job = till.offer_as(1, |offer| offer.start_by = Some(start_by));
    till.now_ms += 61_000;
    till.crash();
    assert_eq!(till.open_op("left"), None);
    till.hello();
    assert_eq!(till.outcome(job), Outcome::Expired);
    assert_eq!(till.open_op("left"), None);
}

#[test]
fn a_printer_that_is_gone_after_the_restart_fails_what_waited_and_holds_what_was_printing() {
    let policy = UncertainPolicy::Reprint;
    let mut till = up();
    let printing = till.offer_as(1, |offer| print(offer).uncertain = policy);
    let waiting = till.offer(2);
    till.ready("left");
    let mut without = config();
    without.printers.remove(0);
    let mut till = Till::recovered(without, till.journal.clone());
    assert!(matches!(till.outcome(printing), Outcome::Uncertain { .. }));
    let Outcome::Failed { failure } = till.outcome(waiting) else {
        panic!("{:?}", till.outcome(waiting));
    };
    assert_eq!(failure.code, FailureCode::UnknownPrinter);
    till.answer_reports();
    assert!(till.agent.is_idle());
}

#[test]
fn a_crash_at_any_moment_of_a_jobs_life_loses_nothing_and_prints_nothing_twice() {
    // The steps of one job with a disk that takes its time; after each of them, and with the batch on
    // the way durable or lost, the process is killed.
    let steps: [fn(&mut Till); 7] = [
        |till| {
            till.offer(1);
        },
        Till::sync,
        |till| till.ready("left"),
        Till::sync,
        |till| till.print_done("left"),
        Till::sync,
        |till| {
            till.answer_reports();
        },
    ];
    for killed_after in 0..=steps.len() {
        for durable in [false, true] {
            let mut till = up();
            till.slow_disk = true;
            till.take();
            for step in &steps[..killed_after] {
                step(&mut till);
            }
            let mut printed = till.prints().len();
            if durable && !till.on_the_way.is_empty() {
                till.persist_one();
            }
            till.crash();
            till.slow_disk = false;
            till.sync();
            till.hello();
            till.offer(1);
            finish(&mut till);
            printed += till.prints().len();
            till.answer_reports();
            assert!(till.agent.is_idle(), "killed after step {killed_after}");
            match till.outcome(key(1)) {
                Outcome::Done { .. } => assert_eq!(printed, 1),
                Outcome::Uncertain { .. } => assert!(printed <= 1),
                other => panic!("killed after step {killed_after}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_failed_job_stays_failed() {
    let mut till = Till::with(Config {
        seed: 3,
        ..config()
    });
    till.hello();
    let job = till.offer(1);
    till.ready("left");
    till.print_ends(
        "left",
        PrintEnd::Unprintable(failure(FailureCode::BadDocument)),
    );
    till.crash();
    assert!(matches!(till.outcome(job), Outcome::Failed { .. }));
    assert_eq!(till.open_op("left"), None);
}
