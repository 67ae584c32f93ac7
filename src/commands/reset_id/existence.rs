//! Whether the card exists that a record is to be linked to.

use chrono::TimeDelta;

use crate::commands::quiet_client::quiet_client;
use crate::config::Config;
use crate::crm::objects::existing;
use crate::domain::display;
use crate::domain::messages::{CommandMessage, Localized};
use crate::domain::record::Kind;
use crate::domain::run_error::{Result, RunError};
use crate::output::stdout::print_error;
use crate::platform::clock::Clock;
use crate::portal::http::Http;
use crate::state::State;

/// A person waits for the answer.
const DEADLINE: TimeDelta = TimeDelta::seconds(30);

/// Refuses a card that the CRM does not have. A portal that does not answer refuses nothing: the
/// next run looks.
///
/// # Errors
/// [`RunError::Usage`] where there is no such card.
pub(super) fn require(
    config: &Config,
    state: &State,
    kind: Kind,
    crm_id: i64,
    clock: &Clock,
) -> Result<()> {
    let mut portal = Http::new(&config.portal)?;
    let end = Some(clock.now() + DEADLINE);
    let mut client = quiet_client(config, state, &mut portal, clock, end)?;
    let card = display::object_name(kind, crm_id).into();
    match existing(&mut client, kind, &[crm_id]) {
        Ok(found) if found.is_empty() => Err(RunError::usage(CommandMessage::NoSuchCard { card })),
        Ok(_) => Ok(()),
        Err(error) => {
            let reason = error.message().into();
            let unchecked = CommandMessage::CardNotChecked { card, reason };
            print_error(&unchecked.localized(config.language));
            Ok(())
        }
    }
}
