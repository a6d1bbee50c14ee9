//! Its start is on its way to the disk. Once it is there the tray is told to begin: here, once.

use cueline_model::{PaymentFailureCode, PaymentOutcome};
use cueline_wire::local::ToTray;

use crate::payments::desk::Desk;
use crate::payments::not_begun;
use crate::payments::payment::{Payment, State};
use crate::payments::turn::Turn;

/// The start is durable. Nothing was sent yet, so whatever forbids it now ends the payment.
pub(crate) fn durable(held: &mut Payment, desk: &Desk, turn: &mut Turn<'_>) {
    let State::Starting { tray, baseline } = &held.state else {
        return;
    };
    let (tray, baseline) = (*tray, baseline.clone());
    if held.cancel_wished {
        held.end(PaymentOutcome::Cancelled, turn);
    } else if held.is_expired(turn.hub_at_least) {
        held.end(PaymentOutcome::Expired, turn);
    } else if desk.station_of(tray).is_none() {
        let text = "the tray program ended before the terminal was asked; nothing was sent to it";
        let failure = not_begun(PaymentFailureCode::NoStation, true, text.to_owned());
        held.fail(failure, turn);
    } else {
        held.state = State::Running { tray, baseline };
        turn.tell(tray, ToTray::Begin { payment: held.id });
    }
}

/// The start could not be made durable, so the terminal is not asked.
pub(crate) fn not_stored(held: &mut Payment, turn: &mut Turn<'_>) {
    if matches!(held.state, State::Starting { .. }) {
        let text = "the till could not write down the start (its disk may be full), so the terminal was not asked; free some space and try again";
        let failure = not_begun(PaymentFailureCode::NotStored, true, text.to_owned());
        held.fail(failure, turn);
    }
}
