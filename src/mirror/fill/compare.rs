//! What differs between the reports and the mirror, and writing it.

use rusqlite::{Row, params_from_iter};

use super::{Filling, schema};
use crate::domain::mirror_table::MirrorTable;
use crate::domain::run_error::Result;

/// What is compared.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The table.
    pub table: MirrorTable,
    /// The columns that the report fills.
    pub columns: Vec<String>,
    /// Which rows of the mirror go.
    pub removal: Removal,
}

/// Which rows that the report has not go from the mirror.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Removal {
    /// All of them.
    Absent,
    /// Those of the bookings that the report has.
    OfStagedBookings,
    /// None.
    Nothing,
}

/// How many rows differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Changes {
    /// In the mirror before.
    pub before: u64,
    /// In the report and not in the mirror.
    pub new: u64,
    /// In both, with other values.
    pub changed: u64,
    /// In the mirror and not in the report.
    pub gone: u64,
}

/// One row that differs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// A new row.
    New(String),
    /// Other values in these columns.
    Changed(String, Vec<String>),
    /// A row that goes.
    Gone(String),
}

/// The parts of the statements that compare a table.
struct Sql {
    table: &'static str,
    keys: &'static [&'static str],
    /// Every column but the keys and `modified_at`, with what the report says of it and what the
    /// mirror has.
    contents: Vec<Content>,
    has_modified_at: bool,
    reports_modified_at: bool,
    removal: Removal,
}

struct Content {
    column: String,
    wanted: String,
    present: String,
}

impl Sql {
    fn of(filling: &Filling, scope: &Scope) -> Result<Sql> {
        let Scope { table, columns, removal } = scope;
        let found = filling.said(schema::columns(&filling.connection, *table))?;
        let is_found = |column: &String| schema::has_name(&found, column);
        let is_reported = |column: &String| schema::has_name(columns, column);
        let keys = table.key_columns();
        let added = columns.iter().filter(|column| !is_found(column));
        let all = found.iter().chain(added).filter(|column| !keys.contains(&column.as_str()));
        // An id of the CRM is another's to fill, unless the report has it.
        let is_content = |column: &&String| {
            *column != "modified_at" && (*column != "crm_id" || is_reported(column))
        };
        let content = |column: &String| Content {
            column: column.clone(),
            wanted: if is_reported(column) {
                format!("n.\"{column}\"")
            } else {
                schema::default_of(column).to_owned()
            },
            present: if is_found(column) { format!("m.\"{column}\"") } else { "NULL".to_owned() },
        };
        Ok(Sql {
            table: table.name(),
            keys,
            contents: all.filter(is_content).map(content).collect(),
            has_modified_at: found.iter().any(|column| column == "modified_at"),
            reports_modified_at: columns.iter().any(|column| column == "modified_at"),
            removal: *removal,
        })
    }

    fn same_key(&self) -> String {
        self.keys.iter().map(|key| format!("m.{key} = n.{key}")).collect::<Vec<_>>().join(" AND ")
    }

    fn differs(&self) -> String {
        let own = self
            .contents
            .iter()
            .map(|Content { wanted, present, .. }| format!("{present} IS NOT {wanted}"));
        let modified =
            "n.modified_at IS NOT NULL AND m.modified_at IS NOT n.modified_at".to_owned();
        let modified = self.reports_modified_at.then_some(modified);
        let all: Vec<String> = own.chain(modified).collect();
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

    /// The rows of the mirror that the report has not, with `removal` as the rule.
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

    /// What a row is called: a booking by its number.
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
    /// Counts what differs. How many would be gone is told for `removal`.
    pub fn compare(&self, scope: &Scope) -> Result<Changes> {
        let sql = Sql::of(self, scope)?;
        let Sql { table, removal, .. } = sql;
        let joined = sql.joined();
        Ok(Changes {
            before: self.count(&format!("SELECT count(*) FROM main.{table}"))?,
            new: self.count(&format!("SELECT count(*) {joined} WHERE {}", sql.is_new()))?,
            changed: self.count(&format!("SELECT count(*) {joined} WHERE {}", sql.is_changed()))?,
            gone: self.count(&format!(
                "SELECT count(*) FROM main.{table} m WHERE {}",
                sql.is_gone(removal)
            ))?,
        })
    }

    /// How many rows of the table the report has.
    pub fn staged(&self, table: MirrorTable) -> Result<u64> {
        self.count(&format!("SELECT count(*) FROM temp.new_{}", table.name()))
    }

    fn count(&self, sql: &str) -> Result<u64> {
        self.said(self.connection.query_row(sql, [], |row| row.get(0)))
    }

    /// The first rows that differ, by their names.
    pub fn changes(&self, scope: &Scope, most: u32) -> Result<Vec<Change>> {
        let sql = Sql::of(self, scope)?;
        let joined = sql.joined();
        let name = sql.name("n");
        let new = format!("SELECT {name} {joined} WHERE {} LIMIT {most}", sql.is_new());
        let mut found = self.listed(&new, |row| Ok(Change::New(row.get(0)?)))?;
        let flag = |content: &Content| format!("{} IS NOT {}", content.present, content.wanted);
        let flags: Vec<String> = sql.contents.iter().map(flag).collect();
        let name_and_flags = [&[name], flags.as_slice()].concat().join(", ");
        let changed =
            format!("SELECT {name_and_flags} {joined} WHERE {} LIMIT {most}", sql.is_changed());
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
        let mut statement = self.said(self.connection.prepare(sql))?;
        let rows = self.said(statement.query_map([], change))?;
        self.said(rows.collect())
    }

    /// Writes what differs into the mirror; `now` is the time of a change of which the report has
    /// none.
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

fn changed_columns(row: &Row<'_>, contents: &[Content]) -> rusqlite::Result<Vec<String>> {
    let mut columns = Vec::new();
    for (at, content) in contents.iter().enumerate() {
        if row.get(at + 1)? {
            columns.push(content.column.clone());
        }
    }
    Ok(columns)
}
