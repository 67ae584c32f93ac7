//! The columns of the mirror: which are read, which must exist, and what stands for those that a
//! hotel does not have.

use rusqlite::Connection;

use super::cell::MAX_MODIFIED_BYTES;
use crate::domain::messages::MirrorMessage;
use crate::domain::mirror_table::MirrorTable;
use crate::domain::record::Kind;

/// The columns that show whether a record may have to be read: whatever else changes, `modified_at`
/// changes with it.
pub(super) fn change_columns(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Guest | Kind::Company => &["id", "modified_at"],
        Kind::Booking => {
            &["id", "modified_at", "number", "guest_id", "company_id", "payer_company_id"]
        }
    }
}

/// The columns of `booking_guests` that are read.
pub(super) const BOOKING_GUEST_COLUMNS: &[&str] = &["booking_id", "guest_id", "position"];

/// The columns of a table, a view or a query. Those of a table are not asked for by a `SELECT`: it
/// may have computed columns of functions that only the program that fills the mirror knows.
pub(super) fn found_columns(
    connection: &Connection,
    source: &str,
) -> rusqlite::Result<Vec<String>> {
    let columns: Vec<String> = if is_table(connection, source)? {
        let mut statement = connection
            .prepare_cached("SELECT name FROM pragma_table_xinfo(?1) WHERE hidden <> 1")?;
        statement.query_map([source], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
    } else {
        let statement = connection.prepare(&format!("SELECT * FROM {source} LIMIT 0"))?;
        statement.column_names().map(str::to_owned).collect()
    };
    Ok(columns.iter().map(|name| name.to_ascii_lowercase()).collect())
}

/// Whether the source is a table, and no view or query.
pub(super) fn is_table(connection: &Connection, source: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND lower(name) = ?1";
    connection.prepare_cached(sql)?.exists([source])
}

/// How many parameters a view or a query of the hotel's own has.
pub(super) fn parameters(connection: &Connection, source: &str) -> rusqlite::Result<usize> {
    if is_table(connection, source)? {
        return Ok(0);
    }
    Ok(connection.prepare(&format!("SELECT * FROM {source} LIMIT 0"))?.parameter_count())
}

/// Refuses a query with a parameter such as `?1`: nothing would give it a value.
pub(super) fn require_no_parameters(count: usize, table: MirrorTable) -> Result<(), MirrorMessage> {
    if count > 0 {
        return Err(MirrorMessage::QueryHasParameter { table: table.name().to_owned() });
    }
    Ok(())
}

/// Whether the mirror's texts are UTF-16, and if so whether the low byte of a letter comes first.
pub(super) fn utf_16(connection: &Connection) -> rusqlite::Result<Option<bool>> {
    let name: String = connection.query_row("PRAGMA encoding", [], |row| row.get(0))?;
    Ok(name.to_ascii_lowercase().strip_prefix("utf-16").map(|end| end == "le"))
}

/// In a mirror of UTF-16, one more column: the position of the first text that is not valid.
pub(super) fn broken_texts(wanted: &[&str], found: &[String], utf_16: Option<bool>) -> String {
    let Some(is_little_endian) = utf_16 else { return String::new() };
    let mut texts: Vec<String> = Vec::new();
    for name in wanted {
        texts.push(if has_column(found, name) {
            format!("CASE typeof(\"{name}\") WHEN 'text' THEN CAST(\"{name}\" AS BLOB) END")
        } else {
            "NULL".to_owned()
        });
    }
    let texts = texts.join(", ");
    format!(", ecvi_broken({}, {texts})", i32::from(is_little_endian))
}

/// The columns that the configuration names beyond the usual ones.
pub(super) fn require_own(
    found: &[String],
    own: &[String],
    table: MirrorTable,
) -> Result<(), MirrorMessage> {
    let table = table.name().to_owned();
    match missing(found, own) {
        Some(columns) => Err(MirrorMessage::ConfiguredColumnsMissing { table, columns }),
        None => Ok(()),
    }
}

pub(super) fn require(
    found: &[String],
    required: &[&str],
    table: MirrorTable,
) -> Result<(), MirrorMessage> {
    let table = table.name().to_owned();
    match missing(found, required) {
        Some(columns) => Err(MirrorMessage::ColumnsMissing { table, columns }),
        None => Ok(()),
    }
}

fn missing<N: AsRef<str>>(found: &[String], wanted: &[N]) -> Option<String> {
    let mut missing = Vec::new();
    for name in wanted {
        if !has_column(found, name.as_ref()) {
            missing.push(name.as_ref());
        }
    }
    if missing.is_empty() { None } else { Some(missing.join(", ")) }
}

/// `found` is in lower case: SQLite does not tell case apart in a name.
pub(super) fn has_column(found: &[String], name: &str) -> bool {
    found.contains(&name.to_ascii_lowercase())
}

/// The columns by position; those that the hotel does not have read as NULL.
pub(super) fn select_list(wanted: &[&str], found: &[String], is_table: bool) -> String {
    let mut cells: Vec<String> = Vec::new();
    for name in wanted {
        cells.push(match *name {
            _ if !has_column(found, name) => format!("NULL AS \"{name}\""),
            "modified_at" if is_table => bounded_time(),
            _ => format!("\"{name}\""),
        });
    }
    cells.join(", ")
}

/// A `modified_at` that is too long reads as an empty BLOB: SQLite knows its length without reading
/// it. Not in a view, which might compute the column twice.
fn bounded_time() -> String {
    format!(
        "CASE WHEN octet_length(\"modified_at\") > {MAX_MODIFIED_BYTES} THEN x'' \
         ELSE \"modified_at\" END AS \"modified_at\""
    )
}
