//! How reports are written, and what is read of them.

use encoding_rs::{KOI8_R, WINDOWS_1251};

use crate::env::TestEnv;
use crate::hotel::{GUESTS, HEADINGS};

const ONE: &str = "[load.files]\nguests = \"guests.csv\"\n[load.guests]\n\"Код\" = \"id\"\n\"Фамилия\" = \"last_name\"\n\"Примечание\" = \"comment\"\n";

/// The last names of the guests, by their ids.
fn names(hotel: &TestEnv) -> Vec<String> {
    hotel.column("guests", "id || ' ' || coalesce(last_name, '')")
}

fn loaded(content: impl AsRef<[u8]>) -> TestEnv {
    let hotel = TestEnv::with(ONE);
    hotel.report("guests.csv", content);
    hotel.load(0, "load");
    hotel
}

#[test]
fn encodings_and_separators_are_recognised() {
    let text = "Код;Фамилия;Примечание\r\n1;Приходько;тихий, с видом\r\n2;Ёлкина;\r\n";
    let utf_16: Vec<u8> =
        text.replace(';', "\t").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let writings: [Vec<u8>; 6] = [
        text.into(),
        format!("\u{feff}{text}").into(),
        WINDOWS_1251.encode(text).0.into(),
        text.replace(';', "\t").into(),
        "Код,Фамилия,Примечание\n1,Приходько,\"тихий, с видом\"\n2,Ёлкина,\n".into(),
        [b"\xff\xfe".to_vec(), utf_16].concat(),
    ];
    for writing in writings {
        let hotel = loaded(&writing);
        assert_eq!(names(&hotel), ["1 Приходько", "2 Ёлкина"]);
        assert_eq!(
            hotel.asked::<String>("SELECT comment FROM guests WHERE id = '1'"),
            "тихий, с видом"
        );
    }
}

#[test]
fn another_encoding_is_read_where_it_is_named() {
    let hotel = TestEnv::with(&format!("[load]\nencoding = \"koi8-r\"\n{ONE}"));
    hotel.report("guests.csv", KOI8_R.encode("Код;Фамилия;Примечание\n1;Приходько;\n").0);
    hotel.load(0, "load");
    assert_eq!(names(&hotel), ["1 Приходько"]);
}

#[test]
fn titles_sums_blank_rows_and_headings_once_more_are_no_guests() {
    let hotel = loaded(
        "Гости отеля «Волга»;;\nна 29.11.2026;;\n;;\nкод ;ФАМИЛИЯ;Примечание;\n1;Приходько;;\n;;;\nКод;Фамилия;Примечание;\n2;Зуева;;\nИтого: 2;;;\nВсего гостей;2;;\n",
    );
    assert_eq!(names(&hotel), ["1 Приходько", "2 Зуева"]);
}

#[test]
fn a_quoted_note_may_hold_line_breaks_and_separators() {
    let hotel = loaded(
        "Код;Фамилия;Примечание\r\n1;Приходько;\"тихий;\r\n\"\"с видом\"\"\"\r\n2;Зуева;\r\n",
    );
    assert_eq!(
        hotel.asked::<String>("SELECT comment FROM guests WHERE id = '1'"),
        "тихий;\n\"с видом\""
    );
    assert_eq!(names(&hotel).len(), 2);
}

#[test]
fn the_same_row_twice_is_one_and_leading_zeros_belong_to_an_id() {
    let hotel = loaded("Код;Фамилия;Примечание\n00123;Приходько;\n123;Зуева;\n00123;Приходько;\n");
    assert_eq!(names(&hotel), ["00123 Приходько", "123 Зуева"]);
}

#[test]
fn a_row_of_a_booking_that_stands_there_twice_is_no_second_room() {
    let hotel = TestEnv::reported();
    hotel.change(
        "bookings.csv",
        "7000;3;\n",
        "7000;3;\n7;3684;Выехали;01.05.2026 14:00;02.05.2026 12:00;7000;3;\n",
    );
    hotel.load(0, "load");
    assert_eq!(hotel.asked::<String>("SELECT amount FROM bookings WHERE id = '7'"), "7000.00");
}

#[test]
fn what_excel_and_dos_add_around_the_rows_is_none_of_them() {
    let hotel = loaded(
        "sep=;\r\n\"Код\";\"Фамилия\";\"Примечание\"\r\n1;\"Приходько\";\r\n2;Зуева;\r\n\u{1a}",
    );
    assert_eq!(names(&hotel), ["1 Приходько", "2 Зуева"]);
    assert_eq!(hotel.load(0, "load"), "");
}

#[test]
fn the_newest_file_of_a_name_with_a_star_is_read() {
    let hotel = TestEnv::with(&ONE.replace("guests.csv", "guests-*.csv"));
    let text = |name: &str| format!("Код;Фамилия;Примечание\n1;{name};\n");
    hotel.report("guests-2.csv", text("Вчера"));
    hotel.date("guests-2.csv", std::time::Duration::from_secs(3600));
    hotel.report("guests-1.csv", text("Сегодня"));
    hotel.load(0, "load");
    assert_eq!(names(&hotel), ["1 Сегодня"]);
}

#[test]
fn headings_that_are_columns_of_the_mirror_need_no_list() {
    let hotel =
        TestEnv::with("[load.files]\nguests = \"guests.csv\"\nbookings = \"bookings.csv\"\n");
    hotel.report("guests.csv", "id,last_name,nothing\n1,Smith,x\n");
    hotel
        .report("bookings.csv", "id,status,arrival,departure\n5,confirmed,2026-05-20,2026-05-22\n");
    hotel.load(0, "load");
    assert_eq!(names(&hotel), ["1 Smith"]);
    assert_eq!(hotel.asked::<String>("SELECT number FROM bookings"), "5");
}

#[test]
fn a_report_by_rooms_is_one_booking_with_all_its_guests() {
    let hotel = TestEnv::with(
        &format!("[load]\namount_of = \"room\"\n{HEADINGS}\"Комната\" = \"room\"\n")
            .replace("[mirror.statuses]", "[mirror.statuses]\n\"Комната\" = \"confirmed\"")
            .replace("\"Гость\" = \"guest_id\"", "\"Гость\" = \"guest_id\"\n\"Комната\" = \"room\"")
            .replace(
                "\"Отменена\" = \"cancelled\"\n\"Комната\" = \"room\"\n",
                "\"Отменена\" = \"cancelled\"\n",
            ),
    );
    hotel.report("guests.csv", GUESTS);
    hotel.report("companies.csv", "Код;Название\n");
    hotel.report(
        "bookings.csv",
        "Код;Номер;Статус;Заезд;Выезд;Сумма;Гость;Компания;Комната
5;3682;Подтверждена;20.05.2026 14:00;22.05.2026 12:00;1 000,50;1;;12
6;3683;Подтверждена;20.05.2026 14:00;22.05.2026 12:00;900;4;;20
5;3682;Подтверждена;19.05.2026 14:00;22.05.2026 12:00;2 000,00;2;;14
5;3682;Отменена;01.05.2026 14:00;30.05.2026 12:00;9 000,00;3;;15
",
    );
    assert_eq!(hotel.load(0, "load"), "load: new: guests 4, bookings 2, guests who stay 3\n");
    let booking: String = hotel
        .asked("SELECT arrival || ' ' || amount || ' ' || guest_id FROM bookings WHERE id = '5'");
    assert_eq!(booking, "2026-05-19 14:00 3000.50 1");
    let stays = hotel.column(
        "booking_guests",
        "booking_id || ': ' || guest_id || ' in ' || room || ' at ' || position",
    );
    assert_eq!(stays, ["5: 1 in 12 at 0", "5: 2 in 14 at 1", "6: 4 in 20 at 0"]);
    assert_eq!(hotel.load(0, "load"), "");
}

#[test]
fn who_stays_may_be_a_report_of_its_own_or_the_same_one() {
    for file in ["stays.csv", "bookings.csv"] {
        let hotel = TestEnv::with(&format!(
            "{HEADINGS}[load.booking_guests]\n\"Код\" = \"booking_id\"\n\"Гость\" = \"guest_id\"\n"
        ));
        hotel.change(
            "ecvi-b24.toml",
            "bookings = \"bookings.csv\"",
            &format!("bookings = \"bookings.csv\"\nbooking_guests = \"{file}\""),
        );
        hotel.report("guests.csv", GUESTS);
        hotel.report("companies.csv", "Код;Название\n");
        hotel.report("bookings.csv", crate::hotel::BOOKINGS);
        hotel.report("stays.csv", "Код;Гость\n5;4\n5;1\n6;\n");
        hotel.load(0, "load");
        let stays =
            hotel.column("booking_guests", "booking_id || ' ' || guest_id || ' ' || position");
        let wanted: &[&str] = if file == "stays.csv" {
            &["5 1 1", "5 4 0"]
        } else {
            &["5 1 0", "6 2 0", "7 3 0", "8 4 0"]
        };
        assert_eq!(stays, wanted, "{file}");
    }
}
