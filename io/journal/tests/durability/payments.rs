//! The journal of payments: it means what the core's image of it means, it is one agent's, its
//! openings are counted, and what was acknowledged survives a kill.

use std::path::{Path, PathBuf};

use cueline_agent_core::payments::{JournalImage, Record, Recovered};
use cueline_journal::{JournalError, PaymentJournal};
use cueline_model::{
    AgentId, Baseline, CardDetails, Currency, Original, PaymentFailure, PaymentFailureCode,
    PaymentId, PaymentKind, PaymentOrder, PaymentOutcome, Receipt, ReceiptCopy, Resolver,
    Settlement, Stage, WallTime,
};
use cueline_wire::cloud::{JournalMark, PaymentEntry, PaymentStep};

use crate::copy_as_left_by_a_cut;
use crate::disk_full::TinyDisk;

const SEEDS: u64 = 6;
const STEPS: u64 = 40;

fn journal_in(folder: &Path) -> PathBuf {
    folder.join("payments.sqlite")
}

fn agent() -> AgentId {
    AgentId::from_u128(7)
}

fn open(path: &Path) -> (PaymentJournal, Recovered) {
    PaymentJournal::open(path, agent(), "a".repeat(32)).unwrap()
}

fn id(number: u64) -> PaymentId {
    PaymentId::from_u128(u128::from(number))
}

fn order(number: u64) -> PaymentOrder {
    let is_void = number.is_multiple_of(3);
    PaymentOrder {
        kind: [PaymentKind::Sale, PaymentKind::Void][usize::from(is_void)],
        amount_minor: 100 + i64::try_from(number).unwrap(),
        currency: Currency::EUR,
        station: "desk \"ü\"".parse().unwrap(),
        terminal: "main".parse().unwrap(),
        original: is_void.then(|| Original {
            payment: id(1),
            amount_minor: 100,
            receipt_no: Some("0007".to_owned()),
            terminal_txn_ref: None,
        }),
    }
}

fn entry(seq: u64, number: u64, step: PaymentStep) -> PaymentEntry {
    PaymentEntry {
        seq,
        payment: id(number),
        at: WallTime(1_777_663_800_000 + i64::try_from(seq).unwrap()),
        step,
    }
}

fn accepted(seq: u64, number: u64) -> Record {
    Record::Accepted {
        entry: entry(seq, number, PaymentStep::Accepted),
        order: order(number),
        start_by: WallTime(1_777_663_900_000),
    }
}

/// A small generator (SplitMix64), so that a seed replays exactly; makes records as a core would.
struct Author {
    state: u64,
    next_seq: u64,
    accepted: u64,
}

impl Author {
    fn below(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn seq(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq - 1
    }

    /// One of those accepted, or one that never was.
    fn some_payment(&mut self) -> u64 {
        self.below(self.accepted + 2)
    }

    fn step(&mut self) -> PaymentStep {
        let outcome = match self.below(4) {
            0 => PaymentOutcome::Cancelled,
            1 => PaymentOutcome::Failed {
                failure: PaymentFailure {
                    stage: Stage::Terminal,
                    code: PaymentFailureCode::Refused,
                    retryable: true,
                    text: "nul\u{0} and ✂".to_owned(),
                },
            },
            _ => PaymentOutcome::Approved {
                amount_minor: i64::MAX,
                card: CardDetails {
                    last4: Some("1234".to_owned()),
                    ..CardDetails::default()
                },
            },
        };
        let receipt = Receipt {
            copy: ReceiptCopy::Merchant,
            lines: vec![String::new(), "EUR 1.00".to_owned()],
            signature: true,
        };
        match self.below(5) {
            0 => PaymentStep::Started { baseline: None },
            1 => PaymentStep::Started {
                baseline: Some(Baseline {
                    receipt_no: Some("0007".to_owned()),
                    terminal_txn_ref: None,
                }),
            },
            2 => PaymentStep::Unknown {
                text: "?".to_owned(),
                asking: self.below(2) == 0,
            },
            3 => PaymentStep::Receipt { receipt },
            _ => PaymentStep::Ended {
                settlement: Box::new(Settlement {
                    outcome,
                    receipts: vec![receipt],
                }),
                resolver: (self.below(2) == 0).then_some(Resolver::Terminal),
            },
        }
    }

    fn record(&mut self) -> Record {
        match self.below(10) {
            0..=2 => {
                self.accepted += 1;
                accepted(self.seq(), self.accepted)
            }
            3..=6 => {
                let (seq, number) = (self.seq(), self.some_payment());
                Record::Step(entry(seq, number, self.step()))
            }
            7 | 8 => {
                let upto = self.next_seq + 1;
                Record::Told((0..3).map(|_| self.below(upto)).collect())
            }
            _ => Record::Forgotten((0..2).map(|_| id(self.some_payment())).collect()),
        }
    }
}

/// The same but for who opened it, which the image makes up.
fn assert_same(found: &Recovered, image: &mut JournalImage, context: &str) {
    let mut expected = image.open();
    expected.mark.instance.clone_from(&found.mark.instance);
    assert_eq!(*found, expected, "{context}");
}

#[test]
fn after_any_records_both_give_back_the_same_also_after_a_kill() {
    for seed in 0..SEEDS {
        let folder = tempfile::tempdir().unwrap();
        let mut path = journal_in(folder.path());
        let mut image = JournalImage::default();
        let (mut journal, found) = open(&path);
        assert_same(&found, &mut image, "new");
        let mut author = Author {
            state: seed,
            next_seq: 1,
            accepted: 0,
        };
        for step in 0..STEPS {
            let batch: Vec<Record> = (0..1 + author.below(3)).map(|_| author.record()).collect();
            journal.append(&batch).unwrap();
            batch.iter().for_each(|record| image.apply(record));
            let context = format!("seed {seed}, step {step}");
            match author.below(8) {
                0 => {
                    // Killed: the files are what they are at this moment.
                    let copy = folder.path().join(format!("copy-{step}.sqlite"));
                    copy_as_left_by_a_cut(&path, &copy);
                    path = copy;
                }
                1 => {
                    journal.tidy().unwrap();
                    continue;
                }
                2 => drop(journal),
                _ => continue,
            }
            let (next, found) = open(&path);
            assert_same(&found, &mut image, &context);
            journal = next;
        }
    }
}

#[test]
fn a_foreign_journal_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    let (mut journal, _) = open(&path);
    journal.append(&[accepted(1, 1)]).unwrap();
    drop(journal);
    let other = AgentId::from_u128(8);
    let error = PaymentJournal::open(&path, other, "b".repeat(32)).unwrap_err();
    assert_eq!(
        error,
        JournalError::Foreign {
            path: path.clone(),
            owner: agent().to_string(),
            agent: other,
        }
    );
    let (_journal, found) = open(&path);
    assert_eq!(found.payments.len(), 1);
    assert_eq!(found.mark.opening, 2, "the refused one does not count");
}

#[test]
fn each_opening_is_counted_durably_and_marked_by_its_instance() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    for opening in 1..=5 {
        let instance = format!("{opening:032x}");
        let (journal, found) = PaymentJournal::open(&path, agent(), instance.clone()).unwrap();
        assert_eq!(found.mark, JournalMark { opening, instance });
        let copy = folder.path().join(format!("killed-{opening}.sqlite"));
        copy_as_left_by_a_cut(&path, &copy);
        assert_eq!(open(&copy).1.mark.opening, opening + 1, "killed at once");
        drop(journal);
    }
}

#[test]
fn a_batch_is_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    let (mut journal, _) = open(&path);
    journal.append(&[accepted(1, 1)]).unwrap();
    // The second is a payment that is there already, which no core asks for.
    let refused = journal.append(&[accepted(2, 2), accepted(3, 1)]);
    assert!(refused.is_err());
    drop(journal);
    let (_journal, found) = open(&path);
    assert_eq!(found.payments.len(), 1);
    assert_eq!(found.next_seq, 2);
}

#[test]
fn one_process_at_a_time_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    let (_journal, _) = open(&path);
    let error = PaymentJournal::open(&path, agent(), "b".repeat(32)).unwrap_err();
    assert_eq!(error, JournalError::Locked { path });
}

#[test]
fn an_append_on_a_full_disk_says_so_changes_nothing_and_succeeds_later() {
    let Some(disk) = TinyDisk::mount() else {
        return;
    };
    let path = journal_in(disk.path());
    let (mut journal, _) = open(&path);
    journal.append(&[accepted(1, 1)]).unwrap();
    disk.fill();
    let receipt = Receipt {
        copy: ReceiptCopy::Customer,
        lines: vec!["x".repeat(60_000)],
        signature: false,
    };
    let large = || {
        Record::Step(entry(
            2,
            1,
            PaymentStep::Receipt {
                receipt: receipt.clone(),
            },
        ))
    };
    for _ in 0..3 {
        let error = journal.append(&[large()]).unwrap_err();
        assert_eq!(error, JournalError::DiskFull { path: path.clone() });
    }
    disk.make_room();
    journal.append(&[large()]).unwrap();
    drop(journal);
    let (_journal, found) = open(&path);
    assert_eq!(found.payments[0].entries.len(), 2);
}

#[test]
fn its_log_is_written_back_however_long_it_stays_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = journal_in(folder.path());
    let (mut journal, _) = open(&path);
    let log = folder.path().join("payments.sqlite-wal");
    let mut longest_bytes = 0;
    for seq in 1..=800 {
        journal.append(&[accepted(seq, seq)]).unwrap();
        longest_bytes = longest_bytes.max(std::fs::metadata(&log).unwrap().len());
    }
    let limit_bytes = 5 * 1024 * 1024;
    assert!(
        (limit_bytes / 2..limit_bytes).contains(&longest_bytes),
        "{longest_bytes} bytes"
    );
}
