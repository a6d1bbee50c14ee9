//! What everybody in a run shares: the true time, what is going to happen, chance, the trace.
//!
//! Things happen one at a time, in order of their time and then of their scheduling, so that the
//! same seed gives the same run to the last line of its trace.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;

use cueline_agent_core::{Event, ReportId};
use cueline_hub_core::store::Backlog;
use cueline_model::{Document, JobId, JobKey, Mono, Now, WallTime};
use cueline_wire::cloud::{Report, StreamMode};

use crate::chance::Chance;
use crate::counts::Counts;
use crate::faults::{Fault, Odds, Plan};
use crate::mutation::Mutation;
use crate::network::{ConnId, Down, Network};
use crate::reference::Reference;

/// The hub's wall clock when a run begins: 2026-05-01T19:30:00Z.
const BEGIN: WallTime = WallTime(1_777_663_800_000);

/// Who waits for the answer to a request of a till.
#[derive(Debug, Clone, Copy)]
pub struct ReplyTo {
    /// Which till.
    pub till: usize,
    /// Which life of it; a later one is not interested.
    pub life: u64,
}

/// What arrives at a till.
#[derive(Debug)]
pub enum ToTill {
    /// Something for the core.
    Event(Event),
    /// Something on a held request.
    Stream(ConnId, Down),
    /// The answer to a report, or that there is none.
    ReportOver(ReportId, Event),
    /// A document, to be made durable.
    Document(JobKey),
}

/// What arrives at the hub.
#[derive(Debug)]
pub enum ToHub {
    /// A held request.
    Open {
        /// Its connection.
        conn: ConnId,
        /// The ping asked for.
        ping_s: u32,
        /// How the answer shall come.
        mode: StreamMode,
    },
    /// The other end of a held request is gone.
    Gone(ConnId),
    /// A report; a copy that was doubled or late has nobody who waits for the answer.
    Report {
        /// From which till.
        till: usize,
        /// Its number at the till.
        report: ReportId,
        /// What it says.
        body: Report,
        /// Who waits.
        reply_to: Option<ReplyTo>,
    },
    /// A document is asked for.
    Fetch {
        /// For which job.
        job: JobKey,
        /// Which.
        document: Document,
        /// Who waits.
        reply_to: ReplyTo,
    },
    /// What is installed at a till.
    Inventory(ReplyTo),
    /// The box office submits its job of this number, for the nth time.
    Submit(usize, u32),
    /// The box office would like its job of this number cancelled.
    Cancel(usize),
}

/// What the hub tells itself a little later.
#[derive(Debug)]
pub enum HubNote {
    /// A stored job wakes its agent's link.
    Wake(JobId),
    /// A backlog is to be read.
    ReadBacklog(ConnId, u64, usize),
    /// A backlog was read.
    BacklogRead(ConnId, Backlog),
    /// Time to look for expired jobs and old documents.
    Tick,
}

/// What the box office does.
#[derive(Debug, Clone, Copy)]
pub enum Errand {
    /// Submit this job, unless it was acknowledged.
    Submit(usize),
    /// Its submission was acknowledged.
    Submitted(usize, JobId),
    /// Cancel this job, unless that was answered.
    Cancel(usize),
    /// Its cancellation was answered.
    Cancelled(usize),
}

/// Something that happens.
#[derive(Debug)]
pub enum What {
    /// To a till, if this life of it still lasts.
    ToTill(usize, u64, ToTill),
    /// To the hub, if it is up.
    ToHub(ToHub),
    /// Within this life of the hub.
    Hub(u64, HubNote),
    /// The hub starts.
    HubUp,
    /// A till's disk has written what is first in its queue.
    DiskDone(usize, u64),
    /// A use of a printer goes on.
    PrinterStep(usize, usize, u64),
    /// A till starts.
    TillUp(usize),
    /// A till wakes from sleep.
    TillWakes(usize),
    /// To the box office.
    BoxOffice(Errand),
    /// Something on the path looks whether a connection is idle.
    IdleCheck(ConnId),
    /// By now a till must have found that nothing arrives on a connection since then.
    SilenceFound(ConnId, u64),
    /// Something goes wrong.
    Fault(Fault),
    /// Everything is made good.
    Heal,
}

#[derive(Debug)]
struct Scheduled {
    at_ms: u64,
    order: u64,
    what: What,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        (self.at_ms, self.order) == (other.at_ms, other.order)
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at_ms, self.order).cmp(&(other.at_ms, other.order))
    }
}

/// How a plan is played.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings {
    /// What is broken on purpose.
    pub mutation: Mutation,
    /// Nobody looks into the tills' journals while they run: a till that breaks its promises is found
    /// by what comes of it alone.
    pub unwatched: bool,
    /// Write down everything that happens.
    pub trace: bool,
}

/// What everybody shares.
#[derive(Debug)]
pub struct World {
    /// The true time, ms since the run began. It is the hub's monotonic clock.
    pub now_ms: u64,
    /// Chance of this run.
    pub chance: Chance,
    /// What goes wrong by chance.
    pub odds: Odds,
    /// What was broken on purpose.
    pub mutation: Mutation,
    /// The plan.
    pub plan: Plan,
    /// Paths and connections.
    pub network: Network,
    /// What may be believed, and the first belief that was betrayed.
    pub reference: Reference,
    /// How often what happened.
    pub counts: Counts,
    queue: BinaryHeap<Reverse<Scheduled>>,
    scheduled: u64,
    trace: Option<Vec<String>>,
}

impl World {
    /// A world at its beginning, with the plan's faults and jobs ahead.
    #[must_use]
    pub fn new(plan: Plan, settings: Settings) -> Self {
        let mut world = Self {
            now_ms: 0,
            chance: Chance::new(plan.seed ^ 0x5eed_0f7e_57ed_c1e5),
            odds: plan.odds,
            mutation: settings.mutation,
            network: Network::new(&plan),
            reference: Reference::new(settings.unwatched),
            counts: Counts::default(),
            queue: BinaryHeap::new(),
            scheduled: 0,
            trace: settings.trace.then(Vec::new),
            plan,
        };
        for (at_ms, fault) in world.plan.faults.clone() {
            world.after(at_ms, What::Fault(fault));
        }
        for (number, job) in world.plan.jobs.clone().into_iter().enumerate() {
            world.after(job.at_ms, What::BoxOffice(Errand::Submit(number)));
        }
        world.after(world.plan.heal_at_ms, What::Heal);
        world
    }

    /// Schedules something `in_ms` from now.
    pub fn after(&mut self, in_ms: u64, what: What) {
        self.scheduled += 1;
        self.queue.push(Reverse(Scheduled {
            at_ms: self.now_ms + in_ms,
            order: self.scheduled,
            what,
        }));
    }

    /// When the next thing happens.
    #[must_use]
    pub fn next_at_ms(&self) -> Option<u64> {
        self.queue.peek().map(|Reverse(next)| next.at_ms)
    }

    /// Goes to the next thing.
    pub fn take_next(&mut self) -> Option<What> {
        let Reverse(next) = self.queue.pop()?;
        self.now_ms = next.at_ms;
        self.counts.happenings += 1;
        Some(next.what)
    }

    /// The hub's clocks: the wall clock is the true one.
    #[must_use]
    pub fn hub_now(&self) -> Now {
        Now {
            mono: Mono(self.now_ms),
            wall: self.true_wall(),
        }
    }

    /// The true wall time.
    #[must_use]
    pub fn true_wall(&self) -> WallTime {
        BEGIN.shifted_ms(i64::try_from(self.now_ms).unwrap_or(i64::MAX))
    }

    /// Adds a line to the trace, which is only made where there is one.
    pub fn note(&mut self, who: impl fmt::Display, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let (s, ms) = (self.now_ms / 1_000, self.now_ms % 1_000);
            trace.push(format!("{s:>5}.{ms:03} {who:<12} {}", what()));
        }
    }

    /// The trace so far.
    #[must_use]
    pub fn take_trace(&mut self) -> Vec<String> {
        self.trace.take().unwrap_or_default()
    }
}
