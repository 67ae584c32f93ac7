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
fn what_was_typed_wrongly_begins_no_line_and_is_answered_in_the_readers_language() {
    let hotel = TestEnv::running();
    for (language, told) in
        [("en", "error: unrecognized subcommand"), ("ru", "ecvi-b24: нет команды")]
    {
        let typed = "x\necvi-b24: OK";
        let output = hotel.program("").env("LANG", language).arg(typed).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        is_plain(&output.stderr, language);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with(told) && said.contains("x\\necvi-b24: OK"), "{said}");
    }
}

#[test]
fn a_filter_of_the_log_that_makes_no_sense_is_told_of_in_one_line_and_left_aside() {
    let hotel = TestEnv::running();
    let filter = "\u{1b}[31mfoo=ba\u{202e}r=baz\necvi-b24: OK";
    let output = hotel.command("status").env("RUST_LOG", filter).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    is_plain(&output.stderr, filter);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("ecvi-b24: RUST_LOG is \"\\u001b[31mfoo=ba"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    for filter in ["ecvi_b24=debug", "info", ""] {
        let output = hotel.command("config show").env("RUST_LOG", filter).output().unwrap();
        assert!(!String::from_utf8(output.stderr).unwrap().contains("RUST_LOG"), "{filter}");
    }
}

#[test]
fn the_name_of_a_configuration_does_not_leave_its_comment() {
    let hotel = TestEnv::running();
    let name = "a\nwebhook = 1\u{202e}.toml";
    hotel.write(name, hotel.read("ecvi-b24.toml"));
    let output = hotel.command("config show --config").arg(name).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("# a\\nwebhook = 1\\u202e.toml\n[mirror]\n"), "{said}");
}

#[test]
fn a_command_that_is_offered_is_one_command_when_it_is_pasted() {
    let hotel = TestEnv::running();
    let id = "a b;touch pasted'$(touch pasted)";
    let mirror = Connection::open(hotel.path("mirror.db")).unwrap();
    // A mirror whose ids may be any text.
    let sql = "CREATE TABLE copy AS SELECT * FROM guests;
        DROP TABLE guests; ALTER TABLE copy RENAME TO guests;";
    mirror.execute_batch(sql).unwrap();
    let sql = "INSERT INTO guests (id, last_name, modified_at) VALUES (?1, 'x', '2026')";
    mirror.execute(sql, [id]).unwrap();
    let reset = |crm_id| {
        let mut command = hotel.command("reset-id guest --yes --crm-id");
        String::from_utf8(command.args([crm_id, id]).output().unwrap().stdout).unwrap()
    };
    reset("19");
    let said = reset("20");
    let (_, undo) = said.split_once("to undo: ").unwrap();
    let pasted = undo.replace("ecvi-b24 ", concat!(env!("CARGO_BIN_EXE_ecvi-b24"), " "));
    let mut shell = std::process::Command::new("sh");
    let output = shell.current_dir(hotel.folder()).env("LANG", "en").args(["-c", &pasted]).output();
    let output = output.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.contains("link to contact 19"), "{undo}{said}");
    assert!(!hotel.path("pasted").exists());
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
