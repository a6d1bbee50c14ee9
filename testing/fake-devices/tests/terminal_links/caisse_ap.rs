//! Caisse-AP over TCP: what has no look-up goes to a person.

use cueline_fake_devices::Script;
use cueline_model::{Finding, PaymentFailureCode, PaymentKind, PaymentOutcome, TerminalProtocol};
use cueline_terminals::{Command, Event};

use super::counter::{Counter, Heard, order, void_of};

async fn counter() -> Counter {
    Counter::open(TerminalProtocol::CaisseAp).await
}

fn state(heard: &Heard) -> &'static str {
    match heard {
        Heard::Result(settlement) => settlement.outcome.state().as_str(),
        Heard::NotMoved(failure) => failure.code.as_str(),
        Heard::Unknown => "unknown",
    }
}

#[tokio::test]
async fn a_sale_a_refund_and_a_void_are_in_the_ledger_once() {
    let mut counter = counter().await;
    let (heard, _) = counter.pay(&order(PaymentKind::Sale, 1250)).await;
    let Heard::Result(sale) = heard else {
        panic!("{heard:?}");
    };
    match &sale.outcome {
        PaymentOutcome::Approved { amount_minor, card } => {
            assert_eq!(*amount_minor, 1250);
            assert_eq!(card.last4.as_deref(), Some("1111"));
            assert_eq!(card.scheme.as_deref(), Some("CB"));
            assert_eq!(card.entry_mode.as_deref(), Some("chip"));
            assert!(card.auth_code.is_some());
        }
        other => panic!("{other:?}"),
    }
    let (heard, _) = counter.pay(&order(PaymentKind::Refund, 3)).await;
    assert_eq!(state(&heard), "approved");
    assert_eq!(counter.standing(), [1250, 3]);
    let (heard, _) = counter.pay(&void_of(1250, &sale)).await;
    assert_eq!(state(&heard), "approved");
    assert_eq!(counter.standing(), [3]);
    let (heard, _) = counter.pay(&void_of(1250, &sale)).await;
    assert_eq!(state(&heard), "declined");
    assert_eq!(counter.standing(), [3]);
}

#[tokio::test]
async fn each_end_is_told_as_it_is_and_a_lost_answer_goes_to_a_person() {
    let mut counter = counter().await;
    for (number, (script, expected)) in [
        (Script::Decline, "declined"),
        (Script::Referral, "declined"),
        (Script::CustomerCancels, "cancelled"),
        (Script::Busy, "busy"),
        (Script::Refuse, "refused"),
        (Script::DropBefore, "unknown"),
        (Script::DropAfter, "unknown"),
        (Script::PowerLossBefore, "unknown"),
        (Script::PowerLossAfter, "unknown"),
        (Script::Slow, "approved"),
        (Script::Signature, "approved"),
    ]
    .into_iter()
    .enumerate()
    {
        let sale = order(
            PaymentKind::Sale,
            1000 + 100 * i64::try_from(number).unwrap(),
        );
        counter.terminal.script(script);
        let (heard, baseline) = counter.pay(&sale).await;
        assert_eq!(state(&heard), expected, "{script}");
        assert_eq!(baseline, None);
        if expected == "unknown" {
            counter.restart_till();
            let finding = counter.look_up(&sale, None).await;
            assert!(matches!(finding, Finding::CannotTell { .. }), "{finding:?}");
        }
    }
    // Authorised and lost twice, and told twice.
    assert_eq!(counter.standing(), [1600, 1800, 1900, 2000]);
}

#[tokio::test]
async fn a_void_that_hit_another_sale_is_an_alarm() {
    let mut counter = counter().await;
    let (heard, _) = counter.pay(&order(PaymentKind::Sale, 1000)).await;
    let Heard::Result(sale) = heard else {
        panic!("{heard:?}");
    };
    counter.pay(&order(PaymentKind::Sale, 2000)).await;
    counter.terminal.script(Script::OtherReversal);
    let (heard, _) = counter.pay(&void_of(1000, &sale)).await;
    match heard {
        Heard::Result(settlement) => match settlement.outcome {
            PaymentOutcome::Failed { failure } => {
                assert_eq!(failure.code, PaymentFailureCode::OtherTransaction);
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_result_that_cannot_be_stored_stays_unknown() {
    let mut counter = counter().await;
    counter.ready().await;
    counter
        .ask(Command::Begin(order(PaymentKind::Sale, 1100)))
        .await;
    assert!(matches!(counter.hear_more().await, Event::Result(_)));
    counter.ask(Command::NotStored).await;
    assert!(matches!(counter.hear_more().await, Event::Unknown { .. }));
    assert_eq!(counter.standing(), [1100]);
}
