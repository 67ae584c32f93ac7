//! All cuts of a scene: recorded, chosen, gone on from and counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use bitrix24_sandbox::Php;
use chrono::Utc;

use crate::hotel::Hotel;
use crate::power_cut::cuts::{Choice, Cut, Kind, cuts};
use crate::power_cut::recording::Recording;
use crate::power_cut::recovery;
use crate::scene::Scene;

/// Combinations of a scene in a sample.
const SAMPLE: usize = 40;
/// The same where the program itself goes on.
const SAMPLE_BY_PROGRAM: usize = 5;
/// Of the whole set the program plays so many: the state's own disks are those of other scenes.
const MOST_BY_PROGRAM: usize = 400;
/// Failing disks that are told in full.
const TOLD: usize = 5;

/// Who goes on from a disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Process,
    /// Where something of these files was not saved.
    Program(&'static [&'static str]),
}

impl By {
    fn choice(self) -> Choice {
        let is_whole_set = std::env::var("POWER_CUTS").is_ok_and(|wish| wish == "all");
        match self {
            By::Process if is_whole_set => Choice { files: &[], most: usize::MAX },
            By::Process => Choice { files: &[], most: SAMPLE },
            By::Program(files) if is_whole_set => Choice { files, most: MOST_BY_PROGRAM },
            By::Program(files) => Choice { files, most: SAMPLE_BY_PROGRAM },
        }
    }
}

/// Plays the scene and cuts the power at each of its moments.
pub(crate) fn cut_everywhere(hotel: Hotel, command: &'static str, by: By) {
    let scene = scene(hotel, command);
    let hotel = if by == By::Process { hotel_of(&scene) } else { scene.hotel() };
    let recording = Recording::of(hotel, command);
    go_on_from_all(&scene, &recording, by);
}

/// A fresh copy of the scene's hotel, in which a call may take effect late.
pub(crate) fn hotel_of(scene: &Scene) -> Hotel {
    scene.hotel_with("request_timeout = \"20s\"\nsettle_time = \"40s\"\n")
}

/// A person of somebody else's stands in the CRM too.
pub(crate) fn scene(hotel: Hotel, command: &'static str) -> Scene {
    let fields = Php::map([("LAST_NAME", Php::from("Посторонний"))]);
    hotel.server.portal().call("crm.contact.add", Php::map([("fields", fields)]), Utc::now());
    Scene::new(hotel, command)
}

/// Goes on from the disks of all cuts, or of a sample, and prints how many there were.
pub(crate) fn go_on_from_all(scene: &Scene, recording: &Recording, by: By) {
    let began = Instant::now();
    let cuts = cuts(recording, by.choice());
    let failures = match by {
        By::Process => in_process(scene, recording, &cuts),
        By::Program(_) => by_program(scene, recording, &cuts),
    };
    let mut counts = BTreeMap::<Kind, usize>::new();
    for cut in &cuts {
        *counts.entry(cut.kind).or_default() += 1;
    }
    let test = thread::current().name().unwrap_or_default().to_owned();
    println!(
        "{test}: {} events, {} disks in {:.0?}, {} failed: {counts:?}",
        recording.events.len(),
        cuts.len(),
        began.elapsed(),
        failures.len()
    );
    let mut told = String::new();
    for (cut, failure) in failures.iter().take(TOLD) {
        writeln!(told, "{}\n=> {failure}\n", cuts[*cut].told).unwrap();
    }
    assert!(failures.is_empty(), "{} of {} disks:\n{told}", failures.len(), cuts.len());
}

/// The number of each cut that broke a promise, and which.
type Failures = BTreeMap<usize, String>;

fn in_process(scene: &Scene, recording: &Recording, cuts: &[Cut]) -> Failures {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Failures::new()));
    let hand = || {
        let folder = recovery::folder();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(cut) = cuts.get(number) else { return };
            let goes_on = || recovery::in_process(folder.path(), scene, recording, cut);
            note(&failures, number, goes_on);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(hand);
        }
    });
    failures.into_inner().unwrap()
}

/// One after another: they have one portal.
fn by_program(scene: &Scene, recording: &Recording, cuts: &[Cut]) -> Failures {
    let failures = Mutex::new(Failures::new());
    for (number, cut) in cuts.iter().enumerate() {
        note(&failures, number, || {
            recovery::check_published(recording, cut)?;
            recovery::by_program(scene, recording, cut)
        });
    }
    failures.into_inner().unwrap()
}

fn note(failures: &Mutex<Failures>, number: usize, go_on: impl FnOnce() -> Result<(), String>) {
    let ended = catch_unwind(AssertUnwindSafe(go_on))
        .unwrap_or_else(|panic| Err(format!("panic: {:?}", panic.downcast_ref::<String>())));
    if let Err(failure) = ended {
        failures.lock().unwrap().insert(number, failure);
    }
}
