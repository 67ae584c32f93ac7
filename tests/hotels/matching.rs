//! People and companies who stood in the CRM before the program came.

use bitrix24_sandbox::Kind;
use serde_json::{Value, json};

use crate::env::TestEnv;
use crate::hotel::values;

/// Exports, and returns the warnings.
fn export(hotel: &TestEnv) -> Vec<String> {
    hotel.run(0, "initial-export");
    hotel.runs_idle();
    hotel.issues("warnings")
}

#[test]
fn one_card_with_the_phone_and_the_last_name_is_taken_over_and_keeps_what_people_added() {
    let hotel = TestEnv::filled("matching");
    let phones = values(&["8 900 1234567", "+7 999 000-00-00"]);
    let card = hotel.by_hand(
        Kind::Contact,
        json!({"LAST_NAME": "приходько", "POST": "Директор", "PHONE": phones}),
    );
    assert_eq!(export(&hotel), Vec::<String>::new());
    let contact = hotel.contact("1");
    assert_eq!((contact.id, contact.text("POST")), (card, "Директор"));
    assert_eq!(contact.values("PHONE"), ["8 900 1234567", "+7 999 000-00-00"]);
    assert_eq!(hotel.counts(), [5, 2, 10]);
}

#[test]
fn a_guest_is_known_by_the_email_and_a_company_by_email_and_name() {
    let hotel = TestEnv::filled("matching");
    let mail = |address: &str| -> Value { values(&[address]) };
    let guest = hotel
        .by_hand(Kind::Contact, json!({"LAST_NAME": "MÜLLER", "EMAIL": mail("Hans@Example.de")}));
    let firm = json!({"TITLE": "ООО  «Ромашка»", "EMAIL": mail("office@romashka.example")});
    let firm = hotel.by_hand(Kind::Company, firm);
    assert_eq!(export(&hotel), Vec::<String>::new());
    assert_eq!((hotel.contact("3").id, hotel.company("1").id), (guest, firm));
    assert_eq!(hotel.counts(), [5, 2, 10]);
}

#[test]
fn two_cards_that_fit_are_a_doubt_and_a_new_card_is_made() {
    let hotel = TestEnv::filled("matching");
    let cards = [hotel.card("Орлов", "89007654321"), hotel.card("Орлов", "+79007654321")];
    let doubt = format!("guest 2: DOUBTFUL_MATCH {}, {}", cards[0], cards[1]);
    assert_eq!(export(&hotel), [doubt]);
    assert!(!cards.contains(&hotel.contact("2").id));
}

#[test]
fn another_last_name_on_the_phone_is_a_doubt() {
    let hotel = TestEnv::filled("matching");
    let card = hotel.card("Лисицын", "+79001112233");
    assert_eq!(export(&hotel), [format!("guest 4: DOUBTFUL_MATCH {card}")]);
    assert_eq!(
        hotel.server.portal().get(Kind::Contact, card).unwrap().text("LAST_NAME"),
        "Лисицын"
    );
}

#[test]
fn a_card_that_belongs_to_another_program_is_left_to_it() {
    let hotel = TestEnv::filled("matching");
    let theirs = json!({"LAST_NAME": "Приходько", "PHONE": values(&["+79001234567"]),
        "ORIGINATOR_ID": "1C", "ORIGIN_ID": "77"});
    let theirs = hotel.by_hand(Kind::Contact, theirs);
    assert_eq!(export(&hotel), [format!("guest 1: DOUBTFUL_MATCH {theirs}")]);
    assert_ne!(hotel.contact("1").id, theirs);
}

#[test]
fn of_two_guests_of_one_family_and_one_phone_the_one_with_the_newer_booking_gets_the_card() {
    let hotel = TestEnv::filled("matching");
    hotel.sql("UPDATE guests SET phone = '+79001234567' WHERE id = 5");
    let card = hotel.card("Приходько", "+79001234567");
    assert_eq!(export(&hotel), [format!("guest 1: DOUBTFUL_MATCH {card}")]);
    assert_eq!(hotel.contact("5").id, card);
    assert_eq!(hotel.counts(), [5, 2, 10]);
}

#[test]
fn a_guest_who_comes_later_is_matched_too_and_without_the_key_nobody_is() {
    for (example, contacts) in [("matching", 6), ("default", 7)] {
        let hotel = TestEnv::exported(example);
        hotel.card("Новиков", "+79005556677");
        hotel.sql(
            "INSERT INTO guests (id, last_name, phone, modified_at)
               VALUES (6, 'Новиков', '8 900 555-66-77', '2026-06-01')",
        );
        hotel.run(0, "sync");
        assert_eq!(hotel.counts()[0], contacts, "{example}");
    }
}

/// The warnings of an export where guest 1 has this phone, and a card of that last name has that
/// one.
fn met(guest: &str, card_phone: &str) -> (Vec<String>, bool) {
    let hotel = TestEnv::filled("matching");
    hotel.sql(&format!("UPDATE guests SET phone = '{guest}' WHERE id = 1"));
    let card = hotel.card("Приходько", card_phone);
    let warnings = export(&hotel);
    (warnings, hotel.contact("1").id == card)
}

#[test]
fn a_card_is_known_in_any_spelling_of_the_phone_that_the_portal_may_have() {
    let number = "+78129999331";
    for (guest, card) in [
        ("8 (812) 999-93-31 доб. 404", "+78129999331#404"),
        ("8 (812) 999-93-31 доб. 404", "8 (812) 999-93-31 доб. 404"),
        ("+7 812 999-93-31#404", "8 (812) 999-93-31 доб. 404"),
        ("8 (812) 999-93-31 доб. 404", number),
        (number, "+7 812 999-93-31, +7 921 000-11-22"),
        ("+79219999331", "+8 921 999-93-31"),
        (number, "8129999331"),
        (number, "007 812 9999331"),
        ("+49301234567", "0049 30 1234567"),
    ] {
        assert_eq!(met(guest, card), (Vec::new(), true), "{guest} {card}");
    }
}

#[test]
fn what_the_portal_names_and_the_program_does_not_take_is_a_doubt() {
    let (warnings, is_taken) = met("+7 812 999-93-31#404", "+7 812 999-93-31#405");
    assert!(!is_taken);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("guest 1: DOUBTFUL_MATCH"), "{warnings:?}");
}
