//! One seed, one run: faults, then everything healed, then quiet, then the ledgers are opened.

use cueline_agent_core::payments::TrayId;
use cueline_model::PaymentId;

use super::agent::Agent;
use super::assertions;
use super::counts::Counts;
use super::faults::{Fault, Odds, Plan};
use super::hub::Hub;
use super::reference::{Rule, Violation};
use super::terminal::{Terminal, ToTerminal};
use super::tray::{Tray, WAY_MS};
use super::world::{Settings, TrayLife, What, World};

/// Once everything is healed, the world is quiet within this time or something is stuck. The slowest
/// customer, a terminal's silence and a look-up without an answer fit in.
const QUIET_WITHIN_MS: u64 = 30 * 60_000;
/// For so long after that it stays quiet: longer than the latest copy of a request.
const STAYS_QUIET_MS: u64 = 90_000;
const LOOKS_EVERY_MS: u64 = 1_000;
/// Wakings without anything else happening in the same millisecond: more is spinning.
const WAKINGS_AT_ONCE_MAX: u32 = 50;

/// How a run went.
#[derive(Debug)]
pub struct Outcome {
    /// How often what happened.
    pub counts: Counts,
    /// Every line, where it was asked for.
    pub trace: Vec<String>,
    /// The first rule that did not hold.
    pub violation: Option<Violation>,
}

/// Runs a plan.
#[must_use]
pub fn run_plan(plan: Plan, settings: Settings) -> Outcome {
    let mut simulation = Simulation::new(plan, settings);
    simulation.run();
    simulation.finish()
}

struct Simulation {
    world: World,
    hub: Hub,
    agent: Agent,
    trays: Vec<Tray>,
    terminals: Vec<Terminal>,
    quiet_since_ms: Option<u64>,
    looked_ms: u64,
}

impl Simulation {
    fn new(plan: Plan, settings: Settings) -> Self {
        let mut world = World::new(plan, settings);
        let stations = world.plan.stations;
        // Each desk's own, and a second that may come.
        let trays = (0..2 * stations).map(|tray| Tray::new(tray, tray % stations));
        let terminals = 0..world.plan.terminals.len();
        Self {
            hub: Hub::new(),
            agent: Agent::new(),
            trays: trays.collect(),
            terminals: terminals
                .map(|number| Terminal::new(number, &mut world))
                .collect(),
            world,
            quiet_since_ms: None,
            looked_ms: 0,
        }
    }

    fn run(&mut self) {
        let mut wakings = 0;
        while self.world.reference.violation().is_none() && !self.is_over() {
            let next_ms = self.world.next_at_ms();
            let due_ms = self.agent.deadline_ms();
            let due_ms = due_ms.filter(|due_ms| next_ms.is_none_or(|next_ms| *due_ms < next_ms));
            if let Some(due_ms) = due_ms {
                let at_once = due_ms <= self.world.now_ms;
                wakings = if at_once { wakings + 1 } else { 0 };
                self.world.now_ms = due_ms.max(self.world.now_ms);
                self.agent.timeout(&mut self.world);
            } else if let Some(what) = self.world.take_next() {
                wakings = 0;
                self.happen(what);
            } else {
                // Nothing is on its way; what is left are times that pass.
                self.world.now_ms += LOOKS_EVERY_MS;
            }
            if wakings > WAKINGS_AT_ONCE_MAX {
                let text = format!("the core asked to be woken {wakings} times at once");
                self.world.reference.violated(Rule::NoBusyLoop, None, text);
            }
        }
    }

    fn happen(&mut self, what: What) {
        if let Some(until_ms) = self.frozen_until_ms(&what) {
            self.world.after(until_ms - self.world.now_ms, what);
            return;
        }
        let world = &mut self.world;
        match what {
            What::Agent(life, event) if life == self.agent.life => self.agent.event(event, world),
            What::Agent(..) => {}
            What::Down(link, event) if self.agent.link == Some(link) => {
                self.agent.event(event, world);
            }
            What::Down(..) => {}
            What::DiskDone(life) => self.agent.disk_done(life, world),
            What::AgentUp => self.agent.start(world),
            What::TryLink(life) => {
                if let Some(link) = self.agent.try_link(life, !self.hub.is_down, world) {
                    self.hub.linked(link, world);
                }
            }
            What::Hub(message) => self.hub.take(message, world),
            What::HubUp => self.hub.is_down = false,
            What::TrayUp(tray) => self.trays[tray].start(world),
            What::TrayEnds(tray) => self.tray_dies(tray),
            What::TryAgent(life) => self.try_agent(life),
            What::ToTray(conn, word) => {
                if let Some(tray) = self.connected(conn) {
                    self.trays[tray].agent_said(word, &mut self.world);
                }
            }
            What::FromTray(conn, said) => self.agent.tray_said(TrayId(conn), said, world),
            What::LostByTray(conn) => {
                if let Some(tray) = self.connected(conn) {
                    self.trays[tray].agent_gone(&mut self.world);
                }
            }
            What::LostByAgent(conn) => self.agent.tray_lost(TrayId(conn), world),
            What::ToTerminal(terminal, link, word) => self.terminal_hears(terminal, link, word),
            What::OpenTerminal(terminal, life) => {
                if self.is_alive(life) {
                    self.terminals[terminal].open(life, &mut self.world);
                }
            }
            What::Driver(life, terminal, from) => {
                if self.is_alive(life) {
                    self.trays[life.tray].terminal_said(terminal, from, &mut self.world);
                }
            }
            What::DriverTimeout(life, terminal, number) => {
                if self.is_alive(life) {
                    self.trays[life.tray].driver_timeout(terminal, number, &mut self.world);
                }
            }
            What::Terminal(terminal, number, note) => {
                self.terminals[terminal].go_on(number, note, world);
            }
            What::Pay(number) => self.hub.pay(number, world),
            What::Cancel(number) => self.hub.cancel(number, world),
            What::Decide(payment) => self.decide(payment),
            What::Fault(fault) => self.go_wrong(fault),
            What::Heal => self.heal(),
        }
    }

    /// Until when the tray, or the whole till, that this is for stands still.
    fn frozen_until_ms(&self, what: &What) -> Option<u64> {
        let asleep_until_ms = self.agent.asleep_until_ms;
        let tray = match what {
            What::Agent(..)
            | What::Down(..)
            | What::DiskDone(_)
            | What::AgentUp
            | What::TryLink(_)
            | What::TrayUp(_)
            | What::TrayEnds(_)
            | What::FromTray(..)
            | What::LostByAgent(_)
            | What::Fault(Fault::AgentCrash | Fault::TrayCrash(..) | Fault::SecondTray(..)) => {
                return (asleep_until_ms > self.world.now_ms).then_some(asleep_until_ms);
            }
            What::ToTray(conn, _) | What::LostByTray(conn) => self.connected(*conn)?,
            What::TryAgent(life) | What::Driver(life, ..) | What::DriverTimeout(life, ..) => {
                life.tray
            }
            _ => return None,
        };
        let until_ms = self.trays[tray].frozen_until_ms.max(asleep_until_ms);
        (until_ms > self.world.now_ms).then_some(until_ms)
    }

    fn is_alive(&self, life: TrayLife) -> bool {
        let tray = &self.trays[life.tray];
        tray.is_up && tray.life == life
    }

    fn connected(&self, conn: u64) -> Option<usize> {
        let conn = Some(TrayId(conn));
        self.trays.iter().position(|tray| tray.conn == conn)
    }

    fn try_agent(&mut self, life: TrayLife) {
        if !self.is_alive(life) || self.trays[life.tray].conn.is_some() {
            return;
        }
        let conn = self.agent.connect(&self.trays[life.tray], &mut self.world);
        self.trays[life.tray].conn = conn;
        if conn.is_none() {
            self.world.after(1_000, What::TryAgent(life));
        }
    }

    fn terminal_hears(&mut self, terminal: usize, link: u64, word: ToTerminal) {
        let world = &mut self.world;
        if matches!(word, ToTerminal::Ack)
            && let Some(payment) = self.terminals[terminal].waits_for_ack(link)
        {
            let durable = self.agent.disk.has_ended(payment);
            world
                .reference
                .expect(durable, Rule::JournalBeforeAck, payment, || {
                    "its result is acknowledged before it is durable".to_owned()
                });
        }
        self.terminals[terminal].take(link, word, world);
    }

    fn tray_dies(&mut self, tray: usize) {
        self.trays[tray].die(&mut self.world);
        for terminal in &mut self.terminals {
            terminal.tray_died(tray, &mut self.world);
        }
    }

    /// A person looks into the terminal's ledger, once the terminal is idle.
    fn decide(&mut self, payment: PaymentId) {
        let Some(plan) = self.world.payment_plan(payment) else {
            return;
        };
        let terminal = plan.terminal;
        let busy = !self.terminals[terminal].is_idle() || self.world.is_on_its_way_to(terminal);
        if busy || self.hub.is_down {
            self.hub.ask_again(payment, &mut self.world);
            self.world.after(5_000, What::Decide(payment));
            return;
        }
        let (kept, _) = assertions::charges(&self.terminals, payment);
        self.hub.decide(payment, kept > 0, &mut self.world);
    }

    fn go_wrong(&mut self, fault: Fault) {
        let world = &mut self.world;
        let now_ms = world.now_ms;
        world.note("plan", || format!("goes wrong: {fault:?}"));
        match fault {
            Fault::AgentCrash => self.agent.crash(world),
            Fault::HubDown(ms) => {
                world.counts.hub_downs += 1;
                self.hub.is_down = true;
                world.after(ms, What::HubUp);
                self.break_link();
            }
            Fault::LinkBreak => self.break_link(),
            Fault::Cut(ms) => {
                world.cut_until_ms = now_ms + ms;
                self.break_link();
            }
            Fault::TrayCrash(station, ms) => {
                world.counts.tray_crashes += 1;
                world.after(ms, What::TrayUp(station));
                self.tray_dies(station);
            }
            Fault::Sleep(ms) => {
                world.reference.slept = true;
                self.agent.sleep(ms, world);
                self.break_link();
            }
            Fault::TrayFrozen(station, ms) => {
                world.counts.trays_frozen += 1;
                self.trays[station].frozen_until_ms = now_ms + ms;
            }
            Fault::SecondTray(station, ms) => {
                let second = station + world.plan.stations;
                world.counts.second_trays += 1;
                world.after(ms, What::TrayEnds(second));
                self.trays[second].start(world);
            }
            Fault::SocketBreak(station) => {
                if let Some(conn) = self.trays[station].conn {
                    world.counts.socket_breaks += 1;
                    self.trays[station].agent_gone(world);
                    world.after(WAY_MS, What::LostByAgent(conn.0));
                }
            }
            Fault::TerminalCrash(terminal, ms) => self.terminals[terminal].power_off(ms, world),
            Fault::TerminalBreak(terminal) => self.terminals[terminal].lose_link(world),
            Fault::TerminalCut(terminal, ms) => {
                self.terminals[terminal].lose_link(world);
                self.terminals[terminal].away_until_ms = now_ms + ms;
            }
            Fault::ByHand(terminal) => self.terminals[terminal].key_by_hand(world),
            Fault::DiskFull(ms) => self.agent.disk.full_until_ms = now_ms + ms,
            Fault::SlowDisk(ms) => self.agent.disk.slow_until_ms = now_ms + ms,
            Fault::ClockSet(by_ms) => {
                world.reference.clock_set = true;
                self.agent.wall_ahead_ms += by_ms;
                // The agent notices that its clocks part, and makes a new link.
                self.break_link();
            }
        }
    }

    fn break_link(&mut self) {
        self.agent.link_lost(&mut self.world);
        self.hub.link_lost();
    }

    fn heal(&mut self) {
        let world = &mut self.world;
        world.note("plan", || "everything is made good".to_owned());
        world.odds = Odds::default();
        world.cut_until_ms = 0;
        self.hub.is_down = false;
        self.agent.disk.full_until_ms = 0;
        self.agent.disk.slow_until_ms = 0;
        self.agent.start(world);
        for terminal in &mut self.terminals {
            terminal.away_until_ms = 0;
        }
        for tray in &mut self.trays {
            tray.frozen_until_ms = 0;
        }
        for station in 0..self.world.plan.stations {
            self.trays[station].start(&mut self.world);
            self.tray_dies(station + self.world.plan.stations);
        }
    }

    /// Whether it has been quiet for long enough, or not for too long.
    fn is_over(&mut self) -> bool {
        let (now_ms, healed_ms) = (self.world.now_ms, self.world.plan.heal_at_ms);
        if now_ms < self.looked_ms + LOOKS_EVERY_MS {
            return false;
        }
        self.looked_ms = now_ms;
        self.hub.expire(&mut self.world);
        if now_ms <= healed_ms {
            return false;
        }
        if self.is_quiet() {
            let since_ms = *self.quiet_since_ms.get_or_insert(now_ms);
            return now_ms >= since_ms + STAYS_QUIET_MS;
        }
        self.quiet_since_ms = None;
        now_ms > healed_ms + QUIET_WITHIN_MS
    }

    fn is_quiet(&self) -> bool {
        let mut for_a_person = 0;
        let rest = self.hub.payments().all(|payment| {
            let settled = payment.state.is_settled();
            let waits = payment
                .unknown
                .as_ref()
                .is_some_and(|unknown| !unknown.asking);
            for_a_person += usize::from(!settled && waits);
            settled || waits
        });
        let awake = self.world.now_ms > self.agent.asleep_until_ms;
        rest && awake
            && self.terminals.iter().all(Terminal::is_idle)
            && self.trays.iter().all(|tray| tray.is_at().is_none())
            && self.agent.is_quiet_but_for(for_a_person)
    }

    fn finish(mut self) -> Outcome {
        let world = &mut self.world;
        if world.reference.violation().is_none() {
            assertions::at_the_end(&self.hub, &self.terminals, &self.trays, world);
        }
        if world.reference.violation().is_none() && !self.is_quiet() {
            let text = format!(
                "not quiet long after everything was healed: {:?}",
                self.agent
            );
            self.world
                .reference
                .violated(Rule::EverythingEnds, None, text);
        }
        let world = &mut self.world;
        let violation = world.reference.violation().cloned();
        if let Some(violation) = &violation {
            world.note("reference", || {
                format!("{}: {}", violation.rule, violation.text)
            });
        }
        Outcome {
            counts: world.counts,
            trace: world.take_trace(),
            violation,
        }
    }
}
