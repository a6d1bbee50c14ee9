//! What the control port and the face both look at.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::ledger::LedgerEntry;
use super::payments::Payments;

/// The terminal's inside, and a bell for what changed it from outside.
#[derive(Debug)]
pub(super) struct Panel {
    payments: Mutex<Payments>,
    power: watch::Sender<Power>,
}

/// Whether it is on, and how often something was done to it from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Power {
    pub(super) on: bool,
    touched: u64,
}

impl Panel {
    pub(super) fn new(payments: Payments) -> Self {
        let on = Power {
            on: true,
            touched: 0,
        };
        Self {
            payments: Mutex::new(payments),
            power: watch::Sender::new(on),
        }
    }

    /// Never held over an `await`.
    pub(super) fn payments(&self) -> MutexGuard<'_, Payments> {
        self.payments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Power> {
        self.power.subscribe()
    }

    pub(super) fn power(&self) -> Power {
        *self.power.borrow()
    }

    pub(super) fn switch(&self, on: bool) {
        if !on {
            self.payments().power_lost();
        }
        self.power.send_modify(|power| {
            power.on = on;
            power.touched += 1;
        });
    }

    /// The customer's stop key; whether it still stops anything.
    pub(super) fn press_stop(&self) -> bool {
        let stopped = self.payments().cancel();
        self.power.send_modify(|power| power.touched += 1);
        stopped
    }

    pub(super) fn key_sale(&self, amount_minor: i64, currency: &str) -> io::Result<LedgerEntry> {
        self.payments().key_sale(amount_minor, currency)
    }
}
