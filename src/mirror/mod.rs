//! The mirror: the hotel's Ecvi data in a `SQLite` file that somebody else fills.
//!
//! Opened read-only and read in one transaction, so that guests, companies and bookings belong
//! together. Rows are read as streams ordered by id: a million bookings are never in memory.

mod access;
mod age;
mod booking_guests;
mod cell;
mod change_columns;
mod columns;
mod file_stamp;
pub mod fill;
mod foreign_log;
mod functions;
mod ids;
mod owners;
mod reason;
mod references;
mod rows;
mod scan;
mod sources;
pub mod survey;
pub(crate) mod values;
mod window;
mod write_back;

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

pub use age::written_at;
pub use change_columns::{Block, ChangeInputs, Outline};
pub use file_stamp::file_stamp;
pub use foreign_log::has_foreign_log;
pub use references::Strangers;
pub use rows::{Booking, Company, Entity, Guest, Row, RowError, RowWarning};
pub use scan::{Rows, Scan};
pub use values::{Moment, is_time};
pub use write_back::{WriteBack, write_back};

use crate::config::MirrorConfig;
use crate::domain::per_kind::PerKind;
use crate::domain::record::{BookingStatus, Kind};
use crate::domain::run_error::RunError;
use crate::platform::clock::ReadLimit;
use crate::platform::hash::Fingerprint;
use access::Admission;
use cell::Encoding;
use ids::{IdOrder, RecordIds, StayIds};
use reason::unusable;
use sources::{RecordSource, StaySource};
use write_back::recover_hot_journal;

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Steps of SQLite between two checks of the limit: about ten rows. A function of a view may take
/// seconds for each row; the check itself takes some nanoseconds.
const STEPS_BETWEEN_CHECKS: i32 = 100;

/// An open mirror, inside its read transaction.
pub struct Mirror {
    connection: Connection,
    statuses: BTreeMap<String, BookingStatus>,
    encoding: Encoding,
    records: PerKind<RecordSource>,
    stays: StaySource,
    /// The blocks of [`Outline`] have about so many rows.
    grain: u64,
    /// A table with no more rows than this is read whole in every run.
    few: u64,
    limit: ReadLimit,
    /// Dropped after the connection: closing a file drops all locks that the process has on it.
    _admission: Admission,
}

impl Mirror {
    /// Opens the file, begins the read transaction and checks that the tables and columns exist.
    /// All reading ends at the limit.
    pub fn open_within(config: &MirrorConfig, limit: &ReadLimit) -> Result<Mirror, RunError> {
        let admission = access::admit(&config.path, BUSY_TIMEOUT)?;
        recover_hot_journal(config);
        let connection = connect(config, limit)?;
        let utf_16 = prepare(&connection, config)?;
        let records =
            PerKind::try_from_fn(|kind| RecordSource::check(&connection, config, kind, utf_16))?;
        let stays = StaySource::check(&connection, config)?;
        functions::substitute_collations(&connection)
            // Deferred: a writer has to wait only when the first row is read.
            .and_then(|()| connection.execute_batch("BEGIN"))
            .map_err(|error| unusable(&config.path, &error))?;
        Ok(Mirror {
            connection,
            statuses: config.statuses.clone(),
            encoding: config.encoding,
            records,
            stays,
            grain: change_columns::GRAIN,
            few: change_columns::FEW,
            limit: limit.clone(),
            _admission: admission,
        })
    }

    /// The kinds whose query shows a moving window: a record that is missing there may still be in
    /// Ecvi.
    pub fn windows(&self) -> PerKind<bool> {
        PerKind::from_fn(|kind| self.records[kind].is_windowed)
    }

    /// Whether the query of `booking_guests` shows a moving window: a guest who is outside it
    /// leaves the deal.
    pub fn are_booking_guests_windowed(&self) -> bool {
        self.stays.is_windowed
    }

    /// How the ids of a kind are compared. Looked up when it is first needed, because a writer may
    /// have to wait from then on.
    fn record_ids(&self, kind: Kind) -> Result<&RecordIds, RunError> {
        let RecordSource { ids, outline, .. } = &self.records[kind];
        if let Some(ids) = ids.get() {
            return Ok(ids);
        }
        let found = IdOrder::of_records(&self.connection, outline);
        let found = found.map_err(|error| self.broken_off(kind, error))?;
        Ok(ids.get_or_init(|| found))
    }

    /// How the bookings of `booking_guests` are compared.
    fn stay_ids(&self) -> Result<&StayIds, RunError> {
        let StaySource { ids, rows, .. } = &self.stays;
        if let Some(ids) = ids.get() {
            return Ok(ids);
        }
        let id_type = self.record_ids(Kind::Booking)?.id_type;
        let bookings = &self.records[Kind::Booking].outline;
        let found = IdOrder::of_stays(&self.connection, rows, bookings, id_type);
        let found = found.map_err(|error| self.broken_off(Kind::Booking, error))?;
        Ok(ids.get_or_init(|| found))
    }

    /// A fingerprint of everything that decides what a row means: queries, views, and the hotel's
    /// own status codes.
    pub fn schema_fingerprint(&self) -> Result<u64, RunError> {
        self.hash_schema().map_err(|error| self.broken_off(Kind::Booking, error))
    }

    fn hash_schema(&self) -> rusqlite::Result<u64> {
        let mut print = Fingerprint::default();
        for source in self.records.values() {
            print.text(&source.rows);
        }
        for source in self.records.values() {
            print.text(&source.outline);
        }
        print.text(&self.stays.rows);
        for (code, status) in &self.statuses {
            print.text(code);
            print.text(status.word());
        }
        print.text(self.encoding.map_or("", encoding_rs::Encoding::name));
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

    fn status(&self, word: &str) -> Option<BookingStatus> {
        self.statuses.get(word).copied().or_else(|| word.parse().ok())
    }
}

fn connect(config: &MirrorConfig, limit: &ReadLimit) -> Result<Connection, RunError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    open_within(&config.path, flags, BUSY_TIMEOUT, limit)
        .map_err(|error| unusable(&config.path, &error))
}

/// Opens a database whose reading ends at the limit.
fn open_within(
    path: &Path,
    flags: OpenFlags,
    busy_timeout: Duration,
    limit: &ReadLimit,
) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy_timeout)?;
    let limit = limit.clone();
    connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(move || limit.is_over()))?;
    Ok(connection)
}

/// Adds the functions that read ids and texts. Returns what [`columns::utf_16`] says.
fn prepare(connection: &Connection, config: &MirrorConfig) -> Result<Option<bool>, RunError> {
    functions::add(connection, config.encoding)
        .and_then(|()| columns::utf_16(connection))
        .map_err(|error| unusable(&config.path, &error))
}
