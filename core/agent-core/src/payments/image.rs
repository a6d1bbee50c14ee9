//! The journal's meaning, in memory: what a real one must give back after the same records.

use std::collections::BTreeMap;

use cueline_model::PaymentId;
use cueline_wire::cloud::{JournalMark, PaymentEntry};

use super::record::{Record, Recovered, RecoveredPayment};

/// A journal of payments as a plain value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JournalImage {
    /// By the number of their first entry, which is the order of acceptance.
    payments: BTreeMap<u64, RecoveredPayment>,
    accepted_as: BTreeMap<PaymentId, u64>,
    untold: BTreeMap<u64, PaymentEntry>,
    next_seq: u64,
    openings: u64,
}

impl JournalImage {
    /// Takes one durable record.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Accepted {
                entry,
                order,
                start_by,
            } => {
                let found = RecoveredPayment {
                    payment: entry.payment,
                    order: order.clone(),
                    start_by: *start_by,
                    entries: vec![entry.clone()],
                };
                self.accepted_as.insert(entry.payment, entry.seq);
                self.payments.insert(entry.seq, found);
                self.note(entry);
            }
            Record::Step(entry) => {
                let accepted_as = self.accepted_as.get(&entry.payment);
                if let Some(found) = accepted_as.and_then(|seq| self.payments.get_mut(seq)) {
                    found.entries.push(entry.clone());
                }
                self.note(entry);
            }
            Record::Told(seqs) => {
                for seq in seqs {
                    self.untold.remove(seq);
                }
            }
            Record::Forgotten(payments) => {
                for payment in payments {
                    if let Some(seq) = self.accepted_as.remove(payment) {
                        self.payments.remove(&seq);
                    }
                }
            }
        }
    }

    /// What an agent that starts now finds. Each call is an opening.
    #[must_use]
    pub fn open(&mut self) -> Recovered {
        self.openings += 1;
        Recovered {
            payments: self.payments.values().cloned().collect(),
            untold: self.untold.values().cloned().collect(),
            next_seq: self.next_seq,
            mark: JournalMark {
                opening: self.openings,
                instance: format!("{:032x}", self.openings),
            },
        }
    }

    fn note(&mut self, entry: &PaymentEntry) {
        self.untold.insert(entry.seq, entry.clone());
        self.next_seq = self.next_seq.max(entry.seq + 1);
    }
}
