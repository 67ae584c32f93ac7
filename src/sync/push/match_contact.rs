//! Cards of people and companies that were in the CRM before this program: found by phone and
//! e-mail, where the configuration says to look for them.

use std::collections::HashSet;

use super::{Push, WorkItem};
use crate::domain::failure_code::FailureCode;
use crate::domain::issue_detail::IssueDetail;
use crate::domain::record::Kind;
use crate::domain::run_error::Result;
use crate::domain::warning::Warning;
use crate::state::Operation;
use crate::sync::card_lookup::{ContactMatch, Seeker};
use crate::sync::plan::Step;

impl Push<'_, '_> {
    /// Takes over cards that were in the CRM before this program, where the configuration says to
    /// look for them.
    pub(super) fn match_by_contact(
        &mut self,
        kind: Kind,
        items: Vec<WorkItem>,
    ) -> Result<Vec<WorkItem>> {
        let claimed: HashSet<i64> = items.iter().filter_map(WorkItem::crm_id).collect();
        let seekers: Vec<Seeker<'_>> =
            items.iter().filter(|item| item.seeks_card()).map(WorkItem::seeker).collect();
        let mut matches = self.lookup().match_by_contact(kind, &seekers, claimed)?;
        let mut ready = Vec::new();
        for mut item in items {
            match matches.remove(item.id()) {
                None => {}
                Some(ContactMatch::Card(object)) => {
                    item.take_over(object.crm_id);
                    item.object = Some(object);
                }
                Some(ContactMatch::Doubtful(cards)) => {
                    let message = IssueDetail::Cards(cards).to_string();
                    item.warnings.push(Warning { code: FailureCode::DoubtfulMatch, message });
                }
                Some(ContactMatch::Refused(refusal)) => {
                    let refusal = refusal.to_string();
                    self.fail(&item, FailureCode::PortalRefused, Operation::Create, &refusal)?;
                    continue;
                }
            }
            ready.push(item);
        }
        Ok(ready)
    }
}

impl WorkItem {
    fn seeks_card(&self) -> bool {
        self.planned.step == Step::Create && self.object.is_none()
    }
}
