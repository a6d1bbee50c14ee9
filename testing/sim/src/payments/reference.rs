//! What was claimed about payments, and the rules that claims are held to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cueline_model::{PaymentId, WallTime};

/// The hub's reply and a slow disk may take so long after the hub's permission.
const LATE_MS_MAX: i64 = 5_000;

/// A rule that must always hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The money of a payment moves at most once.
    MoneyMovesOnce,
    /// Approved means that its terminal's ledger holds exactly one charge of it.
    ApprovedIsInTheLedger,
    /// Any other end means that the ledger holds none.
    NotMovedIsNotInTheLedger,
    /// What the ledger holds, the box office knows of, or a person is told to look.
    ApprovalsAreNotLost,
    /// Every payment ends, or is unknown and waits for a person for a stated reason.
    EverythingEnds,
    /// An end, once recorded, never changes.
    EndsNeverChange,
    /// A terminal is told to begin at most once for each payment.
    BegunOnce,
    /// A terminal is told to begin only when the start is durable.
    JournalBeforeBegin,
    /// A terminal's result is acknowledged only when it is durable.
    JournalBeforeAck,
    /// Nothing is reported before it is durable.
    JournalBeforeReport,
    /// A terminal begins only what the hub has permitted.
    PermittedBeforeBegin,
    /// A terminal is told to begin in the payment's time, but for what a reply and a slow disk take.
    BegunInTime,
    /// The core does not ask to be woken in vain.
    NoBusyLoop,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A rule that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// How.
    pub text: String,
    /// About which payment.
    pub payment: Option<PaymentId>,
}

/// What was claimed so far.
#[derive(Debug, Default)]
pub struct Reference {
    unwatched: bool,
    violation: Option<Violation>,
    begun: BTreeSet<PaymentId>,
    /// The till slept, and its wall clock was set: both of its clocks were blind at once, and what was
    /// permitted just before may be begun late.
    pub slept: bool,
    /// See [`Reference::slept`].
    pub clock_set: bool,
    /// When each is to be started at the latest.
    pub start_by: BTreeMap<PaymentId, WallTime>,
    /// How often each was unknown at the hub.
    pub was_unknown: BTreeMap<PaymentId, u32>,
}

impl Reference {
    /// `unwatched`: rules about the moment are not looked at, only what comes of breaking them.
    #[must_use]
    pub fn new(unwatched: bool) -> Self {
        Self {
            unwatched,
            ..Self::default()
        }
    }

    /// The first rule that did not hold.
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// A rule does not hold. Only the first counts.
    pub fn violated(&mut self, rule: Rule, payment: Option<PaymentId>, text: impl Into<String>) {
        let of_the_moment = matches!(
            rule,
            Rule::BegunOnce
                | Rule::JournalBeforeBegin
                | Rule::JournalBeforeAck
                | Rule::JournalBeforeReport
                | Rule::PermittedBeforeBegin
        );
        if self.violation.is_none() && !(self.unwatched && of_the_moment) {
            self.violation = Some(Violation {
                rule,
                text: text.into(),
                payment,
            });
        }
    }

    /// A rule is to hold for a payment.
    pub fn expect(
        &mut self,
        holds: bool,
        rule: Rule,
        payment: PaymentId,
        text: impl FnOnce() -> String,
    ) {
        if !holds {
            self.violated(rule, Some(payment), text());
        }
    }

    /// A terminal was told to begin when it was really this time.
    pub fn begun(&mut self, payment: PaymentId, true_wall: WallTime) {
        if let Some(start_by) = self.start_by.get(&payment) {
            let late_ms = true_wall.ms_since(*start_by);
            let blind = self.slept && self.clock_set;
            self.expect(
                blind || late_ms <= LATE_MS_MAX,
                Rule::BegunInTime,
                payment,
                || format!("it is begun {late_ms} ms after its time"),
            );
        }
        let first = self.begun.insert(payment);
        self.expect(first, Rule::BegunOnce, payment, || {
            "its terminal is told to begin once more".to_owned()
        });
    }
}
