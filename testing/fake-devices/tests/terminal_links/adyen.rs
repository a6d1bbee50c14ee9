//! Adyen's Terminal API over HTTPS.

use cueline_fake_devices::Script;
use cueline_model::card_number::holds_card_number;
use cueline_model::{
    Finding, PaymentFailureCode, PaymentKind, PaymentOutcome, Settlement, TerminalProtocol,
};
use cueline_terminals::{Command, Event};

use super::counter::{Counter, Heard, order, void_of};

async fn counter() -> Counter {
    Counter::open(TerminalProtocol::AdyenLocal).await
}

fn approved(heard: Heard, expected: i64) -> Settlement {
    match heard {
        Heard::Result(settlement) => {
            match &settlement.outcome {
                PaymentOutcome::Approved { amount_minor, .. } => {
                    assert_eq!(*amount_minor, expected);
                }
                other => panic!("{other:?}"),
            }
            settlement
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_sale_a_refund_and_a_void_are_in_the_ledger_once() {
    let mut counter = counter().await;
    let (heard, _) = counter.pay(&order(PaymentKind::Sale, 1250)).await;
    let sale = approved(heard, 1250);
    assert_eq!(sale.receipts.len(), 2);
    // The terminal leaks; the driver does not.
    let kept = format!("{sale:?}");
    assert!(!holds_card_number(&kept), "{kept}");
    assert!(kept.contains("************1111"), "{kept}");
    assert_eq!(counter.standing(), [1250]);
    let (heard, _) = counter.pay(&order(PaymentKind::Refund, 300)).await;
    approved(heard, 300);
    assert_eq!(counter.standing(), [1250, 300]);
    let void = void_of(1250, &sale);
    let (heard, _) = counter.pay(&void).await;
    approved(heard, 1250);
    assert_eq!(counter.standing(), [300]);
    // Once per sale.
    let (heard, _) = counter.pay(&void).await;
    match heard {
        Heard::Result(Settlement {
            outcome: PaymentOutcome::Declined { .. },
            ..
        }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(counter.standing(), [300]);
}

#[tokio::test]
async fn what_is_not_done_is_said_so() {
    let mut counter = counter().await;
    for (script, expected) in [
        (Script::Decline, "declined"),
        (Script::CustomerCancels, "cancelled"),
        (Script::Busy, "busy"),
        (Script::Refuse, "refused"),
    ] {
        counter.terminal.script(script);
        let (heard, _) = counter.pay(&order(PaymentKind::Sale, 500)).await;
        let got = match heard {
            Heard::Result(settlement) => settlement.outcome.state().as_str(),
            Heard::NotMoved(failure) => failure.code.as_str(),
            Heard::Unknown => "unknown",
        };
        assert_eq!(got, expected, "{script}");
    }
    assert_eq!(counter.standing(), [0; 0]);
    counter.terminal.set_busy(true);
    counter.ask(Command::Prepare).await;
    match counter.hear_more().await {
        Event::NotReady(failure) => assert_eq!(failure.code, PaymentFailureCode::Busy),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_the_ledger_agrees() {
    let mut counter = counter().await;
    let mut stands = Vec::new();
    for (number, script) in [
        Script::DropBefore,
        Script::DropAfter,
        Script::PowerLossBefore,
        Script::PowerLossAfter,
        Script::HandKeyed,
    ]
    .into_iter()
    .enumerate()
    {
        let amount = 1000 + 100 * i64::try_from(number).unwrap();
        let sale = order(PaymentKind::Sale, amount);
        counter.terminal.script(script);
        let (heard, baseline) = counter.pay(&sale).await;
        assert!(matches!(heard, Heard::Unknown), "{script}: {heard:?}");
        // A new program knows no more than what was kept.
        counter.restart_till();
        match counter.look_up(&sale, baseline.as_ref()).await {
            Finding::Found { settlement } => match settlement.outcome {
                PaymentOutcome::Approved { amount_minor, .. } => stands.push(amount_minor),
                other => panic!("{script}: {other:?}"),
            },
            Finding::NotProcessed => {}
            other => panic!("{script}: {other:?}"),
        }
        if script == Script::HandKeyed {
            stands.push(amount + 100);
        }
        assert_eq!(counter.standing(), stands, "{script}");
    }
    assert_eq!(stands, [1100, 1300, 1500]);
}

#[tokio::test]
async fn a_program_that_ends_in_mid_payment_finds_it_again() {
    let mut counter = counter().await;
    let sale = order(PaymentKind::Sale, 700);
    counter.terminal.script(Script::Slow);
    let baseline = counter.ready().await;
    counter.ask(Command::Begin(sale.clone())).await;
    // Begun, as the terminal sees it.
    while !counter.terminal.is_paying() {
        tokio::task::yield_now().await;
    }
    counter.restart_till();
    match counter.look_up(&sale, baseline.as_ref()).await {
        Finding::Found { settlement } => {
            assert!(matches!(
                settlement.outcome,
                PaymentOutcome::Approved { .. }
            ));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(counter.standing(), [700]);
    // What was promised to a payment that was never begun, the terminal does not know.
    let never = counter.ready().await;
    let finding = counter.look_up(&sale, never.as_ref()).await;
    assert_eq!(finding, Finding::NotProcessed);
}

#[tokio::test]
async fn a_cancel_stops_a_payment_that_can_be_stopped_and_no_other() {
    let mut counter = counter().await;
    for (script, stopped) in [(Script::Silent, true), (Script::Unstoppable, false)] {
        counter.terminal.script(script);
        counter.ready().await;
        let sale = order(PaymentKind::Sale, 900);
        counter.ask(Command::Begin(sale)).await;
        while !counter.terminal.is_paying() {
            tokio::task::yield_now().await;
        }
        counter.ask(Command::Cancel).await;
        match counter.end().await {
            Heard::Result(settlement) if stopped => {
                assert_eq!(settlement.outcome, PaymentOutcome::Cancelled);
            }
            heard if !stopped => drop(approved(heard, 900)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(counter.standing(), [900]);
}

#[tokio::test]
async fn a_result_that_cannot_be_stored_is_taken_back() {
    let mut counter = counter().await;
    counter.ready().await;
    let sale = order(PaymentKind::Sale, 1100);
    counter.ask(Command::Begin(sale)).await;
    assert!(matches!(counter.hear_more().await, Event::Result(_)));
    assert_eq!(counter.standing(), [1100]);
    counter.ask(Command::NotStored).await;
    match counter.hear_more().await {
        Event::NotMoved(failure) => assert_eq!(failure.code, PaymentFailureCode::NotStored),
        other => panic!("{other:?}"),
    }
    assert_eq!(counter.standing(), [0; 0]);
}

#[tokio::test]
async fn a_void_that_hit_another_sale_is_an_alarm() {
    let mut counter = counter().await;
    let (heard, _) = counter.pay(&order(PaymentKind::Sale, 1000)).await;
    let sale = approved(heard, 1000);
    let (heard, _) = counter.pay(&order(PaymentKind::Sale, 2000)).await;
    approved(heard, 2000);
    counter.terminal.script(Script::OtherReversal);
    let (heard, _) = counter.pay(&void_of(1000, &sale)).await;
    match heard {
        Heard::Result(Settlement {
            outcome: PaymentOutcome::Failed { failure },
            ..
        }) => assert_eq!(failure.code, PaymentFailureCode::OtherTransaction),
        other => panic!("{other:?}"),
    }
    assert_eq!(counter.standing(), [1000]);
}
