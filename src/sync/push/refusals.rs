//! What a refusal means: this record, or everything.
//!
//! A full disk or a plan that ended refuses every record with one text, in the portal's language.
//! Records that are refused are therefore held until the portal accepts something after them: then
//! each of them failed by itself. Where it accepts nothing any more and refuses several alike,
//! cards of ours that it took before are sent again unchanged ([`trial`]). When even those are
//! refused with the same text, no record is to blame: the run stops, and nobody is put aside.
//!
//! [`trial`]: super::trial

use std::collections::{HashMap, HashSet};

use super::{Push, WorkItem};
use crate::crm::objects::Object;
use crate::domain::failure_code::FailureCode;
use crate::domain::messages::SyncMessage;
use crate::domain::record::Kind;
use crate::domain::run_error::{Result, RunError};
use crate::portal::ApiError;
use crate::state::Operation;

/// So many refused records are held before it is found out what the portal accepts.
const MAX_HELD: usize = 50;
/// A text that was confirmed so often is believed at once for the rest of the run.
const CERTAIN_AFTER: u32 = 10;

/// A record that the portal refused.
pub(super) struct Refused {
    pub(super) item: WorkItem,
    pub(super) operation: Operation,
    pub(super) refusal: ApiError,
    /// The same as it may be printed: without what it says of a person.
    pub(super) printable: ApiError,
    /// The portal accepted another record after it.
    pub(super) disproved: bool,
}

impl Refused {
    /// The fields of its card that no portal saves.
    fn unsavable_fields(&self) -> Vec<&'static str> {
        self.item.object.as_ref().map(Object::unsavable_fields).unwrap_or_default()
    }
}

/// What becomes of held records where the portal has no card of ours to try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum WithoutTrial {
    /// They stay held until more is known.
    KeepHolding,
    /// The run ends: what refuses them may refuse everything.
    EndRun,
}

/// What was learned of refusals in this run.
#[derive(Default)]
pub(super) struct Refusals {
    /// Refused, and nothing was accepted since.
    held: Vec<Refused>,
    /// How often each text came for a call that was alone in its batch.
    confirmed: HashMap<String, u32>,
}

impl Refusals {
    /// The only call of its batch was refused so: nobody else's text.
    pub(super) fn count_confirmed(&mut self, refusal: &ApiError) {
        *self.confirmed.entry(refusal.to_string()).or_default() += 1;
    }

    /// Whether the text may be that of an earlier command of the batch, which a portal does not
    /// forget (docs/bitrix24.md, The answer).
    pub(super) fn may_be_repeated(
        &self,
        refusal: &ApiError,
        earlier: &mut HashSet<String>,
    ) -> bool {
        let text = refusal.to_string();
        let is_certain = self.confirmed.get(&text).is_some_and(|times| *times >= CERTAIN_AFTER);
        !earlier.insert(text) && !is_certain
    }

    /// This refusal as it may be printed: hidden where it repeats what was sent for any of the
    /// records it came for.
    fn printable_form(&self, common: &ApiError) -> ApiError {
        let mut forms =
            self.held.iter().filter(|held| held.refusal == *common).map(|held| &held.printable);
        forms.find(|printable| *printable != common).unwrap_or(common).clone()
    }

    /// Whether a record is held that has this object.
    pub(super) fn holds(&self, kind: Kind, crm_id: i64) -> bool {
        let mut items = self.held.iter().map(|held| &held.item);
        items.any(|item| item.kind() == kind && item.crm_id() == Some(crm_id))
    }

    /// The kind of the record that was refused first.
    pub(super) fn first_kind(&self) -> Option<Kind> {
        self.held.first().map(|held| held.item.kind())
    }

    /// Whether each held record has a card that no portal saves, and no text speaks of the portal.
    fn are_explained(&self) -> bool {
        self.held
            .iter()
            .all(|held| !held.unsavable_fields().is_empty() && !names_the_portal(&held.refusal))
    }

    /// The refusal that several records were held for, or that says itself that it concerns
    /// everything.
    fn common_refusal(&self) -> Option<&ApiError> {
        if let Some(held) = self.held.iter().find(|held| names_the_portal(&held.refusal)) {
            return Some(&held.refusal);
        }
        let most_common = self.held.iter().max_by_key(|held| self.count_held_for(&held.refusal))?;
        let refusal = &most_common.refusal;
        if self.count_held_for(refusal) > 1 { Some(refusal) } else { None }
    }

    fn count_held_for(&self, refusal: &ApiError) -> usize {
        self.held.iter().filter(|held| held.refusal == *refusal).count()
    }
}

impl Push<'_, '_> {
    /// Holds what was refused until it is clear whether the records are to blame.
    pub(super) fn hold_refused(&mut self, refused: Vec<Refused>) -> Result<()> {
        let (failed, open): (Vec<_>, Vec<_>) =
            refused.into_iter().partition(|refused| refused.disproved);
        self.fail_refused(failed)?;
        self.refusals.held.extend(open);
        if self.refusals.held.len() >= MAX_HELD {
            self.judge_held(WithoutTrial::EndRun)
        } else {
            Ok(())
        }
    }

    /// The portal accepted something: what was refused before that failed by itself.
    pub(super) fn fail_held(&mut self) -> Result<()> {
        let held = std::mem::take(&mut self.refusals.held);
        self.fail_refused(held)
    }

    fn fail_refused(&mut self, failed: Vec<Refused>) -> Result<()> {
        for refused in failed {
            let unsavable = refused.unsavable_fields().join(", ");
            let Refused { item, operation, refusal, .. } = refused;
            let (code, message) = match (refusal.is_access_denied(), unsavable) {
                (true, _) => (FailureCode::AccessDenied, refusal.to_string()),
                (false, fields) if fields.is_empty() => {
                    (FailureCode::PortalRefused, refusal.to_string())
                }
                (false, fields) => (FailureCode::BadContactInCrm, format!("{fields}: {refusal}")),
            };
            self.fail(&item, code, operation, &message)?;
        }
        Ok(())
    }

    /// Finds out whether the held records are to blame.
    ///
    /// # Errors
    /// A [`RunError`], when the portal refuses everything.
    pub(super) fn judge_held(&mut self, without_trial: WithoutTrial) -> Result<()> {
        let Some(common) = self.refusals.common_refusal().cloned() else {
            return match without_trial {
                WithoutTrial::EndRun => self.fail_held(),
                WithoutTrial::KeepHolding => Ok(()),
            };
        };
        match (self.refuses_what_it_took(&common)?, without_trial) {
            (Some(false), _) => self.fail_held(),
            (None, WithoutTrial::KeepHolding) => Ok(()),
            (None, WithoutTrial::EndRun) if self.refusals.are_explained() => self.fail_held(),
            (Some(true), _) | (None, WithoutTrial::EndRun) => {
                let printable = self.refusals.printable_form(&common);
                Err(refuses_everything(&printable))
            }
        }
    }
}

/// Words of refusals that concern the portal. They are no proof: a field of a card may be called
/// so.
fn names_the_portal(refusal: &ApiError) -> bool {
    let words =
        ["disk", "диск", "quota", "квот", "тариф", "подписк", "subscription", "licen", "лиценз"];
    let text = refusal.text.to_lowercase();
    words.iter().any(|word| text.contains(word))
}

fn refuses_everything(refusal: &ApiError) -> RunError {
    RunError::refused(SyncMessage::EverythingRefused { refusal: refusal.message().into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::{RecordId, RecordKey};
    use crate::state::StoredRecord;
    use crate::sync::plan::{Planned, Priority, Step};

    fn refusal(text: &str) -> ApiError {
        ApiError::new("", text)
    }

    /// Guests that were refused with these texts, of which each may be printed as the second one.
    fn refusals(texts: &[(&str, &str)]) -> Refusals {
        let held = texts.iter().map(|(text, printable)| {
            let key = RecordKey::new(Kind::Guest, RecordId::Number(1));
            let planned = Planned::new(key, Step::Update, Priority::Changes, None);
            Refused {
                item: WorkItem::new(planned, StoredRecord::default()),
                operation: Operation::Update,
                refusal: refusal(text),
                printable: refusal(printable),
                disproved: false,
            }
        });
        Refusals { held: held.collect(), ..Refusals::default() }
    }

    #[test]
    fn a_text_that_came_ten_times_for_a_single_call_is_believed_at_once() {
        let mut refusals = Refusals::default();
        let is_believed_again = |refusals: &Refusals| {
            let mut earlier = HashSet::new();
            assert!(!refusals.may_be_repeated(&refusal("no"), &mut earlier));
            !refusals.may_be_repeated(&refusal("no"), &mut earlier)
        };
        for _ in 0..9 {
            refusals.count_confirmed(&refusal("no"));
        }
        assert!(!is_believed_again(&refusals));
        refusals.count_confirmed(&refusal("no"));
        assert!(is_believed_again(&refusals));
    }

    #[test]
    fn several_alike_or_words_about_the_portal_may_concern_everything() {
        let common = |texts: &[(&str, &str)]| refusals(texts).common_refusal().cloned();
        assert_eq!(common(&[]), None);
        assert_eq!(common(&[("a", "a"), ("b", "b")]), None);
        assert_eq!(common(&[("a", "a"), ("b", "b"), ("a", "a")]), Some(refusal("a")));
        assert_eq!(common(&[("a", "a"), ("Disk", "Disk"), ("a", "a")]), Some(refusal("Disk")));
    }

    #[test]
    fn what_was_hidden_for_one_of_the_records_is_hidden() {
        let printed = |texts: &[(&str, &str)]| refusals(texts).printable_form(&refusal("a"));
        assert_eq!(printed(&[("a", "a"), ("a", "*")]), refusal("*"));
        assert_eq!(printed(&[("a", "a"), ("b", "*")]), refusal("a"));
    }
}
