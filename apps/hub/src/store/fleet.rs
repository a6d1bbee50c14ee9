//! Agents, as far as they are durable. Whether one is online is the link room's to know.

use cueline_hub_core::payment::flow::{self, News};
use cueline_hub_core::{JobStore as _, StoreError};
use cueline_model::{AgentId, SiteId, TenantId, WallTime};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::failure::map;
use super::jobs::Jobs;
use super::payments::Payments;
use super::queue::tell;
use super::writer::Changes;
use super::{Committed, JobChange, Store, StoreResult, payment_calls, row};

/// One installed machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentRecord {
    /// Which.
    pub id: AgentId,
    /// Whose.
    pub tenant: TenantId,
    /// Where.
    pub site: SiteId,
    /// What people call it.
    pub name: String,
    /// Ed25519.
    pub public_key: [u8; 32],
    /// When it was registered.
    pub created_at: WallTime,
    /// When it was removed; its key opens nothing any more.
    pub revoked_at: Option<WallTime>,
    /// When it was last heard, as last stored.
    pub last_seen_at: Option<WallTime>,
    /// The way it comes: `direct` or `proxy HOST:PORT`.
    pub path: Option<String>,
    /// The ping period of its last link, seconds.
    pub ping_s: Option<u32>,
    /// Its version.
    pub version: Option<String>,
    /// Operating system and processor.
    pub platform: Option<String>,
}

/// When and how an agent was last heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    /// Who.
    pub agent: AgentId,
    /// When.
    pub at: WallTime,
    /// The ping period of its link, seconds.
    pub ping_s: Option<u32>,
}

fn agent_from_row(r: &Row<'_>) -> rusqlite::Result<AgentRecord> {
    Ok(AgentRecord {
        id: row::parsed(r, "id")?,
        tenant: row::parsed(r, "tenant")?,
        site: row::parsed(r, "site")?,
        name: r.get("name")?,
        public_key: r.get("public_key")?,
        created_at: row::time(r, "created_at")?,
        revoked_at: row::time_option(r, "revoked_at")?,
        last_seen_at: row::time_option(r, "last_seen_at")?,
        path: r.get("path")?,
        ping_s: r.get("ping_s")?,
        version: r.get("version")?,
        platform: r.get("platform")?,
    })
}

/// An agent of whichever tenant.
pub fn by_id(connection: &Connection, agent: AgentId) -> StoreResult<Option<AgentRecord>> {
    connection
        .prepare_cached("SELECT * FROM agents WHERE id = ?1")
        .and_then(|mut query| {
            query
                .query_row([agent.to_string()], agent_from_row)
                .optional()
        })
        .map_err(map)
}

/// A new agent.
pub fn insert(connection: &Connection, agent: &AgentRecord) -> StoreResult<()> {
    connection
        .execute(
            "INSERT INTO agents (id, tenant, site, name, public_key, created_at, version, platform)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (
                agent.id.to_string(),
                agent.tenant.to_string(),
                agent.site.to_string(),
                &agent.name,
                agent.public_key,
                agent.created_at.0,
                &agent.version,
                &agent.platform,
            ),
        )
        .map_err(map::<StoreError>)?;
    Ok(())
}

fn revoke(
    changes: &mut Changes<'_>,
    tenant: TenantId,
    agent: AgentId,
    now: WallTime,
) -> StoreResult<Option<AgentRecord>> {
    let connection = changes.connection;
    let Some(mut record) = by_id(connection, agent)?.filter(|record| record.tenant == tenant)
    else {
        return Ok(None);
    };
    if record.revoked_at.is_some() {
        return Ok(Some(record));
    }
    record.revoked_at = Some(now);
    for job in Jobs(connection).revoke_agent(agent, now)? {
        tell(changes, &job, JobChange::Settled)?;
    }
    let mut news = News::default();
    flow::drop_agent(&mut Payments(connection), agent, now, &mut news)?;
    payment_calls::tell(changes, news);
    changes.committed.push(Committed::AgentRevoked(agent));
    Ok(Some(record))
}

impl Store {
    /// An agent of whichever tenant, to check its signature; removed ones included.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn agent_by_id(&self, agent: AgentId) -> StoreResult<Option<AgentRecord>> {
        self.read(move |connection| by_id(connection, agent)).await
    }

    /// A tenant's agent, removed or not.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn agent(
        &self,
        tenant: TenantId,
        agent: AgentId,
    ) -> StoreResult<Option<AgentRecord>> {
        let record = self.agent_by_id(agent).await?;
        Ok(record.filter(|record| record.tenant == tenant))
    }

    /// A tenant's agents before `after` (all: `None`), newest first, at most `limit`, removed ones
    /// included.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn agents(
        &self,
        tenant: TenantId,
        after: Option<AgentId>,
        limit: usize,
    ) -> StoreResult<Vec<AgentRecord>> {
        self.read(move |connection| {
            let sql =
                "SELECT * FROM agents WHERE tenant = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
            row::page(connection, sql, tenant, after, limit, agent_from_row)
        })
        .await
    }

    /// Removes an agent: its key opens nothing any more, jobs it was never offered are cancelled. The
    /// watcher is told, so that its link is cut. `None` when the tenant has no such agent.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn revoke_agent(
        &self,
        tenant: TenantId,
        agent: AgentId,
        now: WallTime,
    ) -> StoreResult<Option<AgentRecord>> {
        let revoked = self
            .write(move |changes| revoke(changes, tenant, agent, now))
            .await?;
        if revoked.is_some() {
            self.inner.conditions.forget(agent);
        }
        Ok(revoked)
    }

    /// Stores when agents were last heard. Meant for many at once, at times of the caller's choosing:
    /// a write for each pong would be most of a hub's writes.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn seen(&self, sightings: Vec<Sighting>) -> StoreResult<()> {
        self.write(move |changes| {
            for sighting in &sightings {
                changes
                    .connection
                    .prepare_cached(
                        "UPDATE agents SET last_seen_at = max(coalesce(last_seen_at, ?2), ?2),
                             ping_s = coalesce(?3, ping_s) WHERE id = ?1",
                    )
                    .and_then(|mut statement| {
                        statement.execute((
                            sighting.agent.to_string(),
                            sighting.at.0,
                            sighting.ping_s,
                        ))
                    })
                    .map_err(map::<StoreError>)?;
            }
            Ok(())
        })
        .await
    }
}
