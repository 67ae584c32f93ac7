//! Bookings that are gone from Ecvi.

use bitrix24_sandbox::Kind;
use serde_json::json;

use crate::hotel::Hotel;

fn with_bookings(count: u32) -> Hotel {
    let hotel = Hotel::new();
    (1..=count).for_each(|id| hotel.booking(id, ""));
    hotel.export();
    hotel
}

#[test]
fn a_booking_that_is_gone_has_its_deal_deleted() {
    let hotel = with_bookings(2);
    hotel.remove_booking(2);
    assert_eq!(hotel.sync(), "sync: удалено: заявки 1\n");
    assert!(hotel.objects(Kind::Deal, &2).is_empty());
    assert_eq!(hotel.portal().count(Kind::Deal), 1);
    assert_eq!(hotel.status()["last_run"]["deleted"]["booking"], 1);
    assert_eq!(hotel.status()["records"]["booking"]["pending"], 0);
    hotel.runs_idle();
}

#[test]
fn a_booking_that_comes_back_is_created_anew() {
    let hotel = with_bookings(2);
    hotel.remove_booking(2);
    hotel.sync();
    hotel.booking(2, "");
    assert_eq!(hotel.sync(), "sync: создано: заявки 1\n");
    assert_eq!(hotel.objects(Kind::Deal, &2).len(), 1);
}

#[test]
fn a_deal_that_people_deleted_first_counts_as_deleted() {
    let hotel = with_bookings(2);
    let deal = hotel.deal(2).id;
    hotel.portal().delete(Kind::Deal, deal);
    hotel.remove_booking(2);
    assert_eq!(hotel.sync(), "sync: удалено: заявки 1\n");
    assert_eq!(hotel.issues("failures"), [""; 0]);
    hotel.runs_idle();
}

#[test]
fn a_deal_that_another_booking_points_at_is_not_deleted() {
    let hotel = with_bookings(3);
    let kept = hotel.deal(1).id;
    hotel.says(&format!("reset-id booking id:2 --crm-id {kept} --yes"));
    hotel.sync();
    hotel.remove_booking(2);
    hotel.sync();
    assert!(hotel.portal().get(Kind::Deal, kept).is_some());
    hotel.remove_booking(1);
    assert_eq!(hotel.sync(), "sync: удалено: заявки 1\n");
    assert!(hotel.portal().get(Kind::Deal, kept).is_none());
}

#[test]
fn a_shared_deal_goes_over_to_the_booking_that_is_left() {
    let hotel = with_bookings(3);
    let shared = hotel.deal(1).id;
    hotel.says(&format!("reset-id booking id:2 --crm-id {shared} --yes"));
    hotel.sync();
    hotel.remove_booking(1);
    hotel.sync();
    hotel.sync();
    let deal = hotel.portal().get(Kind::Deal, shared).cloned().unwrap();
    assert_eq!(deal.text("ORIGIN_ID"), "2");
    assert!(deal.text("TITLE").starts_with("Заявка №2 "));
    hotel.remove_booking(2);
    assert_eq!(hotel.sync(), "sync: удалено: заявки 1\n");
    assert_eq!(hotel.issues("failures"), [""; 0]);
}

#[test]
fn a_booking_that_failed_and_is_gone_has_its_deal_deleted_at_once() {
    let hotel = with_bookings(2);
    hotel.booking(2, "amount = 'много'");
    hotel.exits(1, "sync");
    hotel.remove_booking(2);
    assert_eq!(hotel.sync(), "sync: удалено: заявки 1\n");
    assert_eq!(hotel.issues("failures"), [""; 0]);
}

#[test]
fn a_deleted_deal_can_still_be_asked_for_by_the_bookings_number() {
    let hotel = with_bookings(1);
    hotel.booking(2, "number = '3682'");
    hotel.sync();
    hotel.remove_booking(2);
    hotel.sync();
    for word in ["3682", "№3682", "id:2"] {
        let said = hotel.says(&format!("status booking {word}"));
        assert!(
            said.starts_with(
                "Заявка №3682 (id 2)\nВ CRM: сделка удалена\nВ зеркале Ecvi: записи больше нет\n"
            ),
            "{said}"
        );
        assert!(said.contains(" удаление: сделка 2\n"), "{said}");
    }
    hotel.exits(2, "reset-id booking 3682 --yes");
    for word in ["3683", "id:3682"] {
        hotel.exits(2, &format!("status booking {word}"));
    }
}

/// A deal that booking 2 had stands there, and the booking is put aside.
#[track_caller]
fn is_kept(hotel: &Hotel, deal: u64) {
    assert!(hotel.portal().get(Kind::Deal, deal).is_some());
    assert_eq!(hotel.issues("failures"), ["booking 2 NOT_OURS"]);
}

#[test]
fn a_deal_that_does_not_carry_our_mark_is_not_deleted() {
    let hotel = with_bookings(2);
    let deal = hotel.deal(2).id;
    hotel.edit(Kind::Deal, deal, json!({"ORIGIN_ID": "", "ORIGINATOR_ID": ""}));
    hotel.remove_booking(2);
    assert!(hotel.exits(1, "sync").err.contains("NOT_OURS (1): заявка №2 (id 2)."));
    is_kept(&hotel, deal);
}

#[test]
fn a_deal_that_carries_the_mark_of_a_booking_that_is_still_there_is_not_deleted() {
    let hotel = with_bookings(2);
    let deal = hotel.deal(2).id;
    hotel.edit(Kind::Deal, deal, json!({"ORIGIN_ID": "1"}));
    hotel.remove_booking(2);
    hotel.exits(1, "sync");
    is_kept(&hotel, deal);
}

#[test]
fn more_missing_bookings_than_allowed_delete_nothing_until_somebody_says_so() {
    let hotel = with_bookings(8);
    hotel.configure("sync.max_deletes = 2");
    (1..=3).for_each(|id| hotel.remove_booking(id));
    hotel.booking(8, "comment = 'изменена'");
    let said = hotel.exits(1, "sync");
    assert_eq!(said.out, "sync: изменено: заявки 1\n");
    assert!(said.err.contains("sync --max-deletes 3"), "{}", said.err);
    assert_eq!(hotel.status()["last_run"]["outcome"], "partial");
    hotel.exits(1, "sync");
    assert_eq!(hotel.portal().count(Kind::Deal), 8);
    assert_eq!(hotel.says("sync --max-deletes 3"), "sync: удалено: заявки 3\n");
    hotel.sync();
}

#[test]
fn as_many_missing_bookings_as_allowed_are_deleted() {
    let hotel = with_bookings(80);
    (1..=25).for_each(|id| hotel.remove_booking(id));
    assert_eq!(hotel.sync(), "sync: удалено: заявки 25\n");
}

/// Bookings 1 and 2 of three are on the deal of 1, which carries the mark of 1.
fn sharing() -> (Hotel, u64) {
    let hotel = with_bookings(3);
    let shared = hotel.deal(1).id;
    hotel.says(&format!("reset-id booking id:2 --crm-id {shared} --yes"));
    hotel.sync();
    (hotel, shared)
}

#[test]
fn a_shared_deal_goes_with_the_last_of_its_bookings_whosever_mark_it_carries() {
    let (hotel, shared) = sharing();
    (1..=2).for_each(|id| hotel.remove_booking(id));
    hotel.sync();
    hotel.sync();
    assert!(hotel.portal().get(Kind::Deal, shared).is_none());
    assert_eq!(hotel.issues("failures"), [""; 0]);
}

#[test]
fn a_shared_deal_that_another_program_marked_is_not_deleted() {
    let (hotel, shared) = sharing();
    hotel.edit(Kind::Deal, shared, json!({"ORIGINATOR_ID": "1C"}));
    (1..=2).for_each(|id| hotel.remove_booking(id));
    hotel.exits(1, "sync");
    is_kept(&hotel, shared);
}

#[test]
fn a_shared_deal_is_not_deleted_while_the_booking_of_its_mark_is_there() {
    let (hotel, shared) = sharing();
    let other = hotel.deal(3).id;
    hotel.says(&format!("reset-id booking id:1 --crm-id {other} --yes"));
    hotel.remove_booking(2);
    hotel.exits(1, "sync");
    is_kept(&hotel, shared);
}

#[test]
fn a_deal_that_carries_another_number_or_another_programs_mark_is_not_deleted() {
    let hotel = with_bookings(2);
    let deal = hotel.deal(2).id;
    for mark in [json!({"ORIGIN_ID": "777"}), json!({"ORIGINATOR_ID": "1C", "ORIGIN_ID": "2"})] {
        hotel.edit(Kind::Deal, deal, mark);
        hotel.remove_booking(2);
        hotel.exits(1, "sync --retry-failed");
        is_kept(&hotel, deal);
    }
}

#[test]
fn a_deal_that_people_delete_at_the_last_moment_counts_as_deleted() {
    let hotel = with_bookings(2);
    let deal = hotel.deal(2).id;
    hotel.server().people(move |call, portal| {
        if call.calls("crm.deal.delete") {
            portal.delete(Kind::Deal, deal);
        }
    });
    hotel.remove_booking(2);
    assert_eq!(hotel.sync(), "sync: удалено: заявки 1\n");
    assert!(hotel.says("status booking id:2").contains(" удаление: сделка "));
    hotel.runs_idle();
}

#[test]
fn a_deal_that_was_just_given_to_another_booking_goes_where_both_are_gone() {
    let hotel = with_bookings(3);
    let given = hotel.deal(1).id;
    hotel.says(&format!("reset-id booking id:2 --crm-id {given} --yes"));
    (1..=2).for_each(|id| hotel.remove_booking(id));
    assert_eq!(hotel.sync(), "sync: удалено: заявки 1\n");
    assert!(hotel.portal().get(Kind::Deal, given).is_none());
    assert_eq!(hotel.issues("failures"), [""; 0]);
}
