//! Whom the bookings name: how many of them name somebody whom no row has.
//!
//! Ids are compared as they read, since a text may stand for a number. A 0 names nobody on purpose,
//! as NULL does.

use rusqlite::Row as SqlRow;

use super::Mirror;
use crate::domain::record::Kind;
use crate::domain::run_error::RunError;

/// Bookings that name somebody whom no row has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Strangers {
    /// The column that names them.
    pub column: &'static str,
    /// How many bookings do.
    pub count: u64,
    /// One of these bookings.
    pub booking: String,
    /// Whom it names.
    pub named: String,
}

/// The ids of a table as they read.
fn known(select: &str) -> String {
    format!("SELECT ecvi_mark(id) FROM ({select}) WHERE ecvi_mark(id) IS NOT NULL")
}

impl Mirror {
    /// How many bookings name, in which column, somebody whom no row has.
    pub fn strangers(&self) -> Result<Vec<Strangers>, RunError> {
        self.count_strangers().map_err(|error| self.broken_off(Kind::Booking, error))
    }

    fn count_strangers(&self) -> rusqlite::Result<Vec<Strangers>> {
        let [guests, companies, bookings] = [Kind::Guest, Kind::Company, Kind::Booking]
            .map(|kind| self.records[kind].rows.as_str());
        let columns = [
            ("guest_id", "id", bookings, guests),
            ("company_id", "id", bookings, companies),
            ("payer_company_id", "id", bookings, companies),
            ("booking_guests.guest_id", "booking_id", self.stays.rows.as_str(), guests),
            ("booking_guests.booking_id", "booking_id", self.stays.rows.as_str(), bookings),
        ];
        let mut found = Vec::new();
        for (column, booking, from, among) in columns {
            let name = column.rsplit('.').next().unwrap_or(column);
            let sql = format!(
                "SELECT count(DISTINCT ecvi_mark({booking})), min(ecvi_mark({booking})), ecvi_mark({name})
                 FROM ({from}) WHERE ecvi_mark({name}) NOT IN ({}) AND ecvi_mark({name}) NOT IN (x'', x'30')",
                known(among)
            );
            let strangers = self.connection.query_row(&sql, [], |row| {
                Ok(Strangers {
                    column,
                    count: row.get(0)?,
                    booking: mark(row, 1)?,
                    named: mark(row, 2)?,
                })
            })?;
            found.extend(Some(strangers).filter(|strangers| strangers.count > 0));
        }
        Ok(found)
    }

    /// How many bookings there are, and how many of them name no guest whom a row has.
    pub fn bookings_without_guests(&self) -> Result<(u64, u64), RunError> {
        let [guests, bookings] =
            [Kind::Guest, Kind::Booking].map(|kind| self.records[kind].rows.as_str());
        let guests = known(guests);
        let stays = &self.stays.rows;
        let sql = format!(
            "SELECT count(*), coalesce(sum(coalesce(ecvi_mark(guest_id), x'') NOT IN ({guests})
                AND coalesce(ecvi_mark(id), x'') NOT IN (SELECT coalesce(ecvi_mark(booking_id), x'')
                    FROM ({stays}) WHERE ecvi_mark(guest_id) IN ({guests}))), 0)
             FROM ({bookings})"
        );
        let counts = self.connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
        counts.map_err(|error| self.broken_off(Kind::Booking, error))
    }
}

fn mark(row: &SqlRow<'_>, at: usize) -> rusqlite::Result<String> {
    let mark: Option<Vec<u8>> = row.get(at)?;
    Ok(String::from_utf8_lossy(&mark.unwrap_or_default()).into_owned())
}
