//! Which disks a cut may leave: the combinations that are tried, by name.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use crate::power_cut::content::Fate;
use crate::power_cut::disk::Disk;
use crate::power_cut::drive::{Drive, Unsaved};
use crate::power_cut::events::Event;
use crate::power_cut::recording::{Recording, Stand};

/// How what was not saved is combined.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    AllThere,
    NoneThere,
    OneAbsent,
    OneAlone,
    /// Half of one write, with the others or without them.
    Torn,
    /// A file has grown without the content, with the others or without them; or all that grow.
    Zeroed,
    /// Anything of everything, at random.
    Sampled,
}

/// A disk to go on from, and the portal as it stood.
pub(crate) struct Cut {
    pub(crate) kind: Kind,
    pub(crate) disk: Disk,
    pub(crate) stand: Stand,
    /// What happened, for people.
    pub(crate) told: String,
}

/// A cut of which the disk is not built yet.
struct Plan {
    position: usize,
    stand: Stand,
    kind: Kind,
    fates: Vec<Fate>,
}

/// Random subsets at each moment.
const SAMPLES: u64 = 3;

/// Which of the combinations are played.
#[derive(Clone, Copy)]
pub(crate) struct Choice {
    /// Those alone in which something of these files is not saved; of all files, where none is
    /// named.
    pub(crate) files: &'static [&'static str],
    /// At most so many.
    pub(crate) most: usize,
}

impl Choice {
    fn concerns(&self, unsaved: &[Unsaved]) -> bool {
        let is_named =
            |path: &PathBuf| self.files.iter().any(|file| path.to_string_lossy().contains(file));
        self.files.is_empty() || unsaved.iter().any(|unit| unit.paths.iter().any(is_named))
    }
}

/// The distinct disks.
pub(crate) fn cuts(recording: &Recording, choice: Choice) -> Vec<Cut> {
    let all = plans_of(recording, choice);
    let step = all.len().div_ceil(choice.most).max(1);
    let mut plans = BTreeMap::<usize, Vec<Plan>>::new();
    for plan in all.into_iter().step_by(step) {
        plans.entry(plan.position).or_default().push(plan);
    }
    let mut seen = HashSet::new();
    let mut cuts = Vec::new();
    at_each_moment(recording, |position, drive| {
        let unsaved = drive.unsaved();
        for plan in plans.remove(&position).unwrap_or_default() {
            let disk = drive.after_cut(&unsaved, |unit| plan.fates[unit]);
            if seen.insert((disk.hash(), plan.stand)) {
                cuts.push(Cut {
                    kind: plan.kind,
                    disk,
                    stand: plan.stand,
                    told: told(recording, &plan, &unsaved),
                });
            }
        }
    });
    cuts
}

fn told(recording: &Recording, plan: &Plan, unsaved: &[Unsaved]) -> String {
    let Plan { position, stand, kind, fates } = plan;
    let last = position.checked_sub(1).map(|last| &recording.events[last]);
    let fates = unsaved.iter().zip(fates);
    let fates: Vec<String> =
        fates.map(|(unit, fate)| format!("{:?} {}: {fate:?}", unit.paths, unit.told)).collect();
    format!("{kind:?} after event {position} ({last:?}), {stand:?}: {fates:#?}")
}

/// The drive before each event, and behind the last one.
fn at_each_moment(recording: &Recording, mut look: impl FnMut(usize, &Drive)) {
    let mut drive = recording.drive();
    look(0, &drive);
    for (position, event) in recording.events.iter().enumerate() {
        drive.apply(event);
        look(position + 1, &drive);
    }
}

fn plans_of(recording: &Recording, choice: Choice) -> Vec<Plan> {
    let mut plans = Vec::new();
    let mut last_stands = Vec::new();
    at_each_moment(recording, |position, drive| {
        let stands = recording.stands_at(position);
        let next = recording.events.get(position);
        // Then most is open, and it is what the program goes on from.
        let is_much_open =
            matches!(next, None | Some(Event::Sync { .. } | Event::SyncFolder { .. }))
                || stands != last_stands;
        let unsaved = drive.unsaved();
        let played = if choice.concerns(&unsaved) { stands.as_slice() } else { &[] };
        for &stand in played {
            let combined = combinations(&unsaved, is_much_open, position as u64);
            plans.extend(combined.into_iter().map(|(kind, fates)| Plan {
                position,
                stand,
                kind,
                fates,
            }));
        }
        last_stands = stands;
    });
    plans
}

/// What is combined at a moment. Where little is open, one by one only the newest is tried.
fn combinations(unsaved: &[Unsaved], is_much_open: bool, seed: u64) -> Vec<(Kind, Vec<Fate>)> {
    let all = |fate| vec![fate; unsaved.len()];
    let one = |unit: usize, fate, others| {
        let mut fates = all(others);
        fates[unit] = fate;
        fates
    };
    let mut combined =
        vec![(Kind::AllThere, all(Fate::There)), (Kind::NoneThere, all(Fate::Absent))];
    for (unit, what) in unsaved.iter().enumerate() {
        if !(is_much_open || what.is_newest) {
            continue;
        }
        combined.push((Kind::OneAbsent, one(unit, Fate::Absent, Fate::There)));
        combined.push((Kind::OneAlone, one(unit, Fate::There, Fate::Absent)));
        for others in [Fate::There, Fate::Absent] {
            if what.has_sectors {
                combined.push((Kind::Torn, one(unit, Fate::FirstHalf, others)));
                combined.push((Kind::Torn, one(unit, Fate::LastHalf, others)));
            }
            if what.grows {
                combined.push((Kind::Zeroed, one(unit, Fate::Zeroed, others)));
            }
        }
    }
    let zeroed = |unit: &Unsaved| if unit.grows { Fate::Zeroed } else { Fate::There };
    combined.push((Kind::Zeroed, unsaved.iter().map(zeroed).collect()));
    if unsaved.len() > 2 {
        let mut dice = Dice(seed);
        let sampled = |_| unsaved.iter().map(|unit| dice.fate(unit)).collect();
        combined.extend((0..SAMPLES).map(sampled).map(|fates| (Kind::Sampled, fates)));
    }
    combined
}

/// The same numbers on every machine.
struct Dice(u64);

impl Dice {
    /// <https://prng.di.unimi.it/splitmix64.c>
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn fate(&mut self, unit: &Unsaved) -> Fate {
        match self.roll() % 5 {
            0 | 1 => Fate::There,
            2 | 3 => Fate::Absent,
            _ if unit.has_sectors => Fate::Sectors(self.roll()),
            _ if unit.grows => Fate::Zeroed,
            _ => Fate::There,
        }
    }
}
