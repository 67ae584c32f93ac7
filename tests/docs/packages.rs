//! What lies in `packaging/` fits the program and the manifest.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use chrono::NaiveDateTime;
use clap::CommandFactory;
use ecvi_b24::commands::cli::Cli;
use tempfile::TempDir;
use toml::{Table, Value};

use crate::configuration::assert_reads;
use crate::readme::assert_command;
use crate::{path, read};

/// What the packages install below `/usr`, laid out by their own script.
fn staged() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let stage = Command::new(path("packaging/stage.sh"))
        .arg(env!("CARGO_BIN_EXE_ecvi-b24"))
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(stage.status.success(), "{}", String::from_utf8_lossy(&stage.stderr));
    folder
}

/// All files below a folder, by their path in it.
fn files_below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = PathBuf::from(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(&entry.path()).into_iter().map(|file| name.join(file)));
        } else {
            files.insert(name);
        }
    }
    files
}

/// Each format has a list of its own that says where the staged files go; what a list leaves out
/// would be missing.
#[test]
fn every_staged_file_is_in_every_package() {
    let manifest: Table = read("Cargo.toml").parse().unwrap();
    let metadata = &manifest["package"]["metadata"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let deb = metadata["deb"]["assets"].as_array().unwrap();
    let deb: Vec<[String; 3]> =
        deb.iter().map(|asset| [0, 1, 2].map(|part| text(&asset[part]))).collect();
    let rpm = metadata["generate-rpm"]["assets"].as_array().unwrap();
    let rpm: Vec<[String; 3]> =
        rpm.iter().map(|asset| ["source", "dest", "mode"].map(|part| text(&asset[part]))).collect();
    let staged = staged();
    for assets in [deb, rpm] {
        for file in files_below(staged.path()) {
            let staged_as = Path::new("target/package/files").join(&file);
            let places = assets.iter().filter(|[source, ..]| {
                let (folder, pattern) = source.split_once('*').unwrap();
                let is_deep = pattern.starts_with('*');
                let parent = staged_as.parent().unwrap();
                parent == Path::new(folder) || is_deep && staged_as.starts_with(folder)
            });
            let places: Vec<&[String; 3]> = places.collect();
            let [[source, place, _]] = places[..] else { panic!("{}: {places:?}", file.display()) };
            assert!(
                source.starts_with(&format!(
                    "target/package/files/{}",
                    place.trim_start_matches('/')
                ))
            );
        }
    }
}

#[test]
fn programs_of_the_package_can_be_run_and_the_rest_is_only_read() {
    let staged = staged();
    for file in files_below(staged.path()) {
        let mode =
            std::fs::metadata(staged.path().join(&file)).unwrap().permissions().mode() & 0o777;
        let is_program = file.starts_with("usr/bin") || file.starts_with("usr/lib/ecvi-b24");
        let is_script = file.extension().is_some_and(|ending| ending == "sh");
        assert_eq!(mode, if is_program || is_script { 0o755 } else { 0o644 }, "{}", file.display());
    }
}

/// It will hold the webhook, which is a password.
#[test]
fn the_configuration_that_the_package_makes_is_for_its_group_alone() {
    let set_up = read("packaging/set-up");
    assert!(set_up.contains(
        "install -m 0640 -o root -g ecvi-b24 /usr/share/ecvi-b24/ecvi-b24.toml /etc/ecvi-b24.toml"
    ));
    assert!(staged().path().join("usr/share/ecvi-b24/ecvi-b24.toml").exists());
}

#[test]
fn the_notices_of_what_is_linked_travel_with_the_package() {
    let staged = staged();
    let notices = staged.path().join("usr/share/doc/ecvi-b24/THIRD-PARTY-NOTICES.txt");
    let notices = std::fs::read_to_string(notices).unwrap();
    let manifest: Table = read("Cargo.toml").parse().unwrap();
    let dependencies = manifest["dependencies"].as_table().unwrap().keys();
    // A macro ends with the compiler.
    for name in dependencies.filter(|name| *name != "smart-default") {
        assert!(notices.contains(&format!("\n{name} ")), "{name}");
    }
    assert!(notices.contains("SQLite") && !notices.contains("\ninsta "));
}

/// A program that was built here may need any glibc; one older than all is never enough.
#[test]
fn a_program_that_needs_a_newer_glibc_is_not_packed() {
    let needs = |limit: &str| {
        let program = env!("CARGO_BIN_EXE_ecvi-b24");
        Command::new(path("packaging/needs-glibc.sh")).args([program, limit]).output().unwrap()
    };
    assert!(!needs("2.3").status.success());
    let enough = needs("2.999");
    assert!(enough.status.success(), "{}", String::from_utf8_lossy(&enough.stderr));
    assert!(String::from_utf8_lossy(&enough.stdout).contains("needs glibc 2."));
}

#[test]
fn the_configuration_of_the_package_can_be_read_and_names_no_portal() {
    let text = read("packaging/ecvi-b24.toml");
    assert_reads(&text);
    assert!(!text.lines().any(|line| line.starts_with("webhook")));
}

#[test]
fn unit_and_crontab_start_a_run_every_three_minutes() {
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

/// The command is typed in any folder, and a configuration there may be anybody's.
#[test]
fn whoever_runs_the_program_as_another_user_names_its_configuration() {
    const NAMED: &str = "ecvi-b24 --config /etc/ecvi-b24.toml ";
    for line in read("packaging/examples/ecvi-b24.sudoers").lines() {
        let Some((_, commands)) = line.split_once("NOPASSWD: ") else { continue };
        for command in commands.split(", ") {
            let plain = command.replace('^', "").replace("[.]", ".");
            assert!(plain.starts_with(&format!("/usr/bin/{NAMED}")), "{command}");
        }
    }
    let mut commands = 0;
    for name in [
        "README.md",
        "README.ru.md",
        "docs/operations.md",
        "docs/operations.ru.md",
        "packaging/examples/ecvi-b24.sudoers",
    ] {
        let document = read(name).split_whitespace().collect::<Vec<_>>().join(" ");
        for command in document.split("sudo -u ecvi-b24 ").skip(1) {
            let command = command.trim_start_matches("/usr/bin/");
            assert!(command.starts_with(NAMED), "{name}: {command:.60}");
            commands += 1;
        }
    }
    assert!(commands > 15, "{commands}");
}

#[test]
fn every_command_has_its_page_of_the_manual() {
    let script = read("packaging/stage.sh");
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

/// Documents lie in the package as in the repository, so that links between them lead somewhere
/// there too.
#[test]
fn every_link_of_a_packaged_document_leads_somewhere_in_the_package() {
    let staged = staged();
    let documents = staged.path().join("usr/share/doc/ecvi-b24");
    let places = files_below(&documents);
    let mut links = 0;
    for document in
        places.iter().filter(|place| place.extension().is_some_and(|ending| ending == "md"))
    {
        let text = std::fs::read_to_string(documents.join(document)).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        for target in targets.filter(|target| !target.is_empty() && !target.contains("://")) {
            let place = without_dots(&document.parent().unwrap().join(target));
            let leads_somewhere = places.iter().any(|other| other.starts_with(&place));
            assert!(leads_somewhere, "{}: {target}", document.display());
            links += 1;
        }
    }
    assert!(links > 40, "the test sees hardly any link: {links}");
}
