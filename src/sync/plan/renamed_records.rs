//! Whether known records have the same names as before: another hotel's mirror has small numbers as
//! ids too, but they belong to other people.

use crate::crm::contact_match::same_name;
use crate::domain::messages::SyncMessage;
use crate::domain::record::Kind;
use crate::state::PlanRecord;

/// So many last names may change at once, by marriage or by a correction.
const CORRECTED: u64 = 2;

/// How many records could be compared, and how many of them have another name than before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Tally {
    pub(super) compared: u64,
    pub(super) other: u64,
}

/// Changes of the names of known records of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct NameChanges {
    /// How many records with an object have another name.
    other: u64,
    /// Records without an object, or detached from it.
    unlinked: Tally,
}

impl NameChanges {
    /// Counts a record that is in the mirror.
    pub(super) fn compare(&mut self, kind: Kind, stored: &PlanRecord, display_name: &str) {
        if says_nothing(&stored.display_name) || says_nothing(display_name) {
            return;
        }
        let other = u64::from(is_other(kind, &stored.display_name, display_name));
        if stored.crm_id.is_some() {
            self.other += other;
        } else {
            self.unlinked.compared += 1;
            self.unlinked.other += other;
        }
    }

    /// The records that count: those with an object, or all others if none has an object because
    /// `reset-id` detached all. `linked` has those too whose rows were not read: they are
    /// unchanged.
    pub(super) fn tally(&self, linked: u64) -> Tally {
        if linked > 0 { Tally { compared: linked, other: self.other } } else { self.unlinked }
    }
}

impl Tally {
    /// Whether so many have other names that they must be other records: of bookings more than a
    /// tenth, because their numbers do not change; of people more than half, and more than two.
    pub(super) fn looks_foreign(self, kind: Kind) -> bool {
        match kind {
            Kind::Booking => self.other * 10 > self.compared,
            Kind::Guest | Kind::Company => self.other > CORRECTED && self.other * 2 > self.compared,
        }
    }
}

/// A name that is missing, or was never read correctly, cannot be compared.
fn says_nothing(name: &str) -> bool {
    name.trim().is_empty() || name.contains('\u{fffd}')
}

fn is_other(kind: Kind, before: &str, now: &str) -> bool {
    match kind {
        Kind::Booking => before.trim() != now.trim(),
        Kind::Guest | Kind::Company => !same_name(before, now),
    }
}

/// Why the mirror is refused, and what to do.
pub(super) fn renamed_mirror(kind: Kind, tally: Tally) -> SyncMessage {
    let Tally { compared, other } = tally;
    let renamed = match kind {
        Kind::Booking => SyncMessage::OtherNumbers { other, compared },
        Kind::Guest => SyncMessage::OtherLastNames { other, compared },
        Kind::Company => SyncMessage::OtherCompanyNames { other, compared },
    };
    SyncMessage::RenamedMirror { renamed: renamed.into(), other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_missing_or_was_not_read_right_tells_nothing() {
        let mut names = NameChanges::default();
        let mut see = |before: &str, now: &str| {
            let known = PlanRecord { display_name: before.into(), ..PlanRecord::default() };
            names.compare(Kind::Guest, &known, now);
            names.tally(0)
        };
        for (before, now) in
            [("Белова", " "), ("", "Белова"), ("Бел\u{fffd}", "Белова"), ("Белова", "\u{fffd}")]
        {
            assert_eq!(see(before, now), Tally::default(), "{before} {now}");
        }
        assert_eq!(see("Белова", " БЕЛОВА"), Tally { compared: 1, other: 0 });
        assert_eq!(see("Белова", "Чернова"), Tally { compared: 2, other: 1 });
    }

    #[test]
    fn a_tenth_of_other_numbers_or_more_than_half_of_other_names_is_another_hotel() {
        let looks_foreign = |kind, other, compared| Tally { compared, other }.looks_foreign(kind);
        assert!(looks_foreign(Kind::Booking, 1, 9) && !looks_foreign(Kind::Booking, 1, 10));
        for kind in [Kind::Guest, Kind::Company] {
            assert!(looks_foreign(kind, 3, 5) && !looks_foreign(kind, 3, 6), "{kind}");
            assert!(!looks_foreign(kind, 2, 3), "{kind}");
        }
    }
}
