//! `reset-id`: lets go of CRM ids, or points a record at another object.
//!
//! First what will happen is shown, then it is asked for, and only then the lock is taken: a person who thinks
//! must not keep passes from running. Old ids stay in the history, so that it can be undone.

mod existence;
mod preview;

use anyhow::Result;

use crate::commands::cli;
use crate::commands::find_record::{FoundRecord, Lookup};
use crate::config::Config;
use crate::domain::display;
use crate::domain::failure_code::FailureCode;
use crate::domain::language::current_language;
use crate::domain::messages::{Localized, OutputMessage};
use crate::domain::record::Kind;
use crate::domain::run_error::{Outcome, UsageError};
use crate::output::confirm;
use crate::output::stdout::print;
use crate::platform::clock::Clock;
use crate::platform::lock::Lock;
use crate::say;
use crate::state::settings::MIRROR_STATS;
use crate::state::{Event, Severity, State, StoredRecord};
use crate::sync::plan::MirrorStats;

/// What the records are put on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Aim {
    /// On nothing: the next run finds their objects, or creates them.
    Nothing,
    /// On this object.
    Object(i64),
    /// On the objects that they have, which get our mark again.
    Same,
}

impl Aim {
    fn of(options: &cli::ResetId) -> Aim {
        match (options.crm_id, options.take_back) {
            (Some(crm_id), _) => Aim::Object(crm_id),
            (None, true) => Aim::Same,
            (None, false) => Aim::Nothing,
        }
    }

    /// The object that a record is put on which is on the `old` one.
    fn object(self, old: Option<i64>) -> Option<i64> {
        match self {
            Aim::Nothing => None,
            Aim::Object(crm_id) => Some(crm_id),
            Aim::Same => old,
        }
    }
}

/// What is let go of.
enum Targets {
    Records(Vec<FoundRecord>),
    /// All records of these kinds.
    All(Vec<Kind>),
}

/// Carries out `reset-id`.
pub fn run(config: &Config, options: &cli::ResetId, clock: &Clock) -> Result<Outcome> {
    let targets = preview_changes(config, options, clock)?;
    if matches!(&targets, Targets::Records(found) if found.is_empty()) {
        print(&say!("Таких неудач нет.\n", "No records failed for this reason.\n"))?;
        return Ok(Outcome::Ok);
    }
    if !options.yes && !confirm::confirm(current_language())? {
        print(&format!("{}\n", OutputMessage::NothingChanged.localized(current_language())))?;
        return Ok(Outcome::Partial);
    }
    let _lock = Lock::acquire_or_fail(&config.state, clock)?;
    print(&apply(&State::open(&config.state)?, &targets, Aim::of(options), clock)?)?;
    Ok(Outcome::Ok)
}

/// Finds the records and shows what will happen to them.
fn preview_changes(config: &Config, options: &cli::ResetId, clock: &Clock) -> Result<Targets> {
    let cli::ResetId { kind, ids, crm_id, code, take_back: _, all: _, yes: _ } = options;
    if crm_id.is_some() && ids.len() != 1 {
        return Err(UsageError(say!("--crm-id: укажите одну запись", "--crm-id: name one record")).into());
    }
    let state = State::open_readonly(&config.state)?;
    let targets = match code {
        Some(code) => Targets::Records(failed(config, &state, *kind, *code)?),
        None => targets(config, &state, *kind, ids)?,
    };
    if let (Some(crm_id), Some(kind)) = (crm_id, kind) {
        existence::require(config, &state, *kind, *crm_id, clock)?;
    }
    if !matches!(&targets, Targets::Records(found) if found.is_empty()) {
        print(&(preview::lines(&state, &targets, Aim::of(options))?.join("\n") + "\n"))?;
    }
    Ok(targets)
}

/// The records that failed for this reason.
fn failed(config: &Config, state: &State, kind: Option<Kind>, code: FailureCode) -> Result<Vec<FoundRecord>> {
    let mut troubles = state.issues(Severity::Failure)?;
    troubles.retain(|trouble| trouble.code == code && kind.is_none_or(|kind| trouble.key.kind == kind));
    let lookup = Lookup::new(config, state);
    let found =
        troubles.iter().map(|trouble| lookup.find_one(trouble.key.kind, &format!("id:{}", trouble.key.id)));
    found.collect()
}

/// A command line without ids says `--all`.
fn targets(config: &Config, state: &State, kind: Option<Kind>, ids: &[String]) -> Result<Targets> {
    match kind {
        Some(kind) if !ids.is_empty() => {
            let lookup = Lookup::new(config, state);
            let mut found = ids.iter().map(|word| lookup.find_one(kind, word)).collect::<Result<Vec<_>>>()?;
            found.sort_by(|a, b| a.key.cmp(&b.key));
            found.dedup_by(|a, b| a.key == b.key);
            Ok(Targets::Records(found))
        }
        Some(kind) => Ok(Targets::All(vec![kind])),
        None => Ok(Targets::All(Kind::DISPLAY_ORDER.to_vec())),
    }
}

fn apply(state: &State, targets: &Targets, aim: Aim, clock: &Clock) -> Result<String> {
    match targets {
        Targets::Records(found) => found
            .iter()
            .map(|one| reset(state, one, aim, clock))
            .collect::<Result<Vec<_>>>()
            .map(|it| it.concat()),
        Targets::All(kinds) => reset_all(state, kinds, clock),
    }
}

/// One record. The old id is read again: a run may have run while people were asked.
fn reset(state: &State, found: &FoundRecord, aim: Aim, clock: &Clock) -> Result<String> {
    let FoundRecord { key, label, row: _, gone: _ } = found;
    let (record, now) = (known(state, found)?, clock.now());
    let old = record.plan_record.crm_id;
    let writer = state.writer()?;
    writer.insert_if_missing(key, label)?;
    if let Some(old) = old {
        writer.log_event(key, Event::Reset, Some(old), "", now)?;
        writer.resend_others(key)?;
    }
    match aim.object(old) {
        None => writer.detach(key)?,
        Some(crm_id) => {
            writer.relink_manually(key, crm_id)?;
            writer.log_event(key, Event::Pointed, Some(crm_id), "", now)?;
        }
    }
    writer.clear_failure(key)?;
    writer.commit()?;
    let name = display::record_name(key, label);
    let undo = old.map(|old| format!("ecvi-b24 reset-id {} id:{} --crm-id {old}", key.kind, key.id));
    Ok(match undo {
        None => say!("{name}: сделано\n", "{name}: done\n"),
        Some(undo) => say!("{name}: сделано; вернуть: {undo}\n", "{name}: done; to undo: {undo}\n"),
    })
}

/// Everything of some kinds. A table of the mirror that was emptied on purpose counts as new from here on.
fn reset_all(state: &State, kinds: &[Kind], clock: &Clock) -> Result<String> {
    let mut text = String::new();
    let writer = state.writer()?;
    let mut survey: Option<MirrorStats> = state.get(MIRROR_STATS)?;
    for kind in kinds {
        let count = writer.release_all(*kind, clock.now())?;
        if let Some(survey) = &mut survey {
            survey.forget(*kind);
        }
        let name = display::plural_name(*kind);
        text += &say!("{name}: забыто id CRM: {count}\n", "{name}: CRM ids forgotten: {count}\n");
    }
    if let Some(survey) = survey {
        state.set(MIRROR_STATS, &survey)?;
    }
    writer.commit()?;
    Ok(text)
}

fn known(state: &State, found: &FoundRecord) -> Result<StoredRecord> {
    Ok(state.record(&found.key)?.unwrap_or_default())
}
