//! What a device tells while it prints, on its way to the core.
//!
//! A device never waits for whoever is told, so what the core has not taken is kept here: faults and
//! warnings in order, counts of tickets in their newest form.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use cueline_agent_core::Proven;
use cueline_model::Fault;
use cueline_ports::PrintEvent;
use tokio::sync::Notify;

/// Changes that wait; at the limit the oldest is let go.
const CHANGES_MAX: usize = 64;

/// Something that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// What is wrong with the printer, or soon will be.
    Condition(Condition),
    /// Tickets of this print.
    Proven(Proven),
}

/// What is wrong with a printer, and what soon will be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Condition {
    pub fault: Option<Fault>,
    pub warning: Option<Fault>,
}

/// The changes of one print.
#[derive(Debug, Default)]
pub(super) struct Changes {
    inner: Mutex<Inner>,
    some: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    now: Condition,
    waiting: VecDeque<Change>,
    over: bool,
}

impl Changes {
    /// None yet, on a printer that had this warning.
    pub(super) fn new(warning: Option<Fault>) -> Self {
        let fault = None;
        Self {
            inner: Mutex::new(Inner {
                now: Condition { fault, warning },
                ..Inner::default()
            }),
            some: Notify::new(),
        }
    }

    /// Takes what the device tells.
    pub(super) fn take(&self, event: PrintEvent<'_>) {
        self.with(|inner| match event {
            PrintEvent::Fault(fault) => {
                inner.now.fault = fault.cloned();
                inner.push(Change::Condition(inner.now.clone()));
            }
            PrintEvent::Warning(warning) => {
                inner.now.warning = warning.cloned();
                inner.push(Change::Condition(inner.now.clone()));
            }
            PrintEvent::Tickets { printed, total } => {
                let older = |change: &Change| matches!(change, Change::Proven(_));
                inner.waiting.retain(|change| !older(change));
                inner.push(Change::Proven(Proven { printed, total }));
            }
        });
    }

    /// No more will come.
    pub(super) fn end(&self) {
        self.with(|inner| inner.over = true);
    }

    /// What keeps the printer from printing, as last told.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.with(|inner| inner.now.fault.clone())
    }

    /// The next change; `None` when the print is over and all were taken.
    pub(super) async fn next(&self) -> Option<Change> {
        loop {
            let (change, over) =
                self.with_silently(|inner| (inner.waiting.pop_front(), inner.over));
            if change.is_some() || over {
                return change;
            }
            self.some.notified().await;
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let value = self.with_silently(change);
        self.some.notify_one();
        value
    }

    fn with_silently<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    fn push(&mut self, change: Change) {
        if self.waiting.len() == CHANGES_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back(change);
    }
}

#[cfg(test)]
mod tests {
    use cueline_model::FaultCode;

    use super::*;

    async fn all(changes: &Changes) -> Vec<Change> {
        changes.end();
        let mut all = Vec::new();
        while let Some(change) = changes.next().await {
            all.push(change);
        }
        all
    }

    #[tokio::test]
    async fn faults_come_in_order_and_counts_in_their_newest_form() {
        let out = Fault::new(FaultCode::PaperOut, "the paper is out");
        let low = Fault::new(FaultCode::PaperLow, "the paper is low");
        let changes = Changes::new(Some(low.clone()));
        let total = 9;
        changes.take(PrintEvent::Tickets { printed: 1, total });
        changes.take(PrintEvent::Fault(Some(&out)));
        changes.take(PrintEvent::Tickets { printed: 2, total });
        changes.take(PrintEvent::Warning(None));
        changes.take(PrintEvent::Fault(None));
        let condition = |fault: Option<&Fault>, warning: Option<&Fault>| {
            Change::Condition(Condition {
                fault: fault.cloned(),
                warning: warning.cloned(),
            })
        };
        let printed = 2;
        assert_eq!(
            all(&changes).await,
            [
                condition(Some(&out), Some(&low)),
                Change::Proven(Proven { printed, total }),
                condition(Some(&out), None),
                condition(None, None),
            ]
        );
    }

    #[tokio::test]
    async fn a_core_that_takes_nothing_costs_no_memory() {
        let changes = Changes::new(None);
        let fault = Fault::new(FaultCode::Busy, "busy");
        for round in 0..10_000 {
            let fault = (round % 2 == 0).then_some(&fault);
            changes.take(PrintEvent::Fault(fault));
        }
        let all = all(&changes).await;
        assert_eq!(all.len(), CHANGES_MAX);
        assert_eq!(all.last(), Some(&Change::Condition(Condition::default())));
    }
}
