//! Which card is a record's where it has none yet, or where its own is gone. Everything here only
//! asks: a run acts on the answers, a dry run shows them.

use std::collections::{BTreeMap, HashSet};

use crate::config::{Config, MatchBy, PartyConfig};
use crate::crm::contact_match::{
    ContactPoints, find_by_contact, is_called, same_name, unique_name_match,
};
use crate::crm::objects::Object;
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::domain::run_error::Result;
use crate::mirror::{Entity, Row};
use crate::portal::ApiError;
use crate::portal::client::Client;
use crate::state::{State, StoredRecord};
use crate::sync::plan::{PlanStore, Planned};

/// All by which a record can be reached.
const PHONE_AND_EMAIL: [MatchBy; 2] = [MatchBy::Phone, MatchBy::Email];

/// Which records Ecvi has, as far as state and plan tell.
#[derive(Clone, Copy)]
pub(crate) struct EcviRecords<'a> {
    pub(crate) state: &'a State,
    pub(crate) queue: &'a PlanStore,
    /// Records with a row that a run took out of the queue and perhaps did not write down yet.
    pub(crate) in_flight: Option<&'a HashSet<RecordKey>>,
}

impl EcviRecords<'_> {
    /// Whether the record is still to be sent in this run, or on its way.
    pub(crate) fn is_coming(self, key: &RecordKey) -> Result<bool> {
        let is_in_flight = self.in_flight.is_some_and(|in_flight| in_flight.contains(key));
        Ok(is_in_flight || self.queue.has(key)?)
    }

    /// Whether the record has a row in this run's mirror.
    pub(crate) fn has_row(self, key: &RecordKey) -> Result<bool> {
        if self.queue.has_no_row(key)? {
            return Ok(false);
        }
        let known = self.state.record(key)?;
        Ok(known.is_some_and(|record| !record.plan_record.absent_in_mirror)
            || self.is_coming(key)?)
    }

    /// Whether the record's id has a row as a text where it is a number, or the other way round.
    pub(crate) fn has_other_type(self, key: &RecordKey) -> Result<bool> {
        match key.other_type_key() {
            Some(other) => self.has_row(&other),
            None => Ok(false),
        }
    }

    /// The record that an origin means, if Ecvi has it.
    pub(crate) fn find_owner(self, kind: Kind, origin: &str) -> Result<Option<RecordKey>> {
        for key in RecordKey::for_origin(kind, origin) {
            if self.has_row(&key)? {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    /// The records beside this one that hold an object and have a row in this run's mirror, ordered
    /// by id. A record that is gone from Ecvi keeps nobody off its object.
    pub(crate) fn other_holders(self, key: &RecordKey, crm_id: i64) -> Result<Vec<RecordKey>> {
        let mut holders = Vec::new();
        for holder in self.state.records_of_object(key.kind, crm_id)? {
            if holder != *key && self.has_row(&holder)? {
                holders.push(holder);
            }
        }
        Ok(holders)
    }
}

/// A record that looks for its card.
#[derive(Clone, Copy)]
pub(crate) struct Seeker<'r> {
    pub(crate) key: &'r RecordKey,
    pub(crate) record: &'r StoredRecord,
    pub(crate) row: Option<&'r Row>,
}

/// What the portal has for the phones and e-mails of a record.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum ContactMatch {
    /// The one card that is taken for the record's own.
    Card(Object),
    /// Cards that may be the record's; none of them clearly is.
    Doubtful(Vec<i64>),
    /// The portal does not look for its phone or e-mail.
    Refused(ApiError),
}

/// What cards are looked up with.
pub(crate) struct CardLookup<'a, 'p> {
    pub(crate) config: &'a Config,
    pub(crate) ecvi: EcviRecords<'a>,
    pub(crate) client: &'a mut Client<'p>,
}

impl CardLookup<'_, '_> {
    /// The cards of people and companies who stood in the CRM before us, where the configuration
    /// says to look for them. `claimed` are cards that others of this batch have taken.
    pub(crate) fn match_by_contact(
        &mut self,
        kind: Kind,
        seekers: &[Seeker<'_>],
        mut claimed: HashSet<i64>,
    ) -> Result<BTreeMap<RecordId, ContactMatch>> {
        let mut matches = BTreeMap::new();
        let Some(PartyConfig { match_existing: by, .. }) = self.config.party(kind) else {
            return Ok(matches);
        };
        let mut points = Vec::new();
        for seeker in seekers {
            points.push(seeker.searched_points(by));
        }
        let answers = find_by_contact(self.client, kind, &points)?;
        for (seeker, found) in seekers.iter().zip(answers) {
            let chosen = match found {
                Ok(found) => self.choose_match(*seeker, by, found, &mut claimed)?,
                Err(refusal) => Some(ContactMatch::Refused(refusal)),
            };
            matches.extend(chosen.map(|chosen| (seeker.key.id.clone(), chosen)));
        }
        Ok(matches)
    }

    fn choose_match(
        &self,
        seeker: Seeker<'_>,
        by: &[MatchBy],
        found: Vec<Object>,
        claimed: &mut HashSet<i64>,
    ) -> Result<Option<ContactMatch>> {
        let similar = self.similar_cards(seeker, found)?;
        if let Some(card) = seeker.matching_card(by, &similar)
            && self.ecvi.state.records_of_object(seeker.key.kind, card.crm_id)?.is_empty()
            && claimed.insert(card.crm_id)
        {
            return Ok(Some(ContactMatch::Card(card.clone())));
        }
        let ids: Vec<i64> = similar.iter().map(|card| card.crm_id).collect();
        Ok((!ids.is_empty()).then_some(ContactMatch::Doubtful(ids)))
    }

    /// Of the cards that the portal names those that may be the record's. Another guest of ours may
    /// share the phone: that is nobody's doubt, unless the record's own card may have been merged
    /// into that guest's.
    fn similar_cards(&self, seeker: Seeker<'_>, found: Vec<Object>) -> Result<Vec<Object>> {
        let originator = &self.config.portal.originator;
        let (ours, mut similar): (Vec<Object>, Vec<Object>) =
            found.into_iter().partition(|object| object.originator == *originator);
        if seeker.has_lost_object() {
            let points = seeker.contact_points(&PHONE_AND_EMAIL);
            for object in ours {
                if self.may_be_taken(seeker.key, &points, &object)? {
                    similar.push(object);
                }
            }
        }
        Ok(similar)
    }

    /// For each of these records, whose cards are gone, the one card that theirs was clearly merged
    /// into, or that people made by hand again; or why the portal does not look for it.
    pub(crate) fn find_merged(
        &mut self,
        kind: Kind,
        lost: &[Seeker<'_>],
    ) -> Result<Vec<Result<Option<i64>, ApiError>>> {
        let mut points = Vec::new();
        for seeker in lost {
            points.push(seeker.all_points());
        }
        let answers = find_by_contact(self.client, kind, &points)?;
        let mut merged = Vec::new();
        for ((seeker, points), found) in lost.iter().zip(&points).zip(answers) {
            merged.push(match found {
                Ok(candidates) => Ok(self.choose_merged(*seeker, points, &candidates)?),
                Err(refusal) => Err(refusal),
            });
        }
        Ok(merged)
    }

    fn choose_merged(
        &self,
        seeker: Seeker<'_>,
        points: &ContactPoints,
        candidates: &[Object],
    ) -> Result<Option<i64>> {
        let mut free = Vec::new();
        for object in candidates {
            // With the mark of somebody else, another hotel of the chain perhaps, it stays theirs.
            let is_foreign =
                !object.originator.is_empty() && object.originator != self.config.portal.originator;
            // A phone alone is no person: relatives and colleagues share it.
            let is_candidate = !is_foreign && points.matches(object) && seeker.bears_name(object);
            let is_namesake = is_candidate && seeker.bears_full_name(object);
            if is_namesake || (is_candidate && self.may_be_taken(seeker.key, points, object)?) {
                free.push(object.crm_id);
            }
        }
        Ok(if let [crm_id] = free[..] { Some(crm_id) } else { None })
    }

    /// Whether a card may be the one that the record's was merged into, or made by hand again, and
    /// not another record's own.
    fn may_be_taken(
        &self,
        key: &RecordKey,
        points: &ContactPoints,
        object: &Object,
    ) -> Result<bool> {
        let owner = self.ecvi.state.find_by_origin(key.kind, &object.origin)?;
        let Some((_, owner)) = owner.filter(|(owner, _)| owner != key) else {
            // An owner that is not in the state yet may still claim this object by ORIGIN_ID.
            let owner = self.ecvi.find_owner(key.kind, &object.origin)?;
            return Ok(owner.is_none_or(|owner| owner == *key));
        };
        // The card of another guest, in Ecvi or not any more, has what it shows from a merge, or
        // the two share a phone, as a family does.
        Ok(points.clone().without(&owner.owned_values).matches(object))
    }
}

impl<'r> Seeker<'r> {
    /// The record of a planned step.
    pub(crate) fn new(planned: &'r Planned, record: &'r StoredRecord) -> Seeker<'r> {
        Seeker { key: &planned.key, record, row: planned.row.as_ref() }
    }

    /// The record had an object, which is gone from the CRM.
    fn has_lost_object(self) -> bool {
        self.record.plan_record.had_object && !self.record.detached
    }

    fn contact_points(self, by: &[MatchBy]) -> ContactPoints {
        let body = self.row.and_then(|row| row.body.as_ref().ok());
        body.map(|body| ContactPoints::of(body, by)).unwrap_or_default()
    }

    /// What the record's card is looked for by. Where the record had one that is gone, and none was
    /// clearly the one it was merged into, the similar ones are to be named.
    fn searched_points(self, by: &[MatchBy]) -> ContactPoints {
        self.contact_points(if self.has_lost_object() { &PHONE_AND_EMAIL } else { by })
    }

    /// What the card that the record's was merged into is looked for by.
    fn all_points(self) -> ContactPoints {
        let mut points = self.contact_points(&PHONE_AND_EMAIL);
        // What stood there before us counts as people's, so it is not among what we wrote.
        points.phones.extend(self.record.owned_values.phones.iter().cloned());
        points.emails.extend(self.record.owned_values.emails.iter().cloned());
        points.searchable()
    }

    /// The one card that is taken for the record's own.
    fn matching_card<'o>(self, by: &[MatchBy], found: &'o [Object]) -> Option<&'o Object> {
        unique_name_match(&self.row?.display_name, &self.contact_points(by), found)
    }

    /// Whether a card bears the last name, or the title, of the record as it was last sent or as it
    /// reads now.
    fn bears_name(self, object: &Object) -> bool {
        is_called(&self.record.plan_record.display_name, &object.name)
            || self.row.is_some_and(|row| is_called(&row.display_name, &object.name))
    }

    /// Whether a guest whose row is at hand has the card's first name too.
    fn bears_full_name(self, object: &Object) -> bool {
        let same_first_name = match self.row.map(|row| &row.body) {
            Some(Ok(Entity::Guest(guest))) => same_name(&object.first_name, &guest.first_name),
            Some(_) | None => true,
        };
        same_first_name && self.bears_name(object)
    }
}
