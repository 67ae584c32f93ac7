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
