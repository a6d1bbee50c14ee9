//! The journal on disk means what the core's journal in memory means, after any records.

use std::time::Duration;

use cueline_agent_core::{JournalImage, Record};
use cueline_model::{Failure, FailureCode, JobKey, Outcome, PrintOptions, UncertainPolicy};
use cueline_wire::cloud::Progress;

use crate::{accepted, copy_as_left_by_a_cut, done, entry, journal_in, key, open};

const SEEDS: u64 = 24;
const STEPS: u64 = 80;

/// A small generator (SplitMix64), so that a seed replays exactly.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// Makes records as a core would: numbers rise, a job is accepted once.
struct Author {
    chance: Chance,
    next_seq: u64,
    accepted: u128,
}

impl Author {
    fn seq(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq - 1
    }

    /// One of those accepted, or one that never was.
    fn some_job(&mut self) -> u128 {
        u128::from(self.chance.below(u64::try_from(self.accepted).unwrap() + 2))
    }

    fn progress(&mut self) -> Progress {
        match self.chance.below(9) {
            0 | 1 => Progress::Started,
            7 => Progress::Printing {
                printed: u32::try_from(self.chance.below(9)).unwrap(),
                total: 9,
            },
            2 => Progress::NotStarted,
            3 => Progress::Reprinting,
            4 => Progress::Ended(Outcome::Uncertain {
                tickets: None,
                detail: "power\u{0}cut ✂".to_owned(),
            }),
            5 => Progress::Ended(Outcome::Failed {
                failure: Failure {
                    code: FailureCode::BadDocument,
                    text: "\"quoted\"".to_owned(),
                },
            }),
            6 => Progress::Ended(Outcome::Expired),
            _ => Progress::Ended(done_outcome()),
        }
    }

    fn record(&mut self) -> Record {
        match self.chance.below(12) {
            0..=3 => self.accept(),
            4..=7 => {
                let (seq, job) = (self.seq(), self.some_job());
                Record::Progress(entry(seq, job, self.progress()))
            }
            8 => {
                let upto = self.next_seq + 1;
                Record::Told((0..3).map(|_| self.chance.below(upto)).collect())
            }
            9 => Record::Forgotten((0..2).map(|_| key(self.some_job())).collect()),
            10 => {
                let ping = self.chance.below(3);
                Record::LearnedPing {
                    path: format!("proxy {}:3128", self.chance.below(3)),
                    ping: (ping > 0).then(|| Duration::from_micros(ping * 22_500_500)),
                }
            }
            _ => Record::ClockOffset(i64::try_from(self.chance.below(9)).unwrap() - 4),
        }
    }

    fn accept(&mut self) -> Record {
        self.accepted += 1;
        let number = self.accepted;
        let seq = self.seq();
        let body = (self.chance.below(2) == 0).then_some(&b"ticket"[..]);
        let mut record = accepted(seq, number, body);
        if let Record::Accepted { job, .. } = &mut record {
            job.uncertain = [UncertainPolicy::Hold, UncertainPolicy::Reprint]
                [usize::from(number.is_multiple_of(2))];
            if number.is_multiple_of(5) {
                *job.options = PrintOptions::default();
                job.marked = false;
            }
            job.start_by = job.start_by.filter(|_| number.is_multiple_of(3));
        }
        record
    }
}

fn done_outcome() -> Outcome {
    match done() {
        Progress::Ended(outcome) => outcome,
        other => panic!("{other:?} is no end"),
    }
}

#[test]
fn after_any_records_both_give_back_the_same() {
    for seed in 0..SEEDS {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(&journal_in(folder.path()));
        let mut image = JournalImage::default();
        let mut author = Author {
            chance: Chance(seed),
            next_seq: seed % 2,
            accepted: 0,
        };
        for step in 0..STEPS {
            if author.chance.below(6) == 0 {
                let job: JobKey = key(author.some_job());
                journal.store_document(job, b"fetched").unwrap();
                image.keep_document(job);
            } else {
                let count = 1 + author.chance.below(4);
                let batch: Vec<Record> = (0..count).map(|_| author.record()).collect();
                journal.append(&batch).unwrap();
                batch.iter().for_each(|record| image.apply(record));
            }
            assert_eq!(
                journal.recover().unwrap(),
                image.recover(),
                "seed {seed}, step {step}"
            );
        }
        let cut = folder.path().join("cut");
        copy_as_left_by_a_cut(journal.path(), &cut);
        assert_eq!(open(&cut).1, image.recover(), "seed {seed}, after the cut");
    }
}
