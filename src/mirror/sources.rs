//! The tables of the mirror, or the queries in their place: checked, and with the SQL that reads
//! them.

use std::cell::OnceCell;

use rusqlite::Connection;

use super::columns::{
    BOOKING_GUEST_COLUMNS, broken_texts, change_columns, found_columns, has_column, is_table,
    parameters, require, require_no_parameters, require_own, select_list,
};
use super::ids::{RecordIds, StayIds};
use super::reason::{unreadable, unusable};
use super::window::is_windowed;
use crate::config::MirrorConfig;
use crate::domain::mirror_table::MirrorTable;
use crate::domain::record::Kind;
use crate::domain::run_error::RunError;

/// The records of one kind.
pub(super) struct RecordSource {
    /// All rows, with every column that is read.
    pub(super) rows: String,
    /// The same rows, with the columns that show whether a record is to be read at all.
    pub(super) outline: String,
    /// The hotel's own columns, behind the usual ones.
    pub(super) own_columns: Vec<String>,
    /// Whether there is a `modified_at`; without one only the content tells a change.
    pub(super) is_dated: bool,
    pub(super) is_windowed: bool,
    pub(super) ids: OnceCell<RecordIds>,
}

/// The table or query of `booking_guests`.
pub(super) struct StaySource {
    pub(super) rows: String,
    pub(super) is_windowed: bool,
    pub(super) ids: OnceCell<StayIds>,
}

impl RecordSource {
    /// `utf_16` says whether texts are written so, and with which byte first.
    pub(super) fn check(
        connection: &Connection,
        config: &MirrorConfig,
        kind: Kind,
        utf_16: Option<bool>,
    ) -> Result<RecordSource, RunError> {
        let table = kind.table();
        let source = &config.sources[table];
        let own_columns = config.columns[kind].clone();
        let found = checked_columns(connection, config, table)?;
        require_own(&found, &own_columns, table)?;
        if config.write_back {
            require(&found, &["crm_id"], table)?;
        }
        let own_names: Vec<&str> = own_columns.iter().map(String::as_str).collect();
        let names = [table.columns(), &own_names].concat();
        let is_table =
            is_table(connection, source).map_err(|error| unreadable(config, table, &error))?;
        let list = select_list(&names, &found, is_table) + &broken_texts(&names, &found, utf_16);
        let outline = select_list(change_columns(kind), &found, is_table);
        Ok(RecordSource {
            rows: format!("SELECT {list} FROM {source}"),
            outline: format!("SELECT {outline} FROM {source}"),
            own_columns,
            is_dated: has_column(&found, "modified_at"),
            is_windowed: is_windowed_in(connection, config, table)?,
            ids: OnceCell::new(),
        })
    }
}

impl StaySource {
    pub(super) fn check(
        connection: &Connection,
        config: &MirrorConfig,
    ) -> Result<StaySource, RunError> {
        let table = MirrorTable::BookingGuests;
        let found = checked_columns(connection, config, table)?;
        let list = select_list(BOOKING_GUEST_COLUMNS, &found, false);
        Ok(StaySource {
            rows: format!("SELECT {list} FROM {}", config.sources[table]),
            is_windowed: is_windowed_in(connection, config, table)?,
            ids: OnceCell::new(),
        })
    }
}

fn checked_columns(
    connection: &Connection,
    config: &MirrorConfig,
    table: MirrorTable,
) -> Result<Vec<String>, RunError> {
    let source = &config.sources[table];
    let parameters =
        parameters(connection, source).map_err(|error| unreadable(config, table, &error))?;
    require_no_parameters(parameters, table)?;
    let found =
        found_columns(connection, source).map_err(|error| unreadable(config, table, &error))?;
    require(&found, table.required_columns(), table)?;
    Ok(found)
}

fn is_windowed_in(
    connection: &Connection,
    config: &MirrorConfig,
    table: MirrorTable,
) -> Result<bool, RunError> {
    is_windowed(connection, &config.sources[table]).map_err(|error| unusable(&config.path, &error))
}
