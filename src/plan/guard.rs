//! More gone at once than is likely: no deal is deleted, and nobody leaves a deal, until somebody says that it is right.
//!
//! A mirror that is filled row by row is seen in the middle of it now and then. One of which no booking is known may be
//! another hotel's: nothing is sent then.

use std::collections::HashSet;
use std::fmt;

use anyhow::{Result, bail};

use super::{Plan, Planned, Rules, Step, by_either_type, names};
use crate::mirror::Mirror;
use crate::record::Kind;
use crate::say;
use crate::state::State;

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
    /// A plan in which no more records than `most` go at once; people may where they are less than a tenth of all, or
    /// no booking names them.
    ///
    /// # Errors
    /// As [`Plan::draw`]; and a mirror of which no booking is known, while more than `most` are missing.
    pub fn guarded(mirror: &Mirror, state: &State, mut rules: Rules, most: u64) -> Result<Plan> {
        let mut plan = Plan::draw(mirror, state, &rules)?;
        // What slid out of a window is not missing.
        let slid = rules.windows[Kind::Booking as usize];
        if !slid && plan.survey.is_strange(most) && !plan.knows_a_booking(state)? {
            bail!(strange(plan.survey.missing_bookings));
        }
        let people = plan.people_gone(most)?;
        if !people.is_empty() {
            // As with a window: what is missing is not gone.
            for held in &people {
                rules.windows[held.kind as usize] = true;
            }
            plan = Plan::draw(mirror, state, &rules)?;
            plan.held_back = people;
        }
        let gone = plan.queue.count(Kind::Booking, Step::Delete)?;
        if gone > most {
            plan.queue.drop_deletions()?;
            plan.held_back.push(HeldBack { kind: Kind::Booking, gone, most });
        }
        Ok(plan)
    }

    /// Guests or companies of whom more are gone at once than is likely.
    fn people_gone(&self, most: u64) -> Result<Vec<HeldBack>> {
        let mut held_back = Vec::new();
        for kind in [Kind::Guest, Kind::Company] {
            let gone = self.queue.count(kind, Step::Gone)?;
            let all = self.survey.rows[kind as usize] + gone;
            if gone > most && gone * 10 > all && self.names_gone(kind)? {
                held_back.push(HeldBack { kind, gone, most });
            }
        }
        Ok(held_back)
    }

    /// Whether a booking names somebody who is gone.
    fn names_gone(&self, kind: Kind) -> Result<bool> {
        let mut gone = HashSet::new();
        self.queue.each(kind, |planned| {
            if planned.step == Step::Gone {
                gone.extend(by_either_type((kind, planned.id.clone())));
            }
            Ok(())
        })?;
        let mut is_named = false;
        self.queue.each(Kind::Booking, |planned| {
            is_named |= names(planned.row.as_ref(), &gone);
            Ok(())
        })?;
        Ok(is_named)
    }

    /// Whether a booking of the mirror means one that was sent: with an id of another type, or by its `crm_id`.
    fn knows_a_booking(&self, state: &State) -> Result<bool> {
        let mut knows = false;
        self.queue.each(Kind::Booking, |Planned { kind, id, row, .. }| {
            if let (false, Some(row)) = (knows, row) {
                knows = state.knows(*kind, &id.to_string(), row.crm_id.unwrap_or_default())?;
            }
            Ok(())
        })?;
        Ok(knows)
    }

    /// What is held back, in words.
    pub fn notice(&self) -> Option<String> {
        let said: Vec<String> = self.held_back.iter().map(ToString::to_string).collect();
        (!said.is_empty()).then(|| said.join(". "))
    }
}

fn strange(missing: u64) -> String {
    say!(
        "похоже, это зеркало другого отеля: в нём нет ни одной из {missing} переданных заявок. Проверьте [mirror] path. Если в Ecvi все заявки действительно получили новые id, выполните ecvi-b24 sync --max-deletes {missing}: сделки будут созданы заново, а прежние удалены",
        "this looks like another hotel's mirror: not one of the {missing} bookings that were sent is in it. Check [mirror] path. If Ecvi really gave all bookings new ids, run ecvi-b24 sync --max-deletes {missing}: their deals are made anew, and the old ones deleted"
    )
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
