//! Payments in memory, for the simulator and as the plainest reading of [`PaymentRows`].

use std::collections::{BTreeMap, BTreeSet};

use cueline_model::{AgentId, PaymentId, TenantId, WallTime};
use cueline_wire::api::{Alert, AuditEvent, Closing};
use cueline_wire::cloud::JournalMark;

use super::rows::{AlertFilter, NewAudit, PaymentFilter};
use super::{NewAlert, Payment, PaymentRows};
use crate::store::StoreError;

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;

/// Payments, alerts and audit in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryPayments {
    payments: BTreeMap<PaymentId, Payment>,
    agents: BTreeMap<AgentId, TenantId>,
    journals: BTreeMap<AgentId, JournalMark>,
    alerts: Vec<(TenantId, Alert)>,
    told_once: BTreeSet<(TenantId, String)>,
    audit: Vec<(TenantId, AuditEvent)>,
}

impl MemoryPayments {
    /// Makes an agent known.
    pub fn add_agent(&mut self, agent: AgentId, tenant: TenantId) {
        self.agents.insert(agent, tenant);
    }

    /// Every payment, for assertions about all of them.
    pub fn all(&self) -> impl Iterator<Item = &Payment> {
        self.payments.values()
    }

    fn select(&self, choose: impl Fn(&Payment) -> bool) -> Vec<Payment> {
        let chosen = self.payments.values().filter(|payment| choose(payment));
        chosen.cloned().collect()
    }
}

type Result<T> = std::result::Result<T, StoreError>;

impl PaymentRows for MemoryPayments {
    fn payment(&mut self, id: PaymentId) -> Result<Option<Payment>> {
        Ok(self.payments.get(&id).cloned())
    }

    fn of_key(&mut self, tenant: TenantId, key: &str) -> Result<Option<Payment>> {
        let mut all = self.payments.values();
        let made = all.find(|made| made.tenant == tenant && made.request.key == key);
        Ok(made.cloned())
    }

    fn insert(&mut self, payment: &Payment) -> Result<()> {
        self.payments.insert(payment.id, payment.clone());
        Ok(())
    }

    fn update(&mut self, payment: &Payment) -> Result<()> {
        self.insert(payment)
    }

    fn of_order(&mut self, tenant: TenantId, order_ref: &str) -> Result<Vec<Payment>> {
        Ok(self.select(|payment| {
            payment.tenant == tenant && payment.order_ref.as_deref() == Some(order_ref)
        }))
    }

    fn of_original(&mut self, original: PaymentId) -> Result<Vec<Payment>> {
        let is_of = |payment: &Payment| {
            payment
                .original
                .as_ref()
                .is_some_and(|o| o.payment == original)
        };
        Ok(self.select(is_of))
    }

    fn open_of_agent(&mut self, agent: AgentId) -> Result<Vec<Payment>> {
        Ok(self.select(|payment| payment.place.agent == agent && !payment.state.is_settled()))
    }

    fn unsaid_of_agent(&mut self, agent: AgentId, since: WallTime) -> Result<Vec<Payment>> {
        Ok(self.select(|payment| {
            payment.place.agent == agent
                && !payment.ended_at_agent
                && payment.settled_at.is_some_and(|at| at > since)
        }))
    }

    fn due(&mut self, now: WallTime, limit: usize) -> Result<Vec<Payment>> {
        let mut due = self.select(|payment| payment.may_be_ended_here() && payment.start_by < now);
        due.truncate(limit);
        Ok(due)
    }

    fn overdue(&mut self, now: WallTime, limit: usize) -> Result<Vec<Payment>> {
        let mut overdue = self.select(|payment| payment.overdue_at().is_some_and(|at| at < now));
        overdue.truncate(limit);
        Ok(overdue)
    }

    fn page(
        &mut self,
        tenant: TenantId,
        filter: &PaymentFilter,
        limit: usize,
    ) -> Result<Vec<Payment>> {
        let matching = self.payments.values().rev().filter(|payment| {
            payment.tenant == tenant
                && filter.state.is_none_or(|state| payment.state == state)
                && (filter.order_ref.is_none() || filter.order_ref == payment.order_ref)
                && filter.after.is_none_or(|after| payment.id < after)
        });
        Ok(matching.take(limit).cloned().collect())
    }

    fn tenant_of(&mut self, agent: AgentId) -> Result<Option<TenantId>> {
        Ok(self.agents.get(&agent).copied())
    }

    fn journal(&mut self, agent: AgentId) -> Result<Option<JournalMark>> {
        Ok(self.journals.get(&agent).cloned())
    }

    fn set_journal(&mut self, agent: AgentId, mark: &JournalMark) -> Result<()> {
        self.journals.insert(agent, mark.clone());
        Ok(())
    }

    fn add_alert(&mut self, alert: NewAlert) -> Result<Option<Alert>> {
        let tenant = alert.tenant;
        if let Some(once) = &alert.once
            && !self.told_once.insert((tenant, once.clone()))
        {
            return Ok(None);
        }
        let alert = alert.into_alert(self.alerts.len() as u64 + 1);
        self.alerts.push((tenant, alert.clone()));
        Ok(Some(alert))
    }

    fn alerts(
        &mut self,
        tenant: TenantId,
        filter: &AlertFilter,
        limit: usize,
    ) -> Result<Vec<Alert>> {
        let matching = self.alerts.iter().rev().filter(|(whose, alert)| {
            *whose == tenant
                && filter
                    .open
                    .is_none_or(|open| alert.closed.is_none() == open)
                && (filter.payment.is_none() || filter.payment == alert.payment)
                && filter.after.is_none_or(|after| alert.id < after)
        });
        Ok(matching
            .take(limit)
            .map(|(_, alert)| alert.clone())
            .collect())
    }

    fn alert(&mut self, tenant: TenantId, id: u64) -> Result<Option<Alert>> {
        let mut all = self.alerts.iter();
        let found = all.find(|(whose, alert)| *whose == tenant && alert.id == id);
        Ok(found.map(|(_, alert)| alert.clone()))
    }

    fn close_alert(&mut self, id: u64, closing: &Closing) -> Result<()> {
        if let Some((_, alert)) = self.alerts.iter_mut().find(|(_, alert)| alert.id == id) {
            alert.closed = Some(closing.clone());
        }
        Ok(())
    }

    fn add_audit(&mut self, audit: NewAudit) -> Result<()> {
        let tenant = audit.tenant;
        let event = audit.into_event(self.audit.len() as u64 + 1);
        self.audit.push((tenant, event));
        Ok(())
    }

    fn audit(
        &mut self,
        tenant: TenantId,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditEvent>> {
        let matching = self.audit.iter().rev().filter(|(whose, event)| {
            *whose == tenant && after.is_none_or(|after| event.id < after)
        });
        Ok(matching
            .take(limit)
            .map(|(_, event)| event.clone())
            .collect())
    }
}
