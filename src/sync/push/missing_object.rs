//! Objects that are missing in the CRM: deleted, merged into another, or restored with a new id.
//!
//! They are found again by their origin, then by one clear match of phone or e-mail with the same
//! last name or title (the card that is left after a merge has both). Else the record is created
//! again, with a warning that names the similar cards, or reported, as `on_missing` says.

use super::Push;
use crate::config::OnMissing;
use crate::crm::objects::by_origin;
use crate::domain::record::RecordKey;
use crate::domain::run_error::Result;
use crate::mirror::Row;
use crate::portal::ApiError;
use crate::state::{Event, StoredRecord};
use crate::sync::card_lookup::Seeker;

/// What becomes of a record whose object is gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum MissingResolution {
    /// It is on this object from now on.
    Relinked(Relinked),
    /// It is created anew.
    Released,
    /// Its own turn decides.
    Deferred,
    /// The portal does not look for its phone or e-mail.
    Refused(ApiError),
    /// The portal cannot say whether another object carries its mark.
    Unreadable(String),
}

impl MissingResolution {
    /// For the log. What the portal said is left out: it may repeat somebody's phone.
    fn words(&self) -> &'static str {
        match self {
            MissingResolution::Relinked(Relinked { is_marked: true, .. }) => {
                "another one carries its mark"
            }
            MissingResolution::Relinked(_) => "another one has its phone or e-mail",
            MissingResolution::Released => "it is created anew",
            MissingResolution::Deferred => "its own turn decides",
            MissingResolution::Refused(_) => "its phone or e-mail is not looked for",
            MissingResolution::Unreadable(_) => "its mark cannot be looked for",
        }
    }

    /// Whether the record stays on the object that is gone, for its own turn does not come with the
    /// next run, or changes nothing.
    pub(super) fn leaves_it_gone(&self, record: &StoredRecord) -> bool {
        match self {
            MissingResolution::Relinked(_) | MissingResolution::Released => false,
            MissingResolution::Deferred => record.plan_record.pending.resend,
            MissingResolution::Refused(_) | MissingResolution::Unreadable(_) => true,
        }
    }
}

/// The object that a record is on from now on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Relinked {
    pub(super) crm_id: i64,
    /// It was found by the record's own mark.
    pub(super) is_marked: bool,
}

impl Push<'_, '_> {
    /// The object of this record was looked for and is not there.
    pub(super) fn resolve_missing(
        &mut self,
        key: &RecordKey,
        record: &StoredRecord,
        row: Option<&Row>,
    ) -> Result<MissingResolution> {
        let Some(old) = record.plan_record.crm_id else { return Ok(MissingResolution::Released) };
        if row.is_none()
            && (self.config.sync.on_missing == OnMissing::Fail
                || !record.plan_record.pending.resend)
        {
            // A booking found it missing. The record's own step, with its row, decides in the next
            // run.
            let writer = self.state.writer()?;
            writer.resend(key)?;
            writer.commit()?;
            let resolution = MissingResolution::Deferred;
            log::debug!("{key}: object {old} is gone from the CRM; {}", resolution.words());
            return Ok(resolution);
        }
        let resolution = self.decide_missing(key, record, row, old)?;
        log::info!("{key}: object {old} is gone from the CRM; {}", resolution.words());
        match &resolution {
            MissingResolution::Relinked(found) => self.relink(key, old, *found)?,
            MissingResolution::Released => self.save_missing(key, old)?,
            MissingResolution::Deferred
            | MissingResolution::Refused(_)
            | MissingResolution::Unreadable(_) => {}
        }
        Ok(resolution)
    }

    /// From now on the record is on another object than the `old` one, found by its mark or
    /// otherwise.
    pub(super) fn relink(&self, key: &RecordKey, old: i64, found: Relinked) -> Result<()> {
        let Relinked { crm_id, is_marked } = found;
        let writer = self.state.writer()?;
        if is_marked {
            writer.link_by_origin(key, crm_id)?;
        } else {
            writer.link(key, crm_id)?;
        }
        writer.mark_dirty(key)?;
        writer.log_event(
            key,
            Event::Relinked,
            Some(crm_id),
            &old.to_string(),
            self.client.clock().now(),
        )?;
        Ok(writer.commit()?)
    }

    /// The object beside the `old` one that carries the record's mark, or why the portal cannot say
    /// it.
    pub(super) fn other_object_by_origin(
        &mut self,
        key: &RecordKey,
        old: i64,
    ) -> Result<Result<Option<i64>, String>> {
        let originator = &self.config.portal.originator;
        let mut marked =
            by_origin(self.client, key.kind, originator, std::slice::from_ref(&key.id))?;
        if let Some(reason) = marked.unclear.remove(&key.id) {
            return Ok(Err(reason));
        }
        Ok(Ok(marked
            .found
            .get(&key.id)
            .into_iter()
            .flatten()
            .copied()
            .find(|crm_id| *crm_id != old)))
    }

    /// From now on the record has no object.
    fn save_missing(&self, key: &RecordKey, old: i64) -> Result<()> {
        let writer = self.state.writer()?;
        writer.mark_missing_in_crm(key)?;
        writer.log_event(key, Event::Missing, Some(old), "", self.client.clock().now())?;
        Ok(writer.commit()?)
    }

    fn decide_missing(
        &mut self,
        key: &RecordKey,
        record: &StoredRecord,
        row: Option<&Row>,
        old: i64,
    ) -> Result<MissingResolution> {
        match self.other_object_by_origin(key, old)? {
            Ok(Some(crm_id)) => {
                return Ok(MissingResolution::Relinked(Relinked { crm_id, is_marked: true }));
            }
            Ok(None) => {}
            Err(reason) => return Ok(MissingResolution::Unreadable(reason)),
        }
        let seeker = Seeker { key, record, row };
        Ok(match self.lookup().find_merged(key.kind, &[seeker])?.remove(0) {
            Ok(Some(crm_id)) => MissingResolution::Relinked(Relinked { crm_id, is_marked: false }),
            Ok(None) => MissingResolution::Released,
            Err(refusal) => MissingResolution::Refused(refusal),
        })
    }
}
