//! One of the example hotels, moved into a folder of its own, with a portal in this process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use bitrix24_sandbox::{Kind, Portal, Record, Server};
use chrono::Utc;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

/// At the head of every configuration.
pub(crate) const AT_ONCE: &str = "sync.delete_after = \"0s\"";

pub(crate) struct Hotel {
    folder: TempDir,
    pub(crate) server: Server,
}

impl Hotel {
    /// The example, its mirror filled, before a portal without limits.
    pub(crate) fn open(example: &str) -> Hotel {
        Hotel::before(example, Portal::unlimited())
    }

    /// Likewise, before this portal.
    pub(crate) fn before(example: &str, portal: Portal) -> Hotel {
        let hotel = Hotel {
            folder: tempfile::tempdir().unwrap(),
            server: Server::start(portal, 0).unwrap(),
        };
        hotel.write("webhook", &hotel.server.webhook());
        for entry in fs::read_dir(source(example)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                // Deletions are seen at once.
                let text = format!("{AT_ONCE}\n{}", fs::read_to_string(&path).unwrap());
                hotel.write(path.file_name().unwrap().to_str().unwrap(), &text);
            }
        }
        hotel
    }

    /// An example whose mirror is its own, or the default one with columns of its own.
    pub(crate) fn filled(example: &str) -> Hotel {
        let hotel = Hotel::open(example);
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
    pub(crate) fn exported(example: &str) -> Hotel {
        let hotel = Hotel::filled(example);
        hotel.run(0, "initial-export");
        hotel
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        private(&self.path(name));
    }

    /// Somebody deletes a state, long after the last pass.
    pub(crate) fn lose_state(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
        self.write(&format!("{name}.lock"), "");
    }

    /// Changes a word of a configuration.
    pub(crate) fn configure(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(from), "{text}");
        self.write(file, &text.replace(from, to));
    }

    pub(crate) fn sql(&self, sql: &str) {
        self.sql_of("mirror.db", sql);
    }

    pub(crate) fn sql_of(&self, mirror: &str, sql: &str) {
        Connection::open(self.path(mirror)).unwrap().execute_batch(sql).unwrap();
    }

    /// One number or text of the mirror.
    pub(crate) fn asked<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        Connection::open(self.path("mirror.db"))
            .unwrap()
            .query_row(sql, [], |row| row.get(0))
            .unwrap()
    }

    /// The program in this folder, with no other environment. It has to end with this exit code;
    /// returns what it said on standard output.
    pub(crate) fn run(&self, code: i32, arguments: &str) -> String {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let (said, errors) =
            (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
        assert_eq!(status.code(), Some(code), "{arguments}\n{said}{errors}");
        said
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecvi-b24"));
        command.current_dir(&self.folder).env_clear().env("LANG", "en_US.UTF-8");
        command.args(arguments.split_whitespace());
        command
    }

    /// A pass that finds nothing to do, and asks the portal nothing.
    pub(crate) fn is_quiet(&self) {
        let before = self.server.requests();
        assert_eq!(self.run(0, "sync"), "");
        assert_eq!(self.server.requests(), before);
    }

    pub(crate) fn status(&self) -> Value {
        serde_json::from_str(&self.run(0, "status --json")).unwrap()
    }

    /// What failed or was left out: `guest 4: DOUBTFUL_MATCH 17`.
    pub(crate) fn flaws(&self, list: &str) -> Vec<String> {
        let status = self.status();
        let flaws = status[list].as_array().unwrap().iter();
        flaws
            .map(|flaw| format!("{} {}: {}", word(&flaw["kind"]), word(&flaw["id"]), words(flaw)))
            .collect()
    }

    /// How many contacts, companies and deals there are.
    pub(crate) fn counts(&self) -> [usize; 3] {
        let portal = self.server.portal();
        Kind::ALL.map(|kind| portal.count(kind))
    }

    /// The object of a record of Ecvi; there is one at most.
    pub(crate) fn find(&self, kind: Kind, origin: &str) -> Option<Record> {
        let portal = self.server.portal();
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
        let portal = self.server.portal();
        let name = |id| {
            portal.get(Kind::Contact, id).map_or("nobody", |contact| contact.text("LAST_NAME"))
        };
        let deals = portal.with_origin(Kind::Deal, "ECVI", booking);
        deals[0].link_ids().into_iter().map(|id| name(id).to_owned()).collect()
    }

    /// Somebody makes an object in the CRM by hand.
    pub(crate) fn by_hand(&self, kind: Kind, fields: Value) -> u64 {
        self.server.portal().add_by_hand(kind, fields, Utc::now()).unwrap()
    }

    /// A call as an administrator would make it.
    pub(crate) fn call(&self, method: &str, params: Value) -> Value {
        let reply = self.server.portal().call(method, params, Utc::now());
        assert_eq!(reply.status, 200, "{}", reply.body);
        serde_json::from_str(&reply.body).unwrap()
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

fn words(flaw: &Value) -> String {
    let message = word(&flaw["message"]).split(": ").next().unwrap_or_default();
    format!("{} {message}", word(&flaw["code"]))
}

/// Phones or e-mails as `crm.*.add` takes them.
pub(crate) fn values(values: &[&str]) -> Value {
    values.iter().map(|value| json!({"VALUE": value, "VALUE_TYPE": "WORK"})).collect()
}

#[cfg(unix)]
fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn private(_: &Path) {}
