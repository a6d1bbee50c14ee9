//! What somebody has to look at: money that moved late, twice, elsewhere, or perhaps.

use cueline_model::{AgentId, PaymentId, StationName, TerminalName, UnmatchedTransaction};
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The kinds of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertCode {
    /// Nobody knows what became of a payment; closed once that is known.
    PaymentUnknown,
    /// A payment was approved after it had ended otherwise: by cancel, expiry or a person's decision.
    LateApproval,
    /// A person said that money moved, and the terminal says that it did not.
    DecisionContradicted,
    /// The terminal approved another amount than was asked for.
    AmountDiffers,
    /// A void came back for another transaction.
    OtherTransaction,
    /// A terminal did something that nobody here asked for.
    UnmatchedTransaction,
}

impl AlertCode {
    /// The word used on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaymentUnknown => "payment_unknown",
            Self::LateApproval => "late_approval",
            Self::DecisionContradicted => "decision_contradicted",
            Self::AmountDiffers => "amount_differs",
            Self::OtherTransaction => "other_transaction",
            Self::UnmatchedTransaction => "unmatched_transaction",
        }
    }
}

/// Something that somebody has to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Rising with time; pass as `after` to see those before it.
    pub id: u64,
    /// For programs.
    pub code: AlertCode,
    /// For people: what happened and what to do.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// Which payment; `None` for a transaction of nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentId>,
    /// Whether the payment can be taken back with `POST /v1/payments/{id}/void`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub void_offered: bool,
    /// Where.
    pub agent: AgentId,
    /// Where, the desk.
    pub station: StationName,
    /// Where, the terminal.
    pub terminal: TerminalName,
    /// The transaction; with `unmatched_transaction`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<UnmatchedTransaction>,
    /// Who has dealt with it; `None` while it is open.
    pub closed: Option<Closing>,
}

/// Who has dealt with an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// Who; `hub` where it came to nothing by itself.
    pub by: String,
    /// How.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// `POST /v1/alerts/{id}/close`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseRequest {
    /// Who has dealt with it, 1 to 100 characters.
    pub by: String,
    /// How, 1 to 500 characters.
    pub reason: String,
}

/// Something a person took upon them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// Rising with time; pass as `after` to see those before it.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// What, snake case: `payment_resolved`, `payment_superseded`, `alert_closed`.
    pub what: String,
    /// Who, as they said.
    pub by: String,
    /// Why, as they said.
    pub reason: String,
    /// About which payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentId>,
    /// More, for people.
    pub detail: String,
}
