//! Those who wait for a job or a payment, so that `?wait=` answers at once and polls nothing.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Everybody who waits, by what they wait for.
pub struct Waiters<Id> {
    waiting: Mutex<HashMap<Id, Arc<Notify>>>,
}

/// One who waits; dropping it takes the entry out with the last.
pub struct Waiter<'a, Id: Eq + Hash + Copy> {
    waiters: &'a Waiters<Id>,
    id: Id,
    notify: Arc<Notify>,
}

impl<Id> Default for Waiters<Id> {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
        }
    }
}

impl<Id: Eq + Hash + Copy> Waiters<Id> {
    /// Starts waiting; what happens from now on is not missed.
    pub fn wait_for(&self, id: Id) -> Waiter<'_, Id> {
        let notify = self.waiting().entry(id).or_default().clone();
        Waiter {
            waiters: self,
            id,
            notify,
        }
    }

    /// Wakes those who wait for it.
    pub fn wake(&self, id: Id) {
        if let Some(notify) = self.waiting().get(&id) {
            notify.notify_waiters();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Id, Arc<Notify>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Id: Eq + Hash + Copy> Waiter<'_, Id> {
    /// Ready at the next wake-up. Make it, and `enable` it, before the state is read.
    pub fn woken(&self) -> tokio::sync::futures::Notified<'_> {
        self.notify.notified()
    }
}

impl<Id: Eq + Hash + Copy> Drop for Waiter<'_, Id> {
    fn drop(&mut self) {
        let mut waiting = self.waiters.waiting();
        // The map and this waiter hold one each.
        if Arc::strong_count(&self.notify) <= 2 {
            waiting.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use cueline_model::JobId;

    use super::*;

    #[tokio::test]
    async fn all_who_wait_are_woken_and_nothing_is_left_behind() {
        let waiters = Waiters::default();
        let job = JobId::from_u128(1);
        {
            let (first, second) = (waiters.wait_for(job), waiters.wait_for(job));
            let (mut first, mut second) = (pin!(first.woken()), pin!(second.woken()));
            first.as_mut().enable();
            second.as_mut().enable();
            waiters.wake(JobId::from_u128(2));
            waiters.wake(job);
            first.await;
            second.await;
        }
        assert!(waiters.waiting().is_empty());
    }
}
