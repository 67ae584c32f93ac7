//! `--dry-run`: the plan of a run, and what its steps would change in the CRM.
//!
//! The portal is only read, by list calls. One that does not answer ends the questions and not the
//! dry run: what is not known is left out.

mod card;
mod change_preview;
mod correction;
mod json;
mod step_text;
mod takeover;
mod text;

use chrono::TimeDelta;
use clap::ValueEnum;

pub use card::CardField;
pub use change_preview::ChangePreview;
pub use json::write_json;
pub use text::write_text;

use crate::commands::cli;
use crate::commands::find_record::Lookup;
use crate::commands::quiet_client::quiet_client;
use crate::config::{Config, OnMissing};
use crate::crm::diff::Difference;
use crate::crm::objects::Unseen;
use crate::domain::display;
use crate::domain::messages::Message;
use crate::domain::record::{Kind, RecordKey};
use crate::domain::run_error::{Outcome, Result, RunError};
use crate::output::stdout;
use crate::platform::clock::Clock;
use crate::portal::http::Http;
use crate::state::State;
use crate::sync::options::{RunKind, RunOptions};
use crate::sync::plan::{PlanStore, Planned};
use crate::sync::preflight::portal_identity;
use crate::sync::prepare;

/// How long a dry run asks the portal at most.
const DEADLINE: TimeDelta = TimeDelta::hours(1);

/// Steps that the portal is asked about in one go.
const CHUNK: usize = 400;

/// The only record that a dry run shows.
#[derive(Clone, PartialEq, Debug)]
pub struct Only {
    /// The record that is shown.
    pub key: RecordKey,
    /// The name that people know it by.
    pub name: Message,
}

/// What is known of one step.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StepPreview {
    /// The existing card that would be linked instead of a new one, or of one that is gone.
    pub takeover: Option<i64>,
    /// The fields that would change; none where that is not known.
    pub changes: Option<Vec<Difference>>,
    /// The card is missing in the CRM, and what is done then.
    pub missing: Option<OnMissing>,
    /// The card that the record had; it is missing, or its number is another record's by now.
    pub former_card: Option<i64>,
    /// No list shows the card, for this reason.
    pub unseen: Option<Unseen>,
    /// The card does not carry our origin any more.
    pub is_not_ours: bool,
    /// The card that Ecvi names is another record's already.
    pub is_taken: bool,
    /// The booking waits for this guest, who is not sent in this run either.
    pub waits_for: Option<RecordKey>,
    /// The whole card: of the first new one of each kind, and of the record that was asked for.
    pub card: Vec<CardField>,
}

/// Shows the plan of a run.
pub fn run(
    config: &Config,
    options: &RunOptions,
    shown: &cli::DryRun,
    clock: &Clock,
) -> Result<Outcome> {
    let (state, plan) = prepare::preview(config, options, clock)?;
    let only = only_record(config, &state, &shown.only, clock)?;
    let mut portal = Http::new(&config.portal)?;
    let end = Some(clock.now() + DEADLINE);
    let mut client = quiet_client(config, &state, &mut portal, clock, end)?;
    match portal_identity::verify_portal(config, &state, &mut client) {
        // The preview says it beside the plan that the portal does not answer.
        Ok(()) | Err(RunError::Portal(_)) => {}
        Err(error) => return Err(error),
    }
    let mut preview = ChangePreview::new(config, &state, &plan.queue, client);
    preview.only = only;
    if options.kind == RunKind::InitialExport {
        preview.unsampled = Kind::SEND_ORDER.to_vec();
    }
    let write = if shown.json { write_json } else { write_text };
    stdout::print_with(|out| write(&plan, &state, Some(&mut preview), config.language, out))?;
    Ok(Outcome::Ok)
}

/// The record that `--only` names by its kind and its id, or by a booking's number.
fn only_record(
    config: &Config,
    state: &State,
    only: &[String],
    clock: &Clock,
) -> Result<Option<Only>> {
    let [kind, typed] = only else { return Ok(None) };
    let kind = Kind::from_str(kind, false).map_err(RunError::usage)?;
    let limit = clock.limit_of(config.sync.time_limit);
    let found = Lookup::new(config, state, &limit).find_one(kind, typed)?;
    let name = display::record_name(&found.key, &found.display_name);
    Ok(Some(Only { key: found.key, name }))
}

/// Every step that is to be shown, in its order, with what is known of it. Tells how many there
/// were.
fn for_each_step(
    queue: &PlanStore,
    preview: Option<&mut ChangePreview<'_, '_>>,
    mut show: impl FnMut(&Planned, &StepPreview) -> Result<()>,
) -> Result<u64> {
    let only = preview.as_ref().and_then(|preview| preview.only.clone());
    let mut steps = Steps { preview, chunk: Vec::new(), shown: 0, show: &mut show };
    for kind in Kind::SEND_ORDER {
        queue.each(kind, |planned| {
            if only.as_ref().is_none_or(|only| only.key == planned.key) {
                steps.add(planned)
            } else {
                Ok(())
            }
        })?;
        steps.show_chunk()?;
    }
    Ok(steps.shown)
}

/// Collects steps of one kind, so that the portal is asked about many in one go.
struct Steps<'s, 'a, 'p> {
    preview: Option<&'s mut ChangePreview<'a, 'p>>,
    chunk: Vec<Planned>,
    shown: u64,
    show: &'s mut dyn FnMut(&Planned, &StepPreview) -> Result<()>,
}

impl Steps<'_, '_, '_> {
    fn add(&mut self, planned: &Planned) -> Result<()> {
        self.chunk.push(planned.clone());
        if self.chunk.len() < CHUNK { Ok(()) } else { self.show_chunk() }
    }

    fn show_chunk(&mut self) -> Result<()> {
        let previews = match &mut self.preview {
            Some(preview) => preview.preview(&self.chunk)?,
            None => vec![StepPreview::default(); self.chunk.len()],
        };
        for (planned, preview) in self.chunk.drain(..).zip(previews) {
            (self.show)(&planned, &preview)?;
            self.shown += 1;
        }
        Ok(())
    }
}
