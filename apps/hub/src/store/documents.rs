//! Documents by their SHA-256, once per tenant, with their retention.

use cueline_hub_core::store::DOUBT_KEPT;
use cueline_hub_core::{PrintJob, StoreError};
use cueline_model::{AgentId, JobId, Sha256, TenantId, WallTime};
use rusqlite::{Connection, OptionalExtension as _};

use super::failure::map;
use super::{Store, StoreResult, job_row};

/// First bytes that can be read without the rest.
const HEAD_BYTES: usize = 16;

/// What can be told of a document without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentHead {
    /// How long it is.
    pub bytes: u64,
    /// Its first 16 bytes.
    pub head: Vec<u8>,
}

/// Stores a document unless it is there, and keeps it for the longer of the two times.
pub fn put(
    connection: &Connection,
    tenant: TenantId,
    sha256: Sha256,
    body: &[u8],
    kept_until: WallTime,
) -> StoreResult<()> {
    let kept = connection
        .prepare_cached(
            "UPDATE documents SET kept_until = max(kept_until, ?3) WHERE tenant = ?1 AND sha256 = ?2",
        )
        .and_then(|mut statement| statement.execute((tenant.to_string(), sha256.0, kept_until.0)))
        .map_err(map::<StoreError>)?;
    if kept > 0 {
        return Ok(());
    }
    let head = &body[..body.len().min(HEAD_BYTES)];
    let bytes = i64::try_from(body.len()).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "INSERT INTO documents (tenant, sha256, kept_until, bytes, head, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .and_then(|mut statement| {
            statement.execute((
                tenant.to_string(),
                sha256.0,
                kept_until.0,
                bytes,
                head,
                body,
            ))
        })
        .map_err(map)?;
    Ok(())
}

/// What can be told of a document without reading it.
pub fn head(
    connection: &Connection,
    tenant: TenantId,
    sha256: Sha256,
) -> StoreResult<Option<DocumentHead>> {
    connection
        .prepare_cached("SELECT bytes, head FROM documents WHERE tenant = ?1 AND sha256 = ?2")
        .and_then(|mut query| {
            query
                .query_row((tenant.to_string(), sha256.0), |r| {
                    Ok(DocumentHead {
                        bytes: r.get::<_, i64>(0)?.cast_unsigned(),
                        head: r.get(1)?,
                    })
                })
                .optional()
        })
        .map_err(map)
}

/// A document.
pub fn body(
    connection: &Connection,
    tenant: TenantId,
    sha256: Sha256,
) -> StoreResult<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT body FROM documents WHERE tenant = ?1 AND sha256 = ?2")
        .and_then(|mut query| {
            query
                .query_row((tenant.to_string(), sha256.0), |r| r.get(0))
                .optional()
        })
        .map_err(map)
}

/// Deletes what nobody needs any more.
pub fn drop_old(connection: &Connection, now: WallTime, limit: i64) -> StoreResult<u32> {
    let dropped = connection
        .prepare_cached(
            "DELETE FROM documents WHERE number IN (
                 SELECT number FROM documents AS d
                 WHERE kept_until < ?1 AND NOT EXISTS (
                     SELECT 1 FROM print_jobs AS j
                     WHERE j.tenant = d.tenant AND j.sha256 = d.sha256 AND j.settled_at IS NULL)
                 AND NOT EXISTS (
                     SELECT 1 FROM print_jobs AS j
                     WHERE j.tenant = d.tenant AND j.sha256 = d.sha256
                         AND j.state = 'uncertain' AND j.resolution IS NULL AND j.settled_at > ?3)
                 LIMIT ?2)",
        )
        .and_then(|mut statement| statement.execute((now.0, limit, (now - DOUBT_KEPT).0)))
        .map_err(map::<StoreError>)?;
    Ok(u32::try_from(dropped).unwrap_or(u32::MAX))
}

impl Store {
    /// Stores a document; the caller has made sure that `sha256` is the digest of `body`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn put_document(
        &self,
        tenant: TenantId,
        sha256: Sha256,
        body: Vec<u8>,
        kept_until: WallTime,
    ) -> StoreResult<()> {
        self.write(move |changes| put(changes.connection, tenant, sha256, &body, kept_until))
            .await
    }

    /// What can be told of a document without reading it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn document_head(
        &self,
        tenant: TenantId,
        sha256: Sha256,
    ) -> StoreResult<Option<DocumentHead>> {
        self.read(move |connection| head(connection, tenant, sha256))
            .await
    }

    /// A tenant's document, whole (at most [`cueline_model::limits::DOCUMENT_BYTES_MAX`]).
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn document(&self, tenant: TenantId, sha256: Sha256) -> StoreResult<Option<Vec<u8>>> {
        self.read(move |connection| body(connection, tenant, sha256))
            .await
    }

    /// A job of this agent that has not ended: the agent may fetch its document.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn open_job(&self, agent: AgentId, job: JobId) -> StoreResult<Option<PrintJob>> {
        self.read(move |connection| {
            let job = job_row::of_agent(connection, agent, job)?;
            Ok(job.filter(|job| !job.state.is_settled()))
        })
        .await
    }
}
