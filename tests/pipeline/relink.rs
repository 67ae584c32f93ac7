//! Whose card is taken for one that is gone: only one of the same last name or title. A phone alone
//! is no person.

use bitrix24_sandbox::Kind;
use serde_json::{Value, json};

use crate::hotel::Hotel;

/// Guest 1, whose card was deleted, and a card by hand that shares phone and e-mail.
fn hotel(card: Value) -> (Hotel, u64) {
    let hotel = Hotel::new();
    hotel.guest(
        1,
        "last_name = 'Белова', first_name = 'Анна', phone = '8 (912) 345-67-89', email = 'a@x.ru'",
    );
    hotel.booking(1, "guest_id = 1");
    hotel.export();
    let mut fields = json!({"PHONE": [{"VALUE": "+79123456789"}], "EMAIL": [{"VALUE": "A@x.ru"}],
        "BIRTHDATE": "1950-01-01", "COMMENTS": "чужое"});
    fields.as_object_mut().unwrap().extend(card.as_object().unwrap().clone());
    let other = hotel.by_hand(Kind::Contact, fields);
    let gone = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, gone);
    (hotel, other)
}

/// The card of a stranger stays as it is, the guest gets one of their own, and somebody is told.
fn keeps_the_strangers_card(hotel: &Hotel, other: u64) {
    assert_ne!(hotel.contact(1).id, other);
    assert_eq!(hotel.portal().get(Kind::Contact, other).unwrap().text("COMMENTS"), "чужое");
    assert_eq!(hotel.issues("warnings"), ["guest 1 DOUBTFUL_MATCH"]);
    assert_eq!(hotel.status()["warnings"][0]["message"], other.to_string());
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
    hotel.runs_idle();
}

#[test]
fn a_strangers_card_with_the_same_phone_is_not_taken() {
    for name in ["Чернова", "", "Белова-Чернова"] {
        let (hotel, other) = hotel(json!({"LAST_NAME": name, "NAME": "Ольга"}));
        hotel.guest(1, "comment = 'x'");
        hotel.sync();
        hotel.sync();
        keeps_the_strangers_card(&hotel, other);
    }
}

#[test]
fn nor_is_it_where_a_booking_comes_upon_the_guest_first() {
    let (hotel, other) = hotel(json!({"LAST_NAME": "Чернова"}));
    hotel.booking(1, "comment = 'x'");
    hotel.sync();
    hotel.sync();
    hotel.sync();
    keeps_the_strangers_card(&hotel, other);
}

#[test]
fn one_card_of_the_same_last_name_is_taken_and_two_are_a_doubt() {
    let (hotel, other) = hotel(json!({"LAST_NAME": "БЕЛОВА"}));
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    assert_eq!((hotel.contact(1).id, hotel.contact(1).text("COMMENTS")), (other, "x"));
    assert_eq!(hotel.contact(1).values("PHONE"), ["+79123456789"]);
    assert_eq!(hotel.issues("warnings"), [""; 0]);

    let (hotel, other) = self::hotel(json!({"LAST_NAME": "Белова"}));
    let phone = json!([{"VALUE": "89123456789"}]);
    let second = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Белова", "PHONE": phone}));
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    assert!(![other, second].contains(&hotel.contact(1).id));
    assert_eq!(hotel.issues("warnings"), ["guest 1 DOUBTFUL_MATCH"]);
}

#[test]
fn a_company_is_taken_by_its_title_alone() {
    for (title, is_taken) in [("ООО  «РОМАШКА»", true), ("ООО «Лютик»", false)]
    {
        let hotel = Hotel::new();
        hotel.company(1, "name = 'ООО «Ромашка»', phone = '+78129999331'");
        hotel.export();
        let phone = json!([{"VALUE": "8 812 999-93-31"}]);
        let other = hotel.by_hand(Kind::Company, json!({"TITLE": title, "PHONE": phone}));
        let gone = hotel.crm_company(1).id;
        hotel.portal().delete(Kind::Company, gone);
        hotel.company(1, "comment = 'x'");
        hotel.sync();
        assert_eq!(hotel.crm_company(1).id == other, is_taken, "{title}");
        let warnings: &[&str] = if is_taken { &[] } else { &["company 1 DOUBTFUL_MATCH"] };
        assert_eq!(hotel.issues("warnings"), warnings);
    }
}
