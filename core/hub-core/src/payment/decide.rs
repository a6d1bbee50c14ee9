//! What the hub and people decide about a payment: the permission to start, cancel, expiry, answers,
//! and what became of one that nobody knows of.

use cueline_model::{
    Answer, CardDetails, PaymentOutcome, PaymentState, PromptKind, Resolver, WallTime,
};
use cueline_wire::Timestamp;
use cueline_wire::api::{AlertCode, MoneyDecision, PaymentDecision};
use cueline_wire::cloud::{StartReply, Wish};

use super::{EndedBy, NewAlert, OVERDUE_AFTER, Payment, PaymentRefusal, Seer};

/// Characters of an authorisation code heard on the telephone.
const AUTH_CODE_CHARS_MAX: usize = 12;

/// What became of a wish to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelDecision {
    /// It was never started and is cancelled now; no money moved.
    Cancelled,
    /// It may be at the terminal, which is asked to stop it; the true result is awaited.
    Asked,
    /// The same was asked before.
    Already,
}

impl Payment {
    /// Whether an offer of it may still be written to its agent's stream.
    #[must_use]
    pub fn is_to_be_offered(&self, now: WallTime) -> bool {
        matches!(self.state, PaymentState::Queued | PaymentState::Delivered) && self.start_by >= now
    }

    /// Marks that the agent may have it from now on; says whether that is to be stored.
    pub fn mark_offered(&mut self, now: WallTime) -> bool {
        if self.state != PaymentState::Queued {
            return false;
        }
        self.state = PaymentState::Delivered;
        self.offered_at = Some(now);
        self.note(now, Seer::Hub, PaymentState::Delivered.as_str(), None);
        true
    }

    /// What is to be said to the agent about it now, and again on every new link while it holds.
    #[must_use]
    pub fn wishes(&self) -> Vec<Wish> {
        let mut wishes = Vec::new();
        if self.ended_at_agent {
            return wishes;
        }
        let ended_here = self.ended_by == Some(EndedBy::Hub) && self.offered_at.is_some();
        let to_stop = self.cancel_requested_at.is_some() && self.state.may_be_at_terminal();
        if ended_here || to_stop {
            wishes.push(Wish::Cancel);
        }
        if self.decision.is_some() {
            wishes.push(Wish::Decided);
        }
        if let (Some(prompt), Some(answer)) = (&self.prompt, &self.answer) {
            wishes.push(Wish::Answer {
                prompt: prompt.id,
                answer: answer.clone(),
            });
        }
        if self.look_up_requested_at.is_some() && self.state == PaymentState::Unknown {
            wishes.push(Wish::LookUp);
        }
        wishes
    }

    /// Decides whether the agent may start it, for good; see the head of [`super`].
    pub fn permit_start(&mut self, now: WallTime) -> StartReply {
        let refused = |reason: String| StartReply {
            granted: false,
            reason: Some(reason),
        };
        if self.may_be_ended_here() && self.start_by < now {
            self.expire(now);
        }
        if self.state.is_settled() {
            return refused(format!("it is {}", self.state));
        }
        if self.started_at_agent || self.state == PaymentState::Unknown {
            return refused("it was started before; ask the terminal what became of it".to_owned());
        }
        // Whoever asks again has not started, so a wish to cancel that came in between can still be granted.
        if self.cancel_requested_at.is_some() {
            return refused("its cancellation was asked for".to_owned());
        }
        if self.start_permitted_at.is_none() {
            self.start_permitted_at = Some(now);
            self.state = PaymentState::Started;
            self.note(now, Seer::Hub, "start_permitted", None);
        }
        StartReply {
            granted: true,
            reason: None,
        }
    }

    /// Decides about a wish to cancel.
    ///
    /// # Errors
    /// [`PaymentRefusal::TooLate`] where it has ended otherwise.
    pub fn cancel(&mut self, now: WallTime) -> Result<CancelDecision, PaymentRefusal> {
        match self.state {
            PaymentState::Cancelled => Ok(CancelDecision::Already),
            state if state.is_settled() => Err(PaymentRefusal::TooLate { state }),
            _ if self.may_be_ended_here() => {
                self.cancel_requested_at = Some(now);
                self.settle(PaymentOutcome::Cancelled, EndedBy::Hub, now, None);
                Ok(CancelDecision::Cancelled)
            }
            _ if self.cancel_requested_at.is_some() => Ok(CancelDecision::Already),
            _ => {
                self.cancel_requested_at = Some(now);
                self.note(now, Seer::Hub, "cancel_requested", None);
                Ok(CancelDecision::Asked)
            }
        }
    }

    /// Cancels it if it was not started, because its agent is being removed. Says whether it did.
    pub fn cancel_with_agent(&mut self, now: WallTime) -> bool {
        if !self.may_be_ended_here() {
            return false;
        }
        let detail = Some("the agent was removed".to_owned());
        self.settle(PaymentOutcome::Cancelled, EndedBy::Hub, now, detail);
        true
    }

    /// Ends it as expired if its time is over and it was not permitted to start. Says whether it did.
    pub fn expire(&mut self, now: WallTime) -> bool {
        let due = self.may_be_ended_here() && self.start_by < now;
        if due {
            self.settle(PaymentOutcome::Expired, EndedBy::Hub, now, None);
        }
        due
    }

    /// When somebody is to be told that no end is heard of; `None`: not (any more).
    #[must_use]
    pub fn overdue_at(&self) -> Option<WallTime> {
        let runs = matches!(
            self.state,
            PaymentState::Started | PaymentState::AwaitingClerk
        );
        let since = self.start_permitted_at.unwrap_or(self.created_at);
        (runs && !self.overdue_told).then(|| since + OVERDUE_AFTER)
    }

    /// Marks it as overdue if it is; gives what somebody is to be told then.
    pub fn tell_overdue(&mut self, now: WallTime) -> Option<NewAlert> {
        self.overdue_at().filter(|at| *at < now)?;
        self.overdue_told = true;
        self.note(now, Seer::Hub, "overdue", None);
        Some(self.alert(
            AlertCode::PaymentUnknown,
            now,
            format!(
                "payment {} of {} was let start and no end of it is heard of; look at the till and its terminal, and do not take it again before that is known",
                self.id,
                self.shown_amount()
            ),
        ))
    }

    /// Takes the clerk's answer to the prompt that is shown.
    ///
    /// # Errors
    /// [`PaymentRefusal::NoPrompt`], [`PaymentRefusal::AnswerInvalid`].
    pub fn answer(
        &mut self,
        prompt: u32,
        answer: Answer,
        now: WallTime,
    ) -> Result<(), PaymentRefusal> {
        let asked = self.prompt.as_ref().filter(|asked| asked.id == prompt);
        let asked = asked.ok_or(PaymentRefusal::NoPrompt { prompt })?;
        let invalid = |expected| Err(PaymentRefusal::AnswerInvalid { expected });
        match (&answer, asked.kind) {
            (Answer::AuthCode(code), PromptKind::Referral) => {
                let fits = (1..=AUTH_CODE_CHARS_MAX).contains(&code.chars().count())
                    && code.chars().all(|c| c.is_ascii_alphanumeric());
                if !fits {
                    return invalid("an authorisation code of 1 to 12 letters and digits");
                }
            }
            (Answer::No, _) | (Answer::Yes, PromptKind::Signature | PromptKind::Confirm) => {}
            (Answer::Yes, PromptKind::Referral) => {
                return invalid("the authorisation code heard on the telephone, or no");
            }
            (Answer::AuthCode(_), PromptKind::Signature | PromptKind::Confirm) => {
                return invalid("yes or no");
            }
        }
        if self.answer.as_ref() != Some(&answer) {
            self.answer = Some(answer);
            self.note(now, Seer::Person, "answered", None);
        }
        Ok(())
    }

    /// Asks for another look-up.
    ///
    /// # Errors
    /// [`PaymentRefusal::NotUnknown`].
    pub fn look_up(&mut self, now: WallTime) -> Result<(), PaymentRefusal> {
        if self.state != PaymentState::Unknown {
            return Err(PaymentRefusal::NotUnknown { state: self.state });
        }
        self.look_up_requested_at = Some(now);
        self.note(now, Seer::Hub, "look_up_requested", None);
        Ok(())
    }

    /// Takes a person's decision. `agent_lost`: its agent is not there to tell, so that one which was
    /// started and never heard of again can be decided too. Says whether anything changed.
    ///
    /// # Errors
    /// [`PaymentRefusal::NotUnknown`], [`PaymentRefusal::DecidedBefore`].
    pub fn resolve(
        &mut self,
        decision: MoneyDecision,
        by: String,
        reason: String,
        agent_lost: bool,
        now: WallTime,
    ) -> Result<bool, PaymentRefusal> {
        if let Some(before) = &self.decision {
            return if before.decision == decision {
                Ok(false)
            } else {
                Err(PaymentRefusal::DecidedBefore {
                    decision: before.decision.as_str(),
                    by: before.by.clone(),
                })
            };
        }
        let open =
            self.state == PaymentState::Unknown || (agent_lost && self.state.may_be_at_terminal());
        if !open {
            return Err(PaymentRefusal::NotUnknown { state: self.state });
        }
        let outcome = match decision {
            MoneyDecision::Moved => PaymentOutcome::Approved {
                amount_minor: self.amount_minor,
                card: CardDetails::default(),
            },
            MoneyDecision::NotMoved => PaymentOutcome::Cancelled,
        };
        let detail = Some(format!("{by}: {reason}"));
        self.resolved_by = Some(Resolver::Person);
        self.decision = Some(PaymentDecision {
            decision,
            by,
            reason,
            at: Timestamp(now),
        });
        self.settle(outcome, EndedBy::Person, now, detail);
        Ok(true)
    }
}
