//! `check`, from the configuration file to the printed lines, before a portal that a test can
//! break.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails it")]

#[path = "shared/env.rs"]
mod env;

use std::fs;
use std::time::{Duration, SystemTime};

use chrono::DateTime;
use ecvi_b24::commands::check::{CheckResult, CheckStatus, Next, Start, check, run};
use ecvi_b24::commands::cli::Check;
use ecvi_b24::config::{ConfigFile, PortalConfig};
use ecvi_b24::domain::language::Language;
use ecvi_b24::domain::record::{Kind, RecordKey};
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::domain::run_error::Result;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::portal::{ApiError, CallError, Portal, Response};
use ecvi_b24::state::settings::{INITIAL_EXPORT, ORIGINATOR, PORTAL, Setting};
use env::{CONFIG, TestEnv};
use serde_json::{Map, Value, json};

const SECRET: &str = "s3cr3tc0de";

/// A healthy portal, but for what a test breaks.
#[derive(Clone, Default)]
struct Fake {
    /// What every call comes to.
    trouble: Option<CallError>,
    /// Answers instead of the healthy ones, by the beginning of the command.
    instead: Vec<(&'static str, Value)>,
}

impl Portal for Fake {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        if let Some(trouble) = &self.trouble {
            return Err(trouble.clone());
        }
        let result = match method {
            "batch" => {
                let commands = params["cmd"].as_object().unwrap().iter();
                let results: Map<String, Value> = commands
                    .map(|(name, command)| (name.clone(), self.reply(command.as_str().unwrap())))
                    .collect();
                json!({"result": results, "result_error": []})
            }
            other => self.reply(other),
        };
        Ok(Response { result, time: Value::Null })
    }
}

impl Fake {
    fn reply(&self, command: &str) -> Value {
        if let Some((_, answer)) = self.instead.iter().find(|(start, _)| command.starts_with(start))
        {
            return answer.clone();
        }
        let (method, query) = command.split_once('?').unwrap_or((command, ""));
        let status = |id: &str, name: &str, semantics: Value| json!({"STATUS_ID": id, "NAME": name, "SEMANTICS": semantics});
        let null = Value::Null;
        match method {
            "scope" => json!(["crm"]),
            "profile" => json!({"ID": "1", "ADMIN": true, "NAME": "Анна"}),
            "server.time" => json!("2000-01-01T15:00:20+03:00"),
            "method.get" => json!({"isExisting": true, "isAvailable": true}),
            "crm.currency.list" => json!([{"CURRENCY": "RUB", "FULL_NAME": "Российский рубль"}]),
            "crm.status.list" if query.ends_with("=HONORIFIC&order[SORT]=ASC") => {
                json!([status("HNR_RU_1", "г-н", null.clone()), status("HNR_RU_2", "г-жа", null)])
            }
            "crm.status.list" if query.contains("DEAL_STAGE") => json!([
                status("NEW", "Новая", null.clone()),
                status("EXECUTING", "В работе", null),
                status("WON", "Сделка успешна", "S".into()),
                status("LOSE", "Сделка провалена", "F".into()),
            ]),
            "crm.status.list" => json!([status("CLIENT", "Клиенты", null)]),
            _ => json!([]),
        }
    }
}

impl TestEnv {
    /// A folder with a configuration and a mirror of three rows.
    fn new(more: &str) -> TestEnv {
        let place = TestEnv::empty();
        let toml = format!(
            "mirror = {{path='mirror.db'}}\nstate = {{path='state.db'}}\n
             [portal]\nwebhook='https://hotel.bitrix24.ru/rest/1/{SECRET}/'\n{more}"
        );
        place.write(CONFIG, toml);
        place.sql(include_str!("mirror.sql"));
        place
    }

    fn lines(&self, fake: &Fake) -> Vec<CheckResult> {
        let config = ConfigFile::named(&self.path(CONFIG));
        let start = Start { config: &config, webhook: None, language: Language::default() };
        check(&start, &Check::default(), &connect(fake), &clock()).results
    }

    fn next(&self) -> Option<Next> {
        let config = ConfigFile::named(&self.path(CONFIG));
        let start = Start { config: &config, webhook: None, language: Language::default() };
        check(&start, &Check::default(), &connect(&Fake::default()), &clock()).next
    }

    /// What is printed, with the folder and the file's time taken out.
    fn printed(&self, fake: &Fake, language: Language) -> (Outcome, String) {
        let config = ConfigFile::named(&self.path(CONFIG));
        let start = Start { config: &config, webhook: None, language };
        let (shown, outcome) = run(&start, &Check::default(), &connect(fake), &clock());
        let shown = shown.replace(&format!("{}/", self.folder().display()), "");
        assert!(
            !shown.contains(SECRET) && !shown.contains("Приходько") && !shown.contains("Анна"),
            "{shown}"
        );
        let fresh = |line: &&str| !line.contains("mirror.db");
        (outcome, shown.lines().filter(fresh).collect::<Vec<_>>().join("\n"))
    }
}

fn connect(fake: &Fake) -> impl Fn(&PortalConfig) -> Result<Box<dyn Portal>> {
    let fake = fake.clone();
    move |_| Ok(Box::new(fake.clone()) as Box<dyn Portal>)
}

/// Long before any file of a test, so that none looks old.
fn clock() -> Clock {
    Clock::virtual_at(DateTime::parse_from_rfc3339("2000-01-01T12:00:00Z").unwrap().to_utc())
}

/// The checks that are not fine.
fn marks(lines: &[CheckResult]) -> Vec<(&'static str, CheckStatus)> {
    lines
        .iter()
        .filter(|line| line.status != CheckStatus::Ok)
        .map(|line| (line.name, line.status))
        .collect()
}

#[test]
fn a_healthy_place_is_fine_and_is_not_verified_again_by_the_next_run() {
    let place = TestEnv::new("");
    place.state();
    assert_eq!(marks(&place.lines(&Fake::default())), []);
    let state = place.state();
    assert!(state.get(&Setting::<Value>::new("verified")).unwrap().is_some());
}

#[test]
fn before_the_first_run_no_state_is_made() {
    let place = TestEnv::new("");
    assert_eq!(marks(&place.lines(&Fake::default())), []);
    assert!(!place.path("state.db").exists());
}

#[test]
fn a_configuration_that_cannot_be_read_ends_the_check() {
    let place = TestEnv::new("[deal]\nsatges = {}");
    assert_eq!(
        marks(&place.lines(&Fake::default())),
        [("config", CheckStatus::Error(Outcome::Failed))]
    );
}

/// Once something was sent under it there is no way back: cards would be made again.
#[test]
fn an_originator_beyond_ascii_is_refused_until_something_was_sent_under_it() {
    let place = TestEnv::new("originator_id = 'Отель Ё'");
    let lines = place.lines(&Fake::default());
    assert_eq!(marks(&lines), [("originator", CheckStatus::Error(Outcome::Failed))]);
    place.state().set(&ORIGINATOR, &"Отель Ё".to_owned()).unwrap();
    assert_eq!(marks(&place.lines(&Fake::default())), [("originator", CheckStatus::Warning)]);
    place.state().set(&ORIGINATOR, &"ECVI".to_owned()).unwrap();
    let lines = place.lines(&Fake::default());
    assert!(
        marks(&lines).contains(&("originator", CheckStatus::Error(Outcome::Failed))),
        "{lines:?}"
    );
}

#[test]
fn an_originator_that_a_batch_would_replace_is_refused() {
    for (originator, is_allowed) in
        [("'$result[x]'", false), ("\"A\\u001bB\"", false), ("'$'", true)]
    {
        let place = TestEnv::new(&format!("originator_id = {originator}"));
        let refused = marks(&place.lines(&Fake::default()));
        assert_eq!(refused.is_empty(), is_allowed, "{originator}: {refused:?}");
    }
}

#[test]
fn after_a_broken_mirror_and_state_the_portal_is_asked_all_the_same() {
    let place = TestEnv::new("[deal]\ncurrency = 'EUR'");
    fs::write(place.path("state.db"), "not a database, but long enough to be looked at").unwrap();
    place.sql("ALTER TABLE bookings DROP COLUMN number");
    let bad = CheckStatus::Error(Outcome::Failed);
    let lines = place.lines(&Fake::default());
    assert_eq!(marks(&lines), [("mirror", bad), ("state", bad), ("dictionary", bad)]);
}

#[test]
fn rows_that_cannot_be_read_are_counted_and_named_by_their_column() {
    let place = TestEnv::new("");
    place.sql("UPDATE bookings SET status = '9'; UPDATE guests SET birth_date = 'в мае'");
    let lines = place.lines(&Fake::default());
    assert_eq!(marks(&lines), [("mirror_rows", CheckStatus::Warning); 2]);
    assert!(lines.iter().any(|line| {
        line.detail.text(Language::Ru).contains("BAD_DATE, birth_date (id 1; birth_date вида a a)")
    }));
    assert!(lines.iter().any(|line| {
        line.detail.text(Language::Ru).contains("UNKNOWN_STATUS, status = \"9\" (id 3682)")
    }));
}

#[test]
fn a_portal_out_of_reach_is_5_and_one_that_refuses_is_4() {
    let place = TestEnv::new("");
    let told = |trouble: CallError| {
        let lines = place.lines(&Fake { trouble: Some(trouble), ..Fake::default() });
        (marks(&lines), ecvi_b24::commands::check::outcome(&lines))
    };
    let (bad, outcome) = told(CallError::NotSent("host not found".into()));
    assert_eq!(
        (bad, outcome),
        (vec![("webhook", CheckStatus::Error(Outcome::Interrupted))], Outcome::Interrupted)
    );
    let refusal = ApiError::new("INVALID_CREDENTIALS", "Invalid request credentials");
    let (bad, outcome) = told(CallError::Refused(refusal));
    assert_eq!(
        (bad, outcome),
        (vec![("webhook", CheckStatus::Error(Outcome::Refused))], Outcome::Refused)
    );
}

#[test]
fn what_the_webhook_lacks_is_found() {
    let place = TestEnv::new("burst = 250");
    let lacks = |instead: Vec<(&'static str, Value)>| {
        marks(&place.lines(&Fake { instead, ..Fake::default() }))
    };
    assert_eq!(
        lacks(vec![("scope", json!(["tasks"]))]),
        [("scope", CheckStatus::Error(Outcome::Refused))]
    );
    let instead = vec![
        ("profile", json!({"ID": "7", "ADMIN": false})),
        ("method.get?name=crm.item.import", json!({"isExisting": false, "isAvailable": false})),
        ("server.time", json!("2000-01-01T15:30:00+03:00")),
    ];
    let warning = CheckStatus::Warning;
    let methods = ("methods", CheckStatus::Error(Outcome::Refused));
    assert_eq!(lacks(instead), [("user", warning), methods, ("clock", warning), ("rate", warning)]);
}

#[test]
fn a_portal_under_a_new_address_that_gives_no_proper_answer_may_be_the_states_own() {
    let place = TestEnv::new("");
    let state = place.state();
    state.set(&PORTAL, &"old.bitrix24.ru".to_owned()).unwrap();
    let writer = state.writer().unwrap();
    writer.link(&RecordKey::new(Kind::Guest, 1), 7).unwrap();
    writer.commit().unwrap();
    let fake = Fake { instead: vec![("crm.contact.list", json!("busy"))], ..Fake::default() };
    assert!(
        marks(&place.lines(&fake)).contains(&("portal", CheckStatus::Error(Outcome::Interrupted)))
    );
}

#[test]
fn what_comes_next_is_the_initial_export_then_cron_then_nothing() {
    let place = TestEnv::new("");
    assert_eq!(place.next(), Some(Next::InitialExport));
    let state = place.state();
    let run = |command: &str| state.begin_run(command, clock().now()).unwrap();
    run("initial-export");
    assert_eq!(place.next(), Some(Next::InitialExport), "it was interrupted");
    run("initial-export");
    state.set(&INITIAL_EXPORT, &clock().now()).unwrap();
    assert_eq!(place.next(), Some(Next::Sync));
    run("sync");
    assert_eq!(place.next(), None);
}

#[test]
fn nothing_comes_next_before_what_is_wrong_is_mended() {
    let place = TestEnv::new("[deal]\ncurrency = 'EUR'");
    assert_eq!(place.next(), None);
}

#[test]
fn json_says_the_same_in_one_document() {
    let (shown, outcome) = {
        let place = TestEnv::new("[deal]\ncurrency = 'EUR'");
        let config = ConfigFile::named(&place.path(CONFIG));
        let start = Start { config: &config, webhook: None, language: Language::default() };
        let options = Check { json: true, ..Check::default() };
        run(&start, &options, &connect(&Fake::default()), &clock())
    };
    let document: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(outcome, Outcome::Failed);
    assert_eq!((&document["schema"], &document["outcome"]), (&json!(1), &json!("failed")));
    let checks = document["checks"].as_array().unwrap();
    let bad: Vec<&Value> = checks.iter().filter(|check| check["result"] == "bad").collect();
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0]["name"], "dictionary");
    assert_eq!(checks[0]["remedy"], Value::Null);
    assert_eq!(document["next"], Value::Null);
}

#[test]
fn the_lines_say_what_to_mend_in_both_languages() {
    let place = TestEnv::new("[deal.stages]\nconfirmed = 'EXECUTNG'");
    let fake =
        Fake { instead: vec![("profile", json!({"ID": "7", "ADMIN": false}))], ..Fake::default() };
    let (_, english) = place.printed(&fake, Language::En);
    let (outcome, russian) = place.printed(&fake, Language::Ru);
    assert_eq!(outcome, Outcome::Failed);
    insta::assert_snapshot!(russian, @"
    ✓ Конфигурация: ecvi-b24.toml
    ✓ Зеркало, гости: 1, последнее изменение 01.05.2020 10:00:00
    ✓ Зеркало, компании: 1, последнее изменение 01.05.2020 10:00:00
    ✓ Зеркало, заявки: 1, последнее изменение 02.05.2020 10:00:00
    ✓ Состояние: state.db, появится при первом запуске
    ✓ Вебхук: hotel.bitrix24.ru отвечает за 0 мс
    ! Пользователь вебхука: 7, не администратор
      → Ему нужны права на чтение, добавление, изменение всех контактов, компаний и сделок, удаление сделок и импорт; надёжнее вебхук администратора
    ✓ Методы портала: доступны все 13
    ✓ Часы: совпадают с часами портала
    ✓ Частота запросов: 2 в секунду, не больше 50 подряд
    ✗ [deal.stages] confirmed = EXECUTNG: такой стадии в воронке нет
      → Исправьте [deal.stages] confirmed в конфигурации или заведите недостающее в Битрикс24. Есть: NEW «Новая», EXECUTING «В работе», WON «Сделка успешна», LOSE «Сделка провалена»
    Ошибок: 1, замечаний: 1.
    ");
    insta::assert_snapshot!(english, @"
    ✓ Configuration: ecvi-b24.toml
    ✓ Mirror, guests: 1, newest change 2020-05-01 10:00:00
    ✓ Mirror, companies: 1, newest change 2020-05-01 10:00:00
    ✓ Mirror, bookings: 1, newest change 2020-05-02 10:00:00
    ✓ State: state.db, will be made by the first run
    ✓ Webhook: hotel.bitrix24.ru answers in 0 ms
    ! The webhook's user: 7, no administrator
      → That user needs the rights to read, add and change all contacts, companies and deals, to delete deals, and to import; an administrator's webhook is safer
    ✓ Methods of the portal: all 13 can be called
    ✓ Clock: agrees with the portal's
    ✓ Request rate: 2 a second, 50 at once at most
    ✗ [deal.stages] confirmed = EXECUTNG: the funnel has no such stage
      → Correct [deal.stages] confirmed in the configuration, or add what is missing to Bitrix24. There are: NEW «Новая», EXECUTING «В работе», WON «Сделка успешна», LOSE «Сделка провалена»
    Errors: 1, warnings: 1.
    ");

    let last = |shown: String| shown.lines().last().unwrap().to_owned();
    let (sound, fine) = (TestEnv::new(""), Fake::default());
    insta::assert_snapshot!(last(sound.printed(&fine, Language::Ru).1), @"Всё в порядке. Дальше: ecvi-b24 initial-export (сначала с --dry-run).");
    insta::assert_snapshot!(last(sound.printed(&fine, Language::En).1), @"Everything is fine. Next: ecvi-b24 initial-export (with --dry-run first).");
}

/// Three rows of guests, with the usual headings.
const GUESTS: &str = "Код;Фамилия\n1;Белова\n2;Зуева\n3;Орлов\n";
const REPORTS: &str =
    "[load.files]\nguests = 'guests.csv'\n[load.guests]\n'Код' = 'id'\n'Фамилия' = 'last_name'\n";

/// What is said of the report, exported so long before the time of the check.
fn of_report(report: &str, age: Duration) -> (CheckStatus, String) {
    let place = TestEnv::new(REPORTS);
    let path = place.path("guests.csv");
    fs::write(&path, report).unwrap();
    let written = SystemTime::from(clock().now()) - age;
    fs::File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
    let found = place.lines(&Fake::default()).into_iter().find(|line| line.name == "report");
    let CheckResult { status, detail, remedy, .. } = found.unwrap();
    let remedy = remedy.map(|remedy| remedy.text(Language::En)).unwrap_or_default();
    (status, format!("{} {remedy}", detail.text(Language::En)))
}

#[test]
fn a_report_is_there_with_its_headings_and_is_not_old() {
    let minute = Duration::from_secs(60);
    let (status, said) = of_report(GUESTS, minute);
    assert_eq!(status, CheckStatus::Ok);
    assert!(
        said.starts_with("Report, guests: ") && said.contains("guests.csv, written "),
        "{said}"
    );
    let (status, said) = of_report(GUESTS, 3000 * minute);
    assert_eq!(status, CheckStatus::Warning);
    assert!(said.contains("was not written since") && said.contains("See whether Ecvi"), "{said}");
    let (status, said) = of_report(&GUESTS.replace("Фамилия", "Имя"), minute);
    assert_eq!(status, CheckStatus::Error(Outcome::Failed));
    assert!(said.contains("«Фамилия»") && said.contains("Correct [load.guests]"), "{said}");
    let (status, said) = of_report("", minute);
    assert_eq!(status, CheckStatus::Error(Outcome::Failed));
    assert!(said.contains("is empty"), "{said}");
}

#[test]
fn a_report_that_is_missing_is_named_and_a_mirror_that_was_never_loaded_names_the_command() {
    let place = TestEnv::new(REPORTS);
    fs::remove_file(place.path("mirror.db")).unwrap();
    let (outcome, shown) = place.printed(&Fake::default(), Language::En);
    assert_eq!(outcome, Outcome::Failed);
    assert!(
        shown.contains("✗ Reports: there is no report guests.csv: check [load.files]"),
        "{shown}"
    );
    assert!(shown.contains("  → Fill it from the reports: ecvi-b24 load"), "{shown}");
}
