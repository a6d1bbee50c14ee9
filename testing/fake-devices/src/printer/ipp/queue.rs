//! The printer's jobs, shared by its connections and its press.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cueline_model::ContentType;
use ipp::model::JobState;
use tokio::sync::Notify;

/// Jobs that are remembered, those that ended included.
const JOBS_MAX: usize = 100;
/// Jobs that wait; one more is refused as busy.
const WAITING_MAX: usize = 20;

/// A job.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) id: i32,
    pub(super) name: String,
    pub(super) user: String,
    pub(super) state: JobState,
    /// A `job-state-reasons` keyword.
    pub(super) reason: &'static str,
    /// What is to be printed; taken by the press.
    pub(super) document: Option<Document>,
    /// Pages that came out.
    pub(super) impressions: i32,
}

/// What is to be printed.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) bytes: Vec<u8>,
    pub(super) content_type: ContentType,
    pub(super) copies: u32,
}

/// The printer's jobs.
#[derive(Debug, Default)]
pub(super) struct Queue {
    jobs: Mutex<Jobs>,
    /// A job may have come, or one been cancelled.
    pub(super) changed: Notify,
}

#[derive(Debug, Default)]
struct Jobs {
    jobs: VecDeque<Job>,
    last_id: i32,
    noise: Option<Vec<u8>>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a job, without a document at first where it is made in two steps. None where too many
    /// wait.
    pub(super) fn add(
        &self,
        name: String,
        user: String,
        document: Option<Document>,
    ) -> Option<Job> {
        let mut jobs = self.lock();
        let waiting = jobs.jobs.iter().filter(|job| !job.has_ended()).count();
        if waiting >= WAITING_MAX {
            return None;
        }
        if jobs.jobs.len() >= JOBS_MAX {
            let oldest = jobs.jobs.iter().position(Job::has_ended)?;
            jobs.jobs.remove(oldest);
        }
        jobs.last_id += 1;
        let job = Job {
            id: jobs.last_id,
            name,
            user,
            state: if document.is_some() {
                JobState::Pending
            } else {
                JobState::PendingHeld
            },
            reason: if document.is_some() {
                "none"
            } else {
                "job-incoming"
            },
            document,
            impressions: 0,
        };
        jobs.jobs.push_back(job.clone());
        drop(jobs);
        self.changed.notify_one();
        Some(job)
    }

    /// The document of a job that was made without; whether there is such a job.
    pub(super) fn send(&self, id: i32, document: Document) -> Option<Job> {
        let job = self.change(id, |job| {
            (job.state == JobState::PendingHeld).then(|| {
                job.document = Some(document);
                (job.state, job.reason) = (JobState::Pending, "none");
                job.clone()
            })
        });
        self.changed.notify_one();
        job.flatten()
    }

    /// Cancels a job; whether it could be. None where there is none.
    pub(super) fn cancel(&self, id: i32) -> Option<bool> {
        let cancelled = self.change(id, |job| {
            let open = !job.has_ended();
            if open {
                job.end(JobState::Canceled, "job-canceled-by-user");
            }
            open
        });
        self.changed.notify_one();
        cancelled
    }

    pub(super) fn get(&self, id: i32) -> Option<Job> {
        self.change(id, |job| job.clone())
    }

    /// All jobs, oldest first.
    pub(super) fn all(&self) -> Vec<Job> {
        self.lock().jobs.iter().cloned().collect()
    }

    /// The oldest job that waits, now in print, and its document.
    pub(super) fn begin(&self) -> Option<(i32, Document)> {
        let mut jobs = self.lock();
        let job = jobs
            .jobs
            .iter_mut()
            .find(|job| job.state == JobState::Pending)?;
        let document = job.document.take()?;
        (job.state, job.reason) = (JobState::Processing, "job-printing");
        Some((job.id, document))
    }

    /// Changes a job that has not ended.
    pub(super) fn report(&self, id: i32, state: JobState, reason: &'static str) {
        self.change(id, |job| {
            if !job.has_ended() {
                (job.state, job.reason) = (state, reason);
            }
        });
    }

    /// A page of a job came out; whether the job goes on.
    pub(super) fn page_out(&self, id: i32) -> bool {
        let goes_on = self.change(id, |job| {
            job.impressions += 1;
            !job.has_ended()
        });
        goes_on.unwrap_or(false)
    }

    /// Whether a job was cancelled or lost.
    pub(super) fn is_over(&self, id: i32) -> bool {
        self.change(id, |job| job.has_ended()).unwrap_or(true)
    }

    /// Switched off: jobs are not kept.
    pub(super) fn lose_all(&self) {
        self.lock().jobs.clear();
    }

    /// The next answer is noise.
    pub(super) fn put_noise(&self, bytes: Vec<u8>) {
        self.lock().noise = Some(bytes);
    }

    pub(super) fn take_noise(&self) -> Option<Vec<u8>> {
        self.lock().noise.take()
    }

    fn change<T>(&self, id: i32, change: impl FnOnce(&mut Job) -> T) -> Option<T> {
        self.lock()
            .jobs
            .iter_mut()
            .find(|job| job.id == id)
            .map(change)
    }
}

impl Job {
    pub(super) fn has_ended(&self) -> bool {
        matches!(
            self.state,
            JobState::Canceled | JobState::Aborted | JobState::Completed
        )
    }

    fn end(&mut self, state: JobState, reason: &'static str) {
        (self.state, self.reason) = (state, reason);
        self.document = None;
    }
}
