//! The rows of the reports, collected in temporary tables: a hotel's rows need not fit in memory.

use rusqlite::types::{FromSqlError, Value};
use rusqlite::{OptionalExtension, params_from_iter};

use super::{Filling, schema};
use crate::domain::mirror_table::MirrorTable;
use crate::domain::run_error::Result;

/// A row of a report, of which there may be several with one id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadRow {
    /// Its line in the report.
    pub line: u64,
    /// The id of its record.
    pub key: String,
    /// Its cells, by the columns of the report.
    pub values: Vec<String>,
    /// A fingerprint of all its cells.
    pub print: u64,
}

impl Filling {
    /// Prepares for the rows of a table.
    pub fn begin_table(
        &self,
        table: MirrorTable,
        columns: &[String],
        may_write: bool,
    ) -> Result<()> {
        let name = table.name();
        let mut definitions = Vec::new();
        for column in columns {
            definitions.push(format!("\"{column}\" {}", schema::type_of(column)));
        }
        let definitions = definitions.join(", ");
        let keys = table.key_columns().join(", ");
        self.checked(self.connection.execute_batch(&format!(
            "CREATE TEMP TABLE read_{name} (line INTEGER, key TEXT, row_values TEXT, print INTEGER);
             CREATE TEMP TABLE new_{name} ({definitions}, PRIMARY KEY ({keys}));
             CREATE TEMP TABLE kept_{name} (key TEXT PRIMARY KEY);"
        )))?;
        if may_write {
            self.checked(schema::add_columns(&self.connection, table, columns))?;
        }
        Ok(())
    }

    /// Takes a row of a report.
    pub fn add_read(&self, table: MirrorTable, row: &ReadRow) -> Result<()> {
        let sql = format!("INSERT INTO temp.read_{} VALUES (?1, ?2, ?3, ?4)", table.name());
        let ReadRow { line, key, values, print } = row;
        let values = serde_json::to_string(values)?;
        self.execute(&sql, (line, key, values, print.cast_signed()))
    }

    /// The rows that were taken, those of one id together, in the order of the report.
    pub fn for_each_key(
        &self,
        table: MirrorTable,
        mut take: impl FnMut(&str, Vec<ReadRow>) -> Result<()>,
    ) -> Result<()> {
        let sql = format!(
            "SELECT line, key, row_values, print FROM temp.read_{} ORDER BY key, line",
            table.name()
        );
        let mut statement = self.checked(self.connection.prepare(&sql))?;
        let mut rows = self.checked(statement.query([]))?;
        let mut group: Vec<ReadRow> = Vec::new();
        while let Some(row) = self.checked(rows.next())? {
            let row = self.checked(read_row(row))?;
            if group.first().is_some_and(|first| first.key != row.key) {
                let whole = std::mem::take(&mut group);
                take(&whole[0].key.clone(), whole)?;
            }
            group.push(row);
        }
        match group.first() {
            Some(first) => take(&first.key.clone(), group),
            None => Ok(()),
        }
    }

    /// Takes a row for the mirror, by the columns of [`Filling::begin_table`]. Of several rows with
    /// one key the first counts.
    pub fn stage(&self, table: MirrorTable, columns: &[String], values: &[String]) -> Result<()> {
        let marks = vec!["?"; columns.len()].join(", ");
        let sql = format!("INSERT OR IGNORE INTO temp.new_{} VALUES ({marks})", table.name());
        let values = columns.iter().zip(values).map(|(column, value)| value_of(column, value));
        self.execute(&sql, params_from_iter(values))
    }

    /// The rows of this id stay in the mirror as they are: the report has them, and they cannot be
    /// read.
    pub fn keep(&self, table: MirrorTable, key: &str) -> Result<()> {
        let sql = format!("INSERT OR IGNORE INTO temp.kept_{} VALUES (?1)", table.name());
        self.execute(&sql, [key])
    }

    /// The rows of `booking_guests` of the bookings that are kept stay too.
    pub fn keep_stays_of_kept_bookings(&self) -> Result<()> {
        self.execute(
            "INSERT OR IGNORE INTO temp.kept_booking_guests SELECT key FROM temp.kept_bookings",
            [],
        )
    }

    /// Whether the rows of this id stay in the mirror as they are.
    pub fn is_kept(&self, table: MirrorTable, key: &str) -> Result<bool> {
        let sql = format!("SELECT 1 FROM temp.kept_{} WHERE key = ?1", table.name());
        self.checked(self.connection.prepare_cached(&sql).and_then(|mut sql| sql.exists([key])))
    }

    /// Whether the last report of this table ended with a line break; none where that is not known.
    pub fn ended_with_line_break(&self, table: MirrorTable) -> Result<Option<bool>> {
        let sql = "SELECT ends_with_line_break FROM main.load_files WHERE filled_table = ?1";
        self.checked(self.connection.query_row(sql, [table.name()], |row| row.get(0)).optional())
    }

    /// Notes that for the next report. The same value is not written again.
    pub fn note_line_break(&self, table: MirrorTable, is_there: bool) -> Result<()> {
        if self.ended_with_line_break(table)? == Some(is_there) {
            return Ok(());
        }
        let sql = "INSERT OR REPLACE INTO main.load_files VALUES (?1, ?2)";
        self.execute(sql, (table.name(), is_there))
    }
}

fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<ReadRow> {
    let values: String = row.get(2)?;
    let print: i64 = row.get(3)?;
    Ok(ReadRow {
        line: row.get(0)?,
        key: row.get(1)?,
        values: serde_json::from_str(&values).map_err(|_| FromSqlError::InvalidType)?,
        print: print.cast_unsigned(),
    })
}

/// An empty cell is NULL, where the column allows that.
fn value_of(column: &str, value: &str) -> Value {
    if !value.is_empty() {
        return Value::Text(value.to_owned());
    }
    match schema::default_of(column) {
        "0" => Value::Integer(0),
        "''" => Value::Text(String::new()),
        _ => Value::Null,
    }
}
