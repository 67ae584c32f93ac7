//! What differs between the reports and the mirror, and writing it.

use rusqlite::{Row, params_from_iter};

use super::{Filling, schema};
use crate::domain::mirror_table::MirrorTable;
use crate::domain::run_error::Result;

/// The part of a table that a report fills.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The table of the mirror.
    pub table: MirrorTable,
    /// The columns that the report fills.
    pub columns: Vec<String>,
    /// Which rows of the mirror go.
    pub removal: Removal,
}

/// Which rows are removed from the mirror when the report does not have them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Removal {
    /// All rows that are missing.
    Absent,
    /// Only rows of bookings that the report has.
    OfStagedBookings,
    /// No row is removed.
    Nothing,
}

/// How many rows differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Changes {
    /// Rows in the mirror before.
    pub before: u64,
    /// In the report and not in the mirror.
    pub new: u64,
    /// In both, with other values.
    pub changed: u64,
    /// In the mirror and not in the report.
    pub gone: u64,
}

/// One row that differs, with the name of its record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// A row that is added.
    New(String),
    /// Other values in these columns.
    Changed(String, Vec<String>),
    /// A row that is removed.
    Gone(String),
}

/// The parts of the statements that compare a table.
struct Sql {
    table: &'static str,
    keys: &'static [&'static str],
    /// Every column but the keys and `modified_at`.
    contents: Vec<Content>,
    has_modified_at: bool,
    reports_modified_at: bool,
    removal: Removal,
}

/// A column, in SQL.
struct Content {
    column: String,
    /// Its value in the report, or what it is without one.
    wanted: String,
    /// Its value in the mirror.
    present: String,
}

impl Content {
    fn differs(&self) -> String {
        format!("{} IS NOT {}", self.present, self.wanted)
    }
}

impl Sql {
    fn of(filling: &Filling, scope: &Scope) -> Result<Sql> {
        let Scope { table, columns, removal } = scope;
        let found = filling.checked(schema::columns(&filling.connection, *table))?;
        Ok(Sql {
            table: table.name(),
            keys: table.key_columns(),
            contents: contents(&found, columns, table.key_columns()),
            has_modified_at: found.iter().any(|column| column == "modified_at"),
            reports_modified_at: columns.iter().any(|column| column == "modified_at"),
            removal: *removal,
        })
    }

    fn same_key(&self) -> String {
        let mut equal = Vec::new();
        for key in self.keys {
            equal.push(format!("m.{key} = n.{key}"));
        }
        equal.join(" AND ")
    }

    fn differs(&self) -> String {
        let mut all: Vec<String> = self.contents.iter().map(Content::differs).collect();
        if self.reports_modified_at {
            all.push("n.modified_at IS NOT NULL AND m.modified_at IS NOT n.modified_at".to_owned());
        }
        if all.is_empty() { "0".to_owned() } else { all.join(" OR ") }
    }

    fn modified_at(&self) -> &'static str {
        if self.reports_modified_at { "coalesce(n.modified_at, ?1)" } else { "?1" }
    }

    /// Both sides of the rows that are in the report.
    fn joined(&self) -> String {
        let Sql { table, .. } = self;
        format!("FROM temp.new_{table} n LEFT JOIN main.{table} m ON {}", self.same_key())
    }

    fn is_new(&self) -> String {
        format!("m.{} IS NULL", self.keys[0])
    }

    fn is_changed(&self) -> String {
        format!("m.{} IS NOT NULL AND ({})", self.keys[0], self.differs())
    }

    /// The rows that are removed from the mirror by this rule.
    fn is_gone(&self, removal: Removal) -> String {
        let Sql { table, .. } = self;
        let key = self.keys[0];
        let absent = format!(
            "NOT EXISTS (SELECT 1 FROM temp.new_{table} n WHERE {})
             AND m.{key} NOT IN (SELECT key FROM temp.kept_{table})",
            self.same_key()
        );
        match removal {
            Removal::Absent => absent,
            Removal::OfStagedBookings => {
                format!("{absent} AND m.{key} IN (SELECT {key} FROM temp.new_{table})")
            }
            Removal::Nothing => "0".to_owned(),
        }
    }

    /// The name of a row for people: of a booking its number.
    fn name(&self, side: &str) -> String {
        match self.table {
            "bookings" => format!("{side}.number"),
            "booking_guests" => format!("{side}.booking_id || ' ' || {side}.guest_id"),
            _ => format!("{side}.id"),
        }
    }

    fn update(&self) -> String {
        let mut sets: Vec<String> = Vec::new();
        for Content { column, wanted, .. } in &self.contents {
            sets.push(format!("\"{column}\" = {wanted}"));
        }
        if self.has_modified_at {
            sets.push(format!("modified_at = {}", self.modified_at()));
        }
        format!(
            "UPDATE main.{table} AS m SET {sets} FROM temp.new_{table} AS n
             WHERE {same} AND ({differs})",
            table = self.table,
            sets = sets.join(", "),
            same = self.same_key(),
            differs = self.differs(),
        )
    }

    fn insert(&self) -> String {
        let mut columns: Vec<String> = Vec::new();
        let mut wanted: Vec<String> = Vec::new();
        for key in self.keys {
            columns.push((*key).to_owned());
            wanted.push(format!("n.{key}"));
        }
        for content in &self.contents {
            columns.push(format!("\"{}\"", content.column));
            wanted.push(content.wanted.clone());
        }
        if self.has_modified_at {
            columns.push("modified_at".to_owned());
            wanted.push(self.modified_at().to_owned());
        }
        format!(
            "INSERT INTO main.{} ({}) SELECT {} {} WHERE {}",
            self.table,
            columns.join(", "),
            wanted.join(", "),
            self.joined(),
            self.is_new(),
        )
    }

    fn delete(&self) -> String {
        format!("DELETE FROM main.{} AS m WHERE {}", self.table, self.is_gone(self.removal))
    }
}

impl Filling {
    /// Counts the rows that differ.
    pub fn compare(&self, scope: &Scope) -> Result<Changes> {
        let sql = Sql::of(self, scope)?;
        let joined = sql.joined();
        let mirror = format!("FROM main.{} m", sql.table);
        let is_gone = sql.is_gone(sql.removal);
        Ok(Changes {
            before: self.count(&format!("SELECT count(*) {mirror}"))?,
            new: self.count(&format!("SELECT count(*) {joined} WHERE {}", sql.is_new()))?,
            changed: self.count(&format!("SELECT count(*) {joined} WHERE {}", sql.is_changed()))?,
            gone: self.count(&format!("SELECT count(*) {mirror} WHERE {is_gone}"))?,
        })
    }

    /// How many rows of the table the report has.
    pub fn staged(&self, table: MirrorTable) -> Result<u64> {
        self.count(&format!("SELECT count(*) FROM temp.new_{}", table.name()))
    }

    fn count(&self, sql: &str) -> Result<u64> {
        self.checked(self.connection.query_row(sql, [], |row| row.get(0)))
    }

    /// The first rows that differ, by their names.
    pub fn changes(&self, scope: &Scope, most: u32) -> Result<Vec<Change>> {
        let sql = Sql::of(self, scope)?;
        let joined = sql.joined();
        let name = sql.name("n");
        let new = format!("SELECT {name} {joined} WHERE {} LIMIT {most}", sql.is_new());
        let mut found = self.listed(&new, |row| Ok(Change::New(row.get(0)?)))?;
        let mut cells = vec![name];
        cells.extend(sql.contents.iter().map(Content::differs));
        let cells = cells.join(", ");
        let changed = format!("SELECT {cells} {joined} WHERE {} LIMIT {most}", sql.is_changed());
        found.extend(self.listed(&changed, |row| {
            Ok(Change::Changed(row.get(0)?, changed_columns(row, &sql.contents)?))
        })?);
        let gone = format!(
            "SELECT {} FROM main.{} m WHERE {} LIMIT {most}",
            sql.name("m"),
            sql.table,
            sql.is_gone(sql.removal)
        );
        found.extend(self.listed(&gone, |row| Ok(Change::Gone(row.get(0)?)))?);
        Ok(found)
    }

    fn listed(
        &self,
        sql: &str,
        change: impl Fn(&Row<'_>) -> rusqlite::Result<Change>,
    ) -> Result<Vec<Change>> {
        let mut statement = self.checked(self.connection.prepare(sql))?;
        let rows = self.checked(statement.query_map([], change))?;
        self.checked(rows.collect())
    }

    /// Writes what differs into the mirror. A change without a time in the report gets `now`.
    pub fn apply(&self, scope: &Scope, now: &str) -> Result<()> {
        let sql = Sql::of(self, scope)?;
        let parameters = if sql.has_modified_at { vec![now] } else { Vec::new() };
        if !sql.contents.is_empty() || sql.has_modified_at {
            self.execute(&sql.update(), params_from_iter(&parameters))?;
        }
        self.execute(&sql.insert(), params_from_iter(&parameters))?;
        self.execute(&sql.delete(), [])
    }
}

/// The columns of the mirror and of the report, without keys and `modified_at`.
fn contents(found: &[String], reported: &[String], keys: &[&str]) -> Vec<Content> {
    let added = reported.iter().filter(|column| !schema::has_name(found, column));
    let mut contents = Vec::new();
    for column in found.iter().chain(added) {
        let is_found = schema::has_name(found, column);
        let is_reported = schema::has_name(reported, column);
        let is_key = keys.contains(&column.as_str());
        // Another program fills `crm_id`, unless the report has it.
        if is_key || column == "modified_at" || column == "crm_id" && !is_reported {
            continue;
        }
        let wanted = if is_reported {
            format!("n.\"{column}\"")
        } else {
            schema::default_of(column).to_owned()
        };
        let present = if is_found { format!("m.\"{column}\"") } else { "NULL".to_owned() };
        contents.push(Content { column: column.clone(), wanted, present });
    }
    contents
}

fn changed_columns(row: &Row<'_>, contents: &[Content]) -> rusqlite::Result<Vec<String>> {
    let mut columns = Vec::new();
    for (at, content) in contents.iter().enumerate() {
        if row.get(at + 1)? {
            columns.push(content.column.clone());
        }
    }
    Ok(columns)
}
