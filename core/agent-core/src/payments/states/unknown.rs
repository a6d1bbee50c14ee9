//! It may have been done. The terminal is asked until it can say; where it cannot, a person decides.
//!
//! Software goes on asking, slowly, even then: a late approval must not be lost.

use std::time::Duration;

use cueline_model::{
    Baseline, Finding, Mono, PaymentFailure, PaymentFailureCode, PaymentOutcome, Stage,
};
use cueline_wire::cloud::PaymentStep;
use cueline_wire::local::{TerminalWord, ToTray};

use super::storing;
use crate::payments::desk::{Desk, Search};
use crate::payments::event::TrayId;
use crate::payments::payment::{Payment, State};
use crate::payments::turn::Turn;

/// The pauses before the next question; the last is kept to.
const PAUSES_S: [u64; 5] = [1, 2, 5, 10, 30];
/// A terminal that is still at it is asked again after this.
const IN_PROGRESS_PAUSE: Duration = Duration::from_secs(2);
/// A desk that is not there is looked for again after this.
const ABSENT_PAUSE: Duration = Duration::from_secs(1);
/// A look-up may take so long.
const ANSWER_WITHIN: Duration = Duration::from_secs(120);

/// How far asking has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asking {
    tries: usize,
    /// Only a person can decide, as far as the terminal has said.
    by_person: bool,
    turn: Whose,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Whose {
    /// Ours, at this time.
    Ours(Mono),
    /// The terminal's, until this time.
    Terminals { tray: TrayId, until: Mono },
}

impl Asking {
    fn at(now: Mono) -> Self {
        Self {
            tries: 0,
            by_person: false,
            turn: Whose::Ours(now),
        }
    }

    pub(crate) fn tray(&self) -> Option<TrayId> {
        match self.turn {
            Whose::Terminals { tray, .. } => Some(tray),
            Whose::Ours(_) => None,
        }
    }

    pub(crate) fn due(&self) -> Mono {
        match self.turn {
            Whose::Terminals { until, .. } => until,
            Whose::Ours(at) => at,
        }
    }

    fn again(&mut self, now: Mono, pause: Option<Duration>) {
        let steady = PAUSES_S[self.tries.min(PAUSES_S.len() - 1)];
        self.tries = self.tries.saturating_add(1);
        self.turn = Whose::Ours(now + pause.unwrap_or(Duration::from_secs(steady)));
    }
}

/// Something interrupted it after its start.
pub(super) fn enter(held: &mut Payment, text: String, turn: &mut Turn<'_>) {
    let (State::Running { tray, baseline } | State::Storing { tray, baseline, .. }) = &held.state
    else {
        return;
    };
    let (tray, baseline) = (*tray, baseline.clone());
    resume(held, baseline, turn.now);
    held.ask_clerk(None, turn);
    turn.tell(
        tray,
        ToTray::Unknown {
            payment: held.id,
            text: text.clone(),
        },
    );
    turn.step(held.id, PaymentStep::Unknown { text, asking: true });
}

/// Takes up asking, after a crash or where it begins.
pub(crate) fn resume(held: &mut Payment, baseline: Option<Baseline>, now: Mono) {
    held.was_unknown = true;
    held.state = State::Unknown {
        baseline,
        asking: Asking::at(now),
    };
}

/// Asks where it is time to and the desk is there.
pub(crate) fn advance(held: &mut Payment, desk: &Desk, turn: &mut Turn<'_>) {
    let State::Unknown { baseline, asking } = &mut held.state else {
        return;
    };
    if asking.due() > turn.now {
        return;
    }
    if asking.tray().is_some() {
        asking.again(turn.now, None);
        return;
    }
    let Search::Found(tray) = desk.search(&held.order) else {
        asking.turn = Whose::Ours(turn.now + ABSENT_PAUSE);
        return;
    };
    asking.turn = Whose::Terminals {
        tray,
        until: turn.now + ANSWER_WITHIN,
    };
    let word = ToTray::LookUp {
        payment: held.id,
        order: held.order.clone(),
        baseline: baseline.clone(),
    };
    turn.tell(tray, word);
}

/// A person wants the terminal asked at once.
pub(crate) fn look_up_again(held: &mut Payment, turn: &Turn<'_>) {
    if let State::Unknown { asking, .. } = &mut held.state
        && asking.tray().is_none()
    {
        asking.turn = Whose::Ours(turn.now);
    }
}

/// A person has decided at the box office. Says whether it is to be forgotten here.
pub(crate) fn decided(held: &mut Payment, turn: &mut Turn<'_>) -> bool {
    let State::Unknown { asking, .. } = &held.state else {
        return false;
    };
    if let Some(tray) = asking.tray() {
        let word = ToTray::Over {
            payment: held.id,
            settlement: None,
        };
        turn.tell(tray, word);
    }
    true
}

pub(super) fn tray_gone(held: &mut Payment, turn: &Turn<'_>) {
    if let State::Unknown { asking, .. } = &mut held.state {
        asking.turn = Whose::Ours(turn.now + ABSENT_PAUSE);
    }
}

pub(super) fn heard(held: &mut Payment, tray: TrayId, word: TerminalWord, turn: &mut Turn<'_>) {
    let State::Unknown { baseline, asking } = &mut held.state else {
        return;
    };
    match word {
        TerminalWord::LookedUp { finding } => found(held, finding, turn),
        // The terminal's own late word is as good as the answer to a look-up.
        TerminalWord::Result { settlement } => {
            let baseline = baseline.clone();
            storing::enter(held, (tray, baseline), settlement, turn);
        }
        TerminalWord::NotReady { .. } | TerminalWord::Unknown { .. } => {
            asking.again(turn.now, None);
        }
        TerminalWord::Progress { note } => held.show(note, turn),
        _ => {}
    }
}

fn found(held: &mut Payment, finding: Finding, turn: &mut Turn<'_>) {
    let State::Unknown { asking, .. } = &mut held.state else {
        return;
    };
    match finding {
        Finding::Found { settlement } => {
            if let Some(tray) = asking.tray() {
                let word = ToTray::Over {
                    payment: held.id,
                    settlement: Some(settlement.clone()),
                };
                turn.tell(tray, word);
            }
            held.state = State::Ending;
            held.settle(settlement, turn);
        }
        Finding::NotProcessed => {
            let failure = PaymentFailure {
                stage: Stage::Terminal,
                code: PaymentFailureCode::NotProcessed,
                retryable: true,
                text: "the terminal was asked and has not done it; no money moved".to_owned(),
            };
            held.end(PaymentOutcome::Failed { failure }, turn);
        }
        Finding::InProgress => asking.again(turn.now, Some(IN_PROGRESS_PAUSE)),
        Finding::Unreachable { .. } => asking.again(turn.now, None),
        Finding::CannotTell { text } => {
            let slowest = PAUSES_S[PAUSES_S.len() - 1];
            let tray = asking.tray();
            asking.again(turn.now, Some(Duration::from_secs(slowest)));
            if std::mem::replace(&mut asking.by_person, true) {
                return;
            }
            if let Some(tray) = tray {
                let word = ToTray::Unknown {
                    payment: held.id,
                    text: text.clone(),
                };
                turn.tell(tray, word);
            }
            turn.step(
                held.id,
                PaymentStep::Unknown {
                    text,
                    asking: false,
                },
            );
        }
    }
}
