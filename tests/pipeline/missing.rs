//! Objects that vanish from the CRM, and objects that carry several records after a merge.

use std::time::Duration;

use bitrix24_sandbox::{Fault, Harm, Kind, Spoiled};
use chrono::Utc;
use ecvi_b24::domain::per_kind::PerKind;
use serde_json::json;

use crate::hotel::Hotel;

/// Guests 1 and 2, each with a phone and a booking.
fn hotel() -> Hotel {
    let hotel = Hotel::new();
    hotel.guest(1, "last_name = 'Белова', phone = '+71'");
    hotel.guest(2, "last_name = 'Белова', phone = '+72'");
    hotel.booking(1, "guest_id = 1");
    hotel.booking(2, "guest_id = 2");
    hotel.export();
    hotel
}

fn merge(hotel: &Hotel, kind: Kind, keep: u64, lost: u64) {
    assert!(hotel.portal().merge(kind, keep, lost, Utc::now()));
}

#[test]
fn a_contact_that_was_deleted_is_created_anew_and_its_deals_point_at_it() {
    let hotel = hotel();
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    hotel.sync();
    assert_ne!(hotel.contact(1).id, old);
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
    assert!(hotel.says("status guest id:1").contains("карточки нет в CRM"));
    hotel.runs_idle();
}

#[test]
fn a_deal_never_points_at_a_contact_that_is_gone() {
    let hotel = hotel();
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    hotel.booking(1, "comment = 'x'");
    hotel.sync();
    hotel.sync();
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
    assert_eq!(hotel.deal(1).text("COMMENTS"), "x");
}

#[test]
fn a_deal_waits_for_a_guest_whose_card_goes_between_two_looks() {
    let hotel = hotel();
    let older = hotel.copy_of_state();
    hotel.guest(3, "last_name = 'Новикова'");
    hotel.booking(3, "guest_id = 3");
    hotel.sync();
    // The older state knows neither of them. The first request finds the card by its origin, the
    // second looks at it.
    hotel.put_back(&older);
    let old = hotel.contact(3).id;
    let ended = hotel.sync_disturbed(|request| {
        if request == 2 {
            hotel.portal().delete(Kind::Contact, old);
        }
    });
    assert_eq!((ended.counts.created, ended.counts.updated), (PerKind::all(0), PerKind::all(0)));
    assert_eq!(hotel.status()["records"]["booking"]["waiting"], 1);
    hotel.sync();
    assert_eq!(hotel.portal().count(Kind::Deal), 3);
    assert_eq!(hotel.deal(3).link_ids(), [hotel.contact(3).id]);
    hotel.runs_idle();
}

#[test]
fn whoever_of_a_deals_people_is_gone_it_points_at_none_of_them_for_not_even_one_run() {
    for gone in [vec![Kind::Contact], vec![Kind::Company], vec![Kind::Contact, Kind::Company]] {
        let hotel = Hotel::new();
        hotel.guest(1, "");
        hotel.company(1, "");
        hotel.booking(1, "guest_id = 1, company_id = 1");
        hotel.export();
        let (contact, company) = (hotel.contact(1).id, hotel.crm_company(1).id);
        for kind in &gone {
            hotel.portal().delete(*kind, if *kind == Kind::Contact { contact } else { company });
        }
        hotel.booking(1, "comment = 'x'");
        hotel.sync();
        let deal = hotel.deal(1);
        assert!(!gone.contains(&Kind::Contact) || deal.link_ids().is_empty(), "{gone:?}: {deal:?}");
        assert!(
            !gone.contains(&Kind::Company) || matches!(deal.text("COMPANY_ID"), "" | "0"),
            "{gone:?}: {deal:?}"
        );
        hotel.sync();
        let deal = hotel.deal(1);
        assert_eq!(deal.link_ids(), [hotel.contact(1).id], "{gone:?}");
        assert_eq!(deal.text("COMPANY_ID"), hotel.crm_company(1).id.to_string(), "{gone:?}");
    }
}

#[test]
fn a_deal_that_was_deleted_is_created_anew_when_its_booking_changes() {
    let hotel = hotel();
    let old = hotel.deal(1).id;
    hotel.portal().delete(Kind::Deal, old);
    hotel.booking(1, "status = 'checked_out'");
    assert_eq!(hotel.sync(), "sync: создано: заявки 1\n");
    assert_eq!(hotel.deal(1).text("CLOSEDATE"), "2026-12-05");
}

#[test]
fn an_object_that_was_restored_under_a_new_id_is_found_by_its_origin() {
    let hotel = hotel();
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    let new = hotel.portal().restore(Kind::Contact, old).unwrap();
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    hotel.sync();
    assert_eq!(hotel.contact(1).id, new);
    assert_eq!(hotel.deal(1).link_ids(), [new]);
    assert!(hotel.says("status guest id:1").contains("найдена другая карточка"));
}

#[test]
fn what_carries_our_mark_wins_over_a_card_with_the_same_phone() {
    let hotel = hotel();
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    let ours = json!({"LAST_NAME": "Белова", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "1"});
    let ours = hotel.by_hand(Kind::Contact, ours);
    let other = json!({"LAST_NAME": "Белова", "PHONE": [{"VALUE": "+71", "VALUE_TYPE": "WORK"}]});
    let other = hotel.by_hand(Kind::Contact, other);
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    hotel.sync();
    assert_eq!((hotel.contact(1).id, hotel.contact(1).text("COMMENTS")), (ours, "x"));
    assert_eq!(hotel.portal().get(Kind::Contact, other).unwrap().text("COMMENTS"), "");
    assert_eq!(hotel.deal(1).link_ids(), [ours]);
}

#[test]
fn a_contact_that_was_merged_into_another_is_found_by_its_phone() {
    let hotel = hotel();
    let (keep, lost) = (hotel.contact(1).id, hotel.contact(2).id);
    merge(&hotel, Kind::Contact, keep, lost);
    hotel.guest(2, "comment = 'вторая'");
    hotel.sync();
    hotel.sync();
    assert_eq!(hotel.portal().count(Kind::Contact), 1);
    assert_eq!(hotel.deal(2).link_ids(), [keep]);
    assert_eq!(hotel.portal().get(Kind::Contact, keep).unwrap().text("COMMENTS"), "вторая");
}

#[test]
fn an_object_with_two_records_keeps_its_first_owners_origin_and_each_writes_to_it() {
    let hotel = hotel();
    let (keep, lost) = (hotel.contact(1).id, hotel.contact(2).id);
    merge(&hotel, Kind::Contact, keep, lost);
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
    hotel.configure("portal.settle_time = '500ms'\nportal.batch_size = 1");
    hotel.guest(1, "last_name = 'Белова', phone = '+71', email = 'belova@example.ru'");
    hotel.guest(2, "last_name = 'Белова', phone = '+72', email = 'belova@example.ru'");
    hotel.export();
    let (card, lost) = (hotel.contact(1).id, hotel.contact(2).id);
    hotel.sql("DELETE FROM guests WHERE id = 1");
    hotel.sync();
    merge(&hotel, Kind::Contact, card, lost);
    hotel.guest(1, "last_name = 'Белова', phone = '+71', email = 'belova@example.ru'");
    hotel.guest(2, "comment = 'x'");
    let mut answer = Some(Fault::ResetAfter);
    hotel
        .server()
        .faults(move |call| call.calls("crm.contact.update").then(|| answer.take()).flatten());
    hotel.exits(5, "sync");
    for _ in 0..2 {
        std::thread::sleep(Duration::from_millis(600));
        hotel.sync();
    }
    assert_eq!(hotel.portal().count(Kind::Contact), 1);
    assert_eq!(hotel.contact(1).id, card);
    hotel.runs_idle();
}

#[test]
fn two_guests_on_one_contact_are_one_contact_of_the_deal() {
    let hotel = hotel();
    let (keep, lost) = (hotel.contact(1).id, hotel.contact(2).id);
    merge(&hotel, Kind::Contact, keep, lost);
    hotel.says(&format!("reset-id guest 2 --crm-id {keep} --yes"));
    hotel.stay(1, &[1, 2]);
    hotel.sync();
    assert_eq!(hotel.deal(1).link_ids(), [keep]);
}

#[test]
fn where_the_hotel_wants_to_know_a_vanished_object_is_a_failure() {
    let hotel = hotel();
    hotel.configure("sync.on_missing = 'fail'");
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    hotel.guest(1, "comment = 'x'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 1 OBJECT_MISSING"]);
    assert!(hotel.objects(Kind::Contact, &1).is_empty());
    hotel.says("reset-id guest 1 --yes");
    hotel.sync();
    assert_eq!(hotel.objects(Kind::Contact, &1).len(), 1);
}

#[test]
fn where_the_hotel_wants_to_know_the_deals_of_a_vanished_contact_wait_for_it() {
    let hotel = hotel();
    hotel.configure("sync.on_missing = 'fail'");
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    hotel.booking(1, "comment = 'x'");
    hotel.sync();
    for _ in 0..2 {
        assert_eq!((hotel.deal(1).text("COMMENTS"), hotel.deal(1).link_ids()), ("", vec![]));
        hotel.exits(1, "sync --retry-failed");
    }
    hotel.says("reset-id guest 1 --yes");
    hotel.sync();
    assert_eq!(hotel.deal(1).text("COMMENTS"), "x");
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
}

#[test]
fn where_the_hotel_wants_to_know_a_guest_who_cannot_be_read_is_not_made_anew_either() {
    let hotel = hotel();
    hotel.configure("sync.on_missing = 'fail'");
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    hotel.guest(1, "birth_date = 'вчера'");
    for comment in ["x", "y"] {
        hotel.booking(1, &format!("comment = '{comment}'"));
        hotel.exits(1, "sync --retry-failed");
    }
    hotel.guest(1, "birth_date = '1990-01-01'");
    hotel.exits(1, "sync");
    assert!(hotel.objects(Kind::Contact, &1).is_empty());
    assert_eq!(hotel.issues("failures"), ["guest 1 OBJECT_MISSING"]);
}

/// Guest 1 or company 1 whom booking 1 names has lost their card, and is not to be made anew.
fn without_card(kind: Kind, named_as: &str) -> Hotel {
    let hotel = hotel();
    hotel.configure("sync.on_missing = 'fail'");
    hotel.company(1, "phone = '+73'");
    hotel.booking(1, named_as);
    hotel.stay(1, &[1, 2]);
    hotel.booking(3, "company_id = 1");
    hotel.sync();
    let card = if kind == Kind::Company { hotel.crm_company(1).id } else { hotel.contact(1).id };
    hotel.portal().delete(kind, card);
    hotel.booking(1, "comment = 'x'");
    hotel
}

#[test]
fn a_card_that_is_gone_is_not_asked_for_in_every_run_while_its_row_cannot_be_read() {
    let named = [
        (Kind::Company, "guest_id = 2, company_id = 1"),
        (Kind::Company, "guest_id = 2, payer_company_id = 1"),
        (Kind::Contact, "guest_id = 1"),
        (Kind::Contact, "guest_id = 2"),
    ];
    for (kind, named_as) in named {
        let hotel = without_card(kind, named_as);
        let table = if kind == Kind::Company { "companies" } else { "guests" };
        hotel.sql(&format!("UPDATE {table} SET modified_at = '' WHERE id = 1"));
        hotel.exits(1, "sync");
        hotel.sync();
        hotel.runs_idle();
        hotel.runs_idle();
        hotel.sql(&format!("UPDATE {table} SET modified_at = '2026-12-01' WHERE id = 1"));
        hotel.exits(1, "sync");
        assert!(hotel.issues("failures")[0].ends_with(" 1 OBJECT_MISSING"), "{named_as}");
    }
}

#[test]
fn nor_while_a_guard_waits_for_somebody_to_say_that_its_row_is_gone() {
    let hotel = without_card(Kind::Company, "company_id = 1");
    (2..=7).for_each(|id| hotel.company(id, ""));
    hotel.sync();
    hotel.sql("DELETE FROM companies WHERE id <= 4");
    hotel.booking(3, "comment = 'x'");
    hotel.exits(1, "sync");
    hotel.exits(1, "sync");
    for _ in 0..2 {
        assert_eq!(hotel.requests(|hotel| drop(hotel.exits(1, "sync"))), 0);
    }
}

#[test]
fn nor_while_the_card_that_may_have_taken_its_place_cannot_be_shown() {
    let hotel = Hotel::running();
    hotel.company(1, "");
    hotel.booking(1, "company_id = 1");
    hotel.sync();
    let old = hotel.crm_company(1).id;
    hotel.portal().delete(Kind::Company, old);
    let mark = json!({"TITLE": "Ромашка", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "1"});
    let restored = hotel.by_hand(Kind::Company, mark);
    let unreadable = Spoiled::Everywhere(Harm::WrongEncoding);
    hotel.portal().settings.spoiled.insert((Kind::Company, restored), unreadable);
    hotel.company(1, "comment = 'x'");
    hotel.booking(1, "comment = 'x'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["company 1 CARD_UNREADABLE"]);
    hotel.booking(1, "comment = 'y'");
    hotel.sync();
    hotel.sync();
    hotel.runs_idle();
    hotel.portal().settings.spoiled.clear();
    hotel.says("retry");
    hotel.sync();
    assert_eq!(hotel.deal(1).text("COMPANY_ID"), restored.to_string());
    hotel.runs_idle();
}

#[test]
fn after_reset_id_an_object_that_still_exists_is_taken_over() {
    let hotel = hotel();
    let before = hotel.contact(1).id;
    hotel.says("reset-id guest 1 --yes");
    assert_eq!(hotel.sync(), "sync: изменено: гости 1\n");
    assert_eq!(hotel.contact(1).id, before);
}

#[test]
fn after_reset_id_of_everything_nothing_is_doubled() {
    let hotel = hotel();
    hotel.says("reset-id --all --yes");
    hotel.sync();
    hotel.sync();
    assert_eq!([Kind::Contact, Kind::Deal].map(|kind| hotel.portal().count(kind)), [2, 2]);
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
}

/// Guest 2 was taken over, and their card was merged into the one that is returned, which bears no
/// mark.
fn merged_after_a_takeover() -> (Hotel, u64) {
    let hotel = Hotel::running();
    let phone = json!([{"VALUE": "+79001234567", "VALUE_TYPE": "WORK"}]);
    let card = |name: &str| json!({"LAST_NAME": name, "PHONE": phone});
    let [ours, other] = ["Белова", "БЕЛОВА"].map(|name| hotel.by_hand(Kind::Contact, card(name)));
    hotel.guest(2, &format!("last_name = 'Белова', phone = '+79001234567', crm_id = {ours}"));
    hotel.sync();
    merge(&hotel, Kind::Contact, other, ours);
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
fn a_card_with_the_mark_of_another_hotel_is_not_taken_from_it() {
    let hotel = hotel();
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

/// An administrator narrows the role of the webhook's user: lists leave these objects out as if
/// they were gone.
fn hide(hotel: &Hotel, objects: &[(Kind, u64)]) {
    hotel.portal().settings.user.admin = false;
    hotel.portal().settings.hidden = objects.to_vec();
}

#[test]
fn an_object_that_the_user_may_not_see_is_not_made_again() {
    let hotel = hotel();
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
    let hotel = hotel();
    (3..=30).for_each(|id| hotel.booking(id, "guest_id = 1"));
    hotel.sync();
    hotel.configure("portal.request_timeout = '500ms'\nportal.settle_time = '500ms'");
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
    std::thread::sleep(Duration::from_millis(600));
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
    let hotel = hotel();
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
    let hotel = hotel();
    let contact = hotel.contact(1).id;
    hide(&hotel, &[(Kind::Contact, contact)]);
    hotel.booking(1, "comment = 'x'");
    hotel.sync();
    assert_eq!(hotel.deal(1).link_ids(), [contact]);
    assert_eq!(hotel.portal().count(Kind::Contact), 2);
}

#[test]
fn a_deal_that_the_user_may_not_see_does_not_count_as_deleted() {
    let hotel = hotel();
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
    let hotel = hotel();
    let contact = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Орлова"}));
    hide(&hotel, &[(Kind::Contact, contact)]);
    hotel.guest(3, &format!("crm_id = {contact}"));
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 3 ACCESS_DENIED"]);
    assert_eq!(hotel.portal().count(Kind::Contact), 3);
}

#[test]
fn whoever_stays_on_a_card_after_a_slip_of_reset_id_writes_itself_over_it() {
    let hotel = hotel();
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
fn a_card_keeps_the_mark_of_one_whose_own_is_gone_when_another_was_merged_into_it() {
    let hotel = hotel();
    hotel.configure("portal.batch_size = 1");
    let [first, second] = [1, 2].map(|id| hotel.contact(id).id);
    hotel.portal().delete(Kind::Contact, second);
    let mark = json!({"LAST_NAME": "Белова", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "2"});
    let restored = hotel.by_hand(Kind::Contact, mark);
    merge(&hotel, Kind::Contact, restored, first);
    (1..=2).for_each(|id| hotel.guest(id, "comment = 'x'"));
    hotel.sync();
    assert_eq!(hotel.portal().count(Kind::Contact), 1);
    hotel.sync();
    assert_eq!([1, 2].map(|id| hotel.deal(id).link_ids()), [[restored], [restored]]);
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
fn an_object_that_has_lost_our_mark_is_neither_changed_nor_made_again_until_somebody_says_whose_it_is()
 {
    let hotel = Hotel::running();
    let erased =
        json!({"ORIGINATOR_ID": "", "ORIGIN_ID": "", "LAST_NAME": "Поставщик", "TITLE": "Банкет"});
    let (contact, deal) = (hotel.contact(1).id, hotel.deal(1).id);
    hotel.edit(Kind::Contact, contact, erased.clone());
    hotel.edit(Kind::Deal, deal, erased);
    hotel.guest(1, "comment = 'x'");
    hotel.booking(1, "comment = 'x'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 1 NOT_OURS", "booking 1 NOT_OURS"]);
    assert_eq!(hotel.portal().get(Kind::Contact, contact).unwrap().text("LAST_NAME"), "Поставщик");
    assert_eq!(hotel.portal().get(Kind::Deal, deal).unwrap().text("TITLE"), "Банкет");
    hotel.says("reset-id guest 1 --yes");
    hotel.says(&format!("reset-id booking 1 --crm-id {deal} --yes"));
    hotel.sync();
    assert_ne!(hotel.contact(1).id, contact);
    assert_eq!(hotel.deal(1).id, deal);
    assert_eq!(hotel.issues("failures"), [""; 0]);
}

#[test]
fn nor_does_it_get_a_closing_date_that_is_still_owed() {
    let hotel = Hotel::running();
    hotel
        .server()
        .faults(|call| call.calls("crm.deal.update").then(|| Fault::status(401, "expired_token")));
    hotel.booking(2, "status = 'checked_out'");
    hotel.exits(4, "sync");
    hotel.server().faults(|_| None);
    let deal = hotel.deal(2).id;
    let erased = json!({"ORIGINATOR_ID": "", "ORIGIN_ID": "", "CLOSEDATE": "2030-01-01"});
    hotel.edit(Kind::Deal, deal, erased);
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["booking 2 NOT_OURS"]);
    assert_eq!(hotel.portal().get(Kind::Deal, deal).unwrap().text("CLOSEDATE"), "2030-01-01");
}

#[test]
fn a_phone_about_which_the_portal_never_answers_stops_nobody_else() {
    let hotel = hotel();
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
    let hotel = hotel();
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

#[test]
fn a_deal_that_was_restored_under_another_id_goes_with_its_booking() {
    let hotel = hotel();
    let deal = hotel.deal(2).id;
    hotel.portal().delete(Kind::Deal, deal);
    hotel.by_hand(Kind::Deal, json!({"ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "2"}));
    hotel.remove_booking(2);
    assert_eq!(hotel.sync(), "sync: удалено: заявки 1\n");
    assert_eq!(hotel.portal().count(Kind::Deal), 1);
}

#[test]
fn also_where_it_was_missed_before() {
    let hotel = hotel();
    hotel.configure("sync.on_missing = 'fail'");
    let deal = hotel.deal(2).id;
    hotel.portal().delete(Kind::Deal, deal);
    hotel.booking(2, "comment = 'x'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["booking 2 OBJECT_MISSING"]);
    hotel.by_hand(Kind::Deal, json!({"ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "2"}));
    hotel.remove_booking(2);
    assert_eq!(hotel.sync(), "sync: удалено: заявки 1\n");
    assert_eq!(hotel.portal().count(Kind::Deal), 1);
}

#[test]
fn a_card_that_its_owner_has_left_takes_the_mark_of_whom_it_is_given_to() {
    let hotel = hotel();
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

#[test]
fn one_person_who_is_in_ecvi_twice_stays_on_the_card_that_the_two_were_merged_into() {
    let hotel = Hotel::new();
    (1..=2)
        .for_each(|id| hotel.guest(id, "last_name = 'Белов', first_name = 'Олег', phone = '+71'"));
    hotel.export();
    let (keep, lost) = (hotel.contact(1).id, hotel.contact(2).id);
    merge(&hotel, Kind::Contact, keep, lost);
    hotel.guest(2, "comment = 'x'");
    hotel.sync();
    assert_eq!(hotel.portal().count(Kind::Contact), 1);
    assert_eq!(hotel.contact(1).text("COMMENTS"), "x");
}

/// Guest 2 shares the card of guest 1, who leaves Ecvi.
#[test]
fn whoever_stays_on_a_shared_card_puts_their_own_mark_on_it() {
    let hotel = hotel();
    let (keep, lost) = (hotel.contact(1).id, hotel.contact(2).id);
    merge(&hotel, Kind::Contact, keep, lost);
    hotel.says(&format!("reset-id guest 2 --crm-id {keep} --yes"));
    hotel.sync();
    assert_eq!(hotel.portal().get(Kind::Contact, keep).unwrap().text("ORIGIN_ID"), "1");
    hotel.sql("DELETE FROM guests WHERE id = 1");
    hotel.sync();
    hotel.sync();
    assert_eq!(hotel.contact(2).id, keep);
    hotel.runs_idle();
}

#[test]
fn a_card_that_people_delete_at_the_last_moment_is_made_anew() {
    let hotel = hotel();
    let old = hotel.contact(1).id;
    hotel.server().people(move |call, portal| {
        if call.calls("crm.contact.update") {
            portal.delete(Kind::Contact, old);
        }
    });
    hotel.guest(1, "comment = 'x'");
    assert!(hotel.sync().starts_with("sync: создано: гости 1"));
    hotel.sync();
    assert_eq!(hotel.contact(1).text("COMMENTS"), "x");
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
    assert_eq!(hotel.issues("failures"), [""; 0]);
    hotel.runs_idle();
}

/// The two cards are called alike, and then guest 2 or the card gets another last name.
#[test]
fn a_card_is_found_by_the_name_that_was_sent_last_and_by_that_of_today() {
    for is_card_renamed in [false, true] {
        let hotel = hotel();
        hotel.guest(1, "last_name = 'Орлова'");
        hotel.sync();
        let lost = hotel.contact(2).id;
        let name = if is_card_renamed { "Чернова" } else { "Белова" };
        let phone = json!([{"VALUE": "+72", "VALUE_TYPE": "WORK"}]);
        let keep = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": name, "PHONE": phone}));
        hotel.portal().delete(Kind::Contact, lost);
        hotel.guest(2, "last_name = 'Чернова'");
        hotel.sync();
        assert_eq!(hotel.contact(2).id, keep, "{name}");
    }
}

/// The portal may compare phones loosely.
#[test]
fn a_card_that_the_portal_names_and_that_has_none_of_the_phones_is_not_taken() {
    let hotel = hotel();
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
    merge(&hotel, Kind::Contact, keep, lost);
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    assert_ne!(hotel.contact(1).id, keep);
    assert_eq!(hotel.issues("warnings"), ["guest 1 DOUBTFUL_MATCH"]);
    assert_eq!(hotel.status()["warnings"][0]["message"], keep.to_string());
}

#[test]
fn whoever_was_let_go_of_is_made_anew_without_a_doubt() {
    let hotel = hotel();
    let phone = json!([{"VALUE": "+71", "VALUE_TYPE": "WORK"}]);
    hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Белова", "PHONE": phone}));
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    hotel.says("reset-id guest 1 --yes");
    assert_eq!(hotel.sync(), "sync: создано: гости 1; изменено: заявки 1\n");
    assert_eq!(hotel.issues("warnings"), [""; 0]);
}

#[test]
fn an_update_of_a_deal_out_of_the_users_sight_is_no_failed_deletion() {
    let hotel = hotel();
    hide(&hotel, &[(Kind::Deal, hotel.deal(1).id)]);
    hotel.booking(1, "comment = 'x'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.status()["failures"][0]["operation"], "update");
}

#[test]
fn a_card_that_was_found_by_its_mark_and_then_marked_by_another_program_is_not_written_to() {
    let hotel = hotel();
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
    for values in ["phone = '+79'", "email = 'new@x.ru'"] {
        let hotel = Hotel::running();
        let contact = |id: u32| format!("last_name = 'Белова', first_name = 'Анна{id}'");
        let reached =
            if values.starts_with("phone") { "phone = '+72'" } else { "email = 'old@x.ru'" };
        hotel.guest(2, &format!("{}, {reached}", contact(2)));
        hotel.guest(3, &contact(3));
        hotel.sync();
        let (keep, lost) = (hotel.contact(3).id, hotel.contact(2).id);
        merge(&hotel, Kind::Contact, keep, lost);
        hotel.guest(2, values);
        hotel.sync();
        assert_eq!(hotel.portal().count(Kind::Contact), 2, "{values}");
    }
}
