//! The agent's shell around the payments' core: its disk, its held request, its trays' connections.
//!
//! Each effect is held against the rules of the moment as it comes, and before and after each the
//! program may die.

use std::collections::{BTreeMap, BTreeSet};

use cueline_agent_core::payments::{Effect, Event, Payments, TrayId};
use cueline_model::{Mono, Now, PaymentId, TerminalProtocol};
use cueline_wire::cloud::{StartReply, TerminalDescription};
use cueline_wire::local::{TerminalWord, ToAgent, ToTray};

use super::disk::Disk;
use super::hub::ToHub;
use super::mutation::Mutation;
use super::reference::Rule;
use super::tray::{Tray, WAY_MS, terminal_name};
use super::world::{What, World};

/// A request that got lost has failed after this.
const LOST_AFTER_MS: u64 = 3_000;

/// The agent.
#[derive(Debug)]
pub struct Agent {
    core: Option<Payments>,
    /// Which life it is in; what was on its way to an earlier one is lost.
    pub life: u64,
    /// Its disk.
    pub disk: Disk,
    /// The trays that are connected.
    trays: BTreeSet<TrayId>,
    next_tray: u64,
    /// The held request that is open.
    pub link: Option<u64>,
    links: u64,
    /// Its wall clock minus the true one.
    pub wall_ahead_ms: i64,
    /// It sleeps until then.
    pub asleep_until_ms: u64,
    /// For so long it has slept: its monotonic clock is behind by that.
    slept_ms: u64,
    /// With [`Mutation::ResendAfterUnknown`]: these are sent once more.
    resent: BTreeMap<PaymentId, TrayId>,
}

impl Agent {
    /// An agent that does not run.
    #[must_use]
    pub fn new() -> Self {
        Self {
            core: None,
            life: 0,
            disk: Disk::default(),
            trays: BTreeSet::new(),
            next_tray: 0,
            link: None,
            links: 0,
            wall_ahead_ms: 0,
            asleep_until_ms: 0,
            slept_ms: 0,
            resent: BTreeMap::new(),
        }
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.core.is_some()
    }

    /// Whether nothing of it waits for anything but people and terminals: so many are open.
    #[must_use]
    pub fn is_quiet_but_for(&self, open: usize) -> bool {
        self.disk.waiting() == 0
            && self
                .core
                .as_ref()
                .is_some_and(|core| core.untold_entries() == 0 && core.open_count() == open)
    }

    /// When its core wants to be woken.
    #[must_use]
    pub fn deadline_ms(&self) -> Option<u64> {
        let due = self.core.as_ref()?.poll_timeout()?;
        Some((due.0 + self.slept_ms).max(self.asleep_until_ms))
    }

    /// The machine sleeps.
    pub fn sleep(&mut self, ms: u64, world: &mut World) {
        if world.now_ms < self.asleep_until_ms {
            return;
        }
        world.counts.sleeps += 1;
        self.asleep_until_ms = world.now_ms + ms;
        self.slept_ms += ms;
    }

    /// Its clocks.
    fn now(&self, world: &World) -> Now {
        let now = world.clocks(self.wall_ahead_ms);
        let still_ms = self.asleep_until_ms.saturating_sub(world.now_ms);
        let mono = Mono((now.mono.0 + still_ms).saturating_sub(self.slept_ms));
        Now { mono, ..now }
    }

    /// It starts.
    pub fn start(&mut self, world: &mut World) {
        if self.core.is_some() {
            return;
        }
        self.life += 1;
        let found = self.disk.open(world.mutation);
        world.note("agent", || format!("starts with {found:?}"));
        self.core = Some(Payments::new(found, self.now(world)));
        world.after(200, What::TryLink(self.life));
        self.drain(world);
    }

    /// It dies: what was not durable is lost, and all connections break.
    pub fn crash(&mut self, world: &mut World) {
        if self.core.take().is_none() {
            return;
        }
        world.counts.agent_crashes += 1;
        world.note("agent", || "crashes".to_owned());
        self.life += 1;
        self.disk.crash(world);
        self.link = None;
        self.resent.clear();
        for tray in std::mem::take(&mut self.trays) {
            // What it had said last may still be read.
            let found_ms = world.chance.between(0, 3);
            world.after(found_ms, What::LostByTray(tray.0));
        }
        let away_ms = world.chance.pick(&[50, 1_000, 12_000]);
        world.after(away_ms, What::AgentUp);
    }

    /// It tries the held request.
    pub fn try_link(&mut self, life: u64, hub_is_up: bool, world: &mut World) -> Option<u64> {
        if life != self.life || self.core.is_none() || self.link.is_some() {
            return None;
        }
        if !hub_is_up || world.is_cut() {
            world.after(2_000, What::TryLink(life));
            return None;
        }
        self.links += 1;
        self.link = Some(self.links);
        self.link
    }

    /// The held request is gone.
    pub fn link_lost(&mut self, world: &mut World) {
        if self.link.take().is_some() {
            world.counts.links_broken += 1;
            let again_ms = world.chance.between(100, 3_000);
            world.after(again_ms, What::TryLink(self.life));
        }
    }

    /// A tray connects.
    pub fn connect(&mut self, tray: &Tray, world: &mut World) -> Option<TrayId> {
        self.core.as_ref()?;
        let id = TrayId(self.next_tray);
        self.next_tray += 1;
        self.trays.insert(id);
        let terminals = world.plan.terminals.iter().enumerate();
        let own = terminals.filter(|(_, terminal)| terminal.station == tray.station);
        let describe = |(number, _)| TerminalDescription {
            name: terminal_name(number),
            protocol: TerminalProtocol::Zvt,
        };
        let here = Event::TrayHere {
            tray: id,
            station: station_name(tray.station),
            user: "ann".to_owned(),
            terminals: own.map(describe).collect(),
        };
        world.after(WAY_MS, What::Agent(self.life, here));
        Some(id)
    }

    /// A tray's connection is gone.
    pub fn tray_lost(&mut self, tray: TrayId, world: &mut World) {
        if self.trays.remove(&tray) {
            self.event(Event::TrayGone { tray }, world);
        }
    }

    /// A tray that is connected said something.
    pub fn tray_said(&mut self, tray: TrayId, said: ToAgent, world: &mut World) {
        if !self.trays.contains(&tray) {
            return;
        }
        if let ToAgent::Terminal { payment, word } = &said
            && matches!(word, TerminalWord::Ready { .. })
            && self.resent.remove(payment).is_some()
        {
            let payment = *payment;
            self.tell(tray, ToTray::Begin { payment }, world);
        }
        self.event(Event::TraySaid { tray, said }, world);
    }

    /// The disk is done with what is first.
    pub fn disk_done(&mut self, life: u64, world: &mut World) {
        if life != self.life {
            return;
        }
        let told_before = world.mutation == Mutation::JournalBeforeBeginRemoved;
        if let Some((batch, is_durable)) = self.disk.done(world)
            && !told_before
        {
            let ignored = world.mutation == Mutation::DiskFullIgnored;
            let event = if is_durable || ignored {
                Event::Appended { batch }
            } else {
                Event::NotAppended { batch }
            };
            self.event(event, world);
        }
    }

    /// Something for the core.
    pub fn event(&mut self, event: Event, world: &mut World) {
        let now = self.now(world);
        if let Some(core) = &mut self.core {
            world.note("agent", || format!("takes {event:?}"));
            core.handle_event(event, now);
            self.drain(world);
        }
    }

    /// The core's time has come.
    pub fn timeout(&mut self, world: &mut World) {
        let now = self.now(world);
        if let Some(core) = &mut self.core {
            core.handle_timeout(now);
            self.drain(world);
        }
    }

    fn drain(&mut self, world: &mut World) {
        while let Some(effect) = self.core.as_mut().and_then(Payments::poll_effect) {
            let odds = world.odds.agent_crash;
            if world.chance.odds(odds) {
                self.crash(world);
                return;
            }
            self.carry_out(effect, world);
            if world.chance.odds(odds) {
                self.crash(world);
                return;
            }
        }
    }

    fn carry_out(&mut self, effect: Effect, world: &mut World) {
        world.note("agent", || format!("wants {effect:?}"));
        match effect {
            Effect::Append { batch, records } => {
                self.disk.write(batch, records, self.life, world);
                if world.mutation == Mutation::JournalBeforeBeginRemoved {
                    let now = self.now(world);
                    if let Some(core) = &mut self.core {
                        core.handle_event(Event::Appended { batch }, now);
                    }
                }
            }
            Effect::SendReport { report, body } => {
                for entry in &body.entries {
                    let is_durable = self.disk.holds(entry);
                    let payment = entry.payment;
                    world
                        .reference
                        .expect(is_durable, Rule::JournalBeforeReport, payment, || {
                            format!("it is told {entry:?}, which is not durable")
                        });
                }
                let code = None;
                let failed = Event::ReportFailed { report, code };
                let life = self.life;
                let request = |reply_to| ToHub::Report {
                    report,
                    body: body.clone(),
                    reply_to,
                };
                self.request(failed, (request(Some(life)), request(None)), world);
            }
            Effect::AskStart { payment } => {
                if world.mutation == Mutation::PermissionSkipped {
                    let reply = StartReply {
                        granted: true,
                        reason: None,
                    };
                    let answered = Event::StartAnswered { payment, reply };
                    world.after(1, What::Agent(self.life, answered));
                    return;
                }
                let life = self.life;
                let Some(journal) = self.core.as_ref().map(|core| core.mark().clone()) else {
                    return;
                };
                let request = |reply_to| ToHub::Start {
                    payment,
                    journal: journal.clone(),
                    reply_to,
                };
                let failed = Event::StartUnanswered { payment };
                self.request(failed, (request(Some(life)), request(None)), world);
            }
            Effect::Tell { tray, word } => self.told(tray, *word, world),
            Effect::Fenced => {
                let text = "it is fenced, and there is no other machine";
                world.reference.violated(Rule::EverythingEnds, None, text);
            }
            Effect::StationsChanged | Effect::ReportRejected(_) => {}
        }
    }

    fn told(&mut self, tray: TrayId, word: ToTray, world: &mut World) {
        match word {
            ToTray::LookUp { payment, order, .. }
                if world.mutation == Mutation::ResendAfterUnknown =>
            {
                self.resent.insert(payment, tray);
                self.tell(tray, ToTray::Prepare { payment, order }, world);
            }
            word => self.tell(tray, word, world),
        }
    }

    fn tell(&mut self, tray: TrayId, word: ToTray, world: &mut World) {
        if let ToTray::Begin { payment } = word {
            let durable = self.disk.has_started(payment);
            world
                .reference
                .expect(durable, Rule::JournalBeforeBegin, payment, || {
                    "its terminal is told to begin before that is durable".to_owned()
                });
            let true_wall = world.true_wall();
            world.reference.begun(payment, true_wall);
        }
        if self.trays.contains(&tray) {
            world.after(WAY_MS, What::ToTray(tray.0, word));
        }
    }

    /// A request on the short connection, and a second copy of it that nobody waits for.
    fn request(&self, failed: Event, (first, second): (ToHub, ToHub), world: &mut World) {
        let (lost, doubled) = (world.odds.request_lost, world.odds.doubled);
        if world.chance.odds(doubled) {
            world.counts.doubled += 1;
            let late_ms = world.chance.pick(&[1, 500, 20_000, 60_000]);
            world.after(late_ms, What::Hub(second));
        }
        if world.is_cut() || world.chance.odds(lost) {
            world.counts.requests_lost += 1;
            world.after(LOST_AFTER_MS, What::Agent(self.life, failed));
        } else {
            let way_ms = world.chance.between(5, 80);
            world.after(way_ms, What::Hub(first));
        }
    }
}

impl Default for Agent {
    fn default() -> Self {
        Self::new()
    }
}

/// The name of a desk.
#[must_use]
pub fn station_name(number: usize) -> cueline_model::StationName {
    format!("desk-{number}").parse().expect("a good name")
}
