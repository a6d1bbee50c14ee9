//! The journal's meaning, in memory: what a real one must give back after the same records.
//!
//! Simulations and the recovery tests run on it, and the SQLite journal's tests compare with it.

use std::collections::BTreeMap;
use std::time::Duration;

use cueline_model::JobKey;
use cueline_wire::cloud::{Progress, ReportEntry};

use crate::record::{Phase, Proven, Record, Recovered, RecoveredJob};

/// A journal as a plain value: [`JournalImage::apply`] what is durable, [`JournalImage::recover`] after
/// a crash.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JournalImage {
    /// By the number of their first entry, which is the order of acceptance.
    jobs: BTreeMap<u64, RecoveredJob>,
    accepted_as: BTreeMap<JobKey, u64>,
    untold: BTreeMap<u64, ReportEntry>,
    /// Outlives the entries: a number is never given twice, not even after everything was forgotten.
    next_seq: u64,
    learned_pings: BTreeMap<String, Duration>,
    clock_offset_ms: Option<i64>,
}

impl JournalImage {
    /// Takes one durable record. Records about jobs that it does not hold change no job; numbers that
    /// it does not hold are told in vain.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Accepted { entry, job, body } => {
                let found = RecoveredJob {
                    job: job.clone(),
                    phase: Phase::Waiting,
                    document_here: body.is_some(),
                    reprints: 0,
                    proven: None,
                    newest_entry: entry.clone(),
                };
                self.accepted_as.insert(job.key, entry.seq);
                self.jobs.insert(entry.seq, found);
                self.note(entry);
            }
            Record::Progress(entry) => {
                let key = entry.key();
                if let Some(found) = self.job_mut(key) {
                    progress(found, entry);
                }
                self.note(entry);
            }
            Record::Told(seqs) => {
                for seq in seqs {
                    self.untold.remove(seq);
                }
            }
            Record::Forgotten(keys) => {
                for key in keys {
                    if let Some(seq) = self.accepted_as.remove(key) {
                        self.jobs.remove(&seq);
                    }
                }
            }
            Record::LearnedPing { path, ping } => match ping {
                Some(ping) => {
                    self.learned_pings.insert(path.clone(), *ping);
                }
                None => {
                    self.learned_pings.remove(path);
                }
            },
            Record::ClockOffset(offset_ms) => self.clock_offset_ms = Some(*offset_ms),
        }
    }

    /// A fetched document is durable, as [`crate::Event::Fetched`] says. One that comes after its job's
    /// end is let go at once.
    pub fn keep_document(&mut self, key: JobKey) {
        if let Some(found) = self.job_mut(key) {
            found.document_here = found.phase != Phase::Ended;
        }
    }

    /// What an agent that starts now finds.
    #[must_use]
    pub fn recover(&self) -> Recovered {
        Recovered {
            jobs: self.jobs.values().cloned().collect(),
            untold: self.untold.values().cloned().collect(),
            next_seq: self.next_seq,
            learned_pings: self.learned_pings.clone(),
            clock_offset_ms: self.clock_offset_ms,
        }
    }

    fn job_mut(&mut self, key: JobKey) -> Option<&mut RecoveredJob> {
        let seq = self.accepted_as.get(&key)?;
        self.jobs.get_mut(seq)
    }

    fn note(&mut self, entry: &ReportEntry) {
        self.untold.insert(entry.seq, entry.clone());
        self.next_seq = self.next_seq.max(entry.seq + 1);
    }
}

fn progress(found: &mut RecoveredJob, entry: &ReportEntry) {
    found.newest_entry = entry.clone();
    match entry.progress {
        Progress::Accepted | Progress::NotStarted => found.phase = Phase::Waiting,
        Progress::Started => found.phase = Phase::Started,
        Progress::Printing { printed, total } => {
            found.phase = Phase::Started;
            found.proven = Some(Proven { printed, total });
        }
        Progress::Reprinting => {
            found.phase = Phase::Waiting;
            found.reprints += 1;
        }
        Progress::Ended(_) => {
            found.phase = Phase::Ended;
            found.document_here = false;
        }
    }
}
