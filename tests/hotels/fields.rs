//! What a plain deal has no field for goes into fields of the hotel's own.

use serde_json::Value;

use crate::env::TestEnv;
use crate::hotel::script;

fn hotel() -> TestEnv {
    let hotel = TestEnv::filled("fields");
    let calls: Value = serde_json::from_str(&script("fields", "userfields.json").unwrap()).unwrap();
    for call in calls.as_array().unwrap() {
        hotel.call(call["method"].as_str().unwrap(), serde_json::json!({"fields": call["fields"]}));
    }
    hotel
}

/// The list of a deal's meals, word by id.
fn meal(hotel: &TestEnv, booking: &str) -> String {
    let id = hotel.deal(booking).text("UF_CRM_MEALS").to_owned();
    let fields = hotel.call("crm.deal.fields", serde_json::json!({}));
    let items = fields["result"]["UF_CRM_MEALS"]["items"].as_array().unwrap().clone();
    let found = items.iter().find(|item| item["ID"] == id.as_str());
    found.map(|item| item["VALUE"].as_str().unwrap().to_owned()).unwrap_or_default()
}

#[test]
fn fields_that_the_portal_does_not_have_are_found_before_anything_is_sent() {
    let hotel = TestEnv::filled("fields");
    hotel.run(3, "initial-export");
    assert_eq!(hotel.counts(), [0, 0, 0]);
}

#[test]
fn arrival_tariff_meals_rooms_guests_and_source_stand_in_the_deal() {
    let hotel = hotel();
    hotel.run(0, "initial-export");
    let deal = hotel.deal("101");
    assert!(deal.text("UF_CRM_ARRIVAL").starts_with("2026-05-20T12:00:00"));
    assert!(deal.text("UF_CRM_DEPARTURE").starts_with("2026-05-29T12:00:00"));
    assert_eq!(deal.text("UF_CRM_TARIFF"), "Стандарт [без завтрака]");
    assert_eq!(deal.text("UF_CRM_GUESTS"), "1");
    assert_eq!(deal.text("SOURCE_ID"), "CALL");
    assert_eq!(meal(&hotel, "101"), "Без питания");
    let group = hotel.deal("107");
    assert_eq!(group.field("UF_CRM_ROOMS").json(), r#"["21","22"]"#);
    assert_eq!(group.text("UF_CRM_GUESTS"), "4");
    assert_eq!(group.text("SOURCE_ID"), "WEB");
    assert_eq!(meal(&hotel, "107"), "Завтрак, ужин");
    assert_eq!(hotel.contact("1").text("UF_CRM_LOYALTY"), "A-100");
    hotel.runs_idle();
}

#[test]
fn a_contact_shows_what_its_bookings_say() {
    let hotel = hotel();
    hotel.run(0, "initial-export");
    let contact = hotel.contact("3");
    let names = ["STAYS", "NIGHTS", "SPENT", "FIRST_STAY", "LAST_STAY", "CANCELLED", "NOT_SHOWN"];
    let shown = names
        .map(|name| contact.text(&format!("UF_CRM_{name}")).split('T').next().unwrap().to_owned());
    assert_eq!(shown, ["2", "15", "83000.50|RUB", "2025-12-30", "2026-05-02", "0", "0"]);
    hotel.runs_idle();
}

#[test]
fn a_word_that_the_list_does_not_know_is_a_warning_until_it_does() {
    let hotel = hotel();
    hotel.run(0, "initial-export");
    assert_eq!(
        hotel.issues("warnings"),
        [r#"booking 103: FIELD_LEFT_OUT UF_CRM_MEALS (meals) = "Всё включено""#]
    );
    assert_eq!(meal(&hotel, "103"), "");
    hotel.sql("UPDATE bookings SET meals = 'завтрак', modified_at = '2026-05-06' WHERE id = 103");
    hotel.run(0, "sync");
    assert_eq!(meal(&hotel, "103"), "Завтрак");
    assert_eq!(hotel.issues("warnings"), Vec::<String>::new());
}

#[test]
fn a_column_that_becomes_empty_empties_its_field() {
    let hotel = hotel();
    hotel.run(0, "initial-export");
    hotel.sql(
        "UPDATE bookings SET meals = NULL, tariff = '', modified_at = '2026-05-06' WHERE id = 107;
         DELETE FROM booking_guests WHERE booking_id = 107;",
    );
    hotel.run(0, "sync");
    let deal = hotel.deal("107");
    assert_eq!((meal(&hotel, "107"), deal.text("UF_CRM_TARIFF")), (String::new(), ""));
    assert_eq!(deal.field("UF_CRM_ROOMS").json(), "[]");
}
