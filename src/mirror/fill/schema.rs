//! The tables of a mirror that `load` fills: those of `docs/mirror.md`, with ids as texts, so that
//! `00123` stays one.

use rusqlite::Connection;

use crate::domain::mirror_table::MirrorTable;

/// `load_files` is what tells a mirror of ours from another program's.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS guests (
  id TEXT PRIMARY KEY, last_name TEXT, first_name TEXT, middle_name TEXT, birth_date TEXT,
  phone TEXT, email TEXT, country TEXT, region TEXT, city TEXT, sex TEXT, comment TEXT,
  is_vip INTEGER NOT NULL DEFAULT 0, is_blacklisted INTEGER NOT NULL DEFAULT 0,
  modified_at TEXT NOT NULL, crm_id INTEGER
);
CREATE TABLE IF NOT EXISTS companies (
  id TEXT PRIMARY KEY, name TEXT, address TEXT, city TEXT, country TEXT, postal_code TEXT,
  phone TEXT, email TEXT, comment TEXT, modified_at TEXT NOT NULL, crm_id INTEGER
);
CREATE TABLE IF NOT EXISTS bookings (
  id TEXT PRIMARY KEY, number TEXT NOT NULL, status TEXT NOT NULL, arrival TEXT NOT NULL,
  departure TEXT NOT NULL, amount TEXT, comment TEXT, guest_id TEXT, company_id TEXT,
  payer_company_id TEXT, modified_at TEXT NOT NULL, crm_id INTEGER
);
CREATE TABLE IF NOT EXISTS booking_guests (
  booking_id TEXT NOT NULL, guest_id TEXT NOT NULL, room TEXT, position INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (booking_id, guest_id)
);
CREATE TABLE IF NOT EXISTS load_files (
  filled_table TEXT PRIMARY KEY,
  ends_with_line_break INTEGER NOT NULL
);
";

/// Makes the tables where there are none.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(SCHEMA)
}

/// Whether the file has tables, but none of ours.
pub(super) fn is_foreign(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) > 0 AND NOT coalesce(max(name = 'load_files'), 0)
               FROM main.sqlite_schema WHERE type IN ('table', 'view')";
    connection.query_row(sql, [], |row| row.get(0))
}

/// The columns that a table of the mirror has.
pub(super) fn columns(
    connection: &Connection,
    table: MirrorTable,
) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1, 'main')")?;
    statement.query_map([table.name()], |row| row.get(0))?.collect()
}

/// Adds columns of the hotel's own, which custom fields are made of.
pub(super) fn add_columns(
    connection: &Connection,
    table: MirrorTable,
    wanted: &[String],
) -> rusqlite::Result<()> {
    let found = columns(connection, table)?;
    for column in wanted {
        if !has_name(&found, column) {
            let table = table.name();
            connection
                .execute_batch(&format!("ALTER TABLE main.{table} ADD COLUMN \"{column}\" TEXT"))?;
        }
    }
    Ok(())
}

/// SQLite does not tell case apart in a name.
pub(super) fn has_name(columns: &[String], column: &str) -> bool {
    columns.iter().any(|name| name.to_lowercase() == column.to_lowercase())
}

/// The value of a column for which the report has none.
pub(super) fn default_of(column: &str) -> &'static str {
    match column {
        "is_vip" | "is_blacklisted" | "position" => "0",
        "number" | "status" | "arrival" | "departure" => "''",
        _ => "NULL",
    }
}

/// As the mirror has it, so that both sides of a comparison are of one kind.
pub(super) fn type_of(column: &str) -> &'static str {
    match column {
        "is_vip" | "is_blacklisted" | "position" | "crm_id" => "INTEGER",
        _ => "TEXT",
    }
}
