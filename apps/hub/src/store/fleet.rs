//! Agents and printers, as far as they are durable.
//!
//! Whether an agent is online is the link room's to know; what is wrong with a printer is in
//! [`super::faults`].

use std::collections::BTreeSet;

use cueline_hub_core::submit::Target;
use cueline_hub_core::{JobStore as _, StoreError};
use cueline_model::limits::PRINTERS_PER_AGENT_MAX;
use cueline_model::{
    AgentId, ContentType, Fault, Language, PrinterId, PrinterName, SiteId, TenantId, WallTime,
};
use cueline_wire::cloud::{
    Inventory, InventoryReply, PrinterDescription, PrinterHandle, PrinterStatus,
};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::failure::{StorageError, map};
use super::jobs::Jobs;
use super::queue::tell;
use super::writer::Changes;
use super::{Committed, JobChange, Store, StoreResult, row};
use crate::ids;

/// Printers of one agent that are remembered, those that are gone included. Beyond it the ones that
/// went first and have no jobs are forgotten.
const REMEMBERED_PRINTERS_MAX: i64 = 256;

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

/// One printer of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrinterRecord {
    /// Which.
    pub id: PrinterId,
    /// Whose.
    pub agent: AgentId,
    /// What people call that agent.
    pub agent_name: String,
    /// Whether that agent was removed.
    pub agent_revoked: bool,
    /// Where that agent stands.
    pub site: SiteId,
    /// Its name on its agent.
    pub name: PrinterName,
    /// What it speaks.
    pub language: Language,
    /// What it prints.
    pub content_types: Vec<ContentType>,
    /// Dots across the head.
    pub width_dots: Option<u16>,
    /// Since when its agent no longer names it.
    pub gone_at: Option<WallTime>,
    /// Jobs for it that have not ended.
    pub queued: u32,
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

/// Why an inventory was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InventoryError {
    /// Too many printers.
    #[error(
        "an agent has at most {PRINTERS_PER_AGENT_MAX} printers, got {got}; set up a second agent for the rest"
    )]
    TooManyPrinters {
        /// How many.
        got: usize,
    },
    /// Two printers of one name.
    #[error("two printers are named {name}; each needs a name of its own")]
    SameName {
        /// Which.
        name: PrinterName,
    },
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StorageError for InventoryError {
    fn storage(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
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

/// What a printer's row is read from.
const PRINTERS: &str = "SELECT printers.*, agents.name AS agent_name, agents.site AS site,
         agents.revoked_at IS NOT NULL AS agent_revoked,
         (SELECT count(*) FROM print_jobs
             WHERE print_jobs.printer = printers.id AND settled_at IS NULL) AS queued
     FROM printers JOIN agents ON agents.id = printers.agent";

fn printer_from_row(r: &Row<'_>) -> rusqlite::Result<PrinterRecord> {
    Ok(PrinterRecord {
        id: row::parsed(r, "id")?,
        agent: row::parsed(r, "agent")?,
        agent_name: r.get("agent_name")?,
        agent_revoked: r.get("agent_revoked")?,
        site: row::parsed(r, "site")?,
        name: row::parsed(r, "name")?,
        language: row::word(r, "language")?,
        content_types: row::json(r, "content_types")?,
        width_dots: r.get("width_dots")?,
        gone_at: row::time_option(r, "gone_at")?,
        queued: r.get("queued")?,
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
    changes.committed.push(Committed::AgentRevoked(agent));
    Ok(Some(record))
}

fn put_inventory(
    connection: &Connection,
    agent: AgentId,
    inventory: &Inventory,
    now: WallTime,
) -> Result<InventoryReply, InventoryError> {
    check_inventory(inventory)?;
    let tenant: TenantId = connection
        .query_row(
            "UPDATE agents SET version = ?2, platform = ?3, path = ?4 WHERE id = ?1 RETURNING tenant",
            (
                agent.to_string(),
                &inventory.agent_version,
                &inventory.platform,
                &inventory.path,
            ),
            |r| row::parsed(r, "tenant"),
        )
        .map_err(map::<StoreError>)?;
    // Those that are named again come back below, with the ids they had.
    connection
        .execute(
            "UPDATE printers SET gone_at = ?2 WHERE agent = ?1 AND gone_at IS NULL",
            (agent.to_string(), now.0),
        )
        .map_err(map::<StoreError>)?;
    let mut printers = Vec::new();
    for printer in &inventory.printers {
        printers.push(PrinterHandle {
            name: printer.name.clone(),
            id: put_printer(connection, tenant, agent, printer)?,
        });
    }
    forget_printers(connection, agent)?;
    Ok(InventoryReply { printers })
}

fn check_inventory(inventory: &Inventory) -> Result<(), InventoryError> {
    let got = inventory.printers.len();
    if got > PRINTERS_PER_AGENT_MAX {
        return Err(InventoryError::TooManyPrinters { got });
    }
    let mut names = BTreeSet::new();
    match inventory.printers.iter().find(|p| !names.insert(&p.name)) {
        Some(twice) => Err(InventoryError::SameName {
            name: twice.name.clone(),
        }),
        None => Ok(()),
    }
}

fn put_printer(
    connection: &Connection,
    tenant: TenantId,
    agent: AgentId,
    printer: &PrinterDescription,
) -> StoreResult<PrinterId> {
    let content_types = row::to_json(&printer.content_types)?;
    connection
        .prepare_cached(
            "INSERT INTO printers (id, tenant, agent, name, language, content_types, width_dots)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (agent, name) DO UPDATE SET language = excluded.language,
                 content_types = excluded.content_types, width_dots = excluded.width_dots,
                 gone_at = NULL
             RETURNING id",
        )
        .and_then(|mut statement| {
            statement.query_row(
                (
                    ids::printer().to_string(),
                    tenant.to_string(),
                    agent.to_string(),
                    printer.name.as_str(),
                    printer.language.as_str(),
                    content_types,
                    printer.width_dots,
                ),
                |r| row::parsed(r, "id"),
            )
        })
        .map_err(map)
}

fn forget_printers(connection: &Connection, agent: AgentId) -> StoreResult<()> {
    connection
        .prepare_cached(
            "DELETE FROM printers WHERE id IN (
                 SELECT id FROM printers WHERE agent = ?1
                 ORDER BY gone_at IS NOT NULL, gone_at DESC LIMIT -1 OFFSET ?2)
             AND gone_at IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM print_jobs WHERE print_jobs.printer = printers.id)",
        )
        .and_then(|mut statement| statement.execute((agent.to_string(), REMEMBERED_PRINTERS_MAX)))
        .map_err(map::<StoreError>)?;
    Ok(())
}

fn printer(
    connection: &Connection,
    tenant: TenantId,
    printer: PrinterId,
) -> StoreResult<Option<PrinterRecord>> {
    connection
        .prepare_cached(&format!(
            "{PRINTERS} WHERE printers.tenant = ?1 AND printers.id = ?2"
        ))
        .and_then(|mut query| {
            query
                .query_row([tenant.to_string(), printer.to_string()], printer_from_row)
                .optional()
        })
        .map_err(map)
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
            self.inner.faults.forget(agent);
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

    /// Stores what is installed at an agent's till. A printer keeps its id for as long as its name on
    /// its agent, also while it is gone.
    ///
    /// # Errors
    /// See [`InventoryError`].
    pub async fn put_inventory(
        &self,
        agent: AgentId,
        inventory: Inventory,
        now: WallTime,
    ) -> Result<InventoryReply, InventoryError> {
        self.write(move |changes| put_inventory(changes.connection, agent, &inventory, now))
            .await
    }

    /// A tenant's printer, gone or not.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn printer(
        &self,
        tenant: TenantId,
        id: PrinterId,
    ) -> StoreResult<Option<PrinterRecord>> {
        self.read(move |connection| printer(connection, tenant, id))
            .await
    }

    /// A tenant's printers that are set up on agents that are not removed, before `after` (all:
    /// `None`), newest first, at most `limit`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn printers(
        &self,
        tenant: TenantId,
        after: Option<PrinterId>,
        limit: usize,
    ) -> StoreResult<Vec<PrinterRecord>> {
        self.read(move |connection| {
            let sql = format!(
                "{PRINTERS} WHERE printers.tenant = ?1 AND printers.id < ?2
                     AND gone_at IS NULL AND agents.revoked_at IS NULL
                 ORDER BY printers.id DESC LIMIT ?3"
            );
            row::page(connection, &sql, tenant, after, limit, printer_from_row)
        })
        .await
    }

    /// A printer as [`cueline_hub_core::submit::check`] needs it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn target(&self, tenant: TenantId, id: PrinterId) -> StoreResult<Option<Target>> {
        let printer = self.printer(tenant, id).await?;
        Ok(printer.map(|printer| Target {
            printer: printer.id,
            name: printer.name,
            tenant,
            site: printer.site,
            agent: printer.agent,
            content_types: printer.content_types,
            gone: printer.gone_at.is_some(),
            agent_revoked: printer.agent_revoked,
        }))
    }

    /// Keeps what an agent says is wrong with its printers, in memory: after a restart the agent tells
    /// it again.
    pub fn set_faults(&self, agent: AgentId, printers: &[PrinterStatus]) {
        self.inner.faults.set(agent, printers);
    }

    /// What is wrong with a printer, as last heard.
    #[must_use]
    pub fn fault(&self, agent: AgentId, printer: &PrinterName) -> Option<Fault> {
        self.inner.faults.get(agent, printer)
    }
}
