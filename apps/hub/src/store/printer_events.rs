//! What was wrong with printers and when: the newest events of each.

use cueline_hub_core::StoreError;
use cueline_hub_core::printer_news::{Condition, PRINTER_EVENTS_MAX, news};
use cueline_model::{AgentId, PrinterId, PrinterName, TenantId, WallTime};
use cueline_wire::Timestamp;
use cueline_wire::api::PrinterEvent;
use cueline_wire::cloud::PrinterStatus;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::failure::map;
use super::{StoreResult, row};

struct Known {
    id: PrinterId,
    condition: Condition,
}

fn known(
    connection: &Connection,
    agent: AgentId,
    name: &PrinterName,
) -> StoreResult<Option<Known>> {
    connection
        .prepare_cached("SELECT id, fault, warning FROM printers WHERE agent = ?1 AND name = ?2")
        .and_then(|mut query| {
            query
                .query_row((agent.to_string(), name.as_str()), |r| {
                    Ok(Known {
                        id: row::parsed(r, "id")?,
                        condition: Condition {
                            fault: row::json_option(r, "fault")?,
                            warning: row::json_option(r, "warning")?,
                        },
                    })
                })
                .optional()
        })
        .map_err(map)
}

/// What was last told to be wrong with the printers of agents that are not removed.
pub fn conditions(
    connection: &Connection,
) -> rusqlite::Result<Vec<(AgentId, PrinterName, Condition)>> {
    let mut query = connection.prepare(
        "SELECT agent, printers.name AS name, fault, warning
         FROM printers JOIN agents ON agents.id = printers.agent
         WHERE (fault IS NOT NULL OR warning IS NOT NULL)
             AND gone_at IS NULL AND agents.revoked_at IS NULL",
    )?;
    let rows = query.query_map([], |r| {
        let condition = Condition {
            fault: row::json_option(r, "fault")?,
            warning: row::json_option(r, "warning")?,
        };
        Ok((row::parsed(r, "agent")?, row::parsed(r, "name")?, condition))
    })?;
    rows.collect()
}

/// Whether something keeps a printer from printing, as its agent last said.
pub fn stands(connection: &Connection, agent: AgentId, name: &PrinterName) -> StoreResult<bool> {
    let known = known(connection, agent, name)?;
    Ok(known.is_some_and(|printer| printer.condition.fault.is_some()))
}

/// See [`cueline_hub_core::JobStore::record_conditions`].
pub fn record(
    connection: &Connection,
    agent: AgentId,
    printers: &[PrinterStatus],
    now: WallTime,
) -> StoreResult<Vec<PrinterEvent>> {
    let mut made = Vec::new();
    for status in printers {
        let Some(printer) = known(connection, agent, &status.printer)? else {
            continue;
        };
        let now_is = Condition::of(status);
        if now_is == printer.condition {
            continue;
        }
        keep(connection, printer.id, &now_is)?;
        let not_before = newest_at(connection, printer.id)?.unwrap_or(WallTime(i64::MIN));
        let news = news(&printer.condition, &now_is, status.since, (not_before, now));
        if news.is_empty() {
            continue;
        }
        for news in news {
            // Its number is not known before it is stored.
            let mut event = news.into_event(0, printer.id);
            event.id = insert(connection, &event)?;
            made.push(event);
        }
        forget_old(connection, printer.id)?;
    }
    Ok(made)
}

fn keep(connection: &Connection, printer: PrinterId, condition: &Condition) -> StoreResult<()> {
    let fault = condition.fault.as_ref().map(row::to_json).transpose()?;
    let warning = condition.warning.as_ref().map(row::to_json).transpose()?;
    connection
        .prepare_cached("UPDATE printers SET fault = ?2, warning = ?3 WHERE id = ?1")
        .and_then(|mut statement| statement.execute((printer.to_string(), fault, warning)))
        .map_err(map::<StoreError>)?;
    Ok(())
}

fn newest_at(connection: &Connection, printer: PrinterId) -> StoreResult<Option<WallTime>> {
    connection
        .prepare_cached(
            "SELECT at FROM printer_events WHERE printer = ?1 ORDER BY number DESC LIMIT 1",
        )
        .and_then(|mut query| {
            query
                .query_row([printer.to_string()], |r| row::time(r, "at"))
                .optional()
        })
        .map_err(map)
}

fn insert(connection: &Connection, event: &PrinterEvent) -> StoreResult<u64> {
    connection
        .prepare_cached(
            "INSERT INTO printer_events (printer, what, code, text, at)
             VALUES (?1, ?2, ?3, ?4, ?5) RETURNING number",
        )
        .and_then(|mut statement| {
            statement.query_row(
                (
                    event.printer.to_string(),
                    event.what.as_str(),
                    event.code.as_str(),
                    &event.text,
                    event.at.0.0,
                ),
                |r| row::number(r, "number"),
            )
        })
        .map_err(map)
}

fn forget_old(connection: &Connection, printer: PrinterId) -> StoreResult<()> {
    connection
        .prepare_cached(
            "DELETE FROM printer_events WHERE printer = ?1 AND number <= (
                 SELECT number FROM printer_events WHERE printer = ?1
                 ORDER BY number DESC LIMIT 1 OFFSET ?2)",
        )
        .and_then(|mut statement| {
            statement.execute((printer.to_string(), row::at_most(PRINTER_EVENTS_MAX)))
        })
        .map_err(map::<StoreError>)?;
    Ok(())
}

fn event_from_row(r: &Row<'_>) -> rusqlite::Result<PrinterEvent> {
    Ok(PrinterEvent {
        id: row::number(r, "number")?,
        printer: row::parsed(r, "printer")?,
        what: row::word(r, "what")?,
        code: row::word(r, "code")?,
        text: r.get("text")?,
        at: Timestamp(row::time(r, "at")?),
    })
}

/// See [`cueline_hub_core::JobStore::printer_events`].
pub fn list(
    connection: &Connection,
    tenant: TenantId,
    printer: PrinterId,
    before: Option<u64>,
    limit: usize,
) -> StoreResult<Vec<PrinterEvent>> {
    let before = before.map_or(i64::MAX, |number| i64::try_from(number).unwrap_or(i64::MAX));
    connection
        .prepare_cached(
            "SELECT * FROM printer_events
             WHERE printer = (SELECT id FROM printers WHERE id = ?1 AND tenant = ?2)
                 AND number < ?3
             ORDER BY number DESC LIMIT ?4",
        )
        .and_then(|mut query| {
            query
                .query_map(
                    (
                        printer.to_string(),
                        tenant.to_string(),
                        before,
                        row::at_most(limit),
                    ),
                    event_from_row,
                )?
                .collect()
        })
        .map_err(map)
}
