//! Whether the portal takes anything: cards of ours are sent again as they stand.
//!
//! One card of each kind is tried until one is taken. A card that failed in this run, or that has a
//! value which no portal saves, would be refused for a reason of its own and tells nothing; so does
//! one that somebody deletes meanwhile, or a kind that the webhook's user may not change.

use serde_json::json;

use super::Push;
use crate::crm::objects::{Object, by_id};
use crate::domain::record::Kind;
use crate::domain::run_error::Result;
use crate::portal::batch::{Command, Reply};
use crate::portal::{ApiError, CallError, ErrorClass};

/// Cards of a kind among which one is looked for, at either end of what was made.
const SAMPLE: u32 = 10;
/// The label and the name of the command that sends a card unchanged.
const TRIAL: &str = "trial";

/// What the portal says to a card that is sent unchanged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trial {
    Taken,
    /// Refused with the text that others were refused with.
    RefusedAlike,
    /// There is no card to try, or it was refused for a reason of its own.
    Unclear,
}

impl Push<'_, '_> {
    /// Whether the portal refuses what it took before, with this text. None where no card tells.
    pub(super) fn refuses_what_it_took(&mut self, common: &ApiError) -> Result<Option<bool>> {
        let mut kinds = Kind::SEND_ORDER;
        // The rules of another kind differ: a field that it demands explains nothing there.
        kinds.sort_by_key(|kind| Some(*kind) == self.refusals.first_kind());
        let mut is_refused = None;
        for kind in kinds {
            match self.try_card(kind, common)? {
                Trial::Taken => return Ok(Some(false)),
                Trial::RefusedAlike => is_refused = Some(true),
                Trial::Unclear => {}
            }
        }
        Ok(is_refused)
    }

    /// Sends a card of ours with the mark that it carries already.
    fn try_card(&mut self, kind: Kind, common: &ApiError) -> Result<Trial> {
        let mut ids = self.state.sample_linked(kind, SAMPLE)?;
        ids.retain(|crm_id| !self.refusals.holds(kind, *crm_id));
        let originator = &self.config.portal.originator;
        let is_good =
            |card: &Object| card.originator == *originator && card.unsavable_fields().is_empty();
        let cards = by_id(self.client, kind, &ids)?;
        let Some(card) = cards.into_values().rev().find(is_good) else {
            return Ok(Trial::Unclear);
        };
        let params = json!({"id": card.crm_id, "fields": {"ORIGINATOR_ID": originator}});
        let method = kind.method("update");
        let commands = [Command::new(TRIAL, method, params)];
        let mut replies = self.client.batch(TRIAL, &commands, &mut |_| Ok(()))?;
        Ok(verdict(replies.remove(TRIAL), common)?)
    }
}

/// What the trial says. No reply, or one that asks to wait, says nothing of the records: the run
/// ends, and they go with the next one.
fn verdict(reply: Option<Reply>, common: &ApiError) -> Result<Trial, CallError> {
    match reply {
        Some(Reply::Ok(_)) => Ok(Trial::Taken),
        Some(Reply::Err(refusal)) if refusal == *common => Ok(Trial::RefusedAlike),
        Some(Reply::Err(refusal)) if refusal.class() != ErrorClass::Record => {
            Err(CallError::Refused(refusal))
        }
        Some(Reply::Err(_)) => Ok(Trial::Unclear),
        Some(Reply::Missing) | None => {
            Err(CallError::unknown_outcome(format!("no reply to {TRIAL}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_says_something_only_where_it_was_carried_out_or_refused_alike() {
        let refusal = |text: &str| ApiError::new("", text);
        let verdict = |reply| super::verdict(reply, &refusal("a"));
        assert_eq!(verdict(Some(Reply::Ok(true.into()))), Ok(Trial::Taken));
        assert_eq!(verdict(Some(Reply::Err(refusal("a")))), Ok(Trial::RefusedAlike));
        assert_eq!(verdict(Some(Reply::Err(refusal("b")))), Ok(Trial::Unclear));
        let limit = ApiError::new("OPERATION_TIME_LIMIT", "");
        assert!(verdict(Some(Reply::Err(limit))).is_err());
        assert!(verdict(Some(Reply::Missing)).is_err() && verdict(None).is_err());
    }
}
