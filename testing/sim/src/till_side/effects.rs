//! A till's shell: does the core's effects on fakes, and dies before or after any of them.

use std::time::Duration;

use cueline_agent_core::{Effect, Event, LinkId, Phase, Record, ReportId};
use cueline_model::limits::{AGENT_JOBS_MAX, PRINTERS_PER_AGENT_MAX, REPORT_ENTRIES_MAX};
use cueline_model::{JobKey, PrinterName};
use cueline_wire::cloud::{Progress, Report, StreamMode};

use super::Till;
use crate::assertions;
use crate::disk::Write;
use crate::mutation::Mutation;
use crate::network::Request;
use crate::printer::{Ask, Printer};
use crate::reference::Rule;
use crate::world::{ToTill, What, World};

/// How much slower a slow disk is.
const SLOW_DISK_FACTOR: u64 = 40;

impl Till {
    pub(super) fn do_effects(&mut self, world: &mut World) {
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

    pub(super) fn crashes_now(&mut self, world: &mut World) -> bool {
        let crashes = self.program.is_some() && world.chance.odds(world.odds.till_crash);
        if crashes {
            let power_cut = world.chance.one_in(2);
            self.crash(power_cut, world);
        }
        crashes
    }

    pub(super) fn do_effect(&mut self, effect: Effect, world: &mut World) {
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
                world.counts.looks += 1;
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
                options: _,
                proven,
            } => {
                let proven = proven.filter(|_| world.mutation != Mutation::ProofForgotten);
                // The same document makes as many tickets each time.
                let left_out = proven.filter(|proven| proven.total == u32::from(copies));
                let left_out = left_out.map_or(0, |proven| proven.printed);
                self.check_print(job, duplicate, left_out, world);
                let ask = Ask {
                    op,
                    life: self.life,
                    key: job,
                    copies,
                    left_out: u16::try_from(left_out).unwrap_or(copies),
                    flaw: world.flaw_of(job.job),
                };
                if let Some(printer) = self.printer(&printer) {
                    printer.print(ask, world);
                }
            }
            Effect::StopPrint { .. } if world.mutation == Mutation::StopIgnored => {}
            Effect::StopPrint { op, printer } => {
                if let Some(printer) = self.printer(&printer) {
                    printer.stop(op, world);
                }
            }
            Effect::Payments(_) | Effect::Notice(_) => {}
            Effect::Exit => self.exit(world),
        }
    }

    pub(super) fn connect(
        &mut self,
        link: LinkId,
        ping: Duration,
        mode: StreamMode,
        world: &mut World,
    ) {
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

    pub(super) fn send_report(&mut self, report: ReportId, body: Report, world: &mut World) {
        let entries = body.entries.len();
        if entries > REPORT_ENTRIES_MAX {
            world.reference.violated(
                Rule::LimitsHold,
                None,
                format!("a report has {entries} entries"),
            );
        }
        let changes = body.printers.len();
        if changes > PRINTERS_PER_AGENT_MAX {
            let text = format!("a report has {changes} printers");
            world.reference.violated(Rule::LimitsHold, None, text);
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

    pub(super) fn check_starts(&self, records: &[Record], world: &mut World) {
        let known = self.clock.hub_time_known(self.now(world));
        for record in records {
            if let Record::Progress(entry) = record
                && entry.progress == Progress::Started
            {
                assertions::start_recorded(&mut world.reference, entry.job, known);
            }
        }
    }

    pub(super) fn check_print(
        &self,
        job: JobKey,
        duplicate: bool,
        left_out: u32,
        world: &mut World,
    ) {
        let durable = self.disk.is_started(job) && self.disk.has_document(job);
        world
            .reference
            .expect(durable, Rule::JournalBeforePrint, job.job, || {
                "it is printed before its start and its document are durable".to_owned()
            });
        assertions::print_asked(&mut world.reference, job.job, duplicate, left_out);
        world.counts.left_out += u64::from(left_out > 0);
    }

    pub(super) fn write(&mut self, write: Write, world: &mut World) {
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

    pub(super) fn printer(&mut self, name: &PrinterName) -> Option<&mut Printer> {
        self.printers
            .iter_mut()
            .find(|printer| printer.name == *name)
    }

    /// The program has ended in an orderly way: nothing is in doubt.
    pub(super) fn exit(&mut self, world: &mut World) {
        self.disk.finish(world);
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
}
