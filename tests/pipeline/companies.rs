//! Company -> company.

use bitrix24_sandbox::Kind;
use serde_json::json;

use crate::hotel::{Hotel, fields};

#[test]
fn a_company_is_a_company_with_all_it_says() {
    let hotel = Hotel::new();
    hotel.company(
        1,
        "name = 'ООО «Ромашка»', address = 'ул. Ленина, 1', city = 'Омск', country = 'Россия',
         postal_code = '644000', phone = '+71;+72', email = 'a@b.ru', comment = 'по безналу'",
    );
    hotel.export();
    let company = hotel.crm_company(1);
    assert_eq!(fields(&company, ["TITLE", "COMMENTS"]), ["ООО «Ромашка»", "по безналу"]);
    let address =
        fields(&company, ["ADDRESS", "ADDRESS_CITY", "ADDRESS_COUNTRY", "ADDRESS_POSTAL_CODE"]);
    assert_eq!(address, ["ул. Ленина, 1", "Омск", "Россия", "644000"]);
    assert_eq!(company.values("PHONE"), ["+71", "+72"]);
    assert_eq!(company.values("EMAIL"), ["a@b.ru"]);
    assert_eq!(fields(&company, ["ORIGINATOR_ID", "ORIGIN_ID"]), ["ECVI", "1"]);
}

#[test]
fn a_company_without_a_name_is_called_by_the_id() {
    let hotel = Hotel::new();
    hotel.company(7, "name = '  '");
    hotel.export();
    assert_eq!(hotel.crm_company(7).text("TITLE"), "Компания №7");
}

#[test]
fn what_became_empty_in_ecvi_becomes_empty_in_the_crm() {
    let hotel = Hotel::new();
    hotel.company(
        1,
        "phone = '+71', email = 'a@b.ru', comment = 'x', address = 'ул. Ленина', city = 'Омск'",
    );
    hotel.export();
    hotel.company(1, "phone = NULL, email = NULL, comment = NULL, address = NULL");
    hotel.sync();
    let company = hotel.crm_company(1);
    assert_eq!(fields(&company, ["COMMENTS", "ADDRESS", "ADDRESS_CITY"]), ["", "", "Омск"]);
    assert!(company.rows.is_empty());
}

#[test]
fn a_company_that_is_gone_from_ecvi_is_left_alone_in_the_crm() {
    let hotel = Hotel::new();
    hotel.company(1, "");
    hotel.company(2, "");
    hotel.export();
    hotel.sql("DELETE FROM companies WHERE id = 1");
    assert_eq!(hotel.writes(|hotel| drop(hotel.sync())), 0);
    assert_eq!(hotel.portal().count(Kind::Company), 2);
}

#[test]
fn what_people_fill_beside_our_fields_stays() {
    let hotel = Hotel::new();
    hotel.company(1, "");
    hotel.export();
    hotel.edit(
        Kind::Company,
        hotel.crm_company(1).id,
        json!({"INDUSTRY": "IT", "UTM_SOURCE": "x"}),
    );
    hotel.company(1, "comment = 'x'");
    hotel.sync();
    assert_eq!(
        fields(&hotel.crm_company(1), ["INDUSTRY", "UTM_SOURCE", "COMMENTS"]),
        ["IT", "x", "x"]
    );
}
