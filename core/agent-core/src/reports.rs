//! Telling the hub until it has stored it: journal entries, pongs, printers' states.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use cueline_model::limits::{PRINTERS_PER_AGENT_MAX, REPORT_ENTRIES_MAX};
use cueline_model::{JobKey, Mono};
use cueline_wire::cloud::{Pong, PrinterStatus, Progress, Report, ReportEntry, ReportReply};

use crate::config::LinkTimings;
use crate::effect::{Effect, Notice};
use crate::event::ReportId;
use crate::jobs::Jobs;
use crate::link::Schedule;
use crate::record::Record;
use crate::timer::{Timer, TimerReason};
use crate::turn::Turn;

/// A report without an answer for this long has failed, whatever became of it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Entries that may wait for the hub. At the limit no offer is taken and no print started until the hub
/// has stored some; the jobs already here add at most a few entries each.
pub(crate) const UNTOLD_ENTRIES_MAX: usize = 10_000;

/// Changes of printers' states that may wait for the hub. At the limit the oldest that a newer one of
/// the same printer follows is let go, so that each printer's newest state is always told.
pub(crate) const PRINTER_CHANGES_MAX: usize = 4 * PRINTERS_PER_AGENT_MAX;

/// What is to be told and what is on its way.
#[derive(Debug)]
pub(crate) struct Reports {
    timings: LinkTimings,
    /// Durable here, not known to be stored at the hub, by number.
    untold: BTreeMap<u64, Untold>,
    pong: Option<Pong>,
    /// Changes of printers' states, oldest first, at most [`PRINTER_CHANGES_MAX`].
    printers: VecDeque<PrinterStatus>,
    in_flight: Option<InFlight>,
    retry: Option<Retry>,
    schedule: Schedule,
    next_report: u64,
}

#[derive(Debug)]
struct Untold {
    entry: ReportEntry,
    /// It was stored before and is told again because the hub asked; the journal knows it as told.
    again: bool,
}

#[derive(Debug)]
struct InFlight {
    report: ReportId,
    since: Mono,
    body: Report,
}

#[derive(Debug)]
struct Retry {
    at: Mono,
    /// The hub asked for this pause, so not even a greeting shortens it.
    asked_by_hub: bool,
}

impl Reports {
    pub(crate) fn new(timings: LinkTimings, untold: Vec<ReportEntry>) -> Self {
        let mut reports = Self {
            timings,
            untold: BTreeMap::new(),
            pong: None,
            printers: VecDeque::new(),
            in_flight: None,
            retry: None,
            schedule: Schedule::default(),
            next_report: 1,
        };
        for entry in untold {
            reports.tell(entry);
        }
        reports
    }

    pub(crate) fn untold_count(&self) -> usize {
        self.untold.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.untold.len() >= UNTOLD_ENTRIES_MAX
    }

    /// A durable entry is to be told.
    pub(crate) fn tell(&mut self, entry: ReportEntry) {
        let again = false;
        self.untold.insert(entry.seq, Untold { entry, again });
    }

    /// An entry that was stored is to be told again.
    pub(crate) fn tell_again(&mut self, entry: ReportEntry) {
        let again = true;
        self.untold
            .entry(entry.seq)
            .or_insert(Untold { entry, again });
    }

    pub(crate) fn answer_ping(&mut self, pong: Pong) {
        self.pong = Some(pong);
    }

    /// A link is up: the hub can be reached, so that a pause of our own is over.
    pub(crate) fn greeted(&mut self, pong: Pong) {
        self.pong = Some(pong);
        if self.retry.as_ref().is_some_and(|retry| !retry.asked_by_hub) {
            self.retry = None;
            self.schedule.reset();
        }
    }

    pub(crate) fn printer_changed(&mut self, status: PrinterStatus) {
        self.printers.push_back(status);
        self.bound_printers();
    }

    /// Lets go of the counts of a job's tickets that wait to be told: a newer one follows. Gives their
    /// numbers. What is on its way to the hub stays until that is answered.
    pub(crate) fn let_go_of_counts(&mut self, key: JobKey) -> Vec<u64> {
        let sent: BTreeSet<u64> = self
            .in_flight
            .iter()
            .flat_map(|sent| &sent.body.entries)
            .map(|entry| entry.seq)
            .collect();
        let is_old = |seq: &u64, untold: &Untold| {
            let is_count = matches!(untold.entry.progress, Progress::Printing { .. });
            is_count && untold.entry.key() == key && !untold.again && !sent.contains(seq)
        };
        let gone = self
            .untold
            .extract_if(.., |seq, untold| is_old(seq, untold));
        gone.map(|(seq, _)| seq).collect()
    }

    /// Sends what there is to tell, unless a report is under way or to be waited for.
    pub(crate) fn advance(&mut self, turn: &mut Turn<'_>) {
        let waits = self.retry.as_ref().is_some_and(|retry| retry.at > turn.now);
        if waits || self.in_flight.is_some() || !self.has_news() {
            return;
        }
        self.retry = None;
        let body = Report {
            pong: self.pong.take(),
            entries: self
                .untold
                .values()
                .take(REPORT_ENTRIES_MAX)
                .map(|untold| untold.entry.clone())
                .collect(),
            printers: {
                let first = self.printers.len().min(PRINTERS_PER_AGENT_MAX);
                self.printers.drain(..first).collect()
            },
        };
        let report = ReportId(self.next_report);
        self.next_report += 1;
        self.in_flight = Some(InFlight {
            report,
            since: turn.now,
            body: body.clone(),
        });
        turn.effect(Effect::SendReport { report, body });
    }

    /// The hub answered. An answer that stores nothing of what was sent counts as a failure, or the
    /// same report would go out without a pause.
    pub(crate) fn answered(
        &mut self,
        report: ReportId,
        reply: ReportReply,
        jobs: &mut Jobs,
        turn: &mut Turn<'_>,
    ) {
        let Some(sent) = self.take_in_flight(report) else {
            return;
        };
        let sent: BTreeSet<u64> = sent.body.entries.iter().map(|entry| entry.seq).collect();
        let mut told = Vec::new();
        let mut gone = 0;
        let rejected: Vec<u64> = reply.rejected.iter().map(|entry| entry.seq).collect();
        for seq in reply.stored.into_iter().chain(rejected) {
            let known = sent.contains(&seq).then(|| self.untold.remove(&seq));
            let Some(Untold { entry, again }) = known.flatten() else {
                continue;
            };
            gone += 1;
            if !again {
                jobs.told(entry.key());
                told.push(seq);
            }
        }
        for rejection in reply.rejected {
            turn.notice(Notice::ReportRejected(rejection));
        }
        if !told.is_empty() {
            turn.append(vec![Record::Told(told)]);
        }
        if gone == 0 && !sent.is_empty() {
            self.wait(None, turn);
        } else {
            self.schedule.reset();
        }
    }

    pub(crate) fn failed(
        &mut self,
        report: ReportId,
        retry_after: Option<Duration>,
        turn: &mut Turn<'_>,
    ) {
        let Some(sent) = self.take_in_flight(report) else {
            return;
        };
        self.pong = self.pong.or(sent.body.pong);
        for status in sent.body.printers.into_iter().rev() {
            self.printers.push_front(status);
        }
        self.bound_printers();
        self.wait(retry_after, turn);
    }

    pub(crate) fn timeout(&mut self, turn: &mut Turn<'_>) {
        let overdue = self
            .in_flight
            .as_ref()
            .filter(|sent| sent.since + ANSWER_TIMEOUT <= turn.now)
            .map(|sent| sent.report);
        if let Some(report) = overdue {
            self.failed(report, None, turn);
        }
    }

    pub(crate) fn timer(&self) -> Option<Timer> {
        match (&self.in_flight, &self.retry) {
            (Some(sent), _) => Some((sent.since + ANSWER_TIMEOUT, TimerReason::ReportOverdue)),
            (None, Some(retry)) if self.has_news() => Some((retry.at, TimerReason::ReportRetry)),
            _ => None,
        }
    }

    fn has_news(&self) -> bool {
        self.pong.is_some() || !self.untold.is_empty() || !self.printers.is_empty()
    }

    fn bound_printers(&mut self) {
        while self.printers.len() > PRINTER_CHANGES_MAX {
            let outdated = self.printers.iter().enumerate().position(|(at, status)| {
                let mut later = self.printers.iter().skip(at + 1);
                later.any(|newer| newer.printer == status.printer)
            });
            // There are more changes than printers, so there is one.
            self.printers.remove(outdated.unwrap_or(0));
        }
    }

    fn take_in_flight(&mut self, report: ReportId) -> Option<InFlight> {
        self.in_flight.take_if(|sent| sent.report == report)
    }

    fn wait(&mut self, retry_after: Option<Duration>, turn: &mut Turn<'_>) {
        let own = self.schedule.next_pause(&self.timings, turn.chance);
        let asked = retry_after
            .unwrap_or_default()
            .min(self.timings.retry_after_max);
        self.retry = Some(Retry {
            at: turn.now + own.max(asked),
            asked_by_hub: asked > own,
        });
    }
}
