//! Nothing is guessed: what the mirror holds and nobody understands fails, or warns, and never
//! becomes a value.

use bitrix24_sandbox::Kind;
use rusqlite::types::Value;

use crate::hotel::{Hotel, fields};

/// «Приходько» as windows-1251 has it, under the name of text.
const RUSSIAN: &str = "CAST(x'CFF0E8F5EEE4FCEAEE' AS TEXT)";

/// A hotel whose tables have columns without types, so that every cell keeps what is put into it.
pub(crate) fn without_types() -> Hotel {
    let hotel = Hotel::new();
    hotel.sql(
        "DROP TABLE guests; DROP TABLE bookings; DROP TABLE booking_guests;
         CREATE TABLE guests (id, modified_at, last_name, sex, birth_date, phone, is_vip, is_blacklisted, crm_id);
         CREATE TABLE bookings (id, number, status, arrival, departure, amount, guest_id, company_id,
                                payer_company_id, modified_at);
         CREATE TABLE booking_guests (booking_id, guest_id, position);",
    );
    hotel
}

fn warning(hotel: &Hotel, code: &str) -> String {
    let status = hotel.status();
    let warnings = status["warnings"].as_array().unwrap();
    let found = warnings
        .iter()
        .find(|warning| warning["code"] == code)
        .unwrap_or_else(|| panic!("{status}"));
    found["message"].as_str().unwrap().to_owned()
}

#[test]
fn bytes_that_are_not_utf_8_fail_the_record_and_leave_its_card_as_it_is() {
    let hotel = Hotel::running();
    hotel.guest(1, &format!("last_name = {RUSSIAN}"));
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 1 BAD_TEXT"]);
    assert_eq!(hotel.status()["failures"][0]["message"], "last_name");
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "Приходько");
    assert!(hotel.says("check").contains("1, BAD_TEXT, last_name (id 1)"));
}

#[test]
fn with_the_encoding_of_the_mirror_such_a_text_is_read() {
    let hotel = Hotel::new();
    hotel.guest(1, &format!("last_name = {RUSSIAN}, first_name = 'Олег'"));
    hotel.exits(1, "initial-export");
    hotel.configure("mirror.encoding = 'windows-1251'");
    hotel.export();
    assert_eq!(fields(&hotel.contact(1), ["LAST_NAME", "NAME"]), ["Приходько", "Олег"]);
    assert!(hotel.says("config show").contains("encoding = \"windows-1251\""));
    hotel.configure("mirror.encoding = 'klingon'");
    hotel.exits(3, "check");
}

#[test]
fn a_guest_is_never_black_listed_by_a_value_that_nobody_understands() {
    let hotel = without_types();
    let values = [
        "x'00'", "'NULL'", "'\\N'", "'ложь'", "'—'", "2", "x'ff'", "'x'", "0.0", "NULL", "x'01'",
        "'t'",
    ];
    for (id, value) in values.iter().enumerate() {
        hotel.sql(&format!(
            "INSERT INTO guests (id, modified_at, is_blacklisted) VALUES ({id}, '1', {value})"
        ));
    }
    hotel.export();
    let is_listed = |id: &usize| hotel.contact(id).text("COMMENTS").contains("ЧЕРНЫЙ");
    let listed: Vec<usize> = (0..values.len()).filter(is_listed).collect();
    assert_eq!(listed, [10, 11]);
    let warned = ["1", "2", "5", "6", "7"].map(|id| format!("guest {id} UNKNOWN_FLAG"));
    assert_eq!(hotel.issues("warnings"), warned);
    assert!(hotel.says("check").contains("5, UNKNOWN_FLAG, is_blacklisted (id 1, 2, 5)"));
}

#[test]
fn a_sex_in_other_words_is_read_or_warned_about() {
    let hotel = without_types();
    for (id, sex) in ["'м'", "'Ж'", "'female'", "'1'", "''"].iter().enumerate() {
        hotel.sql(&format!("INSERT INTO guests (id, modified_at, sex) VALUES ({id}, '1', {sex})"));
    }
    hotel.export();
    let honorific = |id: usize| hotel.contact(id).text("HONORIFIC").to_owned();
    assert_eq!([0, 1, 2, 3, 4].map(honorific), ["HNR_RU_1", "HNR_RU_2", "HNR_RU_2", "", ""]);
    assert_eq!(hotel.issues("warnings"), ["guest 3 UNKNOWN_SEX"]);
}

#[test]
fn a_reference_that_no_row_has_counts_as_none_with_a_warning_until_there_is_one() {
    let hotel = Hotel::new();
    hotel.guest(1, "");
    hotel.booking(1, "guest_id = 1, company_id = 0");
    hotel.booking(2, "guest_id = 99, payer_company_id = 7");
    hotel.stay(1, &[1, 98]);
    let checked = hotel.says("check");
    assert!(
        checked.contains("в столбце guest_id указан id, которого в зеркале нет; таких заявок 1 из 2 (например, заявка с id 2: 99)"),
        "{checked}"
    );
    assert!(checked.contains("в столбце payer_company_id указан id"), "{checked}");
    assert!(checked.contains("в столбце booking_guests.guest_id указан id"), "{checked}");
    assert!(checked.contains("1 из 2 без гостей"), "{checked}");
    hotel.export();
    assert_eq!(
        hotel.issues("warnings"),
        ["booking 1 UNKNOWN_REFERENCE", "booking 2 UNKNOWN_REFERENCE"]
    );
    assert_eq!(warning(&hotel, "UNKNOWN_REFERENCE"), "guest 98");
    assert!(hotel.says("status booking 2").contains("гость 99, компания 7"));
    hotel.guest(98, "");
    hotel.guest(99, "last_name = 'Белова'");
    hotel.company(7, "");
    hotel.sync();
    assert_eq!(hotel.issues("warnings"), Vec::<String>::new());
    assert!(hotel.deal(2).text("TITLE").contains("(Белова)"));
    hotel.runs_idle();
}

#[test]
fn a_reference_that_cannot_be_an_id_is_a_warning() {
    let hotel = without_types();
    for (id, guest) in
        ["1.5", "9e18", "x'6f9619ff8b86d011b42d00c04fc964ff'", "''", "NULL"].iter().enumerate()
    {
        hotel.sql(&format!(
            "INSERT INTO bookings VALUES ({id}, {id}, 'confirmed', '2026-12-01 14:00', '2026-12-05 12:00', 0,
                                          {guest}, NULL, NULL, '1')"
        ));
    }
    hotel.sql("INSERT INTO booking_guests VALUES (4, x'ff', 0)");
    hotel.export();
    let warned = ["0", "1", "2", "4"].map(|id| format!("booking {id} UNKNOWN_REFERENCE"));
    assert_eq!(hotel.issues("warnings"), warned);
}

#[test]
fn ids_and_references_are_read_alike_whatever_pads_or_types_them() {
    for (id, reference) in [
        ("7", "'7.0'"),
        ("7", "'7 '"),
        ("7", "7.0"),
        ("'7  '", "7"),
        ("7.0", "' 7'"),
        ("'a  '", "'a'"),
    ] {
        let hotel = without_types();
        hotel.sql(&format!(
            "INSERT INTO guests (id, modified_at, last_name) VALUES ({id}, '1', 'Белова');
             INSERT INTO bookings VALUES ({id}, 'N', 'confirmed', '2026-12-01 14:00', '2026-12-05 12:00', 0,
                                          {reference}, NULL, NULL, '1'), (8, 'M', 'confirmed', '2026-12-01 14:00',
                                          '2026-12-05 12:00', 0, NULL, NULL, NULL, '1');
             INSERT INTO booking_guests VALUES ({reference}, {reference}, 0);"
        ));
        hotel.export();
        let mark = id.trim_matches('\'').trim().trim_end_matches(".0");
        let deal = hotel.deal(mark);
        assert_eq!(deal.link_ids(), [hotel.contact(mark).id], "{id} {reference}");
        assert!(deal.text("TITLE").contains("(Белова)"), "{id} {reference}");
        assert_eq!(hotel.issues("warnings"), Vec::<String>::new(), "{id} {reference}");
        hotel.runs_idle();
    }
}

#[test]
fn those_who_stay_are_found_though_their_bookings_id_has_another_type() {
    let hotel = without_types();
    let stay = |id: u32| {
        format!(
            "({id}, {id}, 'confirmed', '2026-12-01 14:00', '2026-12-05 12:00', 0, NULL, NULL, NULL, '1')"
        )
    };
    hotel.sql(&format!("INSERT INTO bookings VALUES {}, {}", stay(9), stay(10)));
    hotel.sql("INSERT INTO guests (id, modified_at) VALUES (1, '1'), (2, '1')");
    hotel.sql("INSERT INTO booking_guests VALUES ('9', '1', 0), ('10.0', 2, 0)");
    hotel.export();
    assert_eq!(hotel.deal(9).link_ids(), [hotel.contact(1).id]);
    assert_eq!(hotel.deal(10).link_ids(), [hotel.contact(2).id]);
    hotel.sql("UPDATE booking_guests SET guest_id = 1 WHERE booking_id = '10.0'");
    hotel.sync();
    assert_eq!(hotel.deal(10).link_ids(), [hotel.contact(1).id]);
}

#[test]
fn padded_texts_are_sent_and_found_without_their_blanks() {
    let hotel = Hotel::running();
    hotel
        .guest(1, "last_name = 'Белова        ', first_name = char(65279) || 'Анна ' || char(160)");
    hotel.booking(1, "number = '3682     ', status = 'confirmed      ', amount = ' 900.00   '");
    hotel.sync();
    assert_eq!(fields(&hotel.contact(1), ["LAST_NAME", "NAME"]), ["Белова", "Анна"]);
    assert!(hotel.deal(1).text("TITLE").starts_with("Заявка №3682 (Белова) "));
    assert!(hotel.says("status booking 3682").contains("3682"));
    assert_eq!(fields(&hotel.deal(1), ["OPPORTUNITY"]), ["900.00"]);
}

#[test]
fn a_birth_date_that_is_an_instant_or_has_words_behind_it_fails_its_guest() {
    let hotel = Hotel::new();
    hotel.guest(1, "birth_date = '1979-12-31T21:00:00.000Z'");
    hotel.guest(2, "birth_date = '1980-01-01 или 1981'");
    hotel.guest(3, "birth_date = '31.12.1979'");
    hotel.exits(1, "initial-export");
    assert_eq!(hotel.issues("failures"), ["guest 1 BAD_DATE", "guest 2 BAD_DATE"]);
    assert_eq!(hotel.contact(3).text("BIRTHDATE"), "1979-12-31");
    // The forms differ, so each has its example; the values are a person's and are not shown.
    let checked = hotel.says("check");
    assert!(
        checked.contains("9999-99-99a99:99:99.999a") && checked.contains("9999-99-99 a 9999"),
        "{checked}"
    );
    assert!(!checked.contains("1979"), "{checked}");
}

#[test]
fn dates_and_amounts_of_a_report_are_read_and_what_could_mean_two_is_not() {
    let hotel = Hotel::new();
    hotel.booking(
        1,
        "arrival = '01.12.2026 14:00', departure = '05.12.2026 12:00', amount = '13 050,00'",
    );
    hotel.booking(2, "arrival = '01.12.2026', departure = '2026-12-05', amount = '13 050'");
    hotel.booking(3, "amount = '1,234'");
    hotel.booking(4, "amount = '13050 руб.'");
    hotel.booking(5, "arrival = '01.02.03'");
    hotel.booking(6, "arrival = '2026-12-01T11:00:00Z'");
    let checked = hotel.says("check");
    assert!(
        checked.contains("amount = \"1,234\"") && checked.contains("amount = \"13050 руб.\""),
        "{checked}"
    );
    assert!(checked.contains("вида 13050.00 или 13 050,00"), "{checked}");
    hotel.exits(1, "initial-export");
    assert_eq!(
        fields(&hotel.deal(1), ["BEGINDATE", "CLOSEDATE", "OPPORTUNITY"]),
        ["2026-12-01", "2026-12-05", "13050.00"]
    );
    assert_eq!(hotel.deal(1).text("TITLE"), "Заявка №1 01.12.2026 14:00 - 05.12.2026 12:00");
    assert_eq!(hotel.deal(2).text("TITLE"), "Заявка №2 01.12.2026 - 05.12.2026");
    assert_eq!(
        hotel.issues("failures"),
        [
            "booking 3 BAD_AMOUNT", "booking 4 BAD_AMOUNT", "booking 5 BAD_DATE",
            "booking 6 BAD_DATE"
        ]
    );
}

#[test]
fn without_modified_at_the_content_alone_tells_a_change() {
    let hotel = Hotel::new();
    hotel.sql(
        "ALTER TABLE guests DROP COLUMN modified_at; ALTER TABLE bookings DROP COLUMN modified_at",
    );
    hotel.sql("INSERT INTO guests (id, last_name) VALUES (1, 'Белова'), (2, 'Чернова')");
    hotel.sql(
        "INSERT INTO bookings (id, number, status, arrival, departure, guest_id)
         VALUES (1, '1', 'confirmed', '2026-12-01 14:00', '2026-12-05 12:00', 1)",
    );
    hotel.export();
    hotel.runs_idle();
    hotel.sql(
        "UPDATE guests SET last_name = 'Белая' WHERE id = 1; UPDATE bookings SET amount = 5 WHERE id = 1",
    );
    hotel.sync();
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "Белая");
    assert_eq!(hotel.deal(1).text("OPPORTUNITY"), "5.00");
    hotel.runs_idle();
}

#[test]
fn a_modified_at_that_joins_columns_is_never_shown() {
    let hotel = Hotel::new();
    hotel.configure(
        "mirror.queries.guests = 'SELECT *, last_name || phone AS modified_at FROM (SELECT id, last_name, phone FROM guests)'",
    );
    hotel.guest(1, "last_name = 'Секретова', phone = '+79990001122'");
    let shown = [
        hotel.says("check"),
        hotel.export(),
        hotel.says("status guest 1"),
        hotel.says("status guest 1 --json"),
    ];
    for text in shown {
        assert!(!text.contains("Секретова") && !text.contains("9990001122"), "{text}");
    }
}

#[test]
fn collations_of_the_program_that_fills_the_mirror_stop_no_command() {
    let hotel = Hotel::new();
    let filler = hotel.mirror();
    filler.create_collation("WIN32CASE", |a, b| b.to_lowercase().cmp(&a.to_lowercase())).unwrap();
    filler
        .execute_batch(
            "DROP TABLE guests; DROP TABLE bookings; DROP TABLE booking_guests;
             CREATE TABLE guests (id TEXT COLLATE WIN32CASE PRIMARY KEY, last_name TEXT COLLATE WIN32CASE,
                                  modified_at TEXT COLLATE WIN32CASE, crm_id INTEGER);
             CREATE TABLE bookings (id TEXT COLLATE WIN32CASE PRIMARY KEY, number TEXT COLLATE WIN32CASE UNIQUE,
                                    status TEXT COLLATE WIN32CASE, arrival TEXT, departure TEXT,
                                    guest_id TEXT COLLATE WIN32CASE, modified_at TEXT, crm_id INTEGER);
             CREATE TABLE booking_guests (booking_id TEXT COLLATE WIN32CASE, guest_id TEXT COLLATE WIN32CASE,
                                          PRIMARY KEY (booking_id, guest_id)) WITHOUT ROWID;
             INSERT INTO guests VALUES ('a', 'Белова', '1', NULL), ('B', 'Чернова', '1', NULL);
             INSERT INTO bookings VALUES ('x', 'N-1', 'confirmed', '2026-12-01 14:00', '2026-12-05 12:00', 'B', '1', NULL);
             INSERT INTO bookings VALUES ('Y', 'N-2', 'confirmed', '2026-12-01 14:00', '2026-12-05 12:00', 'a', '1', NULL);
             INSERT INTO booking_guests VALUES ('x', 'a'), ('x', 'B'), ('Y', 'a');",
        )
        .unwrap();
    hotel.configure("mirror.write_back = true");
    hotel.says("check");
    hotel.export();
    assert_eq!(hotel.deal("x").link_ids(), ["B", "a"].map(|guest| hotel.contact(guest).id));
    assert!(hotel.says("status booking N-2").contains("N-2"));
    hotel.says("reset-id booking N-2 --yes");
    hotel.sync();
    hotel.exits(0, "retry");
    let linked: i64 = filler
        .query_row("SELECT count(*) FROM bookings WHERE crm_id > 0", [], |row| row.get(0))
        .unwrap();
    assert_eq!(linked, 2);
}

#[test]
fn computed_columns_and_views_of_functions_that_are_unknown_here_stop_no_command() {
    let hotel = Hotel::running();
    let filler = hotel.mirror();
    let flags = rusqlite::functions::FunctionFlags::SQLITE_DETERMINISTIC;
    filler.create_scalar_function("theirs", 1, flags, |call| call.get::<Value>(0)).unwrap();
    filler
        .execute_batch(
            "ALTER TABLE guests ADD COLUMN shown AS (theirs(last_name));
             CREATE INDEX by_theirs ON guests (theirs(phone));
             CREATE VIEW odd AS SELECT theirs(number) FROM bookings;",
        )
        .unwrap();
    hotel.says("check");
    filler
        .execute("UPDATE guests SET last_name = 'Белова', modified_at = '2027-01-01 10:00:00'", [])
        .unwrap();
    hotel.sync();
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "Белова");
}

#[test]
fn a_mirror_of_utf_16_has_text_ids_of_any_letters_and_no_half_letters() {
    for encoding in ["UTF-16le", "UTF-16be"] {
        let hotel = Hotel::new();
        std::fs::remove_file(hotel.path("mirror.db")).unwrap();
        hotel.sql(&format!("PRAGMA encoding = '{encoding}'"));
        hotel.sql(&format!(
            "PRAGMA encoding = '{encoding}'; CREATE TABLE guests (id TEXT PRIMARY KEY, last_name TEXT, modified_at TEXT);
             CREATE TABLE companies (id TEXT PRIMARY KEY, modified_at TEXT);
             CREATE TABLE bookings (id TEXT PRIMARY KEY, number, status, arrival, departure, guest_id, modified_at);
             CREATE TABLE booking_guests (booking_id TEXT, guest_id TEXT);"
        ));
        for id in ["ё", "я", "a", "Ā", "😀", "Б-1", "Б-02"] {
            hotel.sql(&format!(
                "INSERT INTO guests VALUES ('{id}', 'Гость {id}', '1');
                 INSERT INTO bookings VALUES ('{id}', '№{id}', 'confirmed', '2026-12-01 14:00', '2026-12-05 12:00', '{id}', '1');
                 INSERT INTO booking_guests VALUES ('{id}', '{id}');"
            ));
        }
        hotel.export();
        for id in ["ё", "😀", "Б-02"] {
            assert_eq!(hotel.deal(id).link_ids(), [hotel.contact(id).id], "{id}");
            assert!(hotel.says(&format!("status booking id:{id}")).contains(id));
        }
        hotel.runs_idle();
        let half = if encoding == "UTF-16le" { "x'3dd84100'" } else { "x'd83d0041'" };
        hotel.sql(&format!(
            "UPDATE guests SET last_name = CAST({half} AS TEXT), modified_at = '2' WHERE id = 'a'"
        ));
        hotel.exits(1, "sync");
        assert_eq!(hotel.issues("failures"), ["guest a BAD_TEXT"]);
        assert_eq!(hotel.contact("a").text("LAST_NAME"), "Гость a");
    }
}

/// Work that grows with the square of what a cell holds would take minutes here.
#[test]
fn a_cell_of_any_size_holds_up_no_run() {
    let hotel = Hotel::new();
    hotel.guest(1, "last_name = replace(hex(zeroblob(100000)), '00', '$'), comment = last_name");
    hotel.guest(
        2,
        "phone = replace(hex(zeroblob(20000)), '00', '+7916,'), email = replace(phone, '+7916', 'a@b.ru')",
    );
    hotel.guest(3, "comment = replace(hex(zeroblob(500000)), '00', '[&amp;')");
    let begun = std::time::Instant::now();
    hotel.export();
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "$".repeat(50));
    assert_eq!(hotel.issues("warnings"), ["guest 2 FIELD_LEFT_OUT"]);
}

#[test]
fn a_parameter_in_a_query_is_refused_for_nothing_gives_it_a_value() {
    let hotel = Hotel::running();
    hotel.configure("mirror.queries.bookings = 'SELECT * FROM bookings WHERE id > ?1'");
    let said = hotel.exits(3, "sync");
    assert!(
        said.err.contains("[mirror.queries] bookings") && said.err.contains("параметр"),
        "{}",
        said.err
    );
    assert_eq!(hotel.portal().count(Kind::Deal), 1);
}
