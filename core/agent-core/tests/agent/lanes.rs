//! A printer's jobs, one after the other.

use std::time::Duration;

use cueline_agent_core::{Effect, PrintEnd};
use cueline_model::{FailureCode, Fault, FaultCode, Outcome, Proof, UncertainPolicy};
use cueline_wire::cloud::{PrinterStatus, Progress};

use crate::till::{NEVER, Till, failure, fault, in_doubt, key, print};

fn up() -> Till {
    let mut till = Till::new();
    till.hello();
    till.answer_reports();
    till.take();
    till
}

fn statuses(till: &mut Till) -> Vec<Option<FaultCode>> {
    let mut seen: Vec<PrinterStatus> = Vec::new();
    while let Some(report) = till.report() {
        seen.extend(report.printers.clone());
        let stored = report.entries.iter().map(|entry| entry.seq).collect();
        till.answer_report(cueline_wire::cloud::ReportReply {
            stored,
            rejected: Vec::new(),
        });
    }
    seen.into_iter()
        .map(|status| status.fault.map(|fault| fault.code))
        .collect()
}

fn opens(till: &mut Till) -> Vec<u64> {
    till.take_timed()
        .into_iter()
        .filter_map(|(time, effect)| matches!(effect, Effect::OpenPrinter { .. }).then_some(time))
        .collect()
}

#[test]
fn nothing_is_printed_before_the_start_is_durable() {
    let mut till = up();
    let job = till.offer(1);
    till.slow_disk = true;
    till.take();
    till.ready("left");
    let effects = till.take();
    assert!(
        matches!(&effects[..], [Effect::Append { .. }]),
        "{effects:?}"
    );
    till.pass_s(3);
    assert_eq!(till.prints(), []);
    till.sync();
    assert_eq!(till.prints(), [(job, false)]);
}

#[test]
fn a_done_print_is_told_with_its_proof_and_the_next_waits_for_that_to_be_durable() {
    let mut till = up();
    let first = till.offer(1);
    till.offer(2);
    till.ready("left");
    till.slow_disk = true;
    till.take();
    till.print_ends("left", PrintEnd::Done(Proof::Sent));
    assert_eq!(opens(&mut till), NEVER, "the next job waits for the disk");
    till.sync();
    assert_eq!(opens(&mut till).len(), 1);
    assert_eq!(till.outcome(first), Outcome::Done { proof: Proof::Sent });
}

#[test]
fn jobs_print_in_order_of_sequence_whatever_the_order_of_arrival() {
    let mut till = up();
    for number in [5, 3, 9, 4, 7] {
        till.offer(number);
    }
    let mut printed = Vec::new();
    while till.open_op("left").is_some() {
        till.ready("left");
        printed.extend(till.prints());
        till.print_done("left");
    }
    assert_eq!(printed, [3, 4, 5, 7, 9].map(|number| (key(number), false)));
}

#[test]
fn printers_work_side_by_side() {
    let mut till = up();
    till.offer(1);
    till.offer_as(2, |offer| print(offer).printer = "right".parse().unwrap());
    till.ready("right");
    till.ready("left");
    assert_eq!(till.prints(), [(key(2), false), (key(1), false)]);
}

#[test]
fn copies_are_asked_for() {
    let mut till = up();
    till.offer_as(1, |offer| print(offer).copies = 3);
    till.ready("left");
    let copies = till.take().into_iter().find_map(|effect| match effect {
        Effect::Print { copies, .. } => Some(copies),
        _ => None,
    });
    assert_eq!(copies, Some(3));
}

#[test]
fn a_printer_that_is_not_ready_is_tried_after_1_1_2_and_then_every_5_s() {
    let mut till = up();
    let job = till.offer(1);
    let mut times = opens(&mut till);
    for _ in 0..6 {
        till.not_ready("left", FaultCode::PaperOut);
        assert_eq!(till.newest(job), Progress::Accepted);
        till.pass_s(6);
        times.extend(opens(&mut till));
    }
    let mut waited = times.iter().zip([0, 6, 12, 18, 24, 30, 36]);
    assert!(waited.all(|(time, round)| {
        let pause = [0, 1, 1, 2, 5, 5, 5][round / 6];
        *time
            == if round == 0 {
                0
            } else {
                (round as u64 - 6) * 1_000 + pause * 1_000
            }
    }));
    // Once something was printed the pauses start over.
    till.ready("left");
    till.print_done("left");
    till.offer(2);
    till.take();
    till.not_ready("left", FaultCode::PaperOut);
    let failed_at = till.now_ms;
    till.pass_s(2);
    assert_eq!(opens(&mut till), [failed_at + 1_000]);
}

#[test]
fn only_changes_of_a_printers_state_are_told() {
    let mut till = up();
    till.offer(1);
    till.not_ready("left", FaultCode::PaperOut);
    assert_eq!(statuses(&mut till), [Some(FaultCode::PaperOut)]);
    for _ in 0..3 {
        till.pass_s(5);
        till.not_ready("left", FaultCode::PaperOut);
    }
    assert_eq!(statuses(&mut till), []);
    till.pass_s(5);
    till.not_ready("left", FaultCode::CoverOpen);
    assert_eq!(statuses(&mut till), [Some(FaultCode::CoverOpen)]);
    till.pass_s(5);
    till.ready("left");
    assert_eq!(statuses(&mut till), [None]);
    till.print_done("left");
    till.offer(2);
    till.ready("left");
    assert_eq!(statuses(&mut till), []);
}

#[test]
fn a_fault_while_printing_is_told_and_taken_back() {
    let mut till = up();
    till.offer(1);
    till.ready("left");
    statuses(&mut till);
    for now in [Some(FaultCode::PaperOut), None] {
        till.condition("left", now);
        assert_eq!(statuses(&mut till), [now]);
    }
}

#[test]
fn a_print_that_sent_nothing_is_taken_back_and_tried_again() {
    let mut till = up();
    let job = till.offer(1);
    till.ready("left");
    till.print_ends("left", PrintEnd::NothingSent(fault(FaultCode::NoAnswer)));
    assert_eq!(till.newest(job), Progress::NotStarted);
    let failed_at = till.now_ms;
    assert!(statuses(&mut till).contains(&Some(FaultCode::NoAnswer)));
    till.take();
    till.pass_s(2);
    assert_eq!(opens(&mut till), [failed_at + 1_000]);
    till.ready("left");
    assert_eq!(
        till.prints(),
        [(job, false)],
        "no duplicate: nothing was printed"
    );
    till.print_done("left");
    assert!(matches!(till.outcome(job), Outcome::Done { .. }));
}

#[test]
fn an_unprintable_document_fails_and_the_lane_goes_on() {
    let mut till = up();
    let job = till.offer(1);
    till.offer(2);
    till.ready("left");
    till.print_ends(
        "left",
        PrintEnd::Unprintable(failure(FailureCode::BadDocument)),
    );
    assert!(matches!(till.outcome(job), Outcome::Failed { .. }));
    till.ready("left");
    assert_eq!(till.prints().last(), Some(&(key(2), false)));
}

#[test]
fn a_print_in_doubt_is_held_by_default_and_does_not_block_its_lane() {
    let mut till = up();
    let job = till.offer(1);
    till.offer(2);
    till.ready("left");
    let sentence = Fault::new(FaultCode::ConnectionLost, "The connection broke.");
    till.print_ends(
        "left",
        PrintEnd::InDoubt {
            fault: sentence,
            tickets: None,
        },
    );
    let Outcome::Uncertain { detail, .. } = till.outcome(job) else {
        panic!("{:?}", till.outcome(job));
    };
    assert_eq!(
        detail,
        "The connection broke. Check whether the ticket came out."
    );
    till.ready("left");
    assert_eq!(till.prints().last(), Some(&(key(2), false)));
}

#[test]
fn a_print_in_doubt_is_reprinted_three_times_where_the_policy_says_so() {
    for (policy, marked) in [
        (UncertainPolicy::ReprintMarked, true),
        (UncertainPolicy::Reprint, false),
    ] {
        let mut till = up();
        let job = till.offer_as(1, |offer| print(offer).uncertain = policy);
        for round in 0..=3 {
            till.take();
            till.ready("left");
            assert_eq!(till.prints(), [(job, marked && round > 0)]);
            till.print_ends("left", in_doubt(FaultCode::ConnectionLost, None));
        }
        assert!(matches!(till.outcome(job), Outcome::Uncertain { .. }));
        assert_eq!(till.open_op("left"), None);
    }
}

#[test]
fn a_reprint_that_cannot_be_made_any_more_leaves_the_job_uncertain() {
    let ends: [fn(&mut Till); 3] = [
        |till| till.pass_s(61),
        |till| till.withdraw(key(1)),
        |till| {
            till.ready("left");
            till.print_ends(
                "left",
                PrintEnd::Unprintable(failure(FailureCode::BadDocument)),
            );
        },
    ];
    for end in ends {
        let mut till = up();
        let start_by = till.hub_now() + Duration::from_secs(60);
        let job = till.offer_as(1, |offer| {
            offer.start_by = Some(start_by);
            print(offer).uncertain = UncertainPolicy::Reprint;
        });
        till.ready("left");
        till.print_ends("left", in_doubt(FaultCode::ConnectionLost, None));
        assert_eq!(till.newest(job), Progress::Reprinting);
        end(&mut till);
        assert!(matches!(till.outcome(job), Outcome::Uncertain { .. }));
    }
}

#[test]
fn a_job_expires_to_the_millisecond_wherever_it_stands_in_its_lane() {
    let mut till = up();
    till.offer(1);
    let start_by = till.hub_now() + Duration::from_secs(60);
    let job = till.offer_as(2, |offer| offer.start_by = Some(start_by));
    till.ready("left");
    till.pass_until(60_000);
    assert_eq!(till.newest(job), Progress::Accepted);
    till.pass_until(60_001);
    assert_eq!(till.outcome(job), Outcome::Expired);
    till.print_done("left");
    assert_eq!(till.open_op("left"), None);
}

#[test]
fn a_printer_that_gets_ready_too_late_is_released() {
    let mut till = up();
    let start_by = till.hub_now() + Duration::from_secs(1);
    let job = till.offer_as(1, |offer| offer.start_by = Some(start_by));
    till.take();
    till.now_ms += 1_001;
    till.ready("left");
    assert_eq!(till.outcome(job), Outcome::Expired);
    assert_eq!(till.open_op("left"), None);
    assert_eq!(till.prints(), []);
}

#[test]
fn a_start_that_becomes_durable_too_late_is_taken_back() {
    let mut till = up();
    let start_by = till.hub_now() + Duration::from_secs(1);
    let job = till.offer_as(1, |offer| offer.start_by = Some(start_by));
    till.slow_disk = true;
    till.ready("left");
    till.pass_s(2);
    till.sync();
    assert_eq!(till.outcome(job), Outcome::Expired);
    assert_eq!(till.prints(), []);
    let told: Vec<_> = till
        .answer_reports()
        .into_iter()
        .map(|e| e.progress)
        .collect();
    assert_eq!(
        told[told.len() - 3..],
        [
            Progress::Started,
            Progress::NotStarted,
            Progress::Ended(Outcome::Expired)
        ]
    );
}
