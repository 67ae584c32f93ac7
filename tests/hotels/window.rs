//! A mirror that is seen through a window: what slides out of it was not deleted.

use bitrix24_sandbox::Kind;

use crate::env::TestEnv;
use crate::hotel::AT_ONCE;

/// Everybody stays right now.
const NOW: &str = "UPDATE bookings SET departure = date('now', '+2 days') || ' 12:00'";
/// Time passes: these stays were over long ago.
const LONG_AGO: &str =
    "UPDATE bookings SET departure = date('now', '-90 days') || ' 12:00' WHERE id <> 101";

fn hotel(query: &str) -> TestEnv {
    let hotel = TestEnv::filled("window");
    hotel.replace(
        "ecvi-b24.toml",
        "SELECT * FROM bookings WHERE departure >= date('now', '-30 days')",
        query,
    );
    hotel.sql(NOW);
    hotel.run(0, "initial-export");
    assert_eq!(hotel.counts(), [5, 2, 10]);
    hotel
}

/// The default hotel, one of whose tables is seen through a query.
fn seen_through(table: &str, query: &str) -> TestEnv {
    let hotel = TestEnv::filled("default");
    let queries = format!("[mirror.queries]\n{table} = \"{query}\"\n\n[portal]");
    hotel.replace("ecvi-b24.toml", "[portal]", &queries);
    hotel
}

fn slides(hotel: &TestEnv) {
    hotel.sql(LONG_AGO);
    hotel.runs_idle();
    assert_eq!(hotel.counts(), [5, 2, 10]);
    let said = hotel.run(0, "check");
    assert!(said.contains("window"), "{said}");
    let record = hotel.run(0, "status booking 3683 --json");
    assert!(record.contains("\"next_step\": null"), "{record}");
    let screen = hotel.run(0, "status booking 3683");
    assert!(screen.contains("what fell out of it stays in the CRM"), "{screen}");
}

#[test]
fn what_slides_out_of_a_query_by_date_keeps_its_deal() {
    slides(&hotel("SELECT * FROM bookings WHERE departure >= date('now', '-30 days')"));
    slides(&hotel(
        "SELECT * FROM bookings WHERE departure > strftime('%Y-%m-%d', 'now', '-1 month')",
    ));
}

#[test]
fn what_slides_out_of_a_view_in_russian_keeps_its_deal() {
    let hotel = TestEnv::filled("window");
    hotel.sql("CREATE VIEW \"Недавние\" AS SELECT * FROM bookings WHERE departure >= CURRENT_DATE");
    hotel.replace(
        "ecvi-b24.toml",
        "SELECT * FROM bookings WHERE departure >= date('now', '-30 days')",
        "SELECT * FROM 'Недавние'",
    );
    hotel.sql(NOW);
    hotel.run(0, "initial-export");
    slides(&hotel);
}

#[test]
fn what_slides_out_of_a_number_of_rows_keeps_its_deal() {
    let hotel = hotel("SELECT * FROM bookings ORDER BY id DESC LIMIT 10");
    hotel.sql(
        "INSERT INTO bookings (id, number, status, arrival, departure, modified_at)
           VALUES (111, '3692', 'confirmed', '2026-09-01 14:00', '2026-09-02 12:00', '2026-06-01')",
    );
    hotel.run(0, "sync");
    assert_eq!(hotel.counts()[2], 11);
    hotel.runs_idle();
}

#[test]
fn a_booking_that_comes_back_into_the_window_is_the_same_deal() {
    let hotel = hotel("SELECT * FROM bookings WHERE departure >= date('now', '-30 days')");
    let deal = hotel.deal("102").id;
    hotel.sql(LONG_AGO);
    hotel.run(0, "sync");
    hotel.sql("UPDATE bookings SET amount = '6000', departure = date('now') || ' 12:00', modified_at = '2026-07-01' WHERE id = 102");
    hotel.run(0, "sync");
    assert_eq!((hotel.deal("102").id, hotel.deal("102").text("OPPORTUNITY")), (deal, "6000.00"));
    assert_eq!(hotel.counts()[2], 10);
}

#[test]
fn a_window_of_another_table_does_not_keep_deleted_bookings() {
    let hotel = TestEnv::exported("default");
    hotel.sql("CREATE VIEW book AS SELECT * FROM guests WHERE birth_date > CURRENT_DATE");
    hotel.sql("DELETE FROM bookings WHERE id = 102");
    hotel.run(0, "sync");
    assert_eq!(hotel.find(Kind::Deal, "102"), None);
}

#[test]
fn residents_who_all_slide_out_of_a_window_stop_no_run() {
    let query = "SELECT r.* FROM booking_guests r JOIN bookings b ON b.id = r.booking_id WHERE b.departure > date('now')";
    let hotel = seen_through("booking_guests", query);
    hotel.sql("UPDATE bookings SET departure = date('now', '+9 days') || ' 12:00'");
    hotel.run(0, "initial-export");
    hotel.sql(
        "UPDATE bookings SET departure = date('now', '-9 days') || ' 12:00', modified_at = '2026-07-01'",
    );
    hotel.run(0, "sync");
    hotel.runs_idle();
}

#[test]
fn a_guest_who_slides_out_of_a_window_stays_in_the_deals() {
    let hotel =
        seen_through("guests", "SELECT * FROM guests WHERE modified_at > date('now', '-1 year')");
    hotel.sql("UPDATE guests SET modified_at = date('now')");
    hotel.run(0, "initial-export");
    hotel.sql("UPDATE guests SET modified_at = date('now', '-2 years') WHERE id = 1");
    hotel.runs_idle();
    assert_eq!(hotel.people("101"), ["Приходько"]);
    assert!(hotel.deal("101").text("TITLE").contains("(Приходько)"));
}

#[test]
fn a_window_of_those_who_stay_is_warned_of() {
    let hotel = seen_through("booking_guests", "SELECT * FROM booking_guests LIMIT 100000");
    let said = hotel.run(0, "check");
    assert!(said.contains("the query of booking_guests depends on the time"), "{said}");
    assert!(!said.contains("the query of bookings"), "{said}");
}

#[test]
fn what_the_filling_program_leaves_out_is_held_back_when_it_is_much() {
    let hotel = TestEnv::exported("default");
    hotel.replace("ecvi-b24.toml", AT_ONCE, &format!("{AT_ONCE}\nsync.max_deletes = 3"));
    hotel.sql("DELETE FROM bookings WHERE id > 104");
    hotel.run(1, "sync");
    assert_eq!(hotel.counts()[2], 10);
}
