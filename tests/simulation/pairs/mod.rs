//! Every pair of faults: a first one at each request and each commit of a run, or behind it, and a
//! second one at each request and commit of the runs that follow, or between them.
//!
//! After both, cron's runs have to bring portal and mirror together: everything as if nothing had
//! happened, no object made twice, nothing foreign touched, and `status` says that all is well.
//! Where people did something in between, the judge of the random histories decides.
//!
//! `PAIRS=all cargo test --profile campaign --test simulation pairs -- --nocapture` plays all of
//! them, `PAIRS=newcomers` those of one scene, and without it a sample is played. A process that is
//! killed after a commit leaves what it leaves before its next request or commit, so that is not
//! played apart.

mod fault;
mod player;
mod scenes;
mod tally;

use std::collections::BTreeMap;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use ecvi_b24::sync::options::RunKind;

use self::fault::{FaultAt, kind};
use self::player::{Moment, Outlook, Played, Player};
use self::scenes::{SCENES, Scene};
use self::tally::Tally;
use crate::log_lines;
use crate::rng::Rng;
use crate::run::folder;

/// Which pairs are played.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sample {
    All,
    /// Of each kind one first fault in each scene, and a second one of a few kinds.
    Gate,
}

/// At a gate, one of so many kinds of second faults is played in each run.
const KINDS: usize = 30;

/// Broken pairs after which the rest is not played.
const ENOUGH: usize = 20;

/// A pair that breaks a promise.
struct Broken {
    scene: &'static Scene,
    first: FaultAt,
    /// The run that meets the second one, counted from behind the first.
    second: Option<(usize, FaultAt)>,
    wrong: String,
}

/// The pairs of one scene, in a folder of its own.
struct Stage<'t> {
    scene: &'static Scene,
    start: Moment,
    calm: Outlook,
    sample: Sample,
    tally: &'t Mutex<Tally>,
}

#[test]
fn pairs_of_faults_keep_the_promises() {
    let wanted = env::var("PAIRS").ok();
    let sample = if wanted.is_some() { Sample::All } else { Sample::Gate };
    let is_wanted =
        |scene: &&Scene| wanted.as_ref().is_none_or(|name| name == "all" || name == scene.name);
    let (tally, began) = (Mutex::new(Tally::default()), Instant::now());
    let hands = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for hand in 0..hands {
            let tally = &tally;
            scope.spawn(move || {
                for scene in SCENES.iter().filter(is_wanted) {
                    Stage::set(scene, folder().path(), sample, tally).play((hand, hands));
                }
            });
        }
    });
    let tally = tally.into_inner().expect("no thread panics");
    println!("{tally}in {:?}", began.elapsed());
    if let Some(broken) = tally.broken.last() {
        panic!("{} pairs break a promise; the last:\n{}", tally.broken.len(), broken.trace());
    }
}

impl<'t> Stage<'t> {
    fn set(
        scene: &'static Scene,
        folder: &Path,
        sample: Sample,
        tally: &'t Mutex<Tally>,
    ) -> Stage<'t> {
        log_lines::listen();
        let player = scene.set(folder, false);
        let start = player.moment();
        let mut calm = start.again();
        calm.run_as(scene.command);
        calm.settle(None).expect("a scene comes to rest");
        Stage { scene, start, calm: calm.outlook(), sample, tally }
    }

    /// Plays the pairs whose first faults are for this one of so many hands.
    fn play(&self, (hand, hands): (usize, usize)) {
        let mut calm = self.start.again();
        calm.run_as(self.scene.command);
        let mut firsts = calm.faults();
        firsts.extend(FaultAt::of_gap(calm.copies()));
        let firsts = self.choose(firsts, 0, |_, _| true);
        for (number, first) in firsts.iter().enumerate() {
            let is_enough = self.tally.lock().expect("no thread panics").broken.len() >= ENOUGH;
            if !is_enough && number % hands == hand {
                self.play_first(number, first);
            }
        }
    }

    /// Those that are played; at a gate one of each kind that is wanted, and the same each time.
    fn choose(
        &self,
        faults: Vec<FaultAt>,
        seed: usize,
        is_wanted: impl Fn(&mut Rng, &FaultAt) -> bool,
    ) -> Vec<FaultAt> {
        if self.sample == Sample::All {
            return faults;
        }
        let name = self.scene.name.bytes().map(u64::from).sum::<u64>();
        let mut rng = Rng::new(name * 1_000_000 + seed as u64);
        let mut kinds: BTreeMap<&str, Vec<FaultAt>> = BTreeMap::new();
        for fault in faults {
            kinds.entry(kind(&fault)).or_default().push(fault);
        }
        let one = |faults: Vec<FaultAt>| {
            let fault = rng.one_of(&faults);
            is_wanted(&mut rng, &fault).then_some(fault)
        };
        kinds.into_values().filter_map(one).collect()
    }

    fn play_first(&self, number: usize, first: &FaultAt) {
        let mut player = self.start.again();
        let mut seen = Vec::new();
        let judged = guarded(|| {
            if !begin(&mut player, self.scene, first) {
                return Ok(());
            }
            player.settle(Some(&mut seen))?;
            self.judge(&mut player, self.leaves_traces(first))
        });
        self.note(first, None, judged);
        for (run, played) in seen.iter().enumerate() {
            let is_wanted = |rng: &mut Rng, second: &FaultAt| {
                rng.roll(KINDS) == 0 || run == 0 && first.is_late() && second.is_restore()
            };
            for second in self.choose(seconds(played), 100 * number + run, is_wanted) {
                self.play_second(first, run, &played.before, second);
            }
        }
    }

    fn play_second(&self, first: &FaultAt, run: usize, before: &Moment, second: FaultAt) {
        let mut player = before.again();
        let judged = guarded(|| {
            if !player.meet(player.next_command(), &second) {
                return Ok(());
            }
            player.settle(None)?;
            self.judge(&mut player, self.leaves_traces(first) || self.leaves_traces(&second))
        });
        self.note(first, Some((run, second)), judged);
    }

    /// A state from before an audit or `reset-id` knows nothing of it, nor of what was sent because
    /// of it: somebody has to give a command (docs/operations.md, Backups).
    fn leaves_traces(&self, fault: &FaultAt) -> bool {
        let is_on_command = self.scene.command == RunKind::Audit || self.scene.name == "reset";
        fault.leaves_traces() || fault.is_restore() && is_on_command
    }

    fn judge(&self, player: &mut Player, is_marked: bool) -> Result<(), String> {
        if is_marked {
            player.world().rest();
            return player.world().verdict();
        }
        player.world().check(false);
        player.world().verdict()?;
        player.outlook().compare(&self.calm)
    }

    fn note(&self, first: &FaultAt, second: Option<(usize, FaultAt)>, judged: Result<(), String>) {
        let mut tally = self.tally.lock().expect("no thread panics");
        tally.count(self.scene.name, first, second.as_ref().map(|(_, fault)| fault));
        if let Err(wrong) = judged {
            let broken = Broken { scene: self.scene, first: first.clone(), second, wrong };
            println!("{broken}");
            tally.broken.push(broken);
        }
    }
}

/// The scene's command meets the first fault.
fn begin(player: &mut Player, scene: &Scene, first: &FaultAt) -> bool {
    if matches!(first, FaultAt::Gap(_)) {
        player.run_as(scene.command);
    }
    player.meet(scene.command, first)
}

/// What may come second in this run or before it.
fn seconds(played: &Played) -> Vec<FaultAt> {
    let mut seconds = FaultAt::of_gap(played.before.copies());
    seconds.extend(FaultAt::of_run(&played.asked, played.commits));
    seconds
}

/// A panic breaks the promise too.
fn guarded(play: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(play)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Err(format!("panic: {}", words.unwrap_or_default()))
    })
}

impl Broken {
    /// The pair once more, told from the beginning.
    fn trace(&self) -> String {
        let folder = folder();
        let mut player = self.scene.set(folder.path(), true);
        let told = guarded(|| {
            begin(&mut player, self.scene, &self.first);
            let Some((run, second)) = &self.second else { return player.settle(None) };
            for _ in 0..*run {
                player.step();
            }
            player.meet(player.next_command(), second);
            player.settle(None)
        });
        drop(told);
        player.world().rest();
        format!("{self}\n\n{}", player.world().trace())
    }
}
