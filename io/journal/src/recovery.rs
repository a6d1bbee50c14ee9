//! Reading back everything that was known: the inverse of `tables`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use cueline_agent_core::{Job, Phase, Proven, Recovered, RecoveredJob};
use cueline_model::{Document, JobKey, Sha256, WallTime};
use cueline_wire::cloud::ReportEntry;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::StrDeserializer;

use crate::{JournalError, KeptDocument};

type Result<T> = rusqlite::Result<T>;

/// Everything in the journal. A row that cannot be read is damage, never passed over.
pub(crate) fn recover(
    connection: &Connection,
    path: &Path,
) -> std::result::Result<Recovered, JournalError> {
    read_all(connection).map_err(|error| JournalError::from_sqlite(path, "read", &error))
}

fn read_all(connection: &Connection) -> Result<Recovered> {
    Ok(Recovered {
        jobs: connection
            .prepare(
                "SELECT job, attempt, sequence, printer, start_by_ms, copies, uncertain,
                        content_type, job.bytes, sha256, phase, reprints, newest_entry,
                        document.position IS NOT NULL, options, marked, printed, tickets
                 FROM job LEFT JOIN document USING (position) ORDER BY job.position",
            )?
            .query_map([], read_job)?
            .collect::<Result<_>>()?,
        untold: connection
            .prepare("SELECT body FROM entry ORDER BY seq")?
            .query_map([], |row| json::<ReportEntry>(row, 0))?
            .collect::<Result<_>>()?,
        next_seq: number(connection, "next_seq")?
            .map(|value| {
                u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, value))
            })
            .transpose()?
            .unwrap_or_default(),
        learned_pings: connection
            .prepare("SELECT path, ping_us FROM learned_ping")?
            .query_map([], |row| {
                Ok((row.get(0)?, Duration::from_micros(unsigned(row, 1)?)))
            })?
            .collect::<Result<BTreeMap<_, _>>>()?,
        clock_offset_ms: number(connection, "clock_offset_ms")?,
    })
}

/// A job's document with what it was announced as; `None` where it is not here.
pub(crate) fn document(connection: &Connection, key: JobKey) -> Result<Option<KeptDocument>> {
    connection
        .prepare_cached(
            "SELECT content_type, bytes, sha256, body FROM job JOIN document USING (position)
             WHERE job = ?1 AND attempt = ?2",
        )?
        .query_row(params![key.job.to_string(), key.attempt], |row| {
            Ok(KeptDocument {
                document: read_document(row, 0)?,
                body: row.get(3)?,
            })
        })
        .optional()
}

fn read_job(row: &Row<'_>) -> Result<RecoveredJob> {
    Ok(RecoveredJob {
        job: Job {
            key: JobKey {
                job: word(row, 0)?,
                attempt: row.get(1)?,
            },
            sequence: unsigned(row, 2)?,
            printer: word(row, 3)?,
            start_by: row.get::<_, Option<i64>>(4)?.map(WallTime),
            copies: row.get(5)?,
            uncertain: word(row, 6)?,
            options: optional_json(row, 14)?.unwrap_or_default(),
            marked: row.get(15)?,
            document: read_document(row, 7)?,
        },
        phase: phase(row, 10)?,
        reprints: row.get(11)?,
        proven: proven(row, 16)?,
        newest_entry: json(row, 12)?,
        document_here: row.get(13)?,
    })
}

/// From three columns: content type, length, digest.
fn read_document(row: &Row<'_>, first: usize) -> Result<Document> {
    Ok(Document {
        content_type: word(row, first)?,
        bytes: unsigned(row, first + 1)?,
        sha256: Sha256(row.get(first + 2)?),
    })
}

/// From two columns: printed, of how many.
fn proven(row: &Row<'_>, first: usize) -> Result<Option<Proven>> {
    let printed: Option<u32> = row.get(first)?;
    let total: Option<u32> = row.get(first + 1)?;
    Ok(printed
        .zip(total)
        .map(|(printed, total)| Proven { printed, total }))
}

fn phase(row: &Row<'_>, column: usize) -> Result<Phase> {
    let text: String = row.get(column)?;
    match text.as_str() {
        "waiting" => Ok(Phase::Waiting),
        "started" => Ok(Phase::Started),
        "ended" => Ok(Phase::Ended),
        _ => Err(unreadable(
            column,
            format!("expected a phase, got {text:?}"),
        )),
    }
}

/// A value that the model writes as one word.
fn word<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T> {
    let text: String = row.get(column)?;
    let deserializer = StrDeserializer::<serde::de::value::Error>::new(&text);
    T::deserialize(deserializer).map_err(|error| unreadable(column, error))
}

pub(crate) fn json<T: for<'de> Deserialize<'de>>(row: &Row<'_>, column: usize) -> Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| unreadable(column, error))
}

fn optional_json<T: for<'de> Deserialize<'de>>(row: &Row<'_>, column: usize) -> Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text).map_err(|error| unreadable(column, error)))
        .transpose()
}

pub(crate) fn unsigned(row: &Row<'_>, column: usize) -> Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

pub(crate) fn unreadable(
    column: usize,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}

fn number(connection: &Connection, name: &str) -> Result<Option<i64>> {
    connection
        .query_row("SELECT value FROM number WHERE name = ?1", [name], |row| {
            row.get(0)
        })
        .optional()
}
