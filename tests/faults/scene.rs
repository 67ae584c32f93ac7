//! What is interrupted: a hotel in which something is to be sent, the command that sends it, and
//! what comes of it when nothing goes wrong.

use bitrix24_sandbox::{Kind, Php, Portal};
use chrono::Utc;

use crate::hotel::Hotel;
use crate::portal_snapshot::snapshot;

pub(crate) struct Scene {
    hotel: Hotel,
    /// The command that is interrupted.
    pub(crate) command: &'static str,
    snapshot: Vec<String>,
    ever_made: [u64; 3],
}

impl Scene {
    /// Finds out what comes of it when nothing goes wrong.
    pub(crate) fn new(hotel: Hotel, command: &'static str) -> Scene {
        let calm = hotel.copy();
        settle(&calm, command, "calm", &[]);
        let portal = calm.server.portal();
        Scene { hotel, command, snapshot: snapshot(&portal), ever_made: ever_made(&portal) }
    }

    /// A fresh copy of the hotel.
    pub(crate) fn hotel(&self) -> Hotel {
        self.hotel.copy()
    }

    /// A fresh copy with other lines in `[portal]`.
    pub(crate) fn hotel_with(&self, lines: &'static str) -> Hotel {
        self.hotel.copy_with(lines)
    }

    /// What stands in the portal when nothing went wrong.
    pub(crate) fn snapshot(&self) -> &[String] {
        &self.snapshot
    }

    /// How many objects were ever made when nothing went wrong.
    pub(crate) fn ever_made(&self) -> [u64; 3] {
        self.ever_made
    }

    /// There is exactly one such object, and it shows this.
    #[track_caller]
    pub(crate) fn shows(&self, object: &str, text: &str) {
        let found: Vec<&String> =
            self.snapshot.iter().filter(|line| line.starts_with(&format!("{object}:"))).collect();
        assert!(
            matches!(found.as_slice(), [line] if line.contains(text)),
            "{object} {text}: {:#?}",
            self.snapshot
        );
    }

    /// After this harm the next runs bring portal and mirror together: everything as if nothing
    /// had happened, no object made twice, and then no request at all.
    pub(crate) fn recovers(&self, hotel: &Hotel, harm: &str) {
        self.recovers_with(&[], hotel, harm);
    }

    /// The same when the next runs happen in this environment.
    pub(crate) fn recovers_with(&self, environment: &[(&str, &str)], hotel: &Hotel, harm: &str) {
        hotel.heal();
        settle(hotel, self.command, harm, environment);
        let portal = hotel.server.portal();
        assert_eq!(snapshot(&portal), self.snapshot, "{}, {harm}", self.command);
        assert_eq!(ever_made(&portal), self.ever_made, "{}, {harm}", self.command);
        drop(portal);
        assert_eq!(hotel.not_written_back(), [""; 0], "{}, {harm}", self.command);
    }
}

/// The command is given again, then runs of cron follow until one has nothing to do.
fn settle(hotel: &Hotel, command: &str, harm: &str, environment: &[(&str, &str)]) {
    let commands = [command, "sync", "sync", "sync", "sync"];
    for arguments in commands {
        hotel.wait();
        let before = hotel.server.requests();
        let ended = hotel.run_with(environment, arguments);
        assert_eq!(ended.code, Some(0), "{arguments} after {command}, {harm}: {}", ended.output());
        if arguments == "sync" && hotel.server.requests() == before && hotel.doubts() == 0 {
            return;
        }
    }
    panic!("{command}, {harm}: still busy after many runs");
}

/// How many objects were ever made, those that are gone by now included: ids are never given twice.
pub(crate) fn ever_made(portal: &Portal) -> [u64; 3] {
    let mut portal = portal.clone();
    Kind::ALL.map(|kind| {
        let fields = Php::map([("fields", Php::map([("TITLE", "next"), ("LAST_NAME", "next")]))]);
        let reply = portal.call(&format!("crm.{}.add", kind.word()), fields, Utc::now());
        let answer: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        answer["result"].as_u64().unwrap() - 1
    })
}
