//! Others use the mirror at the same time, and `load` may be ended at any moment.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::env::TestEnv;

/// Guests, so many that loading them takes a while.
fn many() -> String {
    let rows = (1..=60_000).map(|id| format!("{id};Гость {id};Анна;;;\n"));
    "Код;Фамилия;Имя;Дата рождения;Телефон;Примечание\n".to_owned() + &rows.collect::<String>()
}

#[test]
fn who_reads_the_mirror_meanwhile_is_waited_for() {
    let hotel = TestEnv::loaded();
    hotel.change("guests.csv", "Зуева", "Белова");
    let reader = hotel.mirror();
    reader.execute_batch("BEGIN").unwrap();
    let names: u32 = reader.query_row("SELECT count(*) FROM guests", [], |row| row.get(0)).unwrap();
    assert_eq!(names, 4);
    std::thread::scope(|scope| {
        let loading = scope.spawn(|| hotel.load(0, "load"));
        std::thread::sleep(Duration::from_millis(500));
        assert!(!loading.is_finished());
        reader.execute_batch("COMMIT").unwrap();
        assert_eq!(loading.join().unwrap(), "load: changed: guests 1\n");
    });
}

#[test]
fn a_signal_leaves_the_mirror_as_it_was() {
    let hotel = TestEnv::loaded();
    hotel.report("guests.csv", many());
    for signal in ["-TERM", "-KILL"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ecvi-b24"))
            .args(["load", "--trust"])
            .current_dir(hotel.path(""))
            .env_clear()
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(150));
        let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let status = child.wait().unwrap();
        assert_eq!(status.code(), if signal == "-TERM" { Some(5) } else { None }, "{signal}");
        assert_eq!(hotel.counts(), [4, 1, 4, 4], "{signal}");
    }
    hotel.load(0, "load");
    assert_eq!(hotel.counts()[0], 60_000);
}

#[test]
fn russian_is_spoken_to_russians() {
    let hotel = TestEnv::reported();
    hotel.report("companies.csv", "Код;Название\n1;Отель\n2\n");
    let output = hotel.command("load").env("LANG", "ru_RU.UTF-8").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "load: новых: гости 4, компании 1, заявки 4, проживающие 4; не прочитано строк: компании 1\n"
    );
    assert!(said.contains("companies.csv, строка 3: значений 1, а заголовков 2"), "{said}");
}
