//! What each kind of record does to the tables.

use cueline_agent_core::{Job, Record};
use cueline_model::{JobKey, PrintOptions};
use cueline_wire::Base64Bytes;
use cueline_wire::cloud::{Progress, ReportEntry};
use rusqlite::types::ToSqlOutput;
use rusqlite::{OptionalExtension, ToSql, Transaction, params};

type Result<T> = rusqlite::Result<T>;

/// Does to the tables what `record` says.
pub(crate) fn apply(transaction: &Transaction<'_>, record: &Record) -> Result<()> {
    match record {
        Record::Accepted { entry, job, body } => accept(transaction, entry, job, body.as_ref()),
        Record::Progress(entry) => progress(transaction, entry),
        Record::Told(numbers) => {
            let mut delete = transaction.prepare_cached("DELETE FROM entry WHERE seq = ?1")?;
            numbers
                .iter()
                .try_for_each(|seq| delete.execute([Number(*seq)]).map(drop))
        }
        Record::Forgotten(keys) => {
            let mut delete =
                transaction.prepare_cached("DELETE FROM job WHERE job = ?1 AND attempt = ?2")?;
            keys.iter().try_for_each(|key| {
                delete
                    .execute(params![key.job.to_string(), key.attempt])
                    .map(drop)
            })
        }
        Record::LearnedPing {
            path,
            ping: Some(ping),
        } => {
            let ping_us = u64::try_from(ping.as_micros()).unwrap_or(u64::MAX);
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO learned_ping (path, ping_us) VALUES (?1, ?2)",
                )?
                .execute(params![path, Number(ping_us)])
                .map(drop)
        }
        Record::LearnedPing { path, ping: None } => transaction
            .prepare_cached("DELETE FROM learned_ping WHERE path = ?1")?
            .execute([path])
            .map(drop),
        Record::ClockOffset(offset_ms) => transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO number (name, value) VALUES ('clock_offset_ms', ?1)",
            )?
            .execute([offset_ms])
            .map(drop),
    }
}

fn accept(
    transaction: &Transaction<'_>,
    entry: &ReportEntry,
    job: &Job,
    body: Option<&Base64Bytes>,
) -> Result<()> {
    let entry_json = keep_entry(transaction, entry)?;
    transaction
        .prepare_cached(
            "INSERT INTO job (job, attempt, sequence, printer, start_by_ms, copies, uncertain,
                              content_type, bytes, sha256, phase, newest_entry, options, marked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'waiting', ?11, ?12, ?13)",
        )?
        .execute(params![
            job.key.job.to_string(),
            job.key.attempt,
            Number(job.sequence),
            job.printer.as_str(),
            job.start_by.map(|time| time.0),
            job.copies,
            job.uncertain.as_str(),
            job.document.content_type.as_str(),
            Number(job.document.bytes),
            job.document.sha256.0,
            entry_json,
            options_json(&job.options),
            job.marked,
        ])?;
    if let Some(Base64Bytes(body)) = body {
        let position = transaction.last_insert_rowid();
        transaction
            .prepare_cached("INSERT INTO document (position, body) VALUES (?1, ?2)")?
            .execute(params![position, body])?;
    }
    Ok(())
}

fn progress(transaction: &Transaction<'_>, entry: &ReportEntry) -> Result<()> {
    let entry_json = keep_entry(transaction, entry)?;
    let (phase, reprints) = match entry.progress {
        Progress::Accepted | Progress::NotStarted => ("waiting", 0),
        Progress::Reprinting => ("waiting", 1),
        Progress::Started | Progress::Printing { .. } => ("started", 0),
        Progress::Ended(_) => ("ended", 0),
    };
    let (job, attempt) = (entry.job.to_string(), entry.attempt);
    transaction
        .prepare_cached(
            "UPDATE job SET phase = ?3, reprints = reprints + ?4, newest_entry = ?5
             WHERE job = ?1 AND attempt = ?2",
        )?
        .execute(params![job, attempt, phase, reprints, entry_json])?;
    if let Progress::Printing { printed, total } = entry.progress {
        transaction
            .prepare_cached(
                "UPDATE job SET printed = ?3, tickets = ?4 WHERE job = ?1 AND attempt = ?2",
            )?
            .execute(params![job, attempt, printed, total])?;
    }
    if matches!(entry.progress, Progress::Ended(_)) {
        transaction
            .prepare_cached(
                "DELETE FROM document WHERE position =
                 (SELECT position FROM job WHERE job = ?1 AND attempt = ?2)",
            )?
            .execute(params![job, attempt])?;
    }
    Ok(())
}

/// Nothing where nothing is asked for, which is so of most jobs.
fn options_json(options: &PrintOptions) -> Option<String> {
    let json = || serde_json::to_string(options).expect("plain data with string keys becomes JSON");
    (!options.is_default()).then(json)
}

/// Keeps an entry until it is told, and the number after it for ever. Gives its JSON.
fn keep_entry(transaction: &Transaction<'_>, entry: &ReportEntry) -> Result<String> {
    let json = serde_json::to_string(entry).expect("plain data with string keys becomes JSON");
    transaction
        .prepare_cached("INSERT INTO entry (seq, body) VALUES (?1, ?2)")?
        .execute(params![Number(entry.seq), json])?;
    transaction
        .prepare_cached(
            "INSERT INTO number (name, value) VALUES ('next_seq', ?1)
             ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
        )?
        .execute([Number(entry.seq.saturating_add(1))])?;
    Ok(json)
}

/// Puts a fetched document beside its job. Gives whether there is a job that still wants it.
pub(crate) fn store_document(
    transaction: &Transaction<'_>,
    key: JobKey,
    body: &[u8],
) -> Result<bool> {
    let position: Option<i64> = transaction
        .prepare_cached(
            "SELECT position FROM job WHERE job = ?1 AND attempt = ?2 AND phase <> 'ended'",
        )?
        .query_row(params![key.job.to_string(), key.attempt], |row| row.get(0))
        .optional()?;
    let Some(position) = position else {
        return Ok(false);
    };
    transaction
        .prepare_cached("INSERT OR REPLACE INTO document (position, body) VALUES (?1, ?2)")?
        .execute(params![position, body])?;
    Ok(true)
}

/// SQLite's integers are signed; numbers over its range are refused, not wrapped.
pub(crate) struct Number(pub(crate) u64);

impl ToSql for Number {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        i64::try_from(self.0)
            .map(ToSqlOutput::from)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    }
}
