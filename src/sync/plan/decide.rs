//! What is to be done about one record: pure, one `match` of the row against what was sent last.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use strum::{Display, EnumIter, FromRepr};

use super::MirrorStats;
use crate::domain::per_kind::PerKind;
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::mirror::{Entity, Row};
use crate::state::{Doubt, LONGEST_PAUSE, PendingWork, PlanRecord, RetryBackoff};

/// A step towards the portal, in the order in which a plan counts them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Display, EnumIter, FromRepr)]
#[repr(u8)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Step {
    /// The record has no object.
    Create,
    /// All fields are sent again.
    Update,
    /// People of the booking may have changed in the CRM: send it if its deal would read differently.
    Recheck,
    /// Only the closing date, which the portal overwrote when the deal was created in a final stage.
    Close,
    /// The row cannot be read.
    Fail,
    /// A guest or a company is gone from the mirror: its object is left alone.
    Gone,
    /// A booking that never had a deal is gone, or is history by now.
    Forget,
    /// A booking is gone, and its deal goes with it.
    Delete,
}

/// The order in which steps are taken. A hotel whose every record is sent again, after a change of the configuration,
/// still sees today's bookings today.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, FromRepr)]
#[repr(u8)]
pub enum Priority {
    /// Something is new or different.
    Changes,
    /// Unchanged records that are sent again.
    Resends,
    /// Deals of bookings that are gone: last, because each takes the portal seconds.
    Deletions,
}

impl Priority {
    /// The wave of a step that was decided on.
    pub fn of(step: Step, pair: &Pair, rules: &PlanOptions) -> Priority {
        match (step, &pair.row, &pair.known) {
            (Step::Delete, ..) => Priority::Deletions,
            (Step::Update, Some(row), Some(known))
                if rules.resend != Resend::Marked && is_as_sent(row, known) =>
            {
                Priority::Resends
            }
            _ => Priority::Changes,
        }
    }
}

/// Which records are sent again though nothing about them changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Resend {
    /// Those that are marked for it, each for a reason of its own.
    #[default]
    Marked,
    /// Likewise, and most of the marks come from a run that was to send all and did not get to these.
    Rest,
    /// All of them.
    All,
}

/// What holds for the whole run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PlanOptions {
    /// The time of the run.
    pub now: DateTime<Utc>,
    /// What is sent again.
    pub resend: Resend,
    /// Try failed records whatever their pause.
    pub retry_failed: bool,
    /// Delete the deals of bookings that are gone.
    pub deletes: bool,
    /// The kinds of which the mirror shows a sliding window: what is missing there is not gone.
    pub windows: PerKind<bool>,
    /// Bookings that were over before this day and never had a deal are left alone.
    pub bookings_from: Option<NaiveDate>,
    /// What the mirror looked like in the last run that completed.
    pub before: MirrorStats,
    /// The kinds whose contents are made of other columns than those of the rows that were sent: they are learnt anew,
    /// and a change shows in `modified_at` alone this time.
    pub learns: PerKind<bool>,
    /// Whoever is missing is given up only after so long, by [`Kind`]; none: at once, and whatever a guard may say.
    pub patience: Option<PerKind<TimeDelta>>,
    /// Records without a row whose object another row speaks for. They are not missing, so they go at once, whatever a
    /// guard holds back.
    pub moved: HashSet<RecordKey>,
    /// So many records at once somebody said may be gone, or be others.
    pub vouched: u64,
    /// Read every row, also where its block looks as it did when everything stood as sent.
    pub full_read: bool,
    /// A fingerprint of all that says what a row means: with another one, no block looks as it did.
    pub terms: u64,
}

/// Records that are not touched, or not yet, whatever their rows say.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Deferred {
    /// Records in doubt are left alone.
    pub doubts: HashMap<RecordId, Doubt>,
    /// Failed records are left alone for a while.
    pub holds: HashMap<RecordId, RetryBackoff>,
}

impl Deferred {
    /// Whether this record is one of them, its pause over or not.
    pub fn has(&self, id: &RecordId) -> bool {
        self.doubts.contains_key(id) || self.holds.contains_key(id)
    }
}

/// One record on both sides.
#[derive(Clone, PartialEq, Debug)]
pub struct Pair {
    /// Its id.
    pub id: RecordId,
    /// In the mirror.
    pub row: Option<Row>,
    /// In the state.
    pub known: Option<PlanRecord>,
}

impl Pair {
    /// Its key, where it is a record of this kind.
    pub fn key(&self, kind: Kind) -> RecordKey {
        RecordKey::new(kind, self.id.clone())
    }
}

/// What to do about a record, if anything. `touched`: one of its people may have changed in the CRM.
pub fn decide(
    kind: Kind,
    pair: &Pair,
    on_hold: &Deferred,
    touched: bool,
    rules: &PlanOptions,
) -> Option<Step> {
    let hold = on_hold.holds.get(&pair.id);
    // 41 and '41' carry one mark: while the creation of the one is under way, the other cannot be told from it.
    let is_doubtful = |id: &RecordId| on_hold.doubts.contains_key(id);
    let may_be_doubtful = !on_hold.doubts.is_empty();
    if may_be_doubtful
        && (is_doubtful(&pair.id) || pair.id.other_type_id().is_some_and(|id| is_doubtful(&id)))
        || hold.is_some_and(|hold| holds(hold, pair.row.as_ref(), rules))
    {
        return None;
    }
    match (&pair.row, &pair.known) {
        (None, None) => None,
        (None, Some(known)) => on_absent(&pair.key(kind), known, rules),
        (Some(row), _) if row.body.is_err() => Some(Step::Fail),
        (Some(row), None) if is_history(row, rules) => None,
        // It failed or waited before it became history.
        (Some(row), Some(PlanRecord { crm_id: None, parted: false, .. })) if is_history(row, rules) => {
            Some(Step::Forget)
        }
        (Some(_), None | Some(PlanRecord { crm_id: None, .. })) => Some(Step::Create),
        (Some(row), Some(known)) if changed(kind, row, known, rules) => Some(Step::Update),
        // An update has the closing date with it; the date alone would leave the people as they are.
        (Some(_), Some(known)) if known.pending.close && (touched || known.pending.recheck) => {
            Some(Step::Update)
        }
        (Some(_), Some(known)) if known.pending.close => Some(Step::Close),
        (Some(_), Some(known)) if touched || known.pending.recheck => Some(Step::Recheck),
        (Some(_), Some(_)) => None,
    }
}

/// Whether this record stays settled until its outline or its entry in the state changes, or it is touched. Only a block
/// of such records may go unread.
pub fn is_skippable(kind: Kind, pair: &Pair, on_hold: &Deferred, rules: &PlanOptions) -> bool {
    if on_hold.has(&pair.id) {
        return false;
    }
    match (&pair.row, &pair.known) {
        (None, None) => true,
        (None, Some(known)) => kind != Kind::Booking && known.absent_in_mirror,
        (Some(row), _) if row.body.is_err() => false,
        (Some(row), None) => is_history(row, rules),
        (Some(_), Some(PlanRecord { crm_id: None, .. })) => false,
        (Some(row), Some(known)) => {
            !changed(kind, row, known, rules)
                && known.pending == PendingWork::default()
                && known.display_name == row.display_name
        }
    }
}

/// Whether the stay ended before `[export] bookings_from`.
pub(crate) fn is_history(row: &Row, rules: &PlanOptions) -> bool {
    match (&row.body, rules.bookings_from) {
        (Ok(Entity::Booking(booking)), Some(from)) => booking.departure.date() < from,
        _ => false,
    }
}

/// A failed record waits for its time, but goes at once when it changes in Ecvi or is gone from there. A pause longer
/// than the longest was set by a clock that ran ahead.
fn holds(hold: &RetryBackoff, row: Option<&Row>, rules: &PlanOptions) -> bool {
    let same = match row {
        Some(row) => {
            // Once the configuration knows its status word, the same row can be read.
            let is_mended = hold.unreadable && row.body.is_ok();
            let is_same_row = (row.content_hash, row.parties_hash) == (hold.content, hold.people);
            row.modified_at == hold.modified_at && is_same_row && !is_mended
        }
        // What failed was the deletion itself.
        None => hold.modified_at.is_empty(),
    };
    let pauses = rules.now < hold.until && hold.until - rules.now <= LONGEST_PAUSE;
    same && pauses && !rules.retry_failed && rules.resend != Resend::All
}

fn on_absent(record: &RecordKey, known: &PlanRecord, rules: &PlanOptions) -> Option<Step> {
    let kind = record.kind;
    let is_hidden = rules.windows[kind] && !rules.moved.contains(record);
    let is_kept = is_hidden || waits(record, known, rules);
    match kind {
        Kind::Guest | Kind::Company => (!known.absent_in_mirror && !is_kept).then_some(Step::Gone),
        Kind::Booking if known.crm_id.is_none() => Some(Step::Forget),
        Kind::Booking => (rules.deletes && !is_kept).then_some(Step::Delete),
    }
}

/// Whether the record is missing, and it is too early to give it up.
pub(super) fn waits(record: &RecordKey, known: &PlanRecord, rules: &PlanOptions) -> bool {
    let Some(patience) = rules.patience else { return false };
    if rules.moved.contains(record) {
        return false;
    }
    let patience = patience[record.kind];
    let is_over = known.missing_since.is_some_and(|since| rules.now - since >= patience);
    !is_over && patience > TimeDelta::zero()
}

fn is_as_sent(row: &Row, known: &PlanRecord) -> bool {
    !known.absent_in_mirror
        && known.modified_at.as_ref() == Some(&row.modified_at)
        && (known.content, known.people) == (row.content_hash, row.parties_hash)
}

fn changed(kind: Kind, row: &Row, known: &PlanRecord, rules: &PlanOptions) -> bool {
    rules.resend == Resend::All
        || known.pending.resend
        || known.absent_in_mirror
        || known.modified_at.as_ref() != Some(&row.modified_at)
        || known.people != row.parties_hash
        || known.content != row.content_hash && (!rules.learns[kind] || row.modified_at.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure_code::FailureCode;
    use crate::domain::record::BookingStatus;
    use crate::mirror::{Booking, Company, RowError};
    use crate::state::Operation;

    fn row() -> Row {
        let company = Company {
            name: String::new(),
            address: String::new(),
            city: String::new(),
            country: String::new(),
            postal_code: String::new(),
            phones: vec![],
            emails: vec![],
            comment: String::new(),
        };
        Row {
            id: RecordId::Number(1),
            modified_at: "2026-01-02".into(),
            content_hash: 10,
            parties_hash: 20,
            display_name: "3682".into(),
            crm_id: None,
            custom_columns: serde_json::Map::new(),
            body: Ok(Entity::Company(company)),
            warnings: vec![],
        }
    }

    fn known() -> PlanRecord {
        PlanRecord {
            crm_id: Some(7),
            modified_at: Some("2026-01-02".into()),
            content: 10,
            people: 20,
            display_name: "3682".into(),
            ..PlanRecord::default()
        }
    }

    fn step(row: Option<Row>, known: Option<PlanRecord>, rules: &PlanOptions) -> Option<Step> {
        decide(
            Kind::Booking,
            &Pair { id: RecordId::Number(1), row, known },
            &Deferred::default(),
            false,
            rules,
        )
    }

    fn rules() -> PlanOptions {
        PlanOptions { deletes: true, ..PlanOptions::default() }
    }

    #[test]
    fn a_record_that_was_sent_and_did_not_change_is_left_alone() {
        assert_eq!(step(Some(row()), Some(known()), &rules()), None);
    }

    #[test]
    fn a_record_without_an_object_is_created() {
        assert_eq!(step(Some(row()), None, &rules()), Some(Step::Create));
        assert_eq!(step(Some(row()), Some(PlanRecord::default()), &rules()), Some(Step::Create));
    }

    #[test]
    fn another_modified_at_or_other_people_are_an_update() {
        let newer = Row { modified_at: "2026-01-03".into(), ..row() };
        assert_eq!(step(Some(newer), Some(known()), &rules()), Some(Step::Update));
        assert_eq!(
            step(Some(Row { parties_hash: 21, ..row() }), Some(known()), &rules()),
            Some(Step::Update)
        );
        let resend =
            PlanRecord { pending: PendingWork { resend: true, ..PendingWork::default() }, ..known() };
        assert_eq!(step(Some(row()), Some(resend), &rules()), Some(Step::Update));
    }

    #[test]
    fn other_content_is_a_change_whatever_modified_at_says() {
        let other = Row { content_hash: 11, ..row() };
        assert_eq!(step(Some(other), Some(known()), &rules()), Some(Step::Update));
    }

    #[test]
    fn contents_of_other_columns_are_no_change_unless_nothing_else_would_tell_one() {
        let learns = PlanOptions { learns: PerKind::all(true), ..rules() };
        let other = Row { content_hash: 11, ..row() };
        assert_eq!(step(Some(other.clone()), Some(known()), &learns), None);
        let timeless = Row { modified_at: String::new(), ..other };
        let sent = PlanRecord { modified_at: Some(String::new()), ..known() };
        assert_eq!(step(Some(timeless), Some(sent), &learns), Some(Step::Update));
    }

    #[test]
    fn who_is_missing_is_given_up_after_the_patience_and_not_before() {
        let since = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let missing = PlanRecord { missing_since: Some(since), ..known() };
        let after = |seconds, patience: i64| PlanOptions {
            now: since + TimeDelta::seconds(seconds),
            patience: Some(PerKind::all(TimeDelta::seconds(patience))),
            ..rules()
        };
        assert_eq!(step(None, Some(missing.clone()), &after(119, 120)), None);
        assert_eq!(step(None, Some(missing.clone()), &after(120, 120)), Some(Step::Delete));
        // The first reading that misses it.
        assert_eq!(step(None, Some(known()), &after(120, 120)), None);
        assert_eq!(step(None, Some(known()), &after(0, 0)), Some(Step::Delete));
        // The clock was set back.
        assert_eq!(step(None, Some(missing), &after(-3600, 120)), None);
    }

    #[test]
    fn a_booking_that_is_gone_has_its_deal_deleted_where_deletions_are_allowed() {
        assert_eq!(step(None, Some(known()), &rules()), Some(Step::Delete));
        assert_eq!(step(None, Some(known()), &PlanOptions { deletes: false, ..rules() }), None);
        assert_eq!(step(None, Some(PlanRecord::default()), &rules()), Some(Step::Forget));
    }

    #[test]
    fn what_slides_out_of_a_window_is_neither_deleted_nor_gone() {
        let pair = Pair { id: RecordId::Number(1), row: None, known: Some(known()) };
        let rules = PlanOptions { windows: PerKind::all(true), ..rules() };
        for kind in Kind::SEND_ORDER {
            assert_eq!(decide(kind, &pair, &Deferred::default(), false, &rules), None, "{kind}");
        }
    }

    #[test]
    fn a_guest_that_is_gone_is_marked_once() {
        let pair = |gone| Pair {
            id: RecordId::Number(1),
            row: None,
            known: Some(PlanRecord { absent_in_mirror: gone, ..known() }),
        };
        let decide = |gone| decide(Kind::Guest, &pair(gone), &Deferred::default(), false, &rules());
        assert_eq!(decide(false), Some(Step::Gone));
        assert_eq!(decide(true), None);
    }

    #[test]
    fn a_record_in_doubt_is_left_alone_even_when_it_is_gone() {
        let doubt = Doubt { operation: Operation::Create, at: DateTime::default() };
        let on_hold =
            Deferred { doubts: HashMap::from([(RecordId::Number(1), doubt)]), ..Deferred::default() };
        for row in [Some(row()), None] {
            let pair = Pair { id: RecordId::Number(1), row, known: Some(known()) };
            assert_eq!(
                decide(Kind::Booking, &pair, &on_hold, true, &PlanOptions { resend: Resend::All, ..rules() }),
                None
            );
        }
    }

    #[test]
    fn while_41_is_in_doubt_its_namesake_waits_for_they_carry_one_mark() {
        let doubt = Doubt { operation: Operation::Create, at: DateTime::default() };
        let on_hold =
            Deferred { doubts: HashMap::from([(RecordId::Number(41), doubt)]), ..Deferred::default() };
        let step = |id: &str| {
            let id = RecordId::Text(id.into());
            let pair = Pair { id: id.clone(), row: Some(Row { id, ..row() }), known: None };
            decide(Kind::Booking, &pair, &on_hold, false, &rules())
        };
        assert_eq!((step("41"), step("42")), (None, Some(Step::Create)));
    }

    #[test]
    fn a_row_that_can_be_read_by_now_waits_no_longer() {
        let until = rules().now + LONGEST_PAUSE;
        let hold = |unreadable| RetryBackoff {
            until,
            modified_at: "2026-01-02".into(),
            content: 10,
            people: 20,
            unreadable,
        };
        assert!(holds(&hold(false), Some(&row()), &rules()));
        assert!(!holds(&hold(true), Some(&row()), &rules()));
        let broken = Row { body: Err(RowError::new(FailureCode::UnknownStatus, "status", "7")), ..row() };
        assert!(holds(&hold(true), Some(&broken), &rules()));
    }

    #[test]
    fn a_failed_record_waits_unless_it_changes_or_is_asked_for() {
        let hold = RetryBackoff {
            until: rules().now + LONGEST_PAUSE,
            modified_at: "2026-01-02".into(),
            content: 10,
            people: 20,
            unreadable: false,
        };
        let on_hold = Deferred { holds: HashMap::from([(RecordId::Number(1), hold)]), ..Deferred::default() };
        let try_it = |row: Row, rules: &PlanOptions| {
            decide(
                Kind::Booking,
                &Pair { id: RecordId::Number(1), row: Some(row), known: None },
                &on_hold,
                false,
                rules,
            )
        };
        assert_eq!(try_it(row(), &rules()), None);
        assert_eq!(try_it(Row { content_hash: 11, ..row() }, &rules()), Some(Step::Create));
        assert_eq!(try_it(row(), &PlanOptions { retry_failed: true, ..rules() }), Some(Step::Create));
    }

    #[test]
    fn the_pause_of_a_failed_record_ends_at_its_end() {
        let until = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let hold = RetryBackoff {
            until,
            modified_at: "2026-01-02".into(),
            content: 10,
            people: 20,
            unreadable: false,
        };
        let at = |seconds| PlanOptions { now: until + chrono::TimeDelta::seconds(seconds), ..rules() };
        assert!(holds(&hold, Some(&row()), &at(-1)));
        assert!(!holds(&hold, Some(&row()), &at(0)));
        let ahead = |days: i32| PlanOptions { now: until - LONGEST_PAUSE * days, ..rules() };
        assert!(holds(&hold, Some(&row()), &ahead(1)));
        assert!(!holds(&hold, Some(&row()), &ahead(2)));
    }

    #[test]
    fn a_stay_that_was_over_before_the_first_day_is_history_unless_it_has_a_deal() {
        let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
        let time = |text| day(text).and_hms_opt(12, 0, 0).unwrap().into();
        let booking = Booking {
            number: "1".into(),
            status: BookingStatus::Confirmed,
            arrival: time("2023-12-20"),
            departure: time("2023-12-31"),
            amount: "0.00".into(),
            comment: String::new(),
            guest: None,
            company: None,
            payer: None,
            residents: Vec::new(),
        };
        let row = Row { body: Ok(Entity::Booking(booking)), ..row() };
        let from = |text| PlanOptions { bookings_from: Some(day(text)), ..rules() };
        assert_eq!(step(Some(row.clone()), None, &from("2024-01-01")), None);
        assert_eq!(step(Some(row.clone()), None, &from("2023-12-31")), Some(Step::Create));
        assert_eq!(step(Some(row.clone()), None, &from("2023-12-30")), Some(Step::Create));
        assert_eq!(step(Some(row.clone()), None, &rules()), Some(Step::Create));
        let sent = PlanRecord { modified_at: Some("2026-01-01".into()), ..known() };
        assert_eq!(step(Some(row), Some(sent), &from("2024-01-01")), Some(Step::Update));
    }

    #[test]
    fn a_closing_date_goes_with_the_people_where_they_are_due_too() {
        let decide = |recheck, touched| {
            let known = PlanRecord {
                pending: PendingWork { close: true, recheck, ..PendingWork::default() },
                ..known()
            };
            let pair = Pair { id: RecordId::Number(1), row: Some(row()), known: Some(known) };
            decide(Kind::Booking, &pair, &Deferred::default(), touched, &rules())
        };
        assert_eq!([decide(false, true), decide(true, false)], [Some(Step::Update); 2]);
    }

    #[test]
    fn only_a_record_that_is_as_it_was_sent_waits_for_the_others() {
        let wave = |step, row, known, resend| {
            let pair = Pair { id: RecordId::Number(1), row: Some(row), known: Some(known) };
            Priority::of(step, &pair, &PlanOptions { resend, ..rules() })
        };
        assert_eq!(wave(Step::Update, row(), known(), Resend::Rest), Priority::Resends);
        assert_eq!(wave(Step::Update, row(), known(), Resend::Marked), Priority::Changes);
        assert_eq!(
            wave(Step::Update, Row { content_hash: 11, ..row() }, known(), Resend::Rest),
            Priority::Changes
        );
        assert_eq!(
            wave(Step::Update, row(), PlanRecord { absent_in_mirror: true, ..known() }, Resend::Rest),
            Priority::Changes
        );
        assert_eq!(wave(Step::Delete, row(), known(), Resend::Rest), Priority::Deletions);
    }

    #[test]
    fn a_closing_date_alone_is_a_step_of_its_own() {
        let open = PlanRecord { pending: PendingWork { close: true, ..PendingWork::default() }, ..known() };
        assert_eq!(step(Some(row()), Some(open), &rules()), Some(Step::Close));
        assert_eq!(format!("{:>6}", Step::Close), " close");
    }

    #[test]
    fn a_row_that_cannot_be_read_fails_and_is_no_deletion() {
        let broken = Row { body: Err(RowError::new(FailureCode::BadDate, "arrival", "x")), ..row() };
        assert_eq!(step(Some(broken), Some(known()), &rules()), Some(Step::Fail));
    }

    #[test]
    fn a_booking_whose_people_were_touched_is_looked_at_again() {
        let pair = Pair { id: RecordId::Number(1), row: Some(row()), known: Some(known()) };
        assert_eq!(decide(Kind::Booking, &pair, &Deferred::default(), true, &rules()), Some(Step::Recheck));
    }
}
