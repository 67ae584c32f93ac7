//! Booking -> deal.

use bitrix24_sandbox::{Fault, Kind};
use serde_json::json;

use crate::hotel::{Hotel, fields};

fn hotel(booking: &str) -> Hotel {
    let hotel = Hotel::new();
    hotel.guest(1, "last_name = 'Приходько'");
    hotel.booking(1, booking);
    hotel.export();
    hotel
}

#[test]
fn booking_3682_is_the_deal_that_the_hotel_expects() {
    let hotel = hotel(
        "number = '3682', guest_id = 1, status = 'cancelled', arrival = '2020-05-20 12:00',
         departure = '2020-05-29 12:00', amount = '13050.00', comment = 'Отменено'",
    );
    let deal = hotel.deal(1);
    assert_eq!(deal.text("TITLE"), "Заявка №3682 (Приходько) 20.05.2020 12:00 - 29.05.2020 12:00");
    assert_eq!(fields(&deal, ["BEGINDATE", "CLOSEDATE"]), ["2020-05-20", "2020-05-29"]);
    let money = fields(&deal, ["OPPORTUNITY", "CURRENCY_ID", "IS_MANUAL_OPPORTUNITY"]);
    assert_eq!(money, ["13050.00", "RUB", "Y"]);
    assert_eq!(fields(&deal, ["STAGE_ID", "PROBABILITY", "COMMENTS"]), ["LOSE", "0", "Отменено"]);
    assert_eq!(deal.link_ids(), [hotel.contact(1).id]);
    assert_eq!(fields(&deal, ["ORIGINATOR_ID", "ORIGIN_ID"]), ["ECVI", "1"]);
}

#[test]
fn a_title_without_a_last_name_has_no_parentheses() {
    let hotel = hotel("number = 'A-1'");
    assert_eq!(hotel.deal(1).text("TITLE"), "Заявка №A-1 01.12.2026 14:00 - 05.12.2026 12:00");
    hotel.guest(1, "last_name = NULL, first_name = 'Олег'");
    hotel.booking(1, "guest_id = 1");
    hotel.sync();
    assert_eq!(hotel.deal(1).text("TITLE"), "Заявка №A-1 01.12.2026 14:00 - 05.12.2026 12:00");
}

#[test]
fn a_title_has_the_last_name_of_the_bookings_guest_not_of_whoever_stays() {
    let hotel = hotel("");
    hotel.stay(1, &[1]);
    hotel.sync();
    assert_eq!(hotel.deal(1).text("TITLE"), "Заявка №1 01.12.2026 14:00 - 05.12.2026 12:00");
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
}

#[test]
fn times_are_read_with_a_space_a_t_and_seconds() {
    let hotel = hotel("arrival = '2026-12-31T23:30', departure = '2027-01-02 12:00:59'");
    assert_eq!(hotel.deal(1).text("TITLE"), "Заявка №1 31.12.2026 23:30 - 02.01.2027 12:00");
    assert_eq!(fields(&hotel.deal(1), ["BEGINDATE", "CLOSEDATE"]), ["2026-12-31", "2027-01-02"]);
}

#[test]
fn amounts_are_read_as_text_integer_real_and_null() {
    for (sql, amount) in [
        ("'13050.00'", "13050.00"),
        ("4900", "4900.00"),
        ("98.5", "98.50"),
        ("NULL", "0.00"),
        ("'-7.0051'", "-7.01"),
        ("-7.005", "-7.01"),
        ("CAST(100.1 + 200.2 - 300.3 AS TEXT)", "0.00"),
    ] {
        let hotel = Hotel::new();
        hotel.sql("DROP TABLE bookings");
        let columns = "id, number, status, arrival, departure, guest_id, amount, modified_at";
        hotel.sql(&format!(
            "CREATE TABLE bookings ({columns}); INSERT INTO bookings ({columns})
             VALUES (1, '1', 'confirmed', '2026-12-01 14:00', '2026-12-05 12:00', NULL, {sql}, '1')"
        ));
        hotel.export();
        assert_eq!(hotel.deal(1).text("OPPORTUNITY"), amount, "{sql}");
    }
}

#[test]
fn each_status_has_its_stage_its_probability_and_the_departure_as_its_closing_date() {
    let statuses = [
        ("temporary", "NEW", "30", "N"),
        ("confirmed", "EXECUTING", "60", "N"),
        ("checked_in", "WON", "100", "Y"),
        ("checked_out", "WON", "100", "Y"),
        ("cancelled", "LOSE", "0", "Y"),
        ("no_show", "LOSE", "0", "Y"),
    ];
    let hotel = Hotel::new();
    for (id, (status, ..)) in (1..).zip(statuses) {
        hotel.booking(id, &format!("status = '{status}'"));
    }
    hotel.export();
    for (id, (status, ..)) in (11..).zip(statuses) {
        hotel.booking(id, &format!("status = '{status}'"));
        hotel.booking(id + 10, "status = 'confirmed'");
    }
    hotel.sync();
    for (id, (status, ..)) in (21..).zip(statuses) {
        hotel.booking(id, &format!("status = '{status}'"));
    }
    hotel.sync();
    // Exported, made by a later run, and changed by one.
    for (offset, (id, (status, stage, probability, closed))) in
        [0, 10, 20].into_iter().flat_map(|offset| (1..).zip(statuses).map(move |row| (offset, row)))
    {
        let shown =
            fields(&hotel.deal(id + offset), ["STAGE_ID", "PROBABILITY", "CLOSED", "CLOSEDATE"]);
        assert_eq!(shown, [stage, probability, closed, "2026-12-05"], "{status} {offset}");
    }
}

#[test]
fn the_closing_date_of_a_new_deal_costs_one_request() {
    let hotel = Hotel::running();
    let costs = |booking: u32, status: &str| {
        hotel.booking(booking, &format!("guest_id = 1, status = '{status}'"));
        hotel.requests(|hotel| drop(hotel.sync()))
    };
    let open = costs(2, "confirmed");
    assert_eq!(costs(3, "checked_out"), open + 1);
}

#[test]
fn the_closing_date_follows_the_departure_through_every_change_of_stage() {
    let hotel = hotel("status = 'confirmed'");
    for (status, departure) in [
        ("checked_in", "2026-12-06"),
        ("checked_out", "2026-12-07"),
        ("cancelled", "2026-12-08"),
        ("temporary", "2026-12-09"),
    ] {
        hotel.booking(1, &format!("status = '{status}', departure = '{departure} 12:00'"));
        hotel.sync();
        assert_eq!(hotel.deal(1).text("CLOSEDATE"), departure, "{status}");
    }
}

#[test]
fn the_guest_is_the_primary_contact_then_all_who_stay_by_position_each_once() {
    let hotel = hotel("guest_id = 1");
    for id in 2..5 {
        hotel.guest(id, "");
    }
    hotel.stay(1, &[4, 1, 2, 3]);
    hotel.sync();
    let deal = hotel.deal(1);
    assert_eq!(deal.link_ids(), [1, 4, 2, 3].map(|guest| hotel.contact(guest).id));
    assert_eq!(deal.primary(), Some(hotel.contact(1).id));
}

#[test]
fn who_has_the_same_position_goes_by_id() {
    let hotel = hotel("");
    for id in [12, 3, 21] {
        hotel.guest(id, "");
    }
    hotel.stay(1, &[21, 12, 3]);
    hotel.sql("UPDATE booking_guests SET position = 0");
    hotel.sync();
    assert_eq!(hotel.deal(1).link_ids(), [3, 12, 21].map(|guest| hotel.contact(guest).id));
}

#[test]
fn a_group_of_20_guests_in_10_rooms_is_one_deal_with_20_contacts() {
    let hotel = Hotel::new();
    hotel.sql(include_str!("../../fixtures/hotel.sql"));
    hotel.export();
    assert_eq!(hotel.portal().count(Kind::Deal), 30);
    let deal = hotel.deal(106);
    assert_eq!(deal.link_ids(), (6..26).map(|guest| hotel.contact(guest).id).collect::<Vec<_>>());
    assert_eq!(deal.text("TITLE"), "Заявка №Г-17 (Белова) 10.12.2026 14:00 - 14.12.2026 12:00");
}

#[test]
fn the_company_goes_before_the_payer() {
    let hotel = hotel("company_id = 2, payer_company_id = 1");
    hotel.company(1, "");
    hotel.company(2, "");
    hotel.booking(2, "payer_company_id = 1");
    hotel.sync();
    assert_eq!(hotel.deal(1).text("COMPANY_ID"), hotel.crm_company(2).id.to_string());
    assert_eq!(hotel.deal(2).text("COMPANY_ID"), hotel.crm_company(1).id.to_string());
    hotel.booking(1, "company_id = NULL");
    hotel.booking(2, "payer_company_id = NULL");
    hotel.sync();
    assert_eq!(hotel.deal(1).text("COMPANY_ID"), hotel.crm_company(1).id.to_string());
    assert!(matches!(hotel.deal(2).text("COMPANY_ID"), "" | "0"));
}

#[test]
fn a_person_or_company_that_no_row_has_counts_as_none() {
    let hotel = hotel("guest_id = 77, company_id = 78, payer_company_id = 1");
    hotel.company(1, "");
    hotel.stay(1, &[79, 1]);
    hotel.sync();
    let deal = hotel.deal(1);
    assert_eq!(deal.text("TITLE"), "Заявка №1 01.12.2026 14:00 - 05.12.2026 12:00");
    assert_eq!(deal.link_ids(), [hotel.contact(1).id]);
    assert_eq!(deal.text("COMPANY_ID"), hotel.crm_company(1).id.to_string());
    assert_eq!(hotel.issues("warnings"), ["booking 1 UNKNOWN_REFERENCE"]);
}

#[test]
fn a_product_row_does_not_recompute_the_amount() {
    let hotel = hotel("amount = '100.00'");
    let rows = json!({"id": hotel.deal(1).id, "rows": [{"PRICE": 5, "QUANTITY": 1}]});
    hotel.portal().call("crm.deal.productrows.set", rows, chrono::Utc::now());
    assert_eq!(hotel.deal(1).text("OPPORTUNITY"), "100.00");
}

#[test]
fn stages_probabilities_and_currency_are_the_hotels_to_choose() {
    let hotel = Hotel::new();
    hotel.portal().add_status("DEAL_STAGE", "UC_STAY", "Проживает");
    hotel.configure(
        "deal.stages.checked_in = 'UC_STAY'\ndeal.probability.checked_in = 90\ndeal.currency = 'EUR'",
    );
    hotel.booking(1, "status = 'checked_in'");
    hotel.export();
    let deal = hotel.deal(1);
    let chosen = fields(&deal, ["STAGE_ID", "PROBABILITY", "CURRENCY_ID", "CLOSEDATE"]);
    assert_eq!(chosen, ["UC_STAY", "90", "EUR", "2026-12-05"]);
}

#[test]
fn deals_go_into_the_funnel_that_the_configuration_names() {
    let hotel = Hotel::new();
    let funnel = hotel.portal().add_funnel("Бронирование");
    hotel.configure(&format!("deal.category_id = {funnel}"));
    hotel.booking(1, "");
    hotel.export();
    hotel.booking(2, "status = 'checked_out'");
    hotel.sync();
    let stages = [1, 2].map(|id| hotel.deal(id).text("STAGE_ID").to_owned());
    assert_eq!(stages, [format!("C{funnel}:EXECUTING"), format!("C{funnel}:WON")]);
    assert_eq!(hotel.deal(2).text("CLOSEDATE"), "2026-12-05");
}

#[test]
fn a_closing_date_that_was_refused_beside_its_deal_is_still_owed() {
    let hotel = hotel("status = 'checked_out'");
    let mut is_refused = false;
    hotel.server().faults(move |call| {
        if is_refused || !call.calls("crm.deal.update") {
            return None;
        }
        is_refused = true;
        let commands = call.params.argument("cmd");
        let [deal, date] = [0, 1].map(|at| commands.entries()[at].0.clone());
        let body =
            json!({"result": {"result": {deal: true}, "result_error": {date: {"error": "no"}}}});
        Some(Fault::Answer { status: 200, body: body.to_string() })
    });
    hotel.booking(1, "departure = '2026-12-07 12:00'");
    hotel.sync();
    hotel.sync();
    assert_eq!(hotel.deal(1).text("CLOSEDATE"), "2026-12-07");
    hotel.runs_idle();
}

#[test]
fn a_booking_that_goes_before_its_unchanged_guest_shows_their_name_all_the_same() {
    let hotel = Hotel::with_two_guests();
    hotel.booking(1, "comment = 'x'");
    hotel.says("sync --full");
    assert_eq!(hotel.deal(1).text("COMMENTS"), "x");
    assert!(hotel.deal(1).text("TITLE").contains("(Белова)"), "{}", hotel.deal(1).text("TITLE"));
}
