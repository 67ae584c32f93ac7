//! Cards that are gone while their records have no turn of their own: their rows cannot be read,
//! lie outside of a window, or wait for their next attempt.
//!
//! Bookings come upon such a card in every run. It is looked for again after pauses that grow as
//! those of a failed record do.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Push;
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::domain::run_error::Result;
use crate::state::settings::Setting;
use crate::state::{LONGEST_PAUSE, is_pause_over};

/// What is remembered of them from run to run.
const GONE_CARDS: Setting<GoneCards> = Setting::new("gone_cards");

/// So many cards of a kind are remembered. Where somebody deleted more than these, the others are
/// looked for in every run.
const MOST: usize = 1_000;

/// The cards that were looked for in vain, by [`Kind`] and id.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct GoneCards(PerKind<BTreeMap<i64, Absence>>);

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Absence {
    since: DateTime<Utc>,
    /// It is not looked for before.
    until: DateTime<Utc>,
}

impl GoneCards {
    /// It was looked for, and it is gone.
    fn note(&mut self, kind: Kind, crm_id: i64, retry_after: Duration, now: DateTime<Utc>) {
        let cards = &mut self.0[kind];
        if cards.len() >= MOST && !cards.contains_key(&crm_id) {
            return;
        }
        let since = cards.get(&crm_id).map_or(now, |absence| absence.since);
        let shortest = TimeDelta::from_std(retry_after).unwrap_or(LONGEST_PAUSE);
        let pause = (now - since).clamp(shortest.min(LONGEST_PAUSE), LONGEST_PAUSE);
        cards.insert(crm_id, Absence { since, until: now + pause });
    }

    /// Whether a card is not looked for yet.
    pub(super) fn has(&self, kind: Kind, crm_id: i64, now: DateTime<Utc>) -> bool {
        let absence = self.0[kind].get(&crm_id);
        absence.is_some_and(|absence| !is_pause_over(absence.until, now))
    }
}

impl Push<'_, '_> {
    /// What is remembered of cards that are still some record's.
    pub(super) fn load_gone_cards(&mut self) -> Result<()> {
        let GoneCards(remembered) = self.state.get(&GONE_CARDS)?.unwrap_or_default();
        for kind in Kind::DISPLAY_ORDER {
            for (crm_id, absence) in &remembered[kind] {
                if !self.state.records_of_object(kind, *crm_id)?.is_empty() {
                    self.gone_cards.0[kind].insert(*crm_id, *absence);
                }
            }
        }
        Ok(())
    }

    /// A booking came upon a card that is gone, and nothing comes of it before its record's own
    /// turn.
    pub(super) fn note_gone_card(&mut self, kind: Kind, crm_id: i64) -> Result<()> {
        let now = self.client.clock().now();
        self.gone_cards.note(kind, crm_id, self.config.sync.retry_after, now);
        Ok(self.state.set(&GONE_CARDS, &self.gone_cards)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_that_is_gone_is_looked_for_after_pauses_that_double_up_to_a_day() {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let mut cards = GoneCards::default();
        let mut now = start;
        let mut pauses = Vec::new();
        for _ in 0..10 {
            cards.note(Kind::Company, 7, Duration::from_secs(15 * 60), now);
            let until = cards.0[Kind::Company][&7].until;
            assert!(cards.has(Kind::Company, 7, now) && !cards.has(Kind::Company, 7, until));
            assert!(!cards.has(Kind::Company, 8, now) && !cards.has(Kind::Guest, 7, now));
            pauses.push((until - now).num_minutes());
            now = until;
        }
        assert_eq!(pauses, [15, 15, 30, 60, 120, 240, 480, 960, 1440, 1440]);
        assert!(!cards.has(Kind::Company, 7, start - TimeDelta::days(1)));
    }
}
