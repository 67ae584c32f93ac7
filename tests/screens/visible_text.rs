//! Ids, numbers and words of others come out visible, and each in its own line.

use rusqlite::Connection;
use serde_json::Value;

use crate::env::TestEnv;

/// A title of the window, an empty screen, a text turned round, and a line that looks like the
/// program's own.
const EVIL: &str =
    "7\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}\u{9b}31m\u{2028}\u{200b}\rX\necvi-b24: OK";

fn with_evil_words() -> TestEnv {
    let hotel = TestEnv::running();
    let mirror = Connection::open(hotel.path("mirror.db")).unwrap();
    let now = "2026-01-03 06:00:00";
    mirror
        .execute("UPDATE bookings SET number = ?1, modified_at = ?2 WHERE id = 5", (EVIL, now))
        .unwrap();
    mirror
        .execute("UPDATE bookings SET status = ?1, modified_at = ?2 WHERE id = 6", (EVIL, now))
        .unwrap();
    let sql = "INSERT INTO guests (id, last_name, modified_at) VALUES (45, ?1, ?2)";
    mirror.execute(sql, (EVIL, now)).unwrap();
    hotel
}

/// Nothing here steers a terminal, and no line was forged.
#[track_caller]
fn is_plain(shown: &[u8], command: &str) {
    let shown = std::str::from_utf8(shown).unwrap();
    let steers = |c: char| {
        (c.is_control() && c != '\n' && c != '\t') || "\u{202e}\u{2028}\u{200b}".contains(c)
    };
    assert!(!shown.contains(steers), "{command}: {shown:?}");
    assert!(!shown.contains("\necvi-b24: OK"), "{command}: {shown}");
}

#[test]
fn no_command_shows_what_steers_a_terminal_or_forges_a_line() {
    let hotel = with_evil_words();
    for command in [
        "status",
        "status booking",
        "status booking 5",
        "status booking 6",
        "status guest 45",
        "sync --dry-run",
        "sync --dry-run --json",
        "retry --dry-run",
        "reset-id booking 5 --yes",
        "check",
        "check --json",
        "status --json",
    ] {
        let output = hotel.output(command);
        is_plain(&output.stdout, command);
        is_plain(&output.stderr, command);
        if command.ends_with("--json") && output.status.code() != Some(3) {
            serde_json::from_slice::<Value>(&output.stdout).unwrap();
        }
    }
    assert!(hotel.said(0, "en", "status booking 5").contains("\\u001b]0;owned\\u0007"));
}

#[test]
fn what_was_typed_wrongly_is_repeated_visibly() {
    let hotel = TestEnv::running();
    for command in ["\u{1b}[2J", "status booking \u{1b}[2J", "sync --max-deletes \u{1b}[2J"] {
        let output = hotel.output(command);
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        is_plain(&output.stderr, command);
    }
}
