//! One card payment at the hub and every step it can take.
//!
//! Two parties move a payment: the agent, whose journal entries say what happened at the terminal, and
//! the hub. The line between them is [`Payment::start_permitted_at`]: an agent asks the hub just
//! before it starts, and the permission is durable here before it is given.
//!
//! - Without it nothing can have reached a terminal. The hub may cancel or expire the payment at once,
//!   wherever it is, because a permission asked for later is refused.
//! - With it only the terminal's word, or a person's, ends the payment. A cancel is a wish.
//!
//! An end never changes, with one exception: an approval wins over whatever said that no money moved,
//! because an approval must not be lost. It then raises an alert.
//!
//! The steps are in [`record`] (the agent's word), [`decide`] (the hub's and people's), the checks
//! before it is made in [`check`], and what they do to a store in [`flow`].

pub mod alarm;
pub mod check;
pub mod contract;
pub mod decide;
pub mod flow;
pub mod memory;
pub mod record;
pub mod refusal;
pub mod rows;
pub mod view;

use std::time::Duration;

use cueline_model::{
    AgentId, Answer, Baseline, Certainty, Currency, Original, PaymentId, PaymentKind, PaymentOrder,
    PaymentOutcome, PaymentState, ProgressNote, Prompt, Receipt, Resolver, Sha256, SiteId,
    StationId, StationName, TenantId, TerminalId, TerminalName, WallTime,
};
use cueline_wire::Timestamp;
use cueline_wire::api::{Evidence, PaymentDecision, Supersede, Unknown};
use serde::{Deserialize, Serialize};

pub use alarm::NewAlert;
pub use refusal::PaymentRefusal;
pub use rows::PaymentRows;

/// Entries kept of one payment's evidence; beyond that those in the middle are left out.
pub const EVIDENCE_ENTRIES_MAX: usize = 64;
/// Of evidence that is full, this many of the first entries stay.
const EVIDENCE_ENTRIES_FIRST: usize = 24;
/// A payment that has been at its terminal for longer, with no end told, is somebody's to look at.
pub const OVERDUE_AFTER: Duration = Duration::from_secs(15 * 60);
/// Receipts kept of one payment.
pub const RECEIPTS_MAX: usize = 16;

/// The client's own name for the request that made a payment; kept as long as the payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestKey {
    /// The `Idempotency-Key` header, 1 to 255 characters; scoped to its tenant.
    pub key: String,
    /// Digest of what was asked.
    pub request: Sha256,
}

/// Where a payment is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Where the agent stands.
    pub site: SiteId,
    /// Who does it.
    pub agent: AgentId,
    /// The desk.
    pub station: StationId,
    /// Its name on its agent.
    pub station_name: StationName,
    /// The terminal.
    pub terminal: TerminalId,
    /// Its name at its station.
    pub terminal_name: TerminalName,
}

/// A payment that has passed [`check::check`] and is not stored yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayment {
    /// Fresh.
    pub id: PaymentId,
    /// Whose.
    pub tenant: TenantId,
    /// The request that makes it.
    pub request: RequestKey,
    /// Where.
    pub place: Place,
    /// What is done.
    pub kind: PaymentKind,
    /// In minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// The sale that is taken back, as its terminal knows it.
    pub original: Option<Original>,
    /// The box office's own name for what is paid.
    pub order_ref: Option<String>,
    /// Which attempt at it; `None`: the next.
    pub attempt_no: Option<u32>,
    /// Who serves the customer.
    pub clerk_ref: Option<String>,
    /// Not to be started later than this.
    pub start_by: WallTime,
    /// Who lets it be made although an earlier attempt is unknown.
    pub supersede: Option<Supersede>,
}

/// Who ended a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The hub, before it permitted the start.
    Hub,
    /// The agent: the terminal's word, or that it was never asked.
    Agent,
    /// A person.
    Person,
}

/// A payment as the hub keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Which.
    pub id: PaymentId,
    /// Whose.
    pub tenant: TenantId,
    /// The request that made it.
    pub request: RequestKey,
    /// Where.
    pub place: Place,
    /// What is done.
    pub kind: PaymentKind,
    /// In minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// The sale that is taken back.
    pub original: Option<Original>,
    /// The box office's own name for what is paid.
    pub order_ref: Option<String>,
    /// Which attempt at it, from 1.
    pub attempt_no: u32,
    /// Who serves the customer.
    pub clerk_ref: Option<String>,
    /// Who let it be made although an earlier attempt was unknown.
    pub supersede: Option<Supersede>,
    /// When the hub took it.
    pub created_at: WallTime,
    /// Not to be started later than this.
    pub start_by: WallTime,
    /// Where it stands.
    pub state: PaymentState,
    /// Rises with every change, from 1.
    pub version: u64,
    /// Since when the agent may have it; `None`: it certainly has not.
    pub offered_at: Option<WallTime>,
    /// See the module's head.
    pub start_permitted_at: Option<WallTime>,
    /// When its cancellation was first asked for.
    pub cancel_requested_at: Option<WallTime>,
    /// When a look-up was last asked for, until something comes of it.
    pub look_up_requested_at: Option<WallTime>,
    /// When it ended.
    pub settled_at: Option<WallTime>,
    /// Whether the agent's journal has said that it started.
    pub started_at_agent: bool,
    /// Whether somebody was told that no end is heard of.
    pub overdue_told: bool,
    /// What the terminal's last transaction was before.
    pub baseline: Option<Baseline>,
    /// What the terminal is doing.
    pub progress: Option<ProgressNote>,
    /// What it asks of the clerk.
    pub prompt: Option<Prompt>,
    /// The clerk's answer to that prompt, to be told to the agent.
    pub answer: Option<Answer>,
    /// What is not known.
    pub unknown: Option<Unknown>,
    /// How it ended.
    pub outcome: Option<PaymentOutcome>,
    /// Who ended it.
    pub ended_by: Option<EndedBy>,
    /// Whether the agent's journal has said that it ended, so that nothing is left to be said to it.
    pub ended_at_agent: bool,
    /// Who said what became of it, where it was unknown.
    pub resolved_by: Option<Resolver>,
    /// A person's decision.
    pub decision: Option<PaymentDecision>,
    /// As the terminal gave them, card numbers masked; at most [`RECEIPTS_MAX`].
    pub receipts: Vec<Receipt>,
    /// What was seen when, oldest first; at most [`EVIDENCE_ENTRIES_MAX`].
    pub evidence: Vec<Evidence>,
    /// The newest of the agent's journal entries applied, so that a late second delivery of an older
    /// one does not turn the payment back.
    pub newest_entry_seq: Option<u64>,
}

/// Who saw or did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seer {
    Hub,
    Agent,
    Person,
}

impl Seer {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Agent => "agent",
            Self::Person => "person",
        }
    }
}

impl NewPayment {
    /// The payment as it is first stored.
    #[must_use]
    pub fn into_payment(self, attempt_no: u32, now: WallTime) -> Payment {
        let mut payment = Payment {
            id: self.id,
            tenant: self.tenant,
            request: self.request,
            place: self.place,
            kind: self.kind,
            amount_minor: self.amount_minor,
            currency: self.currency,
            original: self.original,
            order_ref: self.order_ref,
            attempt_no,
            clerk_ref: self.clerk_ref,
            supersede: self.supersede,
            created_at: now,
            start_by: self.start_by,
            state: PaymentState::Queued,
            version: 0,
            offered_at: None,
            start_permitted_at: None,
            cancel_requested_at: None,
            look_up_requested_at: None,
            settled_at: None,
            started_at_agent: false,
            overdue_told: false,
            baseline: None,
            progress: None,
            prompt: None,
            answer: None,
            unknown: None,
            outcome: None,
            ended_by: None,
            ended_at_agent: false,
            resolved_by: None,
            decision: None,
            receipts: Vec::new(),
            evidence: Vec::new(),
            newest_entry_seq: None,
        };
        payment.note(now, Seer::Hub, PaymentState::Queued.as_str(), None);
        payment
    }
}

impl Payment {
    /// What the agent is asked to do.
    #[must_use]
    pub fn order(&self) -> PaymentOrder {
        PaymentOrder {
            kind: self.kind,
            amount_minor: self.amount_minor,
            currency: self.currency,
            station: self.place.station_name.clone(),
            terminal: self.place.terminal_name.clone(),
            // Of a refund it is the hub's business alone: a terminal makes it of its own right.
            original: match self.kind {
                PaymentKind::Void => self.original.clone(),
                PaymentKind::Sale | PaymentKind::Refund => None,
            },
        }
    }

    /// What is known about the money.
    #[must_use]
    pub const fn certainty(&self) -> Certainty {
        self.state.certainty()
    }

    /// Whether the hub may still end it by itself.
    #[must_use]
    pub const fn may_be_ended_here(&self) -> bool {
        matches!(
            self.state,
            PaymentState::Queued | PaymentState::Delivered | PaymentState::Accepted
        )
    }

    /// Whether money may have moved, may move or has moved with it.
    #[must_use]
    pub const fn counts(&self) -> bool {
        !self.state.is_settled() || matches!(self.state, PaymentState::Approved)
    }

    /// As much as was approved; `None` where it was not, or where only a person said so.
    #[must_use]
    pub fn approved_amount_minor(&self) -> Option<i64> {
        match (&self.outcome, self.ended_by) {
            (Some(PaymentOutcome::Approved { amount_minor, .. }), Some(EndedBy::Agent)) => {
                Some(*amount_minor)
            }
            _ => None,
        }
    }

    /// As a void of it names it; `None` where there is nothing to void.
    #[must_use]
    pub fn as_original(&self) -> Option<Original> {
        match &self.outcome {
            Some(PaymentOutcome::Approved { amount_minor, card })
                if self.kind == PaymentKind::Sale =>
            {
                Some(Original {
                    payment: self.id,
                    amount_minor: *amount_minor,
                    receipt_no: card.receipt_no.clone(),
                    terminal_txn_ref: card.terminal_txn_ref.clone(),
                })
            }
            _ => None,
        }
    }

    /// Ends it.
    pub(crate) fn settle(
        &mut self,
        outcome: PaymentOutcome,
        by: EndedBy,
        at: WallTime,
        detail: Option<String>,
    ) {
        let seer = match by {
            EndedBy::Hub => Seer::Hub,
            EndedBy::Agent => Seer::Agent,
            EndedBy::Person => Seer::Person,
        };
        self.state = outcome.state();
        self.settled_at = Some(at);
        self.ended_by = Some(by);
        self.progress = None;
        self.prompt = None;
        self.answer = None;
        self.unknown = None;
        self.look_up_requested_at = None;
        self.note(at, seer, outcome.state().as_str(), detail);
        self.outcome = Some(outcome);
    }

    /// Keeps what was seen, and counts the change.
    pub(crate) fn note(&mut self, at: WallTime, by: Seer, what: &str, detail: Option<String>) {
        self.version += 1;
        if self.evidence.len() >= EVIDENCE_ENTRIES_MAX {
            self.evidence.remove(EVIDENCE_ENTRIES_FIRST);
        }
        self.evidence.push(Evidence {
            at: Timestamp(at),
            by: by.as_str().to_owned(),
            what: what.to_owned(),
            detail,
        });
    }

    /// An agent's time, kept between the payment's making and now: its clock may be wrong.
    pub(crate) fn within_life(&self, at: WallTime, now: WallTime) -> WallTime {
        at.min(now).max(self.created_at)
    }
}
