//! A small hotel before a portal in which others have their cards too, and what happens in it.

use std::path::Path;
use std::time::Duration;

use bitrix24_sandbox::Portal as Sandbox;
use chrono::{DateTime, Utc};
use ecvi_b24::config::{Config, parse};
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use ecvi_b24::sync::run_report::RunReport;
use rusqlite::Connection;
use serde_json::json;

use crate::invariants;
use crate::once::run_once;
use crate::rng::Rng;
use crate::wire::Wire;

/// The webhook's secret: no text may show it.
pub(crate) const SECRET: &str = "s3cr3tOfTheWebhook";
/// A guest's name: no warning may show it.
pub(crate) const PERSON: &str = "Приходько";

/// What may happen in Ecvi between two runs.
const EVENTS: &[&str] = &[
    "INSERT INTO guests (id, last_name, phone, modified_at) VALUES (43, 'Смирнов', '+79167778899', '2026-05-03 10:00:00');
     INSERT INTO bookings (id, number, status, arrival, departure, amount, guest_id, company_id, modified_at)
     VALUES (8, '3684', 'checked_out', '2026-04-07 12:00', '2026-04-09 12:00', '900.00', 43, 7, '2026-05-03 10:00:00');",
    "UPDATE guests SET last_name = 'Иванова', phone = '+79160000000', modified_at = '2026-05-04 10:00:00' WHERE id = 41;
     UPDATE bookings SET status = 'checked_out', modified_at = '2026-05-04 10:00:00' WHERE id = 5;",
    "UPDATE companies SET city = 'Тверь', modified_at = '2026-05-04 10:00:00' WHERE id = 7;",
    "DELETE FROM booking_guests WHERE booking_id = 6; DELETE FROM bookings WHERE id = 6;",
    "DELETE FROM booking_guests WHERE guest_id = 42 AND booking_id = 5;",
];

pub(crate) struct Hotel {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) wire: Wire,
    strangers: Vec<String>,
    /// The state was lost: what stood in the CRM by then may count as people's.
    pub(crate) forgot: bool,
}

/// A run of cron that may delete whatever is gone.
pub(crate) fn sync() -> RunOptions {
    RunOptions { max_deletes: Some(1000), ..RunOptions::new(RunKind::Sync) }
}

/// The text of the configuration; `more` are lines of `[portal]` and further sections.
pub(crate) fn toml(more: &str) -> String {
    format!(
        "[mirror]\npath = 'mirror.db'\n[portal]\nwebhook = 'https://hotel.bitrix24.ru/rest/1/{SECRET}/'\n{more}\n"
    )
}

/// The mirror of the hotel, made in this folder.
pub(crate) fn fill(dir: &Path) {
    drop(std::fs::remove_file(dir.join("mirror.db")));
    sql(dir, include_str!("../faults/hotel.sql"));
}

pub(crate) fn sql(dir: &Path, sql: &str) {
    Connection::open(dir.join("mirror.db")).unwrap().execute_batch(sql).unwrap();
}

/// A portal with cards of other people, one of them another program's with an id that Ecvi has too.
pub(crate) fn portal() -> Sandbox {
    let mut portal = Sandbox::unlimited();
    let theirs = [
        ("crm.contact.add", json!({"fields": {"LAST_NAME": "Чужой", "COMMENTS": "не трогать"}})),
        (
            "crm.contact.add",
            json!({"fields": {"NAME": "X", "ORIGINATOR_ID": "OTHER", "ORIGIN_ID": "41"}}),
        ),
        (
            "crm.company.add",
            json!({"fields": {"TITLE": "Чужая", "ORIGINATOR_ID": "OTHER", "ORIGIN_ID": "7"}}),
        ),
        ("crm.deal.add", json!({"fields": {"TITLE": "Чужая сделка", "ORIGIN_ID": "5"}})),
    ];
    for (method, params) in theirs {
        portal.call(method, params, start());
    }
    portal
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_796_000_000, 0).unwrap()
}

impl Hotel {
    /// The hotel of this seed's rng; `percent` of the answers are damaged.
    pub(crate) fn new(dir: &Path, rng: &mut Rng, percent: usize) -> Hotel {
        let export = rng.one_of(&["import", "add"]);
        let size = rng.one_of(&[50, 50, 3, 1]);
        let config =
            parse(&toml(&format!("batch_size = {size}\n[export]\nmethod = '{export}'")), dir, None);
        Hotel::with(config.unwrap(), rng, percent)
    }

    pub(crate) fn with(config: Config, rng: &mut Rng, percent: usize) -> Hotel {
        let (clock, portal) = (Clock::virtual_at(start()), portal());
        let strangers = invariants::strangers(&portal);
        let wire = Wire::new(
            portal,
            clock.clone(),
            config.portal.webhook.clone(),
            Rng::new(rng.next()),
            percent,
        );
        Hotel { config, clock, wire, strangers, forgot: false }
    }

    /// A run. What it told and left is looked at; `whole` says that no answer lied so far.
    pub(crate) fn run(&mut self, options: &RunOptions) -> Result<RunReport, String> {
        let ended = self
            .try_run(options)
            .map_err(|error| format!("the state cannot be used: {error:#}"))?;
        invariants::after_run(self, &ended)?;
        if !self.wire.lied {
            invariants::at_portal(&self.wire.portal, &self.strangers)?;
        }
        Ok(ended)
    }

    /// A run of which nothing is expected.
    pub(crate) fn try_run(&mut self, options: &RunOptions) -> anyhow::Result<RunReport> {
        run_once(&self.config, options, &mut self.wire, &self.clock, &mut ())
    }

    pub(crate) fn wait(&self, minutes: u64) {
        self.clock.sleep(Duration::from_secs(60 * minutes));
    }

    pub(crate) fn lose_state(&mut self) {
        drop(std::fs::remove_file(&self.config.state));
        self.forgot = true;
    }

    /// Something happens in Ecvi.
    pub(crate) fn event(&self, rng: &mut Rng) {
        let event = rng.one_of(EVENTS);
        // What happened already happens no second time, and a damaged configuration may name no
        // mirror at all.
        drop(Connection::open(&self.config.mirror.path).map(|mirror| mirror.execute_batch(event)));
    }

    /// Runs, with all the time there is, until one has nothing to do.
    pub(crate) fn rest(&mut self) -> Result<(), String> {
        self.wire.heal();
        let mut options = RunOptions { full: true, retry_failed: true, ..sync() };
        let mut last = None;
        for _ in 0..12 {
            self.wait(60 * 25);
            let ended = self.run(&options)?;
            last.clone_from(&ended.message);
            if ended.outcome == ecvi_b24::domain::run_error::Outcome::Failed {
                // It refuses until an initial export is completed.
                self.run(&RunOptions::new(RunKind::InitialExport))?;
            } else if ended.requests == 0 && options == sync() {
                return Ok(());
            } else {
                options = sync();
            }
        }
        Err(format!("it never comes to rest: {last:?}"))
    }
}
