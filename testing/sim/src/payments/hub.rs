//! The hub: the rules that are shipped, over a store in memory, and the held request.
//!
//! All that it knows is durable: what it does on one message happens whole or not at all.

use std::collections::BTreeMap;

use cueline_agent_core::ReportId;
use cueline_agent_core::payments::Event;
use cueline_hub_core::payment::flow::{self, News, Words};
use cueline_hub_core::payment::memory::MemoryPayments;
use cueline_hub_core::payment::{
    EndedBy, NewPayment, Payment, PaymentRefusal, PaymentRows as _, Place, RequestKey,
};
use cueline_model::{
    AgentId, Currency, PaymentId, PaymentKind, PaymentOutcome, PaymentState, Resolver, Sha256,
    SiteId, StationId, TenantId, TerminalId,
};
use cueline_wire::Base64Bytes;
use cueline_wire::api::{DecisionRequest, MoneyDecision};
use cueline_wire::cloud::{
    JournalMark, PaymentOffer, PaymentReport, PaymentReportReply, PaymentWish,
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
        /// Who asks.
        journal: JournalMark,
        /// Who waits.
        reply_to: Option<u64>,
    },
}

/// The hub.
#[derive(Debug)]
pub struct Hub {
    rows: MemoryPayments,
    /// Whether it is away.
    pub is_down: bool,
    link: Option<u64>,
    /// How each ended, as far as it has.
    ends: BTreeMap<PaymentId, PaymentOutcome>,
}

const TENANT: TenantId = TenantId::from_u128(1);
const AGENT: AgentId = AgentId::from_u128(2);
/// Payments that expire at once.
const EXPIRED_AT_ONCE_MAX: usize = 100;

impl Hub {
    /// A hub that has no payments.
    #[must_use]
    pub fn new() -> Self {
        let mut rows = MemoryPayments::default();
        rows.add_agent(AGENT, TENANT);
        Self {
            rows,
            is_down: false,
            link: None,
            ends: BTreeMap::new(),
        }
    }

    /// All payments.
    pub fn payments(&self) -> impl Iterator<Item = &Payment> {
        self.rows.all()
    }

    /// The box office asks for a payment.
    pub fn pay(&mut self, number: usize, world: &mut World) {
        if self.is_down {
            world.after(1_000, What::Pay(number));
            return;
        }
        let plan = world.plan.payments[number];
        let now = world.true_wall();
        let within_ms = i64::try_from(plan.start_within_ms).unwrap_or(i64::MAX);
        let station = world.plan.terminals[plan.terminal].station;
        let new = NewPayment {
            id: payment_id(number),
            tenant: TENANT,
            request: RequestKey {
                key: number.to_string(),
                request: Sha256([0; 32]),
            },
            place: Place {
                site: SiteId::from_u128(3),
                agent: AGENT,
                station: StationId::from_u128(station as u128),
                station_name: station_name(station),
                terminal: TerminalId::from_u128(plan.terminal as u128),
                terminal_name: terminal_name(plan.terminal),
            },
            kind: PaymentKind::Sale,
            amount_minor: plan.amount_minor,
            currency: Currency::EUR,
            original: None,
            order_ref: None,
            attempt_no: None,
            clerk_ref: None,
            start_by: now.shifted_ms(within_ms),
            supersede: None,
        };
        world.reference.start_by.insert(new.id, new.start_by);
        world.note("hub", || format!("is asked for {}", new.id));
        let mut news = News::default();
        let created = flow::create(&mut self.rows, new, now, &mut news);
        if let Err(refusal) = created {
            let text = format!("a payment is refused: {refusal}");
            world.reference.violated(Rule::EverythingEnds, None, text);
        }
        self.tell(news, world);
    }

    /// The box office wishes a payment cancelled.
    pub fn cancel(&mut self, number: usize, world: &mut World) {
        if self.is_down || self.of(payment_id(number)).is_none() {
            world.after(1_000, What::Cancel(number));
            return;
        }
        let payment = payment_id(number);
        world.note("hub", || format!("is to cancel {payment}"));
        let (now, mut news) = (world.true_wall(), News::default());
        // One that has ended is not cancelled any more.
        drop(flow::cancel(
            &mut self.rows,
            TENANT,
            payment,
            now,
            &mut news,
        ));
        if world.mutation == Mutation::CancelTakenForDone
            && let Some(mut payment) = self.of(payment)
            && !payment.state.is_settled()
        {
            payment.state = PaymentState::Cancelled;
            payment.outcome = Some(PaymentOutcome::Cancelled);
            payment.ended_by = Some(EndedBy::Hub);
            drop(self.rows.update(&payment));
            news.payments.push((payment, true));
        }
        self.tell(news, world);
    }

    /// A person saw that the money of a payment did, or did not, move.
    pub fn decide(&mut self, payment: PaymentId, moved: bool, world: &mut World) {
        let asked = DecisionRequest {
            decision: if moved {
                MoneyDecision::Moved
            } else {
                MoneyDecision::NotMoved
            },
            by: "ann".to_owned(),
            reason: "the terminal's own list".to_owned(),
        };
        let (now, mut news) = (world.true_wall(), News::default());
        let decided = flow::resolve(
            &mut self.rows,
            TENANT,
            payment,
            &asked,
            false,
            now,
            &mut news,
        );
        if decided.is_ok() {
            world.note("hub", || format!("{payment} is decided: {asked:?}"));
            world.counts.decided += 1;
        }
        self.tell(news, world);
    }

    /// A person wants a terminal asked at once.
    pub fn ask_again(&mut self, payment: PaymentId, world: &mut World) {
        let (now, mut news) = (world.true_wall(), News::default());
        // One that is known meanwhile is not asked about.
        drop(flow::look_up(
            &mut self.rows,
            TENANT,
            payment,
            now,
            &mut news,
        ));
        self.tell(news, world);
    }

    /// A held request is open.
    pub fn linked(&mut self, link: u64, world: &mut World) {
        self.link = Some(link);
        let now = world.true_wall();
        self.down(Event::Greeted { server_time: now }, world);
        let Ok(backlog) = flow::backlog(&mut self.rows, AGENT, now) else {
            return;
        };
        for payment in backlog.offers.into_iter().chain(backlog.wishes) {
            self.say(payment, world);
        }
    }

    /// The held request is gone.
    pub fn link_lost(&mut self) {
        self.link = None;
    }

    /// Ends what was not permitted in its time.
    pub fn expire(&mut self, world: &mut World) {
        if self.is_down {
            return;
        }
        let (now, mut news) = (world.true_wall(), News::default());
        drop(flow::expire_due(
            &mut self.rows,
            now,
            EXPIRED_AT_ONCE_MAX,
            &mut news,
        ));
        self.tell(news, world);
    }

    /// Takes a message.
    pub fn take(&mut self, message: ToHub, world: &mut World) {
        let (reply_to, failed, answer) = match message {
            ToHub::Report {
                report,
                body,
                reply_to,
            } => {
                let failed = |code: Option<&str>| Event::ReportFailed {
                    report,
                    code: code.map(str::to_owned),
                };
                let answer = (!self.is_down).then(|| match self.report(&body, world) {
                    Ok(reply) => Event::ReportAnswered { report, reply },
                    Err(PaymentRefusal::StaleJournal) => failed(Some("stale_journal")),
                    Err(_) => failed(None),
                });
                (reply_to, failed(None), answer)
            }
            ToHub::Start {
                payment,
                journal,
                reply_to,
            } => {
                let failed = Event::StartUnanswered { payment };
                let now = world.true_wall();
                let mut news = News::default();
                let answer = (!self.is_down).then(|| {
                    let rows = &mut self.rows;
                    match flow::permit_start(rows, AGENT, payment, &journal, now, &mut news) {
                        Ok(reply) => Event::StartAnswered { payment, reply },
                        Err(_) => failed.clone(),
                    }
                });
                self.tell(news, world);
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

    fn report(
        &mut self,
        body: &PaymentReport,
        world: &mut World,
    ) -> Result<PaymentReportReply, PaymentRefusal> {
        let (now, mut news) = (world.true_wall(), News::default());
        world.note("hub", || format!("is told {body:?}"));
        let reply = flow::record(&mut self.rows, AGENT, body, now, &mut news)?;
        if let Some(rejection) = reply.rejected.first() {
            let text = format!("the hub will not store an entry: {}", rejection.text);
            let about = body.entries.iter().find(|entry| entry.seq == rejection.seq);
            let payment = about.map(|entry| entry.payment);
            world
                .reference
                .violated(Rule::EndsNeverChange, payment, text);
        }
        self.tell(news, world);
        Ok(reply)
    }

    fn of(&mut self, payment: PaymentId) -> Option<Payment> {
        self.rows.payment(payment).ok().flatten()
    }

    /// What is new: people look, and the agent is told.
    fn tell(&mut self, news: News, world: &mut World) {
        for (payment, to_agent) in news.payments {
            world.note("hub", || {
                format!(
                    "has {} {} ({:?})",
                    payment.id, payment.state, payment.outcome
                )
            });
            self.look_at(&payment, world);
            if to_agent {
                self.say(payment.id, world);
            }
        }
    }

    fn look_at(&mut self, payment: &Payment, world: &mut World) {
        let id = payment.id;
        if let Some(before) = self.ends.get(&id) {
            let by_person = payment.decision.is_some();
            let same = payment.outcome.as_ref().map(PaymentOutcome::state) == Some(before.state());
            let text = || format!("it ended {before:?}, and now {:?}", payment.outcome);
            world
                .reference
                .expect(by_person || same, Rule::EndsNeverChange, id, text);
        }
        if let Some(outcome) = &payment.outcome {
            let first = self.ends.insert(id, outcome.clone()).is_none();
            let by_terminal = payment.resolved_by == Some(Resolver::Terminal);
            world.counts.resolved += u64::from(first && by_terminal);
            return;
        }
        if let Some(unknown) = &payment.unknown {
            *world.reference.was_unknown.entry(id).or_default() += 1;
            let plan = world.payment_plan(id);
            let decided_after_ms = plan.and_then(|plan| plan.decided_after_ms);
            if let Some(after_ms) = decided_after_ms.filter(|_| !unknown.asking) {
                world.after(after_ms, What::Decide(id));
            }
        }
    }

    /// Says on the held request what there is to say of a payment.
    fn say(&mut self, payment: PaymentId, world: &mut World) {
        if self.link.is_none() {
            return;
        }
        let (now, mut news) = (world.true_wall(), News::default());
        let Ok(Some(words)) = flow::words(&mut self.rows, AGENT, payment, now, &mut news) else {
            return;
        };
        let Words {
            payment,
            offer,
            wishes,
        } = words;
        if offer {
            let offer = PaymentOffer {
                payment: payment.id,
                order: payment.order(),
                start_by: payment.start_by,
                signature: Base64Bytes::default(),
            };
            self.down(Event::Offered(Box::new(offer)), world);
        }
        for wish in wishes {
            let payment = payment.id;
            self.down(Event::Wished(PaymentWish { payment, wish }), world);
        }
    }

    fn down(&self, event: Event, world: &mut World) {
        if let Some(link) = self.link {
            world.after(WAY_MS, What::Down(link, event));
        }
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self::new()
    }
}

/// The id of the plan's payment of this number.
#[must_use]
pub const fn payment_id(number: usize) -> PaymentId {
    PaymentId::from_u128(number as u128 + 1)
}
