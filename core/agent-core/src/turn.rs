//! What every part of the core may use while one event is handled: the time, the effects, the journal.

use std::collections::VecDeque;

use cueline_model::limits::REPRINTS_MAX;
use cueline_model::{
    Failure, JobKey, Mono, Outcome, Proof, TicketCount, UncertainPolicy, WallTime,
};
use cueline_wire::cloud::{Progress, ReportEntry};

use crate::chance::Chance;
use crate::effect::{Effect, Notice};
use crate::event::BatchId;
use crate::jobs::{HeldJob, Stage};
use crate::record::{Proven, Record};
use crate::reports::Reports;

/// The time and the means of one call of `handle_*`.
pub(crate) struct Turn<'a> {
    /// For waiting.
    pub now: Mono,
    /// The hub's clock as known here, for telling; past a job's `start_by` it is not started.
    pub hub_now: WallTime,
    /// What the hub's clock certainly shows; past a job's `start_by` it is expired.
    pub hub_at_least: WallTime,
    pub chance: &'a mut Chance,
    pub effects: &'a mut VecDeque<Effect>,
    pub appends: &'a mut Appends,
}

/// Batches on their way to the disk.
///
/// Its length is bounded by what may be under way: [`crate::intake::UNCONFIRMED_ACCEPTS_MAX`] accepts, one
/// step of each unsettled job, and the answer to one report.
#[derive(Debug)]
pub(crate) struct Appends {
    next_seq: u64,
    next_batch: u64,
    outstanding: VecDeque<Outstanding>,
}

/// One batch without its bodies: only what its confirmation sets free.
#[derive(Debug)]
struct Outstanding {
    batch: BatchId,
    entries: Vec<ReportEntry>,
}

impl Appends {
    pub(crate) fn new(next_seq: u64) -> Self {
        Self {
            next_seq,
            next_batch: 1,
            outstanding: VecDeque::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.outstanding.is_empty()
    }

    /// How many offers were taken whose acceptance is not durable yet.
    pub(crate) fn unconfirmed_accepts(&self) -> usize {
        self.outstanding
            .iter()
            .flat_map(|outstanding| &outstanding.entries)
            .filter(|entry| entry.progress == Progress::Accepted)
            .count()
    }

    /// The entries that are durable now. Batches become durable in order, so a confirmation stands for
    /// every earlier batch too.
    pub(crate) fn confirm(&mut self, batch: BatchId) -> Vec<ReportEntry> {
        let confirmed = self
            .outstanding
            .iter()
            .take_while(|outstanding| outstanding.batch <= batch)
            .count();
        self.outstanding
            .drain(..confirmed)
            .flat_map(|outstanding| outstanding.entries)
            .collect()
    }
}

impl Turn<'_> {
    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    pub(crate) fn notice(&mut self, notice: Notice) {
        self.effects.push_back(Effect::Notice(notice));
    }

    /// The next entry of a job, numbered and dated; it must be appended in this turn.
    pub(crate) fn entry(&mut self, held: &mut HeldJob, progress: Progress) -> ReportEntry {
        let at = self.hub_now.max(held.newest_at());
        let entry = self.numbered(held.job.key, at, progress);
        held.note(&entry);
        entry
    }

    /// Both entries of a job that ends before it has begun, which the journal need not keep.
    pub(crate) fn refusal(&mut self, key: JobKey, failure: Failure) -> [ReportEntry; 2] {
        [
            Progress::Accepted,
            Progress::Ended(Outcome::Failed { failure }),
        ]
        .map(|progress| self.numbered(key, self.hub_now, progress))
    }

    fn numbered(&mut self, key: JobKey, at: WallTime, progress: Progress) -> ReportEntry {
        let seq = self.appends.next_seq;
        self.appends.next_seq += 1;
        ReportEntry {
            seq,
            job: key.job,
            attempt: key.attempt,
            at,
            progress,
        }
    }

    /// Appends the next entries of a job as one batch.
    pub(crate) fn step<const N: usize>(&mut self, held: &mut HeldJob, steps: [Progress; N]) {
        let records = steps
            .into_iter()
            .map(|progress| Record::Progress(self.entry(held, progress)))
            .collect();
        self.append(records);
    }

    /// Ends a job.
    pub(crate) fn end(&mut self, held: &mut HeldJob, outcome: Outcome) {
        held.stage = Stage::Ending;
        self.step(held, [Progress::Ended(outcome)]);
    }

    /// Ends a job that is not on paper, unless an earlier print of it may be: then a person decides.
    pub(crate) fn end_unprinted(&mut self, held: &mut HeldJob, outcome: Outcome) {
        let outcome = held.unless_in_doubt(outcome);
        self.end(held, outcome);
    }

    /// Takes a start back, since no byte has left: the job waits again, or ends if it is to.
    pub(crate) fn take_back(&mut self, held: &mut HeldJob) {
        let outcome = if held.withdrawn {
            Outcome::Cancelled
        } else if held.is_expired(self.hub_at_least) {
            Outcome::Expired
        } else {
            held.stage = Stage::Returning;
            self.step(held, [Progress::NotStarted]);
            return;
        };
        held.stage = Stage::Ending;
        let outcome = held.unless_in_doubt(outcome);
        self.step(held, [Progress::NotStarted, Progress::Ended(outcome)]);
    }

    /// Records how many tickets are proven, unless the last such record is still on its way. The hub
    /// needs only the newest, so what it has not been told of the older ones is let go.
    pub(crate) fn record_tickets(&mut self, held: &mut HeldJob, reports: &mut Reports) {
        let Some(Proven { printed, total }) = held.tickets.take_due() else {
            return;
        };
        let entry = self.entry(held, Progress::Printing { printed, total });
        let mut records = vec![Record::Progress(entry)];
        let superseded = reports.let_go_of_counts(held.job.key);
        held.superseded(superseded.len());
        if !superseded.is_empty() {
            records.push(Record::Told(superseded));
        }
        self.append(records);
    }

    /// Does what the job's policy says about a print that may be on paper: `what` happened, and `told`
    /// is what its printer says of the tickets. `can_reprint` says whether there is a printer for it.
    pub(crate) fn resolve_doubt(
        &mut self,
        held: &mut HeldJob,
        what: &str,
        told: Option<TicketCount>,
        can_reprint: bool,
    ) {
        held.tickets.in_doubt(told, held.reprints > 0);
        if held.tickets.all_printed() {
            // Only the end itself went wrong: each ticket was proven before.
            let proof = Proof::Printed;
            self.end(held, Outcome::Done { proof });
            return;
        }
        let reprints = match held.job.uncertain {
            UncertainPolicy::Hold => false,
            UncertainPolicy::ReprintMarked | UncertainPolicy::Reprint => {
                can_reprint && !held.withdrawn && held.reprints < REPRINTS_MAX
            }
        };
        if reprints {
            held.reprints += 1;
            held.stage = Stage::Returning;
            self.step(held, [Progress::Reprinting]);
        } else {
            let outcome = held.uncertain(what);
            self.end(held, outcome);
        }
    }

    pub(crate) fn append(&mut self, records: Vec<Record>) {
        let entries = records
            .iter()
            .filter_map(|record| match record {
                Record::Accepted { entry, .. } | Record::Progress(entry) => Some(entry.clone()),
                _ => None,
            })
            .collect();
        let batch = BatchId(self.appends.next_batch);
        self.appends.next_batch += 1;
        self.appends
            .outstanding
            .push_back(Outstanding { batch, entries });
        self.effect(Effect::Append { batch, records });
    }
}
