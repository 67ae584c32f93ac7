//! What the portal says is never more than words within a line of the program's own, and a page does
//! not repeat it.

use std::fs;

use bitrix24_sandbox::{Fault, Kind};
use serde_json::json;

use crate::env::TestEnv;
use crate::pty::Terminal;

/// A line that looks like the program's own, a title of the window, a text turned round.
const EVIL: &str =
    "D<br>The initial export is completed.<br>OK: failures: 0 | load=1\u{1b}]0;OWNED\u{7}\u{202e}";

/// The portal answers every call with this status and these words.
fn says(hotel: &TestEnv, status: u16, code: &str, words: &str) {
    let body = json!({"error": code, "error_description": words}).to_string();
    hotel.server.faults(move |_| Some(Fault::Answer { status, body: body.clone() }));
}

/// Everything that was printed, by its lines.
#[track_caller]
fn lines(hotel: &TestEnv, arguments: &str) -> Vec<String> {
    let output = hotel.command(arguments).output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!text.contains(steers), "{arguments}: {text:?}");
    text.lines().map(str::to_owned).collect()
}

#[track_caller]
fn forged(lines: &[String]) -> bool {
    let own =
        ["The initial export is completed", "OK: failures", "guest 1: missing", "→ FAKE", "FAKE"];
    lines.iter().any(|line| own.iter().any(|own| line.trim_start().starts_with(own)))
}

#[test]
fn the_progress_of_an_export_shows_the_portals_words_within_a_line() {
    let hotel = TestEnv::new("[sync]\ntime_limit = \"3s\"\n");
    says(&hotel, 500, "E\u{1b}]0;OWNED\u{7}", EVIL);
    let mut terminal = Terminal::start(hotel.folder(), 400, &["initial-export"]);
    terminal.shows("HTTP 500, E\\u001b]0;OWNED\\u0007: D / The initial export is completed. / OK");
    terminal.presses_ctrl_c();
    terminal.exit_code();
    assert!(!terminal.shown.contains("\u{202e}"), "{}", terminal.shown);
}

#[test]
fn without_a_terminal_the_portals_words_begin_no_line_of_the_progress() {
    let hotel = TestEnv::new("");
    let mut requests = 0;
    let body = json!({"error": "X", "error_description": EVIL}).to_string();
    hotel.server.faults(move |_| {
        requests += 1;
        (requests <= 4).then(|| Fault::Answer { status: 500, body: body.clone() })
    });
    let lines = lines(&hotel, "initial-export");
    assert!(lines.iter().any(|line| line.contains("HTTP 500, X: D / The initial")), "{lines:#?}");
    let completed = lines.iter().filter(|line| line.starts_with("The initial export is completed"));
    assert_eq!(completed.count(), 1, "{lines:#?}");
}

#[test]
fn status_check_is_one_line_without_figures_whatever_a_run_ended_with() {
    let hotel = TestEnv::exported("");
    hotel.sql("UPDATE guests SET city = 'Тверь', modified_at = '2026'");
    says(&hotel, 401, "NO_AUTH", EVIL);
    assert!(!forged(&lines(&hotel, "sync")));
    hotel.server.faults(|_| None);
    let refused = lines(&hotel, "status --check");
    assert!(refused.len() == 1 && refused[0].contains("OK: failures: 0"), "{refused:#?}");
    assert!(!refused[0].contains('|'), "{refused:#?}");
    hotel.configure("[deal]\ncurrency = \"XXX\"\n[deal.stages]\ntemporary = \"NONE\"\n");
    assert!(lines(&hotel, "sync").len() > 2);
    let wrong = lines(&hotel, "status --check");
    assert!(wrong.len() == 1 && wrong[0].contains("XXX"), "{wrong:#?}");
}

#[test]
fn an_audit_shows_what_a_card_holds_within_its_line() {
    let hotel = TestEnv::exported("");
    let origin = "99\nguest 1: missing in the CRM: contact 5\nFAKE: reset-id --all --yes";
    let fields = json!({"LAST_NAME": "x", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": origin});
    hotel.by_hand(Kind::Contact, fields);
    let found = lines(&hotel, "audit");
    assert!(!forged(&found), "{found:#?}");
    assert!(found.iter().any(|line| line.contains("ORIGIN_ID 99\\nguest 1")), "{found:#?}");
}

#[test]
fn check_and_a_dry_run_show_values_of_others_within_a_line() {
    let hotel = TestEnv::new("[deal]\ncurrency = \"X\\nFAKE\"\n");
    // A mirror whose ids may be any text.
    for table in ["guests", "bookings"] {
        hotel.sql(&format!(
            "CREATE TABLE copy AS SELECT * FROM {table};
             DROP TABLE {table}; ALTER TABLE copy RENAME TO {table};"
        ));
    }
    hotel.sql(
        "INSERT INTO guests (id, last_name, modified_at) VALUES
           ('7' || char(10) || '→ FAKE', '', '2026');
         INSERT INTO bookings (id, number, status, arrival, departure, guest_id, modified_at) VALUES
           ('8' || char(10) || 'FAKE', '8', 'y' || char(10) || 'FAKE', '2026-05-20', '2026-05-21',
             'z' || char(10) || 'FAKE', '2026');",
    );
    for command in ["check", "initial-export --dry-run"] {
        let said = lines(&hotel, command);
        assert!(said.iter().any(|line| line.contains("X\\nFAKE")), "{command}: {said:#?}");
        assert!(!forged(&said), "{command}: {said:#?}");
    }
    says(&hotel, 400, "ERROR_CORE", "Нет<br>FAKE");
    let said = lines(&hotel, "check");
    assert!(said.iter().any(|line| line.contains("Нет / FAKE")), "{said:#?}");
    assert!(!forged(&said), "{said:#?}");
}

#[test]
fn the_page_explains_a_refusal_without_the_portals_words() {
    let hotel = TestEnv::exported("[monitoring]\nstatus_page = \"page.html\"\n");
    for (status, code, told) in [
        (403, "ACCESS_DENIED", "ACCESS_DENIED. Inbound webhooks need a paid plan"),
        (403, "PRIKHODKO", "ecvi-b24 status tells more. Check the webhook"),
        (500, "ERROR", "HTTP 500, ecvi-b24 status tells more"),
        (503, "QUERY_LIMIT_EXCEEDED", "asks us to wait (QUERY_LIMIT_EXCEEDED)"),
    ] {
        hotel.sql("UPDATE guests SET comment = comment || 'x', modified_at = modified_at || '1'");
        says(&hotel, status, code, "Контакт Приходько Анна Сергеевна закрыт");
        let said = lines(&hotel, "sync").concat();
        assert!(said.contains("Приходько"), "{code}: {said}");
        let page = fs::read_to_string(hotel.path("page.html")).unwrap();
        let body = page.split_once("</style>").unwrap().1;
        assert!(body.contains(told), "{code}: {body}");
        for word in ["Приходько", "PRIKHODKO"] {
            assert!(!body.contains(word), "{code}: {body}");
        }
    }
    // What the program says itself, or the system in its usual words, stays.
    hotel.server.faults(|_| None);
    hotel.configure("[monitoring]\nstatus_page = \"page.html\"\n[deal]\ncurrency = \"XXX\"\n");
    lines(&hotel, "sync");
    let page = fs::read_to_string(hotel.path("page.html")).unwrap();
    assert!(page.contains("[deal] currency = XXX"), "{page}");
}
