//! Stays in the plan: which guests have to be sent again because their bookings have changed.
//!
//! The state keeps the stays of every booking as last read. Each difference goes into the plan, and
//! into the state before anything is sent; then the contacts of these guests are filled again. A
//! booking that is gone counts until its deal is deleted, so that a mirror that is half filled for
//! a moment removes no stays.

use std::collections::BTreeSet;
use std::iter::Peekable;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::blocks::BlockComparison;
use super::decide::PlanOptions;
use super::{Pair, PlanStore, bounding_range, merge};
use crate::config::{Config, StayFigure};
use crate::domain::record::{IdRange, Kind, RecordId, RecordKey};
use crate::domain::run_error::Result;
use crate::mapping::stays::{StaySummary, guest_stays};
use crate::mirror::{Mirror, Row as MirrorRow};
use crate::platform::clock::local_day;
use crate::platform::hash;
use crate::state::settings::Setting;
use crate::state::statements::{execute, exists, for_each, query_all};
use crate::state::{BookingStays, GuestStay, Result as StateResult, State, replace_stays};

/// What is remembered of it; none where nobody asks for stays.
pub const STAYS: Setting<Option<ShownStays>> = Setting::new("stays");

/// What the contacts of all guests show, or are about to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShownStays {
    /// A fingerprint of the fields and of what they show.
    pub(super) fields: u64,
    /// The day by the hotel's clock.
    pub(super) day: NaiveDate,
}

/// How stays are compared in a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StayRules {
    /// The fields and the day that contacts will show.
    pub shown: ShownStays,
    /// All contacts are filled, because they show no stays yet, or other fields.
    pub fills_all: bool,
    /// The next arrival of guests who were expected from the first day on and before the second may
    /// have changed.
    passed: Option<(NaiveDate, NaiveDate)>,
}

impl StayRules {
    /// Today, by the hotel's calendar.
    pub fn today(self) -> NaiveDate {
        self.shown.day
    }

    /// None where the configuration does not ask for stays.
    pub fn new(config: &Config, state: &State, now: DateTime<Utc>) -> Result<Option<StayRules>> {
        let fields = &config.contact.stays;
        if fields.is_empty() {
            return Ok(None);
        }
        let print = hash::text_hash(&format!("{fields:?} {}", config.deal.currency));
        let shown = ShownStays { fields: print, day: local_day(now) };
        let before = state.get(&STAYS)?.flatten();
        let rules = StayRules::after(before, shown);
        let shows_arrivals = fields.values().any(|figure| *figure == StayFigure::NextArrival);
        Ok(Some(StayRules { passed: rules.passed.filter(|_| shows_arrivals), ..rules }))
    }

    /// Where contacts showed `before` until now. The clock may have been set back since.
    pub(super) fn after(before: Option<ShownStays>, shown: ShownStays) -> StayRules {
        match before {
            Some(before) if before.fields == shown.fields => {
                let days = (before.day.min(shown.day), before.day.max(shown.day));
                let passed = if days.0 < days.1 { Some(days) } else { None };
                StayRules { shown, fills_all: false, passed }
            }
            Some(_) | None => StayRules { shown, fills_all: true, passed: None },
        }
    }
}

impl PlanOptions {
    /// Whether the contact of every guest is filled with stays.
    pub(super) fn fills_all_stays(&self) -> bool {
        self.stays.is_some_and(|stays| stays.fills_all)
    }
}

/// What a comparison finds of stays.
pub(super) struct StayComparison<S> {
    /// Takes the bookings whose stays are others.
    found: S,
    /// The guests whose contacts show something else by now, unless all are filled anyway.
    guests: BTreeSet<RecordId>,
    /// The ledger's bookings without a row and without a deal count no more.
    drops_strangers: bool,
    fills_all: bool,
}

impl<S: FnMut(&BookingStays) -> Result<()>> StayComparison<S> {
    pub(super) fn new(options: &PlanOptions, found: S) -> StayComparison<S> {
        // With patience somebody is missing: that may be an accident, and these bookings a part of
        // it.
        let is_sure = options.removal_delay.is_none() && !options.windows[Kind::Booking];
        StayComparison {
            found,
            guests: BTreeSet::new(),
            drops_strangers: is_sure,
            fills_all: options.fills_all_stays(),
        }
    }

    /// Compares a booking with the ledger, which has the same order.
    pub(super) fn compare_booking(
        &mut self,
        pair: &Pair,
        blocks: &mut BlockComparison,
        ledger: &mut Peekable<impl Iterator<Item = StateResult<BookingStays>>>,
    ) -> Result<()> {
        let mut before = Vec::new();
        // An error is taken out too, and ends the comparison.
        while let Some(next) =
            ledger.next_if(|next| next.as_ref().map_or(true, |next| next.booking <= pair.id))
        {
            let next = next?;
            if next.booking == pair.id {
                before = next.stays;
            } else {
                self.drop_stranger(next, blocks)?;
            }
        }
        // What cannot be read counts as it did.
        let Some(booking) = pair.row.as_ref().and_then(MirrorRow::booking) else { return Ok(()) };
        self.change(pair.id.clone(), &before, guest_stays(booking))
    }

    /// What the ledger has behind the last booking.
    pub(super) fn end(
        &mut self,
        blocks: &mut BlockComparison,
        ledger: impl Iterator<Item = StateResult<BookingStays>>,
    ) -> Result<()> {
        for next in ledger {
            self.drop_stranger(next?, blocks)?;
        }
        Ok(())
    }

    /// A booking that never had a deal is gone, if that is sure; else a later run looks again.
    fn drop_stranger(
        &mut self,
        stranger: BookingStays,
        blocks: &mut BlockComparison,
    ) -> Result<()> {
        if self.drops_strangers {
            return self.change(stranger.booking, &stranger.stays, Vec::new());
        }
        blocks.note_unsettled(&stranger.booking);
        Ok(())
    }

    fn change(
        &mut self,
        booking: RecordId,
        before: &[GuestStay],
        stays: Vec<GuestStay>,
    ) -> Result<()> {
        if before == stays {
            return Ok(());
        }
        if !self.fills_all {
            for stay in before.iter().chain(&stays) {
                if !(before.contains(stay) && stays.contains(stay)) {
                    self.guests.insert(stay.guest.clone());
                }
            }
        }
        (self.found)(&BookingStays { booking, stays })
    }

    /// The guests whose contacts are to be filled again, because of changed bookings or of the days
    /// that have passed.
    pub(super) fn guests(self, state: &State, options: &PlanOptions) -> Result<BTreeSet<RecordId>> {
        let mut guests = self.guests;
        if let Some((from, before)) = options.stays.and_then(|stays| stays.passed) {
            guests.extend(state.guests_expected(from, before)?);
        }
        Ok(guests)
    }
}

/// Hands these guests to `found`, each with its row and with what is known of it.
pub(super) fn each_guest(
    guests: &BTreeSet<RecordId>,
    mirror: &Mirror,
    state: &State,
    mut found: impl FnMut(Pair) -> Result<()>,
) -> Result<()> {
    let spans: Vec<IdRange> = with_other_types(guests).iter().map(IdRange::one).collect();
    if spans.is_empty() {
        return Ok(());
    }
    let at_once = if mirror.can_seek(Kind::Guest)? { 1 } else { spans.len() };
    let mut stored = state.scan_records(Kind::Guest)?;
    for spans in spans.chunks(at_once) {
        let mut scan = mirror.scan_of(Kind::Guest, &bounding_range(spans))?;
        for pair in merge(scan.rows(spans)?, stored.rows(spans)) {
            found(pair?)?;
        }
    }
    Ok(())
}

/// The ids, each also in its other type: 41 and '41' may be one guest.
fn with_other_types(ids: &BTreeSet<RecordId>) -> BTreeSet<RecordId> {
    ids.iter().cloned().flat_map(RecordId::with_other_type).collect()
}

impl PlanStore {
    /// The stays of a booking are these, whatever the state says.
    pub fn change_stays(&self, stays: &BookingStays) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO changed_stays (booking) VALUES (?1)";
        execute(&self.connection, sql, [&stays.booking])?;
        Ok(replace_stays(&self.connection, stays)?)
    }

    /// Shows the bookings whose stays are others to `show`.
    pub fn each_changed_stays(
        &self,
        mut show: impl FnMut(&BookingStays) -> StateResult<()>,
    ) -> Result<()> {
        let bookings = "SELECT booking FROM changed_stays ORDER BY booking";
        for_each(
            &self.connection,
            bookings,
            [],
            |row| self.changed_stays(row.get(0)?),
            |stays| Ok(show(&stays)?),
        )
    }

    fn changed_stays(&self, booking: RecordId) -> StateResult<BookingStays> {
        let sql = "SELECT guest, status, arrival, departure, amount FROM stays WHERE booking = ?1
                   ORDER BY guest";
        let stays =
            query_all(&self.connection, sql, [&booking], |row| GuestStay::from_cells(row, 0))?;
        Ok(BookingStays { booking, stays })
    }

    /// What the contact of a guest shows after this run; none where the configuration does not ask
    /// for stays. The stays of all guests who share the contact are added up.
    pub fn stay_summary(&self, state: &State, guest: &RecordKey) -> Result<Option<StaySummary>> {
        if guest.kind != Kind::Guest {
            return Ok(None);
        }
        let Some(today) = self.stays_on else { return Ok(None) };
        let mut ids = BTreeSet::from([guest.id.clone()]);
        if let Some(record) = state.record(guest)?
            && let Some(crm_id) = record.plan_record.crm_id
        {
            for key in state.records_of_object(Kind::Guest, crm_id)? {
                ids.insert(key.id);
            }
        }
        let mut stays = Vec::new();
        for id in &with_other_types(&ids) {
            for (booking, stay) in state.stays_of(id)? {
                if !self.changes_stays(&booking)? {
                    stays.push((booking, stay));
                }
            }
            stays.extend(self.changed_stays_of(id)?);
        }
        Ok(Some(StaySummary::of(stays, today)))
    }

    /// Whether the plan has the stays of a booking, perhaps under an id of the other type, where
    /// its own has no row any more.
    fn changes_stays(&self, booking: &RecordId) -> Result<bool> {
        let sql = "SELECT 1 FROM changed_stays WHERE booking = ?1";
        if exists(&self.connection, sql, [booking])? {
            return Ok(true);
        }
        let Some(other) = booking.other_type_id() else { return Ok(false) };
        let key = RecordKey::new(Kind::Booking, booking.clone());
        Ok(self.has_no_row(&key)? && exists(&self.connection, sql, [&other])?)
    }

    fn changed_stays_of(&self, guest: &RecordId) -> Result<Vec<(RecordId, GuestStay)>> {
        let sql =
            "SELECT booking, guest, status, arrival, departure, amount FROM stays WHERE guest = ?1";
        Ok(query_all(&self.connection, sql, [guest], |row| {
            Ok((row.get(0)?, GuestStay::from_cells(row, 1)?))
        })?)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse;
    use crate::domain::record::BookingStatus;
    use crate::sync::plan::{Planned, Priority, Step};

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    #[test]
    fn contacts_that_show_other_fields_are_all_filled_and_days_count_both_ways() {
        let shown = |fields, on| ShownStays { fields, day: day(on) };
        let after = |before| StayRules::after(before, shown(1, 20));
        assert!(after(None).fills_all && after(Some(shown(2, 20))).fills_all);
        let passed = |before| {
            (after(Some(shown(1, before))).fills_all, after(Some(shown(1, before))).passed)
        };
        assert_eq!(passed(20), (false, None));
        assert_eq!(passed(18), (false, Some((day(18), day(20)))));
        assert_eq!(passed(22), (false, Some((day(20), day(22)))));
    }

    #[test]
    fn days_that_pass_concern_nobody_where_no_arrival_is_shown() {
        let passed = |figure: &str| {
            let text = format!(
                "mirror.path = 'm'\nportal.webhook = 'http://127.0.0.1/rest/1/x/'\n\
                 contact.stays = {{ UF_CRM_X = '{figure}' }}"
            );
            let config = parse(&text, Path::new(""), None).unwrap();
            let state = State::in_memory().unwrap();
            let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
            let rules = StayRules::new(&config, &state, now).unwrap().unwrap();
            let before = ShownStays { day: rules.shown.day.pred_opt().unwrap(), ..rules.shown };
            state.set(&STAYS, &Some(before)).unwrap();
            StayRules::new(&config, &state, now).unwrap().unwrap().passed
        };
        assert!(passed("next_arrival").is_some() && passed("nights").is_none());
    }

    /// One night of guest 5.
    fn night(booking: RecordId) -> BookingStays {
        let stay = GuestStay {
            guest: 5.into(),
            status: BookingStatus::CheckedOut,
            arrival: day(1),
            departure: day(2),
            amount: 100,
        };
        BookingStays { booking, stays: vec![stay] }
    }

    #[test]
    fn a_booking_counts_once_where_its_id_became_a_text_and_two_bookings_count_as_two() {
        let (number, text) = (RecordId::Number(41), RecordId::Text("41".into()));
        let state = State::in_memory().unwrap();
        let writer = state.writer().unwrap();
        writer.keep_stays(&night(number.clone())).unwrap();
        writer.commit().unwrap();
        let queue = PlanStore::new().unwrap().with_stays_on(Some(day(20))).unwrap();
        queue.change_stays(&night(text)).unwrap();
        let guest = RecordKey::new(Kind::Guest, RecordId::Number(5));
        let shown = || queue.stay_summary(&state, &guest).unwrap().unwrap();
        let of = |count| {
            let stays = (0..count).map(|id| (id.into(), night(id.into()).stays.remove(0)));
            StaySummary::of(stays, day(20))
        };
        assert_eq!(shown(), of(2));
        let gone = RecordKey::new(Kind::Booking, number);
        queue.add(&Planned::new(gone, Step::DropRecord, Priority::Changes, None)).unwrap();
        assert_eq!(shown(), of(1));
    }
}
