//! Nothing that stands in the mirror or beside it makes a command deaf to its time limit or to a
//! signal, and least of all while it holds the lock.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ecvi_b24::domain::record::{Kind, RecordKey};
use ecvi_b24::mirror::{WriteBack, write_back};
use ecvi_b24::platform::clock::ReadLimit;
use rustix::process::Signal;

use crate::hotel::Hotel;
use crate::signals::{ends_within, send, wait_until_signals_are_caught};

/// Rows without end, which none of the program's own statements can cut short.
const ENDLESS: &str = "mirror.queries.guests = \"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL \
    SELECT i + 1 FROM n) SELECT i AS id, '' AS last_name, '' AS modified_at FROM n WHERE i < 0\"";

/// A row that never ends to be written.
const ENDLESS_TRIGGER: &str = "CREATE TABLE log (i);
    CREATE TRIGGER endless AFTER UPDATE OF crm_id ON guests BEGIN
        INSERT INTO log SELECT * FROM endless_rows;
    END;
    CREATE VIEW endless_rows AS
        WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";

fn started(hotel: &Hotel, arguments: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ecvi-b24"));
    command.args(arguments.split(' ')).current_dir(hotel.folder()).env_clear().env("LANG", "en");
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What a command says that ends by itself.
#[track_caller]
fn says_soon(hotel: &Hotel, code: i32, arguments: &str) -> String {
    let output = ends_within(started(hotel, arguments), Duration::from_secs(20));
    let said = String::from_utf8(output.stderr).unwrap() + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{arguments}: {said}");
    said
}

#[test]
fn a_signal_or_the_time_limit_ends_retry_while_it_looks_for_its_record() {
    let hotel = Hotel::running();
    hotel.configure(ENDLESS);
    for arguments in ["retry guest 1", "retry guest 1 --dry-run", "sync --dry-run --only guest 1"] {
        let child = started(&hotel, arguments);
        wait_until_signals_are_caught(&child);
        send(&child, Signal::TERM);
        let output = ends_within(child, Duration::from_secs(10));
        assert_eq!(output.status.code(), Some(5), "{arguments}: {output:?}");
    }
    hotel.configure("sync.time_limit = '1s'");
    assert!(says_soon(&hotel, 5, "retry guest 1").contains("within the time allowed"));
    says_soon(&hotel, 5, "reset-id guest 1 --yes");
}

#[test]
fn what_is_no_file_beside_the_mirror_is_told_and_not_waited_for() {
    let hotel = Hotel::running();
    hotel.guest(1, "last_name = 'Чернова'");
    for suffix in ["-journal", "-wal", "-shm"] {
        let beside = hotel.path(&format!("mirror.db{suffix}"));
        assert!(Command::new("mkfifo").arg(&beside).status().unwrap().success());
        for command in ["sync", "check", "sync --dry-run"] {
            let said = says_soon(&hotel, 3, command);
            assert!(said.contains(&format!("mirror.db{suffix} beside it is")), "{said}");
        }
        says_soon(&hotel, 0, "status");
        fs::remove_file(&beside).unwrap();
    }
    // Of a mirror in WAL mode the bytes of the index are looked at before it is opened.
    fs::write(hotel.path("mirror.db-wal"), "").unwrap();
    assert!(Command::new("mkfifo").arg(hotel.path("mirror.db-shm")).status().unwrap().success());
    says_soon(&hotel, 3, "sync");
}

#[test]
fn a_trigger_that_never_ends_holds_no_run() {
    let hotel = Hotel::running();
    hotel.guest(2, "");
    hotel.sql(ENDLESS_TRIGGER);
    hotel.configure("mirror.write_back = true");
    let links = [WriteBack { key: RecordKey::new(Kind::Guest, 2), crm_id: Some(7) }];
    let limit = ReadLimit::lasting(Duration::from_millis(200));
    let error = write_back(&hotel.config().mirror, &links, &limit).unwrap_err();
    assert!(format!("{error:#}").contains("within the time allowed"), "{error:#}");
    let run = started(&hotel, "sync");
    while !hotel.path("mirror.db-journal").exists() {
        sleep(Duration::from_millis(20));
    }
    send(&run, Signal::TERM);
    let output = ends_within(run, Duration::from_secs(5));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("interrupted while CRM ids were written"), "{said}");
    hotel.sql("DROP TRIGGER endless");
    hotel.sync();
    let written: u64 = hotel.asked("SELECT crm_id FROM guests WHERE id = 2");
    assert_eq!(written, hotel.contact(2).id);
}

#[test]
fn a_slow_function_of_a_view_is_left_after_a_few_rows() {
    let hotel = Hotel::running();
    hotel.sql(
        "WITH RECURSIVE n(i) AS (VALUES (2) UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
         INSERT INTO guests (id, last_name, modified_at) SELECT i, 'Гостев', '' FROM n",
    );
    hotel.configure(
        "mirror.queries.guests = 'SELECT id, last_name, length(randomblob(5000000)) AS modified_at FROM guests'",
    );
    let began = Instant::now();
    says_soon(&hotel, 5, "sync --time-limit 1s");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn a_booking_with_all_guests_of_the_hotel_fails_alone() {
    let hotel = Hotel::running();
    hotel.booking(2, "guest_id = 1");
    hotel.booking(3, "guest_id = 1");
    hotel.sql(
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
         INSERT INTO booking_guests (booking_id, guest_id, position) SELECT 2, i, 0 FROM n",
    );
    says_soon(&hotel, 1, "sync --time-limit 30s");
    assert_eq!(hotel.issues("failures"), ["booking 2 TOO_MANY_GUESTS"]);
    assert_eq!(hotel.deal(3).link_ids(), [hotel.contact(1).id]);
    hotel.runs_idle();
    let state = fs::metadata(hotel.path("state.db")).unwrap().len();
    assert!(state < 1_000_000, "{state}");
    hotel.stay(2, &[1]);
    hotel.sync();
    assert_eq!(hotel.deal(2).link_ids(), [hotel.contact(1).id]);
}
