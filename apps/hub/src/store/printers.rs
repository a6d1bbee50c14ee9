//! Printers: what agents say is installed at their tills.
//!
//! What is wrong with a printer now is in [`super::conditions`], what was in
//! [`super::printer_events`].

use std::collections::BTreeSet;

use cueline_hub_core::printer_news::Condition;
use cueline_hub_core::submit::Target;
use cueline_hub_core::{JobStore as _, StoreError};
use cueline_model::limits::{
    PRINTERS_PER_AGENT_MAX, STATIONS_PER_AGENT_MAX, TERMINALS_PER_STATION_MAX,
};
use cueline_model::{
    AgentId, Capabilities, ContentType, Language, PrinterId, PrinterName, SiteId, StationName,
    TenantId, WallTime,
};
use cueline_wire::api::PrinterEvent;
use cueline_wire::cloud::{
    Inventory, InventoryReply, PrinterDescription, PrinterHandle, PrinterStatus,
};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::failure::{StorageError, map};
use super::jobs::Jobs;
use super::{Committed, Store, StoreResult, row, stations};
use crate::ids;

/// Printers of one agent that are remembered, those that are gone included. Beyond it the ones that
/// went first and have no jobs are forgotten.
const REMEMBERED_PRINTERS_MAX: i64 = 256;

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
    /// Dots along one ticket or label.
    pub height_dots: Option<u16>,
    /// What it can do; `None` where its agent does not tell.
    pub capabilities: Option<Capabilities>,
    /// Since when its agent no longer names it.
    pub gone_at: Option<WallTime>,
    /// Jobs for it that have not ended.
    pub queued: u32,
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
    /// Too many stations.
    #[error("an agent has at most {STATIONS_PER_AGENT_MAX} stations, got {got}")]
    TooManyStations {
        /// How many.
        got: usize,
    },
    /// Too many terminals.
    #[error(
        "a station has at most {TERMINALS_PER_STATION_MAX} terminals, got {got} at {station}; set up a second station for the rest"
    )]
    TooManyTerminals {
        /// Where.
        station: StationName,
        /// How many.
        got: usize,
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
        height_dots: r.get("height_dots")?,
        capabilities: row::json_option(r, "capabilities")?,
        gone_at: row::time_option(r, "gone_at")?,
        queued: r.get("queued")?,
    })
}

fn put_inventory(
    connection: &Connection,
    agent: AgentId,
    inventory: &Inventory,
    now: WallTime,
) -> Result<InventoryReply, InventoryError> {
    check_inventory(inventory)?;
    stations::check(inventory)?;
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
    stations::put(connection, tenant, agent, inventory)?;
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
    let capabilities = printer
        .capabilities
        .as_ref()
        .map(row::to_json)
        .transpose()?;
    connection
        .prepare_cached(
            "INSERT INTO printers (id, tenant, agent, name, language, content_types, width_dots,
                 height_dots, capabilities)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (agent, name) DO UPDATE SET language = excluded.language,
                 content_types = excluded.content_types, width_dots = excluded.width_dots,
                 height_dots = excluded.height_dots, capabilities = excluded.capabilities,
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
                    printer.height_dots,
                    capabilities,
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

fn agent_tenant(connection: &Connection, agent: AgentId) -> StoreResult<TenantId> {
    connection
        .prepare_cached("SELECT tenant FROM agents WHERE id = ?1")
        .and_then(|mut query| query.query_row([agent.to_string()], |r| row::parsed(r, "tenant")))
        .map_err(map)
}

/// A tenant's printer, gone or not.
pub fn printer(
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
            capabilities: printer.capabilities,
            gone: printer.gone_at.is_some(),
            agent_revoked: printer.agent_revoked,
        }))
    }

    /// Keeps what an agent says is wrong with its printers, and what this began and ended as the
    /// printers' events.
    ///
    /// # Errors
    /// See [`StoreError`]; then the events may be missing.
    pub async fn set_conditions(
        &self,
        agent: AgentId,
        printers: Vec<PrinterStatus>,
        now: WallTime,
    ) -> StoreResult<Vec<PrinterEvent>> {
        self.inner.conditions.set(agent, &printers);
        self.write(move |changes| {
            let events = Jobs(changes.connection).record_conditions(agent, &printers, now)?;
            if !events.is_empty() {
                let tenant = agent_tenant(changes.connection, agent)?;
                let told = events.iter().cloned();
                let told = told.map(|event| Committed::Printer(tenant, event));
                changes.committed.extend(told);
            }
            Ok(events)
        })
        .await
    }

    /// What is wrong with a printer, as last heard.
    #[must_use]
    pub fn condition(&self, agent: AgentId, printer: &PrinterName) -> Condition {
        self.inner.conditions.get(agent, printer)
    }

    /// A tenant's printer's events before the one numbered `before` (all: `None`), newest first, at
    /// most `limit`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn printer_events(
        &self,
        tenant: TenantId,
        printer: PrinterId,
        before: Option<u64>,
        limit: usize,
    ) -> StoreResult<Vec<PrinterEvent>> {
        self.read(move |connection| Jobs(connection).printer_events(tenant, printer, before, limit))
            .await
    }
}
