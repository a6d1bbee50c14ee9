//! What is known of a printer, whatever language it was told in, and what of it its owner was told.

use std::collections::VecDeque;

use cueline_model::{Fault, FaultCode};

use super::SessionEvent;

/// Events kept for an owner that does not drain them; the oldest goes first.
pub(crate) const EVENTS_MAX: usize = 64;

/// What is known of one printer over one connection.
#[derive(Debug, Default)]
pub(crate) struct Known {
    health: Health,
    warning: Option<Fault>,
    /// Tickets of the print under way.
    total: u32,
    /// The first so many of them were written whole.
    written: u32,
    /// The first so many of them are proven.
    printed: u32,
    events: VecDeque<SessionEvent>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Health {
    #[default]
    Unknown,
    Ready,
    Faulty(Fault),
}

impl Known {
    /// A new connection: nothing is known, but what the printer will not say again is kept.
    pub(super) fn handle_connected(&mut self, tells_once: bool) {
        let before = std::mem::take(self);
        if tells_once {
            self.health = match before.health {
                Health::Ready => Health::Unknown,
                other => other,
            };
            self.warning = before.warning;
        }
    }

    pub(super) fn begin(&mut self, total: u32) {
        self.total = total;
        self.written = 0;
        self.printed = 0;
    }

    pub(super) fn poll_event(&mut self) -> Option<SessionEvent> {
        self.events.pop_front()
    }

    pub(crate) fn fault(&self) -> Option<&Fault> {
        match &self.health {
            Health::Faulty(fault) => Some(fault),
            Health::Unknown | Health::Ready => None,
        }
    }

    pub(crate) fn fault_code(&self) -> Option<FaultCode> {
        self.fault().map(|fault| fault.code)
    }

    pub(super) fn warning(&self) -> Option<&Fault> {
        self.warning.as_ref()
    }

    pub(crate) fn printed(&self) -> u32 {
        self.printed
    }

    pub(crate) fn total(&self) -> u32 {
        self.total
    }

    pub(super) fn written(&mut self, tickets: u32) {
        self.written = tickets;
    }

    /// Tickets that were written whole.
    pub(crate) fn written_whole(&self) -> u32 {
        self.written
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.total > 0 && self.printed == self.total
    }

    /// A print is under way and not proven to its end.
    pub(crate) fn awaits_proof(&self) -> bool {
        self.printed < self.total
    }

    /// The first `count` tickets are proven; fewer than before says nothing new, more than were written
    /// cannot be. Whether that was the last of them.
    pub(crate) fn prove(&mut self, count: u32) -> bool {
        if count <= self.printed || count > self.written {
            return false;
        }
        self.printed = count;
        self.tell(SessionEvent::Tickets { printed: count });
        if self.is_finished() {
            self.tell(SessionEvent::Finished);
        }
        self.is_finished()
    }

    /// Told once at each change.
    pub(crate) fn set_health(&mut self, fault: Option<Fault>) {
        let health = fault.map_or(Health::Ready, Health::Faulty);
        if health == self.health {
            return;
        }
        self.tell(match &health {
            Health::Faulty(fault) => SessionEvent::Fault(fault.clone()),
            Health::Unknown | Health::Ready => SessionEvent::Ready,
        });
        self.health = health;
    }

    /// What was known of faults no longer counts; the next answer is told whatever it is.
    pub(crate) fn forget_health(&mut self) {
        self.health = Health::Unknown;
    }

    /// Told once at each change.
    pub(crate) fn set_warning(&mut self, warning: Option<Fault>) {
        if warning == self.warning {
            return;
        }
        self.tell(SessionEvent::Warning(warning.clone()));
        self.warning = warning;
    }

    fn tell(&mut self, event: SessionEvent) {
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    #[cfg(test)]
    pub(crate) fn untold(&self) -> usize {
        self.events.len()
    }
}
