//! Objects that the CRM holds already: by the id that Ecvi knows, by origin, by phone and e-mail.

use bitrix24_sandbox::Kind;
use serde_json::json;

use crate::hotel::Hotel;

#[test]
fn a_row_with_a_crm_id_is_taken_over_not_created() {
    let hotel = Hotel::new();
    let contact = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Старое", "POST": "директор"}));
    let company = hotel.by_hand(Kind::Company, json!({"TITLE": "Старое"}));
    let deal = hotel.by_hand(Kind::Deal, json!({"TITLE": "Старое", "STAGE_ID": "NEW"}));
    hotel.guest(1, &format!("last_name = 'Белова', crm_id = {contact}"));
    hotel.company(1, &format!("crm_id = {company}"));
    hotel.booking(1, &format!("guest_id = 1, company_id = 1, status = 'checked_out', crm_id = {deal}"));
    assert!(hotel.export().contains("initial-export: изменено: гости 1, компании 1, заявки 1\n"));
    assert_eq!([hotel.contact(1).id, hotel.firm(1).id, hotel.deal(1).id], [contact, company, deal]);
    assert_eq!([hotel.contact(1).text("LAST_NAME"), hotel.contact(1).text("POST")], ["Белова", "директор"]);
    assert_eq!([hotel.deal(1).text("STAGE_ID"), hotel.deal(1).text("CLOSEDATE")], ["WON", "2026-12-05"]);
    assert_eq!(hotel.deal(1).link_ids(), [contact]);
}

#[test]
fn a_later_pass_takes_over_too() {
    let hotel = Hotel::running();
    let contact = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Старое"}));
    hotel.guest(2, &format!("crm_id = {contact}"));
    assert_eq!(hotel.sync(), "sync: изменено: гости 1\n");
    assert_eq!(hotel.contact(2).id, contact);
}

#[test]
fn an_object_found_by_origin_wins_over_the_crm_id() {
    let hotel = Hotel::new();
    let ours = json!({"LAST_NAME": "Наш", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "1"});
    let (ours, other) =
        (hotel.by_hand(Kind::Contact, ours), hotel.by_hand(Kind::Contact, json!({"NAME": "x"})));
    hotel.guest(1, &format!("crm_id = {other}"));
    hotel.export();
    assert_eq!(hotel.contact(1).id, ours);
    assert_eq!(hotel.portal().get(Kind::Contact, other).unwrap().text("NAME"), "x");
}

#[test]
fn of_two_rows_with_one_crm_id_the_second_is_reported_not_merged() {
    let hotel = Hotel::new();
    let contact = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Старое"}));
    hotel.guest(1, &format!("last_name = 'Первая', crm_id = {contact}"));
    hotel.guest(2, &format!("last_name = 'Вторая', crm_id = {contact}"));
    hotel.exits(1, "initial-export");
    assert_eq!(hotel.contact(1).id, contact);
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "Первая");
    assert_eq!(hotel.flaws("failures"), ["guest 2 CRM_ID_TAKEN"]);
    assert_eq!(hotel.portal().count(Kind::Contact), 1);
}

#[test]
fn a_crm_id_that_no_longer_exists_counts_as_none() {
    let hotel = Hotel::new();
    hotel.guest(1, "crm_id = 4242");
    hotel.booking(1, "guest_id = 1, crm_id = 4243");
    assert!(hotel.export().contains("initial-export: создано: гости 1, заявки 1\n"));
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
}

#[test]
fn a_crm_id_in_the_mirror_of_a_known_record_changes_nothing() {
    let hotel = Hotel::running();
    let other = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Чужой"}));
    let ours = hotel.contact(1).id;
    hotel.guest(1, &format!("crm_id = {other}"));
    hotel.sync();
    assert_eq!(hotel.contact(1).id, ours);
}

#[test]
fn the_objects_of_another_hotel_of_the_chain_are_not_ours() {
    let hotel = Hotel::new();
    hotel.configure("portal.originator_id = 'HOTEL-2'");
    hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "x", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "1"}));
    hotel.guest(1, "");
    hotel.export();
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "x");
    assert_eq!(hotel.portal().with_origin(Kind::Contact, "HOTEL-2", "1").len(), 1);
}

/// A hotel that looks for people who stand there already, and a card of one.
fn matching(card: serde_json::Value) -> (Hotel, u64) {
    let hotel = Hotel::new();
    hotel.configure("contact.match_existing = ['phone', 'email']");
    let card = hotel.by_hand(Kind::Contact, card);
    (hotel, card)
}

fn belova() -> serde_json::Value {
    json!({"LAST_NAME": "Белова", "PHONE": [{"VALUE": "8 (900) 123-45-67"}], "EMAIL": [{"VALUE": "b@b.ru"}]})
}

#[test]
fn one_card_with_this_phone_or_email_and_last_name_is_taken_over() {
    for reach in ["phone = '+79001234567'", "email = 'B@b.ru'"] {
        let (hotel, card) = matching(belova());
        hotel.guest(1, &format!("last_name = 'БЕЛОВА', {reach}"));
        hotel.export();
        assert_eq!(hotel.contact(1).id, card, "{reach}");
        assert_eq!(hotel.flaws("warnings"), [""; 0]);
    }
}

#[test]
fn nobody_is_looked_for_unless_the_hotel_wants_it() {
    let hotel = Hotel::new();
    let card = hotel.by_hand(Kind::Contact, belova());
    hotel.guest(1, "last_name = 'Белова', phone = '8 (900) 123-45-67'");
    hotel.export();
    assert_ne!(hotel.contact(1).id, card);
}

#[test]
fn a_doubtful_match_is_created_with_a_warning() {
    let another_name = json!({"LAST_NAME": "Чернова", "PHONE": [{"VALUE": "+79001234567"}]});
    let anothers = json!({"LAST_NAME": "Белова", "PHONE": [{"VALUE": "+79001234567"}], "ORIGINATOR_ID": "1C",
                          "ORIGIN_ID": "7"});
    for card in [another_name, anothers] {
        let (hotel, card) = matching(card);
        hotel.guest(1, "last_name = 'Белова', phone = '+79001234567'");
        hotel.export();
        assert_ne!(hotel.contact(1).id, card);
        assert_eq!(hotel.flaws("warnings"), ["guest 1 DOUBTFUL_MATCH"]);
    }
}

#[test]
fn two_cards_that_fit_are_a_doubtful_match() {
    let (hotel, first) = matching(belova());
    let second = hotel.by_hand(Kind::Contact, belova());
    hotel.guest(1, "last_name = 'Белова', phone = '+79001234567'");
    hotel.export();
    assert!(![first, second].contains(&hotel.contact(1).id));
    assert_eq!(hotel.flaws("warnings"), ["guest 1 DOUBTFUL_MATCH"]);
}

#[test]
fn a_family_with_one_phone_takes_over_one_card_once() {
    let (hotel, card) = matching(belova());
    hotel.guest(1, "last_name = 'Белова', first_name = 'Алла', phone = '+79001234567'");
    hotel.guest(2, "last_name = 'Белова', first_name = 'Нина', phone = '+79001234567'");
    hotel.export();
    assert_eq!(hotel.contact(1).id, card);
    assert_ne!(hotel.contact(2).id, card);
}

#[test]
fn companies_are_looked_for_by_their_name() {
    let hotel = Hotel::new();
    hotel.configure("company.match_existing = ['phone']");
    let card =
        hotel.by_hand(Kind::Company, json!({"TITLE": "Ромашка", "PHONE": [{"VALUE": "+73812000001"}]}));
    hotel.company(1, "name = 'ромашка', phone = '8 3812 00-00-01'");
    hotel.export();
    assert_eq!(hotel.firm(1).id, card);
}
