//! What the tray does with what agent and terminals say; no socket, no window.
//!
//! The tray owns the conversation with a terminal, the agent owns the truth. So a result is kept here
//! until the agent has it safe, also over the agent's end and new start: asked what became of the
//! payment, this answers from what it knows before it troubles the terminal.

use std::collections::BTreeMap;

use cueline_model::{
    Finding, PaymentFailure, PaymentFailureCode, PaymentId, PaymentOrder, Settlement, Stage,
    TerminalName,
};
use cueline_terminals::{Command, Event};
use cueline_wire::local::{TerminalWord, ToAgent, ToTray};

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Tell the agent; nothing where it is away.
    Say(ToAgent),
    /// Ask a terminal.
    Ask(TerminalName, Command),
}

/// What the desk's terminals are at.
#[derive(Debug, Default)]
pub struct Controller {
    current: BTreeMap<TerminalName, Current>,
    actions: Vec<Action>,
}

#[derive(Debug)]
struct Current {
    payment: PaymentId,
    order: PaymentOrder,
    phase: Phase,
}

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    /// Getting ready.
    Preparing,
    /// Ready; the agent has not said begin.
    Ready,
    /// It was told to do it.
    Begun,
    /// It has said how it ended and waits to be acknowledged.
    Result(Box<Settlement>),
    /// Acknowledged; it may still print.
    Acknowledged(Box<Settlement>),
    /// It is asked what became of it.
    LookingUp,
}

impl Controller {
    /// What is to be done since the last call, in order.
    pub fn take_actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// The agent is away. What was not begun is not begun; the rest goes on.
    pub fn agent_gone(&mut self) {
        self.current
            .retain(|_, current| !matches!(current.phase, Phase::Preparing | Phase::Ready));
    }

    /// The agent said something.
    pub fn agent_said(&mut self, said: ToTray) {
        match said {
            ToTray::Prepare { payment, order } => self.prepare(payment, order),
            ToTray::Begin { payment } => self.begin(payment),
            ToTray::LookUp {
                payment,
                order,
                baseline,
            } => self.look_up(payment, order, baseline),
            ToTray::Cancel { payment } => self.ask_begun(payment, Command::Cancel),
            ToTray::Answer {
                payment,
                prompt,
                answer,
            } => self.ask_begun(payment, Command::Answer { prompt, answer }),
            ToTray::Stored { payment } => self.stored(payment, true),
            ToTray::NotStored { payment } => self.stored(payment, false),
            ToTray::Over { payment, .. } => {
                self.current
                    .retain(|_, current| current.payment != payment || current.is_begun());
            }
            ToTray::Welcome { .. } | ToTray::Refused { .. } | ToTray::Unknown { .. } => {}
        }
    }

    /// A terminal said something.
    pub fn terminal_said(&mut self, terminal: &TerminalName, event: Event) {
        if let Event::Unmatched(transaction) = event {
            self.actions.push(Action::Say(ToAgent::Unmatched {
                terminal: terminal.clone(),
                transaction,
            }));
            return;
        }
        let Some(current) = self.current.get_mut(terminal) else {
            return;
        };
        let payment = current.payment;
        let mut is_over = false;
        let word = match event {
            Event::Ready { baseline } => {
                if current.phase != Phase::Preparing {
                    return;
                }
                current.phase = Phase::Ready;
                TerminalWord::Ready { baseline }
            }
            Event::NotReady(failure) => {
                is_over = true;
                match current.phase {
                    Phase::LookingUp => TerminalWord::LookedUp {
                        finding: Finding::Unreachable { text: failure.text },
                    },
                    _ => TerminalWord::NotReady { failure },
                }
            }
            Event::Progress(note) => TerminalWord::Progress { note },
            Event::Prompt(prompt) => TerminalWord::Prompt { prompt },
            Event::PromptOver { prompt } => TerminalWord::PromptOver { prompt },
            Event::Result(settlement) => {
                current.phase = Phase::Result(settlement.clone());
                TerminalWord::Result { settlement }
            }
            Event::Receipt(receipt) => TerminalWord::Receipt { receipt },
            Event::Finished => {
                is_over = true;
                TerminalWord::Finished
            }
            Event::NotMoved(failure) => {
                is_over = true;
                TerminalWord::NotMoved { failure }
            }
            Event::Unknown { text } => {
                is_over = true;
                TerminalWord::Unknown { text }
            }
            Event::LookedUp(finding) => {
                // The answer to a question that another payment has overtaken.
                if current.phase != Phase::LookingUp {
                    return;
                }
                is_over = true;
                TerminalWord::LookedUp { finding }
            }
            Event::Unmatched(_) => return,
        };
        if is_over {
            self.current.remove(terminal);
        }
        self.say(payment, word);
    }

    fn prepare(&mut self, payment: PaymentId, order: PaymentOrder) {
        let terminal = order.terminal.clone();
        if let Some(other) = self.current.get(&terminal).filter(|other| other.is_begun()) {
            let text = format!(
                "terminal {terminal} is still at payment {}; wait for it, or use another terminal",
                other.payment
            );
            self.not_ready(payment, PaymentFailureCode::Busy, text);
            return;
        }
        let current = Current {
            payment,
            order,
            phase: Phase::Preparing,
        };
        self.current.insert(terminal.clone(), current);
        self.actions.push(Action::Ask(terminal, Command::Prepare));
    }

    /// Tells the terminal, where it is ready for this very payment. The phase keeps it from being
    /// told twice.
    fn begin(&mut self, payment: PaymentId) {
        let found = self
            .current
            .iter_mut()
            .find(|(_, current)| current.payment == payment);
        match found {
            Some((terminal, current)) if current.phase == Phase::Ready => {
                current.phase = Phase::Begun;
                let command = Command::Begin(current.order.clone());
                self.actions.push(Action::Ask(terminal.clone(), command));
            }
            Some((_, current)) if current.is_begun() => {}
            _ => {
                let failure = PaymentFailure {
                    stage: Stage::Tray,
                    code: PaymentFailureCode::Unreachable,
                    retryable: true,
                    text: "the terminal is no longer ready; nothing was sent to it".to_owned(),
                };
                self.say(payment, TerminalWord::NotMoved { failure });
            }
        }
    }

    fn look_up(
        &mut self,
        payment: PaymentId,
        order: PaymentOrder,
        baseline: Option<cueline_model::Baseline>,
    ) {
        let terminal = order.terminal.clone();
        let known = self.current.get(&terminal).and_then(|current| {
            match (&current.phase, current.payment == payment) {
                (Phase::Begun, true) => Some(found(Finding::InProgress)),
                (Phase::Result(settlement), true) => Some(TerminalWord::Result {
                    settlement: settlement.clone(),
                }),
                (Phase::Acknowledged(settlement), true) => Some(found(Finding::Found {
                    settlement: settlement.clone(),
                })),
                (Phase::Begun | Phase::Result(_) | Phase::Acknowledged(_), false) => {
                    Some(found(Finding::Unreachable {
                        text: format!("the terminal is at payment {}", current.payment),
                    }))
                }
                (Phase::LookingUp, false) => Some(found(Finding::Unreachable {
                    text: format!("the terminal is asked about payment {}", current.payment),
                })),
                (Phase::Preparing | Phase::Ready | Phase::LookingUp, _) => None,
            }
        });
        if let Some(word) = known {
            self.say(payment, word);
            return;
        }
        let command = Command::LookUp {
            order: order.clone(),
            baseline,
        };
        let current = Current {
            payment,
            order,
            phase: Phase::LookingUp,
        };
        let before = self.current.insert(terminal.clone(), current);
        // One look-up at a time: a question that is under way answers this one too.
        let asked = before.is_some_and(|before| before.phase == Phase::LookingUp);
        if !asked {
            self.actions.push(Action::Ask(terminal, command));
        }
    }

    fn ask_begun(&mut self, payment: PaymentId, command: Command) {
        let begun = self
            .current
            .iter()
            .find(|(_, current)| current.payment == payment && current.phase == Phase::Begun);
        if let Some((terminal, _)) = begun {
            self.actions.push(Action::Ask(terminal.clone(), command));
        }
    }

    fn stored(&mut self, payment: PaymentId, is_stored: bool) {
        let found = self
            .current
            .iter_mut()
            .find(|(_, current)| current.payment == payment);
        let Some((terminal, current)) = found else {
            return;
        };
        let Phase::Result(settlement) = &current.phase else {
            return;
        };
        let (phase, command) = match is_stored {
            true => (Phase::Acknowledged(settlement.clone()), Command::Stored),
            false => (Phase::Begun, Command::NotStored),
        };
        current.phase = phase;
        self.actions.push(Action::Ask(terminal.clone(), command));
    }

    fn not_ready(&mut self, payment: PaymentId, code: PaymentFailureCode, text: String) {
        let failure = PaymentFailure {
            stage: Stage::Tray,
            code,
            retryable: true,
            text,
        };
        self.say(payment, TerminalWord::NotReady { failure });
    }

    fn say(&mut self, payment: PaymentId, word: TerminalWord) {
        self.actions
            .push(Action::Say(ToAgent::Terminal { payment, word }));
    }
}

const fn found(finding: Finding) -> TerminalWord {
    TerminalWord::LookedUp { finding }
}

impl Current {
    fn is_begun(&self) -> bool {
        matches!(
            self.phase,
            Phase::Begun | Phase::Result(_) | Phase::Acknowledged(_)
        )
    }
}
