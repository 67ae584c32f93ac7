//! A hotel with a state that was filled by earlier runs.

use std::ops::RangeInclusive;
use std::process::Output;
use std::time::Duration;

use chrono::{DateTime, Utc};
use ecvi_b24::domain::failure_code::FailureCode;
use ecvi_b24::domain::owned_values::OwnedValues;
use ecvi_b24::domain::record::{Kind, RecordKey};
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::domain::timestamp::to_rfc3339;
use ecvi_b24::domain::warning::Warning;
use ecvi_b24::mirror::{Mirror, Row};
use ecvi_b24::platform::clock::ReadLimit;
use ecvi_b24::state::settings::INITIAL_EXPORT;
use ecvi_b24::state::{Counts, Event, Failure, Operation, PendingWork, Run, SentRecord, State};

use crate::env::{CONFIG, Said, TestEnv};

impl TestEnv {
    /// A configuration and a mirror; no run has been yet.
    pub(crate) fn new() -> TestEnv {
        let hotel = TestEnv::empty();
        hotel.write(CONFIG, "[mirror]\npath = \"mirror.db\"\n[portal]\nwebhook = \"https://hotel.bitrix24.ru/rest/1/s3cr3t/\"\n");
        hotel.sql(include_str!("mirror.sql"));
        hotel
    }

    /// The hotel after a run in which most went well.
    pub(crate) fn running() -> TestEnv {
        let hotel = TestEnv::new();
        hotel.first_run();
        // Since that run: a guest changed, another is new, and a booking is gone.
        hotel.sql(
            "UPDATE guests SET modified_at = '2026-01-02 06:00:00' WHERE id = 41;
             INSERT INTO guests (id, last_name, modified_at) VALUES (44, 'Новый', '2026-01-02 06:00:00');
             DELETE FROM bookings WHERE id = 8; DELETE FROM booking_guests WHERE booking_id = 8;",
        );
        hotel
    }

    pub(crate) fn output(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The filler wrote the mirror at this time for the last time.
    pub(crate) fn mirror_was_written(&self, at: DateTime<Utc>) {
        let mirror = std::fs::File::options().write(true).open(self.path("mirror.db")).unwrap();
        mirror.set_modified(at.into()).unwrap();
    }

    /// Its standard output, after it ended with this exit code.
    #[track_caller]
    pub(crate) fn said(&self, code: i32, lang: &str, arguments: &str) -> String {
        self.said_with(code, &[("LANG", lang)], arguments)
    }

    /// Likewise, in this environment.
    #[track_caller]
    pub(crate) fn said_with(
        &self,
        code: i32,
        environment: &[(&str, &str)],
        arguments: &str,
    ) -> String {
        Said::of(self.program(arguments).envs(environment.iter().copied()), code).out
    }

    /// Its standard error, after it ended with this exit code.
    #[track_caller]
    pub(crate) fn complains(&self, code: i32, lang: &str, arguments: &str) -> String {
        let errors = Said::of(self.program(arguments).env("LANG", lang), code).err;
        errors.replace(&self.folder().display().to_string(), "")
    }

    /// These guests were refused by the portal.
    pub(crate) fn fail_guests(&self, ids: RangeInclusive<i64>) {
        let state = self.state();
        let mirror = Mirror::open_within(&self.config().mirror, &ReadLimit::default()).unwrap();
        for id in ids {
            fail(&state, &mirror.find(Kind::Guest, &id.to_string()).unwrap().remove(0));
        }
    }

    fn first_run(&self) {
        let state = self.state();
        let mirror = Mirror::open_within(&self.config().mirror, &ReadLimit::default()).unwrap();
        let row = |kind, id: &str| mirror.find(kind, id).unwrap().remove(0);
        state.set(&INITIAL_EXPORT, &at("2026-01-01T18:00:00Z")).unwrap();
        let run = state.begin_run("sync", at("2026-01-02T03:00:00Z")).unwrap();
        let email = Warning { code: FailureCode::EmailLeftOut, message: "petr@@example".into() };
        send(&state, run, Kind::Company, &row(Kind::Company, "7"), 7001, &[]);
        send(&state, run, Kind::Guest, &row(Kind::Guest, "41"), 101, &[]);
        send(&state, run, Kind::Guest, &row(Kind::Guest, "42"), 102, &[email]);
        send(&state, run, Kind::Booking, &row(Kind::Booking, "5"), 501, &[]);
        send(&state, run, Kind::Booking, &row(Kind::Booking, "8"), 508, &[]);
        fail(&state, &row(Kind::Guest, "43"));
        let writer = state.writer().unwrap();
        writer
            .save_waiting(&row(Kind::Booking, "6"), "guest 43", at("2026-01-02T03:00:02Z"))
            .unwrap();
        writer.commit().unwrap();
        let counts =
            Counts { created: [2, 1, 2].into(), updated: [0, 0, 1].into(), deleted: 0, failed: 1 };
        let ended = Run {
            command: "sync".into(),
            started_at: DateTime::default(),
            finished_at: Some(at("2026-01-02T03:00:04Z")),
            outcome: Some(Outcome::Partial.into()),
            message: None,
            counts,
            requests: 4,
        };
        state.finish_run(run, &ended).unwrap();
    }
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn send(state: &State, run: i64, kind: Kind, row: &Row, crm_id: i64, warnings: &[Warning]) {
    let now = at("2026-01-02T03:00:02Z");
    let written = OwnedValues::default();
    let sent = SentRecord {
        row,
        crm_id,
        links_hash: 0,
        owned_values: &written,
        pending: PendingWork::default(),
        warnings,
        run,
    };
    let writer = state.writer().unwrap();
    let key = RecordKey::new(kind, row.id.clone());
    writer.save_sent(&key, &sent, now).unwrap();
    writer.log_event(&key, Event::Created, Some(crm_id), "", now).unwrap();
    writer.commit().unwrap();
}

/// Three attempts.
fn fail(state: &State, row: &Row) {
    let message = "Invalid value for field HONORIFIC.\nChoose another.";
    let failure = Failure {
        code: FailureCode::PortalRefused,
        operation: Some(Operation::Create),
        message,
        row: Some(row),
    };
    let guest = RecordKey::new(Kind::Guest, row.id.clone());
    for time in ["2026-01-01T20:00:00Z", "2026-01-02T01:00:00Z", "2026-01-02T03:00:03Z"] {
        let writer = state.writer().unwrap();
        writer.save_failure(&guest, &failure, Duration::from_secs(900), at(time)).unwrap();
        writer.commit().unwrap();
    }
}

/// The age of a run depends on the day: `(322 days ago)` -> `(AGE)`.
pub(crate) fn without_age(text: &str) -> String {
    let blur = |line: &str| match line.split_once(" (") {
        Some((before, age)) if age.ends_with("назад)") || age.ends_with("ago)") => {
            format!("{before} (AGE)")
        }
        _ => line.to_owned(),
    };
    text.lines().map(|line| blur(line) + "\n").collect::<Vec<_>>().concat()
}

pub(crate) fn recent() -> String {
    to_rfc3339(Utc::now())
}
