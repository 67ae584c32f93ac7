//! The parties of a booking: which card each of them has, who gets one later, and for whom the deal
//! has to wait.
//!
//! Only this module answers which card a person or a company has: from the state, and from what the
//! caller knows beyond it.

use std::hash::Hasher;

use chrono::{DateTime, Utc};

use crate::domain::record::{Kind, RecordKey};
use crate::domain::run_error::Result;
use crate::mapping::deal::DealLinks;
use crate::mirror::Booking;
use crate::platform::hash::Fingerprint;
use crate::state::{Sighting, StoredRecord};

/// A card of the CRM that a deal may point at.
#[derive(Clone, PartialEq, Debug)]
pub struct PartyCard {
    /// Guest for a contact, company for a company.
    pub kind: Kind,
    /// Id of the contact or company.
    pub crm_id: i64,
    /// Last name, or name of the company.
    pub display_name: String,
    /// When the portal last showed it.
    pub sighting: Sighting,
}

/// What is known of one person or company of a booking.
#[derive(Clone, PartialEq, Debug)]
pub enum Party {
    /// No row of the mirror has this id.
    NotInMirror,
    /// It has no card yet.
    NotInCrm,
    /// It has a card, this one.
    InCrm(PartyCard),
}

/// The row of a party, where the caller knows more of it than the state.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum PartyRow {
    /// As the state has it.
    #[default]
    AsStored,
    /// It is about to be sent, under this name.
    Coming(String),
    /// The mirror has none any more.
    Gone,
}

/// What the caller knows of a party that the state does not know yet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PartyOutlook {
    /// Its row in the mirror.
    pub row: PartyRow,
    /// The card that the state names is gone, and another one is made or found.
    pub card_is_gone: bool,
}

impl PartyOutlook {
    /// Which card the party has.
    pub fn resolve(self, kind: Kind, record: Option<StoredRecord>, now: DateTime<Utc>) -> Party {
        let is_stored = record.as_ref().is_some_and(|record| !record.plan_record.absent_in_mirror);
        let (is_in_mirror, new_name) = match self.row {
            PartyRow::AsStored => (is_stored, None),
            PartyRow::Coming(name) => (true, Some(name)),
            PartyRow::Gone => (false, None),
        };
        if !is_in_mirror {
            return Party::NotInMirror;
        }
        let Some(record) = record.filter(|_| !self.card_is_gone) else { return Party::NotInCrm };
        let sighting = record.sighting(now);
        let Some(crm_id) = record.plan_record.crm_id else { return Party::NotInCrm };
        let display_name = new_name.unwrap_or(record.plan_record.display_name);
        Party::InCrm(PartyCard { kind, crm_id, display_name, sighting })
    }
}

/// The parties of a booking as its deal will have them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DealParties {
    /// The ids that the deal is linked with.
    pub links: DealLinks,
    /// Parties that have no card yet.
    pub missing: Vec<RecordKey>,
    /// Parties that the booking names and that have no row in the mirror.
    pub strangers: Vec<RecordKey>,
    /// The booking's guest, when the deal has to wait for them.
    pub waits_for: Option<RecordKey>,
    /// The cards that the deal points at.
    pub cards: Vec<PartyCard>,
}

impl DealParties {
    /// A fingerprint of what the deal shows of its parties, and of whom its warning names: when it
    /// changes, the deal is sent again.
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::default();
        fingerprint.text(&self.links.last_name);
        // The 0 separates the contacts from the company.
        for crm_id in self.links.contacts.iter().chain([&0]).chain(&self.links.company) {
            fingerprint.write(&crm_id.to_le_bytes());
        }
        for key in &self.strangers {
            fingerprint.text(&key.to_string());
        }
        fingerprint.finish()
    }

    /// The booking's guest first, then all who stay; the company, or where there is none the payer.
    /// `find` says what is known of each.
    pub fn of(
        booking: &Booking,
        find: impl Fn(&RecordKey) -> Result<Party>,
    ) -> Result<DealParties> {
        let mut parties = DealParties::default();
        for (at, id) in booking.guest.iter().chain(&booking.staying_guests).enumerate() {
            let guest = RecordKey::new(Kind::Guest, id.clone());
            let party = find_by_either_type(&guest, &find)?;
            parties.add_guest(guest, party, at == 0 && booking.guest.is_some());
        }
        let mut has_company = false;
        for id in booking.company.iter().chain(&booking.payer) {
            let company = RecordKey::new(Kind::Company, id.clone());
            match find_by_either_type(&company, &find)? {
                Party::NotInMirror => parties.name_stranger(company),
                Party::NotInCrm | Party::InCrm(_) if has_company => {}
                Party::NotInCrm => {
                    has_company = true;
                    parties.missing.push(company);
                }
                Party::InCrm(card) => {
                    has_company = true;
                    parties.link(card);
                }
            }
        }
        Ok(parties)
    }

    fn add_guest(&mut self, guest: RecordKey, party: Party, is_main: bool) {
        match party {
            Party::NotInMirror => self.name_stranger(guest),
            Party::NotInCrm if is_main => self.waits_for = Some(guest),
            Party::NotInCrm => self.missing.push(guest),
            Party::InCrm(card) => {
                if is_main {
                    self.links.last_name.clone_from(&card.display_name);
                }
                self.link(card);
            }
        }
    }

    /// A reference of 0 means nobody, as NULL does.
    fn name_stranger(&mut self, stranger: RecordKey) {
        if stranger.id.to_string() != "0" && !self.strangers.contains(&stranger) {
            self.strangers.push(stranger);
        }
    }

    fn link(&mut self, card: PartyCard) {
        if card.kind == Kind::Company {
            self.links.company = Some(card.crm_id);
        } else if !self.links.contacts.contains(&card.crm_id) {
            self.links.contacts.push(card.crm_id);
        }
        self.cards.push(card);
    }
}

/// A reference may be stored as a text where the id is a number, or the other way round.
fn find_by_either_type(
    key: &RecordKey,
    find: &impl Fn(&RecordKey) -> Result<Party>,
) -> Result<Party> {
    let found = find(key)?;
    if found == Party::NotInMirror
        && let Some(other) = key.other_type_key()
    {
        return find(&other);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::record::{BookingStatus, RecordId};
    use crate::state::PlanRecord;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    /// A guest with card 7, seen alive in run 3 a minute ago.
    fn stored() -> StoredRecord {
        let plan_record =
            PlanRecord {
                crm_id: Some(7), display_name: "Иванов".into(), ..PlanRecord::default()
            };
        let seen_at = (now() - TimeDelta::minutes(1)).timestamp();
        StoredRecord {
            plan_record,
            last_seen_run: 3,
            last_seen_at: seen_at,
            ..StoredRecord::default()
        }
    }

    fn absent() -> StoredRecord {
        let plan_record = PlanRecord { absent_in_mirror: true, ..stored().plan_record };
        StoredRecord { plan_record, ..stored() }
    }

    fn resolve(row: PartyRow, record: Option<StoredRecord>) -> Party {
        PartyOutlook { row, card_is_gone: false }.resolve(Kind::Guest, record, now())
    }

    fn card(display_name: &str) -> Party {
        let sighting = Sighting { run: 3, ago: TimeDelta::minutes(1) };
        Party::InCrm(PartyCard {
            kind: Kind::Guest,
            crm_id: 7,
            display_name: display_name.to_owned(),
            sighting,
        })
    }

    #[test]
    fn a_party_is_on_the_card_that_the_state_knows_which_tells_when_it_was_seen() {
        assert_eq!(resolve(PartyRow::AsStored, Some(stored())), card("Иванов"));
        assert_eq!(resolve(PartyRow::AsStored, Some(absent())), Party::NotInMirror);
        assert_eq!(resolve(PartyRow::AsStored, None), Party::NotInMirror);
        assert_eq!(resolve(PartyRow::AsStored, Some(StoredRecord::default())), Party::NotInCrm);
    }

    #[test]
    fn what_the_asker_knows_of_the_row_counts_before_the_state() {
        let coming = || PartyRow::Coming("Петров".into());
        assert_eq!(resolve(coming(), Some(stored())), card("Петров"));
        assert_eq!(resolve(coming(), Some(absent())), card("Петров"));
        assert_eq!(resolve(coming(), None), Party::NotInCrm);
        assert_eq!(resolve(PartyRow::Gone, Some(stored())), Party::NotInMirror);
    }

    #[test]
    fn a_card_that_is_gone_is_none() {
        let outlook = PartyOutlook { card_is_gone: true, ..PartyOutlook::default() };
        assert_eq!(outlook.clone().resolve(Kind::Guest, Some(stored()), now()), Party::NotInCrm);
        assert_eq!(outlook.resolve(Kind::Guest, Some(absent()), now()), Party::NotInMirror);
    }

    /// The people of a booking, of whom one with an id above 50 is no row, one above 40 has no card
    /// yet, and every other one has ten times its id for a card; guests 1 and 2 share one.
    fn parties(guest: Option<i64>, staying: &[i64], companies: [Option<i64>; 2]) -> DealParties {
        let id = |id: i64| RecordId::Number(id);
        let [company, payer] = companies.map(|company| company.map(id));
        let staying_guests = staying.iter().copied().map(id).collect();
        let booking = Booking { guest: guest.map(id), staying_guests, company, payer, ..booking() };
        let party = |key: &RecordKey| {
            let RecordId::Number(id) = key.id else { return Ok(Party::NotInMirror) };
            Ok(match id {
                0 | 51.. => Party::NotInMirror,
                41.. => Party::NotInCrm,
                _ => Party::InCrm(PartyCard {
                    kind: key.kind,
                    crm_id: if id == 1 { 20 } else { id * 10 },
                    display_name: format!("Гость{id}"),
                    sighting: Sighting { run: 3, ago: TimeDelta::minutes(1) },
                }),
            })
        };
        DealParties::of(&booking, party).unwrap()
    }

    fn booking() -> Booking {
        let midnight = DateTime::<Utc>::default().naive_utc();
        Booking {
            number: "1".into(),
            status: BookingStatus::Confirmed,
            arrival: midnight.into(),
            departure: midnight.into(),
            amount: "0.00".into(),
            comment: String::new(),
            guest: None,
            company: None,
            payer: None,
            staying_guests: Vec::new(),
        }
    }

    #[test]
    fn a_deal_has_the_bookings_guest_first_then_all_who_stay_each_once() {
        let people = parties(Some(3), &[2, 1, 3, 4], [None, None]);
        assert_eq!(people.links.last_name, "Гость3");
        assert_eq!(people.links.contacts, [30, 20, 40]);
        assert_eq!(people.cards.len(), 5);
        let nameless = parties(None, &[2], [None, None]);
        assert_eq!((nameless.links.last_name.as_str(), nameless.links.contacts), ("", vec![20]));
    }

    #[test]
    fn a_deal_waits_for_its_guest_and_goes_without_anybody_else_who_has_no_card() {
        let waiting = parties(Some(41), &[41, 42], [Some(43), None]);
        assert_eq!(waiting.waits_for, Some(RecordKey::new(Kind::Guest, RecordId::Number(41))));
        let missing = [(Kind::Guest, 41), (Kind::Guest, 42), (Kind::Company, 43)];
        let missing = missing.map(|(kind, id)| RecordKey::new(kind, RecordId::Number(id)));
        assert_eq!(waiting.missing, missing);
    }

    #[test]
    fn who_is_in_no_row_is_named_once_unless_it_is_nobody() {
        let people = parties(Some(51), &[51, 0, 52], [Some(53), Some(53)]);
        let strangers = [(Kind::Guest, 51), (Kind::Guest, 52), (Kind::Company, 53)];
        let strangers = strangers.map(|(kind, id)| RecordKey::new(kind, RecordId::Number(id)));
        assert_eq!(people.strangers, strangers);
        assert_eq!((people.waits_for, people.missing), (None, vec![]));
    }

    #[test]
    fn the_payer_stands_in_for_a_company_that_is_in_no_row() {
        let company = |companies| parties(None, &[], companies).links.company;
        assert_eq!(company([Some(5), Some(6)]), Some(50));
        assert_eq!(company([Some(51), Some(6)]), Some(60));
        assert_eq!(company([None, Some(6)]), Some(60));
        // The company is still to come.
        assert_eq!(company([Some(41), Some(6)]), None);
    }

    #[test]
    fn whatever_a_deal_shows_of_its_people_makes_it_differ() {
        let of = |contacts: &[i64], company, last_name: &str, stranger: Option<i64>| {
            let links =
                DealLinks { last_name: last_name.into(), contacts: contacts.into(), company };
            let id = |id| RecordKey::new(Kind::Guest, RecordId::Number(id));
            let strangers = stranger.map(id).into_iter().collect();
            DealParties { links, strangers, ..DealParties::default() }.fingerprint()
        };
        let fingerprints = [
            of(&[], None, "", None),
            of(&[5], None, "", None),
            of(&[5, 1], None, "", None),
            of(&[1, 5], None, "", None),
            of(&[5], Some(1), "", None),
            of(&[], Some(5), "", None),
            of(&[], None, "Иванов", None),
            of(&[], None, "", Some(5)),
        ];
        let different: std::collections::BTreeSet<u64> = fingerprints.into_iter().collect();
        assert_eq!(different.len(), fingerprints.len());
    }

    #[test]
    fn a_card_was_seen_recently_in_this_run_and_within_two_minutes_by_either_clock() {
        let sighting = |seconds: i64| {
            let seen_at = now().timestamp() - seconds;
            StoredRecord { last_seen_at: seen_at, last_seen_run: 3, ..StoredRecord::default() }
                .sighting(now())
        };
        assert!([0, 120, -120].map(sighting).iter().all(|sighting| sighting.is_recent(3)));
        assert!(
            [121, -121, i64::MAX / 4].map(sighting).iter().all(|sighting| !sighting.is_recent(3))
        );
        assert!(!sighting(0).is_recent(4));
    }
}
