//! A till: the agent's core, a shell that does its effects on fakes, and what a crash leaves of it.

mod effects;

use std::collections::VecDeque;

use cueline_agent_core::{
    Agent, Config, Event, LinkId, LinkTimings, Phase, PrinterConfig, Recovered, ReportId,
};
use cueline_model::{
    AgentId, ContentType, Failure, FailureCode, FaultCode, Mono, Now, PrinterName,
};
use cueline_wire::cloud::{Framed, StreamEvent};

use crate::connects::Connects;
use crate::disk::{Disk, Write};
use crate::faults::{Flaw, TillPlan};
use crate::mutation::Mutation;
use crate::network::{ConnId, Down};
use crate::printer::Printer;
use crate::reference::Rule;
use crate::till_clock::TillClock;
use crate::world::{ReplyTo, ToTill, What, World};

/// A till, its program running or not.
#[derive(Debug)]
pub struct Till {
    number: usize,
    agent: AgentId,
    label: String,
    plan: TillPlan,
    clock: TillClock,
    disk: Disk,
    printers: Vec<Printer>,
    /// Counts the program's starts.
    life: u64,
    program: Option<Program>,
    asleep: Option<Asleep>,
    slow_disk_until_ms: u64,
    connects: Connects,
    woke_ms: u64,
}

/// What is lost with the program.
#[derive(Debug)]
struct Program {
    core: Agent,
    /// What the core asked for after its last effect.
    due: Option<Mono>,
    conn: Option<(LinkId, ConnId)>,
    report: Option<ReportId>,
}

#[derive(Debug, Default)]
struct Asleep {
    since_ms: u64,
    /// What came meanwhile, in order.
    deferred: VecDeque<ToTill>,
    disk_done: u32,
}

/// The identity of a till's agent.
#[must_use]
pub fn agent_of(till: usize) -> AgentId {
    AgentId::from_u128(till as u128 + 1)
}

/// The name of a till's printer.
#[must_use]
pub fn printer_name(printer: usize) -> PrinterName {
    format!("printer-{printer}")
        .parse()
        .expect("letters, a hyphen and digits are a name")
}

impl Till {
    /// A till that has not been started.
    #[must_use]
    pub fn new(number: usize, plan: TillPlan) -> Self {
        let printers = plan.printers.iter().enumerate();
        let printers = printers.map(|(at, plan)| Printer::new(number, at, printer_name(at), *plan));
        Self {
            number,
            agent: agent_of(number),
            label: format!("till-{number}"),
            printers: printers.collect(),
            clock: TillClock::new(plan.wall_ahead_ms),
            disk: Disk::default(),
            life: 0,
            program: None,
            asleep: None,
            slow_disk_until_ms: 0,
            connects: Connects::default(),
            woke_ms: 0,
            plan,
        }
    }

    /// When the core is to be woken, true time.
    #[must_use]
    pub fn deadline_ms(&self) -> Option<u64> {
        let program = self.program.as_ref().filter(|_| self.asleep.is_none())?;
        program.due.map(|due| self.clock.true_ms(due))
    }

    /// The program starts, unless it runs.
    pub fn start(&mut self, world: &mut World) {
        if self.program.is_some() {
            return;
        }
        self.life += 1;
        self.connects.asked(world.now_ms);
        let recovered = self.recover(world);
        self.clock.starts(world.now_ms, recovered.clock_offset_ms);
        let config = Config {
            link: LinkTimings::default(),
            printers: self
                .printers
                .iter()
                .map(|printer| configured(&printer.name, printer.is_watched()))
                .collect(),
            path: "direct".to_owned(),
            seed: world.plan.seed ^ self.life,
        };
        let now = self.now(world);
        world.note(&self.label, || {
            format!(
                "starts with {} jobs, {} untold",
                recovered.jobs.len(),
                recovered.untold.len()
            )
        });
        self.program = Some(Program {
            core: Agent::new(config, recovered, now),
            due: None,
            conn: None,
            report: None,
        });
        self.do_effects(world);
    }

    /// Does what is due.
    pub fn timeout(&mut self, world: &mut World) {
        let now = self.now(world);
        if let Some(program) = &mut self.program {
            let reason = program.core.poll_timeout().map(|(_, reason)| reason);
            world.note(&self.label, || format!("is woken: {reason:?}"));
            program.core.handle_timeout(now);
        }
        self.do_effects(world);
    }

    /// Something arrives for a life of the program.
    pub fn take(&mut self, life: u64, parcel: ToTill, world: &mut World) {
        if life != self.life || self.program.is_none() {
            return;
        }
        if let Some(asleep) = &mut self.asleep {
            asleep.deferred.push_back(parcel);
            return;
        }
        match parcel {
            ToTill::Event(event) => self.handle(event, world),
            ToTill::Stream(conn, down) => self.take_stream(conn, down, world),
            ToTill::Document(job) => self.write(Write::Document(job), world),
            ToTill::ReportOver(report, event) => {
                let waits = self
                    .program
                    .as_mut()
                    .and_then(|program| program.report.take_if(|waits| *waits == report));
                if waits.is_some() {
                    self.handle(event, world);
                }
            }
        }
    }

    /// The disk has done its first write.
    pub fn disk_done(&mut self, life: u64, world: &mut World) {
        if life != self.life || self.program.is_none() {
            return;
        }
        if let Some(asleep) = &mut self.asleep {
            asleep.disk_done += 1;
            return;
        }
        let Some(write) = self.disk.done(world) else {
            return;
        };
        if self.crashes_now(world) {
            return;
        }
        match write {
            Write::Document(job) => self.handle(Event::Fetched { job }, world),
            Write::Batch(..) if world.mutation == Mutation::JournalBeforePrintRemoved => {}
            Write::Batch(batch, _) => self.handle(Event::Appended { batch }, world),
        }
    }

    /// The program dies, or the power with it, and comes back after a while.
    pub fn crash(&mut self, power_cut: bool, world: &mut World) {
        let Some(program) = self.program.take() else {
            return;
        };
        self.asleep = None;
        world.note(&self.label, || {
            format!("crashes{}", if power_cut { ", power cut" } else { "" })
        });
        world.counts.till_crashes += 1;
        let waiting = self.disk.waiting() as u64;
        let kept_before = world.counts.batches_kept;
        self.disk.crash(world);
        world.counts.batches_lost += waiting - (world.counts.batches_kept - kept_before);
        for printer in &mut self.printers {
            printer.orphan(world);
        }
        if power_cut {
            world.till_vanishes(self.number);
        } else if let Some((_, conn)) = program.conn {
            world.till_drops(conn);
        }
        let longest_ms = world.chance.pick(&[500, 5_000, 60_000]);
        let down_ms = world.chance.between(50, longest_ms);
        world.after(down_ms, What::TillUp(self.number));
    }

    /// The program is asked to end.
    pub fn shut_down(&mut self, world: &mut World) {
        world.counts.till_restarts += 1;
        self.take(self.life, ToTill::Event(Event::Shutdown), world);
    }

    /// Tries the link at once.
    pub fn reconnect(&mut self, world: &mut World) {
        self.connects.asked(world.now_ms);
        self.take(self.life, ToTill::Event(Event::Reconnect), world);
    }

    /// The machine goes to sleep, unless it sleeps.
    pub fn sleep(&mut self, for_ms: u64, world: &mut World) {
        if self.asleep.is_none() && self.program.is_some() {
            world.counts.sleeps += 1;
            self.asleep = Some(Asleep {
                since_ms: world.now_ms,
                ..Asleep::default()
            });
            world.after(for_ms, What::TillWakes(self.number));
        }
    }

    /// The machine wakes, if it sleeps.
    pub fn wake(&mut self, world: &mut World) {
        let Some(asleep) = self.asleep.take() else {
            return;
        };
        world.note(&self.label, || "wakes".to_owned());
        self.clock.slept(world.now_ms - asleep.since_ms);
        self.woke_ms = world.now_ms;
        self.connects.asked(world.now_ms);
        let life = self.life;
        for _ in 0..asleep.disk_done {
            self.disk_done(life, world);
        }
        for parcel in asleep.deferred {
            self.take(life, parcel, world);
        }
    }

    /// A connection has been dead for longer than the idle time-out: it must have been found.
    pub fn must_have_found(&self, conn: ConnId, since_ms: u64, world: &mut World) {
        let slept = self.asleep.is_some() || self.woke_ms > since_ms;
        let open = self.program.as_ref().and_then(|program| program.conn);
        if !slept && open.is_some_and(|(_, open)| open == conn) {
            let text = format!(
                "{} still holds {conn:?}, dead since {since_ms} ms",
                self.label
            );
            world
                .reference
                .violated(Rule::DeadLinksAreFound, None, text);
        }
    }

    /// Somebody sets the wall clock.
    pub fn set_clock(&mut self, by_ms: i64, world: &mut World) {
        world.counts.clock_jumps += 1;
        self.connects.clock_set(world.now_ms);
        self.clock.set(by_ms);
    }

    /// The disk is slow until then.
    pub const fn slow_disk(&mut self, until_ms: u64) {
        self.slow_disk_until_ms = until_ms;
    }

    /// A printer is not ready until then.
    pub fn printer_away(&mut self, printer: usize, until_ms: u64, code: FaultCode) {
        if let Some(printer) = self.printers.get_mut(printer) {
            printer.go_away(until_ms, code);
        }
    }

    /// A printer's use goes on.
    pub fn printer_step(&mut self, printer: usize, number: u64, world: &mut World) {
        if let Some(printer) = self.printers.get_mut(printer) {
            printer.step(number, world);
        }
    }

    /// Everything is made good: it is awake, running, its disk quick and its printers ready.
    pub fn heal(&mut self, world: &mut World) {
        self.wake(world);
        self.slow_disk_until_ms = 0;
        for printer in &mut self.printers {
            printer.heal();
        }
        self.start(world);
    }

    /// Whether there is nothing left to do.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let program = self.program.as_ref();
        program.is_some_and(|program| program.core.is_idle() && program.core.is_online())
            && self.disk.untold() == 0
            && self.disk.waiting() == 0
            && self.printers.iter().all(Printer::is_idle)
    }

    fn now(&self, world: &World) -> Now {
        self.clock.read(world.now_ms, world.true_wall())
    }

    const fn reply_to(&self) -> ReplyTo {
        ReplyTo {
            till: self.number,
            life: self.life,
        }
    }

    fn recover(&self, world: &mut World) -> Recovered {
        let mut recovered = self.disk.recover();
        for job in &recovered.jobs {
            let started = job.phase == Phase::Started;
            world.reference.found(job.job.key.job, started);
        }
        match world.mutation {
            Mutation::DedupRemoved => recovered.jobs.retain(|job| job.phase != Phase::Ended),
            Mutation::UntoldForgotten => recovered.untold.clear(),
            Mutation::ReprintAfterUncertain => {
                for job in recovered
                    .jobs
                    .iter_mut()
                    .filter(|job| job.phase == Phase::Started)
                {
                    job.phase = Phase::Waiting;
                }
            }
            _ => {}
        }
        recovered
    }

    fn take_stream(&mut self, conn: ConnId, down: Down, world: &mut World) {
        let wanted = world.arrived(conn, matches!(down, Down::End(_)));
        let open = self.program.as_ref().and_then(|program| program.conn);
        let link = match open {
            Some((link, open)) if wanted && open == conn => link,
            // What was read before the request was dropped may come to the core after it.
            _ => match world.network.given_up(conn, self.life) {
                Some(link) if world.chance.one_in(4) => link,
                _ => return,
            },
        };
        let event = match down {
            Down::Asked => Event::LinkAsked { link },
            Down::End(end) => Event::LinkClosed { link, end },
            Down::Framed(framed) => self.stream_event(link, framed, wanted, world),
        };
        self.handle(event, world);
    }

    fn stream_event(
        &mut self,
        link: LinkId,
        mut framed: Framed,
        wanted: bool,
        world: &mut World,
    ) -> Event {
        if let StreamEvent::Hello(hello) = &framed.event
            && wanted
        {
            self.clock.greeted(
                hello.server_time,
                self.clock.read(world.now_ms, world.true_wall()),
            );
            self.connects.greeted(world.now_ms);
        }
        if world.mutation == Mutation::OrderIgnored {
            framed.sequence = framed.sequence.map(|sequence| 1_000_000 - sequence);
        }
        let StreamEvent::Job(offer) = &mut framed.event else {
            return Event::LinkReceived { link, framed };
        };
        if world.mutation == Mutation::ExpiryIgnored {
            offer.start_by = None;
        }
        let flaw = world.flaw_of(offer.job);
        if flaw == Flaw::BadlySigned {
            return Event::OfferRefused {
                link,
                sequence: framed.sequence.unwrap_or_default(),
                offer: offer.clone(),
                failure: Failure {
                    code: FailureCode::BadSignature,
                    text: "the signature is not the hub's".to_owned(),
                },
            };
        }
        Event::LinkReceived { link, framed }
    }

    fn handle(&mut self, mut event: Event, world: &mut World) {
        let now = self.now(world);
        if let Event::PrintProgress { proven, .. } = &mut event {
            match world.mutation {
                Mutation::CountIgnored => proven.printed = proven.total,
                Mutation::CountedAhead => proven.printed += 1,
                _ => {}
            }
        }
        let conn = self.program.as_ref().and_then(|program| program.conn);
        for printer in &mut self.printers {
            printer.till_hears(&event, conn.map(|(link, _)| link));
        }
        if let Some(program) = &mut self.program {
            world.note(&self.label, || format!("takes {event:?}"));
            program.core.handle_event(event, now);
        }
        self.do_effects(world);
        for printer in &self.printers {
            printer.must_not_stand_unwanted(world);
        }
    }

    /// Whose agent this is.
    #[must_use]
    pub const fn agent(&self) -> AgentId {
        self.agent
    }
}

fn configured(name: &PrinterName, watch: bool) -> PrinterConfig {
    PrinterConfig {
        name: name.clone(),
        content_types: vec![ContentType::Raw],
        watch,
    }
}
