//! The initial export.

use std::sync::Arc;
use std::time::Duration;

use bitrix24_sandbox::{Fault, Kind, User};
use chrono::{TimeDelta, Utc};
use ecvi_b24::domain::per_kind::PerKind;
use ecvi_b24::domain::record::Kind as RecordKind;
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::portal::client::Client;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use ecvi_b24::sync::push::ProgressObserver;
use serde_json::json;

use crate::hotel::Hotel;

/// Three guests and three bookings, the newest in the middle.
fn hotel() -> Hotel {
    let hotel = Hotel::new();
    for (id, arrival) in [(1, "2024-03-01"), (2, "2026-11-01"), (3, "2025-07-01")] {
        hotel.guest(id, "");
        hotel.booking(
            id,
            &format!("guest_id = {id}, status = 'checked_out', arrival = '{arrival} 14:00'"),
        );
    }
    hotel
}

#[test]
fn it_starts_no_automation_and_a_later_run_does() {
    let hotel = hotel();
    hotel.company(1, "");
    hotel.export();
    let started = |hotel: &Hotel| {
        let portal = hotel.portal();
        [portal.counters.robots, portal.counters.processes]
    };
    assert_eq!(started(&hotel), [0, 0]);
    assert_eq!(hotel.deal(1).text("CLOSEDATE"), "2026-12-05");
    hotel.booking(4, "");
    hotel.portal().record_calls(true);
    hotel.sync();
    assert_eq!(started(&hotel)[0], 1);
    assert!(hotel.portal().calls().iter().all(|call| call.params.argument("params").is_blank()));
}

#[test]
fn a_batch_costs_two_saves_one_before_the_call_and_one_after_the_answer() {
    let saves_of = |guests: u32| {
        let hotel = Hotel::new();
        hotel.configure("portal.batch_size = 10");
        (1..=guests).for_each(|id| hotel.guest(id, ""));
        hotel.saves(|hotel| drop(hotel.export()))
    };
    assert_eq!(saves_of(40) - saves_of(20), 4);
}

#[test]
fn a_deal_whose_closing_date_follows_counts_once() {
    #[derive(Default)]
    struct Seen {
        planned: PerKind<u64>,
        done: PerKind<u64>,
    }
    impl ProgressObserver for Seen {
        fn on_planned(&mut self, records: PerKind<u64>) {
            self.planned = records;
        }
        fn on_batch_done(&mut self, kind: RecordKind, records: u64, _: &Client<'_>) {
            self.done[kind] += records;
        }
    }
    let hotel = hotel();
    let mut seen = Seen::default();
    let ended = hotel.run_observed(
        &RunOptions::new(RunKind::InitialExport),
        &Clock::system(Arc::default()),
        &mut seen,
    );
    assert_eq!((ended.counts.created.sum(), ended.counts.updated.sum()), (6, 0));
    assert_eq!(hotel.deal(1).text("CLOSEDATE"), "2026-12-05");
    let three_of_two_kinds = PerKind::from([3, 0, 3]);
    assert_eq!((seen.planned, seen.done), (three_of_two_kinds, three_of_two_kinds));
}

#[test]
fn where_the_hotel_wants_it_deals_are_created_the_plain_way() {
    let hotel = hotel();
    hotel.configure("export.method = 'add'");
    hotel.export();
    assert_eq!(hotel.portal().counters.robots, 3);
    assert_eq!(hotel.deal(1).text("CLOSEDATE"), "2026-12-05");
}

#[test]
fn without_the_import_right_it_says_so_and_stops() {
    let hotel = hotel();
    hotel.portal().settings.user = User { id: 1, admin: false, import_right: false, active: true };
    let said = hotel.exits(4, "initial-export");
    assert!(said.err.contains("импорт"), "{}", said.err);
    assert_eq!(hotel.portal().count(Kind::Deal), 0);
    assert_eq!(hotel.status()["last_run"]["outcome"], "refused");
    hotel.configure("export.method = 'add'");
    hotel.export();
    assert_eq!(hotel.portal().count(Kind::Deal), 3);
}

#[test]
fn the_newest_bookings_go_first() {
    let hotel = hotel();
    hotel.export();
    assert!(hotel.deal(2).id < hotel.deal(3).id && hotel.deal(3).id < hotel.deal(1).id);
}

#[test]
fn after_an_interruption_it_goes_on_where_it_stopped() {
    let hotel = hotel();
    hotel.configure("portal.settle_time = '1s'\nportal.batch_size = 2");
    let mut imports = 0;
    hotel.server().faults(move |exchange| {
        imports += usize::from(exchange.calls("crm.item.import"));
        (imports > 1).then(|| Fault::status(401, "expired_token"))
    });
    hotel.exits(4, "initial-export");
    assert_eq!(hotel.status()["initial_export"], json!(null));
    let made = hotel.portal().count(Kind::Deal);
    assert_eq!(made, 2);
    hotel.exits(3, "sync");
    hotel.server().faults(|_| None);
    assert!(hotel.export().contains("создано: заявки 1"));
    assert_eq!([Kind::Contact, Kind::Deal].map(|kind| hotel.portal().count(kind)), [3, 3]);
    assert!(hotel.status()["initial_export"]["completed_at"].is_string());
    hotel.runs_idle();
}

#[test]
fn an_answer_that_was_lost_is_settled_before_it_is_completed() {
    let hotel = hotel();
    hotel.configure("portal.settle_time = '1s'");
    let mut lost = false;
    hotel.server().faults(move |exchange| {
        let first = exchange.calls("crm.item.import") && !std::mem::replace(&mut lost, true);
        first.then_some(Fault::ResetAfter)
    });
    hotel.export();
    assert_eq!(hotel.portal().count(Kind::Deal), 3);
    assert_eq!(hotel.deal(1).text("CLOSEDATE"), "2026-12-05");
    hotel.runs_idle();
}

#[test]
fn a_lost_state_costs_time_and_no_duplicate() {
    let hotel = hotel();
    hotel.export();
    hotel.lose_state();
    hotel.exits(3, "sync");
    assert!(hotel.export().contains("изменено: гости 3, заявки 3"));
    assert_eq!([Kind::Contact, Kind::Deal].map(|kind| hotel.portal().count(kind)), [3, 3]);
}

#[test]
fn a_state_from_an_older_backup_makes_no_duplicate() {
    let hotel = hotel();
    hotel.export();
    let older = hotel.copy_of_state();
    hotel.guest(4, "");
    hotel.booking(4, "guest_id = 4");
    hotel.sync();
    hotel.put_back(&older);
    assert_eq!(hotel.sync(), "sync: изменено: гости 1, заявки 1\n");
    assert_eq!([Kind::Contact, Kind::Deal].map(|kind| hotel.portal().count(kind)), [4, 4]);
}

#[test]
fn a_call_under_way_that_the_state_knows_nothing_of_makes_no_duplicate() {
    let hotel = hotel();
    hotel.configure("portal.request_timeout = '500ms'\nportal.settle_time = '2s'");
    hotel.export();
    let older = hotel.copy_of_state();
    for (booking, put_back) in [(4, false), (5, true)] {
        hotel.booking(booking, "guest_id = 1");
        let mut late = Some(Fault::Late { after: Duration::from_millis(1500) });
        hotel
            .server()
            .faults(move |exchange| exchange.calls("crm.deal.add").then(|| late.take()).flatten());
        hotel.exits(5, "sync");
        if put_back {
            std::fs::write(hotel.path("state.db"), &older).unwrap();
            hotel.sync();
        } else {
            std::fs::remove_file(hotel.path("state.db")).unwrap();
            hotel.export();
        }
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(hotel.objects(Kind::Deal, &booking).len(), 1, "booking {booking}");
        hotel.runs_idle();
    }
}

#[test]
fn a_run_has_no_time_for_calls_that_the_state_knows_nothing_of() {
    let hotel = Hotel::running();
    let older = hotel.copy_of_state();
    hotel.booking(4, "");
    hotel.sync();
    std::fs::write(hotel.path("state.db"), older).unwrap();
    let said = hotel.exits(5, "sync --time-limit 1s");
    assert!(said.err.contains("старее последних вызовов"), "{}", said.err);
}

#[test]
fn such_calls_are_waited_for_once_whatever_the_clock_says() {
    let hotel = Hotel::running();
    let start = Utc::now();
    let limit = Some(Duration::from_secs(1));
    // The last call was made ten seconds ago, or by a clock that was an hour ahead.
    for (called, over) in [(-10, 65), (3600, 75)] {
        let called = start + TimeDelta::seconds(called);
        std::fs::write(hotel.path("state.db.lock"), called.to_rfc3339()).unwrap();
        hotel.guest(2, "");
        let run = |seconds| {
            let options = RunOptions { time_limit: limit, ..RunOptions::new(RunKind::Sync) };
            hotel.run_at(&options, &Clock::virtual_at(start + TimeDelta::seconds(seconds))).outcome
        };
        let ends = [0, over - 5, over + 1].map(run);
        assert_eq!(ends, [Outcome::Interrupted, Outcome::Interrupted, Outcome::Ok], "{called}");
    }
}

#[test]
fn a_deal_of_a_booking_from_before_the_first_day_is_taken_over_too() {
    let hotel = hotel();
    hotel.booking(9, "arrival = '2020-01-01 14:00', departure = '2020-01-05 12:00'");
    hotel.export();
    let deal = hotel.deal(9).id;
    hotel.configure("export.bookings_from = '2024-01-01'");
    hotel.lose_state();
    hotel.export();
    assert_eq!(hotel.issues("warnings"), [""; 0]);
    hotel.booking(9, "comment = 'x'");
    hotel.sync();
    assert_eq!((hotel.deal(9).id, hotel.deal(9).text("COMMENTS")), (deal, "x"));
    hotel.remove_booking(9);
    hotel.sync();
    assert!(hotel.objects(Kind::Deal, &9).is_empty());
}

#[test]
fn deals_of_ours_without_a_booking_are_reported_and_stay() {
    let hotel = hotel();
    let ours = json!({"TITLE": "x", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "77"});
    let orphans = [(); 2].map(|()| hotel.by_hand(Kind::Deal, ours.clone()));
    hotel.export();
    assert_eq!(hotel.issues("warnings"), ["booking 77 DEAL_WITHOUT_BOOKING"]);
    let status = hotel.says("status");
    for orphan in orphans {
        let (named, linked) = (format!("сделка {orphan}"), format!("/crm/deal/details/{orphan}/"));
        assert!(status.contains(&named) && status.contains(&linked), "{status}");
        assert!(hotel.portal().get(Kind::Deal, orphan).is_some());
        hotel.portal().delete(Kind::Deal, orphan);
    }
    hotel.export();
    assert_eq!(hotel.issues("warnings"), [""; 0]);
}

#[test]
fn after_its_completion_it_is_a_full_run_that_deletes_nothing() {
    let hotel = hotel();
    hotel.export();
    hotel.remove_booking(3);
    hotel.edit(Kind::Deal, hotel.deal(1).id, json!({"TITLE": "x"}));
    assert!(hotel.export().contains("изменено: гости 3, заявки 2"));
    assert!(hotel.deal(1).text("TITLE").starts_with("Заявка №1"));
    assert_eq!(hotel.portal().count(Kind::Deal), 3);
    assert_eq!(hotel.sync(), "sync: удалено: заявки 1\n");
}

/// An export that was completed, and asked for again: it is refused when it comes to the bookings.
fn interrupted_again() -> Hotel {
    let hotel = hotel();
    hotel.export();
    let plan = hotel.says("initial-export --dry-run");
    assert!(plan.contains("гости: изменить 3") && plan.contains("заявки: изменить 3"), "{plan}");
    hotel.server().faults(|exchange| {
        exchange.calls("crm.deal.update").then(|| Fault::status(401, "expired_token"))
    });
    assert_eq!(
        hotel.exits(4, "initial-export").out.lines().last(),
        Some("initial-export: изменено: гости 3")
    );
    hotel.server().faults(|_| None);
    hotel
}

#[test]
fn asked_for_again_and_interrupted_it_goes_on_where_it_stopped() {
    let hotel = interrupted_again();
    let people = hotel.contact(1).id;
    hotel.edit(Kind::Contact, people, json!({"LAST_NAME": "Рукописная"}));
    let plan = hotel.says("initial-export --dry-run");
    assert!(!plan.contains("гости") && plan.contains("заявки: изменить 3"), "{plan}");
    assert!(hotel.export().contains("initial-export: изменено: заявки 3\n"));
    // What was sent again before is not sent a second time.
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "Рукописная");
    hotel.runs_idle();
    assert!(hotel.export().contains("изменено: гости 3, заявки 3"));
}

#[test]
fn what_an_interrupted_one_left_goes_with_the_runs_of_cron_and_the_next_begins_anew() {
    let hotel = interrupted_again();
    assert_eq!(hotel.sync(), "sync: изменено: заявки 3\n");
    assert!(hotel.export().contains("изменено: гости 3, заявки 3"));
}

#[test]
fn another_mapping_since_the_interruption_begins_anew() {
    let hotel = interrupted_again();
    hotel.configure("contact.comments = '{comment} ({id})'");
    assert!(hotel.export().contains("изменено: гости 3, заявки 3"));
}

#[test]
fn it_is_completed_though_some_records_failed() {
    let hotel = hotel();
    hotel.guest(4, "birth_date = 'вчера'");
    hotel.exits(1, "initial-export");
    assert!(hotel.status()["initial_export"]["completed_at"].is_string());
    hotel.sync();
}

#[test]
fn when_it_was_completed_is_told_in_whole_seconds() {
    let hotel = hotel();
    hotel.export();
    let status = hotel.status();
    let completed_at = status["initial_export"]["completed_at"].as_str().unwrap();
    assert_eq!(completed_at.len(), "2026-11-23T18:00:00Z".len(), "{completed_at}");
}

#[test]
fn a_dry_run_prints_the_plan_and_sends_nothing() {
    let hotel = hotel();
    let writes = hotel.writes(|hotel| {
        let plan = hotel.says("initial-export --dry-run");
        assert!(plan.contains("гости: создать 3") && plan.contains("заявки: создать 3"), "{plan}");
    });
    assert_eq!(writes, 0);
    assert!(!hotel.path("state.db").exists());
}

#[test]
fn it_goes_on_after_more_lost_answers_than_end_a_run() {
    let hotel = Hotel::new();
    hotel.configure("portal.batch_size = 1");
    (1..=6).for_each(|id| hotel.guest(id, ""));
    let mut calls = 0;
    hotel.server().faults(move |exchange| {
        calls += u32::from(exchange.calls("crm.contact.add"));
        (exchange.calls("crm.contact.add") && calls <= 4).then_some(Fault::ResetAfter)
    });
    let clock = Clock::virtual_at(Utc::now());
    let ended = hotel.run_at(&RunOptions::new(RunKind::InitialExport), &clock);
    assert_eq!((ended.outcome, hotel.portal().count(Kind::Contact)), (Outcome::Ok, 6));
}
