//! Reports as workbooks.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};

use crate::env::TestEnv;
use crate::hotel::{GUESTS, HEADINGS};

const ROOMS: &str = "[load.files]\nbookings = \"rooms.xlsx\"\n[load]\namount_of = \"room\"\n[load.bookings]\n\"Номер заявки\" = \"number\"\n\"Статус\" = \"status\"\n\"Дата заезда\" = \"arrival\"\n\"Время заезда\" = \"arrival\"\n\"Выезд\" = \"departure\"\n\"Сумма\" = \"amount\"\n\"Гость\" = \"guest_id\"\n\"Телефон\" = \"phone_of_guest\"\n";

fn texts(sheet: &mut Worksheet, row: u32, texts: &[&str]) {
    for (column, text) in texts.iter().enumerate() {
        sheet.write(row, column as u16, *text).unwrap();
    }
}

fn moment(text: &str) -> ExcelDateTime {
    ExcelDateTime::parse_from_str(text).unwrap()
}

/// One booking of two rooms that share a cell with its number, and one of one room.
fn rooms() -> Vec<u8> {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().write(0, 0, "Параметры отчёта").unwrap();
    let sheet = workbook.add_worksheet();
    let (day, time) =
        (Format::new().set_num_format("dd.mm.yyyy"), Format::new().set_num_format("hh:mm"));
    let both = Format::new().set_num_format("dd.mm.yyyy hh:mm");
    sheet.write(0, 0, "Заявки по номерам").unwrap();
    texts(
        sheet,
        2,
        &[
            "Номер заявки",
            "Статус",
            "Дата заезда",
            "Время\nзаезда",
            "Выезд",
            "Сумма",
            "Гость",
            "Телефон",
        ],
    );
    sheet.merge_range(3, 0, 4, 0, "3682/1", &Format::new()).unwrap();
    sheet.write(5, 0, 3683).unwrap();
    for (row, guest, amount) in [(3, "00101", 1000.1), (4, "00102", 2000.2), (5, "7", 0.3)] {
        sheet.write(row, 1, "confirmed").unwrap();
        sheet.write_with_format(row, 2, moment("2026-05-20"), &day).unwrap();
        sheet.write_with_format(row, 3, moment("14:00"), &time).unwrap();
        sheet.write_with_format(row, 4, moment("2026-05-29T12:30:00"), &both).unwrap();
        sheet.write(row, 5, amount).unwrap();
        sheet.write(row, 6, guest).unwrap();
        sheet.write(row, 7, 79_007_654_321_u64).unwrap();
    }
    texts(sheet, 6, &["Итого", "", "", "", "", "3000.60"]);
    workbook.save_to_buffer().unwrap()
}

#[test]
fn the_sheet_with_the_headings_is_read_and_shared_cells_belong_to_all_their_rows() {
    let hotel = TestEnv::with(ROOMS);
    hotel.report("rooms.xlsx", rooms());
    assert_eq!(hotel.load(0, "load"), "load: new: bookings 2, guests who stay 3\n");
    let bookings =
        hotel.column("bookings", "id || ' ' || arrival || ' ' || departure || ' ' || amount");
    assert_eq!(
        bookings,
        [
            "3682/1 2026-05-20 14:00 2026-05-29 12:30 3000.30",
            "3683 2026-05-20 14:00 2026-05-29 12:30 0.30"
        ]
    );
    assert_eq!(hotel.column("booking_guests", "booking_id || ' ' || guest_id").len(), 3);
    assert_eq!(hotel.asked::<String>("SELECT phone_of_guest FROM bookings"), "79007654321");
    assert_eq!(hotel.load(0, "load"), "");
}

#[test]
fn a_cut_workbook_is_refused_wherever_it_was_cut() {
    let whole = rooms();
    let hotel = TestEnv::with(ROOMS);
    hotel.report("rooms.xlsx", &whole);
    hotel.load(0, "load");
    for length in [4, whole.len() / 2, whole.len() - 1] {
        hotel.report("rooms.xlsx", &whole[..length]);
        let said = hotel.complained(3, "load");
        assert!(
            said.contains("rooms.xlsx") && said.contains("The mirror is as it was"),
            "{length}: {said}"
        );
    }
    assert_eq!(hotel.counts()[2], 2);
}

#[test]
fn a_workbook_says_the_same_as_a_csv() {
    let hotel = TestEnv::loaded();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in GUESTS.lines().enumerate() {
        texts(sheet, row as u32, &line.split(';').collect::<Vec<_>>());
    }
    hotel.report("guests.xlsx", workbook.save_to_buffer().unwrap());
    hotel.change("ecvi-b24.toml", "guests.csv", "guests.xlsx");
    assert_eq!(hotel.load(0, "load"), "");
    assert!(HEADINGS.contains("guests.csv"));
}

#[test]
fn a_stray_cell_far_out_costs_nothing_and_takes_no_row_away() {
    for (row, column) in [(1_048_575, 16_383), (1_048_575, 701), (0, 16_383), (1_048_575, 300)] {
        let hotel = TestEnv::with(ROOMS);
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        texts(sheet, 0, &["Номер заявки", "Статус", "Дата заезда", "Выезд", "Сумма", "Гость"]);
        sheet.write(row, column, "x").unwrap();
        for line in 1..3000 {
            let number = line.to_string();
            let cells = [&number, "confirmed", "20.05.2026", "29.05.2026", "1", "7"];
            texts(sheet, line, &cells);
        }
        hotel.report("rooms.xlsx", workbook.save_to_buffer().unwrap());
        hotel.replace(crate::env::CONFIG, "\"Время заезда\" = \"arrival\"\n", "");
        hotel.replace(crate::env::CONFIG, "\"Телефон\" = \"phone_of_guest\"\n", "");
        hotel.run(0, "load");
        assert_eq!(hotel.asked::<i64>("SELECT count(*) FROM bookings"), 2999, "{row} {column}");
    }
}
