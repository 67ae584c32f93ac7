//! Runs statements of the state and of temporary databases. They are parsed once and kept.

use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::{Result, StateError};
use crate::domain::run_error;

/// Runs a statement that changes rows.
pub(crate) fn execute(connection: &Connection, sql: &str, parameters: impl Params) -> Result<()> {
    connection.prepare_cached(sql)?.execute(parameters)?;
    Ok(())
}

/// What `read` makes of each row, collected.
pub(crate) fn query_all<T, C: FromIterator<T>>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<C> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(parameters, read)?;
    Ok(rows.collect::<rusqlite::Result<C>>()?)
}

/// What `read` makes of the first row, if there is one.
pub(crate) fn query_first<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    Ok(connection.prepare_cached(sql)?.query_row(parameters, read).optional()?)
}

/// Whether the query has a row.
pub(crate) fn exists(connection: &Connection, sql: &str, parameters: impl Params) -> Result<bool> {
    Ok(connection.prepare_cached(sql)?.exists(parameters)?)
}

/// Passes what `read` makes of each row to `show`, one at a time: there may be a million.
pub(crate) fn for_each<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T>,
    mut show: impl FnMut(T) -> run_error::Result<()>,
) -> run_error::Result<()> {
    let mut statement = connection.prepare_cached(sql).map_err(StateError::from)?;
    let mut rows = statement.query(parameters).map_err(StateError::from)?;
    while let Some(row) = rows.next().map_err(StateError::from)? {
        show(read(row)?)?;
    }
    Ok(())
}
