//! What lies in `packaging/` fits the program and the manifest.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use chrono::NaiveDateTime;
use clap::CommandFactory;
use ecvi_b24::commands::cli::Cli;
use toml::{Table, Value};

use crate::configuration::assert_reads;
use crate::readme::assert_command;
use crate::{path, read};

fn manifest() -> Value {
    let manifest: Table = read("Cargo.toml").parse().unwrap();
    manifest["package"]["metadata"]["deb"].clone()
}

#[test]
fn every_file_of_the_package_exists() {
    let deb = manifest();
    let assets = deb["assets"].as_array().unwrap();
    for source in assets.iter().map(|asset| asset[0].as_str().unwrap()) {
        let folder = source.split_once('*').map_or(source, |(folder, _)| folder);
        assert!(source.starts_with("target/") || path(folder).exists(), "{source}");
    }
    for script in ["postinst", "prerm", "postrm"] {
        assert!(read(&format!("packaging/debian/{script}")).starts_with("#!/bin/sh\n"), "{script}");
    }
    let secret = assets.iter().find(|asset| asset[0].as_str() == Some("packaging/ecvi-b24.toml")).unwrap();
    assert_eq!(secret[2].as_str(), Some("640"));
    assert_eq!(deb["conf-files"][0].as_str(), Some("/etc/ecvi-b24.toml"));
}

#[test]
fn the_notices_of_what_is_linked_travel_with_the_package() {
    let notices = std::process::Command::new("python3").arg(path("packaging/notices.py")).output().unwrap();
    assert!(notices.status.success(), "{}", String::from_utf8_lossy(&notices.stderr));
    let notices = String::from_utf8(notices.stdout).unwrap();
    let manifest: Table = read("Cargo.toml").parse().unwrap();
    for name in manifest["dependencies"].as_table().unwrap().keys() {
        assert!(notices.contains(&format!("\n{name} ")), "{name}");
    }
    assert!(notices.contains("SQLite") && !notices.contains("\ninsta "));
    assert!(read("packaging/build.sh").contains("packaging/notices.py >\"$out/THIRD-PARTY-NOTICES.txt\""));
}

#[test]
fn the_configuration_of_the_package_can_be_read_and_names_no_portal() {
    let text = read("packaging/ecvi-b24.toml");
    assert_reads(&text);
    assert!(!text.lines().any(|line| line.starts_with("webhook")));
}

#[test]
fn unit_and_crontab_run_a_pass_every_three_minutes() {
    let unit = read("packaging/systemd/ecvi-b24.service");
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    assert_eq!(command, "/usr/bin/ecvi-b24 --config /etc/ecvi-b24.toml sync");
    assert_command(command);
    assert!(read("packaging/systemd/ecvi-b24.timer").contains("OnCalendar=*:0/3\n"));
    let cron = read("packaging/examples/ecvi-b24.cron");
    assert!(cron.contains(&format!("\n*/3 * * * * ecvi-b24 {command} 2>&1 |")));
}

/// The line is run by a real shell as cron runs it: `\%` stands for a percent sign.
#[test]
fn the_crontab_writes_a_log_with_the_time_of_each_line() {
    let cron = read("packaging/examples/ecvi-b24.cron");
    let line = cron.lines().find_map(|line| line.strip_prefix("*/3 * * * * ecvi-b24 ")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("sync.log");
    let line = line
        .replace("/usr/bin/ecvi-b24", env!("CARGO_BIN_EXE_ecvi-b24"))
        .replace("/etc/ecvi-b24.toml", "/nonexistent.toml")
        .replace("/var/log/ecvi-b24/sync.log", log.to_str().unwrap())
        .replace("\\%", "%");
    let output = Command::new("/bin/sh").args(["-c", &line]).env("LANG", "C").output().unwrap();
    assert_eq!((output.stdout.len(), output.stderr.len()), (0, 0), "{output:?}");
    let log = std::fs::read_to_string(log).unwrap();
    let (time, words) = log.split_at(20);
    assert!(NaiveDateTime::parse_from_str(time.trim(), "%Y-%m-%d %H:%M:%S").is_ok(), "{log}");
    assert!(words.contains("/nonexistent.toml"), "{log}");
}

#[test]
fn the_lines_for_sudo_stand_in_the_documents_as_in_the_file() {
    let documents = read("docs/operations.md");
    let file = read("packaging/examples/ecvi-b24.sudoers");
    let lines: Vec<&str> = file.lines().filter(|line| line.contains("NOPASSWD")).collect();
    assert_eq!(lines.len(), 3);
    for line in lines {
        assert!(documents.contains(line), "{line}");
        assert!(!line.ends_with('*'), "a star would allow every other option as well: {line}");
    }
}

#[test]
fn every_command_has_its_page_of_the_manual() {
    let script = read("packaging/build.sh");
    let pages = script.lines().find_map(|line| line.strip_prefix("for command in ")).unwrap();
    let pages: Vec<&str> = pages.trim_end_matches("; do").split(' ').collect();
    let program = Cli::command();
    let commands: Vec<&str> = program
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(clap::Command::get_name)
        .collect();
    assert_eq!(pages, commands);
}

/// The files of the repository that the package has below `usr/share/doc/ecvi-b24/`, by their path there.
fn packaged_documents() -> BTreeSet<PathBuf> {
    let deb = manifest();
    let mut found = BTreeSet::new();
    for asset in deb["assets"].as_array().unwrap() {
        let (source, place) = (asset[0].as_str().unwrap(), asset[1].as_str().unwrap());
        let Some(place) = place.strip_prefix("usr/share/doc/ecvi-b24/") else { continue };
        let (folder, pattern) = source.rsplit_once('/').unwrap_or(("", source));
        let ending = pattern.strip_prefix('*');
        if !path(folder).is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(path(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if ending.map_or(name == pattern, |ending| name.ends_with(ending)) {
                found.insert(Path::new(place).join(name));
            }
        }
    }
    found
}

/// `docs/../examples/x` -> `examples/x`
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

/// Documents lie in the package as in the repository, so that links between them lead somewhere there too.
#[test]
fn every_link_of_a_packaged_document_leads_somewhere_in_the_package() {
    let places = packaged_documents();
    let mut links = 0;
    for document in places.iter().filter(|place| place.extension().is_some_and(|ending| ending == "md")) {
        let text = std::fs::read_to_string(path(document.to_str().unwrap())).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        for target in targets.filter(|target| !target.is_empty() && !target.contains("://")) {
            // A Debian package has its licence beside the documents, under the name `copyright`.
            if target == "LICENSE" {
                continue;
            }
            let place = without_dots(&document.parent().unwrap().join(target));
            let leads_somewhere = places.iter().any(|other| other.starts_with(&place));
            assert!(leads_somewhere, "{}: {target}", document.display());
            links += 1;
        }
    }
    assert!(links > 40, "the test sees hardly any link: {links}");
}
