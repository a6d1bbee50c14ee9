//! What the hub is asked about payments, on the short connection.

use cueline_agent_core::ReportId;
use cueline_agent_core::payments::Event;
use cueline_model::PaymentId;
use cueline_wire::cloud::{JournalMark, PaymentReport, StartReply, StartRequest, path};
use http::Method;

use crate::hub::{Ask, AskError, HubClient, decoded};

/// Tells the hub what became of payments.
pub async fn report(hub: &HubClient, report: ReportId, body: &PaymentReport) -> Event {
    let ask = Ask::new(Method::POST, path::PAYMENTS).json(body);
    let answer = hub.ask(&ask).await;
    match answer.and_then(|answer| decoded(answer.body())) {
        Ok(reply) => Event::ReportAnswered { report, reply },
        Err(error) => {
            let code = match &error {
                AskError::Refused(refusal) => Some(refusal.code.clone()),
                AskError::NoAnswer(_) | AskError::Unreadable(_) => None,
            };
            log("tell the hub of payments", &error);
            Event::ReportFailed { report, code }
        }
    }
}

/// Asks whether a payment may still be started.
pub async fn start(hub: &HubClient, payment: PaymentId, journal: JournalMark) -> Event {
    let ask = Ask::new(Method::POST, path::payment_start(payment)).json(&StartRequest { journal });
    let answer = hub.ask(&ask).await;
    match answer.and_then(|answer| decoded::<StartReply>(answer.body())) {
        Ok(reply) => Event::StartAnswered { payment, reply },
        Err(AskError::Refused(refusal)) if is_final(refusal.status) => {
            let reply = StartReply {
                granted: false,
                reason: Some(refusal.text),
            };
            Event::StartAnswered { payment, reply }
        }
        Err(error) => {
            log("ask whether a payment may be started", &error);
            Event::StartUnanswered { payment }
        }
    }
}

/// Whether a status says no for good; a busy hub is asked again.
fn is_final(status: u16) -> bool {
    (400..500).contains(&status) && !matches!(status, 401 | 408 | 429)
}

/// Where the hub cannot be reached the link says so; here it would only be said twice.
fn log(attempt: &str, error: &AskError) {
    match error {
        AskError::NoAnswer(_) => tracing::debug!("{attempt}: {error}"),
        AskError::Refused(_) | AskError::Unreadable(_) => tracing::warn!("{attempt}: {error}"),
    }
}
