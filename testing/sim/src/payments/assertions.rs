//! What the box office was told, held against the terminals' own ledgers.

use cueline_hub_core::payment::Payment;
use cueline_model::{PaymentId, PaymentState};

use super::hub::Hub;
use super::reference::Rule;
use super::terminal::{Ended, Terminal};
use super::tray::Tray;
use super::world::World;

/// The charges of a payment that were kept, and all that ever were, in all ledgers.
#[must_use]
pub fn charges(terminals: &[Terminal], payment: PaymentId) -> (usize, usize) {
    terminals.iter().fold((0, 0), |(kept, all), terminal| {
        let (kept_there, all_there) = terminal.charges(payment);
        (kept + kept_there, all + all_there)
    })
}

/// Everything was healed and the world is quiet, or should be.
pub fn at_the_end(hub: &Hub, terminals: &[Terminal], trays: &[Tray], world: &mut World) {
    for payment in hub.payments() {
        payment_is_true(payment, charges(terminals, payment.id), world);
    }
    for tray in trays {
        if let Some(payment) = tray.is_at() {
            let text = format!("tray {} still waits for it", tray.life.tray);
            let reference = &mut world.reference;
            reference.violated(Rule::EverythingEnds, Some(payment), text);
        }
    }
    count(hub, terminals, world);
}

fn payment_is_true(payment: &Payment, (kept, all): (usize, usize), world: &mut World) {
    let reference = &mut world.reference;
    let (id, state) = (payment.id, payment.state);
    reference.expect(all <= 1, Rule::MoneyMovesOnce, id, || {
        format!("its terminal charged {all} times and kept {kept}")
    });
    let permitted = all == 0 || payment.start_permitted_at.is_some();
    reference.expect(permitted, Rule::PermittedBeforeBegin, id, || {
        "it was charged and the hub had not permitted its start".to_owned()
    });
    if state == PaymentState::Approved {
        reference.expect(kept == 1, Rule::ApprovedIsInTheLedger, id, || {
            format!(
                "by {:?} it is approved, and the ledger holds {kept} charges",
                payment.ended_by
            )
        });
    } else if state.is_settled() {
        reference.expect(kept == 0, Rule::NotMovedIsNotInTheLedger, id, || {
            format!(
                "by {:?} it is {state}, and the ledger holds {kept} charges",
                payment.ended_by
            )
        });
    } else {
        let unknown = payment.unknown.as_ref();
        let person = unknown.is_some_and(|unknown| !unknown.asking && !unknown.text.is_empty());
        let rule = if kept > 0 {
            Rule::ApprovalsAreNotLost
        } else {
            Rule::EverythingEnds
        };
        reference.expect(person, rule, id, || {
            format!("it is {state}, with {kept} charges in the ledger: {unknown:?}")
        });
    }
}

fn count(hub: &Hub, terminals: &[Terminal], world: &mut World) {
    let counts = &mut world.counts;
    counts.simulated_s = world.now_ms / 1_000;
    counts.unknown = world.reference.was_unknown.len() as u64;
    for payment in hub.payments() {
        counts.payments += 1;
        match payment.state {
            PaymentState::Approved => {
                counts.approved += 1;
                counts.late_approvals += u64::from(payment.cancel_requested_at.is_some());
            }
            PaymentState::Declined => counts.declined += 1,
            PaymentState::Cancelled => counts.cancelled += 1,
            PaymentState::Expired => counts.expired += 1,
            PaymentState::Failed => counts.failed += 1,
            _ => counts.for_a_person += 1,
        }
    }
    let lines = terminals.iter().flat_map(Terminal::ledger);
    for line in lines.filter(|line| line.payment.is_some()) {
        let reversed = line.seen.ended == Ended::Reversed;
        let charged = reversed || line.seen.ended == Ended::Approved;
        counts.charges += u64::from(charged);
        counts.reversed += u64::from(reversed);
    }
}
