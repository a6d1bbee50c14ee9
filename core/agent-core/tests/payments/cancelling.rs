//! A wish to cancel is a wish: before the start it ends the payment, after it the terminal decides.

use cueline_agent_core::payments::Event;
use cueline_model::{Finding, PaymentFailureCode, PaymentOutcome};
use cueline_wire::cloud::Wish;
use cueline_wire::local::{TerminalWord, ToAgent, ToTray};

use crate::till::{DESK, Till, approved, failure, id, order};

fn offered() -> (Till, cueline_agent_core::payments::TrayId) {
    let mut till = Till::new();
    till.greeted();
    let tray = till.tray(DESK);
    till.offer(1, order(DESK, 2_500), 60);
    till.take();
    (till, tray)
}

fn cancel_told(till: &mut Till) -> usize {
    let told = till.told();
    let cancel = ToTray::Cancel { payment: id(1) };
    told.iter().filter(|word| **word == cancel).count()
}

#[test]
fn while_it_is_accepted() {
    let mut till = Till::new();
    till.greeted();
    till.tray(DESK);
    till.slow_disk = true;
    till.offer(1, order(DESK, 2_500), 60);
    till.wish(1, Wish::Cancel);
    till.slow_disk = false;
    till.sync_one();
    assert_eq!(till.end(1), Some(PaymentOutcome::Cancelled));
}

#[test]
fn while_it_waits_gets_ready_or_asks_the_hub() {
    let mut till = Till::new();
    till.greeted();
    till.offer(1, order(DESK, 2_500), 60);
    till.wish(1, Wish::Cancel);
    assert_eq!(till.end(1), Some(PaymentOutcome::Cancelled));

    let (mut till, _) = offered();
    till.wish(1, Wish::Cancel);
    assert_eq!(till.end(1), Some(PaymentOutcome::Cancelled));
    assert!(matches!(till.told()[..], [ToTray::Over { .. }]));

    let (mut till, tray) = offered();
    till.ready(tray, 1);
    till.wish(1, Wish::Cancel);
    till.permit(1);
    assert_eq!(till.end(1), Some(PaymentOutcome::Cancelled));
    assert!(!till.has_begun(1));
}

#[test]
fn while_its_start_is_written() {
    let (mut till, tray) = offered();
    till.ready(tray, 1);
    till.slow_disk = true;
    till.permit(1);
    till.wish(1, Wish::Cancel);
    till.slow_disk = false;
    till.sync_one();
    assert_eq!(till.end(1), Some(PaymentOutcome::Cancelled));
    assert!(!till.has_begun(1));
}

#[test]
fn while_the_terminal_is_at_it_the_terminal_decides() {
    let (mut till, tray) = Till::running(1);
    till.wish(1, Wish::Cancel);
    till.wish(1, Wish::Cancel);
    assert_eq!(cancel_told(&mut till), 1, "told once");
    assert_eq!(till.end(1), None);
    till.result(tray, 1, approved(2_500));
    assert_eq!(till.end(1), Some(approved(2_500).outcome));
}

#[test]
fn what_did_not_move_after_a_wish_is_cancelled() {
    let (mut till, tray) = Till::running(1);
    till.wish(1, Wish::Cancel);
    let failure = failure(PaymentFailureCode::Refused);
    till.says(tray, 1, TerminalWord::NotMoved { failure });
    assert_eq!(till.end(1), Some(PaymentOutcome::Cancelled));
}

#[test]
fn while_a_result_is_stored_it_is_too_late() {
    let (mut till, tray) = Till::running(1);
    till.slow_disk = true;
    till.result(tray, 1, approved(2_500));
    till.wish(1, Wish::Cancel);
    till.slow_disk = false;
    till.sync_one();
    till.wish(1, Wish::Cancel);
    assert_eq!(cancel_told(&mut till), 0);
    assert_eq!(till.end(1), Some(approved(2_500).outcome));
}

#[test]
fn in_doubt_it_ends_nothing_and_is_passed_on_where_the_terminal_is_still_at_it() {
    let (mut till, _) = Till::running(1);
    till.crash();
    let tray = till.tray(DESK);
    till.pass_s(1);
    till.wish(1, Wish::Cancel);
    till.take();
    till.pass_s(1);
    assert_eq!(till.end(1), None);
    for _ in 0..3 {
        till.finds(tray, 1, Finding::InProgress);
        till.pass_s(2);
    }
    assert_eq!(cancel_told(&mut till), 1);
    till.finds(
        tray,
        1,
        Finding::Found {
            settlement: approved(2_500),
        },
    );
    assert_eq!(till.end(1), Some(approved(2_500).outcome));
}

#[test]
fn the_clerk_may_wish_it_too_at_the_own_desk() {
    let (mut till, tray) = Till::running(1);
    let other = till.tray("desk-2");
    let said = || ToAgent::Cancel { payment: id(1) };
    till.event(Event::TraySaid {
        tray: other,
        said: said(),
    });
    assert_eq!(cancel_told(&mut till), 0);
    till.event(Event::TraySaid { tray, said: said() });
    assert_eq!(cancel_told(&mut till), 1);
}
