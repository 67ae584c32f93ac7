//! Guards against mass disappearance: no deal is deleted and nobody is taken off a deal until an administrator confirms
//! it.
//!
//! A mirror that is filled row by row is now and then seen half full. One in which no record is known may be another
//! hotel's: nothing is sent then.

use std::collections::HashSet;
use std::fmt;

use anyhow::{Result, bail};

use super::{Plan, Planned, Rules, Step, by_either_type, names};
use crate::mirror::Mirror;
use crate::record::{Id, Kind};
use crate::state::State;
use crate::{say, words};

/// What is gone and counts as being there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeldBack {
    /// Of this kind.
    pub kind: Kind,
    /// So many are gone.
    pub gone: u64,
    /// At most so many may go in one pass.
    pub most: u64,
    /// Why.
    pub why: Why,
}

/// Why somebody who is gone counts as being there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// More are gone than is likely.
    Many,
    /// There are rows without a usable id, which may be theirs.
    Unnamed,
}

impl Plan {
    /// Draws the plan and holds back disappearances above `most`. People are exempt if fewer than a tenth are gone or no
    /// booking names them.
    ///
    /// # Errors
    /// As [`Plan::draw`]; and a mirror of which no record of a kind is known, while more than `most` are missing.
    pub fn guarded(mirror: &Mirror, state: &State, mut rules: Rules, most: u64) -> Result<Plan> {
        let mut plan = Plan::draw(mirror, state, &rules)?;
        for kind in Kind::SHOWN {
            // What slid out of a window is not missing, and what has no usable id may be what is.
            let slid = rules.windows[kind as usize] || plan.unnamed[kind as usize];
            if !slid && plan.survey.is_strange(kind, most) && !plan.knows_any(kind, state)? {
                bail!(strange(kind, plan.survey.missing[kind as usize]));
            }
        }
        let mut held_back = plan.perhaps_unnamed(most)?;
        held_back.extend(plan.people_gone(most)?);
        if !held_back.is_empty() {
            // As with a window: what is missing is not gone.
            for held in &held_back {
                rules.windows[held.kind as usize] = true;
            }
            plan = Plan::draw(mirror, state, &rules)?;
            plan.held_back = held_back;
        }
        if rules.bookings_from.is_some() {
            plan.spare_renamed(mirror, most)?;
        }
        let gone = plan.going(Kind::Booking, Step::Delete, most)?;
        if gone > most {
            plan.queue.drop_deletions()?;
            plan.held_back.push(HeldBack { kind: Kind::Booking, gone, most, why: Why::Many });
        }
        Ok(plan)
    }

    /// Whoever is gone where rows have no usable id.
    fn perhaps_unnamed(&self, most: u64) -> Result<Vec<HeldBack>> {
        let mut held_back = Vec::new();
        for kind in Kind::SHOWN.into_iter().filter(|kind| self.unnamed[*kind as usize]) {
            let gone = self.queue.count(kind, Step::Gone)? + self.queue.count(kind, Step::Delete)?;
            if gone > 0 {
                held_back.push(HeldBack { kind, gone, most, why: Why::Unnamed });
            }
        }
        Ok(held_back)
    }

    /// Guests or companies of whom more are gone at once than is likely.
    fn people_gone(&self, most: u64) -> Result<Vec<HeldBack>> {
        let mut held_back = Vec::new();
        for kind in [Kind::Guest, Kind::Company].into_iter().filter(|kind| !self.unnamed[*kind as usize]) {
            let gone = self.going(kind, Step::Gone, most)?;
            let all = self.survey.rows[kind as usize] + gone;
            if gone > most && gone * 10 > all && self.names_gone(kind)? {
                held_back.push(HeldBack { kind, gone, most, why: Why::Many });
            }
        }
        Ok(held_back)
    }

    /// A booking older than `bookings_from` whose id only changed type keeps its deal: its row needs no step, so nothing
    /// in the plan shows that it is still there. The search ends once more than `most` are really gone.
    fn spare_renamed(&self, mirror: &Mirror, most: u64) -> Result<()> {
        let (mut going, mut spared) = (0, Vec::new());
        self.queue.each(Kind::Booking, |planned| {
            let Some(namesake) = planned.id.namesake().filter(|_| planned.step == Step::Delete) else {
                return Ok(());
            };
            if going > most || self.comes(Kind::Booking, &namesake)? {
                return Ok(());
            }
            if mirror.has(Kind::Booking, &namesake)? {
                spared.push(planned.clone());
            } else {
                going += 1;
            }
            Ok(())
        })?;
        for planned in spared {
            self.queue.add(&Planned { step: Step::Forget, ..planned })?;
        }
        Ok(())
    }

    /// How many records take this step. Above `most`, those whose id only changed type are not counted.
    fn going(&self, kind: Kind, step: Step, most: u64) -> Result<u64> {
        let all = self.queue.count(kind, step)?;
        if all <= most {
            return Ok(all);
        }
        let mut going = 0;
        self.queue.each(kind, |planned| {
            if planned.step == step {
                let namesake = planned.id.namesake();
                let is_renamed = namesake.map(|id| self.comes(kind, &id)).transpose()? == Some(true);
                going += u64::from(!is_renamed);
            }
            Ok(())
        })?;
        Ok(going)
    }

    /// Whether a step is planned for a row of this record.
    fn comes(&self, kind: Kind, id: &Id) -> Result<bool> {
        Ok(self.queue.has(kind, id)? && !self.queue.is_gone(kind, id)?)
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

    /// Whether a row of the mirror means a record that was sent: with an id of another type, or by its `crm_id`.
    fn knows_any(&self, kind: Kind, state: &State) -> Result<bool> {
        let mut knows = false;
        self.queue.each(kind, |Planned { kind, id, row, .. }| {
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
        (!said.is_empty()).then(|| said.join("; "))
    }
}

fn strange(kind: Kind, missing: u64) -> String {
    let records = words::plural(kind);
    say!(
        "похоже, это зеркало другого отеля: в нём нет ни одной из переданных записей ({records}: {missing}). Проверьте [mirror] path. Если в Ecvi все они действительно получили новые id, выполните ecvi-b24 sync --max-deletes {missing}: объекты будут созданы заново, прежние сделки удалены. Если прежние просто ушли из зеркала и должны остаться в CRM: ecvi-b24 reset-id {kind} --all",
        "this looks like another hotel's mirror: none of what was sent is in it ({records}: {missing}). Check [mirror] path. If Ecvi really gave all of them new ids, run ecvi-b24 sync --max-deletes {missing}: objects are made anew, and old deals deleted. If the old ones only left the mirror and are to stay in the CRM: ecvi-b24 reset-id {kind} --all"
    )
}

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HeldBack { kind, gone, most, why } = self;
        if *why == Why::Unnamed {
            let kind = words::plural(*kind);
            return f.write_str(&say!(
                "в зеркале Ecvi у записей негодный id (BAD_ID; {kind}), а прежних нет: {gone}. Может быть, это они: пока id не исправлены, ничего не удаляется",
                "rows of the mirror have no usable id (BAD_ID; {kind}), and {gone} that were there are not. They may be the same: until the ids are corrected, nothing is deleted"
            ));
        }
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
