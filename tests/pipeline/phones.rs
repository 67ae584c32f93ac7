//! Phones and e-mails: the value that we wrote is replaced, values of people stay.

use bitrix24_sandbox::{Kind, Row};
use serde_json::json;

use crate::hotel::Hotel;

fn hotel() -> Hotel {
    let hotel = Hotel::new();
    hotel.guest(1, "phone = '+71', email = 'old@b.ru'");
    hotel.company(1, "phone = '+71'");
    hotel.export();
    hotel
}

fn rows(hotel: &Hotel) -> Vec<Row> {
    hotel.contact(1).rows
}

#[test]
fn our_value_is_replaced_in_its_row() {
    let hotel = hotel();
    let before: Vec<u64> = rows(&hotel).iter().map(|row| row.id).collect();
    hotel.guest(1, "phone = '+72', email = 'new@b.ru'");
    hotel.company(1, "phone = '+73'");
    hotel.sync();
    assert_eq!(rows(&hotel).iter().map(|row| row.id).collect::<Vec<_>>(), before);
    assert_eq!(hotel.contact(1).values("PHONE"), ["+72"]);
    assert_eq!(hotel.contact(1).values("EMAIL"), ["new@b.ru"]);
    assert_eq!(hotel.crm_company(1).values("PHONE"), ["+73"]);
}

#[test]
fn values_that_people_added_stay() {
    let hotel = hotel();
    let more = json!({"PHONE": [{"VALUE": "+7 людей", "VALUE_TYPE": "HOME"}], "EMAIL": [{"VALUE": "p@b.ru"}]});
    hotel.edit(Kind::Contact, hotel.contact(1).id, more);
    hotel.guest(1, "phone = '+72', email = NULL");
    hotel.sync();
    assert_eq!(hotel.contact(1).values("PHONE"), ["+72", "+7 людей"]);
    assert_eq!(hotel.contact(1).values("EMAIL"), ["p@b.ru"]);
}

#[test]
fn if_people_changed_our_value_theirs_stays_and_ours_is_written_anew() {
    let hotel = hotel();
    let row = rows(&hotel).into_iter().find(|row| row.type_id == "PHONE").unwrap();
    let changed = json!({"PHONE": [{"ID": row.id, "VALUE": "+7 людей", "VALUE_TYPE": "WORK"}]});
    hotel.edit(Kind::Contact, hotel.contact(1).id, changed);
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    assert_eq!(hotel.contact(1).values("PHONE"), ["+7 людей", "+71"]);
}

#[test]
fn a_value_that_the_portal_refused_is_not_ours_when_people_add_it() {
    let hotel = hotel();
    hotel.require(Kind::Contact, "BIRTHDATE");
    hotel.guest(1, "phone = '+72'");
    hotel.exits(1, "sync");
    let theirs =
        json!({"PHONE": [{"VALUE": "+72", "VALUE_TYPE": "WORK"}], "BIRTHDATE": "1990-01-01"});
    hotel.edit(Kind::Contact, hotel.contact(1).id, theirs);
    hotel.guest(1, "phone = '+73', birth_date = '1990-01-01'");
    hotel.sync();
    assert_eq!(hotel.contact(1).values("PHONE"), ["+73", "+72"]);
}

#[test]
fn a_value_that_ecvi_dropped_is_deleted_and_the_others_stay() {
    let hotel = hotel();
    hotel.guest(1, "phone = '+71; +72; +73'");
    hotel.sync();
    hotel.guest(1, "phone = '+71; +73'");
    hotel.sync();
    assert_eq!(hotel.contact(1).values("PHONE"), ["+71", "+73"]);
}

#[test]
fn nothing_piles_up_when_the_record_changes_otherwise() {
    let hotel = hotel();
    let before = rows(&hotel);
    for comment in ["a", "b", "c"] {
        hotel.guest(1, &format!("comment = '{comment}'"));
        hotel.sync();
    }
    assert_eq!(rows(&hotel), before);
}

#[test]
fn what_stood_there_before_a_takeover_counts_as_peoples() {
    let hotel = Hotel::new();
    let phones = json!({"LAST_NAME": "Белова", "PHONE": [{"VALUE": "+71"}, {"VALUE": "+7 людей"}]});
    let contact = hotel.by_hand(Kind::Contact, phones);
    hotel.guest(1, &format!("last_name = 'Белова', phone = '+71', crm_id = {contact}"));
    hotel.export();
    assert_eq!(hotel.contact(1).values("PHONE"), ["+71", "+7 людей"]);
    hotel.guest(1, "phone = '+72'");
    hotel.sync();
    assert_eq!(hotel.contact(1).values("PHONE"), ["+71", "+7 людей", "+72"]);
}

#[test]
fn what_stands_there_after_a_lost_state_counts_as_peoples() {
    let hotel = hotel();
    hotel.lose_state();
    hotel.guest(1, "phone = '+72'");
    hotel.export();
    assert_eq!(hotel.contact(1).values("PHONE"), ["+71", "+72"]);
}

#[test]
fn a_phone_is_stored_as_it_was_written() {
    let hotel = hotel();
    hotel.guest(1, "phone = '8 (900) 123-45-67 доб. 5'");
    hotel.sync();
    assert_eq!(hotel.contact(1).values("PHONE"), ["8 (900) 123-45-67 доб. 5"]);
}

#[test]
fn what_people_added_stays_peoples_also_where_ecvi_has_the_same_for_a_while() {
    let hotel = hotel();
    let theirs = json!({"PHONE": [{"VALUE": "+79", "VALUE_TYPE": "HOME"}]});
    hotel.edit(Kind::Contact, hotel.contact(1).id, theirs);
    for phones in ["+71, +79", "+71"] {
        hotel.guest(1, &format!("phone = '{phones}'"));
        hotel.sync();
        assert_eq!(hotel.contact(1).values("PHONE"), ["+71", "+79"], "{phones}");
    }
}
