use super::*;
use crate::domain::failure_code::FailureCode;
use crate::domain::record::BookingStatus;
use crate::mirror::{Booking, Company, Guest, RowError};
use crate::state::LONGEST_PAUSE;
use crate::sync::plan::ShownStays;

pub(in crate::sync::plan) fn row() -> Row {
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

pub(in crate::sync::plan) fn stored() -> PlanRecord {
    PlanRecord {
        crm_id: Some(7),
        modified_at: Some("2026-01-02".into()),
        content_hash: 10,
        parties_hash: 20,
        display_name: "3682".into(),
        ..PlanRecord::default()
    }
}

fn step(row: Option<Row>, stored: Option<PlanRecord>, options: &PlanOptions) -> Option<Step> {
    decide(
        Kind::Booking,
        &Pair { id: RecordId::Number(1), row, stored },
        &Deferred::default(),
        false,
        options,
    )
}

pub(in crate::sync::plan) fn options() -> PlanOptions {
    PlanOptions { deletes: true, ..PlanOptions::default() }
}

#[test]
fn a_record_that_was_sent_and_did_not_change_is_left_alone() {
    assert_eq!(step(Some(row()), Some(stored()), &options()), None);
}

#[test]
fn a_record_without_an_object_is_created() {
    assert_eq!(step(Some(row()), None, &options()), Some(Step::Create));
    assert_eq!(step(Some(row()), Some(PlanRecord::default()), &options()), Some(Step::Create));
}

#[test]
fn another_modified_at_or_other_people_are_an_update() {
    let newer = Row { modified_at: "2026-01-03".into(), ..row() };
    assert_eq!(step(Some(newer), Some(stored()), &options()), Some(Step::Update));
    assert_eq!(
        step(Some(Row { parties_hash: 21, ..row() }), Some(stored()), &options()),
        Some(Step::Update)
    );
    let resend =
        PlanRecord { pending: PendingWork { resend: true, ..PendingWork::default() }, ..stored() };
    assert_eq!(step(Some(row()), Some(resend), &options()), Some(Step::Update));
}

#[test]
fn other_content_is_a_change_whatever_modified_at_says() {
    let other = Row { content_hash: 11, ..row() };
    assert_eq!(step(Some(other), Some(stored()), &options()), Some(Step::Update));
}

#[test]
fn contents_of_other_columns_are_no_change_unless_nothing_else_would_tell_one() {
    let changed_columns = PlanOptions { changed_columns: PerKind::all(true), ..options() };
    let other = Row { content_hash: 11, ..row() };
    assert_eq!(step(Some(other.clone()), Some(stored()), &changed_columns), None);
    let timeless = Row { modified_at: String::new(), ..other };
    let sent = PlanRecord { modified_at: Some(String::new()), ..stored() };
    assert_eq!(step(Some(timeless), Some(sent), &changed_columns), Some(Step::Update));
}

#[test]
fn who_is_missing_is_given_up_after_the_patience_and_not_before() {
    let since = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let missing = PlanRecord { missing_since: Some(since), ..stored() };
    let after = |seconds, removal_delay: i64| PlanOptions {
        now: since + TimeDelta::seconds(seconds),
        removal_delay: Some(PerKind::all(TimeDelta::seconds(removal_delay))),
        ..options()
    };
    assert_eq!(step(None, Some(missing.clone()), &after(119, 120)), None);
    assert_eq!(step(None, Some(missing.clone()), &after(120, 120)), Some(Step::Delete));
    // The first reading that misses it.
    assert_eq!(step(None, Some(stored()), &after(120, 120)), None);
    assert_eq!(step(None, Some(stored()), &after(0, 0)), Some(Step::Delete));
    // The clock was set back.
    assert_eq!(step(None, Some(missing), &after(-3600, 120)), None);
}

#[test]
fn a_booking_that_is_gone_has_its_deal_deleted_where_deletions_are_allowed() {
    assert_eq!(step(None, Some(stored()), &options()), Some(Step::Delete));
    assert_eq!(step(None, Some(stored()), &PlanOptions { deletes: false, ..options() }), None);
    assert_eq!(step(None, Some(PlanRecord::default()), &options()), Some(Step::DropRecord));
}

#[test]
fn what_slides_out_of_a_window_is_neither_deleted_nor_gone() {
    let pair = Pair { id: RecordId::Number(1), row: None, stored: Some(stored()) };
    let options = PlanOptions { windows: PerKind::all(true), ..options() };
    for kind in Kind::SEND_ORDER {
        assert_eq!(decide(kind, &pair, &Deferred::default(), false, &options), None, "{kind}");
    }
}

#[test]
fn a_guest_that_is_gone_is_marked_once() {
    let pair = |gone| Pair {
        id: RecordId::Number(1),
        row: None,
        stored: Some(PlanRecord { absent_in_mirror: gone, ..stored() }),
    };
    let decide = |gone| decide(Kind::Guest, &pair(gone), &Deferred::default(), false, &options());
    assert_eq!(decide(false), Some(Step::MarkAbsent));
    assert_eq!(decide(true), None);
}

#[test]
fn without_an_object_a_booking_that_is_gone_is_forgotten_and_a_guest_is_marked_as_gone() {
    let pair = Pair { id: RecordId::Number(1), row: None, stored: Some(PlanRecord::default()) };
    let decide = |kind| decide(kind, &pair, &Deferred::default(), false, &options());
    assert_eq!(decide(Kind::Booking), Some(Step::DropRecord));
    assert_eq!([decide(Kind::Guest), decide(Kind::Company)], [Some(Step::MarkAbsent); 2]);
}

#[test]
fn a_record_in_doubt_is_left_alone_even_when_it_is_gone() {
    let doubt = Doubt { operation: Operation::Create, at: DateTime::default() };
    let deferred =
        Deferred { doubts: HashMap::from([(RecordId::Number(1), doubt)]), ..Deferred::default() };
    for row in [Some(row()), None] {
        let pair = Pair { id: RecordId::Number(1), row, stored: Some(stored()) };
        assert_eq!(
            decide(
                Kind::Booking,
                &pair,
                &deferred,
                true,
                &PlanOptions { resend: Resend::All, ..options() }
            ),
            None
        );
    }
}

#[test]
fn while_41_is_in_doubt_its_namesake_waits_for_they_carry_one_mark() {
    let doubt = Doubt { operation: Operation::Create, at: DateTime::default() };
    let deferred =
        Deferred { doubts: HashMap::from([(RecordId::Number(41), doubt)]), ..Deferred::default() };
    let step = |id: &str| {
        let id = RecordId::Text(id.into());
        let pair = Pair { id: id.clone(), row: Some(Row { id, ..row() }), stored: None };
        decide(Kind::Booking, &pair, &deferred, false, &options())
    };
    assert_eq!((step("41"), step("42")), (None, Some(Step::Create)));
}

#[test]
fn a_row_that_can_be_read_by_now_waits_no_longer() {
    let until = options().now + LONGEST_PAUSE;
    let backoff = |operation| RetryBackoff {
        until,
        modified_at: "2026-01-02".into(),
        content_hash: 10,
        parties_hash: 20,
        operation,
    };
    assert!(is_paused(&backoff(Some(Operation::Update)), Some(&row()), &options()));
    assert!(!is_paused(&backoff(None), Some(&row()), &options()));
    let broken =
        Row { body: Err(RowError::new(FailureCode::UnknownStatus, "status", "7")), ..row() };
    assert!(is_paused(&backoff(None), Some(&broken), &options()));
}

#[test]
fn a_failed_record_whose_row_is_gone_waits_only_if_its_deletion_failed() {
    let backoff = |operation| RetryBackoff {
        until: options().now + LONGEST_PAUSE,
        modified_at: String::new(),
        content_hash: 0,
        parties_hash: 0,
        operation,
    };
    assert!(is_paused(&backoff(Some(Operation::Delete)), None, &options()));
    for operation in [Some(Operation::Update), None] {
        assert!(!is_paused(&backoff(operation), None, &options()));
    }
}

#[test]
fn a_failed_record_waits_unless_it_changes_or_is_asked_for() {
    let hold = RetryBackoff {
        until: options().now + LONGEST_PAUSE,
        modified_at: "2026-01-02".into(),
        content_hash: 10,
        parties_hash: 20,
        operation: Some(Operation::Update),
    };
    let deferred =
        Deferred { backoffs: HashMap::from([(RecordId::Number(1), hold)]), ..Deferred::default() };
    let try_it = |row: Row, options: &PlanOptions| {
        decide(
            Kind::Booking,
            &Pair { id: RecordId::Number(1), row: Some(row), stored: None },
            &deferred,
            false,
            options,
        )
    };
    assert_eq!(try_it(row(), &options()), None);
    assert_eq!(try_it(Row { content_hash: 11, ..row() }, &options()), Some(Step::Create));
    let later = Row { modified_at: "2026-01-03".into(), ..row() };
    assert_eq!(try_it(later, &options()), Some(Step::Create));
    assert_eq!(try_it(row(), &PlanOptions { retry_failed: true, ..options() }), Some(Step::Create));
}

#[test]
fn the_pause_of_a_failed_record_ends_at_its_end() {
    let until = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let hold = RetryBackoff {
        until,
        modified_at: "2026-01-02".into(),
        content_hash: 10,
        parties_hash: 20,
        operation: Some(Operation::Update),
    };
    let at =
        |seconds| PlanOptions { now: until + chrono::TimeDelta::seconds(seconds), ..options() };
    assert!(is_paused(&hold, Some(&row()), &at(-1)));
    assert!(!is_paused(&hold, Some(&row()), &at(0)));
    let ahead = |days: i32| PlanOptions { now: until - LONGEST_PAUSE * days, ..options() };
    assert!(is_paused(&hold, Some(&row()), &ahead(1)));
    assert!(!is_paused(&hold, Some(&row()), &ahead(2)));
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
        staying_guests: Vec::new(),
    };
    let row = Row { body: Ok(Entity::Booking(booking)), ..row() };
    let from = |text| PlanOptions { bookings_from: Some(day(text)), ..options() };
    assert_eq!(step(Some(row.clone()), None, &from("2024-01-01")), None);
    assert_eq!(step(Some(row.clone()), None, &from("2023-12-31")), Some(Step::Create));
    assert_eq!(step(Some(row.clone()), None, &from("2023-12-30")), Some(Step::Create));
    assert_eq!(step(Some(row.clone()), None, &options()), Some(Step::Create));
    let sent = PlanRecord { modified_at: Some("2026-01-01".into()), ..stored() };
    assert_eq!(step(Some(row), Some(sent), &from("2024-01-01")), Some(Step::Update));
}

#[test]
fn a_closing_date_goes_with_the_people_where_they_are_due_too() {
    let decide = |recheck, has_dirty_party| {
        let stored = PlanRecord {
            pending: PendingWork { close: true, recheck, ..PendingWork::default() },
            ..stored()
        };
        let pair = Pair { id: RecordId::Number(1), row: Some(row()), stored: Some(stored) };
        decide(Kind::Booking, &pair, &Deferred::default(), has_dirty_party, &options())
    };
    assert_eq!([decide(false, true), decide(true, false)], [Some(Step::Update); 2]);
}

#[test]
fn only_a_record_that_is_as_it_was_sent_waits_for_the_others() {
    let wave = |step, row, stored, resend| {
        let pair = Pair { id: RecordId::Number(1), row: Some(row), stored: Some(stored) };
        Priority::of(step, &pair, &PlanOptions { resend, ..options() })
    };
    assert_eq!(wave(Step::Update, row(), stored(), Resend::Rest), Priority::Resends);
    assert_eq!(wave(Step::Update, row(), stored(), Resend::Marked), Priority::Changes);
    assert_eq!(
        wave(Step::Update, Row { content_hash: 11, ..row() }, stored(), Resend::Rest),
        Priority::Changes
    );
    assert_eq!(
        wave(Step::Update, row(), PlanRecord { absent_in_mirror: true, ..stored() }, Resend::Rest),
        Priority::Changes
    );
    let newer = Row { modified_at: "2026-01-03".into(), ..row() };
    assert_eq!(wave(Step::Update, newer, stored(), Resend::Rest), Priority::Changes);
    assert_eq!(wave(Step::Delete, row(), stored(), Resend::Rest), Priority::Deletions);
}

#[test]
fn a_closing_date_alone_is_a_step_of_its_own() {
    let open =
        PlanRecord { pending: PendingWork { close: true, ..PendingWork::default() }, ..stored() };
    assert_eq!(step(Some(row()), Some(open), &options()), Some(Step::SendCloseDate));
    assert_eq!(format!("{:>6}", Step::SendCloseDate), " close");
}

#[test]
fn a_row_that_cannot_be_read_fails_and_is_no_deletion() {
    let broken = Row { body: Err(RowError::new(FailureCode::BadDate, "arrival", "x")), ..row() };
    assert_eq!(step(Some(broken), Some(stored()), &options()), Some(Step::Fail));
}

#[test]
fn a_booking_whose_people_were_touched_is_looked_at_again() {
    let pair = Pair { id: RecordId::Number(1), row: Some(row()), stored: Some(stored()) };
    assert_eq!(
        decide(Kind::Booking, &pair, &Deferred::default(), true, &options()),
        Some(Step::Recheck)
    );
}

#[test]
fn only_a_record_that_stands_and_is_called_as_before_may_go_unread() {
    let may_go_unread = |stored: PlanRecord| {
        let pair = Pair { id: RecordId::Number(1), row: Some(row()), stored: Some(stored) };
        is_skippable(Kind::Booking, &pair, &Deferred::default(), &options())
    };
    assert!(may_go_unread(stored()));
    let owed = PendingWork { close: true, ..PendingWork::default() };
    assert!(!may_go_unread(PlanRecord { pending: owed, ..stored() }));
    assert!(!may_go_unread(PlanRecord { display_name: "3683".into(), ..stored() }));
    assert!(!may_go_unread(PlanRecord { content_hash: 11, ..stored() }));
}

/// What marks guests and companies means nothing for a booking.
#[test]
fn a_booking_is_never_known_as_gone() {
    let marked = PlanRecord { absent_in_mirror: true, ..stored() };
    assert_eq!(step(None, Some(marked.clone()), &options()), Some(Step::Delete));
    let may_go_unread = |kind| {
        let pair = Pair { id: RecordId::Number(1), row: None, stored: Some(marked.clone()) };
        is_skippable(kind, &pair, &Deferred::default(), &options())
    };
    assert!(may_go_unread(Kind::Guest) && !may_go_unread(Kind::Booking));
}

#[test]
fn whoever_comes_back_as_they_were_is_sent_again() {
    let gone = PlanRecord { absent_in_mirror: true, ..stored() };
    assert_eq!(step(Some(row()), Some(gone), &options()), Some(Step::Update));
}

#[test]
fn a_window_hides_nobody_whose_object_another_row_speaks_for() {
    let moved = HashSet::from([RecordKey::new(Kind::Booking, RecordId::Number(1))]);
    let window = PlanOptions { windows: PerKind::all(true), moved_records: moved, ..options() };
    assert_eq!(step(None, Some(stored()), &window), Some(Step::Delete));
}

#[test]
fn only_guests_are_sent_for_their_stays_and_whoever_is_due_anyway_goes_first() {
    let shown = ShownStays { fields: 1, day: NaiveDate::default() };
    let filling = PlanOptions { stays: Some(StayRules::after(None, shown)), ..options() };
    let priority = |stored, options: &PlanOptions| {
        let pair = Pair { id: RecordId::Number(1), row: Some(row()), stored: Some(stored) };
        Priority::of(Step::Update, &pair, options)
    };
    assert_eq!(priority(stored(), &filling), Priority::Changes);
    let for_stays = |resend| PlanRecord {
        pending: PendingWork { stays: true, resend, ..PendingWork::default() },
        ..stored()
    };
    assert_eq!(priority(for_stays(false), &options()), Priority::Resends);
    assert_eq!(priority(for_stays(true), &options()), Priority::Changes);
}

#[test]
fn while_all_contacts_are_filled_with_stays_whoever_changed_goes_first() {
    let shown = ShownStays { fields: 1, day: NaiveDate::default() };
    let filling = PlanOptions { stays: Some(StayRules::after(None, shown)), ..options() };
    let guest = Row { body: Ok(Entity::Guest(Guest::default())), ..row() };
    let priority = |row: Row, stored, options: &PlanOptions| {
        let pair = Pair { id: RecordId::Number(1), row: Some(row), stored: Some(stored) };
        Priority::of(Step::Update, &pair, options)
    };
    let changed = Row { modified_at: "2026-01-03".into(), ..guest.clone() };
    let due = PendingWork { resend: true, ..PendingWork::default() };
    let due = PlanRecord { pending: due, ..stored() };
    assert_eq!(priority(guest.clone(), stored(), &filling), Priority::Resends);
    assert_eq!(priority(guest.clone(), stored(), &options()), Priority::Changes);
    assert_eq!(priority(changed, stored(), &filling), Priority::Changes);
    assert_eq!(priority(guest, due, &filling), Priority::Changes);
}
