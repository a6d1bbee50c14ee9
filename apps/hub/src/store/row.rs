//! Columns to values and back.

use std::fmt::Display;
use std::str::FromStr;

use cueline_hub_core::StoreError;
use cueline_model::{Sha256, TenantId, WallTime};
use rusqlite::types::Type;
use rusqlite::{Connection, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::failure;

/// A column that cannot be read as what it should be.
fn unreadable(column: &str, error: impl Display) -> rusqlite::Error {
    let text = format!("{column}: {error}");
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, text.into())
}

/// A column of text that reads as `T`.
pub fn parsed<T: FromStr<Err: Display>>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|error| unreadable(column, error))
}

/// The same, where there may be nothing.
pub fn parsed_option<T: FromStr<Err: Display>>(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<Option<T>> {
    let text = row.get_ref(column)?.as_str_or_null()?;
    text.map(|text| text.parse().map_err(|error| unreadable(column, error)))
        .transpose()
}

/// A column of JSON.
pub fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| unreadable(column, error))
}

/// A column with one word of an enumeration, as it is written on the wire.
pub fn word<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_value(text.into()).map_err(|error| unreadable(column, error))
}

/// A column of JSON, where there may be nothing.
pub fn json_option<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<Option<T>> {
    let text = row.get_ref(column)?.as_str_or_null()?;
    text.map(|text| serde_json::from_str(text).map_err(|error| unreadable(column, error)))
        .transpose()
}

/// A time.
pub fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<WallTime> {
    row.get(column).map(WallTime)
}

/// A time that may not be.
pub fn time_option(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<WallTime>> {
    row.get::<_, Option<i64>>(column).map(|ms| ms.map(WallTime))
}

/// A digest.
pub fn digest(row: &Row<'_>, column: &str) -> rusqlite::Result<Sha256> {
    row.get(column).map(Sha256)
}

/// A number that the whole range of `u64` fits in: SQLite's are signed.
pub fn number(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

/// As JSON text.
pub fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Internal {
        text: format!("a value to be stored did not become JSON: {error}"),
    })
}

/// A page of a tenant's rows, highest id first. `sql` takes tenant, an id that all must be under, and
/// the limit, in this order.
pub fn page<T, Id: Display>(
    connection: &Connection,
    sql: &str,
    tenant: TenantId,
    after: Option<Id>,
    limit: usize,
    from_row: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let after = after.map_or_else(|| AFTER_ALL_IDS.to_owned(), |id| id.to_string());
    connection
        .prepare_cached(sql)
        .and_then(|mut query| {
            query
                .query_map((tenant.to_string(), after, at_most(limit)), from_row)?
                .collect()
        })
        .map_err(failure::map)
}

/// Sorts after the text of every id, whatever its kind.
pub const AFTER_ALL_IDS: &str = "~";

/// A limit as SQLite takes it.
pub fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
