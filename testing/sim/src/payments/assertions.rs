//! What the box office was told, held against the terminals' own ledgers.

use cueline_model::{PaymentId, PaymentOutcome, PaymentState};

use super::hub::{EndedBy, Held, Hub};
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
    for (payment, held) in &hub.payments {
        payment_is_true(*payment, held, charges(terminals, *payment), world);
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

fn payment_is_true(
    payment: PaymentId,
    held: &Held,
    (kept, all): (usize, usize),
    world: &mut World,
) {
    let reference = &mut world.reference;
    reference.expect(all <= 1, Rule::MoneyMovesOnce, payment, || {
        format!("its terminal charged {all} times and kept {kept}")
    });
    reference.expect(
        all == 0 || held.granted,
        Rule::PermittedBeforeBegin,
        payment,
        || "it was charged and the hub had not permitted its start".to_owned(),
    );
    match &held.end {
        Some((outcome, by)) => {
            ended_is_true(payment, (outcome, *by), kept, world);
            if let Some(late) = &held.late {
                ended_is_true(payment, (late, EndedBy::Agent), kept, world);
            }
        }
        None => {
            let person = match &held.unknown {
                Some((text, asking)) => !asking && !text.is_empty(),
                None => false,
            };
            let rule = if kept > 0 {
                Rule::ApprovalsAreNotLost
            } else {
                Rule::EverythingEnds
            };
            reference.expect(person, rule, payment, || {
                let unknown = &held.unknown;
                format!("it has not ended, with {kept} charges in the ledger, and is {unknown:?}")
            });
        }
    }
}

fn ended_is_true(
    payment: PaymentId,
    (outcome, by): (&PaymentOutcome, EndedBy),
    kept: usize,
    world: &mut World,
) {
    let reference = &mut world.reference;
    if outcome.state() == PaymentState::Approved {
        reference.expect(kept == 1, Rule::ApprovedIsInTheLedger, payment, || {
            format!("by {by:?} it is {outcome:?}, and the ledger holds {kept} charges")
        });
    } else {
        reference.expect(kept == 0, Rule::NotMovedIsNotInTheLedger, payment, || {
            format!("by {by:?} it is {outcome:?}, and the ledger holds {kept} charges")
        });
    }
}

fn count(hub: &Hub, terminals: &[Terminal], world: &mut World) {
    let counts = &mut world.counts;
    counts.simulated_s = world.now_ms / 1_000;
    counts.unknown = world.reference.was_unknown.len() as u64;
    for held in hub.payments.values() {
        counts.payments += 1;
        let state = held.end.as_ref().map(|(outcome, _)| outcome.state());
        match state {
            None => counts.for_a_person += 1,
            Some(PaymentState::Approved) => {
                counts.approved += 1;
                counts.late_approvals += u64::from(held.cancel_wished);
            }
            Some(PaymentState::Declined) => counts.declined += 1,
            Some(PaymentState::Cancelled) => counts.cancelled += 1,
            Some(PaymentState::Expired) => counts.expired += 1,
            Some(_) => counts.failed += 1,
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
