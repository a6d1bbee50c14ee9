//! A payment as the box office is shown it.

use cueline_model::{CardDetails, PaymentOutcome};
use cueline_wire::Timestamp;
use cueline_wire::api::{self, Alert, Waiting};

use super::Payment;

/// What is known of a payment's agent at the moment it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// Whether the agent holds a link and is heard.
    pub agent_online: bool,
    /// Whether the agent was removed.
    pub agent_revoked: bool,
}

/// Why a payment does not go on at the moment; `None` when it does or has ended.
#[must_use]
pub fn waiting(payment: &Payment, around: Surroundings) -> Option<Waiting> {
    if payment.state.is_settled() {
        return None;
    }
    let waiting = |code: &str, text: &str| {
        Some(Waiting {
            code: code.to_owned(),
            text: text.to_owned(),
        })
    };
    if around.agent_revoked {
        return waiting(
            "agent_revoked",
            "the agent was removed while this payment may have been at the terminal; look at the terminal's own list and decide",
        );
    }
    if !around.agent_online {
        let text = if payment.may_be_ended_here() {
            "the agent is offline; nothing was started, and the payment expires unless it is back in time"
        } else {
            "the agent is offline; the payment may be at the terminal, and the agent tells what became of it when it is back"
        };
        return waiting("agent_offline", text);
    }
    match &payment.unknown {
        Some(unknown) if !unknown.asking => waiting(
            "decision",
            "the terminal cannot say what became of it; somebody has to look and decide",
        ),
        _ => None,
    }
}

/// The payment as the API's resource, with its alerts.
#[must_use]
pub fn payment(payment: &Payment, alerts: Vec<Alert>, around: Surroundings) -> api::Payment {
    let (failure, card) = match &payment.outcome {
        Some(PaymentOutcome::Approved { card, .. }) => (None, card.clone()),
        Some(PaymentOutcome::Declined { failure, card }) => (Some(failure.clone()), card.clone()),
        Some(PaymentOutcome::Failed { failure }) => (Some(failure.clone()), CardDetails::default()),
        Some(PaymentOutcome::Cancelled | PaymentOutcome::Expired) | None => {
            (None, CardDetails::default())
        }
    };
    let place = &payment.place;
    api::Payment {
        id: payment.id,
        kind: payment.kind,
        state: payment.state,
        version: payment.version,
        certainty: payment.certainty(),
        amount_minor: payment.amount_minor,
        currency: payment.currency,
        original: payment.original.as_ref().map(|original| original.payment),
        order_ref: payment.order_ref.clone(),
        attempt_no: payment.attempt_no,
        agent: place.agent,
        station: place.station,
        station_name: place.station_name.clone(),
        terminal: place.terminal,
        terminal_name: place.terminal_name.clone(),
        clerk_ref: payment.clerk_ref.clone(),
        created_at: Timestamp(payment.created_at),
        start_by: Timestamp(payment.start_by),
        start_permitted_at: payment.start_permitted_at.map(Timestamp),
        cancel_requested_at: payment.cancel_requested_at.map(Timestamp),
        settled_at: payment.settled_at.map(Timestamp),
        progress: payment.progress.clone(),
        prompt: payment.prompt.clone(),
        failure,
        unknown: payment.unknown.clone(),
        approved_amount_minor: payment.approved_amount_minor(),
        auth_code: card.auth_code,
        terminal_txn_ref: card.terminal_txn_ref,
        receipt_no: card.receipt_no,
        last4: card.last4,
        scheme: card.scheme,
        entry_mode: card.entry_mode,
        receipts: payment.receipts.clone(),
        evidence: payment.evidence.clone(),
        resolved_by: payment.resolved_by,
        decision: payment.decision.clone(),
        supersede: payment.supersede.clone(),
        waiting: waiting(payment, around),
        alerts,
    }
}
