use super::*;
use crate::domain::failure_code::FailureCode;
use crate::domain::record::BookingStatus;
use crate::mirror::{Booking, Company, RowError};
use crate::state::{Note, Operation};
use crate::sync::plan::ShownStays;
use crate::sync::plan::observations::{is_missing, note_of};

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
        content_hash: 10,
        parties_hash: 20,
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
            decide(
                Kind::Booking,
                &pair,
                &on_hold,
                true,
                &PlanOptions { resend: Resend::All, ..rules() }
            ),
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
        content_hash: 10,
        parties_hash: 20,
        unreadable,
    };
    assert!(holds(&hold(false), Some(&row()), &rules()));
    assert!(!holds(&hold(true), Some(&row()), &rules()));
    let broken =
        Row { body: Err(RowError::new(FailureCode::UnknownStatus, "status", "7")), ..row() };
    assert!(holds(&hold(true), Some(&broken), &rules()));
}

#[test]
fn a_failed_record_waits_unless_it_changes_or_is_asked_for() {
    let hold = RetryBackoff {
        until: rules().now + LONGEST_PAUSE,
        modified_at: "2026-01-02".into(),
        content_hash: 10,
        parties_hash: 20,
        unreadable: false,
    };
    let on_hold =
        Deferred { holds: HashMap::from([(RecordId::Number(1), hold)]), ..Deferred::default() };
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
        content_hash: 10,
        parties_hash: 20,
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
    let newer = Row { modified_at: "2026-01-03".into(), ..row() };
    assert_eq!(wave(Step::Update, newer, known(), Resend::Rest), Priority::Changes);
    assert_eq!(wave(Step::Delete, row(), known(), Resend::Rest), Priority::Deletions);
}

#[test]
fn a_closing_date_alone_is_a_step_of_its_own() {
    let open =
        PlanRecord { pending: PendingWork { close: true, ..PendingWork::default() }, ..known() };
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
    assert_eq!(
        decide(Kind::Booking, &pair, &Deferred::default(), true, &rules()),
        Some(Step::Recheck)
    );
}

#[test]
fn only_a_record_that_stands_and_is_called_as_before_may_go_unread() {
    let may_go_unread = |known: PlanRecord| {
        let pair = Pair { id: RecordId::Number(1), row: Some(row()), known: Some(known) };
        is_skippable(Kind::Booking, &pair, &Deferred::default(), &rules())
    };
    assert!(may_go_unread(known()));
    let owed = PendingWork { close: true, ..PendingWork::default() };
    assert!(!may_go_unread(PlanRecord { pending: owed, ..known() }));
    assert!(!may_go_unread(PlanRecord { display_name: "3683".into(), ..known() }));
}

#[test]
fn a_window_hides_nobody_whose_object_another_row_speaks_for() {
    let moved = HashSet::from([RecordKey::new(Kind::Booking, RecordId::Number(1))]);
    let window = PlanOptions { windows: PerKind::all(true), moved, ..rules() };
    assert_eq!(step(None, Some(known()), &window), Some(Step::Delete));
}

#[test]
fn only_guests_are_sent_for_their_stays_and_whoever_is_due_anyway_goes_first() {
    let shown = ShownStays { fields: 1, day: NaiveDate::default() };
    let filling = PlanOptions { stays: Some(StayRules::after(None, shown)), ..rules() };
    let priority = |known, rules: &PlanOptions| {
        let pair = Pair { id: RecordId::Number(1), row: Some(row()), known: Some(known) };
        Priority::of(Step::Update, &pair, rules)
    };
    assert_eq!(priority(known(), &filling), Priority::Changes);
    let for_stays = |resend| PlanRecord {
        pending: PendingWork { stays: true, resend, ..PendingWork::default() },
        ..known()
    };
    assert_eq!(priority(for_stays(false), &rules()), Priority::Resends);
    assert_eq!(priority(for_stays(true), &rules()), Priority::Changes);
}

#[test]
fn only_who_has_something_to_lose_and_is_hidden_by_no_window_is_missing() {
    assert!(is_missing(Kind::Booking, &known(), &rules()));
    assert!(!is_missing(Kind::Booking, &PlanRecord::default(), &rules()));
    assert!(!is_missing(Kind::Booking, &known(), &PlanOptions { deletes: false, ..rules() }));
    let absent = PlanRecord { absent_in_mirror: true, ..known() };
    assert!(is_missing(Kind::Guest, &known(), &rules()));
    assert!(!is_missing(Kind::Guest, &absent, &rules()));
    let window = PlanOptions { windows: PerKind::all(true), ..rules() };
    assert!(!is_missing(Kind::Guest, &known(), &window));
}

#[test]
fn who_is_missing_is_noted_once_unless_the_clock_ran_ahead() {
    let now = rules().now;
    let note = |missing_since| {
        let known = PlanRecord { missing_since, ..known() };
        let pair = Pair { id: RecordId::Number(1), row: None, known: Some(known) };
        note_of(Kind::Booking, &pair, &rules())
    };
    assert_eq!(note(None), Some(Note::Missing));
    assert_eq!(note(Some(now)), None);
    assert_eq!(note(Some(now + TimeDelta::seconds(1))), Some(Note::Missing));
}

#[test]
fn contents_of_other_columns_are_learnt_where_modified_at_would_tell_a_change() {
    let note = |row: Row, learns| {
        let pair = Pair { id: RecordId::Number(1), row: Some(row), known: Some(known()) };
        let rules = PlanOptions { learns: PerKind::all(learns), ..rules() };
        note_of(Kind::Booking, &pair, &rules)
    };
    let other = Row { content_hash: 11, ..row() };
    let timeless = Row { modified_at: String::new(), ..other.clone() };
    assert_eq!(note(row(), true), None);
    assert_eq!(note(other.clone(), true), Some(Note::Read { content: 11, stay: None }));
    assert_eq!(note(other, false), None);
    assert_eq!(note(timeless, true), None);
}
