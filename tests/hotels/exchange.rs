//! A hotel that comes from Ecvi's own exchange: its rows know their CRM ids.

use bitrix24_sandbox::Kind;
use chrono::Utc;
use serde_json::json;

use crate::env::TestEnv;

/// The hotel, after Ecvi's exchange made all its objects, in its own words and without a mark.
fn hotel() -> TestEnv {
    let hotel = TestEnv::filled("exchange");
    let tables = [
        (Kind::Contact, "guests", 1..=5),
        (Kind::Company, "companies", 1..=2),
        (Kind::Deal, "bookings", 101..=110),
    ];
    // Something else stands there too, so that no id is the same by accident.
    hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Поставщик"}));
    for (kind, table, ids) in tables {
        for id in ids {
            let made = hotel.by_hand(
                kind,
                json!({"TITLE": format!("Ecvi {id}"), "LAST_NAME": format!("Ecvi {id}")}),
            );
            hotel.sql(&format!("UPDATE {table} SET crm_id = {made} WHERE id = {id}"));
        }
    }
    hotel
}

fn crm_id(hotel: &TestEnv, table: &str, id: u64) -> u64 {
    let id: i64 = hotel.asked(&format!("SELECT crm_id FROM {table} WHERE id = {id}"));
    id.cast_unsigned()
}

#[test]
fn every_object_is_taken_over_and_marked_and_none_is_made() {
    let hotel = hotel();
    hotel.run(0, "initial-export");
    assert_eq!(hotel.counts(), [6, 2, 10]);
    assert_eq!(hotel.server.portal().counters.of("crm.contact.add"), 0);
    assert_eq!(hotel.server.portal().counters.of("crm.item.import"), 0);
    for id in 101..=110 {
        assert_eq!(hotel.deal(&id.to_string()).id, crm_id(&hotel, "bookings", id));
    }
    let deal = hotel.deal("104");
    assert_eq!([deal.text("STAGE_ID"), deal.text("CLOSEDATE")], ["WON", "2026-04-12"]);
    assert_eq!(hotel.people("107"), ["Приходько", "Орлов", "Müller", "Зуева"]);
    hotel.runs_idle();
}

#[test]
fn after_a_lost_state_and_lost_ids_the_marks_find_everything_again() {
    let hotel = hotel();
    hotel.run(0, "initial-export");
    hotel.lose_state("state.db");
    hotel.sql("UPDATE guests SET crm_id = NULL; UPDATE bookings SET crm_id = NULL");
    hotel.run(0, "initial-export");
    assert_eq!(hotel.counts(), [6, 2, 10]);
    assert_eq!(crm_id(&hotel, "bookings", 101), hotel.deal("101").id, "and Ecvi learns them anew");
}

#[test]
fn an_id_that_no_longer_exists_counts_as_none_and_ecvi_learns_the_new_one() {
    let hotel = hotel();
    hotel.sql(
        "UPDATE guests SET crm_id = 9999 WHERE id = 2; UPDATE bookings SET crm_id = NULL WHERE id = 108",
    );
    hotel.run(0, "initial-export");
    assert_eq!(hotel.counts(), [7, 2, 11]);
    assert_eq!(crm_id(&hotel, "guests", 2), hotel.contact("2").id);
    assert_eq!(crm_id(&hotel, "bookings", 108), hotel.deal("108").id);
    hotel.runs_idle();
}

#[test]
fn of_two_rows_with_one_id_the_second_is_reported_and_not_merged() {
    let hotel = hotel();
    hotel.sql("UPDATE guests SET crm_id = (SELECT crm_id FROM guests WHERE id = 1) WHERE id = 2");
    hotel.run(1, "initial-export");
    assert_eq!(hotel.contact("1").text("LAST_NAME"), "Приходько");
    let taken = format!("guest 2: CRM_ID_TAKEN crm_id {}", crm_id(&hotel, "guests", 1));
    assert_eq!(hotel.issues("failures"), [taken]);
    assert_eq!(hotel.find(Kind::Contact, "2"), None);
    // The administrator decides that the second is somebody of his own.
    hotel.run(0, "reset-id guest 2 --yes");
    hotel.run(0, "sync");
    assert_eq!(hotel.contact("2").text("LAST_NAME"), "Орлов");
    assert_eq!(hotel.issues("failures"), Vec::<String>::new());
}

#[test]
fn an_object_that_carries_our_mark_wins_over_the_id_that_ecvi_knows() {
    let hotel = hotel();
    let ours = hotel.by_hand(
        Kind::Contact,
        json!({"LAST_NAME": "Наш", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "1"}),
    );
    hotel.run(0, "initial-export");
    assert_eq!(hotel.contact("1").id, ours);
    assert_eq!(crm_id(&hotel, "guests", 1), ours);
}

#[test]
fn new_ids_are_written_back_and_are_no_change_of_the_record() {
    let hotel = hotel();
    hotel.run(0, "initial-export");
    hotel.sql(
        "INSERT INTO guests (id, last_name, modified_at) VALUES (6, 'Новиков', '2026-06-01');
         INSERT INTO bookings (id, number, status, arrival, departure, guest_id, modified_at)
           VALUES (111, '3692', 'confirmed', '2026-09-01 14:00', '2026-09-02 12:00', 6, '2026-06-01')",
    );
    hotel.run(0, "sync");
    assert_eq!(crm_id(&hotel, "guests", 6), hotel.contact("6").id);
    assert_eq!(crm_id(&hotel, "bookings", 111), hotel.deal("111").id);
    hotel.runs_idle();
}

#[test]
fn ids_are_written_back_once_the_mirror_can_be_written() {
    let hotel = hotel();
    hotel.sql("UPDATE guests SET crm_id = NULL WHERE id = 2");
    hotel.sql(
        "CREATE TRIGGER closed BEFORE UPDATE ON guests BEGIN SELECT raise(ABORT, 'closed'); END",
    );
    hotel.run(0, "initial-export");
    hotel.sql("DROP TRIGGER closed");
    hotel.run(0, "sync");
    assert_eq!(crm_id(&hotel, "guests", 2), hotel.contact("2").id);
}

/// A guest's row names a stranger's card, and somebody took our mark off it.
fn mistaken(guest: &str) -> (TestEnv, u64) {
    let hotel = hotel();
    hotel.run(0, "initial-export");
    let card = hotel.contact(guest).id;
    let unmarked = json!({"ORIGINATOR_ID": "", "ORIGIN_ID": ""});
    assert!(hotel.server.portal().edit(Kind::Contact, card, unmarked, Utc::now()));
    (hotel, card)
}

#[test]
fn reset_id_wins_over_the_id_that_ecvi_knows() {
    let (hotel, card) = mistaken("1");
    hotel.run(0, "reset-id guest 1 --yes");
    hotel.run(0, "sync");
    let new = hotel.contact("1").id;
    assert_ne!(new, card);
    assert_eq!(crm_id(&hotel, "guests", 1), new);
    assert_eq!(hotel.deal("101").primary(), Some(new));
    hotel.runs_idle();
}

#[test]
fn reset_id_wins_also_where_nothing_is_written_back() {
    let (hotel, card) = mistaken("1");
    hotel.replace("ecvi-b24.toml", "write_back = true", "write_back = false");
    hotel.run(0, "reset-id guest 1 --yes");
    hotel.run(0, "sync");
    let new = hotel.contact("1").id;
    assert_ne!(new, card);
    assert_eq!(crm_id(&hotel, "guests", 1), card, "the mirror still has the old one");
    hotel.run(0, "sync --full");
    assert_eq!(hotel.contact("1").id, new);
    assert_eq!(hotel.counts()[0], 7);
}

#[test]
fn an_id_that_reset_id_let_go_of_stays_forgotten_when_the_new_object_vanishes() {
    for pointed in [false, true] {
        let (hotel, card) = mistaken("5");
        hotel.replace("ecvi-b24.toml", "write_back = true", "write_back = false");
        let other = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Приходько"}));
        let elsewhere = if pointed { format!("--crm-id {other} ") } else { String::new() };
        hotel.run(0, &format!("reset-id guest 5 {elsewhere}--yes"));
        hotel.run(0, "sync");
        let new = hotel.contact("5").id;
        assert!(hotel.server.portal().delete(Kind::Contact, new));
        hotel.sql("UPDATE guests SET comment = 'x', modified_at = '2026-06-01' WHERE id = 5");
        hotel.run(0, "sync");
        let third = hotel.contact("5").id;
        assert!(third != card && third != new, "pointed: {pointed}");
    }
}

#[test]
fn a_record_that_was_pointed_elsewhere_by_hand_stays_there() {
    let (hotel, _) = mistaken("1");
    let other = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Приходько"}));
    hotel.run(0, &format!("reset-id guest 1 --crm-id {other} --yes"));
    hotel.run(0, "sync");
    assert_eq!(hotel.contact("1").id, other);
    assert_eq!(crm_id(&hotel, "guests", 1), other);
    assert_eq!(hotel.deal("101").primary(), Some(other));
}
