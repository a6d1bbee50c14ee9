//! A job that an IPP printer has, and taking it back.

use std::sync::Arc;

use ::ipp::model::Operation;

use super::{Target, job_id};
use crate::device::DeviceTimeouts;

pub(super) async fn cancel(target: &Target, timeouts: &DeviceTimeouts, id: i32) {
    let question = target.question(Operation::CancelJob, |question| {
        question.operation("job-id", job_id(id))
    });
    let Ok(question) = question else { return };
    match target
        .ask(question, &[], timeouts, timeouts.readiness)
        .await
    {
        Ok(answer) if answer.status() < 0x100 => {}
        Ok(answer) => tracing::debug!(
            "the job {id} at {} was not cancelled: status {:04x}",
            target.name,
            answer.status()
        ),
        Err(unanswered) => tracing::debug!("the job {id} was not cancelled: {}", unanswered.fault),
    }
}

/// A job that the printer has. Dropped before it is over, it is cancelled.
pub(super) struct Made {
    target: Arc<Target>,
    timeouts: DeviceTimeouts,
    id: i32,
    pub(super) is_over: bool,
}

impl Made {
    pub(super) fn new(target: &Arc<Target>, timeouts: DeviceTimeouts, id: i32) -> Self {
        Self {
            target: Arc::clone(target),
            timeouts,
            id,
            is_over: false,
        }
    }

    pub(super) async fn cancel_now(&mut self) {
        cancel(&self.target, &self.timeouts, self.id).await;
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (target, timeouts, id) = (Arc::clone(&self.target), self.timeouts, self.id);
            runtime.spawn(async move { cancel(&target, &timeouts, id).await });
        }
    }
}
