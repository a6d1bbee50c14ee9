//! Asking the terminal what its last transaction was: before a payment, and after one in doubt.

use std::time::Duration;

use cueline_model::{Baseline, Finding, Mono, PaymentOrder};

use super::{Link, Task, Zvt, judge, refused, unreachable};
use crate::repeat::Repeat;
use crate::zvt::apdu::{Apdu, kind};
use crate::zvt::requests::{Registration, RepeatReceipt};
use crate::zvt::status::StatusInformation;
use crate::zvt::texts;
use crate::{Event, Output};

/// Once on a connection from before, once on a new one.
const REGISTRATIONS_MAX: u32 = 2;
/// Times it may say "please wait" to the question for its last receipt, and how long is waited.
const QUESTIONS_MAX: u32 = 4;
const QUESTION_PAUSE: Duration = Duration::from_millis(500);

/// What it is asked for.
#[derive(Debug)]
pub(super) enum Purpose {
    Ready,
    LookUp {
        order: PaymentOrder,
        baseline: Option<Baseline>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Registering,
    Pausing,
    Asked,
}

/// How far it is.
#[derive(Debug)]
pub(super) struct Asking {
    purpose: Purpose,
    step: Step,
    registration: Repeat<Registration>,
    question: Repeat<RepeatReceipt>,
    last: Option<StatusInformation>,
}

impl Zvt {
    /// Starts to ask. Another task is not disturbed.
    pub(super) fn ask(&mut self, purpose: Purpose, now: Mono) {
        if !matches!(self.task, Task::Idle) {
            return;
        }
        self.ready = false;
        let password = self.settings.password;
        let registration = Registration {
            password,
            currency: self.settings.currency,
        };
        let asking = Box::new(Asking {
            purpose,
            step: Step::Registering,
            registration: Repeat::at_most(REGISTRATIONS_MAX, registration),
            question: Repeat::at_most(QUESTIONS_MAX, RepeatReceipt { password }),
            last: None,
        });
        self.task = if self.link == Link::Open {
            self.register(asking, now)
        } else {
            self.open(now);
            Task::Asking(asking)
        };
    }

    /// Registers, on a connection that is open.
    pub(super) fn register(&mut self, mut asking: Box<Asking>, now: Mono) -> Task {
        let Some(bytes) = asking.registration.next_bytes() else {
            self.close();
            return self.not_reached(*asking, "it does not answer");
        };
        asking.step = Step::Registering;
        asking.last = None;
        self.write(bytes);
        self.wait(now, self.settings.answer_within);
        Task::Asking(asking)
    }

    fn question(&mut self, mut asking: Box<Asking>, now: Mono) -> Task {
        let Some(bytes) = asking.question.next_bytes() else {
            return self.answered_busy(*asking);
        };
        asking.step = Step::Asked;
        self.write(bytes);
        self.wait(now, self.settings.answer_within);
        Task::Asking(asking)
    }

    pub(super) fn asking_apdu(&mut self, mut asking: Box<Asking>, apdu: &Apdu, now: Mono) -> Task {
        self.wait(now, self.settings.answer_within);
        match (apdu.kind, asking.step) {
            (kind::ACK, _) => Task::Asking(asking),
            ((kind::NACK_CLASS, code), step) => self.asking_refused(asking, step, code, now),
            (kind::ABORT, step) => {
                self.acknowledge();
                let code = apdu.data.first().copied().unwrap_or(0xff);
                self.asking_refused(asking, step, code, now)
            }
            (kind::COMPLETION, Step::Registering) => {
                self.acknowledge();
                self.question(asking, now)
            }
            (kind::COMPLETION, Step::Asked) => {
                self.acknowledge();
                self.asked(*asking)
            }
            (kind::STATUS_INFORMATION, Step::Asked) => {
                // A record read again: nothing hangs on the acknowledgement.
                self.acknowledge();
                asking.last = Some(StatusInformation::parse(&apdu.data));
                Task::Asking(asking)
            }
            _ => {
                self.acknowledge();
                Task::Asking(asking)
            }
        }
    }

    fn asking_refused(&mut self, asking: Box<Asking>, step: Step, code: u8, now: Mono) -> Task {
        match step {
            Step::Asked if texts::is_busy(code) => {
                self.wait(now, QUESTION_PAUSE);
                Task::Asking(Box::new(Asking {
                    step: Step::Pausing,
                    ..*asking
                }))
            }
            // It has no receipt to repeat, or cannot: its last transaction is not known.
            Step::Asked | Step::Pausing => self.asked(*asking),
            Step::Registering if texts::is_busy(code) => self.answered_busy(*asking),
            Step::Registering => {
                let failure = refused(code);
                self.emit(match asking.purpose {
                    Purpose::Ready => Event::NotReady(failure),
                    Purpose::LookUp { .. } => {
                        Event::LookedUp(Finding::Unreachable { text: failure.text })
                    }
                });
                Task::Idle
            }
        }
    }

    fn answered_busy(&mut self, asking: Asking) -> Task {
        self.emit(match asking.purpose {
            Purpose::Ready => Event::NotReady(refused(texts::PLEASE_WAIT)),
            Purpose::LookUp { .. } => Event::LookedUp(Finding::InProgress),
        });
        Task::Idle
    }

    /// All was said.
    fn asked(&mut self, asking: Asking) -> Task {
        match asking.purpose {
            Purpose::Ready => {
                let known = self.seen.is_some();
                if let Some(last) = &asking.last {
                    // What was there before this driver looked is nobody's news.
                    self.note(last, !known);
                }
                self.ready = true;
                self.emit(Event::Ready {
                    baseline: asking.last.as_ref().and_then(judge::baseline),
                });
            }
            Purpose::LookUp { order, baseline } => {
                let finding = judge::look_up(&order, baseline.as_ref(), asking.last.as_ref());
                if let Some(last) = &asking.last {
                    let before = judge::baseline(last) == baseline;
                    self.note(last, before || matches!(finding, Finding::Found { .. }));
                }
                self.emit(Event::LookedUp(finding));
            }
        }
        Task::Idle
    }

    /// The connection is lost: asked once more on a new one.
    pub(super) fn asking_lost(&mut self, asking: Box<Asking>, now: Mono, text: &str) -> Task {
        if asking.registration.is_spent() {
            return self.not_reached(*asking, text);
        }
        self.open(now);
        Task::Asking(asking)
    }

    pub(super) fn not_reached(&mut self, asking: Asking, text: &str) -> Task {
        let failure = unreachable(text);
        self.emit(match asking.purpose {
            Purpose::Ready => Event::NotReady(failure),
            Purpose::LookUp { .. } => Event::LookedUp(Finding::Unreachable { text: failure.text }),
        });
        Task::Idle
    }

    pub(super) fn asking_timed_out(&mut self, asking: Box<Asking>, now: Mono) -> Task {
        if asking.step == Step::Pausing && self.link == Link::Open {
            return self.question(asking, now);
        }
        if self.link == Link::Opening {
            self.outputs.push_back(Output::Close);
            self.link = Link::Closed;
            return self.not_reached(*asking, "no connection in time");
        }
        self.close();
        self.asking_lost(asking, now, "it does not answer")
    }
}
