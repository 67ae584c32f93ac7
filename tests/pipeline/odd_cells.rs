//! Cells whose type is not that of their column: ids, flags and numbers that a program has copied
//! as something else.

use crate::nothing_guessed::without_types;

#[test]
fn those_who_stay_are_found_where_ids_are_numbers_and_texts_in_one_column() {
    for (ids, named) in [
        (["1", "2", "3"], ["1", "'2'", "' 3.0'"]),
        (["'1'", "'2'", "'3'"], ["'1'", "2", "3.0"]),
        (["1", "'2'", "'web-3'"], ["'1'", "2", "'web-3 '"]),
    ] {
        let hotel = without_types();
        hotel.sql("INSERT INTO guests (id, modified_at) VALUES (7, '1'), (8, '1')");
        for (id, named) in ids.iter().zip(named) {
            hotel.sql(&format!(
                "INSERT INTO bookings VALUES ({id}, {id}, 'confirmed', '2026-12-01 14:00', '2026-12-05 12:00', 0,
                                              NULL, NULL, NULL, '1');
                 INSERT INTO booking_guests VALUES ({named}, 7, 0)"
            ));
        }
        hotel.export();
        let marks = ids.map(|id| id.trim_matches('\'').to_owned());
        for mark in &marks {
            assert_eq!(hotel.deal(mark).link_ids(), [hotel.contact(7).id], "{ids:?} {mark}");
        }
        hotel.runs_idle();
        hotel.sql(&format!(
            "UPDATE booking_guests SET guest_id = 8 WHERE booking_id = {}",
            named[1]
        ));
        hotel.sync();
        assert_eq!(hotel.deal(&marks[1]).link_ids(), [hotel.contact(8).id], "{ids:?}");
    }
}

/// A program that copies a BIT column may write its bytes as a text.
#[test]
fn bits_are_a_flag_as_a_text_too_and_other_bytes_are_unknown() {
    let hotel = without_types();
    let values =
        ["CAST(x'00' AS TEXT)", "CAST(x'01' AS TEXT)", "x'0100'", "x'02'", "x'000000000000000001'"];
    for (id, value) in values.iter().enumerate() {
        hotel.sql(&format!(
            "INSERT INTO guests (id, modified_at, is_blacklisted) VALUES ({id}, '1', {value})"
        ));
    }
    hotel.export();
    let is_listed = |id: &usize| hotel.contact(id).text("COMMENTS").contains("ЧЕРНЫЙ");
    assert_eq!((0..values.len()).filter(is_listed).collect::<Vec<_>>(), [1]);
    assert_eq!(
        hotel.issues("warnings"),
        ["2", "3", "4"].map(|id| format!("guest {id} UNKNOWN_FLAG"))
    );
}

#[test]
fn a_phone_that_became_a_number_and_lost_digits_fails_its_guest() {
    let hotel = without_types();
    hotel.sql("INSERT INTO guests (id, modified_at, phone) VALUES (1, '1', 7.91612345678912e19), (2, '1', 89161234567)");
    hotel.exits(1, "initial-export");
    assert_eq!(hotel.issues("failures"), ["guest 1 BAD_TEXT"]);
    assert_eq!(hotel.contact(2).values("PHONE"), ["89161234567"]);
}

/// What fails alone of a mirror in which one guest has these values, and how large the state gets.
fn failures_of_huge(guests: &str, values: &str) -> Vec<String> {
    let hotel = without_types();
    hotel.sql(&format!(
        "DROP TABLE guests; CREATE TABLE guests (id {guests}, modified_at, last_name);
         INSERT INTO guests (id, modified_at, last_name) VALUES ('g1', '1', 'Белова'), ({values}, 'Чернова');
         INSERT INTO bookings (id, number, status, arrival, departure, guest_id, modified_at)
         VALUES ('b1', '3682', 'confirmed', '2026-12-01 14:00', '2026-12-05 12:00', 'g1', '1')"
    ));
    let said = hotel.exits(1, "initial-export");
    assert!(said.err.len() < 2_000, "{} bytes", said.err.len());
    assert_eq!(hotel.contact("g1").text("LAST_NAME"), "Белова");
    assert_eq!(hotel.deal("b1").link_ids(), [hotel.contact("g1").id]);
    hotel.runs_idle();
    assert!(hotel.exits(0, "check").out.len() < 20_000);
    let state = std::fs::metadata(hotel.path("state.db")).unwrap().len();
    assert!(state < 500_000, "{state} bytes of state");
    hotel.issues("failures")
}

#[test]
fn a_huge_id_or_modified_at_fails_its_row_alone_and_is_kept_nowhere() {
    let huge = "CAST(zeroblob(20000000) AS TEXT)";
    for column in ["TEXT PRIMARY KEY", "", "TEXT COLLATE NOCASE"] {
        for id in ["replace(hex(zeroblob(10000000)), '00', 'я')", huge, "zeroblob(20000000)"] {
            assert_eq!(failures_of_huge(column, &format!("{id}, '1'")), ["guest NULL BAD_ID"]);
        }
        let named = "replace(hex(zeroblob(150)), '0', 'x')";
        let failed = failures_of_huge(column, &format!("{named}, '1'"));
        assert_eq!(failed, [format!("guest {} BAD_ID", "x".repeat(300))]);
        for time in [huge, "zeroblob(20000000)", "replace(hex(zeroblob(10000000)), '00', '1')"] {
            assert_eq!(failures_of_huge(column, &format!("'g2', {time}")), ["guest g2 BAD_DATE"]);
        }
    }
}

#[test]
fn a_huge_reference_names_nobody() {
    let hotel = without_types();
    let huge = "replace(hex(zeroblob(5000000)), '00', 'я')";
    hotel.sql(&format!(
        "INSERT INTO guests (id, modified_at, last_name) VALUES ('g1', '1', 'Белова');
         INSERT INTO bookings VALUES ('b1', '3682', 'confirmed', '2026-12-01', '2026-12-05', 0,
                                      'g1', {huge}, NULL, '1');
         INSERT INTO booking_guests VALUES ({huge}, 'g1', 1), ('b1', {huge}, 2), ('b1', 'g1', {huge})"
    ));
    hotel.export();
    assert_eq!(hotel.deal("b1").link_ids(), [hotel.contact("g1").id]);
    assert_eq!(hotel.issues("warnings"), ["booking b1 UNKNOWN_REFERENCE"]);
    hotel.runs_idle();
    hotel.exits(0, "check");
    assert!(std::fs::metadata(hotel.path("state.db")).unwrap().len() < 500_000);
}
