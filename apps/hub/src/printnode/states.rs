//! A job's states in PrintNode's words.
//!
//! | here | there |
//! |---|---|
//! | queued | `new` |
//! | accepted | `sent_to_client` |
//! | started | `in_progress` |
//! | done | `done`, with a message saying whether the printer proved it |
//! | failed | `error` |
//! | uncertain | `error`, with a message saying that it may be on paper |
//! | expired | `expired` |
//! | cancelled | `deleted` |

use cueline_hub_core::PrintJob;
use cueline_model::{JobState, Outcome, Proof, WallTime};
use cueline_wire::Timestamp;
use cueline_wire::api::TimelineEntry;
use serde::Serialize;

use crate::store::NumberedJob;

/// One state that a job was in.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    print_job_id: u32,
    state: &'static str,
    message: String,
    data: Option<()>,
    client_version: Option<String>,
    create_timestamp: Timestamp,
    /// Seconds since the job was made.
    age: i64,
}

/// PrintNode's word for a state.
pub const fn word(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "new",
        JobState::Accepted => "sent_to_client",
        JobState::Started => "in_progress",
        JobState::Done => "done",
        JobState::Failed | JobState::Uncertain => "error",
        JobState::Expired => "expired",
        JobState::Cancelled => "deleted",
    }
}

/// Where a job stands.
pub const fn current(job: &PrintJob) -> &'static str {
    word(job.state)
}

/// Every state a job was in, oldest first.
pub fn history(numbered: &NumberedJob) -> Vec<State> {
    let job = &numbered.job;
    let agent_version = &numbered.printer.computer.agent.version;
    let mut states: Vec<State> = Vec::new();
    for entry in &job.timeline {
        let Some((state, message)) = step(job, entry) else {
            continue;
        };
        let at_the_hub = state == "new";
        states.push(State {
            print_job_id: numbered.number,
            state,
            message,
            data: None,
            client_version: agent_version.clone().filter(|_| !at_the_hub),
            create_timestamp: entry.at,
            age: since(job.created_at, entry.at),
        });
    }
    states
}

fn since(start: WallTime, at: Timestamp) -> i64 {
    (at.0.ms_since(start) / 1_000).max(0)
}

fn step(job: &PrintJob, entry: &TimelineEntry) -> Option<(&'static str, String)> {
    let detail = entry.detail.as_deref();
    let with = |text: &str| match detail {
        Some(detail) => format!("{text}: {detail}"),
        None => text.to_owned(),
    };
    let known = entry.what.parse::<JobState>().ok();
    Some(match (known, entry.what.as_str()) {
        (Some(state), _) => (word(state), message(job, state)),
        (None, "not_started") => ("sent_to_client", with("waits for the printer")),
        (None, "reprinting") => ("in_progress", with("being printed again")),
        // Asked for, not done: the job is `deleted` only once nothing can be printed any more.
        (None, "cancel_requested") => return None,
        (None, "resolved") => (current(job), with("somebody looked into it")),
        (None, other) => (current(job), with(other)),
    })
}

/// What is said of a job that came to `state`.
pub fn message(job: &PrintJob, state: JobState) -> String {
    match state {
        JobState::Queued => created(job),
        JobState::Accepted => "stored at the till".to_owned(),
        JobState::Started => "being printed".to_owned(),
        ended => end(job, ended),
    }
}

fn created(job: &PrintJob) -> String {
    let left_out: Vec<_> = job.notes.iter().map(|note| note.text.as_str()).collect();
    if left_out.is_empty() {
        "print job created".to_owned()
    } else {
        format!(
            "print job created; printed without: {}",
            left_out.join("; ")
        )
    }
}

fn end(job: &PrintJob, state: JobState) -> String {
    match &job.outcome {
        Some(Outcome::Done { proof }) => match proof {
            Proof::Printed => "printed: the printer said so itself".to_owned(),
            Proof::Sent => "sent to the printer, which cannot say whether it printed".to_owned(),
            Proof::Spooled => "handed to the print queue, which sees to it".to_owned(),
        },
        Some(Outcome::Failed { failure }) => format!("nothing was printed: {}", failure.text),
        Some(Outcome::Expired) => "expired; nothing was printed".to_owned(),
        Some(Outcome::Cancelled) => "cancelled; nothing was printed".to_owned(),
        Some(Outcome::Uncertain { detail, tickets }) => {
            let tickets = tickets.map_or(String::new(), |tickets| format!(" ({tickets})"));
            format!("it may or may not be on paper{tickets}, somebody has to look: {detail}")
        }
        None => state.as_str().to_owned(),
    }
}
