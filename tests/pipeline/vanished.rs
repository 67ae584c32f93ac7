//! Who is gone from the mirror: when that is believed, and what looks like an accident of whatever
//! fills it.

use bitrix24_sandbox::Kind;
use chrono::{DateTime, TimeDelta, Utc};
use ecvi_b24::domain::language::Language;
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use ecvi_b24::sync::run_report::RunReport;

use crate::hotel::Hotel;

/// Bookings with a guest each, the first stay the oldest; a run found all of it as sent.
fn hotel(bookings: u32) -> Hotel {
    let hotel = Hotel::new();
    for id in 1..=bookings {
        hotel.guest(id, &format!("last_name = 'Гость {id}'"));
        let day = format!("date('2026-01-01', '+{id} days')");
        let stay = format!("arrival = {day} || ' 14:00', departure = {day} || ' 20:00'");
        hotel.booking(id, &format!("number = 'N{id}', guest_id = {id}, {stay}"));
        hotel.stay(id, &[id]);
    }
    hotel.export();
    hotel.sync();
    hotel
}

/// Likewise, and whoever vanishes is given up after two minutes.
fn patient(bookings: u32) -> Hotel {
    let hotel = hotel(bookings);
    hotel.be_patient();
    hotel
}

fn run(hotel: &Hotel, minutes: i64, max_deletes: Option<u64>) -> RunReport {
    let options = RunOptions { max_deletes, ..RunOptions::new(RunKind::Sync) };
    let now: DateTime<Utc> = Utc::now() + TimeDelta::minutes(20 + minutes);
    hotel.run_at(&options, &Clock::virtual_at(now))
}

/// A run at this minute.
fn sync(hotel: &Hotel, minutes: i64) -> RunReport {
    run(hotel, minutes, None)
}

/// Likewise, by somebody who says that so many may be gone.
fn vouched(hotel: &Hotel, minutes: i64, most: u64) -> RunReport {
    run(hotel, minutes, Some(most))
}

fn deals(hotel: &Hotel) -> usize {
    hotel.portal().count(Kind::Deal)
}

fn drop_bookings(hotel: &Hotel, which: &str) {
    hotel.sql(&format!(
        "CREATE TABLE IF NOT EXISTS kept AS SELECT * FROM bookings; DELETE FROM bookings WHERE {which}"
    ));
}

fn bring_back(hotel: &Hotel, which: &str) {
    hotel.sql(&format!("INSERT OR IGNORE INTO bookings SELECT * FROM kept WHERE {which}"));
}

#[test]
fn a_deal_is_deleted_when_two_readings_two_minutes_apart_missed_its_booking() {
    let hotel = patient(8);
    drop_bookings(&hotel, "id = 5");
    for minutes in [0, 1] {
        let ended = sync(&hotel, minutes);
        assert_eq!((ended.outcome, ended.counts.deleted, ended.requests), (Outcome::Ok, 0, 0));
    }
    // Nobody wrote to the mirror meanwhile: that the time is over is reason enough to look.
    assert_eq!(sync(&hotel, 3).counts.deleted, 1);
    assert!(hotel.objects(Kind::Deal, &5).is_empty());
}

#[test]
fn a_dry_run_says_who_is_gone_and_is_given_up_later() {
    let hotel = patient(8);
    drop_bookings(&hotel, "id = 5");
    let said = hotel.says("sync --dry-run");
    assert!(said.starts_with("Исчезли из Ecvi: заявки 1. Если не вернутся до "), "{said}");
    assert!(!said.contains("УДАЛИТЬ"), "{said}");
}

#[test]
fn a_booking_that_came_back_in_between_was_never_gone() {
    let hotel = patient(8);
    drop_bookings(&hotel, "id = 5");
    sync(&hotel, 0);
    bring_back(&hotel, "id = 5");
    sync(&hotel, 1);
    drop_bookings(&hotel, "id = 5");
    assert_eq!(sync(&hotel, 4).counts.deleted, 0);
    assert_eq!(sync(&hotel, 7).counts.deleted, 1);
}

/// Its guest changes while the mirror is being filled, and its own row comes later.
#[test]
fn nor_does_its_deal_keep_what_a_guest_was_called_before() {
    let hotel = patient(8);
    hotel.guest(5, "last_name = 'Новикова'");
    drop_bookings(&hotel, "id = 5");
    sync(&hotel, 0);
    bring_back(&hotel, "id = 5");
    sync(&hotel, 1);
    assert!(hotel.deal(5).text("TITLE").contains("Новикова"), "{}", hotel.deal(5).text("TITLE"));
}

#[test]
fn a_time_that_was_noted_by_a_clock_that_ran_ahead_counts_from_now() {
    let hotel = patient(8);
    drop_bookings(&hotel, "id = 5");
    sync(&hotel, 600);
    assert_eq!(sync(&hotel, 0).counts.deleted, 0);
    assert_eq!(sync(&hotel, 3).counts.deleted, 1);
}

#[test]
fn a_guest_leaves_the_deals_when_two_readings_missed_them() {
    let hotel = patient(8);
    hotel.sql("DELETE FROM guests WHERE id = 5");
    for minutes in [0, 1] {
        assert_eq!(sync(&hotel, minutes).requests, 0);
        assert_eq!(hotel.deal(5).link_ids().len(), 1);
    }
    sync(&hotel, 3);
    assert!(hotel.deal(5).link_ids().is_empty());
    assert_eq!(hotel.objects(Kind::Contact, &5).len(), 1);
}

#[test]
fn a_mirror_that_is_filled_row_by_row_costs_no_deal() {
    for (bookings, steps) in [(20, &[0, 3, 12][..]), (8, &[1, 2, 3]), (4, &[0, 1]), (3, &[1, 2])] {
        let hotel = patient(bookings);
        let pause = if bookings > 4 { 3 } else { 0 };
        let mut minutes = 0;
        for upto in steps {
            drop_bookings(&hotel, "true");
            bring_back(&hotel, &format!("id <= {upto}"));
            sync(&hotel, minutes);
            minutes += pause;
        }
        bring_back(&hotel, "true");
        for later in [3, 6] {
            assert_eq!(sync(&hotel, minutes + later).outcome, Outcome::Ok, "{bookings}");
        }
        assert_eq!(deals(&hotel), bookings as usize, "{bookings}");
        assert!((1..=bookings).all(|id| hotel.deal(id).link_ids().len() == 1), "{bookings}");
    }
}

#[test]
fn more_than_three_that_are_more_than_a_third_are_held_back_in_the_smallest_hotel() {
    for (bookings, is_held) in [(5, true), (6, true), (11, true), (12, false)] {
        let hotel = hotel(bookings);
        drop_bookings(&hotel, "id BETWEEN 2 AND 5");
        let ended = sync(&hotel, 0);
        assert_eq!(ended.outcome == Outcome::Partial, is_held, "{bookings}: {:?}", ended.message);
        assert_eq!(deals(&hotel) == bookings as usize, is_held, "{bookings}");
        let ended = vouched(&hotel, 1, 4);
        assert_eq!(
            (ended.outcome, deals(&hotel)),
            (Outcome::Ok, bookings as usize - 4),
            "{bookings}"
        );
    }
    let hotel = hotel(5);
    drop_bookings(&hotel, "id BETWEEN 2 AND 4");
    assert_eq!(sync(&hotel, 0).counts.deleted, 3);
}

#[test]
fn what_was_held_back_long_enough_goes_at_once_when_somebody_says_so() {
    let hotel = patient(9);
    drop_bookings(&hotel, "id BETWEEN 2 AND 6");
    assert_eq!(sync(&hotel, 0).outcome, Outcome::Partial);
    assert_eq!(sync(&hotel, 2).outcome, Outcome::Partial);
    assert_eq!(vouched(&hotel, 3, 5).counts.deleted, 5);
}

#[test]
fn what_somebody_vouches_for_at_first_sight_has_to_be_missed_twice_too() {
    let hotel = patient(9);
    drop_bookings(&hotel, "id BETWEEN 2 AND 6");
    assert_eq!(vouched(&hotel, 0, 5).counts.deleted, 0);
    assert_eq!(vouched(&hotel, 3, 5).counts.deleted, 5);
}

#[test]
fn deletions_are_counted_by_the_day() {
    let hotel = hotel(30);
    hotel.configure("sync.max_deletes = 3");
    drop_bookings(&hotel, "id IN (10, 12)");
    assert_eq!(sync(&hotel, 0).counts.deleted, 2);
    drop_bookings(&hotel, "id IN (14, 16)");
    let ended = sync(&hotel, 60);
    assert_eq!((ended.outcome, ended.counts.deleted), (Outcome::Partial, 0));
    assert!(ended.message.unwrap().to_string().contains("--max-deletes 4"));
    // A day later those of yesterday count no more.
    assert_eq!(sync(&hotel, 25 * 60).counts.deleted, 2);
    drop_bookings(&hotel, "id IN (18, 20, 22, 24)");
    assert_eq!(vouched(&hotel, 26 * 60, 6).counts.deleted, 4);
    // Those of whom somebody spoke count no more.
    drop_bookings(&hotel, "id = 26");
    assert_eq!(sync(&hotel, 27 * 60).counts.deleted, 1);
}

#[test]
fn the_oldest_stays_in_a_row_are_held_back() {
    let hotel = hotel(30);
    drop_bookings(&hotel, "id <= 3");
    let ended = sync(&hotel, 0);
    assert_eq!((ended.outcome, deals(&hotel)), (Outcome::Partial, 30));
    let message = ended.message.unwrap();
    assert!(
        message.text(Language::Ru).contains("самые старые заявки подряд (3 за сутки)"),
        "{message}"
    );
    bring_back(&hotel, "id <= 3");
    assert_eq!((sync(&hotel, 3).outcome, deals(&hotel)), (Outcome::Ok, 30));
}

#[test]
fn the_oldest_stays_are_held_back_also_where_they_go_one_by_one() {
    let hotel = hotel(30);
    for id in 1..=6 {
        drop_bookings(&hotel, &format!("id = {id}"));
        let expected = if id < 3 { Outcome::Ok } else { Outcome::Partial };
        assert_eq!(sync(&hotel, i64::from(id) * 1440).outcome, expected, "{id}");
    }
    assert_eq!(deals(&hotel), 28);
    hotel.says("reset-id booking id:3 id:4 id:5 id:6 --yes");
    assert_eq!((sync(&hotel, 7 * 1440).outcome, deals(&hotel)), (Outcome::Ok, 28));
}

#[test]
fn stays_are_the_oldest_by_arrival_or_by_departure() {
    let hotel = hotel(30);
    // A long stay that began early is still in an export that goes by departure.
    hotel.sql("UPDATE bookings SET departure = '2026-12-24 12:00', modified_at = 'x' WHERE id = 2");
    hotel.sync();
    drop_bookings(&hotel, "id IN (1, 3, 4)");
    assert_eq!((sync(&hotel, 0).outcome, deals(&hotel)), (Outcome::Partial, 30));
}

#[test]
fn single_old_bookings_and_any_others_that_are_deleted_have_their_deals_deleted() {
    for (which, gone) in [
        ("id = 1", 1),
        ("id IN (1, 2)", 2),
        ("id IN (2, 3, 4)", 3),
        ("id IN (1, 2, 9)", 3),
        ("id >= 28", 3),
    ] {
        let hotel = hotel(30);
        drop_bookings(&hotel, which);
        let ended = sync(&hotel, 0);
        assert_eq!(ended.outcome, Outcome::Ok, "{which}: {:?}", ended.message);
        assert_eq!((ended.counts.deleted, deals(&hotel)), (gone, 30 - gone as usize), "{which}");
    }
}

fn refuses(hotel: &Hotel, why: &str) {
    let requests = hotel.requests(|hotel| {
        let said = hotel.exits(3, "sync").err;
        assert!(said.contains(why), "{said}");
    });
    assert_eq!(requests, 0, "{why}");
}

#[test]
fn a_mirror_in_which_none_of_three_known_ids_is_left_is_another_hotels() {
    let hotel = hotel(3);
    hotel.sql("UPDATE bookings SET id = id + 100; UPDATE booking_guests SET booking_id = booking_id + 100");
    refuses(&hotel, "ни одной из переданных записей (заявки: 3)");
    // A booking and its guest are two; with a company they are three.
    let hotel = Hotel::running();
    hotel.company(1, "");
    hotel.sync();
    hotel.sql(
        "UPDATE guests SET id = 11; UPDATE companies SET id = 11; UPDATE bookings SET id = 11",
    );
    refuses(&hotel, "ни одной из переданных записей (3)");
}

#[test]
fn numbers_are_compared_also_after_all_ids_of_the_crm_were_let_go_of() {
    let hotel = hotel(20);
    hotel.says("reset-id booking --all --yes");
    hotel.sql("UPDATE bookings SET number = 'X' || id, modified_at = 'x'");
    refuses(&hotel, "у 20 из 20 известных заявок другой номер");
    hotel.sql("UPDATE bookings SET number = 'N' || id");
    hotel.sync();
    assert_eq!(deals(&hotel), 20);
}

#[test]
fn numbers_that_are_shifted_by_one_are_another_hotels_until_somebody_says_so() {
    let hotel = hotel(5);
    hotel.sql("UPDATE bookings SET number = 'N' || (id + 1), modified_at = 'x'");
    refuses(&hotel, "у 5 из 5 известных заявок другой номер");
    hotel.says("sync --max-deletes 5");
    assert!(hotel.deal(1).text("TITLE").starts_with("Заявка №N2"));
}

#[test]
fn many_people_who_change_their_names_at_once_are_another_hotels_until_somebody_says_so() {
    let hotel = hotel(5);
    hotel.sql("UPDATE guests SET last_name = 'Другой ' || id, modified_at = 'x' WHERE id <= 3");
    refuses(&hotel, "у 3 из 5 известных гостей другая фамилия");
    assert!(hotel.exits(3, "sync --max-deletes 2").err.contains("--max-deletes 3"));
    hotel.says("sync --max-deletes 3");
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "Другой 1");
}

#[test]
fn some_people_may_change_their_names_and_all_may_be_written_otherwise() {
    let hotel = hotel(5);
    hotel.sql("UPDATE guests SET last_name = 'Другой ' || id, modified_at = 'x' WHERE id <= 2");
    hotel.sync();
    hotel.sql("UPDATE guests SET last_name = '  ' || last_name || '  ', modified_at = 'y'");
    hotel.sync();
    assert_eq!(hotel.issues("failures"), [""; 0]);
}

#[test]
fn ids_that_become_texts_wait_for_nothing_and_fail_nobody() {
    let hotel = patient(8);
    hotel.configure(
        "[mirror.queries]
         bookings = '''SELECT CAST(id AS TEXT) AS id, number, status, arrival, departure, guest_id,
                       modified_at FROM bookings'''
         booking_guests = 'SELECT CAST(booking_id AS TEXT) AS booking_id, guest_id FROM booking_guests'",
    );
    assert_eq!(sync(&hotel, 0).outcome, Outcome::Ok);
    assert_eq!(hotel.issues("failures"), [""; 0]);
    assert_eq!(deals(&hotel), 8);
}

/// Makes the state one of the version before: nobody was missing yet, and no stay was known.
fn age_state(hotel: &Hotel) {
    let state = rusqlite::Connection::open(hotel.path("state.db")).unwrap();
    state
        .execute_batch(
            "DROP INDEX records_gone; DROP INDEX records_missing; DROP INDEX records_by_arrival; DROP INDEX records_by_departure;
             DROP TABLE departures;
             ALTER TABLE records DROP COLUMN missing_since;
             ALTER TABLE records DROP COLUMN arrival; ALTER TABLE records DROP COLUMN departure;
             ALTER TABLE blocks DROP COLUMN seen; ALTER TABLE blocks DROP COLUMN changed_at;
             DELETE FROM meta WHERE key IN ('contents', 'held_since');
             ALTER TABLE doubts DROP COLUMN reason;
             DROP TABLE stays;
             PRAGMA user_version = 3;",
        )
        .unwrap();
}

#[test]
fn a_state_of_the_version_before_is_carried_along_and_learns_the_stays() {
    let hotel = hotel(30);
    age_state(&hotel);
    hotel.runs_idle();
    hotel.runs_idle();
    drop_bookings(&hotel, "id <= 3");
    assert_eq!((sync(&hotel, 0).outcome, deals(&hotel)), (Outcome::Partial, 30));
}

#[test]
fn a_second_change_is_seen_whatever_modified_at_looks_like_elsewhere() {
    for (odd, stamp) in [
        ("2062-01-01 00:00:00", "2026-11-24 10:00:00"),
        ("позавчера", "2026-11-24 10:00"),
        ("24.11.2026 10:00", "2026-11-24"),
        ("9999", "1796000000"),
        ("2026-11-24 10:00:00", "2026-11-24 10:00:00"),
        ("2026-10-25 02:30:00", "2026-10-25 02:30:00"),
    ] {
        let hotel = hotel(5);
        hotel.sql(&format!("UPDATE guests SET modified_at = '{odd}' WHERE id = 1"));
        for comment in ["первое", "второе", "третье"] {
            hotel.sql(&format!(
                "UPDATE guests SET comment = '{comment}', modified_at = '{stamp}' WHERE id = 3"
            ));
            hotel.sync();
            assert_eq!(hotel.contact(3).text("COMMENTS"), comment, "{odd}, {stamp}");
        }
        hotel.runs_idle();
    }
}

#[test]
fn one_who_is_gone_again_is_counted_once() {
    let hotel = hotel(30);
    hotel.configure("sync.max_deletes = 3");
    for minutes in [0, 2] {
        drop_bookings(&hotel, "id IN (10, 12, 14)");
        assert_eq!(sync(&hotel, minutes).counts.deleted, 3, "{minutes}");
        bring_back(&hotel, "true");
        assert_eq!(sync(&hotel, minutes + 1).counts.created.sum(), 3, "{minutes}");
    }
}

#[test]
fn an_old_booking_that_is_gone_again_makes_no_range() {
    let hotel = hotel(30);
    for minutes in [0, 2] {
        drop_bookings(&hotel, "id <= 2");
        assert_eq!(sync(&hotel, minutes).counts.deleted, 2, "{minutes}");
        bring_back(&hotel, "true");
        sync(&hotel, minutes + 1);
    }
}

#[test]
fn only_old_bookings_that_went_before_make_a_range_with_one_that_goes() {
    let hotel = hotel(30);
    drop_bookings(&hotel, "id IN (10, 20)");
    assert_eq!(sync(&hotel, 0).counts.deleted, 2);
    drop_bookings(&hotel, "id = 1");
    assert_eq!(sync(&hotel, 1).counts.deleted, 1);
}

#[test]
fn what_is_as_likely_as_before_counts_also_where_somebody_allows_more() {
    let hotel = hotel(30);
    hotel.configure("sync.max_deletes = 3");
    drop_bookings(&hotel, "id IN (10, 12)");
    assert_eq!(sync(&hotel, 0).counts.deleted, 2);
    drop_bookings(&hotel, "id = 14");
    assert_eq!(vouched(&hotel, 1, 9).counts.deleted, 1);
    drop_bookings(&hotel, "id = 16");
    assert_eq!(sync(&hotel, 2).outcome, Outcome::Partial);
}

#[test]
fn whom_somebody_vouched_for_holds_back_nobody_afterwards() {
    // More than a third of a small hotel, and the oldest of a large one.
    for (bookings, gone, then) in [(9, "id BETWEEN 3 AND 6", "id = 7"), (30, "id <= 3", "id = 4")] {
        let hotel = hotel(bookings);
        drop_bookings(&hotel, gone);
        let count = vouched(&hotel, 0, 4).counts.deleted;
        assert!((3..=4).contains(&count), "{gone}");
        drop_bookings(&hotel, then);
        let ended = sync(&hotel, 1);
        assert_eq!((ended.outcome, ended.counts.deleted), (Outcome::Ok, 1), "{gone}");
    }
}

#[test]
fn the_oldest_stays_are_held_back_also_beside_guests_who_are() {
    let hotel = hotel(30);
    hotel.configure("sync.max_deletes = 3");
    hotel.sql("DELETE FROM guests WHERE id BETWEEN 10 AND 14");
    drop_bookings(&hotel, "id <= 3");
    let ended = sync(&hotel, 0);
    assert_eq!((ended.outcome, deals(&hotel)), (Outcome::Partial, 30));
}

#[test]
fn bookings_that_are_many_and_the_oldest_are_told_of_once() {
    let hotel = hotel(30);
    hotel.configure("sync.max_deletes = 3");
    drop_bookings(&hotel, "id <= 5");
    let message = sync(&hotel, 0).message.unwrap().text(Language::Ru);
    assert_eq!(message.matches("сделки не удалены").count(), 1, "{message}");
}

/// 5 has the deal, its namesake failed; a mirror that is seen half filled has neither of them.
#[test]
fn two_with_one_mark_who_are_missing_speak_for_nobody() {
    let hotel = Hotel::new();
    hotel.sql(
        "DROP TABLE bookings;
         CREATE TABLE bookings (id UNIQUE, number, status, arrival, departure, modified_at)",
    );
    (1..=8).for_each(|id| hotel.booking(id, ""));
    hotel.export();
    hotel.sql(
        "INSERT INTO bookings SELECT '5', number, status, arrival, departure, modified_at
           FROM bookings WHERE id = 5",
    );
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["booking 5 DUPLICATE_ID"]);
    hotel.be_patient();
    drop_bookings(&hotel, "id = 5 OR id = '5'");
    assert_eq!(sync(&hotel, 0).counts.deleted, 0);
    assert_eq!(deals(&hotel), 8);
}
