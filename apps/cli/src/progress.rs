//! Watching a job until it ends: what is new since the last look, and when to look again.

use std::time::Duration;

use cueline_model::JobId;
use cueline_wire::api::{PrintJob, Waiting};
use tokio::time::{Instant, sleep};

use crate::api::{Api, ApiError};
use crate::sentence::step;

/// How long one request waits for the job's end before it is asked what it waits for, seconds.
const LOOK_EVERY_S: u32 = 1;
/// The same, once nobody expects it to end soon.
const LOOK_EVERY_LATER_S: u32 = 5;
/// When that is.
const LATER: Duration = Duration::from_secs(15);
/// Between two tries while the hub cannot be asked.
const TROUBLE_PAUSE: Duration = Duration::from_millis(500);

/// Something that happened to the job, for one line of progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Milliseconds from when the hub took the job.
    pub since_created_ms: i64,
    /// A state, another word of the timeline, or `waiting`.
    pub what: String,
    /// More, for people.
    pub detail: String,
}

impl Step {
    fn waiting(elapsed: Duration, detail: String) -> Self {
        Self {
            since_created_ms: i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX),
            what: "waiting".to_owned(),
            detail,
        }
    }
}

/// What has been shown of a job so far.
#[derive(Debug, Default)]
pub struct Progress {
    entries_shown: usize,
    waiting: Option<Waiting>,
    trouble: Option<String>,
}

impl Progress {
    /// The hub could not be asked: told once, until it answers again or the reason changes.
    fn trouble(&mut self, error: &ApiError, elapsed: Duration) -> Option<Step> {
        let detail = error.to_string();
        if self.trouble.as_ref() == Some(&detail) {
            return None;
        }
        self.trouble = Some(detail.clone());
        Some(Step::waiting(elapsed, detail))
    }

    /// What is new in `job`, looked at `elapsed` after it was made.
    pub fn news(&mut self, job: &PrintJob, elapsed: Duration) -> Vec<Step> {
        let mut news: Vec<Step> = job
            .timeline
            .iter()
            .skip(self.entries_shown)
            .map(|entry| Step {
                since_created_ms: entry.at.0.ms_since(job.created_at.0),
                what: entry.what.clone(),
                detail: match &entry.detail {
                    Some(detail) => detail.clone(),
                    None => step(&entry.what).to_owned(),
                },
            })
            .collect();
        self.entries_shown = self.entries_shown.max(job.timeline.len());
        if job.waiting != self.waiting {
            self.waiting.clone_from(&job.waiting);
            if let Some(waiting) = &job.waiting {
                news.push(Step::waiting(elapsed, waiting.text.clone()));
            }
        }
        news
    }
}

/// Follows a job until it ends or `wait` is over, telling each step once; gives the job as last seen.
pub async fn follow(
    api: &Api,
    job: PrintJob,
    wait: Duration,
    mut tell: impl FnMut(&Step),
) -> Result<PrintJob, ApiError> {
    let started = Instant::now();
    let mut progress = Progress::default();
    let mut job = job;
    loop {
        let elapsed = started.elapsed();
        for step in progress.news(&job, elapsed) {
            tell(&step);
        }
        let left = wait.saturating_sub(elapsed);
        if job.state.is_settled() || left.is_zero() {
            return Ok(job);
        }
        match look(api, job.id, elapsed, left).await {
            Ok(seen) => job = seen,
            // The hub has the job, so its own restart is no reason to give up.
            Err(error) if error.may_pass() => {
                if let Some(step) = progress.trouble(&error, started.elapsed()) {
                    tell(&step);
                }
                sleep(TROUBLE_PAUSE.min(left)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn look(
    api: &Api,
    id: JobId,
    elapsed: Duration,
    left: Duration,
) -> Result<PrintJob, ApiError> {
    let patience_s = if elapsed < LATER {
        LOOK_EVERY_S
    } else {
        LOOK_EVERY_LATER_S
    };
    let left_s = u32::try_from(left.as_secs()).unwrap_or(u32::MAX);
    let asked = Instant::now();
    let job = api.job_within(id, patience_s.min(left_s)).await?;
    // A hub that answers at once must not be asked in a busy loop.
    if !job.state.is_settled() && asked.elapsed() < Duration::from_millis(100) {
        sleep(Duration::from_millis(200).min(left)).await;
    }
    Ok(job)
}

#[cfg(test)]
mod tests {
    use cueline_wire::api::TimelineEntry;

    use super::*;

    fn job() -> PrintJob {
        serde_json::from_str(include_str!(
            "../../../core/wire/golden/0.1/api-print-job.json"
        ))
        .unwrap()
    }

    fn happens(job: &mut PrintJob, after_ms: i64, what: &str, detail: Option<&str>) {
        job.timeline.push(TimelineEntry {
            at: cueline_wire::Timestamp(job.created_at.0.shifted_ms(after_ms)),
            what: what.to_owned(),
            detail: detail.map(str::to_owned),
        });
    }

    fn shown(steps: &[Step]) -> Vec<(i64, &str, &str)> {
        steps
            .iter()
            .map(|step| {
                (
                    step.since_created_ms,
                    step.what.as_str(),
                    step.detail.as_str(),
                )
            })
            .collect()
    }

    #[test]
    fn every_step_is_told_once_and_in_order() {
        let mut progress = Progress::default();
        let mut job = job();
        job.waiting = None;
        let first = progress.news(&job, Duration::ZERO);
        assert_eq!(shown(&first), [(0, "queued", "the hub has it on disk")]);
        assert_eq!(progress.news(&job, Duration::from_secs(1)), []);
        happens(&mut job, 204, "accepted", None);
        happens(&mut job, 310, "failed", Some("the picture is damaged"));
        let then = progress.news(&job, Duration::from_secs(2));
        assert_eq!(
            shown(&then),
            [
                (204, "accepted", "the agent has it on disk"),
                (310, "failed", "the picture is damaged"),
            ]
        );
    }

    #[test]
    fn a_hub_that_cannot_be_asked_is_told_once() {
        let mut progress = Progress::default();
        let busy = ApiError::Refused(Box::new(cueline_wire::Problem::new(503, "busy", "busy")));
        assert!(busy.may_pass());
        let told = progress.trouble(&busy, Duration::from_secs(1));
        assert_eq!(told.map(|step| step.what).as_deref(), Some("waiting"));
        assert_eq!(progress.trouble(&busy, Duration::from_secs(2)), None);
    }

    #[test]
    fn a_reason_for_waiting_is_told_when_it_changes() {
        let mut progress = Progress::default();
        let mut job = job();
        let first = progress.news(&job, Duration::from_millis(1_500));
        assert_eq!(
            shown(&first)[1],
            (1_500, "waiting", "the printer is out of paper")
        );
        assert_eq!(progress.news(&job, Duration::from_secs(3)), []);
        job.waiting = None;
        assert_eq!(progress.news(&job, Duration::from_secs(4)), []);
        job.waiting = Some(Waiting {
            code: "cover_open".to_owned(),
            text: "the printer's cover is open".to_owned(),
        });
        let then = progress.news(&job, Duration::from_secs(5));
        assert_eq!(
            shown(&then),
            [(5_000, "waiting", "the printer's cover is open")]
        );
    }
}
