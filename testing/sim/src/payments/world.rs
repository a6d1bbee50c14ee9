//! What everybody in a run shares: the true time, what is going to happen, chance, the trace.
//!
//! Things happen one at a time, in order of their time and then of their scheduling, so that the same
//! seed gives the same run to the last line of its trace.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;

use cueline_agent_core::payments::Event;
use cueline_model::{Mono, Now, PaymentId, WallTime};
use cueline_wire::local::{ToAgent, ToTray};

use super::counts::Counts;
use super::driver::FromTerminal;
use super::faults::{Fault, Odds, PaymentPlan, Plan};
use super::hub::{ToHub, payment_id};
use super::mutation::Mutation;
use super::reference::Reference;
use super::terminal::{TerminalNote, ToTerminal};
use crate::chance::Chance;

/// The hub's wall clock when a run begins: 2026-05-01T19:30:00Z.
const BEGIN: WallTime = WallTime(1_777_663_800_000);

/// A tray in one of its lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrayLife {
    /// Which tray.
    pub tray: usize,
    /// Which life.
    pub life: u64,
}

/// Something that happens.
#[derive(Debug, Clone)]
pub enum What {
    /// To the agent, if this life of it still lasts.
    Agent(u64, Event),
    /// On the held request of this number.
    Down(u64, Event),
    /// The agent's disk is done with what is first in its queue, in this life.
    DiskDone(u64),
    /// The agent starts.
    AgentUp,
    /// The agent tries the held request, in this life.
    TryLink(u64),
    /// To the hub.
    Hub(ToHub),
    /// The hub is back.
    HubUp,
    /// A tray starts.
    TrayUp(usize),
    /// A second tray ends.
    TrayEnds(usize),
    /// A tray tries the agent's socket.
    TryAgent(TrayLife),
    /// On a tray's connection, from the agent.
    ToTray(u64, ToTray),
    /// On a tray's connection, to the agent.
    FromTray(u64, ToAgent),
    /// A connection is over, as the tray finds.
    LostByTray(u64),
    /// A connection is over, as the agent finds.
    LostByAgent(u64),
    /// On a terminal's connection of this number, from the tray.
    ToTerminal(usize, u64, ToTerminal),
    /// A tray opens a terminal's connection.
    OpenTerminal(usize, TrayLife),
    /// To a tray's driver of a terminal.
    Driver(TrayLife, usize, FromTerminal),
    /// A driver has waited for so long; the number says since when.
    DriverTimeout(TrayLife, usize, u64),
    /// A terminal goes on; the number says with what.
    Terminal(usize, u64, TerminalNote),
    /// The box office asks for its payment of this number.
    Pay(usize),
    /// The box office wishes its payment of this number cancelled.
    Cancel(usize),
    /// A person looks at a payment that only a person can decide.
    Decide(PaymentId),
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
    /// Nobody looks into the agent's journal while it runs: what is broken is found by what comes of
    /// it alone.
    pub unwatched: bool,
    /// Write down everything that happens.
    pub trace: bool,
}

/// What everybody shares.
#[derive(Debug)]
pub struct World {
    /// The true time, ms since the run began.
    pub now_ms: u64,
    /// Chance of this run.
    pub chance: Chance,
    /// What goes wrong by chance.
    pub odds: Odds,
    /// What was broken on purpose.
    pub mutation: Mutation,
    /// The plan.
    pub plan: Plan,
    /// Until when agent and hub do not reach each other.
    pub cut_until_ms: u64,
    /// What was claimed, and the first rule that did not hold.
    pub reference: Reference,
    /// How often what happened.
    pub counts: Counts,
    queue: BinaryHeap<Reverse<Scheduled>>,
    scheduled: u64,
    trace: Option<Vec<String>>,
}

impl World {
    /// A world at its beginning, with the plan ahead.
    #[must_use]
    pub fn new(plan: Plan, settings: Settings) -> Self {
        let mut world = Self {
            now_ms: 0,
            chance: Chance::new(plan.seed ^ 0x5eed_0f7e_57ed_c1e5),
            odds: plan.odds,
            mutation: settings.mutation,
            cut_until_ms: 0,
            reference: Reference::new(settings.unwatched),
            counts: Counts::default(),
            queue: BinaryHeap::new(),
            scheduled: 0,
            trace: settings.trace.then(Vec::new),
            plan,
        };
        world.after(0, What::AgentUp);
        for station in 0..world.plan.stations {
            world.after(1, What::TrayUp(station));
        }
        for (at_ms, fault) in world.plan.faults.clone() {
            world.after(at_ms, What::Fault(fault));
        }
        for (number, payment) in world.plan.payments.clone().into_iter().enumerate() {
            world.after(payment.at_ms, What::Pay(number));
            if let Some(after_ms) = payment.cancel_after_ms {
                world.after(payment.at_ms + after_ms, What::Cancel(number));
            }
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
        Some(next.what)
    }

    /// Whether a begin, or what leads to one, is still on its way to this terminal.
    #[must_use]
    pub fn is_on_its_way_to(&self, terminal: usize) -> bool {
        self.queue.iter().any(|Reverse(next)| {
            matches!(&next.what, What::ToTerminal(to, _, ToTerminal::Authorise { .. }) if *to == terminal)
        })
    }

    /// The plan of a payment.
    #[must_use]
    pub fn payment_plan(&self, payment: PaymentId) -> Option<PaymentPlan> {
        let mut plans = self.plan.payments.iter().enumerate();
        let (_, plan) = plans.find(|(number, _)| payment_id(*number) == payment)?;
        Some(*plan)
    }

    /// Whether agent and hub do not reach each other.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.now_ms < self.cut_until_ms
    }

    /// The true wall time, which is the hub's.
    #[must_use]
    pub fn true_wall(&self) -> WallTime {
        BEGIN.shifted_ms(i64::try_from(self.now_ms).unwrap_or(i64::MAX))
    }

    /// The clocks of a machine whose wall clock is ahead by so much.
    #[must_use]
    pub fn clocks(&self, ahead_ms: i64) -> Now {
        Now {
            mono: Mono(self.now_ms),
            wall: self.true_wall().shifted_ms(ahead_ms),
        }
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
