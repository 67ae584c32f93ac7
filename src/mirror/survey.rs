//! What a file has that is to become the mirror: its tables and columns, the status codes of its
//! bookings, the cards that it already refers to. `init` and `check` show it.

use std::collections::BTreeMap;

use super::columns::{found_columns, has_column};
use super::{BUSY_TIMEOUT, Mirror, access, connect, prepare, recover_hot_journal, unusable};
use crate::config::MirrorConfig;
use crate::domain::mirror_table::MirrorTable;
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::domain::run_error::RunError;
use crate::platform::clock::ReadLimit;

/// A table or a view.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundTable {
    /// As in the file.
    pub name: String,
    /// Its columns, in lower case where they are Latin.
    pub columns: Vec<String>,
}

/// The tables and columns of a file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Survey {
    /// All tables and views, by their names.
    pub tables: Vec<FoundTable>,
    /// The columns of what is read as each table of the mirror; none where it cannot be read.
    pub columns: BTreeMap<MirrorTable, Vec<String>>,
}

impl Survey {
    /// Reads a file with a configuration that may still be incomplete.
    ///
    /// # Errors
    /// The file is not there, is no database, or may not be read.
    pub fn read(config: &MirrorConfig, limit: &ReadLimit) -> Result<Survey, RunError> {
        let _admission = access::admit(&config.path, BUSY_TIMEOUT)?;
        recover_hot_journal(config);
        let connection = connect(config, limit)?;
        prepare(&connection, config)?;
        let tables = tables(&connection).map_err(|error| unusable(&config.path, &error))?;
        let mut columns = BTreeMap::new();
        for table in MirrorTable::ALL {
            if let Ok(found) = found_columns(&connection, &config.sources[table]) {
                columns.insert(table, found);
            }
        }
        Ok(Survey { tables, columns })
    }

    /// The required columns that a table does not have; all of them where there is no such table.
    pub fn missing(&self, table: MirrorTable) -> Vec<&'static str> {
        let mut missing = table.required_columns().to_vec();
        if let Some(found) = self.columns.get(&table) {
            missing.retain(|column| !has_column(found, column));
        }
        missing
    }
}

fn tables(connection: &rusqlite::Connection) -> rusqlite::Result<Vec<FoundTable>> {
    let sql = "SELECT name FROM sqlite_schema
               WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
               ORDER BY name";
    let mut statement = connection.prepare(sql)?;
    let names: Vec<String> =
        statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut tables = Vec::new();
    for name in names {
        // A view cannot be chosen if it uses functions that only the filler knows.
        if let Ok(columns) = found_columns(connection, &quoted(&name)) {
            tables.push(FoundTable { name, columns });
        }
    }
    Ok(tables)
}

/// A name as SQL takes it, whatever letters it has.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Mirror {
    /// The status codes that mean no known status, and how many bookings have them; the most
    /// frequent first.
    pub fn unknown_statuses(&self) -> Result<Vec<(String, u64)>, RunError> {
        let bookings = &self.records[Kind::Booking].rows;
        let sql = format!(
            "SELECT coalesce(ecvi_text(status), ''), count(*) FROM ({bookings})
             WHERE status IS NULL OR ecvi_text(status) IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
        );
        let codes = self.pairs(&sql).map_err(|error| self.broken_off(Kind::Booking, error))?;
        Ok(codes.into_iter().filter(|(code, _)| self.status(code).is_none()).collect())
    }

    fn pairs(&self, sql: &str) -> rusqlite::Result<Vec<(String, u64)>> {
        let mut statement = self.connection.prepare(sql)?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    /// The number of rows, and how many of them have an id of the CRM.
    pub fn rows_and_crm_ids(&self) -> Result<PerKind<(u64, u64)>, RunError> {
        PerKind::try_from_fn(|kind| {
            let rows = &self.records[kind].rows;
            let sql =
                format!("SELECT count(*), count(nullif(ecvi_text(crm_id), '')) FROM ({rows})");
            let counted = self.connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
            counted.map_err(|error| self.broken_off(kind, error))
        })
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn surveyed(sql: &str) -> (Survey, Option<Mirror>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mirror.db");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let text = "mirror.path = 'mirror.db'\nportal.webhook = 'https://h.ru/rest/1/x/'";
        let config = crate::config::parse(text, folder.path(), None).unwrap().mirror;
        (
            Survey::read(&config, &ReadLimit::default()).unwrap(),
            Mirror::open_within(&config, &ReadLimit::default()).ok(),
        )
    }

    #[test]
    fn a_survey_says_which_tables_there_are_and_which_columns_are_missing() {
        let (survey, _) = surveyed(
            "CREATE TABLE guests (id, Last_Name); CREATE TABLE bookings (id, number, status);
             CREATE VIEW \"Кто \"\"живёт\"\"\" AS SELECT 1 AS \"Гость\"; CREATE VIEW broken AS SELECT theirs(1)",
        );
        let names: Vec<&str> = survey.tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["bookings", "guests", "Кто \"живёт\""]);
        assert_eq!(survey.columns[&MirrorTable::Guests], ["id", "last_name"]);
        assert!(survey.missing(MirrorTable::Guests).is_empty());
        assert_eq!(survey.missing(MirrorTable::Bookings), ["arrival", "departure"]);
        assert_eq!(survey.missing(MirrorTable::BookingGuests), ["booking_id", "guest_id"]);
    }

    #[test]
    fn codes_are_counted_as_they_are_read_and_known_words_are_not_among_them() {
        let (_, mirror) = surveyed(
            "CREATE TABLE guests (id); CREATE TABLE companies (id, crm_id);
             CREATE TABLE booking_guests (booking_id, guest_id);
             CREATE TABLE bookings (id, number, status, arrival, departure, crm_id);
             INSERT INTO bookings (id, status, crm_id) VALUES (1, 7, ''), (2, '7 ', 5), (3, 'confirmed', NULL),
               (4, 'Бронь', ' '), (5, NULL, NULL), (6, x'c1f0eeedfc', NULL)",
        );
        let mirror = mirror.unwrap();
        let codes = mirror.unknown_statuses().unwrap();
        let codes: Vec<(&str, u64)> =
            codes.iter().map(|(code, count)| (code.as_str(), *count)).collect();
        assert_eq!(codes, [("7", 2), ("", 1), ("Бронь", 1)]);
        let counts = mirror.rows_and_crm_ids().unwrap();
        assert_eq!((counts[Kind::Guest], counts[Kind::Booking]), ((0, 0), (6, 1)));
    }
}
