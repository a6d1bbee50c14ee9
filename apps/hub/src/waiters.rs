//! Those who wait for a job to settle, so that `?wait=` answers at once and polls nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cueline_model::JobId;
use tokio::sync::Notify;

/// Everybody who waits, by job.
#[derive(Default)]
pub struct Waiters {
    jobs: Mutex<HashMap<JobId, Arc<Notify>>>,
}

/// One who waits; dropping it takes the job's entry out with the last.
pub struct Waiter<'a> {
    waiters: &'a Waiters,
    job: JobId,
    notify: Arc<Notify>,
}

impl Waiters {
    /// Starts waiting; what happens from now on is not missed.
    pub fn wait_for(&self, job: JobId) -> Waiter<'_> {
        let notify = self.jobs().entry(job).or_default().clone();
        Waiter {
            waiters: self,
            job,
            notify,
        }
    }

    /// Wakes those who wait for the job.
    pub fn settled(&self, job: JobId) {
        if let Some(notify) = self.jobs().get(&job) {
            notify.notify_waiters();
        }
    }

    fn jobs(&self) -> MutexGuard<'_, HashMap<JobId, Arc<Notify>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter<'_> {
    /// Ready once the job has settled. Make it, and `enable` it, before the job's state is read.
    pub fn settled(&self) -> tokio::sync::futures::Notified<'_> {
        self.notify.notified()
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut jobs = self.waiters.jobs();
        // The map and this waiter hold one each.
        if Arc::strong_count(&self.notify) <= 2 {
            jobs.remove(&self.job);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[tokio::test]
    async fn all_who_wait_are_woken_and_nothing_is_left_behind() {
        let waiters = Waiters::default();
        let job = JobId::from_u128(1);
        {
            let (first, second) = (waiters.wait_for(job), waiters.wait_for(job));
            let (mut first, mut second) = (pin!(first.settled()), pin!(second.settled()));
            first.as_mut().enable();
            second.as_mut().enable();
            waiters.settled(JobId::from_u128(2));
            waiters.settled(job);
            first.await;
            second.await;
        }
        assert!(waiters.jobs().is_empty());
    }
}
