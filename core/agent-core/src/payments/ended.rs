//! Payments that have ended and are remembered, so that a late second offer is known for what it is
//! and a terminal that still waits for our word gets it.

use std::collections::BTreeMap;

use cueline_model::limits::AGENT_SETTLED_MEMORY_MAX;
use cueline_model::{PaymentId, PaymentOrder, Settlement, StationName, TerminalName};
use cueline_wire::cloud::{PaymentEntry, PaymentStep};

/// See the head of the file.
#[derive(Debug, Default)]
pub(super) struct Ended {
    by_payment: BTreeMap<PaymentId, Remembered>,
    /// By the number of their newest entry: oldest first.
    in_order: BTreeMap<u64, PaymentId>,
    /// The newest that each terminal was asked for.
    last_at: BTreeMap<(StationName, TerminalName), PaymentId>,
}

#[derive(Debug)]
struct Remembered {
    newest: PaymentEntry,
    untold: usize,
}

impl Ended {
    pub(super) fn remember(&mut self, newest: PaymentEntry, untold: usize) {
        let payment = newest.payment;
        if let Some(before) = self.by_payment.remove(&payment) {
            self.in_order.remove(&before.newest.seq);
        }
        self.in_order.insert(newest.seq, payment);
        self.by_payment
            .insert(payment, Remembered { newest, untold });
    }

    /// A payment ended that its terminal was asked for.
    pub(super) fn was_at(&mut self, order: &PaymentOrder, payment: PaymentId) {
        let place = (order.station.clone(), order.terminal.clone());
        self.last_at.insert(place, payment);
    }

    pub(super) fn knows(&self, payment: PaymentId) -> bool {
        self.by_payment.contains_key(&payment)
    }

    /// The newest that each of a desk's terminals was asked for.
    pub(super) fn last_of<'a>(
        &'a self,
        station: &'a StationName,
    ) -> impl Iterator<Item = PaymentId> + 'a {
        let of_station = self.last_at.iter().filter(move |(at, _)| at.0 == *station);
        of_station.map(|(_, payment)| *payment)
    }

    /// Its newest entry, where the hub has all.
    pub(super) fn newest_told(&self, payment: PaymentId) -> Option<PaymentEntry> {
        let remembered = self.by_payment.get(&payment)?;
        (remembered.untold == 0).then(|| remembered.newest.clone())
    }

    /// Whether it is durable that it ended just so.
    pub(super) fn ended_so(&self, payment: PaymentId, settlement: &Settlement) -> bool {
        self.by_payment.get(&payment).is_some_and(|remembered| {
            matches!(&remembered.newest.step, PaymentStep::Ended { settlement: ended, .. } if **ended == *settlement)
        })
    }

    /// One more entry of it is durable. The first end is what is remembered.
    pub(super) fn appended(&mut self, entry: &PaymentEntry) {
        let is_end = |entry: &PaymentEntry| matches!(entry.step, PaymentStep::Ended { .. });
        match self.by_payment.get_mut(&entry.payment) {
            Some(remembered) if is_end(&remembered.newest) || !is_end(entry) => {
                remembered.untold += 1;
            }
            Some(remembered) => {
                let untold = remembered.untold + 1;
                self.remember(entry.clone(), untold);
            }
            None if is_end(entry) => self.remember(entry.clone(), 1),
            None => {}
        }
    }

    /// The hub has one more entry of it.
    pub(super) fn told(&mut self, payment: PaymentId) {
        if let Some(remembered) = self.by_payment.get_mut(&payment) {
            remembered.untold = remembered.untold.saturating_sub(1);
        }
    }

    /// Drops the oldest beyond the memory's limit of which everything was told; gives them.
    pub(super) fn forget_oldest(&mut self) -> Vec<PaymentId> {
        let excess = self
            .by_payment
            .len()
            .saturating_sub(AGENT_SETTLED_MEMORY_MAX);
        let is_told = |payment: &PaymentId| {
            let remembered = self.by_payment.get(payment);
            remembered.is_some_and(|remembered| remembered.untold == 0)
        };
        let oldest: Vec<(u64, PaymentId)> = self
            .in_order
            .iter()
            .filter(|(_, payment)| is_told(payment))
            .take(excess)
            .map(|(seq, payment)| (*seq, *payment))
            .collect();
        for (seq, payment) in &oldest {
            self.in_order.remove(seq);
            self.by_payment.remove(payment);
            self.last_at.retain(|_, last| last != payment);
        }
        oldest.into_iter().map(|(_, payment)| payment).collect()
    }
}
