//! The webhook's secret shows nowhere, and people's data do not show at the default level.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bitrix24_sandbox::{Condition, Exchange, Fault};

use crate::hotel::{HASTY, Hotel, SECRET};
use crate::parallel_runs::each;
use crate::program::{Ended, Victim};
use crate::scenes;
use crate::wire::{Asked, asked};
use crate::wire_faults::refuse_all;

const COMMANDS: [&str; 14] = [
    "sync",
    "sync --full",
    "sync --dry-run",
    "initial-export",
    "initial-export --dry-run",
    "status",
    "status --json",
    "status --check",
    "status guest 41",
    "status booking 3682",
    "check",
    "retry",
    "reset-id guest 41",
    "config show",
];

/// How much is logged: options and `RUST_LOG`.
const LEVELS: [(&str, &str); 4] = [("", ""), ("-v", ""), ("-vv", ""), ("", "trace")];

/// What the mirror says of people.
const PERSONAL: [&str; 10] = [
    "Приходько", "Иванова", "Лебедев", "Анна", "79161112233", "79160000000", "79164445566",
    "anna@example.ru", "petr@example.ru", "вид на море",
];

/// Answers that repeat what was asked for, as servers do in their error pages.
fn talkative() -> Vec<Option<Fault>> {
    let answer = |status, body: String| Some(Fault::Answer { status, body });
    vec![
        None,
        Some(Fault::ResetBefore),
        Some(Fault::CutBody),
        Some(Fault::Garbled),
        Some(Fault::Html { status: 502, executed: false }),
        Some(Fault::Redirect("https://new.example".into())),
        Some(Fault::status(401, "INVALID_CREDENTIALS")),
        Some(Fault::status(500, "INTERNAL_SERVER_ERROR")),
        answer(404, format!("<title>/rest/1/{SECRET}/batch.json was not found</title>")),
        answer(502, format!("No route to /rest/1/{SECRET}/")),
        answer(
            400,
            format!(
                "{{\"error\":\"WRONG\",\"error_description\":\"no \\/rest\\/1\\/{SECRET}\\/\"}}"
            ),
        ),
        answer(
            401,
            format!(
                "{{\"error\":\"expired_token\",\"error_description\":\"{SECRET} has expired\"}}"
            ),
        ),
        answer(200, "{\"result\":[{\"LAST_NAME\":\"Приходько\",\"PHONE\":\"79161112233".into()),
        answer(200, "Приходько 79161112233 anna@example.ru".into()),
    ]
}

#[track_caller]
fn keeps_silent(ended: &Ended, about: &[&str], what: &str) {
    let output = ended.output();
    assert!(!output.contains("panicked"), "{what}: {output}");
    let told = about.iter().find(|word| output.contains(**word));
    assert_eq!(told, None, "{what}: {output}");
}

/// Runs the command; an initial export, which waits for a broken portal without end, is asked to
/// end.
fn run_for_a_while(hotel: &Hotel, log: &str, arguments: &str) -> Ended {
    let victim = Victim::default();
    if !arguments.contains("initial-export") {
        return hotel.run_as(&victim, &[("RUST_LOG", log)], arguments);
    }
    thread::scope(|scope| {
        let run = scope.spawn(|| hotel.run_as(&victim, &[("RUST_LOG", log)], arguments));
        let patience = Instant::now() + Duration::from_secs(1);
        while !run.is_finished() && Instant::now() < patience {
            thread::sleep(Duration::from_millis(5));
        }
        while !run.is_finished() {
            victim.ask_to_end();
            thread::sleep(Duration::from_millis(50));
        }
        run.join().unwrap()
    })
}

#[test]
fn neither_the_secret_nor_people_show_in_any_output() {
    let hotel = scenes::changes();
    each(&talkative(), |fault| {
        for (options, log) in LEVELS {
            let hotel = hotel.copy();
            let fault = fault.clone();
            hotel.server.faults(move |_| fault.clone());
            for command in COMMANDS {
                let ended = run_for_a_while(&hotel, log, &format!("{options} {command}"));
                let what = format!("{options} {command}, RUST_LOG={log}");
                keeps_silent(&ended, &[SECRET], &what);
                if (options, log) == ("", "") {
                    keeps_silent(&ended, &PERSONAL, &what);
                }
            }
        }
    });
}

/// What a portal may say of the guest, and of what was sent.
const WORDS: [&str; 3] = [
    "Приходько: +79161112233 and anna@example.ru are wrong",
    "the contact Иванова is wrong",
    "8 (916) 000-00-00: wrong number",
];

#[test]
fn the_portals_words_about_a_person_do_not_show_in_the_output_of_a_run() {
    let hotel = scenes::changes();
    each(&WORDS, |words| {
        let hotel = hotel.copy();
        let accept_unchanged_cards = |exchange: &Exchange| !is_trial(exchange);
        refuse_changes(&hotel, words, accept_unchanged_cards);
        for command in ["sync", "retry", "sync --full"] {
            let ended = hotel.run(command).expect(1);
            keeps_silent(&ended, &PERSONAL, command);
            keeps_silent(&ended, &["000-00-00"], command);
        }
        for command in ["status", "status --check"] {
            let ended = hotel.run(command);
            assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.output());
            keeps_silent(&ended, &["Лебедев", "Анна"], command);
        }
    });
}

#[test]
fn the_words_of_a_portal_that_refuses_everything_do_not_show_where_they_name_a_person() {
    let hotel = scenes::changes();
    each(&WORDS, |words| {
        let hotel = hotel.copy();
        refuse_changes(&hotel, words, |_| true);
        for command in ["sync", "sync --full", "initial-export"] {
            let ended = hotel.run(command).expect(4);
            assert!(ended.stderr.contains("refuses everything"), "{}", ended.stderr);
            keeps_silent(&ended, &PERSONAL, command);
            keeps_silent(&ended, &["000-00-00"], command);
        }
        keeps_silent(&hotel.run("status"), &PERSONAL, "status");
        let ended = hotel.run("-v sync").expect(4);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    });
    refuse_changes(&hotel, "Disk resource exhausted", |_| true);
    assert!(hotel.run("sync").expect(4).stderr.contains("Disk resource exhausted"));
}

/// The portal refuses these changes with these words.
fn refuse_changes(
    hotel: &Hotel,
    words: &'static str,
    is_refused: impl Fn(&Exchange) -> bool + Send + Sync + 'static,
) {
    hotel.server.faults(move |exchange| {
        let is_hit = asked(exchange) == Asked::Change && is_refused(exchange);
        is_hit.then(|| refuse_all(exchange, "", words))
    });
}

/// Whether only the mark of a card is sent, to see whether the portal takes it.
fn is_trial(exchange: &Exchange) -> bool {
    let commands = exchange.params.argument("cmd");
    commands.entries().len() == 1
        && commands.values().all(|command| !command.text().contains("ORIGIN_ID"))
}

#[test]
fn a_portal_that_cannot_be_reached_is_not_told_with_its_secret() {
    for webhook in [
        "http://127.0.0.1:9/rest/1/",
        "https://127.0.0.1:9/rest/1/",
        "https://no.such.host.invalid/rest/1/",
    ] {
        let hotel = scenes::changes();
        hotel.configure(&format!("{webhook}{SECRET}/"));
        for (options, log) in LEVELS {
            let ended = hotel.run_with(&[("RUST_LOG", log)], &format!("{options} sync")).expect(5);
            keeps_silent(&ended, &[SECRET], webhook);
        }
    }
}

#[test]
fn a_portal_without_tls_behind_https_is_not_told_with_its_secret() {
    let hotel = scenes::changes().copy_with(HASTY);
    hotel.configure(&hotel.server.webhook().replace("http://", "https://"));
    for (options, log) in LEVELS {
        let ended = hotel.run_with(&[("RUST_LOG", log)], &format!("{options} sync"));
        assert!(ended.code == Some(5), "{}", ended.output());
        keeps_silent(&ended, &[SECRET], "https");
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_not_quoted() {
    let hotel = scenes::changes();
    let webhook = format!("https://hotel.example/rest/1/{SECRET}");
    for lines in [
        format!("[portal]\nwebhook = \"{webhook}"),
        format!("[portal]\nwebhook = {webhook}"),
        format!("[portal]\nwebhok = \"{webhook}\""),
        format!("[portal]\nwebhook = \"{webhook}?x\""),
        format!("[portal]\nwebhook = [\"{webhook}\"]"),
        format!("portal = \"{webhook}\""),
        format!("[portal]\nwebhook_file = \"none\"\nwebhook = \"{webhook}\""),
    ] {
        fs::write(
            hotel.path("ecvi-b24.toml"),
            format!("[mirror]\npath = \"mirror.db\"\n{lines}\n"),
        )
        .unwrap();
        for command in COMMANDS {
            let ended = hotel.run_with(&[("RUST_LOG", "trace")], command);
            assert_ne!(ended.code, Some(0), "{lines}");
            keeps_silent(&ended, &[SECRET], &lines);
        }
    }
}

#[test]
fn plain_http_is_refused_for_other_machines() {
    let hotel = scenes::changes();
    hotel.configure(&format!("http://hotel.example/rest/1/{SECRET}/"));
    let ended = hotel.run("sync").expect(3);
    assert!(ended.stderr.contains("https://"), "{}", ended.stderr);
    keeps_silent(&ended, &[SECRET], "http");
}

#[test]
fn a_renamed_portal_is_told_with_its_new_address_and_nothing_is_sent_there() {
    let (hotel, other) = (scenes::changes(), Hotel::new());
    let place = other.server.address().trim_end_matches('/').to_owned();
    hotel.server.portal().settings.condition = Condition::Moved(place.clone());
    let ended = hotel.run("sync").expect(4);
    assert!(ended.stderr.contains(&place), "{}", ended.stderr);
    keeps_silent(&ended, &[SECRET], "moved");
    assert_eq!((other.server.requests(), hotel.doubts()), (0, 0));
}

#[test]
fn a_configuration_that_others_can_read_is_warned_about() {
    let hotel = Hotel::running();
    let warned = || hotel.run("sync").expect(0).stderr.contains("chmod o= ");
    assert!(!warned());
    fs::set_permissions(hotel.path("ecvi-b24.toml"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(warned());
    assert!(!warned(), "cron's mail once a day is enough");
}

#[test]
fn the_secret_is_not_in_the_list_of_processes() {
    let (hotel, victim) = (scenes::changes(), Victim::default());
    let (running, seen) = (victim.clone(), Arc::new(Mutex::new(String::new())));
    let lines = Arc::clone(&seen);
    hotel.server.before(move |_| {
        *lines.lock().unwrap() =
            fs::read_to_string(format!("/proc/{}/cmdline", running.id())).unwrap();
    });
    hotel.run_as(&victim, &[("ECVI_B24_WEBHOOK", &hotel.server.webhook())], "sync").expect(0);
    let line = seen.lock().unwrap();
    assert!(line.contains("sync") && !line.contains(SECRET), "{line}");
}
