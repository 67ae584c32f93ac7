//! What `[load]` of the configuration may say, and what of it is refused by name.

use crate::env::TestEnv;

fn refused(load: &str) -> String {
    let hotel = TestEnv::with(load);
    hotel.report("guests.csv", "Код;Имя\n1;Анна\n");
    hotel.complained(3, "load")
}

#[test]
fn without_reports_it_says_how_they_are_named() {
    let said = refused("");
    assert!(
        said.contains("[load.files]") && said.contains("\"Фамилия\" = \"last_name\""),
        "{said}"
    );
}

#[test]
fn headings_that_fill_nothing_or_too_much_are_refused_by_name() {
    let files = "[load.files]\nguests = \"guests.csv\"\nbookings = \"guests.csv\"\n";
    let cases = [
        ("[load.guests]\n\"Имя\" = \"first_name\"\n", "no heading of the report fills id"),
        ("[load.guests]\n\"Код\" = \"id\"\n\"Имя\" = \"\"\n", "\"Имя\": no column is named"),
        (
            "[load.guests]\n\"Код\" = \"id\"\n\"Имя\" = \"first-name\"\n",
            "\"first-name\": a column's name",
        ),
        ("[load.guests]\n\"Код\" = \"id\"\n\"КОД\" = \"comment\"\n", "is written twice"),
        (
            "[load.guests]\n\"Код\" = \"id\"\n\"Код 2\" = \"id\"\n",
            "the column id is filled by one heading alone",
        ),
        (
            "[load.guests]\n\"Код\" = \"id last_name\"\n",
            "the column id is filled by one heading alone",
        ),
        ("[load.bookings]\n\"Номер\" = \"number\"\n", "fills status, arrival, departure"),
        ("[load.companies]\n\"Код\" = \"id\"\n", "[load.files] companies"),
        ("[load]\nencoding = \"utf-16\"\n", "[load] encoding = \"utf-16\": no such encoding"),
        ("[load]\namount_of = \"guest\"\n", "expected `room` or `booking`"),
        ("[load]\nseparator = \";\"\n", "separator"),
    ];
    for (section, words) in cases {
        let said = refused(&format!("{files}{section}"));
        assert!(said.contains(words), "{section}: {said}");
    }
}

#[test]
fn a_report_is_no_other_file_of_the_programs() {
    for file in ["mirror.db", "./state.db", "state.db.lock"] {
        let said = refused(&format!("[load.files]\nguests = \"{file}\"\n"));
        assert!(said.contains("a report is a file of its own"), "{file}: {said}");
    }
}

#[test]
fn a_report_is_nothing_that_lies_beside_a_database() {
    for file in ["mirror.db-wal", "mirror.db-journal", "state.db-journal", "./state.db-shm"] {
        let said = refused(&format!("[load.files]\nguests = \"{file}\"\n"));
        assert!(said.contains("a report is a file of its own"), "{file}: {said}");
    }
}

#[test]
fn the_reports_stand_in_the_configuration_in_effect() {
    let hotel = TestEnv::reported();
    let shown = hotel.load(0, "config show");
    assert!(
        shown.contains("[load.files]\nguests = ") && shown.contains("\"Фамилия\" = \"last_name\""),
        "{shown}"
    );
    // Read again, it says the same.
    let webhook = "webhook = \"https://hotel.bitrix24.ru/rest/1/s3cr3t/\"";
    let shown_webhook = shown.lines().find(|line| line.starts_with("webhook = ")).unwrap();
    std::fs::write(hotel.path("ecvi-b24.toml"), shown.replace(shown_webhook, webhook)).unwrap();
    assert_eq!(hotel.load(0, "config show"), shown);
}

#[test]
fn an_unknown_table_is_wrong_usage() {
    let hotel = TestEnv::reported();
    assert!(hotel.complained(2, "load --partial rooms").contains("rooms"));
}
