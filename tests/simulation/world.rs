//! Everything there is: a hotel, a portal with its users, the program's files, and the time.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bitrix24_sandbox::{Kind as Entity, Portal};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use ecvi_b24::config::{Config, parse};
use ecvi_b24::domain::record::{Kind, RecordId};
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::platform::clock::{Clock, local_day};
use ecvi_b24::state::Issue;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use ecvi_b24::sync::run_report::RunReport;
use rusqlite::Connection;

use crate::ecvi_changes::{self, HotelAction};
use crate::files::{Files, new_files};
use crate::hotel::{Hotel, Stamp};
use crate::invariants::{Invariants, Object};
use crate::lists::Asked;
use crate::rng::Rng;
use crate::{log_lines, portal_changes, stays};

/// The webhook's secret: no text may show it.
pub(crate) const SECRET: &str = "s3cr3ts3cr3t";

/// A full bucket is empty after this time.
const BUCKET_DRAINS_IN: TimeDelta = TimeDelta::seconds(25);

/// Everything there is.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each says that something once happened")]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) config: Config,
    pub(crate) hotel: Hotel,
    pub(crate) portal: Portal,
    pub(crate) invariants: Invariants,
    /// A funnel beside the general one.
    pub(crate) funnel: i64,
    /// What people deleted.
    pub(crate) bin: Vec<Object>,
    pub(crate) run_began: DateTime<Utc>,
    /// Who was put aside when the run began.
    pub(crate) put_aside_before: Vec<Issue>,
    /// The portal refused everything and took changes again, both in this run.
    pub(crate) relieved: bool,
    /// The portal refused everything at some time.
    pub(crate) struck: bool,
    /// How far this machine's clock is behind.
    off: TimeDelta,
    /// Calls are on their way that nobody waits for any more.
    pub(crate) late_calls: bool,
    /// Something happened on the wire: the portal's limits may be other than they seem.
    pub(crate) lost_answers: bool,
    /// The state was lost or replaced: what stands in the CRM may count as people's.
    pub(crate) forgot: bool,
    /// When the state was replaced or lost: this one does not know what the runs before it asked
    /// for.
    pub(crate) state_replaced_at: Option<DateTime<Utc>>,
    pub(crate) merged: bool,
    /// When the last call on its way takes effect.
    pub(crate) last_effect: Option<DateTime<Utc>>,
    pub(crate) backup: Option<Vec<u8>>,
    /// A new state is copied, and not left to the program to make.
    copies_state: bool,
    /// The files of a process that died in the midst of a call.
    left_behind: Option<Files>,
    /// The requests of the last run.
    pub(crate) asked: Vec<Asked>,
    /// The commits of the last run.
    pub(crate) commits: u32,
    /// What the lists of an answer show is noted.
    pub(crate) watching: bool,
    /// The day on which the last run began, by this machine's calendar.
    pub(crate) run_day: NaiveDate,
    /// Bookings that were history when it began.
    pub(crate) old_bookings: BTreeSet<String>,
    /// Bookings that an administrator wanted to have a deal, however old.
    pub(crate) asked_for: BTreeSet<String>,
    /// The kind of which nothing that changes it is answered, and whether it is carried out.
    pub(crate) silent: Option<(Entity, bool)>,
    trace: Vec<String>,
    telling: bool,
}

/// The portal's word for a kind.
pub(crate) fn entity_of(kind: Kind) -> Entity {
    match kind {
        Kind::Guest => Entity::Contact,
        Kind::Company => Entity::Company,
        Kind::Booking => Entity::Deal,
    }
}

pub(crate) fn kind_of(entity: Entity) -> Kind {
    match entity {
        Entity::Contact => Kind::Guest,
        Entity::Company => Kind::Company,
        Entity::Deal => Kind::Booking,
    }
}

fn config(dir: &Path, rng: &mut Rng) -> Config {
    let matching = if rng.chance(20) { "match_existing = ['phone', 'email']" } else { "" };
    let missing = rng.weighted(&[(9, "relink"), (1, "fail")]);
    let method = rng.weighted(&[(7, "import"), (3, "add")]);
    let size = rng.one_of(&[50, 50, 7, 1]);
    let old = if rng.chance(20) { "bookings_from = '2026-12-12'" } else { "" };
    let stays = if rng.chance(20) { stays::section() } else { String::new() };
    let delete_after = rng.one_of(&["0s", "2m", "2m", "10m"]);
    let toml = format!(
        "[mirror]\npath = 'mirror.db'\n[state]\npath = 'state.db'\n
         [portal]\nwebhook = 'https://hotel.bitrix24.ru/rest/1/{SECRET}/'\n
         batch_size = {size}\n[sync]\non_missing = '{missing}'\ndelete_after = '{delete_after}'\n[export]\nmethod = '{method}'\n{old}\n[contact]\n{matching}\n{stays}"
    );
    parse(&toml, dir, None).expect("the configuration")
}

impl World {
    /// A new world in this folder. `rng` decides what kind of portal it has and who is at the
    /// hotel.
    pub(crate) fn new(dir: &Path, rng: &mut Rng, telling: bool) -> World {
        let mut portal = portal_changes::portal(rng);
        let funnel = portal.add_funnel("Банкеты");
        let size = if portal.settings.cost > 2.0 { 4 } else { rng.one_of(&[1, 4, 4, 4, 4, 30]) };
        let stamp = rng.weighted(&[
            (12, Stamp::AsIs),
            (2, Stamp::OneForAll),
            (2, Stamp::Day),
            (2, Stamp::Never),
            (2, Stamp::Ahead),
        ]);
        let hotel = Hotel { size, stamp, ..Hotel::default() };
        let mut world = World::bare(config(dir, rng), hotel, portal, telling);
        world.funnel = funnel;
        world.copies_state = !rng.clone().chance(25);
        let settings = &world.portal.settings;
        let (cost, accounting, leaking) =
            (settings.cost, settings.accounting, settings.leaking_errors);
        world.tell(format!(
            "the portal takes {cost} s a call, accounting {accounting:?}, leaking {leaking}"
        ));
        world.make_stay_fields();
        world.open_hotel(rng);
        world
    }

    /// A world in which nothing has happened yet, in the folder of its configuration.
    pub(crate) fn bare(config: Config, hotel: Hotel, portal: Portal, telling: bool) -> World {
        let start = DateTime::from_timestamp(1_796_000_000, 0).expect("a time");
        Files::default().put_into(config.state.parent().expect("a folder"));
        fs::write(&config.mirror.path, &new_files().mirror).expect("the mirror is written");
        World {
            clock: Clock::virtual_at(start),
            config,
            hotel,
            portal,
            invariants: Invariants::default(),
            funnel: 0,
            bin: Vec::new(),
            run_began: start,
            put_aside_before: Vec::new(),
            relieved: false,
            struck: false,
            off: TimeDelta::zero(),
            late_calls: false,
            lost_answers: false,
            forgot: false,
            state_replaced_at: None,
            merged: false,
            last_effect: None,
            backup: None,
            copies_state: false,
            left_behind: None,
            asked: Vec::new(),
            commits: 0,
            watching: false,
            run_day: local_day(start),
            old_bookings: BTreeSet::new(),
            asked_for: BTreeSet::new(),
            silent: None,
            trace: Vec::new(),
            telling,
        }
    }

    /// A second world like this one, as far as memory goes: it has the same files.
    pub(crate) fn twin(&self) -> World {
        World { clock: Clock::virtual_at(self.clock.now()), ..self.clone() }
    }

    /// One record of each kind stands there from the beginning, so that no table is ever empty.
    fn open_hotel(&mut self, rng: &mut Rng) {
        for kind in [Kind::Guest, Kind::Company, Kind::Booking] {
            self.hotel.add(kind, &RecordId::Number(1), None, rng, "2026-11-01 00:00:00");
        }
        self.hotel.bookings[0].residents = vec![RecordId::Number(1)];
        for _ in 0..rng.roll(2 * self.hotel.size.unsigned_abs() as usize) {
            let kind = rng.one_of(&[Kind::Guest, Kind::Booking]);
            ecvi_changes::apply(
                &mut self.hotel,
                HotelAction::New(kind),
                rng,
                self.clock.now(),
                &[],
            );
        }
        self.fill_mirror();
    }

    pub(crate) fn tell(&mut self, line: impl AsRef<str>) {
        if self.telling {
            let at = self.clock.now().format("%d. %H:%M:%S");
            self.trace.push(format!("{at}  {}", line.as_ref()));
        }
    }

    pub(crate) fn trace(&self) -> String {
        self.trace.join("\n")
    }

    pub(crate) fn wrong(&mut self, what: String) {
        self.invariants.wrongs.push(what);
    }

    /// The first broken promise.
    pub(crate) fn verdict(&self) -> Result<(), String> {
        self.invariants.wrongs.first().map_or(Ok(()), |wrong| Err(wrong.clone()))
    }

    /// The time at the portal and in Ecvi; this machine's clock may be off.
    pub(crate) fn portal_now(&self) -> DateTime<Utc> {
        self.clock.now() + self.off
    }

    /// This machine's clock is set; a call that was on its way has taken effect by then.
    pub(crate) fn set_clock(&mut self, minutes: i64) {
        let Clock::Virtual(time) = &self.clock else { return };
        let by = TimeDelta::minutes(minutes);
        time.set(time.get() + by);
        self.off -= by;
        self.tell(format!("this machine's clock is set by {minutes} minutes"));
    }

    pub(crate) fn wait(&mut self, time: TimeDelta) {
        self.clock.sleep(time.to_std().unwrap_or_default());
    }

    /// Something happens in Ecvi, and the mirror follows.
    pub(crate) fn change_ecvi(&mut self, hotel_action: HotelAction, rng: &mut Rng) {
        let standing: Vec<i64> = match hotel_action {
            HotelAction::New(kind) => {
                let ids =
                    self.portal.records(entity_of(kind)).map(|record| record.id.cast_signed());
                ids.chain([9999]).collect()
            }
            _ => Vec::new(),
        };
        let now = self.portal_now();
        let Some((kind, id, told)) =
            ecvi_changes::apply(&mut self.hotel, hotel_action, rng, now, &standing)
        else {
            return;
        };
        self.tell(told);
        // What the run under way has read may be older.
        self.old_bookings.clear();
        let origin = (entity_of(kind), id.to_string());
        if self.hotel.has(kind, &id) {
            self.invariants.missing.remove(&origin);
        } else {
            if kind == Kind::Booking {
                self.invariants.once_gone.insert(id.to_string());
            }
            self.invariants.missing.insert(origin);
        }
        for (_, crm_id) in self.hotel.crm_ids(kind) {
            self.invariants.named.insert((entity_of(kind), crm_id.cast_unsigned()));
        }
        self.fill_mirror();
    }

    pub(crate) fn fill_mirror(&mut self) {
        self.fill_from(&self.hotel.clone());
    }

    fn fill_from(&mut self, hotel: &Hotel) {
        let now = self.portal_now().format("%Y-%m-%d %H:%M:%S").to_string();
        if let Err(error) = hotel.fill(&self.config.mirror.path, &now) {
            self.wrong(format!(
                "the mirror cannot be filled while a run waits for the portal: {error}"
            ));
        }
    }

    /// The mirror is filled anew row by row, and a run sees the half of it: nobody is given up for
    /// that.
    pub(crate) fn refill(&mut self, rng: &mut Rng) {
        if self.config.sync.delete_after.is_zero() {
            return self.fill_mirror();
        }
        let rows = rng.roll(self.hotel.bookings.len() + 1);
        self.fill_from(&self.hotel.part(rows));
        self.tell(format!("the mirror is filled anew; {rows} rows of each table so far"));
        let plain = RunOptions::new(RunKind::Sync);
        self.run(&plain, &[]);
        self.fill_mirror();
        let ended = self.run(&plain, &[]);
        if !ended.is_some_and(|ended| matches!(ended.outcome, Outcome::Ok | Outcome::Partial)) {
            // Nobody may have seen that they are back: another such reading is the second one.
            self.invariants
                .once_gone
                .extend(self.hotel.bookings.iter().map(|row| row.id.to_string()));
        }
    }

    /// Calls the portal past its limits.
    pub(crate) fn unmetered(&mut self, act: impl FnOnce(&mut Portal, DateTime<Utc>)) {
        let (settings, counters) = (self.portal.settings.clone(), self.portal.counters.clone());
        self.portal.settings = settings.clone().unlimited();
        let now = self.portal_now();
        act(&mut self.portal, now);
        (self.portal.settings, self.portal.counters) = (settings, counters);
    }

    /// The records that hold an object, as the state on disk has it.
    pub(crate) fn holders(&self, entity: Entity, id: u64) -> Vec<String> {
        let ask = || -> rusqlite::Result<Vec<String>> {
            let state = Connection::open(&self.config.state)?;
            let sql = "SELECT CAST(id AS TEXT) FROM records WHERE kind = ?1 AND crm_id = ?2";
            let mut statement = state.prepare(sql)?;
            statement
                .query_map((kind_of(entity).name(), id.cast_signed()), |row| row.get(0))?
                .collect()
        };
        if self.config.state.exists() { ask().unwrap_or_default() } else { Vec::new() }
    }

    /// Before a run. Copied or made by the run, a new state is the same.
    pub(crate) fn begin_state(&self) {
        if self.copies_state && !self.config.state.exists() {
            fs::write(&self.config.state, &new_files().state).expect("the state is written");
        }
    }

    fn journal(&self) -> PathBuf {
        self.config.state.with_extension("db-journal")
    }

    /// Before a call everything is saved.
    pub(crate) fn look_at_state(&mut self) {
        if self.journal().exists() {
            self.wrong("a call is made while the state is not saved".into());
        }
    }

    /// The process dies now: what is on the disk is all that stays.
    pub(crate) fn keep_what_is_on_disk(&mut self) {
        self.left_behind = Some(Files::of(self.folder()));
    }

    /// Nothing was written after the death in the midst of a call; what a process did that died
    /// before a commit is taken back.
    pub(crate) fn bury(&mut self, dead_at_commit: Option<Files>) {
        let dead_at_call = self.left_behind.take();
        let is_written = dead_at_call.as_ref().is_some_and(|left| {
            left.get(&self.config.state) != fs::read(&self.config.state).ok().as_ref()
        });
        if is_written {
            self.wrong("something was written after the process died".into());
        }
        if let Some(left) = dead_at_commit.or(dead_at_call) {
            left.put_into(self.folder());
        }
    }

    /// Where the program's files are.
    pub(crate) fn folder(&self) -> &Path {
        self.config.state.parent().expect("a folder")
    }

    /// What holds after every run.
    pub(crate) fn look_at(&mut self, ended: &RunReport) {
        let told = format!("{:?} {:?}", ended.message, ended.failures);
        if told.contains(SECRET) {
            self.wrong(format!("the secret is told: {told}"));
        }
        if log_lines::secret_was_told() {
            self.wrong("the secret is told in a log".into());
        }
        self.check_nobody_is_put_aside_for_the_portal();
        // A state of before, or a new one, cannot know how full the bucket is until that is empty:
        // one 503 says it.
        if let Some(at) = self.state_replaced_at.take_if(|_| ended.requests > 0)
            && self.run_began - at < BUCKET_DRAINS_IN
        {
            self.portal.counters.refused = self.portal.counters.refused.saturating_sub(1);
        }
        // Nobody who does not know the time keeps a limit.
        let counters = &self.portal.counters;
        let blocked =
            counters.blocked > 0 && !self.lost_answers && self.portal.settings.cost <= 2.0;
        if self.off.is_zero() && (counters.refused > 0 || blocked) {
            let text = format!(
                "the portal was angered: {} x 503, {} x 429",
                counters.refused, counters.blocked
            );
            self.wrong(text);
        }
    }
}
