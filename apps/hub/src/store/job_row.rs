//! A print job as a row.

use cueline_hub_core::{PrintJob, StoreError};
use cueline_model::{AgentId, Document, JobId, TenantId};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::failure;
use super::row;

/// A job from a row of `print_jobs` with all its columns.
pub fn from_row(r: &Row<'_>) -> rusqlite::Result<PrintJob> {
    Ok(PrintJob {
        id: row::parsed(r, "id")?,
        tenant: row::parsed(r, "tenant")?,
        site: row::parsed(r, "site")?,
        agent: row::parsed(r, "agent")?,
        printer: row::parsed(r, "printer")?,
        printer_name: row::parsed(r, "printer_name")?,
        sequence: row::number(r, "sequence")?,
        attempt: r.get("attempt")?,
        state: row::parsed(r, "state")?,
        title: r.get("title")?,
        document: Document {
            content_type: row::word(r, "content_type")?,
            bytes: row::number(r, "bytes")?,
            sha256: row::digest(r, "sha256")?,
        },
        copies: r.get("copies")?,
        uncertain: row::word(r, "uncertain")?,
        options: row::json(r, "options")?,
        notes: row::json(r, "notes")?,
        marked: r.get("marked")?,
        reprint_of: row::parsed_option(r, "reprint_of")?,
        created_at: row::time(r, "created_at")?,
        start_by: row::time_option(r, "start_by")?,
        offered_at: row::time_option(r, "offered_at")?,
        cancel_requested_at: row::time_option(r, "cancel_requested_at")?,
        settled_at: row::time_option(r, "settled_at")?,
        outcome: row::json_option(r, "outcome")?,
        tickets: row::json_option(r, "tickets")?,
        resolution: row::json_option(r, "resolution")?,
        newest_entry_seq: r
            .get::<_, Option<i64>>("newest_entry_seq")?
            .map(i64::cast_unsigned),
        timeline: row::json(r, "timeline")?,
    })
}

/// A tenant's job.
pub fn of_tenant(
    connection: &Connection,
    tenant: TenantId,
    job: JobId,
) -> Result<Option<PrintJob>, StoreError> {
    let query = "SELECT * FROM print_jobs WHERE id = ?1 AND tenant = ?2";
    one(connection, query, job, &tenant.to_string())
}

/// An agent's job.
pub fn of_agent(
    connection: &Connection,
    agent: AgentId,
    job: JobId,
) -> Result<Option<PrintJob>, StoreError> {
    let query = "SELECT * FROM print_jobs WHERE id = ?1 AND agent = ?2";
    one(connection, query, job, &agent.to_string())
}

/// The job that `query` finds by its id and its owner's.
fn one(
    connection: &Connection,
    query: &str,
    job: JobId,
    owner: &str,
) -> Result<Option<PrintJob>, StoreError> {
    connection
        .prepare_cached(query)
        .and_then(|mut query| {
            query
                .query_row((job.to_string(), owner), from_row)
                .optional()
        })
        .map_err(failure::map)
}

/// A new row.
pub fn insert(connection: &Connection, job: &PrintJob) -> Result<(), StoreError> {
    let steps = Steps::of(job)?;
    let options = row::to_json(&job.options)?;
    let notes = row::to_json(&job.notes)?;
    connection
        .prepare_cached(
            "INSERT INTO print_jobs (id, tenant, site, agent, printer, printer_name, sequence,
                 attempt, state, title, content_type, bytes, sha256, copies, uncertain, options,
                 notes, marked, reprint_of, created_at, start_by, offered_at, cancel_requested_at,
                 settled_at, outcome, tickets, resolution, newest_entry_seq, timeline)
             VALUES (:id, :tenant, :site, :agent, :printer, :printer_name, :sequence,
                 :attempt, :state, :title, :content_type, :bytes, :sha256, :copies, :uncertain,
                 :options, :notes, :marked, :reprint_of, :created_at, :start_by, :offered_at,
                 :cancel_requested_at, :settled_at, :outcome, :tickets, :resolution,
                 :newest_entry_seq, :timeline)",
        )
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":id": job.id.to_string(),
                ":tenant": job.tenant.to_string(),
                ":site": job.site.to_string(),
                ":agent": job.agent.to_string(),
                ":printer": job.printer.to_string(),
                ":printer_name": job.printer_name.as_str(),
                ":sequence": job.sequence.cast_signed(),
                ":attempt": job.attempt,
                ":state": job.state.as_str(),
                ":title": job.title,
                ":content_type": job.document.content_type.as_str(),
                ":bytes": job.document.bytes.cast_signed(),
                ":sha256": job.document.sha256.0,
                ":copies": job.copies,
                ":uncertain": job.uncertain.as_str(),
                ":options": options,
                ":notes": notes,
                ":marked": job.marked,
                ":reprint_of": job.reprint_of.map(|job| job.to_string()),
                ":created_at": job.created_at.0,
                ":start_by": job.start_by.map(|time| time.0),
                ":offered_at": job.offered_at.map(|time| time.0),
                ":cancel_requested_at": job.cancel_requested_at.map(|time| time.0),
                ":settled_at": job.settled_at.map(|time| time.0),
                ":outcome": steps.outcome,
                ":tickets": steps.tickets,
                ":resolution": steps.resolution,
                ":newest_entry_seq": job.newest_entry_seq.map(u64::cast_signed),
                ":timeline": steps.timeline,
            })
        })
        .map_err(failure::map)?;
    Ok(())
}

/// Those columns of a row that a job's steps change.
pub fn update(connection: &Connection, job: &PrintJob) -> Result<(), StoreError> {
    let steps = Steps::of(job)?;
    connection
        .prepare_cached(
            "UPDATE print_jobs SET state = :state, offered_at = :offered_at,
                 cancel_requested_at = :cancel_requested_at, settled_at = :settled_at,
                 outcome = :outcome, tickets = :tickets, resolution = :resolution,
                 newest_entry_seq = :newest_entry_seq, timeline = :timeline
             WHERE id = :id",
        )
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":id": job.id.to_string(),
                ":state": job.state.as_str(),
                ":offered_at": job.offered_at.map(|time| time.0),
                ":cancel_requested_at": job.cancel_requested_at.map(|time| time.0),
                ":settled_at": job.settled_at.map(|time| time.0),
                ":outcome": steps.outcome,
                ":tickets": steps.tickets,
                ":resolution": steps.resolution,
                ":newest_entry_seq": job.newest_entry_seq.map(u64::cast_signed),
                ":timeline": steps.timeline,
            })
        })
        .map_err(failure::map)?;
    Ok(())
}

/// What a job's steps change that is kept as JSON.
struct Steps {
    outcome: Option<String>,
    tickets: Option<String>,
    resolution: Option<String>,
    timeline: String,
}

impl Steps {
    fn of(job: &PrintJob) -> Result<Self, StoreError> {
        Ok(Self {
            outcome: job.outcome.as_ref().map(row::to_json).transpose()?,
            tickets: job.tickets.as_ref().map(row::to_json).transpose()?,
            resolution: job.resolution.as_ref().map(row::to_json).transpose()?,
            timeline: row::to_json(&job.timeline)?,
        })
    }
}
