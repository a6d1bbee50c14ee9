//! A fake printer with paper: it prints, is away, runs out of paper, dies in the middle.
//!
//! Copies come out one by one, each a ticket that some printers prove. It takes some of them ahead
//! of the one it prints. Each is complete or torn; the reference counts them, whatever the till is
//! told.

use cueline_agent_core::{Event, LinkId, PrintEnd, PrinterOp, Proven};
use cueline_model::{
    Failure, FailureCode, Fault, FaultCode, JobKey, PrinterName, Proof, TicketCount,
};
use cueline_wire::cloud::StreamEvent;

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
    left_out: u16,
    /// Copies that are out, those left out counted.
    out: u16,
    /// Copies of which it has taken something.
    taken: u16,
    fate: Fate,
    stands: bool,
    /// Its till knows that something keeps it from printing.
    fault_known: bool,
    /// Its till knows that nobody wants it any more.
    unwanted: bool,
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
    /// So many of them are proven already.
    pub left_out: u16,
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
        let little = world.chance.one_in(10);
        let warning = little.then(|| self.fault(FaultCode::PaperLow));
        let (in_ms, event) = if world.now_ms < self.away_until_ms {
            let fault = self.fault(self.away_code);
            (
                world.chance.between(5, 3_000),
                Event::PrinterNotReady {
                    op,
                    printer,
                    fault,
                    warning,
                },
            )
        } else {
            self.open = Some(op);
            (
                world.chance.between(2, 40),
                Event::PrinterReady {
                    op,
                    printer,
                    warning,
                },
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
        let left = usize::from(ask.copies - ask.left_out);
        let copy =
            |world: &mut World| ask.left_out + u16::try_from(world.chance.index(left)).unwrap_or(0);
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
            run: world.reference.run_begins(ask.key.job, ask.left_out),
            copies: ask.copies,
            left_out: ask.left_out,
            out: ask.left_out,
            taken: ask.left_out,
            fate,
            stands: false,
            fault_known: false,
            unwanted: false,
        });
        self.step_after(self.plan.copy_ms, world);
    }

    /// A use goes on, if it is still under way.
    pub fn step(&mut self, number: u64, world: &mut World) {
        if number != self.uses {
            return;
        }
        let away = world.now_ms < self.away_until_ms;
        let may_take_nothing = world.chance.one_in(2);
        let Some(printing) = &mut self.printing else {
            return;
        };
        let stands_now = matches!(printing.fate, Fate::PaperOut(copy) if copy == printing.out)
            && !printing.stands;
        let sends = !matches!(printing.fate, Fate::Unprintable | Fate::NothingSent);
        let nothing_yet = printing.taken == printing.out && stands_now && may_take_nothing;
        if sends && !nothing_yet {
            let ahead = printing.out.saturating_add(1 + self.plan.buffer);
            printing.taken = ahead.min(printing.copies);
            let (key, run, taken) = (printing.key, printing.run, printing.taken);
            world.reference.reaches(key.job, run, taken);
        }
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
            Fate::PaperOut(_) if stands_now => {
                printing.stands = true;
                self.tell_fault(Some(self.fault(FaultCode::PaperOut)), world);
                let in_ms = world.chance.between(500, 60_000);
                self.step_after(in_ms, world);
            }
            _ => self.copy_comes_out(world),
        }
    }

    /// The till wants no more of it. What it had taken may still come out.
    pub fn stop(&mut self, op: PrinterOp, world: &mut World) {
        if self
            .printing
            .as_ref()
            .is_none_or(|printing| printing.op != op)
        {
            return;
        }
        world.counts.stopped += 1;
        self.uses += 1;
        let fault = self.fault(FaultCode::PaperOut);
        let printing = self.printing.as_ref();
        let untouched = printing.is_some_and(|p| p.taken == p.out && p.run_is_empty());
        let end = if untouched {
            PrintEnd::NothingSent(fault)
        } else {
            let tickets = self.tickets();
            PrintEnd::InDoubt { fault, tickets }
        };
        self.rest_comes_out(world);
        self.end(end, world);
    }

    /// The till is gone: what it had sent may still come out.
    pub fn orphan(&mut self, world: &mut World) {
        self.open = None;
        self.uses += 1;
        self.rest_comes_out(world);
        self.printing = None;
    }

    /// The till takes an event while it holds this link: what it knows from then on.
    pub fn till_hears(&mut self, event: &Event, held: Option<LinkId>) {
        let Some(printing) = &mut self.printing else {
            return;
        };
        match event {
            Event::PrinterCondition { op, fault, .. } if *op == printing.op => {
                printing.fault_known = fault.is_some();
            }
            Event::LinkReceived { link, framed } if held == Some(*link) => {
                if let StreamEvent::Withdraw(withdraw) = &framed.event {
                    printing.unwanted |= withdraw.key() == printing.key;
                }
            }
            _ => {}
        }
    }

    /// A print that nobody wants is stopped as soon as its till knows that it does not get on.
    pub fn must_not_stand_unwanted(&self, world: &mut World) {
        let stands = |p: &&Printing| p.fault_known && p.unwanted;
        if let Some(printing) = self.printing.as_ref().filter(stands) {
            let (job, text) = (
                printing.key.job,
                "it is waited for although nobody wants it",
            );
            world
                .reference
                .violated(Rule::CancelIsPrompt, Some(job), text);
        }
    }

    /// Some of what it has taken comes out, and perhaps a piece of one more.
    fn rest_comes_out(&self, world: &mut World) {
        let Some(printing) = &self.printing else {
            return;
        };
        let on_the_way = u64::from(printing.taken - printing.out);
        if on_the_way == 0 || matches!(printing.fate, Fate::Dies(..)) {
            return;
        }
        let complete = world.chance.between(0, on_the_way);
        for _ in 0..complete {
            world.counts.copies += 1;
            world.reference.sheet(printing.key.job, printing.run, true);
        }
        if complete < on_the_way && world.chance.one_in(2) {
            world.counts.torn_copies += 1;
            world.reference.sheet(printing.key.job, printing.run, false);
        }
    }

    /// What it knows of each copy of a print that is not over.
    fn tickets(&self) -> Option<TicketCount> {
        let printing = self.printing.as_ref()?;
        (self.plan.proof == Proof::Printed).then(|| TicketCount {
            printed: u32::from(printing.out),
            unknown: u32::from(printing.taken - printing.out),
            total: u32::from(printing.copies),
        })
    }

    /// Whether its till looks at it while it has nothing to do.
    #[must_use]
    pub const fn is_watched(&self) -> bool {
        self.plan.watch
    }

    /// Whether nothing is being printed; it may be open to be looked at.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.printing.is_none()
    }

    fn copy_comes_out(&mut self, world: &mut World) {
        let Some(printing) = &mut self.printing else {
            return;
        };
        printing.out += 1;
        let (key, run, done) = (printing.key, printing.run, printing.out == printing.copies);
        let (op, life) = (printing.op, printing.life);
        let proven = Proven {
            printed: u32::from(printing.out),
            total: u32::from(printing.copies),
        };
        let stood = std::mem::take(&mut printing.stands);
        if stood {
            printing.fate = Fate::Good;
            self.tell_fault(None, world);
        }
        world.note(&self.name, || format!("a copy of {} comes out", key.job));
        world.counts.copies += 1;
        world.reference.sheet(key.job, run, true);
        if self.plan.proof == Proof::Printed {
            let printer = self.name.clone();
            let progress = Event::PrintProgress {
                op,
                printer,
                proven,
            };
            let in_ms = world.chance.between(1, 40);
            world.after(
                in_ms,
                What::ToTill(self.till, life, ToTill::Event(progress)),
            );
        }
        if done {
            self.end(PrintEnd::Done(self.plan.proof), world);
        } else {
            self.step_after(self.plan.copy_ms, world);
        }
    }

    fn die(&mut self, last: Last, world: &mut World) {
        let tickets = self.tickets();
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
        let fault = self.fault(FaultCode::ConnectionLost);
        self.end(PrintEnd::InDoubt { fault, tickets }, world);
    }

    fn end(&mut self, end: PrintEnd, world: &mut World) {
        let Some(printing) = self.printing.take() else {
            return;
        };
        let (run_end, in_ms) = match end {
            PrintEnd::Done(_) => (RunEnd::Done, 5),
            PrintEnd::NothingSent(_) | PrintEnd::Unprintable(_) => (RunEnd::Nothing, 5),
            PrintEnd::InDoubt { .. } => (RunEnd::InDoubt, 2_000),
        };
        let told = match end {
            PrintEnd::InDoubt { tickets, .. } => tickets,
            _ => None,
        };
        world.note(&self.name, || {
            format!("the print of {} ends: {end:?}", printing.key.job)
        });
        world
            .reference
            .run_ends(printing.key.job, printing.run, run_end, told);
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
            let event = Event::PrinterCondition {
                op: printing.op,
                printer: self.name.clone(),
                fault,
                warning: None,
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

impl Printing {
    /// Whether nothing of this use is out.
    fn run_is_empty(&self) -> bool {
        self.out == self.left_out
    }
}

fn bad_document() -> Failure {
    Failure {
        code: FailureCode::BadDocument,
        text: "the document is damaged".to_owned(),
    }
}
