//! Card payments as the box office asks for them and sees them.

use cueline_model::{
    AgentId, Certainty, Currency, PaymentFailure, PaymentId, PaymentKind, PaymentState,
    ProgressNote, Prompt, Receipt, Resolver, StationId, StationName, TerminalId, TerminalName,
};
use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::print_job::Waiting;
use crate::Timestamp;

/// `POST /v1/payments`. An `Idempotency-Key` is required with it.
///
/// A sale needs `amount_minor`, `currency` and `station`. A void needs `original` and takes the rest
/// from it. A refund with `original` takes from it what is not given; one without needs what a sale needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentRequest {
    /// What is done to the card's account.
    #[serde(default = "sale")]
    pub kind: PaymentKind,
    /// In the currency's minor units (cents), 1 to [`cueline_model::limits::PAYMENT_AMOUNT_MINOR_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// ISO 4217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The desk: its id, or its name where only one desk of the tenant has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub station: Option<String>,
    /// The terminal: its id, or its name at its station; may be left out where there is only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// The sale that is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<PaymentId>,
    /// The box office's own name for what is paid, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_ref: Option<String>,
    /// Which attempt at that order this is, from 1; the next one if not given. One that was made is not
    /// made again under another Idempotency-Key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_no: Option<u32>,
    /// Who serves the customer, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clerk_ref: Option<String>,
    /// Not to be started later than this; at most one of the two `start` fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_by: Option<Timestamp>,
    /// Not to be started later than this many seconds from now: 1 to 3600, 120 if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_in_s: Option<u32>,
    /// Go ahead although an earlier attempt at the order is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersede: Option<Supersede>,
}

const fn sale() -> PaymentKind {
    PaymentKind::Sale
}

/// Who takes it upon them to charge again while nobody knows what became of an earlier attempt. It is
/// kept in the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supersede {
    /// Who, 1 to 100 characters.
    pub by: String,
    /// Why, 1 to 500 characters.
    pub reason: String,
}

/// `POST /v1/payments/{id}/void` and `…/refund`: what a [`PaymentRequest`] with this original may say
/// besides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnRequest {
    /// Of a refund: how much, all that is left if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// Of a refund: at which desk; the original's if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub station: Option<String>,
    /// Of a refund: on which terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// Who serves the customer, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clerk_ref: Option<String>,
    /// Not to be started later than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_by: Option<Timestamp>,
    /// Not to be started later than this many seconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_in_s: Option<u32>,
}

/// `POST /v1/payments/{id}/answer`: the clerk's answer to the prompt that is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerRequest {
    /// The prompt's number.
    pub prompt: u32,
    /// `"yes"`, `"no"` or `{"auth_code": "123456"}`.
    pub answer: cueline_model::Answer,
}

/// `POST /v1/payments/{id}/resolve`: what a person decided about a payment that is `unknown`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// What is taken for true from now on.
    pub decision: MoneyDecision,
    /// Who decided, 1 to 100 characters.
    pub by: String,
    /// Why: what was looked at. 1 to 500 characters.
    pub reason: String,
}

/// What a person decided about the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoneyDecision {
    /// It moved: the payment is `approved`.
    Moved,
    /// It did not: the payment is `cancelled`.
    NotMoved,
}

impl MoneyDecision {
    /// The word used on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::NotMoved => "not_moved",
        }
    }
}

/// A person's decision as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentDecision {
    /// What.
    pub decision: MoneyDecision,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// One thing that was seen of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// When: the hub's clock for what the hub did, the agent's word for the rest.
    pub at: Timestamp,
    /// Who saw or did it: `hub`, `agent`, `person`.
    pub by: String,
    /// What, snake case: a state, or `start_permitted`, `start_refused`, `cancel_requested`,
    /// `look_up_requested`, `answered`, `late_approval`, `contradicted`, `receipt`.
    pub what: String,
    /// More, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A payment as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Which.
    pub id: PaymentId,
    /// What is done to the card's account.
    pub kind: PaymentKind,
    /// Where it stands.
    pub state: PaymentState,
    /// Rises with every change.
    pub version: u64,
    /// What is known about the money.
    pub certainty: Certainty,
    /// As asked for, in minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// The sale that is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<PaymentId>,
    /// As given.
    pub order_ref: Option<String>,
    /// Which attempt at that order, from 1.
    pub attempt_no: u32,
    /// The agent that does it.
    pub agent: AgentId,
    /// The desk.
    pub station: StationId,
    /// Its name.
    pub station_name: StationName,
    /// The terminal.
    pub terminal: TerminalId,
    /// Its name at its station.
    pub terminal_name: TerminalName,
    /// As given.
    pub clerk_ref: Option<String>,
    /// When the hub took it.
    pub created_at: Timestamp,
    /// Not to be started after this.
    pub start_by: Timestamp,
    /// When the hub permitted the start; from then on only the terminal or a person ends it.
    pub start_permitted_at: Option<Timestamp>,
    /// When a cancel was first asked for. It is a wish until the terminal has answered.
    pub cancel_requested_at: Option<Timestamp>,
    /// When it ended.
    pub settled_at: Option<Timestamp>,
    /// What the terminal is doing, while it has not ended.
    pub progress: Option<ProgressNote>,
    /// What it asks of the clerk; with `awaiting_clerk`.
    pub prompt: Option<Prompt>,
    /// Why it did not happen; with `declined` and `failed`.
    pub failure: Option<PaymentFailure>,
    /// What is not known, for people; with `unknown`.
    pub unknown: Option<Unknown>,
    /// As much as the terminal says; with `approved`. Absent where only a person said so.
    pub approved_amount_minor: Option<i64>,
    /// The issuer's authorisation code.
    pub auth_code: Option<String>,
    /// The terminal's own reference.
    pub terminal_txn_ref: Option<String>,
    /// The number on the receipt.
    pub receipt_no: Option<String>,
    /// The card number's last four digits.
    pub last4: Option<String>,
    /// Such as `Visa`.
    pub scheme: Option<String>,
    /// Such as `contactless`.
    pub entry_mode: Option<String>,
    /// As the terminal gave them, card numbers masked.
    pub receipts: Vec<Receipt>,
    /// What was seen when, oldest first.
    pub evidence: Vec<Evidence>,
    /// Who said what became of it, where it was unknown.
    pub resolved_by: Option<Resolver>,
    /// A person's decision.
    pub decision: Option<PaymentDecision>,
    /// Who let it be made although an earlier attempt was unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersede: Option<Supersede>,
    /// What somebody has to look at because of it, open and closed ones.
    pub alerts: Vec<Alert>,
    /// What it waits for now, while it has not ended.
    pub waiting: Option<Waiting>,
}

/// What is not known about a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// What went wrong, for people.
    pub text: String,
    /// Whether the terminal is still being asked. If not, a person has to decide.
    pub asking: bool,
}
