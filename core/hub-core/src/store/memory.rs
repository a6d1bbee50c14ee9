//! A store in memory, for the simulator and as the plainest reading of the contract.
//!
//! It outlives a simulated crash because the simulator keeps it: what a call has returned is durable.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cueline_model::limits::QUEUED_JOBS_PER_AGENT_MAX;
use cueline_model::{
    AgentId, JobId, JobKey, JobState, PrinterId, PrinterName, Sha256, TenantId, WallTime,
};
use cueline_wire::api::{PrinterEvent, Resolution};
use cueline_wire::cloud::{PrinterStatus, ReportEntry};

use super::{
    AgentCounts, Backlog, Cancelling, DOUBT_KEPT, Idempotency, JobFilter, JobPage, JobStore,
    Recording, Resolving, StoreError, Submission, SubmitError, Submitted, WaitingJob,
};
use crate::job::{self, PrintJob, Recorded};
use crate::printer_news::{Condition, PRINTER_EVENTS_MAX, news};

/// What is kept of an agent.
#[derive(Debug, Clone, Default)]
struct Agent {
    revoked: bool,
    last_sequence: u64,
    last_epoch: u64,
    counts: AgentCounts,
}

impl Agent {
    fn count(&mut self, job: &PrintJob) -> &mut u32 {
        if job.is_at_agent() {
            &mut self.counts.at_agent
        } else {
            &mut self.counts.queued
        }
    }
}

#[derive(Debug, Clone)]
struct StoredDocument {
    body: Vec<u8>,
    kept_until: WallTime,
}

#[derive(Debug, Clone)]
struct KnownRequest {
    digest: Sha256,
    job: JobId,
    first_at: WallTime,
}

#[derive(Debug, Clone)]
struct Printer {
    id: PrinterId,
    tenant: TenantId,
    condition: Condition,
    events: VecDeque<PrinterEvent>,
}

/// Jobs and documents in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    agents: BTreeMap<AgentId, Agent>,
    jobs: BTreeMap<JobId, PrintJob>,
    /// Unsettled jobs of each agent in order.
    open: BTreeMap<AgentId, BTreeMap<u64, JobId>>,
    requests: BTreeMap<(TenantId, String), KnownRequest>,
    documents: BTreeMap<(TenantId, Sha256), StoredDocument>,
    printers: BTreeMap<(AgentId, PrinterName), Printer>,
    last_event: u64,
}

impl MemoryStore {
    /// Makes an agent known; jobs for others are refused.
    pub fn add_agent(&mut self, agent: AgentId) {
        self.agents.entry(agent).or_default();
    }

    /// Makes a printer known, so that its events are kept.
    pub fn add_printer(
        &mut self,
        (tenant, agent): (TenantId, AgentId),
        printer: PrinterId,
        name: PrinterName,
    ) {
        self.printers.entry((agent, name)).or_insert(Printer {
            id: printer,
            tenant,
            condition: Condition::default(),
            events: VecDeque::new(),
        });
    }

    /// Every job, for assertions about all of them.
    pub fn jobs(&self) -> impl Iterator<Item = &PrintJob> {
        self.jobs.values()
    }

    fn agent(&mut self, agent: AgentId) -> Result<&mut Agent, StoreError> {
        self.agents
            .get_mut(&agent)
            .ok_or_else(|| StoreError::Internal {
                text: format!("there is no agent {agent}"),
            })
    }

    fn open_jobs(&self, agent: AgentId) -> impl Iterator<Item = &PrintJob> {
        self.open
            .get(&agent)
            .into_iter()
            .flat_map(BTreeMap::values)
            .filter_map(|id| self.jobs.get(id))
    }

    /// Carries out `change` on a job and keeps the counts and the list of open ones true.
    fn change<R>(&mut self, id: JobId, change: impl FnOnce(&mut PrintJob) -> R) -> Option<R> {
        let job = self.jobs.get_mut(&id)?;
        let agent = self.agents.get_mut(&job.agent)?;
        if job.state.is_settled() {
            return Some(change(job));
        }
        *agent.count(job) -= 1;
        let result = change(job);
        if !job.state.is_settled() {
            *agent.count(job) += 1;
        } else if let Some(open) = self.open.get_mut(&job.agent) {
            open.remove(&job.sequence);
        }
        Some(result)
    }

    fn record_one(&mut self, agent: AgentId, entry: &ReportEntry, now: WallTime) -> Recorded {
        self.change(entry.job, |job| job.record(agent, entry, now))
            .unwrap_or_else(|| job::unknown_job(entry.job))
    }
}

impl JobStore for MemoryStore {
    fn replay(
        &mut self,
        tenant: TenantId,
        idempotency: &Idempotency,
    ) -> Result<Option<PrintJob>, SubmitError> {
        match self.requests.get(&(tenant, idempotency.key.clone())) {
            None => Ok(None),
            Some(known) if known.digest != idempotency.request => Err(SubmitError::KeyReused),
            Some(known) => Ok(self.jobs.get(&known.job).cloned()),
        }
    }

    fn submit(&mut self, submission: Submission, now: WallTime) -> Result<Submitted, SubmitError> {
        let new = submission.job;
        if let Some(idempotency) = &submission.idempotency
            && let Some(job) = self.replay(new.tenant, idempotency)?
        {
            return Ok(Submitted { job, repeat: true });
        }
        if self.agent(new.agent)?.revoked {
            return Err(SubmitError::AgentRevoked);
        }
        let queued = self.agent_counts(new.agent)?.queued;
        if queued >= QUEUED_JOBS_PER_AGENT_MAX {
            return Err(SubmitError::QueueFull { queued });
        }
        let sha256 = new.document.sha256;
        if let Some(body) = submission.body {
            self.put_document(new.tenant, sha256, &body, submission.kept_until)?;
        } else if !self.documents.contains_key(&(new.tenant, sha256)) {
            return Err(SubmitError::UnknownDocument { sha256 });
        }
        let agent = self.agent(new.agent)?;
        agent.last_sequence += 1;
        agent.counts.queued += 1;
        let job = new.into_job(agent.last_sequence, submission.offered, now);
        if let Some(idempotency) = submission.idempotency {
            let known = KnownRequest {
                digest: idempotency.request,
                job: job.id,
                first_at: now,
            };
            self.requests.insert((job.tenant, idempotency.key), known);
        }
        self.open
            .entry(job.agent)
            .or_default()
            .insert(job.sequence, job.id);
        self.jobs.insert(job.id, job.clone());
        Ok(Submitted { job, repeat: false })
    }

    fn job(&mut self, tenant: TenantId, job: JobId) -> Result<Option<PrintJob>, StoreError> {
        let job = self.jobs.get(&job).filter(|job| job.tenant == tenant);
        Ok(job.cloned())
    }

    fn list(
        &mut self,
        tenant: TenantId,
        filter: &JobFilter,
        limit: usize,
    ) -> Result<JobPage, StoreError> {
        let mut matching = self.jobs.values().rev().filter(|job| {
            job.tenant == tenant
                && filter.state.is_none_or(|state| job.state == state)
                && filter.printer.is_none_or(|printer| job.printer == printer)
                && filter.resolved.is_none_or(|resolved| {
                    job.state == JobState::Uncertain && job.resolution.is_some() == resolved
                })
                && filter.after.is_none_or(|after| job.id < after)
        });
        let jobs: Vec<_> = matching.by_ref().take(limit).cloned().collect();
        let more = matching.next().is_some();
        let next = jobs.last().filter(|_| more).map(|job| job.id);
        Ok(JobPage { jobs, next })
    }

    fn backlog(&mut self, agent: AgentId, after: u64, limit: usize) -> Result<Backlog, StoreError> {
        let last_sequence = self.agent(agent)?.last_sequence;
        let at_agent = self.agent_counts(agent)?.at_agent;
        let mut queued = self
            .open_jobs(agent)
            .filter(|job| job.state == JobState::Queued && job.sequence > after);
        let jobs: Vec<_> = queued
            .by_ref()
            .take(limit)
            .map(|job| WaitingJob {
                key: job.key(),
                sequence: job.sequence,
                withdraw: job.cancel_requested_at.is_some(),
            })
            .collect();
        let more = queued.next().is_some();
        let through = match jobs.last() {
            Some(last) if more => last.sequence,
            None if more => after,
            _ => last_sequence,
        };
        let withdrawals = self
            .open_jobs(agent)
            .filter(|job| matches!(job.state, JobState::Accepted | JobState::Started))
            .filter(|job| job.cancel_requested_at.is_some())
            .map(PrintJob::key)
            .collect();
        Ok(Backlog {
            jobs,
            through,
            more,
            at_agent,
            withdrawals: if after == 0 { withdrawals } else { Vec::new() },
        })
    }

    fn mark_offered(
        &mut self,
        agent: AgentId,
        keys: &[JobKey],
        now: WallTime,
    ) -> Result<Vec<PrintJob>, StoreError> {
        let mut offered = Vec::new();
        for key in keys {
            if let Some(job) = self.jobs.get_mut(&key.job)
                && job.is_to_be_offered(agent, *key)
            {
                job.mark_offered(now);
                offered.push(job.clone());
            }
        }
        Ok(offered)
    }

    fn record(
        &mut self,
        agent: AgentId,
        entries: &[ReportEntry],
        now: WallTime,
    ) -> Result<Recording, StoreError> {
        let mut recording = Recording::default();
        for entry in entries {
            let recorded = self.record_one(agent, entry, now);
            recording.add(entry.seq, recorded, self.jobs.get(&entry.job));
        }
        recording.at_agent = self.agent_counts(agent)?.at_agent;
        Ok(recording)
    }

    fn cancel(
        &mut self,
        tenant: TenantId,
        job: JobId,
        now: WallTime,
    ) -> Result<Option<Cancelling>, StoreError> {
        if self.job(tenant, job)?.is_none() {
            return Ok(None);
        }
        let stands = self.jobs.get(&job).is_some_and(|job| {
            let printer = self.printers.get(&(job.agent, job.printer_name.clone()));
            printer.is_some_and(|printer| printer.condition.fault.is_some())
        });
        Ok(self.change(job, |job| Cancelling {
            decision: job.cancel(now, stands),
            job: job.clone(),
        }))
    }

    fn resolve(
        &mut self,
        tenant: TenantId,
        job: JobId,
        resolution: Resolution,
    ) -> Result<Option<Resolving>, StoreError> {
        let job = self.jobs.get_mut(&job).filter(|job| job.tenant == tenant);
        Ok(job.map(|job| Resolving {
            resolved: job.resolve(resolution),
            job: job.clone(),
        }))
    }

    fn record_conditions(
        &mut self,
        agent: AgentId,
        printers: &[PrinterStatus],
        now: WallTime,
    ) -> Result<Vec<PrinterEvent>, StoreError> {
        let mut made = Vec::new();
        for status in printers {
            let Some(printer) = self.printers.get_mut(&(agent, status.printer.clone())) else {
                continue;
            };
            let now_is = Condition::of(status);
            let last = printer.events.back();
            let not_before = last.map_or(WallTime(i64::MIN), |event| event.at.0);
            for news in news(&printer.condition, &now_is, status.since, (not_before, now)) {
                self.last_event += 1;
                let event = news.into_event(self.last_event, printer.id);
                printer.events.push_back(event.clone());
                if printer.events.len() > PRINTER_EVENTS_MAX {
                    printer.events.pop_front();
                }
                made.push(event);
            }
            printer.condition = now_is;
        }
        Ok(made)
    }

    fn printer_events(
        &mut self,
        tenant: TenantId,
        printer: PrinterId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<PrinterEvent>, StoreError> {
        let found = self.printers.values();
        let events = found
            .filter(|known| known.tenant == tenant && known.id == printer)
            .flat_map(|known| known.events.iter().rev())
            .filter(|event| before.is_none_or(|before| event.id < before));
        Ok(events.take(limit).cloned().collect())
    }

    fn expire_due(&mut self, now: WallTime, limit: usize) -> Result<Vec<PrintJob>, StoreError> {
        let open: Vec<JobId> = self
            .open
            .values()
            .flat_map(BTreeMap::values)
            .copied()
            .collect();
        let mut expired = Vec::new();
        for id in open {
            if expired.len() == limit {
                break;
            }
            let ended = self.change(id, |job| job.expire(now).then(|| job.clone()));
            expired.extend(ended.flatten());
        }
        Ok(expired)
    }

    fn next_epoch(&mut self, agent: AgentId) -> Result<u64, StoreError> {
        let agent = self.agent(agent)?;
        agent.last_epoch += 1;
        Ok(agent.last_epoch)
    }

    fn revoke_agent(&mut self, agent: AgentId, now: WallTime) -> Result<Vec<PrintJob>, StoreError> {
        self.agent(agent)?.revoked = true;
        let open: Vec<JobId> = self.open_jobs(agent).map(|job| job.id).collect();
        let cancelled = open.into_iter().filter_map(|id| {
            self.change(id, |job| job.cancel_with_agent(now).then(|| job.clone()))
                .flatten()
        });
        Ok(cancelled.collect())
    }

    fn agent_counts(&mut self, agent: AgentId) -> Result<AgentCounts, StoreError> {
        Ok(self.agent(agent)?.counts)
    }

    fn printer_count(&mut self, printer: PrinterId) -> Result<u32, StoreError> {
        let open = self.open.values().flat_map(BTreeMap::values);
        let count = open
            .filter_map(|id| self.jobs.get(id))
            .filter(|job| job.printer == printer)
            .count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn put_document(
        &mut self,
        tenant: TenantId,
        sha256: Sha256,
        body: &[u8],
        kept_until: WallTime,
    ) -> Result<(), StoreError> {
        let stored = self
            .documents
            .entry((tenant, sha256))
            .or_insert_with(|| StoredDocument {
                body: body.to_vec(),
                kept_until,
            });
        stored.kept_until = stored.kept_until.max(kept_until);
        Ok(())
    }

    fn forget_requests(&mut self, before: WallTime, limit: usize) -> Result<u32, StoreError> {
        let old: Vec<_> = self
            .requests
            .iter()
            .filter(|(_, known)| known.first_at < before)
            .map(|(key, _)| key.clone())
            .take(limit)
            .collect();
        for key in &old {
            self.requests.remove(key);
        }
        Ok(u32::try_from(old.len()).unwrap_or(u32::MAX))
    }

    fn document(
        &mut self,
        tenant: TenantId,
        sha256: Sha256,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let stored = self.documents.get(&(tenant, sha256));
        Ok(stored.map(|stored| stored.body.clone()))
    }

    fn drop_documents(&mut self, now: WallTime, limit: usize) -> Result<u32, StoreError> {
        let needed: BTreeSet<_> = self
            .jobs
            .values()
            .filter(|job| !job.state.is_settled() || is_in_doubt(job, now))
            .map(|job| (job.tenant, job.document.sha256))
            .collect();
        let old: Vec<_> = self
            .documents
            .iter()
            .filter(|(key, stored)| stored.kept_until < now && !needed.contains(*key))
            .map(|(key, _)| *key)
            .take(limit)
            .collect();
        for key in &old {
            self.documents.remove(key);
        }
        Ok(u32::try_from(old.len()).unwrap_or(u32::MAX))
    }
}

/// Whether somebody may still want to print it again.
fn is_in_doubt(job: &PrintJob, now: WallTime) -> bool {
    job.state == JobState::Uncertain
        && job.resolution.is_none()
        && job.settled_at.is_some_and(|at| at > now - DOUBT_KEPT)
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;
