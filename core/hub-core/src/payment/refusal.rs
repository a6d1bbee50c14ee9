//! Every way to refuse a payment or something asked about one.

use cueline_model::limits::{
    ATTEMPTS_PER_ORDER_MAX, OPEN_PAYMENTS_PER_AGENT_MAX, PAYMENT_AMOUNT_MINOR_MAX,
};
use cueline_model::{PaymentId, PaymentState};
use cueline_wire::Problem;

use crate::store::StoreError;
use crate::submit::store_problem;

/// When to try again after too many payments were open.
const FULL_RETRY_AFTER_S: u32 = 10;

/// Why a payment was not taken, or something about it not done. Nothing was changed, and no money
/// moves because of the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentRefusal {
    /// Without a key a lost answer could charge twice.
    #[error(
        "a payment needs an Idempotency-Key: send one of your own for each payment, and the same one when you repeat the request"
    )]
    KeyRequired,
    /// The key names another request.
    #[error(
        "this Idempotency-Key was used before with a different request; use a fresh key for a new payment"
    )]
    KeyReused,
    /// Something that is needed is not given, or the other way round.
    #[error("{field}: {reason}")]
    FieldInvalid {
        /// Which.
        field: &'static str,
        /// What is wrong and what to do.
        reason: String,
    },
    /// What may be a card number is kept nowhere.
    #[error(
        "{field} holds what may be a card number; card numbers are not taken here, give a name of your own"
    )]
    CardNumber {
        /// Which.
        field: &'static str,
    },
    /// The amount is out of range.
    #[error("amount_minor: expected 1 to {PAYMENT_AMOUNT_MINOR_MAX} in minor units, got {got}")]
    AmountInvalid {
        /// As asked for.
        got: i64,
    },
    /// Its time is over already.
    #[error("start_by is {late_ms} ms ago by the hub's clock; the payment could never be started")]
    Expired {
        /// By how much.
        late_ms: i64,
    },
    /// No desk of the tenant is meant.
    #[error(
        "there is no station {station:?}; list them with GET /v1/stations, and start the tray where it is missing"
    )]
    NoStation {
        /// As asked for, cut to 80 characters.
        station: String,
    },
    /// Several desks of that name, or several trays that answer for one.
    #[error(
        "{count} trays answer for station {station:?}; name it by its id (GET /v1/stations), or close all of its trays but one"
    )]
    AmbiguousStation {
        /// As asked for.
        station: String,
        /// How many.
        count: usize,
    },
    /// Its agent is there and its tray is not.
    #[error("no tray is running at station {station}; log in there, or use another station")]
    StationOffline {
        /// Which.
        station: String,
    },
    /// The station has no such terminal, or none at all.
    #[error("station {station} has no terminal {terminal:?}; it has: {has}")]
    NoTerminal {
        /// Which station.
        station: String,
        /// As asked for.
        terminal: String,
        /// What there is, separated by commas.
        has: String,
    },
    /// The station has several, and none was named.
    #[error("station {station} has several terminals ({has}); name one as `terminal`")]
    AmbiguousTerminal {
        /// Which station.
        station: String,
        /// What there is, separated by commas.
        has: String,
    },
    /// The agent was removed.
    #[error("the agent of this station was removed; register the machine again or use another")]
    AgentRevoked,
    /// As many payments are open at the agent as may be.
    #[error(
        "{OPEN_PAYMENTS_PER_AGENT_MAX} payments of this agent have not ended yet; wait for some"
    )]
    TooManyOpen,
    /// There is no such sale to take back.
    #[error("there is no payment {original} to take back; check `original`")]
    UnknownOriginal {
        /// As asked for.
        original: PaymentId,
    },
    /// It cannot be taken back.
    #[error("payment {original} cannot be taken back: {reason}")]
    OriginalUnfit {
        /// Which.
        original: PaymentId,
        /// Why.
        reason: String,
    },
    /// A void or refund of it is open, unknown or done.
    #[error("payment {by} takes {original} back already and is {state}; look at that one")]
    TakenBack {
        /// What is to be taken back.
        original: PaymentId,
        /// By which payment.
        by: PaymentId,
        /// Where that one stands.
        state: PaymentState,
    },
    /// An earlier attempt at the order has not been started and not ended.
    #[error(
        "payment {attempt} for order {order_ref} is {state}; cancel it first or wait for its end"
    )]
    OrderInProgress {
        /// Which order.
        order_ref: String,
        /// Which attempt.
        attempt: PaymentId,
        /// Where it stands.
        state: PaymentState,
    },
    /// An earlier attempt at the order may have charged the card.
    #[error(
        "payment {attempt} for order {order_ref} may have charged the card (it is {state}); find out first, or say with `supersede` who takes it upon them and why"
    )]
    OrderUnknown {
        /// Which order.
        order_ref: String,
        /// Which attempt.
        attempt: PaymentId,
        /// Where it stands.
        state: PaymentState,
    },
    /// That attempt at the order was made already under another key.
    #[error(
        "attempt {attempt_no} at order {order_ref} is payment {attempt}; repeat it under its own Idempotency-Key, or make the next attempt"
    )]
    AttemptTaken {
        /// Which order.
        order_ref: String,
        /// Its number.
        attempt_no: u32,
        /// Which payment.
        attempt: PaymentId,
    },
    /// Too many attempts at one order.
    #[error(
        "order {order_ref} has {ATTEMPTS_PER_ORDER_MAX} attempts; something is wrong there, look at them before you go on"
    )]
    TooManyAttempts {
        /// Which order.
        order_ref: String,
    },
    /// It has ended.
    #[error("the payment is {state} already; take an approved one back with a void")]
    TooLate {
        /// How.
        state: PaymentState,
    },
    /// That prompt is not shown (any more).
    #[error(
        "the terminal does not wait for an answer to prompt {prompt}; look at the payment again"
    )]
    NoPrompt {
        /// Its number.
        prompt: u32,
    },
    /// The answer does not fit the prompt.
    #[error("answer: expected {expected}")]
    AnswerInvalid {
        /// What would do.
        expected: &'static str,
    },
    /// It is known what became of it, or it is still being done.
    #[error("the payment is {state} and not unknown")]
    NotUnknown {
        /// Where it stands.
        state: PaymentState,
    },
    /// Somebody decided otherwise.
    #[error("{by} decided before that it was {decision}; a decision never changes")]
    DecidedBefore {
        /// What.
        decision: &'static str,
        /// Who.
        by: String,
    },
    /// The agent's journal is a copy, or an older one put back.
    #[error(
        "a later opening of this agent's journal of payments is known here; this machine was copied or put back to an earlier state: register it anew"
    )]
    StaleJournal,
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PaymentRefusal {
    /// Stable code, snake case, and the HTTP status (RFC 9110 section 15).
    #[must_use]
    pub const fn code_and_status(&self) -> (&'static str, u16) {
        match self {
            Self::KeyRequired => ("idempotency_key_required", 400),
            Self::KeyReused => ("idempotency_mismatch", 422),
            Self::FieldInvalid { .. } => ("invalid_request", 422),
            Self::CardNumber { .. } => ("card_number_refused", 422),
            Self::AmountInvalid { .. } => ("amount_invalid", 422),
            Self::Expired { .. } => ("expired", 422),
            Self::NoStation { .. } => ("no_station", 422),
            Self::AmbiguousStation { .. } => ("ambiguous_station", 409),
            Self::StationOffline { .. } => ("station_offline", 409),
            Self::NoTerminal { .. } => ("no_terminal", 422),
            Self::AmbiguousTerminal { .. } => ("ambiguous_terminal", 422),
            Self::AgentRevoked => ("agent_revoked", 409),
            Self::TooManyOpen => ("too_many_open", 429),
            Self::UnknownOriginal { .. } => ("unknown_original", 422),
            Self::OriginalUnfit { .. } => ("original_unfit", 409),
            Self::TakenBack { .. } => ("taken_back", 409),
            Self::OrderInProgress { .. } => ("order_in_progress", 409),
            Self::OrderUnknown { .. } => ("order_unknown", 409),
            Self::AttemptTaken { .. } => ("attempt_taken", 409),
            Self::TooManyAttempts { .. } => ("too_many_attempts", 409),
            Self::TooLate { .. } => ("too_late", 409),
            Self::NoPrompt { .. } => ("no_prompt", 409),
            Self::AnswerInvalid { .. } => ("answer_invalid", 422),
            Self::NotUnknown { .. } => ("not_unknown", 409),
            Self::DecidedBefore { .. } => ("decided_before", 409),
            Self::StaleJournal => ("stale_journal", 409),
            Self::Store(_) => ("internal", 500),
        }
    }

    /// The refusal as a problem document.
    #[must_use]
    pub fn problem(&self) -> Problem {
        if let Self::Store(error) = self {
            return store_problem(error);
        }
        let (code, status) = self.code_and_status();
        Problem {
            retry_after_s: matches!(self, Self::TooManyOpen).then_some(FULL_RETRY_AFTER_S),
            ..Problem::new(status, code, self.to_string())
        }
    }
}
