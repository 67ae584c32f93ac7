//! The hotel: what Ecvi holds, and the mirror file that is filled from it.

use std::path::Path;

use ecvi_b24::domain::record::{Kind, RecordId};
use rusqlite::{Connection, Params, params};

/// A guest as Ecvi has them. Texts are pairs: as written here, and as they must read in the CRM.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    pub(crate) id: RecordId,
    pub(crate) last_name: Text,
    pub(crate) first_name: Text,
    pub(crate) birth_date: &'static str,
    pub(crate) phone: String,
    pub(crate) email: String,
    pub(crate) city: &'static str,
    pub(crate) sex: &'static str,
    pub(crate) comment: Text,
    pub(crate) vip: bool,
    pub(crate) modified_at: Option<String>,
    pub(crate) crm_id: Option<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Company {
    pub(crate) id: RecordId,
    pub(crate) name: Text,
    pub(crate) city: &'static str,
    pub(crate) phone: String,
    pub(crate) comment: Text,
    pub(crate) modified_at: Option<String>,
    pub(crate) crm_id: Option<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Booking {
    pub(crate) id: RecordId,
    pub(crate) status: &'static str,
    pub(crate) arrival: String,
    pub(crate) departure: String,
    pub(crate) amount: &'static str,
    pub(crate) comment: Text,
    pub(crate) guest: Option<RecordId>,
    pub(crate) company: Option<RecordId>,
    pub(crate) payer: Option<RecordId>,
    /// Everyone who stays, by position.
    pub(crate) residents: Vec<RecordId>,
    pub(crate) modified_at: Option<String>,
    pub(crate) crm_id: Option<i64>,
}

/// A text in Ecvi, and what of it must stand in the CRM.
pub(crate) type Text = (&'static str, &'static str);

/// How whatever fills the mirror writes `modified_at`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Stamp {
    /// As Ecvi has it.
    #[default]
    AsIs,
    /// The time of the filling, for all rows.
    OneForAll,
    /// The day alone.
    Day,
    /// The same for ever.
    Never,
    /// By a clock that is years ahead.
    Ahead,
}

impl Stamp {
    fn of(self, modified_at: Option<&String>, now: &str) -> Option<String> {
        let at = modified_at?;
        Some(match self {
            Stamp::AsIs => at.clone(),
            Stamp::OneForAll => now.to_owned(),
            Stamp::Day => at[..10].to_owned(),
            Stamp::Never => "2000-01-01 00:00:00".into(),
            Stamp::Ahead => format!("2062{}", &at[4..]),
        })
    }
}

/// Everything that Ecvi holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hotel {
    pub(crate) guests: Vec<Guest>,
    pub(crate) companies: Vec<Company>,
    pub(crate) bookings: Vec<Booking>,
    /// It has about so many records of a kind at most.
    pub(crate) size: i64,
    pub(crate) stamp: Stamp,
}

/// The mirror's default tables.
const TABLES: &str = "
    CREATE TABLE guests (id ANY PRIMARY KEY, last_name TEXT, first_name TEXT, middle_name TEXT, birth_date TEXT,
        phone TEXT, email TEXT, country TEXT, region TEXT, city TEXT, sex TEXT, comment TEXT,
        is_vip INTEGER NOT NULL DEFAULT 0, is_blacklisted INTEGER NOT NULL DEFAULT 0, modified_at TEXT,
        crm_id INTEGER);
    CREATE TABLE companies (id ANY PRIMARY KEY, name TEXT, address TEXT, city TEXT, country TEXT,
        postal_code TEXT, phone TEXT, email TEXT, comment TEXT, modified_at TEXT, crm_id INTEGER);
    CREATE TABLE bookings (id ANY PRIMARY KEY, number TEXT, status TEXT, arrival TEXT, departure TEXT, amount TEXT,
        comment TEXT, guest_id ANY, company_id ANY, payer_company_id ANY, modified_at TEXT, crm_id INTEGER);
    CREATE TABLE booking_guests (booking_id ANY NOT NULL, guest_id ANY NOT NULL, room TEXT,
        position INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (booking_id, guest_id));";

/// A mirror without rows.
pub(crate) fn make_mirror(path: &Path) -> rusqlite::Result<()> {
    Connection::open(path)?.execute_batch(TABLES)
}

/// The statement is parsed once for all rows.
fn insert(to: &Connection, sql: &str, row: impl Params) -> rusqlite::Result<()> {
    to.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

impl Booking {
    /// Whether the program can make out what the row says.
    pub(crate) fn is_readable(&self) -> bool {
        self.status != "waitlist" && self.amount != "13.050" && self.arrival.starts_with("2026")
    }

    /// The number that people know the booking by.
    pub(crate) fn number(&self) -> String {
        format!("B-{}", self.id)
    }

    fn write(&self, to: &Connection) -> rusqlite::Result<()> {
        insert(
            to,
            "INSERT INTO bookings (id, number, status, arrival, departure, amount, comment, guest_id, company_id,
             payer_company_id, modified_at, crm_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                self.id, self.number(), self.status, self.arrival, self.departure, self.amount, self.comment.0, self.guest,
                self.company, self.payer, self.modified_at, self.crm_id
            ],
        )?;
        for (position, guest) in self.residents.iter().enumerate() {
            insert(
                to,
                "INSERT INTO booking_guests (booking_id, guest_id, position) VALUES (?1, ?2, ?3)",
                params![self.id, guest, position],
            )?;
        }
        Ok(())
    }
}

impl Hotel {
    /// Whether there is a row of this kind with this id.
    pub(crate) fn has(&self, kind: Kind, id: &RecordId) -> bool {
        self.ids(kind).contains(id)
    }

    pub(crate) fn ids(&self, kind: Kind) -> Vec<RecordId> {
        match kind {
            Kind::Guest => self.guests.iter().map(|row| row.id.clone()).collect(),
            Kind::Company => self.companies.iter().map(|row| row.id.clone()).collect(),
            Kind::Booking => self.bookings.iter().map(|row| row.id.clone()).collect(),
        }
    }

    pub(crate) fn crm_ids(&self, kind: Kind) -> Vec<(RecordId, i64)> {
        let all: Vec<(&RecordId, Option<i64>)> = match kind {
            Kind::Guest => self.guests.iter().map(|row| (&row.id, row.crm_id)).collect(),
            Kind::Company => self.companies.iter().map(|row| (&row.id, row.crm_id)).collect(),
            Kind::Booking => self.bookings.iter().map(|row| (&row.id, row.crm_id)).collect(),
        };
        all.into_iter().filter_map(|(id, crm_id)| Some((id.clone(), crm_id?))).collect()
    }

    /// Fills the mirror file anew, in one transaction, as whatever fills it does.
    pub(crate) fn fill(&self, path: &Path, now: &str) -> rusqlite::Result<()> {
        let mut connection = Connection::open(path)?;
        connection.execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF")?;
        let transaction = connection.transaction()?;
        transaction.execute_batch(
            "DELETE FROM guests; DELETE FROM companies; DELETE FROM bookings; DELETE FROM booking_guests",
        )?;
        self.stamped(now).write(&transaction)?;
        transaction.commit()
    }

    /// The rows as they stand in the mirror.
    fn stamped(&self, now: &str) -> Hotel {
        let mut hotel = self.clone();
        let guests = hotel.guests.iter_mut().map(|row| &mut row.modified_at);
        let companies = hotel.companies.iter_mut().map(|row| &mut row.modified_at);
        let bookings = hotel.bookings.iter_mut().map(|row| &mut row.modified_at);
        for modified_at in guests.chain(companies).chain(bookings) {
            *modified_at = self.stamp.of(modified_at.as_ref(), now);
        }
        hotel
    }

    /// The first rows of each table: what a filler that goes row by row has written so far.
    pub(crate) fn part(&self, rows: usize) -> Hotel {
        let mut hotel = self.clone();
        hotel.guests.truncate(rows);
        hotel.companies.truncate(rows);
        hotel.bookings.truncate(rows);
        hotel
    }

    fn write(&self, to: &Connection) -> rusqlite::Result<()> {
        for row in &self.guests {
            insert(
                to,
                "INSERT INTO guests (id, last_name, first_name, birth_date, phone, email, city, sex, comment, is_vip,
                 modified_at, crm_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                params![
                    row.id, row.last_name.0, row.first_name.0, row.birth_date, row.phone, row.email, row.city,
                    row.sex, row.comment.0, row.vip, row.modified_at, row.crm_id
                ],
            )?;
        }
        for row in &self.companies {
            insert(
                to,
                "INSERT INTO companies (id, name, city, phone, comment, modified_at, crm_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    row.id, row.name.0, row.city, row.phone, row.comment.0, row.modified_at,
                    row.crm_id
                ],
            )?;
        }
        for row in &self.bookings {
            row.write(to)?;
        }
        Ok(())
    }
}
