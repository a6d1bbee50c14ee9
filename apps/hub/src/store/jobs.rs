//! Print jobs in SQLite: [`JobStore`] over one transaction.

use cueline_hub_core::aftermath::Resolved;
use cueline_hub_core::job::{self, PrintJob, Recorded};
use cueline_hub_core::store::{
    AgentCounts, Backlog, Cancelling, Idempotency, JobFilter, JobPage, Recording, Resolving,
    Submission, Submitted, WaitingJob,
};
use cueline_hub_core::{JobStore, StoreError, SubmitError};
use cueline_model::limits::{AGENT_JOBS_MAX, QUEUED_JOBS_PER_AGENT_MAX};
use cueline_model::{AgentId, JobId, JobKey, PrinterId, Sha256, TenantId, WallTime};
use cueline_wire::api::{PrinterEvent, Resolution};
use cueline_wire::cloud::{PrinterStatus, ReportEntry};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::failure::{map, of};
use super::{StoreResult, documents, job_row, printer_events, row};

/// The jobs of the database that `0` is a transaction on.
pub struct Jobs<'a>(pub &'a Connection);

impl Jobs<'_> {
    /// Gives the job the next place in its agent's sequence.
    fn next_sequence(&self, agent: AgentId) -> StoreResult<u64> {
        self.0
            .prepare_cached(
                "UPDATE agents SET last_sequence = last_sequence + 1 WHERE id = ?1
                 RETURNING last_sequence",
            )
            .and_then(|mut statement| {
                statement.query_row([agent.to_string()], |r| row::number(r, "last_sequence"))
            })
            .map_err(map)
    }

    /// Refuses a job that the agent may not be given.
    fn check_agent(&self, agent: AgentId) -> Result<(), SubmitError> {
        let (revoked, queued): (bool, u32) = self
            .0
            .prepare_cached("SELECT revoked_at IS NOT NULL, queued FROM agents WHERE id = ?1")
            .and_then(|mut query| {
                query.query_row([agent.to_string()], |r| Ok((r.get(0)?, r.get(1)?)))
            })
            .map_err(map::<StoreError>)?;
        if revoked {
            return Err(SubmitError::AgentRevoked);
        }
        if queued >= QUEUED_JOBS_PER_AGENT_MAX {
            return Err(SubmitError::QueueFull { queued });
        }
        Ok(())
    }

    fn keep_request(&self, job: &PrintJob, idempotency: &Idempotency) -> StoreResult<()> {
        self.0
            .prepare_cached(
                "INSERT INTO idempotency_keys (tenant, key, request_sha256, job, first_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )
            .and_then(|mut statement| {
                statement.execute((
                    job.tenant.to_string(),
                    &idempotency.key,
                    idempotency.request.0,
                    job.id.to_string(),
                    job.created_at.0,
                ))
            })
            .map_err(map)?;
        Ok(())
    }

    /// Jobs by a query on `print_jobs`.
    fn select<P: rusqlite::Params>(&self, sql: &str, params: P) -> StoreResult<Vec<PrintJob>> {
        self.0
            .prepare_cached(sql)
            .and_then(|mut query| query.query_map(params, job_row::from_row)?.collect())
            .map_err(map)
    }

    fn record_one(
        &self,
        agent: AgentId,
        entry: &ReportEntry,
        now: WallTime,
    ) -> StoreResult<(Recorded, Option<PrintJob>)> {
        let Some(mut job) = job_row::of_agent(self.0, agent, entry.job)? else {
            return Ok((job::unknown_job(entry.job), None));
        };
        let recorded = job.record(agent, entry, now);
        if recorded == Recorded::Changed {
            job_row::update(self.0, &job)?;
        }
        Ok((recorded, Some(job)))
    }
}

fn waiting_job(r: &Row<'_>) -> rusqlite::Result<WaitingJob> {
    Ok(WaitingJob {
        key: key(r)?,
        sequence: row::number(r, "sequence")?,
        withdraw: r.get("withdraw")?,
    })
}

fn key(r: &Row<'_>) -> rusqlite::Result<JobKey> {
    Ok(JobKey {
        job: row::parsed(r, "id")?,
        attempt: r.get("attempt")?,
    })
}

impl JobStore for Jobs<'_> {
    fn replay(
        &mut self,
        tenant: TenantId,
        idempotency: &Idempotency,
    ) -> Result<Option<PrintJob>, SubmitError> {
        let known: Option<(Sha256, JobId)> = self
            .0
            .prepare_cached(
                "SELECT request_sha256, job FROM idempotency_keys WHERE tenant = ?1 AND key = ?2",
            )
            .and_then(|mut query| {
                query
                    .query_row((tenant.to_string(), &idempotency.key), |r| {
                        Ok((row::digest(r, "request_sha256")?, row::parsed(r, "job")?))
                    })
                    .optional()
            })
            .map_err(map::<StoreError>)?;
        match known {
            None => Ok(None),
            Some((digest, _)) if digest != idempotency.request => Err(SubmitError::KeyReused),
            Some((_, job)) => Ok(self.job(tenant, job)?),
        }
    }

    fn submit(&mut self, submission: Submission, now: WallTime) -> Result<Submitted, SubmitError> {
        let new = submission.job;
        if let Some(idempotency) = &submission.idempotency
            && let Some(job) = self.replay(new.tenant, idempotency)?
        {
            return Ok(Submitted { job, repeat: true });
        }
        self.check_agent(new.agent)?;
        let sha256 = new.document.sha256;
        if let Some(body) = submission.body {
            documents::put(self.0, new.tenant, sha256, &body, submission.kept_until)?;
        } else if documents::head(self.0, new.tenant, sha256)?.is_none() {
            return Err(SubmitError::UnknownDocument { sha256 });
        }
        let sequence = self.next_sequence(new.agent)?;
        let job = new.into_job(sequence, submission.offered, now);
        job_row::insert(self.0, &job)?;
        if let Some(idempotency) = &submission.idempotency {
            self.keep_request(&job, idempotency)?;
        }
        Ok(Submitted { job, repeat: false })
    }

    fn job(&mut self, tenant: TenantId, job: JobId) -> StoreResult<Option<PrintJob>> {
        job_row::of_tenant(self.0, tenant, job)
    }

    fn list(&mut self, tenant: TenantId, filter: &JobFilter, limit: usize) -> StoreResult<JobPage> {
        // Only the conditions that are asked for, so that each question finds its index.
        let state = filter.state.map_or("", |_| "AND state = :state");
        let printer = filter.printer.map_or("", |_| "AND printer = :printer");
        let resolved = match filter.resolved {
            None => "",
            Some(true) => "AND state = 'uncertain' AND resolution IS NOT NULL",
            Some(false) => "AND state = 'uncertain' AND resolution IS NULL",
        };
        let sql = format!(
            "SELECT * FROM print_jobs
             WHERE tenant = :tenant AND id < :after {state} {printer} {resolved}
             ORDER BY id DESC LIMIT :limit"
        );
        let tenant = tenant.to_string();
        let after = filter
            .after
            .map_or_else(|| row::AFTER_ALL_IDS.to_owned(), |job| job.to_string());
        let limit_and_one = row::at_most(limit.saturating_add(1));
        let state = filter.state.map(|state| state.as_str());
        let printer = filter.printer.map(|printer| printer.to_string());
        let mut params: Vec<(&str, &dyn rusqlite::ToSql)> = vec![
            (":tenant", &tenant),
            (":after", &after),
            (":limit", &limit_and_one),
        ];
        if state.is_some() {
            params.push((":state", &state));
        }
        if printer.is_some() {
            params.push((":printer", &printer));
        }
        let mut jobs = self.select(&sql, params.as_slice())?;
        let more = jobs.len() > limit;
        jobs.truncate(limit);
        let next = jobs.last().filter(|_| more).map(|job| job.id);
        Ok(JobPage { jobs, next })
    }

    fn backlog(&mut self, agent: AgentId, after: u64, limit: usize) -> StoreResult<Backlog> {
        let (last_sequence, at_agent) = self
            .0
            .prepare_cached("SELECT last_sequence, at_agent FROM agents WHERE id = ?1")
            .and_then(|mut query| {
                query.query_row([agent.to_string()], |r| {
                    Ok((row::number(r, "last_sequence")?, r.get("at_agent")?))
                })
            })
            .map_err(map::<StoreError>)?;
        let mut jobs: Vec<WaitingJob> = self
            .0
            .prepare_cached(
                "SELECT id, attempt, sequence, cancel_requested_at IS NOT NULL AS withdraw
                 FROM print_jobs WHERE agent = ?1 AND state = 'queued' AND sequence > ?2
                 ORDER BY sequence LIMIT ?3",
            )
            .and_then(|mut query| {
                let limit_and_one = row::at_most(limit.saturating_add(1));
                query
                    .query_map(
                        (agent.to_string(), after.cast_signed(), limit_and_one),
                        waiting_job,
                    )?
                    .collect()
            })
            .map_err(map::<StoreError>)?;
        let more = jobs.len() > limit;
        jobs.truncate(limit);
        let through = match jobs.last() {
            _ if !more => last_sequence,
            Some(last) => last.sequence,
            None => after,
        };
        let withdrawals = if after == 0 {
            self.withdrawals(agent)?
        } else {
            Vec::new()
        };
        Ok(Backlog {
            jobs,
            through,
            more,
            at_agent,
            withdrawals,
        })
    }

    fn mark_offered(
        &mut self,
        agent: AgentId,
        keys: &[JobKey],
        now: WallTime,
    ) -> StoreResult<Vec<PrintJob>> {
        let mut offered = Vec::new();
        for key in keys {
            if let Some(mut job) = job_row::of_agent(self.0, agent, key.job)?
                && job.is_to_be_offered(agent, *key)
            {
                if job.mark_offered(now) {
                    job_row::update(self.0, &job)?;
                }
                offered.push(job);
            }
        }
        Ok(offered)
    }

    fn record(
        &mut self,
        agent: AgentId,
        entries: &[ReportEntry],
        now: WallTime,
    ) -> StoreResult<Recording> {
        let mut recording = Recording::default();
        for entry in entries {
            let (recorded, job) = self.record_one(agent, entry, now)?;
            recording.add(entry.seq, recorded, job.as_ref());
        }
        recording.at_agent = self.agent_counts(agent)?.at_agent;
        Ok(recording)
    }

    fn cancel(
        &mut self,
        tenant: TenantId,
        job: JobId,
        now: WallTime,
    ) -> StoreResult<Option<Cancelling>> {
        let Some(mut job) = self.job(tenant, job)? else {
            return Ok(None);
        };
        let stands = printer_events::stands(self.0, job.agent, &job.printer_name)?;
        let decision = job.cancel(now, stands);
        job_row::update(self.0, &job)?;
        Ok(Some(Cancelling { decision, job }))
    }

    fn resolve(
        &mut self,
        tenant: TenantId,
        job: JobId,
        resolution: Resolution,
    ) -> StoreResult<Option<Resolving>> {
        let Some(mut job) = self.job(tenant, job)? else {
            return Ok(None);
        };
        let resolved = job.resolve(resolution);
        if resolved == Ok(Resolved::Now) {
            job_row::update(self.0, &job)?;
        }
        Ok(Some(Resolving { resolved, job }))
    }

    fn record_conditions(
        &mut self,
        agent: AgentId,
        printers: &[PrinterStatus],
        now: WallTime,
    ) -> StoreResult<Vec<PrinterEvent>> {
        printer_events::record(self.0, agent, printers, now)
    }

    fn printer_events(
        &mut self,
        tenant: TenantId,
        printer: PrinterId,
        before: Option<u64>,
        limit: usize,
    ) -> StoreResult<Vec<PrinterEvent>> {
        printer_events::list(self.0, tenant, printer, before, limit)
    }

    fn expire_due(&mut self, now: WallTime, limit: usize) -> StoreResult<Vec<PrintJob>> {
        let due = self.select(
            "SELECT * FROM print_jobs
             WHERE state = 'queued' AND offered_at IS NULL AND start_by IS NOT NULL AND start_by < ?1
             ORDER BY start_by LIMIT ?2",
            (now.0, row::at_most(limit)),
        )?;
        let mut expired = Vec::new();
        for mut job in due {
            if job.expire(now) {
                job_row::update(self.0, &job)?;
                expired.push(job);
            }
        }
        Ok(expired)
    }

    fn next_epoch(&mut self, agent: AgentId) -> StoreResult<u64> {
        self.0
            .prepare_cached(
                "UPDATE agents SET last_epoch = last_epoch + 1 WHERE id = ?1 RETURNING last_epoch",
            )
            .and_then(|mut statement| {
                statement.query_row([agent.to_string()], |r| row::number(r, "last_epoch"))
            })
            .map_err(map)
    }

    fn revoke_agent(&mut self, agent: AgentId, now: WallTime) -> StoreResult<Vec<PrintJob>> {
        self.0
            .execute(
                "UPDATE agents SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1",
                (agent.to_string(), now.0),
            )
            .map_err(map::<StoreError>)?;
        let mut jobs = self.select(
            "SELECT * FROM print_jobs
             WHERE agent = ?1 AND state = 'queued' AND offered_at IS NULL ORDER BY sequence",
            [agent.to_string()],
        )?;
        jobs.retain_mut(|job| job.cancel_with_agent(now));
        for job in &jobs {
            job_row::update(self.0, job)?;
        }
        Ok(jobs)
    }

    fn agent_counts(&mut self, agent: AgentId) -> StoreResult<AgentCounts> {
        self.0
            .prepare_cached("SELECT queued, at_agent FROM agents WHERE id = ?1")
            .and_then(|mut query| {
                query.query_row([agent.to_string()], |r| {
                    Ok(AgentCounts {
                        queued: r.get("queued")?,
                        at_agent: r.get("at_agent")?,
                    })
                })
            })
            .map_err(map)
    }

    fn printer_count(&mut self, printer: PrinterId) -> StoreResult<u32> {
        self.0
            .prepare_cached(
                "SELECT count(*) FROM print_jobs WHERE printer = ?1 AND settled_at IS NULL",
            )
            .and_then(|mut query| query.query_row([printer.to_string()], |r| r.get(0)))
            .map_err(map)
    }

    fn put_document(
        &mut self,
        tenant: TenantId,
        sha256: Sha256,
        body: &[u8],
        kept_until: WallTime,
    ) -> StoreResult<()> {
        documents::put(self.0, tenant, sha256, body, kept_until)
    }

    fn forget_requests(&mut self, before: WallTime, limit: usize) -> StoreResult<u32> {
        let forgotten = self
            .0
            .prepare_cached(
                "DELETE FROM idempotency_keys WHERE (tenant, key) IN
                     (SELECT tenant, key FROM idempotency_keys WHERE first_at < ?1 LIMIT ?2)",
            )
            .and_then(|mut statement| statement.execute((before.0, row::at_most(limit))))
            .map_err(|error| of(&error))?;
        Ok(u32::try_from(forgotten).unwrap_or(u32::MAX))
    }

    fn document(&mut self, tenant: TenantId, sha256: Sha256) -> StoreResult<Option<Vec<u8>>> {
        documents::body(self.0, tenant, sha256)
    }

    fn drop_documents(&mut self, now: WallTime, limit: usize) -> StoreResult<u32> {
        documents::drop_old(self.0, now, row::at_most(limit))
    }
}

impl Jobs<'_> {
    /// Jobs at the agent whose cancellation was asked for.
    fn withdrawals(&self, agent: AgentId) -> StoreResult<Vec<JobKey>> {
        self.0
            .prepare_cached(
                "SELECT id, attempt FROM print_jobs
                 WHERE agent = :agent AND state IN ('accepted', 'started')
                   AND cancel_requested_at IS NOT NULL
                 ORDER BY sequence LIMIT :limit",
            )
            .and_then(|mut query| {
                let params = named_params! {
                    ":agent": agent.to_string(),
                    ":limit": row::at_most(AGENT_JOBS_MAX),
                };
                query.query_map(params, key)?.collect()
            })
            .map_err(map)
    }
}
