//! SIGKILL at every request and at every commit of the state.

use bitrix24_sandbox::{Exchange, Fault};

use crate::hotel::{Hotel, SHARING};
use crate::parallel_runs::enumerate;
use crate::program::Victim;
use crate::scene::Scene;
use crate::scenes;

/// When the process is killed, as the portal sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Moment {
    /// The request is on its way and never gets there.
    Arrives,
    /// It is executed, and not answered yet.
    Executed,
    /// Its answer was written.
    Answered,
}

/// Kills the program at every moment there is, and returns at how many.
fn kill_everywhere(scene: &Scene) -> u64 {
    let requests: u64 = [Moment::Arrives, Moment::Executed, Moment::Answered]
        .map(|moment| enumerate(|number| killed_at_request(scene, moment, number)))
        .iter()
        .sum();
    requests + kill_at_commits(scene)
}

fn kill_at_commits(scene: &Scene) -> u64 {
    kill_at(scene, "before") + kill_at(scene, "after")
}

/// `moment` as `shim.c` calls it.
fn kill_at(scene: &Scene, moment: &str) -> u64 {
    enumerate(|number| killed_at_commit(scene, moment, number))
}

fn killed_at_request(scene: &Scene, moment: Moment, number: u64) -> bool {
    let (hotel, victim) = (scene.hotel(), Victim::default());
    let killer = victim.clone();
    let kill = move |exchange: &Exchange| {
        if exchange.number == number {
            killer.kill();
        }
    };
    match moment {
        Moment::Arrives => {
            hotel.server.before(kill);
            hotel
                .server
                .faults(move |exchange| (exchange.number == number).then_some(Fault::ResetBefore));
        }
        Moment::Executed => hotel.server.after(kill),
        Moment::Answered => hotel.server.answered(kill),
    }
    let ended = hotel.run_as(&victim, &[], scene.command);
    assert!(ended.was_killed() || ended.code == Some(0), "{moment:?} {number}: {}", ended.output());
    scene.recovers(&hotel, &format!("killed when request {number} {moment:?}"));
    ended.was_killed()
}

fn killed_at_commit(scene: &Scene, moment: &str, number: u64) -> bool {
    let hotel = scene.hotel();
    let ended = hotel.run_with(&[("FAULTS_KILL", &format!("{moment}:{number}"))], scene.command);
    assert!(ended.was_killed() || ended.code == Some(0), "{moment} {number}: {}", ended.output());
    scene.recovers(&hotel, &format!("killed {moment} commit {number}"));
    ended.was_killed()
}

/// The least number of requests and commits of a scene, counted three times and twice.
const MOMENTS: u64 = 20;

/// Nothing of this may pass because nobody was killed.
#[track_caller]
fn at_least(kills: u64, expected: u64) {
    assert!(kills >= expected, "killed only {kills} times");
}

#[test]
fn an_initial_export_is_killed_at_every_moment() {
    let scene = Scene::new(Hotel::new(), "initial-export");
    scene.shows("contact 41", "EMAIL=anna@example.ru, PHONE=+79161112233");
    scene.shows("deal 5", "STAGE_ID=EXECUTING");
    scene.shows("deal 5", "contacts 41 42 | company 7");
    // The portal would put today's date here.
    scene.shows("deal 6", "CLOSEDATE=2026-04-03");
    at_least(kill_everywhere(&scene), MOMENTS);
    at_least(kill_at(&scene, "sync"), 50);
}

#[test]
fn an_initial_export_of_the_plain_way_is_killed_at_every_moment() {
    let scene = Scene::new(Hotel::with("[export]\nmethod = \"add\"\n"), "initial-export");
    scene.shows("deal 6", "CLOSEDATE=2026-04-03");
    at_least(kill_everywhere(&scene), MOMENTS);
}

#[test]
fn a_sync_that_creates_is_killed_at_every_moment() {
    let scene = Scene::new(scenes::newcomers(), "sync");
    scene.shows("deal 8", "CLOSEDATE=2026-04-09");
    scene.shows("deal 8", "contacts 43 | company 8");
    at_least(kill_everywhere(&scene), MOMENTS);
    at_least(kill_at(&scene, "sync"), 50);
}

#[test]
fn a_sync_that_updates_is_killed_at_every_moment() {
    let scene = Scene::new(scenes::changes(), "sync");
    scene.shows("contact 41", "EMAIL=anna@example.ru, PHONE=+79160000000");
    scene.shows("deal 5", "TITLE=Заявка №3682 (Иванова)");
    scene.shows("deal 5", "CLOSEDATE=2026-06-29");
    at_least(kill_everywhere(&scene), MOMENTS);
}

#[test]
fn a_sync_that_deletes_is_killed_at_every_moment() {
    let scene = Scene::new(scenes::cancelled_for_good(), "sync");
    assert!(!scene.snapshot().iter().any(|line| line.starts_with("deal 6")));
    at_least(kill_everywhere(&scene), MOMENTS);
}

#[test]
fn a_sync_that_finds_a_merged_guest_is_killed_at_every_moment() {
    let scene = Scene::new(scenes::merged_into_a_stranger(), "sync");
    scene.shows("contact 41", "NAME=Анна Ивановна");
    scene.shows("deal 5", "contacts 41 42");
    at_least(kill_everywhere(&scene), MOMENTS);
}

#[test]
fn a_sync_that_finds_two_guests_merged_is_killed_at_every_moment() {
    let scene = Scene::new(scenes::merged_into_one_another(), "sync");
    // The first owner's origin stays.
    scene.shows("contact 42", "NAME=Анна Ивановна");
    at_least(kill_everywhere(&scene), MOMENTS);
}

#[test]
fn a_sync_after_a_reset_is_killed_at_every_moment() {
    let hotel = Hotel::running();
    hotel.run("reset-id --all").expect(0);
    at_least(kill_everywhere(&Scene::new(hotel, "sync")), MOMENTS);
}

#[test]
fn a_reset_is_killed_at_every_commit() {
    let scene = Scene::new(Hotel::running(), "reset-id --all");
    at_least(kill_at_commits(&scene), 2);
}

#[test]
fn a_sync_that_creates_what_was_deleted_by_hand_is_killed_at_every_moment() {
    let scene = Scene::new(scenes::deleted_by_hand(), "sync");
    scene.shows("deal 5", "contacts 41 42 | company 7");
    at_least(kill_everywhere(&scene), MOMENTS);
}

#[test]
fn a_run_that_writes_ids_back_is_killed_at_every_moment() {
    let scene = Scene::new(Hotel::writing_back(), "initial-export");
    at_least(kill_everywhere(&scene), MOMENTS);
    let newcomers = Hotel::writing_back();
    newcomers.run("initial-export").expect(0);
    newcomers.sql(scenes::NEWCOMERS);
    at_least(kill_everywhere(&Scene::new(newcomers, "sync")), MOMENTS);
}

#[test]
fn a_run_with_a_shared_bucket_is_killed_at_every_moment() {
    let scene = Scene::new(Hotel::with_portal(SHARING), "initial-export");
    at_least(kill_everywhere(&scene), MOMENTS);
    at_least(kill_at(&scene, "bucket"), 8);
}

#[test]
fn a_sync_that_recognises_a_renamed_portal_is_killed_at_every_moment() {
    let scene = Scene::new(scenes::changes().moved(), "sync");
    scene.shows("deal 5", "TITLE=Заявка №3682 (Иванова)");
    at_least(kill_everywhere(&scene), MOMENTS + 3);
}

#[test]
fn a_repair_after_an_audit_is_killed_at_every_moment() {
    let scene = Scene::new(scenes::overwritten_by_hand(), "audit --repair --yes");
    scene.shows("contact 41", "LAST_NAME=Приходько");
    scene.shows("company 7", "TITLE=Ромашка");
    scene.shows("deal 5", "TITLE=Заявка №3682 (Приходько)");
    scene.shows("deal 6", "CLOSEDATE=2026-04-03");
    at_least(kill_everywhere(&scene), MOMENTS);
}
