//! What every store of payments must do, as functions that panic where one does not: the rows of each
//! [`PaymentRows`], seen through what [`super::flow`] does with them.
//!
//! An implementation writes a [`Harness`] and calls [`crate::payment_contract!`] in its tests; each case
//! then is a test of its own.

mod ends;
mod makes;
mod talks;

pub use ends::{
    a_decision_is_kept_and_audited_once, a_late_approval_wins_and_is_alerted,
    a_transaction_of_nobodys_is_told_once, an_end_never_changes,
    an_end_that_is_not_heard_of_is_told_once,
};
pub use makes::{
    a_request_sent_twice_makes_one_payment, a_sale_is_taken_back_once,
    an_agent_has_so_many_open_payments, an_order_waits_for_its_unknown_attempt,
    another_tenant_finds_nothing, what_is_stored_of_payments_is_found_again,
};
pub use talks::{
    a_behind_journal_stores_nothing, a_permission_is_durable_and_stays,
    a_removed_agents_payments_end_where_they_can, what_holds_is_said_on_a_new_link,
    what_was_not_started_expires,
};

use cueline_model::{
    AgentId, CardDetails, Currency, PaymentId, PaymentKind, PaymentOutcome, Settlement, Sha256,
    SiteId, StationId, TenantId, TerminalId, WallTime,
};
use cueline_wire::cloud::{
    JournalMark, PaymentEntry, PaymentReport, PaymentReportReply, PaymentStep,
};

use super::flow::{self, News};
use super::{NewPayment, Payment, PaymentRefusal, PaymentRows, Place, RequestKey};

/// A store under test.
pub trait Harness {
    /// Runs one transaction, durable when this returns.
    fn act<R>(&mut self, run: impl FnOnce(&mut dyn PaymentRows) -> R) -> R;

    /// Makes a place of a tenant known.
    fn add_place(&mut self, tenant: TenantId, place: &Place);

    /// Closes the store and opens it again; what was durable must still be there.
    fn reopen(&mut self);
}

/// Makes each case of the contract a test; `$make` is an expression that gives a fresh [`Harness`].
#[macro_export]
macro_rules! payment_contract {
    ($make:expr) => {
        $crate::payment_contract! { $make =>
            a_request_sent_twice_makes_one_payment
            what_is_stored_of_payments_is_found_again
            another_tenant_finds_nothing
            an_agent_has_so_many_open_payments
            an_order_waits_for_its_unknown_attempt
            a_sale_is_taken_back_once
            a_permission_is_durable_and_stays
            a_behind_journal_stores_nothing
            what_was_not_started_expires
            what_holds_is_said_on_a_new_link
            a_removed_agents_payments_end_where_they_can
            an_end_never_changes
            an_end_that_is_not_heard_of_is_told_once
            a_late_approval_wins_and_is_alerted
            a_decision_is_kept_and_audited_once
            a_transaction_of_nobodys_is_told_once
        }
    };
    ($make:expr => $($case:ident)+) => {
        $(
            #[test]
            fn $case() {
                $crate::payment::contract::$case(&mut $make);
            }
        )+
    };
}

/// The time at which the cases begin.
pub const START: WallTime = WallTime(1_800_000_000_000);
/// The tenant of most cases.
pub const TENANT: TenantId = TenantId::from_u128(1);
/// The agent of most cases.
pub const AGENT: AgentId = AgentId::from_u128(1);

/// The terminal of agent `agent`.
#[must_use]
pub fn place(tenant: u128, agent: u128) -> Place {
    Place {
        site: SiteId::from_u128(tenant * 100),
        agent: AgentId::from_u128(agent),
        station: StationId::from_u128(agent * 100),
        station_name: name("desk-1"),
        terminal: TerminalId::from_u128(agent * 100),
        terminal_name: name("counter"),
    }
}

fn name<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a name of the contract")
}

/// Sale number `number` over EUR 12.50 for an order of its own.
#[must_use]
pub fn sale(number: u128) -> NewPayment {
    NewPayment {
        id: PaymentId::from_u128(number),
        tenant: TENANT,
        request: RequestKey {
            key: format!("key-{number}"),
            request: Sha256([7; 32]),
        },
        place: place(1, 1),
        kind: PaymentKind::Sale,
        amount_minor: 1250,
        currency: Currency::EUR,
        original: None,
        order_ref: Some(format!("order-{number}")),
        attempt_no: None,
        clerk_ref: Some("anna".to_owned()),
        start_by: START.shifted_ms(120_000),
        supersede: None,
    }
}

fn with_agent<H: Harness>(harness: &mut H) -> &mut H {
    harness.add_place(TENANT, &place(1, 1));
    harness
}

fn create<H: Harness>(harness: &mut H, new: NewPayment) -> Result<Payment, PaymentRefusal> {
    let mut news = News::default();
    let created = harness.act(|rows| flow::create(rows, new, START, &mut news))?;
    assert_eq!(news.payments.len(), usize::from(!created.repeat));
    Ok(created.payment)
}

fn made<H: Harness>(harness: &mut H, new: NewPayment) -> Payment {
    create(harness, new).expect("a payment is made")
}

fn found<H: Harness>(harness: &mut H, id: PaymentId) -> Payment {
    let found = harness.act(|rows| rows.payment(id));
    found.expect("a payment is read").expect("it is there")
}

/// Opening number `opening` of the agent's journal.
#[must_use]
pub fn mark(opening: u64) -> JournalMark {
    JournalMark {
        opening,
        instance: format!("{opening:032x}"),
    }
}

/// A report of one entry.
#[must_use]
pub fn report(seq: u64, payment: PaymentId, step: PaymentStep) -> PaymentReport {
    PaymentReport {
        journal: mark(1),
        entries: vec![PaymentEntry {
            seq,
            payment,
            at: START.shifted_ms(1_000),
            step,
        }],
        live: Vec::new(),
        unmatched: Vec::new(),
    }
}

fn told<H: Harness>(harness: &mut H, report: &PaymentReport) -> (PaymentReportReply, News) {
    let mut news = News::default();
    let now = START.shifted_ms(2_000);
    let reply = harness.act(|rows| flow::record(rows, AGENT, report, now, &mut news));
    (reply.expect("a report is stored"), news)
}

fn step<H: Harness>(harness: &mut H, seq: u64, id: PaymentId, step: PaymentStep) -> News {
    let (reply, news) = told(harness, &report(seq, id, step));
    assert_eq!((reply.stored, reply.rejected.len()), (vec![seq], 0));
    news
}

fn started<H: Harness>(harness: &mut H, new: NewPayment) -> PaymentId {
    let id = made(harness, new).id;
    let mut news = News::default();
    let reply = harness.act(|rows| flow::permit_start(rows, AGENT, id, &mark(1), START, &mut news));
    assert!(reply.expect("a start is asked for").granted);
    id
}

fn ended(outcome: PaymentOutcome) -> PaymentStep {
    PaymentStep::Ended {
        settlement: Box::new(Settlement {
            outcome,
            receipts: Vec::new(),
        }),
        resolver: None,
    }
}

fn approved(amount_minor: i64) -> PaymentStep {
    ended(PaymentOutcome::Approved {
        amount_minor,
        card: CardDetails {
            receipt_no: Some("0042".to_owned()),
            ..CardDetails::default()
        },
    })
}

fn unknown() -> PaymentStep {
    PaymentStep::Unknown {
        text: "the line to the terminal broke".to_owned(),
        asking: true,
    }
}
