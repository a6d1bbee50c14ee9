//! A till: the agent's core, a shell that does its effects on fakes, and what a crash leaves of it.

use std::collections::VecDeque;
use std::time::Duration;

use cueline_agent_core::{
    Agent, Config, Effect, Event, JobKey, LinkId, LinkTimings, Phase, PrinterConfig, Record,
    Recovered, ReportId,
};
use cueline_model::limits::{AGENT_JOBS_MAX, REPORT_ENTRIES_MAX};
use cueline_model::{
    AgentId, ContentType, Failure, FailureCode, FaultCode, Mono, Now, PrinterName,
};
use cueline_wire::cloud::{Framed, Progress, Report, StreamEvent, StreamMode};

use crate::assertions;
use crate::connects::Connects;
use crate::disk::{Disk, Write};
use crate::faults::{Flaw, TillPlan};
use crate::mutation::Mutation;
use crate::network::{ConnId, Down, Request};
use crate::printer::{Ask, Printer};
use crate::reference::Rule;
use crate::till_clock::TillClock;
use crate::world::{ReplyTo, ToTill, What, World};

/// How much slower a slow disk is.
const SLOW_DISK_FACTOR: u64 = 40;

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
                .map(|printer| configured(&printer.name))
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
        self.connects.asked(world.now_ms);
        let life = self.life;
        for _ in 0..asleep.disk_done {
            self.disk_done(life, world);
        }
        for parcel in asleep.deferred {
            self.take(life, parcel, world);
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
            if job.phase == Phase::Started {
                world.reference.found_started(job.job.key.job);
            }
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
        if !world.arrived(conn, matches!(down, Down::End(_))) {
            return;
        }
        let Some((link, _)) = self
            .program
            .as_ref()
            .and_then(|program| program.conn)
            .filter(|(_, open)| *open == conn)
        else {
            return;
        };
        let event = match down {
            Down::Asked => Event::LinkAsked { link },
            Down::End(end) => Event::LinkClosed { link, end },
            Down::Framed(framed) => self.stream_event(link, framed, world),
        };
        self.handle(event, world);
    }

    fn stream_event(&mut self, link: LinkId, mut framed: Framed, world: &mut World) -> Event {
        if let StreamEvent::Hello(hello) = &framed.event {
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

    fn handle(&mut self, event: Event, world: &mut World) {
        let now = self.now(world);
        if let Some(program) = &mut self.program {
            world.note(&self.label, || format!("takes {event:?}"));
            program.core.handle_event(event, now);
        }
        self.do_effects(world);
    }

    fn do_effects(&mut self, world: &mut World) {
        while let Some(effect) = self
            .program
            .as_mut()
            .and_then(|program| program.core.poll_effect())
        {
            if self.crashes_now(world) {
                return;
            }
            world.counts.effects += 1;
            world.note(&self.label, || format!("does {effect:?}"));
            self.do_effect(effect, world);
            if self.crashes_now(world) {
                return;
            }
        }
        if let Some(program) = &mut self.program {
            program.due = program.core.poll_timeout().map(|(due, _)| due);
            let held = program.core.unsettled_jobs();
            if held > AGENT_JOBS_MAX {
                world.reference.violated(
                    Rule::LimitsHold,
                    None,
                    format!("an agent holds {held} jobs"),
                );
            }
        }
    }

    fn crashes_now(&mut self, world: &mut World) -> bool {
        let crashes = self.program.is_some() && world.chance.odds(world.odds.till_crash);
        if crashes {
            let power_cut = world.chance.one_in(2);
            self.crash(power_cut, world);
        }
        crashes
    }

    fn do_effect(&mut self, effect: Effect, world: &mut World) {
        match effect {
            Effect::Connect { link, ping, mode } => self.connect(link, ping, mode, world),
            Effect::Disconnect { link } => {
                let program = self.program.as_mut();
                if let Some((_, conn)) =
                    program.and_then(|program| program.conn.take_if(|(open, _)| *open == link))
                {
                    world.till_drops(conn);
                }
            }
            Effect::Append { batch, records } => {
                self.check_starts(&records, world);
                self.write(Write::Batch(batch, records), world);
                if world.mutation == Mutation::JournalBeforePrintRemoved {
                    let appended = ToTill::Event(Event::Appended { batch });
                    world.after(0, What::ToTill(self.number, self.life, appended));
                }
            }
            Effect::SendReport { report, body } => self.send_report(report, body, world),
            Effect::SendInventory => world.request(self.reply_to(), Request::Inventory),
            Effect::Fetch { job, document } => {
                world.request(self.reply_to(), Request::Fetch(job, document));
            }
            Effect::OpenPrinter { op, printer } => {
                let life = self.life;
                if let Some(printer) = self.printer(&printer) {
                    printer.open(op, life, world);
                }
            }
            Effect::ReleasePrinter { op, printer } => {
                if let Some(printer) = self.printer(&printer) {
                    printer.release(op);
                }
            }
            Effect::Print {
                op,
                printer,
                job,
                copies,
                duplicate,
            } => {
                self.check_print(job, duplicate, world);
                let ask = Ask {
                    op,
                    life: self.life,
                    key: job,
                    copies,
                    flaw: world.flaw_of(job.job),
                };
                if let Some(printer) = self.printer(&printer) {
                    printer.print(ask, world);
                }
            }
            Effect::Notice(_) => {}
            Effect::Exit => self.exit(world),
        }
    }

    fn connect(&mut self, link: LinkId, ping: Duration, mode: StreamMode, world: &mut World) {
        world.counts.connects += 1;
        if mode == StreamMode::Poll {
            world.counts.polls += 1;
        }
        if let Some(many) = self.connects.connected(world.now_ms) {
            world
                .reference
                .violated(Rule::NoBusyLoop, None, format!("{}: {many}", self.label));
        }
        let ping_s = u32::try_from(ping.as_secs()).unwrap_or(u32::MAX);
        let conn = world.connect(self.reply_to(), link, ping_s, mode);
        if let Some(program) = &mut self.program
            && let Some((_, old)) = program.conn.replace((link, conn))
            && world.network.wanted(old).is_some()
        {
            let text = "a held request is opened before the last one is over".to_owned();
            world
                .reference
                .violated(Rule::EffectsFitTogether, None, text);
        }
    }

    fn send_report(&mut self, report: ReportId, body: Report, world: &mut World) {
        let entries = body.entries.len();
        if entries > REPORT_ENTRIES_MAX {
            world.reference.violated(
                Rule::LimitsHold,
                None,
                format!("a report has {entries} entries"),
            );
        }
        for entry in &body.entries {
            let durable = self.disk.holds(entry);
            world
                .reference
                .expect(durable, Rule::JournalBeforeReport, entry.job, || {
                    format!("{entry:?} is reported and not durable")
                });
        }
        let two = self
            .program
            .as_mut()
            .and_then(|program| program.report.replace(report));
        if let Some(other) = two {
            let text = format!("{report:?} is sent before {other:?} is over");
            world
                .reference
                .violated(Rule::EffectsFitTogether, None, text);
        }
        world.request(self.reply_to(), Request::Report(report, body));
    }

    fn check_starts(&self, records: &[Record], world: &mut World) {
        let known = self.clock.hub_time_known(self.now(world));
        for record in records {
            if let Record::Progress(entry) = record
                && entry.progress == Progress::Started
            {
                assertions::start_recorded(&mut world.reference, entry.job, known);
            }
        }
    }

    fn check_print(&self, job: JobKey, duplicate: bool, world: &mut World) {
        let durable = self.disk.is_started(job) && self.disk.has_document(job);
        world
            .reference
            .expect(durable, Rule::JournalBeforePrint, job.job, || {
                "it is printed before its start and its document are durable".to_owned()
            });
        assertions::print_asked(&mut world.reference, job.job, duplicate);
    }

    fn write(&mut self, write: Write, world: &mut World) {
        let (low, high) = self.plan.disk_ms;
        let mut takes_ms = world.chance.between(low, high);
        if world.now_ms < self.slow_disk_until_ms {
            takes_ms *= SLOW_DISK_FACTOR;
        }
        if world.mutation == Mutation::JournalBeforePrintRemoved {
            takes_ms += 2_000;
        }
        let in_ms = self.disk.write(write, takes_ms, world);
        world.after(in_ms, What::DiskDone(self.number, self.life));
    }

    fn printer(&mut self, name: &PrinterName) -> Option<&mut Printer> {
        self.printers
            .iter_mut()
            .find(|printer| printer.name == *name)
    }

    /// The program has ended in an orderly way: nothing is in doubt.
    fn exit(&mut self, world: &mut World) {
        let started = self
            .disk
            .recover()
            .jobs
            .into_iter()
            .find(|job| job.phase == Phase::Started);
        if let Some(started) = started {
            let text = "an orderly end left it started".to_owned();
            world
                .reference
                .violated(Rule::EffectsFitTogether, Some(started.job.key.job), text);
        }
        self.program = None;
        world.after(200, What::TillUp(self.number));
    }

    /// Whose agent this is.
    #[must_use]
    pub const fn agent(&self) -> AgentId {
        self.agent
    }
}

fn configured(name: &PrinterName) -> PrinterConfig {
    PrinterConfig {
        name: name.clone(),
        content_types: vec![ContentType::Raw],
    }
}
