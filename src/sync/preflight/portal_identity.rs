//! Checks that this is the portal to which the state belongs, and that the originator is the same.
//!
//! In another portal the ids of the state belong to cards of other people, and a run would
//! overwrite them. When the address has changed, a few objects are looked for: a portal that was
//! only renamed has them, another one does not.

use crate::config::Config;
use crate::crm::objects::by_id;
use crate::domain::messages::SyncMessage;
use crate::domain::record::{Kind, RecordId};
use crate::domain::run_error::{Result, RunError};
use crate::portal::client::Client;
use crate::state::State;
use crate::state::settings::{ORIGINATOR, PORTAL};
use crate::sync::push::carries_mark;

/// Objects of each kind that are looked at.
const SAMPLE: u32 = 20;

/// Makes sure that the portal is the state's own, and the mark too; asks the portal only when its
/// address changed.
///
/// # Errors
/// [`RunError`] with what to do, when less than half of what should stand there does.
pub fn verify_identity(config: &Config, state: &State, client: &mut Client<'_>) -> Result<()> {
    verify_originator(config, state)?;
    verify_portal(config, state, client)
}

/// Makes sure that the portal is the state's own.
///
/// # Errors
/// [`RunError`] with what to do.
pub fn verify_portal(config: &Config, state: &State, client: &mut Client<'_>) -> Result<()> {
    let host = config.portal.webhook.host();
    if let Some(known) = state.get(&PORTAL)?
        && known != host
    {
        let (ours, asked) = sample_objects(config, state, client)?;
        if ours * 2 < asked {
            return Err(wrong_portal_error(&known, host));
        }
    }
    Ok(())
}

/// Makes sure that the mark is the one under which everything was sent.
///
/// # Errors
/// [`RunError`] with what to do.
pub fn verify_originator(config: &Config, state: &State) -> Result<()> {
    let originator = &config.portal.originator;
    match state.get(&ORIGINATOR)? {
        Some(known) if known != *originator => Err(originator_changed(&known, originator)),
        Some(_) | None => Ok(()),
    }
}

/// From now on something may be sent there, with this mark.
pub fn remember(config: &Config, state: &State) -> Result<()> {
    state.set(&ORIGINATOR, &config.portal.originator)?;
    Ok(state.set(&PORTAL, &config.portal.webhook.host().to_owned())?)
}

/// How many of the newest objects stand there with our origin, and how many were looked for.
fn sample_objects(
    config: &Config,
    state: &State,
    client: &mut Client<'_>,
) -> Result<(usize, usize)> {
    let mut ours = 0;
    let mut asked = 0;
    for kind in Kind::SEND_ORDER {
        let linked: Vec<(RecordId, i64)> = state.newest_linked(kind, SAMPLE)?;
        let ids: Vec<i64> = linked.iter().map(|(_, crm_id)| *crm_id).collect();
        let found = by_id(client, kind, &ids)?;
        for (id, crm_id) in &linked {
            if let Some(object) = found.get(crm_id)
                && carries_mark(&config.portal.originator, id, object)
            {
                ours += 1;
            }
        }
        asked += ids.len();
    }
    Ok((ours, asked))
}

/// Objects with the old originator would not be found, and would be created a second time.
fn originator_changed(known: &str, originator: &str) -> RunError {
    let known = known.to_owned();
    let originator = originator.to_owned();
    RunError::Config(SyncMessage::OriginatorChanged { known, originator }.into())
}

fn wrong_portal_error(known: &str, host: &str) -> RunError {
    let known = known.to_owned();
    let host = host.to_owned();
    RunError::Config(SyncMessage::OtherPortal { known, host }.into())
}
