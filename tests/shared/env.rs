//! A hotel in a folder of its own: its configuration, its mirror, a portal in this process, and the
//! program between them. Each test binary adds the scenes that it needs to this type.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::MutexGuard;

use assert_cmd::Command;
use bitrix24_sandbox::{Kind, Portal, Server};
use chrono::Utc;
use ecvi_b24::config::{self, Config};
use ecvi_b24::state::State;
use rusqlite::Connection;
use rusqlite::types::FromSql;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The usual name of the configuration.
pub(crate) const CONFIG: &str = "ecvi-b24.toml";

pub(crate) struct TestEnv {
    folder: TempDir,
    pub(crate) server: Server,
}

/// What the program printed.
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
}

impl TestEnv {
    /// An empty folder, and this portal.
    pub(crate) fn before(portal: Portal) -> TestEnv {
        // In memory where the system offers that: a power cut in a test is nobody's loss.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        TestEnv { folder, server: Server::start(portal, 0).unwrap() }
    }

    /// An empty folder, and an empty portal without limits.
    pub(crate) fn empty() -> TestEnv {
        TestEnv::before(Portal::unlimited())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file that its owner alone may read.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Writes other words into a file.
    pub(crate) fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{text}");
        self.write(name, text.replace(from, to));
    }

    pub(crate) fn mirror(&self) -> Connection {
        let mirror = Connection::open(self.path("mirror.db")).unwrap();
        mirror.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        mirror
    }

    /// Changes the mirror.
    pub(crate) fn sql(&self, sql: &str) {
        self.mirror().execute_batch(sql).unwrap();
    }

    /// One value of the mirror.
    pub(crate) fn asked<T: FromSql>(&self, sql: &str) -> T {
        let answer = self.mirror().query_row(sql, [], |row| row.get(0));
        answer.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub(crate) fn config(&self) -> Config {
        config::load(&self.path(CONFIG), None).unwrap()
    }

    pub(crate) fn state(&self) -> State {
        State::open(&self.path("state.db")).unwrap()
    }

    /// Somebody deletes a state, long after the last run.
    pub(crate) fn lose_state(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
        self.let_time_pass(name);
    }

    /// No call of the past can have an effect any more.
    pub(crate) fn let_time_pass(&self, state: &str) {
        self.write(&format!("{state}.lock"), "");
    }

    /// The program in this folder, with no other environment than a time zone.
    pub(crate) fn program(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecvi-b24"));
        command.current_dir(&self.folder).env_clear().env("TZ", "MSK-3");
        command.args(arguments.split_whitespace());
        command
    }

    /// The program for an English reader.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = self.program(arguments);
        command.env("LANG", "en_US.UTF-8");
        command
    }

    /// What it says, after it ended with this exit code.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32, arguments: &str) -> Said {
        Said::of(&mut self.command(arguments), code)
    }

    /// Its standard output likewise. The port of the portal is another one in every test.
    #[track_caller]
    pub(crate) fn run(&self, code: i32, arguments: &str) -> String {
        self.exits(code, arguments).out.replace(&self.server.address(), "http://portal/")
    }

    /// Its standard error likewise.
    #[track_caller]
    pub(crate) fn complained(&self, code: i32, arguments: &str) -> String {
        self.exits(code, arguments).err
    }

    /// A run that finds nothing to do, and asks the portal nothing.
    #[track_caller]
    pub(crate) fn runs_idle(&self) {
        let before = self.server.requests();
        assert_eq!(self.run(0, "sync"), "");
        assert_eq!(self.server.requests(), before, "requests of an idle run");
    }

    /// The document of `status --json`.
    pub(crate) fn status(&self) -> Value {
        serde_json::from_str(&self.run(0, "status --json")).unwrap()
    }

    pub(crate) fn portal(&self) -> MutexGuard<'_, Portal> {
        self.server.portal()
    }

    /// Somebody makes an object in the CRM.
    pub(crate) fn by_hand(&self, kind: Kind, fields: Value) -> u64 {
        self.portal().add_by_hand(kind, fields, Utc::now()).unwrap()
    }

    /// Somebody makes a contact in the CRM.
    pub(crate) fn card(&self, last_name: &str, phone: &str) -> u64 {
        let phone = json!([{"VALUE": phone, "VALUE_TYPE": "WORK"}]);
        self.by_hand(Kind::Contact, json!({"LAST_NAME": last_name, "PHONE": phone}))
    }

    /// Somebody merges an object in the CRM into another, which stays.
    pub(crate) fn merge(&self, kind: Kind, keep: u64, lost: u64) {
        assert!(self.portal().merge(kind, keep, lost, Utc::now()));
    }

    /// A call as an administrator would make it.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, params: Value) -> Value {
        let now = self.server.now();
        let reply = self.portal().call(method, params, now);
        assert_eq!(reply.status, 200, "{}", reply.body);
        serde_json::from_str(&reply.body).unwrap()
    }
}

impl Said {
    #[track_caller]
    pub(crate) fn of(command: &mut Command, code: i32) -> Said {
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let said = Said { out: text(output.stdout), err: text(output.stderr) };
        assert_eq!(output.status.code(), Some(code), "{command:?}: {}{}", said.out, said.err);
        said
    }
}
