//! One print job at the hub and every step it can take.
//!
//! Two parties move a job: the agent, whose journal entries say what happened at the till, and the
//! hub itself, which may cancel or expire it. The line between them is [`PrintJob::offered_at`]: it
//! is made durable *before* the offer is written to the agent's stream.
//!
//! - A job that was never offered cannot be at the agent. The hub may cancel or expire it at once.
//! - A job that was offered may be at the agent, whether or not an acknowledgement arrived. The hub
//!   may only *ask* for its withdrawal, and leaves its expiry to the agent, which checks `start_by`
//!   itself before it starts. Were the hub to settle such a job by its own clock, the box office
//!   could be told "expired, nothing printed" about a ticket that is already in the customer's hand.
//!   While the agent is offline the truth is unknown, so the job stays as it is and shows
//!   `agent_offline`.
//!
//! An outcome, once recorded, never changes: a later entry that contradicts it is refused, not
//! applied.

use cueline_model::{
    AgentId, Attempt, Document, JobId, JobKey, JobState, Outcome, PrintOptions, PrinterId,
    PrinterName, Proof, SiteId, TenantId, TicketCount, UncertainPolicy, Unsupported, WallTime,
};
use cueline_wire::Timestamp;
use cueline_wire::api::{Resolution, TimelineEntry};
use cueline_wire::cloud::{Progress, ReportEntry};

#[cfg(test)]
#[path = "job_tests.rs"]
mod tests;

/// Entries kept of one job's timeline; beyond that the steps in the middle are left out.
pub const TIMELINE_ENTRIES_MAX: usize = 64;
/// Characters kept of a sentence that an agent tells about an outcome or a printer.
pub const DETAIL_CHARS_MAX: usize = 1_000;
/// Of a timeline that is full, this many of the first entries stay.
const TIMELINE_ENTRIES_FIRST: usize = 16;

/// A job that has passed [`crate::submit::check`] and has no place in its agent's sequence yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Fresh.
    pub id: JobId,
    /// Whose.
    pub tenant: TenantId,
    /// Where the agent stands.
    pub site: SiteId,
    /// Who prints it.
    pub agent: AgentId,
    /// On what.
    pub printer: PrinterId,
    /// That printer's name on its agent.
    pub printer_name: PrinterName,
    /// What people call it.
    pub title: Option<String>,
    /// What is printed.
    pub document: Document,
    /// How many times.
    pub copies: u16,
    /// What to do when in doubt.
    pub uncertain: UncertainPolicy,
    /// How it is wanted, as asked for.
    pub options: PrintOptions,
    /// Which of the options are left out, because the printer cannot do them.
    pub notes: Vec<Unsupported>,
    /// Whether it is headed DUPLICATE.
    pub marked: bool,
    /// The job that it prints again.
    pub reprint_of: Option<JobId>,
    /// Not to be started later than this.
    pub start_by: Option<WallTime>,
}

/// A print job as the hub keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintJob {
    /// Which.
    pub id: JobId,
    /// Whose.
    pub tenant: TenantId,
    /// Where the agent stands.
    pub site: SiteId,
    /// Who prints it.
    pub agent: AgentId,
    /// On what.
    pub printer: PrinterId,
    /// That printer's name on its agent.
    pub printer_name: PrinterName,
    /// Its place among its agent's jobs, strictly rising from 1: the order of printing.
    pub sequence: u64,
    /// Which try this is, from 1.
    pub attempt: Attempt,
    /// Where it stands.
    pub state: JobState,
    /// What people call it.
    pub title: Option<String>,
    /// What is printed.
    pub document: Document,
    /// How many times.
    pub copies: u16,
    /// What to do when in doubt.
    pub uncertain: UncertainPolicy,
    /// How it is wanted, as asked for; see [`PrintJob::options_in_force`].
    pub options: PrintOptions,
    /// Which of the options are left out, because the printer cannot do them.
    pub notes: Vec<Unsupported>,
    /// Whether it is headed DUPLICATE.
    pub marked: bool,
    /// The job that it prints again.
    pub reprint_of: Option<JobId>,
    /// When the hub took it.
    pub created_at: WallTime,
    /// Not to be started later than this.
    pub start_by: Option<WallTime>,
    /// Since when the agent may have it; `None`: it certainly has not.
    pub offered_at: Option<WallTime>,
    /// When its cancellation was first asked for.
    pub cancel_requested_at: Option<WallTime>,
    /// When it ended.
    pub settled_at: Option<WallTime>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// How far its tickets came, where the printer tells. What has not been proven since it was
    /// started may be on paper, so it is `unknown`.
    pub tickets: Option<TicketCount>,
    /// What somebody decided about it once it was in doubt.
    pub resolution: Option<Resolution>,
    /// The newest of the agent's journal entries applied, so that a late second delivery of an
    /// older one does not turn the job back.
    pub newest_entry_seq: Option<u64>,
    /// What happened when, oldest first, at most [`TIMELINE_ENTRIES_MAX`].
    pub timeline: Vec<TimelineEntry>,
}

/// What became of an agent's journal entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// The job went a step on.
    Changed,
    /// Known already, or overtaken by a later step; nothing changed.
    Repeat,
    /// It will never be stored.
    Refused {
        /// `unknown_job`, `wrong_attempt` or `outcome_differs`.
        code: &'static str,
        /// For the agent's log.
        text: String,
    },
}

/// What became of a wish to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelDecision {
    /// It was never offered and is cancelled now; nothing is printed.
    Cancelled,
    /// It may be at the agent, which is to be asked to withdraw it.
    Asked,
    /// It is being printed or has ended.
    TooLate {
        /// Where it stands.
        state: JobState,
    },
    /// It is cancelled, or the agent has been asked before.
    Already,
}

impl NewJob {
    /// The job as it is first stored. With `offered` its first commit also says that the agent may
    /// have it: a hub that will offer it at once saves a second commit before the offer.
    #[must_use]
    pub fn into_job(self, sequence: u64, offered: bool, now: WallTime) -> PrintJob {
        PrintJob {
            id: self.id,
            tenant: self.tenant,
            site: self.site,
            agent: self.agent,
            printer: self.printer,
            printer_name: self.printer_name,
            sequence,
            attempt: 1,
            state: JobState::Queued,
            title: self.title,
            document: self.document,
            copies: self.copies,
            uncertain: self.uncertain,
            options: self.options,
            notes: self.notes,
            marked: self.marked,
            reprint_of: self.reprint_of,
            created_at: now,
            start_by: self.start_by,
            offered_at: offered.then_some(now),
            cancel_requested_at: None,
            settled_at: None,
            outcome: None,
            tickets: None,
            resolution: None,
            newest_entry_seq: None,
            timeline: vec![TimelineEntry {
                at: Timestamp(now),
                what: JobState::Queued.as_str().to_owned(),
                detail: None,
            }],
        }
    }
}

impl PrintJob {
    /// What tells its offers apart.
    #[must_use]
    pub const fn key(&self) -> JobKey {
        JobKey {
            job: self.id,
            attempt: self.attempt,
        }
    }

    /// Whether it is on the agent's side of the line: acknowledged and not ended.
    #[must_use]
    pub const fn is_at_agent(&self) -> bool {
        matches!(self.state, JobState::Accepted | JobState::Started)
    }

    /// Whether an offer of `key` may still be written to `agent`'s stream.
    #[must_use]
    pub fn is_to_be_offered(&self, agent: AgentId, key: JobKey) -> bool {
        self.agent == agent && self.key() == key && self.state == JobState::Queued
    }

    /// Marks that the agent may have it from now on; says whether that is to be stored.
    pub fn mark_offered(&mut self, now: WallTime) -> bool {
        if self.offered_at.is_some() {
            return false;
        }
        self.offered_at = Some(now);
        true
    }

    /// Applies one entry of `agent`'s journal.
    ///
    /// Steps may be skipped (an end with no start seen) and may come late or twice. An end is applied
    /// to any job that has none, whatever its number, because losing an outcome is worse than a
    /// timeline out of order.
    pub fn record(&mut self, agent: AgentId, entry: &ReportEntry, now: WallTime) -> Recorded {
        if agent != self.agent || entry.job != self.id {
            return unknown_job(entry.job);
        }
        if entry.attempt != self.attempt {
            return Recorded::Refused {
                code: "wrong_attempt",
                text: format!(
                    "entry {} is about attempt {} of {}, which is at attempt {}",
                    entry.seq, entry.attempt, self.id, self.attempt
                ),
            };
        }
        if let Progress::Ended(outcome) = &entry.progress {
            return self.record_end(&bounded(outcome), entry, now);
        }
        let overtaken = self.newest_entry_seq.is_some_and(|seq| entry.seq <= seq);
        if self.state.is_settled() || overtaken {
            return Recorded::Repeat;
        }
        if let Progress::Printing { printed, total } = entry.progress {
            return self.record_tickets(printed, total, entry, now);
        }
        let next = match (&entry.progress, self.state) {
            (Progress::Accepted, JobState::Queued) | (Progress::NotStarted, _) => {
                JobState::Accepted
            }
            (Progress::Started, JobState::Queued | JobState::Accepted)
            | (Progress::Reprinting, _) => JobState::Started,
            _ => return Recorded::Repeat,
        };
        self.state = next;
        // Counted anew from here on.
        self.tickets = None;
        self.follow(entry, now);
        let what = match entry.progress {
            Progress::NotStarted => "not_started",
            Progress::Reprinting => "reprinting",
            _ => next.as_str(),
        };
        self.note(self.within_life(entry.at, now), what, None);
        Recorded::Changed
    }

    /// Tickets that the printer has proven. They are no step of the timeline: there may be hundreds.
    fn record_tickets(
        &mut self,
        printed: u32,
        total: u32,
        entry: &ReportEntry,
        now: WallTime,
    ) -> Recorded {
        // An entry that was overtaken does not come here, so the count does not go back.
        let counted = counted(printed, total.saturating_sub(printed), total);
        self.follow(entry, now);
        if self.state != JobState::Started {
            self.state = JobState::Started;
            let at = self.within_life(entry.at, now);
            self.note(at, JobState::Started.as_str(), None);
        }
        self.tickets = Some(counted);
        Recorded::Changed
    }

    fn record_end(&mut self, outcome: &Outcome, entry: &ReportEntry, now: WallTime) -> Recorded {
        match &self.outcome {
            Some(recorded) if recorded == outcome => Recorded::Repeat,
            Some(recorded) => Recorded::Refused {
                code: "outcome_differs",
                text: format!(
                    "entry {} says that {} ended {}, but it is recorded as {} and an outcome never changes",
                    entry.seq,
                    self.id,
                    outcome.state(),
                    recorded.state()
                ),
            },
            None => {
                self.follow(entry, now);
                self.settle(outcome.clone(), self.within_life(entry.at, now), None);
                Recorded::Changed
            }
        }
    }

    /// Decides about a wish to cancel; see the module's head for why only asking is possible once the
    /// job was offered. `printer_stands`: something keeps its printer from printing, as far as the hub
    /// knows. Then the agent is asked even while the job is being printed, and stops the print.
    pub fn cancel(&mut self, now: WallTime, printer_stands: bool) -> CancelDecision {
        self.cancel_because(now, printer_stands, None)
    }

    /// Cancels it if it was never offered to its agent, which is being removed. Says whether it did.
    pub fn cancel_with_agent(&mut self, now: WallTime) -> bool {
        let never_offered = self.state == JobState::Queued && self.offered_at.is_none();
        never_offered
            && self.cancel_because(now, false, Some("the agent was removed"))
                == CancelDecision::Cancelled
    }

    fn cancel_because(
        &mut self,
        now: WallTime,
        printer_stands: bool,
        reason: Option<&str>,
    ) -> CancelDecision {
        let at_agent = match self.state {
            JobState::Queued | JobState::Accepted => true,
            JobState::Started => printer_stands,
            _ => false,
        };
        match self.state {
            JobState::Cancelled => CancelDecision::Already,
            _ if at_agent && self.cancel_requested_at.is_some() => CancelDecision::Already,
            JobState::Queued if self.offered_at.is_none() => {
                self.cancel_requested_at = Some(now);
                self.settle(Outcome::Cancelled, now, reason);
                CancelDecision::Cancelled
            }
            _ if at_agent => {
                self.cancel_requested_at = Some(now);
                self.note(now, "cancel_requested", reason.map(str::to_owned));
                CancelDecision::Asked
            }
            state => CancelDecision::TooLate { state },
        }
    }

    /// Ends it as expired if the hub may decide that: its time is over and it was never offered. Says
    /// whether it did.
    pub fn expire(&mut self, now: WallTime) -> bool {
        let due = self.state == JobState::Queued
            && self.offered_at.is_none()
            && self.start_by.is_some_and(|start_by| start_by < now);
        if due {
            self.settle(Outcome::Expired, now, None);
        }
        due
    }

    fn follow(&mut self, entry: &ReportEntry, now: WallTime) {
        // Only a hub restored from an older copy meets an entry about a job it never offered.
        self.mark_offered(now);
        self.newest_entry_seq = self.newest_entry_seq.max(Some(entry.seq));
    }

    fn settle(&mut self, outcome: Outcome, at: WallTime, reason: Option<&str>) {
        let detail = match &outcome {
            Outcome::Done { proof } => Some(proof.as_str().to_owned()),
            Outcome::Failed { failure } => Some(failure.text.clone()),
            Outcome::Uncertain { detail, .. } => Some(detail.clone()),
            Outcome::Expired | Outcome::Cancelled => reason.map(str::to_owned),
        };
        self.count_at_end(&outcome);
        self.state = outcome.state();
        self.settled_at = Some(at);
        self.note(at, outcome.state().as_str(), detail);
        self.outcome = Some(outcome);
    }

    /// What the end says about each ticket. Where it was not the printer that said so, what had been
    /// proven before stays all there is.
    fn count_at_end(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Done {
                proof: Proof::Printed,
            } => {
                if let Some(count) = &mut self.tickets {
                    *count = counted(count.total, 0, count.total);
                }
            }
            Outcome::Uncertain {
                tickets: Some(told),
                ..
            } => self.tickets = Some(counted(told.printed, told.unknown, told.total)),
            _ => {}
        }
    }

    pub(crate) fn note(&mut self, at: WallTime, what: &str, detail: Option<String>) {
        if self.timeline.len() >= TIMELINE_ENTRIES_MAX {
            self.timeline.remove(TIMELINE_ENTRIES_FIRST);
        }
        self.timeline.push(TimelineEntry {
            at: Timestamp(at),
            what: what.to_owned(),
            detail,
        });
    }

    /// An agent's time, kept between the job's making and now: its clock may be wrong.
    fn within_life(&self, at: WallTime, now: WallTime) -> WallTime {
        at.min(now).max(self.created_at)
    }
}

/// The refusal of an entry about a job that is not this agent's: the same whether or not there is one.
#[must_use]
pub fn unknown_job(job: JobId) -> Recorded {
    Recorded::Refused {
        code: "unknown_job",
        text: format!("this agent has no job {job}"),
    }
}

/// A count that adds up, whatever was told.
fn counted(printed: u32, unknown: u32, total: u32) -> TicketCount {
    let printed = printed.min(total);
    TicketCount {
        printed,
        unknown: unknown.min(total - printed),
        total,
    }
}

/// The outcome with its text cut to what the hub keeps.
fn bounded(outcome: &Outcome) -> Outcome {
    let mut outcome = outcome.clone();
    if let Outcome::Uncertain { detail: text, .. }
    | Outcome::Failed {
        failure: cueline_model::Failure { text, .. },
    } = &mut outcome
    {
        shorten(text);
    }
    outcome
}

/// Cuts a sentence that an agent told to [`DETAIL_CHARS_MAX`], its memory too.
pub fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(DETAIL_CHARS_MAX) {
        text.truncate(end);
        text.shrink_to_fit();
    }
}
