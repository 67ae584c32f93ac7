//! Plays runs in a world, and can go back to a moment between them.

use std::collections::BTreeSet;
use std::fs;

use bitrix24_sandbox::Kind as Entity;
use chrono::TimeDelta;
use ecvi_b24::commands::status::Status;
use ecvi_b24::domain::failure_code::FailureCode;
use ecvi_b24::domain::record::Kind;
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::state::State;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use rusqlite::Connection;

use super::fault::FaultAt;
use crate::files::Files;
use crate::invariants::Origin;
use crate::lists::Asked;
use crate::portal_snapshot::snapshot;
use crate::world::World;

/// Runs after which everything has to be at rest.
const PATIENCE: usize = 20;

/// From one run to the next.
const CRON: TimeDelta = TimeDelta::minutes(3);
/// What fails after this time fails for a reason that lasts.
const LONG: TimeDelta = TimeDelta::hours(2);

/// A world, and the copies of its state that were made before each run.
pub(super) struct Player {
    world: World,
    copies: Vec<Option<Vec<u8>>>,
    /// Until the next run.
    pause: TimeDelta,
    /// What `status` told when it was asked last.
    told: Vec<String>,
}

/// A moment between two runs, to which one can go back.
pub(super) struct Moment {
    player: Player,
    files: Files,
}

/// A run as it went, and the moment before it.
pub(super) struct Played {
    pub(super) before: Moment,
    pub(super) asked: Vec<Asked>,
    pub(super) commits: u32,
}

/// What stands there when everything is at rest: every card, how many objects were ever made for
/// each record, what the mirror knows of the cards, and what `status` tells.
pub(super) struct Outlook(BTreeSet<String>);

impl Outlook {
    /// What differs from the outlook of runs that nothing befell.
    pub(super) fn compare(&self, calm: &Outlook) -> Result<(), String> {
        let told = |sign: &str, lines: &BTreeSet<String>, others: &BTreeSet<String>| {
            lines.difference(others).map(|line| format!("\n  {sign} {line}")).collect::<String>()
        };
        let differs = told("missing:", &calm.0, &self.0) + &told("instead:", &self.0, &calm.0);
        if differs.is_empty() { Ok(()) } else { Err(differs) }
    }
}

impl Moment {
    /// How many copies of the state there were.
    pub(super) fn copies(&self) -> usize {
        self.player.copies.len()
    }

    /// The world as it was.
    pub(super) fn again(&self) -> Player {
        let player = self.player.twin();
        self.files.put_into(player.world.folder());
        player
    }
}

impl Player {
    pub(super) fn new(world: World) -> Player {
        Player { world, copies: Vec::new(), pause: CRON, told: Vec::new() }
    }

    fn twin(&self) -> Player {
        Player {
            world: self.world.twin(),
            copies: self.copies.clone(),
            pause: self.pause,
            told: Vec::new(),
        }
    }

    pub(super) fn world(&mut self) -> &mut World {
        &mut self.world
    }

    pub(super) fn moment(&self) -> Moment {
        Moment { player: self.twin(), files: Files::of(self.world.folder()) }
    }

    /// Makes a run that this befalls. Whether it came to its end with nothing to send.
    pub(super) fn run(&mut self, options: &RunOptions, fault: Option<&FaultAt>) -> bool {
        self.copies.push(fs::read(&self.world.config.state).ok());
        let incidents: Vec<_> = fault.and_then(FaultAt::incident).into_iter().collect();
        let ended = self.world.run(options, &incidents);
        ended.is_some_and(|ended| ended.outcome == Outcome::Ok && ended.requests == 0)
    }

    /// Makes a run that nothing befalls, and waits for the next one.
    pub(super) fn run_as(&mut self, command: RunKind) {
        self.run(&RunOptions::new(command), None);
        self.world.wait(CRON);
    }

    /// What befalls the next run, or happens before it; false where it cannot happen.
    pub(super) fn meet(&mut self, command: RunKind, fault: &FaultAt) -> bool {
        if let FaultAt::Gap(gap) = fault {
            return self.world.between(*gap, &self.copies);
        }
        self.run(&RunOptions::new(command), Some(fault));
        fault.wait(&mut self.world);
        true
    }

    /// What cron does, or whoever is at the initial export.
    pub(super) fn next_command(&self) -> RunKind {
        let exported =
            || State::open_readonly(&self.world.config.state).ok()?.initial_export().ok()?;
        if exported().is_some() { RunKind::Sync } else { RunKind::InitialExport }
    }

    /// Runs until nothing is left to do. `seen` gets what each was like.
    pub(super) fn settle(&mut self, mut seen: Option<&mut Vec<Played>>) -> Result<(), String> {
        for _ in 0..PATIENCE {
            let before = seen.is_some().then(|| self.moment());
            let is_over = self.step();
            if let (Some(seen), Some(before)) = (&mut seen, before) {
                let asked = self.world.asked.clone();
                seen.push(Played { before, asked, commits: self.world.commits });
            }
            self.world.verdict()?;
            if is_over {
                return Ok(());
            }
        }
        Err("it never comes to rest".to_owned())
    }

    /// One run more; whether nothing is left to do. What failed is tried again after a quarter of
    /// an hour, then after two.
    pub(super) fn step(&mut self) -> bool {
        let is_idle = self.run(&RunOptions::new(self.next_command()), None);
        self.world.wait(self.pause);
        let is_over = is_idle && self.is_at_rest();
        self.pause = if is_idle { self.pause * 2 } else { CRON };
        is_over
    }

    /// Whether nothing is left to do, nobody is waited for, and what still fails does not pass.
    fn is_at_rest(&mut self) -> bool {
        let status = self.world.status();
        self.told = told(&status);
        self.world.accounts_for_all(&status)
            && (self.told.is_empty() || self.pause > LONG)
            && !self.world.anybody_waits()
            && self.is_certain()
    }

    /// Whether every call was answered, or settled since.
    fn is_certain(&self) -> bool {
        let state = State::open_readonly(&self.world.config.state).expect("a state");
        Kind::SEND_ORDER.iter().all(|kind| state.doubts(*kind).expect("the doubts").is_empty())
    }

    /// Everything that the last run can meet.
    pub(super) fn faults(&self) -> Vec<FaultAt> {
        FaultAt::of_run(&self.world.asked, self.world.commits)
    }

    /// How many copies of the state there are.
    pub(super) fn copies(&self) -> usize {
        self.copies.len()
    }

    pub(super) fn outlook(&self) -> Outlook {
        let World { portal, invariants, config, .. } = &self.world;
        let mut lines = snapshot(portal);
        let made = |((kind, origin), count): (&Origin, &u32)| format!("{count} {kind:?} {origin}");
        lines.extend(invariants.created.iter().map(made));
        lines.extend(self.told.iter().cloned());
        if config.mirror.write_back {
            lines.extend(self.written_back());
        }
        Outlook(lines.into_iter().collect())
    }

    /// The cards that the rows of the mirror name, by their marks: of the newest row of each table,
    /// and of others where it is the wrong one. Those were filled anew, without what was written.
    fn written_back(&self) -> Vec<String> {
        let mirror = Connection::open(&self.world.config.mirror.path).expect("the mirror");
        let mut lines = Vec::new();
        for (table, entity) in [
            ("guests", Entity::Contact),
            ("companies", Entity::Company),
            ("bookings", Entity::Deal),
        ] {
            let sql = format!("SELECT id, crm_id FROM {table} ORDER BY id DESC");
            let mut statement = mirror.prepare(&sql).expect("a table");
            let rows = statement
                .query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<u64>>(1)?)))
                .expect("rows");
            for (row, (id, crm_id)) in rows.map(|row| row.expect("a row")).enumerate() {
                let card = crm_id.and_then(|crm_id| self.world.portal.get(entity, crm_id));
                let mark = card.map(|card| card.text("ORIGIN_ID").to_owned());
                if row == 0 || mark.as_ref().is_some_and(|mark| *mark != id.to_string()) {
                    lines.push(format!("{table} {id}: {mark:?}"));
                }
            }
        }
        lines
    }
}

/// The failures and warnings of `status`. A doubtful match is told by the run that creates the card,
/// where that run lives to tell.
fn told(status: &Status) -> Vec<String> {
    let told = status.failures.iter().chain(&status.warnings);
    told.filter(|told| told.code != FailureCode::DoubtfulMatch)
        .map(|told| format!("{} {}: {:?}", told.kind, told.id, told.code))
        .collect()
}
