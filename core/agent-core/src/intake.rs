//! Taking offers and withdrawals: what is known already, what fits, what is refused.

use std::time::Duration;

use cueline_model::limits::AGENT_JOBS_MAX;
use cueline_model::{Failure, FailureCode, JobKey, Mono, Outcome};
use cueline_wire::cloud::{JobOffer, Progress, Withdraw, Work};

use crate::config::PrinterConfig;
use crate::effect::Notice;
use crate::jobs::{HeldJob, Jobs, Stage};
use crate::record::{Job, Record};
use crate::reports::Reports;
use crate::turn::Turn;

/// Accepts that may be on their way to the disk at once; each holds a body of up to 64 KiB in the
/// shell's memory. One more offer is left unacknowledged, and the hub makes it again.
pub(crate) const UNCONFIRMED_ACCEPTS_MAX: usize = 64;
/// The clerk is not told more often than this that the agent is full.
const FULL_NOTICE_EVERY: Duration = Duration::from_secs(60);

/// The door for new jobs.
#[derive(Debug)]
pub(crate) struct Intake {
    printers: Vec<PrinterConfig>,
    full_noticed: Option<Mono>,
    /// The first offer that was left unacknowledged on this link. Later ones are left too until it is
    /// made again, or they would be printed before it.
    left: Option<u64>,
    /// The highest sequence number seen; an offer without one comes after all that have.
    last_sequence: u64,
}

/// A job on offer.
#[derive(Debug)]
pub(crate) struct Offered {
    pub sequence: Option<u64>,
    pub offer: JobOffer,
    /// Why it must not be done.
    pub failure: Option<Failure>,
}

impl Intake {
    pub(crate) fn new(printers: Vec<PrinterConfig>) -> Self {
        Self {
            printers,
            full_noticed: None,
            left: None,
            last_sequence: 0,
        }
    }

    /// Takes an offer: asks for its record, or tells again what became of it, or leaves it
    /// unacknowledged.
    pub(crate) fn offered(
        &mut self,
        offered: Offered,
        jobs: &mut Jobs,
        reports: &mut Reports,
        turn: &mut Turn<'_>,
    ) {
        let key = offered.offer.key();
        if told_again(key, jobs, reports) {
            return;
        }
        let sequence = offered.sequence.unwrap_or(self.last_sequence);
        let after_left = self.left.is_some_and(|left| sequence > left);
        if after_left || jobs.held_count() >= AGENT_JOBS_MAX || no_room_to_tell(reports, turn) {
            self.left = Some(self.left.map_or(sequence, |left| left.min(sequence)));
            self.notice_full(turn);
            return;
        }
        if self.left == Some(sequence) {
            self.left = None;
        }
        self.last_sequence = self.last_sequence.max(sequence);
        jobs.hold(self.accept(key, sequence, offered, turn));
    }

    /// Ends a job of which nothing but its key is known. The journal keeps its entries alone: there
    /// is nothing to print, and once they are told the hub does not offer it again.
    pub(crate) fn unreadable(
        &mut self,
        key: JobKey,
        failure: Failure,
        jobs: &mut Jobs,
        reports: &mut Reports,
        turn: &mut Turn<'_>,
    ) {
        if told_again(key, jobs, reports) {
            return;
        }
        if no_room_to_tell(reports, turn) {
            self.notice_full(turn);
            return;
        }
        let entries = turn.refusal(key, failure);
        let [_, end] = &entries;
        jobs.remember_refused(key, end.clone(), entries.len());
        turn.append(entries.map(Record::Progress).into());
    }

    /// Asks for the record of a new job, and for that of its end where it cannot be done.
    fn accept(&self, key: JobKey, sequence: u64, offered: Offered, turn: &mut Turn<'_>) -> HeldJob {
        let Work::Print(print) = offered.offer.work;
        let job = Job {
            key,
            sequence,
            printer: print.printer,
            start_by: offered.offer.start_by,
            copies: print.copies,
            uncertain: print.uncertain,
            options: Box::new(print.options),
            marked: print.marked,
            document: print.document,
        };
        let mut held = HeldJob::offered(job.clone(), print.body.is_some());
        let end = match offered.failure.or_else(|| self.unfit(&job)) {
            Some(failure) => Some(Outcome::Failed { failure }),
            None if held.is_expired(turn.hub_at_least) => Some(Outcome::Expired),
            None => None,
        };
        let entry = turn.entry(&mut held, Progress::Accepted);
        // A job that ends here needs no document.
        let body = print.body.filter(|_| end.is_none());
        let mut records = vec![Record::Accepted { entry, job, body }];
        if let Some(outcome) = end {
            held.stage = Stage::Ending;
            let entry = turn.entry(&mut held, Progress::Ended(outcome));
            records.push(Record::Progress(entry));
        }
        turn.append(records);
        held
    }

    /// Why a job cannot be printed here, if it cannot.
    pub(crate) fn unfit(&self, job: &Job) -> Option<Failure> {
        let printer = self.printers.iter().find(|known| known.name == job.printer);
        let Some(printer) = printer else {
            return Some(Failure {
                code: FailureCode::UnknownPrinter,
                text: format!(
                    "this agent has no printer {}; check the name, or set the printer up on the agent",
                    job.printer
                ),
            });
        };
        let content_type = job.document.content_type;
        (!printer.content_types.contains(&content_type)).then(|| Failure {
            code: FailureCode::UnsupportedContent,
            text: format!(
                "printer {} does not print {content_type}; send one of: {}",
                job.printer,
                printer
                    .content_types
                    .iter()
                    .map(|content_type| content_type.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        })
    }

    /// On a new link the hub offers everything unacknowledged again, in order.
    pub(crate) fn greeted(&mut self) {
        self.left = None;
    }

    /// Knows where the hub's numbers had come to.
    pub(crate) fn recovered(&mut self, sequence: u64) {
        self.last_sequence = self.last_sequence.max(sequence);
    }

    fn notice_full(&mut self, turn: &mut Turn<'_>) {
        let recently = self
            .full_noticed
            .is_some_and(|noticed| turn.now.since(noticed) < FULL_NOTICE_EVERY);
        if !recently {
            self.full_noticed = Some(turn.now);
            turn.notice(Notice::Full);
        }
    }
}

/// Whether an offer is known already; where all of it was told, the hub has forgotten the end of it.
fn told_again(key: JobKey, jobs: &Jobs, reports: &mut Reports) -> bool {
    if let Some(entry) = jobs.told_newest(key) {
        reports.tell_again(entry);
    }
    jobs.knows(key)
}

fn no_room_to_tell(reports: &Reports, turn: &Turn<'_>) -> bool {
    turn.appends.unconfirmed_accepts() >= UNCONFIRMED_ACCEPTS_MAX || reports.is_full()
}

/// Cancels a job that was not started. A started one is only marked: whatever becomes of it will be
/// told, and it is not begun again.
pub(crate) fn withdrawn(withdraw: Withdraw, jobs: &mut Jobs, turn: &mut Turn<'_>) {
    let key = withdraw.key();
    let Some(held) = jobs.get_mut(key) else {
        return;
    };
    match held.stage {
        Stage::Accepting | Stage::Waiting => turn.end_unprinted(held, Outcome::Cancelled),
        Stage::Started | Stage::Returning => held.withdrawn = true,
        Stage::Ending => {}
    }
}
