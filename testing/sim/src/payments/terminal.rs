//! A card terminal with a ledger of its own: what is in there really happened.
//!
//! It works as terminals do that speak ZVT: one connection, one payment at a time, a result that waits
//! for an acknowledgement and is taken back on a negative one. What it approved and nobody
//! acknowledged it keeps. Sales keyed by hand are over an amount that no payment has, since of two
//! equal ones nobody could say whose the second is.

use cueline_model::PaymentId;

use super::driver::FromTerminal;
use super::faults::{LookUpKind, Script, TerminalPlan};
use super::world::{TrayLife, What, World};

/// One way between tray and terminal, ms.
pub const WAY_MS: u64 = 3;
/// The amount of sales keyed by hand.
const BY_HAND_MINOR: i64 = 777;
/// It waits for an acknowledgement for so long, with a connection and without.
const ACK_WITHIN_MS: u64 = 120_000;
const ACK_WITHOUT_LINK_MS: u64 = 10_000;

/// What a tray says to it.
#[derive(Debug, Clone, Copy)]
pub enum ToTerminal {
    /// Who are you, and what did you do last? With our reference where it is a look-up.
    Query(Option<PaymentId>),
    /// Take the money.
    Authorise {
        /// For the ledger of this simulation only; terminals are not told.
        payment: PaymentId,
        /// How much.
        amount_minor: i64,
    },
    /// Stop, if you can.
    Abort,
    /// The result is acknowledged.
    Ack,
    /// The result is not: take it back.
    Nack,
    /// The connection is closed.
    Close,
}

/// What it says.
#[derive(Debug, Clone, Copy)]
pub enum Says {
    /// The last transaction, and what it knows of our reference.
    Idle {
        /// The last.
        last: Option<Seen>,
        /// By our reference, where it keeps that.
        known: Option<Seen>,
    },
    /// It is at a payment; whether at the one that was asked about, where it knows.
    Busy {
        /// See above.
        same: bool,
    },
    /// It has begun.
    Begun,
    /// It has not begun: it is at another.
    Refused,
    /// The result.
    Status(Seen),
    /// It is done.
    Completion,
    /// It has taken the payment back.
    TakenBack,
    /// Somebody keyed a sale.
    ByHand(i64),
}

/// A transaction as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its number.
    pub receipt: u32,
    /// How much.
    pub amount_minor: i64,
    /// How it ended.
    pub ended: Ended,
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Money moved.
    Approved,
    /// Declined.
    Declined,
    /// Stopped.
    Cancelled,
    /// Approved and taken back.
    Reversed,
}

/// A line of its ledger.
#[derive(Debug, Clone, Copy)]
pub struct Transaction {
    /// As it is shown.
    pub seen: Seen,
    /// For which payment; `None`: keyed by hand.
    pub payment: Option<PaymentId>,
}

/// What it does a little later.
#[derive(Debug, Clone, Copy)]
pub enum TerminalNote {
    /// Its connection breaks.
    Drop,
    /// The customer is done.
    CardDone,
    /// It has printed.
    Printed,
    /// It waits no longer for an acknowledgement.
    NoAck,
}

#[derive(Debug)]
struct Paying {
    number: u64,
    payment: PaymentId,
    amount_minor: i64,
    script: Script,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Card,
    /// Its result waits for an acknowledgement; which line of the ledger it is.
    Told(Option<usize>),
    Printing,
}

/// A terminal.
#[derive(Debug)]
pub struct Terminal {
    number: usize,
    plan: TerminalPlan,
    ledger: Vec<Transaction>,
    receipts: u32,
    link: Option<(TrayLife, u64)>,
    links: u64,
    /// Without power, or cut off, until then.
    pub away_until_ms: u64,
    paying: Option<Paying>,
    payings: u64,
}

impl Terminal {
    /// A terminal that may have done a few sales before.
    #[must_use]
    pub fn new(number: usize, world: &mut World) -> Self {
        let mut terminal = Self {
            number,
            plan: world.plan.terminals[number],
            ledger: Vec::new(),
            receipts: 0,
            link: None,
            links: 0,
            away_until_ms: 0,
            paying: None,
            payings: 0,
        };
        if !world.chance.one_in(5) {
            terminal.record(None, 1_000, Ended::Approved);
        }
        terminal
    }

    /// The charges of a payment, as far as they were not taken back, and all that ever were.
    #[must_use]
    pub fn charges(&self, payment: PaymentId) -> (usize, usize) {
        let of_it = |ended| {
            let lines = self.ledger.iter();
            let of_it =
                |line: &&Transaction| line.payment == Some(payment) && line.seen.ended == ended;
            lines.filter(of_it).count()
        };
        let kept = of_it(Ended::Approved);
        (kept, kept + of_it(Ended::Reversed))
    }

    /// All lines.
    #[must_use]
    pub fn ledger(&self) -> &[Transaction] {
        &self.ledger
    }

    /// Whether it is at no payment.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.paying.is_none()
    }

    /// The charge whose acknowledgement it waits for on this connection.
    #[must_use]
    pub fn waits_for_ack(&self, link: u64) -> Option<PaymentId> {
        let paying = self.paying.as_ref()?;
        let told = matches!(paying.stage, Stage::Told(Some(_)));
        (told && self.is_linked(link)).then_some(paying.payment)
    }

    /// A tray opens the connection.
    pub fn open(&mut self, from: TrayLife, world: &mut World) {
        let answer = if world.now_ms < self.away_until_ms || self.link.is_some() {
            FromTerminal::NotOpened
        } else {
            self.links += 1;
            self.link = Some((from, self.links));
            FromTerminal::Opened(self.links)
        };
        world.after(WAY_MS, What::Driver(from, self.number, answer));
    }

    /// A tray says something.
    pub fn take(&mut self, link: u64, said: ToTerminal, world: &mut World) {
        if !self.is_linked(link) {
            return;
        }
        let payment = self.paying.as_ref().map(|paying| paying.payment);
        world.note(self.name(), || format!("hears {said:?}"));
        match said {
            ToTerminal::Query(about) if payment.is_some() => {
                let same = self.plan.look_up == LookUpKind::ByReference && about == payment;
                self.say(Says::Busy { same }, world);
            }
            ToTerminal::Query(about) => self.answer(about, world),
            ToTerminal::Authorise { .. } if payment.is_some() => self.say(Says::Refused, world),
            ToTerminal::Authorise {
                payment,
                amount_minor,
            } => self.begin(payment, amount_minor, world),
            ToTerminal::Abort => {
                let at_card = self.paying.as_ref().is_some_and(|p| p.stage == Stage::Card);
                if at_card && !world.chance.one_in(3) {
                    self.end(Ended::Cancelled, world);
                }
            }
            ToTerminal::Ack => self.acknowledged(world),
            ToTerminal::Nack => self.refused(world),
            ToTerminal::Close => self.link = None,
        }
    }

    /// It goes on by itself.
    pub fn go_on(&mut self, number: u64, note: TerminalNote, world: &mut World) {
        let Some(paying) = self.paying.as_ref().filter(|p| p.number == number) else {
            return;
        };
        match (note, paying.stage) {
            (TerminalNote::Drop, Stage::Card) => {
                let gives_up = paying.script == Script::DropBefore;
                self.lose_link(world);
                if gives_up {
                    self.paying = None;
                }
            }
            (TerminalNote::CardDone, Stage::Card) => self.card_done(world),
            (TerminalNote::Printed, Stage::Printing) => {
                self.paying = None;
                self.say(Says::Completion, world);
            }
            (TerminalNote::NoAck, Stage::Told(_)) => {
                self.paying = None;
                self.lose_link(world);
            }
            _ => {}
        }
    }

    /// Its connection breaks; the tray finds out now or a little later.
    pub fn lose_link(&mut self, world: &mut World) {
        let Some((tray, link)) = self.link.take() else {
            return;
        };
        world.counts.terminal_breaks += 1;
        world.note(self.name(), || "loses its connection".to_owned());
        let found_ms = world.chance.pick(&[1, 5, 4_000]);
        let lost = FromTerminal::Lost(link);
        world.after(found_ms, What::Driver(tray, self.number, lost));
        if let Some(paying) = &self.paying
            && matches!(paying.stage, Stage::Told(_) | Stage::Printing)
        {
            let note = What::Terminal(self.number, paying.number, TerminalNote::NoAck);
            world.after(ACK_WITHOUT_LINK_MS, note);
        }
    }

    /// The tray at the other end is dead.
    pub fn tray_died(&mut self, tray: usize, world: &mut World) {
        if self.link.is_some_and(|(life, _)| life.tray == tray) {
            self.lose_link(world);
        }
    }

    /// It loses its power. What is in the ledger stays.
    pub fn power_off(&mut self, ms: u64, world: &mut World) {
        world.counts.terminal_crashes += 1;
        self.lose_link(world);
        self.paying = None;
        self.away_until_ms = world.now_ms + ms;
    }

    /// Somebody keys a sale.
    pub fn key_by_hand(&mut self, world: &mut World) {
        if self.paying.is_none() && world.now_ms >= self.away_until_ms {
            world.counts.by_hand += 1;
            world.note(self.name(), || "a sale is keyed by hand".to_owned());
            self.record(None, BY_HAND_MINOR, Ended::Approved);
            self.say(Says::ByHand(BY_HAND_MINOR), world);
        }
    }

    fn is_linked(&self, link: u64) -> bool {
        self.link.is_some_and(|(_, open)| open == link)
    }

    fn name(&self) -> String {
        format!("terminal {}", self.number)
    }

    fn answer(&mut self, about: Option<PaymentId>, world: &mut World) {
        let last = self.ledger.last().map(|line| line.seen);
        let known = about.and_then(|about| {
            let line = self.ledger.iter().rfind(|line| line.payment == Some(about));
            line.map(|line| line.seen)
        });
        self.say(Says::Idle { last, known }, world);
    }

    fn begin(&mut self, payment: PaymentId, amount_minor: i64, world: &mut World) {
        let Some(plan) = world.payment_plan(payment) else {
            return;
        };
        self.payings += 1;
        let number = self.payings;
        self.paying = Some(Paying {
            number,
            payment,
            amount_minor,
            script: plan.script,
            stage: Stage::Card,
        });
        self.say(Says::Begun, world);
        if matches!(plan.script, Script::DropBefore | Script::DropAndApprove) {
            let drop = What::Terminal(self.number, number, TerminalNote::Drop);
            world.after(plan.card_ms / 2, drop);
        }
        let done = What::Terminal(self.number, number, TerminalNote::CardDone);
        world.after(plan.card_ms, done);
    }

    fn card_done(&mut self, world: &mut World) {
        let Some(script) = self.paying.as_ref().map(|paying| paying.script) else {
            return;
        };
        let goes_on = script == Script::DropAndApprove || world.chance.one_in(2);
        match script {
            // Without its till some go on and some give up.
            _ if self.link.is_none() && !goes_on => self.paying = None,
            Script::Decline => self.end(Ended::Declined, world),
            Script::DropAfter => {
                self.end_silently(Ended::Approved, world);
                self.lose_link(world);
            }
            _ => self.end(Ended::Approved, world),
        }
    }

    fn end(&mut self, ended: Ended, world: &mut World) {
        if let Some(seen) = self.end_silently(ended, world) {
            self.say(Says::Status(seen), world);
        }
    }

    fn end_silently(&mut self, ended: Ended, world: &mut World) -> Option<Seen> {
        let paying = self.paying.as_mut()?;
        let (payment, amount_minor, number) = (paying.payment, paying.amount_minor, paying.number);
        let has_number = match ended {
            Ended::Declined => self.plan.numbers_declined,
            Ended::Cancelled => false,
            Ended::Approved | Ended::Reversed => true,
        };
        let mut seen = Seen {
            receipt: 0,
            amount_minor,
            ended,
        };
        let mut line = None;
        if has_number {
            seen = self.record(Some(payment), amount_minor, ended);
            line = (ended == Ended::Approved).then_some(self.ledger.len() - 1);
        }
        world.note(self.name(), || format!("{payment} ends {ended:?} there"));
        if let Some(paying) = &mut self.paying {
            paying.stage = Stage::Told(line);
        }
        let wait_ms = if self.link.is_some() {
            ACK_WITHIN_MS
        } else {
            ACK_WITHOUT_LINK_MS
        };
        world.after(
            wait_ms,
            What::Terminal(self.number, number, TerminalNote::NoAck),
        );
        Some(seen)
    }

    fn record(&mut self, payment: Option<PaymentId>, amount_minor: i64, ended: Ended) -> Seen {
        self.receipts += 1;
        let seen = Seen {
            receipt: self.receipts,
            amount_minor,
            ended,
        };
        self.ledger.push(Transaction { seen, payment });
        seen
    }

    fn acknowledged(&mut self, world: &mut World) {
        if let Some(paying) = &mut self.paying
            && matches!(paying.stage, Stage::Told(_))
        {
            paying.stage = Stage::Printing;
            let printed = What::Terminal(self.number, paying.number, TerminalNote::Printed);
            let takes_ms = world.chance.between(200, 3_000);
            world.after(takes_ms, printed);
        }
    }

    fn refused(&mut self, world: &mut World) {
        if let Some(paying) = &self.paying
            && let Stage::Told(line) = paying.stage
        {
            if let Some(line) = line {
                self.ledger[line].seen.ended = Ended::Reversed;
            }
            self.paying = None;
            self.say(Says::TakenBack, world);
        }
    }

    fn say(&mut self, says: Says, world: &mut World) {
        if let Some((tray, link)) = self.link {
            let said = FromTerminal::Said(link, says);
            world.after(WAY_MS, What::Driver(tray, self.number, said));
        }
    }
}
