//! Nobody knows: the terminal is asked until it can say, and where it cannot, a person decides.

use cueline_agent_core::payments::TrayId;
use cueline_model::{Finding, PaymentFailureCode, Resolver};
use cueline_wire::cloud::{PaymentStep, Wish};
use cueline_wire::local::{TerminalWord, ToTray};

use crate::till::{DESK, Till, approved, baseline, failure, id, order};

fn unknown() -> (Till, TrayId) {
    let (mut till, tray) = Till::running(1);
    let text = "the connection broke".to_owned();
    till.says(tray, 1, TerminalWord::Unknown { text });
    (till, tray)
}

fn look_ups(till: &mut Till) -> usize {
    let told = till.told();
    let is_look_up = |word: &&ToTray| matches!(word, ToTray::LookUp { .. });
    told.iter().filter(is_look_up).count()
}

fn cannot_tell() -> Finding {
    Finding::CannotTell {
        text: "receipt 0007 is older".to_owned(),
    }
}

#[test]
fn the_look_up_carries_what_was_noted_before() {
    let (mut till, _) = unknown();
    let look_up = ToTray::LookUp {
        payment: id(1),
        order: order(DESK, 2_500),
        baseline: baseline(7),
    };
    assert!(till.told().contains(&look_up));
    till.crash();
    till.tray(DESK);
    till.pass_s(1);
    assert!(till.told().contains(&look_up), "after a crash too");
}

#[test]
fn what_is_found_ends_it_by_the_terminals_word() {
    let (mut till, tray) = unknown();
    till.finds(
        tray,
        1,
        Finding::Found {
            settlement: approved(2_500),
        },
    );
    let end = (approved(2_500).outcome, Some(Resolver::Terminal));
    assert_eq!(till.end_and_resolver(1), Some(end));
    assert_eq!(till.core.open_count(), 0);
}

#[test]
fn what_is_proven_not_done_failed() {
    let (mut till, tray) = unknown();
    till.finds(tray, 1, Finding::NotProcessed);
    assert_eq!(till.end_code(1), PaymentFailureCode::NotProcessed);
}

#[test]
fn a_terminal_that_is_still_at_it_or_away_is_asked_again() {
    let (mut till, tray) = unknown();
    assert_eq!(look_ups(&mut till), 1);
    till.finds(tray, 1, Finding::InProgress);
    till.pass_s(1);
    assert_eq!(look_ups(&mut till), 0);
    till.pass_s(1);
    assert_eq!(look_ups(&mut till), 1);
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let text = "no connection".to_owned();
        till.finds(tray, 1, Finding::Unreachable { text });
        let since_ms = till.now_ms;
        while look_ups(&mut till) == 0 {
            till.pass_s(1);
        }
        pauses.push((till.now_ms - since_ms) / 1_000);
    }
    assert_eq!(pauses, [2, 5, 10, 30, 30, 30]);
}

#[test]
fn a_question_that_is_not_answered_is_asked_again() {
    let (mut till, _) = unknown();
    till.take();
    till.pass_s(119);
    assert_eq!(look_ups(&mut till), 0);
    till.pass_s(10);
    assert_eq!(look_ups(&mut till), 1);
}

#[test]
fn what_the_terminal_cannot_tell_goes_to_a_person_and_is_asked_on_slowly() {
    let (mut till, tray) = unknown();
    till.finds(tray, 1, cannot_tell());
    let to_person = PaymentStep::Unknown {
        text: "receipt 0007 is older".to_owned(),
        asking: false,
    };
    assert_eq!(till.steps(1).last(), Some(&to_person));
    let steps = till.steps(1).len();
    till.take();
    till.pass_s(29);
    assert_eq!(look_ups(&mut till), 0);
    till.pass_s(1);
    assert_eq!(look_ups(&mut till), 1);
    till.finds(tray, 1, cannot_tell());
    assert_eq!(till.steps(1).len(), steps, "said once");
    till.pass_s(30);
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
fn a_person_may_ask_at_once_and_may_decide() {
    let (mut till, tray) = unknown();
    till.finds(tray, 1, cannot_tell());
    till.take();
    till.wish(1, Wish::LookUp);
    assert_eq!(look_ups(&mut till), 1);
    till.wish(1, Wish::LookUp);
    assert_eq!(look_ups(&mut till), 0, "it is being asked");
    till.wish(1, Wish::Decided);
    assert!(matches!(
        till.told()[..],
        [ToTray::Over {
            settlement: None,
            ..
        }]
    ));
    assert_eq!(till.core.open_count(), 0);
    // The terminal is free, and the payment is not done when it is offered once more.
    till.run_to_begin(2, tray);
    till.offer(1, order(DESK, 2_500), 60);
    till.pass_s(60);
    assert_eq!(till.end(1), None);
    till.crash();
    assert!(!till.steps(1).is_empty());
    assert_eq!(till.core.open_count(), 1, "only the second is still open");
}

#[test]
fn the_terminals_own_late_word_counts_even_between_two_questions() {
    let (mut till, tray) = unknown();
    till.finds(tray, 1, Finding::InProgress);
    till.result(tray, 1, approved(2_500));
    assert_eq!(till.end(1), Some(approved(2_500).outcome));
    assert!(till.told().contains(&ToTray::Stored { payment: id(1) }));

    let (mut till, tray) = unknown();
    till.finds(tray, 1, Finding::InProgress);
    let failure = failure(PaymentFailureCode::Refused);
    till.says(tray, 1, TerminalWord::NotMoved { failure });
    assert_eq!(till.end_code(1), PaymentFailureCode::Refused);
}

#[test]
fn another_desks_word_does_not_count() {
    let (mut till, _) = unknown();
    let other = till.tray("desk-2");
    till.result(other, 1, approved(2_500));
    till.finds(other, 1, Finding::NotProcessed);
    assert_eq!(till.end(1), None);
}

#[test]
fn nothing_begins_at_a_terminal_in_doubt() {
    let (mut till, _) = unknown();
    till.offer(2, order(DESK, 900), 60);
    assert_eq!(till.end_code(2), PaymentFailureCode::Busy);
    till.crash();
    till.tray(DESK);
    till.offer(3, order(DESK, 900), 60);
    assert_eq!(till.end_code(3), PaymentFailureCode::Busy);
}

#[test]
fn with_two_trays_of_the_desk_it_waits_until_there_is_one() {
    let (mut till, _) = Till::running(1);
    till.crash();
    let first = till.tray(DESK);
    let second = till.tray(DESK);
    till.take();
    till.finds(first, 1, Finding::InProgress);
    till.pass_s(10);
    assert_eq!(look_ups(&mut till), 0);
    till.tray_gone(second);
    till.pass_s(2);
    assert_eq!(look_ups(&mut till), 1);
}

#[test]
fn a_tray_that_leaves_in_the_question_is_followed_by_the_next() {
    let (mut till, tray) = unknown();
    till.tray_gone(tray);
    till.take();
    let tray = till.tray(DESK);
    till.pass_s(1);
    assert_eq!(look_ups(&mut till), 1);
    till.finds(
        tray,
        1,
        Finding::Found {
            settlement: approved(2_500),
        },
    );
    assert_eq!(till.end(1), Some(approved(2_500).outcome));
}
