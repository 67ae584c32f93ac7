//! A hotel of any size, the same on every machine: its mirror, its configuration, and a state in
//! which all was sent.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use ecvi_b24::config::{self, Config};
use ecvi_b24::domain::owned_values::OwnedValues;
use ecvi_b24::domain::record::{IdRange, Kind, RecordKey};
use ecvi_b24::mirror::Mirror;
use ecvi_b24::platform::clock::{Clock, ReadLimit};
use ecvi_b24::platform::lock::Lock;
use ecvi_b24::state::settings::{INITIAL_EXPORT, PORTAL};
use ecvi_b24::state::{PendingWork, SentRecord, State};
use ecvi_b24::sync::options::{RunKind, RunOptions};
use ecvi_b24::sync::run::run_locked;
use ecvi_b24::sync::run_report::RunReport;
use rusqlite::Connection;

use crate::measure::Program;
use crate::timed_portal::TimedPortal;

/// Rows as a hotel's own are: names and comments of the usual length, and a person or two in each
/// booking. The ids are scattered by a multiplication, so that neighbours in one table are none in
/// another.
const ROWS: &str = "
    PRAGMA synchronous = OFF;
    CREATE TEMP TABLE numbers AS
    WITH RECURSIVE n (value) AS (
        SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT max(:guests, :companies, :bookings)
    )
    SELECT value FROM n;
    BEGIN;
    INSERT INTO guests (id, last_name, first_name, middle_name, birth_date, phone, email, country,
                        region, city, sex, comment, modified_at)
    SELECT value, 'Приходько' || value, 'Олег', 'Иванович', '1980-05-20',
           format('+7900%07d', value), 'guest' || value || '@example.ru', 'Россия',
           'Московская обл.', 'Химки', 'M', 'тихий номер',
           datetime(1400000000 + value * 7, 'unixepoch')
    FROM numbers WHERE value <= :guests;
    INSERT INTO companies (id, name, address, city, country, postal_code, phone, modified_at)
    SELECT value, 'ООО «Ромашка» ' || value, 'ул. Ленина, 1', 'Москва', 'Россия', '101000',
           format('+7495%07d', value), datetime(1400000000 + value * 70, 'unixepoch')
    FROM numbers WHERE value <= :companies;
    INSERT INTO bookings (id, number, status, arrival, departure, amount, comment, guest_id,
                          company_id, modified_at)
    SELECT value, 100000 + value, 'confirmed', '2026-12-01 14:00', '2026-12-05 12:00', '13050.00',
           'поздний заезд', 1 + value * 7919 % max(:guests, 1),
           iif(value % 3 = 0, 1 + value % max(:companies, 1), NULL),
           datetime(1400000000 + value * 5, 'unixepoch')
    FROM numbers WHERE value <= :bookings;
    INSERT INTO booking_guests (booking_id, guest_id, room, position)
    SELECT id, guest_id, '101', 0 FROM bookings
    UNION ALL
    SELECT id, 1 + (guest_id + 1) % max(:guests, 1), '101', 1 FROM bookings WHERE id % 2 = 0
    ORDER BY 1;
    COMMIT;";

const CONFIG_FILE: &str = "ecvi-b24.toml";

/// How many rows the mirror of a hotel has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) guests: u64,
    pub(crate) companies: u64,
    pub(crate) bookings: u64,
}

/// A hotel in a folder.
pub(crate) struct Hotel {
    pub(crate) folder: PathBuf,
    pub(crate) config: Config,
}

impl Hotel {
    /// Makes the mirror and the configuration; `portal` is what stands under `[portal]`.
    pub(crate) fn new(folder: &Path, size: Size, portal: &str) -> Result<Hotel> {
        let mirror = Connection::open(folder.join("mirror.db"))?;
        mirror.execute_batch(include_str!("../../fixtures/schema.sql"))?;
        mirror.execute_batch(&rows_of(size))?;
        let text = format!("[mirror]\npath = 'mirror.db'\n[portal]\n{portal}\n");
        let file = folder.join(CONFIG_FILE);
        fs::write(&file, &text)?;
        fs::set_permissions(&file, Permissions::from_mode(0o600))?;
        Ok(Hotel { folder: folder.to_owned(), config: config::parse(&text, folder, None)? })
    }

    /// Writes a state in which every record of the mirror was sent.
    pub(crate) fn all_sent(&self, now: DateTime<Utc>) -> Result<()> {
        let mirror = Mirror::open_within(&self.config.mirror, &ReadLimit::default())?;
        let state = State::open(&self.config.state)?;
        state.set(&INITIAL_EXPORT, &now)?;
        state.set(&PORTAL, &self.config.portal.webhook.host().to_owned())?;
        let writer = state.writer()?;
        for kind in Kind::SEND_ORDER {
            let mut scan = mirror.scan(kind)?;
            for (at, row) in scan.rows(IdRange::ALL)?.enumerate() {
                let row = row?;
                let sent = SentRecord {
                    row: &row,
                    crm_id: i64::try_from(at)? + 1,
                    links_hash: 1,
                    owned_values: &OwnedValues::default(),
                    pending: PendingWork::default(),
                    warnings: &[],
                    run: 1,
                };
                writer.save_sent(&RecordKey::new(kind, row.id.clone()), &sent, now)?;
            }
        }
        Ok(writer.commit()?)
    }

    /// One run in this process, against a portal in virtual time.
    pub(crate) fn run(
        &self,
        kind: RunKind,
        portal: &mut TimedPortal,
        clock: &Clock,
    ) -> Result<RunReport> {
        let lock = Lock::try_acquire(&self.config.state)?.context("another run is under way")?;
        let options = RunOptions::new(kind);
        Ok(run_locked(&lock, &self.config, &options, portal, clock, &mut ())?)
    }

    /// The program, which was built beside this one, with the hotel's configuration.
    pub(crate) fn program(&self, arguments: &[&str]) -> Result<Program> {
        let own = std::env::current_exe()?;
        let folder = own.parent().and_then(Path::parent).context("no folder of the program")?;
        let config = self.folder.join(CONFIG_FILE).display().to_string();
        let arguments = [&["--config", config.as_str()][..], arguments].concat();
        Ok(Program::new(folder.join("ecvi-b24"), &arguments))
    }
}

fn rows_of(size: Size) -> String {
    ROWS.replace(":guests", &size.guests.to_string())
        .replace(":companies", &size.companies.to_string())
        .replace(":bookings", &size.bookings.to_string())
}
