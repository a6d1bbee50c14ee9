//! The tray connects the terminal and reads what its last transaction was; nothing is begun.

use cueline_model::{PaymentFailure, PaymentFailureCode, PaymentOutcome, Stage};
use cueline_wire::local::TerminalWord;

use super::permitting;
use crate::payments::event::TrayId;
use crate::payments::payment::{Payment, State};
use crate::payments::turn::Turn;

pub(super) fn heard(held: &mut Payment, tray: TrayId, word: TerminalWord, turn: &mut Turn<'_>) {
    match word {
        TerminalWord::Ready { baseline } => permitting::enter(held, tray, baseline, turn),
        TerminalWord::NotReady { failure } | TerminalWord::NotMoved { failure } => {
            held.fail(failure, turn);
        }
        TerminalWord::Progress { note } => held.show(note, turn),
        _ => {}
    }
}

pub(crate) fn advance(held: &mut Payment, turn: &mut Turn<'_>) {
    let State::Preparing { until, .. } = held.state else {
        return;
    };
    if held.is_expired(turn.hub_at_least) {
        held.end(PaymentOutcome::Expired, turn);
    } else if until <= turn.now {
        let failure = PaymentFailure {
            stage: Stage::Tray,
            code: PaymentFailureCode::Unreachable,
            retryable: true,
            text: format!(
                "terminal {} did not get ready; check that it is switched on and connected",
                held.order.terminal
            ),
        };
        held.fail(failure, turn);
    }
}
