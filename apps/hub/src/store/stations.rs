//! Desks and their card terminals: what agents say of the trays that are there.

use std::collections::BTreeMap;

use cueline_hub_core::StoreError;
use cueline_hub_core::payment::check::{Desk, DeskTerminal};
use cueline_model::card_number::mask_card_numbers;
use cueline_model::limits::{STATIONS_PER_AGENT_MAX, TERMINALS_PER_STATION_MAX};
use cueline_model::{
    AgentId, PaymentId, SiteId, StationId, StationName, TenantId, TerminalId, TerminalName,
    TerminalProtocol,
};
use cueline_wire::cloud::{Inventory, StationDescription};
use rusqlite::{Connection, Row};

use super::failure::map;
use super::printers::InventoryError;
use super::{Store, StoreResult, row};
use crate::ids;

/// Characters kept of who is logged in.
const USER_CHARS_MAX: usize = 100;

/// A desk as last told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StationRecord {
    /// Which.
    pub id: StationId,
    /// Its name on its agent.
    pub name: StationName,
    /// Its agent.
    pub agent: AgentId,
    /// What people call that agent.
    pub agent_name: String,
    /// Whether that agent was removed.
    pub agent_revoked: bool,
    /// Where that agent stands.
    pub site: SiteId,
    /// Who is logged in.
    pub user: String,
    /// How many trays answered for it; 0: it is gone.
    pub trays: u32,
    /// Its terminals.
    pub terminals: Vec<TerminalRecord>,
}

/// A terminal as last told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalRecord {
    /// Which.
    pub id: TerminalId,
    /// Its station.
    pub station: StationId,
    /// Its name there.
    pub name: TerminalName,
    /// What it speaks.
    pub protocol: TerminalProtocol,
    /// The payment it may be at.
    pub payment: Option<PaymentId>,
}

impl StationRecord {
    /// As a payment's check needs it.
    #[must_use]
    pub fn desk(&self, agent_online: bool) -> Desk {
        let terminals = self.terminals.iter().map(|terminal| DeskTerminal {
            id: terminal.id,
            name: terminal.name.clone(),
            protocol: terminal.protocol,
        });
        Desk {
            station: self.id,
            name: self.name.clone(),
            agent: self.agent,
            site: self.site,
            agent_online,
            trays: self.trays,
            terminals: terminals.collect(),
        }
    }
}

/// Checks what an inventory says of stations.
pub fn check(inventory: &Inventory) -> Result<(), InventoryError> {
    let got = inventory.stations.len();
    if got > STATIONS_PER_AGENT_MAX {
        return Err(InventoryError::TooManyStations { got });
    }
    for station in &inventory.stations {
        let got = station.terminals.len();
        if got > TERMINALS_PER_STATION_MAX {
            return Err(InventoryError::TooManyTerminals {
                station: station.name.clone(),
                got,
            });
        }
    }
    Ok(())
}

/// Stores the desks whose trays are there; what is not named is gone, but keeps its id for when it is back.
pub fn put(
    connection: &Connection,
    tenant: TenantId,
    agent: AgentId,
    inventory: &Inventory,
) -> StoreResult<()> {
    connection
        .prepare_cached("UPDATE stations SET trays = 0 WHERE agent = ?1")
        .and_then(|mut statement| statement.execute([agent.to_string()]))
        .map_err(map::<StoreError>)?;
    let mut by_name: BTreeMap<&StationName, Vec<&StationDescription>> = BTreeMap::new();
    for station in &inventory.stations {
        by_name.entry(&station.name).or_default().push(station);
    }
    for (name, trays) in by_name {
        let station = put_station(connection, (tenant, agent), name, &trays)?;
        connection
            .prepare_cached("UPDATE terminals SET gone = 1 WHERE station = ?1")
            .and_then(|mut statement| statement.execute([station.to_string()]))
            .map_err(map::<StoreError>)?;
        for terminal in trays.iter().flat_map(|tray| &tray.terminals) {
            connection
                .prepare_cached(
                    "INSERT INTO terminals (id, tenant, station, name, protocol, gone)
                     VALUES (?1, ?2, ?3, ?4, ?5, 0)
                     ON CONFLICT (station, name) DO UPDATE SET protocol = excluded.protocol,
                         gone = 0",
                )
                .and_then(|mut statement| {
                    statement.execute((
                        ids::terminal().to_string(),
                        tenant.to_string(),
                        station.to_string(),
                        terminal.name.as_str(),
                        terminal.protocol.as_str(),
                    ))
                })
                .map_err(map::<StoreError>)?;
        }
    }
    Ok(())
}

fn put_station(
    connection: &Connection,
    (tenant, agent): (TenantId, AgentId),
    name: &StationName,
    trays: &[&StationDescription],
) -> StoreResult<StationId> {
    let users: Vec<_> = trays.iter().map(|tray| tray.user.as_str()).collect();
    let user = mask_card_numbers(&users.join(", ").replace(char::is_control, " "));
    let user: String = user.chars().take(USER_CHARS_MAX).collect();
    connection
        .prepare_cached(
            "INSERT INTO stations (id, tenant, agent, name, user, trays)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (agent, name) DO UPDATE SET user = excluded.user, trays = excluded.trays
             RETURNING id",
        )
        .and_then(|mut statement| {
            statement.query_row(
                (
                    ids::station().to_string(),
                    tenant.to_string(),
                    agent.to_string(),
                    name.as_str(),
                    user,
                    row::at_most(trays.len()),
                ),
                |r| row::parsed(r, "id"),
            )
        })
        .map_err(map)
}

fn station_from_row(r: &Row<'_>) -> rusqlite::Result<StationRecord> {
    Ok(StationRecord {
        id: row::parsed(r, "id")?,
        name: row::parsed(r, "name")?,
        agent: row::parsed(r, "agent")?,
        agent_name: r.get("agent_name")?,
        agent_revoked: r.get("agent_revoked")?,
        site: row::parsed(r, "site")?,
        user: r.get("user")?,
        trays: r.get("trays")?,
        terminals: Vec::new(),
    })
}

fn terminals(connection: &Connection, station: StationId) -> rusqlite::Result<Vec<TerminalRecord>> {
    let mut query = connection.prepare_cached(
        "SELECT terminals.*, (SELECT id FROM payments
             WHERE payments.terminal = terminals.id AND settled_at IS NULL
               AND state IN ('started', 'awaiting_clerk', 'unknown')
             ORDER BY id LIMIT 1) AS payment
         FROM terminals WHERE station = ?1 AND NOT gone ORDER BY name",
    )?;
    let found = query.query_map([station.to_string()], |r| {
        Ok(TerminalRecord {
            id: row::parsed(r, "id")?,
            station,
            name: row::parsed(r, "name")?,
            protocol: row::word(r, "protocol")?,
            payment: row::parsed_option(r, "payment")?,
        })
    })?;
    found.collect()
}

/// Of agents that are not removed.
const STATIONS: &str = "SELECT stations.*, agents.name AS agent_name, agents.site AS site,
         agents.revoked_at IS NOT NULL AS agent_revoked
     FROM stations JOIN agents ON agents.id = stations.agent
     WHERE agents.revoked_at IS NULL AND stations.tenant = ?1";

impl Store {
    /// A tenant's desks before `after` (all: `None`), newest first, at most `limit`, with those whose tray is
    /// not there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn stations(
        &self,
        tenant: TenantId,
        after: Option<StationId>,
        limit: usize,
    ) -> StoreResult<Vec<StationRecord>> {
        self.read(move |connection| {
            let sql = format!("{STATIONS} AND stations.id < ?2 ORDER BY stations.id DESC LIMIT ?3");
            let mut found = row::page(connection, &sql, tenant, after, limit, station_from_row)?;
            for station in &mut found {
                station.terminals = terminals(connection, station.id).map_err(map::<StoreError>)?;
            }
            Ok(found)
        })
        .await
    }

    /// A tenant's desks that `meant` may mean: one by its id, or all of that name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn stations_meant(
        &self,
        tenant: TenantId,
        meant: String,
    ) -> StoreResult<Vec<StationRecord>> {
        self.read(move |connection| {
            let sql = format!("{STATIONS} AND (stations.id = ?2 OR stations.name = ?2)");
            let found = || {
                let mut query = connection.prepare_cached(&sql)?;
                let found = query.query_map((tenant.to_string(), &meant), station_from_row)?;
                let mut found: Vec<_> = found.collect::<rusqlite::Result<_>>()?;
                for station in &mut found {
                    station.terminals = terminals(connection, station.id)?;
                }
                Ok(found)
            };
            found().map_err(map::<StoreError>)
        })
        .await
    }
}
