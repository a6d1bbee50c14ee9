//! The terminal has said how it ended and waits for our acknowledgement, which waits for the disk.

use std::time::Duration;

use cueline_model::{Baseline, Settlement};
use cueline_wire::local::ToTray;

use crate::payments::desk::Desk;
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
    };
    held.settle(settlement, turn);
}

/// The result is durable: now it may be acknowledged to the terminal.
pub(crate) fn durable(held: &mut Payment, desk: &Desk, turn: &mut Turn<'_>) {
    let State::Storing {
        tray, settlement, ..
    } = &held.state
    else {
        return;
    };
    let (tray, payment) = (*tray, held.id);
    let settlement = Some(settlement.clone());
    turn.tell(tray, ToTray::Stored { payment });
    turn.tell(
        tray,
        ToTray::Over {
            payment,
            settlement,
        },
    );
    held.state = match desk.station_of(tray) {
        Some(_) => State::Leaving {
            tray,
            until: turn.now + IDLE_WITHIN,
        },
        None => State::Over,
    };
}

/// The result cannot be made durable: the terminal is to take it back, and says what it did.
pub(crate) fn not_stored(held: &mut Payment, turn: &mut Turn<'_>) {
    if let State::Storing { tray, baseline, .. } = &held.state {
        let (tray, baseline) = (*tray, baseline.clone());
        turn.tell(tray, ToTray::NotStored { payment: held.id });
        held.state = State::Running { tray, baseline };
    }
}
