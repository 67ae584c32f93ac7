//! Guest -> contact.

use bitrix24_sandbox::Kind;
use serde_json::json;

use crate::hotel::{Hotel, fields};

fn hotel(guest: &str) -> Hotel {
    let hotel = Hotel::new();
    hotel.guest(1, guest);
    hotel.export();
    hotel
}

#[test]
fn a_guest_is_a_contact_with_all_it_says() {
    let hotel = hotel(
        "last_name = 'Приходько', first_name = 'Олег', middle_name = 'Петрович', birth_date = '1971-03-14',
         phone = '+7 901 000-00-01', email = 'oleg@example.ru', country = 'Россия', region = 'Омская область',
         city = 'Омск', sex = 'M', comment = 'Просит вид на реку'",
    );
    let contact = hotel.contact(1);
    let names =
        fields(&contact, ["LAST_NAME", "NAME", "SECOND_NAME", "BIRTHDATE", "HONORIFIC", "TYPE_ID"]);
    assert_eq!(names, ["Приходько", "Олег", "Петрович", "1971-03-14", "HNR_RU_1", "CLIENT"]);
    let address =
        fields(&contact, ["ADDRESS_COUNTRY", "ADDRESS_PROVINCE", "ADDRESS_CITY", "ADDRESS_REGION"]);
    assert_eq!(address, ["Россия", "Омская область", "Омск", ""]);
    assert_eq!(contact.values("PHONE"), ["+7 901 000-00-01"]);
    assert_eq!(contact.values("EMAIL"), ["oleg@example.ru"]);
    assert_eq!(contact.text("COMMENTS"), "Просит вид на реку");
    assert_eq!(fields(&contact, ["ORIGINATOR_ID", "ORIGIN_ID"]), ["ECVI", "1"]);
}

#[test]
fn names_are_cut_at_50_characters_not_bytes() {
    let hotel = hotel(&format!(
        "last_name = '{0}', first_name = '{0}', middle_name = '{0}'",
        "я".repeat(60)
    ));
    let names = fields(&hotel.contact(1), ["LAST_NAME", "NAME", "SECOND_NAME"]);
    assert_eq!(names, [(); 3].map(|()| "я".repeat(50)));
}

#[test]
fn phones_and_emails_are_separated_by_commas_and_semicolons_each_once() {
    let hotel = hotel("phone = '+71, +72;+73 ; ,+71', email = 'a@b.ru; Олег <c@d.ru>'");
    assert_eq!(hotel.contact(1).values("PHONE"), ["+71", "+72", "+73"]);
    assert_eq!(hotel.contact(1).values("EMAIL"), ["a@b.ru", "c@d.ru"]);
}

#[test]
fn the_honorific_follows_the_sex_and_is_empty_when_that_is_unknown() {
    let hotel = hotel("sex = 'F'");
    assert_eq!(hotel.contact(1).text("HONORIFIC"), "HNR_RU_2");
    hotel.guest(1, "sex = NULL");
    hotel.guest(2, "sex = NULL");
    hotel.sync();
    assert_eq!(hotel.contact(1).text("HONORIFIC"), "");
    assert_eq!(hotel.contact(2).text("HONORIFIC"), "");
}

#[test]
fn the_type_is_always_client() {
    let hotel = hotel("");
    hotel.edit(Kind::Contact, hotel.contact(1).id, json!({"TYPE_ID": "SUPPLIER"}));
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    assert_eq!(hotel.contact(1).text("TYPE_ID"), "CLIENT");
}

#[test]
fn vip_and_black_list_stand_before_the_comment_in_this_order() {
    let hotel = hotel("comment = 'любит тишину', is_vip = 1");
    hotel.guest(2, "comment = 'долг', is_blacklisted = 1");
    hotel.guest(3, "comment = 'x', is_blacklisted = 1, is_vip = 1");
    hotel.guest(4, "is_vip = 1");
    hotel.sync();
    let comments = [1, 2, 3, 4].map(|id| hotel.contact(id).text("COMMENTS").to_owned());
    assert_eq!(
        comments,
        [
            "{ VIP } любит тишину",
            "{ ЧЕРНЫЙ СПИСОК } долг",
            "{ VIP } { ЧЕРНЫЙ СПИСОК } x",
            "{ VIP }"
        ]
    );
}

#[test]
fn a_guest_without_any_name_is_called_by_the_id() {
    let hotel = hotel("last_name = NULL");
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "Гость №1");
    hotel.guest(1, "comment = 'имени всё нет'");
    assert_eq!(hotel.sync(), "sync: изменено: гости 1\n");
    assert_eq!(hotel.contact(1).text("COMMENTS"), "имени всё нет");
}

#[test]
fn an_email_that_the_portal_would_refuse_is_left_out_with_a_warning() {
    let hotel = hotel("email = 'нет почты; a@b.ru; спросить', phone = '+71'");
    assert_eq!(hotel.contact(1).values("EMAIL"), ["a@b.ru"]);
    assert_eq!(hotel.contact(1).values("PHONE"), ["+71"]);
    assert_eq!(hotel.issues("warnings"), ["guest 1 EMAIL_LEFT_OUT"]);
    // The address is a person's data, and the document may be copied into a ticket.
    assert_eq!(hotel.status()["warnings"][0]["message"], "");
    hotel.guest(1, "email = 'a@b.ru'");
    hotel.sync();
    assert_eq!(hotel.issues("warnings"), [""; 0]);
}

#[test]
fn a_phone_of_more_than_250_characters_is_left_out_with_a_warning() {
    let hotel = hotel(&format!("phone = '{}, {}'", "7".repeat(251), "7".repeat(250)));
    assert_eq!(hotel.contact(1).values("PHONE"), ["7".repeat(250)]);
    assert_eq!(hotel.issues("warnings"), ["guest 1 PHONE_LEFT_OUT"]);
}

#[test]
fn the_address_goes_with_all_three_parts() {
    let hotel = hotel("country = 'Россия', region = 'Омская область', city = 'Омск'");
    hotel.guest(1, "country = NULL, region = NULL");
    hotel.sync();
    let address =
        fields(&hotel.contact(1), ["ADDRESS_COUNTRY", "ADDRESS_PROVINCE", "ADDRESS_CITY"]);
    assert_eq!(address, ["", "", "Омск"]);
}

#[test]
fn an_address_that_lost_every_part_stays_as_it_was() {
    let hotel = hotel("country = 'Россия', city = 'Омск'");
    hotel.guest(1, "country = NULL, city = NULL");
    assert_eq!(hotel.sync(), "sync: изменено: гости 1\n");
    assert_eq!(fields(&hotel.contact(1), ["ADDRESS_COUNTRY", "ADDRESS_CITY"]), ["Россия", "Омск"]);
}

#[test]
fn what_became_empty_in_ecvi_becomes_empty_in_the_crm() {
    let hotel = hotel(
        "first_name = 'Олег', middle_name = 'Петрович', birth_date = '1971-03-14', phone = '+71',
         email = 'a@b.ru', sex = 'M', comment = 'x'",
    );
    hotel.guest(
        1,
        "first_name = NULL, middle_name = '', birth_date = NULL, phone = NULL, email = '', sex = NULL,
         comment = NULL",
    );
    hotel.sync();
    let contact = hotel.contact(1);
    let emptied = fields(&contact, ["NAME", "SECOND_NAME", "BIRTHDATE", "HONORIFIC", "COMMENTS"]);
    assert_eq!(emptied, [""; 5]);
    assert!(contact.rows.is_empty());
}

#[test]
fn who_is_responsible_and_where_a_guest_came_from_is_said_once() {
    let hotel = Hotel::new();
    hotel.configure(
        "contact.assigned_by_id = 1\ncontact.source_id = 'WEB'\ncontact.phone_type = 'MOBILE'",
    );
    hotel.guest(1, "phone = '+71'");
    hotel.export();
    assert_eq!(hotel.contact(1).text("SOURCE_ID"), "WEB");
    assert_eq!(hotel.contact(1).rows[0].value_type, "MOBILE");
    assert_eq!(hotel.contact(1).text("ASSIGNED_BY_ID"), "1");
    let by_hand = json!({"SOURCE_ID": "CALL", "ASSIGNED_BY_ID": "7"});
    hotel.edit(Kind::Contact, hotel.contact(1).id, by_hand);
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    assert_eq!(
        fields(&hotel.contact(1), ["SOURCE_ID", "ASSIGNED_BY_ID", "COMMENTS"]),
        ["CALL", "7", "x"]
    );
}

#[test]
fn a_phone_or_an_email_that_the_portal_refuses_does_not_cost_the_guest() {
    let hotel = hotel("phone = '0', email = 'a@b_c.ru'");
    assert_eq!(hotel.contact(1).rows, []);
    assert_eq!(hotel.issues("warnings"), ["guest 1 EMAIL_LEFT_OUT", "guest 1 PHONE_LEFT_OUT"]);
    hotel.guest(
        1,
        "phone = '0; +71; 00', email = 'a@xn--80a.xn--p1ai, Имя <b@x.ru>, a٣@x.ru, a..b@x.ru'",
    );
    hotel.sync();
    assert_eq!(hotel.contact(1).values("PHONE"), ["+71", "00"]);
    assert_eq!(hotel.contact(1).values("EMAIL"), ["a@xn--80a.xn--p1ai", "b@x.ru"]);
    assert_eq!(hotel.issues("warnings"), ["guest 1 EMAIL_LEFT_OUT", "guest 1 PHONE_LEFT_OUT"]);
}

#[test]
fn a_card_with_a_bad_email_refuses_every_change_and_the_advice_says_so() {
    let hotel = hotel("");
    let card = hotel.contact(1).id;
    assert!(hotel.portal().add_unchecked_row(Kind::Contact, card, "EMAIL", "a@@b"));
    hotel.guest(1, "comment = 'x'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 1 BAD_CONTACT_IN_CRM"]);
    assert!(hotel.says("status").contains("на карточке, затем выполните ecvi-b24 retry"));
}
