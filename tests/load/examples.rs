//! The examples do what they say: the hotel of `examples/load`, the crontab line, the units, and
//! the scripts that ask a database.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bitrix24_sandbox::Kind;

use crate::env::{CONFIG, TestEnv};

fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(repository(name)).unwrap()
}

impl TestEnv {
    /// The example of `examples/load`.
    fn example() -> TestEnv {
        let example = TestEnv::empty();
        fs::create_dir(example.path("reports")).unwrap();
        example.write("webhook", example.server.webhook());
        example.write(CONFIG, read("examples/load/ecvi-b24.toml"));
        for report in ["guests.csv", "companies.csv", "rooms-2026-05-20.csv"] {
            example.report(
                &format!("reports/{report}"),
                read(&format!("examples/load/reports/{report}")),
            );
        }
        example
    }

    /// A command line as cron runs it, with the paths of this machine.
    fn shell(&self, line: &str) -> Output {
        let line = line
            .replace("\\%", "%")
            .replace("/usr/bin/ecvi-b24", env!("CARGO_BIN_EXE_ecvi-b24"))
            .replace("/usr/local/bin/ecvi-b24", env!("CARGO_BIN_EXE_ecvi-b24"))
            .replace("/etc/ecvi-b24.toml", self.path("ecvi-b24.toml").to_str().unwrap())
            .replace("/var/log/ecvi-b24/", &format!("{}/", self.folder().display()));
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(line).current_dir(self.folder()).env_clear().env("LANG", "en_US.UTF-8");
        shell.env("PATH", std::env::var_os("PATH").unwrap());
        shell.output().unwrap()
    }

    fn shell_says(&self, line: &str) -> String {
        let Output { status, stdout, stderr } = self.shell(line);
        let said = String::from_utf8(stdout).unwrap();
        assert!(status.success(), "{line}: {said}{}", String::from_utf8_lossy(&stderr));
        said
    }

    /// The hotel after its initial export.
    fn exported() -> TestEnv {
        let example = TestEnv::example();
        example.shell_says("/usr/bin/ecvi-b24 load");
        example.shell_says("/usr/bin/ecvi-b24 initial-export");
        example
    }

    fn deal(&self, field: &str) -> String {
        let portal = self.portal();
        portal.with_origin(Kind::Deal, "ECVI", "3682")[0].text(field).to_owned()
    }

    /// The reports of another day, in which a guest checked in.
    fn another_day(&self) {
        let report = read("examples/load/reports/rooms-2026-05-20.csv");
        self.report(
            "reports/rooms-2026-05-21.csv",
            report.replace("3682;Подтверждена", "3682;Проживает"),
        );
    }
}

#[test]
fn the_example_hotel_is_carried_over_whole() {
    let example = TestEnv::example();
    let said = example.shell_says("/usr/bin/ecvi-b24 load");
    assert_eq!(said, "load: new: guests 4, companies 1, bookings 3, guests who stay 4\n");
    let checked = example.shell_says("/usr/bin/ecvi-b24 check");
    assert!(!checked.contains("! Mirror"), "{checked}");
    example.shell_says("/usr/bin/ecvi-b24 initial-export");
    assert_eq!(
        example.deal("TITLE"),
        "Заявка №3682 (Приходько) 20.05.2026 14:00 - 29.05.2026 12:00"
    );
    assert_eq!(example.deal("OPPORTUNITY"), "20500.50");
    let portal = example.server.portal();
    assert_eq!(portal.with_origin(Kind::Deal, "ECVI", "3682")[0].link_ids().len(), 2);
    let guest = portal.with_origin(Kind::Contact, "ECVI", "00101")[0].clone();
    assert_eq!([guest.text("SECOND_NAME"), guest.text("BIRTHDATE")], ["Сергеевна", "1980-02-29"]);
    assert_eq!(guest.text("COMMENTS"), "{ VIP } Просит тихий номер,\nс видом на реку");
}

#[test]
fn the_crontab_line_loads_and_sends() {
    let example = TestEnv::exported();
    example.another_day();
    let cron = read("packaging/examples/ecvi-b24-load.cron");
    let line = cron.lines().find_map(|line| line.strip_prefix("*/3 * * * * ecvi-b24 ")).unwrap();
    example.shell_says(line);
    assert_eq!(example.deal("STAGE_ID"), "WON");
    let log = fs::read_to_string(example.path("sync.log")).unwrap();
    assert!(
        log.contains("load: changed: bookings 1") && log.contains("sync: updated: bookings 1"),
        "{log}"
    );
}

#[test]
fn the_crontab_line_sends_although_a_report_is_refused() {
    for name in ["docs/load.md", "docs/load.ru.md"] {
        let example = TestEnv::exported();
        example.another_day();
        example.shell_says("/usr/bin/ecvi-b24 load");
        example.report("reports/companies.csv", "");
        let document = read(name);
        let line = document.lines().find_map(|line| line.strip_prefix("*/3 * * * * ")).unwrap();
        let output = example.shell(line);
        assert!(String::from_utf8_lossy(&output.stderr).contains("companies.csv"), "{output:?}");
        assert_eq!(example.deal("STAGE_ID"), "WON", "{name}");
    }
}

#[test]
fn the_unit_of_the_watched_folder_loads_and_sends() {
    let example = TestEnv::exported();
    example.another_day();
    let unit = read("packaging/examples/ecvi-b24-load.service");
    let commands: Vec<&str> =
        unit.lines().filter_map(|line| line.strip_prefix("ExecStart=")).collect();
    assert_eq!(commands.len(), 2);
    for command in commands {
        example.shell_says(command);
    }
    assert_eq!(example.deal("STAGE_ID"), "WON");
    assert!(
        read("packaging/examples/ecvi-b24-load.path").contains("\nPathChanged=/srv/ecvi/reports\n")
    );
}

#[test]
fn the_units_are_such_as_systemd_reads() {
    let Ok(found) = Command::new("systemd-analyze").arg("--version").output() else { return };
    assert!(found.status.success());
    let folder = tempfile::tempdir().unwrap();
    for name in ["ecvi-b24-load.path", "ecvi-b24-load.service"] {
        // The program is not installed here.
        let unit =
            read(&format!("packaging/examples/{name}")).replace("/usr/bin/ecvi-b24", "/bin/true");
        fs::write(folder.path().join(name), unit).unwrap();
    }
    let unit = folder.path().join("ecvi-b24-load.path");
    let verified =
        Command::new("systemd-analyze").arg("verify").arg("--man=no").arg(unit).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    let ours = said.lines().filter(|line| line.contains("ecvi-b24-load") && !line.contains("User"));
    assert_eq!(ours.count(), 0, "{said}");
}

/// What the client of a database would print for each of the reports.
fn stub(folder: &Path, client: &str, lines: [&str; 3]) {
    let cases = ["persons", "firms", "orders"].iter().zip(lines);
    let cases: Vec<String> =
        cases.map(|(table, text)| format!("*\"FROM {table}\"*) printf '{text}' ;;")).collect();
    let script = format!(
        "#!/bin/sh\ninput=\"$*\"\n[ -t 0 ] || input=\"$input $(cat)\"\ncase $input in\n{}\n*) exit 9 ;;\nesac\n",
        cases.join("\n")
    );
    let path = folder.join(client);
    fs::write(&path, script).unwrap();
    let made = Command::new("chmod").arg("+x").arg(path).status().unwrap();
    assert!(made.success());
}

/// Runs a script with such a client, loads its reports, and says who the guest of the booking is.
fn loaded_from(script: &str, client: &str, lines: [&str; 3]) -> String {
    let example = TestEnv::example();
    example.report(
        "ecvi-b24.toml",
        "[mirror]\npath = \"mirror.db\"\n[load.files]\nguests = \"reports/guests.csv\"\ncompanies = \"reports/companies.csv\"\nbookings = \"reports/bookings.csv\"\n[portal]\nwebhook_file = \"webhook\"\n",
    );
    stub(example.folder(), client, lines);
    let script = repository(&format!("examples/load/{script}"));
    let path = format!("PATH={}:$PATH", example.folder().display());
    example.shell_says(&format!("{path} sh {} ecvi reports </dev/null", script.display()));
    example.shell_says("/usr/bin/ecvi-b24 load");
    let mirror = rusqlite::Connection::open(example.path("mirror.db")).unwrap();
    let sql = "SELECT last_name || ', ' || number || ', ' || arrival || ', ' || amount
               FROM bookings b JOIN guests g ON g.id = b.guest_id";
    mirror.query_row(sql, [], |row| row.get(0)).unwrap()
}

const WANTED: &str = "Приходько, 3682, 2026-05-20 14:00, 12500.00";

#[test]
fn a_database_writes_its_reports_with_its_own_client() {
    let comma = [
        "id,last_name,first_name,middle_name,birth_date,phone,email\\n1,Приходько,Анна,,1980-02-29,\"+7 900, дом\",\\n",
        "id,name,phone\\n7,\"ООО \"\"Ромашка\"\"\",\\n",
        "id,number,status,arrival,departure,amount,guest_id,company_id\\n5,3682,confirmed,2026-05-20 14:00,2026-05-29 12:00,12500,1,7\\n",
    ];
    assert_eq!(loaded_from("from-sqlite.sh", "sqlite3", comma), WANTED);
    assert_eq!(loaded_from("from-postgresql.sh", "psql", comma), WANTED);
    let tabs = comma.map(|text| text.replace("\"+7 900, дом\"", "+7 900").replace(',', "\\t"));
    assert_eq!(loaded_from("from-mysql.sh", "mysql", tabs.each_ref().map(String::as_str)), WANTED);
    // Its client pads rows, and writes blank lines between.
    let padded = [
        "\\n1;\"Приходько\";\"Анна\";\"\";1980-02-29;\"+7 900; дом\";\"\"      \\n\\n",
        "\\n7;\"ООО \"\"Ромашка\"\"\";\"\"   \\n",
        "\\n5;\"3682\";\"confirmed\";2026-05-20 14:00;2026-05-29 12:00;12500.00;1;7      \\n\\n",
    ];
    assert_eq!(loaded_from("from-firebird.sh", "isql-fb", padded), WANTED);
}

/// The client of SQLite is the real one, where the machine has it.
#[test]
fn a_dump_is_read_by_the_real_client() {
    if Command::new("sqlite3").arg("--version").output().is_err() {
        return;
    }
    let example = TestEnv::example();
    let dump = rusqlite::Connection::open(example.path("dump.db")).unwrap();
    dump.execute_batch(
        "CREATE TABLE persons (id, surname, name, patronymic, birthday, phone, email);
         CREATE TABLE firms (id, name, phone);
         CREATE TABLE orders (id, number, state, arrival, departure, price, person_id, firm_id);
         INSERT INTO persons VALUES (1, 'Приходько', 'Анна', NULL, '1980-02-29', '+7 900, \"дом\"', NULL);",
    )
    .unwrap();
    let script = repository("examples/load/from-sqlite.sh");
    example.shell_says(&format!("sh {} dump.db reports", script.display()));
    let report = fs::read_to_string(example.path("reports/guests.csv")).unwrap();
    assert!(report.starts_with("id,last_name,first_name,"), "{report}");
    assert!(report.contains("1,\"Приходько\"") || report.contains("1,Приходько"), "{report}");
}
