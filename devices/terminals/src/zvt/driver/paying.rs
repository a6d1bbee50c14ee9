//! A payment from its request to the terminal's last word.

mod terminal;

use cueline_model::{
    Answer, Mono, PaymentFailure, PaymentFailureCode, PaymentKind, PaymentOrder, PaymentOutcome,
    Prompt, PromptKind, Settlement, Stage,
};

use super::{Link, Task, Zvt, judge, unreachable};
use crate::Event;
use crate::repeat::{RepeatSafe, Request};
use crate::zvt::apdu::Apdu;
use crate::zvt::receipts::Receipts;
use crate::zvt::requests::{
    AbortByTill, Amount, Authorisation, Refund, Reversal, TelephonicAuthorisation,
};
use crate::zvt::status::StatusInformation;
use crate::zvt::texts;

/// A payment under way.
#[derive(Debug)]
pub(super) struct Paying {
    order: PaymentOrder,
    phase: Phase,
    /// The clerk or the box office wishes that it stops.
    cancel_wished: bool,
    receipts: Receipts,
    prompts: u32,
    /// When the terminal was heard last.
    heard: Mono,
}

#[derive(Debug)]
enum Phase {
    /// Sent, not acknowledged.
    Sent,
    /// The terminal is at it.
    Running,
    /// Approved by the terminal; the clerk compares signatures before it is acknowledged.
    Signing { status: StatusInformation },
    /// Declined for a call to the issuer; the terminal finishes.
    ReferralEnding,
    /// The clerk is on the telephone.
    Referred,
    /// The result was told and is being stored.
    Told(Told),
    /// Acknowledged; receipts and the last word come.
    Ending { moved: bool },
    /// Refused to the terminal, which takes it back.
    TakingBack { told: Told, then: Taken },
}

/// A result that waits to be stored.
#[derive(Debug, Clone)]
struct Told {
    moved: bool,
    /// The trace number of what is to be acknowledged.
    trace_no: Option<u32>,
    last_word: LastWord,
}

/// What the terminal has still to say, and whether it waits for an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastWord {
    /// Its `04 0F` waits; the end follows.
    AfterStatus,
    /// Its `06 1E` waits, and is the end.
    Abort,
    /// It is said.
    Said,
}

/// What is told when the terminal has taken a payment back.
#[derive(Debug, Clone)]
enum Taken {
    NotStored,
    Settled(PaymentOutcome),
}

impl Zvt {
    /// The one place that asks for money. Where there is no ready terminal nothing is sent; while
    /// another task is under way nothing happens at all.
    pub(super) fn begin(&mut self, order: PaymentOrder, now: Mono) {
        if !matches!(self.task, Task::Idle) {
            return;
        }
        if !self.ready || self.link != Link::Open {
            let failure = unreachable("there was no connection when the payment was to start");
            self.emit(Event::NotMoved(failure));
            return;
        }
        let Some(request) = request(&order, self.settings.password) else {
            self.emit(Event::NotMoved(unsupported(&order)));
            return;
        };
        self.ready = false;
        self.write(request);
        self.wait(now, self.settings.answer_within);
        self.task = Task::Paying(Box::new(Paying {
            order,
            phase: Phase::Sent,
            cancel_wished: false,
            receipts: Receipts::default(),
            prompts: 0,
            heard: now,
        }));
    }

    /// Runs something on the payment under way, if there is one.
    pub(super) fn with_payment(&mut self, run: impl FnOnce(&mut Self, Box<Paying>) -> Task) {
        self.step(|driver, task| match task {
            Task::Paying(paying) => run(driver, paying),
            other => other,
        });
    }

    pub(super) fn cancel(&mut self, mut paying: Box<Paying>, now: Mono) -> Task {
        if paying.cancel_wished {
            return Task::Paying(paying);
        }
        match paying.phase {
            Phase::Sent | Phase::Running => {
                paying.cancel_wished = true;
                self.progress("cancelling", "Cancelling; the terminal decides");
                // Before its acknowledgement the terminal listens to nothing else.
                if matches!(paying.phase, Phase::Running) {
                    self.send_abort(&AbortByTill);
                }
                Task::Paying(paying)
            }
            Phase::Signing { ref status } => {
                let status = status.clone();
                paying.cancel_wished = true;
                self.emit(Event::PromptOver {
                    prompt: paying.prompts,
                });
                self.progress("cancelling", "Cancelling; the terminal takes it back");
                self.take_back(paying, &status, PaymentOutcome::Cancelled, now)
            }
            Phase::Referred => {
                self.emit(Event::PromptOver {
                    prompt: paying.prompts,
                });
                self.tell(paying, PaymentOutcome::Cancelled, None, LastWord::Said)
            }
            _ => Task::Paying(paying),
        }
    }

    /// Only what may be repeated is sent beside a payment.
    fn send_abort(&mut self, abort: &impl RepeatSafe) {
        self.write(abort.encode());
    }

    pub(super) fn answer(
        &mut self,
        mut paying: Box<Paying>,
        prompt: u32,
        answer: &Answer,
        now: Mono,
    ) -> Task {
        if prompt != paying.prompts {
            return Task::Paying(paying);
        }
        match (&paying.phase, answer) {
            (Phase::Signing { status }, Answer::Yes) => {
                let status = status.clone();
                self.tell_status(paying, &status)
            }
            (Phase::Signing { status }, Answer::No) => {
                let status = status.clone();
                let outcome = PaymentOutcome::Declined {
                    failure: PaymentFailure {
                        stage: Stage::Terminal,
                        code: PaymentFailureCode::Declined,
                        retryable: true,
                        text: "the signature was not accepted".to_owned(),
                    },
                    card: status.card_details(),
                };
                self.take_back(paying, &status, outcome, now)
            }
            (Phase::Referred, Answer::AuthCode(code)) if self.link == Link::Open => {
                let Some(amount) = Amount::new(paying.order.amount_minor, paying.order.currency)
                else {
                    return Task::Paying(paying);
                };
                let code = code
                    .chars()
                    .filter(char::is_ascii_graphic)
                    .take(8)
                    .collect();
                self.write(TelephonicAuthorisation { amount, code }.encode());
                self.wait(now, self.settings.answer_within);
                paying.phase = Phase::Sent;
                paying.heard = now;
                // An answer counts once.
                paying.prompts += 1;
                Task::Paying(paying)
            }
            (Phase::Referred, Answer::No) => {
                let outcome = PaymentOutcome::Declined {
                    failure: judge::declined(texts::REFERRAL),
                    card: Default::default(),
                };
                self.tell(paying, outcome, None, LastWord::Said)
            }
            _ => Task::Paying(paying),
        }
    }

    pub(super) fn stored(&mut self, mut paying: Box<Paying>, now: Mono) -> Task {
        let Phase::Told(told) = &paying.phase else {
            return Task::Paying(paying);
        };
        let moved = told.moved;
        match told.last_word {
            // Where the connection is gone the result stands: the protocol takes back on `84` alone.
            LastWord::AfterStatus if self.link == Link::Open => {
                self.acknowledge();
                self.wait(now, self.settings.completion_within);
                paying.phase = Phase::Ending { moved };
                Task::Paying(paying)
            }
            LastWord::Abort if self.link == Link::Open => {
                self.acknowledge();
                self.finish(paying)
            }
            _ => self.finish(paying),
        }
    }

    pub(super) fn not_stored(&mut self, mut paying: Box<Paying>, now: Mono) -> Task {
        let Phase::Told(told) = &paying.phase else {
            return Task::Paying(paying);
        };
        let told = told.clone();
        if !told.moved {
            if told.last_word != LastWord::Said && self.link == Link::Open {
                self.acknowledge();
            }
            if told.last_word == LastWord::AfterStatus {
                // The last word is waited for, so that the next question finds an idle terminal.
                self.wait(now, self.settings.completion_within);
                let then = Taken::NotStored;
                paying.phase = Phase::TakingBack { told, then };
                return Task::Paying(paying);
            }
            self.emit(Event::NotMoved(not_stored()));
            return Task::Idle;
        }
        if told.last_word != LastWord::AfterStatus || self.link != Link::Open {
            return self.unknown("it could not be told to take the payment back");
        }
        self.refuse(told.trace_no, now);
        let then = Taken::NotStored;
        paying.phase = Phase::TakingBack { told, then };
        Task::Paying(paying)
    }

    fn take_back(
        &mut self,
        mut paying: Box<Paying>,
        status: &StatusInformation,
        outcome: PaymentOutcome,
        now: Mono,
    ) -> Task {
        self.refuse(status.trace_no, now);
        paying.phase = Phase::TakingBack {
            told: Told {
                moved: true,
                trace_no: status.trace_no,
                last_word: LastWord::AfterStatus,
            },
            then: Taken::Settled(outcome),
        };
        Task::Paying(paying)
    }

    fn refuse(&mut self, trace_no: Option<u32>, now: Mono) {
        self.taken_back = trace_no;
        self.write(Apdu::nack(texts::PROCESSING_ERROR).encode());
        self.wait(now, self.settings.completion_within);
    }

    /// Tells what a status information says; where it does not say, nobody knows.
    fn tell_status(&mut self, paying: Box<Paying>, status: &StatusInformation) -> Task {
        let Some(outcome) = judge::outcome(&paying.order, status) else {
            self.close();
            return self.unknown("what it says of the payment cannot be told apart from another");
        };
        let other = matches!(&outcome, PaymentOutcome::Failed { .. });
        self.note(status, !other);
        self.tell(paying, outcome, Some(status), LastWord::AfterStatus)
    }

    fn tell(
        &mut self,
        mut paying: Box<Paying>,
        outcome: PaymentOutcome,
        status: Option<&StatusInformation>,
        last_word: LastWord,
    ) -> Task {
        paying.phase = Phase::Told(Told {
            moved: status.is_some_and(|status| status.result_code == Some(0)),
            trace_no: status.and_then(|status| status.trace_no),
            last_word,
        });
        self.deadline = None;
        let receipts = paying.receipts.drain_whole();
        self.emit(Event::Result(Box::new(Settlement { outcome, receipts })));
        Task::Paying(paying)
    }

    fn finish(&mut self, mut paying: Box<Paying>) -> Task {
        for receipt in paying.receipts.drain() {
            self.emit(Event::Receipt(receipt));
        }
        self.emit(Event::Finished);
        Task::Idle
    }

    fn unknown(&mut self, text: &str) -> Task {
        self.emit(Event::Unknown {
            text: format!("{text}; the terminal is asked what it did"),
        });
        Task::Idle
    }

    fn prompt(&mut self, paying: &mut Paying, prompt: PromptKind, text: &str) {
        paying.prompts += 1;
        self.deadline = None;
        self.emit(Event::Prompt(Prompt {
            id: paying.prompts,
            kind: prompt,
            text: text.to_owned(),
            deadline: None,
        }));
    }
}

/// The packet that begins a payment; nothing where the protocol has none for it.
fn request(order: &PaymentOrder, password: u32) -> Option<Vec<u8>> {
    let amount = Amount::new(order.amount_minor, order.currency)?;
    match order.kind {
        PaymentKind::Sale => Some(Authorisation { amount }.encode()),
        PaymentKind::Refund => Some(Refund { password, amount }.encode()),
        PaymentKind::Void => {
            let receipt = order.original.as_ref()?.receipt_no.as_deref()?;
            let receipt_no = receipt.parse().ok().filter(|number| *number < 10_000)?;
            let reversal = Reversal {
                password,
                receipt_no,
            };
            Some(reversal.encode())
        }
    }
}

fn unsupported(order: &PaymentOrder) -> PaymentFailure {
    PaymentFailure {
        stage: Stage::Tray,
        code: PaymentFailureCode::Unsupported,
        retryable: false,
        text: format!(
            "a {} of {} cannot be asked of this terminal: expected more than zero, at most 12 digits, \
             and for a void the receipt number of the sale",
            order.kind,
            order.currency.amount(order.amount_minor)
        ),
    }
}

fn not_stored() -> PaymentFailure {
    PaymentFailure {
        stage: Stage::Terminal,
        code: PaymentFailureCode::NotStored,
        retryable: false,
        text: "the result could not be stored, so the terminal took the payment back".to_owned(),
    }
}
