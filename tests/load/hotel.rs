//! A hotel with report files.

use std::fs;
use std::process::Output;
use std::time::{Duration, SystemTime};

use crate::env::{CONFIG, TestEnv};

/// The headings of the reports of these tests.
pub(crate) const HEADINGS: &str = r#"
[load.files]
guests = "guests.csv"
companies = "companies.csv"
bookings = "bookings.csv"

[load.guests]
"Код" = "id"
"Фамилия" = "last_name"
"Имя" = "first_name"
"Дата рождения" = "birth_date"
"Телефон" = "phone"
"Примечание" = "comment"

[load.companies]
"Код" = "id"
"Название" = "name"

[load.bookings]
"Код" = "id"
"Номер" = "number"
"Статус" = "status"
"Заезд" = "arrival"
"Выезд" = "departure"
"Сумма" = "amount"
"Гость" = "guest_id"
"Компания" = "company_id"

[mirror.statuses]
"Подтверждена" = "confirmed"
"Проживает" = "checked_in"
"Выехали" = "checked_out"
"Отменена" = "cancelled"
"#;

pub(crate) const GUESTS: &str = "\
Код;Фамилия;Имя;Дата рождения;Телефон;Примечание
1;Приходько;Анна;29.02.1980;+7 900 765-43-21;Просит тихий номер
2;Müller;Jörg;;;
3;Зуева;Мария;;;
4;Орлов;Пётр;;;
";

pub(crate) const COMPANIES: &str = "Код;Название\n1;ООО \"Ромашка\"\n";

pub(crate) const BOOKINGS: &str = "\
Код;Номер;Статус;Заезд;Выезд;Сумма;Гость;Компания
5;3682;Подтверждена;20.05.2026 14:00;29.05.2026 12:00;12 500,00;1;1
6;3683;Проживает;21.05.2026;22.05.2026;0;2;
7;3684;Выехали;01.05.2026 14:00;02.05.2026 12:00;7000;3;
8;3685;Отменена;01.06.2026 14:00;02.06.2026 12:00;;4;
";

impl TestEnv {
    /// Without reports.
    pub(crate) fn with(load: &str) -> TestEnv {
        let hotel = TestEnv::empty();
        let head = "[mirror]\npath = \"mirror.db\"\n[portal]\nwebhook = \"https://hotel.bitrix24.ru/rest/1/s3cr3t/\"\n";
        hotel.write(CONFIG, format!("{head}{load}"));
        hotel
    }

    /// With the three reports, loaded.
    pub(crate) fn loaded() -> TestEnv {
        let hotel = TestEnv::reported();
        hotel.load(0, "load");
        hotel
    }

    /// With the three reports.
    pub(crate) fn reported() -> TestEnv {
        let hotel = TestEnv::with(HEADINGS);
        hotel.report("guests.csv", GUESTS);
        hotel.report("companies.csv", COMPANIES);
        hotel.report("bookings.csv", BOOKINGS);
        hotel
    }

    /// A report that was exported a minute ago.
    pub(crate) fn report(&self, name: &str, content: impl AsRef<[u8]>) {
        self.write(name, content);
        self.date(name, Duration::from_secs(60));
    }

    /// The report was exported so long ago.
    pub(crate) fn date(&self, name: &str, ago: Duration) {
        let file = fs::File::options().write(true).open(self.path(name)).unwrap();
        file.set_modified(SystemTime::now() - ago).unwrap();
    }

    /// The report is exported anew, with other words in it.
    pub(crate) fn change(&self, name: &str, from: &str, to: &str) {
        self.replace(name, from, to);
        self.date(name, Duration::from_secs(60));
    }

    pub(crate) fn output(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it said on standard output, after it ended with this exit code; one that did what it
    /// was asked to has nothing to complain of.
    #[track_caller]
    pub(crate) fn load(&self, code: i32, arguments: &str) -> String {
        let said = self.exits(code, arguments);
        assert!(code != 0 || said.err.is_empty(), "{}", said.err);
        said.out
    }

    /// A column of the mirror, in order of the ids.
    pub(crate) fn column(&self, table: &str, column: &str) -> Vec<String> {
        let mirror = self.mirror();
        let sql = format!("SELECT coalesce({column}, '–') FROM {table} ORDER BY 1");
        let mut statement = mirror.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// How many guests, companies, bookings and guests who stay there are.
    pub(crate) fn counts(&self) -> [u32; 4] {
        ["guests", "companies", "bookings", "booking_guests"]
            .map(|table| self.asked(&format!("SELECT count(*) FROM {table}")))
    }
}
