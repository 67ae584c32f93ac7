//! One of the example hotels, moved into a folder of its own, with a portal in this process.

use std::fs;
use std::path::{Path, PathBuf};

use bitrix24_sandbox::{Kind, Portal, Record};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::env::TestEnv;

/// At the head of every configuration.
pub(crate) const AT_ONCE: &str = "sync.delete_after = \"0s\"";

impl TestEnv {
    /// The example, its mirror not filled, before a portal without limits.
    pub(crate) fn open(example: &str) -> TestEnv {
        TestEnv::open_before(example, Portal::unlimited())
    }

    /// Likewise, before this portal.
    pub(crate) fn open_before(example: &str, portal: Portal) -> TestEnv {
        let hotel = TestEnv::before(portal);
        hotel.write("webhook", hotel.server.webhook());
        for entry in fs::read_dir(source(example)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                // Deletions are seen at once.
                let text = format!("{AT_ONCE}\n{}", fs::read_to_string(&path).unwrap());
                hotel.write(path.file_name().unwrap().to_str().unwrap(), text);
            }
        }
        hotel
    }

    /// An example whose mirror is its own, or the default one with columns of its own.
    pub(crate) fn filled(example: &str) -> TestEnv {
        let hotel = TestEnv::open(example);
        hotel.fill(example);
        hotel
    }

    pub(crate) fn fill(&self, example: &str) {
        self.sql(
            &script(example, "mirror.sql")
                .unwrap_or_else(|| script("default", "mirror.sql").unwrap()),
        );
        self.sql(&script(example, "columns.sql").unwrap_or_default());
    }

    /// An example after its initial export.
    pub(crate) fn exported(example: &str) -> TestEnv {
        let hotel = TestEnv::filled(example);
        hotel.run(0, "initial-export");
        hotel
    }

    pub(crate) fn sql_of(&self, mirror: &str, sql: &str) {
        Connection::open(self.path(mirror)).unwrap().execute_batch(sql).unwrap();
    }

    /// What failed or was left out: `guest 4: DOUBTFUL_MATCH 17`.
    pub(crate) fn issues(&self, list: &str) -> Vec<String> {
        let status = self.status();
        let issues = status[list].as_array().unwrap().iter();
        issues
            .map(|issue| {
                format!("{} {}: {}", word(&issue["kind"]), word(&issue["id"]), words(issue))
            })
            .collect()
    }

    /// How many contacts, companies and deals there are.
    pub(crate) fn counts(&self) -> [usize; 3] {
        let portal = self.portal();
        Kind::ALL.map(|kind| portal.count(kind))
    }

    /// The object of a record of Ecvi; there is one at most.
    pub(crate) fn find(&self, kind: Kind, origin: &str) -> Option<Record> {
        let portal = self.portal();
        let found = portal.with_origin(kind, "ECVI", origin);
        assert!(found.len() < 2, "{kind:?} {origin} stands there {} times", found.len());
        found.first().map(|record| (*record).clone())
    }

    pub(crate) fn deal(&self, origin: &str) -> Record {
        self.find(Kind::Deal, origin).unwrap()
    }

    pub(crate) fn contact(&self, origin: &str) -> Record {
        self.find(Kind::Contact, origin).unwrap()
    }

    pub(crate) fn company(&self, origin: &str) -> Record {
        self.find(Kind::Company, origin).unwrap()
    }

    /// The last names of a deal's contacts, the primary first.
    pub(crate) fn people(&self, booking: &str) -> Vec<String> {
        let portal = self.portal();
        let name = |id| {
            portal.get(Kind::Contact, id).map_or("nobody", |contact| contact.text("LAST_NAME"))
        };
        let deals = portal.with_origin(Kind::Deal, "ECVI", booking);
        deals[0].link_ids().into_iter().map(|id| name(id).to_owned()).collect()
    }
}

/// A file of an example, if it has it.
pub(crate) fn script(example: &str, file: &str) -> Option<String> {
    fs::read_to_string(source(example).join(file)).ok()
}

fn source(example: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hotels").join(example)
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn words(issue: &Value) -> String {
    let message = word(&issue["message"]).split(": ").next().unwrap_or_default();
    format!("{} {message}", word(&issue["code"]))
}

/// Phones or e-mails as `crm.*.add` takes them.
pub(crate) fn values(values: &[&str]) -> Value {
    values.iter().map(|value| json!({"VALUE": value, "VALUE_TYPE": "WORK"})).collect()
}
