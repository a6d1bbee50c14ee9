//! The handle's methods about payments: what [`flow`] does, after its commit and with its notices.

use cueline_hub_core::StoreError;
use cueline_hub_core::payment::flow::{self, Created, News, PaymentBacklog, Words};
use cueline_hub_core::payment::rows::{AlertFilter, PaymentFilter};
use cueline_hub_core::payment::{
    NewPayment, Payment, PaymentRefusal, PaymentRows as _, RequestKey,
};
use cueline_model::{AgentId, Answer, PaymentId, TenantId, WallTime};
use cueline_wire::api::{Alert, AuditEvent, Closing, DecisionRequest, PaymentEvent};
use cueline_wire::cloud::{JournalMark, PaymentReport, PaymentReportReply, StartReply};

use super::failure::StorageError;
use super::payments::Payments;
use super::writer::Changes;
use super::{Committed, PaymentNotice, Store, StoreResult};

impl StorageError for PaymentRefusal {
    fn storage(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Tells the watcher what changed, once this is durable.
pub fn tell(changes: &mut Changes<'_>, news: News) {
    let payments = news.payments.into_iter().map(|(payment, for_agent)| {
        Committed::Payment(PaymentNotice {
            tenant: payment.tenant,
            agent: payment.place.agent,
            for_agent,
            event: PaymentEvent {
                payment: payment.id,
                state: payment.state,
                certainty: payment.certainty(),
                version: payment.version,
                order_ref: payment.order_ref,
            },
        })
    });
    changes.committed.extend(payments);
    let alerts = news.alerts.into_iter();
    let alerts = alerts.map(|(tenant, alert)| Committed::Alert(tenant, alert));
    changes.committed.extend(alerts);
}

impl Store {
    /// Carries out a step of [`flow`] and tells what it changed.
    async fn pay<R, E, F>(&self, run: F) -> Result<R, E>
    where
        R: Send + 'static,
        E: StorageError,
        F: FnOnce(&mut Payments<'_>, &mut News) -> Result<R, E> + Send + 'static,
    {
        self.write(move |changes| {
            let mut news = News::default();
            let done = run(&mut Payments(changes.connection), &mut news)?;
            tell(changes, news);
            Ok(done)
        })
        .await
    }

    /// See [`flow::replay`].
    ///
    /// # Errors
    /// See [`PaymentRefusal`].
    pub async fn payment_replay(
        &self,
        tenant: TenantId,
        key: RequestKey,
    ) -> Result<Option<Payment>, PaymentRefusal> {
        self.read(move |connection| flow::replay(&mut Payments(connection), tenant, &key))
            .await
    }

    /// See [`flow::create`].
    ///
    /// # Errors
    /// See [`PaymentRefusal`].
    pub async fn create_payment(
        &self,
        new: NewPayment,
        now: WallTime,
    ) -> Result<Created, PaymentRefusal> {
        self.pay(move |rows, news| flow::create(rows, new, now, news))
            .await
    }

    /// One payment of a tenant.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn payment(&self, tenant: TenantId, id: PaymentId) -> StoreResult<Option<Payment>> {
        let found = self
            .read(move |connection| Payments(connection).payment(id))
            .await?;
        Ok(found.filter(|payment| payment.tenant == tenant))
    }

    /// A tenant's payments, newest first, at most `limit`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn payments(
        &self,
        tenant: TenantId,
        filter: PaymentFilter,
        limit: usize,
    ) -> StoreResult<Vec<Payment>> {
        self.read(move |connection| Payments(connection).page(tenant, &filter, limit))
            .await
    }

    /// See [`flow::cancel`].
    ///
    /// # Errors
    /// See [`PaymentRefusal`].
    pub async fn cancel_payment(
        &self,
        tenant: TenantId,
        id: PaymentId,
        now: WallTime,
    ) -> Result<Option<Payment>, PaymentRefusal> {
        self.pay(move |rows, news| flow::cancel(rows, tenant, id, now, news))
            .await
    }

    /// See [`flow::answer`].
    ///
    /// # Errors
    /// See [`PaymentRefusal`].
    pub async fn answer_payment(
        &self,
        tenant: TenantId,
        id: PaymentId,
        answer: (u32, Answer),
        now: WallTime,
    ) -> Result<Option<Payment>, PaymentRefusal> {
        self.pay(move |rows, news| flow::answer(rows, tenant, id, answer, now, news))
            .await
    }

    /// See [`flow::look_up`].
    ///
    /// # Errors
    /// See [`PaymentRefusal`].
    pub async fn look_up_payment(
        &self,
        tenant: TenantId,
        id: PaymentId,
        now: WallTime,
    ) -> Result<Option<Payment>, PaymentRefusal> {
        self.pay(move |rows, news| flow::look_up(rows, tenant, id, now, news))
            .await
    }

    /// See [`flow::resolve`].
    ///
    /// # Errors
    /// See [`PaymentRefusal`].
    pub async fn resolve_payment(
        &self,
        tenant: TenantId,
        id: PaymentId,
        asked: DecisionRequest,
        agent_lost: bool,
        now: WallTime,
    ) -> Result<Option<Payment>, PaymentRefusal> {
        self.pay(move |rows, news| flow::resolve(rows, tenant, id, &asked, agent_lost, now, news))
            .await
    }

    /// See [`flow::permit_start`].
    ///
    /// # Errors
    /// See [`PaymentRefusal`].
    pub async fn permit_start(
        &self,
        agent: AgentId,
        id: PaymentId,
        mark: JournalMark,
        now: WallTime,
    ) -> Result<StartReply, PaymentRefusal> {
        self.pay(move |rows, news| flow::permit_start(rows, agent, id, &mark, now, news))
            .await
    }

    /// See [`flow::record`].
    ///
    /// # Errors
    /// See [`PaymentRefusal`].
    pub async fn record_payments(
        &self,
        agent: AgentId,
        report: PaymentReport,
        now: WallTime,
    ) -> Result<PaymentReportReply, PaymentRefusal> {
        self.pay(move |rows, news| flow::record(rows, agent, &report, now, news))
            .await
    }

    /// See [`flow::backlog`].
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn payment_backlog(
        &self,
        agent: AgentId,
        now: WallTime,
    ) -> StoreResult<PaymentBacklog> {
        self.read(move |connection| flow::backlog(&mut Payments(connection), agent, now))
            .await
    }

    /// See [`flow::words`].
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn payment_words(
        &self,
        agent: AgentId,
        id: PaymentId,
        now: WallTime,
    ) -> StoreResult<Option<Words>> {
        self.pay(move |rows, news| flow::words(rows, agent, id, now, news))
            .await
    }

    /// A tenant's alerts, newest first, at most `limit`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn alerts(
        &self,
        tenant: TenantId,
        filter: AlertFilter,
        limit: usize,
    ) -> StoreResult<Vec<Alert>> {
        self.read(move |connection| Payments(connection).alerts(tenant, &filter, limit))
            .await
    }

    /// One alert of a tenant.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn alert(&self, tenant: TenantId, id: u64) -> StoreResult<Option<Alert>> {
        self.read(move |connection| Payments(connection).alert(tenant, id))
            .await
    }

    /// See [`flow::close_alert`].
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn close_alert(
        &self,
        tenant: TenantId,
        id: u64,
        closing: Closing,
    ) -> StoreResult<Option<Alert>> {
        self.pay(move |rows, _news| flow::close_alert(rows, tenant, id, closing))
            .await
    }

    /// A tenant's audit, newest first, at most `limit`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn audit(
        &self,
        tenant: TenantId,
        after: Option<u64>,
        limit: usize,
    ) -> StoreResult<Vec<AuditEvent>> {
        self.read(move |connection| Payments(connection).audit(tenant, after, limit))
            .await
    }
}
