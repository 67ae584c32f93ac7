//! What comes of a disk: the runs that follow, and whether they keep the promises.
//!
//! In process, with the sandbox instead of the wire and on a virtual clock, a disk costs a tenth of
//! what it costs with the program itself. What the wire and the command line add, the shared bucket,
//! the page and the figures, is played by the program.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bitrix24_sandbox::Portal as Sandbox;
use ecvi_b24::config::{self, Config};
use ecvi_b24::domain::record::Kind;
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::platform::lock::Lock;
use ecvi_b24::portal::{CallError, Portal, Response, decode};
use ecvi_b24::state::State;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use ecvi_b24::sync::run::run_locked;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::hotel::not_written_back;
use crate::portal_snapshot::snapshot;
use crate::power_cut::cuts::Cut;
use crate::power_cut::disk::Disk;
use crate::power_cut::recording::Recording;
use crate::scene::{Scene, ever_made};

/// Runs after which nothing may be left to do.
const PATIENCE: usize = 6;
const BETWEEN_RUNS: Duration = Duration::from_secs(180);
const LATENCY: Duration = Duration::from_millis(100);

/// The portal, without a wire between.
struct Line {
    portal: Sandbox,
    clock: Clock,
    requests: u64,
}

impl Portal for Line {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        self.requests += 1;
        let reply = self.portal.call(method, params.clone(), self.clock.now());
        self.clock.sleep(LATENCY);
        decode(reply.status, reply.body.as_bytes(), method == "batch")
    }
}

/// Files in memory where the system has that.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// Goes on from a disk within this process.
pub(crate) fn in_process(
    folder: &Path,
    scene: &Scene,
    recording: &Recording,
    cut: &Cut,
) -> Result<(), String> {
    cut.disk.write(folder);
    let config = config::load(&folder.join("ecvi-b24.toml"), None)
        .map_err(|error| format!("the configuration: {error:#}"))?;
    let (portal, now) = recording.portal(cut.stand);
    let mut line = Line { portal, clock: Clock::virtual_at(now), requests: 0 };
    // Somebody may look before the next run does.
    if cut.disk.hash().is_multiple_of(2) {
        look(&config)?;
    }
    come_to_rest(&config, scene.command, &mut line)?;
    judge(scene, &line.portal)?;
    if recording.hotel.writes_back() {
        let mirror = Connection::open(&config.mirror.path).unwrap();
        same("written back", &not_written_back(&mirror, &line.portal), &Vec::new())?;
    }
    check_files(folder, recording)
}

/// As `status` does, which does not bring an older state up to date.
fn look(config: &Config) -> Result<(), String> {
    match State::open_readonly(&config.state).map_err(|error| error.to_string()) {
        Err(error) if !error.contains("older version") => Err(format!("status: {error}")),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The command is given again, then runs of cron follow until one has nothing to do.
fn come_to_rest(config: &Config, command: &str, line: &mut Line) -> Result<(), String> {
    let first = match command {
        "initial-export" => RunKind::InitialExport,
        "sync" => RunKind::Sync,
        other => return Err(format!("{other} is not played")),
    };
    let kinds = [first].into_iter().chain([RunKind::Sync; PATIENCE]);
    for kind in kinds {
        let before = line.requests;
        let clock = line.clock.clone();
        let options = RunOptions::new(kind);
        // A child that another test starts holds the last run's lock too, until it is a program of
        // its own.
        let lock = Lock::acquire_or_fail(&config.state, &clock)
            .map_err(|error| format!("{}: {error:#}", kind.name()))?;
        let ended = run_locked(&lock, config, &options, line, &clock, &mut ())
            .map_err(|error| format!("{}: {error:#}", kind.name()))?;
        if ended.outcome != Outcome::Ok {
            return Err(format!("{} ends {:?}: {:?}", kind.name(), ended.outcome, ended.message));
        }
        if kind == RunKind::Sync && line.requests == before && !is_in_doubt(config) {
            return Ok(());
        }
        line.clock.sleep(BETWEEN_RUNS);
    }
    Err("still busy after many runs".to_owned())
}

fn is_in_doubt(config: &Config) -> bool {
    let state = State::open_readonly(&config.state).unwrap();
    Kind::SEND_ORDER.iter().any(|kind| !state.doubts(*kind).unwrap().is_empty())
}

/// Nothing twice, nothing lost, nothing foreign touched.
fn judge(scene: &Scene, portal: &Sandbox) -> Result<(), String> {
    same("objects", &snapshot(portal).as_slice(), &scene.snapshot())?;
    same("objects ever made", &ever_made(portal), &scene.ever_made())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, is: &T, should: &T) -> Result<(), String> {
    if is == should { Ok(()) } else { Err(format!("{what}: {is:#?}, and not {should:#?}")) }
}

/// Goes on from a disk with the program itself.
pub(crate) fn by_program(scene: &Scene, recording: &Recording, cut: &Cut) -> Result<(), String> {
    let hotel = &recording.hotel;
    cut.disk.write(&hotel.path(""));
    *hotel.server.portal() = recording.portal(cut.stand).0;
    scene.recovers(hotel, &cut.told);
    check_files(&hotel.path(""), recording)
}

/// The files that lie there at rest are those that a run leaves which nothing disturbed, with the
/// same rights; and a mirror that is not to be written has not changed.
fn check_files(folder: &Path, recording: &Recording) -> Result<(), String> {
    let (is, should) = (Disk::read(folder), &recording.after);
    let names = |disk: &Disk| -> BTreeSet<(PathBuf, u32)> {
        disk.files.iter().map(|(path, content)| (path.clone(), content.mode)).collect()
    };
    same("files", &names(&is), &names(should))?;
    let is_kept =
        recording.hotel.writes_back() || is.bytes("mirror.db") == should.bytes("mirror.db");
    if is_kept { Ok(()) } else { Err("the mirror was written".to_owned()) }
}

/// Whoever reads a published file sees a whole one at any time, right after the cut too.
pub(crate) fn check_published(recording: &Recording, cut: &Cut) -> Result<(), String> {
    for file in ["status.html", "metrics.prom"] {
        let found = cut.disk.bytes(file);
        let whole = [recording.before.bytes(file), recording.after.bytes(file)];
        if !whole.contains(&found) {
            return Err(format!("{file} is not whole: {:?} bytes", found.map(<[u8]>::len)));
        }
    }
    Ok(())
}
