//! What Ecvi does to its records beside changing them, and what becomes of it in the CRM
//! (docs/hotels.md).

use bitrix24_sandbox::Kind;

use crate::env::TestEnv;

fn hotel() -> TestEnv {
    TestEnv::exported("default")
}

fn change_and_sync(hotel: &TestEnv, sql: &str) {
    hotel.sql(sql);
    hotel.run(0, "sync");
    hotel.runs_idle();
}

#[test]
fn guests_merged_in_ecvi_the_bookings_follow_and_the_other_card_is_left_alone() {
    let hotel = hotel();
    let (kept, other) = (hotel.contact("1").id, hotel.contact("2").id);
    change_and_sync(
        &hotel,
        "DELETE FROM guests WHERE id = 2;
         UPDATE bookings SET guest_id = 1, modified_at = '2026-06-01' WHERE guest_id = 2;
         DELETE FROM booking_guests WHERE booking_id = 107 AND guest_id = 2;
         UPDATE booking_guests SET guest_id = 1 WHERE guest_id = 2;",
    );
    assert_eq!(hotel.counts(), [5, 2, 10]);
    assert_eq!((hotel.contact("1").id, hotel.contact("2").id), (kept, other));
    assert_eq!(hotel.people("102"), ["Приходько"]);
    assert_eq!(hotel.people("107"), ["Приходько", "Müller", "Зуева"]);
    assert!(hotel.deal("102").text("TITLE").contains("(Приходько)"));
}

#[test]
fn guests_merged_in_ecvi_without_a_new_time_of_the_bookings_are_seen_by_the_ids() {
    let hotel = hotel();
    change_and_sync(
        &hotel,
        "DELETE FROM guests WHERE id = 2;
         UPDATE bookings SET guest_id = 1 WHERE guest_id = 2;
         DELETE FROM booking_guests WHERE guest_id = 2;",
    );
    assert_eq!(hotel.people("102"), ["Приходько"]);
    assert_eq!(hotel.counts(), [5, 2, 10]);
}

#[test]
fn a_guest_who_is_gone_before_the_bookings_move_leaves_the_deals_until_they_do() {
    let hotel = hotel();
    change_and_sync(&hotel, "DELETE FROM guests WHERE id = 2");
    assert_eq!(hotel.people("102"), Vec::<String>::new());
    assert_eq!(hotel.deal("102").text("TITLE"), "Заявка №3683 01.06.2026 14:00 - 03.06.2026 12:00");
    change_and_sync(&hotel, "UPDATE bookings SET guest_id = 1 WHERE guest_id = 2");
    assert_eq!(hotel.people("102"), ["Приходько"]);
    assert_eq!(hotel.counts(), [5, 2, 10]);
}

#[test]
fn a_guest_who_comes_back_after_a_merge_was_undone_is_the_same_card() {
    let hotel = hotel();
    let card = hotel.contact("2").id;
    change_and_sync(
        &hotel,
        "CREATE TABLE kept AS SELECT * FROM guests WHERE id = 2; DELETE FROM guests WHERE id = 2",
    );
    change_and_sync(&hotel, "INSERT INTO guests SELECT * FROM kept");
    assert_eq!(hotel.contact("2").id, card);
    assert_eq!(hotel.people("102"), ["Орлов"]);
    assert!(hotel.deal("102").text("TITLE").contains("(Орлов)"));
    assert_eq!(hotel.counts(), [5, 2, 10]);
}

#[test]
fn companies_merged_in_ecvi_the_bookings_follow_and_the_other_card_is_left_alone() {
    let hotel = hotel();
    let (kept, other) = (hotel.company("1").id, hotel.company("2").id);
    change_and_sync(
        &hotel,
        "DELETE FROM companies WHERE id = 2;
         UPDATE bookings SET company_id = 1 WHERE company_id = 2;
         UPDATE bookings SET payer_company_id = 1 WHERE payer_company_id = 2;",
    );
    for booking in ["103", "107", "110"] {
        assert_eq!(hotel.deal(booking).text("COMPANY_ID"), kept.to_string(), "{booking}");
    }
    assert_eq!(hotel.company("2").id, other);
    assert_eq!(hotel.counts(), [5, 2, 10]);
}

#[test]
fn a_guest_who_is_split_gets_a_new_card_and_the_bookings_that_are_theirs() {
    let hotel = hotel();
    let first = hotel.contact("3").id;
    change_and_sync(
        &hotel,
        "INSERT INTO guests (id, last_name, first_name, email, modified_at)
           VALUES (6, 'Müller', 'Greta', 'hans@example.de', '2026-06-01');
         UPDATE bookings SET guest_id = 6 WHERE id = 109;
         UPDATE booking_guests SET guest_id = 6 WHERE booking_id = 109;",
    );
    assert_eq!(hotel.counts(), [6, 2, 10]);
    let new = hotel.contact("6");
    assert_eq!((new.text("NAME"), hotel.contact("3").id), ("Greta", first));
    assert_eq!(hotel.deal("109").link_ids(), [new.id]);
    assert_eq!(hotel.deal("103").link_ids(), [first]);
}

#[test]
fn another_payer_is_the_deals_company_where_the_booking_has_none() {
    let hotel = hotel();
    change_and_sync(
        &hotel,
        "UPDATE bookings SET payer_company_id = 2, modified_at = '2026-06-01' WHERE id IN (101, 107)",
    );
    assert_eq!(hotel.deal("101").text("COMPANY_ID"), hotel.company("2").id.to_string());
    assert_eq!(hotel.deal("107").text("COMPANY_ID"), hotel.company("1").id.to_string());
    change_and_sync(
        &hotel,
        "UPDATE bookings SET payer_company_id = NULL, modified_at = '2026-06-02' WHERE id = 101",
    );
    assert!(matches!(hotel.deal("101").text("COMPANY_ID"), "" | "0"));
}

const TAKE_OUT: &str = "CREATE TABLE kept AS SELECT * FROM bookings WHERE id = 102; DELETE FROM bookings WHERE id = 102";
const PUT_BACK: &str = "INSERT INTO bookings SELECT * FROM kept";

#[test]
fn a_booking_restored_before_its_deal_was_deleted_keeps_the_deal() {
    let hotel = hotel();
    let deal = hotel.deal("102").id;
    hotel.sql(TAKE_OUT);
    hotel.run(1, "sync --max-deletes 0");
    change_and_sync(&hotel, PUT_BACK);
    assert_eq!(hotel.deal("102").id, deal);
    assert_eq!(hotel.counts(), [5, 2, 10]);
}

#[test]
fn a_booking_restored_after_its_deal_was_deleted_gets_one_new_deal() {
    let hotel = hotel();
    let deal = hotel.deal("102").id;
    change_and_sync(&hotel, TAKE_OUT);
    assert_eq!(hotel.counts()[2], 9);
    change_and_sync(&hotel, PUT_BACK);
    assert_ne!(hotel.deal("102").id, deal);
    assert_eq!(hotel.people("102"), ["Орлов"]);
    assert_eq!(hotel.counts(), [5, 2, 10]);
}

#[test]
fn a_booking_restored_after_somebody_restored_its_deal_is_taken_over() {
    let hotel = hotel();
    let deal = hotel.deal("102").id;
    change_and_sync(&hotel, TAKE_OUT);
    let restored = hotel.server.portal().restore(Kind::Deal, deal).unwrap();
    change_and_sync(&hotel, PUT_BACK);
    assert_eq!(hotel.deal("102").id, restored);
    assert_eq!(hotel.counts(), [5, 2, 10]);
}

#[test]
fn a_bookings_id_used_again_between_two_runs_makes_its_deal_the_new_bookings() {
    let hotel = hotel();
    let deal = hotel.deal("108").id;
    change_and_sync(
        &hotel,
        "DELETE FROM bookings WHERE id = 108; DELETE FROM booking_guests WHERE booking_id = 108;
         INSERT INTO bookings (id, number, status, arrival, departure, guest_id, modified_at)
           VALUES (108, '4000', 'temporary', '2026-12-01 14:00', '2026-12-02 12:00', 2, '2026-06-01')",
    );
    let reused = hotel.deal("108");
    assert_eq!((reused.id, hotel.people("108")), (deal, vec!["Орлов".to_owned()]));
    assert_eq!(reused.text("TITLE"), "Заявка №4000 (Орлов) 01.12.2026 14:00 - 02.12.2026 12:00");
    assert_eq!(hotel.counts(), [5, 2, 10]);
}

#[test]
fn a_bookings_id_used_again_after_its_deal_was_deleted_is_a_new_deal() {
    let hotel = hotel();
    let deal = hotel.deal("108").id;
    change_and_sync(
        &hotel,
        "DELETE FROM bookings WHERE id = 108; DELETE FROM booking_guests WHERE booking_id = 108",
    );
    change_and_sync(
        &hotel,
        "INSERT INTO bookings (id, number, status, arrival, departure, modified_at)
           VALUES (108, '4000', 'temporary', '2026-12-01 14:00', '2026-12-02 12:00', '2026-06-01')",
    );
    assert_ne!(hotel.deal("108").id, deal);
    assert_eq!(hotel.counts(), [5, 2, 10]);
}

#[test]
fn ids_used_again_for_many_bookings_at_once_look_like_another_hotel_and_nothing_is_sent() {
    let hotel = hotel();
    hotel
        .sql("UPDATE bookings SET number = number + 1000, modified_at = '2026-06-01' WHERE id IN (101, 102)");
    hotel.run(3, "sync");
    assert!(hotel.deal("101").text("TITLE").contains("№3682"));
}

#[test]
fn a_guests_id_used_again_makes_the_card_the_new_guests_and_keeps_what_people_added() {
    let hotel = hotel();
    let card = hotel.contact("4").id;
    change_and_sync(&hotel, "DELETE FROM guests WHERE id = 4");
    change_and_sync(
        &hotel,
        "INSERT INTO guests (id, last_name, first_name, phone, modified_at)
           VALUES (4, 'Белов', 'Глеб', '+79998887766', '2026-06-01')",
    );
    let guest = hotel.contact("4");
    assert_eq!((guest.id, guest.text("LAST_NAME"), guest.text("COMMENTS")), (card, "Белов", ""));
    assert_eq!(guest.values("PHONE"), ["+79998887766"]);
    assert!(hotel.deal("104").text("TITLE").contains("(Белов)"));
    assert_eq!(hotel.counts(), [5, 2, 10]);
}
