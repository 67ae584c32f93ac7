//! What the README shows of the terminal is what the program says: it is run against the sandbox.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use bitrix24_sandbox::{Portal, Server};
use chrono::{TimeDelta, Utc};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{assert_current, read};

/// What the hotel does before a command.
const MEANWHILE: [(&str, &str); 2] = [
    (
        "ecvi-b24 sync --dry-run",
        "UPDATE guests SET last_name = 'Орлова', phone = '+79000000141', modified_at = '2026-05-20 11:58:00'
           WHERE id = 41;
         UPDATE bookings SET status = 'confirmed', amount = '2750.00', modified_at = '2026-05-20 11:59:00'
           WHERE id = 6",
    ),
    (
        "ecvi-b24 sync",
        "UPDATE bookings SET status = 'checked_in', modified_at = '2026-05-20 12:03:00' WHERE id = 5;
         INSERT INTO guests (id, last_name, modified_at) VALUES (44, 'Новый', '2026-05-20 12:03:00')",
    ),
];

#[test]
fn the_readme_shows_what_the_program_says() {
    replay("README.md", "en_US.UTF-8");
    replay("README.ru.md", "ru_RU.UTF-8");
}

/// Runs the commands of a document, and puts their output below them.
fn replay(name: &str, lang: &str) {
    let hotel = Hotel::new();
    let document = read(name);
    let mut current = String::new();
    for (at, part) in document.split("```console\n").enumerate() {
        if at == 0 {
            current += part;
            continue;
        }
        let (block, after) = part.split_once("```").unwrap();
        current += "```console\n";
        for command in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
            current.extend(["$ ", command, "\n", &hotel.says(command, lang)]);
        }
        current += "```";
        current += after;
    }
    assert_current(name, &current);
}

/// A small hotel and its portal; one booking cannot be read.
pub(crate) struct Hotel {
    folder: TempDir,
    server: Server,
}

impl Hotel {
    pub(crate) fn new() -> Hotel {
        let hotel = Hotel {
            folder: TempDir::new().unwrap(),
            server: Server::start(Portal::new(), 0).unwrap(),
        };
        hotel.sql(include_str!("../screens/mirror.sql"));
        hotel.sql("UPDATE bookings SET status = '7' WHERE id = 8");
        let config = hotel.folder.path().join("ecvi-b24.toml");
        let toml = format!(
            "mirror.path = \"mirror.db\"\nportal.webhook = \"{}\"\n",
            hotel.server.webhook()
        );
        std::fs::write(&config, toml).unwrap();
        std::fs::set_permissions(config, std::fs::Permissions::from_mode(0o600)).unwrap();
        hotel
    }

    fn sql(&self, sql: &str) {
        Connection::open(self.folder.path().join("mirror.db")).unwrap().execute_batch(sql).unwrap();
    }

    /// The output of a command, as a reader would have it.
    pub(crate) fn says(&self, command: &str, lang: &str) -> String {
        if let Some((_, sql)) = MEANWHILE.iter().find(|(before, _)| *before == command) {
            self.sql(sql);
        }
        let output = Command::new(env!("CARGO_BIN_EXE_ecvi-b24"))
            .args(command.split_whitespace().skip(1))
            .current_dir(&self.folder)
            .env_clear()
            .envs([("LANG", lang), ("TZ", "UTC"), ("RUST_LOG", "off")])
            .output()
            .unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{command}: {output:?}");
        self.tidy(&String::from_utf8(output.stdout).unwrap())
    }

    /// Without what differs from run to run: the address, the day and the hour, how fast the portal
    /// was.
    fn tidy(&self, text: &str) -> String {
        let address = self.server.address();
        let host = address.split_once("://").unwrap().1.trim_end_matches('/');
        let text = text
            .replace(&format!("http://{host}"), "https://hotel.bitrix24.ru")
            .replace(host, "hotel.bitrix24.ru");
        // Progress is a bar on a terminal, and the bar goes.
        let stays = |line: &&str| {
            !["guests 0 of ", "гости 0 из "].iter().any(|start| line.starts_with(start))
        };
        text.lines().filter(stays).map(|line| fast(&timeless(line)) + "\n").collect()
    }
}

/// Every time of today, or of next to it, becomes one.
fn timeless(line: &str) -> String {
    let mut line = line.to_owned();
    let clock = if line.contains("attempt:") || line.contains("попытка:") {
        "18:15"
    } else {
        "18:00"
    };
    for days in [-1, 0, 1] {
        let day = Utc::now() + TimeDelta::days(days);
        for format in ["%Y-%m-%d", "%d.%m.%Y"] {
            let mark = format!("{} ", day.format(format));
            let shown = if format == "%Y-%m-%d" { "2026-11-24" } else { "24.11.2026" };
            let mut told = String::new();
            while let Some((before, after)) = line.split_once(&mark) {
                told.extend([before, shown, " ", clock]);
                line = after.get(5..).unwrap_or_default().to_owned();
            }
            line = told + &line;
        }
    }
    line
}

/// `answers in 3 ms` -> `answers in 180 ms`
fn fast(line: &str) -> String {
    for (unit, before) in [(" ms", " in "), (" мс", " за ")] {
        if let (Some(start), true) = (line.rfind(before), line.ends_with(unit)) {
            return format!("{}{before}180{unit}", &line[..start]);
        }
    }
    line.to_owned()
}
