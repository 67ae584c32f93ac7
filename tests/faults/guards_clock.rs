//! The wall clock is set back or forward between passes: no doubt is settled too early for that.

use bitrix24_sandbox::Fault;

use crate::crew::enumerate;
use crate::hotel::{HASTY, LATE};
use crate::program::Victim;
use crate::scene::Scene;
use crate::scenes;

const HOUR_BACK: &[(&str, &str)] = &[("FAULTS_CLOCK", "-3600")];
const YEAR_ON: &[(&str, &str)] = &[("FAULTS_CLOCK", "31536000")];

/// The program is killed at each request, and the clock is set before the next pass.
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
        let killed = hotel.run_as(&victim, &[], "sync").was_killed();
        scene.recovers_with(clock, &hotel, &format!("request {number}, then the clock is set"));
        killed
    });
    assert!(kills >= 8, "{kills}");
}

#[test]
fn doubts_from_the_future_are_settled_when_the_clock_went_back() {
    killed_then_clock_is_set(HOUR_BACK);
}

#[test]
fn doubts_are_settled_when_the_clock_went_on() {
    killed_then_clock_is_set(YEAR_ON);
}

/// How old such a doubt is nobody knows, so it waits its time from now.
#[test]
fn a_call_that_takes_effect_late_is_waited_for_when_the_clock_went_back() {
    let scene = Scene::new(scenes::newcomers(), "sync");
    let late = enumerate(|number| {
        let hotel = scene.hotel_with(HASTY);
        hotel
            .server
            .faults(move |exchange| (exchange.number == number).then_some(Fault::Late { after: LATE }));
        hotel.run("sync");
        let doubts = hotel.doubts();
        hotel.heal();
        if doubts > 0 {
            hotel.run_with(HOUR_BACK, "sync").expect(0);
            assert_eq!(hotel.doubts(), doubts, "settled though nobody knows how old they are");
        }
        scene.recovers_with(HOUR_BACK, &hotel, &format!("request {number} late, then the clock went back"));
        hotel.server.requests() > 0 && number < 12
    });
    assert!(late > 0);
}
