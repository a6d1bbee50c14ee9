//! The terminal has said how it ended and waits for our acknowledgement, which waits for the disk.

use std::time::Duration;

use cueline_model::{Baseline, Settlement};
use cueline_wire::local::ToTray;

use super::unknown;
use crate::payments::desk::{Desk, Search};
use crate::payments::event::TrayId;
use crate::payments::payment::{Payment, State};
use crate::payments::turn::Turn;

/// A terminal that has been acknowledged may take so long to print and go idle.
const IDLE_WITHIN: Duration = Duration::from_secs(60);

pub(super) fn enter(
    held: &mut Payment,
    (tray, baseline): (TrayId, Option<Baseline>),
    settlement: Box<Settlement>,
    turn: &mut Turn<'_>,
) {
    held.state = State::Storing {
        tray,
        baseline,
        settlement: settlement.clone(),
        tray_waits: true,
    };
    held.settle(settlement, turn);
}

/// The result is durable: now it may be acknowledged to the terminal.
///
/// It stands also where nobody waits for the word any more: a terminal keeps what it has approved
/// unless it is told no.
pub(crate) fn durable(held: &mut Payment, desk: &Desk, turn: &mut Turn<'_>) {
    let State::Storing {
        tray,
        settlement,
        tray_waits,
        ..
    } = &held.state
    else {
        return;
    };
    let waiting = match (*tray_waits, desk.search(&held.order)) {
        (true, _) => Some(*tray),
        // It may be back and still waits.
        (false, Search::Found(tray)) => Some(tray),
        (false, _) => None,
    };
    let payment = held.id;
    let over = ToTray::Over {
        payment,
        settlement: Some(settlement.clone()),
    };
    held.state = State::Over;
    if let Some(tray) = waiting {
        turn.tell(tray, ToTray::Stored { payment });
        turn.tell(tray, over);
        let until = turn.now + IDLE_WITHIN;
        held.state = State::Leaving { tray, until };
    }
}

/// The result cannot be made durable: the terminal is to take it back, and says what it did. Where
/// nobody is there to tell it, it has probably kept it: that is looked up.
pub(crate) fn not_stored(held: &mut Payment, turn: &mut Turn<'_>) {
    let State::Storing {
        tray,
        baseline,
        tray_waits,
        ..
    } = &held.state
    else {
        return;
    };
    if *tray_waits {
        let (tray, baseline) = (*tray, baseline.clone());
        turn.tell(tray, ToTray::NotStored { payment: held.id });
        held.state = State::Running { tray, baseline };
    } else {
        let text = "the till could not write down how it ended, and the terminal was no longer there to take it back";
        unknown::enter(held, text.to_owned(), turn);
    }
}

/// The tray has left, or its terminal is no longer at the payment.
pub(super) fn nobody_waits(held: &mut Payment) {
    if let State::Storing { tray_waits, .. } = &mut held.state {
        *tray_waits = false;
    }
}
