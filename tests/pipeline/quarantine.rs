//! Records that fail are put aside with their reason, and tried again.

use bitrix24_sandbox::{Fault, Kind};
use ecvi_b24::domain::record::{Kind as RecordKind, RecordKey};
use ecvi_b24::state::State;

use crate::hotel::Hotel;

/// The portal refuses guest 2, who has no birth date; guest 1 and the bookings go.
fn hotel() -> Hotel {
    let hotel = Hotel::new();
    hotel.require(Kind::Contact, "BIRTHDATE");
    hotel.guest(1, "last_name = 'Белова', birth_date = '1990-01-01'");
    hotel.guest(2, "last_name = 'Чернова'");
    hotel.booking(1, "guest_id = 1");
    hotel.exits(1, "initial-export");
    hotel
}

#[test]
fn one_bad_record_stops_nobody_else_and_stands_in_status() {
    let hotel = hotel();
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
    let status = hotel.status();
    let failure = &status["failures"][0];
    assert_eq!([&failure["kind"], &failure["id"], &failure["operation"]], ["guest", "2", "create"]);
    assert_eq!(
        [&failure["code"], &failure["crm_id"]],
        [&"PORTAL_REFUSED".into(), &serde_json::Value::Null]
    );
    assert!(failure["message"].as_str().unwrap().contains("BIRTHDATE"), "{failure}");
    assert_eq!(status["records"]["guest"]["failed"], 1);
    assert_eq!(status["last_run"]["outcome"], "partial");
    assert_eq!(status["last_run"]["failed"], 1);
}

#[test]
fn a_failed_record_is_left_alone_during_its_pause() {
    let hotel = hotel();
    hotel.runs_idle();
    assert_eq!(hotel.issues("failures"), ["guest 2 PORTAL_REFUSED"]);
}

#[test]
fn a_failed_record_is_tried_at_once_when_it_changes() {
    let hotel = hotel();
    hotel.guest(2, "birth_date = '1991-01-01'");
    assert_eq!(hotel.sync(), "sync: создано: гости 1\n");
    assert_eq!(hotel.issues("failures"), [""; 0]);
}

#[test]
fn each_failure_doubles_the_pause() {
    let hotel = hotel();
    for attempts in 2..4 {
        hotel.exits(1, "sync --retry-failed");
        let status = hotel.status();
        let failure = &status["failures"][0];
        assert_eq!(failure["attempts"], attempts);
        let at = |key: &str| {
            failure[key].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap()
        };
        let pause = (at("next_attempt_at") - at("last_failed_at")).num_minutes();
        assert_eq!(pause, 15 << (attempts - 1));
    }
}

#[test]
fn a_failed_record_is_tried_again_after_its_pause() {
    let hotel = hotel();
    hotel.configure("sync.retry_after = '1s'");
    hotel.guest(2, "comment = 'x'");
    hotel.exits(1, "sync");
    hotel.portal().settings.required.clear();
    // The second failure: two seconds.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!(hotel.sync(), "sync: создано: гости 1\n");
}

#[test]
fn retry_tries_the_records_that_it_names() {
    let hotel = hotel();
    hotel.guest(3, "");
    hotel.exits(1, "sync");
    hotel.portal().settings.required.clear();
    assert_eq!(hotel.says("retry guest 3"), "retry: создано: гости 1\n");
    assert_eq!(hotel.issues("failures"), ["guest 2 PORTAL_REFUSED"]);
    assert!(
        hotel.says("retry --code BAD_DATE").starts_with("Среди указанных записей неудачных нет.")
    );
    assert!(hotel.says("retry --dry-run").contains("гость 2: PORTAL_REFUSED"));
    assert_eq!(hotel.says("retry --code PORTAL_REFUSED"), "retry: создано: гости 1\n");
    hotel.exits(2, "retry guest 77");
}

#[test]
fn a_row_that_the_configuration_can_read_now_goes_with_the_next_run() {
    let hotel = Hotel::running();
    hotel.booking(1, "status = '7'");
    hotel.exits(1, "sync");
    hotel.configure("[mirror.statuses]\n7 = 'checked_in'");
    hotel.sync();
    assert_eq!(hotel.issues("failures"), [""; 0]);
    assert_eq!(hotel.deal(1).text("STAGE_ID"), "WON");
}

#[test]
fn retry_failed_tries_everything() {
    let hotel = hotel();
    hotel.portal().settings.required.clear();
    assert_eq!(hotel.says("sync --retry-failed"), "sync: создано: гости 1\n");
}

#[test]
fn an_update_that_fails_keeps_its_object() {
    let hotel = hotel();
    hotel.guest(1, "birth_date = NULL");
    hotel.exits(1, "sync");
    let status = hotel.status();
    assert_eq!(status["failures"][0]["operation"], "update");
    assert_eq!(status["failures"][0]["crm_id"], hotel.contact(1).id);
    assert_eq!(status["records"]["guest"]["failed"], 2);
    hotel.guest(1, "birth_date = '1990-01-01'");
    assert_eq!(hotel.sync(), "sync: изменено: гости 1\n");
}

#[test]
fn a_row_that_cannot_be_read_is_that_records_failure() {
    let hotel = Hotel::new();
    hotel.guest(1, "birth_date = 'вчера'");
    hotel.guest(2, "");
    for (id, values) in [
        (1, "status = 'eaten'"),
        (2, "arrival = '05/20/2020'"),
        (3, "departure = ''"),
        (4, "amount = '13.050,00'"),
        (5, "number = ' '"),
        (6, "guest_id = 2"),
    ] {
        hotel.booking(id, values);
    }
    hotel.exits(1, "initial-export");
    let expected = [
        "guest 1 BAD_DATE",
        "booking 1 UNKNOWN_STATUS",
        "booking 2 BAD_DATE",
        "booking 3 BAD_DATE",
        "booking 4 BAD_AMOUNT",
        "booking 5 NO_VALUE",
    ];
    assert_eq!(hotel.issues("failures"), expected);
    assert_eq!(hotel.deal(6).link_ids(), [hotel.contact(2).id]);
    assert_eq!(hotel.portal().count(Kind::Deal), 1);
}

#[test]
fn a_booking_that_becomes_unreadable_keeps_its_deal_and_goes_again_when_it_is_mended() {
    let hotel = Hotel::running();
    hotel.booking(1, "status = 'eaten'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.deal(1).text("STAGE_ID"), "EXECUTING");
    hotel.booking(1, "status = 'checked_out'");
    assert_eq!(hotel.sync(), "sync: изменено: заявки 1\n");
    assert_eq!(hotel.issues("failures"), [""; 0]);
}

#[test]
fn a_failure_of_a_booking_names_its_number() {
    let hotel = Hotel::running();
    hotel.booking(1, "amount = 'много'");
    let said = hotel.exits(1, "sync");
    assert!(said.err.contains("заявка №3682"), "{}", said.err);
    assert_eq!(hotel.status()["failures"][0]["number"], "3682");
}

#[test]
fn what_failed_and_is_gone_from_ecvi_is_no_failure_any_more() {
    let hotel = hotel();
    hotel.sql("DELETE FROM guests WHERE id = 2");
    hotel.sync();
    assert_eq!(hotel.issues("failures"), [""; 0]);
}

#[test]
fn a_booking_that_failed_and_is_history_once_corrected_fails_no_more() {
    let hotel = Hotel::running();
    hotel.configure("export.bookings_from = '2026-01-01'");
    hotel.booking(2, "arrival = 'вчера', departure = '2025-05-05 12:00'");
    hotel.exits(1, "sync");
    hotel.booking(2, "arrival = '2025-05-01 14:00'");
    assert!(hotel.says("sync --dry-run").contains("раньше [export] bookings_from"));
    hotel.sync();
    assert_eq!(hotel.issues("failures"), [""; 0]);
    hotel.runs_idle();
}

#[test]
fn a_refusal_is_an_answer_after_calls_that_had_none() {
    let hotel = hotel();
    hotel.configure("portal.settle_time = '0s'");
    let strikes = || {
        let state = State::open(&hotel.path("state.db")).unwrap();
        state.record(&RecordKey::new(RecordKind::Guest, 2)).unwrap().unwrap().unanswered_calls
    };
    let mut lost = Some(Fault::ResetBefore);
    hotel.server().faults(move |call| call.calls("crm.contact.add").then(|| lost.take()).flatten());
    hotel.exits(5, "retry");
    hotel.exits(1, "retry");
    assert_eq!(strikes(), 0);
}

/// Five guests, companies and bookings, in tables that have no `modified_at`.
fn without_modified_at() -> Hotel {
    let hotel = Hotel::new();
    for id in 1..=5 {
        hotel.guest(id, "");
        hotel.company(id, "");
        hotel.booking(id, &format!("guest_id = {id}, company_id = {id}"));
    }
    let queries = [
        ("guests", "id, last_name, birth_date"),
        ("companies", "id, name"),
        ("bookings", "id, number, status, arrival, departure, guest_id, company_id"),
    ];
    for (table, columns) in queries {
        hotel.configure(&format!("mirror.queries.{table} = 'SELECT {columns} FROM {table}'"));
    }
    hotel.export();
    hotel
}

#[test]
fn a_row_that_could_not_be_read_and_is_gone_then_is_gone_like_any_other() {
    let hotel = without_modified_at();
    let unreadable = [
        ("guests", 1, "birth_date = 'x'"),
        ("companies", 2, "name = CAST(x'ff' AS TEXT)"),
        ("bookings", 3, "status = '?'"),
    ];
    for (table, id, value) in unreadable {
        hotel.sql(&format!("UPDATE {table} SET {value} WHERE id = {id}"));
    }
    hotel.exits(1, "sync");
    for (table, id, _) in unreadable {
        hotel.sql(&format!("DELETE FROM {table} WHERE id = {id}"));
    }
    hotel.exits(0, "sync");
    assert!(hotel.deal(1).link_ids().is_empty());
    assert_eq!(hotel.deal(2).text("COMPANY_ID"), "0");
    assert!(hotel.objects(Kind::Deal, &3).is_empty());
    assert_eq!(hotel.issues("failures"), [""; 0]);
}

#[test]
fn a_record_that_the_portal_refused_and_is_gone_then_is_gone_like_any_other() {
    let hotel = without_modified_at();
    hotel.require(Kind::Contact, "BIRTHDATE");
    hotel.sql("UPDATE guests SET last_name = 'Чернова' WHERE id = 1");
    hotel.exits(1, "sync");
    hotel.sql("DELETE FROM guests WHERE id = 1");
    hotel.exits(0, "sync");
    assert!(hotel.deal(1).link_ids().is_empty());
    assert_eq!(hotel.issues("failures"), [""; 0]);
}
