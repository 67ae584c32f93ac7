//! Stories that once broke a promise, found by the random histories and kept by name.

use std::time::Duration;

use ecvi_b24::domain::record::{Kind, RecordId};
use ecvi_b24::sync::options::{RunKind, RunOptions};

use crate::rng::Rng;
use crate::run::folder;
use crate::world::World;

/// A world whose initial export is done, told to its end: then everything comes to rest and is
/// compared.
fn story(seed: u64, tell: impl FnOnce(&mut World)) {
    let dir = folder();
    let mut world = World::new(dir.path(), &mut Rng::new(seed), true);
    world.config.export.bookings_from = None;
    export(&mut world);
    tell(&mut world);
    world.rest();
    if let Err(wrong) = world.verdict() {
        panic!("{wrong}\n\n{}", world.trace());
    }
}

fn export(world: &mut World) {
    world.run(&RunOptions::new(RunKind::InitialExport), &[]);
}

fn sync(world: &mut World) {
    world.run(&RunOptions::new(RunKind::Sync), &[]);
}

#[test]
fn a_booking_that_is_closed_by_an_update_shows_its_departure() {
    story(1, |world| {
        for status in ["confirmed", "checked_out"] {
            let booking = &mut world.hotel.bookings[0];
            booking.status = status;
            booking.modified_at = Some(format!("2026-12-01 {status}"));
            world.fill_mirror();
            sync(world);
        }
    });
}

#[test]
fn what_a_full_run_does_not_get_to_goes_with_the_next_runs() {
    story(2, |world| {
        world.portal.settings.cost = 9.0;
        let limit = Some(Duration::from_secs(1));
        world.run(
            &RunOptions { full: true, time_limit: limit, ..RunOptions::new(RunKind::Sync) },
            &[],
        );
        for _ in 0..12 {
            world.wait(chrono::TimeDelta::minutes(3));
            sync(world);
        }
        let deals = world.portal.counters.methods.get("crm.deal.update").copied().unwrap_or(0);
        assert!(deals >= world.hotel.bookings.len() as u64, "{deals} of the deals were sent again");
    });
}

#[test]
fn an_object_that_carries_the_mark_of_another_record_is_not_taken_over() {
    story(3, |world| {
        let crm_id = world
            .portal
            .records(bitrix24_sandbox::Kind::Deal)
            .next()
            .map(|deal| deal.id.cast_signed());
        std::fs::remove_file(&world.config.state).expect("a state");
        world.forgot = true;
        let id = RecordId::Text("r-1".into());
        world.hotel.bookings.retain(|booking| booking.id != id);
        world.hotel.add(Kind::Booking, &id, crm_id, &mut Rng::new(4), "2026-12-24 12:00:00");
        world.fill_mirror();
        export(world);
    });
}
