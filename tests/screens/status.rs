//! `status`: its document field by field, and its words in both languages.

use ecvi_b24::domain::owned_values::OwnedValues;
use ecvi_b24::domain::record::{Kind, RecordKey};
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::platform::lock::Lock;
use ecvi_b24::state::{Counts, Event, InDoubtCall, Operation, Run};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::env::TestEnv;
use crate::hotel::{at, recent, without_age};

const RU: &str = "ru_RU.UTF-8";
const EN: &str = "en_US.UTF-8";

fn document(hotel: &TestEnv, arguments: &str) -> Value {
    serde_json::from_str(&hotel.said(0, RU, arguments)).unwrap()
}

#[test]
fn the_document_has_exactly_the_fields_that_are_promised() {
    let hotel = TestEnv::running();
    hotel.mirror_was_written(at("2026-01-02T02:50:00Z"));
    assert_eq!(
        document(&hotel, "status --json"),
        json!({
            "schema": 1,
            "initial_export": {"completed_at": "2026-01-01T18:00:00Z"},
            "last_run": {
                "command": "sync", "started_at": "2026-01-02T03:00:00Z", "finished_at": "2026-01-02T03:00:04Z",
                "outcome": "partial", "message": null,
                "created": {"guest": 2, "company": 1, "booking": 2},
                "updated": {"guest": 0, "company": 0, "booking": 1},
                "deleted": {"booking": 0}, "failed": 1, "requests": 4,
            },
            "last_success_at": "2026-01-02T03:00:04Z",
            "records": {
                "guest": {"synced": 1, "pending": 2, "failed": 1, "waiting": 0},
                "company": {"synced": 1, "pending": 0, "failed": 0, "waiting": 0},
                "booking": {"synced": 1, "pending": 1, "failed": 0, "waiting": 1},
            },
            "failures": [{
                "kind": "guest", "id": "43", "number": null, "crm_id": null, "operation": "create", "attempts": 3,
                "first_failed_at": "2026-01-01T20:00:00Z", "last_failed_at": "2026-01-02T03:00:03Z",
                "next_attempt_at": "2026-01-02T04:00:03Z", "code": "PORTAL_REFUSED",
                "message": "Invalid value for field HONORIFIC.\nChoose another.",
            }],
            "warnings": [{
                "kind": "guest", "id": "42", "number": null, "crm_id": 102, "operation": "update", "attempts": 1,
                "first_failed_at": "2026-01-02T03:00:02Z", "last_failed_at": "2026-01-02T03:00:02Z",
                "next_attempt_at": null, "code": "EMAIL_LEFT_OUT", "message": "",
            }],
            "mirror": {"written_at": "2026-01-02T02:50:00Z"},
        })
    );
}

#[test]
fn the_document_keeps_its_order() {
    let text = TestEnv::running().said(0, EN, "status --json");
    let keys = [
        "schema", "initial_export", "last_run", "last_success_at", "records", "failures",
        "warnings", "mirror",
    ];
    let places: Vec<usize> =
        keys.iter().map(|key| text.find(&format!("\n  \"{key}\"")).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
    assert!(text.find("\"guest\": {") < text.find("\"company\": {"), "{text}");
    assert!(text.find("\"company\": {") < text.find("\"booking\": {"), "{text}");
}

#[test]
fn before_any_run_there_is_nothing_but_what_waits() {
    let hotel = TestEnv::new();
    hotel.mirror_was_written(at("2026-01-02T02:50:00Z"));
    let none = |pending| json!({"synced": 0, "pending": pending, "failed": 0, "waiting": 0});
    assert_eq!(
        document(&hotel, "status --json"),
        json!({
            "schema": 1, "initial_export": null, "last_run": null, "last_success_at": null,
            "records": {"guest": none(3), "company": none(1), "booking": none(3)},
            "failures": [], "warnings": [], "mirror": {"written_at": "2026-01-02T02:50:00Z"},
        })
    );
    assert!(!hotel.path("state.db").exists());
    assert!(
        hotel.said(1, EN, "status --check").starts_with("PROBLEM: failures: 0; no good run yet")
    );
}

#[test]
fn without_a_mirror_what_waits_is_unknown() {
    let hotel = TestEnv::running();
    std::fs::remove_file(hotel.path("mirror.db")).unwrap();
    let records = document(&hotel, "status --json")["records"].clone();
    assert_eq!(records["guest"], json!({"synced": 2, "pending": null, "failed": 1, "waiting": 0}));
    assert!(
        hotel
            .said(0, EN, "status")
            .contains("What is still to be sent is unknown: there is no mirror")
    );
    assert!(!hotel.path("mirror.db").exists());
}

#[test]
fn one_kind_alone() {
    let records = document(&TestEnv::running(), "status booking --json");
    assert_eq!(
        records["records"],
        json!({"booking": {"synced": 1, "pending": 1, "failed": 0, "waiting": 1}})
    );
    assert_eq!(records["failures"], json!([]));
}

#[test]
fn it_is_answered_while_a_run_writes() {
    let hotel = TestEnv::running();
    let state = hotel.state();
    state.begin_run("sync", at("2026-01-02T03:03:00Z")).unwrap();
    let writer = state.writer().unwrap();
    writer
        .log_event(
            &RecordKey::new(Kind::Guest, 41),
            Event::Updated,
            None,
            "",
            at("2026-01-02T03:03:01Z"),
        )
        .unwrap();
    let last_run = document(&hotel, "status --json")["last_run"].clone();
    assert_eq!((&last_run["outcome"], &last_run["finished_at"]), (&Value::Null, &Value::Null));
    writer.commit().unwrap();
}

#[test]
fn a_run_under_way_is_told_from_one_that_broke_off() {
    let hotel = TestEnv::running();
    hotel.state().begin_run("sync", at("2026-01-02T03:03:00Z")).unwrap();
    let lock = Lock::try_acquire(&hotel.path("state.db")).unwrap();
    assert!(
        lock.is_some()
            && hotel.said(0, EN, "status").contains("began 2026-01-02 06:03 and is still running")
    );
    drop(lock);
    assert!(hotel.said(0, EN, "status").contains("and broke off; the next one finds out"));
}

#[test]
fn monitoring_hears_of_failures_and_of_silence() {
    let hotel = TestEnv::new();
    let state = hotel.state();
    let run = state.begin_run("sync", at(&recent())).unwrap();
    let ended = Run {
        command: "sync".into(),
        started_at: at(&recent()),
        finished_at: Some(at(&recent())),
        outcome: Some(Outcome::Ok.into()),
        message: None,
        counts: Counts::default(),
        requests: 0,
    };
    state.finish_run(run, &ended).unwrap();
    assert_snapshot!(hotel.said(0, EN, "status --check"), @"OK: failures: 0; last good run just now");
    assert_snapshot!(hotel.said(0, RU, "status --check"), @"OK: ошибок: 0; последний удачный запуск только что");
    hotel.said(0, EN, "status --check --max-age 1h");
    let old = Run { finished_at: Some(at("2026-01-02T03:00:00Z")), ..ended };
    state.finish_run(run, &old).unwrap();
    hotel.said(1, EN, "status --check --max-age 1h");
    hotel.said(1, EN, "status --check --json");
    TestEnv::running().said(1, EN, "status --check --max-age 36500days");
}

#[test]
fn an_unusable_state_is_exit_3() {
    let hotel = TestEnv::new();
    std::fs::write(hotel.path("state.db"), "this is no database, and long enough to be sure of it")
        .unwrap();
    hotel.complains(3, EN, "status");
    hotel.complains(3, EN, "status --check");
}

#[test]
fn the_screen_in_two_languages() {
    let hotel = TestEnv::running();
    hotel.mirror_was_written(at("2026-01-02T02:50:00Z"));
    assert_snapshot!(without_age(&hotel.said(0, RU, "status")), @r"
    Последний удачный запуск: 02.01.2026 06:00 (AGE)
    Последний запуск: sync 02.01.2026 06:00, выполнен не полностью
      создано: гости 2, компании 1, заявки 2; изменено: заявки 1; ошибок: 1
    Первичная выгрузка завершена 01.01.2026 21:00
    Зеркало Ecvi обновлено 02.01.2026 05:50 (AGE)

              передано  ждут отправки   ошибки  ждут гостя
    гости            1              2        1           0
    компании         1              0        0           0
    заявки           1              1        0           1

    Не передано: 1
      PORTAL_REFUSED: Битрикс24 отказался принять запись. Исправьте в Ecvi или в CRM то, что названо в отказе, затем выполните ecvi-b24 retry.
        гость 43, создание, попыток: 3, с 01.01.2026 23:00: Invalid value for field HONORIFIC. / Choose another.
        следующая попытка: при ближайшем запуске

    Ждут своего гостя: 1
      GUEST_WAITING: Заявка ждёт, пока её гость появится в CRM. Она уйдёт сама, когда гость будет передан.
        заявка №3683 (id 6), с 02.01.2026 06:00: гость 43
        причина: ecvi-b24 status guest 43

    Передано, но стоит взглянуть: 1
      EMAIL_LEFT_OUT: Адрес e-mail записан неверно и не передан; остальное передано. Исправьте адрес в Ecvi.
        гость 42, с 02.01.2026 06:00
        https://hotel.bitrix24.ru/crm/contact/details/102/
    ");
    assert_snapshot!(without_age(&hotel.said(0, EN, "status")), @r"
    Last good run: 2026-01-02 06:00 (AGE)
    Last run: sync 2026-01-02 06:00, done in part
      created: guests 2, companies 1, bookings 2; updated: bookings 1; failed: 1
    The initial export was completed 2026-01-01 21:00
    Mirror written 2026-01-02 05:50 (AGE)

               synced  pending   failed  waiting
    guests          1        2        1        0
    companies       1        0        0        0
    bookings        1        1        0        1

    Not sent: 1
      PORTAL_REFUSED: Bitrix24 refused the record. Correct in Ecvi or in the CRM what the refusal names, then run ecvi-b24 retry.
        guest 43, create, attempts: 3, since 2026-01-01 23:00: Invalid value for field HONORIFIC. / Choose another.
        next attempt: with the next run

    Waiting for their guest: 1
      GUEST_WAITING: The booking waits until its guest is in the CRM. It goes by itself once the guest was sent.
        booking 3683 (id 6), since 2026-01-02 06:00: guest 43
        why: ecvi-b24 status guest 43

    Sent, but worth a look: 1
      EMAIL_LEFT_OUT: An e-mail address is malformed and was left out; all else was sent. Correct it in Ecvi.
        guest 42, since 2026-01-02 06:00
        https://hotel.bitrix24.ru/crm/contact/details/102/
    ");
    let empty = TestEnv::new();
    empty.mirror_was_written(at("2026-01-02T02:50:00Z"));
    assert_snapshot!(without_age(&empty.said(0, RU, "status")), @r"
    Удачных запусков ещё не было.
    Первичная выгрузка не завершена: выполните ecvi-b24 initial-export
    Зеркало Ecvi обновлено 02.01.2026 05:50 (AGE)

              передано  ждут отправки   ошибки  ждут гостя
    гости            0              3        0           0
    компании         0              1        0           0
    заявки           0              3        0           0
    ");
    assert_snapshot!(without_age(&empty.said(0, EN, "status")), @r"
    There has been no good run yet.
    The initial export is not completed: run ecvi-b24 initial-export
    Mirror written 2026-01-02 05:50 (AGE)

               synced  pending   failed  waiting
    guests          0        3        0        0
    companies       0        1        0        0
    bookings        0        3        0        0
    ");
}

#[test]
fn a_long_list_is_cut_unless_its_kind_is_asked_for() {
    let hotel = TestEnv::running();
    hotel.sql(
        "WITH RECURSIVE n(id) AS (SELECT 100 UNION ALL SELECT id + 1 FROM n WHERE id < 119)
               INSERT INTO guests (id, last_name, modified_at) SELECT id, 'x', '2026-01-01' FROM n",
    );
    hotel.fail_guests(100..=119);
    let screen = hotel.said(0, EN, "status");
    assert_eq!(screen.matches("guest 1").count(), 4, "{screen}");
    assert!(screen.contains("and 16 more: ecvi-b24 status guest"), "{screen}");
    assert_eq!(hotel.said(0, EN, "status guest").matches("guest 1").count(), 20);
}

#[test]
fn one_record_in_two_languages() {
    let hotel = TestEnv::running();
    assert_snapshot!(hotel.said(0, RU, "status booking 3682"), @r"
    Заявка №3682 (id 5)
    В CRM: сделка 501, https://hotel.bitrix24.ru/crm/deal/details/501/
    В Ecvi: последнее изменение 01.01.2026 10:00:00
      статус: подтверждена
      заезд: 20.05.2026 12:00
      выезд: 29.05.2026 12:00
      сумма: 13050.00
      гость заявки: 42
      проживают гости: 42, 41
      компания: 7
    Передано: изменение от 01.01.2026 10:00:00
    Ближайший запуск: ничего, всё передано
    История:
      02.01.2026 06:00 создание: сделка 501
    ");
    assert_snapshot!(hotel.said(0, EN, "status guest 43"), @r"
    Guest 43
    In the CRM: no card yet
    In Ecvi: last changed 2026-01-01 10:00:00
      phones: 0
      e-mails: 0
    Sent: nothing yet
    PORTAL_REFUSED: Bitrix24 refused the record. Correct in Ecvi or in the CRM what the refusal names, then run ecvi-b24 retry.
      guest 43, create, attempts: 3, since 2026-01-01 23:00: Invalid value for field HONORIFIC. / Choose another.
      next attempt: with the next run
    The next run: find the card in the CRM by ORIGIN_ID, or create it where there is none
    History:
      2026-01-01 23:00 failed: PORTAL_REFUSED
      2026-01-02 04:00 failed: PORTAL_REFUSED
      2026-01-02 06:00 failed: PORTAL_REFUSED
    ");
    assert_snapshot!(hotel.said(0, RU, "status booking 8"), @r"
    Заявка №3690 (id 8)
    В CRM: сделка 508, https://hotel.bitrix24.ru/crm/deal/details/508/
    В зеркале Ecvi: записи больше нет
    Ближайший запуск: удалить сделку, если заявки нет уже столько времени, сколько задано в [sync] delete_after
    История:
      02.01.2026 06:00 создание: сделка 508
    ");
    assert_snapshot!(hotel.said(0, EN, "status booking 6"), @r"
    Booking 3683 (id 6)
    In the CRM: no card yet
    In Ecvi: last changed 2026-01-01 10:00:00
      status: temporary
      arrival: 2026-06-01 14:00
      departure: 2026-06-02 12:00
      amount: 2500.00
      guest of the booking: 43
      guests who stay: 43
    Sent: nothing yet
    GUEST_WAITING: The booking waits until its guest is in the CRM. It goes by itself once the guest was sent.
      booking 3683 (id 6), since 2026-01-02 06:00: guest 43
      why: ecvi-b24 status guest 43
    The next run: send it if its guest is in the CRM by then
    ");
}

#[test]
fn a_call_in_doubt_is_told() {
    let hotel = TestEnv::running();
    let state = hotel.state();
    let writer = state.writer().unwrap();
    writer
        .mark_in_doubt(
            &RecordKey::new(Kind::Company, 7),
            &InDoubtCall {
                operation: Operation::Update,
                row: None,
                owned_values: &OwnedValues::default(),
            },
            at("2026-01-02T03:03:01Z"),
        )
        .unwrap();
    writer.commit().unwrap();
    assert_snapshot!(hotel.said(0, RU, "status company 7"), @r"
    Компания 7
    В CRM: компания 7001, https://hotel.bitrix24.ru/crm/company/details/7001/
    В Ecvi: последнее изменение 01.01.2026 10:00:00
      название: Ромашка
      город: Псков
      телефонов: 1
      адресов e-mail: 0
    Передано: изменение от 01.01.2026 10:00:00
    Вызов без ответа: изменение, 02.01.2026 06:03. Ближайшие запуски выяснят, что успело выполниться; до того запись не трогается.
    Ближайший запуск: выяснить, выполнился ли вызов
    История:
      02.01.2026 06:00 создание: компания 7001
    ");
    let record = document(&hotel, "status company 7 --json");
    assert_eq!(record["doubt"], json!({"operation": "update", "at": "2026-01-02T03:03:01Z"}));
    let tally = document(&hotel, "status company --json")["records"]["company"].clone();
    assert_eq!(tally, json!({"synced": 0, "pending": 1, "failed": 0, "waiting": 0}));
}

#[test]
fn neither_names_nor_phones_nor_addresses_are_shown() {
    let hotel = TestEnv::running();
    for arguments in
        ["status", "status guest", "status guest 41", "status guest 42", "status booking 3682"]
    {
        let text = hotel.said(0, RU, arguments);
        for personal in ["Приходько", "Анна", "Сидоров", "7900", "anna@", "petr@"]
        {
            assert!(!text.contains(personal), "{arguments}: {text}");
        }
    }
}

#[test]
fn a_record_that_nobody_knows_is_exit_2() {
    let hotel = TestEnv::running();
    assert_snapshot!(hotel.complains(2, RU, "status booking 77"), @"ecvi-b24: заявки «77» нет ни в зеркале Ecvi, ни среди переданных; проверьте номер");
    assert_snapshot!(hotel.complains(2, EN, "status guest 77"), @"ecvi-b24: guest 77 is neither in the mirror nor among the records sent; check the id");
    TestEnv::new().complains(2, EN, "status guest 77");
}

#[test]
fn a_number_wins_over_an_id_and_id_can_be_said() {
    let hotel = TestEnv::running();
    hotel.sql("UPDATE bookings SET number = '5' WHERE id = 6");
    assert!(hotel.said(0, EN, "status booking 5").starts_with("Booking 5 (id 6)"));
    assert!(hotel.said(0, EN, "status booking id:5").starts_with("Booking 3682 (id 5)"));
}

#[test]
fn a_russian_run_is_told_of_in_the_language_of_the_reader() {
    let hotel = TestEnv::running();
    let text = std::fs::read_to_string(hotel.path("ecvi-b24.toml")).unwrap();
    let text = text.replace("https://hotel.bitrix24.ru/", "http://127.0.0.1:1/");
    std::fs::write(hotel.path("ecvi-b24.toml"), &text).unwrap();
    let run = hotel.complains(5, RU, "sync --time-limit 1s");
    assert!(run.contains("портал недоступен (соединение отклонено)"), "{run}");
    let english = "the portal cannot be reached (the connection was refused)";
    for said in
        [hotel.said(0, "en_US.UTF-8", "status"), hotel.said(1, "en_US.UTF-8", "status --check")]
    {
        assert!(said.contains(english) && !said.contains("портал"), "{said}");
    }
    std::fs::write(hotel.path("ecvi-b24.toml"), format!("language = \"en\"\n{text}")).unwrap();
    assert!(hotel.said(0, RU, "status").contains(english));
    assert!(
        document(&hotel, "status --json")["last_run"]["message"]
            .as_str()
            .unwrap()
            .contains(english)
    );
}
