//! How many pairs were played, by scene and by kind.

use std::collections::BTreeMap;
use std::fmt;

use super::Broken;
use super::fault::{FaultAt, kind};

#[derive(Default)]
pub(super) struct Tally {
    scenes: BTreeMap<&'static str, u64>,
    firsts: BTreeMap<&'static str, u64>,
    seconds: BTreeMap<&'static str, u64>,
    singles: u64,
    pairs: u64,
    pub(super) broken: Vec<Broken>,
}

impl Tally {
    pub(super) fn count(&mut self, scene: &'static str, first: &FaultAt, second: Option<&FaultAt>) {
        let Some(second) = second else {
            self.singles += 1;
            return;
        };
        self.pairs += 1;
        *self.scenes.entry(scene).or_default() += 1;
        *self.firsts.entry(kind(first)).or_default() += 1;
        *self.seconds.entry(kind(second)).or_default() += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (scene, count) in &self.scenes {
            writeln!(to, "{count:>9}  {scene}")?;
        }
        for (kind, count) in &self.firsts {
            let seconds = self.seconds.get(kind).copied().unwrap_or(0);
            writeln!(to, "{count:>9} first, {seconds:>9} second  {kind}")?;
        }
        writeln!(to, "{} single faults and {} pairs", self.singles, self.pairs)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken { scene, first, second, wrong } = self;
        write!(to, "{}: {first:?}, then {second:?}: {wrong}", scene.name)
    }
}
