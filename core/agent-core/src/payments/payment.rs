//! One payment that has not ended: what is asked, and the state it is in.

use cueline_model::{
    Answer, Baseline, Mono, PaymentFailure, PaymentId, PaymentOrder, PaymentOutcome, ProgressNote,
    Prompt, Resolver, Settlement, WallTime,
};
use cueline_wire::cloud::{LivePayment, PaymentEntry, PaymentStep};
use cueline_wire::local::ToTray;

use super::event::TrayId;
use super::record::Record;
use super::states::unknown::Asking;
use super::turn::Turn;

/// Where a payment stands; what each state does is in the file of its name under `states`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Its acceptance is on its way to the disk.
    Accepting,
    /// Waits for its tray, until then.
    Waiting { until: Mono },
    /// The tray gets its terminal ready, until then.
    Preparing { tray: TrayId, until: Mono },
    /// The hub is asked whether it may still be started.
    Permitting {
        tray: TrayId,
        baseline: Option<Baseline>,
        /// When to ask again; `None` while the question is on its way.
        ask_at: Option<Mono>,
    },
    /// Its start is on its way to the disk.
    Starting {
        tray: TrayId,
        baseline: Option<Baseline>,
    },
    /// The tray was told to begin.
    Running {
        tray: TrayId,
        baseline: Option<Baseline>,
    },
    /// Its result is on its way to the disk; `tray` still waits for the word that it is durable.
    Storing {
        tray: TrayId,
        baseline: Option<Baseline>,
        settlement: Box<Settlement>,
    },
    /// Nobody knows; the terminal is asked, or a person decides.
    Unknown {
        baseline: Option<Baseline>,
        asking: Asking,
    },
    /// It has ended and its terminal is not idle yet; until then at the latest.
    Leaving { tray: TrayId, until: Mono },
    /// Its end is on its way to the disk; there is nothing to tell a terminal.
    Ending,
    /// It has ended and its terminal is free.
    Over,
}

/// A payment.
#[derive(Debug)]
pub(super) struct Payment {
    pub id: PaymentId,
    pub order: PaymentOrder,
    pub start_by: WallTime,
    pub state: State,
    /// The box office or the clerk wishes it stopped.
    pub cancel_wished: bool,
    /// It was in doubt: whatever ends it resolves it.
    pub was_unknown: bool,
    live: LivePayment,
    /// Its newest entry that is durable, and how many the hub is not known to have.
    pub newest: Option<PaymentEntry>,
    pub untold: usize,
}

impl Payment {
    pub(super) fn new(
        id: PaymentId,
        order: PaymentOrder,
        start_by: WallTime,
        state: State,
    ) -> Self {
        Self {
            id,
            order,
            start_by,
            state,
            cancel_wished: false,
            was_unknown: false,
            live: LivePayment {
                payment: id,
                progress: None,
                prompt: None,
            },
            newest: None,
            untold: 0,
        }
    }

    /// Whether its terminal is its own: no other payment may begin there.
    pub(super) fn holds_terminal(&self) -> bool {
        !matches!(
            self.state,
            State::Accepting | State::Waiting { .. } | State::Ending | State::Over
        )
    }

    /// The tray that is at it.
    pub(super) fn tray(&self) -> Option<TrayId> {
        match &self.state {
            State::Preparing { tray, .. }
            | State::Permitting { tray, .. }
            | State::Starting { tray, .. }
            | State::Running { tray, .. }
            | State::Storing { tray, .. }
            | State::Leaving { tray, .. } => Some(*tray),
            State::Unknown { asking, .. } => asking.tray(),
            State::Accepting | State::Waiting { .. } | State::Ending | State::Over => None,
        }
    }

    pub(super) fn is_expired(&self, hub_time: WallTime) -> bool {
        hub_time > self.start_by
    }

    /// Somebody wishes it stopped. A wish it stays once the terminal may be at it.
    pub(super) fn cancel(&mut self, turn: &mut Turn<'_>) {
        match self.state {
            State::Accepting => self.cancel_wished = true,
            State::Waiting { .. } | State::Preparing { .. } | State::Permitting { .. } => {
                self.end(PaymentOutcome::Cancelled, turn);
            }
            State::Starting { .. } => self.cancel_wished = true,
            State::Running { tray, .. } if !self.cancel_wished => {
                self.cancel_wished = true;
                let payment = self.id;
                turn.tell(tray, ToTray::Cancel { payment });
                self.show(
                    ProgressNote {
                        code: "cancelling".to_owned(),
                        text: "Cancelling…".to_owned(),
                    },
                    turn,
                );
            }
            _ => {}
        }
    }

    /// The clerk has answered at the box office.
    pub(super) fn answer(&mut self, prompt: u32, answer: Answer, turn: &mut Turn<'_>) {
        let asked = self
            .live
            .prompt
            .as_ref()
            .is_some_and(|asked| asked.id == prompt);
        if let (State::Running { tray, .. }, true) = (&self.state, asked) {
            let word = ToTray::Answer {
                payment: self.id,
                prompt,
                answer,
            };
            turn.tell(*tray, word);
        }
    }

    /// Ends it without a terminal having been asked, or with one that demonstrably did nothing.
    pub(super) fn end(&mut self, outcome: PaymentOutcome, turn: &mut Turn<'_>) {
        let settlement = Settlement {
            outcome,
            receipts: Vec::new(),
        };
        if let Some(tray) = self.tray() {
            let word = ToTray::Over {
                payment: self.id,
                settlement: Some(Box::new(settlement.clone())),
            };
            turn.tell(tray, word);
        }
        self.state = State::Ending;
        self.settle(Box::new(settlement), turn);
    }

    /// It could not be done, and no money moved.
    pub(super) fn fail(&mut self, failure: PaymentFailure, turn: &mut Turn<'_>) {
        self.end(PaymentOutcome::Failed { failure }, turn);
    }

    /// Asks for the record of its end; the state is the caller's.
    pub(super) fn settle(&mut self, settlement: Box<Settlement>, turn: &mut Turn<'_>) {
        let resolver = self.was_unknown.then_some(Resolver::Terminal);
        turn.step(
            self.id,
            PaymentStep::Ended {
                settlement,
                resolver,
            },
        );
    }

    /// The record of its acceptance, once, when it is taken.
    pub(super) fn accept(&mut self, turn: &mut Turn<'_>) {
        let entry = turn.entry(self.id, PaymentStep::Accepted);
        turn.append(vec![Record::Accepted {
            entry,
            order: self.order.clone(),
            start_by: self.start_by,
        }]);
    }

    /// Shows what its terminal is doing.
    pub(super) fn show(&mut self, note: ProgressNote, turn: &mut Turn<'_>) {
        self.live.progress = Some(note);
        turn.live.push(self.live.clone());
    }

    /// Shows what its terminal asks of the clerk, or that it no longer does.
    pub(super) fn ask_clerk(&mut self, prompt: Option<Prompt>, turn: &mut Turn<'_>) {
        self.live.prompt = prompt;
        turn.live.push(self.live.clone());
    }

    /// A prompt that is over, where it is the one shown.
    pub(super) fn prompt_over(&mut self, prompt: u32, turn: &mut Turn<'_>) {
        if self
            .live
            .prompt
            .as_ref()
            .is_some_and(|asked| asked.id == prompt)
        {
            self.ask_clerk(None, turn);
        }
    }
}
