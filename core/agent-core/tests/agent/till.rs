//! One agent with its clocks, its disk and its printers, stepped through simulated time.
//!
//! Each effect is checked as it comes against the rules that hold always: one link at a time, nothing
//! told and nothing printed before it is durable, one report at a time, one use of a printer at a
//! time, in order, and never a timer that is already over.

mod disk;
mod hub;
mod printers;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use cueline_agent_core::{
    Agent, BatchId, Config, Effect, Event, JournalImage, LinkId, LinkTimings, Notice, Phase,
    PrinterConfig, PrinterOp, Record, ReportId, TimerReason,
};
use cueline_model::{ContentType, JobKey, Mono, Now, PrinterName, WallTime};
use cueline_wire::cloud::{Progress, Report, StreamMode};

pub use hub::{job_offer, key, print};
pub use printers::{failure, fault, in_doubt, tickets};

/// No time at all, to compare a list of times with.
pub const NEVER: [u64; 0] = [];

/// What an open printer is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Opening,
    Ready,
    Printing,
}

/// The wall clock when the monotonic one stands at zero: 2026-05-01T12:00:00Z.
pub const START: WallTime = WallTime(1_777_636_800_000);

pub struct Till {
    pub agent: Agent,
    config: Config,
    /// Ms since the start, by the monotonic clock.
    pub now_ms: u64,
    /// Wall clock minus (START + monotonic clock), ms.
    pub wall_off_ms: i64,
    /// Hub's wall clock minus (START + monotonic clock), ms.
    pub hub_off_ms: i64,
    /// What is durable.
    pub journal: JournalImage,
    /// Asked for and not durable yet.
    pub on_the_way: VecDeque<(BatchId, Vec<Record>)>,
    /// Whether the disk takes its time: batches become durable only by [`Till::sync`].
    pub slow_disk: bool,
    /// All effects since the last [`Till::take`], with their times.
    log: Vec<(u64, Effect)>,
    link: Option<LinkId>,
    /// The report under way, and when it was sent.
    report: Option<(ReportId, Report, u64)>,
    printers: BTreeMap<PrinterName, (PrinterOp, Use)>,
    printing: BTreeMap<PrinterOp, JobKey>,
    /// How often each job may be on paper.
    pub on_paper: BTreeMap<JobKey, u32>,
    durable_seqs: BTreeSet<u64>,
    epoch: u64,
    /// When the newest `hello` came.
    greeted_ms: u64,
    pub exited: bool,
}

pub fn config() -> Config {
    let printer = |name: &str| PrinterConfig {
        name: name.parse().unwrap(),
        content_types: vec![ContentType::Raw, ContentType::Png],
        watch: false,
    };
    Config {
        link: LinkTimings::default(),
        printers: vec![printer("left"), printer("right")],
        path: "direct".to_owned(),
        seed: 1,
    }
}

impl Till {
    pub fn new() -> Self {
        Self::with(config())
    }

    pub fn with(config: Config) -> Self {
        Self::recovered(config, JournalImage::default())
    }

    /// A till whose schedule is not spread.
    pub fn without_jitter() -> Self {
        let mut config = config();
        config.link.jitter_from_try = u32::MAX;
        Self::with(config)
    }

    /// A till that starts with this journal.
    pub fn recovered(config: Config, journal: JournalImage) -> Self {
        let found = journal.recover();
        let mut till = Self::started(config, journal, 0, (0, 0));
        till.durable_seqs
            .extend(found.untold.iter().map(|entry| entry.seq));
        till.drain();
        till
    }

    fn started(
        config: Config,
        journal: JournalImage,
        now_ms: u64,
        (wall_off_ms, hub_off_ms): (i64, i64),
    ) -> Self {
        Self {
            agent: Agent::new(
                config.clone(),
                journal.recover(),
                read_clocks(now_ms, wall_off_ms),
            ),
            config,
            now_ms,
            wall_off_ms,
            hub_off_ms,
            printing: BTreeMap::new(),
            on_paper: BTreeMap::new(),
            durable_seqs: BTreeSet::new(),
            journal,
            on_the_way: VecDeque::new(),
            slow_disk: false,
            log: Vec::new(),
            link: None,
            report: None,
            printers: BTreeMap::new(),
            epoch: 0,
            greeted_ms: 0,
            exited: false,
        }
    }

    /// The process is killed and started again: what was not durable is lost. The disk is no faster
    /// than before, and the hub's epochs go on.
    pub fn crash(&mut self) {
        let offsets = (self.wall_off_ms, self.hub_off_ms);
        let journal = self.journal.clone();
        let mut next = Self::started(self.config.clone(), journal, self.now_ms, offsets);
        next.epoch = self.epoch;
        next.slow_disk = self.slow_disk;
        next.durable_seqs.append(&mut self.durable_seqs);
        next.on_paper.append(&mut self.on_paper);
        *self = next;
        self.drain();
    }

    pub fn now(&self) -> Now {
        read_clocks(self.now_ms, self.wall_off_ms)
    }

    pub fn hub_now(&self) -> WallTime {
        (START + Duration::from_millis(self.now_ms)).shifted_ms(self.hub_off_ms)
    }

    /// Lets time pass, waking the agent exactly when it asked to be.
    pub fn pass(&mut self, time: Duration) {
        self.pass_until(self.now_ms + u64::try_from(time.as_millis()).unwrap());
    }

    pub fn pass_s(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    pub fn pass_until(&mut self, end_ms: u64) {
        while let Some((due, _)) = self.agent.poll_timeout() {
            if due.0 > end_ms {
                break;
            }
            self.now_ms = due.0;
            self.agent.handle_timeout(self.now());
            self.drain();
        }
        self.now_ms = end_ms;
    }

    /// Time passes that the monotonic clock does not count: the machine sleeps.
    pub fn sleep_s(&mut self, seconds: i64) {
        self.wall_off_ms += seconds * 1_000;
        self.hub_off_ms += seconds * 1_000;
    }

    pub fn next_timer(&self, reason: TimerReason) -> bool {
        self.agent
            .poll_timeout()
            .is_some_and(|(_, why)| why == reason)
    }

    pub fn event(&mut self, event: Event) {
        self.note_event(&event);
        self.agent.handle_event(event, self.now());
        self.drain();
    }

    // ---- effects

    /// The effects since the last call, with their times.
    pub fn take_timed(&mut self) -> Vec<(u64, Effect)> {
        std::mem::take(&mut self.log)
    }

    pub fn take(&mut self) -> Vec<Effect> {
        self.take_timed().into_iter().map(|(_, e)| e).collect()
    }

    pub fn notices(&mut self) -> Vec<Notice> {
        let notice = |effect| match effect {
            Effect::Notice(notice) => Some(notice),
            _ => None,
        };
        self.take().into_iter().filter_map(notice).collect()
    }

    /// Times of the tries at the link since the last call.
    pub fn connects(&mut self) -> Vec<u64> {
        let time = |(time, effect)| matches!(effect, Effect::Connect { .. }).then_some(time);
        self.take_timed().into_iter().filter_map(time).collect()
    }

    /// What the last try asked for, among the effects since the last call.
    pub fn last_connect(&mut self) -> (Duration, StreamMode) {
        let asked = |effect| match effect {
            Effect::Connect { ping, mode, .. } => Some((ping, mode)),
            _ => None,
        };
        self.take()
            .into_iter()
            .filter_map(asked)
            .next_back()
            .unwrap()
    }

    pub fn prints(&mut self) -> Vec<(JobKey, bool)> {
        let print = |effect| match effect {
            Effect::Print { job, duplicate, .. } => Some((job, duplicate)),
            _ => None,
        };
        self.take().into_iter().filter_map(print).collect()
    }

    fn drain(&mut self) {
        loop {
            while let Some(effect) = self.agent.poll_effect() {
                self.check(&effect);
                self.log.push((self.now_ms, effect));
            }
            if self.slow_disk || self.on_the_way.is_empty() {
                break;
            }
            self.sync_one();
        }
        if let Some((due, reason)) = self.agent.poll_timeout() {
            assert!(due.0 > self.now_ms, "{reason:?} is due at {due:?} already");
        }
    }

    fn check(&mut self, effect: &Effect) {
        assert!(!self.exited, "{effect:?} after the exit");
        match effect {
            Effect::Connect { link, .. } => {
                assert_eq!(self.link, None, "two links at once");
                self.link = Some(*link);
            }
            Effect::Disconnect { link } => assert_eq!(self.link.take(), Some(*link)),
            Effect::Append { batch, records } => {
                assert!(!records.is_empty());
                for record in records {
                    if let Record::Progress(entry) = record
                        && entry.progress == Progress::Started
                    {
                        self.check_order(entry.key());
                    }
                }
                self.on_the_way.push_back((*batch, records.clone()));
            }
            Effect::SendReport { report, body } => {
                let given_up = |sent_ms: u64| self.now_ms >= sent_ms + 60_000;
                let free = self
                    .report
                    .as_ref()
                    .is_none_or(|(_, _, sent_ms)| given_up(*sent_ms));
                assert!(free, "two reports at once");
                assert!(body.entries.len() <= 200);
                assert!(body.entries.is_sorted_by_key(|entry| entry.seq));
                for entry in &body.entries {
                    let durable = self.durable_seqs.contains(&entry.seq);
                    assert!(durable, "told before it was durable: {entry:?}");
                }
                self.report = Some((*report, body.clone(), self.now_ms));
            }
            Effect::OpenPrinter { op, printer } => {
                let open = self.printers.insert(printer.clone(), (*op, Use::Opening));
                assert_eq!(open, None, "{printer} opened twice");
            }
            Effect::Print {
                op, printer, job, ..
            } => {
                let before = self.printers.insert(printer.clone(), (*op, Use::Printing));
                assert_eq!(before, Some((*op, Use::Ready)));
                assert_eq!(
                    self.phase(*job),
                    Some(Phase::Started),
                    "printed before it was durable"
                );
                self.printing.insert(*op, *job);
                *self.on_paper.entry(*job).or_default() += 1;
            }
            Effect::StopPrint { op, printer } => {
                let printing = self.printers.get(printer);
                assert_eq!(printing, Some(&(*op, Use::Printing)), "stopped in vain");
            }
            Effect::ReleasePrinter { op, printer } => {
                let (open, used) = self.printers.remove(printer).expect("an open printer");
                assert!(open == *op && used != Use::Printing);
            }
            Effect::Exit => {
                assert!(self.on_the_way.is_empty() && self.link.is_none());
                self.exited = true;
            }
            Effect::SendInventory
            | Effect::Fetch { .. }
            | Effect::Payments(_)
            | Effect::Notice(_) => {}
        }
    }

    /// Nothing that is to come out earlier on the same printer may still wait when a job is started.
    fn check_order(&self, key: JobKey) {
        let jobs = self.journal.recover().jobs;
        let started = jobs.iter().find(|found| found.job.key == key).unwrap();
        let ending: BTreeSet<JobKey> = self
            .on_the_way
            .iter()
            .flat_map(|(_, records)| records)
            .filter_map(|record| match record {
                Record::Progress(entry) if matches!(entry.progress, Progress::Ended(_)) => {
                    Some(entry.key())
                }
                _ => None,
            })
            .collect();
        let overtaken = jobs.iter().find(|found| {
            found.job.printer == started.job.printer
                && found.job.sequence < started.job.sequence
                && found.phase != Phase::Ended
                && !ending.contains(&found.job.key)
        });
        assert_eq!(overtaken, None, "{key:?} overtook it");
    }

    fn note_event(&mut self, event: &Event) {
        match event {
            Event::LinkClosed { link, .. } if self.link == Some(*link) => self.link = None,
            Event::PrinterReady { printer, .. } => {
                if let Some((_, used @ Use::Opening)) = self.printers.get_mut(printer) {
                    *used = Use::Ready;
                }
            }
            Event::PrinterNotReady { printer, .. } | Event::PrintEnded { printer, .. } => {
                self.printers.remove(printer);
            }
            Event::ReportAnswered { .. } | Event::ReportFailed { .. } => self.report = None,
            _ => {}
        }
    }
}

fn read_clocks(now_ms: u64, wall_off_ms: i64) -> Now {
    Now {
        mono: Mono(now_ms),
        wall: (START + Duration::from_millis(now_ms)).shifted_ms(wall_off_ms),
    }
}
