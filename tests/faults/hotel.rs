//! A small hotel: a folder with configuration, mirror and state, and a portal of its own.

use std::fs;
use std::ops::Deref;
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use bitrix24_sandbox::{Kind as Entity, Portal};
use ecvi_b24::domain::record::Kind;
use ecvi_b24::state::State;
use ecvi_b24::state::settings::PORTAL;
use rusqlite::Connection;

use crate::env::{CONFIG, TestEnv};
use crate::program::{Ended, Victim};

/// The webhook's secret.
pub(crate) const SECRET: &str = "s3cr3tOfTheWebhook";
/// Lines of `[portal]` for a client that waits for answers longer than any test takes.
pub(crate) const PATIENT: &str = "request_timeout = \"20s\"\nsettle_time = \"100ms\"\n";
/// Lines of `[portal]` for a patient client that shares the bucket with other hotels on its host.
pub(crate) const SHARING: &str =
    "request_timeout = \"20s\"\nsettle_time = \"100ms\"\nshared_bucket = \"bucket\"\n";
/// Lines of `[portal]` for a client that soon gives up waiting for an answer.
pub(crate) const HASTY: &str = "request_timeout = \"1500ms\"\nsettle_time = \"2300ms\"\n";
/// After the client gave up, and before the doubt is settled.
pub(crate) const LATE: Duration = Duration::from_millis(1900);

const RATE: &str = "requests_per_second = 1000\nburst = 1000\n";
const SYNC: &str = "delete_after = \"0s\"\ntime_limit = \"50s\"\nretry_after = \"100ms\"\n";

/// How a hotel is configured.
#[derive(Clone, Copy)]
struct Settings {
    portal_lines: &'static str,
    /// Lines of `[sync]`, and more sections.
    more: &'static str,
    /// The mirror learns the CRM's ids.
    writes_back: bool,
    /// Where the mirror lies.
    mirror: &'static str,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { portal_lines: PATIENT, more: "", writes_back: false, mirror: "mirror.db" }
    }
}

pub(crate) struct Hotel {
    env: TestEnv,
    settings: Settings,
    /// Copies find their portal at an address that the state does not know.
    moved: bool,
}

impl Deref for Hotel {
    type Target = TestEnv;

    fn deref(&self) -> &TestEnv {
        &self.env
    }
}

impl Hotel {
    /// Two guests, a company, two bookings, and an empty portal. Nothing was sent yet.
    pub(crate) fn new() -> Hotel {
        Hotel::with("")
    }

    /// The same with more lines in `[sync]`, and more sections.
    pub(crate) fn with(more: &'static str) -> Hotel {
        Hotel::of(Settings { more, ..Settings::default() })
    }

    /// The same with other lines in `[portal]`.
    pub(crate) fn with_portal(portal_lines: &'static str) -> Hotel {
        Hotel::of(Settings { portal_lines, ..Settings::default() })
    }

    /// The same with `write_back = true`.
    pub(crate) fn writing_back() -> Hotel {
        Hotel::of(Settings { writes_back: true, ..Settings::default() })
    }

    /// The same with the mirror in a folder of its own.
    pub(crate) fn writing_back_elsewhere() -> Hotel {
        let mirror = "ecvi/mirror.db";
        Hotel::of(Settings { writes_back: true, mirror, ..Settings::default() })
    }

    fn of(settings: Settings) -> Hotel {
        let hotel = Hotel::before(empty_portal(), settings);
        hotel.sql(include_str!("hotel.sql"));
        hotel
    }

    /// From now on copies of this hotel find the portal at another address.
    pub(crate) fn moved(self) -> Hotel {
        Hotel { moved: true, ..self }
    }

    /// The same after an initial export.
    pub(crate) fn running() -> Hotel {
        let hotel = Hotel::new();
        hotel.run("initial-export").expect(0);
        hotel
    }

    /// An equal hotel before an equal portal; what happens to one does not touch the other.
    pub(crate) fn copy(&self) -> Hotel {
        self.copy_with(self.settings.portal_lines)
    }

    /// The same with other lines in `[portal]`.
    pub(crate) fn copy_with(&self, portal_lines: &'static str) -> Hotel {
        let settings = Settings { portal_lines, ..self.settings };
        let hotel = Hotel::before(self.server.portal().clone(), settings);
        for file in [settings.mirror, "state.db"].iter().filter(|file| self.path(file).exists()) {
            fs::copy(self.path(file), hotel.path(file)).unwrap();
        }
        if hotel.path("state.db").exists() && !self.moved {
            // Its portal has another address, and is no stranger for that.
            let host = format!("127.0.0.1:{}", hotel.server.port());
            State::open(&hotel.path("state.db")).unwrap().set(&PORTAL, &host).unwrap();
        }
        hotel
    }

    fn before(portal: Portal, settings: Settings) -> Hotel {
        let hotel = Hotel { env: TestEnv::before(portal), settings, moved: false };
        fs::create_dir_all(hotel.path(settings.mirror).parent().unwrap()).unwrap();
        hotel.configure(&hotel.server.webhook());
        hotel
    }

    /// Writes the configuration anew, for this webhook.
    pub(crate) fn configure(&self, webhook: &str) {
        let Settings { portal_lines, more, writes_back, mirror } = self.settings;
        let text = format!(
            "[mirror]\npath = \"{mirror}\"\nwrite_back = {writes_back}\n[portal]\nwebhook = \"{webhook}\"\n{RATE}{portal_lines}[sync]\n{SYNC}{more}"
        );
        self.write(CONFIG, text);
    }

    /// Rows of the mirror whose `crm_id` is not the object that carries their id; none are looked
    /// for where the mirror is not to know.
    pub(crate) fn not_written_back(&self) -> Vec<String> {
        if !self.writes_back() {
            return Vec::new();
        }
        not_written_back(&self.mirror(), &self.portal())
    }

    pub(crate) fn writes_back(&self) -> bool {
        self.settings.writes_back
    }

    pub(crate) fn mirror(&self) -> Connection {
        Connection::open(self.path(self.settings.mirror)).unwrap()
    }

    /// Changes the mirror.
    pub(crate) fn sql(&self, sql: &str) {
        self.mirror().execute_batch(sql).unwrap();
    }

    pub(crate) fn run(&self, arguments: &str) -> Ended {
        self.run_with(&[], arguments)
    }

    /// Runs the program in this environment.
    pub(crate) fn run_with(&self, environment: &[(&str, &str)], arguments: &str) -> Ended {
        self.run_as(&Victim::default(), environment, arguments)
    }

    /// Runs the program so that it can be killed.
    pub(crate) fn run_as(
        &self,
        victim: &Victim,
        environment: &[(&str, &str)],
        arguments: &str,
    ) -> Ended {
        victim.run(self.folder(), environment, arguments)
    }

    /// Begins a run so that it can be stopped and killed.
    pub(crate) fn start(
        &self,
        victim: &Victim,
        environment: &[(&str, &str)],
        arguments: &'static str,
    ) -> JoinHandle<Ended> {
        let victim = victim.clone();
        let folder = self.folder().to_owned();
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let environment: Vec<(String, String)> = environment.iter().map(own).collect();
        thread::spawn(move || {
            let environment: Vec<_> =
                environment.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            victim.run(&folder, &environment, arguments)
        })
    }

    /// Runs the program beside another run of it.
    pub(crate) fn aside(&self, arguments: &str) -> Ended {
        let aside = self.path("aside");
        fs::create_dir_all(&aside).unwrap();
        Victim::default().run(&aside, &[], &format!("--config ../ecvi-b24.toml {arguments}"))
    }

    /// From now on the portal works as it should, and nobody is killed.
    pub(crate) fn heal(&self) {
        self.server.faults(|_| None);
        self.server.before(|_| ());
        self.server.after(|_| ());
        self.server.answered(|_| ());
    }

    /// Waits until what is in doubt may be settled.
    pub(crate) fn wait(&self) {
        if self.doubts() > 0 {
            sleep(Duration::from_millis(if self.settings.portal_lines == HASTY {
                2350
            } else {
                110
            }));
        }
    }

    /// Records whose calls were not answered yet.
    pub(crate) fn doubts(&self) -> usize {
        let state = State::open_readonly(&self.path("state.db")).unwrap();
        Kind::SEND_ORDER.map(|kind| state.doubts(kind).unwrap().len()).iter().sum()
    }
}

/// Rows of this mirror whose `crm_id` is not the object that carries their id.
pub(crate) fn not_written_back(mirror: &Connection, portal: &Portal) -> Vec<String> {
    let tables =
        [("guests", Entity::Contact), ("companies", Entity::Company), ("bookings", Entity::Deal)];
    let rows = |(table, entity): (&str, Entity)| {
        let mut statement = mirror.prepare(&format!("SELECT id, crm_id FROM {table}")).unwrap();
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<u64>>(1)?)));
        let rows: Vec<_> = rows.unwrap().map(Result::unwrap).collect();
        let is_wrong = |(id, crm_id): &(i64, Option<u64>)| {
            let object = crm_id.and_then(|crm_id| portal.get(entity, crm_id));
            object.is_none_or(|object| object.text("ORIGIN_ID") != id.to_string())
        };
        let wrong = rows.into_iter().filter(is_wrong);
        wrong.map(|(id, crm_id)| format!("{table} {id}: {crm_id:?}")).collect::<Vec<_>>()
    };
    tables.into_iter().flat_map(rows).collect()
}

fn empty_portal() -> Portal {
    let mut portal = Portal::unlimited();
    SECRET.clone_into(&mut portal.settings.secret);
    portal
}
