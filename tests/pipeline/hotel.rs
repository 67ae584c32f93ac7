//! A hotel in a folder of its own, its portal in this process, and the program between them.
//!
//! Records are set by the SQL of their columns: `hotel.guest(1, "last_name = 'Белова'")` makes
//! guest 1, or changes it, and moves its `modified_at` on.

use std::cell::Cell;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::ops::Deref;
use std::sync::Arc;

use bitrix24_sandbox::{Exchange, Fault, Kind, Record, Server};
use chrono::Utc;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::portal::http::Http;
use ecvi_b24::portal::{CallError, Response};
use ecvi_b24::sync::options::{RunKind, RunOptions};
use ecvi_b24::sync::push::ProgressObserver;
use ecvi_b24::sync::run_report::RunReport;
use serde_json::{Map, Value, json};

use crate::env::{CONFIG, Said, TestEnv};
use crate::run::run_once;

const ORIGINATOR: &str = "ECVI";

pub(crate) struct Hotel {
    env: TestEnv,
    seconds: Cell<u32>,
}

impl Deref for Hotel {
    type Target = TestEnv;

    fn deref(&self) -> &TestEnv {
        &self.env
    }
}

impl Hotel {
    /// An empty mirror, an empty portal without limits, and the least configuration.
    pub(crate) fn new() -> Hotel {
        let hotel = Hotel { env: TestEnv::empty(), seconds: Cell::new(0) };
        hotel.sql(include_str!("../../fixtures/schema.sql"));
        let webhook = hotel.server.webhook();
        let text = format!(
            "mirror.path = 'mirror.db'\nportal.webhook = '{webhook}'\nportal.requests_per_second = 1000\n\
             sync.delete_after = '0s'\n"
        );
        hotel.write(CONFIG, text);
        hotel
    }

    /// A hotel whose initial export is completed: one guest, one confirmed booking.
    pub(crate) fn running() -> Hotel {
        let hotel = Hotel::new();
        hotel.guest(1, "last_name = 'Приходько', first_name = 'Олег'");
        hotel.booking(1, "number = '3682', guest_id = 1");
        hotel.export();
        hotel
    }

    /// Guests 1 and 2, each with a phone and a booking, all exported.
    pub(crate) fn with_two_guests() -> Hotel {
        let hotel = Hotel::new();
        hotel.guest(1, "last_name = 'Белова', phone = '+71'");
        hotel.guest(2, "last_name = 'Белова', phone = '+72'");
        hotel.booking(1, "guest_id = 1");
        hotel.booking(2, "guest_id = 2");
        hotel.export();
        hotel
    }

    /// Whoever vanishes is given up after two minutes, as by default, and not at once as elsewhere
    /// in these tests.
    pub(crate) fn be_patient(&self) {
        self.replace(CONFIG, "sync.delete_after = '0s'\n", "");
    }

    /// Adds a line to the configuration: `hotel.configure("sync.max_deletes = 1")`.
    pub(crate) fn configure(&self, line: &str) {
        let mut file = OpenOptions::new().append(true).open(self.path(CONFIG)).unwrap();
        writeln!(file, "{line}").unwrap();
    }

    pub(crate) fn guest(&self, id: u32, values: &str) {
        self.set("guests", id, "(id, last_name, modified_at) VALUES (?1, 'Гостев', '')", values);
    }

    pub(crate) fn company(&self, id: u32, values: &str) {
        self.set("companies", id, "(id, name, modified_at) VALUES (?1, 'Ромашка', '')", values);
    }

    /// Confirmed, from 1 to 5 December 2026, its number the id, unless `values` say otherwise.
    pub(crate) fn booking(&self, id: u32, values: &str) {
        let new = "(id, number, status, arrival, departure, modified_at)
                   VALUES (?1, ?1, 'confirmed', '2026-12-01 14:00', '2026-12-05 12:00', '')";
        self.set("bookings", id, new, values);
    }

    fn set(&self, table: &str, id: u32, new: &str, values: &str) {
        self.mirror().execute(&format!("INSERT OR IGNORE INTO {table} {new}"), [id]).unwrap();
        let values = if values.is_empty() { String::new() } else { format!("{values},") };
        self.sql(&format!(
            "UPDATE {table} SET {values} modified_at = '{}' WHERE id = {id}",
            self.moment()
        ));
    }

    /// The next second of the hotel's clock.
    fn moment(&self) -> String {
        self.seconds.set(self.seconds.get() + 1);
        let (minute, second) = (self.seconds.get() / 60, self.seconds.get() % 60);
        format!("2026-11-24 10:{minute:02}:{second:02}")
    }

    /// Who stays in a booking, in this order; the booking itself stays as it is.
    pub(crate) fn stay(&self, booking: u32, guests: &[u32]) {
        self.sql(&format!("DELETE FROM booking_guests WHERE booking_id = {booking}"));
        for (position, guest) in guests.iter().enumerate() {
            self.sql(&format!(
                "INSERT INTO booking_guests (booking_id, guest_id, position) VALUES ({booking}, {guest}, {position})"
            ));
        }
    }

    /// A booking is taken out of Ecvi.
    pub(crate) fn remove_booking(&self, id: u32) {
        self.sql(&format!(
            "DELETE FROM bookings WHERE id = {id}; DELETE FROM booking_guests WHERE booking_id = {id}"
        ));
    }

    /// Somebody deletes the state, long after the last run.
    pub(crate) fn lose_state(&self) {
        self.env.lose_state("state.db");
    }

    /// The state as it is now.
    pub(crate) fn copy_of_state(&self) -> Vec<u8> {
        fs::read(self.path("state.db")).unwrap()
    }

    /// Somebody puts a copy of the state back, long after the last run.
    pub(crate) fn put_back(&self, state: &[u8]) {
        fs::write(self.path("state.db"), state).unwrap();
        self.let_time_pass("state.db");
    }

    /// The program, after it ended with this exit code.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32, arguments: &str) -> Said {
        Said::of(&mut self.program(arguments), code)
    }

    /// Likewise, with these variables and no others.
    #[track_caller]
    pub(crate) fn exits_in(
        &self,
        variables: &[(&str, String)],
        code: i32,
        arguments: &str,
    ) -> Said {
        Said::of(self.program(arguments).envs(variables.iter().cloned()), code)
    }

    /// One run, by the code of the program and over its wire, without a process of its own: at any
    /// time.
    pub(crate) fn run_at(&self, options: &RunOptions, clock: &Clock) -> RunReport {
        self.run_observed(options, clock, &mut ())
    }

    /// Likewise, while somebody looks.
    pub(crate) fn run_observed(
        &self,
        options: &RunOptions,
        clock: &Clock,
        watch: &mut dyn ProgressObserver,
    ) -> RunReport {
        self.run_disturbed(|_| (), options, clock, watch)
    }

    /// Likewise, while people are at work in the portal: `before` each request, which it is told
    /// the number of.
    pub(crate) fn sync_disturbed(&self, before: impl FnMut(u32)) -> RunReport {
        self.run_disturbed(
            before,
            &RunOptions::new(RunKind::Sync),
            &Clock::system(Arc::default()),
            &mut (),
        )
    }

    pub(crate) fn run_disturbed(
        &self,
        before: impl FnMut(u32),
        options: &RunOptions,
        clock: &Clock,
        watch: &mut dyn ProgressObserver,
    ) -> RunReport {
        let config = self.config();
        let mut portal = Busy { http: Http::new(&config.portal).unwrap(), requests: 0, before };
        run_once(&config, options, &mut portal, clock, watch).unwrap()
    }

    /// What a command that works prints.
    pub(crate) fn says(&self, arguments: &str) -> String {
        self.exits(0, arguments).out
    }

    pub(crate) fn export(&self) -> String {
        self.says("initial-export")
    }

    pub(crate) fn sync(&self) -> String {
        self.says("sync")
    }

    /// The document of `status --json`.
    pub(crate) fn status(&self) -> Value {
        serde_json::from_str(&self.says("status --json")).unwrap()
    }

    /// `failures` or `warnings` of the status, each as `guest 2 EMAIL_LEFT_OUT`.
    pub(crate) fn issues(&self, of: &str) -> Vec<String> {
        let status = self.status();
        let issue = |issue: &Value| {
            let text = |key: &str| issue[key].as_str().unwrap().to_owned();
            format!("{} {} {}", text("kind"), text("id"), text("code"))
        };
        status[of].as_array().unwrap().iter().map(issue).collect()
    }

    /// Batches that call a method of this name are not carried out: each command has `reply` in
    /// that part of the answer.
    pub(crate) fn answers_each(&self, method: &'static str, part: &'static str, reply: Value) {
        self.server.faults(move |exchange| {
            let is_called = exchange.calls(method);
            is_called
                .then(|| Fault::Answer { status: 200, body: same_replies(exchange, part, &reply) })
        });
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Requests that the portal saw while this was done.
    pub(crate) fn requests(&self, act: impl FnOnce(&Hotel)) -> u64 {
        let before = self.server.requests();
        act(self);
        self.server.requests() - before
    }

    /// How often the program saved its state meanwhile.
    pub(crate) fn saves(&self, act: impl FnOnce(&Hotel)) -> u32 {
        self.commits("state.db", act)
    }

    /// How often a database was written to meanwhile: `SQLite` counts that in the header of the
    /// file.
    pub(crate) fn commits(&self, file: &str, act: impl FnOnce(&Hotel)) -> u32 {
        let count = || {
            let content = fs::read(self.path(file)).unwrap_or_else(|_| vec![0; 28]);
            u32::from_be_bytes(content[24..28].try_into().unwrap())
        };
        let before = count();
        act(self);
        count() - before
    }

    /// Calls that changed something in the portal while this was done.
    pub(crate) fn writes(&self, act: impl FnOnce(&Hotel)) -> u64 {
        let before = self.portal().counters.writes;
        act(self);
        self.portal().counters.writes - before
    }

    /// The objects of a kind that carry this record's origin.
    pub(crate) fn objects(&self, kind: Kind, origin: &dyn ToString) -> Vec<Record> {
        let portal = self.portal();
        portal.with_origin(kind, ORIGINATOR, &origin.to_string()).into_iter().cloned().collect()
    }

    fn object(&self, kind: Kind, origin: &dyn ToString) -> Record {
        let mut found = self.objects(kind, origin);
        assert_eq!(found.len(), 1, "{kind:?} {}", origin.to_string());
        found.remove(0)
    }

    /// The contact of a guest.
    pub(crate) fn contact(&self, guest: impl ToString) -> Record {
        self.object(Kind::Contact, &guest)
    }

    /// The company of a company.
    pub(crate) fn crm_company(&self, company: impl ToString) -> Record {
        self.object(Kind::Company, &company)
    }

    /// The deal of a booking.
    pub(crate) fn deal(&self, booking: impl ToString) -> Record {
        self.object(Kind::Deal, &booking)
    }

    /// Somebody edits an object in the CRM.
    pub(crate) fn edit(&self, kind: Kind, id: u64, fields: Value) {
        assert!(self.portal().edit(kind, id, fields, Utc::now()));
    }

    /// The portal refuses whoever lacks this field.
    pub(crate) fn require(&self, kind: Kind, field: &str) {
        self.portal().settings.required.push((kind, field.into()));
    }
}

/// A portal in which something happens before each request.
struct Busy<F> {
    http: Http,
    requests: u32,
    before: F,
}

impl<F: FnMut(u32)> ecvi_b24::portal::Portal for Busy<F> {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        self.requests += 1;
        (self.before)(self.requests);
        self.http.call(method, params)
    }
}

/// The answer to a batch in which each command has `reply` in that part.
pub(crate) fn same_replies(exchange: &Exchange, part: &str, reply: &Value) -> String {
    let commands = exchange.params.argument("cmd");
    let replies = commands.entries().iter().map(|(name, _)| (name.clone(), reply.clone()));
    let replies: Map<String, Value> = replies.collect();
    let mut result = json!({"result": [], "result_error": []});
    result[part] = replies.into();
    json!({"result": result}).to_string()
}

/// Some fields of an object.
pub(crate) fn fields<const N: usize>(object: &Record, names: [&str; N]) -> [String; N] {
    names.map(|name| object.text(name).to_owned())
}
