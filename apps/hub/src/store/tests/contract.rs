//! The contract of every job store, through the real handle, threads and files.

use std::future::Future;

use cueline_hub_core::job::PrintJob;
use cueline_hub_core::store::contract::{Harness, Place};
use cueline_hub_core::store::{
    AgentCounts, Backlog, Cancelling, Idempotency, JobFilter, JobPage, Recording, Resolving,
    Submission, Submitted,
};
use cueline_hub_core::{JobStore, StoreError, SubmitError};
use cueline_model::{AgentId, JobId, JobKey, PrinterId, Sha256, TenantId, WallTime};
use cueline_wire::api::{PrinterEvent, Resolution};
use cueline_wire::cloud::{PrinterStatus, ReportEntry};
use tokio::runtime::{Builder, Runtime};

use super::super::jobs::Jobs;
use super::{Opened, add_place};

/// The handle, called and waited for.
struct Waiting {
    runtime: Runtime,
    opened: Option<Opened>,
}

impl Waiting {
    fn new() -> Self {
        Self {
            runtime: Builder::new_current_thread().build().unwrap(),
            opened: Some(Opened::new()),
        }
    }

    fn wait<F: Future>(&self, call: impl FnOnce(super::Store) -> F) -> F::Output {
        let opened = self.opened.as_ref().unwrap();
        self.runtime.block_on(call(opened.store.clone()))
    }
}

impl Harness for Waiting {
    type Store = Self;

    fn store(&mut self) -> &mut Self {
        self
    }

    fn add_place(&mut self, place: Place) {
        self.wait(|store| async move { add_place(&store, place).await });
    }

    fn reopen(&mut self) {
        self.opened = self.opened.take().map(Opened::reopened);
    }

    fn submit_many(&mut self, submissions: Vec<Submission>, now: WallTime) {
        self.wait(|store| async move {
            let in_one_commit = store.write(move |changes| {
                for submission in submissions {
                    Jobs(changes.connection).submit(submission, now)?;
                }
                Ok::<_, SubmitError>(())
            });
            in_one_commit.await.unwrap();
        });
    }
}

type Result<T> = std::result::Result<T, StoreError>;

impl JobStore for Waiting {
    fn replay(
        &mut self,
        tenant: TenantId,
        idempotency: &Idempotency,
    ) -> std::result::Result<Option<PrintJob>, SubmitError> {
        let idempotency = idempotency.clone();
        self.wait(|store| async move { store.replay(tenant, idempotency).await })
    }

    fn submit(
        &mut self,
        submission: Submission,
        now: WallTime,
    ) -> std::result::Result<Submitted, SubmitError> {
        self.wait(|store| async move { store.submit(submission, now).await })
    }

    fn job(&mut self, tenant: TenantId, job: JobId) -> Result<Option<PrintJob>> {
        self.wait(|store| async move { store.job(tenant, job).await })
    }

    fn list(&mut self, tenant: TenantId, filter: &JobFilter, limit: usize) -> Result<JobPage> {
        let filter = filter.clone();
        self.wait(|store| async move { store.jobs(tenant, filter, limit).await })
    }

    fn backlog(&mut self, agent: AgentId, after: u64, limit: usize) -> Result<Backlog> {
        self.wait(|store| async move { store.backlog(agent, after, limit).await })
    }

    fn mark_offered(
        &mut self,
        agent: AgentId,
        keys: &[JobKey],
        now: WallTime,
    ) -> Result<Vec<PrintJob>> {
        let keys = keys.to_vec();
        let offers = self.wait(|store| async move { store.offers(agent, keys, now).await })?;
        for offered in &offers {
            let bytes = offered.body.as_ref().map(|body| body.len() as u64);
            assert_eq!(bytes, Some(offered.job.document.bytes));
        }
        Ok(offers.into_iter().map(|offered| offered.job).collect())
    }

    fn record(
        &mut self,
        agent: AgentId,
        entries: &[ReportEntry],
        now: WallTime,
    ) -> Result<Recording> {
        let entries = entries.to_vec();
        self.wait(|store| async move { store.record(agent, entries, now).await })
    }

    fn cancel(
        &mut self,
        tenant: TenantId,
        job: JobId,
        now: WallTime,
    ) -> Result<Option<Cancelling>> {
        self.wait(|store| async move { store.cancel(tenant, job, now).await })
    }

    fn resolve(
        &mut self,
        tenant: TenantId,
        job: JobId,
        resolution: Resolution,
    ) -> Result<Option<Resolving>> {
        self.wait(|store| async move { store.resolve(tenant, job, resolution).await })
    }

    fn record_conditions(
        &mut self,
        agent: AgentId,
        printers: &[PrinterStatus],
        now: WallTime,
    ) -> Result<Vec<PrinterEvent>> {
        let printers = printers.to_vec();
        self.wait(|store| async move { store.set_conditions(agent, printers, now).await })
    }

    fn printer_events(
        &mut self,
        tenant: TenantId,
        printer: PrinterId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<PrinterEvent>> {
        self.wait(|store| async move { store.printer_events(tenant, printer, before, limit).await })
    }

    fn expire_due(&mut self, now: WallTime, limit: usize) -> Result<Vec<PrintJob>> {
        self.wait(|store| async move {
            let expire =
                store.write(move |changes| Jobs(changes.connection).expire_due(now, limit));
            expire.await
        })
    }

    fn next_epoch(&mut self, agent: AgentId) -> Result<u64> {
        self.wait(|store| async move { store.next_epoch(agent).await })
    }

    fn revoke_agent(&mut self, agent: AgentId, now: WallTime) -> Result<Vec<PrintJob>> {
        self.wait(|store| async move {
            let revoke =
                store.write(move |changes| Jobs(changes.connection).revoke_agent(agent, now));
            revoke.await
        })
    }

    fn agent_counts(&mut self, agent: AgentId) -> Result<AgentCounts> {
        self.wait(|store| async move { store.agent_counts(agent).await })
    }

    fn printer_count(&mut self, printer: PrinterId) -> Result<u32> {
        self.wait(|store| async move { store.printer_count(printer).await })
    }

    fn put_document(
        &mut self,
        tenant: TenantId,
        sha256: Sha256,
        body: &[u8],
        kept_until: WallTime,
    ) -> Result<()> {
        let body = body.to_vec();
        self.wait(|store| async move { store.put_document(tenant, sha256, body, kept_until).await })
    }

    fn forget_requests(&mut self, before: WallTime, limit: usize) -> Result<u32> {
        self.wait(|store| async move {
            let forget =
                store.write(move |changes| Jobs(changes.connection).forget_requests(before, limit));
            forget.await
        })
    }

    fn document(&mut self, tenant: TenantId, sha256: Sha256) -> Result<Option<Vec<u8>>> {
        self.wait(|store| async move { store.document(tenant, sha256).await })
    }

    fn drop_documents(&mut self, now: WallTime, limit: usize) -> Result<u32> {
        self.wait(|store| async move {
            let drop_old =
                store.write(move |changes| Jobs(changes.connection).drop_documents(now, limit));
            drop_old.await
        })
    }
}

cueline_hub_core::job_store_contract!(Waiting::new());
