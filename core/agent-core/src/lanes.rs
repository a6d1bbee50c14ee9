//! One lane for each printer: its jobs in order of sequence, one at a time.

mod condition;
mod lane;

use std::collections::BTreeMap;

use cueline_model::{JobKey, Mono, PrinterName, WallTime};
use cueline_wire::cloud::{Progress, ReportEntry};

use crate::config::PrinterConfig;
use crate::event::{PrintEnd, PrinterOp};
use crate::jobs::{HeldJob, Jobs};
use crate::record::Proven;
use crate::reports::Reports;
use crate::timer::Timer;
use crate::turn::Turn;
pub(crate) use condition::Condition;
use lane::Lane;

/// All lanes; at most [`cueline_model::limits::PRINTERS_PER_AGENT_MAX`].
#[derive(Debug)]
pub(crate) struct Lanes {
    lanes: BTreeMap<PrinterName, Lane>,
    next_op: u64,
    closing: bool,
}

impl Lanes {
    pub(crate) fn new(printers: &[PrinterConfig]) -> Self {
        let lanes = printers
            .iter()
            .map(|printer| (printer.name.clone(), Lane::new(printer)))
            .collect();
        Self {
            lanes,
            next_op: 1,
            closing: false,
        }
    }

    /// Puts an accepted job in its place.
    pub(crate) fn enqueue(&mut self, held: &HeldJob) {
        if let Some(lane) = self.lanes.get_mut(&held.job.printer) {
            lane.enqueue(held.place());
        }
    }

    /// Blocks a job's lane until its record is durable: it was found started after a crash.
    pub(crate) fn settle_first(&mut self, held: &HeldJob) {
        if let Some(lane) = self.lanes.get_mut(&held.job.printer) {
            lane.enqueue(held.place());
            lane.settle(held.job.key);
        }
    }

    /// Whether anything is being printed or journalled about a print.
    pub(crate) fn is_busy(&self) -> bool {
        self.lanes.values().any(Lane::is_busy)
    }

    /// Starts nothing more, and closes the printers that were opened for it.
    pub(crate) fn close(&mut self, turn: &mut Turn<'_>) {
        self.closing = true;
        for lane in self.lanes.values_mut() {
            lane.release_opening(turn);
        }
    }

    /// Opens the printers of idle lanes that have something to print, or are to be looked at.
    pub(crate) fn advance(&mut self, jobs: &Jobs, reports: &Reports, turn: &mut Turn<'_>) {
        if self.closing || reports.is_full() {
            return;
        }
        for lane in self.lanes.values_mut() {
            if lane.wants_printer(jobs, turn) {
                let op = PrinterOp(self.next_op);
                self.next_op += 1;
                lane.open(op, turn);
            }
        }
    }

    pub(crate) fn ready(
        &mut self,
        (op, printer): (PrinterOp, &PrinterName),
        told: Condition,
        jobs: &mut Jobs,
        reports: &mut Reports,
        turn: &mut Turn<'_>,
    ) {
        if let Some(lane) = self.lanes.get_mut(printer) {
            lane.ready(op, told, (jobs, reports), turn);
        }
    }

    pub(crate) fn not_ready(
        &mut self,
        (op, printer): (PrinterOp, &PrinterName),
        told: Condition,
        reports: &mut Reports,
        turn: &mut Turn<'_>,
    ) {
        if let Some(lane) = self.lanes.get_mut(printer) {
            lane.not_ready(op, told, reports, turn);
        }
    }

    pub(crate) fn condition(
        &mut self,
        (op, printer): (PrinterOp, &PrinterName),
        told: Condition,
        jobs: &mut Jobs,
        reports: &mut Reports,
        turn: &mut Turn<'_>,
    ) {
        if let Some(lane) = self.lanes.get_mut(printer) {
            lane.condition(op, told, (jobs, reports), turn);
        }
    }

    pub(crate) fn progress(
        &mut self,
        (op, printer): (PrinterOp, &PrinterName),
        proven: Proven,
        jobs: &mut Jobs,
        reports: &mut Reports,
        turn: &mut Turn<'_>,
    ) {
        if let Some(lane) = self.lanes.get_mut(printer) {
            lane.progress(op, proven, (jobs, reports), turn);
        }
    }

    /// Stops the print of a job that was withdrawn, where its printer does not get on.
    pub(crate) fn withdrawn(&mut self, key: JobKey, jobs: &Jobs, turn: &mut Turn<'_>) {
        let printer = jobs.get(key).map(|held| &held.job.printer);
        if let Some(lane) = printer.and_then(|printer| self.lanes.get_mut(printer)) {
            lane.stop_unwanted(jobs, turn);
        }
    }

    pub(crate) fn ended(
        &mut self,
        (op, printer): (PrinterOp, &PrinterName),
        end: PrintEnd,
        jobs: &mut Jobs,
        reports: &mut Reports,
        turn: &mut Turn<'_>,
    ) {
        if let Some(lane) = self.lanes.get_mut(printer) {
            lane.ended(op, end, (jobs, reports), turn);
        }
    }

    /// A job's entry is durable: what it held back goes on.
    pub(crate) fn appended(
        &mut self,
        entry: &ReportEntry,
        printer: &PrinterName,
        jobs: &mut Jobs,
        reports: &mut Reports,
        turn: &mut Turn<'_>,
    ) {
        let Some(lane) = self.lanes.get_mut(printer) else {
            return;
        };
        let key = entry.key();
        match entry.progress {
            Progress::Accepted => {}
            Progress::Printing { .. } => lane.counted(key, jobs, reports, turn),
            Progress::Started => lane.started(key, self.closing, jobs, turn),
            Progress::NotStarted | Progress::Reprinting => lane.returned(key, jobs),
            Progress::Ended(_) => lane.settled(key),
        }
    }

    /// When a printer is to be tried again, or looked at.
    pub(crate) fn timer(&self, jobs: &Jobs, hub_now: WallTime, now: Mono) -> Option<Timer> {
        if self.closing {
            return None;
        }
        self.lanes
            .values()
            .filter_map(|lane| lane.next_due(jobs, hub_now))
            .filter(|(due, _)| *due > now)
            .min()
    }
}
