//! What a report changes in the mirror, and what it leaves alone.

use std::fs;
use std::time::{Duration, SystemTime};

use crate::env::TestEnv;

#[test]
fn the_first_load_makes_a_mirror_that_is_read_without_a_warning() {
    let hotel = TestEnv::reported();
    let said = hotel.load(0, "load");
    assert_eq!(said, "load: new: guests 4, companies 1, bookings 4, guests who stay 4\n");
    assert_eq!(hotel.counts(), [4, 1, 4, 4]);
    assert_eq!(hotel.asked::<String>("SELECT amount FROM bookings WHERE id = '5'"), "12500.00");
    assert_eq!(
        hotel.asked::<String>("SELECT arrival FROM bookings WHERE id = '5'"),
        "2026-05-20 14:00"
    );
    assert_eq!(hotel.asked::<String>("SELECT birth_date FROM guests WHERE id = '1'"), "1980-02-29");
    assert_eq!(hotel.asked::<String>("PRAGMA journal_mode"), "delete");
    let said = String::from_utf8(hotel.output("check").stdout).unwrap();
    assert!(said.contains("Mirror, bookings: 4") && !said.contains("! Mirror"), "{said}");
}

#[test]
fn the_same_reports_change_nothing_and_touch_nothing() {
    let hotel = TestEnv::loaded();
    let before = (fs::read(hotel.path("mirror.db")).unwrap(), modified(&hotel));
    assert_eq!(hotel.load(0, "load"), "");
    assert_eq!((fs::read(hotel.path("mirror.db")).unwrap(), modified(&hotel)), before);
}

fn modified(hotel: &TestEnv) -> SystemTime {
    fs::metadata(hotel.path("mirror.db")).unwrap().modified().unwrap()
}

#[test]
fn the_mirror_is_as_old_as_its_newest_report() {
    let hotel = TestEnv::loaded();
    for (name, minutes) in [("guests.csv", 90), ("companies.csv", 900), ("bookings.csv", 120)] {
        hotel.date(name, Duration::from_secs(minutes * 60));
    }
    hotel.load(0, "load");
    let age = SystemTime::now().duration_since(modified(&hotel)).unwrap();
    assert!((5300..5500).contains(&age.as_secs()), "{age:?}");
}

#[test]
fn a_row_that_changed_gets_the_time_of_loading_and_no_other_does() {
    let hotel = TestEnv::loaded();
    hotel.mirror().execute("UPDATE bookings SET modified_at = '2026-01-01 00:00:00'", []).unwrap();
    hotel.change("bookings.csv", "12 500,00", "13 050,00");
    assert_eq!(hotel.load(0, "load"), "load: changed: bookings 1\n");
    let changed: String = hotel.asked("SELECT modified_at FROM bookings WHERE id = '5'");
    assert!(changed.as_str() > "2026-11", "{changed}");
    let others: u32 = hotel.asked("SELECT count(*) FROM bookings WHERE modified_at < '2026-01-02'");
    assert_eq!(others, 3);
}

#[test]
fn a_time_of_change_in_the_report_is_kept() {
    let hotel = TestEnv::with(
        "[load.files]\nguests = \"guests.csv\"\n[load.guests]\n\"Код\" = \"id\"\n\"Имя\" = \"first_name\"\n\"Изменён\" = \"modified_at\"\n",
    );
    hotel.report("guests.csv", "Код;Имя;Изменён\n1;Анна;20.05.2026 14:00\n2;Пётр;\n");
    hotel.load(0, "load");
    assert_eq!(
        hotel.asked::<String>("SELECT modified_at FROM guests WHERE id = '1'"),
        "2026-05-20 14:00:00"
    );
    let filled: String = hotel.asked("SELECT modified_at FROM guests WHERE id = '2'");
    assert_eq!(filled.len(), 19);
    assert_eq!(hotel.load(0, "load"), "", "an empty time is no change");
    hotel.change("guests.csv", "20.05.2026 14:00", "20.05.2026 15:00");
    assert_eq!(hotel.load(0, "load"), "load: changed: guests 1\n");
}

#[test]
fn a_row_that_is_gone_from_a_whole_report_is_gone_from_the_mirror() {
    let hotel = TestEnv::loaded();
    hotel.change("bookings.csv", "8;3685;Отменена;01.06.2026 14:00;02.06.2026 12:00;;4;\n", "");
    assert_eq!(hotel.load(0, "load"), "load: gone: bookings 1, guests who stay 1\n");
    assert_eq!(hotel.counts(), [4, 1, 3, 3]);
}

#[test]
fn a_row_that_is_absent_in_a_part_stays() {
    let hotel = TestEnv::loaded();
    hotel.report(
        "guests.csv",
        "Код;Фамилия;Имя;Дата рождения;Телефон;Примечание\n9;Новая;Ольга;;;\n",
    );
    hotel.report("bookings.csv", "Код;Номер;Статус;Заезд;Выезд;Сумма;Гость;Компания\n5;3682;Проживает;20.05.2026 14:00;29.05.2026 12:00;12 500,00;9;1\n");
    assert_eq!(
        hotel.load(0, "load --partial"),
        "load: new: guests 1, guests who stay 1; changed: bookings 1; gone: guests who stay 1\n"
    );
    assert_eq!(hotel.counts(), [5, 1, 4, 4]);
    assert_eq!(
        hotel.asked::<String>("SELECT guest_id FROM booking_guests WHERE booking_id = '5'"),
        "9"
    );
}

#[test]
fn only_the_named_tables_are_partial() {
    let hotel = TestEnv::loaded();
    hotel.change("guests.csv", "4;Орлов;Пётр;;;\n", "");
    hotel.change("bookings.csv", "8;3685;Отменена;01.06.2026 14:00;02.06.2026 12:00;;4;\n", "");
    assert_eq!(hotel.load(0, "load --partial bookings companies"), "load: gone: guests 1\n");
    assert_eq!(hotel.counts(), [3, 1, 4, 4]);
}

#[test]
fn a_dry_run_says_what_would_change_and_writes_nothing() {
    let hotel = TestEnv::reported();
    let said = hotel.load(0, "load --dry-run");
    assert!(
        said.contains("guests (guests.csv): new 4, changed 0, gone 0, unreadable 0\n  + guest 1\n"),
        "{said}"
    );
    assert!(!hotel.path("mirror.db").exists());
    hotel.load(0, "load");
    hotel.change("guests.csv", "Просит тихий номер", "Аллергия");
    hotel.change("bookings.csv", "5;3682;Подтверждена", "5;3682;Проживает");
    hotel.change("bookings.csv", "8;3685;Отменена;01.06.2026 14:00;02.06.2026 12:00;;4;\n", "");
    let before = fs::read(hotel.path("mirror.db")).unwrap();
    let said = hotel.load(0, "load --dry-run");
    for line in [
        "  ~ guest 1: comment",
        "  ~ booking 3682: status",
        "  - booking 3685",
        "Nothing was written",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert!(!said.contains("Приходько") && !said.contains("Аллергия"), "{said}");
    assert_eq!(fs::read(hotel.path("mirror.db")).unwrap(), before);
}

#[test]
fn an_id_of_the_crm_that_was_written_back_stays() {
    let hotel = TestEnv::loaded();
    hotel.mirror().execute("UPDATE guests SET crm_id = 17 WHERE id = '1'", []).unwrap();
    assert_eq!(hotel.load(0, "load"), "");
    hotel.change("guests.csv", "Просит тихий номер", "Аллергия");
    hotel.load(0, "load");
    assert_eq!(hotel.asked::<i64>("SELECT crm_id FROM guests WHERE id = '1'"), 17);
}

#[test]
fn columns_of_the_hotels_own_go_into_the_mirror() {
    let hotel = TestEnv::with(
        "[load.files]\nguests = \"guests.csv\"\n[load.guests]\n\"Код\" = \"id\"\n\"Карта\" = \"loyalty_card\"\n\"Скидка\" = \"скидка\"\n",
    );
    hotel.report("guests.csv", "Код;Карта;Скидка\n1;7700;5%\n");
    hotel.load(0, "load");
    assert_eq!(hotel.asked::<String>("SELECT loyalty_card || скидка FROM guests"), "77005%");
    assert_eq!(hotel.load(0, "load"), "");
}

#[test]
fn a_new_mirror_is_its_owners_alone_or_its_folders_groups() {
    use std::os::unix::fs::PermissionsExt;
    let hotel = TestEnv::reported();
    let mode = |name: &str| fs::metadata(hotel.path(name)).unwrap().permissions().mode() & 0o7777;
    hotel.load(0, "load");
    assert_eq!(mode("mirror.db"), 0o600);
    fs::create_dir(hotel.path("shared")).unwrap();
    fs::set_permissions(hotel.path("shared"), fs::Permissions::from_mode(0o2770)).unwrap();
    hotel.change("ecvi-b24.toml", "path = \"mirror.db\"", "path = \"shared/mirror.db\"");
    hotel.load(0, "load");
    assert_eq!(mode("shared/mirror.db"), 0o660);
    // As a load leaves it that was killed right after it made the file.
    fs::write(hotel.path("shared/mirror.db"), "").unwrap();
    fs::set_permissions(hotel.path("shared/mirror.db"), fs::Permissions::from_mode(0o600)).unwrap();
    hotel.run(0, "load");
    assert_eq!(mode("shared/mirror.db"), 0o660);
}

/// Root made the mirror once; since then another user of its group fills it, who may not date the
/// file.
#[test]
fn a_mirror_that_root_made_shows_its_age_when_another_user_fills_it() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    use std::os::unix::process::CommandExt;
    const SOMEBODY: u32 = 65_534;
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return;
    }
    let hotel = TestEnv::loaded();
    let allow = |name: &str, mode| {
        chown(hotel.path(name), None, Some(SOMEBODY)).unwrap();
        fs::set_permissions(hotel.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    allow("", 0o2770);
    for name in ["mirror.db", "guests.csv", "companies.csv", "bookings.csv"] {
        allow(name, 0o660);
    }
    allow("ecvi-b24.toml", 0o640);
    hotel.date("mirror.db", Duration::from_secs(7200));
    let before = modified(&hotel);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ecvi-b24"));
    command.arg("load").current_dir(hotel.path("")).env_clear().uid(SOMEBODY).gid(SOMEBODY);
    let output = command.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert!(modified(&hotel) > before);
}
