//! The box office would like a job not to be printed: at each stage of it.

use cueline_agent_core::{Effect, PrintEnd};
use cueline_model::{FaultCode, JobKey, Outcome, UncertainPolicy};
use cueline_wire::cloud::Progress;

use crate::till::{Till, fault, in_doubt, key, print, tickets};

fn up() -> Till {
    let mut till = Till::new();
    till.hello();
    till.answer_reports();
    till.take();
    till
}

fn cancelled_unprinted(till: &mut Till, job: JobKey) {
    assert_eq!(till.outcome(job), Outcome::Cancelled);
    assert_eq!(till.prints(), []);
    assert_eq!(till.agent.unsettled_jobs(), 0);
    assert_eq!(till.open_op("left"), None);
    till.crash();
    assert_eq!(till.agent.unsettled_jobs(), 0);
}

#[test]
fn of_an_unknown_job_it_is_nothing() {
    let mut till = up();
    till.withdraw(key(1));
    assert_eq!(till.take(), []);
}

#[test]
fn while_the_acceptance_is_being_journalled() {
    let mut till = up();
    till.slow_disk = true;
    let job = till.offer(1);
    till.withdraw(job);
    till.sync();
    cancelled_unprinted(&mut till, job);
}

#[test]
fn while_the_printer_is_being_opened() {
    let mut till = up();
    let job = till.offer(1);
    till.withdraw(job);
    till.ready("left");
    cancelled_unprinted(&mut till, job);
}

#[test]
fn while_the_printer_is_being_opened_the_next_job_takes_its_place() {
    let mut till = up();
    let job = till.offer(1);
    let next = till.offer(2);
    till.withdraw(job);
    till.ready("left");
    assert_eq!(till.prints(), [(next, false)]);
}

#[test]
fn while_the_printer_is_not_ready() {
    let mut till = up();
    let job = till.offer(1);
    till.not_ready("left", FaultCode::PaperOut);
    till.withdraw(job);
    till.pass_s(10);
    cancelled_unprinted(&mut till, job);
}

#[test]
fn behind_another_job() {
    let mut till = up();
    till.offer(1);
    let second = till.offer(2);
    let third = till.offer(3);
    till.ready("left");
    till.withdraw(second);
    assert_eq!(till.outcome(second), Outcome::Cancelled);
    till.print_done("left");
    till.ready("left");
    assert_eq!(till.prints(), [(key(1), false), (third, false)]);
}

#[test]
fn while_the_start_is_being_journalled_not_a_byte_is_sent() {
    let mut till = up();
    let job = till.offer(1);
    till.slow_disk = true;
    till.ready("left");
    till.withdraw(job);
    till.sync();
    cancelled_unprinted(&mut till, job);
}

#[test]
fn of_a_job_being_printed_the_truth_is_told() {
    let mut till = up();
    let job = till.offer(1);
    till.ready("left");
    till.withdraw(job);
    assert_eq!(till.newest(job), Progress::Started);
    till.print_done("left");
    assert!(matches!(till.outcome(job), Outcome::Done { .. }));
}

#[test]
fn of_a_job_being_printed_that_sent_nothing_after_all() {
    let mut till = up();
    let job = till.offer(1);
    till.ready("left");
    till.prints();
    till.withdraw(job);
    till.print_ends("left", PrintEnd::NothingSent(fault(FaultCode::NoAnswer)));
    cancelled_unprinted(&mut till, job);
}

#[test]
fn of_a_job_in_doubt_it_prevents_the_reprint() {
    let mut till = up();
    let job = till.offer_as(1, |offer| print(offer).uncertain = UncertainPolicy::Reprint);
    till.ready("left");
    till.withdraw(job);
    till.print_ends("left", in_doubt(FaultCode::ConnectionLost, None));
    assert!(matches!(till.outcome(job), Outcome::Uncertain { .. }));
    assert_eq!(till.prints().len(), 1);
}

#[test]
fn of_a_job_that_has_ended_it_changes_nothing() {
    let mut till = up();
    let job = till.offer(1);
    till.ready("left");
    till.slow_disk = true;
    till.print_done("left");
    till.withdraw(job);
    till.sync();
    till.withdraw(job);
    till.sync();
    assert!(matches!(till.outcome(job), Outcome::Done { .. }));
}

#[test]
fn of_a_job_on_a_printer_that_is_out_of_paper_it_stops_the_print() {
    let mut till = up();
    let job = till.offer_as(1, |offer| print(offer).copies = 10);
    let next = till.offer(2);
    till.ready("left");
    till.proves("left", 3, 10);
    till.condition("left", Some(FaultCode::PaperOut));
    till.take();
    till.withdraw(job);
    assert_eq!(stops(&mut till), 1);
    till.withdraw(job);
    assert_eq!(stops(&mut till), 0, "once is enough");
    till.print_ends("left", in_doubt(FaultCode::PaperOut, tickets(3, 1, 10)));
    let Outcome::Uncertain { tickets: told, .. } = till.outcome(job) else {
        panic!("not uncertain");
    };
    assert_eq!(told, tickets(3, 1, 10));
    till.ready("left");
    assert_eq!(till.prints(), [(next, false)]);
}

#[test]
fn of_a_job_on_a_printer_that_has_taken_nothing_it_is_a_cancellation() {
    let mut till = up();
    let job = till.offer(1);
    till.ready("left");
    till.condition("left", Some(FaultCode::Busy));
    till.take();
    till.withdraw(job);
    assert_eq!(stops(&mut till), 1);
    till.print_ends("left", PrintEnd::NothingSent(fault(FaultCode::Busy)));
    cancelled_unprinted(&mut till, job);
}

#[test]
fn of_a_job_on_a_healthy_printer_it_stops_the_print_once_that_stands() {
    let mut till = up();
    let job = till.offer(1);
    till.ready("left");
    till.take();
    till.withdraw(job);
    assert_eq!(stops(&mut till), 0);
    till.condition("left", Some(FaultCode::CoverOpen));
    assert_eq!(stops(&mut till), 1);
    // The printer was quicker.
    till.print_done("left");
    assert!(matches!(till.outcome(job), Outcome::Done { .. }));
}

#[test]
fn of_a_job_on_a_printer_that_is_well_again_it_is_too_late() {
    let mut till = up();
    let job = till.offer(1);
    till.ready("left");
    till.condition("left", Some(FaultCode::PaperOut));
    till.condition("left", None);
    till.take();
    till.withdraw(job);
    assert_eq!(stops(&mut till), 0);
}

fn stops(till: &mut Till) -> usize {
    let effects = till.take();
    let stop = |effect: &&Effect| matches!(effect, Effect::StopPrint { .. });
    effects.iter().filter(stop).count()
}
