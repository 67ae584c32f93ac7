//! `reset-id`: forgets CRM ids, or links a record to another card.
//!
//! First it shows what will happen, then it asks, and only then it takes the lock: runs go on while
//! a person thinks. Old ids stay in the history, so that a reset can be undone.

mod existence;
mod text;

use crate::commands::cli;
use crate::commands::find_record::{FoundRecord, Lookup};
use crate::config::Config;
use crate::domain::failure_code::FailureCode;
use crate::domain::messages::{CommandMessage, Localized, OutputMessage};
use crate::domain::record::Kind;
use crate::domain::run_error::{Outcome, Result, RunError};
use crate::output::confirm;
use crate::output::stdout::print;
use crate::platform::clock::Clock;
use crate::state::{Event, Severity, State};
use crate::sync::plan::MIRROR_STATS;

/// What becomes of a record's link to its card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum NewLink {
    /// None: the next run finds the card, or creates it.
    Nothing,
    /// To another card, which a person named.
    Card(i64),
    /// To the card that it has; the next run writes its origin into it again.
    SameCard,
}

impl NewLink {
    fn from_options(options: &cli::ResetId) -> NewLink {
        match (options.crm_id, options.take_back) {
            (Some(crm_id), _) => NewLink::Card(crm_id),
            (None, true) => NewLink::SameCard,
            (None, false) => NewLink::Nothing,
        }
    }

    /// The new card of a record that has the `old` one.
    fn crm_id(self, old: Option<i64>) -> Option<i64> {
        match self {
            NewLink::Nothing => None,
            NewLink::Card(crm_id) => Some(crm_id),
            NewLink::SameCard => old,
        }
    }
}

/// Which records are reset.
enum Targets {
    Records(Vec<FoundRecord>),
    /// All records of these kinds.
    All(Vec<Kind>),
}

impl Targets {
    fn is_empty(&self) -> bool {
        matches!(self, Targets::Records(found) if found.is_empty())
    }
}

/// Shows what will happen, asks, and forgets or links.
pub fn run(config: &Config, options: &cli::ResetId, clock: &Clock) -> Result<Outcome> {
    let language = config.language;
    if options.crm_id.is_some() && options.ids.len() != 1 {
        return Err(RunError::usage(CommandMessage::CrmIdWantsOneRecord));
    }
    let state = State::open_readonly(&config.state)?;
    let targets = find_targets(config, &state, options, clock)?;
    if let (Some(crm_id), Some(kind)) = (options.crm_id, options.kind) {
        existence::require(config, &state, kind, crm_id, clock)?;
    }
    if targets.is_empty() {
        print(&text::no_such_failures(language))?;
        return Ok(Outcome::Ok);
    }
    let link = NewLink::from_options(options);
    print(&text::preview(&state, &targets, link, language)?)?;
    drop(state);
    if !options.yes && !confirm::confirm(language)? {
        print(&format!("{}\n", OutputMessage::NothingChanged.localized(language)))?;
        return Ok(Outcome::Partial);
    }
    let _lock = State::lock_or_fail(&config.state, clock)?;
    print(&apply(config, &targets, link, clock)?)?;
    Ok(Outcome::Ok)
}

fn find_targets(
    config: &Config,
    state: &State,
    options: &cli::ResetId,
    clock: &Clock,
) -> Result<Targets> {
    let cli::ResetId { kind, ids, code, crm_id: _, take_back: _, all: _, yes: _ } = options;
    match (code, kind) {
        (Some(code), kind) => failed_records(config, state, *kind, *code, clock),
        (None, Some(kind)) if !ids.is_empty() => named_records(config, state, *kind, ids, clock),
        (None, Some(kind)) => Ok(Targets::All(vec![*kind])),
        (None, None) => Ok(Targets::All(Kind::DISPLAY_ORDER.to_vec())),
    }
}

fn failed_records(
    config: &Config,
    state: &State,
    kind: Option<Kind>,
    code: FailureCode,
    clock: &Clock,
) -> Result<Targets> {
    let lookup = Lookup::new(config, state, &clock.limit_of(config.sync.time_limit));
    let mut found = Vec::new();
    for failure in state.issues(Severity::Failure)? {
        let key = &failure.key;
        if failure.code == code && kind.is_none_or(|kind| key.kind == kind) {
            found.push(lookup.find_one(key.kind, &format!("id:{}", key.id))?);
        }
    }
    Ok(Targets::Records(found))
}

fn named_records(
    config: &Config,
    state: &State,
    kind: Kind,
    ids: &[String],
    clock: &Clock,
) -> Result<Targets> {
    let lookup = Lookup::new(config, state, &clock.limit_of(config.sync.time_limit));
    let mut found = ids.iter().map(|id| lookup.find_one(kind, id)).collect::<Result<Vec<_>>>()?;
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found.dedup_by(|a, b| a.key == b.key);
    Ok(Targets::Records(found))
}

fn apply(config: &Config, targets: &Targets, link: NewLink, clock: &Clock) -> Result<String> {
    let state = State::open(&config.state)?;
    let mut done = String::new();
    match targets {
        Targets::Records(found) => {
            for record in found {
                let old = reset(&state, record, link, clock)?;
                done += &text::reset_line(record, old, config.language);
            }
        }
        Targets::All(kinds) => {
            for (kind, count) in reset_all(&state, kinds, clock)? {
                done += &text::reset_all_line(kind, count, config.language);
            }
        }
    }
    Ok(done)
}

/// Resets one record, and tells its old CRM id. That is read again: a run may have changed it while
/// a person thought.
fn reset(state: &State, found: &FoundRecord, link: NewLink, clock: &Clock) -> Result<Option<i64>> {
    let key = &found.key;
    let now = clock.now();
    let old = crm_id(state, found)?;
    let writer = state.writer()?;
    writer.insert_if_missing(key, &found.display_name)?;
    if let Some(old) = old {
        writer.log_event(key, Event::Reset, Some(old), "", now)?;
        writer.resend_others(key)?;
    }
    match link.crm_id(old) {
        None => writer.detach(key)?,
        Some(crm_id) => {
            writer.relink_manually(key, crm_id)?;
            writer.log_event(key, Event::Pointed, Some(crm_id), "", now)?;
        }
    }
    writer.clear_failure(key)?;
    writer.commit()?;
    Ok(old)
}

/// Resets all records of some kinds, and tells how many. From now on a table of the mirror that is
/// empty on purpose stops no run.
fn reset_all(state: &State, kinds: &[Kind], clock: &Clock) -> Result<Vec<(Kind, usize)>> {
    let mut counts = Vec::new();
    let writer = state.writer()?;
    let mut mirror = state.get(&MIRROR_STATS)?;
    for kind in kinds {
        counts.push((*kind, writer.detach_all(*kind, clock.now())?));
        if let Some(mirror) = &mut mirror {
            mirror.forget(*kind);
        }
    }
    if let Some(mirror) = mirror {
        state.set(&MIRROR_STATS, &mirror)?;
    }
    writer.commit()?;
    Ok(counts)
}

fn crm_id(state: &State, found: &FoundRecord) -> Result<Option<i64>> {
    Ok(state.record(&found.key)?.and_then(|record| record.plan_record.crm_id))
}
