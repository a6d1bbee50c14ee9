//! While the terminal is at it: only its word is an outcome.

use cueline_model::{
    Answer, PaymentFailureCode, PaymentOutcome, ProgressNote, Prompt, PromptKind, Receipt,
    ReceiptCopy,
};
use cueline_wire::cloud::{PaymentStep, Wish};
use cueline_wire::local::{TerminalWord, ToTray};

use crate::till::{DESK, Till, approved, failure, id, order, settlement};

fn prompt(number: u32) -> Prompt {
    Prompt {
        id: number,
        kind: PromptKind::Signature,
        text: "does the signature match?".to_owned(),
        deadline: None,
    }
}

#[test]
fn an_approval_is_stored_acknowledged_and_told() {
    let (mut till, tray) = Till::running(1);
    till.result(tray, 1, approved(2_500));
    let over = ToTray::Over {
        payment: id(1),
        settlement: Some(approved(2_500)),
    };
    assert_eq!(till.told(), [ToTray::Stored { payment: id(1) }, over]);
    till.says(tray, 1, TerminalWord::Finished);
    assert_eq!(till.core.open_count(), 0);
    assert_eq!(till.end(1), Some(approved(2_500).outcome));
    till.store_all();
    assert_eq!(till.core.untold_entries(), 0);
}

#[test]
fn a_decline_is_an_end_like_any_other() {
    let (mut till, tray) = Till::running(1);
    let declined = settlement(PaymentOutcome::Declined {
        failure: failure(PaymentFailureCode::Declined),
        card: Default::default(),
    });
    till.result(tray, 1, declined.clone());
    assert_eq!(till.end(1), Some(declined.outcome));
}

#[test]
fn time_alone_ends_nothing() {
    let (mut till, tray) = Till::running(1);
    till.pass_s(3_600);
    assert_eq!(till.end(1), None);
    assert!(!till.is_unknown(1));
    till.result(tray, 1, approved(2_500));
    assert_eq!(till.end(1), Some(approved(2_500).outcome));
}

#[test]
fn what_demonstrably_did_not_happen_failed() {
    let (mut till, tray) = Till::running(1);
    let failure = failure(PaymentFailureCode::Refused);
    till.says(tray, 1, TerminalWord::NotMoved { failure });
    assert_eq!(till.end_code(1), PaymentFailureCode::Refused);
}

#[test]
fn what_is_no_outcome_makes_it_unknown() {
    let text = "the connection broke".to_owned();
    let failure = failure(PaymentFailureCode::Unreachable);
    for word in [
        TerminalWord::Unknown { text },
        TerminalWord::Finished,
        TerminalWord::NotReady { failure },
    ] {
        let (mut till, tray) = Till::running(1);
        till.says(tray, 1, word);
        assert!(till.is_unknown(1));
        let told = till.told();
        assert!(matches!(told[0], ToTray::Unknown { .. }), "{told:?}");
        assert!(matches!(told[1], ToTray::LookUp { .. }), "{told:?}");
    }
}

#[test]
fn a_tray_that_leaves_makes_it_unknown_and_the_next_is_asked() {
    let (mut till, tray) = Till::running(1);
    till.tray_gone(tray);
    assert!(till.is_unknown(1));
    till.take();
    till.tray(DESK);
    till.pass_s(1);
    let told = till.told();
    assert!(matches!(told[..], [ToTray::LookUp { .. }]), "{told:?}");
}

#[test]
fn a_tray_that_is_not_at_it_is_not_heard() {
    let (mut till, _) = Till::running(1);
    let other = till.tray("desk-2");
    till.result(other, 1, approved(2_500));
    let failure = failure(PaymentFailureCode::Refused);
    till.says(other, 1, TerminalWord::NotMoved { failure });
    assert_eq!(till.end(1), None);
}

#[test]
fn prompts_are_shown_and_answered_at_the_box_office() {
    let (mut till, tray) = Till::running(1);
    till.store_all();
    till.says(tray, 1, TerminalWord::Prompt { prompt: prompt(1) });
    let live = till.store_report().live;
    assert_eq!(live[0].prompt, Some(prompt(1)));
    till.take();
    let answer = |prompt| Wish::Answer {
        prompt,
        answer: Answer::Yes,
    };
    till.wish(1, answer(2));
    assert_eq!(till.told(), [], "nobody asked that");
    till.wish(1, answer(1));
    assert!(matches!(
        till.told()[..],
        [ToTray::Answer { prompt: 1, .. }]
    ));
    till.says(tray, 1, TerminalWord::PromptOver { prompt: 1 });
    assert_eq!(till.store_report().live[0].prompt, None);
    till.wish(1, answer(1));
    assert_eq!(till.told(), [], "it is no longer asked");
}

#[test]
fn progress_is_told_and_not_journalled() {
    let (mut till, tray) = Till::running(1);
    till.store_all();
    let steps = till.steps(1);
    let note = ProgressNote {
        code: "enter_pin".to_owned(),
        text: "PIN".to_owned(),
    };
    till.says(tray, 1, TerminalWord::Progress { note: note.clone() });
    assert_eq!(till.store_report().live[0].progress, Some(note));
    assert_eq!(till.steps(1), steps);
}

#[test]
fn a_receipt_after_the_end_is_kept_and_the_end_stays_what_is_told_again() {
    let (mut till, tray) = Till::running(1);
    till.result(tray, 1, approved(2_500));
    let receipt = Receipt {
        copy: ReceiptCopy::Customer,
        lines: vec!["EUR 25.00".to_owned()],
        signature: false,
    };
    till.says(tray, 1, TerminalWord::Receipt { receipt });
    till.says(tray, 1, TerminalWord::Finished);
    assert!(matches!(
        till.steps(1).last(),
        Some(PaymentStep::Receipt { .. })
    ));
    till.store_all();
    for _ in 0..2 {
        till.offer(1, order(DESK, 2_500), 60);
        let told = till.store_report().entries;
        assert!(matches!(told[..], [ref entry] if matches!(entry.step, PaymentStep::Ended { .. })));
        till.crash();
    }
}

#[test]
fn the_next_payment_waits_until_the_terminal_is_idle() {
    let (mut till, tray) = Till::running(1);
    till.result(tray, 1, approved(2_500));
    till.take();
    till.offer(2, order(DESK, 900), 60);
    assert_eq!(till.told(), []);
    till.says(tray, 1, TerminalWord::Finished);
    assert!(matches!(till.told()[..], [ToTray::Prepare { .. }]));
}
