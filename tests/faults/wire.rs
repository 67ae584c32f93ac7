//! Every fault of the wire at every request: the right exit code, and nothing twice or lost
//! afterwards.

use std::sync::{Arc, Mutex};

use bitrix24_sandbox::{Exchange, Fault, Php};

use serde_json::json;

use crate::hotel::Hotel;
use crate::parallel_runs::{each, enumerate};
use crate::scene::Scene;
use crate::scenes;
use crate::wire_faults::{FEW, LOST, Means, REFUSED, SILENT, WireFault, return_all};

/// When the portal's time budgets are free again.
const LATER: &[(&str, &str)] = &[("FAULTS_CLOCK", "700")];

/// What a broken request was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Asked {
    Question,
    Change,
}

/// Breaks a request; tells which kind it was, once it came.
fn break_request(
    hotel: &Hotel,
    number: u64,
    fault: fn(&Exchange) -> Fault,
) -> Arc<Mutex<Option<Asked>>> {
    let broken = Arc::new(Mutex::new(None));
    let note = Arc::clone(&broken);
    hotel.server.faults(move |exchange| {
        if exchange.number != number {
            return None;
        }
        *note.lock().unwrap() = Some(asked(exchange));
        Some(fault(exchange))
    });
    broken
}

pub(crate) fn asked(exchange: &Exchange) -> Asked {
    let mut commands = exchange.params.argument("cmd").values().map(Php::text);
    let changes = |command: &str| {
        let method = command.split('?').next().unwrap_or_default();
        [".add", ".update", ".delete", ".import"].iter().any(|verb| method.ends_with(verb))
    };
    if commands.any(|command| changes(&command)) { Asked::Change } else { Asked::Question }
}

/// Breaks every request of the scene's command in this way, one in each run. Returns how many there
/// were.
fn meets(scene: &Scene, fault: &WireFault) -> u64 {
    enumerate(|number| {
        let hotel = scene.hotel_with(fault.portal);
        let broken = break_request(&hotel, number, fault.fault);
        let ended = hotel.run(scene.command);
        let Some(asked) = *broken.lock().unwrap() else { return false };
        let harm = format!("{} at request {number}, a {asked:?}", fault.name);
        assert_eq!(
            ended.code,
            Some(exit_code(scene, fault.means, asked)),
            "{harm}: {}",
            ended.output()
        );
        let later = if fault.means == Means::Wait { LATER } else { &[] };
        scene.recovers_with(later, &hotel, &harm);
        true
    })
}

fn exit_code(scene: &Scene, means: Means, asked: Asked) -> i32 {
    match (means, asked) {
        (Means::Doubt | Means::Silence, Asked::Question) | (Means::Pause, _) => 0,
        // It waits until its doubts are settled.
        (Means::Doubt | Means::Silence, Asked::Change) if scene.command == "initial-export" => 0,
        (Means::Doubt | Means::Silence, Asked::Change) | (Means::Wait, _) => 5,
        (Means::Refusal, _) => 4,
    }
}

fn all<'f>(lists: &[&'f [WireFault]]) -> Vec<&'f WireFault> {
    lists.iter().flat_map(|list| list.iter()).collect()
}

fn meets_all(scene: &Scene, faults: &[&WireFault], requests: u64) {
    each(faults, |fault| {
        let met = meets(scene, fault);
        assert!(met >= requests, "{}: only {met} requests", fault.name);
    });
}

#[test]
fn an_initial_export_meets_every_fault_at_every_request() {
    let mut faults = all(&[LOST, SILENT, REFUSED]);
    // It has no time limit, and would wait for the portal.
    faults.retain(|fault| fault.means != Means::Wait);
    meets_all(&Scene::new(Hotel::new(), "initial-export"), &faults, 8);
}

#[test]
fn a_sync_that_creates_meets_every_fault_at_every_request() {
    meets_all(&Scene::new(scenes::newcomers(), "sync"), &all(&[LOST, SILENT, REFUSED]), 7);
}

#[test]
fn a_sync_that_updates_meets_every_fault_at_every_request() {
    meets_all(&Scene::new(scenes::changes(), "sync"), &all(&[LOST, SILENT, REFUSED]), 6);
}

#[test]
fn a_sync_that_deletes_meets_every_fault_at_every_request() {
    meets_all(&Scene::new(scenes::cancelled_for_good(), "sync"), &all(&[FEW]), 3);
}

#[test]
fn a_sync_that_finds_a_merged_guest_meets_every_fault_at_every_request() {
    meets_all(&Scene::new(scenes::merged_into_a_stranger(), "sync"), &all(&[FEW]), 7);
}

#[test]
fn a_sync_that_creates_what_was_deleted_by_hand_meets_every_fault_at_every_request() {
    meets_all(&Scene::new(scenes::deleted_by_hand(), "sync"), &all(&[FEW]), 10);
}

#[test]
fn a_refused_connection_leaves_no_doubt() {
    let scene = Scene::new(scenes::newcomers(), "sync");
    let refused = enumerate(|number| {
        let hotel = scene.hotel();
        // Each request has a connection of its own.
        hotel.server.faults(|_| Some(Fault::Close));
        let ended = hotel.run_with(&[("FAULTS_REFUSE", &number.to_string())], "sync");
        if ended.code == Some(0) {
            return false;
        }
        let ended = ended.expect(5);
        assert!(ended.stderr.contains("cannot be reached"), "{}", ended.stderr);
        assert_eq!(hotel.doubts(), 0);
        scene.recovers(&hotel, &format!("connection {number} refused"));
        true
    });
    assert!(refused >= 7, "{refused}");
}

#[test]
fn a_creation_answered_without_an_id_stays_in_doubt() {
    let scene = Scene::new(scenes::newcomers(), "sync");
    for result in [json!(true), json!(null), json!(0), json!({"item": {}})] {
        let hotel = scene.hotel();
        let creation = ["crm.contact.add", "crm.company.add", "crm.deal.add"];
        let result_given = result.clone();
        hotel.server.faults(move |exchange| {
            creation
                .iter()
                .any(|method| exchange.calls(method))
                .then(|| return_all(exchange, &result_given))
        });
        hotel.run("sync").expect(5);
        assert_eq!(hotel.doubts(), 2, "the guest and the company");
        scene.recovers(&hotel, &format!("creations answered with {result}"));
    }
}
