//! The mirror: the hotel's Ecvi data in a `SQLite` file that somebody else fills.
//!
//! Opened read-only and read in one transaction, so that guests, companies and bookings belong together. Rows
//! come as streams ordered by id: a hotel of a million bookings never stands in memory.

mod access;
mod age;
mod columns;
mod footprint;
mod foreign_log;
mod outline;
#[cfg(unix)]
mod owners;
mod reason;
mod residents;
mod rows;
mod scan;
mod window;
mod write_back;

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::time::Duration;

use anyhow::Result;
use rusqlite::{Connection, OpenFlags};

pub use age::written_at;
pub use footprint::footprint;
pub use foreign_log::has_foreign_log;
pub use outline::{Block, Marks, Outline};
pub(crate) use rows::whole_number;
pub use rows::{BadRow, Body, Booking, Company, Guest, Row};
pub use scan::{Rows, Scan};
pub use write_back::write_back;

use crate::clock::ReadLimit;
use crate::config::MirrorConfig;
use crate::fingerprint::Fingerprint;
use crate::record::{Kind, Status};
use access::Admission;
use columns::{RESIDENT_COLUMNS, columns, found_columns, outlined, require, require_own, select_list};
use reason::{unreadable, unusable};
use write_back::roll_back;

const PATIENCE: Duration = Duration::from_secs(5);

/// Steps of SQLite between two looks at the limit: some milliseconds.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// The table of those who stay, and its key.
const RESIDENTS: &str = "booking_guests";

/// An open mirror, inside its read transaction.
pub struct Mirror {
    connection: Connection,
    statuses: BTreeMap<String, Status>,
    /// By [`Kind`], in the order guest, company, booking.
    selects: [String; 3],
    /// Of the same rows, what tells whether they are to be read at all.
    outlines: [String; 3],
    extra: [Vec<String>; 3],
    residents: String,
    windows: [bool; 3],
    residents_slide: bool,
    /// The blocks of [`Outline`] have about so many rows.
    grain: u64,
    /// Of so many rows at most each is read in every pass.
    few: u64,
    limit: ReadLimit,
    /// Dropped after the connection: closing a file drops all locks that the process has on it.
    _admission: Admission,
}

impl Mirror {
    /// Opens the file, begins the read transaction and checks that the tables and columns exist.
    pub fn open(config: &MirrorConfig) -> Result<Mirror> {
        Mirror::open_within(config, &ReadLimit::default())
    }

    /// As [`Mirror::open`]; all reading ends at the limit.
    pub fn open_within(config: &MirrorConfig, limit: &ReadLimit) -> Result<Mirror> {
        let admission = access::admit(&config.path, PATIENCE)?;
        roll_back(config);
        let connection = connect(config, limit)?;
        let (mut selects, mut outlines) = ([const { String::new() }; 3], [const { String::new() }; 3]);
        for kind in Kind::ALL {
            let (source, table) = (&config.sources[kind as usize], kind.table());
            let (wanted, required) = columns(kind);
            let found =
                found_columns(&connection, source).map_err(|error| unreadable(config, table, &error))?;
            require(&found, &wanted[..required], table)?;
            let own: Vec<&str> = config.columns[kind as usize].iter().map(String::as_str).collect();
            require_own(&found, &config.columns[kind as usize], table)?;
            if config.write_back {
                require(&found, &["crm_id"], table)?;
            }
            let select = |names: &[&str]| format!("SELECT {} FROM {source}", select_list(names, &found));
            selects[kind as usize] = select(&[wanted, &own].concat());
            outlines[kind as usize] = select(outlined(kind));
        }
        let source = &config.residents;
        let found =
            found_columns(&connection, source).map_err(|error| unreadable(config, RESIDENTS, &error))?;
        require(&found, &RESIDENT_COLUMNS[..2], RESIDENTS)?;
        let residents = format!("SELECT {} FROM {source}", select_list(RESIDENT_COLUMNS, &found));
        let mut windows = [false; 3];
        for kind in Kind::ALL {
            windows[kind as usize] = window::slides(&connection, &config.sources[kind as usize])?;
        }
        let residents_slide = window::slides(&connection, source)?;
        // Deferred: the transaction, and with it the writer's wait, begins with the first row that is read.
        connection.execute_batch("BEGIN")?;
        Ok(Mirror {
            connection,
            statuses: config.statuses.clone(),
            selects,
            outlines,
            extra: config.columns.clone(),
            residents,
            windows,
            residents_slide,
            grain: outline::GRAIN,
            few: outline::FEW,
            limit: limit.clone(),
            _admission: admission,
        })
    }

    /// Which kinds are seen through a window that moves: a record that is missing there may still be in Ecvi.
    pub fn windows(&self) -> [bool; 3] {
        self.windows
    }

    /// Whether those who stay are seen through a window that moves: who slides out of it leaves the deal.
    pub fn residents_slide(&self) -> bool {
        self.residents_slide
    }

    /// How many rows of `booking_guests` name their booking in another type than bookings have: numbers and texts do
    /// not meet, and nobody would stay there.
    pub fn residents_of_another_type(&self) -> Result<u64> {
        let (residents, bookings) = (&self.residents, &self.selects[Kind::Booking as usize]);
        let sql = format!(
            "WITH types AS (SELECT DISTINCT typeof(id) FROM ({bookings}))
             SELECT count(*) FROM ({residents}) WHERE typeof(booking_id) NOT IN types AND booking_id IS NOT NULL
               AND EXISTS (SELECT 1 FROM types)"
        );
        self.whole(self.connection.query_row(&sql, [], |row| row.get(0)))
    }

    /// A fingerprint of all that says what a row means: queries, views, and the hotel's own status codes.
    pub fn terms(&self) -> Result<u64> {
        let mut print = Fingerprint::default();
        for text in self.selects.iter().chain(&self.outlines).chain([&self.residents]) {
            print.text(text);
        }
        for (code, status) in &self.statuses {
            print.text(code);
            print.text(status.word());
        }
        let sql = "SELECT sql FROM sqlite_schema WHERE type = 'view' ORDER BY name";
        let mut views = self.connection.prepare_cached(sql)?;
        let mut views = views.query([])?;
        while let Some(view) = views.next()? {
            print.value(view.get_ref(0)?);
        }
        Ok(print.finish())
    }

    /// The same mirror in blocks of another size: many small ones have more borders to go wrong at.
    #[cfg(test)]
    pub(crate) fn in_blocks_of(self, grain: u64) -> Mirror {
        Mirror { grain, few: 0, ..self }
    }

    fn status(&self, word: &str) -> Option<Status> {
        self.statuses.get(word).copied().or_else(|| Status::from_word(word))
    }
}

fn connect(config: &MirrorConfig, limit: &ReadLimit) -> Result<Connection> {
    let broken = |error: rusqlite::Error| unusable(&config.path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&config.path, flags).map_err(broken)?;
    connection.busy_timeout(PATIENCE).map_err(broken)?;
    let limit = limit.clone();
    connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || limit.is_over())).map_err(broken)?;
    Ok(connection)
}
