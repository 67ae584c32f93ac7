//! Whether the object exists that a record is to be pointed at.

use anyhow::Result;
use chrono::TimeDelta;

use crate::config::Config;
use crate::crm::objects::existing;
use crate::domain::display;
use crate::domain::record::Kind;
use crate::domain::run_error::UsageError;
use crate::output::stdout::print_error;
use crate::platform::clock::Clock;
use crate::portal::client::Client;
use crate::portal::http::Http;
use crate::say;
use crate::state::State;
use crate::state::settings::PACE;

/// A person waits for the answer.
const DEADLINE: TimeDelta = TimeDelta::seconds(30);

/// Refuses an object that the portal does not have. A portal that does not answer refuses nothing: the next run looks.
///
/// # Errors
/// [`UsageError`] where there is no such object.
pub(super) fn require(config: &Config, state: &State, kind: Kind, crm_id: i64, clock: &Clock) -> Result<()> {
    let mut portal = Http::new(&config.portal)?;
    let pace = state.get(PACE)?.unwrap_or_default();
    let end = clock.now() + DEADLINE;
    let mut gate = Client::new(&mut portal, clock.clone(), &config.portal.with_half_burst(), pace, Some(end));
    let object = display::object_name(kind, crm_id);
    match existing(&mut gate, kind, &[crm_id]) {
        Ok(found) if found.is_empty() => {
            Err(UsageError(say!("в CRM нет такого объекта: {object}", "no such object in the CRM: {object}"))
                .into())
        }
        Ok(_) => Ok(()),
        Err(error) => {
            let reason = error.into_run_error().message;
            print_error(&say!(
                "есть ли в CRM {object}, не проверено: {reason}",
                "it was not checked whether the CRM has {object}: {reason}"
            ));
            Ok(())
        }
    }
}
