//! The agent as a whole: one event in, effects out. Each part's rules stand in its own file.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use cueline_model::{Now, Outcome};
use cueline_wire::cloud::{Progress, ReportEntry};

use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::documents::Documents;
use crate::effect::{Effect, Notice, PaymentNews};
use crate::event::Event;
use crate::intake::{self, Intake, Offered};
use crate::inventory::Inventory;
use crate::jobs::{Jobs, Stage};
use crate::lanes::{Condition, Lanes};
use crate::link::{Cause, Delivery, Link};
use crate::record::{Record, Recovered};
use crate::recovery::{self, Heirs};
use crate::reports::Reports;
use crate::timer::{Timer, TimerReason};
use crate::turn::{Appends, Turn};

/// The agent's decisions.
///
/// After [`Agent::new`] and after each `handle_*`, drain [`Agent::poll_effect`] and then ask
/// [`Agent::poll_timeout`] when to call [`Agent::handle_timeout`] at the latest.
#[derive(Debug)]
pub struct Agent {
    parts: Parts,
    means: Means,
}

/// What a [`Turn`] lends to the parts.
#[derive(Debug)]
struct Means {
    chance: Chance,
    /// Drained after each call, so bounded by what one event can cause.
    effects: VecDeque<Effect>,
    appends: Appends,
}

#[derive(Debug)]
struct Parts {
    clock_check: Duration,
    clock: Clock,
    link: Link,
    intake: Intake,
    jobs: Jobs,
    lanes: Lanes,
    documents: Documents,
    reports: Reports,
    inventory: Inventory,
    life: Life,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Running,
    Closing,
    Over,
}

impl Agent {
    /// An agent at its program's start, with what its journal holds. Its first effects are there at
    /// once: the first try at the link, and what interrupted prints need.
    #[must_use]
    pub fn new(config: Config, recovered: Recovered, now: Now) -> Self {
        let learned = recovered.learned_pings.get(&config.path).copied();
        let mut untold = BTreeMap::new();
        for entry in &recovered.untold {
            *untold.entry(entry.key()).or_insert(0) += 1;
        }
        let newest = recovered.jobs.iter().map(|found| found.newest_entry.at);
        let known = newest.max();
        let parts = Parts {
            clock_check: config.link.clock_check,
            clock: Clock::new(now, config.link.clock_gap, recovered.clock_offset_ms, known),
            link: Link::new(&config, learned, now.mono),
            jobs: Jobs::default(),
            lanes: Lanes::new(&config.printers),
            intake: Intake::new(config.printers),
            documents: Documents::default(),
            reports: Reports::new(config.link.clone(), recovered.untold),
            inventory: Inventory::default(),
            life: Life::Running,
        };
        let means = Means {
            chance: Chance::new(config.seed),
            effects: VecDeque::new(),
            appends: Appends::new(recovered.next_seq),
        };
        let mut agent = Self { parts, means };
        let (parts, mut turn) = agent.turn();
        let heirs = Heirs {
            intake: &mut parts.intake,
            jobs: &mut parts.jobs,
            lanes: &mut parts.lanes,
        };
        recovery::take_up(recovered.jobs, &untold, heirs, &mut turn);
        parts.link.start(&mut turn);
        parts.advance(&mut turn);
        agent
    }

    /// Takes an event.
    pub fn handle_event(&mut self, event: Event, now: Now) {
        self.step(Some(event), now);
    }

    /// Does what is due; calling it early or for nothing is harmless.
    pub fn handle_timeout(&mut self, now: Now) {
        self.step(None, now);
    }

    /// The next thing to do, in order.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.means.effects.pop_front()
    }

    /// When to call [`Agent::handle_timeout`] at the latest, and what for; `None` after
    /// [`Effect::Exit`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timer> {
        self.parts.timer()
    }

    /// Whether the hub can be heard.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.parts.link.is_online()
    }

    /// Whether nothing is left to do: no job unsettled, nothing on its way to the disk, nothing to tell.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.unsettled_jobs() == 0 && self.means.appends.is_empty() && self.untold_entries() == 0
    }

    /// How many jobs still have to end.
    #[must_use]
    pub fn unsettled_jobs(&self) -> usize {
        self.parts.jobs.held_count()
    }

    /// How many settled jobs are remembered.
    #[must_use]
    pub fn settled_jobs(&self) -> usize {
        self.parts.jobs.settled_count()
    }

    /// How many journal entries the hub is not known to have stored.
    #[must_use]
    pub fn untold_entries(&self) -> usize {
        self.parts.reports.untold_count()
    }

    fn step(&mut self, event: Option<Event>, now: Now) {
        if self.parts.life == Life::Over {
            return;
        }
        let gap_ms = self.parts.clock.advance(now);
        let (parts, mut turn) = self.turn();
        // First of all: an event of a link from before a sleep is no proof that the link lives.
        if let Some(gap_ms) = gap_ms {
            turn.notice(Notice::ClockGap { gap_ms });
            parts.link.reconnect(Cause::ClockGap, &mut turn);
        }
        parts.end_expired(&mut turn);
        if let Some(event) = event {
            parts.take(event, &mut turn);
        }
        parts.link.timeout(&mut turn);
        parts.reports.timeout(&mut turn);
        parts.inventory.timeout(&mut turn);
        parts.advance(&mut turn);
    }

    fn turn(&mut self) -> (&mut Parts, Turn<'_>) {
        let turn = Turn {
            now: self.parts.clock.now().mono,
            hub_now: self.parts.clock.hub_now(),
            hub_at_least: self.parts.clock.hub_at_least(),
            chance: &mut self.means.chance,
            effects: &mut self.means.effects,
            appends: &mut self.means.appends,
        };
        (&mut self.parts, turn)
    }
}

impl Parts {
    fn take(&mut self, event: Event, turn: &mut Turn<'_>) {
        match event {
            Event::LinkAsked { link } => self.link.asked(link, turn),
            Event::LinkReceived { link, framed } => {
                if let Some(delivery) = self.link.received(link, framed, turn) {
                    self.take_delivery(delivery, turn);
                }
            }
            Event::OfferRefused {
                link,
                sequence,
                offer,
                failure,
            } => {
                if self.link.heard_on(link, turn) {
                    let offered = Offered {
                        sequence: Some(sequence),
                        offer: *offer,
                        failure: Some(failure),
                    };
                    self.take_offer(offered, turn);
                }
            }
            Event::OfferUnreadable { link, job, failure } => {
                if self.link.heard_on(link, turn) && self.life == Life::Running {
                    let (jobs, reports) = (&mut self.jobs, &mut self.reports);
                    self.intake.unreadable(job, failure, jobs, reports, turn);
                }
            }
            Event::PaymentRefused {
                link,
                payment,
                failure,
            } => {
                if self.link.heard_on(link, turn) {
                    turn.effect(Effect::Payments(PaymentNews::Refused { payment, failure }));
                }
            }
            Event::LinkClosed { link, end } => self.link.closed(link, end, turn),
            Event::Appended { batch } => {
                for entry in turn.appends.confirm(batch) {
                    self.take_durable(entry, turn);
                }
            }
            Event::ReportAnswered { report, reply } => {
                self.reports.answered(report, reply, &mut self.jobs, turn);
            }
            Event::ReportFailed {
                report,
                retry_after,
            } => self.reports.failed(report, retry_after, turn),
            Event::InventoryStored => self.inventory.stored(turn),
            Event::InventoryFailed => self.inventory.failed(turn),
            Event::InventoryChanged => self.inventory.changed(turn),
            Event::Fetched { job } => self.documents.fetched(job, &mut self.jobs),
            Event::FetchFailed { job, error } => {
                self.documents.failed(job, error, &mut self.jobs, turn);
            }
            Event::PrinterReady { .. }
            | Event::PrinterNotReady { .. }
            | Event::PrinterCondition { .. }
            | Event::PrintProgress { .. }
            | Event::PrintEnded { .. } => self.take_printer(event, turn),
            Event::Reconnect => self.link.reconnect(Cause::Asked, turn),
            Event::Shutdown => {
                self.life = Life::Closing;
                self.lanes.close(turn);
            }
        }
    }

    fn take_printer(&mut self, event: Event, turn: &mut Turn<'_>) {
        let (jobs, reports) = (&mut self.jobs, &mut self.reports);
        match event {
            Event::PrinterReady {
                op,
                printer,
                warning,
            } => {
                let told = Condition::well(warning);
                self.lanes.ready((op, &printer), told, jobs, reports, turn);
            }
            Event::PrinterNotReady {
                op,
                printer,
                fault,
                warning,
            } => {
                let told = Condition::of(Some(fault), warning);
                self.lanes.not_ready((op, &printer), told, reports, turn);
            }
            Event::PrinterCondition {
                op,
                printer,
                fault,
                warning,
            } => {
                let told = Condition::of(fault, warning);
                self.lanes
                    .condition((op, &printer), told, jobs, reports, turn);
            }
            Event::PrintProgress {
                op,
                printer,
                proven,
            } => self
                .lanes
                .progress((op, &printer), proven, jobs, reports, turn),
            Event::PrintEnded { op, printer, end } => {
                self.lanes.ended((op, &printer), end, jobs, reports, turn);
            }
            _ => {}
        }
    }

    fn take_delivery(&mut self, delivery: Delivery, turn: &mut Turn<'_>) {
        match delivery {
            Delivery::Hello { pong, server_time } => {
                if let Some(offset_ms) = self.clock.greeted(server_time) {
                    turn.append(vec![Record::ClockOffset(offset_ms)]);
                }
                turn.hub_now = self.clock.hub_now();
                turn.hub_at_least = self.clock.hub_at_least();
                self.reports.greeted(pong);
                self.intake.greeted();
                self.inventory.greeted(turn);
                turn.effect(Effect::Payments(PaymentNews::Greeted { server_time }));
            }
            Delivery::Ping(pong) => self.reports.answer_ping(pong),
            Delivery::Offer { sequence, offer } => {
                let offered = Offered {
                    sequence,
                    offer: *offer,
                    failure: None,
                };
                self.take_offer(offered, turn);
            }
            Delivery::Withdraw(withdraw) => {
                intake::withdrawn(withdraw, &mut self.jobs, turn);
                self.lanes.withdrawn(withdraw.key(), &self.jobs, turn);
            }
            Delivery::Payment(news) => turn.effect(Effect::Payments(news)),
            Delivery::TellInventory => self.inventory.asked_for(turn),
        }
    }

    /// While closing, offers are left unacknowledged: the hub makes them again.
    fn take_offer(&mut self, offered: Offered, turn: &mut Turn<'_>) {
        if self.life == Life::Running {
            self.intake
                .offered(offered, &mut self.jobs, &mut self.reports, turn);
        }
    }

    /// An entry is durable: now it may be told, and what waited for it goes on.
    fn take_durable(&mut self, entry: ReportEntry, turn: &mut Turn<'_>) {
        let key = entry.key();
        if let Some(held) = self.jobs.get_mut(key) {
            if held.stage == Stage::Accepting && entry.progress == Progress::Accepted {
                held.stage = Stage::Waiting;
                self.lanes.enqueue(held);
            }
            let printer = held.job.printer.clone();
            let (jobs, reports) = (&mut self.jobs, &mut self.reports);
            self.lanes.appended(&entry, &printer, jobs, reports, turn);
        }
        if matches!(entry.progress, Progress::Ended(_)) {
            self.jobs.settle(key);
        }
        self.reports.tell(entry);
    }

    fn end_expired(&mut self, turn: &mut Turn<'_>) {
        for held in self.jobs.held_mut() {
            if held.is_unstarted() && held.is_expired(turn.hub_at_least) {
                turn.end_unprinted(held, Outcome::Expired);
            }
        }
    }

    /// Starts whatever can be started now.
    fn advance(&mut self, turn: &mut Turn<'_>) {
        self.end_expired(turn);
        if self.life == Life::Running {
            self.documents.advance(&self.jobs, turn);
        }
        self.lanes.advance(&self.jobs, &self.reports, turn);
        self.reports.advance(turn);
        let forgotten = self.jobs.forget_oldest();
        if !forgotten.is_empty() {
            turn.append(vec![Record::Forgotten(forgotten)]);
        }
        if self.life == Life::Closing && turn.appends.is_empty() && !self.lanes.is_busy() {
            self.link.stop(turn);
            self.life = Life::Over;
            turn.effect(Effect::Exit);
        }
    }

    fn timer(&self) -> Option<Timer> {
        if self.life == Life::Over {
            return None;
        }
        let now = self.clock.now().mono;
        let fetches = (self.life == Life::Running)
            .then(|| self.documents.timer(&self.jobs))
            .flatten();
        [
            Some((now + self.clock_check, TimerReason::ClockCheck)),
            self.link.timer(),
            self.next_expiry(),
            self.lanes.timer(&self.jobs, self.clock.hub_now(), now),
            fetches,
            self.reports.timer(),
            self.inventory.timer(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// A millisecond after the first `start_by` of a job that was not started.
    fn next_expiry(&self) -> Option<Timer> {
        let first = self
            .jobs
            .held()
            .filter(|held| held.is_unstarted())
            .filter_map(|held| held.job.start_by)
            .min()?;
        let left_ms = u64::try_from(first.ms_since(self.clock.hub_at_least())).unwrap_or(0);
        let due = self.clock.now().mono + Duration::from_millis(left_ms.saturating_add(1));
        Some((due, TimerReason::JobExpiry))
    }
}
