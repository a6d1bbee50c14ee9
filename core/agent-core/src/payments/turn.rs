//! What every part may use while one event is handled: the time, the effects, the journal.

use std::collections::VecDeque;

use cueline_model::{Mono, PaymentId, WallTime};
use cueline_wire::cloud::{LivePayment, PaymentEntry, PaymentStep};
use cueline_wire::local::ToTray;

use super::effect::Effect;
use super::event::TrayId;
use super::record::Record;
use crate::event::BatchId;

/// The time and the means of one call of `handle_*`.
pub(super) struct Turn<'a> {
    /// For waiting.
    pub now: Mono,
    /// The hub's clock as known here, for telling.
    pub hub_now: WallTime,
    /// The hub's clock as it certainly is by now: past a payment's `start_by` it is not started.
    pub hub_at_least: WallTime,
    pub effects: &'a mut VecDeque<Effect>,
    pub appends: &'a mut Appends,
    /// What is going on at terminals that the hub is to be shown.
    pub live: Vec<LivePayment>,
}

/// Records on their way to the disk.
#[derive(Debug)]
pub(super) struct Appends {
    next_seq: u64,
    next_batch: u64,
    outstanding: VecDeque<(BatchId, Vec<PaymentEntry>)>,
}

impl Appends {
    pub(super) fn new(next_seq: u64) -> Self {
        Self {
            next_seq,
            next_batch: 0,
            outstanding: VecDeque::new(),
        }
    }

    /// The entries of a batch that the disk has answered for; batches are answered in order.
    pub(super) fn confirm(&mut self, batch: BatchId) -> Vec<PaymentEntry> {
        match self.outstanding.front() {
            Some((first, _)) if *first == batch => {
                let (_, entries) = self.outstanding.pop_front().unwrap_or((batch, Vec::new()));
                entries
            }
            _ => Vec::new(),
        }
    }
}

impl Turn<'_> {
    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    pub(super) fn tell(&mut self, tray: TrayId, word: ToTray) {
        self.effect(Effect::Tell {
            tray,
            word: Box::new(word),
        });
    }

    /// The next entry, numbered and dated; it must be appended in this turn.
    pub(super) fn entry(&mut self, payment: PaymentId, step: PaymentStep) -> PaymentEntry {
        let seq = self.appends.next_seq;
        self.appends.next_seq += 1;
        PaymentEntry {
            seq,
            payment,
            at: self.hub_now,
            step,
        }
    }

    pub(super) fn append(&mut self, records: Vec<Record>) {
        let entries = records
            .iter()
            .filter_map(|record| match record {
                Record::Accepted { entry, .. } | Record::Step(entry) => Some(entry.clone()),
                Record::Told(_) | Record::Forgotten(_) => None,
            })
            .collect();
        let batch = BatchId(self.appends.next_batch);
        self.appends.next_batch += 1;
        self.appends.outstanding.push_back((batch, entries));
        self.effect(Effect::Append { batch, records });
    }

    /// Appends the next step of a payment.
    pub(super) fn step(&mut self, payment: PaymentId, step: PaymentStep) {
        let entry = self.entry(payment, step);
        self.append(vec![Record::Step(entry)]);
    }
}
