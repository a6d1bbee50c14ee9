//! The numbers by which programs that speak PrintNode's API know what is here, and what of their
//! jobs only they need. Migration 003 says how numbers are given.

use std::ops::RangeInclusive;

use cueline_hub_core::{JobStore as _, PrintJob, StoreError};
use cueline_model::{AgentId, JobId, PrinterId, TenantId};
use rusqlite::{Connection, OptionalExtension as _};

use super::failure::map;
use super::jobs::Jobs;
use super::{AgentRecord, PrinterRecord, Store, StoreResult, fleet, printers, row};

/// Numbers asked for, as ranges.
pub type Numbers = Vec<RangeInclusive<u32>>;

/// Which part of a list, by its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberedPage {
    /// How many at most.
    pub limit: usize,
    /// The last number of the page before.
    pub after: Option<u32>,
    /// Whether the lowest number comes first.
    pub rising: bool,
}

impl NumberedPage {
    /// One that holds whatever `limit` things there are.
    #[must_use]
    pub const fn first(limit: usize) -> Self {
        Self {
            limit,
            after: None,
            rising: false,
        }
    }
}

/// An agent with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedComputer {
    /// Its number.
    pub number: u32,
    /// The agent.
    pub agent: AgentRecord,
}

/// A printer with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedPrinter {
    /// Its number.
    pub number: u32,
    /// Its agent.
    pub computer: NumberedComputer,
    /// The printer.
    pub printer: PrinterRecord,
    /// Whether its agent has no other.
    pub only_one: bool,
}

/// A job with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedJob {
    /// Its number.
    pub number: u32,
    /// Its printer.
    pub printer: NumberedPrinter,
    /// The job.
    pub job: PrintJob,
    /// PrintNode's word for what it was sent as, if it was made through that API.
    pub content_type: Option<String>,
    /// Who made it, as they said.
    pub source: Option<String>,
}

/// How a tenant's account is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedAccount {
    /// Its number among the hub's tenants.
    pub number: u32,
    /// The tenant's name.
    pub name: String,
    /// Agents that are not removed.
    pub computers: u32,
    /// Jobs ever made.
    pub jobs: u32,
}

/// A condition on `column`, a number; `1` for all.
fn among(column: &str, numbers: Option<&Numbers>) -> String {
    let Some(numbers) = numbers else {
        return "1".to_owned();
    };
    let parts: Vec<String> = numbers
        .iter()
        .map(|range| match (range.start(), range.end()) {
            (first, last) if first == last => format!("{column} = {first}"),
            (first, last) => format!("{column} BETWEEN {first} AND {last}"),
        })
        .collect();
    if parts.is_empty() {
        return "0".to_owned();
    }
    format!("({})", parts.join(" OR "))
}

fn after(column: &str, page: NumberedPage) -> String {
    match (page.after, page.rising) {
        (None, _) => "1".to_owned(),
        (Some(after), true) => format!("{column} > {after}"),
        (Some(after), false) => format!("{column} < {after}"),
    }
}

const fn order(page: NumberedPage) -> &'static str {
    if page.rising { "ASC" } else { "DESC" }
}

/// Numbers and the ids they stand for, by a query that gives both.
fn select<I: std::str::FromStr<Err: std::fmt::Display>>(
    connection: &Connection,
    sql: &str,
    tenant: TenantId,
) -> StoreResult<Vec<(u32, I)>> {
    connection
        .prepare(sql)
        .and_then(|mut query| {
            query
                .query_map([tenant.to_string()], |r| {
                    Ok((r.get("number")?, row::parsed(r, "id")?))
                })?
                .collect()
        })
        .map_err(map)
}

fn computer(connection: &Connection, number: u32, id: AgentId) -> StoreResult<NumberedComputer> {
    let agent = fleet::by_id(connection, id)?.ok_or_else(|| gone("agent"))?;
    Ok(NumberedComputer { number, agent })
}

fn printer(
    connection: &Connection,
    tenant: TenantId,
    number: u32,
    id: PrinterId,
) -> StoreResult<NumberedPrinter> {
    let printer = printers::printer(connection, tenant, id)?.ok_or_else(|| gone("printer"))?;
    let (computer_number, only_one): (u32, bool) = connection
        .prepare_cached(
            "SELECT number, (SELECT count(*) FROM printers
                 WHERE printers.agent = ?1 AND gone_at IS NULL) = 1
             FROM printnode_computers WHERE agent = ?1",
        )
        .and_then(|mut query| {
            query.query_row([printer.agent.to_string()], |r| Ok((r.get(0)?, r.get(1)?)))
        })
        .map_err(map::<StoreError>)?;
    Ok(NumberedPrinter {
        number,
        computer: computer(connection, computer_number, printer.agent)?,
        printer,
        only_one,
    })
}

/// A tenant's job with its number and all that is shown with it.
pub fn job(
    connection: &Connection,
    tenant: TenantId,
    number: u32,
    id: JobId,
) -> StoreResult<NumberedJob> {
    let job = Jobs(connection).job(tenant, id)?;
    let job = job.ok_or_else(|| gone("job"))?;
    let (printer_number, content_type, source): (u32, _, _) = connection
        .prepare_cached("SELECT printer, content_type, source FROM printnode_jobs WHERE job = ?1")
        .and_then(|mut query| {
            query.query_row([id.to_string()], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        })
        .map_err(map::<StoreError>)?;
    Ok(NumberedJob {
        number,
        printer: printer(connection, tenant, printer_number, job.printer)?,
        job,
        content_type,
        source,
    })
}

/// Cannot be: the numbers that are asked for are joined with what they stand for.
fn gone(what: &str) -> StoreError {
    StoreError::Internal {
        text: format!("a numbered {what} is not there"),
    }
}

impl Store {
    /// A tenant as PrintNode's account.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn numbered_account(&self, tenant: TenantId) -> StoreResult<NumberedAccount> {
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT number, name,
                         (SELECT count(*) FROM agents
                             WHERE agents.tenant = tenants.id AND revoked_at IS NULL) AS computers,
                         coalesce((SELECT max(number) FROM printnode_jobs
                             WHERE printnode_jobs.tenant = tenants.id), 0) AS jobs
                     FROM printnode_accounts JOIN tenants ON tenants.id = tenant
                     WHERE tenants.id = ?1",
                )
                .and_then(|mut query| {
                    query.query_row([tenant.to_string()], |r| {
                        Ok(NumberedAccount {
                            number: r.get("number")?,
                            name: r.get("name")?,
                            computers: r.get("computers")?,
                            jobs: r.get("jobs")?,
                        })
                    })
                })
                .map_err(map)
        })
        .await
    }

    /// A tenant's agents that are not removed.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn numbered_computers(
        &self,
        tenant: TenantId,
        computers: Option<Numbers>,
        page: NumberedPage,
    ) -> StoreResult<Vec<NumberedComputer>> {
        self.read(move |connection| {
            let sql = format!(
                "SELECT number, agents.id AS id
                 FROM printnode_computers AS n JOIN agents ON agents.id = n.agent
                 WHERE n.tenant = ?1 AND revoked_at IS NULL AND {} AND {}
                 ORDER BY number {} LIMIT {}",
                among("number", computers.as_ref()),
                after("number", page),
                order(page),
                row::at_most(page.limit),
            );
            select(connection, &sql, tenant)?
                .into_iter()
                .map(|(number, id)| computer(connection, number, id))
                .collect()
        })
        .await
    }

    /// A tenant's printers that are set up on agents that are not removed.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn numbered_printers(
        &self,
        tenant: TenantId,
        computers: Option<Numbers>,
        printers: Option<Numbers>,
        page: NumberedPage,
    ) -> StoreResult<Vec<NumberedPrinter>> {
        self.read(move |connection| {
            let sql = format!(
                "SELECT number, printers.id AS id
                 FROM printnode_printers AS n JOIN printers ON printers.id = n.printer
                     JOIN agents ON agents.id = printers.agent
                 WHERE n.tenant = ?1 AND gone_at IS NULL AND revoked_at IS NULL
                     AND {} AND {} AND {}
                 ORDER BY number {} LIMIT {}",
                among("computer", computers.as_ref()),
                among("number", printers.as_ref()),
                after("number", page),
                order(page),
                row::at_most(page.limit),
            );
            select(connection, &sql, tenant)?
                .into_iter()
                .map(|(number, id)| printer(connection, tenant, number, id))
                .collect()
        })
        .await
    }

    /// A tenant's jobs, whichever API they were made through.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn numbered_jobs(
        &self,
        tenant: TenantId,
        printers: Option<Numbers>,
        jobs: Option<Numbers>,
        page: NumberedPage,
    ) -> StoreResult<Vec<NumberedJob>> {
        self.read(move |connection| {
            let sql = format!(
                "SELECT number, job AS id FROM printnode_jobs
                 WHERE tenant = ?1 AND {} AND {} AND {} ORDER BY number {} LIMIT {}",
                among("printer", printers.as_ref()),
                among("number", jobs.as_ref()),
                after("number", page),
                order(page),
                row::at_most(page.limit),
            );
            select(connection, &sql, tenant)?
                .into_iter()
                .map(|(number, id)| job(connection, tenant, number, id))
                .collect()
        })
        .await
    }

    /// Those of a tenant's jobs that have not ended and were not asked to, lowest number first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn numbered_open_jobs(
        &self,
        tenant: TenantId,
        printers: Option<Numbers>,
        jobs: Option<Numbers>,
        limit: usize,
    ) -> StoreResult<Vec<(u32, JobId)>> {
        self.read(move |connection| {
            let sql = format!(
                "SELECT number, n.job AS id
                 FROM print_jobs AS j JOIN printnode_jobs AS n ON n.job = j.id
                 WHERE j.tenant = ?1 AND j.state IN ('queued', 'accepted')
                     AND j.cancel_requested_at IS NULL AND {} AND {}
                 ORDER BY number LIMIT {}",
                among("n.printer", printers.as_ref()),
                among("number", jobs.as_ref()),
                row::at_most(limit),
            );
            select(connection, &sql, tenant)
        })
        .await
    }

    /// Keeps how a job was asked for through PrintNode's API; gives its number.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn name_printnode_job(
        &self,
        job: JobId,
        content_type: &'static str,
        source: Option<String>,
    ) -> StoreResult<u32> {
        self.write(move |changes| {
            changes
                .connection
                .prepare_cached(
                    "UPDATE printnode_jobs SET content_type = ?2, source = ?3 WHERE job = ?1
                     RETURNING number",
                )
                .and_then(|mut statement| {
                    statement
                        .query_row((job.to_string(), content_type, source), |r| r.get(0))
                        .optional()
                })
                .map_err(map::<StoreError>)?
                .ok_or_else(|| gone("job"))
        })
        .await
    }
}
