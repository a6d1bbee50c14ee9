//! The agent's disk: batches of records that take time, in order, are refused when it is full, and
//! what a crash leaves of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cueline_agent_core::BatchId;
use cueline_agent_core::payments::{JournalImage, Record, Recovered};
use cueline_model::PaymentId;
use cueline_wire::cloud::{PaymentEntry, PaymentStep};

use super::mutation::Mutation;
use super::world::{What, World};

/// See the head of the file.
#[derive(Debug, Default)]
pub struct Disk {
    image: JournalImage,
    waiting: VecDeque<(BatchId, Vec<Record>)>,
    entries: BTreeMap<u64, PaymentEntry>,
    started: BTreeSet<PaymentId>,
    ended: BTreeSet<PaymentId>,
    /// Until then it takes its time.
    pub slow_until_ms: u64,
    /// Until then it refuses everything.
    pub full_until_ms: u64,
}

impl Disk {
    /// Takes a batch.
    pub fn write(&mut self, batch: BatchId, records: Vec<Record>, life: u64, world: &mut World) {
        self.waiting.push_back((batch, records));
        let takes_ms = if world.now_ms < self.slow_until_ms {
            world.chance.between(200, 3_000)
        } else {
            world.chance.between(1, 10)
        };
        world.after(takes_ms, What::DiskDone(life));
    }

    /// The first batch is done; says which, and whether it is durable.
    pub fn done(&mut self, world: &mut World) -> Option<(BatchId, bool)> {
        let (batch, records) = self.waiting.pop_front()?;
        let odds = world.odds.disk_full;
        let is_refused = world.now_ms < self.full_until_ms || world.chance.odds(odds);
        if is_refused {
            world.counts.batches_refused += 1;
            world.note("agent", || format!("its disk is full: {records:?}"));
        } else {
            self.apply(&records);
        }
        Some((batch, !is_refused))
    }

    /// The machine dies: of the batches in flight the first few are there, whole.
    pub fn crash(&mut self, world: &mut World) {
        let kept = world.chance.index(self.waiting.len() + 1);
        let waiting = std::mem::take(&mut self.waiting);
        world.counts.batches_kept += kept as u64;
        world.counts.batches_lost += (waiting.len() - kept) as u64;
        for (_, records) in waiting.into_iter().take(kept) {
            self.apply(&records);
        }
    }

    /// How many batches wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether this very entry is durable.
    #[must_use]
    pub fn holds(&self, entry: &PaymentEntry) -> bool {
        self.entries.get(&entry.seq) == Some(entry)
    }

    /// Whether a payment's start is durable.
    #[must_use]
    pub fn has_started(&self, payment: PaymentId) -> bool {
        self.started.contains(&payment)
    }

    /// Whether a payment's end is durable.
    #[must_use]
    pub fn has_ended(&self, payment: PaymentId) -> bool {
        self.ended.contains(&payment)
    }

    /// What a program that starts now finds, or thinks it finds.
    pub fn open(&mut self, mutation: Mutation) -> Recovered {
        let mut found = self.image.open();
        let is_end = |entry: &PaymentEntry| matches!(entry.step, PaymentStep::Ended { .. });
        match mutation {
            Mutation::DedupRemoved => {
                found.payments.clear();
                found.untold.retain(|entry| !is_end(entry));
            }
            Mutation::UntoldForgotten => found.untold.clear(),
            Mutation::StartForgotten => {
                for payment in &mut found.payments {
                    if !payment.entries.iter().any(is_end) {
                        payment.entries.truncate(1);
                    }
                }
            }
            _ => {}
        }
        found
    }

    fn apply(&mut self, records: &[Record]) {
        for record in records {
            self.image.apply(record);
            let (Record::Accepted { entry, .. } | Record::Step(entry)) = record else {
                continue;
            };
            self.entries.insert(entry.seq, entry.clone());
            match entry.step {
                PaymentStep::Started { .. } => self.started.insert(entry.payment),
                PaymentStep::Ended { .. } => self.ended.insert(entry.payment),
                _ => continue,
            };
        }
    }
}
