//! A doubt is settled by what stands in the portal, and not before its time.

use bitrix24_sandbox::{Harm, Kind as CrmKind, Spoiled};
use chrono::TimeDelta;
use serde_json::json;

use super::*;
use crate::config::parse;
use crate::crm::answers::Near;
use crate::domain::messages::Message;
use crate::domain::owned_values::OwnedValues;
use crate::platform::clock::Clock;
use crate::portal::limits::RateLimits;
use crate::state::{InDoubtCall, PendingWork, Severity};

/// A state with doubts, and the portal in which they are looked for.
struct Case {
    config: Config,
    state: State,
    clock: Clock,
    portal: Near,
}

const GUEST: RecordKey = RecordKey { kind: Kind::Guest, id: RecordId::Number(41) };
const BOOKING: RecordKey = RecordKey { kind: Kind::Booking, id: RecordId::Number(5) };

fn guest(id: i64) -> RecordKey {
    RecordKey::new(Kind::Guest, id)
}

fn booking(id: i64) -> RecordKey {
    RecordKey::new(Kind::Booking, id)
}

fn client<'p>(portal: &'p mut Near, clock: &Clock, config: &Config) -> Client<'p> {
    Client::new(portal, clock.clone(), &config.portal, RateLimits::default(), None)
}

impl Case {
    fn new() -> Case {
        let toml = "[mirror]\npath='m'\n[portal]\nwebhook='https://h/rest/1/x/'\nsettle_time='75s'";
        let clock = Clock::virtual_at(DateTime::from_timestamp(1_700_000_000, 0).unwrap());
        Case {
            config: parse(toml, std::path::Path::new(""), None).unwrap(),
            state: State::in_memory().unwrap(),
            portal: Near { clock: clock.clone(), ..Near::new() },
            clock,
        }
    }

    fn write(&self, write: impl FnOnce(&Writer<'_>) -> crate::state::Result<()>) {
        let writer = self.state.writer().unwrap();
        write(&writer).unwrap();
        writer.commit().unwrap();
    }

    /// The call of this record was made so long ago, and `strikes` calls before it were never
    /// answered.
    fn doubt(&self, key: &RecordKey, operation: Operation, seconds_ago: i64, strikes: u32) {
        let attempt = InDoubtCall { operation, row: None, owned_values: &OwnedValues::default() };
        let at = self.clock.now() - TimeDelta::seconds(seconds_ago);
        self.write(|writer| {
            writer.mark_in_doubt(key, &attempt, at)?;
            (0..strikes).try_for_each(|_| writer.count_unanswered(key))
        });
    }

    /// The record has this object, and nothing is to be sent.
    fn link(&self, key: &RecordKey, crm_id: i64) {
        self.write(|writer| {
            writer.insert_if_missing(key, "")?;
            writer.link(key, crm_id)?;
            writer.update_pending(key, PendingWork::default())
        });
    }

    /// An object of this record stands in the portal.
    fn stands(&mut self, key: &RecordKey) -> i64 {
        let fields = json!({"TITLE": "x", "LAST_NAME": "x", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": key.id.to_string()});
        self.portal.add(key.kind.crm_entity(), &fields)
    }

    /// Settles, and returns who was put aside.
    fn settle(&mut self) -> Vec<(FailureCode, Message)> {
        let mut client = client(&mut self.portal, &self.clock, &self.config);
        resolve_doubts(&self.config, &self.state, &mut client).unwrap()
    }

    fn record(&self, key: &RecordKey) -> StoredRecord {
        self.state.record(key).unwrap().unwrap_or_default()
    }

    fn doubts(&self, kind: Kind) -> usize {
        self.state.doubts(kind).unwrap().len()
    }
}

#[test]
fn a_creation_is_settled_by_its_origin() {
    let mut case = Case::new();
    let contact = case.stands(&GUEST);
    case.doubt(&GUEST, Operation::Create, 75, 0);
    case.doubt(&guest(42), Operation::Create, 75, 0);
    assert!(case.settle().is_empty());
    assert_eq!(case.record(&GUEST).plan_record.crm_id, Some(contact));
    assert!(case.record(&GUEST).carries_origin);
    let other = case.record(&guest(42));
    assert_eq!((other.plan_record.crm_id, other.unanswered_calls), (None, 1));
    assert_eq!(case.doubts(Kind::Guest), 0);
}

#[test]
fn of_several_objects_the_first_is_used_unless_somebody_pointed_the_record_elsewhere() {
    let mut case = Case::new();
    let first = case.stands(&GUEST);
    case.stands(&GUEST);
    case.doubt(&GUEST, Operation::Create, 75, 0);
    case.settle();
    assert_eq!(case.record(&GUEST).plan_record.crm_id, Some(first));
    case.doubt(&GUEST, Operation::Create, 75, 0);
    case.link(&GUEST, 77);
    case.doubt(&GUEST, Operation::Create, 75, 0);
    case.settle();
    assert_eq!(case.record(&GUEST).plan_record.crm_id, Some(77));
    assert!(!case.record(&GUEST).carries_origin);
    assert_eq!(case.doubts(Kind::Guest), 0);
}

#[test]
fn a_doubt_is_settled_at_its_time_and_not_a_second_before() {
    let mut case = Case::new();
    let contact = case.stands(&GUEST);
    case.doubt(&GUEST, Operation::Create, 74, 0);
    case.settle();
    assert_eq!((case.record(&GUEST).plan_record.crm_id, case.doubts(Kind::Guest)), (None, 1));
    case.clock.sleep(std::time::Duration::from_secs(1));
    case.settle();
    assert_eq!(case.record(&GUEST).plan_record.crm_id, Some(contact));
}

#[test]
fn a_doubt_from_the_future_is_dated_from_now() {
    let mut case = Case::new();
    case.doubt(&GUEST, Operation::Create, -3600, 0);
    case.settle();
    let now = case.clock.now();
    assert_eq!(case.state.doubts(Kind::Guest).unwrap()[&GUEST.id].at, now);
    let settled = settled_at(&case.config, &case.state, now).unwrap();
    assert_eq!(settled, Some(now + TimeDelta::seconds(75)));
}

#[test]
fn a_deletion_is_settled_by_whether_the_deal_still_stands() {
    let mut case = Case::new();
    let lost = booking(6);
    let kept = BOOKING;
    let deal = case.stands(&kept);
    case.link(&kept, deal);
    case.link(&lost, 99);
    for key in [&kept, &lost] {
        case.doubt(key, Operation::Delete, 75, 0);
    }
    // One that was to be created, and stands there, is not mixed up with them.
    let new = case.stands(&booking(7));
    case.doubt(&booking(7), Operation::Create, 75, 0);
    assert!(case.settle().is_empty());
    let there = case.record(&kept);
    assert_eq!((there.plan_record.crm_id, there.unanswered_calls), (Some(deal), 1));
    assert!(there.plan_record.pending.resend);
    assert_eq!(case.record(&lost).plan_record.crm_id, None);
    let told = case.state.history(&lost).unwrap();
    let told: Vec<_> = told.iter().map(|line| (line.event.known(), line.crm_id)).collect();
    assert_eq!(told, [(Some(Event::Deleted), Some(99))]);
    assert_eq!(case.record(&booking(7)).plan_record.crm_id, Some(new));
    assert_eq!(case.doubts(Kind::Booking), 0);
}

#[test]
fn only_its_own_deal_tells_what_became_of_a_deletion_and_only_its_mark_of_a_creation() {
    let mut case = Case::new();
    // Another deal carries the booking's mark.
    case.stands(&BOOKING);
    case.link(&BOOKING, 99);
    case.doubt(&BOOKING, Operation::Delete, 75, 0);
    // `reset-id` pointed the guest at an object that the call did not make.
    let other = case.stands(&guest(42));
    case.link(&GUEST, other);
    case.doubt(&GUEST, Operation::Create, 75, 0);
    assert!(case.settle().is_empty());
    let gone = case.record(&BOOKING);
    assert_eq!((gone.plan_record.crm_id, gone.unanswered_calls), (None, 0));
    let waiting = case.record(&GUEST);
    assert_eq!((waiting.plan_record.crm_id, waiting.unanswered_calls), (Some(other), 1));
    assert!(case.state.history(&GUEST).unwrap().is_empty());
}

#[test]
fn a_creation_whose_card_spoils_every_list_is_put_aside_and_not_made_again() {
    let mut case = Case::new();
    let card = case.stands(&GUEST);
    let spoiled = (CrmKind::Contact, card.cast_unsigned());
    case.portal.sandbox.settings.spoiled.insert(spoiled, Spoiled::Everywhere(Harm::Refused));
    case.doubt(&GUEST, Operation::Create, 75, 0);
    case.doubt(&guest(42), Operation::Create, 75, 0);
    let name = display::record_name(&GUEST, "");
    assert_eq!(case.settle(), [(FailureCode::CardUnreadable, name)]);
    let failures = case.state.issues(Severity::Failure).unwrap();
    let told: Vec<_> = failures.iter().map(|flaw| (flaw.key.clone(), flaw.code.known())).collect();
    assert_eq!(told, [(GUEST, Some(FailureCode::CardUnreadable))]);
    assert_eq!(case.record(&GUEST).unanswered_calls, 0);
    assert_eq!(case.record(&guest(42)).unanswered_calls, 1);
}

/// How long is waited for calls after the lock's file told of one so many seconds ago, the state
/// of one so many ago.
fn wait_after(lock_tells: Option<i64>, state_tells: Option<i64>) -> i64 {
    let mut case = Case::new();
    let folder = tempfile::tempdir().unwrap();
    let lock = Lock::try_acquire(&folder.path().join("state.db")).unwrap().unwrap();
    let now = case.clock.now();
    let ago = |seconds| now - TimeDelta::seconds(seconds);
    if let Some(seconds) = lock_tells {
        lock.record_call(ago(seconds)).unwrap();
    }
    if let Some(seconds) = state_tells {
        case.write(|writer| writer.set(&LAST_CALL, &ago(seconds)));
    }
    let client = client(&mut case.portal, &case.clock, &case.config);
    wait_for_unknown_calls(&case.config, &case.state, &lock, &client).unwrap();
    assert_eq!(lock.last_call(), lock_tells.map(|seconds| ago(seconds.max(0))));
    (case.clock.now() - now).num_seconds()
}

#[test]
fn a_call_that_the_state_knows_nothing_of_is_waited_for_and_no_other() {
    assert_eq!(wait_after(Some(5), Some(5)), 0);
    assert_eq!(wait_after(None, None), 0);
    assert_eq!(wait_after(Some(5), None), 70);
    assert_eq!(wait_after(Some(5), Some(6)), 70);
    assert_eq!(wait_after(Some(75), None), 0);
    assert_eq!(wait_after(Some(-3600), None), 75);
}

#[test]
fn an_update_is_sent_again() {
    let mut case = Case::new();
    let contact = case.stands(&GUEST);
    case.link(&GUEST, contact);
    case.doubt(&GUEST, Operation::Update, 75, 0);
    case.settle();
    let record = case.record(&GUEST);
    assert_eq!((record.plan_record.pending.resend, record.unanswered_calls), (true, 1));
    assert_eq!(case.doubts(Kind::Guest), 0);
}

#[test]
fn who_is_never_answered_is_put_aside_at_the_fourth_time_unless_the_call_worked() {
    let mut case = Case::new();
    let ids = [GUEST, guest(42), guest(43), guest(44)];
    let contact = case.stands(&ids[0]);
    case.doubt(&ids[0], Operation::Create, 75, 3);
    case.doubt(&ids[1], Operation::Create, 75, 3);
    let writer = case.state.writer().unwrap();
    writer.save_reason_of_doubt(&ids[1], "413 Request Entity Too Large").unwrap();
    writer.commit().unwrap();
    case.doubt(&ids[2], Operation::Create, 75, 2);
    case.doubt(&ids[3], Operation::Update, 75, 3);
    let deal = case.stands(&BOOKING);
    case.link(&BOOKING, deal);
    case.doubt(&BOOKING, Operation::Delete, 75, 3);
    case.link(&booking(6), 99);
    case.doubt(&booking(6), Operation::Delete, 75, 3);
    let aside = [&ids[1], &ids[3], &BOOKING];
    assert_eq!(
        case.settle(),
        aside.map(|key| (FailureCode::NoAnswer, crate::domain::display::record_name(key, "")))
    );
    assert_eq!(case.record(&ids[0]).plan_record.crm_id, Some(contact));
    assert_eq!(case.record(&ids[1]).unanswered_calls, 4);
    let failures = case.state.issues(Severity::Failure).unwrap();
    let told: Vec<_> = failures.iter().map(|flaw| (flaw.key.clone(), flaw.code.known())).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|(_, code)| *code == Some(FailureCode::NoAnswer)));
    let reason =
        failures.iter().find(|flaw| flaw.key == ids[1]).map(|flaw| flaw.detail.to_string());
    assert_eq!(reason, Some("413 Request Entity Too Large".to_owned()));
    assert_eq!((case.doubts(Kind::Guest), case.doubts(Kind::Booking)), (0, 0));
}
