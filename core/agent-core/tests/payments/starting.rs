//! From the offer to the terminal: the desk, the lease, the hub's permission, the durable start.

use cueline_agent_core::payments::Event;
use cueline_model::{PaymentFailureCode, PaymentOutcome};
use cueline_wire::cloud::PaymentStep;
use cueline_wire::local::{TerminalWord, ToTray};

use crate::till::{DESK, Till, baseline, failure, id, order};

#[test]
fn a_payment_goes_from_the_offer_to_the_terminal() {
    let mut till = Till::new();
    till.greeted();
    let tray = till.tray(DESK);
    till.offer(1, order(DESK, 2_500), 60);
    let order = order(DESK, 2_500);
    assert_eq!(
        till.told(),
        [ToTray::Prepare {
            payment: id(1),
            order
        }]
    );
    till.ready(tray, 1);
    assert_eq!(till.asked_to_start(), [id(1)]);
    assert!(!till.has_begun(1));
    till.permit(1);
    assert_eq!(till.told(), [ToTray::Begin { payment: id(1) }]);
    let started = PaymentStep::Started {
        baseline: baseline(7),
    };
    assert_eq!(till.steps(1), [PaymentStep::Accepted, started]);
}

#[test]
fn nothing_is_begun_before_the_start_is_durable() {
    let mut till = Till::new();
    till.greeted();
    let tray = till.tray(DESK);
    till.offer(1, order(DESK, 2_500), 60);
    till.ready(tray, 1);
    till.slow_disk = true;
    till.permit(1);
    till.pass_s(5);
    assert!(!till.has_begun(1));
    till.sync_one();
    assert!(till.has_begun(1));
}

#[test]
fn a_start_that_cannot_be_written_is_no_start() {
    let mut till = Till::new();
    till.greeted();
    let tray = till.tray(DESK);
    till.offer(1, order(DESK, 2_500), 60);
    till.ready(tray, 1);
    till.full_disk = true;
    till.permit(1);
    assert!(!till.has_begun(1));
    assert!(matches!(till.told().last(), Some(ToTray::Over { .. })));
    // Its end is written as soon as there is room.
    till.full_disk = false;
    till.pass_s(3);
    assert_eq!(till.end_code(1), PaymentFailureCode::NotStored);
}

#[test]
fn an_acceptance_that_cannot_be_written_is_taken_with_the_next_offer() {
    let mut till = Till::new();
    till.greeted();
    till.full_disk = true;
    till.offer(1, order(DESK, 2_500), 60);
    assert_eq!(till.core.open_count(), 0);
    till.full_disk = false;
    till.offer(1, order(DESK, 2_500), 60);
    assert_eq!(till.core.open_count(), 1);
    assert_eq!(till.steps(1), [PaymentStep::Accepted]);
}

#[test]
fn without_a_tray_it_waits_a_little_and_then_fails() {
    let mut till = Till::new();
    till.greeted();
    till.tray("desk-2");
    till.offer(1, order(DESK, 2_500), 60);
    till.pass_s(9);
    assert_eq!(till.end(1), None);
    till.pass_s(2);
    assert_eq!(till.end_code(1), PaymentFailureCode::NoStation);
    // A tray that comes in time is taken.
    till.offer(2, order(DESK, 2_500), 60);
    till.pass_s(5);
    till.take();
    till.tray(DESK);
    assert!(matches!(till.told()[..], [ToTray::Prepare { .. }]));
}

#[test]
fn two_trays_of_one_name_are_ambiguous() {
    let mut till = Till::new();
    till.greeted();
    till.tray(DESK);
    till.tray(DESK);
    till.take();
    till.offer(1, order(DESK, 2_500), 60);
    assert_eq!(till.end_code(1), PaymentFailureCode::AmbiguousStation);
    assert_eq!(till.told(), []);
}

#[test]
fn a_terminal_that_the_desk_does_not_have_is_refused() {
    let mut till = Till::new();
    till.greeted();
    till.tray(DESK);
    let mut order = order(DESK, 2_500);
    order.terminal = "other".parse().unwrap();
    till.offer(1, order, 60);
    assert_eq!(till.end_code(1), PaymentFailureCode::NoTerminal);
}

#[test]
fn a_busy_terminal_is_refused_at_once_and_its_owner_named() {
    let (mut till, _) = Till::running(1);
    till.offer(2, order(DESK, 900), 60);
    let Some(PaymentOutcome::Failed { failure }) = till.end(2) else {
        panic!("{:?}", till.end(2));
    };
    assert_eq!(failure.code, PaymentFailureCode::Busy);
    assert!(
        failure.text.contains(&id(1).to_string()),
        "{}",
        failure.text
    );
    assert!(failure.text.contains("EUR 25.00"), "{}", failure.text);
}

#[test]
fn another_desk_is_not_held_up() {
    let (mut till, _) = Till::running(1);
    let other = till.tray("desk-2");
    till.offer(2, order("desk-2", 900), 60);
    till.ready(other, 2);
    till.permit(2);
    assert!(till.has_begun(2));
}

#[test]
fn a_terminal_that_does_not_get_ready_ends_it() {
    let mut till = Till::new();
    till.greeted();
    let tray = till.tray(DESK);
    till.offer(1, order(DESK, 2_500), 300);
    till.offer(2, order("desk-2", 2_500), 300);
    let failure = failure(PaymentFailureCode::Unsupported);
    till.says(tray, 1, TerminalWord::NotReady { failure });
    assert_eq!(till.end_code(1), PaymentFailureCode::Unsupported);
    till.offer(3, order(DESK, 2_500), 300);
    till.pass_s(61);
    assert_eq!(till.end_code(3), PaymentFailureCode::Unreachable);
    assert!(!till.has_begun(1) && !till.has_begun(3));
}

#[test]
fn the_hub_may_refuse_the_start() {
    let mut till = Till::new();
    till.greeted();
    let tray = till.tray(DESK);
    till.offer(1, order(DESK, 2_500), 60);
    till.ready(tray, 1);
    till.answer_start(1, false);
    assert_eq!(till.end_code(1), PaymentFailureCode::NotPermitted);
    assert!(!till.has_begun(1));
    // A permission that comes after that changes nothing.
    till.permit(1);
    assert!(!till.has_begun(1));
}

#[test]
fn a_hub_that_does_not_answer_is_asked_again_and_a_new_link_at_once() {
    let mut till = Till::new();
    till.greeted();
    let tray = till.tray(DESK);
    till.offer(1, order(DESK, 2_500), 60);
    till.ready(tray, 1);
    till.take();
    till.event(Event::StartUnanswered { payment: id(1) });
    assert_eq!(till.asked_to_start(), []);
    till.pass_s(2);
    assert_eq!(till.asked_to_start(), [id(1)]);
    till.event(Event::StartUnanswered { payment: id(1) });
    till.greeted();
    assert_eq!(till.asked_to_start(), [id(1)]);
}

#[test]
fn its_time_is_looked_at_again_at_every_step() {
    // While it waits for its tray.
    let mut till = Till::new();
    till.greeted();
    till.offer(1, order(DESK, 2_500), 5);
    till.pass_s(6);
    assert_eq!(till.end(1), Some(PaymentOutcome::Expired));
    // While the terminal gets ready.
    let tray = till.tray(DESK);
    till.offer(2, order(DESK, 2_500), 5);
    till.pass_s(6);
    assert_eq!(till.end(2), Some(PaymentOutcome::Expired));
    // While the hub is asked.
    till.offer(3, order(DESK, 2_500), 5);
    till.ready(tray, 3);
    till.pass_s(6);
    till.permit(3);
    assert_eq!(till.end(3), Some(PaymentOutcome::Expired));
    // While its start is written.
    till.offer(4, order(DESK, 2_500), 5);
    till.ready(tray, 4);
    till.slow_disk = true;
    till.permit(4);
    till.pass_s(6);
    till.slow_disk = false;
    till.sync_one();
    assert_eq!(till.end(4), Some(PaymentOutcome::Expired));
    assert!((1..=4).all(|number| !till.has_begun(number)));
}

#[test]
fn a_tray_that_leaves_before_the_start_may_come_back() {
    let mut till = Till::new();
    till.greeted();
    let tray = till.tray(DESK);
    till.offer(1, order(DESK, 2_500), 60);
    till.tray_gone(tray);
    let tray = till.tray(DESK);
    till.ready(tray, 1);
    till.tray_gone(tray);
    // The answer to the question that was asked for the tray before.
    till.permit(1);
    assert!(!till.has_begun(1));
    let tray = till.tray(DESK);
    till.ready(tray, 1);
    till.permit(1);
    assert!(till.has_begun(1));
}

#[test]
fn a_tray_that_leaves_while_the_start_is_written_ends_it() {
    let mut till = Till::new();
    till.greeted();
    let tray = till.tray(DESK);
    till.offer(1, order(DESK, 2_500), 60);
    till.ready(tray, 1);
    till.slow_disk = true;
    till.permit(1);
    till.tray_gone(tray);
    till.tray(DESK);
    till.slow_disk = false;
    till.sync_one();
    assert_eq!(till.end_code(1), PaymentFailureCode::NoStation);
    assert!(!till.has_begun(1));
}

#[test]
fn a_new_start_asks_for_permission_only_when_the_hub_has_said_its_time() {
    let mut till = Till::new();
    till.greeted();
    let tray = till.tray(DESK);
    till.offer(1, order(DESK, 2_500), 60);
    till.ready(tray, 1);
    // The hub has permitted it, and the answer got lost with the program; an hour passes.
    till.now_ms += 3_600_000;
    till.crash();
    let tray = till.tray(DESK);
    till.ready(tray, 1);
    till.take();
    till.pass_s(5);
    assert_eq!(till.asked_to_start(), []);
    till.greeted();
    assert_eq!(till.end(1), Some(PaymentOutcome::Expired));
    // In time it goes on.
    till.offer(2, order(DESK, 2_500), 60);
    till.ready(tray, 2);
    till.crash();
    let tray = till.tray(DESK);
    till.ready(tray, 2);
    till.take();
    assert_eq!(till.asked_to_start(), []);
    till.greeted();
    assert_eq!(till.asked_to_start(), [id(2)]);
}

#[test]
fn after_sleep_nothing_starts_before_the_hub_has_said_its_time() {
    // While the hub is asked.
    let mut till = Till::new();
    till.greeted();
    let tray = till.tray(DESK);
    till.offer(1, order(DESK, 2_500), 60);
    till.ready(tray, 1);
    till.sleep_s(3_600);
    till.permit(1);
    till.pass_s(5);
    assert!(!till.has_begun(1));
    assert_eq!(till.end(1), None, "the clock may only have been set");
    till.greeted();
    assert_eq!(till.end(1), Some(PaymentOutcome::Expired));
    // While its start is written.
    till.offer(2, order(DESK, 2_500), 60);
    till.ready(tray, 2);
    till.slow_disk = true;
    till.permit(2);
    till.sleep_s(3_600);
    till.slow_disk = false;
    till.sync_one();
    assert!(!till.has_begun(2));
    assert_eq!(till.end(2), Some(PaymentOutcome::Expired));
}

#[test]
fn a_clock_that_was_only_set_costs_nothing_but_the_wait_for_the_hub() {
    let mut till = Till::new();
    till.greeted();
    let tray = till.tray(DESK);
    till.offer(1, order(DESK, 2_500), 60);
    till.ready(tray, 1);
    till.set_clock_s(3_600);
    till.permit(1);
    till.pass_s(5);
    till.take();
    till.greeted();
    assert_eq!(till.asked_to_start(), [id(1)]);
    till.permit(1);
    assert!(till.has_begun(1));
}
