//! A hotel with report files in a folder of its own, and the real program.

use std::fs;
use std::path::PathBuf;
use std::process::Output;
use std::time::{Duration, SystemTime};

use assert_cmd::Command;
use rusqlite::Connection;
use rusqlite::types::FromSql;
use tempfile::TempDir;

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

pub(crate) struct Hotel {
    folder: TempDir,
}

impl Hotel {
    /// Without reports.
    pub(crate) fn with(load: &str) -> Hotel {
        let hotel = Hotel { folder: tempfile::tempdir().unwrap() };
        let head = "[mirror]\npath = \"mirror.db\"\n[portal]\nwebhook = \"https://hotel.bitrix24.ru/rest/1/s3cr3t/\"\n";
        fs::write(hotel.path("ecvi-b24.toml"), format!("{head}{load}")).unwrap();
        hotel
    }

    /// With the three reports, loaded.
    pub(crate) fn loaded() -> Hotel {
        let hotel = Hotel::reported();
        hotel.run(0, "load");
        hotel
    }

    /// With the three reports.
    pub(crate) fn reported() -> Hotel {
        let hotel = Hotel::with(HEADINGS);
        hotel.write("guests.csv", GUESTS);
        hotel.write("companies.csv", COMPANIES);
        hotel.write("bookings.csv", BOOKINGS);
        hotel
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A report that was exported a minute ago.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
        self.date(name, Duration::from_secs(60));
    }

    /// The report was exported so long ago.
    pub(crate) fn date(&self, name: &str, ago: Duration) {
        let file = fs::File::options().write(true).open(self.path(name)).unwrap();
        file.set_modified(SystemTime::now() - ago).unwrap();
    }

    /// The report is exported anew, with other words in it.
    pub(crate) fn change(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{text}");
        self.write(name, text.replace(from, to));
    }

    pub(crate) fn output(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecvi-b24"));
        command.current_dir(&self.folder).env_clear().env("LANG", "en_US.UTF-8");
        command.args(arguments.split_whitespace());
        command
    }

    /// What it said on standard output, after it ended with this exit code.
    pub(crate) fn run(&self, code: i32, arguments: &str) -> String {
        let (said, errors) = self.said(code, arguments);
        assert!(code != 0 || errors.is_empty(), "{errors}");
        said
    }

    /// What it said on standard error, after it ended with this exit code.
    pub(crate) fn refused(&self, code: i32, arguments: &str) -> String {
        self.said(code, arguments).1
    }

    fn said(&self, code: i32, arguments: &str) -> (String, String) {
        let Output { status, stdout, stderr } = self.output(arguments);
        let (said, errors) =
            (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
        assert_eq!(status.code(), Some(code), "{arguments}\n{said}{errors}");
        (said, errors)
    }

    pub(crate) fn mirror(&self) -> Connection {
        Connection::open(self.path("mirror.db")).unwrap()
    }

    /// One value of the mirror.
    pub(crate) fn asked<T: FromSql>(&self, sql: &str) -> T {
        self.mirror()
            .query_row(sql, [], |row| row.get(0))
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
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
