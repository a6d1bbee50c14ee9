//! A till's disk: writes that take time, in order, and what a crash leaves of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cueline_agent_core::{BatchId, JournalImage, Phase, Record, Recovered};
use cueline_model::limits::AGENT_SETTLED_MEMORY_MAX;
use cueline_model::{JobKey, Outcome};
use cueline_wire::cloud::{Progress, ReportEntry};

use crate::assertions;
use crate::reference::Rule;
use crate::world::World;

/// Writes that may wait at once before something must be wrong with the core's limits: 64 accepts, a
/// step of each job of a simulated till, and a few more.
const WRITES_MAX: usize = 400;

/// One write.
#[derive(Debug)]
pub enum Write {
    /// A batch of records.
    Batch(BatchId, Vec<Record>),
    /// A document that was fetched.
    Document(JobKey),
}

/// A till's disk.
#[derive(Debug, Default)]
pub struct Disk {
    image: JournalImage,
    waiting: VecDeque<Write>,
    /// Every entry that was ever durable, by its number.
    entries: BTreeMap<u64, ReportEntry>,
    untold: BTreeSet<u64>,
    phases: BTreeMap<JobKey, Phase>,
    documents: BTreeSet<JobKey>,
    busy_until_ms: u64,
}

impl Disk {
    /// Takes a write; gives how long until it is done.
    pub fn write(&mut self, write: Write, takes_ms: u64, world: &mut World) -> u64 {
        self.waiting.push_back(write);
        if self.waiting.len() > WRITES_MAX {
            let text = format!("{} writes wait for a disk", self.waiting.len());
            world.reference.violated(Rule::LimitsHold, None, text);
        }
        self.busy_until_ms = self.busy_until_ms.max(world.now_ms) + takes_ms;
        self.busy_until_ms - world.now_ms
    }

    /// The first write is done: it is durable now.
    pub fn done(&mut self, world: &mut World) -> Option<Write> {
        let write = self.waiting.pop_front()?;
        self.apply(&write, world);
        Some(write)
    }

    /// The machine dies: of the writes in flight the first few are there, whole, and the rest not at
    /// all.
    pub fn crash(&mut self, world: &mut World) {
        let kept = world.chance.index(self.waiting.len() + 1);
        for write in std::mem::take(&mut self.waiting).into_iter().take(kept) {
            world.counts.batches_kept += 1;
            self.apply(&write, world);
        }
        self.busy_until_ms = 0;
    }

    /// The program ends in an orderly way: what waits is written first.
    pub fn finish(&mut self, world: &mut World) {
        while self.done(world).is_some() {}
        self.busy_until_ms = 0;
    }

    /// How many writes wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// What a program that starts now finds.
    #[must_use]
    pub fn recover(&self) -> Recovered {
        self.image.recover()
    }

    /// Whether this very entry is durable.
    #[must_use]
    pub fn holds(&self, entry: &ReportEntry) -> bool {
        self.entries.get(&entry.seq) == Some(entry)
    }

    /// Whether a job's start is its newest durable step.
    #[must_use]
    pub fn is_started(&self, key: JobKey) -> bool {
        self.phases.get(&key) == Some(&Phase::Started)
    }

    /// Whether a job's document is durable.
    #[must_use]
    pub fn has_document(&self, key: JobKey) -> bool {
        self.documents.contains(&key)
    }

    /// Entries that the hub is not known to have.
    #[must_use]
    pub fn untold(&self) -> usize {
        self.untold.len()
    }

    fn apply(&mut self, write: &Write, world: &mut World) {
        match write {
            Write::Document(key) => {
                self.image.keep_document(*key);
                self.documents.insert(*key);
            }
            Write::Batch(_, records) => {
                for record in records {
                    self.image.apply(record);
                    self.learn(record, world);
                }
            }
        }
    }

    fn learn(&mut self, record: &Record, world: &mut World) {
        match record {
            Record::Accepted { entry, job, body } => {
                if body.is_some() {
                    self.documents.insert(job.key);
                }
                self.entry(entry, world);
            }
            Record::Progress(entry) => self.entry(entry, world),
            Record::Told(numbers) => {
                for number in numbers {
                    self.untold.remove(number);
                }
            }
            Record::Forgotten(keys) => {
                for key in keys {
                    self.phases.remove(key);
                }
            }
            Record::LearnedPing { .. } | Record::ClockOffset(_) => {}
        }
    }

    fn entry(&mut self, entry: &ReportEntry, world: &mut World) {
        let key = entry.key();
        match &entry.progress {
            Progress::Printing { .. } => world.counts.counts_recorded += 1,
            Progress::Ended(Outcome::Uncertain {
                tickets: Some(_), ..
            }) => world.counts.counted_in_doubt += 1,
            _ => {}
        }
        let phase = match entry.progress {
            Progress::Started | Progress::Printing { .. } => Phase::Started,
            Progress::Ended(_) => Phase::Ended,
            Progress::Accepted | Progress::NotStarted | Progress::Reprinting => Phase::Waiting,
        };
        self.phases.insert(key, phase);
        let ended = self.phases.len();
        if ended > AGENT_SETTLED_MEMORY_MAX + WRITES_MAX {
            let text = format!("a journal remembers {ended} jobs");
            world.reference.violated(Rule::LimitsHold, None, text);
        }
        self.untold.insert(entry.seq);
        if let Some(before) = self.entries.insert(entry.seq, entry.clone()) {
            let text = format!("number {} was {before:?} and is {entry:?}", entry.seq);
            world
                .reference
                .violated(Rule::EntryNumbersAreUnique, Some(entry.job), text);
        }
        assertions::journalled(&mut world.reference, entry);
        if entry.progress == Progress::Ended(Outcome::Expired) {
            let (now, set) = (world.true_wall(), world.counts.clock_jumps > 0);
            let early = assertions::expired(&mut world.reference, entry.job, now, set);
            world.counts.expired_early += u64::from(early);
        }
    }
}
