//! The plan of a dry run and the line of a run, in words and as JSON.

use ecvi_b24::commands::dry_run;
use ecvi_b24::domain::language::Language;
use ecvi_b24::mirror::Mirror;
use ecvi_b24::output::run_summary;
use ecvi_b24::platform::clock::ReadLimit;
use ecvi_b24::state::Counts;
use ecvi_b24::sync::plan::{Plan, PlanOptions};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::env::TestEnv;
use crate::hotel::at;

fn shown(hotel: &TestEnv, write: impl Fn(&Plan, &ecvi_b24::state::State, &mut Vec<u8>)) -> String {
    let (config, state) = (hotel.config(), hotel.state());
    let mirror = Mirror::open_within(&config.mirror, &ReadLimit::default()).unwrap();
    let rules =
        PlanOptions { now: at("2026-01-02T04:00:00Z"), deletes: true, ..PlanOptions::default() };
    let mut text = Vec::new();
    write(&Plan::build(&mirror, &state, &rules).unwrap(), &state, &mut text);
    String::from_utf8(text).unwrap()
}

fn text(hotel: &TestEnv, language: Language) -> String {
    shown(hotel, |plan, state, out| dry_run::write_text(plan, state, None, language, out).unwrap())
}

fn json(hotel: &TestEnv) -> Value {
    let text = shown(hotel, |plan, state, out| {
        dry_run::write_json(plan, state, None, Language::En, out).unwrap();
    });
    serde_json::from_str(&text).unwrap()
}

/// Everything that a plan can hold.
fn eventful() -> TestEnv {
    let hotel = TestEnv::running();
    hotel.sql(
        "INSERT INTO companies (id, name, modified_at, crm_id) VALUES (9, 'Лютик', '2026-01-02', 7009);
         INSERT INTO bookings (id, number, status, arrival, departure, modified_at)
           VALUES (10, '3700', 'lost', '2026-08-01 14:00', '2026-08-02 12:00', '2026-01-02');
         DELETE FROM companies WHERE id = 7;",
    );
    hotel
}

#[test]
fn a_plan_and_a_run_in_two_languages() {
    let hotel = eventful();
    let counts =
        Counts { created: [1, 0, 2].into(), updated: [0, 0, 1].into(), deleted: 1, failed: 2 };
    let nothing = Counts { failed: 2, ..Counts::default() };
    assert_snapshot!(text(&hotel, Language::En), @r#"
    companies: create 1, gone from Ecvi 1
    guests: create 1, update 1
    bookings: create 1, recheck 1, unreadable 1, DELETE 1

    company 7: gone from Ecvi, the card stays in the CRM
    company 9: link to the existing card: company 7009 (its id is in Ecvi)
    guest 41: update contact 101
    guest 44: create, unless the CRM has the card
    booking 3683 (id 6): create, unless the CRM has the card
    booking 3682 (id 5): recheck the guests and the company of deal 501
    booking 3700 (id 10): cannot be read: UNKNOWN_STATUS status = "lost"
    DELETE deal 508 (booking 3690 (id 8), gone from Ecvi)
    "#);
    assert_snapshot!(run_summary::summary_line("sync", &counts, Language::En).unwrap(), @"sync: created: guests 1, bookings 2; updated: bookings 1; deleted: bookings 1; failed: 2");
    assert_snapshot!(text(&hotel, Language::Ru), @r#"
    компании: создать 1, больше нет в Ecvi 1
    гости: создать 1, изменить 1
    заявки: создать 1, сверить состав гостей 1, не читаются 1, УДАЛИТЬ 1

    компания 7: больше нет в Ecvi, карточка останется в CRM
    компания 9: привязать к существующей карточке: компания 7009 (id из Ecvi)
    гость 41: изменить: контакт 101
    гость 44: создать, если карточки ещё нет в CRM
    заявка №3683 (id 6): создать, если карточки ещё нет в CRM
    заявка №3682 (id 5): сверить состав гостей: сделка 501
    заявка №3700 (id 10): не читается: UNKNOWN_STATUS status = "lost"
    УДАЛИТЬ: сделка 508 (заявка №3690 (id 8), больше нет в Ecvi)
    "#);
    assert_snapshot!(run_summary::summary_line("sync", &counts, Language::Ru).unwrap(), @"sync: создано: гости 1, заявки 2; изменено: заявки 1; удалено: заявки 1; ошибок: 2");
    assert_eq!(run_summary::summary_line("sync", &nothing, Language::Ru), None);
}

#[test]
fn a_plan_as_one_document() {
    let plan = json(&eventful());
    let some = |count: &Value| count.as_u64().is_some_and(|count| count > 0);
    assert_eq!(plan["schema"], 1);
    assert!(
        some(&plan["counts"]["guest"]["create"]) && some(&plan["counts"]["booking"]["delete"]),
        "{plan}"
    );
    let steps = plan["steps"].as_array().unwrap();
    let taken =
        json!({"kind": "company", "id": "9", "number": null, "step": "create", "crm_id": 7009});
    assert!(steps.contains(&taken), "{plan}");
    let deleted =
        json!({"kind": "booking", "id": "8", "number": "3690", "step": "delete", "crm_id": 508});
    assert_eq!(steps.last().unwrap(), &deleted);
}
