//! A hotel whose administrator has not written a configuration yet.

use std::fs;
use std::process::Output;

use assert_cmd::Command;
use bitrix24_sandbox::{Kind, Php, Portal};
use chrono::Utc;
use serde_json::json;

use crate::env::{CONFIG, Said, TestEnv};

/// All questions but those that a hotel may not have.
pub(crate) const ANSWERS: &str = "--language en --webhook-file webhook --mirror mirror.db --currency RUB \
    --stage temporary=NEW --stage confirmed=EXECUTING --stage checked_in=WON --stage checked_out=WON \
    --stage cancelled=LOSE --stage no_show=LOSE --responsible webhook";

impl TestEnv {
    /// With the usual mirror, and the webhook in a file.
    pub(crate) fn new() -> TestEnv {
        let hotel = TestEnv::without_mirror();
        hotel.sql(include_str!("../mirror.sql"));
        hotel
    }

    pub(crate) fn without_mirror() -> TestEnv {
        let hotel = TestEnv::before(Portal::new());
        hotel.write("webhook", hotel.server.webhook());
        hotel
    }

    /// A custom field with a label, as an administrator makes it.
    pub(crate) fn add_field(&self, entity: &str, name: &str, label: &str) {
        let fields =
            json!({"FIELD_NAME": name, "USER_TYPE_ID": "string", "EDIT_FORM_LABEL": label});
        self.call(&format!("crm.{entity}.userfield.add"), json!({"fields": fields}));
    }

    /// Somebody who stood in the CRM before.
    pub(crate) fn add_contact(&self, last_name: &str) {
        let fields = Php::map([("LAST_NAME", last_name)]);
        self.portal().add_by_hand(Kind::Contact, fields, Utc::now()).unwrap();
    }

    pub(crate) fn init(&self) -> Command {
        self.command("--config ecvi-b24.toml init")
    }

    /// With these options, of which none holds a blank.
    pub(crate) fn output(&self, options: &str) -> Output {
        self.init().args(options.split_whitespace()).output().unwrap()
    }

    /// What it says on standard error, after it ended with this exit code.
    #[track_caller]
    pub(crate) fn says(&self, code: i32, options: &str) -> String {
        Said::of(self.init().args(options.split_whitespace()), code).err
    }

    /// The file, after the options answered everything.
    #[track_caller]
    pub(crate) fn writes(&self, options: &str) -> String {
        self.says(0, options);
        self.file()
    }

    pub(crate) fn file(&self) -> String {
        self.read(CONFIG)
    }

    pub(crate) fn has_file(&self) -> bool {
        self.path(CONFIG).exists()
    }

    /// Whatever lies in the folder, by its names.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}
