//! Histories by the thousand, on all processors; those that break a promise are listed, and the
//! first of them is shortened and told.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use tempfile::TempDir;

use crate::coverage;
use crate::history::{History, Step};
use crate::log_lines;
use crate::rng::Rng;
use crate::world::World;

/// A broken promise, and the story of it.
type Broken = (String, String);

/// Runs one history.
pub(crate) fn one(seed: u64) {
    let dir = folder();
    let history = History::random(seed);
    if let Err((wrong, _)) = play(&history, dir.path(), false) {
        tell(seed, &history, &wrong, dir.path());
    }
}

/// Broken histories after which a run is over.
const ENOUGH: usize = 20;

/// Runs `count` histories, one for each seed from `first`.
pub(crate) fn many(first: u64, count: u64) {
    let (next, failed, started) =
        (AtomicU64::new(first), Mutex::new(BTreeMap::new()), Instant::now());
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| search(&next, first + count, &failed));
        }
    });
    let failed = failed.into_inner().expect("no thread panics");
    for (seed, wrong) in &failed {
        println!("SIMULATION_SEED={seed}: {wrong}");
    }
    if let Some((seed, wrong)) = failed.first_key_value() {
        tell(*seed, &History::random(*seed), wrong, folder().path());
    }
    let missed = coverage::missed(count);
    assert!(missed.is_empty(), "no history reached {missed:#?}");
    println!("{count} histories in {:?}", started.elapsed());
}

fn search(next: &AtomicU64, end: u64, failed: &Mutex<BTreeMap<u64, String>>) {
    let dir = folder();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return;
        }
        if let Err((wrong, _)) = play(&History::random(seed), dir.path(), false) {
            let mut failed = failed.lock().expect("no thread panics");
            failed.insert(seed, wrong);
            if failed.len() >= ENOUGH {
                next.store(end, Ordering::Relaxed);
            }
        }
    }
}

/// Files in memory where the system has that.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a folder")
}

/// Plays a history to its end, or to the first broken promise.
pub(crate) fn play(history: &History, dir: &Path, telling: bool) -> Result<(), Broken> {
    log_lines::listen();
    let mut world = World::new(dir, &mut Rng::new(history.seed), telling);
    let played = catch_unwind(AssertUnwindSafe(|| {
        for step in &history.steps {
            world.live(step);
            world.verdict()?;
        }
        world.rest();
        world.verdict()
    }));
    let verdict = played.unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Err(format!("panic: {}", words.unwrap_or_default()))
    });
    verdict.map_err(|wrong| (wrong, world.trace()))
}

fn tell(seed: u64, history: &History, wrong: &str, dir: &Path) {
    let short = shorten(history, dir);
    let Err((wrong, trace)) = play(&short, dir, true) else {
        panic!("SIMULATION_SEED={seed} breaks a promise, but not every time: {wrong}");
    };
    let steps: Vec<String> = short.steps.iter().map(|step| format!("    {step:?}")).collect();
    let steps = steps.join("\n");
    panic!(
        "SIMULATION_SEED={seed} breaks a promise: {wrong}\n\nThe shortest history, from {}:\n{steps}\n\n{trace}\n\n=> {wrong}",
        short.seed
    );
}

/// Leaves out steps and incidents as long as it still fails, in whatever way.
fn shorten(history: &History, dir: &Path) -> History {
    let mut short = history.clone();
    let fails = |history: &History| play(history, dir, false).is_err();
    loop {
        let before = short.clone();
        for at in (0..short.steps.len()).rev() {
            let mut shorter = short.clone();
            shorter.steps.remove(at);
            if fails(&shorter) {
                short = shorter;
            }
        }
        for at in 0..short.steps.len() {
            for shorter in simpler(&short, at) {
                if fails(&shorter) {
                    short = shorter;
                    break;
                }
            }
        }
        if short == before {
            return short;
        }
    }
}

/// The history with one incident less in a step, or without its options.
fn simpler(history: &History, at: usize) -> Vec<History> {
    let Step::Run(options, incidents) = &history.steps[at] else { return Vec::new() };
    let with = |step: Step| {
        let mut simpler = history.clone();
        simpler.steps[at] = step;
        simpler
    };
    let fewer = (0..incidents.len()).map(|out| {
        let mut fewer = incidents.clone();
        fewer.remove(out);
        with(Step::Run(options.clone(), fewer))
    });
    let plain = ecvi_b24::sync::options::RunOptions::new(options.kind);
    let plain = (*options != plain).then(|| with(Step::Run(plain, incidents.clone())));
    fewer.chain(plain).collect()
}
