//! `reset-id`: what it shows, what it does to the state, and what it refuses.

use ecvi_b24::domain::owned_values::OwnedValues;
use ecvi_b24::domain::record::{Kind, RecordKey};
use ecvi_b24::platform::lock::Lock;
use ecvi_b24::state::{InDoubtCall, Operation, StoredRecord};
use ecvi_b24::sync::plan::MIRROR_STATS;
use insta::assert_snapshot;

use crate::env::TestEnv;
use crate::hotel::at;

const RU: &str = "ru_RU.UTF-8";
const EN: &str = "en_US.UTF-8";

fn record(hotel: &TestEnv, kind: Kind, id: i64) -> StoredRecord {
    hotel.state().record(&RecordKey::new(kind, id)).unwrap().unwrap_or_default()
}

fn events(hotel: &TestEnv, kind: Kind, id: i64) -> Vec<(String, Option<i64>)> {
    let events = hotel.state().history(&RecordKey::new(kind, id)).unwrap();
    events.into_iter().map(|event| (event.event.to_string(), event.crm_id)).collect()
}

#[test]
fn a_record_is_let_go_of_and_can_be_brought_back() {
    let hotel = TestEnv::running();
    assert_snapshot!(hotel.said(0, RU, "reset-id booking 3682 --yes"), @r"
    заявка №3682 (id 5): забыть, что это сделка 501
    Следующий запуск найдёт карточки в CRM по ORIGIN_ID, а ненайденные создаст заново.
    заявка №3682 (id 5): готово; отменить: ecvi-b24 reset-id booking id:5 --crm-id 501
    ");
    let booking = record(&hotel, Kind::Booking, 5);
    assert_eq!((booking.plan_record.crm_id, booking.detached), (None, true));
    assert_eq!(events(&hotel, Kind::Booking, 5).last().unwrap(), &("reset".into(), Some(501)));
    assert_snapshot!(hotel.said(0, EN, "reset-id booking id:5 --crm-id 501"), @r"
    booking 3682 (id 5): link to deal 501
    booking 3682 (id 5): done
    ");
    let booking = record(&hotel, Kind::Booking, 5);
    assert_eq!((booking.plan_record.crm_id, booking.plan_record.pending.resend), (Some(501), true));
}

#[test]
fn another_object_may_be_shared_and_that_is_said() {
    let hotel = TestEnv::running();
    assert_snapshot!(hotel.said(0, EN, "reset-id guest 41 --crm-id 102"), @r"
    guest 41: link to contact 102 (now contact 101)
      this card already belongs to guest 42: both records will write to it
    guest 41: done; to undo: ecvi-b24 reset-id guest id:41 --crm-id 101
    ");
    assert_eq!(record(&hotel, Kind::Guest, 41).plan_record.crm_id, Some(102));
    let history = events(&hotel, Kind::Guest, 41);
    assert_eq!(history[1..], [("reset".into(), Some(101)), ("pointed".into(), Some(102))]);
}

#[test]
fn a_failure_is_forgotten_so_that_the_record_is_tried_at_once() {
    let hotel = TestEnv::running();
    hotel.said(0, EN, "reset-id guest 43 --yes");
    assert!(hotel.state().retry_backoffs(Kind::Guest).unwrap().is_empty());
}

#[test]
fn a_call_in_doubt_stays_in_doubt() {
    let hotel = TestEnv::running();
    for arguments in
        ["reset-id company 7 --yes", "reset-id company 7 --crm-id 9 --yes", "reset-id --all --yes"]
    {
        let state = hotel.state();
        let writer = state.writer().unwrap();
        let now = at("2026-01-02T03:03:01Z");
        writer
            .mark_in_doubt(
                &RecordKey::new(Kind::Company, 7),
                &InDoubtCall {
                    operation: Operation::Create,
                    row: None,
                    owned_values: &OwnedValues::default(),
                },
                now,
            )
            .unwrap();
        writer.commit().unwrap();
        hotel.said(0, EN, arguments);
        assert_eq!(hotel.state().doubts(Kind::Company).unwrap().len(), 1, "{arguments}");
    }
}

#[test]
fn a_record_of_the_mirror_alone_can_be_pointed_at_an_object() {
    let hotel = TestEnv::new();
    hotel.said(0, EN, "reset-id guest 42 --crm-id 17 --yes");
    assert_eq!(record(&hotel, Kind::Guest, 42).plan_record.crm_id, Some(17));
}

#[test]
fn all_of_a_kind_or_everything() {
    let hotel = TestEnv::running();
    assert_snapshot!(hotel.said(0, RU, "reset-id guest --all --yes"), @r"
    гости: забыть id CRM: 2
    Отменить это можно только по одной записи или восстановив копию файла состояния.
    Следующий запуск найдёт карточки в CRM по ORIGIN_ID, а ненайденные создаст заново.
    гости: забыто id CRM: 2
    ");
    assert_eq!(hotel.state().count_linked(Kind::Guest).unwrap(), 0);
    assert_eq!(hotel.state().count_linked(Kind::Booking).unwrap(), 2);
    assert_eq!(events(&hotel, Kind::Guest, 41).last().unwrap(), &("reset".into(), Some(101)));
    assert_snapshot!(hotel.said(0, EN, "reset-id --all --yes"), @r"
    guests: CRM ids to be forgotten: 0
    companies: CRM ids to be forgotten: 1
    bookings: CRM ids to be forgotten: 2
    Deals of bookings that Ecvi has no more stay in the CRM: ecvi-b24 audit shows them.
    This can be undone record by record, or with a copy of the state file.
    The next run finds the cards in the CRM by ORIGIN_ID, and creates anew what it does not find.
    guests: CRM ids forgotten: 0
    companies: CRM ids forgotten: 1
    bookings: CRM ids forgotten: 2
    ");
    assert_eq!(hotel.state().count_linked(Kind::Booking).unwrap(), 0);
}

#[test]
fn a_table_that_was_emptied_on_purpose_is_accepted_after_it() {
    let hotel = TestEnv::running();
    let stats =
        serde_json::from_value(serde_json::json!({ "rows": [3, 1, 3], "residents": 4 })).unwrap();
    hotel.state().set(&MIRROR_STATS, &stats).unwrap();
    hotel.sql("DELETE FROM bookings; DELETE FROM booking_guests");
    assert!(hotel.said(0, EN, "status").contains("the table bookings of the mirror had rows"));
    hotel.said(0, EN, "reset-id booking --all --yes");
    assert!(!hotel.said(0, EN, "status").contains("unknown"));
}

#[test]
fn a_booking_that_is_gone_from_ecvi_is_warned_of() {
    let hotel = TestEnv::running();
    assert_snapshot!(hotel.said(0, RU, "reset-id booking 3690 --yes"), @r"
    заявка №3690 (id 8): забыть, что это сделка 508
      такой заявки в Ecvi больше нет: её сделка останется в CRM, удалите её вручную
    Следующий запуск найдёт карточки в CRM по ORIGIN_ID, а ненайденные создаст заново.
    заявка №3690 (id 8): готово; отменить: ecvi-b24 reset-id booking id:8 --crm-id 508
    ");
}

#[test]
fn what_makes_no_sense_is_exit_2_and_changes_nothing() {
    let hotel = TestEnv::running();
    assert_snapshot!(hotel.complains(2, RU, "reset-id guest 41 77 --yes"), @"ecvi-b24: гостя «77» нет ни в зеркале Ecvi, ни среди переданных; проверьте id");
    assert_snapshot!(hotel.complains(2, EN, "reset-id guest 41 42 --crm-id 9"), @"ecvi-b24: --crm-id: name one record");
    hotel.complains(2, EN, "reset-id guest");
    hotel.complains(2, EN, "reset-id guest 41 --all");
    hotel.complains(2, EN, "reset-id guest 41 --crm-id 0");
    assert_eq!(record(&hotel, Kind::Guest, 41).plan_record.crm_id, Some(101));
}

#[test]
fn a_number_that_two_bookings_carry_is_asked_about() {
    let hotel = TestEnv::running();
    hotel.sql("UPDATE bookings SET number = '3682' WHERE id = 6");
    assert_snapshot!(hotel.complains(2, EN, "reset-id booking 3682 --yes"), @"ecvi-b24: several records are called 3682; name one: id:5, id:6");
}

#[test]
fn it_waits_for_the_run_that_is_running() {
    let hotel = TestEnv::running();
    let lock = Lock::try_acquire(&hotel.path("state.db")).unwrap();
    let waiting = std::thread::scope(|scope| {
        let reset = scope.spawn(|| hotel.said(0, EN, "reset-id guest 41 --yes"));
        std::thread::sleep(std::time::Duration::from_millis(600));
        let before = record(&hotel, Kind::Guest, 41).plan_record.crm_id;
        drop(lock);
        reset.join().unwrap();
        before
    });
    assert_eq!(waiting, Some(101));
    assert_eq!(record(&hotel, Kind::Guest, 41).plan_record.crm_id, None);
}
