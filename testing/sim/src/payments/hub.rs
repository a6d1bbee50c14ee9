//! A hub as the agent's core is promised one: offers on each link until they are acknowledged, a
//! permission to start that is durable before it is given, entries stored before they are answered.
//!
//! All that it knows is durable: what it does on one message happens whole or not at all.

use std::collections::BTreeMap;

use cueline_agent_core::ReportId;
use cueline_agent_core::payments::Event;
use cueline_model::{
    Currency, PaymentId, PaymentKind, PaymentOrder, PaymentOutcome, PaymentState, Resolver,
    WallTime,
};
use cueline_wire::Base64Bytes;
use cueline_wire::cloud::{
    PaymentEntry, PaymentOffer, PaymentReport, PaymentReportReply, PaymentStep, PaymentWish,
    StartReply, Wish,
};

use super::agent::station_name;
use super::mutation::Mutation;
use super::reference::Rule;
use super::tray::terminal_name;
use super::world::{What, World};

/// One way on the held request, ms.
const WAY_MS: u64 = 20;

/// What arrives at the hub. `reply_to`: the life of the agent that waits for the answer.
#[derive(Debug, Clone)]
pub enum ToHub {
    /// A report.
    Report {
        /// Its number at the agent.
        report: ReportId,
        /// What it says.
        body: PaymentReport,
        /// Who waits.
        reply_to: Option<u64>,
    },
    /// May this be started?
    Start {
        /// Which.
        payment: PaymentId,
        /// Who waits.
        reply_to: Option<u64>,
    },
}

/// Who ended a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// The hub, before it permitted the start.
    Hub,
    /// The agent's journal.
    Agent,
    /// A person, who saw what is in the ledger.
    Person,
}

/// A payment at the hub.
#[derive(Debug, Clone)]
pub struct Held {
    /// What is asked.
    pub order: PaymentOrder,
    start_by: WallTime,
    is_acked: bool,
    /// The number of its newest entry: an older one comes of a late copy and changes nothing.
    newest_seq: u64,
    /// Whether it may be started, once that was asked.
    pub granted: bool,
    /// Somebody wishes it cancelled.
    pub cancel_wished: bool,
    /// What the agent says of its being unknown, and whether it goes on asking.
    pub unknown: Option<(String, bool)>,
    /// How it ended, and by whose word.
    pub end: Option<(PaymentOutcome, EndedBy)>,
    /// What the agent's journal said after a person had decided.
    pub late: Option<PaymentOutcome>,
}

/// The hub.
#[derive(Debug, Default)]
pub struct Hub {
    /// All payments.
    pub payments: BTreeMap<PaymentId, Held>,
    /// Whether it is away.
    pub is_down: bool,
    link: Option<u64>,
    newest_opening: u64,
}

impl Hub {
    /// The box office asks for a payment.
    pub fn pay(&mut self, number: usize, world: &mut World) {
        if self.is_down {
            world.after(1_000, What::Pay(number));
            return;
        }
        let plan = world.plan.payments[number];
        let order = PaymentOrder {
            kind: PaymentKind::Sale,
            amount_minor: plan.amount_minor,
            currency: Currency::EUR,
            station: station_name(world.plan.terminals[plan.terminal].station),
            terminal: terminal_name(plan.terminal),
            original: None,
        };
        let within_ms = i64::try_from(plan.start_within_ms).unwrap_or(i64::MAX);
        let held = Held {
            order,
            start_by: world.true_wall().shifted_ms(within_ms),
            is_acked: false,
            newest_seq: 0,
            granted: false,
            cancel_wished: false,
            unknown: None,
            end: None,
            late: None,
        };
        let payment = payment_id(number);
        world.note("hub", || format!("has {payment}: {:?}", held.order));
        world.reference.start_by.insert(payment, held.start_by);
        self.offer(payment, &held, world);
        self.payments.insert(payment, held);
    }

    /// The box office wishes a payment cancelled.
    pub fn cancel(&mut self, number: usize, world: &mut World) {
        let payment = payment_id(number);
        let Some(held) = self.payments.get_mut(&payment).filter(|_| !self.is_down) else {
            world.after(1_000, What::Cancel(number));
            return;
        };
        if held.end.is_some() {
            return;
        }
        world.note("hub", || format!("is to cancel {payment}"));
        held.cancel_wished = true;
        // Once permitted only the agent ends it.
        if !held.granted || world.mutation == Mutation::CancelTakenForDone {
            held.end = Some((PaymentOutcome::Cancelled, EndedBy::Hub));
        }
        self.down(wish(payment, Wish::Cancel), world);
    }

    /// A person saw that the money of a payment did, or did not, move.
    pub fn decide(&mut self, payment: PaymentId, outcome: PaymentOutcome, world: &mut World) {
        if let Some(held) = self.payments.get_mut(&payment)
            && held.end.is_none()
        {
            world.note("hub", || format!("{payment} is decided: {outcome:?}"));
            world.counts.decided += 1;
            held.end = Some((outcome, EndedBy::Person));
            self.down(wish(payment, Wish::Decided), world);
        }
    }

    /// A person wants a terminal asked at once.
    pub fn ask_again(&self, payment: PaymentId, world: &mut World) {
        self.down(wish(payment, Wish::LookUp), world);
    }

    /// A held request is open.
    pub fn linked(&mut self, link: u64, world: &mut World) {
        self.link = Some(link);
        let server_time = world.true_wall();
        self.down(Event::Greeted { server_time }, world);
        for (payment, held) in &self.payments {
            match &held.end {
                Some((_, EndedBy::Person)) => {
                    self.down(wish(*payment, Wish::Decided), world);
                }
                None if !held.is_acked => self.offer(*payment, held, world),
                _ => {}
            }
            let ended_by_agent = matches!(held.end, Some((_, EndedBy::Agent)));
            if held.cancel_wished && !ended_by_agent {
                self.down(wish(*payment, Wish::Cancel), world);
            }
        }
    }

    /// The held request is gone.
    pub fn link_lost(&mut self) {
        self.link = None;
    }

    /// Ends what was not permitted in its time.
    pub fn expire(&mut self, world: &World) {
        let now = world.true_wall();
        for held in self.payments.values_mut() {
            if !self.is_down && held.end.is_none() && !held.granted && now > held.start_by {
                held.end = Some((PaymentOutcome::Expired, EndedBy::Hub));
            }
        }
    }

    /// Takes a message.
    pub fn take(&mut self, message: ToHub, world: &mut World) {
        let (reply_to, failed, answer) = match message {
            ToHub::Report {
                report,
                body,
                reply_to,
            } => {
                let code = None;
                let failed = Event::ReportFailed { report, code };
                let answer = (!self.is_down).then(|| match self.report(body, world) {
                    Some(reply) => Event::ReportAnswered { report, reply },
                    None => Event::ReportFailed {
                        report,
                        code: Some("stale_journal".to_owned()),
                    },
                });
                (reply_to, failed, answer)
            }
            ToHub::Start { payment, reply_to } => {
                let failed = Event::StartUnanswered { payment };
                let answer = (!self.is_down).then(|| {
                    let reply = self.start(payment, world);
                    Event::StartAnswered { payment, reply }
                });
                (reply_to, failed, answer)
            }
        };
        let Some(life) = reply_to else {
            return;
        };
        let lost = world.odds.answer_lost;
        match answer {
            Some(answer) if !world.chance.odds(lost) && !world.is_cut() => {
                let way_ms = world.chance.between(5, 80);
                world.after(way_ms, What::Agent(life, answer));
            }
            _ => {
                world.counts.answers_lost += 1;
                world.after(4_000, What::Agent(life, failed));
            }
        }
    }

    fn start(&mut self, payment: PaymentId, world: &mut World) -> StartReply {
        let now = world.true_wall();
        let refused = |reason: &str| StartReply {
            granted: false,
            reason: Some(reason.to_owned()),
        };
        let Some(held) = self.payments.get_mut(&payment) else {
            return refused("there is no such payment");
        };
        if held.end.is_some() {
            return refused("it has ended");
        }
        if !held.granted && now > held.start_by {
            held.end = Some((PaymentOutcome::Expired, EndedBy::Hub));
            return refused("it is too late");
        }
        held.granted = true;
        world.note("hub", || format!("permits {payment}"));
        StartReply {
            granted: true,
            reason: None,
        }
    }

    fn report(&mut self, body: PaymentReport, world: &mut World) -> Option<PaymentReportReply> {
        if body.journal.opening < self.newest_opening {
            return None;
        }
        self.newest_opening = body.journal.opening;
        let stored = body.entries.iter().map(|entry| entry.seq).collect();
        for entry in body.entries {
            self.store(entry, world);
        }
        let rejected = Vec::new();
        Some(PaymentReportReply { stored, rejected })
    }

    fn store(&mut self, entry: PaymentEntry, world: &mut World) {
        let payment = entry.payment;
        world.note("hub", || format!("stores {entry:?}"));
        let Some(held) = self.payments.get_mut(&payment) else {
            let text = "the agent tells of a payment that was never offered";
            world
                .reference
                .violated(Rule::EverythingEnds, Some(payment), text);
            return;
        };
        held.is_acked = true;
        if entry.seq <= held.newest_seq {
            return;
        }
        held.newest_seq = entry.seq;
        match entry.step {
            PaymentStep::Unknown { text, asking } if held.end.is_none() => {
                *world.reference.was_unknown.entry(payment).or_default() += 1;
                if !asking
                    && let Some(after_ms) = world
                        .payment_plan(payment)
                        .and_then(|plan| plan.decided_after_ms)
                {
                    world.after(after_ms, What::Decide(payment));
                }
                held.unknown = Some((text, asking));
            }
            PaymentStep::Ended {
                settlement,
                resolver,
            } => {
                world.counts.resolved += u64::from(resolver == Some(Resolver::Terminal));
                end(payment, held, settlement.outcome, world);
            }
            _ => {}
        }
    }

    fn offer(&self, payment: PaymentId, held: &Held, world: &mut World) {
        let offer = PaymentOffer {
            payment,
            order: held.order.clone(),
            start_by: held.start_by,
            signature: Base64Bytes::default(),
        };
        self.down(Event::Offered(Box::new(offer)), world);
    }

    fn down(&self, event: Event, world: &mut World) {
        if let Some(link) = self.link {
            world.after(WAY_MS, What::Down(link, event));
        }
    }
}

/// The agent's journal says how a payment ended.
fn end(payment: PaymentId, held: &mut Held, outcome: PaymentOutcome, world: &mut World) {
    let moved = |outcome: &PaymentOutcome| outcome.state() == PaymentState::Approved;
    match &held.end {
        None => held.end = Some((outcome, EndedBy::Agent)),
        Some((_, EndedBy::Person)) => held.late = Some(outcome),
        // The agent says in its own words what it did with what was never permitted.
        Some((before, EndedBy::Hub)) if !moved(before) && !moved(&outcome) => {}
        Some((before, _)) => {
            let same = *before == outcome;
            let text = || format!("it ended {before:?}, and now {outcome:?}");
            world
                .reference
                .expect(same, Rule::EndsNeverChange, payment, text);
        }
    }
}

fn wish(payment: PaymentId, wish: Wish) -> Event {
    Event::Wished(PaymentWish { payment, wish })
}

/// The id of the plan's payment of this number.
#[must_use]
pub const fn payment_id(number: usize) -> PaymentId {
    PaymentId::from_u128(number as u128 + 1)
}
