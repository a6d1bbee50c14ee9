//! PrintNode's webhooks and the events that wait to be delivered to them. Migration 003 writes an event
//! with the step of the job that it tells of.

use std::time::Duration;

use cueline_hub_core::StoreError;
use cueline_model::{JobId, JobState, TenantId, WallTime};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::failure::{StorageError, map};
use super::printnode::{self, NumberedJob};
use super::{Store, StoreResult, row};

/// Webhooks of one tenant: PrintNode's own limit.
const WEBHOOKS_MAX: u32 = 5;
/// Events in one request.
const EVENTS_PER_REQUEST: i64 = 100;
/// An event that could not be delivered for so long is dropped.
const EVENTS_KEPT: Duration = Duration::from_secs(24 * 3_600);
/// The first pause after a failed request; it doubles with each more.
const PAUSE_MS: i64 = 5_000;
/// The longest pause.
const PAUSE_MS_MAX: i64 = 10 * 60 * 1_000;

/// A webhook.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookRecord {
    /// Its number, which no other of the hub has.
    pub number: u32,
    /// Where it leads.
    pub url: String,
    /// What the receiver knows it by.
    pub secret: String,
    /// The kinds of events asked for, as given.
    pub messages: Vec<String>,
    /// Whether events are gathered and delivered.
    pub enabled: bool,
    /// Events ever.
    pub received: u64,
    /// Of these, those never delivered.
    pub dropped: u64,
    /// Requests that were answered as they should be.
    pub succeeded: u64,
    /// Requests that were not.
    pub failed: u64,
}

/// A webhook to be made, or what one is to be changed to.
#[derive(Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// See [`WebhookRecord::url`].
    pub url: String,
    /// See [`WebhookRecord::secret`].
    pub secret: String,
    /// See [`WebhookRecord::messages`].
    pub messages: Vec<String>,
    /// See [`WebhookRecord::enabled`].
    pub enabled: bool,
}

/// One step of a job, to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEvent {
    /// Rising with time.
    pub number: i64,
    /// The job as it is now.
    pub job: NumberedJob,
    /// The state that it came to.
    pub state: JobState,
    /// When.
    pub at: WallTime,
}

/// A webhook with what is to be delivered to it now.
#[derive(Clone, PartialEq, Eq)]
pub struct DueWebhook {
    /// Its number.
    pub number: u32,
    /// Its tenant's number as an account.
    pub account: u32,
    /// Where it leads.
    pub url: String,
    /// What the receiver knows it by.
    pub secret: String,
    /// Oldest first.
    pub events: Vec<WebhookEvent>,
}

/// Why a webhook was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The tenant has as many as it may.
    #[error("there are {WEBHOOKS_MAX} webhooks already; remove one of them first")]
    TooMany,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StorageError for WebhookError {
    fn storage(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::TooMany => None,
        }
    }
}

fn from_row(r: &Row<'_>) -> rusqlite::Result<WebhookRecord> {
    Ok(WebhookRecord {
        number: r.get("number")?,
        url: r.get("url")?,
        secret: r.get("secret")?,
        messages: row::json(r, "messages")?,
        enabled: r.get("enabled")?,
        received: row::number(r, "received")?,
        dropped: row::number(r, "dropped")?,
        succeeded: row::number(r, "succeeded")?,
        failed: row::number(r, "failed")?,
    })
}

fn events(
    connection: &Connection,
    tenant: TenantId,
    webhook: u32,
) -> StoreResult<Vec<WebhookEvent>> {
    let found: Vec<(i64, u32, JobId, JobState, WallTime)> = connection
        .prepare_cached(
            "SELECT e.number AS number, n.number AS job_number, e.job AS job, state, at
             FROM printnode_events AS e JOIN printnode_jobs AS n ON n.job = e.job
             WHERE webhook = ?1 ORDER BY e.number LIMIT ?2",
        )
        .and_then(|mut query| {
            let rows = query.query_map((webhook, EVENTS_PER_REQUEST), |r| {
                Ok((
                    r.get("number")?,
                    r.get("job_number")?,
                    row::parsed(r, "job")?,
                    row::parsed(r, "state")?,
                    row::time(r, "at")?,
                ))
            })?;
            rows.collect()
        })
        .map_err(map::<StoreError>)?;
    let numbered = found
        .into_iter()
        .map(|(number, job_number, job, state, at)| {
            Ok(WebhookEvent {
                number,
                job: printnode::job(connection, tenant, job_number, job)?,
                state,
                at,
            })
        });
    numbered.collect()
}

impl Store {
    /// A tenant's webhooks, newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn webhooks(&self, tenant: TenantId) -> StoreResult<Vec<WebhookRecord>> {
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT * FROM printnode_webhooks WHERE tenant = ?1 ORDER BY number DESC",
                )
                .and_then(|mut query| query.query_map([tenant.to_string()], from_row)?.collect())
                .map_err(map)
        })
        .await
    }

    /// Makes a webhook; steps of jobs are gathered for it from the commit on.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub async fn add_webhook(
        &self,
        tenant: TenantId,
        new: NewWebhook,
        now: WallTime,
    ) -> Result<WebhookRecord, WebhookError> {
        self.write(move |changes| {
            let messages = row::to_json(&new.messages)?;
            let added = changes
                .connection
                .query_row(
                    "INSERT INTO printnode_webhooks
                         (tenant, url, secret, messages, enabled, created_at)
                     SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?7 >
                         (SELECT count(*) FROM printnode_webhooks WHERE tenant = ?1)
                     RETURNING *",
                    (
                        tenant.to_string(),
                        &new.url,
                        &new.secret,
                        messages,
                        new.enabled,
                        now.0,
                        WEBHOOKS_MAX,
                    ),
                    from_row,
                )
                .optional()
                .map_err(map::<StoreError>)?;
            added.ok_or(WebhookError::TooMany)
        })
        .await
    }

    /// Changes a webhook of the tenant's; what waits is tried at once. `None`: there is none such.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn change_webhook(
        &self,
        tenant: TenantId,
        number: u32,
        new: NewWebhook,
    ) -> StoreResult<Option<WebhookRecord>> {
        self.write(move |changes| {
            let messages = row::to_json(&new.messages)?;
            changes
                .connection
                .query_row(
                    "UPDATE printnode_webhooks SET url = ?3, secret = ?4, messages = ?5,
                         enabled = ?6, failures = 0, next_at = 0
                     WHERE tenant = ?1 AND number = ?2 RETURNING *",
                    (
                        tenant.to_string(),
                        number,
                        &new.url,
                        &new.secret,
                        messages,
                        new.enabled,
                    ),
                    from_row,
                )
                .optional()
                .map_err(map)
        })
        .await
    }

    /// Removes a webhook of the tenant's with what waits for it; says whether there was one.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn remove_webhook(&self, tenant: TenantId, number: u32) -> StoreResult<bool> {
        self.write(move |changes| {
            changes
                .connection
                .execute(
                    "DELETE FROM printnode_webhooks WHERE tenant = ?1 AND number = ?2",
                    (tenant.to_string(), number),
                )
                .map(|removed| removed > 0)
                .map_err(map)
        })
        .await
    }

    /// Those webhooks, of all tenants, that have something to be delivered now, without `busy` ones.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn due_webhooks(
        &self,
        busy: Vec<u32>,
        limit: usize,
        now: WallTime,
    ) -> StoreResult<Vec<DueWebhook>> {
        self.read(move |connection| {
            let busy: Vec<String> = busy.iter().map(u32::to_string).collect();
            let sql = format!(
                "SELECT w.number AS number, a.number AS account, w.tenant AS tenant, url, secret
                 FROM printnode_webhooks AS w JOIN printnode_accounts AS a ON a.tenant = w.tenant
                 WHERE enabled AND waiting > 0 AND next_at <= ?1 AND w.number NOT IN ({})
                 ORDER BY next_at LIMIT ?2",
                busy.join(",")
            );
            let due: Vec<(u32, u32, TenantId, String, String)> = connection
                .prepare(&sql)
                .and_then(|mut query| {
                    let rows = query.query_map((now.0, row::at_most(limit)), |r| {
                        Ok((
                            r.get("number")?,
                            r.get("account")?,
                            row::parsed(r, "tenant")?,
                            r.get("url")?,
                            r.get("secret")?,
                        ))
                    })?;
                    rows.collect()
                })
                .map_err(map::<StoreError>)?;
            let with_events = due
                .into_iter()
                .map(|(number, account, tenant, url, secret)| {
                    Ok(DueWebhook {
                        number,
                        account,
                        url,
                        secret,
                        events: events(connection, tenant, number)?,
                    })
                });
            with_events.collect()
        })
        .await
    }

    /// Notes that a webhook's events up to `through` were delivered: they are forgotten.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn webhook_delivered(&self, number: u32, through: i64) -> StoreResult<()> {
        self.write(move |changes| {
            let connection = changes.connection;
            let gone = connection
                .execute(
                    "DELETE FROM printnode_events WHERE webhook = ?1 AND number <= ?2",
                    (number, through),
                )
                .map_err(map::<StoreError>)?;
            connection
                .execute(
                    "UPDATE printnode_webhooks SET waiting = waiting - ?2,
                         succeeded = succeeded + 1, failures = 0, next_at = 0 WHERE number = ?1",
                    (number, row::at_most(gone)),
                )
                .map(drop)
                .map_err(map)
        })
        .await
    }

    /// Notes that a request to a webhook failed: it is tried again after a pause that grows, without
    /// the events that are a day old.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn webhook_failed(&self, number: u32, now: WallTime) -> StoreResult<()> {
        self.write(move |changes| {
            let connection = changes.connection;
            let gone = connection
                .execute(
                    "DELETE FROM printnode_events WHERE webhook = ?1 AND at < ?2",
                    (number, (now - EVENTS_KEPT).0),
                )
                .map_err(map::<StoreError>)?;
            connection
                .execute(
                    "UPDATE printnode_webhooks SET waiting = waiting - ?2, dropped = dropped + ?2,
                         failed = failed + 1, failures = failures + 1,
                         next_at = ?3 + min(?4 << min(failures, 20), ?5)
                     WHERE number = ?1",
                    (number, row::at_most(gone), now.0, PAUSE_MS, PAUSE_MS_MAX),
                )
                .map(drop)
                .map_err(map)
        })
        .await
    }
}
