//! The terminal is at it. A time-out is no outcome: only the terminal's word is.

use cueline_model::PaymentOutcome;
use cueline_wire::local::TerminalWord;

use super::{storing, unknown};
use crate::payments::payment::{Payment, State};
use crate::payments::turn::Turn;

pub(super) fn heard(held: &mut Payment, word: TerminalWord, turn: &mut Turn<'_>) {
    let State::Running { tray, baseline } = &held.state else {
        return;
    };
    match word {
        TerminalWord::Progress { note } => held.show(note, turn),
        TerminalWord::Prompt { prompt } => held.ask_clerk(Some(prompt), turn),
        TerminalWord::PromptOver { prompt } => held.prompt_over(prompt, turn),
        TerminalWord::Result { settlement } => {
            let (tray, baseline) = (*tray, baseline.clone());
            storing::enter(held, (tray, baseline), settlement, turn);
        }
        TerminalWord::NotMoved { .. } if held.cancel_wished => {
            held.end(PaymentOutcome::Cancelled, turn);
        }
        TerminalWord::NotMoved { failure } => held.fail(failure, turn),
        TerminalWord::Unknown { text } => unknown::enter(held, text, turn),
        TerminalWord::Finished => {
            let text = "the terminal went idle without saying how it ended".to_owned();
            unknown::enter(held, text, turn);
        }
        _ => {}
    }
}
