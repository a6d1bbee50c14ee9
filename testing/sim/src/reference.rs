//! The model of what the box office may believe: every job, what is on paper, what is in doubt.
//!
//! It is told facts by the fakes (a sheet came out, a machine died) and claims by the programs under
//! test (a record, an answer, an outcome). [`crate::assertions`] compares the two.

use std::collections::BTreeMap;
use std::fmt;

use cueline_model::{JobId, Outcome, TicketCount, UncertainPolicy, WallTime};
use cueline_wire::cloud::{Progress, ReportEntry};

/// A rule that must always hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// What was acknowledged is still there after any crash.
    AcknowledgedIsKept,
    /// Every job ends once everything is healed.
    EverythingSettles,
    /// An outcome, once recorded, never changes, and both ends have the same.
    OutcomeNeverChanges,
    /// What the hub knows of a job, an agent's journal said before.
    OutcomeFromJournal,
    /// Done means that every copy is on paper.
    DoneIsOnPaper,
    /// Nothing is printed more often than its policy allows.
    NotPrintedAgain,
    /// What may be a second copy is marked where the policy says so, and nothing else is.
    DuplicatesAreMarked,
    /// Failed, expired and cancelled mean that nothing can be on paper.
    NothingPrintedIsTrue,
    /// Uncertain means that it really was in doubt.
    DoubtIsReal,
    /// What is said to be printed is on paper, what is said not to be is not, and only what is really
    /// in doubt is said to be unknown.
    CountsAreTrue,
    /// A ticket that was proven is not printed again.
    ProvenIsNotRepeated,
    /// A ticket is left out of a reprint only if it is on paper.
    NothingIsLeftOut,
    /// A job that nobody wants is not waited for while its printer does not get on.
    CancelIsPrompt,
    /// Nothing is printed before its start and its document are durable.
    JournalBeforePrint,
    /// Nothing is reported before it is durable.
    JournalBeforeReport,
    /// A number of the journal stands for one entry for ever.
    EntryNumbersAreUnique,
    /// First copies come out in the hub's order, on each printer.
    OrderIsKept,
    /// Nothing is started after its time, as far as the till can know the time.
    ExpiryIsKept,
    /// A dead link is found within the idle time-out.
    DeadLinksAreFound,
    /// Queues stay within their limits.
    LimitsHold,
    /// The link is not tried more often than its schedule says, and nothing spins.
    NoBusyLoop,
    /// The hub takes every entry it is told.
    EntriesAreTaken,
    /// A core uses its effects as their contract says.
    EffectsFitTogether,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A rule that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// How.
    pub text: String,
    /// About which job.
    pub job: Option<JobId>,
}

/// How one use of a printer for a job ended, as far as the printer and the till are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// It goes on, or the till died with it.
    Open,
    /// Nothing was sent.
    Nothing,
    /// All of it came out and the till was told.
    Done,
    /// The till was told that it is in doubt.
    InDoubt,
}

/// One use of a printer for a job.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// Complete copies on paper.
    pub copies: u16,
    /// A copy that was cut off.
    pub torn: bool,
    /// The till asked for the copies after so many.
    pub left_out: u16,
    /// None after this copy can have reached the printer.
    pub reach: u16,
    /// What the till was told of each copy when it ended in doubt.
    pub told: Option<TicketCount>,
    /// How it ended.
    pub end: RunEnd,
}

/// All that is true and all that is claimed about one job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its number in the plan.
    pub number: usize,
    /// For which till.
    pub till: usize,
    /// And which printer of it.
    pub printer: usize,
    /// The hub's order.
    pub sequence: u64,
    /// How often.
    pub copies: u16,
    /// What to do when in doubt.
    pub uncertain: UncertainPolicy,
    /// Its expiry on the hub's clock.
    pub start_by: Option<WallTime>,
    /// Its uses of the printer.
    pub runs: Vec<Run>,
    /// How often each copy is on paper, complete.
    pub sheets: Vec<u16>,
    /// So many copies are proven by what is durable at its till.
    pub counted: u32,
    /// Its till came back after it was begun, and may have forgotten what was not durable.
    pub recovered: bool,
    /// How often a till came back and found it started.
    pub doubts: u32,
    /// How the till's journal says that it ended.
    pub journalled: Option<Outcome>,
    /// How the hub says that it ended.
    pub recorded: Option<Outcome>,
}

impl Job {
    /// Whether anything of it may be on paper.
    #[must_use]
    pub fn may_be_on_paper(&self) -> bool {
        self.runs.iter().any(|run| run.end != RunEnd::Nothing)
    }

    /// Complete copies on paper.
    #[must_use]
    pub fn copies_on_paper(&self) -> u32 {
        self.runs.iter().map(|run| u32::from(run.copies)).sum()
    }

    /// How many copies are on paper before the first that is not.
    #[must_use]
    pub fn printed_through(&self) -> u32 {
        let through = self.sheets.iter().take_while(|times| **times > 0);
        u32::try_from(through.count()).unwrap_or(u32::MAX)
    }

    /// None after this copy can have reached a printer.
    #[must_use]
    pub fn reach(&self) -> u32 {
        let reach = self.runs.iter().map(|run| run.reach).max();
        u32::from(reach.unwrap_or_default())
    }

    /// Whether a sheet of it is on paper, complete or not.
    #[must_use]
    pub fn is_on_paper(&self) -> bool {
        self.runs.iter().any(|run| run.copies > 0 || run.torn)
    }
}

/// What was promised and must be found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Promise {
    /// The job was acknowledged to the box office.
    Taken,
    /// This entry was acknowledged to its till.
    Stored(ReportEntry),
}

/// The reference.
#[derive(Debug, Default)]
pub struct Reference {
    jobs: BTreeMap<JobId, Job>,
    promises: Vec<(JobId, Promise)>,
    /// The highest sequence of which a sheet came out, by till and printer.
    printed_through: BTreeMap<(usize, usize), u64>,
    first_violation: Option<Violation>,
    /// Rules that are not looked at.
    blind_to: &'static [Rule],
}

/// Rules that need a look into a till's journal while it runs.
const WATCHED: &[Rule] = &[
    Rule::JournalBeforePrint,
    Rule::JournalBeforeReport,
    Rule::OutcomeFromJournal,
    Rule::EntryNumbersAreUnique,
];

impl Reference {
    /// A reference at the beginning; `unwatched` leaves out what only a look into a till's journal
    /// shows.
    #[must_use]
    pub fn new(unwatched: bool) -> Self {
        Self {
            blind_to: if unwatched { WATCHED } else { &[] },
            ..Self::default()
        }
    }

    /// A rule did not hold; only the first time is kept.
    pub fn violated(&mut self, rule: Rule, job: Option<JobId>, text: impl Into<String>) {
        if self.blind_to.contains(&rule) {
            return;
        }
        self.first_violation.get_or_insert_with(|| Violation {
            rule,
            text: text.into(),
            job,
        });
    }

    /// Checks that something holds.
    pub fn expect(&mut self, holds: bool, rule: Rule, job: JobId, text: impl FnOnce() -> String) {
        if !holds {
            self.violated(rule, Some(job), text());
        }
    }

    /// The first violation.
    #[must_use]
    pub const fn violation(&self) -> Option<&Violation> {
        self.first_violation.as_ref()
    }

    /// A job is in the hub's store.
    pub fn stored(&mut self, id: JobId, job: Job) {
        self.jobs.entry(id).or_insert(job);
    }

    /// A job, if it was ever stored.
    #[must_use]
    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.jobs.get(&id)
    }

    pub(crate) fn job_mut(&mut self, id: JobId) -> Option<&mut Job> {
        self.jobs.get_mut(&id)
    }

    /// Every job.
    pub fn jobs(&self) -> impl Iterator<Item = (JobId, &Job)> {
        self.jobs.iter().map(|(id, job)| (*id, job))
    }

    /// The hub lost a job that it had not acknowledged.
    pub fn forget(&mut self, id: JobId) {
        self.jobs.remove(&id);
    }

    /// The hub acknowledged something.
    pub fn promised(&mut self, job: JobId, promise: Promise) {
        self.promises.push((job, promise));
    }

    /// Everything that the hub acknowledged.
    #[must_use]
    pub fn promises(&self) -> &[(JobId, Promise)] {
        &self.promises
    }

    /// A use of a printer begins, for the copies after so many; gives its number among the job's.
    pub fn run_begins(&mut self, id: JobId, left_out: u16) -> usize {
        let Some(job) = self.jobs.get_mut(&id) else {
            return 0;
        };
        job.runs.push(Run {
            copies: 0,
            torn: false,
            left_out,
            reach: left_out,
            told: None,
            end: RunEnd::Open,
        });
        job.runs.len() - 1
    }

    /// A use of a printer ends and the till is told.
    pub fn run_ends(&mut self, id: JobId, run: usize, end: RunEnd, told: Option<TicketCount>) {
        if let Some(run) = self.run_mut(id, run) {
            run.end = end;
            run.told = told;
        }
    }

    /// The printer has taken something of this copy, counted from 1.
    pub fn reaches(&mut self, id: JobId, run: usize, copy: u16) {
        if let Some(run) = self.run_mut(id, run) {
            run.reach = run.reach.max(copy);
        }
    }

    /// A sheet comes out.
    pub fn sheet(&mut self, id: JobId, run: usize, complete: bool) {
        let Some(job) = self.jobs.get(&id) else {
            return;
        };
        let (lane, sequence, first) = ((job.till, job.printer), job.sequence, !job.is_on_paper());
        if let Some(run) = self.run_mut(id, run) {
            let copy = usize::from(run.left_out + run.copies);
            if complete {
                run.copies += 1;
            } else {
                run.torn = true;
            }
            let job = self.jobs.get_mut(&id);
            if let Some(times) = job.and_then(|job| job.sheets.get_mut(copy))
                && complete
            {
                *times += 1;
            }
        }
        let through = self.printed_through.entry(lane).or_default();
        let in_order = !first || sequence > *through;
        *through = sequence.max(*through);
        let through = *through;
        self.expect(in_order, Rule::OrderIsKept, id, || {
            format!("sequence {sequence} came out after {through} on printer {lane:?}")
        });
    }

    fn run_mut(&mut self, id: JobId, run: usize) -> Option<&mut Run> {
        self.jobs.get_mut(&id)?.runs.get_mut(run)
    }

    /// A till came back and found this job, started or not.
    pub fn found(&mut self, id: JobId, started: bool) {
        if let Some(job) = self.jobs.get_mut(&id) {
            job.doubts += u32::from(started);
            job.recovered |= started || job.may_be_on_paper();
        }
    }

    /// Whether an entry would end a job otherwise than it has ended at its till.
    #[must_use]
    pub fn contradicts(&self, entry: &ReportEntry) -> bool {
        let journalled = self
            .jobs
            .get(&entry.job)
            .and_then(|job| job.journalled.as_ref());
        match (journalled, &entry.progress) {
            (Some(before), Progress::Ended(now)) => before != now,
            (Some(_), _) => true,
            (None, _) => false,
        }
    }
}
