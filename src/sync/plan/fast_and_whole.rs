//! The fast way against the whole one: random hotels change at random, and a comparison that trusts
//! the blocks must find what one that reads every row does.
//!
//! The blocks hold two rows or so, so that borders come and go all the time.

use std::hash::Hasher;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use enum_map::EnumMap;
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

use super::{
    Compared, MirrorStats, Pair, PlanOptions, Resend, ShownStays, StayRules, Step, compare,
};
use crate::config::MirrorConfig;
use crate::domain::failure_code::FailureCode;
use crate::domain::owned_values::OwnedValues;
use crate::domain::per_kind::PerKind;
use crate::domain::record::{BookingStatus, Kind, RecordId, RecordKey};
use crate::mirror::{Mirror, Row};
use crate::platform::clock::{ReadLimit, local_day};
use crate::platform::hash::{Fingerprint, text_hash};
use crate::state::{
    BookingStays, Failure, InDoubtCall, Note, Operation, PendingWork, SentRecord, State, Writer,
};

const TABLES: &str = "
    PRAGMA synchronous = OFF;
    CREATE TABLE guests (id, modified_at TEXT, last_name TEXT, birth_date TEXT);
    CREATE TABLE companies (id, modified_at TEXT, name TEXT, comment TEXT);
    CREATE TABLE bookings (id, modified_at TEXT, number TEXT, status TEXT, arrival TEXT, departure TEXT,
                           guest_id, company_id, payer_company_id);
    CREATE TABLE booking_guests (booking_id, guest_id, position);
    CREATE INDEX guests_by_id ON guests (id);
    CREATE INDEX companies_by_id ON companies (id);
    CREATE INDEX bookings_by_id ON bookings (id);
    CREATE INDEX residents_by_id ON booking_guests (booking_id);";

/// How the mirror is seen: as tables in which spans are sought, by queries that have to be read
/// from end to end, or through a window.
const VIEWS: [[&str; 4]; 3] = [
    ["guests", "companies", "bookings", "booking_guests"],
    [
        "(SELECT DISTINCT * FROM guests)",
        "(SELECT DISTINCT * FROM companies)",
        "(SELECT DISTINCT * FROM bookings)",
        "(SELECT DISTINCT * FROM booking_guests)",
    ],
    [
        "(SELECT * FROM guests LIMIT 9)",
        "(SELECT * FROM companies LIMIT 9)",
        "(SELECT * FROM bookings LIMIT 9)",
        "(SELECT booking_id, guest_id FROM booking_guests)",
    ],
];

/// What a comparison found.
pub(super) type Found = Vec<(Kind, Step, Pair)>;

/// What it has the state know.
#[derive(PartialEq, Debug, Default)]
pub(super) struct Notes {
    pub(super) records: Vec<(RecordKey, Note)>,
    pub(super) stays: Vec<BookingStays>,
}

/// What happens, and to what: each number is taken modulo what there is.
type Event = (u8, u8, u8, u8);

pub(super) struct World {
    pub(super) folder: TempDir,
    hotel: Connection,
    pub(super) state: State,
    mirror_stats: Option<MirrorStats>,
    pub(super) now: DateTime<Utc>,
    minute: u32,
    view: usize,
    pub(super) history: bool,
    codes: bool,
    /// Whether contacts show stays, and what they show by now.
    has_stays: bool,
    shown: Option<ShownStays>,
    /// Blocks that stood as sent when their comparison was over: without any, nothing is tested
    /// here.
    clean_blocks: usize,
}

/// Numbers, negative ones too, and texts, some of which look like numbers.
pub(super) fn id(thrown: u8) -> RecordId {
    match thrown % 24 {
        n @ 0..=17 => RecordId::Number(i64::from(n) * 3 - 9),
        n @ 18..=20 => RecordId::Text(format!("uuid-{n}")),
        n => RecordId::Text(n.to_string()),
    }
}

fn kind(thrown: u8) -> Kind {
    Kind::SEND_ORDER[usize::from(thrown) % 3]
}

impl World {
    pub(super) fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let hotel = Connection::open(folder.path().join("mirror.db")).unwrap();
        hotel.execute_batch(TABLES).unwrap();
        World {
            folder,
            hotel,
            state: State::in_memory().unwrap(),
            mirror_stats: None,
            now: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
            minute: 0,
            view: 0,
            history: false,
            codes: false,
            has_stays: true,
            shown: None,
            clean_blocks: 0,
        }
    }

    /// A hotel of which everything was sent. Every third id is free: for newcomers, and for records
    /// that the state alone knows.
    pub(super) fn settled() -> World {
        let mut world = World::new();
        for thrown in (0..24).filter(|thrown| thrown % 3 > 0) {
            for kind in Kind::SEND_ORDER {
                world.put(kind, &id(thrown), (thrown, 1));
            }
        }
        world.run(false, (false, true), usize::MAX, true);
        world.run(false, (false, true), usize::MAX, true);
        world
    }

    pub(super) fn mirror(&self) -> Mirror {
        let path = self.folder.path().join("mirror.db");
        let statuses =
            self.codes.then(|| ("odd".to_owned(), BookingStatus::Confirmed)).into_iter().collect();
        let config = MirrorConfig {
            path,
            sources: EnumMap::from_array(VIEWS[self.view].map(str::to_owned)),
            columns: PerKind::default(),
            statuses,
            write_back: false,
            encoding: None,
        };
        Mirror::open_within(&config, &ReadLimit::default()).unwrap().in_blocks_of(2)
    }

    pub(super) fn options(&self, mirror: &Mirror) -> PlanOptions {
        let mut reading_fingerprint = Fingerprint::default();
        reading_fingerprint.write_u64(mirror.schema_fingerprint().unwrap());
        reading_fingerprint.write_u8(self.history.into());
        let shown = ShownStays { fields: 1, day: local_day(self.now) };
        let stays = self.has_stays.then(|| StayRules::after(self.shown, shown));
        PlanOptions {
            full_read: stays.is_some_and(|stays| stays.fills_all),
            stays,
            now: self.now,
            deletes: true,
            windows: mirror.windows(),
            bookings_from: self.history.then(|| NaiveDate::from_ymd_opt(2026, 1, 15).unwrap()),
            previous_stats: self.mirror_stats.clone().unwrap_or_default(),
            reading_fingerprint: reading_fingerprint.finish(),
            ..PlanOptions::default()
        }
    }

    /// Compares both ways. Returns what the fast one saw, unless the mirror was refused.
    pub(super) fn compare(&self, options: &PlanOptions) -> Option<(Found, Notes, Compared)> {
        let mirror = self.mirror();
        let [fast, whole] = [false, true].map(|whole| {
            let options = PlanOptions { full_read: whole || options.full_read, ..options.clone() };
            let mut found = Found::new();
            let mut notes = Vec::new();
            let mut stays = Vec::new();
            let add = |kind, step, pair| {
                found.push((kind, step, pair));
                Ok(())
            };
            let note = |key: &RecordKey, note| {
                notes.push((key.clone(), note));
                Ok(())
            };
            let change = |changed: &BookingStays| {
                stays.push(changed.clone());
                Ok(())
            };
            let seen = compare(&mirror, &self.state, &options, add, note, change);
            let notes = Notes { records: notes, stays };
            (found, notes, seen.map_err(|error| format!("{error:#}")))
        });
        assert_eq!((&fast.0, &fast.1), (&whole.0, &whole.1), "what differs");
        match (fast.2, whole.2) {
            (Ok(seen), Ok(other)) => {
                let mirror_stats = MirrorStats {
                    full_read_at: other.mirror_stats.full_read_at,
                    ..seen.mirror_stats.clone()
                };
                assert_eq!(mirror_stats, other.mirror_stats);
                assert_eq!(seen.dirty, other.dirty);
                assert_eq!(seen.stay_guests, other.stay_guests);
                Some((fast.0, fast.1, seen))
            }
            (seen, other) => {
                assert_eq!(seen.err(), other.err());
                None
            }
        }
    }

    /// A run that compares, and keeps the blocks; its survey only where it ran through.
    pub(super) fn run(
        &mut self,
        full: bool,
        (retry_failed, deletes): (bool, bool),
        sends: usize,
        through: bool,
    ) {
        let resend = if full { Resend::All } else { Resend::Marked };
        let options = PlanOptions { resend, retry_failed, deletes, ..self.options(&self.mirror()) };
        let Some((found, notes, seen)) = self.compare(&options) else { return };
        let writer = self.state.writer().unwrap();
        for (key, note) in &notes.records {
            writer.save_note(key, *note, self.now).unwrap();
        }
        let mark = writer.mark_all_dirty(&seen.dirty).unwrap();
        for kind in Kind::SEND_ORDER {
            writer.save_blocks(kind, &seen.blocks[kind]).unwrap();
        }
        notes.stays.iter().for_each(|stays| writer.keep_stays(stays).unwrap());
        seen.stay_guests.iter().for_each(|guest| writer.stays_changed(guest).unwrap());
        match options.stays {
            Some(stays) if stays.fills_all => writer.all_stays_changed().unwrap(),
            Some(_) => {}
            None => writer.clear_stays().unwrap(),
        }
        writer.commit().unwrap();
        self.shown = options.stays.map(|stays| stays.shown);
        if full {
            self.state.resend_all().unwrap();
        }
        for (kind, step, pair) in found.iter().take(sends) {
            self.take(*kind, *step, pair);
        }
        if through {
            let writer = self.state.writer().unwrap();
            writer.clear_dirty(mark).unwrap();
            writer.commit().unwrap();
            self.mirror_stats = Some(seen.mirror_stats);
        }
        let clean_blocks = |kind| {
            self.state.blocks(kind).unwrap().values().filter(|kept| kept.clean.is_some()).count()
        };
        self.clean_blocks += Kind::SEND_ORDER.into_iter().map(clean_blocks).sum::<usize>();
    }

    fn take(&self, kind: Kind, step: Step, pair: &Pair) {
        let key = pair.key(kind);
        self.write(|writer| match (step, &pair.row) {
            (Step::Create | Step::Update | Step::SendCloseDate, Some(row)) => {
                self.send(writer, kind, row, PendingWork::default());
            }
            (Step::Create | Step::Update | Step::SendCloseDate, None) => {
                unreachable!("a row is needed")
            }
            (Step::Fail, row) => self.fail(writer, &key, row.as_ref(), 15),
            (Step::Recheck, _) => writer.update_pending(&key, PendingWork::default()).unwrap(),
            (Step::MarkAbsent, _) => writer.mark_absent(&key).unwrap(),
            (Step::DropRecord, _) => writer.forget(&key).unwrap(),
            (Step::Delete, _) => writer.delete(&key).unwrap(),
        });
    }

    fn write(&self, what: impl FnOnce(&Writer<'_>)) {
        let writer = self.state.writer().unwrap();
        what(&writer);
        writer.commit().unwrap();
    }

    fn send(&self, writer: &Writer<'_>, kind: Kind, row: &Row, todo: PendingWork) {
        let crm_id = 1 + (text_hash(&row.id.to_string()) % 1_000_000) as i64;
        let written = OwnedValues::default();
        let sent = SentRecord {
            row,
            crm_id,
            links_hash: 1,
            owned_values: &written,
            pending: todo,
            warnings: &[],
            run: 1,
        };
        let key = RecordKey::new(kind, row.id.clone());
        writer.save_sent(&key, &sent, self.now).unwrap();
    }

    fn fail(&self, writer: &Writer<'_>, key: &RecordKey, row: Option<&Row>, minutes: u64) {
        let failure = Failure { code: FailureCode::BadDate, operation: None, message: "", row };
        let pause = std::time::Duration::from_secs(60 * minutes);
        if row.is_some() {
            writer.mark_present(key).unwrap();
        }
        writer.save_failure(key, &failure, pause, self.now).unwrap();
    }

    /// The time of a change: mostly another second, now and then the same one.
    fn modified(&mut self, thrown: u8) -> String {
        self.minute += u32::from(!thrown.is_multiple_of(4));
        format!(
            "2026-01-{:02} {:02}:{:02}",
            1 + self.minute / 1440,
            self.minute / 60 % 24,
            self.minute % 60
        )
    }

    pub(super) fn put(&mut self, kind: Kind, id: &RecordId, (b, c): (u8, u8)) {
        let at = self.modified(b);
        self.hotel
            .execute(&format!("DELETE FROM {} WHERE id = ?1", kind.table().name()), [id])
            .unwrap();
        let date = if c % 13 == 0 { "soon" } else { "1970-01-01" };
        match kind {
            Kind::Guest => {
                let row = (id, at, format!("name {}", b % 5), date);
                self.hotel.execute("INSERT INTO guests VALUES (?1, ?2, ?3, ?4)", row)
            }
            Kind::Company => {
                let row = (id, at, format!("name {}", b % 5), date);
                self.hotel.execute("INSERT INTO companies VALUES (?1, ?2, ?3, ?4)", row)
            }
            Kind::Booking => {
                let status = ["confirmed", "cancelled", "odd"][usize::from(c) % 3];
                let departure = format!("2026-01-{:02} 12:00", 1 + c % 28);
                let row = (id, at, status, departure, self::id(b), self::id(c), self::id(b.wrapping_add(c)));
                let sql = "INSERT INTO bookings VALUES (?1, ?2, 'no ' || ?1, ?3, '2026-01-01 12:00', ?4, ?5, ?6, ?7)";
                self.hotel.execute(sql, row)
            }
        }
        .unwrap();
    }

    pub(super) fn sql(&self, sql: &str, parameters: impl rusqlite::Params) {
        self.hotel.execute(sql, parameters).unwrap();
    }

    /// A change in the hotel.
    fn hotel_event(&mut self, (what, a, b, c): Event) {
        let kind = kind(c);
        let id = id(a);
        let table = kind.table().name();
        match what {
            0..=4 => self.put(Kind::Booking, &id, (b, c)),
            5..=6 => self.put(Kind::Guest, &id, (b, c)),
            7 => self.put(Kind::Company, &id, (b, c)),
            8..=9 => {
                self.sql(
                    "INSERT INTO booking_guests VALUES (?1, ?2, ?3)",
                    (id, self::id(b), c % 3),
                );
            }
            10 => self.sql("DELETE FROM booking_guests WHERE booking_id = ?1", [id]),
            11 => self.sql("UPDATE booking_guests SET position = 5 WHERE booking_id = ?1", [id]),
            // A run, and a second change within the same second: nothing but its content shows it.
            12 => {
                self.put(Kind::Guest, &id, (b, c));
                self.run(false, (false, true), usize::MAX, true);
                self.sql(
                    "UPDATE guests SET last_name = ?2 WHERE id = ?1",
                    (id, format!("again {}", b % 5)),
                );
            }
            13 => self.sql(
                "UPDATE bookings SET number = ?2 WHERE id = ?1",
                (id, format!("other {}", b % 3)),
            ),
            14 => self.sql("UPDATE bookings SET guest_id = ?2 WHERE id = ?1", (id, self::id(b))),
            15..=16 => self.sql(&format!("DELETE FROM {table} WHERE id = ?1"), [id]),
            17 => {
                self.sql(&format!("INSERT INTO {table} SELECT * FROM {table} WHERE id = ?1"), [id]);
            }
            18 => self.sql(&format!("INSERT INTO {table} (modified_at) VALUES ('2026-01-01')"), []),
            19 if a % 4 == 0 => self.sql(&format!("DELETE FROM {table}"), []),
            19 => self.sql(&format!("DELETE FROM {table} WHERE id IS NULL"), []),
            _ => self.sql("DELETE FROM booking_guests WHERE guest_id = ?1", [id]),
        }
    }

    /// A change in the state, as runs and commands make them.
    fn state_event(&mut self, (what, a, b, c): Event) {
        let kind = kind(c);
        let id = id(a);
        let key = RecordKey::new(kind, id.clone());
        let row = self.mirror().find(kind, &id.to_string()).unwrap().into_iter().next();
        let todo = PendingWork {
            resend: b % 2 == 0,
            close: b % 3 == 0,
            recheck: b % 5 == 0,
            stays: b % 7 == 0,
        };
        let attempt = InDoubtCall {
            operation: Operation::Update,
            row: row.as_ref(),
            owned_values: &OwnedValues::default(),
        };
        self.write(|writer| match what {
            0 => {
                if let Some(row) = &row {
                    self.send(writer, kind, row, todo);
                }
            }
            1 => self.fail(writer, &key, row.as_ref(), u64::from(b)),
            2 if kind == Kind::Booking => {
                if let Some(row) = &row {
                    writer.save_waiting(row, "", self.now).unwrap();
                }
            }
            2 | 3 => writer.mark_in_doubt(&key, &attempt, self.now).unwrap(),
            4 => writer.clear_doubt(&key).unwrap(),
            5 => writer.resend(&key).unwrap(),
            6 => writer.update_pending(&key, todo).unwrap(),
            7 => writer.link(&key, 900 + i64::from(b)).unwrap(),
            8 if b % 2 == 0 => writer.detach(&key).unwrap(),
            8 => writer.mark_missing_in_crm(&key).unwrap(),
            9 => writer.relink_manually(&key, 900 + i64::from(b)).unwrap(),
            10 => writer.delete(&key).unwrap(),
            11 => writer.mark_absent(&key).unwrap(),
            12..=13 => writer.mark_dirty(&key).unwrap(),
            14 => writer.insert_if_missing(&key, "").unwrap(),
            15 => writer.clear_failure(&key).unwrap(),
            16 if b % 4 == 0 => drop(writer.detach_all(kind, self.now).unwrap()),
            _ => writer.schedule_retry(&key, self.now).unwrap(),
        });
    }

    fn happen(&mut self, event: Event) {
        let (what, a, b, c) = event;
        match what % 64 {
            0..=23 => self.hotel_event((what % 64, a, b, c)),
            24..=43 => self.state_event((what % 64 - 24, a, b, c)),
            // The hotel's clock goes with ours: a change of now has no `modified_at` of some
            // minutes ago.
            45 => self.has_stays = a % 4 > 0,
            44 => {
                self.now += TimeDelta::minutes(i64::from(a));
                self.minute += u32::from(a);
            }
            46 => self.view = usize::from(a) % 3,
            47 => self.history = a % 2 == 0,
            48 => self.codes = a % 2 == 0,
            // Everything that is due is sent, or the first few.
            49..=56 => self.run(false, (false, true), usize::MAX, true),
            57..=60 => {
                self.run(a % 16 == 0, (b % 4 == 0, b % 8 != 1), usize::from(c % 8), c % 2 == 0);
            }
            // A look from outside keeps nothing.
            _ => drop(
                self.compare(&PlanOptions { deletes: a % 2 == 0, ..self.options(&self.mirror()) }),
            ),
        }
    }
}

/// A change that moves no `modified_at` shows in the content alone, and the block has to be read
/// for that. After another query its digest does not tell when it changed.
#[test]
fn a_second_change_within_a_minute_is_found_also_after_another_query() {
    let mut world = World::settled();
    world.view = 1;
    let guest = RecordId::Text("22".into());
    world.put(Kind::Guest, &guest, (125, 1));
    world.run(false, (false, true), usize::MAX, true);
    world.run(false, (false, true), usize::MAX, true);
    world.put(Kind::Guest, &guest, (4, 1));
    let (found, ..) = world.compare(&world.options(&world.mirror())).unwrap();
    assert!(found.iter().any(|(kind, step, pair)| {
        (*kind, *step, &pair.id) == (Kind::Guest, Step::Update, &guest)
    }));
}

/// Somebody runs the program twice within a minute, and the next run comes minutes later.
#[test]
fn a_second_change_within_a_minute_is_found_also_by_a_run_that_comes_later() {
    let mut world = World::settled();
    let guest = RecordId::Text("23".into());
    world.put(Kind::Guest, &guest, (1, 1));
    world.run(false, (false, true), usize::MAX, true);
    world.run(false, (false, true), usize::MAX, true);
    world.put(Kind::Guest, &guest, (128, 1));
    world.now += TimeDelta::minutes(2);
    let (found, ..) = world.compare(&world.options(&world.mirror())).unwrap();
    assert!(found.iter().any(|(kind, _, pair)| (*kind, &pair.id) == (Kind::Guest, &guest)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_way_finds_what_the_whole_one_does(events in prop::collection::vec(any::<Event>(), 1..150)) {
        let mut world = World::settled();
        prop_assert!(world.clean_blocks > 12, "{} clean blocks", world.clean_blocks);
        for event in events {
            world.happen(event);
        }
        world.compare(&world.options(&world.mirror()));
    }
}
