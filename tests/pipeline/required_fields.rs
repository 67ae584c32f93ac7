//! `check --probe` and the fields that a portal demands.

use bitrix24_sandbox::Kind;
use chrono::Utc;
use serde_json::json;

use crate::hotel::Hotel;

/// What a probe says of required fields.
fn about_required(hotel: &Hotel) -> Vec<String> {
    let said = hotel.says("check --probe");
    let is_about =
        |line: &&str| line.contains("требует поле") || line.contains("Проба: обязательное поле");
    said.lines().filter(is_about).map(str::to_owned).collect()
}

fn empty(field: &str, how_many: &str, example: &str) -> String {
    format!(
        "! Проба: портал требует поле {field}, а в зеркале оно пустое: {how_many} (например, {example}); \
         их портал отклонит"
    )
}

/// Three guests, the last without a birth date, only the first with an e-mail; two bookings without
/// a company.
fn hotel() -> Hotel {
    let hotel = Hotel::new();
    hotel.guest(1, "birth_date = '1980-01-01', email = 'a@b.ru'");
    hotel.guest(2, "birth_date = '1980-01-02'");
    hotel.guest(3, "");
    hotel.company(1, "");
    hotel.booking(1, "guest_id = 1");
    hotel.booking(2, "number = '77'");
    hotel
}

#[test]
fn a_plain_portal_marks_names_as_required_and_alarms_nobody() {
    assert_eq!(about_required(&hotel()), [""; 0]);
}

#[test]
fn a_field_that_is_marked_and_not_demanded_alarms_nobody() {
    let hotel = hotel();
    let field =
        json!({"fields": {"FIELD_NAME": "CARD", "USER_TYPE_ID": "string", "MANDATORY": "Y"}});
    hotel.portal().call("crm.contact.userfield.add", field, Utc::now());
    assert_eq!(about_required(&hotel), [""; 0]);
}

#[test]
fn a_field_that_the_portal_demands_is_named_with_the_records_that_leave_it_empty() {
    let hotel = hotel();
    hotel.require(Kind::Contact, "EMAIL");
    hotel.require(Kind::Contact, "BIRTHDATE");
    hotel.require(Kind::Deal, "COMPANY_ID");
    let wanted = [
        empty("BIRTHDATE", "гости 1 из 3", "гость 3"),
        empty("EMAIL", "гости 2 из 3", "гость 2"),
        empty("COMPANY_ID", "заявки 2 из 2", "заявка №1 (id 1)"),
    ];
    assert_eq!(about_required(&hotel), wanted);
}

#[test]
fn a_field_that_only_the_mirror_can_tell_of_is_looked_for_there() {
    let hotel = hotel();
    hotel.require(Kind::Contact, "BIRTHDATE");
    assert_eq!(about_required(&hotel), [empty("BIRTHDATE", "гости 1 из 3", "гость 3")]);
}

#[test]
fn a_required_field_that_all_records_fill_is_fine_though_the_trial_object_lacks_it() {
    let hotel = hotel();
    hotel.sql("UPDATE guests SET email = 'a@b.ru'");
    hotel.require(Kind::Contact, "EMAIL");
    let wanted = "✓ Проба: обязательное поле EMAIL (гости) заполнено во всех записях: 3";
    assert_eq!(about_required(&hotel), [wanted]);
}
