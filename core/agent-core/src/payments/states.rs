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
/// is passed over. A tray that is not at the payment is not heard, but for how an unknown one ended,
/// where it is of the payment's desk: after a crash of this agent a terminal may say so between two
/// questions.
pub(super) fn heard(
    held: &mut Payment,
    (tray, is_of_desk): (TrayId, bool),
    word: TerminalWord,
    turn: &mut Turn<'_>,
) {
    let is_end = matches!(
        word,
        TerminalWord::Result { .. } | TerminalWord::NotMoved { .. }
    );
    let ends_doubt = is_end && is_of_desk && matches!(held.state, State::Unknown { .. });
    if held.tray() != Some(tray) && !ends_doubt {
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
        (
            State::Storing { .. },
            TerminalWord::Unknown { .. }
            | TerminalWord::NotMoved { .. }
            | TerminalWord::NotReady { .. }
            | TerminalWord::Finished,
        ) => storing::nobody_waits(held),
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
        State::Storing { .. } => storing::nobody_waits(held),
        // What its record leads to looks whether the tray is there.
        State::Starting { .. } => {}
        State::Accepting | State::Waiting { .. } | State::Ending | State::Over => {}
    }
}
