//! The disk, as a test plays it, and what the journal says.

use cueline_agent_core::{BatchId, Event, Phase, Record};
use cueline_model::{JobKey, Outcome};
use cueline_wire::cloud::Progress;

use super::Till;

impl Till {
    /// Makes the oldest batch durable and says so.
    pub fn sync_one(&mut self) {
        let batch = self.persist_one();
        self.agent
            .handle_event(Event::Appended { batch }, self.now());
        while let Some(effect) = self.agent.poll_effect() {
            self.check(&effect);
            self.log.push((self.now_ms, effect));
        }
    }

    /// Makes the oldest batch durable; the agent does not hear of it.
    pub fn persist_one(&mut self) -> BatchId {
        let (batch, records) = self.on_the_way.pop_front().expect("a batch on the way");
        for record in &records {
            self.journal.apply(record);
            if let Record::Accepted { entry, .. } | Record::Progress(entry) = record {
                self.durable_seqs.insert(entry.seq);
            }
        }
        batch
    }

    /// Makes everything durable that was asked for so far and by that.
    pub fn sync(&mut self) {
        while !self.on_the_way.is_empty() {
            self.sync_one();
        }
        self.drain();
    }

    pub fn phase(&self, key: JobKey) -> Option<Phase> {
        let jobs = self.journal.recover().jobs;
        jobs.iter().find(|j| j.job.key == key).map(|j| j.phase)
    }

    /// What became of a job according to the journal: its newest entry.
    pub fn newest(&self, key: JobKey) -> Progress {
        let jobs = self.journal.recover().jobs;
        let found = jobs.into_iter().find(|found| found.job.key == key);
        found.expect("a job in the journal").newest_entry.progress
    }

    pub fn outcome(&self, key: JobKey) -> Outcome {
        match self.newest(key) {
            Progress::Ended(outcome) => outcome,
            other => panic!("{key:?} has not ended but is {other:?}"),
        }
    }
}
