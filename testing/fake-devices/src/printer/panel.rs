//! The state that faults put a printer into: set from outside at any time, looked at by the printer at
//! each step.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::fault::PrinterFault;
use super::plan::{Moment, Place, PlannedFault};
use super::settings::SecondHost;

/// Changes that a printer has not looked at yet; the oldest goes first.
const CHANGES_MAX: usize = 64;

/// Something that happens to a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Another fault, or none.
    Fault {
        from: PrinterFault,
        to: PrinterFault,
    },
    /// Noise on the line.
    Noise { bytes: u16, seed: u64 },
    /// Somebody pressed the test button.
    Button,
}

/// What is wrong with a printer, and what will be.
#[derive(Debug)]
pub(super) struct Panel {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    fault: PrinterFault,
    until: Option<Instant>,
    armed: Option<Armed>,
    changes: VecDeque<Change>,
    second_host: SecondHost,
}

#[derive(Debug, Clone, Copy)]
struct Armed {
    plan: PlannedFault,
    tickets: u32,
}

impl Panel {
    pub(super) fn new(plan: PlannedFault, second_host: SecondHost) -> Self {
        let panel = Self {
            state: Mutex::new(State {
                fault: PrinterFault::None,
                until: None,
                armed: None,
                changes: VecDeque::new(),
                second_host,
            }),
            changed: watch::channel(0).0,
        };
        panel.plan(plan);
        panel
    }

    /// Told of everything that is set from outside.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Plans a fault; what was planned before and has not happened is forgotten.
    pub(super) fn plan(&self, plan: PlannedFault) {
        let mut state = self.lock();
        state.armed = None;
        match plan.moment {
            Moment::Now => state.happen(plan, Instant::now()),
            Moment::AfterTickets(_) | Moment::InTicket { .. } => {
                state.armed = Some(Armed { plan, tickets: 0 });
                state.fire_where(Instant::now(), |moment, out| {
                    moment == Moment::AfterTickets(0) && out == 0
                });
            }
        }
        drop(state);
        self.tell();
    }

    /// Presses the test button.
    pub(super) fn press(&self) {
        self.lock().remember(Change::Button);
        self.tell();
    }

    pub(super) fn set_second_host(&self, what: SecondHost) {
        self.lock().second_host = what;
        self.tell();
    }

    pub(super) fn second_host(&self) -> SecondHost {
        self.lock().second_host
    }

    /// What is wrong now.
    pub(super) fn fault(&self) -> PrinterFault {
        let mut state = self.lock();
        state.expire(Instant::now());
        state.fault
    }

    /// Waits as long as this is what is wrong.
    pub(super) async fn while_it_is(&self, fault: PrinterFault) {
        let mut changed = self.subscribe();
        while self.fault() == fault {
            tokio::select! {
                _ = changed.changed() => {}
                () = until(self.until()) => {}
            }
        }
    }

    /// What is planned and has not happened.
    pub(super) fn planned(&self) -> Option<PlannedFault> {
        self.lock().armed.map(|armed| armed.plan)
    }

    /// When what is wrong is over by itself.
    pub(super) fn until(&self) -> Option<Instant> {
        self.lock().until
    }

    /// The oldest change that was not looked at.
    pub(super) fn take_change(&self) -> Option<Change> {
        self.lock().changes.pop_front()
    }

    /// A ticket came out.
    pub(super) fn ticket_out(&self) {
        if let Some(armed) = &mut self.lock().armed {
            armed.tickets += 1;
        }
        self.fire_where(
            |moment, out| matches!(moment, Moment::AfterTickets(tickets) if out >= tickets),
        );
    }

    /// So many bytes of the current ticket are read; whether a fault happens here.
    pub(super) fn bytes_read(&self, count: u64) -> bool {
        self.fire_where(|moment, out| {
            matches!(moment, Moment::InTicket { ticket, place: Place::Bytes(bytes) }
                if out + 1 == ticket && count >= bytes)
        })
    }

    /// So many rows of the current ticket are printed; whether a fault happens here.
    pub(super) fn rows_printed(&self, count: usize) -> bool {
        self.fire_where(|moment, out| {
            matches!(moment, Moment::InTicket { ticket, place: Place::Rows(rows) }
                if out + 1 == ticket && count >= rows as usize)
        })
    }

    /// Rows of the current ticket after which a fault is planned.
    pub(super) fn planned_row(&self) -> Option<usize> {
        let state = self.lock();
        let armed = state.armed.as_ref()?;
        match armed.plan.moment {
            Moment::InTicket {
                ticket,
                place: Place::Rows(rows),
            } if armed.tickets + 1 == ticket => Some(rows as usize),
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fire_where(&self, happens: impl Fn(Moment, u32) -> bool) -> bool {
        let fires = self.lock().fire_where(Instant::now(), happens);
        if fires {
            self.tell();
        }
        fires
    }

    fn tell(&self) {
        self.changed
            .send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl State {
    fn fire_where(&mut self, now: Instant, happens: impl Fn(Moment, u32) -> bool) -> bool {
        let Some(armed) = self.armed else {
            return false;
        };
        let fires = happens(armed.plan.moment, armed.tickets);
        if fires {
            self.armed = None;
            self.happen(armed.plan, now);
        }
        fires
    }

    fn happen(&mut self, plan: PlannedFault, now: Instant) {
        if let PrinterFault::Garbage { bytes, seed } = plan.fault {
            self.remember(Change::Noise { bytes, seed });
            return;
        }
        self.set(plan.fault);
        self.until = plan.lasting.map(|time| now + time);
    }

    fn set(&mut self, to: PrinterFault) {
        let from = std::mem::replace(&mut self.fault, to);
        if from != to {
            self.remember(Change::Fault { from, to });
        }
        self.until = None;
    }

    fn expire(&mut self, now: Instant) {
        if self.until.is_some_and(|until| until <= now) {
            self.set(PrinterFault::None);
        }
    }

    fn remember(&mut self, change: Change) {
        if self.changes.len() == CHANGES_MAX {
            self.changes.pop_front();
        }
        self.changes.push_back(change);
    }
}

/// Waits until a moment; for ever where there is none.
pub(super) async fn until(moment: Option<Instant>) {
    match moment {
        // A little late rather than early: what is waited for is over then.
        Some(moment) => {
            let late = moment + Duration::from_millis(1);
            tokio::time::sleep_until(tokio::time::Instant::from_std(late)).await;
        }
        None => std::future::pending().await,
    }
}
