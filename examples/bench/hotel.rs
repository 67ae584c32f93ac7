//! A hotel of any size, the same on every machine: its mirror, its configuration, and a state in
//! which all was sent.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use ecvi_b24::config::{self, Config};
use ecvi_b24::domain::owned_values::OwnedValues;
use ecvi_b24::domain::record::{IdRange, Kind, RecordKey};
use ecvi_b24::mirror::Mirror;
use ecvi_b24::platform::lock::Lock;
use ecvi_b24::state::settings::{INITIAL_EXPORT, PORTAL};
use ecvi_b24::state::{PendingWork, SentRecord, State};
use rusqlite::Connection;

/// Rows as a hotel's own are: names and comments of the usual length, and a person or two in each
/// booking. The ids are scattered by a multiplication, so that neighbours in one table are none in
/// another.
const ROWS: &str = "
    PRAGMA synchronous = OFF;
    BEGIN;
    INSERT INTO guests (id, last_name, first_name, middle_name, birth_date, phone, email, country, region, city, sex,
                        comment, modified_at)
    SELECT value, 'Приходько' || value, 'Олег', 'Иванович', '1980-05-20', format('+7900%07d', value),
           'guest' || value || '@example.ru', 'Россия', 'Московская обл.', 'Химки', 'M', 'тихий номер',
           datetime(1400000000 + value * 7, 'unixepoch') FROM generate_series(1, :guests);
    INSERT INTO companies (id, name, address, city, country, postal_code, phone, modified_at)
    SELECT value, 'ООО «Ромашка» ' || value, 'ул. Ленина, 1', 'Москва', 'Россия', '101000',
           format('+7495%07d', value), datetime(1400000000 + value * 70, 'unixepoch') FROM generate_series(1, :companies);
    INSERT INTO bookings (id, number, status, arrival, departure, amount, comment, guest_id, company_id, modified_at)
    SELECT value, 100000 + value, 'confirmed', '2026-12-01 14:00', '2026-12-05 12:00', '13050.00', 'поздний заезд',
           1 + value * 7919 % :guests, iif(value % 3 = 0, 1 + value % :companies, NULL),
           datetime(1400000000 + value * 5, 'unixepoch') FROM generate_series(1, :bookings);
    INSERT INTO booking_guests (booking_id, guest_id, room, position)
    SELECT id, guest_id, '101', 0 FROM bookings WHERE guest_id IS NOT NULL
    UNION ALL SELECT id, 1 + (guest_id + 1) % :guests, '101', 1 FROM bookings WHERE id % 2 = 0 AND guest_id IS NOT NULL
    ORDER BY 1;
    COMMIT;";

/// `generate_series` of the bundled SQLite is not there.
const SERIES: &str = "(WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT {}) SELECT value FROM n)";

/// A hotel in a folder.
pub(crate) struct Hotel {
    pub(crate) folder: PathBuf,
    pub(crate) config: Config,
}

impl Hotel {
    /// Nobody else makes a run here.
    pub(crate) fn lock(&self) -> Result<Lock> {
        Lock::try_acquire(&self.config.state)?.context("another run is under way")
    }

    /// Makes the mirror and the configuration.
    pub(crate) fn new(
        folder: &Path,
        guests: u64,
        companies: u64,
        bookings: u64,
        portal: &str,
    ) -> Result<Hotel> {
        let path = folder.join("mirror.db");
        let mirror = Connection::open(&path)?;
        mirror.execute_batch(include_str!("../../fixtures/schema.sql"))?;
        let mut sql = ROWS.to_owned();
        for (name, count) in
            [(":guests", guests), (":companies", companies), (":bookings", bookings)]
        {
            let series = SERIES.replace("{}", &count.max(1).to_string());
            sql = sql.replace(
                &format!("generate_series(1, {name})"),
                &format!("{series} WHERE {count} > 0"),
            );
            sql = sql.replace(name, &count.max(1).to_string());
        }
        mirror.execute_batch(&sql)?;
        let text = format!("[mirror]\npath = 'mirror.db'\n[portal]\n{portal}\n");
        let file = folder.join("ecvi-b24.toml");
        fs::write(&file, &text)?;
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(Hotel { folder: folder.to_owned(), config: config::parse(&text, folder, None)? })
    }

    /// Writes a state in which every record of the mirror was sent.
    pub(crate) fn all_sent(&self, now: DateTime<Utc>) -> Result<()> {
        let mirror = Mirror::open(&self.config.mirror)?;
        let state = State::open(&self.config.state)?;
        state.set(&INITIAL_EXPORT, &now)?;
        state.set(&PORTAL, &self.config.portal.webhook.host().to_owned())?;
        let writer = state.writer()?;
        for kind in Kind::SEND_ORDER {
            let mut scan = mirror.scan(kind)?;
            for (at, row) in scan.rows(IdRange::ALL)?.enumerate() {
                let row = row?;
                let (crm_id, written) = (i64::try_from(at)? + 1, OwnedValues::default());
                let sent = SentRecord {
                    row: &row,
                    crm_id,
                    links_hash: 1,
                    owned_values: &written,
                    pending: PendingWork::default(),
                    warnings: &[],
                    run: 1,
                };
                writer.save_sent(&RecordKey::new(kind, row.id.clone()), &sent, now)?;
            }
        }
        Ok(writer.commit()?)
    }

    /// The arguments of the program, and the program.
    pub(crate) fn program(&self, words: &[&str]) -> Result<(PathBuf, Vec<String>)> {
        let own = std::env::current_exe()?;
        let folder = own.parent().and_then(Path::parent).context("no folder of the program")?;
        let config = self.folder.join("ecvi-b24.toml").display().to_string();
        let words = ["--config", &config].into_iter().chain(words.iter().copied());
        Ok((folder.join("ecvi-b24"), words.map(str::to_owned).collect()))
    }
}
