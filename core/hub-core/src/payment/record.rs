//! The agent's word about a payment: its journal's entries, and what is going on at the terminal.

use cueline_model::card_number::mask_card_numbers;
use cueline_model::{
    AgentId, CardDetails, PaymentFailure, PaymentId, PaymentKind, PaymentOutcome, PaymentState,
    ProgressNote, Prompt, Receipt, Resolver, Settlement, WallTime,
};
use cueline_wire::api::{AlertCode, Unknown};
use cueline_wire::cloud::{LivePayment, PaymentEntry, PaymentStep};

use super::{EndedBy, NewAlert, Payment, RECEIPTS_MAX, Seer};
use crate::job::{Recorded, shorten};

/// Lines kept of one receipt.
const RECEIPT_LINES_MAX: usize = 200;
/// Characters kept of a code or a reference of the terminal's.
const REFERENCE_CHARS_MAX: usize = 100;

impl Payment {
    /// Applies one entry of `agent`'s journal; what somebody has to look at because of it is added to
    /// `alerts`.
    ///
    /// Steps may be skipped and may come late or twice. An end is applied whatever its number, because
    /// losing an approval is worse than evidence out of order.
    pub fn record(
        &mut self,
        agent: AgentId,
        entry: &PaymentEntry,
        now: WallTime,
        alerts: &mut Vec<NewAlert>,
    ) -> Recorded {
        if agent != self.place.agent || entry.payment != self.id {
            return unknown_payment(entry.payment);
        }
        let at = self.within_life(entry.at, now);
        match &entry.step {
            PaymentStep::Ended {
                settlement,
                resolver,
            } => return self.record_end(&cleaned(settlement), *resolver, entry.seq, at, alerts),
            PaymentStep::Receipt { receipt } => return self.record_receipt(receipt, at),
            _ => {}
        }
        if self.newest_entry_seq.is_some_and(|seq| entry.seq <= seq) {
            return Recorded::Repeat;
        }
        self.newest_entry_seq = Some(entry.seq);
        match &entry.step {
            PaymentStep::Accepted => self.record_accepted(at),
            PaymentStep::Started { baseline } => {
                let recorded = self.record_started(at);
                if recorded == Recorded::Changed {
                    self.baseline.clone_from(baseline);
                }
                recorded
            }
            PaymentStep::Unknown { text, asking } => {
                let mut text = mask_card_numbers(text);
                shorten(&mut text);
                self.record_unknown(
                    Unknown {
                        text,
                        asking: *asking,
                    },
                    at,
                    alerts,
                )
            }
            // Done above.
            PaymentStep::Ended { .. } | PaymentStep::Receipt { .. } => Recorded::Repeat,
        }
    }

    fn record_accepted(&mut self, at: WallTime) -> Recorded {
        if !matches!(self.state, PaymentState::Queued | PaymentState::Delivered) {
            return Recorded::Repeat;
        }
        self.state = PaymentState::Accepted;
        self.note(at, Seer::Agent, PaymentState::Accepted.as_str(), None);
        Recorded::Changed
    }

    fn record_started(&mut self, at: WallTime) -> Recorded {
        let to_come = self.may_be_ended_here() || self.state == PaymentState::Started;
        if self.started_at_agent || !to_come {
            return Recorded::Repeat;
        }
        self.started_at_agent = true;
        self.state = PaymentState::Started;
        self.note(at, Seer::Agent, PaymentState::Started.as_str(), None);
        Recorded::Changed
    }

    fn record_unknown(
        &mut self,
        unknown: Unknown,
        at: WallTime,
        alerts: &mut Vec<NewAlert>,
    ) -> Recorded {
        let what = PaymentState::Unknown.as_str();
        if self.state.is_settled() {
            if self.ended_by != Some(EndedBy::Hub) || self.ended_at_agent {
                return Recorded::Repeat;
            }
            // It cannot be: the start was never permitted. A hub restored from an older copy may meet it.
            self.note(at, Seer::Agent, what, Some(unknown.text.clone()));
            alerts.push(self.alert(AlertCode::PaymentUnknown, at, format!(
                "payment {} of {} is recorded as {}, and the till now says that nobody knows what became of it: {}; look at the terminal's own list",
                self.id, self.shown_amount(), self.state, unknown.text
            )));
            return Recorded::Changed;
        }
        if self.unknown.as_ref() == Some(&unknown) {
            return Recorded::Repeat;
        }
        let first = self.state != PaymentState::Unknown;
        self.state = PaymentState::Unknown;
        self.started_at_agent = true;
        self.prompt = None;
        self.answer = None;
        self.progress = None;
        self.look_up_requested_at = None;
        self.note(at, Seer::Agent, what, Some(unknown.text.clone()));
        if first {
            alerts.push(self.alert(AlertCode::PaymentUnknown, at, format!(
                "nobody knows what became of payment {} of {}: {}; do not take it again before that is known",
                self.id, self.shown_amount(), unknown.text
            )));
        }
        self.unknown = Some(unknown);
        Recorded::Changed
    }

    fn record_receipt(&mut self, receipt: &Receipt, at: WallTime) -> Recorded {
        if !self.keep_receipt(cleaned_receipt(receipt)) {
            return Recorded::Repeat;
        }
        self.note(at, Seer::Agent, "receipt", None);
        Recorded::Changed
    }

    fn keep_receipt(&mut self, receipt: Receipt) -> bool {
        let new = !self.receipts.contains(&receipt) && self.receipts.len() < RECEIPTS_MAX;
        if new {
            self.receipts.push(receipt);
        }
        new
    }

    fn record_end(
        &mut self,
        settlement: &Settlement,
        resolver: Option<Resolver>,
        seq: u64,
        at: WallTime,
        alerts: &mut Vec<NewAlert>,
    ) -> Recorded {
        let told = &settlement.outcome;
        let recorded = match (self.outcome.clone(), self.ended_by) {
            (None, _) => {
                let was_unknown = self.state == PaymentState::Unknown;
                self.resolved_by = resolver.or_else(|| was_unknown.then_some(Resolver::Terminal));
                self.settle(told.clone(), EndedBy::Agent, at, detail(told));
                self.alarm_at_end(told, at, alerts);
                Recorded::Changed
            }
            (Some(known), by) => self.record_second_end(&known, by, told, seq, at, alerts),
        };
        if matches!(recorded, Recorded::Refused { .. }) {
            return recorded;
        }
        self.ended_at_agent = true;
        self.newest_entry_seq = self.newest_entry_seq.max(Some(seq));
        let mut kept = false;
        for receipt in &settlement.receipts {
            kept |= self.keep_receipt(receipt.clone());
        }
        if kept && recorded == Recorded::Repeat {
            self.note(at, Seer::Agent, "receipt", None);
            return Recorded::Changed;
        }
        recorded
    }

    /// An end after an end: see the head of [`super`].
    fn record_second_end(
        &mut self,
        known: &PaymentOutcome,
        by: Option<EndedBy>,
        told: &PaymentOutcome,
        seq: u64,
        at: WallTime,
        alerts: &mut Vec<NewAlert>,
    ) -> Recorded {
        let approved =
            |outcome: &PaymentOutcome| matches!(outcome, PaymentOutcome::Approved { .. });
        let again = self.newest_entry_seq.is_some_and(|newest| seq <= newest);
        match (approved(known), approved(told)) {
            _ if known == told && by == Some(EndedBy::Agent) => Recorded::Repeat,
            (false, true) => {
                let before = self.state;
                self.resolved_by = Some(Resolver::Terminal);
                self.note(
                    at,
                    Seer::Agent,
                    "late_approval",
                    Some(format!("it was {before}")),
                );
                self.settle(told.clone(), EndedBy::Agent, at, detail(told));
                alerts.push(self.late_approval(before, at));
                self.alarm_at_end(told, at, alerts);
                Recorded::Changed
            }
            (true, true) if by == Some(EndedBy::Person) => {
                self.settle(
                    told.clone(),
                    EndedBy::Agent,
                    at,
                    Some("the terminal says so too".to_owned()),
                );
                self.alarm_at_end(told, at, alerts);
                Recorded::Changed
            }
            (true, false) if by == Some(EndedBy::Person) => {
                if again && self.ended_at_agent {
                    return Recorded::Repeat;
                }
                self.note(
                    at,
                    Seer::Agent,
                    "contradicted",
                    Some(format!("the terminal says: {}", told.state())),
                );
                alerts.push(self.alert(AlertCode::DecisionContradicted, at, format!(
                    "somebody decided that payment {} of {} moved money, and the terminal says that it is {}; ask for the money again or correct the order",
                    self.id, self.shown_amount(), told.state()
                )));
                Recorded::Changed
            }
            (false, false) if by != Some(EndedBy::Agent) => {
                if self.ended_at_agent {
                    return Recorded::Repeat;
                }
                self.note(
                    at,
                    Seer::Agent,
                    "confirmed",
                    Some(format!("the till says: {}", told.state())),
                );
                Recorded::Changed
            }
            _ => Recorded::Refused {
                code: "outcome_differs",
                text: format!(
                    "entry {seq} says that {} ended {}, but it is recorded as {} and an end never changes",
                    self.id,
                    told.state(),
                    known.state()
                ),
            },
        }
    }

    /// Takes over what is going on at the terminal; says whether anything changed.
    pub fn live(&mut self, agent: AgentId, live: &LivePayment, now: WallTime) -> bool {
        let told = agent == self.place.agent
            && live.payment == self.id
            && (self.state == PaymentState::Accepted || self.state.may_be_at_terminal());
        if !told {
            return false;
        }
        let progress = live.progress.as_ref().map(cleaned_note);
        let at_terminal = matches!(
            self.state,
            PaymentState::Started | PaymentState::AwaitingClerk
        );
        let prompt = live.prompt.as_ref().filter(|_| at_terminal);
        let prompt = prompt.map(cleaned_prompt);
        if self.progress == progress && self.prompt == prompt {
            return false;
        }
        let asked_before = self.prompt.as_ref().map(|prompt| prompt.id);
        if prompt.as_ref().map(|prompt| prompt.id) != asked_before {
            self.answer = None;
        }
        self.progress = progress;
        match (&prompt, self.state) {
            (Some(prompt), PaymentState::Started) => {
                let text = prompt.text.clone();
                self.state = PaymentState::AwaitingClerk;
                self.note(now, Seer::Agent, self.state.as_str(), Some(text));
            }
            (None, PaymentState::AwaitingClerk) => {
                self.state = PaymentState::Started;
                self.note(now, Seer::Agent, "prompt_over", None);
            }
            // Progress is no evidence: there may be much of it.
            _ => self.version += 1,
        }
        self.prompt = prompt;
        true
    }
}

/// The refusal of an entry about a payment that is not this agent's: the same whether or not there is one.
#[must_use]
pub fn unknown_payment(payment: PaymentId) -> Recorded {
    Recorded::Refused {
        code: "unknown_payment",
        text: format!("this agent has no payment {payment}"),
    }
}

fn detail(outcome: &PaymentOutcome) -> Option<String> {
    match outcome {
        PaymentOutcome::Declined { failure, .. } | PaymentOutcome::Failed { failure } => {
            Some(failure.text.clone())
        }
        _ => None,
    }
}

impl Payment {
    fn alarm_at_end(&self, told: &PaymentOutcome, at: WallTime, alerts: &mut Vec<NewAlert>) {
        let asked = match self.kind {
            PaymentKind::Void => self
                .original
                .as_ref()
                .map_or(self.amount_minor, |o| o.amount_minor),
            PaymentKind::Sale | PaymentKind::Refund => self.amount_minor,
        };
        alerts.extend(self.alert_of_end(told, asked, at));
    }
}

/// Without card numbers, and cut to what the hub keeps.
fn cleaned(settlement: &Settlement) -> Settlement {
    let outcome = match &settlement.outcome {
        PaymentOutcome::Approved { amount_minor, card } => PaymentOutcome::Approved {
            amount_minor: *amount_minor,
            card: cleaned_card(card),
        },
        PaymentOutcome::Declined { failure, card } => PaymentOutcome::Declined {
            failure: cleaned_failure(failure),
            card: cleaned_card(card),
        },
        PaymentOutcome::Failed { failure } => PaymentOutcome::Failed {
            failure: cleaned_failure(failure),
        },
        PaymentOutcome::Cancelled => PaymentOutcome::Cancelled,
        PaymentOutcome::Expired => PaymentOutcome::Expired,
    };
    let receipts = settlement.receipts.iter().take(RECEIPTS_MAX);
    Settlement {
        outcome,
        receipts: receipts.map(cleaned_receipt).collect(),
    }
}

fn cleaned_text(text: &str) -> String {
    let mut text = mask_card_numbers(text);
    shorten(&mut text);
    text
}

fn cleaned_failure(failure: &PaymentFailure) -> PaymentFailure {
    PaymentFailure {
        text: cleaned_text(&failure.text),
        ..failure.clone()
    }
}

pub(super) fn cleaned_card(card: &CardDetails) -> CardDetails {
    let cleaned = |text: &Option<String>| {
        text.as_ref().map(|text| {
            mask_card_numbers(text)
                .chars()
                .take(REFERENCE_CHARS_MAX)
                .collect()
        })
    };
    // Four digits, whatever was told.
    let last4 = card.last4.as_ref().map(|text| {
        let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
        digits[digits.len().saturating_sub(4)..].iter().collect()
    });
    CardDetails {
        auth_code: cleaned(&card.auth_code),
        terminal_txn_ref: cleaned(&card.terminal_txn_ref),
        receipt_no: cleaned(&card.receipt_no),
        last4,
        scheme: cleaned(&card.scheme),
        entry_mode: cleaned(&card.entry_mode),
    }
}

fn cleaned_receipt(receipt: &Receipt) -> Receipt {
    let lines = receipt.lines.iter().take(RECEIPT_LINES_MAX);
    Receipt {
        copy: receipt.copy,
        lines: lines.map(|line| cleaned_text(line)).collect(),
        signature: receipt.signature,
    }
}

fn cleaned_note(note: &ProgressNote) -> ProgressNote {
    ProgressNote {
        code: cleaned_text(&note.code),
        text: cleaned_text(&note.text),
    }
}

fn cleaned_prompt(prompt: &Prompt) -> Prompt {
    Prompt {
        text: cleaned_text(&prompt.text),
        ..prompt.clone()
    }
}
