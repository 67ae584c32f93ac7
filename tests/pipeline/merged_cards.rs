//! Cards that carry several records after a merge in the CRM: whose mark they keep, and who writes to
//! them.

use bitrix24_sandbox::{Fault, Kind};
use serde_json::json;

use crate::hotel::Hotel;

#[test]
fn a_contact_that_was_merged_into_another_is_found_by_its_phone() {
    let hotel = Hotel::with_two_guests();
    let (keep, lost) = (hotel.contact(1).id, hotel.contact(2).id);
    hotel.merge(Kind::Contact, keep, lost);
    hotel.guest(2, "comment = 'вторая'");
    hotel.sync();
    hotel.sync();
    assert_eq!(hotel.portal().count(Kind::Contact), 1);
    assert_eq!(hotel.deal(2).link_ids(), [keep]);
    assert_eq!(hotel.portal().get(Kind::Contact, keep).unwrap().text("COMMENTS"), "вторая");
}

#[test]
fn an_object_with_two_records_keeps_its_first_owners_origin_and_each_writes_to_it() {
    let hotel = Hotel::with_two_guests();
    let (keep, lost) = (hotel.contact(1).id, hotel.contact(2).id);
    hotel.merge(Kind::Contact, keep, lost);
    hotel.says(&format!("reset-id guest 2 --crm-id {keep} --yes"));
    hotel.guest(2, "comment = 'вторая'");
    hotel.sync();
    hotel.guest(1, "comment = 'первая'");
    hotel.sync();
    let survivor = hotel.contact(1);
    assert_eq!([survivor.text("ORIGIN_ID"), survivor.text("COMMENTS")], ["1", "первая"]);
    hotel.guest(2, "comment = 'снова вторая'");
    hotel.sync();
    assert_eq!(
        [hotel.contact(1).text("ORIGIN_ID"), hotel.contact(1).text("COMMENTS")],
        ["1", "снова вторая"]
    );
    hotel.runs_idle();
}

#[test]
fn a_guest_who_ends_on_anothers_card_leaves_it_the_mark_by_which_the_other_finds_it() {
    let hotel = Hotel::new();
    // One at a time, so that the other's card is looked for only after this guest was sent.
    hotel.configure("portal.batch_size = 1");
    hotel.guest(1, "last_name = 'Белова', phone = '+71', email = 'belova@example.ru'");
    hotel.guest(2, "last_name = 'Белова', phone = '+72', email = 'belova@example.ru'");
    hotel.export();
    let (gone, card) = (hotel.contact(1).id, hotel.contact(2).id);
    hotel.says("reset-id guest 2 --yes");
    hotel.portal().delete(Kind::Contact, gone);
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    hotel.sync();
    assert_eq!(hotel.portal().count(Kind::Contact), 1);
    assert_eq!(hotel.contact(2).id, card);
    hotel.runs_idle();
}

/// What was sent of them was not answered, and another guest comes to their card in the same run.
#[test]
fn a_guest_who_is_back_in_ecvi_keeps_the_mark_of_their_card() {
    let hotel = Hotel::new();
    hotel.configure("portal.settle_time = '0s'\nportal.batch_size = 1");
    hotel.guest(1, "last_name = 'Белова', phone = '+71', email = 'belova@example.ru'");
    hotel.guest(2, "last_name = 'Белова', phone = '+72', email = 'belova@example.ru'");
    hotel.export();
    let (card, lost) = (hotel.contact(1).id, hotel.contact(2).id);
    hotel.sql("DELETE FROM guests WHERE id = 1");
    hotel.sync();
    hotel.merge(Kind::Contact, card, lost);
    hotel.guest(1, "last_name = 'Белова', phone = '+71', email = 'belova@example.ru'");
    hotel.guest(2, "comment = 'x'");
    let mut answer = Some(Fault::ResetAfter);
    hotel
        .server()
        .faults(move |call| call.calls("crm.contact.update").then(|| answer.take()).flatten());
    hotel.exits(5, "sync");
    (0..2).for_each(|_| drop(hotel.sync()));
    assert_eq!(hotel.portal().count(Kind::Contact), 1);
    assert_eq!(hotel.contact(1).id, card);
    hotel.runs_idle();
}

#[test]
fn two_guests_on_one_contact_are_one_contact_of_the_deal() {
    let hotel = Hotel::with_two_guests();
    let (keep, lost) = (hotel.contact(1).id, hotel.contact(2).id);
    hotel.merge(Kind::Contact, keep, lost);
    hotel.says(&format!("reset-id guest 2 --crm-id {keep} --yes"));
    hotel.stay(1, &[1, 2]);
    hotel.sync();
    assert_eq!(hotel.deal(1).link_ids(), [keep]);
}

/// Guest 2 was taken over, and their card was merged into the one that is returned, which bears no
/// mark.
fn merged_after_a_takeover() -> (Hotel, u64) {
    let hotel = Hotel::running();
    let [ours, other] = ["Белова", "БЕЛОВА"].map(|name| hotel.card(name, "+79001234567"));
    hotel.guest(2, &format!("last_name = 'Белова', phone = '+79001234567', crm_id = {ours}"));
    hotel.sync();
    hotel.merge(Kind::Contact, other, ours);
    hotel.edit(Kind::Contact, other, json!({"ORIGINATOR_ID": "", "ORIGIN_ID": ""}));
    (hotel, other)
}

/// What stood there before us was never written by us: the row says whom to look for.
#[test]
fn a_guest_who_was_taken_over_is_found_on_the_card_that_theirs_was_merged_into() {
    let (hotel, other) = merged_after_a_takeover();
    hotel.guest(2, "comment = 'x'");
    hotel.sync();
    assert_eq!(hotel.contact(2).id, other);
    assert_eq!(hotel.portal().count(Kind::Contact), 2);
}

#[test]
fn where_a_booking_comes_upon_such_a_guest_their_own_turn_finds_the_card() {
    let (hotel, other) = merged_after_a_takeover();
    hotel.booking(2, "guest_id = 2");
    hotel.sync();
    hotel.sync();
    assert_eq!(hotel.contact(2).id, other);
    assert_eq!(hotel.deal(2).link_ids(), [other]);
    assert_eq!(hotel.portal().count(Kind::Contact), 2);
}

#[test]
fn whoever_stays_on_a_card_after_a_slip_of_reset_id_writes_itself_over_it() {
    let hotel = Hotel::with_two_guests();
    let (first, second) = (hotel.contact(1).id, hotel.contact(2).id);
    hotel.guest(2, "last_name = 'Чернова'");
    hotel.says(&format!("reset-id guest 2 --crm-id {first} --yes"));
    hotel.sync();
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "Чернова");
    hotel.says(&format!("reset-id guest 2 --crm-id {second} --yes"));
    hotel.sync();
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "Белова");
    assert_eq!(hotel.contact(2).text("LAST_NAME"), "Чернова");
}

#[test]
fn a_card_keeps_the_mark_of_one_whose_own_is_gone_when_another_was_merged_into_it() {
    let hotel = Hotel::with_two_guests();
    hotel.configure("portal.batch_size = 1");
    let [first, second] = [1, 2].map(|id| hotel.contact(id).id);
    hotel.portal().delete(Kind::Contact, second);
    let mark = json!({"LAST_NAME": "Белова", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "2"});
    let restored = hotel.by_hand(Kind::Contact, mark);
    hotel.merge(Kind::Contact, restored, first);
    (1..=2).for_each(|id| hotel.guest(id, "comment = 'x'"));
    hotel.sync();
    assert_eq!(hotel.portal().count(Kind::Contact), 1);
    hotel.sync();
    assert_eq!([1, 2].map(|id| hotel.deal(id).link_ids()), [[restored], [restored]]);
}

#[test]
fn a_card_that_its_owner_has_left_takes_the_mark_of_whom_it_is_given_to() {
    let hotel = Hotel::with_two_guests();
    let left = hotel.contact(1).id;
    let own = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Белова"}));
    for (guest, card) in [(1, own), (2, left)] {
        hotel.says(&format!("reset-id guest {guest} --crm-id {card} --yes"));
        hotel.sync();
    }
    assert_eq!(hotel.contact(1).id, own);
    assert_eq!(hotel.portal().get(Kind::Contact, left).unwrap().text("ORIGIN_ID"), "2");
    // Nobody shares it from then on.
    hotel.edit(Kind::Contact, left, json!({"ORIGIN_ID": "777"}));
    hotel.guest(2, "comment = 'x'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 2 NOT_OURS"]);
}

/// Guest 2 shares the card of guest 1, who leaves Ecvi.
#[test]
fn whoever_stays_on_a_shared_card_puts_their_own_mark_on_it() {
    let hotel = Hotel::with_two_guests();
    let (keep, lost) = (hotel.contact(1).id, hotel.contact(2).id);
    hotel.merge(Kind::Contact, keep, lost);
    hotel.says(&format!("reset-id guest 2 --crm-id {keep} --yes"));
    hotel.sync();
    assert_eq!(hotel.portal().get(Kind::Contact, keep).unwrap().text("ORIGIN_ID"), "1");
    hotel.sql("DELETE FROM guests WHERE id = 1");
    hotel.sync();
    hotel.sync();
    assert_eq!(hotel.contact(2).id, keep);
    hotel.runs_idle();
}

/// Their own turn never comes: the bookings find the card by what was sent of the guest.
#[test]
fn a_guest_whose_row_cannot_be_read_is_found_on_the_card_that_people_made_anew() {
    let hotel = Hotel::with_two_guests();
    hotel.guest(2, "birth_date = 'вчера'");
    hotel.exits(1, "sync");
    let lost = hotel.contact(2).id;
    hotel.portal().delete(Kind::Contact, lost);
    let other = hotel.card("Белова", "+72");
    hotel.booking(2, "comment = 'x'");
    hotel.sync();
    hotel.sync();
    assert_eq!(hotel.deal(2).link_ids(), [other]);
}
