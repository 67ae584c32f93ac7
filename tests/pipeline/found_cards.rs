//! A record whose card is gone looks for another one: by its mark, and by phone, e-mail and name.

use bitrix24_sandbox::{Fault, Kind};
use serde_json::json;

use crate::hotel::Hotel;

#[test]
fn what_carries_our_mark_wins_over_a_card_with_the_same_phone() {
    let hotel = Hotel::with_two_guests();
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    let ours = json!({"LAST_NAME": "Белова", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "1"});
    let ours = hotel.by_hand(Kind::Contact, ours);
    let other = hotel.card("Белова", "+71");
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    hotel.sync();
    assert_eq!((hotel.contact(1).id, hotel.contact(1).text("COMMENTS")), (ours, "x"));
    assert_eq!(hotel.portal().get(Kind::Contact, other).unwrap().text("COMMENTS"), "");
    assert_eq!(hotel.deal(1).link_ids(), [ours]);
}

#[test]
fn a_card_with_the_mark_of_another_hotel_is_not_taken_from_it() {
    let hotel = Hotel::with_two_guests();
    let phone = json!([{"VALUE": "+71", "VALUE_TYPE": "WORK"}]);
    let theirs =
        json!({"LAST_NAME": "Белова", "PHONE": phone, "ORIGINATOR_ID": "SOUTH", "ORIGIN_ID": "77"});
    let theirs = hotel.by_hand(Kind::Contact, theirs);
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    assert_ne!(hotel.contact(1).id, theirs);
    assert_eq!(hotel.portal().get(Kind::Contact, theirs).unwrap().text("ORIGIN_ID"), "77");
}

#[test]
fn a_guest_whose_card_was_deleted_does_not_take_that_of_the_family() {
    let hotel = Hotel::new();
    hotel.guest(1, "last_name = 'Белов', phone = '+71'");
    hotel.guest(2, "last_name = 'Белова', phone = '+71'");
    hotel.export();
    let (gone, card) = (hotel.contact(1).id, hotel.contact(2).id);
    hotel.portal().delete(Kind::Contact, gone);
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    assert_eq!(hotel.contact(2).text("LAST_NAME"), "Белова");
    assert_ne!(hotel.contact(1).id, card);
}

#[test]
fn nor_that_of_a_relative_of_the_same_last_name_nor_of_one_who_is_gone_from_ecvi() {
    for (last_name, gone) in [("Белов", false), ("Чернов", true)] {
        let hotel = Hotel::new();
        hotel.guest(1, &format!("last_name = '{last_name}', first_name = 'Пётр', phone = '+71'"));
        hotel.guest(2, "last_name = 'Белов', first_name = 'Олег', phone = '+71'");
        hotel.export();
        let (card, other) = (hotel.contact(2).id, hotel.contact(1).id);
        if gone {
            hotel.sql("DELETE FROM guests WHERE id = 1");
            hotel.sync();
        }
        hotel.portal().delete(Kind::Contact, card);
        hotel.guest(2, "comment = 'x'");
        hotel.sync();
        assert_eq!(hotel.portal().get(Kind::Contact, other).unwrap().text("NAME"), "Пётр");
        assert_ne!(hotel.contact(2).id, other);
    }
}

#[test]
fn nor_that_of_one_whom_an_older_state_does_not_know() {
    for last_name in ["Белова", "Белов"] {
        let hotel = Hotel::new();
        hotel.guest(1, "last_name = 'Белов', first_name = 'Олег', phone = '+71'");
        hotel.export();
        let older = hotel.copy_of_state();
        hotel.guest(2, &format!("last_name = '{last_name}', first_name = 'Анна', phone = '+71'"));
        hotel.sync();
        let [own, other] = [1, 2].map(|id| hotel.contact(id).id);
        hotel.portal().delete(Kind::Contact, own);
        hotel.put_back(&older);
        hotel.guest(1, "comment = 'x'");
        hotel.sync();
        assert_eq!(hotel.portal().count(Kind::Contact), 2);
        assert_eq!(hotel.contact(2).id, other);
        assert_ne!(hotel.contact(1).id, other);
    }
}

#[test]
fn a_phone_about_which_the_portal_never_answers_stops_nobody_else() {
    let hotel = Hotel::with_two_guests();
    let cards = [1, 2].map(|id| hotel.contact(id).id);
    for card in cards {
        hotel.portal().delete(Kind::Contact, card);
    }
    hotel.server().faults(|call| {
        let asks = call.calls("crm.duplicate.findbycomm") && call.params.json().contains("%2B71");
        asks.then_some(Fault::Html { status: 502, executed: false })
    });
    (1..=3).for_each(|id| hotel.guest(id, "comment = 'x'"));
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 1 PORTAL_REFUSED"]);
    let comments = [2, 3].map(|id| hotel.contact(id).text("COMMENTS").to_owned());
    assert_eq!(comments, ["x", "x"]);
}

#[test]
fn a_portal_that_falls_silent_at_a_question_about_a_phone_is_no_records_failure() {
    let hotel = Hotel::with_two_guests();
    let card = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, card);
    let mut silent = false;
    hotel.server().faults(move |call| {
        silent |= call.calls("crm.duplicate.findbycomm");
        silent.then_some(Fault::Html { status: 502, executed: false })
    });
    hotel.guest(1, "comment = 'x'");
    hotel.exits(5, "sync");
    assert_eq!(hotel.issues("failures"), [""; 0]);
}

/// The two cards are called alike, and then guest 2 or the card gets another last name.
#[test]
fn a_card_is_found_by_the_name_that_was_sent_last_and_by_that_of_today() {
    for is_card_renamed in [false, true] {
        let hotel = Hotel::with_two_guests();
        hotel.guest(1, "last_name = 'Орлова'");
        hotel.sync();
        let lost = hotel.contact(2).id;
        let name = if is_card_renamed { "Чернова" } else { "Белова" };
        let keep = hotel.card(name, "+72");
        hotel.portal().delete(Kind::Contact, lost);
        hotel.guest(2, "last_name = 'Чернова'");
        hotel.sync();
        assert_eq!(hotel.contact(2).id, keep, "{name}");
    }
}

/// The portal may compare phones loosely.
#[test]
fn a_card_that_the_portal_names_and_that_has_none_of_the_phones_is_not_taken() {
    let hotel = Hotel::with_two_guests();
    let stranger = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Белова"}));
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    hotel.answers_each("crm.duplicate.findbycomm", "result", json!({"CONTACT": [stranger]}));
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    assert_eq!(hotel.portal().get(Kind::Contact, stranger).unwrap().text("COMMENTS"), "");
    assert_eq!(hotel.contact(1).text("COMMENTS"), "x");
}

#[test]
fn a_card_of_ours_that_shows_the_lost_guests_phone_is_named_and_that_of_the_family_is_not() {
    let hotel = Hotel::new();
    hotel.guest(1, "last_name = 'Белова', phone = '+71'");
    hotel.guest(2, "last_name = 'Чернова', phone = '+72'");
    hotel.guest(3, "last_name = 'Орлова', phone = '+71'");
    hotel.export();
    let [lost, keep] = [1, 2].map(|id| hotel.contact(id).id);
    hotel.merge(Kind::Contact, keep, lost);
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    assert_ne!(hotel.contact(1).id, keep);
    assert_eq!(hotel.issues("warnings"), ["guest 1 DOUBTFUL_MATCH"]);
    assert_eq!(hotel.status()["warnings"][0]["message"], keep.to_string());
}

#[test]
fn a_card_that_was_found_by_its_mark_and_then_marked_by_another_program_is_not_written_to() {
    let hotel = Hotel::with_two_guests();
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    let new = hotel.portal().restore(Kind::Contact, old).unwrap();
    hotel.require(Kind::Contact, "BIRTHDATE");
    hotel.guest(1, "comment = 'x'");
    hotel.exits(1, "sync");
    hotel.portal().settings.required.clear();
    hotel.edit(Kind::Contact, new, json!({"ORIGINATOR_ID": "1C", "ORIGIN_ID": "5"}));
    hotel.guest(1, "comment = 'y'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.portal().get(Kind::Contact, new).unwrap().text("ORIGIN_ID"), "5");
    assert_eq!(hotel.issues("failures"), ["guest 1 NOT_OURS"]);
}

#[test]
fn a_card_is_found_by_what_was_sent_to_it_though_ecvi_has_something_else_by_now() {
    for (sent, today) in
        [("phone = '+72'", "phone = '+79'"), ("email = 'old@x.ru'", "email = 'new@x.ru'")]
    {
        let hotel = Hotel::running();
        hotel.guest(2, &format!("last_name = 'Белова', first_name = 'Анна2', {sent}"));
        hotel.guest(3, "last_name = 'Белова', first_name = 'Анна3'");
        hotel.sync();
        let (keep, lost) = (hotel.contact(3).id, hotel.contact(2).id);
        hotel.merge(Kind::Contact, keep, lost);
        hotel.guest(2, today);
        hotel.sync();
        assert_eq!(hotel.portal().count(Kind::Contact), 2, "{today}");
    }
}
