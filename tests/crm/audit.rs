//! `audit`: what it finds, what it leaves alone, and what a repair mends.

use bitrix24_sandbox::{Counters, Kind};
use ecvi_b24::domain::record::{Kind as Records, RecordKey};
use ecvi_b24::platform::lock::Lock;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::env::TestEnv;

/// A guest whose values a portal reads back in another form than it was sent, and a deal that is
/// over.
fn eventful() -> TestEnv {
    let hotel = TestEnv::new("[contact.fields]\nUF_CRM_CARD = \"room\"\n");
    hotel.call(
        "crm.contact.userfield.add",
        json!({"fields": {"FIELD_NAME": "CARD", "USER_TYPE_ID": "string"}}),
    );
    hotel.sql(
        "ALTER TABLE guests ADD COLUMN room TEXT;
         UPDATE guests SET first_name = 'Анна', birth_date = '1980-02-29', phone = '+79001234567; 8 (900) 1', sex = 'F',
           email = 'a@b.ru', country = 'Россия', city = 'Омск', room = ' 7 ', is_vip = 1,
           comment = '[VIP] Tom & \"Jerry\" <100  https://x.ru/a, (c)';
         UPDATE companies SET address = 'ул. Мира, 1', phone = '+73812000000', comment = '0';
         UPDATE bookings SET status = 'checked_out', amount = '13050.00', company_id = 1, comment = 'a  b\r\nc';
         INSERT INTO guests (id, last_name, modified_at) VALUES (2, 'Спутник', '2020'), (3, 'Спутница', '2020');
         INSERT INTO booking_guests (booking_id, guest_id, position) VALUES (3682, 3, 1), (3682, 2, 2);",
    );
    hotel.run(0, "initial-export");
    hotel
}

fn documents(hotel: &TestEnv, code: i32) -> Vec<Value> {
    let document: Value = serde_json::from_str(&hotel.run(code, "audit --json")).unwrap();
    document["drift"].as_array().unwrap().clone()
}

#[test]
fn what_a_portal_reads_back_in_another_form_is_no_drift() {
    let hotel = eventful();
    assert_snapshot!(hotel.run(0, "audit"), @"Compared: guests 3, companies 1, bookings 1. Nothing differs.");
    hotel.call(
        "crm.contact.update",
        json!({"id": 1, "fields": {"PHONE": [{"VALUE": "+7 people"}], "POST": "x"}}),
    );
    assert_eq!(documents(&hotel, 0), Vec::<Value>::new());
}

#[test]
fn what_people_changed_is_named_and_personal_values_are_not() {
    let hotel = eventful();
    let deal = hotel.only(Kind::Deal).id;
    let change =
        json!({"STAGE_ID": "LOSE", "OPPORTUNITY": "1", "COMMENTS": "чужое", "CONTACT_IDS": [2, 1]});
    hotel.call("crm.deal.update", json!({"id": deal, "fields": change}));
    hotel.call(
        "crm.contact.update",
        json!({"id": 1, "fields": {"NAME": "Инна", "BIRTHDATE": "1980-03-01"}}),
    );
    let said = hotel.run(1, "audit");
    // The portal is three hours ahead of UTC.
    let today = (hotel.server.now() + chrono::TimeDelta::hours(3)).format("%Y-%m-%d").to_string();
    assert_snapshot!(said.replace(&today, "TODAY"), @r#"
    guest 1: contact 1 differs: BIRTHDATE, NAME
        http://portal/crm/contact/details/1/
    booking 3682 (id 3682): deal 1 differs: CLOSEDATE "TODAY" instead of "2020-05-29", COMMENTS, CONTACT_IDS "2, 1" instead of "1, 3, 2", OPPORTUNITY "1.00" instead of "13050.00", STAGE_ID "LOSE" instead of "WON"
        http://portal/crm/deal/details/1/
    Compared: guests 3, companies 1, bookings 1. Differences: 2.
    To repair it: ecvi-b24 audit --repair. What is missing is created anew; if cards were merged in the CRM, first link the record to the one that is left: ecvi-b24 reset-id guest ID --crm-id NUMBER
    "#);
    assert!(!said.contains("Инна") && !said.contains("Анна") && !said.contains("чужое"));
}

#[test]
fn a_repair_sends_again_what_differs_or_is_gone_and_counts_as_a_run() {
    let hotel = eventful();
    let deal = hotel.only(Kind::Deal).id;
    hotel.call(
        "crm.deal.update",
        json!({"id": deal, "fields": {"OPPORTUNITY": "1", "CONTACT_IDS": [1]}}),
    );
    hotel.call("crm.company.delete", json!({"id": 1}));
    let said = hotel.run(0, "audit --repair --yes");
    assert_snapshot!(said, @r#"
    company 1: missing in the CRM: company 1
    booking 3682 (id 3682): deal 1 differs: COMPANY_ID "" instead of "1", CONTACT_IDS "1" instead of "1, 3, 2", OPPORTUNITY "1.00" instead of "13050.00"
        http://portal/crm/deal/details/1/
    Compared: guests 3, companies 1, bookings 1. Differences: 2.
    audit: created: companies 1; updated: bookings 1
    "#);
    assert_eq!(documents(&hotel, 0), Vec::<Value>::new());
    assert_eq!(hotel.state().last_run().unwrap().unwrap().command, "audit");
}

#[test]
fn an_object_of_nobody_is_told_of_and_never_deleted() {
    let hotel = eventful();
    let fields = json!({"TITLE": "x", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "77"});
    hotel.call("crm.deal.add", json!({"fields": fields}));
    hotel.call(
        "crm.deal.add",
        json!({"fields": {"TITLE": "y", "ORIGINATOR_ID": "OTHER", "ORIGIN_ID": "78"}}),
    );
    assert_snapshot!(hotel.run(1, "audit --repair --yes"), @r"
    deal 2 carries our origin (ORIGIN_ID 77), but there is no such record; look at it and delete it by hand if it is not needed
        http://portal/crm/deal/details/2/
    Compared: guests 3, companies 1, bookings 1. Differences: 1.
    ");
    assert_eq!(hotel.server.portal().count(Kind::Deal), 3);
}

#[test]
fn several_objects_of_one_record_are_told_of() {
    let hotel = eventful();
    hotel.call(
        "crm.contact.add",
        json!({"fields": {"LAST_NAME": "x", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "2"}}),
    );
    let found = documents(&hotel, 1);
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["drift"], &found[0]["id"]), (&json!("twice"), &json!("2")));
    assert_eq!(found[0]["crm_ids"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_still_to_be_sent_is_no_drift() {
    let hotel = eventful();
    hotel.sql(
        "UPDATE guests SET last_name = 'Новая', modified_at = '2026' WHERE id = 1;
         INSERT INTO companies (id, name, modified_at) VALUES (2, 'Лютик', '2026');
         DELETE FROM bookings; INSERT INTO bookings (id, number, status, arrival, departure, modified_at)
           VALUES (5, '5', 'confirmed', '2026-05-20 12:00', '2026-05-21 12:00', '2026');
         DELETE FROM guests WHERE id = 3;",
    );
    assert_snapshot!(hotel.run(0, "audit"), @r"
    Compared: guests 1, companies 1, bookings 0. Nothing differs.
    Not compared, because it is still to be sent or failed: guests 1, companies 1, bookings 1.
    ");
}

#[test]
fn an_object_out_of_the_users_sight_is_no_object_that_is_gone() {
    let hotel = TestEnv::exported("");
    hotel.server.portal().settings.hidden = vec![(Kind::Contact, 1)];
    let found = documents(&hotel, 1);
    assert_eq!(
        (found.len(), &found[0]["drift"], &found[0]["crm_id"]),
        (1, &json!("hidden"), &json!(1))
    );
    assert!(
        hotel
            .run(1, "audit")
            .contains("guest 1: contact 1: the webhook's user may not see this card")
    );
    hotel.run(1, "audit --repair --yes");
    assert_eq!(hotel.server.portal().count(Kind::Contact), 1);
}

#[test]
fn an_audit_writes_nothing_and_needs_no_lock() {
    let hotel = eventful();
    let before = std::fs::read(hotel.path("state.db")).unwrap();
    hotel.server.portal().counters = Counters::default();
    let _held = Lock::try_acquire(&hotel.path("state.db")).unwrap();
    hotel.run(0, "audit");
    assert_eq!(hotel.server.portal().counters.writes, 0);
    assert_eq!(std::fs::read(hotel.path("state.db")).unwrap(), before);
}

#[test]
fn records_that_share_an_object_are_compared_by_its_being_there_alone() {
    let hotel = eventful();
    hotel.run(0, "reset-id guest 2 --crm-id 3 --yes");
    let state = hotel.state();
    assert_eq!(
        state.record(&RecordKey::new(Records::Guest, 2)).unwrap().unwrap().plan_record.crm_id,
        Some(3)
    );
    hotel.run(0, "sync");
    // Only that the record has two contacts now: the one that it let go of still carries its
    // origin.
    let found = documents(&hotel, 1);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0]["drift"], &found[0]["crm_ids"]), (&json!("twice"), &json!([2, 3])));
}

#[test]
fn a_portal_that_refuses_or_is_silent_is_said_by_the_exit_code() {
    let hotel = eventful();
    hotel.server.portal().settings.condition = bitrix24_sandbox::Condition::Revoked;
    hotel.run(4, "audit");
    hotel.server.portal().settings.condition = bitrix24_sandbox::Condition::Maintenance(502);
    hotel.run(5, "audit");
    hotel.sql("DROP TABLE guests");
    hotel.run(3, "audit");
}

#[test]
fn what_the_portal_does_not_show_is_said_to_be_not_compared() {
    let hotel = eventful();
    hotel.server.portal().settings.unlisted =
        vec![(Kind::Contact, "HONORIFIC".into()), (Kind::Deal, "OPPORTUNITY".into())];
    assert_snapshot!(hotel.run(0, "audit"), @r"
    Compared: guests 3, companies 1, bookings 1. Nothing differs in what the portal showed.
    Not compared, because the portal does not show it: guests, field HONORIFIC, cards: 3.
    Not compared, because the portal does not show it: bookings, field OPPORTUNITY, cards: 1.
    ");
    hotel.call("crm.contact.update", json!({"id": 1, "fields": {"NAME": "Инна", "HONORIFIC": ""}}));
    let document: Value = serde_json::from_str(&hotel.run(1, "audit --json")).unwrap();
    let not_compared = json!([
        {"kind": "guest", "field": "HONORIFIC", "cards": 3},
        {"kind": "booking", "field": "OPPORTUNITY", "cards": 1},
    ]);
    assert_eq!(document["not_compared"], not_compared);
    assert_eq!(document["drift"][0]["fields"].as_array().unwrap().len(), 1);
}
