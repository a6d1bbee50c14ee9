//! A fake printer with paper: it prints, is away, runs out of paper, dies in the middle.
//!
//! Copies come out one by one. Each is complete or torn; the reference counts them, whatever the
//! till is told.

use cueline_agent_core::{Event, PrintEnd, PrinterOp};
use cueline_model::{Failure, FailureCode, Fault, FaultCode, JobKey, PrinterName};

use crate::faults::{Flaw, PrinterPlan};
use crate::reference::{Rule, RunEnd};
use crate::world::{ToTill, What, World};

/// A printer.
#[derive(Debug)]
pub struct Printer {
    till: usize,
    number: usize,
    /// Its name on its till.
    pub name: PrinterName,
    plan: PrinterPlan,
    away_until_ms: u64,
    away_code: FaultCode,
    open: Option<PrinterOp>,
    printing: Option<Printing>,
    uses: u64,
}

#[derive(Debug)]
struct Printing {
    op: PrinterOp,
    life: u64,
    key: JobKey,
    run: usize,
    copies: u16,
    out: u16,
    fate: Fate,
    stands: bool,
}

/// What becomes of a use, drawn when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Good,
    Unprintable,
    NothingSent,
    /// Dies at this copy, which is complete or torn or not begun.
    Dies(u16, Last),
    /// Runs out of paper before this copy.
    PaperOut(u16),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Complete,
    Torn,
    NotBegun,
}

/// What the till asks to be printed.
#[derive(Debug)]
pub struct Ask {
    /// The use that opened the printer.
    pub op: PrinterOp,
    /// Which life of the till asks.
    pub life: u64,
    /// Which job.
    pub key: JobKey,
    /// How often.
    pub copies: u16,
    /// What is the matter with its document.
    pub flaw: Flaw,
}

impl Printer {
    /// A printer that is ready.
    #[must_use]
    pub fn new(till: usize, number: usize, name: PrinterName, plan: PrinterPlan) -> Self {
        Self {
            till,
            number,
            name,
            plan,
            away_until_ms: 0,
            away_code: FaultCode::Unreachable,
            open: None,
            printing: None,
            uses: 0,
        }
    }

    /// It is not ready until then; a print under way dies at its next step.
    pub fn go_away(&mut self, until_ms: u64, code: FaultCode) {
        self.away_until_ms = until_ms;
        self.away_code = code;
    }

    /// Everything is made good.
    pub fn heal(&mut self) {
        self.away_until_ms = 0;
    }

    /// Opens it and asks whether it is ready.
    pub fn open(&mut self, op: PrinterOp, life: u64, world: &mut World) {
        self.expect_closed(world);
        let printer = self.name.clone();
        let (in_ms, event) = if world.now_ms < self.away_until_ms {
            let fault = self.fault(self.away_code);
            (
                world.chance.between(5, 3_000),
                Event::PrinterNotReady { op, printer, fault },
            )
        } else {
            self.open = Some(op);
            (
                world.chance.between(2, 40),
                Event::PrinterReady { op, printer },
            )
        };
        world.after(in_ms, What::ToTill(self.till, life, ToTill::Event(event)));
    }

    /// Closes it without printing.
    pub fn release(&mut self, op: PrinterOp) {
        self.open.take_if(|open| *open == op);
    }

    /// Prints on the open printer.
    pub fn print(&mut self, ask: Ask, world: &mut World) {
        if self.open.take() != Some(ask.op) || self.printing.is_some() {
            let text = format!("{} was asked to print and is not open for it", self.name);
            world
                .reference
                .violated(Rule::EffectsFitTogether, Some(ask.key.job), text);
        }
        let odds = world.odds;
        let copy = |world: &mut World| {
            u16::try_from(world.chance.index(usize::from(ask.copies))).unwrap_or(0)
        };
        let fate = if ask.flaw == Flaw::Unprintable {
            Fate::Unprintable
        } else if world.chance.odds(odds.nothing_sent) {
            Fate::NothingSent
        } else if world.chance.odds(odds.dies_printing) {
            let last = world
                .chance
                .pick(&[Last::Complete, Last::Torn, Last::NotBegun]);
            Fate::Dies(copy(world), last)
        } else if world.chance.odds(odds.paper_out) {
            Fate::PaperOut(copy(world))
        } else {
            Fate::Good
        };
        self.uses += 1;
        self.printing = Some(Printing {
            op: ask.op,
            life: ask.life,
            key: ask.key,
            run: world.reference.run_begins(ask.key.job),
            copies: ask.copies,
            out: 0,
            fate,
            stands: false,
        });
        self.step_after(self.plan.copy_ms, world);
    }

    /// A use goes on, if it is still under way.
    pub fn step(&mut self, number: u64, world: &mut World) {
        if number != self.uses {
            return;
        }
        let away = world.now_ms < self.away_until_ms;
        let Some(printing) = &mut self.printing else {
            return;
        };
        match printing.fate {
            Fate::Unprintable => self.end(PrintEnd::Unprintable(bad_document()), world),
            Fate::NothingSent => self.end(
                PrintEnd::NothingSent(self.fault(FaultCode::Unreachable)),
                world,
            ),
            Fate::Dies(copy, last) if copy == printing.out => self.die(last, world),
            _ if away => {
                let last = world.chance.pick(&[Last::Torn, Last::NotBegun]);
                self.die(last, world);
            }
            Fate::PaperOut(copy) if copy == printing.out && !printing.stands => {
                printing.stands = true;
                self.tell_fault(Some(self.fault(FaultCode::PaperOut)), world);
                let in_ms = world.chance.between(500, 60_000);
                self.step_after(in_ms, world);
            }
            _ => self.copy_comes_out(world),
        }
    }

    /// The till is gone: what it had sent may still come out.
    pub fn orphan(&mut self, world: &mut World) {
        self.open = None;
        let Some(printing) = self.printing.take() else {
            return;
        };
        self.uses += 1;
        let on_the_way = printing.copies - printing.out;
        let sends = !matches!(
            printing.fate,
            Fate::Unprintable | Fate::NothingSent | Fate::Dies(..)
        );
        if !sends || on_the_way == 0 {
            return;
        }
        let complete = world.chance.between(0, u64::from(on_the_way));
        for _ in 0..complete {
            world.counts.copies += 1;
            world.reference.sheet(printing.key.job, printing.run, true);
        }
        if complete < u64::from(on_the_way) && world.chance.one_in(2) {
            world.counts.torn_copies += 1;
            world.reference.sheet(printing.key.job, printing.run, false);
        }
    }

    /// Whether nothing is open or being printed.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.open.is_none() && self.printing.is_none()
    }

    fn copy_comes_out(&mut self, world: &mut World) {
        let Some(printing) = &mut self.printing else {
            return;
        };
        printing.out += 1;
        let (key, run, done) = (printing.key, printing.run, printing.out == printing.copies);
        let stood = std::mem::take(&mut printing.stands);
        if stood {
            printing.fate = Fate::Good;
            self.tell_fault(None, world);
        }
        world.note(&self.name, || format!("a copy of {} comes out", key.job));
        world.counts.copies += 1;
        world.reference.sheet(key.job, run, true);
        if done {
            self.end(PrintEnd::Done(self.plan.proof), world);
        } else {
            self.step_after(self.plan.copy_ms, world);
        }
    }

    fn die(&mut self, last: Last, world: &mut World) {
        if let Some(printing) = &self.printing
            && last != Last::NotBegun
        {
            let complete = last == Last::Complete;
            if complete {
                world.counts.copies += 1;
            } else {
                world.counts.torn_copies += 1;
            }
            world
                .reference
                .sheet(printing.key.job, printing.run, complete);
        }
        world.counts.prints_in_doubt += 1;
        self.end(
            PrintEnd::InDoubt(self.fault(FaultCode::ConnectionLost)),
            world,
        );
    }

    fn end(&mut self, end: PrintEnd, world: &mut World) {
        let Some(printing) = self.printing.take() else {
            return;
        };
        let (run_end, in_ms) = match end {
            PrintEnd::Done(_) => (RunEnd::Done, 5),
            PrintEnd::NothingSent(_) | PrintEnd::Unprintable(_) => (RunEnd::Nothing, 5),
            PrintEnd::InDoubt(_) => (RunEnd::InDoubt, 2_000),
        };
        world.note(&self.name, || {
            format!("the print of {} ends: {end:?}", printing.key.job)
        });
        world
            .reference
            .run_ends(printing.key.job, printing.run, run_end);
        let event = Event::PrintEnded {
            op: printing.op,
            printer: self.name.clone(),
            end,
        };
        let in_ms = world.chance.between(1, in_ms);
        world.after(
            in_ms,
            What::ToTill(self.till, printing.life, ToTill::Event(event)),
        );
    }

    fn tell_fault(&self, fault: Option<Fault>, world: &mut World) {
        if let Some(printing) = &self.printing {
            let event = Event::PrinterFault {
                op: printing.op,
                printer: self.name.clone(),
                fault,
            };
            world.after(
                1,
                What::ToTill(self.till, printing.life, ToTill::Event(event)),
            );
        }
    }

    fn step_after(&self, in_ms: u64, world: &mut World) {
        world.after(in_ms, What::PrinterStep(self.till, self.number, self.uses));
    }

    fn expect_closed(&self, world: &mut World) {
        if self.open.is_some() || self.printing.is_some() {
            let text = format!("{} is opened while it is in use", self.name);
            world
                .reference
                .violated(Rule::EffectsFitTogether, None, text);
        }
    }

    fn fault(&self, code: FaultCode) -> Fault {
        Fault::new(code, format!("{} says {}", self.name, code.as_str()))
    }
}

fn bad_document() -> Failure {
    Failure {
        code: FailureCode::BadDocument,
        text: "the document is damaged".to_owned(),
    }
}
