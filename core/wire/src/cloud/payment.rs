//! Payments between hub and agent: offers and wishes down the held request, the agent's journal up.

use cueline_model::{
    AgentId, Answer, Baseline, PaymentId, PaymentOrder, ProgressNote, Prompt, Resolver, Settlement,
    StationName, TerminalName, TerminalProtocol, UnmatchedTransaction, WallTime,
};
use serde::{Deserialize, Serialize};

use super::report::Rejection;
use crate::Base64Bytes;

/// A payment with all an agent needs to do it, signed by the hub. Offered on every new link until the
/// agent has acknowledged it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentOffer {
    /// Which; the key an agent dedups by.
    pub payment: PaymentId,
    /// What to do.
    pub order: PaymentOrder,
    /// Not to be started after this time on the hub's clock, ms since 1970.
    pub start_by: WallTime,
    /// The hub's Ed25519 signature (RFC 8032) over [`PaymentOffer::signed_text`], 64 bytes.
    pub signature: Base64Bytes,
}

impl PaymentOffer {
    /// What the hub signs for `agent`.
    #[must_use]
    pub fn signed_text(&self, agent: AgentId) -> String {
        let order = serde_json::to_string(&self.order).expect("plain data becomes JSON");
        format!(
            "cueline-payment-v1\nagent: {agent}\npayment: {}\nstart_by: {}\norder: {order}\n",
            self.payment, self.start_by.0
        )
    }
}

/// What the box office or a person wishes of a payment at the agent. Said again on every new link
/// while it holds; doing it twice changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentWish {
    /// Which payment.
    pub payment: PaymentId,
    /// What.
    #[serde(flatten)]
    pub wish: Wish,
}

/// The kinds of wishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "wish", rename_all = "snake_case")]
pub enum Wish {
    /// Stop it, where it can still be stopped.
    Cancel,
    /// The clerk's answer, given at the box office.
    Answer {
        /// The prompt's number.
        prompt: u32,
        /// The answer.
        answer: Answer,
    },
    /// Ask the terminal again what became of it.
    LookUp,
    /// A person has decided what became of it; the terminal is free again.
    Decided,
}

/// Which opening of which journal speaks, so that a copied or restored machine is found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalMark {
    /// Counts the journal's openings, from 1.
    pub opening: u64,
    /// Made anew at each opening: 32 hexadecimal digits.
    pub instance: String,
}

/// What the agent tells of payments. Sending it again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentReport {
    /// Who speaks. A hub that knows a later opening, or the same one of another instance, refuses
    /// with `stale_journal`.
    pub journal: JournalMark,
    /// Journal entries not yet known to be stored, in order, at most
    /// [`cueline_model::limits::REPORT_ENTRIES_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<PaymentEntry>,
    /// What is going on now; not durable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub live: Vec<LivePayment>,
    /// Transactions that terminals did by themselves; repeated until the report is answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmatched: Vec<UnmatchedAt>,
}

/// One entry of the agent's journal of payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentEntry {
    /// The entry's number in the agent's journal of payments, rising.
    pub seq: u64,
    /// Which payment.
    pub payment: PaymentId,
    /// When, on the hub's clock as the agent knows it, ms since 1970.
    pub at: WallTime,
    /// What.
    #[serde(flatten)]
    pub step: PaymentStep,
}

/// A step of a payment at the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum PaymentStep {
    /// Durable at the agent.
    Accepted,
    /// The terminal may be asked from now on.
    Started {
        /// What its last transaction was before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        baseline: Option<Baseline>,
    },
    /// It may have been done; the terminal is being asked, or a person is to decide.
    Unknown {
        /// What went wrong, for people.
        text: String,
        /// Whether software can still find out. If not, only a person can decide.
        asking: bool,
    },
    /// It has ended. `resolver` is given where it was unknown before.
    Ended {
        /// How.
        settlement: Box<Settlement>,
        /// Who found out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resolver: Option<Resolver>,
    },
    /// A receipt that came after the end.
    Receipt {
        /// The receipt.
        receipt: cueline_model::Receipt,
    },
}

/// What is going on at the terminal now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LivePayment {
    /// Which payment.
    pub payment: PaymentId,
    /// What the terminal is doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<ProgressNote>,
    /// What it asks of the clerk; `None`: nothing (any more).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Prompt>,
}

/// A transaction that a terminal did by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmatchedAt {
    /// Its station.
    pub station: StationName,
    /// Which terminal.
    pub terminal: TerminalName,
    /// When it was seen, on the hub's clock as the agent knows it.
    pub at: WallTime,
    /// What.
    pub transaction: UnmatchedTransaction,
}

/// What the hub did with a report of payments.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PaymentReportReply {
    /// Numbers of the entries that are durable at the hub; the agent need not tell them again.
    pub stored: Vec<u64>,
    /// Entries the hub will never store; the agent logs them and lets go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Rejection>,
}

/// The agent asks whether a payment may still be started, just before it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartRequest {
    /// Who speaks.
    pub journal: JournalMark,
}

/// The hub's permission to start, durable at the hub before it is given: from then on only the agent
/// ends the payment. Asking again gives the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartReply {
    /// Whether it may be started.
    pub granted: bool,
    /// Why not, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One desk of the till, there while its tray is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StationDescription {
    /// Its name on this agent. Two descriptions with one name: two trays answer for it.
    pub name: StationName,
    /// Who is logged in, for people.
    pub user: String,
    /// Its terminals.
    pub terminals: Vec<TerminalDescription>,
}

/// One card terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalDescription {
    /// Its name at its station.
    pub name: TerminalName,
    /// What it speaks.
    pub protocol: TerminalProtocol,
}
