//! A report that looks like an accident changes nothing; a row that cannot be read stops no other.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{CWD, Mode, mkfifoat};

use crate::env::TestEnv;
use crate::hotel::{BOOKINGS, GUESTS};

/// The report is refused with these words, and the mirror is as it was.
fn assert_refused(hotel: &TestEnv, words: &[&str]) {
    let before = fs::read(hotel.path("mirror.db")).unwrap_or_default();
    let said = hotel.complained(3, "load");
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert_eq!(fs::read(hotel.path("mirror.db")).unwrap_or_default(), before);
}

/// Whoever may write into the folder of the mirror would choose the file: any empty one, by root.
#[test]
fn nothing_is_written_through_a_link() {
    let hotel = TestEnv::reported();
    fs::write(hotel.path("theirs"), "").unwrap();
    for target in ["theirs", "nothing"] {
        let _ = fs::remove_file(hotel.path("mirror.db"));
        symlink(target, hotel.path("mirror.db")).unwrap();
        for command in ["load", "load --dry-run"] {
            let said = hotel.complained(3, command);
            assert!(said.contains("mirror.db is a link to") && said.contains(target), "{said}");
            assert!(said.contains("[mirror] path"), "{said}");
        }
        assert_eq!(fs::read(hotel.path("theirs")).unwrap(), b"");
        assert!(!hotel.path("nothing").exists());
    }
}

#[test]
fn a_mirror_is_made_of_no_pipe_no_folder_and_no_file_of_two_names() {
    let hotel = TestEnv::reported();
    let mirror = hotel.path("mirror.db");
    let refused = |words: &str| {
        for command in ["load", "load --dry-run"] {
            let said = hotel.complained(3, command);
            assert!(said.contains(words), "{command}: {said}");
        }
    };
    mkfifoat(CWD, &mirror, Mode::RWXU).unwrap();
    refused("mirror.db is a pipe or a device and no file");
    fs::remove_file(&mirror).unwrap();
    fs::create_dir(&mirror).unwrap();
    refused("mirror.db is a folder");
    fs::remove_dir(&mirror).unwrap();
    fs::write(hotel.path("theirs"), "").unwrap();
    fs::hard_link(hotel.path("theirs"), &mirror).unwrap();
    refused("this file has a second name");
    assert_eq!(fs::read(hotel.path("theirs")).unwrap(), b"");
}

#[test]
fn a_mirror_in_a_folder_that_is_a_link_is_filled() {
    let hotel = TestEnv::reported();
    fs::create_dir(hotel.path("real")).unwrap();
    symlink("real", hotel.path("data")).unwrap();
    hotel.change("ecvi-b24.toml", "path = \"mirror.db\"", "path = \"data/mirror.db\"");
    hotel.load(0, "load");
    hotel.load(0, "load --dry-run");
    assert!(hotel.path("real/mirror.db").exists());
}

#[test]
fn a_report_that_lost_more_than_a_third_is_refused_unless_it_is_said_to_be_right() {
    let hotel = TestEnv::loaded();
    hotel.change("guests.csv", "3;Зуева;Мария;;;\n4;Орлов;Пётр;;;\n", "");
    assert_refused(
        &hotel,
        &["guests.csv", "lacks 2 of the 4", "--trust guests", "--partial guests"],
    );
    hotel.complained(3, "load --trust bookings");
    assert_eq!(hotel.load(0, "load --trust guests"), "load: gone: guests 2\n");
    assert_eq!(hotel.counts()[0], 2);
}

#[test]
fn a_report_of_other_rows_is_refused_as_one_that_lost_them() {
    let hotel = TestEnv::loaded();
    let others = ["\n1;", "\n2;", "\n3;"]
        .into_iter()
        .fold(GUESTS.to_owned(), |text, id| text.replace(id, &format!("\n9{}", &id[1..])));
    hotel.report("guests.csv", others);
    assert_refused(&hotel, &["lacks 3 of the 4"]);
}

#[test]
fn an_emptied_report_is_refused_and_an_empty_one_is_not() {
    let hotel = TestEnv::loaded();
    hotel.report("companies.csv", "Код;Название\n");
    assert_refused(&hotel, &["companies.csv", "no row left", "--trust companies"]);
    hotel.report("companies.csv", "");
    assert_refused(&hotel, &["companies.csv", "even its headings"]);
    assert_eq!(hotel.load(0, "load --trust companies"), "load: gone: companies 1\n");
    let empty = TestEnv::reported();
    empty.report("companies.csv", "Код;Название\n");
    empty.load(0, "load");
    assert_eq!(empty.counts()[1], 0);
}

#[test]
fn a_cut_report_is_refused() {
    let whole = BOOKINGS.len();
    let quoted = BOOKINGS.replace(";4;\n", ";4;\"а;б");
    let cuts = [&BOOKINGS[..whole - 3], &BOOKINGS[..BOOKINGS.find("3685").unwrap()], &quoted];
    for cut in cuts {
        for is_first in [false, true] {
            let hotel = if is_first { TestEnv::reported() } else { TestEnv::loaded() };
            hotel.report("bookings.csv", cut);
            assert_refused(&hotel, &["bookings.csv", "breaks off in line 5"]);
        }
    }
}

/// Its last value may be cut: `7000;3;1` of `7000;3;12`.
#[test]
fn a_last_line_without_its_end_is_cut_where_it_had_one_before() {
    let hotel = TestEnv::loaded();
    hotel.report("bookings.csv", BOOKINGS.trim_end());
    assert_refused(&hotel, &["bookings.csv", "has no end", "--trust bookings"]);
    hotel.load(0, "load --trust bookings");
    hotel.load(0, "load");
}

#[test]
fn a_report_that_was_written_a_moment_ago_is_waited_for() {
    let hotel = TestEnv::reported();
    hotel.date("guests.csv", Duration::from_millis(1500));
    let began = Instant::now();
    hotel.load(0, "load");
    assert!(began.elapsed() > Duration::from_millis(300), "{:?}", began.elapsed());
    let file = fs::File::options().write(true).open(hotel.path("guests.csv")).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(3600)).unwrap();
    hotel.load(0, "load");
}

#[test]
fn missing_and_doubled_headings_are_named() {
    let hotel = TestEnv::loaded();
    hotel.change("guests.csv", "Имя;Дата рождения", "Name;Дата рождения");
    assert_refused(
        &hotel,
        &["guests.csv", "no columns «Имя»", "«Код», «Фамилия», «Name»", "[load.guests]"],
    );
    hotel.report("guests.csv", GUESTS.replace("Телефон;", "Имя;"));
    assert_refused(&hotel, &["«Имя» twice", "columns 3, 5"]);
    hotel.report("guests.csv", "Nr;Gast;Telefon\n1;Müller;+49 30 1234\n");
    assert_refused(
        &hotel,
        &["none of the headings", "«Nr», «Gast», «Telefon»", "# \"Nr\" = \"…\""],
    );
    hotel.report("guests.csv", "1;Müller;+49 30 1234\n");
    let said = hotel.complained(3, "load");
    assert!(said.contains("no line of headings") && !said.contains("Müller"), "{said}");
}

#[test]
fn a_missing_report_and_one_that_is_no_file_are_named() {
    let hotel = TestEnv::loaded();
    fs::remove_file(hotel.path("companies.csv")).unwrap();
    assert_refused(&hotel, &["no report", "companies.csv", "[load.files]"]);
    fs::create_dir(hotel.path("companies.csv")).unwrap();
    assert_refused(&hotel, &["companies.csv", "no file"]);
}

#[test]
fn a_page_of_the_web_and_a_broken_workbook_are_named() {
    let hotel = TestEnv::loaded();
    hotel.report("guests.csv", "<html><table><tr><td>Код</td></tr></table>");
    assert_refused(&hotel, &["web page"]);
    hotel.report("guests.csv", b"PK\x03\x04 and then nothing");
    assert_refused(&hotel, &["workbook", "guests.csv"]);
}

#[test]
fn a_row_that_cannot_be_read_is_named_by_its_line_and_stops_no_other() {
    let hotel = TestEnv::reported();
    hotel.report(
        "bookings.csv",
        "Код;Номер;Статус;Заезд;Выезд;Сумма;Гость;Компания
5;3682;Подтверждена;20.05.2026 14:00;вчера;12 500,00;1;1
6;3683;Кто знает;21.05.2026;22.05.2026;1,234;2;
7;3684;Выехали;01.05.2026
;3685;Отменена;01.06.2026 14:00;02.06.2026 12:00;;4;
9;3686;Отменена;01.06.2026 14:00;02.06.2026 12:00;;4;
",
    );
    let said = hotel.complained(1, "load");
    for line in [
        "bookings.csv, line 2, \"Выезд\": the date",
        "bookings.csv, line 3, \"Сумма\": the amount",
        "bookings.csv, line 3, \"Статус\": the status \"Кто знает\" is unknown",
        "bookings.csv, line 4: 4 values under 8 headings",
        "bookings.csv, line 5, \"Код\": the record's id is missing",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert_eq!(hotel.column("bookings", "id"), ["5", "6", "9"]);
    // `status` is to name them: the mirror has them as they are.
    assert_eq!(hotel.asked::<String>("SELECT departure FROM bookings WHERE id = '5'"), "вчера");
}

#[test]
fn a_row_that_cannot_be_read_is_not_gone() {
    let hotel = TestEnv::loaded();
    hotel.change(
        "bookings.csv",
        "7;3684;Выехали;01.05.2026 14:00;02.05.2026 12:00;7000;3;\n",
        "7;3684;Выехали\n",
    );
    hotel.complained(1, "load");
    assert_eq!(hotel.column("bookings", "id"), ["5", "6", "7", "8"]);
    assert_eq!(hotel.counts()[3], 4);
    // Nobody knows whose row it is, so none goes.
    hotel.change(
        "bookings.csv",
        "7;3684;Выехали\n",
        ";3684;Выехали;01.05.2026;02.05.2026;7000;3;\n",
    );
    let said = hotel.complained(1, "load");
    assert!(said.contains("rows whose id is unknown: 1"), "{said}");
    assert_eq!(hotel.column("bookings", "id"), ["5", "6", "7", "8"]);
}

#[test]
fn rows_of_one_id_that_contradict_each_other_leave_the_old_one() {
    let hotel = TestEnv::loaded();
    hotel.change("guests.csv", "2;Müller;Jörg;;;\n", "2;Müller;Jörg;;;\n2;Muller;Jörg;;;\n");
    let said = hotel.complained(1, "load");
    assert!(
        said.contains("guests.csv, line 3, \"Код\": the same id has other values (lines: 4)"),
        "{said}"
    );
    assert_eq!(hotel.asked::<String>("SELECT last_name FROM guests WHERE id = '2'"), "Müller");
}

#[test]
fn nobody_guesses_whether_an_amount_is_the_rooms_or_the_bookings() {
    let hotel = TestEnv::loaded();
    hotel.change(
        "bookings.csv",
        "7000;3;\n",
        "7000;3;\n7;3684;Выехали;01.05.2026 14:00;02.05.2026 12:00;7000;2;\n",
    );
    let said = hotel.complained(1, "load");
    assert!(said.contains("line 4") && said.contains("[load] amount_of"), "{said}");
    assert_eq!(hotel.asked::<String>("SELECT amount FROM bookings WHERE id = '7'"), "7000.00");
}

#[test]
fn a_number_that_excel_has_shortened_never_reaches_the_mirror() {
    let hotel = TestEnv::loaded();
    hotel.change("guests.csv", "+7 900 765-43-21", "7,90077E+10");
    let said = hotel.complained(1, "load");
    assert!(said.contains("line 2, \"Телефон\": Excel has shortened"), "{said}");
    assert_eq!(
        hotel.asked::<String>("SELECT phone FROM guests WHERE id = '1'"),
        "+7 900 765-43-21"
    );
}

#[test]
fn a_report_with_a_flaw_in_every_row_is_told_in_a_few_lines() {
    let hotel = TestEnv::reported();
    let rows: Vec<String> = (1..=1500).map(|id| format!("{id};Белова;Анна;вчера;;\n")).collect();
    hotel.report("guests.csv", GUESTS.lines().next().unwrap().to_owned() + "\n" + &rows.concat());
    let said = hotel.complained(1, "load");
    assert_eq!(said.lines().count(), 21, "{said}");
    assert!(
        said.contains("guests.csv, line 21,") && said.contains("guests.csv: and 1480 more"),
        "{said}"
    );
}

#[test]
fn a_mirror_that_another_program_fills_is_left_alone() {
    let hotel = TestEnv::reported();
    hotel.mirror().execute_batch("CREATE TABLE guests (id INTEGER PRIMARY KEY)").unwrap();
    for command in ["load", "load --dry-run"] {
        assert!(hotel.complained(3, command).contains("filled by another program"), "{command}");
    }
    assert_eq!(hotel.asked::<u32>("SELECT count(*) FROM guests"), 0);
}

#[test]
fn a_refused_first_load_leaves_no_file() {
    let hotel = TestEnv::reported();
    hotel.report("bookings.csv", "");
    hotel.complained(3, "load");
    assert!(!hotel.path("mirror.db").exists());
}
