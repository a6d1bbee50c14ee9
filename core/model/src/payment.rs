//! Card payments: what is asked of a terminal, how far it has come, how it ended.
//!
//! ```text
//! queued -> delivered -> accepted -> started -> approved | declined | cancelled | failed
//!    |          |            |        |   ^
//!    +----------+------------+        |   +-> awaiting_clerk
//!    expired | cancelled | failed     +-> unknown -> approved | declined | cancelled | failed
//! ```
//!
//! `unknown` is a state, not an end: the terminal is asked what it did, and where it cannot say, a
//! person decides. Nothing that may have reached a terminal is ever sent again.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::id::PaymentId;
use crate::station::{StationName, TerminalName};
use crate::time::WallTime;

/// What is done to the card's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// Money moves to the venue.
    Sale,
    /// Money moves back, of its own right.
    Refund,
    /// One earlier sale is taken back, once and whole.
    Void,
}

impl PaymentKind {
    /// The word used on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Refund => "refund",
            Self::Void => "void",
        }
    }
}

impl fmt::Display for PaymentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The sale that a void takes back, as its terminal knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// Our payment.
    pub payment: PaymentId,
    /// Its approved amount in minor units: a void that comes back with another hit another sale.
    pub amount_minor: i64,
    /// The number on its receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_no: Option<String>,
    /// The terminal's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal_txn_ref: Option<String>,
}

/// What a terminal is asked to do. It carries no order and no person: terminals need neither.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentOrder {
    /// What is done.
    pub kind: PaymentKind,
    /// In the currency's minor units (cents), more than zero.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// The desk, by its name on its agent.
    pub station: StationName,
    /// The terminal, by its name at its station; never left open.
    pub terminal: TerminalName,
    /// With a void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Original>,
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Durable at the hub.
    Queued,
    /// Written to the agent's stream.
    Delivered,
    /// Durable at the agent; the terminal has not been asked.
    Accepted,
    /// The terminal may have been asked.
    Started,
    /// The terminal waits for an answer of the clerk.
    AwaitingClerk,
    /// It may have been done; the terminal or a person is to say.
    Unknown,
    /// Money moved.
    Approved,
    /// The terminal refused; no money moved.
    Declined,
    /// Stopped by the customer, the clerk or the box office; no money moved.
    Cancelled,
    /// Not started before its time was over.
    Expired,
    /// It could not be done, and no money moved.
    Failed,
}

impl PaymentState {
    /// Every state, in the order of a payment's life.
    pub const ALL: [Self; 11] = [
        Self::Queued,
        Self::Delivered,
        Self::Accepted,
        Self::Started,
        Self::AwaitingClerk,
        Self::Unknown,
        Self::Approved,
        Self::Declined,
        Self::Cancelled,
        Self::Expired,
        Self::Failed,
    ];

    /// The word used on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::Accepted => "accepted",
            Self::Started => "started",
            Self::AwaitingClerk => "awaiting_clerk",
            Self::Unknown => "unknown",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Failed => "failed",
        }
    }

    /// Whether it is an end.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(
            self,
            Self::Approved | Self::Declined | Self::Cancelled | Self::Expired | Self::Failed
        )
    }

    /// Whether its terminal may be at it.
    #[must_use]
    pub const fn may_be_at_terminal(self) -> bool {
        matches!(self, Self::Started | Self::AwaitingClerk | Self::Unknown)
    }

    /// What is known about the money.
    #[must_use]
    pub const fn certainty(self) -> Certainty {
        match self {
            Self::Approved => Certainty::Moved,
            Self::Started | Self::AwaitingClerk | Self::Unknown => Certainty::Unknown,
            _ => Certainty::NotMoved,
        }
    }
}

impl fmt::Display for PaymentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known about the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// It moved, once.
    Moved,
    /// It did not and will not.
    NotMoved,
    /// Nobody knows yet.
    Unknown,
}

/// Who found out why a payment did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The hub, before it was offered.
    Hub,
    /// The agent, before a tray was asked.
    Agent,
    /// The tray, before a byte reached the terminal.
    Tray,
    /// The terminal itself.
    Terminal,
}

/// Why a payment did not happen, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentFailureCode {
    /// No tray of that station is there.
    NoStation,
    /// More than one tray answers for that station.
    AmbiguousStation,
    /// The station has no such terminal.
    NoTerminal,
    /// The terminal is at another payment; the text names whose.
    Busy,
    /// No connection to the terminal, and nothing was sent.
    Unreachable,
    /// The terminal refused before it began.
    Refused,
    /// The card's issuer or the terminal declined.
    Declined,
    /// The terminal's or the customer's time ran out.
    TimedOut,
    /// The terminal cannot do this kind, or not in this currency.
    Unsupported,
    /// The hub did not permit the start any more.
    NotPermitted,
    /// The offer was not signed by the hub this agent is registered with.
    BadSignature,
    /// The terminal has no such transaction, and its protocol proves it.
    NotProcessed,
    /// A void came back for another transaction.
    OtherTransaction,
    /// The result could not be stored, so the terminal was told to take it back.
    NotStored,
}

impl PaymentFailureCode {
    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoStation => "no_station",
            Self::AmbiguousStation => "ambiguous_station",
            Self::NoTerminal => "no_terminal",
            Self::Busy => "busy",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Declined => "declined",
            Self::TimedOut => "timed_out",
            Self::Unsupported => "unsupported",
            Self::NotPermitted => "not_permitted",
            Self::BadSignature => "bad_signature",
            Self::NotProcessed => "not_processed",
            Self::OtherTransaction => "other_transaction",
            Self::NotStored => "not_stored",
        }
    }
}

/// Why a payment did not happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFailure {
    /// Who found out.
    pub stage: Stage,
    /// For programs.
    pub code: PaymentFailureCode,
    /// Whether a person may try again at once, as a new payment. Software never does.
    pub retryable: bool,
    /// For people: what was wrong and what to do. No card data.
    pub text: String,
}

/// What the terminal says of a card transaction. Of the card no more than this is ever kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CardDetails {
    /// The issuer's authorisation code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_code: Option<String>,
    /// The terminal's own reference (a trace number, a transaction id).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal_txn_ref: Option<String>,
    /// The number on the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_no: Option<String>,
    /// The card number's last four digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last4: Option<String>,
    /// Such as `Visa` or `girocard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Such as `chip`, `contactless`, `magstripe`, `manual`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_mode: Option<String>,
}

/// Whose copy a receipt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptCopy {
    /// The customer's.
    Customer,
    /// The venue's.
    Merchant,
}

/// A receipt as the terminal gave it, card numbers masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Whose copy.
    pub copy: ReceiptCopy,
    /// Line by line.
    pub lines: Vec<String>,
    /// Whether the customer signs on it; then it is printed first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signature: bool,
}

/// How a payment ended. Once recorded it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PaymentOutcome {
    /// Money moved.
    Approved {
        /// As much as the terminal says, in minor units.
        amount_minor: i64,
        /// What the terminal says of it.
        card: CardDetails,
    },
    /// The terminal refused.
    Declined {
        /// Why.
        failure: PaymentFailure,
        /// What the terminal says of it.
        #[serde(default)]
        card: CardDetails,
    },
    /// Stopped by the customer, the clerk or the box office.
    Cancelled,
    /// Not started before its time was over.
    Expired,
    /// It could not be done.
    Failed {
        /// Why.
        failure: PaymentFailure,
    },
}

impl PaymentOutcome {
    /// The state of a payment that ended so.
    #[must_use]
    pub const fn state(&self) -> PaymentState {
        match self {
            Self::Approved { .. } => PaymentState::Approved,
            Self::Declined { .. } => PaymentState::Declined,
            Self::Cancelled => PaymentState::Cancelled,
            Self::Expired => PaymentState::Expired,
            Self::Failed { .. } => PaymentState::Failed,
        }
    }
}

/// A payment's end with all that is to be kept of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// How it ended.
    #[serde(flatten)]
    pub outcome: PaymentOutcome,
    /// As the terminal gave them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<Receipt>,
}

/// Who said what became of an unknown payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolver {
    /// The terminal, asked afterwards.
    Terminal,
    /// A person, with a reason.
    Person,
}

/// What a terminal's last transaction was before a payment was started: a look-up counts only where
/// it shows a newer one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The last receipt number; `None`: the terminal had done nothing yet, or cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_no: Option<String>,
    /// The last transaction's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal_txn_ref: Option<String>,
}

/// What a terminal is doing, live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressNote {
    /// Stable, snake case: `insert_card`, `enter_pin`, `processing`, `remove_card`, `check_terminal`,
    /// `cancelling`, or `other`.
    pub code: String,
    /// As people read it.
    pub text: String,
}

/// What a terminal asks of the clerk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptKind {
    /// Does the signature match? Yes or no; never answered by software.
    Signature,
    /// Call the issuer and type in the authorisation code.
    Referral,
    /// Go on? Yes or no.
    Confirm,
}

/// A question to the clerk. It does not block: the terminal may move on by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Its number within the payment, from 1.
    pub id: u32,
    /// What is asked.
    pub kind: PromptKind,
    /// As people read it.
    pub text: String,
    /// When the terminal goes on without an answer, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<WallTime>,
}

/// The clerk's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// The authorisation code heard on the telephone, 1 to 12 characters.
    AuthCode(String),
}

/// What a terminal says when it is asked what became of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// It is this one, and it ended so.
    Found {
        /// How.
        settlement: Box<Settlement>,
    },
    /// The protocol proves that it was never done.
    NotProcessed,
    /// It is still at it.
    InProgress,
    /// Only older or other transactions are shown, or the terminal cannot look up: a person decides.
    CannotTell {
        /// What was seen, for people.
        text: String,
    },
    /// The terminal did not answer; it is asked again.
    Unreachable {
        /// What failed, for people.
        text: String,
    },
}

/// A transaction that the terminal did and nobody here asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmatchedTransaction {
    /// In minor units.
    pub amount_minor: i64,
    /// What the terminal says of it.
    pub card: CardDetails,
}
