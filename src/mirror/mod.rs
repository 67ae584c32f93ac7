//! The mirror: the hotel's Ecvi data in a `SQLite` file that somebody else fills.
//!
//! Opened read-only and read in one transaction, so that guests, companies and bookings belong together. Rows
//! come as streams ordered by id: a hotel of a million bookings never stands in memory.

mod rows;
mod window;
mod write_back;

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rusqlite::{Connection, OpenFlags, Statement, params_from_iter};
use serde_json::{Map, Value};

pub use write_back::write_back;

pub use rows::{BadRow, Body, Booking, Company, Guest, Row, Status};

use crate::code::Code;
use crate::config::MirrorConfig;
use crate::fingerprint::Fingerprint;
use crate::record::{Id, Kind};
use crate::say;
use rows::{Cells, as_text};
use write_back::roll_back;

const PATIENCE: Duration = Duration::from_secs(5);

/// The columns that are read, and how many of them, from the front, must exist.
fn columns(kind: Kind) -> (&'static [&'static str], usize) {
    match kind {
        Kind::Guest => (
            &[
                "id",
                "modified_at",
                "last_name",
                "first_name",
                "middle_name",
                "birth_date",
                "phone",
                "email",
                "country",
                "region",
                "city",
                "sex",
                "comment",
                "is_vip",
                "is_blacklisted",
                "crm_id",
            ],
            2,
        ),
        Kind::Company => (
            &[
                "id",
                "modified_at",
                "name",
                "address",
                "city",
                "country",
                "postal_code",
                "phone",
                "email",
                "comment",
                "crm_id",
            ],
            2,
        ),
        Kind::Booking => (
            &[
                "id",
                "modified_at",
                "number",
                "status",
                "arrival",
                "departure",
                "amount",
                "comment",
                "guest_id",
                "company_id",
                "payer_company_id",
                "crm_id",
            ],
            6,
        ),
    }
}

const RESIDENT_COLUMNS: &[&str] = &["booking_id", "guest_id", "position"];

/// An open mirror, inside its read transaction.
pub struct Mirror {
    connection: Connection,
    statuses: BTreeMap<String, Status>,
    /// By [`Kind`], in the order guest, company, booking.
    selects: [String; 3],
    extra: [Vec<String>; 3],
    residents: String,
    windows: [bool; 3],
}

impl Mirror {
    /// Opens the file, begins the read transaction and checks that the tables and columns exist.
    ///
    /// `extra` are the columns that the configuration maps to custom fields, for guests, companies and bookings.
    pub fn open(config: &MirrorConfig, extra: [Vec<String>; 3]) -> Result<Mirror> {
        let shown = config.path.display();
        let broken = || {
            say!(
                "зеркало Ecvi {shown} не открывается: проверьте путь и права, и что файл наполняется",
                "the mirror {shown} cannot be opened: check its path and permissions, and what fills it"
            )
        };
        roll_back(config);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&config.path, flags).with_context(broken)?;
        connection.busy_timeout(PATIENCE).with_context(broken)?;
        let mut selects = [const { String::new() }; 3];
        for kind in Kind::ALL {
            let source = &config.sources[kind as usize];
            let (wanted, required) = columns(kind);
            let found = found_columns(&connection, source).with_context(broken)?;
            require(&found, &wanted[..required], source)?;
            let own: Vec<&str> = extra[kind as usize].iter().map(String::as_str).collect();
            require(&found, &own, source)?;
            selects[kind as usize] =
                format!("SELECT {} FROM {source} ORDER BY id", select_list(&[wanted, &own].concat(), &found));
        }
        let source = &config.sources[3];
        let found = found_columns(&connection, source).with_context(broken)?;
        require(&found, &RESIDENT_COLUMNS[..2], source)?;
        let residents =
            format!("SELECT {} FROM {source} ORDER BY booking_id", select_list(RESIDENT_COLUMNS, &found));
        let mut windows = [false; 3];
        for kind in Kind::ALL {
            windows[kind as usize] = window::slides(&connection, &config.sources[kind as usize])?;
        }
        // Deferred: the transaction, and with it the writer's wait, begins with the first row that is read.
        connection.execute_batch("BEGIN").with_context(broken)?;
        Ok(Mirror { connection, statuses: config.statuses.clone(), selects, extra, residents, windows })
    }

    /// Which kinds are seen through a window that moves: a record that is missing there may still be in Ecvi.
    pub fn windows(&self) -> [bool; 3] {
        self.windows
    }

    /// Prepares to read all rows of a kind.
    pub fn scan(&self, kind: Kind) -> Result<Scan<'_>> {
        let records = self.connection.prepare(&self.selects[kind as usize])?;
        let residents = match kind {
            Kind::Booking => Some(self.connection.prepare(&self.residents)?),
            Kind::Guest | Kind::Company => None,
        };
        Ok(Scan { mirror: self, kind, records, residents, word: None })
    }

    /// The rows that have this id, or the bookings with this number.
    pub fn find(&self, kind: Kind, word: &str) -> Result<Vec<Row>> {
        let select = &self.selects[kind as usize];
        let number = if kind == Kind::Booking { "OR CAST(number AS TEXT) = ?1" } else { "" };
        let sql = format!("SELECT * FROM ({select}) WHERE CAST(id AS TEXT) = ?1 {number} ORDER BY id");
        let mut scan = self.scan(kind)?;
        scan.records = self.connection.prepare(&sql)?;
        scan.word = Some(word.to_owned());
        scan.rows()?.collect()
    }

    fn status(&self, word: &str) -> Option<Status> {
        self.statuses.get(word).copied().or_else(|| Status::from_word(word))
    }
}

fn found_columns(connection: &Connection, source: &str) -> rusqlite::Result<Vec<String>> {
    let statement = connection.prepare(&format!("SELECT * FROM {source} LIMIT 0"))?;
    Ok(statement.column_names().map(str::to_ascii_lowercase).collect())
}

fn require(found: &[String], required: &[&str], source: &str) -> Result<()> {
    let missing: Vec<&str> =
        required.iter().copied().filter(|name| !found.contains(&name.to_ascii_lowercase())).collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        bail!(say!(
            "в зеркале у {source} нет столбцов: {missing}. Исправьте зеркало или [mirror.queries] в конфигурации",
            "{source} of the mirror lacks the columns {missing}. Correct the mirror or [mirror.queries] in the configuration"
        ));
    }
    Ok(())
}

/// The columns by position; those that the hotel does not have read as NULL.
fn select_list(wanted: &[&str], found: &[String]) -> String {
    let cell = |name: &&str| {
        let known = found.contains(&name.to_ascii_lowercase());
        if known { format!("\"{name}\"") } else { format!("NULL AS \"{name}\"") }
    };
    wanted.iter().map(cell).collect::<Vec<_>>().join(", ")
}

/// Prepared statements over one kind.
pub struct Scan<'m> {
    mirror: &'m Mirror,
    kind: Kind,
    records: Statement<'m>,
    residents: Option<Statement<'m>>,
    word: Option<String>,
}

impl Scan<'_> {
    /// The rows, ordered by id, each id once.
    pub fn rows(&mut self) -> Result<Rows<'_>> {
        let residents = match &mut self.residents {
            Some(statement) => Some(Residents { rows: statement.query([])?, ahead: None, count: 0 }),
            None => None,
        };
        Ok(Rows {
            mirror: self.mirror,
            kind: self.kind,
            names: columns(self.kind).0,
            cursor: self.records.query(params_from_iter(&self.word))?,
            residents,
            ahead: None,
            count: 0,
            nameless: 0,
        })
    }
}

/// A stream of rows. An error ends the pass: the mirror is damaged or its rows are not in order.
pub struct Rows<'s> {
    mirror: &'s Mirror,
    kind: Kind,
    names: &'static [&'static str],
    cursor: rusqlite::Rows<'s>,
    residents: Option<Residents<'s>>,
    ahead: Option<Row>,
    count: u64,
    nameless: u64,
}

impl Rows<'_> {
    /// Rows read until now.
    pub fn seen(&self) -> u64 {
        self.count
    }

    /// Rows without a usable id, left out of the stream.
    pub fn nameless(&self) -> u64 {
        self.nameless
    }

    /// Rows of `booking_guests` read until now; 0 for the other kinds.
    pub fn residents(&self) -> u64 {
        self.residents.as_ref().map_or(0, |residents| residents.count)
    }

    fn read(&mut self) -> Result<Option<Row>> {
        loop {
            let Some(row) = self.cursor.next()? else { return Ok(None) };
            self.count += 1;
            let Ok(id) = row.get::<_, Id>(0) else {
                self.nameless += 1;
                continue;
            };
            let residents = match &mut self.residents {
                Some(residents) => residents.of(&id)?,
                None => Vec::new(),
            };
            let cells = Cells { row, names: self.names };
            return Ok(Some(parse(self.mirror, self.kind, id, &residents, &cells)));
        }
    }

    fn once_each(&mut self) -> Result<Option<Row>> {
        let Some(mut row) = (match self.ahead.take() {
            Some(row) => Some(row),
            None => self.read()?,
        }) else {
            // Drained to the end, so that a lost booking's residents are counted too.
            if let Some(residents) = &mut self.residents {
                residents.drain()?;
            }
            return Ok(None);
        };
        while let Some(next) = self.read()? {
            if next.id > row.id {
                self.ahead = Some(next);
                break;
            }
            if next.id < row.id {
                bail!(say!(
                    "зеркало отдаёт записи не по порядку номеров ({} после {})",
                    "the mirror's rows are not in the order of their ids ({} after {})",
                    next.id,
                    row.id
                ));
            }
            row.body = Err(BadRow::new(Code::DuplicateId, "id", &row.id.to_string()));
        }
        Ok(Some(row))
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.once_each().with_context(|| {
            let kind = self.kind;
            say!(
                "зеркало Ecvi повреждено или занято (чтение: {kind}); ничего не передано",
                "the mirror is damaged or busy (reading {kind}); nothing was sent"
            )
        });
        row.transpose()
    }
}

fn parse(mirror: &Mirror, kind: Kind, id: Id, residents: &[Id], cells: &Cells) -> Row {
    let modified_at = cells.text("modified_at");
    let body = match kind {
        Kind::Guest => cells.guest().map(Body::Guest),
        Kind::Company => Ok(Body::Company(cells.company())),
        Kind::Booking => cells.booking(residents.to_vec(), |word| mirror.status(word)).map(Body::Booking),
    };
    let body = if modified_at.trim().is_empty() {
        Err(BadRow::new(Code::NoValue, "modified_at", ""))
    } else {
        check_id(&id).and(body)
    };
    let (people, label) = match kind {
        Kind::Guest => (0, cells.text("last_name")),
        Kind::Company => (0, cells.text("name")),
        Kind::Booking => (people(cells, residents), cells.text("number")),
    };
    let extra = &mirror.extra[kind as usize];
    Row {
        id,
        modified_at,
        content: content(cells, extra.len()),
        people,
        label,
        crm_id: cells.crm_id(),
        extra: custom(cells, extra),
        body,
    }
}

/// What the portal's ORIGIN_ID can hold and a batch leaves alone.
fn check_id(id: &Id) -> Result<(), BadRow> {
    let Id::Text(text) = id else { return Ok(()) };
    let usable = !text.is_empty()
        && text.len() <= 255
        && text.trim() == text
        && !text.chars().any(|c| c.is_control() || c == '$');
    if usable { Ok(()) } else { Err(BadRow::new(Code::BadId, "id", text)) }
}

fn content(cells: &Cells, extra: usize) -> u64 {
    let mut fingerprint = Fingerprint::default();
    for at in 0..cells.names.len() + extra {
        // The CRM's id may be ours, written back.
        if cells.names.get(at) == Some(&"crm_id") {
            continue;
        }
        if let Ok(value) = cells.row.get_ref(at) {
            fingerprint.value(value);
        }
    }
    fingerprint.finish()
}

fn people(cells: &Cells, residents: &[Id]) -> u64 {
    let mut fingerprint = Fingerprint::default();
    for column in ["guest_id", "company_id", "payer_company_id"] {
        fingerprint.text(&cells.reference(column).map(|id| id.to_string()).unwrap_or_default());
    }
    for resident in residents {
        fingerprint.text(&resident.to_string());
    }
    fingerprint.finish()
}

fn custom(cells: &Cells, columns: &[String]) -> Map<String, Value> {
    let value = |at: usize| cells.row.get_ref(cells.names.len() + at).map(as_text).unwrap_or_default();
    columns.iter().enumerate().map(|(at, column)| (column.clone(), Value::from(value(at)))).collect()
}

/// `booking_guests`, read along with the bookings.
struct Residents<'s> {
    rows: rusqlite::Rows<'s>,
    ahead: Option<(Id, i64, Id)>,
    count: u64,
}

impl Residents<'_> {
    /// Those of one booking. Bookings must be asked for in the order of their ids.
    fn of(&mut self, booking: &Id) -> Result<Vec<Id>> {
        let mut found = Vec::new();
        while let Some((owner, position, guest)) = self.peek()? {
            if owner > *booking {
                self.ahead = Some((owner, position, guest));
                break;
            }
            if owner == *booking {
                found.push((position, guest));
            }
        }
        found.sort();
        Ok(found.into_iter().map(|(_, guest)| guest).collect())
    }

    fn peek(&mut self) -> Result<Option<(Id, i64, Id)>> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        while let Some(row) = self.rows.next()? {
            self.count += 1;
            if let (Ok(booking), Ok(guest)) = (row.get(0), row.get(1)) {
                return Ok(Some((booking, row.get(2).unwrap_or(0), guest)));
            }
        }
        Ok(None)
    }

    fn drain(&mut self) -> Result<()> {
        while self.rows.next()?.is_some() {
            self.count += 1;
        }
        Ok(())
    }
}
