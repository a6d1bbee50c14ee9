//! `POST /link/v1/payments` and `…/{id}/start`: what an agent tells of payments, and its question whether it
//! may start one.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use cueline_model::limits::{
    OPEN_PAYMENTS_PER_AGENT_MAX, REPORT_ENTRIES_MAX, STATIONS_PER_AGENT_MAX,
};
use cueline_wire::cloud::{
    JournalMark, PaymentReport, PaymentReportReply, StartReply, StartRequest,
};
use http::Request;

use super::signed;
use crate::api::PathId;
use crate::body;
use crate::clock;
use crate::hub::Hub;
use crate::refusal::Refusal;

/// A full report with receipts in its entries.
const REPORT_BYTES_MAX: usize = 4 * 1024 * 1024;
const START_BYTES_MAX: usize = 4 * 1024;
const UNMATCHED_MAX: usize = 8 * STATIONS_PER_AGENT_MAX;
const INSTANCE_DIGITS: usize = 32;

/// Answers after the commit; what the reply names as stored, the agent need not tell again.
pub async fn take(
    State(hub): State<Arc<Hub>>,
    request: Request<Body>,
) -> Result<Json<PaymentReportReply>, Refusal> {
    let (agent, body) = signed::with_body(&hub, request, REPORT_BYTES_MAX).await?;
    let report: PaymentReport = body::parse(&body)?;
    check_mark(&report.journal)?;
    for (what, got, max) in [
        ("entries", report.entries.len(), REPORT_ENTRIES_MAX),
        ("live", report.live.len(), OPEN_PAYMENTS_PER_AGENT_MAX),
        ("unmatched", report.unmatched.len(), UNMATCHED_MAX),
    ] {
        if got > max {
            return Err(Refusal::invalid(
                "report_too_long",
                format!("{what}: expected at most {max} in one report, got {got}; send several"),
            ));
        }
    }
    let reply = hub.store.record_payments(agent.id, report, clock::wall());
    let reply = reply.await?;
    for rejection in &reply.rejected {
        tracing::warn!(agent = %agent.id, seq = rejection.seq, code = %rejection.code, text = %rejection.text, "payment entry refused");
    }
    Ok(Json(reply))
}

/// Answers after the commit: a permission is durable before it is given.
pub async fn start(
    State(hub): State<Arc<Hub>>,
    PathId(payment): PathId,
    request: Request<Body>,
) -> Result<Json<StartReply>, Refusal> {
    let (agent, body) = signed::with_body(&hub, request, START_BYTES_MAX).await?;
    let asked: StartRequest = body::parse(&body)?;
    check_mark(&asked.journal)?;
    let payment = payment.parse().map_err(|_| Refusal::not_found("payment"))?;
    let reply = hub
        .store
        .permit_start(agent.id, payment, asked.journal, clock::wall())
        .await?;
    Ok(Json(reply))
}

fn check_mark(mark: &JournalMark) -> Result<(), Refusal> {
    let instance = &mark.instance;
    let fits = instance.len() == INSTANCE_DIGITS
        && instance.bytes().all(|byte| byte.is_ascii_hexdigit())
        && i64::try_from(mark.opening).is_ok_and(|opening| opening > 0);
    if fits {
        return Ok(());
    }
    Err(Refusal::invalid(
        "invalid_request",
        "journal: expected an opening of 1 or more and an instance of 32 hexadecimal digits",
    ))
}
