//! What one printer is doing, and what it does next.

use std::collections::BTreeSet;
use std::time::Duration;

use cueline_model::{JobKey, Mono, Outcome, PrinterName, WallTime};
use cueline_wire::cloud::Progress;

use super::condition::{Condition, Told};
use crate::config::PrinterConfig;
use crate::effect::Effect;
use crate::event::{PrintEnd, PrinterOp};
use crate::jobs::{HeldJob, Jobs, Stage};
use crate::record::Proven;
use crate::reports::Reports;
use crate::timer::{Timer, TimerReason};
use crate::turn::Turn;

/// Pauses after a printer that was not ready or took nothing; the last one repeats.
const RETRY_PAUSES_S: [u64; 4] = [1, 1, 2, 5];

/// How often a printer that has nothing to do is looked at while it is well.
const LOOK_WELL: Duration = Duration::from_secs(30);
/// And while something is wrong with it, so that it is soon seen to be well again.
const LOOK_FAULTY: Duration = Duration::from_secs(5);

/// One printer's lane.
#[derive(Debug)]
pub(super) struct Lane {
    printer: PrinterName,
    /// Its unsettled jobs by sequence, the next one first. Ended ones fall out when they come first.
    queue: BTreeSet<(u64, JobKey)>,
    doing: Doing,
    failures: usize,
    retry_at: Option<Mono>,
    /// When it is to be looked at, unless a job opens it anyway; `None`: never.
    look_at: Option<Mono>,
    told: Told,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Nothing,
    /// Asking the printer whether it is ready. Which job it is for is decided when it is.
    Opening {
        op: PrinterOp,
    },
    /// The printer is open; `Started` is on its way to the disk.
    Starting {
        op: PrinterOp,
        job: JobKey,
    },
    Printing {
        op: PrinterOp,
        job: JobKey,
        /// It was asked to stop.
        stopping: bool,
    },
    /// The printer is closed; what became of the job is on its way to the disk.
    Settling {
        job: JobKey,
    },
}

impl Lane {
    pub(super) fn new(printer: &PrinterConfig) -> Self {
        Self {
            printer: printer.name.clone(),
            queue: BTreeSet::new(),
            doing: Doing::Nothing,
            failures: 0,
            retry_at: None,
            look_at: printer.watch.then_some(Mono(0)),
            told: Told::default(),
        }
    }

    pub(super) fn enqueue(&mut self, place: (u64, JobKey)) {
        self.queue.insert(place);
    }

    pub(super) fn settle(&mut self, job: JobKey) {
        self.doing = Doing::Settling { job };
    }

    pub(super) fn is_busy(&self) -> bool {
        !matches!(self.doing, Doing::Nothing | Doing::Opening { .. })
    }

    /// Whether the printer is to be opened now. Clears away what has ended.
    pub(super) fn wants_printer(&mut self, jobs: &Jobs, turn: &Turn<'_>) -> bool {
        if self.doing != Doing::Nothing {
            return false;
        }
        let Some(head) = self.head(jobs) else {
            if self.queue.is_empty() {
                self.failures = 0;
                self.retry_at = None;
            }
            return self.look_at.is_some_and(|due| due <= turn.now);
        };
        if !can_start(head, turn.hub_now) {
            return self.look_at.is_some_and(|due| due <= turn.now);
        }
        self.retry_at.is_none_or(|due| due <= turn.now)
    }

    pub(super) fn open(&mut self, op: PrinterOp, turn: &mut Turn<'_>) {
        self.retry_at = None;
        self.doing = Doing::Opening { op };
        turn.effect(Effect::OpenPrinter {
            op,
            printer: self.printer.clone(),
        });
    }

    pub(super) fn release_opening(&mut self, turn: &mut Turn<'_>) {
        if let Doing::Opening { op } = self.doing {
            self.release(op, turn);
        }
    }

    /// The printer is ready: starts the first job, or closes it again where that has gone.
    pub(super) fn ready(
        &mut self,
        op: PrinterOp,
        told: Condition,
        (jobs, reports): (&mut Jobs, &mut Reports),
        turn: &mut Turn<'_>,
    ) {
        if self.doing != (Doing::Opening { op }) {
            return;
        }
        self.tell(told, reports, turn);
        let head = self
            .head(jobs)
            .filter(|head| can_start(head, turn.hub_now))
            .map(|head| head.job.key);
        let Some(held) = head.and_then(|key| jobs.get_mut(key)) else {
            self.release(op, turn);
            return;
        };
        held.stage = Stage::Started;
        self.doing = Doing::Starting {
            op,
            job: held.job.key,
        };
        turn.step(held, [Progress::Started]);
    }

    pub(super) fn not_ready(
        &mut self,
        op: PrinterOp,
        told: Condition,
        reports: &mut Reports,
        turn: &Turn<'_>,
    ) {
        if self.doing == (Doing::Opening { op }) {
            self.doing = Doing::Nothing;
            self.tell(told, reports, turn);
            self.pause(turn.now);
        }
    }

    pub(super) fn condition(
        &mut self,
        op: PrinterOp,
        told: Condition,
        (jobs, reports): (&mut Jobs, &mut Reports),
        turn: &mut Turn<'_>,
    ) {
        if matches!(self.doing, Doing::Printing { op: current, .. } if current == op) {
            self.tell(told, reports, turn);
            self.stop_unwanted(jobs, turn);
        }
    }

    /// Stops a print that nobody wants any more while its printer does not get on. With a printer
    /// that is well it goes on: it would be torn off in the middle of a ticket for nothing.
    pub(super) fn stop_unwanted(&mut self, jobs: &Jobs, turn: &mut Turn<'_>) {
        let Doing::Printing { op, job, stopping } = &mut self.doing else {
            return;
        };
        let unwanted = jobs.get(*job).is_some_and(|held| held.withdrawn);
        if unwanted && self.told.is_faulty() && !*stopping {
            *stopping = true;
            turn.effect(Effect::StopPrint {
                op: *op,
                printer: self.printer.clone(),
            });
        }
    }

    /// The printer has proven more tickets.
    pub(super) fn progress(
        &mut self,
        op: PrinterOp,
        proven: Proven,
        (jobs, reports): (&mut Jobs, &mut Reports),
        turn: &mut Turn<'_>,
    ) {
        if let Some(held) = self.printing(op, jobs) {
            held.tickets.count(proven, held.reprints > 0);
            turn.record_tickets(held, reports);
        }
    }

    /// A count of tickets is durable: one that came meanwhile is next.
    pub(super) fn counted(
        &mut self,
        key: JobKey,
        jobs: &mut Jobs,
        reports: &mut Reports,
        turn: &mut Turn<'_>,
    ) {
        let Some(held) = jobs.get_mut(key) else {
            return;
        };
        held.tickets.recorded();
        if matches!(self.doing, Doing::Printing { job, .. } if job == key) {
            turn.record_tickets(held, reports);
        }
    }

    /// `Started` is durable: only now may a byte go to the printer.
    pub(super) fn started(
        &mut self,
        key: JobKey,
        closing: bool,
        jobs: &mut Jobs,
        turn: &mut Turn<'_>,
    ) {
        let Doing::Starting { op, job } = self.doing else {
            return;
        };
        let Some(held) = jobs.get_mut(key).filter(|_| job == key) else {
            return;
        };
        if closing || held.withdrawn || held.is_expired(turn.hub_now) {
            self.release(op, turn);
            self.doing = Doing::Settling { job };
            turn.take_back(held);
            return;
        }
        let stopping = false;
        self.doing = Doing::Printing { op, job, stopping };
        turn.effect(Effect::Print {
            op,
            printer: self.printer.clone(),
            job,
            copies: held.job.copies,
            duplicate: held.prints_duplicate(),
            options: (*held.job.options).clone(),
            proven: held.tickets.proven(),
        });
    }

    pub(super) fn ended(
        &mut self,
        op: PrinterOp,
        end: PrintEnd,
        (jobs, reports): (&mut Jobs, &mut Reports),
        turn: &mut Turn<'_>,
    ) {
        let Some(held) = self.printing(op, jobs) else {
            return;
        };
        self.doing = Doing::Settling { job: held.job.key };
        if !matches!(end, PrintEnd::NothingSent(_)) {
            self.failures = 0;
        }
        let warning = self.told.warning();
        match end {
            PrintEnd::Done(proof) => {
                turn.end(held, Outcome::Done { proof });
                self.tell(Condition::well(warning), reports, turn);
                self.look_in(LOOK_WELL, turn.now);
            }
            PrintEnd::NothingSent(fault) => {
                turn.take_back(held);
                self.tell(Condition::of(Some(fault), warning), reports, turn);
                self.pause(turn.now);
            }
            PrintEnd::Unprintable(failure) => {
                turn.end_unprinted(held, Outcome::Failed { failure });
            }
            PrintEnd::InDoubt { fault, tickets } => {
                turn.resolve_doubt(held, &fault.text, tickets, true);
                self.look_in(LOOK_FAULTY, turn.now);
            }
        }
    }

    /// The job that this operation prints.
    fn printing<'a>(&self, op: PrinterOp, jobs: &'a mut Jobs) -> Option<&'a mut HeldJob> {
        match self.doing {
            Doing::Printing {
                op: current, job, ..
            } if current == op => jobs.get_mut(job),
            _ => None,
        }
    }

    /// A job that was started waits again.
    pub(super) fn returned(&mut self, key: JobKey, jobs: &mut Jobs) {
        let Some(held) = jobs.get_mut(key) else {
            return;
        };
        if held.stage == Stage::Returning {
            held.stage = Stage::Waiting;
            self.settled(key);
        }
    }

    /// What became of a job is durable: the lane goes on.
    pub(super) fn settled(&mut self, key: JobKey) {
        if self.doing == (Doing::Settling { job: key }) {
            self.doing = Doing::Nothing;
        }
    }

    /// When the printer is to be opened next, where only time holds it back.
    pub(super) fn next_due(&self, jobs: &Jobs, hub_now: WallTime) -> Option<Timer> {
        if self.doing != Doing::Nothing {
            return None;
        }
        let waits = self
            .queue
            .iter()
            .filter_map(|(_, key)| jobs.get(*key))
            .find(|held| held.stage != Stage::Ending)
            .is_some_and(|held| can_start(held, hub_now));
        let (due, reason) = if waits {
            (self.retry_at, TimerReason::PrinterRetry)
        } else {
            (self.look_at, TimerReason::PrinterLook)
        };
        due.map(|due| (due, reason))
    }

    /// The first job that has not ended.
    fn head<'a>(&mut self, jobs: &'a Jobs) -> Option<&'a HeldJob> {
        while let Some((_, key)) = self.queue.first() {
            match jobs.get(*key) {
                Some(held) if held.stage != Stage::Ending => return Some(held),
                _ => self.queue.pop_first(),
            };
        }
        None
    }

    fn release(&mut self, op: PrinterOp, turn: &mut Turn<'_>) {
        self.doing = Doing::Nothing;
        self.look_in(LOOK_WELL, turn.now);
        turn.effect(Effect::ReleasePrinter {
            op,
            printer: self.printer.clone(),
        });
    }

    fn pause(&mut self, now: Mono) {
        let pause_s = RETRY_PAUSES_S[self.failures.min(RETRY_PAUSES_S.len() - 1)];
        self.failures += 1;
        self.retry_at = Some(now + Duration::from_secs(pause_s));
        self.look_in(LOOK_FAULTY, now);
    }

    fn look_in(&mut self, time: Duration, now: Mono) {
        if let Some(look_at) = &mut self.look_at {
            *look_at = now + time;
        }
    }

    fn tell(&mut self, told: Condition, reports: &mut Reports, turn: &Turn<'_>) {
        if let Some(status) = self.told.news(&self.printer, told, turn.hub_now) {
            reports.printer_changed(status);
        }
    }
}

/// A job that may be past its time waits until the hub's clock is known again.
fn can_start(held: &HeldJob, hub_now: WallTime) -> bool {
    held.stage == Stage::Waiting && held.document_here && !held.is_expired(hub_now)
}
