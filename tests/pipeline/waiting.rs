//! Bookings that wait for their guest, and bookings that go without a companion or a company for a
//! while.

use bitrix24_sandbox::Kind;

use crate::hotel::Hotel;

/// The portal refuses whoever has no birth date.
fn hotel() -> Hotel {
    let hotel = Hotel::new();
    hotel.require(Kind::Contact, "BIRTHDATE");
    hotel.guest(1, "last_name = 'Белова', birth_date = '1990-01-01'");
    hotel
}

#[test]
fn a_booking_waits_until_its_guest_has_a_crm_id() {
    let hotel = hotel();
    hotel.guest(2, "last_name = 'Чернова'");
    hotel.booking(1, "guest_id = 2");
    hotel.booking(2, "guest_id = 1");
    hotel.exits(1, "initial-export");
    assert!(hotel.objects(Kind::Deal, &1).is_empty());
    let status = hotel.status();
    assert_eq!(status["records"]["booking"]["waiting"], 1);
    assert_eq!(status["records"]["booking"]["failed"], 0);
    hotel.runs_idle();
    hotel.guest(2, "birth_date = '1991-01-01'");
    assert_eq!(hotel.sync(), "sync: создано: гости 1, заявки 1\n");
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(2).id]);
    assert_eq!(hotel.status()["records"]["booking"]["waiting"], 0);
}

#[test]
fn a_booking_with_a_deal_waits_for_its_new_guest_too() {
    let hotel = hotel();
    hotel.booking(1, "guest_id = 1");
    hotel.export();
    hotel.guest(2, "last_name = 'Чернова'");
    hotel.booking(1, "guest_id = 2, comment = 'x'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.deal(1).text("COMMENTS"), "");
    assert_eq!(hotel.status()["records"]["booking"]["waiting"], 1);
    hotel.guest(2, "birth_date = '1991-01-01'");
    hotel.sync();
    assert_eq!(hotel.deal(1).text("COMMENTS"), "x");
    assert!(hotel.deal(1).text("TITLE").contains("(Чернова)"));
}

#[test]
fn a_guest_who_cannot_be_read_makes_the_booking_wait() {
    let hotel = hotel();
    hotel.guest(2, "birth_date = 'вчера'");
    hotel.booking(1, "guest_id = 2");
    hotel.exits(1, "initial-export");
    assert!(hotel.objects(Kind::Deal, &1).is_empty());
    assert_eq!(hotel.status()["records"]["booking"]["waiting"], 1);
    hotel.guest(2, "birth_date = '1991-01-01'");
    hotel.sync();
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(2).id]);
}

#[test]
fn a_guest_who_comes_back_and_cannot_be_read_is_in_the_deal_again() {
    let hotel = hotel();
    hotel.booking(1, "guest_id = 1");
    hotel.guest(2, "last_name = 'Чернова', birth_date = '1991-01-01'");
    hotel.export();
    let contact = hotel.contact(1).id;
    hotel.sql("DELETE FROM guests WHERE id = 1");
    hotel.sync();
    assert_eq!(hotel.deal(1).link_ids(), [0; 0]);
    hotel.guest(1, "birth_date = 'вчера'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.deal(1).link_ids(), [contact]);
}

#[test]
fn a_booking_that_waited_and_then_fails_counts_in_one_place() {
    let hotel = hotel();
    hotel.guest(2, "last_name = 'Чернова'");
    hotel.booking(1, "guest_id = 2");
    hotel.exits(1, "initial-export");
    hotel.guest(2, "birth_date = '1991-01-01'");
    hotel.booking(1, "amount = 'много'");
    hotel.exits(1, "sync");
    let bookings = &hotel.status()["records"]["booking"];
    assert_eq!([&bookings["failed"], &bookings["waiting"]], [1, 0]);
}

#[test]
fn a_booking_goes_without_a_companion_and_is_completed_later() {
    let hotel = hotel();
    hotel.guest(2, "last_name = 'Чернова'");
    hotel.booking(1, "guest_id = 1");
    hotel.stay(1, &[1, 2]);
    hotel.exits(1, "initial-export");
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
    assert_eq!(hotel.issues("warnings"), ["booking 1 WITHOUT_COMPANION"]);
    hotel.runs_idle();
    hotel.guest(2, "birth_date = '1991-01-01'");
    assert_eq!(hotel.sync(), "sync: создано: гости 1; изменено: заявки 1\n");
    assert_eq!(hotel.deal(1).link_ids(), [1, 2].map(|guest| hotel.contact(guest).id));
    assert_eq!(hotel.issues("warnings"), [""; 0]);
    hotel.runs_idle();
}

#[test]
fn a_companion_who_is_gone_from_ecvi_is_waited_for_no_longer() {
    let hotel = hotel();
    hotel.guest(2, "last_name = 'Чернова'");
    hotel.booking(1, "guest_id = 1");
    hotel.stay(1, &[1, 2]);
    hotel.exits(1, "initial-export");
    hotel.sql("DELETE FROM guests WHERE id = 2");
    hotel.sync();
    assert_eq!(hotel.says("sync --dry-run"), "Делать нечего: всё передано.\n");
    // Only the reference is left, and nobody has it.
    assert_eq!(hotel.issues("warnings"), ["booking 1 UNKNOWN_REFERENCE"]);
    hotel.runs_idle();
}

#[test]
fn a_companion_who_came_with_a_change_and_is_gone_is_waited_for_no_longer() {
    let hotel = hotel();
    hotel.booking(1, "guest_id = 1");
    hotel.export();
    hotel.guest(2, "last_name = 'Чернова'");
    hotel.stay(1, &[1, 2]);
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("warnings"), ["booking 1 WITHOUT_COMPANION"]);
    hotel.sql("DELETE FROM guests WHERE id = 2");
    hotel.sync();
    assert_eq!(hotel.issues("warnings"), ["booking 1 UNKNOWN_REFERENCE"]);
    hotel.runs_idle();
}

#[test]
fn a_booking_goes_without_its_company_and_is_completed_later() {
    let hotel = hotel();
    hotel.require(Kind::Company, "COMMENTS");
    hotel.company(1, "");
    hotel.booking(1, "guest_id = 1, company_id = 1");
    hotel.exits(1, "initial-export");
    assert!(matches!(hotel.deal(1).text("COMPANY_ID"), "" | "0"));
    assert_eq!(hotel.issues("warnings"), ["booking 1 WITHOUT_COMPANION"]);
    hotel.company(1, "comment = 'x'");
    hotel.sync();
    assert_eq!(hotel.deal(1).text("COMPANY_ID"), hotel.crm_company(1).id.to_string());
}

#[test]
fn a_booking_whose_guest_is_gone_waits_no_longer() {
    let hotel = hotel();
    hotel.guest(2, "");
    hotel.booking(1, "guest_id = 2");
    hotel.exits(1, "initial-export");
    hotel.sql("DELETE FROM guests WHERE id = 2");
    assert_eq!(hotel.sync(), "sync: создано: заявки 1\n");
    assert_eq!(hotel.deal(1).link_ids(), [0; 0]);
    hotel.runs_idle();
}

#[test]
fn a_waiting_booking_that_is_gone_is_forgotten() {
    let hotel = hotel();
    hotel.guest(2, "");
    hotel.booking(1, "guest_id = 2");
    hotel.booking(2, "");
    hotel.exits(1, "initial-export");
    hotel.remove_booking(1);
    hotel.sync();
    assert_eq!(hotel.status()["records"]["booking"]["waiting"], 0);
}

#[test]
fn a_payer_who_turns_up_ends_the_warning_though_the_deal_has_another_company() {
    let hotel = Hotel::new();
    hotel.company(1, "name = 'Ромашка'");
    hotel.booking(1, "company_id = 1, payer_company_id = 7");
    hotel.export();
    assert_eq!(hotel.issues("warnings"), ["booking 1 UNKNOWN_REFERENCE"]);
    hotel.company(7, "name = 'Плательщик'");
    hotel.sync();
    assert_eq!(hotel.issues("warnings"), Vec::<String>::new());
    hotel.runs_idle();
}

/// One person is in Ecvi twice, and somebody says so: the deal shows the same contact as before.
#[test]
fn a_companion_who_gets_the_card_of_the_guest_is_waited_for_no_longer() {
    let hotel = hotel();
    hotel.guest(2, "last_name = 'Белова'");
    hotel.booking(1, "guest_id = 1");
    hotel.stay(1, &[1, 2]);
    hotel.exits(1, "initial-export");
    assert_eq!(hotel.issues("warnings"), ["booking 1 WITHOUT_COMPANION"]);
    let card = hotel.contact(1).id;
    hotel.says(&format!("reset-id guest id:2 --crm-id {card} --yes"));
    hotel.guest(2, "birth_date = '1990-01-01'");
    hotel.sync();
    assert_eq!(hotel.deal(1).link_ids(), [card]);
    assert_eq!(hotel.issues("warnings"), [""; 0]);
}
