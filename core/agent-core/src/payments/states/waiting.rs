//! Accepted: its tray is looked for, and its terminal must be free.

use std::time::Duration;

use cueline_model::{PaymentFailureCode, PaymentOutcome};
use cueline_wire::local::ToTray;

use crate::payments::desk::{Desk, Search};
use crate::payments::not_begun;
use crate::payments::payment::{Payment, State};
use crate::payments::turn::Turn;

/// A desk that is not there may come back for so long: agent and tray start together.
const ABSENCE: Duration = Duration::from_secs(10);
/// A terminal may take so long to get ready.
const READY_WITHIN: Duration = Duration::from_secs(60);

pub(crate) fn enter(held: &mut Payment, turn: &Turn<'_>) {
    held.state = State::Waiting {
        until: turn.now + ABSENCE,
    };
}

/// Who has the terminal that a payment wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Nobody.
    Free,
    /// A payment that has ended; its terminal is idle in a moment.
    Leaving,
    /// This sentence names who.
    Busy(String),
}

/// Goes on where it can. A terminal at another payment refuses it at once: a sale is never queued
/// behind another, nor tried again by software.
pub(crate) fn advance(held: &mut Payment, desk: &Desk, owner: Owner, turn: &mut Turn<'_>) {
    let State::Waiting { until } = held.state else {
        return;
    };
    if held.is_expired(turn.hub_at_least) {
        held.end(PaymentOutcome::Expired, turn);
        return;
    }
    match (desk.search(&held.order), owner) {
        (Search::Unfit(failure), _) => held.fail(failure, turn),
        (Search::Absent, _) if until <= turn.now => {
            let text = format!(
                "nobody is at station {}: its tray program is not running; start it, or choose another station",
                held.order.station
            );
            held.fail(not_begun(PaymentFailureCode::NoStation, true, text), turn);
        }
        (Search::Found(_), Owner::Busy(text)) => {
            held.fail(not_begun(PaymentFailureCode::Busy, true, text), turn);
        }
        (Search::Found(tray), Owner::Free) => {
            held.state = State::Preparing {
                tray,
                until: turn.now + READY_WITHIN,
            };
            let word = ToTray::Prepare {
                payment: held.id,
                order: held.order.clone(),
            };
            turn.tell(tray, word);
        }
        (Search::Absent, _) => {}
        (Search::Found(_), Owner::Leaving) if until <= turn.now => {
            let text = "the terminal is still ending the payment before; try again in a moment";
            let failure = not_begun(PaymentFailureCode::Busy, true, text.to_owned());
            held.fail(failure, turn);
        }
        (Search::Found(_), Owner::Leaving) => {}
    }
}
