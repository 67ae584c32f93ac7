//! No accident spreads: a truncated, damaged or foreign mirror sends nothing and deletes nothing;
//! and what the configuration names is verified before anything is sent.

use bitrix24_sandbox::Kind;

use crate::hotel::Hotel;

/// A hotel of twenty bookings.
fn hotel() -> Hotel {
    let hotel = Hotel::new();
    hotel.guest(1, "");
    hotel.company(1, "");
    (1..=20).for_each(|id| hotel.booking(id, "guest_id = 1"));
    hotel.stay(1, &[1]);
    hotel.export();
    hotel
}

fn give_bookings_new_ids(hotel: &Hotel) {
    hotel.sql("UPDATE bookings SET id = id + 1000; UPDATE booking_guests SET booking_id = booking_id + 1000");
}

fn refuses(hotel: &Hotel, why: &str) {
    let requests = hotel.requests(|hotel| {
        let said = hotel.exits(3, "sync");
        assert!(said.err.contains(why), "{}", said.err);
    });
    assert_eq!(requests, 0, "{why}");
}

#[test]
fn a_table_that_had_rows_and_is_empty_is_an_accident() {
    for table in ["guests", "companies", "bookings", "booking_guests"] {
        let hotel = hotel();
        hotel.sql(&format!("DELETE FROM {table}"));
        refuses(&hotel, table);
        let next = match table {
            "guests" | "companies" => "--max-deletes",
            "bookings" => "удалите их там вручную",
            _ => "сделки останутся без них",
        };
        assert!(hotel.exits(3, "sync").err.contains(next), "{table}");
        assert_eq!(hotel.portal().count(Kind::Deal), 20);
    }
}

#[test]
fn a_missing_table_or_column_is_named() {
    let hotel = hotel();
    hotel.sql("ALTER TABLE bookings RENAME COLUMN arrival TO arrives");
    refuses(&hotel, "arrival");
    hotel.sql("DROP TABLE booking_guests");
    assert!(hotel.exits(3, "sync").err.contains("arrival"));
    hotel.sql("ALTER TABLE bookings RENAME COLUMN arrives TO arrival");
    assert!(hotel.exits(3, "sync").err.contains("не читается booking_guests: исправьте"));
    hotel.configure("mirror.queries.booking_guests = 'SELEKT 1'");
    assert!(hotel.exits(3, "sync").err.contains("[mirror.queries]"));
}

#[test]
fn with_a_mirror_that_cannot_be_read_status_does_not_know_what_waits() {
    let hotel = hotel();
    hotel.sql("DROP TABLE bookings");
    let status = hotel.status();
    assert_eq!(status["records"]["booking"]["pending"], serde_json::Value::Null);
    assert_eq!(status["records"]["booking"]["synced"], 20);
}

#[test]
fn another_hotels_mirror_is_refused() {
    let hotel = hotel();
    hotel.sql("UPDATE bookings SET number = 'X' || id WHERE id <= 2");
    hotel.sync();
    hotel.sql("UPDATE bookings SET number = 'Y' || id WHERE id <= 3");
    refuses(&hotel, "3 из 20");
}

#[test]
fn a_mirror_of_which_no_booking_is_known_is_refused_until_somebody_says_so() {
    let hotel = hotel();
    hotel.configure("sync.max_deletes = 19");
    give_bookings_new_ids(&hotel);
    refuses(&hotel, "ни одной из переданных записей (заявки: 20)");
    assert!(hotel.exits(3, "initial-export").err.contains("--max-deletes 20"));
    hotel.says("sync --max-deletes 20");
    let portal = hotel.portal();
    let deals_of = |id: i64| portal.with_origin(Kind::Deal, "ECVI", &id.to_string()).len();
    assert_eq!(((1..=20).map(deals_of).sum::<usize>(), (1001..=1020).map(deals_of).sum()), (0, 20));
}

#[test]
fn a_table_that_was_emptied_on_purpose_is_let_go_of_by_its_kind_alone() {
    let hotel = hotel();
    hotel.sql("DELETE FROM booking_guests");
    hotel.says("reset-id guest --all --yes");
    let said = hotel.exits(3, "sync").err;
    assert!(said.contains("reset-id booking --all; сделки останутся без них"), "{said}");
    hotel.sql("DELETE FROM bookings");
    let said = hotel.exits(3, "sync").err;
    assert!(said.contains("reset-id booking --all; сделки останутся в CRM"), "{said}");
    hotel.says("reset-id booking --all --yes");
    hotel.sync();
    assert_eq!(hotel.portal().count(Kind::Deal), 20);
}

#[test]
fn a_mirror_of_which_no_guest_is_known_is_refused_too() {
    let hotel = full_house();
    hotel.sql("UPDATE guests SET id = id + 1000; UPDATE bookings SET guest_id = guest_id + 1000");
    hotel.sql("UPDATE booking_guests SET guest_id = guest_id + 1000");
    refuses(&hotel, "ни одной из переданных записей (гости: 20)");
    hotel.says("sync --max-deletes 20");
    assert_eq!(hotel.portal().count(Kind::Contact), 40);
}

#[test]
fn bookings_whose_ids_cannot_be_used_any_more_keep_their_deals() {
    for id in ["NULL", "CAST(id AS BLOB)", "'$' || id"] {
        let hotel = Hotel::new();
        hotel.sql(
            "DROP TABLE bookings;
             CREATE TABLE bookings (id, number, status, arrival, departure, guest_id, modified_at)",
        );
        (1..=5).for_each(|id| hotel.booking(id, ""));
        hotel.export();
        hotel.sql(&format!(
            "CREATE TABLE kept AS SELECT * FROM bookings; UPDATE bookings SET id = {id} WHERE id > 2"
        ));
        let said = hotel.exits(1, "sync").err;
        assert!(said.contains("BAD_ID") && said.contains("ничего не удаляется"), "{id}: {said}");
        hotel.exits(1, "sync");
        assert_eq!(hotel.portal().count(Kind::Deal), 5, "{id}");
        assert_eq!(
            hotel.issues("failures").len(),
            if id.starts_with('\'') { 3 } else { 1 },
            "{id}"
        );
        hotel.sql("DELETE FROM bookings; INSERT INTO bookings SELECT * FROM kept WHERE id < 5");
        assert_eq!(hotel.sync(), "sync: удалено: заявки 1\n", "{id}");
        assert_eq!(hotel.issues("failures"), [""; 0], "{id}");
    }
}

#[test]
fn a_new_booking_whose_crm_id_is_no_number_holds_back_no_deletion() {
    let hotel = hotel();
    hotel.booking(21, "crm_id = 'нет'");
    hotel.sql("DELETE FROM bookings WHERE id = 20");
    let said = hotel.exits(1, "sync");
    assert!(
        said.out.contains("удалено: заявки 1") && said.err.contains("BAD_ID"),
        "{}{}",
        said.out,
        said.err
    );
    assert_eq!(hotel.portal().count(Kind::Deal), 19);
}

#[test]
fn a_row_without_an_id_is_one_failure_that_pauses_and_hinders_nobody() {
    for table in ["guests", "companies", "bookings"] {
        let hotel = Hotel::new();
        hotel.sql(&format!(
            "CREATE TABLE rows AS SELECT * FROM {table}; DROP TABLE {table}; ALTER TABLE rows RENAME TO {table}"
        ));
        hotel.guest(1, "");
        hotel.company(1, "");
        hotel.booking(1, "guest_id = 1");
        hotel.sql(&format!(
            "INSERT INTO {table} SELECT * FROM {table}; UPDATE {table} SET id = NULL WHERE rowid = 2"
        ));
        assert!(hotel.exits(1, "initial-export").err.contains("BAD_ID"), "{table}");
        for _ in 0..3 {
            hotel.runs_idle();
            assert_eq!(hotel.issues("failures").len(), 1, "{table}");
        }
        hotel.sql(&format!("DELETE FROM {table} WHERE id IS NULL"));
        hotel.says("sync");
        assert_eq!(hotel.issues("failures"), [""; 0], "{table}");
        hotel.runs_idle();
    }
}

fn ids_become_texts(hotel: &Hotel) {
    hotel.configure(
        "[mirror.queries]
         guests = 'SELECT CAST(id AS TEXT) AS id, last_name, modified_at FROM guests'
         bookings = '''SELECT CAST(id AS TEXT) AS id, number, status, arrival, departure,
                       CAST(guest_id AS TEXT) AS guest_id, company_id, modified_at FROM bookings'''
         booking_guests = '''SELECT CAST(booking_id AS TEXT) AS booking_id, CAST(guest_id AS TEXT) AS guest_id
                             FROM booking_guests'''",
    );
}

#[test]
fn beside_one_that_is_gone_history_whose_ids_become_texts_keeps_its_deals() {
    let hotel = full_house();
    hotel.sql("UPDATE bookings SET departure = '2020-01-02 12:00', modified_at = 'x' WHERE id > 2");
    hotel.sync();
    hotel.configure("export.bookings_from = '2026-01-01'");
    let deals = hotel.portal().count(Kind::Deal);
    hotel.sql("DELETE FROM bookings WHERE id = 1");
    ids_become_texts(&hotel);
    assert!(hotel.says("sync --max-deletes 1").contains("удалено: заявки 1"));
    assert_eq!(hotel.portal().count(Kind::Deal), deals - 1);
    hotel.sync();
    hotel.runs_idle();
}

#[test]
fn ids_that_become_texts_are_nobody_who_is_gone_however_many_they_are() {
    let hotel = full_house();
    let stands = |hotel: &Hotel| [Kind::Contact, Kind::Deal].map(|kind| hotel.portal().count(kind));
    let before = stands(&hotel);
    // One of them is history by now, of which nothing is due.
    hotel.sql("UPDATE bookings SET departure = '2020-01-02 12:00', modified_at = 'x' WHERE id = 3");
    hotel.sync();
    hotel.configure("export.bookings_from = '2026-01-01'");
    ids_become_texts(&hotel);
    hotel.says("sync");
    hotel.says("sync");
    assert_eq!(hotel.issues("failures"), [""; 0]);
    assert_eq!(stands(&hotel), before);
    hotel.runs_idle();
}

#[test]
fn a_number_that_is_missing_is_that_bookings_failure_alone() {
    let hotel = Hotel::new();
    hotel.sql("DROP TABLE bookings; CREATE TABLE bookings (id, number, status, arrival, departure, guest_id, modified_at)");
    (1..=5).for_each(|id| hotel.booking(id, ""));
    hotel.export();
    hotel.sql("UPDATE bookings SET number = NULL, modified_at = 'x' WHERE id = 1");
    hotel.guest(1, "");
    assert!(hotel.exits(1, "sync").out.contains("создано: гости 1"));
    assert_eq!(hotel.issues("failures"), ["booking 1 NO_VALUE"]);
}

#[test]
fn a_deal_gets_its_guest_back_also_where_its_booking_was_held_back_meanwhile() {
    let hotel = hotel();
    hotel.configure("sync.max_deletes = 3");
    hotel.guest(2, "");
    hotel.sql("UPDATE bookings SET guest_id = 2 WHERE id = 3; DELETE FROM guests WHERE id = 2");
    hotel.sync();
    assert!(hotel.deal(3).link_ids().is_empty());
    hotel.guest(2, "");
    hotel.sql("CREATE TABLE kept AS SELECT * FROM bookings; DELETE FROM bookings WHERE id > 2");
    hotel.exits(1, "sync");
    hotel.sql("INSERT INTO bookings SELECT * FROM kept WHERE id > 2");
    hotel.sync();
    assert_eq!(hotel.deal(3).link_ids(), [hotel.contact(2).id]);
}

#[test]
fn one_booking_that_is_known_makes_the_mirror_the_hotels_own() {
    let hotel = hotel();
    hotel.configure("sync.max_deletes = 5");
    hotel.sql("UPDATE bookings SET id = id + 1000 WHERE id > 1");
    assert!(hotel.exits(1, "sync").err.contains("--max-deletes 19"));
    assert_eq!(hotel.portal().count(Kind::Deal), 39);
}

#[test]
fn a_mirror_that_is_being_filled_at_this_moment_is_read_as_it_was() {
    let hotel = hotel();
    hotel.sql("PRAGMA journal_mode = wal");
    let mut filling = hotel.mirror();
    let transaction = filling.transaction().unwrap();
    transaction.execute_batch("DELETE FROM bookings; DELETE FROM guests").unwrap();
    hotel.runs_idle();
    transaction.rollback().unwrap();
}

#[test]
fn what_the_portal_does_not_have_is_found_before_anything_is_sent() {
    for (line, named) in [
        ("deal.stages.confirmed = 'NOPE'", "NOPE"),
        ("deal.category_id = 77", "77"),
        ("deal.currency = 'XXX'", "XXX"),
        ("contact.honorific = { M = 'HNR_NOPE', F = 'HNR_RU_2' }", "HNR_NOPE"),
        ("contact.fields.UF_CRM_NOPE = 'comment'", "UF_CRM_NOPE"),
        ("company.source_id = 'NOPE'", "NOPE"),
    ] {
        let hotel = Hotel::new();
        hotel.guest(1, "");
        hotel.configure(line);
        let writes = hotel.writes(|hotel| {
            let said = hotel.exits(3, "initial-export");
            assert!(said.err.contains(named), "{line}: {}", said.err);
        });
        assert_eq!(writes, 0, "{line}");
    }
}

#[test]
fn a_verification_is_remembered_and_a_changed_configuration_is_verified_at_once() {
    let hotel = hotel();
    hotel.portal().remove_status("HONORIFIC", "HNR_RU_1");
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    hotel.configure("deal.probability.confirmed = 50");
    assert_eq!(hotel.writes(|hotel| drop(hotel.exits(3, "sync"))), 0);
    hotel.portal().add_status("HONORIFIC", "HNR_RU_1", "г-н");
    hotel.sync();
    hotel.runs_idle();
}

#[test]
fn what_was_verified_is_verified_again_after_a_day() {
    let hotel = hotel();
    let state = rusqlite::Connection::open(hotel.path("state.db")).unwrap();
    let aged = "UPDATE meta SET value = json_set(value, '$.at', '2020-01-01T00:00:00Z') WHERE key = 'verified'";
    assert_eq!(state.execute(aged, []).unwrap(), 1);
    hotel.runs_idle();
    hotel.portal().remove_status("DEAL_STAGE", "EXECUTING");
    hotel.booking(1, "comment = 'x'");
    hotel.exits(3, "sync");
}

#[test]
fn check_says_what_the_next_run_would_refuse_or_hold_back() {
    let hotel = Hotel::running();
    (2..=5).for_each(|id| hotel.booking(id, ""));
    hotel.sync();
    hotel.configure("sync.max_deletes = 1");
    hotel.sql("DELETE FROM bookings WHERE id > 2");
    assert!(hotel.says("check").contains("--max-deletes 3"));
    let told = hotel.says("status booking 4");
    assert!(told.contains("удалить сделку") && !told.contains("--max-deletes"), "{told}");
    assert!(!hotel.says("status --check").contains("--max-deletes"));
    hotel.exits(1, "sync");
    let told = hotel.says("status booking 4");
    assert!(
        told.contains("если не помешает то же, что в прошлый раз: ")
            && told.contains("--max-deletes 3"),
        "{told}"
    );
    let line = hotel.says("status --check");
    assert!(
        line.starts_with("OK: ") && line.contains("--max-deletes 3") && line.lines().count() == 1,
        "{line}"
    );
    hotel.sql("DELETE FROM bookings");
    assert!(hotel.exits(3, "check").out.contains("опустела таблица bookings"));
}

/// Twenty guests, of whom the bookings name the first; more than two may not go at once.
fn full_house() -> Hotel {
    let hotel = hotel();
    (2..=20).for_each(|id| hotel.guest(id, ""));
    hotel.configure("sync.max_deletes = 2");
    hotel.sync();
    hotel
}

#[test]
fn guests_who_are_gone_in_numbers_stay_in_their_deals_until_somebody_says_so() {
    let hotel = full_house();
    (1..=20).for_each(|id| hotel.booking(id, &format!("guest_id = {id}")));
    hotel.sync();
    hotel.sql("DELETE FROM guests WHERE id > 17");
    hotel.booking(1, "comment = 'late'");
    for _ in 0..2 {
        assert!(hotel.exits(1, "sync").err.contains("исчезло гостей: 3, это больше 2"));
    }
    assert_eq!(hotel.deal(1).text("COMMENTS"), "late");
    assert_eq!(hotel.deal(18).link_ids().len(), 1);
    hotel.exits(0, "sync --max-deletes 3");
    assert!(hotel.deal(18).link_ids().is_empty());
    assert_eq!(hotel.deal(17).link_ids().len(), 1);
    hotel.runs_idle();
}

#[test]
fn guests_who_come_back_from_a_mirror_that_was_half_filled_were_never_gone() {
    let hotel = full_house();
    hotel.sql("CREATE TABLE kept AS SELECT * FROM guests; DELETE FROM guests WHERE id < 10");
    let writes = hotel.writes(|hotel| drop(hotel.exits(1, "sync")));
    assert_eq!(writes, 0);
    hotel.sql("DELETE FROM guests; INSERT INTO guests SELECT * FROM kept");
    assert_eq!(hotel.writes(|hotel| drop(hotel.sync())), 0);
    hotel.runs_idle();
}

#[test]
fn guests_leave_their_deals_by_the_same_limit_a_day_as_bookings_do() {
    let hotel = full_house();
    (1..=20).for_each(|id| hotel.booking(id, &format!("guest_id = {id}")));
    hotel.sync();
    hotel.sql("DELETE FROM guests WHERE id <= 2");
    hotel.sync();
    assert_eq!([1, 2, 3].map(|id| hotel.deal(id).link_ids().len()), [0, 0, 1]);
    hotel.sql("DELETE FROM guests WHERE id = 3");
    assert!(hotel.exits(1, "sync").err.contains("исчезло гостей: 3, это больше 2"));
    assert_eq!(hotel.deal(3).link_ids().len(), 1);
}

#[test]
fn guests_whom_no_booking_names_may_go_in_numbers() {
    let hotel = full_house();
    hotel.sql("DELETE FROM guests WHERE id > 10");
    assert_eq!(hotel.sync(), "");
}

#[test]
fn guests_who_come_do_not_hide_that_as_many_go() {
    let hotel = full_house();
    (1..=20).for_each(|id| hotel.booking(id, &format!("guest_id = {id}")));
    hotel.sync();
    hotel.sql("UPDATE guests SET id = id + 100 WHERE id > 10");
    assert!(hotel.exits(1, "sync").err.contains("исчезло гостей: 10"));
    assert_eq!(hotel.deal(20).link_ids(), [hotel.contact(20).id]);
}

#[test]
fn guests_whom_bookings_name_by_texts_are_held_back_too() {
    let hotel = full_house();
    hotel.sql(
        "CREATE TABLE named AS
           SELECT id, number, status, arrival, departure, modified_at, CAST(id AS TEXT) AS guest_id FROM bookings;
         DROP TABLE bookings;
         ALTER TABLE named RENAME TO bookings",
    );
    hotel.sync();
    hotel.sql("DELETE FROM guests WHERE id > 17");
    assert!(hotel.exits(1, "sync").err.contains("исчезло гостей: 3"));
    assert_eq!(hotel.deal(18).link_ids(), [hotel.contact(18).id]);
}

#[test]
fn beside_a_row_without_an_id_not_even_one_is_deleted_and_only_who_is_gone_is_told_of() {
    let hotel = Hotel::new();
    hotel.sql(
        "DROP TABLE bookings;
         CREATE TABLE bookings (id, number, status, arrival, departure, guest_id, modified_at)",
    );
    (1..=5).for_each(|id| hotel.booking(id, ""));
    hotel.guest(1, "");
    hotel.export();
    hotel.sql("UPDATE bookings SET id = NULL WHERE id = 3");
    let said = hotel.exits(1, "sync").err;
    assert!(said.contains("ничего не удаляется"), "{said}");
    assert_eq!(hotel.portal().count(Kind::Deal), 5);
    // A guest is gone, of whom no row speaks; of the bookings all are there.
    hotel.sql("UPDATE bookings SET id = 3 WHERE id IS NULL");
    hotel.guest(2, "");
    hotel.sync();
    hotel.sql("INSERT INTO bookings (number) VALUES ('x'); DELETE FROM guests WHERE id = 2");
    let said = hotel.exits(1, "sync").err;
    assert!(!said.contains("ничего не удаляется"), "{said}");
}

#[test]
fn an_empty_mirror_is_not_exported() {
    let hotel = Hotel::new();
    hotel.exits(3, "initial-export");
    assert!(!hotel.status()["initial_export"]["completed_at"].is_string());
}

#[test]
fn a_window_in_which_nothing_known_is_left_is_no_other_hotels_mirror() {
    let hotel = Hotel::new();
    hotel.guest(1, "");
    let in_the_window = "departure = date('now', '+5 days') || ' 12:00'";
    (1..=4).for_each(|id| hotel.booking(id, in_the_window));
    let window = "SELECT * FROM bookings WHERE departure >= date('now', '-30 days')";
    hotel.configure(&format!("mirror.queries.bookings = \"{window}\""));
    hotel.export();
    hotel.sql("UPDATE bookings SET departure = date('now', '-60 days')");
    hotel.booking(11, in_the_window);
    assert_eq!(hotel.sync(), "sync: создано: заявки 1\n");
    assert_eq!(hotel.portal().count(Kind::Deal), 5);
}
