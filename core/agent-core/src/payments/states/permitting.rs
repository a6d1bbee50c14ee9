//! The hub is asked whether the payment may still be started: an offer may be old by now.

use std::time::Duration;

use cueline_model::{Baseline, PaymentFailureCode, PaymentOutcome};
use cueline_wire::cloud::{PaymentStep, StartReply};

use crate::payments::event::TrayId;
use crate::payments::not_begun;
use crate::payments::payment::{Payment, State};
use crate::payments::turn::Turn;

/// The pause before a hub that could not be asked is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(2);

pub(super) fn enter(held: &mut Payment, tray: TrayId, baseline: Option<Baseline>, turn: &Turn<'_>) {
    held.state = State::Permitting {
        tray,
        baseline,
        ask_at: Some(turn.now),
    };
}

/// Whether the hub is to be asked now.
pub(crate) fn advance(held: &mut Payment, turn: &mut Turn<'_>) -> bool {
    let is_expired = held.is_expired(turn.hub_at_least);
    let State::Permitting { ask_at, .. } = &mut held.state else {
        return false;
    };
    if is_expired {
        held.end(PaymentOutcome::Expired, turn);
        return false;
    }
    ask_at.take_if(|at| *at <= turn.now).is_some()
}

pub(crate) fn unanswered(held: &mut Payment, turn: &Turn<'_>) {
    if let State::Permitting { ask_at, .. } = &mut held.state {
        ask_at.get_or_insert(turn.now + ASK_AGAIN);
    }
}

/// From the hub's permission on only this agent ends the payment.
pub(crate) fn answered(held: &mut Payment, reply: StartReply, turn: &mut Turn<'_>) {
    let State::Permitting { tray, baseline, .. } = &held.state else {
        return;
    };
    if held.is_expired(turn.hub_at_least) {
        held.end(PaymentOutcome::Expired, turn);
    } else if reply.granted {
        let (tray, baseline) = (*tray, baseline.clone());
        held.state = State::Starting {
            tray,
            baseline: baseline.clone(),
        };
        turn.step(held.id, PaymentStep::Started { baseline });
    } else {
        let reason = reply
            .reason
            .unwrap_or_else(|| "it gave no reason".to_owned());
        let text = format!("the box office does not want it started any more: {reason}");
        held.fail(
            not_begun(PaymentFailureCode::NotPermitted, true, text),
            turn,
        );
    }
}
