//! Mirrors of another shape, and columns beyond the usual ones.

use bitrix24_sandbox::Kind;
use chrono::Utc;
use serde_json::json;

use crate::hotel::{Hotel, fields};

#[test]
fn queries_and_the_hotels_own_status_codes_serve_another_shape() {
    let hotel = Hotel::new();
    hotel.sql(
        "DROP TABLE guests; DROP TABLE bookings; DROP TABLE booking_guests;
         CREATE TABLE person (uid TEXT, surname TEXT, changed TEXT);
         CREATE TABLE stay (uid TEXT, no INTEGER, state INTEGER, a TEXT, d TEXT, person TEXT, changed TEXT);
         INSERT INTO person VALUES ('b-uuid', 'Белова', '1'), ('a-uuid', 'Чернова', '1');
         INSERT INTO stay VALUES ('s-uuid', 17, 7, '2026-12-01 14:00', '2026-12-05 12:00', 'b-uuid', '1');",
    );
    hotel.configure(
        "[mirror.queries]
         guests = 'SELECT uid AS id, surname AS last_name, changed AS modified_at FROM person'
         bookings = '''SELECT uid AS id, no AS number, state AS status, a AS arrival, d AS departure,
                       person AS guest_id, changed AS modified_at FROM stay'''
         booking_guests = '''SELECT 's-uuid' AS booking_id, uid AS guest_id FROM person -- all of them
                             '''
         [mirror.statuses]
         '7' = 'checked_in'",
    );
    hotel.export();
    let deal = hotel.deal("s-uuid");
    assert_eq!(deal.text("TITLE"), "Заявка №17 (Белова) 01.12.2026 14:00 - 05.12.2026 12:00");
    assert_eq!(fields(&deal, ["STAGE_ID", "OPPORTUNITY"]), ["WON", "0.00"]);
    assert_eq!(deal.link_ids(), ["b-uuid", "a-uuid"].map(|guest| hotel.contact(guest).id));
    hotel.runs_idle();
    hotel.sql("UPDATE person SET surname = 'Белая', changed = '2' WHERE uid = 'b-uuid'");
    hotel.sync();
    assert!(hotel.deal("s-uuid").text("TITLE").contains("(Белая)"));
}

#[test]
fn text_ids_that_differ_by_case_alone_are_two_records() {
    let hotel = Hotel::new();
    hotel.sql("DROP TABLE guests; CREATE TABLE guests (id TEXT, last_name TEXT, modified_at TEXT)");
    hotel.sql("INSERT INTO guests VALUES ('ab', 'Первая', '1')");
    hotel.export();
    hotel.sql("INSERT INTO guests VALUES ('AB', 'Вторая', '1')");
    hotel.sync();
    let names: Vec<String> = hotel
        .portal()
        .records(Kind::Contact)
        .map(|contact| contact.text("LAST_NAME").to_owned())
        .collect();
    assert_eq!(names, ["Первая", "Вторая"]);
}

#[test]
fn check_finds_those_who_stay_in_no_booking() {
    let hotel = Hotel::new();
    hotel.guest(1, "");
    hotel.booking(1, "");
    hotel.sql("INSERT INTO booking_guests (booking_id, guest_id) VALUES (1, 1), (2, 1)");
    assert!(hotel.says("check").contains("указаны заявки, которых в зеркале нет: 1 (например, 2)"));
    hotel.sql("DELETE FROM booking_guests WHERE booking_id = 2");
    assert!(!hotel.says("check").contains("booking_id"));
}

#[test]
fn columns_that_the_hotel_does_not_have_may_be_absent() {
    let hotel = Hotel::new();
    hotel.sql(
        "DROP TABLE guests; DROP TABLE companies; DROP TABLE bookings; DROP TABLE booking_guests;
         CREATE TABLE guests (id INTEGER PRIMARY KEY, modified_at TEXT);
         CREATE TABLE companies (id INTEGER PRIMARY KEY, modified_at TEXT);
         CREATE TABLE bookings (id, number, status, arrival, departure, modified_at);
         CREATE TABLE booking_guests (booking_id, guest_id);
         INSERT INTO guests VALUES (1, '1'), (2, '1'); INSERT INTO companies VALUES (1, '1');
         INSERT INTO bookings VALUES (1, 'A', 'confirmed', '2026-12-01 14:00', '2026-12-05 12:00', '1');
         INSERT INTO booking_guests VALUES (1, 2), (1, 1);",
    );
    hotel.export();
    assert_eq!(hotel.deal(1).link_ids(), [1, 2].map(|guest| hotel.contact(guest).id));
    assert_eq!(hotel.contact(2).text("LAST_NAME"), "Гость №2");
    assert_eq!(hotel.crm_company(1).text("TITLE"), "Компания №1");
}

#[test]
fn columns_of_the_hotel_go_into_custom_fields() {
    let hotel = Hotel::new();
    let field = |name: &str| json!({"fields": {"FIELD_NAME": name, "USER_TYPE_ID": "string"}});
    hotel.portal().call("crm.deal.userfield.add", field("TARIFF"), Utc::now());
    hotel.portal().call("crm.contact.userfield.add", field("LOYALTY"), Utc::now());
    hotel.sql("ALTER TABLE bookings ADD COLUMN tariff TEXT; ALTER TABLE guests ADD COLUMN loyalty_card TEXT");
    hotel.configure(
        "deal.fields.UF_CRM_TARIFF = 'tariff'\ncontact.fields.UF_CRM_LOYALTY = 'loyalty_card'",
    );
    hotel.guest(1, "loyalty_card = 'GOLD'");
    hotel.booking(1, "guest_id = 1, tariff = 'Завтрак [BB]'");
    hotel.export();
    assert_eq!(hotel.contact(1).text("UF_CRM_LOYALTY"), "GOLD");
    assert_eq!(hotel.deal(1).text("UF_CRM_TARIFF"), "Завтрак [BB]");
    hotel.booking(1, "tariff = NULL");
    hotel.sync();
    assert_eq!(hotel.deal(1).text("UF_CRM_TARIFF"), "");
    hotel.sql("ALTER TABLE bookings DROP COLUMN tariff");
    assert!(hotel.exits(3, "sync").err.contains("tariff"));
}

#[test]
fn two_rows_with_one_id_fail_and_stop_nobody_else() {
    let hotel = Hotel::new();
    hotel.sql("DROP TABLE guests; CREATE TABLE guests (id, last_name, modified_at)");
    hotel.sql(
        "INSERT INTO guests VALUES (1, 'a', '1'), (2, 'b', '1'), (1, 'c', '1'), (NULL, 'd', '1')",
    );
    hotel.exits(1, "initial-export");
    assert_eq!(hotel.issues("failures"), ["guest 1 DUPLICATE_ID", "guest NULL BAD_ID"]);
    assert_eq!(hotel.contact(2).text("LAST_NAME"), "b");
}

/// A hotel whose ids have no type of their own.
fn without_types(guests: &str) -> Hotel {
    let hotel = Hotel::new();
    hotel.sql("DROP TABLE guests; CREATE TABLE guests (id, last_name, modified_at)");
    hotel.sql(&format!("INSERT INTO guests VALUES {guests}"));
    hotel
}

#[test]
fn of_41_and_41_as_a_text_the_number_gets_the_card_for_their_marks_are_the_same() {
    let hotel = without_types("('41', 'Текстова', '1'), (41, 'Числова', '1')");
    hotel.exits(1, "initial-export");
    assert_eq!(hotel.portal().count(Kind::Contact), 1);
    assert_eq!(hotel.contact(41).text("LAST_NAME"), "Числова");
    assert_eq!(hotel.issues("failures"), ["guest 41 DUPLICATE_ID"]);
}

#[test]
fn the_number_keeps_its_deal_from_a_text_also_while_it_waits_for_its_guest() {
    let hotel = of_any_type();
    hotel.sql("ALTER TABLE bookings ADD COLUMN guest_id");
    hotel.require(Kind::Contact, "BIRTHDATE");
    hotel.guest(9, "");
    hotel.booking(41, "guest_id = 9");
    hotel.sql(
        "INSERT INTO bookings (id, number, status, arrival, departure, modified_at)
               SELECT '41', 'другая', status, arrival, departure, modified_at FROM bookings WHERE id = 41",
    );
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 9 PORTAL_REFUSED", "booking 41 DUPLICATE_ID"]);
    assert_eq!(hotel.objects(Kind::Deal, &41).len(), 0);
    hotel.portal().settings.required.clear();
    hotel.exits(1, "sync --retry-failed");
    assert!(hotel.deal(41).text("TITLE").contains("№41 "), "{}", hotel.deal(41).text("TITLE"));
}

#[test]
fn whoever_has_the_card_already_keeps_it_from_a_newcomer_with_the_same_mark() {
    for (first, second) in [("41", "'41'"), ("'41'", "41")] {
        let hotel = without_types(&format!("({first}, 'Первая', '1'), (2, 'Другая', '1')"));
        hotel.export();
        hotel.sql(&format!("INSERT INTO guests VALUES ({second}, 'Вторая', '2')"));
        hotel.exits(1, "sync");
        assert_eq!(hotel.portal().count(Kind::Contact), 2);
        assert_eq!(hotel.contact(41).text("LAST_NAME"), "Первая");
        assert_eq!(hotel.issues("failures"), ["guest 41 DUPLICATE_ID"]);
    }
}

#[test]
fn ids_that_turn_from_texts_into_numbers_keep_their_cards() {
    let hotel = without_types("('41', 'Белова', '1'), (2, 'Другая', '1')");
    hotel.export();
    let card = hotel.contact(41).id;
    hotel.sql("UPDATE guests SET id = 41, modified_at = '2' WHERE id = '41'");
    hotel.sync();
    assert_eq!(hotel.contact(41).id, card);
    assert_eq!(hotel.portal().count(Kind::Contact), 2);
    assert_eq!(hotel.issues("failures"), [""; 0]);
}

/// As pandas writes a column of whole numbers with gaps.
#[test]
fn a_reference_that_is_kept_as_a_decimal_leads_to_its_guest() {
    let hotel = Hotel::running();
    hotel.sql(
        "CREATE TABLE stays AS SELECT * FROM booking_guests;
         DROP TABLE booking_guests;
         CREATE TABLE booking_guests (booking_id REAL, guest_id REAL, room TEXT, position INTEGER DEFAULT 0);
         INSERT INTO booking_guests SELECT * FROM stays;",
    );
    hotel.guest(2, "");
    hotel.stay(1, &[1, 2]);
    hotel.sync();
    assert_eq!(hotel.deal(1).link_ids(), [1, 2].map(|guest| hotel.contact(guest).id));
}

/// Ids are compared by their bytes, as the state has them.
#[test]
fn a_key_that_knows_no_case_is_read_in_order() {
    let hotel = Hotel::new();
    hotel.sql(
        "DROP TABLE companies;
         CREATE TABLE companies (id TEXT COLLATE NOCASE PRIMARY KEY, name TEXT, address TEXT, city TEXT, country TEXT,
           postal_code TEXT, phone TEXT, email TEXT, comment TEXT, modified_at TEXT, crm_id INTEGER);
         INSERT INTO companies (id, name, modified_at) VALUES ('a1', 'Ромашка', '1'), ('B2', 'Лютик', '1')",
    );
    hotel.export();
    hotel.runs_idle();
    assert_eq!(hotel.crm_company("B2").text("TITLE"), "Лютик");
}

/// Three bookings whose ids have no type of their own, exported.
fn of_any_type() -> Hotel {
    let hotel = Hotel::new();
    hotel.sql(
        "DROP TABLE bookings;
         CREATE TABLE bookings (id BLOB PRIMARY KEY, number, status, arrival, departure, modified_at)",
    );
    (1..=3).for_each(|id| hotel.booking(id, ""));
    hotel.export();
    hotel
}

/// As a hotel does whose replication changes the type of the key.
fn retype(hotel: &Hotel, to: &str) {
    hotel.sql(&format!("UPDATE bookings SET id = CAST(id AS {to})"));
}

#[test]
fn bookings_whose_ids_turn_into_texts_and_back_keep_their_deals() {
    for most in [25, 1] {
        let hotel = of_any_type();
        hotel.configure(&format!("sync.max_deletes = {most}"));
        let deals = || [1, 2, 3].map(|id| hotel.deal(id).id);
        let before = deals();
        for to in ["TEXT", "INTEGER"] {
            retype(&hotel, to);
            for _ in 0..2 {
                hotel.says("sync");
                assert_eq!((deals(), hotel.portal().count(Kind::Deal)), (before, 3), "{to}");
            }
            assert_eq!(hotel.issues("failures"), [""; 0]);
        }
        hotel.runs_idle();
    }
}

#[test]
fn a_deal_whose_booking_has_another_id_and_cannot_be_read_is_not_deleted() {
    let hotel = of_any_type();
    let before = hotel.deal(1).id;
    retype(&hotel, "TEXT");
    hotel.sql("UPDATE bookings SET arrival = 'вчера'");
    hotel.exits(1, "sync");
    hotel.sql("UPDATE bookings SET arrival = '2026-12-01 14:00'");
    hotel.sync();
    assert_eq!((hotel.deal(1).id, hotel.portal().count(Kind::Deal)), (before, 3));
}

#[test]
fn rows_with_new_ids_that_name_their_objects_keep_them() {
    let hotel = Hotel::new();
    for id in 1..=3 {
        hotel.guest(id, "");
        hotel.booking(id, &format!("guest_id = {id}"));
    }
    hotel.configure("mirror.write_back = true");
    hotel.export();
    let before = [1, 2, 3].map(|id| (hotel.contact(id).id, hotel.deal(id).id));
    hotel
        .sql("UPDATE guests SET id = id + 100; UPDATE bookings SET id = id + 100, guest_id = guest_id + 100");
    hotel.sync();
    let after = [101, 102, 103].map(|id| (hotel.contact(id).id, hotel.deal(id).id));
    assert_eq!(after, before);
    assert_eq!([Kind::Contact, Kind::Deal].map(|kind| hotel.portal().count(kind)), [3, 3]);
    hotel.sync();
    hotel.runs_idle();
}

#[test]
fn ids_are_written_back_only_while_the_configuration_says_so_and_the_mirror_has_a_place() {
    let hotel = Hotel::new();
    hotel.guest(1, "");
    hotel.configure("mirror.write_back = true");
    hotel
        .sql("CREATE TRIGGER refuses BEFORE UPDATE OF crm_id ON guests BEGIN SELECT raise(ABORT, 'no'); END");
    hotel.export();
    assert!(hotel.exits(0, "sync").err.contains("crm_id"));
    let configuration = std::fs::read_to_string(hotel.path("ecvi-b24.toml")).unwrap();
    let off = configuration.replace("write_back = true", "write_back = false");
    std::fs::write(hotel.path("ecvi-b24.toml"), off).unwrap();
    hotel.sync();
    hotel.runs_idle();
    hotel.sql("DROP TRIGGER refuses");
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    let kept: Option<i64> =
        hotel.mirror().query_row("SELECT crm_id FROM guests", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, None);
    std::fs::write(hotel.path("ecvi-b24.toml"), configuration).unwrap();
    hotel.sql("ALTER TABLE guests DROP COLUMN crm_id");
    assert!(hotel.exits(3, "sync").err.contains("crm_id"));
    assert!(hotel.exits(3, "check").out.contains("crm_id"));
}

#[test]
fn references_that_are_texts_where_ids_are_numbers_lead_to_their_people() {
    let hotel = Hotel::new();
    hotel.sql(
        "DROP TABLE bookings;
         CREATE TABLE bookings (id INTEGER PRIMARY KEY, number, status, arrival, departure, guest_id, company_id, modified_at)",
    );
    hotel.guest(1, "last_name = 'Белова'");
    hotel.company(1, "");
    hotel.booking(1, "guest_id = '1', company_id = '1'");
    hotel.export();
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
    assert_eq!(hotel.deal(1).text("COMPANY_ID"), hotel.crm_company(1).id.to_string());
    hotel.guest(1, "last_name = 'Чернова'");
    hotel.sync();
    assert!(hotel.deal(1).text("TITLE").contains("(Чернова)"));
    hotel.runs_idle();
}

#[test]
fn a_crm_id_that_cannot_be_read_makes_no_second_object() {
    let hotel = Hotel::new();
    let card = hotel.by_hand(Kind::Contact, serde_json::json!({"LAST_NAME": "Белова"}));
    hotel.sql(
        "DROP TABLE guests; CREATE TABLE guests (id INTEGER PRIMARY KEY, last_name, crm_id, modified_at)",
    );
    hotel.guest(1, &format!("crm_id = '{card}.0'"));
    hotel.guest(2, "crm_id = 'C_7'");
    hotel.exits(1, "initial-export");
    assert_eq!((hotel.contact(1).id, hotel.portal().count(Kind::Contact)), (card, 1));
    assert_eq!(hotel.issues("failures"), ["guest 2 BAD_ID"]);
}

#[test]
fn flags_positions_and_phones_are_read_as_other_programs_write_them() {
    let hotel = Hotel::new();
    hotel.sql(
        "DROP TABLE guests; DROP TABLE booking_guests;
         CREATE TABLE guests (id INTEGER PRIMARY KEY, last_name, phone, is_vip, is_blacklisted, modified_at);
         CREATE TABLE booking_guests (booking_id, guest_id, position)",
    );
    hotel.guest(1, "phone = '+71' || char(10) || '+72', is_vip = 'Да', is_blacklisted = 'N'");
    hotel.guest(2, "is_vip = 'false', is_blacklisted = 'нет'");
    hotel.booking(1, "");
    hotel.sql("INSERT INTO booking_guests VALUES (1, 1, '2'), (1, 2, 1.0)");
    hotel.export();
    assert_eq!(hotel.contact(1).values("PHONE"), ["+71", "+72"]);
    assert_eq!([1, 2].map(|id| hotel.contact(id).text("COMMENTS").to_owned()), ["{ VIP }", ""]);
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(2).id, hotel.contact(1).id]);
}

#[test]
fn a_mirror_that_has_an_id_already_is_not_written_to() {
    let hotel = Hotel::new();
    hotel.configure("mirror.write_back = true");
    hotel.guest(1, "");
    hotel.export();
    hotel.guest(1, "comment = 'x'");
    let commits = hotel.commits("mirror.db", |hotel| {
        assert_eq!(hotel.sync(), "sync: изменено: гости 1\n");
    });
    assert_eq!(commits, 0);
}
