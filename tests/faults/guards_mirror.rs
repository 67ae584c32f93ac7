//! No accident spreads: a mirror from which nothing can be concluded sends nothing and deletes
//! nothing.

use std::fs;

use rusqlite::Connection;

use crate::hotel::Hotel;
use crate::parallel_runs::each;
use crate::portal_snapshot::snapshot;

/// Every run ends with exit 3 and these words, without a request.
#[track_caller]
fn refuses(hotel: &Hotel, words: &str) {
    refuses_each(hotel, &["sync", "sync --full --max-deletes 1000", "initial-export"], words);
}

#[track_caller]
fn refuses_each(hotel: &Hotel, commands: &[&str], words: &str) {
    let before = snapshot(&hotel.server.portal());
    let requests = hotel.server.requests();
    for command in commands {
        let ended = hotel.run(command).expect(3);
        assert!(ended.stderr.contains(words), "{command}: {}", ended.stderr);
    }
    assert_eq!(hotel.server.requests(), requests);
    assert_eq!(snapshot(&hotel.server.portal()), before);
}

/// A hotel after an initial export, with this done to its mirror since.
fn after(sql: &str) -> Hotel {
    let hotel = Hotel::running();
    hotel.sql(sql);
    hotel
}

#[test]
fn a_mirror_without_any_row_is_refused() {
    let sql = "DELETE FROM guests; DELETE FROM companies; DELETE FROM bookings; DELETE FROM booking_guests;";
    refuses(&after(sql), "the mirror is empty");
}

#[test]
fn a_table_that_had_rows_and_is_empty_is_refused() {
    for table in ["guests", "companies", "bookings", "booking_guests"] {
        refuses(
            &after(&format!("DELETE FROM {table}")),
            &format!("the table {table} of the mirror"),
        );
    }
}

#[test]
fn a_table_that_is_missing_is_refused() {
    for table in ["guests", "companies", "bookings", "booking_guests"] {
        refuses(&after(&format!("DROP TABLE {table}")), &format!("{table} of the mirror"));
    }
}

#[test]
fn a_required_column_that_is_missing_is_refused() {
    for (table, column) in [
        ("guests", "id"),
        ("companies", "id"),
        ("bookings", "id"),
        ("bookings", "number"),
        ("bookings", "status"),
        ("bookings", "arrival"),
        ("bookings", "departure"),
        ("booking_guests", "booking_id"),
        ("booking_guests", "guest_id"),
    ] {
        let sql = format!("ALTER TABLE {table} RENAME COLUMN {column} TO theirs");
        refuses(&after(&sql), &format!("columns are missing in {table} of the mirror: {column}"));
    }
}

#[test]
fn a_column_that_a_hotel_does_not_have_may_be_absent() {
    for (table, column) in [
        ("guests", "modified_at"),
        ("companies", "modified_at"),
        ("bookings", "modified_at"),
        ("booking_guests", "room"),
        ("booking_guests", "position"),
    ] {
        let hotel = after(&format!("ALTER TABLE {table} RENAME COLUMN {column} TO theirs"));
        let before = snapshot(&hotel.server.portal());
        hotel.run("sync").expect(0);
        assert_eq!(snapshot(&hotel.server.portal()), before, "{table}.{column}");
        hotel.sql("UPDATE guests SET last_name = 'Иванова' WHERE id = 41");
        hotel.run("sync --full").expect(0);
        let now = snapshot(&hotel.server.portal());
        assert!(now.iter().any(|line| line.contains("LAST_NAME=Иванова")), "{table}.{column}");
    }
}

#[test]
fn a_mirror_in_which_bookings_carry_other_numbers_is_refused_until_somebody_says_so() {
    let hotel = after("UPDATE bookings SET number = 'A-' || number");
    let commands = [
        "sync",
        "sync --full",
        "sync --max-deletes 1",
        "sync --full --max-deletes 1",
        "initial-export",
    ];
    refuses_each(&hotel, &commands, "another hotel's mirror");
    hotel.run("sync --max-deletes 2").expect(0);
    let titles = snapshot(&hotel.server.portal());
    assert_eq!(titles.iter().filter(|line| line.contains("TITLE=Заявка №A-")).count(), 2);
}

#[test]
fn a_mirror_that_is_not_there_is_refused_and_not_made() {
    let hotel = Hotel::running();
    fs::remove_file(hotel.path("mirror.db")).unwrap();
    refuses(&hotel, "there is no mirror");
    assert!(!hotel.path("mirror.db").exists());
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let hotel = Hotel::running();
    fs::write(hotel.path("mirror.db"), "id;last_name;first_name\n".repeat(1000)).unwrap();
    refuses(&hotel, "is damaged");
}

#[test]
fn a_file_that_was_cut_anywhere_is_refused() {
    let hotel = Hotel::running();
    let whole = fs::read(hotel.path("mirror.db")).unwrap();
    let cuts: Vec<usize> = (0..whole.len()).step_by(1500).collect();
    each(&cuts, |cut| {
        let hotel = hotel.copy();
        fs::write(hotel.path("mirror.db"), &whole[..*cut]).unwrap();
        refuses(&hotel, "mirror");
    });
}

/// The writer of the mirror in the middle of its work: 500 new guests, some of them in the file
/// already.
fn in_the_middle(hotel: &Hotel, mode: &str) -> Connection {
    let writer = Connection::open(hotel.path("mirror.db")).unwrap();
    let sql = format!(
        "PRAGMA journal_mode = {mode}; PRAGMA cache_size = 2; BEGIN; DELETE FROM bookings; DELETE FROM booking_guests;"
    );
    writer.execute_batch(&sql).unwrap();
    for id in 1000..1500 {
        writer
            .execute(
                "INSERT INTO guests (id, last_name, comment, modified_at) VALUES (?1, 'X', ?2, 'z')",
                (id, "y".repeat(200)),
            )
            .unwrap();
    }
    writer
}

#[test]
fn a_mirror_that_is_being_written_is_refused() {
    let hotel = Hotel::running();
    let writer = in_the_middle(&hotel, "DELETE");
    let requests = hotel.server.requests();
    assert!(hotel.run("sync").expect(3).stderr.contains("database is locked"));
    assert_eq!(hotel.server.requests(), requests);
    drop(writer);
    hotel.run("sync").expect(0);
    assert_eq!(hotel.server.requests(), requests);
}

#[test]
fn a_mirror_whose_writer_died_in_the_middle_is_not_taken_for_whole() {
    let (hotel, dead) = (Hotel::running(), Hotel::running());
    let writer = in_the_middle(&hotel, "DELETE");
    for file in ["mirror.db", "mirror.db-journal"] {
        fs::copy(hotel.path(file), dead.path(file)).unwrap();
    }
    drop(writer);
    refuses(&dead, "mirror");
}

#[test]
fn of_a_mirror_in_wal_mode_the_last_whole_version_is_read() {
    let hotel = Hotel::running();
    let writer = in_the_middle(&hotel, "WAL");
    let (before, requests) = (snapshot(&hotel.server.portal()), hotel.server.requests());
    hotel.run("sync").expect(0);
    assert_eq!((snapshot(&hotel.server.portal()), hotel.server.requests()), (before, requests));
    drop(writer);
}

#[test]
fn more_deletions_than_max_deletes_wait_for_an_administrator_while_updates_go_on() {
    let hotel = Hotel::with("max_deletes = 1\n");
    hotel.sql("INSERT INTO bookings (id, number, status, arrival, departure, modified_at) VALUES (9, '9', 'confirmed', '2026-07-01 12:00', '2026-07-02 12:00', '2026-05-02 10:00:00')");
    hotel.run("initial-export").expect(0);
    hotel.sql("DELETE FROM bookings WHERE id IN (5, 6); UPDATE bookings SET comment = 'late', modified_at = '2026-06-01 10:00:00'");
    let deals = |hotel: &Hotel| {
        snapshot(&hotel.server.portal()).iter().filter(|line| line.starts_with("deal")).count()
    };
    for command in ["sync", "sync --full", "retry", "sync --max-deletes 1"] {
        let ended = hotel.run(command).expect(1);
        assert!(ended.stderr.contains("--max-deletes 2"), "{}", ended.stderr);
        assert_eq!(deals(&hotel), 3, "{command}");
    }
    assert!(snapshot(&hotel.server.portal()).iter().any(|line| line.contains("COMMENTS=late")));
    hotel.run("sync --max-deletes 2").expect(0);
    assert_eq!(deals(&hotel), 1);
}
