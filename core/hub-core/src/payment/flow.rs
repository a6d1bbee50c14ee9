//! What happens to a store of payments, decided in one place for all of them. Each function is one
//! transaction of its [`PaymentRows`].

mod agent;

use cueline_model::limits::{ATTEMPTS_PER_ORDER_MAX, OPEN_PAYMENTS_PER_AGENT_MAX};
use cueline_model::{Answer, PaymentId, PaymentKind, TenantId, WallTime};
use cueline_wire::Timestamp;
use cueline_wire::api::{Alert, AlertCode, Closing, DecisionRequest, Supersede};

pub use agent::{
    PaymentBacklog, Words, backlog, drop_agent, expire_due, permit_start, record, tell_overdue,
    words,
};

use super::decide::CancelDecision;
use super::rows::NewAudit;
use super::{NewPayment, Payment, PaymentRefusal, PaymentRows};
use crate::store::StoreError;

/// What changed, for those who wait and listen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// Payments as they are now; with `true` the agent is to be told something.
    pub payments: Vec<(Payment, bool)>,
    /// New alerts.
    pub alerts: Vec<(TenantId, Alert)>,
}

/// What became of a wish to make a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The payment, new or the one made by the same request before.
    pub payment: Payment,
    /// Whether it was made before.
    pub repeat: bool,
}

/// The payment that the same request made before, if it did.
///
/// # Errors
/// [`PaymentRefusal::KeyReused`], [`PaymentRefusal::Store`].
pub fn replay(
    rows: &mut dyn PaymentRows,
    tenant: TenantId,
    key: &super::RequestKey,
) -> Result<Option<Payment>, PaymentRefusal> {
    match rows.of_key(tenant, &key.key)? {
        Some(made) if made.request.request != key.request => Err(PaymentRefusal::KeyReused),
        made => Ok(made),
    }
}

/// Makes a payment, once.
///
/// # Errors
/// See [`PaymentRefusal`]; a repeat of a stored request succeeds whatever has changed since.
pub fn create(
    rows: &mut dyn PaymentRows,
    new: NewPayment,
    now: WallTime,
    news: &mut News,
) -> Result<Created, PaymentRefusal> {
    if let Some(payment) = replay(rows, new.tenant, &new.request)? {
        return Ok(Created {
            payment,
            repeat: true,
        });
    }
    if rows.tenant_of(new.place.agent)? != Some(new.tenant) {
        return Err(PaymentRefusal::AgentRevoked);
    }
    if rows.open_of_agent(new.place.agent)?.len() >= OPEN_PAYMENTS_PER_AGENT_MAX {
        return Err(PaymentRefusal::TooManyOpen);
    }
    check_original(rows, &new)?;
    let (attempt_no, superseded) = attempt(rows, &new)?;
    let payment = new.into_payment(attempt_no, now);
    rows.insert(&payment)?;
    if let (Some(by), Some(over)) = (&payment.supersede, superseded) {
        rows.add_audit(superseding(&payment, by, over, now))?;
    }
    news.payments.push((payment.clone(), true));
    Ok(Created {
        payment,
        repeat: false,
    })
}

fn superseding(payment: &Payment, by: &Supersede, over: PaymentId, now: WallTime) -> NewAudit {
    NewAudit {
        tenant: payment.tenant,
        at: now,
        what: "payment_superseded",
        by: by.by.clone(),
        reason: by.reason.clone(),
        payment: Some(payment.id),
        detail: format!("made while it was not known what became of {over}"),
    }
}

/// One void of an original, and no more refunds than there is money.
fn check_original(rows: &mut dyn PaymentRows, new: &NewPayment) -> Result<(), PaymentRefusal> {
    let Some(original) = &new.original else {
        return Ok(());
    };
    let mut returned = 0;
    for other in rows.of_original(original.payment)? {
        if !other.counts() {
            continue;
        }
        let both_refund = (other.kind, new.kind) == (PaymentKind::Refund, PaymentKind::Refund);
        returned += other.amount_minor;
        if !both_refund || returned + new.amount_minor > original.amount_minor {
            return Err(PaymentRefusal::TakenBack {
                original: original.payment,
                by: other.id,
                state: other.state,
            });
        }
    }
    if new.amount_minor > original.amount_minor {
        return Err(PaymentRefusal::OriginalUnfit {
            original: original.payment,
            reason: format!(
                "{} was approved and {} is asked back",
                new.currency.amount(original.amount_minor),
                new.currency.amount(new.amount_minor)
            ),
        });
    }
    Ok(())
}

/// The number of the attempt, and the one that it overrides.
fn attempt(
    rows: &mut dyn PaymentRows,
    new: &NewPayment,
) -> Result<(u32, Option<PaymentId>), PaymentRefusal> {
    let Some(order_ref) = &new.order_ref else {
        return Ok((1, None));
    };
    let before = rows.of_order(new.tenant, order_ref)?;
    if before.len() >= ATTEMPTS_PER_ORDER_MAX {
        return Err(PaymentRefusal::TooManyAttempts {
            order_ref: order_ref.clone(),
        });
    }
    let same_kind = || before.iter().filter(|other| other.kind == new.kind);
    if let Some(attempt_no) = new.attempt_no
        && let Some(taken) = same_kind().find(|other| other.attempt_no == attempt_no)
    {
        return Err(PaymentRefusal::AttemptTaken {
            order_ref: order_ref.clone(),
            attempt_no,
            attempt: taken.id,
        });
    }
    let mut superseded = None;
    // Voids and refunds are held to their original instead.
    let sales = before.iter().filter(|_| new.kind == PaymentKind::Sale);
    for other in sales.filter(|other| other.kind == PaymentKind::Sale) {
        let (order_ref, attempt, state) = (order_ref.clone(), other.id, other.state);
        if other.may_be_ended_here() {
            return Err(PaymentRefusal::OrderInProgress {
                order_ref,
                attempt,
                state,
            });
        }
        if other.state.may_be_at_terminal() {
            if new.supersede.is_none() {
                return Err(PaymentRefusal::OrderUnknown {
                    order_ref,
                    attempt,
                    state,
                });
            }
            superseded = Some(attempt);
        }
    }
    let next = same_kind().map(|other| other.attempt_no).max().unwrap_or(0) + 1;
    Ok((new.attempt_no.unwrap_or(next), superseded))
}

/// A tenant's payment to be changed.
fn of_tenant(
    rows: &mut dyn PaymentRows,
    tenant: TenantId,
    id: PaymentId,
) -> Result<Option<Payment>, StoreError> {
    Ok(rows.payment(id)?.filter(|payment| payment.tenant == tenant))
}

/// Decides about a wish to cancel; `None` when there is no such payment.
///
/// # Errors
/// As [`Payment::cancel`].
pub fn cancel(
    rows: &mut dyn PaymentRows,
    tenant: TenantId,
    id: PaymentId,
    now: WallTime,
    news: &mut News,
) -> Result<Option<Payment>, PaymentRefusal> {
    let Some(mut payment) = of_tenant(rows, tenant, id)? else {
        return Ok(None);
    };
    if payment.cancel(now)? != CancelDecision::Already {
        rows.update(&payment)?;
        news.payments.push((payment.clone(), true));
    }
    Ok(Some(payment))
}

/// Takes the clerk's answer; `None` when there is no such payment.
///
/// # Errors
/// As [`Payment::answer`].
pub fn answer(
    rows: &mut dyn PaymentRows,
    tenant: TenantId,
    id: PaymentId,
    (prompt, answer): (u32, Answer),
    now: WallTime,
    news: &mut News,
) -> Result<Option<Payment>, PaymentRefusal> {
    let Some(mut payment) = of_tenant(rows, tenant, id)? else {
        return Ok(None);
    };
    payment.answer(prompt, answer, now)?;
    rows.update(&payment)?;
    news.payments.push((payment.clone(), true));
    Ok(Some(payment))
}

/// Asks for another look-up; `None` when there is no such payment.
///
/// # Errors
/// As [`Payment::look_up`].
pub fn look_up(
    rows: &mut dyn PaymentRows,
    tenant: TenantId,
    id: PaymentId,
    now: WallTime,
    news: &mut News,
) -> Result<Option<Payment>, PaymentRefusal> {
    let Some(mut payment) = of_tenant(rows, tenant, id)? else {
        return Ok(None);
    };
    payment.look_up(now)?;
    rows.update(&payment)?;
    news.payments.push((payment.clone(), true));
    Ok(Some(payment))
}

/// Takes a person's decision; `None` when there is no such payment. `asked` has been checked.
///
/// # Errors
/// As [`Payment::resolve`].
pub fn resolve(
    rows: &mut dyn PaymentRows,
    tenant: TenantId,
    id: PaymentId,
    asked: &DecisionRequest,
    agent_lost: bool,
    now: WallTime,
    news: &mut News,
) -> Result<Option<Payment>, PaymentRefusal> {
    let Some(mut payment) = of_tenant(rows, tenant, id)? else {
        return Ok(None);
    };
    let (by, reason) = (asked.by.clone(), asked.reason.clone());
    let before = payment.state;
    if payment.resolve(asked.decision, by, reason, agent_lost, now)? {
        rows.update(&payment)?;
        close_unknown(rows, &payment, now)?;
        rows.add_audit(NewAudit {
            tenant,
            at: now,
            what: "payment_resolved",
            by: asked.by.clone(),
            reason: asked.reason.clone(),
            payment: Some(id),
            detail: format!(
                "{} of {} was {before}; decided: {}",
                payment.kind,
                payment.shown_amount(),
                asked.decision.as_str()
            ),
        })?;
        news.payments.push((payment.clone(), true));
    }
    Ok(Some(payment))
}

/// An unknown that is known now is nobody's to look at any more.
fn close_unknown(
    rows: &mut dyn PaymentRows,
    payment: &Payment,
    now: WallTime,
) -> Result<(), StoreError> {
    for alert in rows.open_alerts_of(payment.tenant, payment.id, AlertCode::PaymentUnknown)? {
        rows.close_alert(
            alert.id,
            &Closing {
                by: "hub".to_owned(),
                reason: format!("the payment is {}", payment.state),
                at: Timestamp(now),
            },
        )?;
    }
    Ok(())
}

/// Closes an alert that somebody has dealt with; `None` when there is no such alert. One that is closed
/// stays as it is.
///
/// # Errors
/// See [`StoreError`].
pub fn close_alert(
    rows: &mut dyn PaymentRows,
    tenant: TenantId,
    id: u64,
    closing: Closing,
) -> Result<Option<Alert>, StoreError> {
    let Some(mut alert) = rows.alert(tenant, id)? else {
        return Ok(None);
    };
    if alert.closed.is_none() {
        rows.close_alert(id, &closing)?;
        rows.add_audit(NewAudit {
            tenant,
            at: closing.at.0,
            what: "alert_closed",
            by: closing.by.clone(),
            reason: closing.reason.clone(),
            payment: alert.payment,
            detail: format!("alert {id} ({})", alert.code.as_str()),
        })?;
        alert.closed = Some(closing);
    }
    Ok(Some(alert))
}
