//! More bookings gone at once than is likely: none is deleted until somebody says that it is right.

use std::fmt;

use anyhow::Result;

use super::{Plan, Step};
use crate::record::Kind;
use crate::say;

/// Deletions that were taken out of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeldBack {
    /// Bookings that are gone.
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
            self.held_back = Some(HeldBack { gone, most });
        }
        Ok(())
    }
}

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HeldBack { gone, most } = self;
        f.write_str(&say!(
            "из Ecvi разом исчезло заявок: {gone}, а удалять за раз разрешено не больше {most}; сделки не удалены. Посмотреть, что исчезло: ecvi-b24 sync --dry-run --max-deletes {gone}. Если так и должно быть: ecvi-b24 sync --max-deletes {gone}",
            "bookings gone from Ecvi at once: {gone}, and at most {most} may be deleted in one go; no deal was deleted. To see what is gone: ecvi-b24 sync --dry-run --max-deletes {gone}. If that is right: ecvi-b24 sync --max-deletes {gone}"
        ))
    }
}
