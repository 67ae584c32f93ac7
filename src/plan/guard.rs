//! More gone at once than is likely: no deal is deleted, and nobody leaves a deal, until somebody says that it is right.
//!
//! A mirror that is filled row by row is seen in the middle of it now and then.

use std::fmt;

use anyhow::Result;

use super::{Plan, Step};
use crate::record::Kind;
use crate::say;

/// What is gone and counts as being there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeldBack {
    /// Of this kind.
    pub kind: Kind,
    /// So many are gone.
    pub gone: u64,
    /// As many may go in one pass.
    pub most: u64,
}

impl Plan {
    /// Takes the deletions out of the plan where they are more than `most`.
    pub fn hold_back(&mut self, most: u64) -> Result<()> {
        let gone = self.queue.count(Kind::Booking, Step::Delete)?;
        if gone > most {
            self.queue.drop_deletions()?;
            self.held_back.push(HeldBack { kind: Kind::Booking, gone, most });
        }
        Ok(())
    }

    /// What is held back, in words.
    pub fn notice(&self) -> Option<String> {
        let said: Vec<String> = self.held_back.iter().map(ToString::to_string).collect();
        (!said.is_empty()).then(|| said.join(". "))
    }
}

impl HeldBack {
    /// Guests or companies of whom more than `most`, and more than a tenth, are gone since the last pass. A table that
    /// is empty is refused altogether.
    pub(super) fn people(kind: Kind, rows: u64, before: u64, most: u64) -> Option<HeldBack> {
        let gone = before.saturating_sub(rows);
        let unlikely = kind != Kind::Booking && rows > 0 && gone > most && gone * 10 > before;
        unlikely.then_some(HeldBack { kind, gone, most })
    }
}

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HeldBack { kind, gone, most } = self;
        let kept = match kind {
            Kind::Guest => say!(
                "из Ecvi разом исчезло гостей: {gone}, это больше {most}; в сделках они оставлены",
                "guests gone from Ecvi at once: {gone}, more than {most}; their deals keep them"
            ),
            Kind::Company => say!(
                "из Ecvi разом исчезло компаний: {gone}, это больше {most}; в сделках они оставлены",
                "companies gone from Ecvi at once: {gone}, more than {most}; their deals keep them"
            ),
            Kind::Booking => say!(
                "из Ecvi разом исчезло заявок: {gone}, а удалять за раз разрешено не больше {most}; сделки не удалены",
                "bookings gone from Ecvi at once: {gone}, and at most {most} may be deleted in one go; no deal was deleted"
            ),
        };
        f.write_str(&say!(
            "{kept}. Посмотреть, что исчезло: ecvi-b24 sync --dry-run --max-deletes {gone}. Если так и должно быть: ecvi-b24 sync --max-deletes {gone}",
            "{kept}. To see what is gone: ecvi-b24 sync --dry-run --max-deletes {gone}. If that is right: ecvi-b24 sync --max-deletes {gone}"
        ))
    }
}
