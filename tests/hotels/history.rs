//! `bookings_from`: how deep the hotel's history goes, and what becomes of what lies deeper.

use bitrix24_sandbox::Kind;
use serde_json::Value;

use crate::env::TestEnv;

fn deals(hotel: &TestEnv) -> usize {
    hotel.counts()[2]
}

#[test]
fn stays_that_were_over_before_the_day_get_no_deal_and_are_nothing_that_waits() {
    let hotel = TestEnv::exported("history");
    assert_eq!(deals(&hotel), 8);
    for old in ["104", "109"] {
        assert_eq!(hotel.find(Kind::Deal, old), None);
    }
    assert_eq!(hotel.status()["records"]["booking"]["pending"], Value::from(0));
    assert_eq!(
        hotel.contact("4").text("LAST_NAME"),
        "Зуева",
        "guests are carried over all the same"
    );
    let record = hotel.run(0, "status booking 3685 --json");
    assert!(record.contains("\"next_step\": null"), "{record}");
    let screen = hotel.run(0, "status booking 3685");
    assert!(
        screen.contains("it was over before [export] bookings_from and has no deal"),
        "{screen}"
    );
    hotel.runs_idle();
}

#[test]
fn a_later_change_of_an_older_booking_makes_no_deal() {
    let hotel = TestEnv::exported("history");
    hotel.sql(
        "UPDATE bookings SET comment = 'Забыли зонт', modified_at = '2026-06-01' WHERE id = 104",
    );
    hotel.runs_idle();
    hotel.run(0, "sync --full");
    assert_eq!(deals(&hotel), 8);
}

#[test]
fn an_older_booking_that_is_prolonged_into_our_time_gets_its_deal() {
    let hotel = TestEnv::exported("history");
    hotel
        .sql("UPDATE bookings SET departure = '2026-05-01 12:00', modified_at = '2026-06-01' WHERE id = 104");
    hotel.run(0, "sync");
    assert_eq!(hotel.deal("104").text("CLOSEDATE"), "2026-05-01");
}

#[test]
fn a_booking_that_has_a_deal_keeps_it_whatever_the_day() {
    let hotel = TestEnv::exported("default");
    hotel.replace(
        "ecvi-b24.toml",
        "[portal]",
        "[export]\nbookings_from = \"2026-05-01\"\n\n[portal]",
    );
    hotel.sql("UPDATE bookings SET amount = '4200', modified_at = '2026-06-01' WHERE id = 104");
    hotel.run(0, "sync");
    assert_eq!(hotel.deal("104").text("OPPORTUNITY"), "4200.00");
    hotel.sql(
        "DELETE FROM bookings WHERE id = 109; DELETE FROM booking_guests WHERE booking_id = 109",
    );
    hotel.run(0, "sync");
    assert_eq!(hotel.find(Kind::Deal, "109"), None);
    assert_eq!(deals(&hotel), 9);
}

#[test]
fn an_older_booking_whose_deal_was_let_go_of_gets_it_anew() {
    let hotel = TestEnv::exported("default");
    hotel.replace(
        "ecvi-b24.toml",
        "[portal]",
        "[export]\nbookings_from = \"2026-05-01\"\n\n[portal]",
    );
    let old = hotel.deal("104").id;
    assert!(hotel.server.portal().delete(Kind::Deal, old));
    hotel.run(0, "reset-id booking 3685 --yes");
    hotel.run(0, "sync");
    assert_ne!(hotel.deal("104").id, old);
}

#[test]
fn an_older_booking_whose_deal_somebody_deleted_gets_it_anew_when_it_changes() {
    let hotel = TestEnv::exported("default");
    hotel.replace(
        "ecvi-b24.toml",
        "[portal]",
        "[export]\nbookings_from = \"2026-05-01\"\n\n[portal]",
    );
    let old = hotel.deal("104").id;
    assert!(hotel.server.portal().delete(Kind::Deal, old));
    hotel.sql("UPDATE bookings SET amount = '4200', modified_at = '2026-06-01' WHERE id = 104");
    hotel.run(0, "sync");
    assert_eq!(hotel.deal("104").text("OPPORTUNITY"), "4200.00");
}

#[test]
fn a_deeper_history_later_is_carried_over_by_the_next_run() {
    let hotel = TestEnv::exported("history");
    hotel.replace("ecvi-b24.toml", "2026-05-01", "2026-01-01");
    hotel.run(0, "sync");
    assert_eq!(deals(&hotel), 10);
}
