//! What a face and the payments say to each other.

use std::time::Duration;

use cueline_model::Mono;

use super::ledger::LedgerEntry;

/// What a till asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A sale.
    Sale {
        /// In minor units.
        amount_minor: i64,
        /// ISO 4217.
        currency: String,
        /// The authorisation code heard on the telephone.
        heard_code: bool,
    },
    /// Money back to a card.
    Refund {
        /// In minor units.
        amount_minor: i64,
        /// ISO 4217.
        currency: String,
    },
    /// Takes one sale back.
    Reversal {
        /// The number on its receipt.
        receipt_no: u32,
    },
}

/// Why a payment was not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// At something else.
    Busy,
    /// Not wanted.
    Refused,
    /// There is no such sale, or it was taken back before.
    NothingToReverse,
}

/// One step of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Waits for a card.
    InsertCard,
    /// Waits for the PIN.
    EnterPin,
    /// Asks the issuer.
    Processing,
    /// Approved, and in the ledger. The face brings [`super::Payments::confirm`].
    Approved {
        /// What is in the ledger.
        entry: Box<LedgerEntry>,
        /// Whether the customer signs.
        signature: bool,
    },
    /// Declined, and in the ledger.
    Declined {
        /// What is in the ledger.
        entry: Box<LedgerEntry>,
        /// The issuer wants to be called.
        referral: bool,
    },
    /// Stopped by the customer or the till; nothing was done.
    Cancelled,
    /// A result that the till did not take was taken back.
    TakenBack(Box<LedgerEntry>),
    /// The link is cut.
    CutLink,
    /// The power fails.
    PowerLoss,
    /// Nothing before this moment, unless the till or the customer does something.
    Wait(Mono),
    /// Nothing until the till or the customer does something.
    Idle,
}

/// How long things take.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Each of the card's steps.
    pub step: Duration,
    /// The wait of [`super::Script::Slow`] and [`super::Script::Unstoppable`].
    pub slow: Duration,
    /// How long a signature may go uncompared before the terminal takes the payment back.
    pub signature: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            step: Duration::ZERO,
            slow: Duration::from_secs(2),
            signature: Duration::from_secs(30),
        }
    }
}

/// How far a payment without a till came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alone {
    /// Nothing before this moment, where there is one.
    Until(Option<Mono>),
    /// The power fails.
    PowerLoss,
}
