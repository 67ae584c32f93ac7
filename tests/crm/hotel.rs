//! A hotel in a folder of its own, and its portal.

use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use bitrix24_sandbox::{Kind, Portal, Record, Server};
use ecvi_b24::state::State;
use rusqlite::Connection;
use tempfile::TempDir;

pub(crate) struct Hotel {
    folder: TempDir,
    pub(crate) server: Server,
}

impl Hotel {
    /// One guest, one company, one booking; nothing was sent yet. `more` is added to the
    /// configuration.
    pub(crate) fn new(more: &str) -> Hotel {
        let server = Server::start(Portal::unlimited(), 0).unwrap();
        let hotel = Hotel { folder: tempfile::tempdir().unwrap(), server };
        hotel.sql(include_str!("../mirror.sql"));
        hotel.configure(more);
        hotel
    }

    /// The same after its initial export.
    pub(crate) fn exported(more: &str) -> Hotel {
        let hotel = Hotel::new(more);
        hotel.said(0, "initial-export");
        hotel
    }

    pub(crate) fn configure(&self, more: &str) {
        let webhook = self.server.webhook();
        let text = format!(
            "[mirror]\npath = \"mirror.db\"\n[portal]\nwebhook = \"{webhook}\"\nsettle_time = \"1s\"\n{more}"
        );
        std::fs::write(self.path("ecvi-b24.toml"), text).unwrap();
        private(&self.path("ecvi-b24.toml"));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn sql(&self, sql: &str) {
        Connection::open(self.path("mirror.db")).unwrap().execute_batch(sql).unwrap();
    }

    pub(crate) fn state(&self) -> State {
        State::open(&self.path("state.db")).unwrap()
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecvi-b24"));
        command.current_dir(&self.folder).env_clear().env("TZ", "MSK-3").env("LANG", "en");
        command.args(arguments.split_whitespace());
        command
    }

    pub(crate) fn run(&self, code: i32, arguments: &str) -> Output {
        let output = self.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        output
    }

    /// Its standard output, after it ended with this exit code.
    pub(crate) fn said(&self, code: i32, arguments: &str) -> String {
        let output = String::from_utf8(self.run(code, arguments).stdout).unwrap();
        // The port is another one in every test.
        output.replace(&self.server.address(), "http://portal/")
    }

    /// Its standard error likewise.
    pub(crate) fn complained(&self, code: i32, arguments: &str) -> String {
        String::from_utf8(self.run(code, arguments).stderr).unwrap()
    }

    /// The only object of a kind.
    pub(crate) fn only(&self, kind: Kind) -> Record {
        let portal = self.server.portal();
        let found: Vec<&Record> = portal.records(kind).collect();
        assert_eq!(found.len(), 1);
        found[0].clone()
    }

    /// Somebody does something by hand in the CRM.
    pub(crate) fn by_hand(&self, method: &str, params: serde_json::Value) -> String {
        let now = self.server.now();
        let reply = self.server.portal().call(method, params, now);
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body
    }
}

#[cfg(unix)]
fn private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn private(_: &std::path::Path) {}
