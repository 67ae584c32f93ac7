//! The message to a user of the portal: when it is sent, what it says, and that nothing depends on
//! it.

use bitrix24_sandbox::{Fault, Notice};
use chrono::{DateTime, TimeDelta, Utc};
use ecvi_b24::state::settings::Setting;
use serde_json::{Value, json};

use crate::env::TestEnv;

const NOTIFY: &str = "[monitoring]\nnotify_user = 12\n";

fn exported() -> TestEnv {
    let hotel = TestEnv::new(NOTIFY);
    allow_messages(&hotel);
    hotel.run(0, "initial-export");
    hotel
}

fn allow_messages(hotel: &TestEnv) {
    let mut portal = hotel.server.portal();
    portal.settings.scopes.push("im".to_owned());
    portal.settings.colleagues.insert(12, true);
}

fn notices(hotel: &TestEnv) -> Vec<Notice> {
    std::mem::take(&mut hotel.server.portal().notices)
}

fn break_booking(hotel: &TestEnv, status: &str) {
    hotel
        .sql(&format!("UPDATE bookings SET status = '{status}', modified_at = modified_at || '1'"));
}

/// What the user was told, as the state has it.
const NOTIFIED: Setting<Value> = Setting::new("notified");

/// The message about a trouble was sent so many hours earlier than it was.
fn hours_pass(hotel: &TestEnv, hours: i64) {
    let state = hotel.state();
    let mut told = state.get(&NOTIFIED).unwrap().unwrap();
    let at: DateTime<Utc> = told["at"].as_str().unwrap().parse().unwrap();
    told["at"] = json!(at - TimeDelta::hours(hours));
    state.set(&NOTIFIED, &told).unwrap();
}

#[test]
fn the_first_failure_is_told_once_and_that_all_is_well_again_too() {
    let hotel = exported();
    hotel.run(0, "sync");
    assert_eq!(notices(&hotel), []);
    break_booking(&hotel, "lost");
    hotel.run(1, "sync");
    let told = notices(&hotel);
    assert_eq!((told.len(), told[0].user), (1, 12));
    for part in
        ["help is needed", "Records not sent: 1. The first: booking 3682 (id 3682).", "status page"]
    {
        assert!(told[0].message.contains(part), "{}", told[0].message);
    }
    // The brackets of a section of the configuration would be markup to the messenger.
    assert!(!told[0].message.contains(['[', ']', '<', '>']), "{}", told[0].message);
    assert!(!told[0].message.contains("Приходько"), "{}", told[0].message);
    hotel.run(0, "sync");
    break_booking(&hotel, "lost too");
    hotel.run(1, "sync");
    hours_pass(&hotel, 30);
    hotel.run(0, "sync");
    assert_eq!(notices(&hotel), []);
    break_booking(&hotel, "confirmed");
    hotel.run(0, "sync");
    let told = notices(&hotel);
    assert!(told.len() == 1 && told[0].message.contains("all is well again"), "{told:?}");
    hotel.run(0, "sync");
    assert_eq!(notices(&hotel), []);
}

#[test]
fn what_fails_again_on_the_same_day_is_told_on_the_next() {
    let hotel = exported();
    for (status, code) in [("lost", 1), ("confirmed", 0), ("lost", 1)] {
        break_booking(&hotel, status);
        hotel.run(code, "sync");
    }
    assert_eq!(notices(&hotel).len(), 2);
    hours_pass(&hotel, 25);
    hotel.run(0, "sync");
    assert_eq!(notices(&hotel).len(), 1);
}

#[test]
fn the_request_is_counted_and_an_idle_run_with_nothing_new_makes_none() {
    let hotel = exported();
    break_booking(&hotel, "lost");
    hotel.run(1, "sync");
    let run = hotel.state().last_run().unwrap().unwrap();
    let requests = hotel.server.portal().counters.requests;
    assert!(run.requests > 0 && hotel.server.portal().counters.of("im.notify.system.add") == 1);
    for _ in 0..3 {
        hotel.run(0, "sync");
    }
    assert_eq!(hotel.server.portal().counters.requests, requests);
}

#[test]
fn a_mirror_that_nobody_writes_any_more_is_told_though_the_run_is_idle() {
    let hotel = TestEnv::new(&format!("{NOTIFY}max_mirror_age = \"1h\"\n"));
    allow_messages(&hotel);
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(7_000);
    let written_before = || {
        let mirror = std::fs::File::options().write(true).open(hotel.path("mirror.db")).unwrap();
        mirror.set_modified(old).unwrap();
    };
    hotel.run(0, "initial-export");
    written_before();
    hotel.run(0, "sync");
    notices(&hotel);
    hotel.state().set(&NOTIFIED, &Value::Null).unwrap();
    let requests = hotel.server.portal().counters.requests;
    hotel.run(0, "sync");
    let told = notices(&hotel);
    assert!(told.len() == 1 && told[0].message.contains("was not written since"), "{told:?}");
    assert_eq!(hotel.server.portal().counters.requests, requests + 1);
    assert_eq!(hotel.state().last_run().unwrap().unwrap().requests, 1);
}

#[test]
fn a_refused_message_is_a_warning_and_is_not_tried_again_in_the_next_run() {
    let hotel = TestEnv::exported(NOTIFY);
    break_booking(&hotel, "lost");
    let said = hotel.complained(1, "sync");
    assert!(said.contains("scope im") && said.contains("[monitoring] notify_user"), "{said}");
    let requests = hotel.server.portal().counters.requests;
    assert_eq!(hotel.complained(0, "sync"), "");
    assert_eq!(hotel.server.portal().counters.requests, requests);
}

#[test]
fn a_user_who_does_not_exist_is_a_warning() {
    let hotel = TestEnv::new(NOTIFY);
    hotel.server.portal().settings.scopes.push("im".to_owned());
    hotel.run(0, "initial-export");
    break_booking(&hotel, "lost");
    let said = hotel.complained(1, "sync");
    assert!(said.contains("did not take the message to user 12"), "{said}");
}

#[test]
fn a_message_without_an_answer_fails_no_run_and_is_not_sent_twice() {
    let hotel = exported();
    break_booking(&hotel, "lost");
    hotel.server.faults(|exchange| {
        (exchange.method == "im.notify.system.add").then_some(Fault::ResetAfter)
    });
    hotel.run(1, "sync");
    hotel.server.faults(|_| None);
    hotel.run(0, "sync");
    assert_eq!(notices(&hotel).len(), 1);
}

#[test]
fn a_message_that_was_not_sent_waits_and_goes_later() {
    let hotel = exported();
    break_booking(&hotel, "lost");
    let busy = |method: &str| {
        (method == "im.notify.system.add").then(|| Fault::status(503, "QUERY_LIMIT_EXCEEDED"))
    };
    hotel.server.faults(move |exchange| busy(&exchange.method));
    hotel.run(1, "sync");
    hotel.server.faults(|_| None);
    hotel.run(0, "sync");
    assert_eq!(notices(&hotel), []);
    let state = hotel.state();
    let mut told = state.get(&NOTIFIED).unwrap().unwrap();
    told["not_before"] = Value::Null;
    state.set(&NOTIFIED, &told).unwrap();
    hotel.run(0, "sync");
    assert_eq!(notices(&hotel).len(), 1);
}

#[test]
fn an_unusable_mirror_is_told() {
    let hotel = exported();
    std::fs::rename(hotel.path("mirror.db"), hotel.path("away.db")).unwrap();
    hotel.run(3, "sync");
    let told = notices(&hotel);
    assert!(told.len() == 1 && told[0].message.contains("mirror.db"), "{told:?}");
    std::fs::rename(hotel.path("away.db"), hotel.path("mirror.db")).unwrap();
    hotel.run(0, "sync");
    assert!(notices(&hotel)[0].message.contains("all is well again"));
}

#[test]
fn a_check_says_whether_the_message_would_arrive() {
    let hotel = TestEnv::exported(NOTIFY);
    let said = |part: &str| {
        let checked = hotel.run(0, "check");
        assert!(checked.contains(part), "{part}: {checked}");
    };
    said(
        "! Messages: user 12 will not get them, the webhook lacks the right Chat and notifications (im)",
    );
    hotel.server.portal().settings.scopes.push("im".to_owned());
    said("! Messages: the portal has no user 12");
    hotel.server.portal().settings.colleagues.insert(12, false);
    said("! Messages: user 12 was dismissed");
    hotel.server.portal().settings.colleagues.insert(12, true);
    said("✓ Messages: user 12 will get them");
    hotel.configure("");
    assert!(!hotel.run(0, "check").contains("Messages"));
    hotel.configure("[monitoring]\nnotify_user = 0\n");
    assert!(hotel.complained(3, "sync").contains("above zero"));
}
