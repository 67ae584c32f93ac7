//! What stands at the mirror's path, and how long reading it may take.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::folders::{FILLER, Place, Said, is_root, open_to};

/// Rows without end, which none of the program's own statements can cut short.
const ENDLESS: &str = "[mirror.queries]\nguests = \"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 \
    FROM n) SELECT i AS id, 'Гостев' AS last_name, '2026' AS modified_at FROM n WHERE i < 0\"";

/// Ends the child if it does not end by itself.
fn ends_within(mut child: Child, patience: Duration) -> Said {
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > patience {
            child.kill().unwrap();
        }
        sleep(Duration::from_millis(20));
    }
    Said::from(child.wait_with_output().unwrap())
}

#[track_caller]
fn says_at_once(place: &Place, arguments: &str) -> Said {
    let mut command = place.command();
    command.args(arguments.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let said = ends_within(command.spawn().unwrap(), Duration::from_secs(20));
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

/// A signal that comes before the program is ready for it ends it like any other program. The
/// reading begins right afterwards.
fn wait_until_signals_are_caught(child: &Child) {
    let status = format!("/proc/{}/status", child.id());
    let terminate = 1_u64 << (Signal::TERM.as_raw() - 1);
    for _ in 0..200 {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let mask = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        if mask.is_some_and(|mask| mask & terminate != 0) {
            break;
        }
        sleep(Duration::from_millis(50));
    }
    sleep(Duration::from_millis(500));
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
            kill_process(Pid::from_child(&child), signal).unwrap();
            let said = ends_within(child, Duration::from_secs(10));
            assert_eq!(said.code, Some(5), "{arguments}: {}", said.text);
            assert!(said.text.contains("nterrupted"), "{}", said.text);
        }
    }
}
