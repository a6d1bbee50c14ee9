//! Getting the documents that did not come with their offers, one at a time, in order of sequence.

use std::time::Duration;

use cueline_model::{JobKey, Outcome};

use crate::effect::Effect;
use crate::event::FetchError;
use crate::jobs::{HeldJob, Jobs, Stage};
use crate::timer::{Timer, TimerReason};
use crate::turn::Turn;

/// Pauses after a fetch that is worth another try; the last one repeats.
const RETRY_PAUSES_S: [u64; 3] = [1, 2, 5];

/// The one fetch that may be under way; what is still to be fetched stands with the jobs.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    in_flight: Option<JobKey>,
}

impl Documents {
    /// Starts the next fetch where none is under way.
    pub(crate) fn advance(&mut self, jobs: &Jobs, turn: &mut Turn<'_>) {
        if self.in_flight.is_some() {
            return;
        }
        let next = jobs
            .held()
            .filter(|held| needs_document(held))
            .filter(|held| held.fetch_at.is_none_or(|due| due <= turn.now))
            .min_by_key(|held| held.place());
        if let Some(held) = next {
            self.in_flight = Some(held.job.key);
            turn.effect(Effect::Fetch {
                job: held.job.key,
                document: held.job.document,
            });
        }
    }

    pub(crate) fn fetched(&mut self, key: JobKey, jobs: &mut Jobs) {
        self.over(key);
        if let Some(held) = jobs.get_mut(key) {
            held.document_here = true;
        }
    }

    pub(crate) fn failed(
        &mut self,
        key: JobKey,
        error: FetchError,
        jobs: &mut Jobs,
        turn: &mut Turn<'_>,
    ) {
        self.over(key);
        let Some(held) = jobs.get_mut(key).filter(|held| needs_document(held)) else {
            return;
        };
        match error {
            FetchError::Later { .. } => {
                let pause_s = RETRY_PAUSES_S[held.fetch_failures.min(RETRY_PAUSES_S.len() - 1)];
                held.fetch_failures += 1;
                held.fetch_at = Some(turn.now + Duration::from_secs(pause_s));
            }
            FetchError::Never(failure) => {
                turn.end_unprinted(held, Outcome::Failed { failure });
            }
        }
    }

    /// When a document is to be tried again. While a fetch is under way its end is what counts.
    pub(crate) fn timer(&self, jobs: &Jobs) -> Option<Timer> {
        if self.in_flight.is_some() {
            return None;
        }
        jobs.held()
            .filter(|held| needs_document(held))
            .filter_map(|held| held.fetch_at)
            .min()
            .map(|due| (due, TimerReason::DocumentRetry))
    }

    fn over(&mut self, key: JobKey) {
        if self.in_flight == Some(key) {
            self.in_flight = None;
        }
    }
}

fn needs_document(held: &HeldJob) -> bool {
    held.stage == Stage::Waiting && !held.document_here
}
