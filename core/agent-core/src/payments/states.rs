//! What a payment does in each of its states, and what a tray's words mean in it.

pub(super) mod permitting;
pub(super) mod preparing;
pub(super) mod running;
pub(super) mod starting;
pub(super) mod storing;
pub(super) mod unknown;
pub(super) mod waiting;

use cueline_wire::cloud::PaymentStep;
use cueline_wire::local::TerminalWord;

use super::event::TrayId;
use super::payment::{Payment, State};
use super::turn::Turn;

/// A tray said what a terminal said. What does not fit the state comes of an overtaken question and
/// is passed over; a tray that is not at the payment is not heard at all.
pub(super) fn heard(held: &mut Payment, tray: TrayId, word: TerminalWord, turn: &mut Turn<'_>) {
    if held.tray() != Some(tray) {
        return;
    }
    match (&held.state, word) {
        (_, TerminalWord::Receipt { receipt }) => {
            if matches!(held.state, State::Storing { .. } | State::Leaving { .. }) {
                turn.step(held.id, PaymentStep::Receipt { receipt });
            }
        }
        (State::Preparing { .. }, word) => preparing::heard(held, tray, word, turn),
        (State::Running { .. }, word) => running::heard(held, word, turn),
        (State::Unknown { .. }, word) => unknown::heard(held, tray, word, turn),
        (State::Leaving { .. }, TerminalWord::Finished) => held.state = State::Over,
        _ => {}
    }
}

/// A tray's connection is over.
pub(super) fn tray_gone(held: &mut Payment, turn: &mut Turn<'_>) {
    match &held.state {
        // Nothing was begun: its desk may be back in a moment.
        State::Preparing { .. } | State::Permitting { .. } => waiting::enter(held, turn),
        State::Running { .. } => {
            let text = "the tray program ended while the terminal was at it";
            unknown::enter(held, text.to_owned(), turn);
        }
        State::Unknown { .. } => unknown::tray_gone(held, turn),
        State::Leaving { .. } => held.state = State::Over,
        // What their record leads to looks whether the tray is there.
        State::Starting { .. } | State::Storing { .. } => {}
        State::Accepting | State::Waiting { .. } | State::Ending | State::Over => {}
    }
}
