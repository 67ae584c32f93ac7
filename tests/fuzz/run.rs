//! Cases by the thousand, on all processors. A case that fails is told with its seed; one that
//! never ends, too.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use tempfile::TempDir;

use crate::log_lines;

/// No case works this long; what does hangs.
const PATIENCE: Duration = Duration::from_secs(180);

/// What a case is: its seed and an empty folder, and the broken promise if there is one.
pub(crate) type Case = fn(u64, &Path) -> Result<(), String>;

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

/// Runs as many cases as the environment says, or else `usual`.
pub(crate) fn cases(sort: &str, usual: u64, case: Case) {
    log_lines::listen();
    if let Some(seed) = number("FUZZ_SEED") {
        return case(seed, folder().path())
            .unwrap_or_else(|wrong| panic!("FUZZ_SEED={seed}: {wrong}"));
    }
    let (first, count) = (number("FUZZ_FIRST").unwrap_or(1), number("FUZZ_CASES").unwrap_or(usual));
    let (next, failed, started) = (AtomicU64::new(first), Mutex::new(None), Instant::now());
    let over = AtomicBool::new(false);
    let threads = thread::available_parallelism().map_or(2, usize::from);
    let busy: Vec<Mutex<Option<(u64, Instant)>>> = (0..threads).map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        scope.spawn(|| watch(&busy, &over, sort));
        let hands: Vec<_> = busy
            .iter()
            .map(|busy| scope.spawn(|| search(&next, first + count, &failed, busy, case)))
            .collect();
        for hand in hands {
            hand.join().unwrap();
        }
        over.store(true, Ordering::Relaxed);
    });
    if let Some((seed, wrong)) = failed.into_inner().unwrap() {
        panic!("{sort}, FUZZ_SEED={seed}: {wrong}");
    }
    println!("{count} {sort} from seed {first} in {:?}", started.elapsed());
}

fn search(
    next: &AtomicU64,
    end: u64,
    failed: &Mutex<Option<(u64, String)>>,
    busy: &Mutex<Option<(u64, Instant)>>,
    case: Case,
) {
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return;
        }
        *busy.lock().unwrap() = Some((seed, Instant::now()));
        let wrong = play(seed, case).err();
        *busy.lock().unwrap() = None;
        if let Some(wrong) = wrong {
            next.store(end, Ordering::Relaxed);
            failed.lock().unwrap().get_or_insert((seed, wrong));
        }
    }
}

fn play(seed: u64, case: Case) -> Result<(), String> {
    let dir = folder();
    let played = catch_unwind(AssertUnwindSafe(|| case(seed, dir.path())));
    played.unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Err(format!("panic: {}", words.unwrap_or_default()))
    })
}

/// A case that never ends cannot be stopped from within: it is named, and all ends.
fn watch(busy: &[Mutex<Option<(u64, Instant)>>], over: &AtomicBool, sort: &str) {
    while !over.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(50));
        for busy in busy {
            if let Some((seed, since)) = *busy.lock().unwrap()
                && since.elapsed() > PATIENCE
            {
                eprintln!("{sort}, FUZZ_SEED={seed}: never ends");
                std::process::exit(101);
            }
        }
    }
}

/// Files in memory where the system has that.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}
