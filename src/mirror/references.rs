//! Counts bookings that refer to guests, companies or bookings without a row.
//!
//! Ids are compared as texts, since a text may stand for a number. A reference of 0 means nobody,
//! as NULL does.

use rusqlite::Row as SqlRow;

use super::Mirror;
use crate::domain::record::Kind;
use crate::domain::run_error::RunError;

/// Bookings with a reference to a record that has no row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Strangers {
    /// The column with the reference.
    pub column: &'static str,
    /// The number of these bookings.
    pub count: u64,
    /// One of these bookings.
    pub booking: String,
    /// The id that it refers to.
    pub named: String,
}

/// A column with references to records of a kind.
struct Reference {
    column: &'static str,
    to: Kind,
}

const BOOKING_REFERENCES: [Reference; 3] = [
    Reference { column: "guest_id", to: Kind::Guest },
    Reference { column: "company_id", to: Kind::Company },
    Reference { column: "payer_company_id", to: Kind::Company },
];

const STAY_REFERENCES: [Reference; 2] = [
    Reference { column: "booking_guests.guest_id", to: Kind::Guest },
    Reference { column: "booking_guests.booking_id", to: Kind::Booking },
];

/// The ids of a table as texts.
fn known(select: &str) -> String {
    format!("SELECT ecvi_mark(id) FROM ({select}) WHERE ecvi_mark(id) IS NOT NULL")
}

impl Mirror {
    /// The columns with references to records that have no row.
    pub fn strangers(&self) -> Result<Vec<Strangers>, RunError> {
        self.count_all_strangers().map_err(|error| self.broken_off(Kind::Booking, error))
    }

    fn count_all_strangers(&self) -> rusqlite::Result<Vec<Strangers>> {
        let bookings = &self.records[Kind::Booking].rows;
        let mut found = Vec::new();
        for reference in BOOKING_REFERENCES {
            found.push(self.count_strangers(&reference, bookings, "id")?);
        }
        for reference in STAY_REFERENCES {
            found.push(self.count_strangers(&reference, &self.stays.rows, "booking_id")?);
        }
        found.retain(|strangers| strangers.count > 0);
        Ok(found)
    }

    fn count_strangers(
        &self,
        reference: &Reference,
        from: &str,
        booking: &str,
    ) -> rusqlite::Result<Strangers> {
        let Reference { column, to } = *reference;
        let name = column.rsplit('.').next().unwrap_or(column);
        let known = known(&self.records[to].rows);
        let sql = format!(
            "SELECT count(DISTINCT ecvi_mark({booking})), min(ecvi_mark({booking})),
                    ecvi_mark({name})
             FROM ({from})
             WHERE ecvi_mark({name}) NOT IN ({known})
               AND ecvi_mark({name}) NOT IN (x'', x'30')"
        );
        self.connection.query_row(&sql, [], |row| {
            let count = row.get(0)?;
            Ok(Strangers { column, count, booking: mark(row, 1)?, named: mark(row, 2)? })
        })
    }

    /// The number of bookings, and how many of them have no guest with a row.
    pub fn bookings_without_guests(&self) -> Result<(u64, u64), RunError> {
        let guests = known(&self.records[Kind::Guest].rows);
        let bookings = &self.records[Kind::Booking].rows;
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
