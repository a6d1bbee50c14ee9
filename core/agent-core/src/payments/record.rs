//! What is remembered of payments, and what is found again after a crash.

use cueline_model::{PaymentId, PaymentOrder, WallTime};
use cueline_wire::cloud::{JournalMark, PaymentEntry};

/// One line of the journal of payments. Entries stay until the hub has stored them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A payment is this agent's from now on.
    Accepted {
        /// Told to the hub.
        entry: PaymentEntry,
        /// What to do.
        order: PaymentOrder,
        /// Not to be started after this, on the hub's clock.
        start_by: WallTime,
    },
    /// A payment went a step on; of one that was never accepted the entry alone is kept.
    Step(PaymentEntry),
    /// The hub has stored (or will never store) these entries, by number.
    Told(Vec<u64>),
    /// Payments that need not be remembered any longer.
    Forgotten(Vec<PaymentId>),
}

/// A payment found in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveredPayment {
    /// Which.
    pub payment: PaymentId,
    /// What was to be done.
    pub order: PaymentOrder,
    /// Not to be started after this, on the hub's clock.
    pub start_by: WallTime,
    /// What became of it, oldest first: at least its acceptance.
    pub entries: Vec<PaymentEntry>,
}

/// Everything found in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// All payments that were not forgotten, in order of acceptance.
    pub payments: Vec<RecoveredPayment>,
    /// Entries not yet known to be stored at the hub, in order.
    pub untold: Vec<PaymentEntry>,
    /// The number of the next entry; never one that was given before.
    pub next_seq: u64,
    /// This opening of the journal.
    pub mark: JournalMark,
}

impl Recovered {
    /// The newest time in it: the hub's clock had come as far.
    pub(super) fn newest_at(&self) -> Option<WallTime> {
        let entries = self.payments.iter().flat_map(|found| &found.entries);
        entries.map(|entry| entry.at).max()
    }
}
