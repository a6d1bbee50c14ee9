//! Second offers, refusals, room.

use cueline_agent_core::payments::Event;
use cueline_model::limits::OPEN_PAYMENTS_PER_AGENT_MAX;
use cueline_model::{PaymentFailureCode, PaymentOutcome};
use cueline_wire::cloud::PaymentStep;

use crate::till::{DESK, Till, approved, failure, id, order};

#[test]
fn a_second_offer_is_answered_with_the_newest_entry() {
    let (mut till, tray) = Till::running(1);
    till.store_all();
    till.offer(1, order(DESK, 2_500), 60);
    let told = till.store_report().entries;
    assert!(matches!(told[..], [ref entry] if matches!(entry.step, PaymentStep::Started { .. })));
    assert!(till.report().is_none(), "told once");
    till.result(tray, 1, approved(2_500));
    till.store_all();
    till.offer(1, order(DESK, 2_500), 60);
    let told = till.store_report().entries;
    assert!(matches!(told[..], [ref entry] if matches!(entry.step, PaymentStep::Ended { .. })));
    assert_eq!(till.steps(1).len(), 3, "nothing was done again");
}

#[test]
fn while_something_is_still_to_be_told_a_second_offer_adds_nothing() {
    let (mut till, _) = Till::running(1);
    let before = till.core.untold_entries();
    till.offer(1, order(DESK, 2_500), 60);
    assert_eq!(till.core.untold_entries(), before);
}

#[test]
fn a_second_offer_after_a_crash_is_known() {
    let (mut till, tray) = Till::running(1);
    till.result(tray, 1, approved(2_500));
    till.crash();
    till.greeted();
    till.offer(1, order(DESK, 2_500), 60);
    till.tray(DESK);
    till.pass_s(60);
    assert_eq!(till.core.open_count(), 0);
    assert_eq!(till.end(1), Some(approved(2_500).outcome));
}

#[test]
fn a_refused_offer_ends_and_is_told() {
    let mut till = Till::new();
    till.greeted();
    let refused = || Event::Refused {
        payment: id(1),
        failure: failure(PaymentFailureCode::BadSignature),
    };
    till.event(refused());
    till.event(refused());
    assert_eq!(till.end_code(1), PaymentFailureCode::BadSignature);
    // As long as the hub does not have the end, nothing is done of it, even after a crash.
    till.crash();
    till.greeted();
    till.tray(DESK);
    till.offer(1, order(DESK, 2_500), 60);
    assert_eq!(till.core.open_count(), 0);
    assert!(matches!(
        till.store_report().entries[..],
        [ref entry] if matches!(entry.step, PaymentStep::Ended { .. })
    ));
}

#[test]
fn a_refusal_that_could_not_be_written_is_written_later() {
    let mut till = Till::new();
    till.greeted();
    till.full_disk = true;
    till.event(Event::Refused {
        payment: id(1),
        failure: failure(PaymentFailureCode::BadSignature),
    });
    assert_eq!(till.end(1), None);
    till.full_disk = false;
    till.pass_s(2);
    assert_eq!(till.end_code(1), PaymentFailureCode::BadSignature);
}

#[test]
fn there_is_room_for_so_many() {
    let mut till = Till::new();
    till.greeted();
    let most = u128::try_from(OPEN_PAYMENTS_PER_AGENT_MAX).unwrap();
    for number in 1..=most + 1 {
        till.offer(number, order(DESK, 2_500), 60);
    }
    assert_eq!(till.core.open_count(), OPEN_PAYMENTS_PER_AGENT_MAX);
    assert_eq!(till.steps(most + 1), []);
    till.pass_s(11);
    assert_eq!(till.core.open_count(), 0);
    till.offer(most + 1, order(DESK, 2_500), 60);
    assert_eq!(till.steps(most + 1), [PaymentStep::Accepted]);
    assert!(matches!(till.end(1), Some(PaymentOutcome::Failed { .. })));
}
