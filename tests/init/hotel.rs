//! A hotel in a folder of its own, whose administrator has not written a configuration yet.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use bitrix24_sandbox::{Kind, Portal, Server};
use chrono::Utc;
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

/// All questions but those that a hotel may not have.
pub(crate) const ANSWERS: &str = "--language en --webhook-file webhook --mirror mirror.db --currency RUB \
    --stage temporary=NEW --stage confirmed=EXECUTING --stage checked_in=WON --stage checked_out=WON \
    --stage cancelled=LOSE --stage no_show=LOSE --responsible webhook";

pub(crate) struct Hotel {
    folder: TempDir,
    pub(crate) server: Server,
}

impl Hotel {
    /// With the usual mirror, and the webhook in a file.
    pub(crate) fn new() -> Hotel {
        let hotel = Hotel::without_mirror();
        hotel.sql(include_str!("../mirror.sql"));
        hotel
    }

    pub(crate) fn without_mirror() -> Hotel {
        let server = Server::start(Portal::new(), 0).unwrap();
        let hotel = Hotel { folder: TempDir::new().unwrap(), server };
        fs::write(hotel.path("webhook"), hotel.server.webhook()).unwrap();
        private(&hotel.path("webhook"));
        hotel
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn sql(&self, sql: &str) {
        Connection::open(self.path("mirror.db")).unwrap().execute_batch(sql).unwrap();
    }

    /// A custom field with a label, as an administrator makes it.
    pub(crate) fn add_field(&self, entity: &str, name: &str, label: &str) {
        let fields = json!({"fields": {"FIELD_NAME": name, "USER_TYPE_ID": "string", "EDIT_FORM_LABEL": label}});
        let now = Utc::now();
        let method = format!("crm.{entity}.userfield.add");
        let reply = self.server.portal().call_json(&method, &fields.to_string(), now);
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    /// Somebody who stood in the CRM before.
    pub(crate) fn add_contact(&self, last_name: &str) {
        let fields = bitrix24_sandbox::Php::map([("LAST_NAME", last_name)]);
        self.server.portal().add_by_hand(Kind::Contact, fields, Utc::now()).unwrap();
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecvi-b24"));
        command.current_dir(&self.folder).env_clear().env("LANG", "en_US.UTF-8");
        command.args(["--config", "ecvi-b24.toml", "init"]);
        command
    }

    /// Another command of the program.
    pub(crate) fn program(&self, command: &str) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_ecvi-b24"));
        program.current_dir(&self.folder).env_clear().env("LANG", "en_US.UTF-8");
        program.args(["--config", "ecvi-b24.toml", command]).output().unwrap()
    }

    /// With these options, of which none holds a blank.
    pub(crate) fn output(&self, options: &str) -> Output {
        self.command().args(options.split_whitespace()).output().unwrap()
    }

    /// What it says on standard error, after it ended with this exit code.
    pub(crate) fn says(&self, code: i32, options: &str) -> String {
        let Output { status, stdout, stderr } = self.output(options);
        let (shown, said) =
            (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
        assert_eq!(status.code(), Some(code), "{options}\n{shown}{said}");
        said
    }

    /// The file, after the options answered everything.
    pub(crate) fn writes(&self, options: &str) -> String {
        self.says(0, options);
        self.file()
    }

    pub(crate) fn file(&self) -> String {
        fs::read_to_string(self.path("ecvi-b24.toml")).unwrap()
    }

    pub(crate) fn has_file(&self) -> bool {
        self.path("ecvi-b24.toml").exists()
    }

    /// Whatever lies in the folder, by its names.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[cfg(unix)]
pub(crate) fn private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
pub(crate) fn private(_: &std::path::Path) {}
