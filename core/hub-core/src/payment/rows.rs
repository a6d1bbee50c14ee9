//! What a store has to keep for payments, row by row. What is decided with them is in [`super::flow`],
//! the same for every store.

use cueline_model::{AgentId, PaymentId, PaymentState, TenantId, WallTime};
use cueline_wire::api::{Alert, AlertCode, AuditEvent, Closing};
use cueline_wire::cloud::JournalMark;

use super::{NewAlert, Payment};
use crate::store::StoreError;

/// Which payments to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaymentFilter {
    /// Only those in this state.
    pub state: Option<PaymentState>,
    /// Only attempts at this order.
    pub order_ref: Option<String>,
    /// Only those before this one: the last of the page before.
    pub after: Option<PaymentId>,
}

/// Which alerts to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertFilter {
    /// Only open ones, or only closed ones.
    pub open: Option<bool>,
    /// Only those about this payment.
    pub payment: Option<PaymentId>,
    /// Only those before the one so numbered.
    pub after: Option<u64>,
}

/// Something a person took upon them, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAudit {
    /// Whose.
    pub tenant: TenantId,
    /// When.
    pub at: WallTime,
    /// What, snake case.
    pub what: &'static str,
    /// Who, as they said.
    pub by: String,
    /// Why, as they said.
    pub reason: String,
    /// About which payment.
    pub payment: Option<PaymentId>,
    /// More, for people.
    pub detail: String,
}

impl NewAudit {
    /// The event under its number.
    #[must_use]
    pub fn into_event(self, id: u64) -> AuditEvent {
        AuditEvent {
            id,
            at: cueline_wire::Timestamp(self.at),
            what: self.what.to_owned(),
            by: self.by,
            reason: self.reason,
            payment: self.payment,
            detail: self.detail,
        }
    }
}

/// Payments and what goes with them, within one transaction: all that a call of [`super::flow`] does is
/// durable together or not at all.
#[expect(missing_docs, reason = "each says what it gives by its name and types")]
#[allow(clippy::missing_errors_doc, reason = "all of them: see `StoreError`")]
pub trait PaymentRows {
    /// Whatever its tenant.
    fn payment(&mut self, id: PaymentId) -> Result<Option<Payment>, StoreError>;
    /// The one that a tenant's request of this key made.
    fn of_key(&mut self, tenant: TenantId, key: &str) -> Result<Option<Payment>, StoreError>;
    fn insert(&mut self, payment: &Payment) -> Result<(), StoreError>;
    fn update(&mut self, payment: &Payment) -> Result<(), StoreError>;
    /// Every attempt at an order, oldest first.
    fn of_order(&mut self, tenant: TenantId, order_ref: &str) -> Result<Vec<Payment>, StoreError>;
    /// Voids and refunds of a payment, oldest first.
    fn of_original(&mut self, original: PaymentId) -> Result<Vec<Payment>, StoreError>;
    /// An agent's that have not ended, oldest first.
    fn open_of_agent(&mut self, agent: AgentId) -> Result<Vec<Payment>, StoreError>;
    /// An agent's that were ended here or by a person after `since`, while the agent has not said that
    /// they ended.
    fn unsaid_of_agent(
        &mut self,
        agent: AgentId,
        since: WallTime,
    ) -> Result<Vec<Payment>, StoreError>;
    /// Those that [`Payment::expire`] would end, at most `limit`.
    fn due(&mut self, now: WallTime, limit: usize) -> Result<Vec<Payment>, StoreError>;
    /// Those whose [`Payment::overdue_at`] has passed, at most `limit`.
    fn overdue(&mut self, now: WallTime, limit: usize) -> Result<Vec<Payment>, StoreError>;
    /// A tenant's, newest first, at most `limit`.
    fn page(
        &mut self,
        tenant: TenantId,
        filter: &PaymentFilter,
        limit: usize,
    ) -> Result<Vec<Payment>, StoreError>;
    /// Whose agent it is; `None` where there is none or it was removed.
    fn tenant_of(&mut self, agent: AgentId) -> Result<Option<TenantId>, StoreError>;
    /// The newest opening of an agent's journal that was heard of.
    fn journal(&mut self, agent: AgentId) -> Result<Option<JournalMark>, StoreError>;
    fn set_journal(&mut self, agent: AgentId, mark: &JournalMark) -> Result<(), StoreError>;
    /// `None` where one with the same [`NewAlert::once`] is stored.
    fn add_alert(&mut self, alert: NewAlert) -> Result<Option<Alert>, StoreError>;
    /// A tenant's alerts, newest first.
    fn alerts(
        &mut self,
        tenant: TenantId,
        filter: &AlertFilter,
        limit: usize,
    ) -> Result<Vec<Alert>, StoreError>;
    fn alert(&mut self, tenant: TenantId, id: u64) -> Result<Option<Alert>, StoreError>;
    fn close_alert(&mut self, id: u64, closing: &Closing) -> Result<(), StoreError>;
    fn add_audit(&mut self, audit: NewAudit) -> Result<(), StoreError>;
    /// A tenant's audit before the event so numbered, newest first.
    fn audit(
        &mut self,
        tenant: TenantId,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditEvent>, StoreError>;

    /// The open alerts of one kind about a payment.
    fn open_alerts_of(
        &mut self,
        tenant: TenantId,
        payment: PaymentId,
        code: AlertCode,
    ) -> Result<Vec<Alert>, StoreError> {
        let filter = AlertFilter {
            open: Some(true),
            payment: Some(payment),
            after: None,
        };
        let mut alerts = self.alerts(tenant, &filter, usize::MAX)?;
        alerts.retain(|alert| alert.code == code);
        Ok(alerts)
    }
}
