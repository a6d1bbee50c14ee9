//! Taking offers and withdrawals: what is known already, what fits, what is refused.

use std::time::Duration;

use cueline_model::limits::AGENT_JOBS_MAX;
use cueline_model::{Failure, FailureCode, Mono, Outcome};
use cueline_wire::cloud::{JobOffer, Progress, Withdraw, Work};

use crate::config::PrinterConfig;
use crate::effect::Notice;
use crate::jobs::{HeldJob, Jobs, Stage};
use crate::record::{Job, JobKey, Record};
use crate::reports::Reports;
use crate::turn::Turn;

/// Accepts that may be on their way to the disk at once; each holds a body of up to 64 KiB in the
/// shell's memory. One more offer is left unacknowledged, and the hub makes it again.
pub(crate) const UNCONFIRMED_ACCEPTS_MAX: usize = 64;
/// The clerk is not told more often than this that the agent is full.
const FULL_NOTICE_EVERY: Duration = Duration::from_secs(60);

/// The door for new jobs.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    full_noticed: Option<Mono>,
    /// The highest sequence number seen; an offer without one comes after all that have.
    last_sequence: u64,
}

impl Intake {
    /// Takes an offer: asks for its record, or tells again what became of it, or leaves it
    /// unacknowledged. `failure` says why it must not be done.
    pub(crate) fn offered(
        &mut self,
        sequence: Option<u64>,
        offer: JobOffer,
        failure: Option<Failure>,
        known: (&[PrinterConfig], &mut Jobs, &mut Reports),
        turn: &mut Turn<'_>,
    ) {
        let (printers, jobs, reports) = known;
        let key = JobKey {
            job: offer.job,
            attempt: offer.attempt,
        };
        if jobs.knows(key) {
            if let Some(entry) = jobs.told_newest(key) {
                reports.tell_again(entry);
            }
            return;
        }
        if jobs.held_count() >= AGENT_JOBS_MAX
            || turn.appends.unconfirmed_accepts() >= UNCONFIRMED_ACCEPTS_MAX
            || reports.is_full()
        {
            self.notice_full(turn);
            return;
        }
        let sequence = sequence.unwrap_or(self.last_sequence);
        self.last_sequence = self.last_sequence.max(sequence);
        let Work::Print(print) = offer.work;
        let job = Job {
            key,
            sequence,
            printer: print.printer,
            start_by: offer.start_by,
            copies: print.copies,
            uncertain: print.uncertain,
            document: print.document,
        };
        let failure = failure.or_else(|| unfit(&job, printers));
        let mut held = HeldJob::offered(job.clone(), print.body.is_some());
        let end = match failure {
            Some(failure) => Some(Outcome::Failed { failure }),
            None if held.is_expired(turn.hub_now) => Some(Outcome::Expired),
            None => None,
        };
        let entry = turn.entry(&mut held, Progress::Accepted);
        // A job that ends here needs no document.
        let body = print.body.filter(|_| end.is_none());
        let mut records = vec![Record::Accepted { entry, job, body }];
        if let Some(outcome) = end {
            held.stage = Stage::Ending;
            records.push(Record::Progress(
                turn.entry(&mut held, Progress::Ended(outcome)),
            ));
        }
        turn.append(records);
        jobs.hold(held);
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

/// Cancels a job that was not started. A started one is only marked: whatever becomes of it will be
/// told, and it is not begun again.
pub(crate) fn withdrawn(withdraw: Withdraw, jobs: &mut Jobs, turn: &mut Turn<'_>) {
    let key = JobKey {
        job: withdraw.job,
        attempt: withdraw.attempt,
    };
    let Some(held) = jobs.get_mut(key) else {
        return;
    };
    match held.stage {
        Stage::Accepting | Stage::Waiting => turn.end_unprinted(held, Outcome::Cancelled),
        Stage::Started | Stage::Returning => held.withdrawn = true,
        Stage::Ending => {}
    }
}

/// Why a job cannot be printed here, if it cannot.
pub(crate) fn unfit(job: &Job, printers: &[PrinterConfig]) -> Option<Failure> {
    let Some(printer) = printers.iter().find(|printer| printer.name == job.printer) else {
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
