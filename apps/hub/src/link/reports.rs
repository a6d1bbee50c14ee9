//! `POST /link/v1/reports`: journal entries to be stored, pongs, printers' states.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use cueline_hub_core::link::Event;
use cueline_model::limits::{PRINTERS_PER_AGENT_MAX, REPORT_ENTRIES_MAX};
use cueline_model::{FailureCode, Outcome};
use cueline_wire::cloud::{ProbeKind, Progress, Report, ReportEntry, ReportReply};
use http::Request;

use super::signed;
use crate::body;
use crate::clock;
use crate::hub::Hub;
use crate::refusal::Refusal;

/// A full report with a long sentence in each entry.
const REPORT_BYTES_MAX: usize = 1024 * 1024;

/// Answers after the commit; what the reply names as stored, the agent may forget.
pub async fn take(
    State(hub): State<Arc<Hub>>,
    request: Request<Body>,
) -> Result<Json<ReportReply>, Refusal> {
    let (agent, body) = signed::with_body(&hub, request, REPORT_BYTES_MAX).await?;
    let report: Report = body::parse(&body)?;
    check(&report)?;
    if !report.printers.is_empty() {
        hub.store
            .set_conditions(agent.id, report.printers, clock::wall())
            .await?;
    }
    if report.entries.is_empty() {
        return Ok(Json(ReportReply::default()));
    }
    let outdated = report.entries.iter().any(was_for_what_is_not_there);
    let recording = hub
        .store
        .record(agent.id, report.entries, clock::wall())
        .await?;
    // What the entries changed the link has been told by the store; that the agent has these jobs
    // is also shown by an entry that came a second time.
    let had = recording
        .touched
        .iter()
        .map(|touched| Event::Acknowledged(touched.key));
    hub.registry.tell_all(agent.id, had);
    if outdated {
        hub.registry
            .tell_all(agent.id, [Event::Probe(ProbeKind::Inventory)]);
    }
    for rejection in &recording.reply.rejected {
        tracing::warn!(agent = %agent.id, seq = rejection.seq, code = %rejection.code, text = %rejection.text, "entry refused");
    }
    Ok(Json(recording.reply))
}

/// Whether a job failed because the till is not set up as the hub believes, such as after the hub was
/// restored from an older copy: an agent tells its inventory only once, and when it is asked.
fn was_for_what_is_not_there(entry: &ReportEntry) -> bool {
    match &entry.progress {
        Progress::Ended(Outcome::Failed { failure }) => matches!(
            failure.code,
            FailureCode::UnknownPrinter | FailureCode::UnsupportedContent
        ),
        _ => false,
    }
}

fn check(report: &Report) -> Result<(), Refusal> {
    for (what, got, max) in [
        ("entries", report.entries.len(), REPORT_ENTRIES_MAX),
        ("printers", report.printers.len(), PRINTERS_PER_AGENT_MAX),
    ] {
        if got > max {
            return Err(Refusal::invalid(
                "report_too_long",
                format!("{what}: expected at most {max} in one report, got {got}; send several"),
            ));
        }
    }
    Ok(())
}
