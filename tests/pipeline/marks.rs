//! Whose a card is: its number alone does not tell. A portal that is set back to a backup gives
//! numbers out anew.

use bitrix24_sandbox::Kind;
use serde_json::{Value, json};

use crate::hotel::Hotel;

/// Guests 1 to 4 and bookings 1 to 4, all exported; 3 and 4 came after the portal's backup, and it
/// was set back to that.
fn set_back() -> Hotel {
    let hotel = Hotel::new();
    for id in 1..=2 {
        hotel.guest(id, &format!("last_name = 'Гость{id}'"));
        hotel.booking(id, &format!("guest_id = {id}"));
    }
    hotel.export();
    let backup = hotel.portal().clone();
    for id in 3..=4 {
        hotel.guest(id, &format!("last_name = 'Гость{id}'"));
        hotel.booking(id, &format!("guest_id = {id}"));
    }
    hotel.sync();
    hotel.portal().set_back_to(&backup);
    hotel
}

/// Every guest has a contact, and every booking a deal, of its own.
fn each_has_its_own(hotel: &Hotel, last: u32) {
    for id in 1..=last {
        assert_eq!(hotel.contact(id).text("LAST_NAME"), format!("Гость{id}"));
        assert!(hotel.deal(id).text("TITLE").contains(&format!("№{id} ")));
        assert_eq!(hotel.deal(id).link_ids(), [hotel.contact(id).id], "booking {id}");
    }
    assert_eq!(
        [Kind::Contact, Kind::Deal].map(|kind| hotel.portal().count(kind)),
        [last as usize; 2]
    );
}

#[test]
fn a_number_that_the_portal_gives_out_anew_takes_the_card_from_whom_it_was_before() {
    let hotel = set_back();
    // The new ones get the numbers of 3 and 4.
    for id in 5..=6 {
        hotel.guest(id, &format!("last_name = 'Гость{id}'"));
        hotel.booking(id, &format!("guest_id = {id}"));
    }
    (0..3).for_each(|_| drop(hotel.sync()));
    each_has_its_own(&hotel, 6);
    assert!(hotel.says("status guest id:3").contains("карточки нет в CRM"));
    hotel.runs_idle();
}

#[test]
fn a_change_of_whoever_had_a_number_before_does_not_write_over_whoever_has_it_now() {
    let hotel = set_back();
    for id in 5..=6 {
        hotel.guest(id, &format!("last_name = 'Гость{id}'"));
        hotel.booking(id, &format!("guest_id = {id}"));
    }
    for id in 3..=4 {
        hotel.guest(id, "comment = 'x'");
        hotel.booking(id, "comment = 'x'");
    }
    (0..3).for_each(|_| drop(hotel.sync()));
    each_has_its_own(&hotel, 6);
    hotel.runs_idle();
}

/// Guest 1's card is guest 2's by its mark, and booking 1's deal is booking 2's, whose own are
/// gone.
fn swapped() -> Hotel {
    let hotel = Hotel::new();
    for id in 1..=2 {
        hotel.guest(id, &format!("last_name = 'Гость{id}'"));
        hotel.booking(id, &format!("guest_id = {id}"));
    }
    hotel.export();
    for (kind, named) in [(Kind::Contact, "LAST_NAME"), (Kind::Deal, "TITLE")] {
        let name = hotel.portal().get(kind, 2).unwrap().text(named).to_owned();
        hotel.portal().delete(kind, 2);
        hotel.edit(kind, 1, json!({"ORIGIN_ID": "2", named: name}));
    }
    hotel.portal().bind(1, 1);
    hotel
}

#[test]
fn an_update_is_made_only_where_the_card_carries_the_records_own_mark() {
    let hotel = swapped();
    hotel.guest(1, "comment = 'x'");
    hotel.booking(1, "comment = 'x'");
    hotel.sync();
    for (kind, name) in [(Kind::Contact, "LAST_NAME"), (Kind::Deal, "TITLE")] {
        let card = hotel.portal().get(kind, 1).unwrap().clone();
        assert_eq!((card.text("ORIGIN_ID"), card.text("COMMENTS")), ("2", ""));
        assert!(card.text(name).contains('2'), "{}", card.text(name));
    }
    assert_eq!((hotel.contact(1).text("COMMENTS"), hotel.deal(1).text("COMMENTS")), ("x", "x"));
}

#[test]
fn a_deal_that_is_another_bookings_is_not_deleted() {
    let hotel = swapped();
    hotel.remove_booking(1);
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["booking 1 NOT_OURS"]);
    assert_eq!(hotel.portal().count(Kind::Deal), 1);
}

#[test]
fn where_the_hotel_wants_to_know_such_a_card_is_reported_as_gone() {
    let hotel = swapped();
    hotel.configure("sync.on_missing = 'fail'");
    hotel.guest(1, "comment = 'x'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 1 OBJECT_MISSING"]);
    assert_eq!(hotel.portal().get(Kind::Contact, 1).unwrap().text("COMMENTS"), "");
}

#[test]
fn a_dry_run_says_that_it_makes_anew_what_it_will_make_anew() {
    let hotel = swapped();
    hotel.guest(1, "comment = 'x'");
    hotel.guest(2, "comment = 'x'");
    hotel.booking(1, "comment = 'x'");
    let plan: Value = serde_json::from_str(&hotel.says("sync --dry-run --json")).unwrap();
    let count = |kind: &str, step: &str| plan["counts"][kind][step].as_u64().unwrap();
    // Guest 2 is found again by their mark on the card that guest 1 had.
    assert_eq!(
        (count("guest", "create"), count("guest", "update"), count("booking", "create")),
        (1, 1, 1)
    );
    assert!(hotel.says("sync --dry-run").contains("прежней карточки (номер 1) в CRM больше нет"));
    assert_eq!(hotel.sync(), "sync: создано: гости 1, заявки 1; изменено: гости 1\n");
}

#[test]
fn an_audit_names_records_without_a_card_of_their_own_and_mends_them() {
    let hotel = swapped();
    let drift = || -> Vec<(String, String)> {
        let found: Value = serde_json::from_str(&hotel.exits(1, "audit --json").out).unwrap();
        let text = |drift: &Value, key: &str| drift[key].as_str().unwrap().to_owned();
        let all = found["drift"].as_array().unwrap().iter();
        all.map(|drift| {
            (text(drift, "drift"), format!("{} {}", text(drift, "kind"), text(drift, "id")))
        })
        .collect()
    };
    let found = drift();
    for kind in ["guest", "booking"] {
        assert!(found.contains(&("others_card".into(), format!("{kind} 1"))), "{found:?}");
        assert!(found.contains(&("missing".into(), format!("{kind} 2"))), "{found:?}");
    }
    hotel.exits(1, "audit --repair --yes");
    hotel.sync();
    each_has_its_own(&hotel, 2);
    hotel.exits(0, "audit");
}

#[test]
fn two_records_that_were_merged_on_purpose_go_on_sharing_a_card() {
    let hotel = Hotel::new();
    for id in 1..=2 {
        hotel.guest(id, "last_name = 'Белов', first_name = 'Олег', phone = '+79001234567'");
    }
    hotel.export();
    hotel.merge(Kind::Contact, 1, 2);
    for comment in ["x", "y", "z"] {
        hotel.guest(2, &format!("comment = '{comment}'"));
        hotel.sync();
        assert_eq!(hotel.contact(1).text("COMMENTS"), comment);
        hotel.guest(1, &format!("comment = '{comment}1'"));
        hotel.sync();
    }
    assert_eq!(hotel.portal().count(Kind::Contact), 1);
    assert_eq!(hotel.contact(1).text("COMMENTS"), "z1");
    hotel.exits(0, "audit");
}

#[test]
fn a_repair_that_does_not_last_is_not_called_done() {
    let hotel = Hotel::running();
    hotel.edit(Kind::Deal, 1, json!({"OPPORTUNITY": "1"}));
    // Somebody, or a robot, changes it back at once.
    hotel.server().people(|call, portal| {
        if call.calls("crm.deal.list") {
            portal.edit(Kind::Deal, 1, json!({"OPPORTUNITY": "1"}), chrono::Utc::now());
        }
    });
    let said = hotel.exits(1, "audit --repair --yes");
    assert!(said.err.contains("Не исправлено записей: 1"), "{}", said.err);
}

/// Another program has put its own mark on every card of ours.
fn marked_by_another_program() -> Hotel {
    let hotel = Hotel::new();
    for id in 1..=3 {
        hotel.guest(id, &format!("last_name = 'Гость{id}'"));
    }
    hotel.export();
    for id in 1..=3 {
        hotel.edit(Kind::Contact, id, json!({"ORIGINATOR_ID": "1C", "ORIGIN_ID": "7"}));
        hotel.guest(id.try_into().unwrap(), "comment = 'x'");
    }
    hotel.exits(1, "sync");
    hotel
}

#[test]
fn all_cards_that_another_program_marked_are_taken_back_at_once() {
    let hotel = marked_by_another_program();
    let said = hotel.says("reset-id --code NOT_OURS --take-back --yes");
    assert!(said.contains("гость 2: вернуть себе: контакт 2"), "{said}");
    hotel.sync();
    assert_eq!((1..=3).map(|id| hotel.contact(id).id).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(hotel.says("reset-id --code NOT_OURS --yes").contains("Таких неудач нет"));
}

#[test]
fn or_left_to_that_program_and_made_anew() {
    let hotel = marked_by_another_program();
    hotel.says("reset-id guest --code NOT_OURS --yes");
    hotel.sync();
    assert_eq!((1..=3).map(|id| hotel.contact(id).id).collect::<Vec<_>>(), [4, 5, 6]);
}

#[test]
fn no_record_is_pointed_at_an_object_that_does_not_exist() {
    let hotel = Hotel::running();
    let said = hotel.exits(2, "reset-id guest 1 --crm-id 99 --yes").err;
    assert!(said.contains("в CRM нет такой карточки: контакт 99"), "{said}");
    hotel.says("reset-id guest 1 --crm-id 1 --yes");
}

/// The number of guest 4's card is guest 5's by now, and staff restored guest 4's under another.
#[test]
fn whoever_loses_a_card_before_their_turn_is_looked_for_before_they_are_made() {
    let hotel = set_back();
    hotel.configure("portal.batch_size = 1");
    let mark = json!({"LAST_NAME": "Гость4", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "4"});
    let restored = hotel.by_hand(Kind::Contact, mark);
    hotel.guest(5, "last_name = 'Гость5'");
    hotel.booking(5, "guest_id = 5, arrival = '2027-01-01 14:00', departure = '2027-01-02 12:00'");
    hotel.guest(4, "comment = 'x'");
    (0..2).for_each(|_| drop(hotel.sync()));
    assert_eq!((hotel.contact(4).id, hotel.contact(4).text("COMMENTS")), (restored, "x"));
}

#[test]
fn a_card_that_was_changed_is_shared_with_nobody() {
    let hotel = Hotel::running();
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    let card = hotel.contact(1).id;
    hotel.edit(Kind::Contact, card, json!({"ORIGIN_ID": "777"}));
    hotel.guest(1, "comment = 'y'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 1 NOT_OURS"]);
    assert_eq!(hotel.portal().get(Kind::Contact, card).unwrap().text("COMMENTS"), "x");
}
