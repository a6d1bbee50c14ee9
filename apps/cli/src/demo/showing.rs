//! What the demo says, for people or as JSON lines.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cueline_model::WallTime;
use cueline_wire::api::PrintJob;
use serde_json::{Value, json};

use super::card::Paid;
use super::hints::Hints;
use super::kind::Kind;
use crate::sentence::{outcome, step};

/// The one ticket's way, from the click on.
pub struct Shown {
    /// When the call was made.
    pub click: WallTime,
    /// The job as it ended.
    pub job: PrintJob,
    /// The ticket.
    pub picture: Option<PathBuf>,
}

/// Writes to standard output.
pub struct Showing {
    json: bool,
}

impl Showing {
    /// For people, or one JSON document a line.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// The first line.
    pub fn opening(&self, kind: Kind) {
        self.put(
            || {
                format!(
                    "cueline demo: a hub, an agent, a tray, a virtual {} printer and a card terminal on this machine\n",
                    kind.name()
                )
            },
            || None,
        );
    }

    /// A program is up.
    pub fn up(&self, what: &str, which: &str, after: Duration) {
        self.put(
            || format!("  {what:8} {which}, ready in {} ms", after.as_millis()),
            || {
                let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                Some(json!({ "event": "up", "what": what, "which": which, "after_ms": after_ms }))
            },
        );
    }

    /// The ticket's way and where its picture lies.
    pub fn ticket(&self, shown: &Shown, tickets: &Path) {
        self.put(
            || timeline(shown, tickets),
            || {
                Some(json!({
                    "event": "ticket",
                    "click": cueline_wire::Timestamp(shown.click).to_string(),
                    "job": shown.job,
                    "picture": shown.picture,
                }))
            },
        );
    }

    /// The payment's way, its receipts, and where the terminal wrote it down.
    pub fn payment(&self, paid: &Paid, ledger: &Path) {
        self.put(
            || paid.timeline(ledger),
            || {
                Some(json!({
                    "event": "payment",
                    "click": cueline_wire::Timestamp(paid.click).to_string(),
                    "payment": paid.payment,
                    "receipts": paid.receipts,
                    "ledger": ledger,
                }))
            },
        );
    }

    /// What to try next.
    pub fn hints(&self, hints: &Hints) {
        self.put(|| hints.to_string(), || Some(hints.to_json()));
    }

    /// One more ticket came out.
    pub fn another(&self, picture: &Path) {
        self.put(
            || format!("another ticket came out: {}", picture.display()),
            || Some(json!({ "event": "picture", "picture": picture })),
        );
    }

    /// The last line.
    pub fn ending(&self) {
        self.put(
            || "\nending the tray, the agent, the hub, the printer and the terminal".to_owned(),
            || Some(json!({ "event": "ending" })),
        );
    }

    fn put(&self, text: impl FnOnce() -> String, json: impl FnOnce() -> Option<Value>) {
        let line = if self.json {
            json().map(|value| value.to_string())
        } else {
            Some(text())
        };
        if let Some(line) = line {
            let mut out = std::io::stdout().lock();
            // Whoever listened has gone; the demo still has its programs to end.
            let _ = writeln!(out, "{line}").and_then(|()| out.flush());
        }
    }
}

fn timeline(shown: &Shown, tickets: &Path) -> String {
    let mut text = String::from("\nOne ticket, from the click to the paper:\n\n");
    let mut line = |since_ms: i64, what: &str, more: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {since_ms:>6} ms  {what:10} {more}");
    };
    line(0, "click", "POST /v1/print-jobs");
    let job = &shown.job;
    for entry in &job.timeline {
        let last = entry.what == job.state.as_str() && job.state.is_settled();
        let ended = outcome(job);
        let more = match &entry.detail {
            _ if last => &ended,
            Some(detail) => detail,
            None => step(&entry.what),
        };
        line(entry.at.0.ms_since(shown.click), &entry.what, more);
    }
    let _ = match &shown.picture {
        Some(picture) => write!(text, "\n  the ticket: {}", picture.display()),
        None => write!(
            text,
            "\n  no ticket came out; {}\n  pictures would lie in {}",
            outcome(job),
            tickets.display()
        ),
    };
    text
}

#[cfg(test)]
mod tests {
    use cueline_model::{JobState, Proof};
    use cueline_wire::api::TimelineEntry;

    use super::*;

    #[test]
    fn times_count_from_the_click() {
        let mut job: PrintJob = serde_json::from_str(include_str!(
            "../../../../core/wire/golden/0.1/api-print-job.json"
        ))
        .unwrap();
        let created = job.created_at.0;
        job.state = JobState::Done;
        job.proof = Some(Proof::Printed);
        job.timeline.push(TimelineEntry {
            at: cueline_wire::Timestamp(created.shifted_ms(400)),
            what: "done".to_owned(),
            detail: None,
        });
        let shown = Shown {
            click: created.shifted_ms(-12),
            job,
            picture: Some(PathBuf::from("/tickets/0001.png")),
        };
        let text = timeline(&shown, Path::new("/tickets"));
        assert_eq!(
            text,
            "\nOne ticket, from the click to the paper:\n\n       0 ms  click      POST /v1/print-jobs\n      \
             12 ms  queued     the hub has it on disk\n     412 ms  done       printed: the printer \
             itself said so\n\n  the ticket: /tickets/0001.png"
        );
    }
}
