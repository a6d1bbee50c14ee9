//! The jobs this agent knows: those it still has to see to, and the settled ones it remembers.

use std::collections::BTreeMap;

use cueline_model::limits::AGENT_SETTLED_MEMORY_MAX;
use cueline_model::{JobKey, Mono, Outcome, UncertainPolicy, WallTime};
use cueline_wire::cloud::ReportEntry;

use crate::record::Job;
use crate::tickets::Tickets;

/// How far an unsettled job has come. Each step is taken when its record is asked for; what the record
/// sets free waits for its confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// `Accepted` is on its way to the disk.
    Accepting,
    /// Accepted; waits in its lane.
    Waiting,
    /// `Started` was asked for: being journalled or printed.
    Started,
    /// `NotStarted` or `Reprinting` is on its way to the disk; then it waits again.
    Returning,
    /// Its end is on its way to the disk.
    Ending,
}

/// A job that is not settled.
#[derive(Debug)]
pub(crate) struct HeldJob {
    pub job: Job,
    pub stage: Stage,
    pub document_here: bool,
    pub reprints: u32,
    pub tickets: Tickets,
    /// The box office would like it cancelled, but it was started already.
    pub withdrawn: bool,
    /// Times its document could not be had.
    pub fetch_failures: usize,
    /// Its document is not to be asked for before this.
    pub fetch_at: Option<Mono>,
    telling: Telling,
}

/// What of a job was told to the hub.
#[derive(Debug)]
struct Telling {
    newest: Option<ReportEntry>,
    untold: usize,
}

impl HeldJob {
    pub(crate) fn offered(job: Job, document_here: bool) -> Self {
        Self {
            job,
            stage: Stage::Accepting,
            document_here,
            reprints: 0,
            tickets: Tickets::default(),
            withdrawn: false,
            fetch_failures: 0,
            fetch_at: None,
            telling: Telling {
                newest: None,
                untold: 0,
            },
        }
    }

    pub(crate) fn recovered(found: crate::RecoveredJob, stage: Stage, untold: usize) -> Self {
        Self {
            job: found.job,
            stage,
            document_here: found.document_here,
            reprints: found.reprints,
            tickets: Tickets::recovered(found.proven),
            withdrawn: false,
            fetch_failures: 0,
            fetch_at: None,
            telling: Telling {
                newest: Some(found.newest_entry),
                untold,
            },
        }
    }

    /// When its newest entry was; a later one is never dated earlier.
    pub(crate) fn newest_at(&self) -> WallTime {
        self.telling
            .newest
            .as_ref()
            .map_or(WallTime(i64::MIN), |entry| entry.at)
    }

    pub(crate) fn note(&mut self, entry: &ReportEntry) {
        self.telling.newest = Some(entry.clone());
        self.telling.untold += 1;
    }

    /// Its place in its lane.
    pub(crate) fn place(&self) -> (u64, JobKey) {
        (self.job.sequence, self.job.key)
    }

    /// Whether its time is over where the hub's clock shows `hub_time`.
    pub(crate) fn is_expired(&self, hub_time: WallTime) -> bool {
        self.job
            .start_by
            .is_some_and(|start_by| hub_time > start_by)
    }

    /// Whether nothing of it can have been printed and it has no end yet.
    pub(crate) fn is_unstarted(&self) -> bool {
        matches!(self.stage, Stage::Accepting | Stage::Waiting)
    }

    /// `outcome`, which says that nothing was printed, unless an earlier print of this job is in doubt.
    pub(crate) fn unless_in_doubt(&self, outcome: Outcome) -> Outcome {
        if self.reprints == 0 {
            return outcome;
        }
        self.uncertain("An earlier print of this was interrupted, and it was not printed again.")
    }

    /// The end of a job that may be on paper: `what` happened, one sentence, then what a person has to
    /// look at, and what is known of each ticket.
    pub(crate) fn uncertain(&self, what: &str) -> Outcome {
        let tickets = self.tickets.known();
        let what = what.trim_end_matches('.');
        let check = match tickets {
            Some(count) if count.total > 1 => "Check which of the tickets came out",
            _ => "Check whether the ticket came out",
        };
        let first = self.job.options.from_ticket.filter(|first| *first > 1);
        let counted = match (first, tickets) {
            (Some(first), Some(_)) => format!(" (counted from ticket {first} of the document)"),
            _ => String::new(),
        };
        Outcome::Uncertain {
            detail: format!("{what}. {check}{counted}."),
            tickets,
        }
    }

    /// Whether the next print of it is to be headed DUPLICATE.
    pub(crate) fn prints_duplicate(&self) -> bool {
        self.job.marked || self.reprints > 0 && self.job.uncertain == UncertainPolicy::ReprintMarked
    }

    /// So many of its entries need not be told any more.
    pub(crate) fn superseded(&mut self, entries: usize) {
        self.telling.untold = self.telling.untold.saturating_sub(entries);
    }
}

/// All jobs known here.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    /// At most [`cueline_model::limits::AGENT_JOBS_MAX`]: the intake takes no more.
    held: BTreeMap<JobKey, HeldJob>,
    /// At most [`AGENT_SETTLED_MEMORY_MAX`] and those with something untold.
    settled: BTreeMap<JobKey, Telling>,
    /// Settled jobs by the number of their last entry: oldest first.
    settled_order: BTreeMap<u64, JobKey>,
}

impl Jobs {
    pub(crate) fn get(&self, key: JobKey) -> Option<&HeldJob> {
        self.held.get(&key)
    }

    pub(crate) fn get_mut(&mut self, key: JobKey) -> Option<&mut HeldJob> {
        self.held.get_mut(&key)
    }

    pub(crate) fn held(&self) -> impl Iterator<Item = &HeldJob> {
        self.held.values()
    }

    pub(crate) fn held_mut(&mut self) -> impl Iterator<Item = &mut HeldJob> {
        self.held.values_mut()
    }

    pub(crate) fn held_count(&self) -> usize {
        self.held.len()
    }

    pub(crate) fn settled_count(&self) -> usize {
        self.settled.len()
    }

    pub(crate) fn knows(&self, key: JobKey) -> bool {
        self.held.contains_key(&key) || self.settled.contains_key(&key)
    }

    pub(crate) fn hold(&mut self, held: HeldJob) {
        self.held.insert(held.job.key, held);
    }

    /// The newest entry of a job, where everything of it was told: the hub asks for it again.
    pub(crate) fn told_newest(&self, key: JobKey) -> Option<ReportEntry> {
        let telling = self
            .held
            .get(&key)
            .map(|held| &held.telling)
            .or_else(|| self.settled.get(&key))?;
        telling.newest.clone().filter(|_| telling.untold == 0)
    }

    /// One more of a job's entries is known at the hub.
    pub(crate) fn told(&mut self, key: JobKey) {
        let telling = self
            .held
            .get_mut(&key)
            .map(|held| &mut held.telling)
            .or_else(|| self.settled.get_mut(&key));
        if let Some(telling) = telling {
            telling.untold = telling.untold.saturating_sub(1);
        }
    }

    /// A job's end is durable: it is only remembered from now on.
    pub(crate) fn settle(&mut self, key: JobKey) {
        if let Some(held) = self.held.remove(&key) {
            self.remember(key, held.telling);
        }
    }

    /// Remembers a job that had ended before the journal was opened.
    pub(crate) fn remember_recovered(&mut self, found: crate::RecoveredJob, untold: usize) {
        let telling = Telling {
            newest: Some(found.newest_entry),
            untold,
        };
        self.remember(found.job.key, telling);
    }

    /// Remembers a job that ended as it was offered, with `untold` entries on their way to the disk.
    pub(crate) fn remember_refused(&mut self, key: JobKey, newest: ReportEntry, untold: usize) {
        let newest = Some(newest);
        self.remember(key, Telling { newest, untold });
    }

    fn remember(&mut self, key: JobKey, telling: Telling) {
        let newest_seq = telling.newest.as_ref().map_or(0, |entry| entry.seq);
        self.settled_order.insert(newest_seq, key);
        self.settled.insert(key, telling);
    }

    /// Drops the oldest settled jobs beyond the memory's limit of which everything was told.
    pub(crate) fn forget_oldest(&mut self) -> Vec<JobKey> {
        let excess = self.settled.len().saturating_sub(AGENT_SETTLED_MEMORY_MAX);
        if excess == 0 {
            return Vec::new();
        }
        let oldest: Vec<(u64, JobKey)> = self
            .settled_order
            .iter()
            .filter(|(_, key)| {
                self.settled
                    .get(key)
                    .is_some_and(|telling| telling.untold == 0)
            })
            .take(excess)
            .map(|(seq, key)| (*seq, *key))
            .collect();
        oldest
            .into_iter()
            .map(|(seq, key)| {
                self.settled_order.remove(&seq);
                self.settled.remove(&key);
                key
            })
            .collect()
    }
}
