//! Dry runs: what would change in the CRM, field by field, and that nothing does.

use bitrix24_sandbox::{Condition, Fault, Kind};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::env::TestEnv;

fn document(hotel: &TestEnv, arguments: &str) -> Value {
    serde_json::from_str(&hotel.run(0, arguments)).unwrap()
}

#[test]
fn updates_show_old_and_new_values_and_send_nothing() {
    let hotel = TestEnv::new("");
    hotel
        .sql("UPDATE guests SET phone = '+71', birth_date = '1980-02-29', comment = 'Tom & Jerry'");
    hotel.run(0, "initial-export");
    hotel.sql(
        "UPDATE guests SET last_name = 'Иная', phone = '+72', modified_at = '2026';
         INSERT INTO guests (id, last_name, modified_at) VALUES (2, 'Спутник', '2026');
         INSERT INTO booking_guests (booking_id, guest_id) VALUES (3682, 2);
         UPDATE bookings SET status = 'checked_in', modified_at = '2026';
         UPDATE companies SET modified_at = '2026'",
    );
    let before = std::fs::read(hotel.path("state.db")).unwrap();
    let writes = hotel.server.portal().counters.writes;
    assert_snapshot!(hotel.run(0, "sync --dry-run"), @r#"
    companies: update 1
    guests: create 1, update 1
    bookings: update 1

    company 1: update company 1
        the CRM has it so already
    guest 1: update contact 1
        LAST_NAME: "Приходько" -> "Иная"
        PHONE: "+71" -> "+72"
    guest 2: create, unless the CRM has the card
    booking 3682 (id 3682): update deal 1
        PROBABILITY: "60" -> "100"
        STAGE_ID: "EXECUTING" -> "WON"
        TITLE: "Заявка №3682 (Приходько) 20.05.2020 12:00 - 29.05.2020 12:00" -> "Заявка №3682 (Иная) 20.05.2020 12:00 - 29.05.2020 12:00"
        CONTACT_IDS: "1" -> "1, guest 2"
    "#);
    let plan = document(&hotel, "sync --dry-run --json");
    let guest = plan["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["kind"] == "guest" && step["id"] == "1");
    let changes = json!([
        {"field": "LAST_NAME", "old": "Приходько", "new": "Иная"},
        {"field": "PHONE", "old": "+71", "new": "+72"},
    ]);
    assert_eq!(guest.unwrap()["changes"], changes);
    assert_eq!(hotel.server.portal().counters.writes, writes);
    assert_eq!(std::fs::read(hotel.path("state.db")).unwrap(), before);
}

#[test]
fn a_guest_who_is_gone_is_shown_to_leave_the_deal() {
    let hotel = TestEnv::exported("[sync]\ndelete_after = \"0s\"\n");
    hotel.sql(
        "DELETE FROM guests; INSERT INTO guests (id, last_name, modified_at) VALUES (9, 'Другой', '2026')",
    );
    let plan = hotel.run(0, "sync --dry-run");
    assert!(plan.contains(r#"CONTACT_IDS: "1" -> """#), "{plan}");
}

#[test]
fn an_object_that_is_gone_from_the_crm_is_said_to_be() {
    let hotel = TestEnv::exported("");
    let deal = hotel.only(bitrix24_sandbox::Kind::Deal).id;
    hotel.server.portal().delete(bitrix24_sandbox::Kind::Deal, deal);
    hotel.sql("UPDATE bookings SET modified_at = '2026'");
    let plan = hotel.run(0, "sync --dry-run");
    assert!(plan.contains("bookings: create 1"), "{plan}");
    assert!(plan.contains("the card that it had (number 1) is missing in the CRM"), "{plan}");
}

#[test]
fn a_card_that_ours_was_merged_into_is_shown_and_taken() {
    let hotel = TestEnv::new("");
    hotel.sql("UPDATE guests SET phone = '+79001234567'");
    hotel.run(0, "initial-export");
    let ours = hotel.only(Kind::Contact).id;
    let theirs = hotel.card("Приходько", "+79001234567");
    hotel.merge(Kind::Contact, theirs, ours);
    hotel.sql("UPDATE guests SET comment = 'новый', modified_at = '2026'");
    let plan = hotel.run(0, "sync --dry-run");
    let lines: Vec<&str> = plan.lines().skip_while(|line| !line.starts_with("guest 1:")).collect();
    assert_eq!(lines[0], format!("guest 1: update contact {theirs}"), "{plan}");
    assert!(plan.contains("COMMENTS: \"\" -> \"новый\""), "{plan}");
    let former = format!("    the card that it had (number {ours}) is missing in the CRM");
    assert!(lines.contains(&former.as_str()), "{plan}");
    let guest = document(&hotel, "sync --dry-run --json --only guest 1")["steps"][0].clone();
    assert_eq!((&guest["step"], &guest["crm_id"]), (&json!("update"), &json!(theirs)));
    hotel.run(0, "sync");
    let card = hotel.only(Kind::Contact);
    assert_eq!((card.id, card.text("COMMENTS")), (theirs, "новый"));
}

#[test]
fn a_card_that_a_lost_record_is_found_on_is_no_new_ones() {
    let hotel = TestEnv::new("[contact]\nmatch_existing = [\"phone\"]\n");
    hotel.sql("UPDATE guests SET phone = '+79001234567'");
    hotel.run(0, "initial-export");
    let lost = hotel.only(Kind::Contact).id;
    hotel.server.portal().delete(Kind::Contact, lost);
    let phone = json!([{"VALUE": "+79001234567", "VALUE_TYPE": "WORK"}]);
    hotel.call("crm.contact.add", json!({"fields": {"LAST_NAME": "Приходько", "PHONE": phone}}));
    let card = hotel.only(Kind::Contact).id;
    hotel.sql(
        "UPDATE guests SET modified_at = '2026';
         INSERT INTO guests (id, last_name, phone, modified_at)
           VALUES (2, 'Приходько', '+79001234567', '2026')",
    );
    let plan = hotel.run(0, "sync --dry-run");
    assert!(plan.contains(&format!("guest 1: update contact {card}\n")), "{plan}");
    assert!(plan.contains("guest 2: create, unless the CRM has the card\n"), "{plan}");
    hotel.run(0, "sync");
    assert_eq!(hotel.server.portal().count(Kind::Contact), 2);
}

#[test]
fn a_card_that_a_record_of_ecvi_has_is_no_new_ones() {
    let hotel = TestEnv::exported("[sync]\ndelete_after = \"0s\"\n");
    let card = hotel.only(Kind::Contact).id;
    hotel.sql(&format!(
        "INSERT INTO guests (id, last_name, crm_id, modified_at)
           VALUES (2, 'Белова', {card}, '2026')"
    ));
    let plan = hotel.run(0, "sync --dry-run");
    assert!(plan.contains("it will not be sent (CRM_ID_TAKEN)"), "{plan}");
    assert!(hotel.complained(1, "sync").contains("CRM_ID_TAKEN (1): guest 2."));
    hotel.sql("DELETE FROM guests WHERE id = 1; UPDATE guests SET modified_at = '2027'");
    let plan = hotel.run(0, "sync --dry-run");
    assert!(plan.contains("LAST_NAME: \"Приходько\" -> \"Белова\""), "{plan}");
    assert!(!plan.contains("CRM_ID_TAKEN"), "{plan}");
    hotel.run(0, "sync");
    assert_eq!(hotel.only(Kind::Contact).text("LAST_NAME"), "Белова");
}

#[test]
fn an_idle_dry_run_asks_nothing() {
    let hotel = TestEnv::exported("");
    let requests = hotel.server.requests();
    assert_snapshot!(hotel.run(0, "sync --dry-run"), @"Nothing to do: all is sent.");
    assert_eq!(hotel.server.requests(), requests);
}

#[test]
fn without_the_portal_the_plan_is_shown_all_the_same() {
    let hotel = TestEnv::exported("");
    hotel.sql("UPDATE guests SET last_name = 'Иная', modified_at = '2026'");
    hotel.server.portal().settings.condition = Condition::Maintenance(502);
    assert_snapshot!(hotel.run(0, "sync --dry-run"), @r"
    guests: update 1
    bookings: recheck 1

    guest 1: update contact 1
    booking 3682 (id 3682): recheck the guests and the company of deal 1

    Old values are not shown: the portal gave no proper answer (HTTP 502, no JSON: 502 Bad Gateway).
    ");
    assert_eq!(document(&hotel, "sync --dry-run --json")["notes"].as_array().unwrap().len(), 1);
}

#[test]
fn people_who_would_be_taken_over_are_named() {
    let hotel = TestEnv::new("[contact]\nmatch_existing = [\"phone\"]\n");
    hotel.sql("UPDATE guests SET phone = '8 (900) 123-45-67'");
    let phone = json!([{"VALUE": "+79001234567", "VALUE_TYPE": "WORK"}]);
    hotel.call("crm.contact.add", json!({"fields": {"LAST_NAME": "ПРИХОДЬКО", "PHONE": phone}}));
    hotel.call("crm.deal.add", json!({"fields": {"ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "3682"}}));
    let said = hotel.run(0, "initial-export --dry-run");
    assert!(
        said.contains("guest 1: link to the existing card: contact 1 (found in the CRM)"),
        "{said}"
    );
    assert!(
        said.contains(
            "booking 3682 (id 3682): link to the existing card: deal 1 (found in the CRM)"
        ),
        "{said}"
    );
    assert!(said.contains("company 1: create, unless the CRM has the card"), "{said}");
    hotel.run(0, "initial-export");
    assert_eq!(hotel.only(bitrix24_sandbox::Kind::Contact).id, 1);
}

/// Four bookings of which three are gone, and only two deals may go in one run.
fn emptied() -> TestEnv {
    let hotel = TestEnv::new("[sync]\nmax_deletes = 2\ndelete_after = \"0s\"\n");
    hotel.sql(
        "INSERT INTO bookings (id, number, status, arrival, departure, modified_at)
           SELECT value, value, 'confirmed', '2026-05-20 12:00', '2026-05-21 12:00', '2026' FROM json_each('[1,2,3]')",
    );
    hotel.run(0, "initial-export");
    hotel.sql("DELETE FROM bookings WHERE id <= 3");
    hotel
}

const HELD_BACK: &str = "bookings gone from Ecvi within a day: 3, and at most 2 may be deleted unasked; no deal was deleted. \
                         To see what is gone: ecvi-b24 sync --dry-run --max-deletes 3. \
                         If that is right: ecvi-b24 sync --max-deletes 3\n";

#[test]
fn deletions_that_a_run_would_hold_back_are_held_back_and_said_in_its_words() {
    let hotel = emptied();
    assert_eq!(hotel.run(0, "sync --dry-run"), HELD_BACK);
    let plan = document(&hotel, "sync --dry-run --json");
    assert_eq!(plan["held_back"], json!({"delete": 3, "max_deletes": 2}));
    assert_eq!((&plan["steps"], &plan["counts"]["booking"]["delete"]), (&json!([]), &json!(0)));
    assert_eq!(plan["notes"], json!([HELD_BACK.trim()]));
    hotel.sql("UPDATE companies SET name = 'Лютик', modified_at = '2026'");
    let shown = hotel.run(0, "sync --dry-run");
    assert!(
        shown.starts_with("companies: update 1\n\n")
            && shown.ends_with(&format!("\n\n{HELD_BACK}")),
        "{shown}"
    );
    assert!(hotel.complained(1, "sync").ends_with(HELD_BACK));
}

#[test]
fn deletions_that_somebody_says_are_right_are_shown() {
    let hotel = emptied();
    let shown = hotel.run(0, "sync --dry-run --max-deletes 3");
    assert_eq!(shown.lines().filter(|line| line.starts_with("DELETE deal ")).count(), 3, "{shown}");
    assert!(!shown.contains("within a day"), "{shown}");
    let plan = document(&hotel, "sync --dry-run --max-deletes 3 --json");
    assert_eq!(
        (&plan["held_back"], &plan["counts"]["booking"]["delete"]),
        (&json!(null), &json!(3))
    );
}

#[test]
fn what_will_not_be_sent_is_said_beside_its_step() {
    let hotel = TestEnv::new("[sync]\non_missing = \"fail\"\n");
    hotel.call("crm.contact.add", json!({"fields": {"LAST_NAME": "Готовая"}}));
    let card = hotel.only(Kind::Contact).id;
    hotel.run(0, "initial-export");
    hotel.sql(&format!(
        "INSERT INTO guests (id, last_name, birth_date, modified_at) VALUES (7, 'Белова', 'soon', '2026');
         INSERT INTO guests (id, last_name, crm_id, modified_at) VALUES (8, 'А', {card}, '2026'), (9, 'Б', {card}, '2026');
         INSERT INTO bookings (id, number, status, arrival, departure, guest_id, modified_at)
           VALUES (7, '7', 'confirmed', '2026-12-01 14:00', '2026-12-02 12:00', 7, '2026');
         UPDATE companies SET modified_at = '2026'"
    ));
    let company = hotel.only(Kind::Company).id;
    hotel.server.portal().delete(Kind::Company, company);
    let plan = hotel.run(0, "sync --dry-run");
    for (step, note) in [
        ("company 1: update company 1", "it will not be sent (OBJECT_MISSING)"),
        ("guest 9: link to the existing card: contact", "it will not be sent (CRM_ID_TAKEN)"),
        ("booking 7 (id 7): create", "will wait until guest 7 is sent (GUEST_WAITING)"),
    ] {
        let after =
            plan.lines().skip_while(|line| !line.starts_with(step)).nth(1).unwrap_or_default();
        assert!(after.contains(note), "{step}: {plan}");
    }
}

#[test]
fn an_object_out_of_the_users_sight_is_not_told_as_gone() {
    let hotel = TestEnv::exported("");
    hotel.server.portal().settings.hidden = vec![(Kind::Company, 1)];
    hotel.sql("UPDATE companies SET modified_at = '2026'");
    let plan = hotel.run(0, "sync --dry-run");
    assert!(plan.contains("may not see the card: it will not be sent (ACCESS_DENIED)"), "{plan}");
    assert!(!plan.contains("has no such card"), "{plan}");
}

#[test]
fn calls_without_an_answer_are_told_of() {
    let hotel = TestEnv::exported("");
    hotel.sql("UPDATE guests SET last_name = 'Иная', modified_at = '2026'");
    hotel.server.faults(|call| call.calls("crm.contact.update").then_some(Fault::ResetAfter));
    hotel.run(5, "sync");
    hotel.server.faults(|_| None);
    assert!(hotel.run(0, "sync --dry-run").contains("Calls without an answer: guests 1."));
    let notes = document(&hotel, "sync --dry-run --json")["notes"].to_string();
    assert!(notes.contains("Calls without an answer"), "{notes}");
}

#[test]
fn an_export_shows_a_sample_card_of_each_kind() {
    let hotel = TestEnv::new("[deal]\nassigned_by_id = 1\n");
    hotel.sql(
        "UPDATE guests SET phone = '+79001234567', city = 'Омск', is_vip = 1;
         INSERT INTO guests (id, last_name, modified_at) VALUES (2, 'Спутник', '2026');
         UPDATE bookings SET company_id = 1",
    );
    assert_snapshot!(hotel.run(0, "initial-export --dry-run"), @r#"
    companies: create 1
    guests: create 2
    bookings: create 1

    company 1: create, unless the CRM has the card
        ORIGINATOR_ID: "ECVI"
        ORIGIN_ID: "1"
        TITLE: "Ромашка"
    guest 1: create, unless the CRM has the card
        ADDRESS_CITY: "Омск"
        COMMENTS: "{ VIP }"
        LAST_NAME: "Приходько"
        ORIGINATOR_ID: "ECVI"
        ORIGIN_ID: "1"
        PHONE: "+79001234567"
        TYPE_ID: "CLIENT"
    guest 2: create, unless the CRM has the card
    booking 3682 (id 3682): create, unless the CRM has the card
        ASSIGNED_BY_ID: "1"
        BEGINDATE: "2020-05-20"
        CATEGORY_ID: "0"
        CLOSEDATE: "2020-05-29"
        COMPANY_ID: "company 1"
        CONTACT_IDS: "guest 1"
        CURRENCY_ID: "RUB"
        IS_MANUAL_OPPORTUNITY: "Y"
        OPPORTUNITY: "0.00"
        ORIGINATOR_ID: "ECVI"
        ORIGIN_ID: "3682"
        PROBABILITY: "60"
        STAGE_ID: "EXECUTING"
        TITLE: "Заявка №3682 (Приходько) 20.05.2020 12:00 - 29.05.2020 12:00"
    "#);
    let plan = document(&hotel, "initial-export --dry-run --json");
    let cards: Vec<&Value> =
        plan["steps"].as_array().unwrap().iter().filter_map(|step| step.get("card")).collect();
    assert_eq!(cards.len(), 3);
    assert_eq!(
        (&cards[1]["PHONE"], &cards[2]["CONTACT_IDS"]),
        (&json!("+79001234567"), &json!("guest 1"))
    );
    assert_eq!(hotel.server.portal().counters.writes, 0);
}

#[test]
fn one_record_is_shown_alone_with_its_whole_card() {
    let hotel = TestEnv::exported("");
    hotel.sql(
        "INSERT INTO guests (id, last_name, modified_at) VALUES (2, 'Спутник', '2026'), (3, 'Гость', '2026');
         UPDATE bookings SET status = 'checked_in', modified_at = '2026'",
    );
    assert_snapshot!(hotel.run(0, "sync --dry-run --only guest 3"), @r#"
    guest 3: create, unless the CRM has the card
        LAST_NAME: "Гость"
        ORIGINATOR_ID: "ECVI"
        ORIGIN_ID: "3"
        TYPE_ID: "CLIENT"
    "#);
    let booking = hotel.run(0, "sync --dry-run --only booking 3682");
    assert!(
        booking.contains("STAGE_ID: \"EXECUTING\" -> \"WON\"")
            && booking.contains("CURRENCY_ID: \"RUB\""),
        "{booking}"
    );
    assert_snapshot!(hotel.run(0, "sync --dry-run --only guest 1"), @"guest 1: nothing to do, all is sent");
    let plan = document(&hotel, "sync --dry-run --json --only guest 3");
    assert_eq!(plan["steps"].as_array().unwrap().len(), 1);
    assert_eq!(plan["steps"][0]["card"]["LAST_NAME"], json!("Гость"));
    hotel.run(2, "sync --dry-run --only guest 99");
    hotel.run(2, "sync --dry-run --only room 1");
    hotel.run(2, "sync --only guest 3");
}
