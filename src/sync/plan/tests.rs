use chrono::TimeDelta;

use super::fast_and_whole::{World, id};
use super::*;
use crate::sync::plan::decide::tests::row;

/// A hotel of which everything was sent some minutes ago, so that no block has to be read.
fn unread() -> World {
    let mut world = World::settled();
    for _ in 0..2 {
        world.now += TimeDelta::minutes(5);
        world.run(false, (false, true), usize::MAX, true);
    }
    world
}

fn compared(world: &World, options: &PlanOptions) -> Compared {
    let (.., seen) = world.compare(options).unwrap();
    seen
}

#[test]
fn whoever_stands_in_blocks_that_are_not_read_is_linked() {
    let world = unread();
    let seen = compared(&world, &world.options(&world.mirror()));
    assert_eq!(seen.mirror_stats.linked, PerKind::all(16));
}

/// They failed together, as a record that no row has any more.
#[test]
fn the_failure_of_rows_without_an_id_is_over_when_they_are_gone() {
    let mut world = World::settled();
    world.sql("INSERT INTO guests (modified_at) VALUES ('2026-01-01')", []);
    for _ in 0..3 {
        world.run(false, (false, true), usize::MAX, true);
        world.now += TimeDelta::minutes(5);
    }
    world.sql("DELETE FROM guests WHERE id IS NULL", []);
    let (found, ..) = world.compare(&world.options(&world.mirror())).unwrap();
    let steps: Vec<_> = found.iter().map(|(kind, step, pair)| (pair.key(*kind), *step)).collect();
    assert_eq!(steps, [(RecordKey::new(Kind::Guest, no_id()), Step::MarkAbsent)]);
}

#[test]
fn the_guests_of_a_changed_booking_are_told_though_none_of_them_changed() {
    let world = unread();
    world.sql("INSERT INTO booking_guests VALUES (?1, ?2, 1)", (id(1), id(2)));
    let seen = compared(&world, &world.options(&world.mirror()));
    assert!(seen.stay_guests.contains(&id(2)), "{:?}", seen.stay_guests);
}

#[test]
fn whoever_was_given_up_is_not_missing_any_more() {
    let mut world = unread();
    world.sql("DELETE FROM guests WHERE id = ?1", [id(1)]);
    world.run(false, (false, true), usize::MAX, true);
    world.sql("DELETE FROM guests WHERE id = ?1", [id(2)]);
    let options = PlanOptions {
        removal_delay: Some(PerKind::all(TimeDelta::minutes(2))),
        full_read: true,
        ..world.options(&world.mirror())
    };
    assert_eq!(compared(&world, &options).missing_for_now[Kind::Guest].count, 1);
}

#[test]
fn a_deal_reads_otherwise_where_one_of_its_people_has_another_name_and_not_for_other_changes() {
    let world = unread();
    let dirty = || compared(&world, &world.options(&world.mirror())).dirty;
    let change = |table, column, thrown| {
        let sql = format!("UPDATE {table} SET {column} = '1', modified_at = '1' WHERE id = ?1");
        world.sql(&sql, [id(thrown)]);
    };
    change("bookings", "departure", 1);
    change("guests", "birth_date", 2);
    change("companies", "comment", 2);
    assert_eq!(dirty(), []);
    change("guests", "last_name", 4);
    change("companies", "name", 5);
    world.sql("INSERT INTO guests (id, modified_at, last_name) VALUES (?1, '1', '1')", [id(3)]);
    let changed = [(Kind::Company, 5), (Kind::Guest, 3), (Kind::Guest, 4)];
    assert_eq!(dirty(), changed.map(|(kind, thrown)| RecordKey::new(kind, id(thrown))));
}

#[test]
fn only_a_bad_id_says_that_a_row_may_be_somebody_else() {
    let of = |code, column| {
        has_no_usable_id(Some(&Row { body: Err(RowError::new(code, column, "x")), ..row() }))
    };
    assert!(of(FailureCode::BadId, "id"));
    assert!(!of(FailureCode::DuplicateId, "id") && !of(FailureCode::BadId, "crm_id"));
    assert!(!has_no_usable_id(Some(&row())) && !has_no_usable_id(None));
}

/// While somebody is missing nothing is sure. The block is read again until it is.
#[test]
fn a_stay_that_was_kept_for_those_who_are_missing_is_dropped_when_nobody_is() {
    let mut world = unread();
    world.history = true;
    world.put(Kind::Booking, &id(0), (0, 1));
    world.sql("INSERT INTO booking_guests VALUES (?1, ?2, 1)", (id(0), id(2)));
    for _ in 0..3 {
        world.run(false, (false, true), usize::MAX, true);
        world.now += TimeDelta::minutes(5);
    }
    world.sql("DELETE FROM bookings WHERE id = ?1", [id(0)]);
    for _ in 0..3 {
        let patient = PlanOptions {
            removal_delay: Some(PerKind::all(TimeDelta::minutes(2))),
            ..world.options(&world.mirror())
        };
        let (_, notes, seen) = world.compare(&patient).unwrap();
        assert!(notes.stays.is_empty(), "{notes:?}");
        let writer = world.state.writer().unwrap();
        writer.save_blocks(Kind::Booking, &seen.blocks[Kind::Booking]).unwrap();
        writer.commit().unwrap();
        world.now += TimeDelta::minutes(5);
    }
    let seen = compared(&world, &world.options(&world.mirror()));
    assert!(seen.stay_guests.contains(&id(2)), "{:?}", seen.stay_guests);
}
