//! What stands at the mirror's path, and how long reading it may take.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use crate::folders::{FILLER, Place, Said, is_root, open_to};
use crate::signals::{ends_within, send, wait_until_signals_are_caught};

/// Rows without end, which none of the program's own statements can cut short.
const ENDLESS: &str = "[mirror.queries]\nguests = \"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 \
    FROM n) SELECT i AS id, 'Гостев' AS last_name, '2026' AS modified_at FROM n WHERE i < 0\"";

#[track_caller]
fn says_at_once(place: &Place, arguments: &str) -> Said {
    let mut command = place.command();
    command.args(arguments.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let said = Said::from(ends_within(command.spawn().unwrap(), Duration::from_secs(20)));
    assert!(said.code.is_some(), "{arguments} did not end: {}", said.text);
    said
}

/// A place that is the user's own, whoever runs the tests.
fn place() -> Option<Place> {
    is_root().then(Place::open)
}

#[test]
fn what_is_no_file_is_never_waited_for() {
    let Some(place) = place() else { return };
    let made = Command::new("mkfifo").arg(place.mirror()).status().unwrap();
    assert!(made.success());
    open_to(&place.mirror(), 0o666, FILLER);
    for command in ["check", "sync", "status", "status guest 1", "initial-export", "sync --dry-run"]
    {
        says_at_once(&place, command);
    }
    says_at_once(&place, "check").has("is a pipe or a device and no file");
    fs::remove_file(place.mirror()).unwrap();
    for (device, words) in [
        ("/dev/zero", "is a pipe or a device"),
        ("/dev/null", "is a pipe or a device"),
        ("/etc", "is a folder"),
    ] {
        symlink(device, place.mirror()).unwrap();
        let said = says_at_once(&place, "check");
        said.has(words);
        assert_eq!(said.code, Some(3));
        fs::remove_file(place.mirror()).unwrap();
    }
}

#[test]
fn a_mirror_that_is_out_of_reach_says_how() {
    let Some(place) = place() else { return };
    says_at_once(&place, "check").has("there is no mirror");
    symlink(place.folder().join("elsewhere.db"), place.mirror()).unwrap();
    says_at_once(&place, "check").has("is a link to a file that is not there");
    fs::remove_file(place.mirror()).unwrap();
    place.is_made_by(FILLER, "DELETE", 0o600);
    says_at_once(&place, "check").has("no permission to read the mirror");
    open_to(&place.mirror(), 0o644, FILLER);
    open_to(&place.folder(), 0o700, FILLER);
    says_at_once(&place, "check")
        .has(&format!("may not enter the folder {} (right x)", place.folder().display()));
    open_to(&place.folder(), 0o711, FILLER);
    says_at_once(&place, "check").has("✓ Mirror, guests: 1");
}

#[test]
fn reading_ends_at_the_time_limit() {
    let Some(place) = place() else { return };
    place.is_made_by(FILLER, "DELETE", 0o644);
    place.configure(&format!("[sync]\ntime_limit = \"1s\"\n{ENDLESS}"));
    for command in ["check", "status"] {
        says_at_once(&place, command)
            .has("was not read within the time allowed ([sync] time_limit)");
    }
    assert_eq!(says_at_once(&place, "check").code, Some(5));
    says_at_once(&place, "status guest 1");
    says_at_once(&place, "reset-id guest 1 --yes");
}

#[test]
fn a_signal_ends_reading() {
    let Some(place) = place() else { return };
    place.is_made_by(FILLER, "DELETE", 0o644);
    place.configure(ENDLESS);
    for arguments in ["initial-export", "initial-export --dry-run", "check"] {
        for signal in [Signal::TERM, Signal::INT] {
            let mut command = place.command();
            command
                .args(arguments.split_whitespace())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            let child = command.spawn().unwrap();
            wait_until_signals_are_caught(&child);
            send(&child, signal);
            let said = Said::from(ends_within(child, Duration::from_secs(10)));
            assert_eq!(said.code, Some(5), "{arguments}: {}", said.text);
            assert!(said.text.contains("nterrupted"), "{}", said.text);
        }
    }
}
