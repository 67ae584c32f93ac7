//! Titles and comments in the hotel's own words, and deals that move between two funnels.

use bitrix24_sandbox::{Kind, Portal};
use chrono::Utc;
use serde_json::json;

use crate::env::TestEnv;

fn hotel() -> TestEnv {
    let mut portal = Portal::unlimited();
    assert_eq!(portal.add_funnel("Проживание"), 1);
    let hotel = TestEnv::open_before("funnels", portal);
    hotel.fill("funnels");
    hotel
}

/// Funnel, stage and closing date of a deal.
fn place(hotel: &TestEnv, booking: &str) -> [String; 3] {
    let deal = hotel.deal(booking);
    let funnel = deal.field("CATEGORY_ID").text();
    [funnel, deal.text("STAGE_ID").to_owned(), deal.text("CLOSEDATE").to_owned()]
}

fn becomes(hotel: &TestEnv, status: &str, at: u32) {
    hotel.sql(&format!(
        "UPDATE bookings SET status = '{status}', modified_at = '2026-06-{at:02}' WHERE id = 101"
    ));
    hotel.run(0, "sync");
}

#[test]
fn a_funnel_that_the_portal_does_not_have_is_found_before_anything_is_sent() {
    let hotel = TestEnv::filled("funnels");
    hotel.run(3, "initial-export");
    assert_eq!(hotel.counts(), [0, 0, 0]);
}

#[test]
fn titles_and_comments_follow_their_templates() {
    let hotel = hotel();
    hotel.run(0, "initial-export");
    let (full, bare) = (hotel.deal("101"), hotel.deal("106"));
    assert_eq!(full.text("TITLE"), "3682 Приходько, 20.05.2026 12:00, тариф Стандарт");
    assert_eq!(full.text("COMMENTS"), "Поздний заезд. Сумма 13050.00");
    assert_eq!(bare.text("TITLE"), "3687, 01.05.2026 14:00");
    assert_eq!(bare.text("COMMENTS"), "Сумма 2700.00");
    assert_eq!(hotel.contact("1").text("COMMENTS"), "{ VIP } · Просит тихий номер · карта A-100");
    hotel.runs_idle();
}

#[test]
fn a_title_follows_the_last_name_and_a_column_of_the_templates_own() {
    let hotel = hotel();
    hotel.run(0, "initial-export");
    hotel.sql("UPDATE guests SET last_name = 'Приход', modified_at = '2026-06-01' WHERE id = 1");
    hotel.run(0, "sync");
    assert_eq!(hotel.deal("101").text("TITLE"), "3682 Приход, 20.05.2026 12:00, тариф Стандарт");
    hotel.sql("UPDATE bookings SET tariff = NULL, modified_at = '2026-06-01' WHERE id = 101");
    hotel.run(0, "sync");
    assert_eq!(hotel.deal("101").text("TITLE"), "3682 Приход, 20.05.2026 12:00");
}

#[test]
fn deals_are_exported_into_the_funnel_of_their_stage() {
    let hotel = hotel();
    hotel.run(0, "initial-export");
    assert_eq!(place(&hotel, "101"), ["0", "EXECUTING", "2026-05-29"]);
    assert_eq!(place(&hotel, "103"), ["1", "C1:EXECUTING", "2026-05-12"]);
    assert_eq!(place(&hotel, "104"), ["1", "C1:WON", "2026-04-12"]);
    assert_eq!(place(&hotel, "105"), ["0", "LOSE", "2026-05-16"]);
    assert_eq!(place(&hotel, "106"), ["1", "C1:LOSE", "2026-05-02"]);
}

#[test]
fn a_deal_moves_to_the_funnel_of_its_status_and_back_and_stays_one_deal() {
    let hotel = hotel();
    hotel.run(0, "initial-export");
    let id = hotel.deal("101").id;
    becomes(&hotel, "checked_in", 1);
    assert_eq!(place(&hotel, "101"), ["1", "C1:EXECUTING", "2026-05-29"]);
    becomes(&hotel, "checked_out", 2);
    assert_eq!(place(&hotel, "101"), ["1", "C1:WON", "2026-05-29"]);
    becomes(&hotel, "confirmed", 3);
    assert_eq!(place(&hotel, "101"), ["0", "EXECUTING", "2026-05-29"]);
    becomes(&hotel, "no_show", 4);
    assert_eq!(place(&hotel, "101"), ["1", "C1:LOSE", "2026-05-29"]);
    becomes(&hotel, "cancelled", 5);
    assert_eq!(place(&hotel, "101"), ["0", "LOSE", "2026-05-29"]);
    assert_eq!(hotel.deal("101").id, id);
    assert_eq!(hotel.counts(), [5, 2, 10]);
    hotel.runs_idle();
}

#[test]
fn many_deals_that_move_and_close_at_once_fit_into_batches() {
    let hotel = hotel();
    hotel.sql(
        "INSERT INTO bookings (id, number, status, arrival, departure, modified_at)
         WITH RECURSIVE n(id) AS (SELECT 200 UNION ALL SELECT id + 1 FROM n WHERE id < 220)
         SELECT id, id, 'confirmed', '2026-05-20 14:00', '2026-05-29 12:00', '2026-05-01' FROM n",
    );
    hotel.run(0, "initial-export");
    hotel.sql(
        "UPDATE bookings SET status = 'checked_out', modified_at = '2026-06-01' WHERE id >= 200",
    );
    hotel.run(0, "sync");
    for id in 200..=220 {
        assert_eq!(place(&hotel, &id.to_string()), ["1", "C1:WON", "2026-05-29"]);
    }
}

#[test]
fn a_deal_that_staff_moved_to_the_other_configured_funnel_comes_back() {
    let hotel = hotel();
    hotel.run(0, "initial-export");
    let id = hotel.deal("101").id;
    let moved =
        json!({"entityTypeId": 2, "id": id, "fields": {"categoryId": 1, "stageId": "C1:NEW"}});
    hotel.call("crm.item.update", moved);
    assert_eq!(place(&hotel, "101")[0], "1");
    becomes(&hotel, "confirmed", 1);
    assert_eq!(place(&hotel, "101"), ["0", "EXECUTING", "2026-05-29"]);
}

#[test]
fn a_deal_that_staff_moved_to_a_funnel_of_theirs_stays_there_with_a_warning() {
    let hotel = hotel();
    hotel.run(0, "initial-export");
    let (id, theirs) = (hotel.deal("101").id, hotel.server.portal().add_funnel("Претензии"));
    let moved =
        json!({"entityTypeId": 2, "id": id, "fields": {"categoryId": theirs, "stageId": "C2:NEW"}});
    hotel.call("crm.item.update", moved);
    becomes(&hotel, "checked_in", 1);
    assert_eq!(place(&hotel, "101"), ["2", "C2:NEW", "2026-05-29"]);
    assert_eq!(hotel.issues("warnings"), ["booking 101: OTHER_FUNNEL 2"]);
}

#[test]
fn a_hotel_that_counts_a_confirmed_booking_as_won_keeps_the_departure_too() {
    let hotel = TestEnv::filled("default");
    hotel.replace("ecvi-b24.toml", "[portal]", "[deal.stages]\nconfirmed = \"WON\"\n\n[portal]");
    hotel.run(0, "initial-export");
    assert_eq!(place(&hotel, "101"), ["0", "WON", "2026-05-29"]);
    hotel
        .sql("UPDATE bookings SET status = 'confirmed', modified_at = '2026-06-01' WHERE id = 102");
    hotel.run(0, "sync");
    assert_eq!(place(&hotel, "102"), ["0", "WON", "2026-06-03"]);
}

#[test]
fn a_sale_that_is_won_before_the_stay_begins_in_another_funnel_keeps_the_departure_too() {
    let hotel = hotel();
    hotel.replace("ecvi-b24.toml", "confirmed = \"EXECUTING\"", "confirmed = \"WON\"");
    hotel.run(0, "initial-export");
    assert_eq!(place(&hotel, "101"), ["0", "WON", "2026-05-29"]);
}

#[test]
fn staff_who_close_a_deal_early_do_not_lose_the_departure() {
    let hotel = hotel();
    hotel.run(0, "initial-export");
    let id = hotel.deal("101").id;
    assert!(hotel.server.portal().edit(Kind::Deal, id, json!({"STAGE_ID": "WON"}), Utc::now()));
    becomes(&hotel, "confirmed", 1);
    assert_eq!(place(&hotel, "101"), ["0", "EXECUTING", "2026-05-29"]);
}
