//! Mirrors of other shapes: not there yet, empty, other tables, other codes, cards that are known
//! already.

use crate::env::TestEnv;
use crate::hotel::ANSWERS;

const RUSSIAN: &str = include_str!("../../examples/hotels/russian/mirror.sql");

#[test]
fn a_mirror_that_is_not_there_yet_is_refused_until_it_is_said_to_come_later() {
    let hotel = TestEnv::without_mirror();
    let said = hotel.says(3, ANSWERS);
    assert!(said.contains("there is no mirror") && said.contains("add --mirror-later"), "{said}");
    assert!(!hotel.has_file());
    let output = hotel.output(&format!("{ANSWERS} --mirror-later"));
    // The check says that the mirror is still missing.
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(hotel.file().contains("path = \"mirror.db\""));
}

#[test]
fn a_file_without_tables_is_no_mirror_yet() {
    let hotel = TestEnv::without_mirror();
    hotel.sql("CREATE TABLE x (y); DROP TABLE x");
    let said = hotel.says(3, ANSWERS);
    assert!(said.contains("has no tables"), "{said}");
}

#[test]
fn a_mirror_without_rows_is_a_mirror() {
    let hotel = TestEnv::new();
    hotel.sql("DELETE FROM guests; DELETE FROM companies; DELETE FROM bookings");
    let said = hotel.says(0, ANSWERS);
    assert!(said.contains("✓ The mirror: guests 0, companies 0, bookings 0"), "{said}");
}

#[test]
fn what_is_no_database_is_refused_in_words() {
    let hotel = TestEnv::without_mirror();
    std::fs::write(hotel.path("mirror.db"), "Код;Фамилия\n".repeat(100)).unwrap();
    let said = hotel.says(3, ANSWERS);
    assert!(said.contains("mirror.db") && said.contains("--mirror-later"), "{said}");
}

#[test]
fn a_mirror_in_russian_is_proposed_as_queries_and_its_codes_by_their_meaning() {
    let hotel = TestEnv::without_mirror();
    hotel.sql(RUSSIAN);
    let codes = "--status 1=temporary --status 2=confirmed --status 3=checked_in --status 4=checked_out \
        --status 5=cancelled --status 6=no_show";
    let said = hotel.says(0, &format!("--yes --webhook-file webhook {codes}"));
    let file = hotel.file();
    assert!(said.contains("guests 5, companies 2, bookings 10"), "{said}\n{file}");
    let guests = file.lines().find(|line| line.starts_with("guests = ")).unwrap();
    for part in ["SELECT *", "AS last_name", "AS phone", "AS birth_date"] {
        assert!(guests.contains(part), "{guests}");
    }
    assert!(file.contains("5 = \"cancelled\""), "{file}");
}

#[test]
fn a_code_that_says_what_it_means_is_proposed_and_one_that_is_left_open_is_not_written() {
    let hotel = TestEnv::new();
    hotel.sql("UPDATE bookings SET status = 'Заселён '");
    let file = hotel.writes("--yes --webhook-file webhook");
    assert!(file.contains("\"Заселён\" = \"checked_in\""), "{file}");
    let hotel = TestEnv::new();
    hotel.sql("UPDATE bookings SET status = '7'");
    let file = hotel.writes("--yes --webhook-file webhook --status 7=later");
    assert!(!file.contains("mirror.statuses"), "{file}");
}

#[test]
fn cards_that_the_mirror_knows_are_told_of() {
    let hotel = TestEnv::new();
    hotel.sql("UPDATE guests SET crm_id = 41");
    let said = hotel.says(0, ANSWERS);
    assert!(
        said.contains("(crm_id) are known already: guests 1, companies 0, bookings 0"),
        "{said}"
    );
}

#[test]
fn a_portal_whose_stages_are_called_otherwise_gets_them_by_their_meaning() {
    let hotel = TestEnv::new();
    {
        let mut portal = hotel.server.portal();
        portal.remove_status("DEAL_STAGE", "EXECUTING");
        portal.add_status("DEAL_STAGE", "UC_A", "Бронь подтверждена");
        portal.add_status("DEAL_STAGE", "UC_B", "Гость проживает");
    }
    let file = hotel.writes("--yes --webhook-file webhook");
    assert!(file.contains("confirmed = \"UC_A\"  # Бронь подтверждена"), "{file}");
    assert!(file.contains("checked_in = \"UC_B\"  # Гость проживает"), "{file}");
    assert!(!file.contains("cancelled"), "{file}");
}

/// Three reports, `init`, `load`, the export.
#[test]
fn a_hotel_with_reports_alone_gets_to_its_export_by_what_the_program_says() {
    let hotel = TestEnv::without_mirror();
    for report in ["guests.csv", "companies.csv", "rooms-2026-05-20.csv"] {
        let text = std::fs::read(format!("examples/load/reports/{report}")).unwrap();
        std::fs::write(hotel.path(report), text).unwrap();
    }
    let reports = "--report guests=guests.csv --report companies=companies.csv --report bookings=rooms-*.csv --amount-of room";
    hotel.says(3, &format!("--yes --webhook-file webhook {reports}"));
    assert!(hotel.file().contains("\"Подтверждена\" = \"confirmed\""), "{}", hotel.file());
    hotel.run(0, "load");
    let said = hotel.says(0, "--yes");
    assert!(said.contains("✓ The mirror: guests 4, companies 1, bookings 3"), "{said}");
    hotel.run(0, "initial-export");
}

#[test]
fn a_report_without_the_needed_headings_names_them() {
    let hotel = TestEnv::without_mirror();
    std::fs::write(hotel.path("bookings.csv"), "Номер;Статус\n1;2\n").unwrap();
    let said = hotel.says(2, &format!("{ANSWERS} --report bookings=bookings.csv"));
    assert!(said.contains("arrival, departure") && said.contains("[load.bookings]"), "{said}");
    assert!(!hotel.has_file());
}

#[test]
fn names_of_the_portal_cannot_write_keys_into_the_file_nor_move_the_terminal() {
    let hotel = TestEnv::new();
    let name = "Гость проживает\n[sync]\nmax_deletes = 1000 \u{1b}[2J";
    hotel.server.portal().add_status("DEAL_STAGE", "UC_A", name);
    let output = hotel.output("--yes --webhook-file webhook");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(!output.stderr.contains(&0x1b), "{output:?}");
    let file = hotel.file();
    assert!(file.contains("checked_in = \"UC_A\"  # Гость проживает"), "{file}");
    assert!(!file.lines().any(|line| line.starts_with("max_deletes")), "{file}");
}
