//! What one printer is doing, and what it does next.

use std::collections::BTreeSet;
use std::time::Duration;

use cueline_model::{Fault, JobKey, Mono, Outcome, PrinterName, WallTime};
use cueline_wire::cloud::{PrinterStatus, Progress};

use crate::effect::Effect;
use crate::event::{PrintEnd, PrinterOp};
use crate::jobs::{HeldJob, Jobs, Stage};
use crate::reports::Reports;
use crate::turn::Turn;

/// Pauses after a printer that was not ready or took nothing; the last one repeats.
const RETRY_PAUSES_S: [u64; 4] = [1, 1, 2, 5];

/// One printer's lane.
#[derive(Debug)]
pub(super) struct Lane {
    printer: PrinterName,
    /// Its unsettled jobs by sequence, the next one first. Ended ones fall out when they come first.
    queue: BTreeSet<(u64, JobKey)>,
    doing: Doing,
    failures: usize,
    retry_at: Option<Mono>,
    /// What the hub was last told; `None`: nothing yet since this program's start.
    told: Option<PrinterStatus>,
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
    },
    /// The printer is closed; what became of the job is on its way to the disk.
    Settling {
        job: JobKey,
    },
}

impl Lane {
    pub(super) fn new(printer: PrinterName) -> Self {
        Self {
            printer,
            queue: BTreeSet::new(),
            doing: Doing::Nothing,
            failures: 0,
            retry_at: None,
            told: None,
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
            return false;
        };
        self.retry_at.is_none_or(|due| due <= turn.now) && can_start(head, turn.hub_now)
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
        jobs: &mut Jobs,
        reports: &mut Reports,
        turn: &mut Turn<'_>,
    ) {
        if self.doing != (Doing::Opening { op }) {
            return;
        }
        self.tell(None, reports, turn);
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
        fault: Fault,
        reports: &mut Reports,
        turn: &Turn<'_>,
    ) {
        if self.doing == (Doing::Opening { op }) {
            self.doing = Doing::Nothing;
            self.tell(Some(fault), reports, turn);
            self.pause(turn.now);
        }
    }

    pub(super) fn fault(
        &mut self,
        op: PrinterOp,
        fault: Option<Fault>,
        reports: &mut Reports,
        turn: &Turn<'_>,
    ) {
        if matches!(self.doing, Doing::Printing { op: current, .. } if current == op) {
            self.tell(fault, reports, turn);
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
        self.doing = Doing::Printing { op, job };
        turn.effect(Effect::Print {
            op,
            printer: self.printer.clone(),
            job,
            copies: held.job.copies,
            duplicate: held.prints_duplicate(),
        });
    }

    pub(super) fn ended(
        &mut self,
        op: PrinterOp,
        end: PrintEnd,
        (jobs, reports): (&mut Jobs, &mut Reports),
        turn: &mut Turn<'_>,
    ) {
        let Doing::Printing { op: current, job } = self.doing else {
            return;
        };
        let Some(held) = jobs.get_mut(job).filter(|_| current == op) else {
            return;
        };
        self.doing = Doing::Settling { job };
        if let PrintEnd::NothingSent(fault) = end {
            self.tell(Some(fault), reports, turn);
            self.pause(turn.now);
            turn.take_back(held);
            return;
        }
        self.failures = 0;
        match end {
            PrintEnd::Done(proof) => turn.end(held, Outcome::Done { proof }),
            PrintEnd::Unprintable(failure) => {
                turn.end_unprinted(held, Outcome::Failed { failure });
            }
            PrintEnd::InDoubt(fault) | PrintEnd::NothingSent(fault) => {
                // A printer's fault is a sentence; another follows it.
                let fault = fault.text.trim_end_matches('.');
                let detail = format!("{fault}. Check whether the ticket came out.");
                turn.resolve_doubt(held, detail, true);
            }
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

    /// When the printer is to be opened again, where only a pause holds it back.
    pub(super) fn retry_due(&self, jobs: &Jobs, hub_now: WallTime, now: Mono) -> Option<Mono> {
        let waits = self.doing == Doing::Nothing
            && self
                .queue
                .iter()
                .filter_map(|(_, key)| jobs.get(*key))
                .find(|held| held.stage != Stage::Ending)
                .is_some_and(|held| can_start(held, hub_now));
        self.retry_at.filter(|due| waits && *due > now)
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
        turn.effect(Effect::ReleasePrinter {
            op,
            printer: self.printer.clone(),
        });
    }

    fn pause(&mut self, now: Mono) {
        let pause_s = RETRY_PAUSES_S[self.failures.min(RETRY_PAUSES_S.len() - 1)];
        self.failures += 1;
        self.retry_at = Some(now + Duration::from_secs(pause_s));
    }

    /// Tells the hub how the printer is, where that is news. A new sentence for the same fault keeps
    /// the time since which it lasts.
    fn tell(&mut self, fault: Option<Fault>, reports: &mut Reports, turn: &Turn<'_>) {
        let mut since = turn.hub_now;
        if let Some(told) = &self.told {
            if told.fault == fault {
                return;
            }
            let codes = |fault: &Option<Fault>| fault.as_ref().map(|fault| fault.code);
            if codes(&told.fault) == codes(&fault) {
                since = told.since;
            }
        }
        let status = PrinterStatus {
            printer: self.printer.clone(),
            fault,
            since,
        };
        self.told = Some(status.clone());
        reports.printer_changed(status);
    }
}

/// A job that may be past its time waits until the hub's clock is known again.
fn can_start(held: &HeldJob, hub_now: WallTime) -> bool {
    held.stage == Stage::Waiting && held.document_here && !held.is_expired(hub_now)
}
