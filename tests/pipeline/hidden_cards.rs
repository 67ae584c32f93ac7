//! Objects that the webhook's user may not see: they are not made again.

use bitrix24_sandbox::{Fault, Kind};
use serde_json::json;

use crate::hotel::Hotel;

/// An administrator narrows the role of the webhook's user: lists leave these objects out as if
/// they were gone.
fn hide(hotel: &Hotel, objects: &[(Kind, u64)]) {
    hotel.portal().settings.user.admin = false;
    hotel.portal().settings.hidden = objects.to_vec();
}

#[test]
fn an_object_that_the_user_may_not_see_is_not_made_again() {
    let hotel = Hotel::with_two_guests();
    let (contact, deal) = (hotel.contact(1).id, hotel.deal(1).id);
    hide(&hotel, &[(Kind::Contact, contact), (Kind::Deal, deal)]);
    hotel.guest(1, "comment = 'x'");
    hotel.booking(1, "comment = 'x'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 1 ACCESS_DENIED", "booking 1 ACCESS_DENIED"]);
    hide(&hotel, &[]);
    hotel.says("retry");
    assert_eq!((hotel.contact(1).id, hotel.deal(1).id), (contact, deal));
    assert_eq!(hotel.portal().count(Kind::Contact), 2);
    assert_eq!(hotel.portal().count(Kind::Deal), 2);
    assert_eq!(hotel.deal(1).text("COMMENTS"), "x");
}

#[test]
fn what_an_unanswered_call_made_out_of_the_users_sight_is_not_made_again() {
    let hotel = Hotel::with_two_guests();
    (3..=30).for_each(|id| hotel.booking(id, "guest_id = 1"));
    hotel.sync();
    hotel.configure("portal.settle_time = '0s'");
    hotel.booking(30, "comment = 'x'");
    hotel.booking(31, "guest_id = 1");
    let mut lost = Some(Fault::ResetAfter);
    hotel
        .server()
        .faults(move |exchange| exchange.calls("crm.deal.add").then(|| lost.take()).flatten());
    hotel.exits(5, "sync");
    // What is new by now he would see.
    hide(&hotel, &[1, 31].map(|id| (Kind::Deal, hotel.deal(id).id)));
    hotel.edit(Kind::Deal, hotel.deal(30).id, json!({"COMMENTS": "y"}));
    hotel.booking(32, "guest_id = 1");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["booking 31 ACCESS_DENIED"]);
    assert_eq!(hotel.deal(30).text("COMMENTS"), "x");
    hide(&hotel, &[]);
    hotel.says("retry");
    assert_eq!(hotel.portal().count(Kind::Deal), 32);
    hotel.runs_idle();
}

#[test]
fn nor_is_what_reset_id_lets_go_of_where_the_user_may_not_see_it() {
    let hotel = Hotel::with_two_guests();
    let contact = hotel.contact(2).id;
    hide(&hotel, &[(Kind::Contact, contact)]);
    for command in ["sync", "initial-export"] {
        hotel.says("reset-id guest 2 --yes");
        hotel.exits(1, command);
        assert_eq!(hotel.issues("failures"), ["guest 2 ACCESS_DENIED"]);
        assert_eq!(hotel.portal().count(Kind::Contact), 2);
    }
    hide(&hotel, &[]);
    hotel.says("retry");
    assert_eq!(hotel.contact(2).id, contact);
}

#[test]
fn a_deal_keeps_the_contact_that_the_user_may_not_see() {
    let hotel = Hotel::with_two_guests();
    let contact = hotel.contact(1).id;
    hide(&hotel, &[(Kind::Contact, contact)]);
    hotel.booking(1, "comment = 'x'");
    hotel.sync();
    assert_eq!(hotel.deal(1).link_ids(), [contact]);
    assert_eq!(hotel.portal().count(Kind::Contact), 2);
}

#[test]
fn a_deal_that_the_user_may_not_see_does_not_count_as_deleted() {
    let hotel = Hotel::with_two_guests();
    let deal = hotel.deal(1).id;
    hide(&hotel, &[(Kind::Deal, deal)]);
    hotel.remove_booking(1);
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["booking 1 ACCESS_DENIED"]);
    assert_eq!(hotel.status()["failures"][0]["operation"], "delete");
    hide(&hotel, &[]);
    hotel.says("retry");
    assert_eq!(hotel.portal().count(Kind::Deal), 1);
}

#[test]
fn an_object_that_ecvi_names_and_the_user_may_not_see_is_not_made_again() {
    let hotel = Hotel::with_two_guests();
    let contact = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Орлова"}));
    hide(&hotel, &[(Kind::Contact, contact)]);
    hotel.guest(3, &format!("crm_id = {contact}"));
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 3 ACCESS_DENIED"]);
    assert_eq!(hotel.portal().count(Kind::Contact), 3);
}

#[test]
fn an_update_of_a_deal_out_of_the_users_sight_is_no_failed_deletion() {
    let hotel = Hotel::with_two_guests();
    hide(&hotel, &[(Kind::Deal, hotel.deal(1).id)]);
    hotel.booking(1, "comment = 'x'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.status()["failures"][0]["operation"], "update");
}
