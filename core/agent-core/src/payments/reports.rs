//! Telling the hub of payments until it has stored it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use cueline_model::limits::REPORT_ENTRIES_MAX;
use cueline_model::{Mono, PaymentId, StationName, TerminalName, UnmatchedTransaction, WallTime};
use cueline_wire::cloud::{
    JournalMark, LivePayment, PaymentEntry, PaymentReport, PaymentReportReply, UnmatchedAt,
};

use super::effect::Effect;
use super::record::Record;
use super::turn::Turn;
use crate::event::ReportId;

/// A report without an answer for this long has failed, whatever became of it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// The pauses before the next try, seconds; the last is kept to. A new link tries at once.
const PAUSES_S: [u64; 3] = [0, 1, 5];
/// Transactions nobody asked for that may wait for the hub; the oldest are let go, since the
/// terminal's own end of day has them all.
const UNMATCHED_MAX: usize = 100;

/// What is to be told and what is on its way.
#[derive(Debug)]
pub(super) struct Reports {
    mark: JournalMark,
    untold: BTreeMap<u64, Untold>,
    live: BTreeMap<PaymentId, LivePayment>,
    unmatched: VecDeque<UnmatchedAt>,
    in_flight: Option<InFlight>,
    retry_at: Option<Mono>,
    tries: usize,
    next_report: u64,
}

#[derive(Debug)]
struct Untold {
    entry: PaymentEntry,
    /// It was stored before and is told again because the hub asked.
    again: bool,
}

#[derive(Debug)]
struct InFlight {
    report: ReportId,
    since: Mono,
    unmatched: usize,
    live: Vec<LivePayment>,
}

impl Reports {
    pub(super) fn new(mark: JournalMark, untold: Vec<PaymentEntry>) -> Self {
        let untold = untold.into_iter().map(|entry| {
            let again = false;
            (entry.seq, Untold { entry, again })
        });
        Self {
            mark,
            untold: untold.collect(),
            live: BTreeMap::new(),
            unmatched: VecDeque::new(),
            in_flight: None,
            retry_at: None,
            tries: 0,
            next_report: 0,
        }
    }

    pub(super) fn mark(&self) -> &JournalMark {
        &self.mark
    }

    pub(super) fn untold_count(&self) -> usize {
        self.untold.len()
    }

    /// An entry is durable.
    pub(super) fn tell(&mut self, entry: PaymentEntry) {
        // What a terminal was doing is of no interest once it is over.
        self.live.remove(&entry.payment);
        let again = false;
        self.untold.insert(entry.seq, Untold { entry, again });
    }

    /// The hub asks for an entry that it had stored.
    pub(super) fn tell_again(&mut self, entry: PaymentEntry) {
        let again = true;
        self.untold
            .entry(entry.seq)
            .or_insert(Untold { entry, again });
    }

    pub(super) fn live(&mut self, live: Vec<LivePayment>) {
        for live in live {
            self.live.insert(live.payment, live);
        }
    }

    pub(super) fn unmatched(
        &mut self,
        station: StationName,
        terminal: TerminalName,
        transaction: UnmatchedTransaction,
        at: WallTime,
    ) {
        if self.unmatched.len() == UNMATCHED_MAX {
            self.unmatched.pop_front();
        }
        self.unmatched.push_back(UnmatchedAt {
            station,
            terminal,
            at,
            transaction,
        });
    }

    /// A link is up.
    pub(super) fn greeted(&mut self) {
        self.retry_at = None;
        self.tries = 0;
    }

    /// What the hub stored; gives the payment of each entry that it had not stored before.
    pub(super) fn answered(
        &mut self,
        report: ReportId,
        reply: PaymentReportReply,
        turn: &mut Turn<'_>,
    ) -> Vec<PaymentId> {
        let Some(sent) = self.take_in_flight(report) else {
            return Vec::new();
        };
        self.greeted();
        self.unmatched
            .drain(..sent.unmatched.min(self.unmatched.len()));
        let rejected = reply.rejected.iter().map(|rejection| rejection.seq);
        let done: Vec<u64> = reply.stored.iter().copied().chain(rejected).collect();
        let told: Vec<PaymentEntry> = done
            .iter()
            .filter_map(|seq| self.untold.remove(seq))
            .filter(|untold| !untold.again)
            .map(|untold| untold.entry)
            .collect();
        if !told.is_empty() {
            let seqs = told.iter().map(|entry| entry.seq).collect();
            turn.append(vec![Record::Told(seqs)]);
        }
        for rejection in reply.rejected {
            turn.effect(Effect::ReportRejected(rejection));
        }
        told.into_iter().map(|entry| entry.payment).collect()
    }

    pub(super) fn failed(&mut self, report: ReportId, turn: &Turn<'_>) {
        if let Some(sent) = self.take_in_flight(report) {
            self.wait(sent, turn);
        }
    }

    pub(super) fn timeout(&mut self, turn: &Turn<'_>) {
        let overdue = |sent: &mut InFlight| sent.since + ANSWER_TIMEOUT <= turn.now;
        if let Some(sent) = self.in_flight.take_if(overdue) {
            self.wait(sent, turn);
        }
    }

    /// Sends what there is, one report at a time.
    pub(super) fn advance(&mut self, turn: &mut Turn<'_>) {
        let waits = self.retry_at.is_some_and(|at| at > turn.now);
        if waits || self.in_flight.is_some() || !self.has_news() {
            return;
        }
        self.retry_at = None;
        let report = ReportId(self.next_report);
        self.next_report += 1;
        let body = PaymentReport {
            journal: self.mark.clone(),
            entries: self
                .untold
                .values()
                .take(REPORT_ENTRIES_MAX)
                .map(|untold| untold.entry.clone())
                .collect(),
            live: std::mem::take(&mut self.live).into_values().collect(),
            unmatched: self.unmatched.iter().cloned().collect(),
        };
        self.in_flight = Some(InFlight {
            report,
            since: turn.now,
            unmatched: body.unmatched.len(),
            live: body.live.clone(),
        });
        turn.effect(Effect::SendReport { report, body });
    }

    pub(super) fn timer(&self) -> Option<Mono> {
        match &self.in_flight {
            Some(sent) => Some(sent.since + ANSWER_TIMEOUT),
            None => self.retry_at.filter(|_| self.has_news()),
        }
    }

    fn has_news(&self) -> bool {
        !(self.untold.is_empty() && self.live.is_empty() && self.unmatched.is_empty())
    }

    fn take_in_flight(&mut self, report: ReportId) -> Option<InFlight> {
        self.in_flight.take_if(|sent| sent.report == report)
    }

    /// What was live and did not arrive is shown with the next, unless it is overtaken.
    fn wait(&mut self, sent: InFlight, turn: &Turn<'_>) {
        for live in sent.live {
            self.live.entry(live.payment).or_insert(live);
        }
        let pause = PAUSES_S[self.tries.min(PAUSES_S.len() - 1)];
        self.tries = self.tries.saturating_add(1);
        self.retry_at = Some(turn.now + Duration::from_secs(pause));
    }
}
