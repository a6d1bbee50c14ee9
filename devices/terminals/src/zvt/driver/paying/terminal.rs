//! What the terminal says in a payment, and what its silence means.

use cueline_model::{Mono, PaymentKind, PaymentOutcome, PromptKind};

use super::super::{Task, Zvt, judge, refused};
use super::{LastWord, Paying, Phase, Taken, Told, not_stored};
use crate::Event;
use crate::zvt::apdu::{Apdu, kind};
use crate::zvt::requests::AbortByTill;
use crate::zvt::status::StatusInformation;
use crate::zvt::texts;

impl Zvt {
    pub(in super::super) fn paying_apdu(
        &mut self,
        mut paying: Box<Paying>,
        apdu: &Apdu,
        now: Mono,
    ) -> Task {
        paying.heard = now;
        if matches!(paying.phase, Phase::Sent | Phase::Running) {
            self.wait(now, self.settings.check_every);
        }
        match apdu.kind {
            kind::ACK => {
                self.at_it(&mut paying);
                Task::Paying(paying)
            }
            (kind::NACK_CLASS, code) => self.nacked(paying, code),
            kind::INTERMEDIATE_STATUS => {
                self.at_it(&mut paying);
                self.acknowledge();
                self.emit(Event::Progress(texts::progress(apdu)));
                Task::Paying(paying)
            }
            kind::PRINT_LINE | kind::PRINT_BLOCK => {
                self.acknowledge();
                paying.receipts.take(apdu);
                if matches!(paying.phase, Phase::Ending { .. } | Phase::Told(_)) {
                    for receipt in paying.receipts.drain_whole() {
                        self.emit(Event::Receipt(receipt));
                    }
                }
                Task::Paying(paying)
            }
            kind::STATUS_INFORMATION => self.status(paying, &StatusInformation::parse(&apdu.data)),
            kind::COMPLETION => self.completed(paying),
            kind::ABORT => {
                let code = apdu.data.first().copied().unwrap_or(0xff);
                self.aborted(paying, code)
            }
            _ => {
                self.write(Apdu::nack(texts::NOT_POSSIBLE).encode());
                Task::Paying(paying)
            }
        }
    }

    /// It has taken the request; a wish to stop is passed on.
    fn at_it(&mut self, paying: &mut Paying) {
        if matches!(paying.phase, Phase::Sent) {
            paying.phase = Phase::Running;
            if paying.cancel_wished {
                self.send_abort(&AbortByTill);
            }
        }
    }

    fn nacked(&mut self, paying: Box<Paying>, code: u8) -> Task {
        if matches!(paying.phase, Phase::Sent) {
            self.emit(Event::NotMoved(refused(code)));
            return Task::Idle;
        }
        // It does not stop: the payment goes on and its end is awaited.
        Task::Paying(paying)
    }

    fn status(&mut self, mut paying: Box<Paying>, status: &StatusInformation) -> Task {
        match &paying.phase {
            Phase::Sent | Phase::Running => {}
            // Said again because it waits.
            Phase::Signing { .. } | Phase::Told(_) | Phase::Referred => {
                return Task::Paying(paying);
            }
            Phase::TakingBack { told, .. } if told.moved && told.trace_no == status.trace_no => {
                self.write(Apdu::nack(texts::PROCESSING_ERROR).encode());
                return Task::Paying(paying);
            }
            Phase::TakingBack { .. } | Phase::Ending { .. } | Phase::ReferralEnding => {
                self.acknowledge();
                return Task::Paying(paying);
            }
        }
        match status.result_code {
            Some(0) if status.by_signature() && self.settings.signature_at_till => {
                for receipt in paying.receipts.drain() {
                    self.emit(Event::Receipt(receipt));
                }
                self.prompt(
                    &mut paying,
                    PromptKind::Signature,
                    "Does the signature on the receipt match the one on the card?",
                );
                paying.phase = Phase::Signing {
                    status: status.clone(),
                };
                Task::Paying(paying)
            }
            Some(texts::REFERRAL)
                if paying.order.kind == PaymentKind::Sale && paying.prompts == 0 =>
            {
                self.note(status, true);
                // Declined as it stands: nothing hangs on the acknowledgement.
                self.acknowledge();
                paying.phase = Phase::ReferralEnding;
                Task::Paying(paying)
            }
            _ => self.tell_status(paying, status),
        }
    }

    fn refer(&mut self, mut paying: Box<Paying>) -> Task {
        self.prompt(
            &mut paying,
            PromptKind::Referral,
            "Call the card's issuer and enter the authorisation code, or answer no",
        );
        paying.phase = Phase::Referred;
        Task::Paying(paying)
    }

    /// `06 0F`: it is done, which does not say how.
    fn completed(&mut self, mut paying: Box<Paying>) -> Task {
        self.acknowledge();
        match &mut paying.phase {
            Phase::Sent | Phase::Running => {
                self.unknown("the terminal finished without saying how")
            }
            Phase::Signing { .. } => {
                self.emit(Event::PromptOver {
                    prompt: paying.prompts,
                });
                self.unknown("the terminal did not wait for the signature to be compared")
            }
            Phase::ReferralEnding => self.refer(paying),
            Phase::Referred => Task::Paying(paying),
            Phase::Told(told) => {
                told.last_word = LastWord::Said;
                Task::Paying(paying)
            }
            Phase::Ending { .. } => self.finish(paying),
            Phase::TakingBack { told, .. } if !told.moved => {
                self.emit(Event::NotMoved(not_stored()));
                Task::Idle
            }
            Phase::TakingBack { .. } => {
                self.unknown("the terminal does not say whether it took the payment back")
            }
        }
    }

    /// `06 1E`: it did not happen, or not any more.
    fn aborted(&mut self, mut paying: Box<Paying>, code: u8) -> Task {
        match &mut paying.phase {
            Phase::Sent | Phase::Running if texts::is_busy(code) || code == texts::NOT_POSSIBLE => {
                self.acknowledge();
                self.emit(Event::NotMoved(refused(code)));
                Task::Idle
            }
            Phase::Sent | Phase::Running => self.tell(paying, stopped(code), None, LastWord::Abort),
            Phase::Signing { status } => {
                self.taken_back = status.trace_no;
                self.emit(Event::PromptOver {
                    prompt: paying.prompts,
                });
                self.tell(paying, stopped(code), None, LastWord::Abort)
            }
            Phase::ReferralEnding => {
                self.acknowledge();
                self.refer(paying)
            }
            Phase::Referred => {
                self.acknowledge();
                Task::Paying(paying)
            }
            Phase::Told(Told {
                moved: false,
                last_word,
                ..
            }) => {
                self.acknowledge();
                *last_word = LastWord::Said;
                Task::Paying(paying)
            }
            Phase::Ending { moved: false } => {
                self.acknowledge();
                self.finish(paying)
            }
            Phase::Told(_) | Phase::Ending { .. } => {
                self.acknowledge();
                self.unknown("the terminal stopped after it had approved")
            }
            Phase::TakingBack { then, .. } => match then.clone() {
                Taken::NotStored => {
                    self.acknowledge();
                    self.emit(Event::NotMoved(not_stored()));
                    Task::Idle
                }
                Taken::Settled(outcome) => self.tell(paying, outcome, None, LastWord::Abort),
            },
        }
    }

    pub(in super::super) fn paying_lost(&mut self, paying: Box<Paying>) -> Task {
        match &paying.phase {
            Phase::Sent | Phase::Running => self.unknown("the connection broke in the payment"),
            Phase::Signing { .. } => {
                self.emit(Event::PromptOver {
                    prompt: paying.prompts,
                });
                self.unknown("the connection broke before the signature was compared")
            }
            Phase::ReferralEnding => self.referral_lost(paying),
            Phase::Referred => {
                self.emit(Event::PromptOver {
                    prompt: paying.prompts,
                });
                self.referral_lost(paying)
            }
            Phase::Told(_) => Task::Paying(paying),
            Phase::Ending { .. } => self.finish(paying),
            Phase::TakingBack { told, .. } if !told.moved => {
                self.emit(Event::NotMoved(not_stored()));
                Task::Idle
            }
            Phase::TakingBack { .. } => {
                self.unknown("the connection broke while the terminal took the payment back")
            }
        }
    }

    /// It was declined before; without a connection there is nothing to telephone for.
    fn referral_lost(&mut self, paying: Box<Paying>) -> Task {
        let outcome = PaymentOutcome::Declined {
            failure: judge::declined(texts::REFERRAL),
            card: Default::default(),
        };
        self.tell(paying, outcome, None, LastWord::Said)
    }

    /// A time-out is no outcome.
    pub(in super::super) fn paying_timed_out(&mut self, paying: Box<Paying>, now: Mono) -> Task {
        match &paying.phase {
            Phase::Sent | Phase::Running => {
                let silent = now.since(paying.heard);
                if silent >= self.settings.silence_max {
                    self.close();
                    return self.unknown("the terminal fell silent in the payment");
                }
                self.progress("check_terminal", "The terminal is silent: look at it");
                let left = self.settings.silence_max.saturating_sub(silent);
                self.wait(now, left.min(self.settings.check_every));
                Task::Paying(paying)
            }
            Phase::Ending { .. } => {
                self.close();
                self.finish(paying)
            }
            Phase::ReferralEnding => {
                self.close();
                self.referral_lost(paying)
            }
            Phase::TakingBack { .. } => {
                self.close();
                self.paying_lost(paying)
            }
            Phase::Signing { .. } | Phase::Referred | Phase::Told(_) => Task::Paying(paying),
        }
    }
}

/// What an abort means for a payment that had not been approved.
fn stopped(code: u8) -> PaymentOutcome {
    if code == texts::ABORTED {
        return PaymentOutcome::Cancelled;
    }
    PaymentOutcome::Declined {
        failure: judge::declined(code),
        card: Default::default(),
    }
}
