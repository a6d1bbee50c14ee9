//! The agent's side: its questions and reports, what is said to it, and what ends without it.

use std::time::Duration;

use cueline_model::{AgentId, PaymentId, WallTime};
use cueline_wire::api::AlertCode;
use cueline_wire::cloud::{
    JournalMark, PaymentReport, PaymentReportReply, Rejection, StartReply, Wish,
};

use super::{News, close_unknown};
use crate::job::Recorded;
use crate::payment::record::unknown_payment;
use crate::payment::{NewAlert, Payment, PaymentRefusal, PaymentRows};
use crate::store::StoreError;

/// How long an agent that does not say that a payment ended is told so on each new link.
const UNSAID_KEPT: Duration = Duration::from_secs(24 * 3_600);

/// What is to be said to an agent about one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The payment.
    pub payment: Payment,
    /// Whether its offer is to be written.
    pub offer: bool,
    /// What is wished of it.
    pub wishes: Vec<Wish>,
}

/// What there is to say on a new link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaymentBacklog {
    /// Payments to be offered, oldest first.
    pub offers: Vec<PaymentId>,
    /// Payments about which only something is wished.
    pub wishes: Vec<PaymentId>,
}

/// Refuses a journal that is known to be behind, and remembers one that is ahead.
fn check_journal(
    rows: &mut dyn PaymentRows,
    agent: AgentId,
    mark: &JournalMark,
) -> Result<(), PaymentRefusal> {
    match rows.journal(agent)? {
        Some(known) if known == *mark => Ok(()),
        Some(known) if known.opening >= mark.opening => Err(PaymentRefusal::StaleJournal),
        _ => Ok(rows.set_journal(agent, mark)?),
    }
}

/// Decides whether an agent may start a payment, for good.
///
/// # Errors
/// [`PaymentRefusal::StaleJournal`], [`PaymentRefusal::Store`].
pub fn permit_start(
    rows: &mut dyn PaymentRows,
    agent: AgentId,
    id: PaymentId,
    mark: &JournalMark,
    now: WallTime,
    news: &mut News,
) -> Result<StartReply, PaymentRefusal> {
    check_journal(rows, agent, mark)?;
    let found = rows.payment(id)?;
    let Some(mut payment) = found.filter(|payment| payment.place.agent == agent) else {
        return Ok(StartReply {
            granted: false,
            reason: Some(format!("this agent has no payment {id}")),
        });
    };
    let before = payment.version;
    let reply = payment.permit_start(now);
    if payment.version != before {
        rows.update(&payment)?;
        news.payments.push((payment, false));
    }
    Ok(reply)
}

/// Stores what an agent tells of payments.
///
/// # Errors
/// [`PaymentRefusal::StaleJournal`], [`PaymentRefusal::Store`]; then nothing of it is stored.
pub fn record(
    rows: &mut dyn PaymentRows,
    agent: AgentId,
    report: &PaymentReport,
    now: WallTime,
    news: &mut News,
) -> Result<PaymentReportReply, PaymentRefusal> {
    check_journal(rows, agent, &report.journal)?;
    let mut reply = PaymentReportReply::default();
    let mut alerts = Vec::new();
    for entry in &report.entries {
        let found = rows.payment(entry.payment)?;
        let recorded = match found {
            None => unknown_payment(entry.payment),
            Some(mut payment) => {
                let recorded = payment.record(agent, entry, now, &mut alerts);
                if !matches!(recorded, Recorded::Refused { .. }) {
                    rows.update(&payment)?;
                }
                if recorded == Recorded::Changed {
                    if payment.state.is_settled() {
                        close_unknown(rows, &payment, now)?;
                    }
                    news.payments.push((payment, false));
                }
                recorded
            }
        };
        match recorded {
            Recorded::Refused { code, text } => reply.rejected.push(Rejection {
                seq: entry.seq,
                code: code.to_owned(),
                text,
            }),
            Recorded::Changed | Recorded::Repeat => reply.stored.push(entry.seq),
        }
    }
    for live in &report.live {
        if let Some(mut payment) = rows.payment(live.payment)?
            && payment.live(agent, live, now)
        {
            rows.update(&payment)?;
            news.payments.push((payment, false));
        }
    }
    if !report.unmatched.is_empty()
        && let Some(tenant) = rows.tenant_of(agent)?
    {
        let told = report.unmatched.iter();
        alerts.extend(told.map(|told| NewAlert::unmatched(tenant, agent, told)));
    }
    for alert in alerts {
        add_alert(rows, alert, news)?;
    }
    Ok(reply)
}

/// Stores an alert, unless it says again what is open already.
fn add_alert(
    rows: &mut dyn PaymentRows,
    alert: NewAlert,
    news: &mut News,
) -> Result<(), StoreError> {
    let tenant = alert.tenant;
    if let (AlertCode::PaymentUnknown, Some(payment)) = (alert.code, alert.payment)
        && !rows.open_alerts_of(tenant, payment, alert.code)?.is_empty()
    {
        return Ok(());
    }
    let stored = rows.add_alert(alert)?;
    news.alerts.extend(stored.map(|alert| (tenant, alert)));
    Ok(())
}

/// Tells of payments that were let start and of which no end is heard, at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn tell_overdue(
    rows: &mut dyn PaymentRows,
    now: WallTime,
    limit: usize,
    news: &mut News,
) -> Result<(), StoreError> {
    for mut payment in rows.overdue(now, limit)? {
        if let Some(alert) = payment.tell_overdue(now) {
            rows.update(&payment)?;
            add_alert(rows, alert, news)?;
            news.payments.push((payment, false));
        }
    }
    Ok(())
}

/// What is to be said to an agent on a new link.
///
/// # Errors
/// See [`StoreError`].
pub fn backlog(
    rows: &mut dyn PaymentRows,
    agent: AgentId,
    now: WallTime,
) -> Result<PaymentBacklog, StoreError> {
    let mut backlog = PaymentBacklog::default();
    for payment in rows.open_of_agent(agent)? {
        if payment.is_to_be_offered(now) {
            backlog.offers.push(payment.id);
        } else if !payment.wishes().is_empty() {
            backlog.wishes.push(payment.id);
        }
    }
    let unsaid = rows.unsaid_of_agent(agent, now - UNSAID_KEPT)?;
    let unsaid = unsaid.iter().filter(|payment| !payment.wishes().is_empty());
    backlog.wishes.extend(unsaid.map(|payment| payment.id));
    Ok(backlog)
}

/// What is to be said to an agent about one payment now; where that is an offer, that the agent may have it is
/// durable once this has returned. `None`: nothing.
///
/// # Errors
/// See [`StoreError`].
pub fn words(
    rows: &mut dyn PaymentRows,
    agent: AgentId,
    id: PaymentId,
    now: WallTime,
    news: &mut News,
) -> Result<Option<Words>, StoreError> {
    let found = rows.payment(id)?;
    let Some(mut payment) = found.filter(|payment| payment.place.agent == agent) else {
        return Ok(None);
    };
    let offer = payment.is_to_be_offered(now);
    if offer && payment.mark_offered(now) {
        rows.update(&payment)?;
        news.payments.push((payment.clone(), false));
    }
    let wishes = payment.wishes();
    let said = offer || !wishes.is_empty();
    Ok(said.then_some(Words {
        payment,
        offer,
        wishes,
    }))
}

/// Expires payments that were not started in time, at most `limit`; says how many.
///
/// # Errors
/// See [`StoreError`].
pub fn expire_due(
    rows: &mut dyn PaymentRows,
    now: WallTime,
    limit: usize,
    news: &mut News,
) -> Result<u32, StoreError> {
    let mut expired = 0;
    for mut payment in rows.due(now, limit)? {
        if payment.expire(now) {
            rows.update(&payment)?;
            expired += 1;
            news.payments.push((payment, true));
        }
    }
    Ok(expired)
}

/// Cancels what an agent that is being removed has not started. About the rest only the terminal or a person
/// knows.
///
/// # Errors
/// See [`StoreError`].
pub fn drop_agent(
    rows: &mut dyn PaymentRows,
    agent: AgentId,
    now: WallTime,
    news: &mut News,
) -> Result<(), StoreError> {
    for mut payment in rows.open_of_agent(agent)? {
        if payment.cancel_with_agent(now) {
            rows.update(&payment)?;
            news.payments.push((payment, false));
        }
    }
    Ok(())
}
