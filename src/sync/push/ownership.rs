//! Whose an object is: nothing is changed or deleted that does not carry the record's own mark,
//! `ORIGINATOR_ID` and `ORIGIN_ID` both, unless it is known to be shared after a merge.

use super::{Push, WorkItem};
use crate::config::OnMissing;
use crate::crm::objects::Object;
use crate::domain::failure_code::FailureCode;
use crate::domain::record::{RecordId, RecordKey};
use crate::domain::run_error::Result;
use crate::state::{Event, Operation, State, StoredRecord, Writer};
use crate::sync::plan::{Planned, Step};
use crate::sync::push::missing_object::MissingResolution;

/// Whose an object is, seen from a record that holds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Owner {
    /// The record's own: it has the record's origin, or nothing was written into it yet.
    Record,
    /// Another record's. The portal used the id again after it was restored from a backup: the
    /// record's own object is gone.
    AnotherRecord,
    /// Not known. People may have removed the origin, or the id belongs to another object now.
    Unknown,
}

/// The owner of this object, by the state. An object to which nothing was sent has no origin of
/// ours yet.
pub(crate) fn owner_of(
    state: &State,
    originator: &str,
    key: &RecordKey,
    record: &StoredRecord,
    object: &Object,
) -> Result<Owner> {
    let is_ours = object.originator == originator;
    if carries_mark(originator, &key.id, object)
        || !record.carries_origin
        || (record.shared && is_ours)
    {
        return Ok(Owner::Record);
    }
    let is_known = is_ours
        && !object.origin.is_empty()
        && state.find_by_origin(key.kind, &object.origin)?.is_some();
    Ok(if is_known { Owner::AnotherRecord } else { Owner::Unknown })
}

/// Whether an object carries the mark of this record, both parts of it.
pub(crate) fn carries_mark(originator: &str, id: &RecordId, object: &Object) -> bool {
    object.originator == originator && object.origin == id.to_string()
}

impl Push<'_, '_> {
    /// Whether the object is the record's to change. What is not goes no further.
    pub(super) fn check_ownership(&mut self, item: WorkItem) -> Result<Option<WorkItem>> {
        let Some(object) = &item.object else { return self.check_takeover(item) };
        let originator = &self.config.portal.originator;
        match owner_of(self.state, originator, item.key(), &item.record, object)? {
            Owner::Record => self.check_takeover(item),
            Owner::AnotherRecord => {
                self.replan_without_object(&item, object.crm_id)?;
                Ok(None)
            }
            Owner::Unknown => {
                let message = format!("{} {} {}", object.crm_id, object.originator, object.origin);
                self.fail(&item, FailureCode::NotOurs, Operation::Update, message.trim())?;
                Ok(None)
            }
        }
    }

    /// Whether what the search by origin found, perhaps hours ago, still carries the record's mark.
    pub(super) fn is_still_marked(&self, item: &WorkItem) -> bool {
        let Some(object) = &item.object else { return true };
        !item.is_taken_over || carries_mark(&self.config.portal.originator, item.id(), object)
    }

    /// What is to be done with a record that has no object any more; none where it failed or waits.
    pub(super) fn step_without_object(
        &mut self,
        item: &WorkItem,
        crm_id: i64,
    ) -> Result<Option<Step>> {
        if self.config.sync.on_missing == OnMissing::Fail {
            self.fail(item, FailureCode::ObjectMissing, Operation::Update, &crm_id.to_string())?;
            return Ok(None);
        }
        Ok(match self.resolve_missing(item.key(), &item.record, item.row())? {
            MissingResolution::Relinked(_) => Some(Step::Update),
            MissingResolution::Released => Some(Step::Create),
            MissingResolution::Deferred => None,
            MissingResolution::Refused(refusal) => {
                let refusal = refusal.to_string();
                self.fail(item, FailureCode::PortalRefused, Operation::Update, &refusal)?;
                None
            }
            MissingResolution::Unreadable(reason) => {
                self.fail(item, FailureCode::CardUnreadable, Operation::Update, &reason)?;
                None
            }
        })
    }

    /// The record's object is gone, and its id belongs to another record: the step is planned
    /// again.
    fn replan_without_object(&mut self, item: &WorkItem, crm_id: i64) -> Result<()> {
        let Some(step) = self.step_without_object(item, crm_id)? else { return Ok(()) };
        Ok(self.queue.add(&Planned { step, ..item.planned.clone() })?)
    }

    /// A new object got this id, so every other record with this id has lost its object: a portal
    /// uses an id twice only after it was restored from a backup.
    pub(super) fn take_from_others(
        &self,
        writer: &Writer<'_>,
        key: &RecordKey,
        crm_id: i64,
    ) -> Result<()> {
        let now = self.client.clock().now();
        for other in
            self.state.records_of_object(key.kind, crm_id)?.into_iter().filter(|other| other != key)
        {
            log::info!("{other}: object {crm_id} was given out anew");
            writer.mark_missing_in_crm(&other)?;
            writer.log_event(&other, Event::Missing, Some(crm_id), "", now)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::Kind;

    #[test]
    fn an_object_is_another_records_only_where_its_mark_is_one_of_ours_that_is_known() {
        let guest = |id| RecordKey::new(Kind::Guest, RecordId::Number(id));
        let state = State::in_memory().unwrap();
        let writer = state.writer().unwrap();
        writer.insert_if_missing(&guest(2), "").unwrap();
        writer.link_by_origin(&guest(2), 8).unwrap();
        writer.commit().unwrap();
        let owner = |originator: &str, origin: &str, carries_origin, shared| {
            let record = StoredRecord { carries_origin, shared, ..StoredRecord::default() };
            let object = Object {
                originator: originator.into(),
                origin: origin.into(),
                ..Object::default()
            };
            owner_of(&state, "ECVI", &guest(1), &record, &object).unwrap()
        };
        assert_eq!(owner("ECVI", "1", true, false), Owner::Record);
        assert_eq!(owner("OTHER", "2", false, false), Owner::Record);
        assert_eq!(owner("ECVI", "2", true, true), Owner::Record);
        assert_eq!(owner("ECVI", "2", true, false), Owner::AnotherRecord);
        assert_eq!(owner("OTHER", "2", true, true), Owner::Unknown);
        assert_eq!(owner("OTHER", "2", true, false), Owner::Unknown);
        assert_eq!(owner("OTHER", "1", true, false), Owner::Unknown);
        assert_eq!(owner("ECVI", "3", true, false), Owner::Unknown);
    }
}
