//! The wall clock is set back or forward between runs: no doubt is settled too early for that.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bitrix24_sandbox::Fault;

use crate::hotel::{HASTY, Hotel, LATE};
use crate::parallel_runs::{each, enumerate};
use crate::program::Victim;
use crate::scene::Scene;
use crate::scenes;
use crate::wire::{Asked, asked};

const HOUR_BACK: &[(&str, &str)] = &[("FAULTS_CLOCK", "-3600")];
/// What was set stays set.
const ON: &[(&str, &str)] = &[("FAULTS_CLOCK", "3600")];
const YEAR_ON: &[(&str, &str)] = &[("FAULTS_CLOCK", "31536000")];

/// The program is killed at each request, and the clock is set before the next run.
fn killed_then_clock_is_set(clock: &[(&str, &str)]) {
    let scene = Scene::new(scenes::newcomers(), "sync");
    let kills = enumerate(|number| {
        let (hotel, victim) = (scene.hotel(), Victim::default());
        let killer = victim.clone();
        hotel.server.after(move |exchange| {
            if exchange.number == number {
                killer.kill();
            }
        });
        let ended = hotel.run_as(&victim, &[], "sync");
        scene.recovers_with(clock, &hotel, &format!("request {number}, then the clock is set"));
        ended.was_killed()
    });
    assert!(kills >= 7, "{kills}");
}

#[test]
fn doubts_from_the_future_are_settled_when_the_clock_went_back() {
    killed_then_clock_is_set(HOUR_BACK);
}

#[test]
fn doubts_are_settled_when_the_clock_went_on() {
    killed_then_clock_is_set(YEAR_ON);
}

/// Each call takes effect only after the client gave up; the next run, in this environment, must
/// not have settled it.
fn effect_is_waited_for(clock: &[(&str, &str)]) {
    let scene = Scene::new(scenes::newcomers(), "sync");
    let late = AtomicUsize::new(0);
    each(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], |number| {
        let (hotel, number, began) = (scene.hotel_with(HASTY), *number, Instant::now());
        let fault = Fault::Late { after: LATE };
        hotel.server.faults(move |exchange| (exchange.number == number).then(|| fault.clone()));
        hotel.run("sync");
        let doubts = hotel.doubts();
        hotel.heal();
        if doubts > 0 {
            hotel.run_with(clock, "sync");
            // On a machine that is too busy the time may be over by now.
            assert!(
                hotel.doubts() >= doubts || began.elapsed() > LATE,
                "request {number} settled too early"
            );
        }
        scene.recovers_with(clock, &hotel, &format!("request {number} takes effect late"));
        late.fetch_add(doubts, Ordering::SeqCst);
    });
    assert!(late.into_inner() >= 4);
}

#[test]
fn a_doubt_is_left_alone_until_its_time_is_over() {
    effect_is_waited_for(&[]);
}

/// How old such a doubt is nobody knows, so it waits its time from now.
#[test]
fn a_doubt_from_the_future_is_left_alone_for_its_whole_time() {
    effect_is_waited_for(HOUR_BACK);
}

/// The first change of anything takes effect only after the client gave up, and the clock is set
/// right after each commit in turn, the one that wrote the doubt down among them. The export itself
/// waits for the doubt.
#[test]
fn a_clock_set_forward_in_the_midst_of_a_run_settles_no_doubt_too_early() {
    let scene = Scene::new(Hotel::new(), "initial-export");
    each(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], |commit| {
        let (hotel, late) = (scene.hotel_with(HASTY), AtomicUsize::new(0));
        hotel.server.faults(move |exchange| {
            let first =
                asked(exchange) == Asked::Change && late.fetch_add(1, Ordering::SeqCst) == 0;
            first.then_some(Fault::Late { after: LATE })
        });
        hotel.run_with(&[("FAULTS_JUMP", &commit.to_string())], "initial-export").expect(0);
        scene.recovers_with(ON, &hotel, &format!("the clock is set after commit {commit}"));
    });
}

#[test]
fn a_clock_that_no_calendar_of_ours_has_is_told_and_nothing_is_begun() {
    let hotel = Scene::new(scenes::newcomers(), "sync").hotel();
    let before = hotel.server.requests();
    for clock in ["-2000000000", "252000000000"] {
        for command in ["sync", "status", "check", "initial-export"] {
            let ended = hotel.run_as(&Victim::default(), &[("FAULTS_CLOCK", clock)], command);
            let said = ended.expect(3).output();
            assert!(said.contains("1970") && !said.contains("panicked"), "{command}: {said}");
        }
    }
    assert_eq!(hotel.server.requests(), before);
}
