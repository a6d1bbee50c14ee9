//! What a tray's driver of one terminal does, in the manner of the ZVT driver: one task at a time, a
//! broken connection is no outcome, and money is asked for in one place.

use cueline_model::{
    Baseline, CardDetails, Finding, PaymentFailure, PaymentFailureCode, PaymentId, PaymentOrder,
    PaymentOutcome, Settlement, Stage, UnmatchedTransaction,
};
use cueline_terminals::Event;

use super::faults::LookUpKind;
use super::mutation::Mutation;
use super::terminal::{Ended, Says, Seen, ToTerminal, WAY_MS};
use super::world::{TrayLife, What, World};

const ANSWER_WITHIN_MS: u64 = 10_000;
const SILENCE_MAX_MS: u64 = 300_000;
const COMPLETION_WITHIN_MS: u64 = 60_000;

/// What comes from the way to a terminal; connections are numbered.
#[derive(Debug, Clone, Copy)]
pub enum FromTerminal {
    /// The connection is open.
    Opened(u64),
    /// It could not be opened.
    NotOpened,
    /// It broke.
    Lost(u64),
    /// The terminal said something.
    Said(u64, Says),
}

/// What a look-up is about.
#[derive(Debug, Clone)]
pub struct LookUp {
    /// Which payment.
    pub payment: PaymentId,
    /// What was asked.
    pub order: PaymentOrder,
    /// What was noted before.
    pub baseline: Option<Baseline>,
}

#[derive(Debug)]
enum Task {
    Idle,
    /// `None`: it is only to get ready.
    Asking(Option<LookUp>),
    Paying(Phase),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Sent,
    Running,
    Told { moved: bool },
    TakingBack { moved: bool },
    Ending,
}

/// A driver in one life of its tray.
#[derive(Debug)]
pub struct Driver {
    life: TrayLife,
    terminal: usize,
    link: Option<u64>,
    ready: bool,
    task: Task,
    /// Counts what was heard and begun, so that an old time-out is known for one.
    number: u64,
    /// What the terminal said, for its tray.
    pub events: Vec<Event>,
}

impl Driver {
    /// A driver that knows nothing of its terminal.
    #[must_use]
    pub fn new(life: TrayLife, terminal: usize) -> Self {
        Self {
            life,
            terminal,
            link: None,
            ready: false,
            task: Task::Idle,
            number: 0,
            events: Vec::new(),
        }
    }

    /// Gets the terminal ready, or looks up.
    pub fn ask(&mut self, about: Option<LookUp>, world: &mut World) {
        if !matches!(self.task, Task::Idle) {
            return;
        }
        self.ready = false;
        let payment = about.as_ref().map(|about| about.payment);
        self.task = Task::Asking(about);
        match self.link {
            Some(_) => self.send(ToTerminal::Query(payment), world),
            None => world.after(WAY_MS, What::OpenTerminal(self.terminal, self.life)),
        }
        self.wait(ANSWER_WITHIN_MS, world);
    }

    /// The one place that asks for money.
    pub fn begin(&mut self, payment: PaymentId, order: &PaymentOrder, world: &mut World) {
        if !matches!(self.task, Task::Idle) {
            return;
        }
        if !self.ready || self.link.is_none() {
            self.events
                .push(Event::NotMoved(failure(PaymentFailureCode::Unreachable)));
            return;
        }
        self.ready = false;
        let amount_minor = order.amount_minor;
        let authorise = ToTerminal::Authorise {
            payment,
            amount_minor,
        };
        self.send(authorise, world);
        self.task = Task::Paying(Phase::Sent);
        self.wait(ANSWER_WITHIN_MS, world);
    }

    /// Asks it to stop.
    pub fn cancel(&mut self, world: &mut World) {
        if let Task::Paying(Phase::Running) = self.task {
            self.send(ToTerminal::Abort, world);
        }
    }

    /// The result is durable.
    pub fn stored(&mut self, world: &mut World) {
        if let Task::Paying(Phase::Told { .. }) = self.task {
            if self.link.is_some() {
                self.send(ToTerminal::Ack, world);
                self.task = Task::Paying(Phase::Ending);
                self.wait(COMPLETION_WITHIN_MS, world);
            } else {
                self.finish(Event::Finished);
            }
        }
    }

    /// The result cannot be made durable.
    pub fn not_stored(&mut self, world: &mut World) {
        let Task::Paying(Phase::Told { moved }) = self.task else {
            return;
        };
        world.counts.not_stored += 1;
        match (self.link, moved) {
            (None, true) => self.unknown(),
            (None, false) => self.taken_back(),
            (Some(_), _) => {
                let word = if moved {
                    ToTerminal::Nack
                } else {
                    ToTerminal::Ack
                };
                self.send(word, world);
                self.task = Task::Paying(Phase::TakingBack { moved });
                self.wait(COMPLETION_WITHIN_MS, world);
            }
        }
    }

    /// Something came from the way to the terminal.
    pub fn take(&mut self, from: FromTerminal, world: &mut World) {
        match from {
            FromTerminal::Opened(link) => {
                self.link = Some(link);
                if let Task::Asking(about) = &self.task {
                    let payment = about.as_ref().map(|about| about.payment);
                    self.send(ToTerminal::Query(payment), world);
                }
            }
            FromTerminal::NotOpened => self.not_reached(),
            FromTerminal::Lost(link) if self.link == Some(link) => {
                self.link = None;
                self.ready = false;
                self.lost(world);
            }
            FromTerminal::Said(link, says) if self.link == Some(link) => self.hear(says, world),
            FromTerminal::Lost(_) | FromTerminal::Said(..) => {}
        }
    }

    /// It has waited since `number`.
    pub fn timeout(&mut self, number: u64, world: &mut World) {
        if number != self.number {
            return;
        }
        match self.task {
            Task::Idle | Task::Paying(Phase::Told { .. }) => {}
            Task::Asking(_) => {
                self.close(world);
                self.not_reached();
            }
            Task::Paying(_) => {
                self.close(world);
                self.lost(world);
            }
        }
    }

    fn hear(&mut self, says: Says, world: &mut World) {
        if let Says::ByHand(amount_minor) = says {
            self.ready = false;
            let card = CardDetails::default();
            self.events.push(Event::Unmatched(UnmatchedTransaction {
                amount_minor,
                card,
            }));
            return;
        }
        match (&self.task, says) {
            (Task::Asking(None), Says::Idle { last, .. }) => {
                self.ready = true;
                let receipt_no = last.map(|last| format!("{:04}", last.receipt));
                let baseline = Some(Baseline {
                    receipt_no,
                    terminal_txn_ref: None,
                });
                self.finish(Event::Ready { baseline });
            }
            (Task::Asking(Some(about)), Says::Idle { last, known }) => {
                let kind = world.plan.terminals[self.terminal].look_up;
                let finding = judge(about, (kind, last, known), world);
                world.counts.look_ups += 1;
                world.counts.found += u64::from(matches!(finding, Finding::Found { .. }));
                let none = finding == Finding::NotProcessed;
                world.counts.not_processed += u64::from(none);
                self.finish(Event::LookedUp(finding));
            }
            (Task::Asking(None), Says::Busy { .. }) => {
                self.finish(Event::NotReady(failure(PaymentFailureCode::Busy)));
            }
            (Task::Asking(Some(_)), Says::Busy { same: true }) => {
                self.finish(Event::LookedUp(Finding::InProgress));
            }
            (Task::Asking(Some(_)), Says::Busy { same: false }) => {
                let text = "it is busy".to_owned();
                self.finish(Event::LookedUp(Finding::Unreachable { text }));
            }
            (Task::Paying(Phase::Sent), Says::Begun) => {
                self.task = Task::Paying(Phase::Running);
                self.wait(SILENCE_MAX_MS, world);
            }
            (Task::Paying(Phase::Sent), Says::Refused) => {
                self.finish(Event::NotMoved(failure(PaymentFailureCode::Busy)));
            }
            (Task::Paying(Phase::Sent | Phase::Running), Says::Status(seen)) => {
                let moved = seen.ended == Ended::Approved;
                self.task = Task::Paying(Phase::Told { moved });
                self.number += 1;
                self.events.push(Event::Result(settlement(seen)));
            }
            (Task::Paying(Phase::Ending), Says::Completion) => self.finish(Event::Finished),
            (Task::Paying(Phase::TakingBack { .. }), Says::TakenBack | Says::Completion) => {
                self.taken_back();
            }
            _ => {}
        }
    }

    /// The connection is gone.
    fn lost(&mut self, world: &World) {
        match self.task {
            Task::Idle | Task::Paying(Phase::Told { .. }) => {}
            Task::Asking(_) => self.not_reached(),
            Task::Paying(Phase::Sent | Phase::Running)
                if world.mutation == Mutation::LostTakenForNotMoved =>
            {
                self.finish(Event::NotMoved(failure(PaymentFailureCode::Unreachable)));
            }
            Task::Paying(Phase::Sent | Phase::Running | Phase::TakingBack { moved: true }) => {
                self.unknown();
            }
            Task::Paying(Phase::TakingBack { moved: false }) => self.taken_back(),
            Task::Paying(Phase::Ending) => self.finish(Event::Finished),
        }
    }

    fn not_reached(&mut self) {
        let Task::Asking(about) = &self.task else {
            return;
        };
        let text = "it is not reached".to_owned();
        self.finish(match about {
            None => Event::NotReady(failure(PaymentFailureCode::Unreachable)),
            Some(_) => Event::LookedUp(Finding::Unreachable { text }),
        });
    }

    fn unknown(&mut self) {
        let text = "the connection broke".to_owned();
        self.finish(Event::Unknown { text });
    }

    fn taken_back(&mut self) {
        self.finish(Event::NotMoved(failure(PaymentFailureCode::NotStored)));
    }

    fn finish(&mut self, event: Event) {
        self.number += 1;
        self.task = Task::Idle;
        self.events.push(event);
    }

    fn wait(&mut self, ms: u64, world: &mut World) {
        self.number += 1;
        world.after(
            ms,
            What::DriverTimeout(self.life, self.terminal, self.number),
        );
    }

    fn close(&mut self, world: &mut World) {
        self.send(ToTerminal::Close, world);
        self.link = None;
        self.ready = false;
    }

    fn send(&self, word: ToTerminal, world: &mut World) {
        if let Some(link) = self.link {
            world.after(WAY_MS, What::ToTerminal(self.terminal, link, word));
        }
    }
}

/// What a terminal's answer says of a payment in doubt.
fn judge(
    about: &LookUp,
    (kind, last, known): (LookUpKind, Option<Seen>, Option<Seen>),
    world: &World,
) -> Finding {
    let before = about.baseline.as_ref().and_then(|baseline| {
        let receipt = baseline.receipt_no.as_deref()?;
        receipt.parse::<u32>().ok()
    });
    let same_amount = last.filter(|last| last.amount_minor == about.order.amount_minor);
    let is_next = |last: &Seen| before.is_some_and(|before| last.receipt == before + 1);
    let found = match kind {
        LookUpKind::Nothing => None,
        LookUpKind::ByReference if known.is_none() => return Finding::NotProcessed,
        LookUpKind::ByReference => known,
        LookUpKind::Last if world.mutation == Mutation::BaselineIgnored => same_amount,
        LookUpKind::Last => same_amount.filter(is_next),
    };
    match found {
        Some(seen) => Finding::Found {
            settlement: settlement(seen),
        },
        None => Finding::CannotTell {
            text: format!("shown is {last:?}, before it was {before:?}"),
        },
    }
}

fn settlement(seen: Seen) -> Box<Settlement> {
    let card = CardDetails {
        receipt_no: Some(format!("{:04}", seen.receipt)),
        ..CardDetails::default()
    };
    let outcome = match seen.ended {
        Ended::Approved => PaymentOutcome::Approved {
            amount_minor: seen.amount_minor,
            card,
        },
        Ended::Declined => PaymentOutcome::Declined {
            failure: failure(PaymentFailureCode::Declined),
            card,
        },
        Ended::Cancelled => PaymentOutcome::Cancelled,
        Ended::Reversed => PaymentOutcome::Failed {
            failure: failure(PaymentFailureCode::NotStored),
        },
    };
    Box::new(Settlement {
        outcome,
        receipts: Vec::new(),
    })
}

fn failure(code: PaymentFailureCode) -> PaymentFailure {
    PaymentFailure {
        stage: Stage::Terminal,
        code,
        retryable: true,
        text: code.as_str().to_owned(),
    }
}
