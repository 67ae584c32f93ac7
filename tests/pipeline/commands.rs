//! `sync` and its options, what it says, and the exit codes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bitrix24_sandbox::{Condition, Exchange, Fault, Kind};
use chrono::Utc;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::platform::lock::Lock;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use serde_json::json;

use crate::hotel::Hotel;

#[test]
fn before_the_initial_export_sync_refuses() {
    let hotel = Hotel::new();
    hotel.guest(1, "");
    let requests = hotel.requests(|hotel| {
        assert!(hotel.exits(3, "sync").err.contains("initial-export"));
    });
    assert_eq!(requests, 0);
}

#[test]
fn a_run_prints_one_line_when_it_changed_something() {
    let hotel = Hotel::running();
    hotel.booking(2, "");
    let said = hotel.exits(0, "sync");
    assert_eq!([said.out, said.err], ["sync: создано: заявки 1\n", ""]);
    let said = hotel.exits(0, "sync");
    assert_eq!([said.out, said.err], ["", ""]);
}

#[test]
fn a_dry_run_prints_the_plan_and_changes_nothing() {
    let hotel = Hotel::running();
    hotel.booking(1, "comment = 'x'");
    hotel.booking(2, "");
    assert_eq!(hotel.writes(|hotel| drop(hotel.says("sync --dry-run"))), 0);
    let plan = hotel.says("sync --dry-run");
    assert!(plan.contains("создать 1") && plan.contains("изменить 1"), "{plan}");
    assert_eq!(hotel.sync(), "sync: создано: заявки 1; изменено: заявки 1\n");
}

#[test]
fn full_sends_every_record_again() {
    let hotel = Hotel::running();
    hotel.company(1, "");
    hotel.sync();
    hotel.edit(Kind::Contact, hotel.contact(1).id, json!({"LAST_NAME": "x"}));
    assert_eq!(hotel.says("sync --full"), "sync: изменено: гости 1, компании 1, заявки 1\n");
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "Приходько");
    hotel.runs_idle();
}

#[test]
fn full_goes_on_with_the_next_runs_when_the_portal_refuses_the_first_question() {
    let hotel = Hotel::running();
    hotel.configure("portal.settle_time = '0s'");
    hotel.booking(2, "");
    hotel.server().faults(|exchange| exchange.calls("crm.deal.add").then_some(Fault::ResetAfter));
    hotel.exits(5, "sync");
    hotel.edit(Kind::Contact, hotel.contact(1).id, json!({"LAST_NAME": "x"}));
    // Not even what became of booking 2 could be asked.
    hotel.server().faults(|_| Some(Fault::status(401, "expired_token")));
    hotel.exits(4, "sync --full");
    hotel.server().faults(|_| None);
    hotel.sync();
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "Приходько");
}

#[test]
fn full_that_was_refused_is_not_carried_out_by_the_next_run() {
    let hotel = Hotel::running();
    hotel.edit(Kind::Contact, hotel.contact(1).id, json!({"LAST_NAME": "x"}));
    let configuration = std::fs::read_to_string(hotel.path("ecvi-b24.toml")).unwrap();
    hotel.configure("deal.stages.confirmed = 'NOPE'");
    hotel.exits(3, "sync --full");
    std::fs::write(hotel.path("ecvi-b24.toml"), configuration).unwrap();
    assert_eq!(hotel.sync(), "");
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "x");
}

#[test]
fn full_sends_what_failed_too() {
    let hotel = Hotel::running();
    hotel.require(Kind::Contact, "BIRTHDATE");
    hotel.guest(2, "");
    hotel.exits(1, "sync");
    hotel.portal().settings.required.clear();
    assert_eq!(hotel.says("sync --full"), "sync: создано: гости 1; изменено: гости 1, заявки 1\n");
}

#[test]
fn the_webhook_comes_from_a_file_beside_the_configuration_or_from_the_environment() {
    let hotel = Hotel::running();
    std::fs::write(hotel.path("webhook"), hotel.server().webhook()).unwrap();
    let configuration = |webhook: &str| {
        std::fs::write(hotel.path("other.toml"), format!("mirror.path = 'mirror.db'\n{webhook}"))
            .unwrap();
        hotel.booking(1, "comment = comment || 'x'");
    };
    configuration("portal.webhook_file = 'webhook'");
    assert_eq!(hotel.says("--config other.toml sync"), "sync: изменено: заявки 1\n");
    configuration("");
    assert!(hotel.exits(3, "--config other.toml sync").err.contains("ECVI_B24_WEBHOOK"));
    let variables = [
        ("ECVI_B24_CONFIG", "other.toml".to_owned()),
        ("ECVI_B24_WEBHOOK", hotel.server().webhook()),
    ];
    assert_eq!(hotel.exits_in(&variables, 0, "sync").out, "sync: изменено: заявки 1\n");
    // An empty variable is none.
    assert_eq!(hotel.exits_in(&[("ECVI_B24_CONFIG", String::new())], 0, "sync").out, "");
}

#[test]
fn while_another_run_is_under_way_it_does_nothing_and_is_no_run() {
    let hotel = Hotel::running();
    hotel.booking(2, "");
    let before = hotel.status()["last_run"].clone();
    let lock = Lock::try_acquire(&hotel.path("state.db")).unwrap();
    let requests = hotel.requests(|hotel| {
        assert_eq!(hotel.sync(), "");
        // Whoever asked for something of his own is told that nobody did it.
        let said = hotel.exits(0, "sync --max-deletes 30");
        assert!(said.out.is_empty() && said.err.contains("Идёт другой запуск"), "{}", said.err);
    });
    assert_eq!(requests, 0);
    assert_eq!(hotel.status()["last_run"], before);
    drop(lock);
    // A process that another test starts holds the lock for the moment between its fork and its
    // exec.
    while hotel.objects(Kind::Deal, &2).is_empty() {
        hotel.sync();
    }
}

#[test]
fn what_does_not_fit_into_the_time_goes_with_the_next_run() {
    let hotel = Hotel::running();
    hotel.booking(2, "");
    hotel.exits(5, "sync --time-limit 0s");
    assert_eq!(hotel.status()["last_run"]["outcome"], "interrupted");
    assert_eq!(hotel.sync(), "sync: создано: заявки 1\n");
}

#[test]
fn exit_0_also_with_warnings() {
    let hotel = Hotel::running();
    hotel.guest(1, "email = 'нет'");
    hotel.sync();
    assert_eq!(hotel.status()["last_run"]["outcome"], "ok");
}

#[test]
fn exit_1_when_something_that_was_tried_failed() {
    let hotel = Hotel::running();
    hotel.booking(1, "amount = 'много'");
    let said = hotel.exits(1, "sync");
    assert!(said.err.contains("BAD_AMOUNT (1): заявка №3682 (id 1)"), "{}", said.err);
    hotel.exits(1, "status --check");
}

#[test]
fn whoever_opens_a_damaged_state_says_what_to_do() {
    let hotel = Hotel::running();
    std::fs::write(hotel.path("state.db"), "id;crm_id\n".repeat(1000)).unwrap();
    for command in
        ["sync", "status", "status booking 1", "reset-id booking 1 --yes", "retry --dry-run"]
    {
        let said = hotel.exits(3, command);
        assert!(said.err.contains("верните его копию"), "{command}: {}", said.err);
    }
}

#[test]
fn a_page_of_the_state_that_was_overwritten_is_told_of_as_damage_too() {
    let hotel = Hotel::running();
    let mut state = std::fs::read(hotel.path("state.db")).unwrap();
    state[4096..12_288].fill(0xA5);
    std::fs::write(hotel.path("state.db"), state).unwrap();
    for command in ["sync", "status"] {
        let said = hotel.exits(3, command);
        assert!(said.err.contains("повреждён: верните его копию"), "{command}: {}", said.err);
    }
}

#[test]
fn a_refusal_that_concerns_everything_says_what_an_administrator_does() {
    let hotel = Hotel::running();
    for (code, says) in [
        ("INVALID_CREDENTIALS", "создайте новый"),
        ("insufficient_scope", "нет права CRM"),
        ("OVERLOAD_LIMIT", "обратитесь в поддержку"),
        ("PAYMENT_REQUIRED", "не оплачен"),
    ] {
        hotel.guest(1, &format!("comment = '{code}'"));
        hotel.server().faults(move |_| Some(Fault::status(401, code)));
        let said = hotel.exits(4, "sync");
        assert!(said.err.contains(says), "{code}: {}", said.err);
        assert!(hotel.exits(0, "status --check --max-age 1h").out.contains(says), "{code}");
    }
}

#[test]
fn what_a_killed_check_left_behind_is_no_obstacle() {
    let hotel = Hotel::new();
    hotel.guest(1, "");
    std::fs::write(hotel.path("state.db.check"), "").unwrap();
    hotel.says("check");
    assert!(!hotel.path("state.db.check").exists());
}

#[test]
fn a_number_that_is_out_of_bounds_is_named_with_them() {
    for (line, says) in [
        ("portal.batch_size = 300", "[portal] batch_size = 300: от 1 до 50"),
        ("portal.batch_size = 0", "[portal] batch_size = 0: от 1 до 50"),
        ("deal.probability.no_show = 1000", "[deal.probability] no_show = 1000: от 0 до 100"),
        ("deal.probability.confirmed = -1", "[deal.probability] confirmed = -1: от 0 до 100"),
    ] {
        let hotel = Hotel::new();
        hotel.configure(line);
        assert!(hotel.exits(3, "sync").err.contains(says), "{line}");
    }
}

#[test]
fn exit_2_for_wrong_usage_and_a_record_that_nobody_knows() {
    let hotel = Hotel::running();
    hotel.exits(2, "sync --fast");
    hotel.exits(2, "status booking 4242");
    hotel.exits(2, "reset-id guest 4242 --yes");
}

#[test]
fn exit_3_when_configuration_mirror_or_state_cannot_be_used() {
    let hotel = Hotel::running();
    std::fs::rename(hotel.path("mirror.db"), hotel.path("away.db")).unwrap();
    assert_eq!(hotel.requests(|hotel| drop(hotel.exits(3, "sync"))), 0);
    std::fs::rename(hotel.path("away.db"), hotel.path("mirror.db")).unwrap();
    std::fs::copy(hotel.path("mirror.db"), hotel.path("state.db")).unwrap();
    assert_eq!(hotel.requests(|hotel| drop(hotel.exits(3, "sync"))), 0);
    hotel.configure("sync.max_delets = 1");
    assert!(hotel.exits(3, "sync").err.contains("max_delets"));
}

#[test]
fn exit_4_when_the_portal_refuses_us() {
    let hotel = Hotel::running();
    for condition in [
        Condition::Revoked,
        Condition::NoRest,
        Condition::PaymentRequired,
        Condition::Moved("https://new.bitrix24.ru".into()),
    ] {
        hotel.booking(1, "comment = 'x'");
        hotel.portal().settings.condition = condition.clone();
        let said = hotel.exits(4, "sync");
        assert!(!said.err.is_empty(), "{condition:?}");
    }
    assert_eq!(hotel.status()["last_run"]["outcome"], "refused");
    hotel.portal().settings.condition = Condition::Working;
    hotel.portal().settings.scopes.clear();
    hotel.exits(4, "sync");
    hotel.portal().settings.scopes.push("crm".into());
    assert_eq!(hotel.sync(), "sync: изменено: заявки 1\n");
}

#[test]
fn a_portal_that_was_renamed_is_reported_with_its_new_address() {
    let hotel = Hotel::running();
    hotel.booking(1, "comment = 'x'");
    hotel.portal().settings.condition = Condition::Moved("https://new.bitrix24.ru".into());
    assert!(hotel.exits(4, "sync").err.contains("https://new.bitrix24.ru/"));
}

#[test]
fn exit_5_when_the_portal_cannot_be_reached_or_asks_us_to_wait() {
    let hotel = Hotel::running();
    hotel.booking(1, "comment = 'x'");
    hotel.portal().settings.condition = Condition::Maintenance(502);
    hotel.exits(5, "sync");
    hotel.portal().settings.condition = Condition::Working;
    hotel.server().faults(|_| Some(Fault::status(429, "OPERATION_TIME_LIMIT")));
    hotel.exits(5, "sync");
    assert_eq!(hotel.status()["last_run"]["outcome"], "interrupted");
}

/// Requests that call this method are not carried out, and answered so.
fn answered(hotel: &Hotel, method: &'static str, body: &'static str) {
    hotel.server().faults(move |exchange| {
        exchange.calls(method).then(|| Fault::Answer { status: 200, body: body.to_owned() })
    });
}

#[test]
fn exit_5_when_an_answer_leaves_a_record_out() {
    let hotel = Hotel::running();
    hotel.guest(2, "");
    answered(&hotel, "crm.contact.add", r#"{"result": {"result": [], "result_error": []}}"#);
    hotel.exits(5, "sync");
    assert_eq!(hotel.status()["records"]["guest"]["pending"], 1);
}

#[test]
fn an_update_that_is_answered_with_anything_but_true_is_in_doubt() {
    for reply in
        [json!(false), json!([]), json!(""), json!(0), json!({}), json!("N"), json!(1), json!(null)]
    {
        let hotel = Hotel::running();
        hotel.guest(1, "comment = 'x'");
        hotel.answers_each("crm.contact.update", "result", reply.clone());
        hotel.exits(5, "sync");
        assert_eq!(hotel.status()["records"]["guest"]["pending"], 1, "{reply}");
    }
}

#[test]
fn the_answer_to_another_request_counts_as_none() {
    let hotel = Hotel::running();
    hotel.guest(1, "comment = 'x'");
    let stray = r#"{"result": {"result": {"c00_0": true}, "result_error": []}}"#;
    answered(&hotel, "crm.contact.update", stray);
    hotel.exits(5, "sync");
    assert_eq!(hotel.status()["records"]["guest"]["pending"], 1);
}

#[test]
fn a_call_that_was_given_up_is_in_doubt_from_then_on() {
    let hotel = Hotel::running();
    hotel.configure("portal.request_timeout = '2500ms'\nportal.settle_time = '2500ms'");
    hotel.guest(2, "");
    let mut late = Some(Fault::Late { after: Duration::from_millis(3500) });
    hotel
        .server()
        .faults(move |exchange| exchange.calls("crm.contact.add").then(|| late.take()).flatten());
    hotel.exits(5, "sync");
    // Too early to ask: the call has not taken effect yet.
    hotel.sync();
    assert_eq!(hotel.status()["records"]["guest"]["pending"], 1);
    std::thread::sleep(Duration::from_millis(2600));
    hotel.sync();
    assert_eq!(hotel.objects(Kind::Contact, &2).len(), 1);
}

#[test]
fn a_limit_that_holds_back_guests_holds_back_no_booking() {
    let hotel = Hotel::running();
    hotel.guest(1, "comment = 'тихий номер'");
    hotel.booking(1, "comment = 'поздний заезд'");
    let over_budget = json!({"error": "OPERATION_TIME_LIMIT"});
    hotel.answers_each("crm.contact.update", "result_error", over_budget);
    hotel.exits(5, "sync");
    assert_eq!(hotel.status()["records"]["guest"]["pending"], 1);
    assert_eq!(hotel.deal("1").text("COMMENTS"), "поздний заезд");
}

#[test]
fn new_guests_whom_a_limit_holds_back_are_waited_for() {
    let hotel = Hotel::running();
    hotel.configure("portal.batch_size = 2");
    for id in [2, 3, 4] {
        hotel.guest(id, "");
        hotel.booking(id, &format!("guest_id = {id}"));
    }
    hotel.server().faults(|exchange| {
        exchange.calls("crm.contact.list").then(|| Fault::status(429, "OPERATION_TIME_LIMIT"))
    });
    hotel.exits(5, "sync");
    assert_eq!(hotel.status()["records"]["booking"]["waiting"], 3);
    assert_eq!(hotel.portal().count(Kind::Deal), 1);
}

#[test]
fn a_run_that_the_portal_refuses_asks_for_nothing_more() {
    let hotel = Hotel::running();
    hotel.guest(1, "comment = 'тихий номер'");
    hotel.booking(1, "comment = 'поздний заезд'");
    hotel.server().faults(|exchange| {
        exchange.calls("crm.contact.update").then(|| Fault::status(401, "INVALID_CREDENTIALS"))
    });
    hotel.exits(4, "sync");
    assert_eq!(hotel.deal("1").text("COMMENTS"), "");
}

#[test]
fn a_run_ends_after_three_lost_answers_in_a_row() {
    let hotel = Hotel::running();
    hotel.configure("portal.batch_size = 1");
    (2..9).for_each(|id| hotel.guest(id, ""));
    hotel
        .server()
        .faults(|exchange| exchange.calls("crm.contact.add").then_some(Fault::ResetAfter));
    hotel.exits(5, "sync");
    assert_eq!(hotel.portal().count(Kind::Contact), 1 + 3);
}

#[test]
fn exit_5_comes_before_1_and_4_before_both() {
    let hotel = Hotel::running();
    hotel.booking(1, "amount = 'много'");
    hotel.booking(2, "");
    hotel.server().faults(|exchange| exchange.calls("crm.deal.add").then_some(Fault::ResetAfter));
    hotel.exits(5, "sync");
    hotel.server().faults(|_| None);
    hotel.booking(1, "amount = 'очень много'");
    hotel.booking(3, "");
    hotel.portal().settings.condition = Condition::Revoked;
    hotel.exits(4, "sync");
}

#[test]
fn check_for_monitoring_is_good_after_a_good_run() {
    let hotel = Hotel::running();
    hotel.sync();
    assert!(hotel.says("status --check").starts_with("OK"));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    hotel.exits(1, "status --check --max-age 1s");
}

#[test]
fn the_history_of_a_record_is_found_by_its_number() {
    let hotel = Hotel::running();
    hotel.booking(1, "comment = 'x'");
    hotel.sync();
    let told = hotel.says("status booking 3682");
    let link = format!("/crm/deal/details/{}/", hotel.deal(1).id);
    assert!(told.contains("3682") && told.contains(&link), "{told}");
}

#[test]
fn a_portal_whose_name_nobody_knows_leaves_nothing_in_doubt() {
    let hotel = Hotel::running();
    hotel.guest(2, "");
    let (file, webhook) = (hotel.path("ecvi-b24.toml"), hotel.server().webhook());
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace(&webhook, "https://hotel.invalid/rest/1/xxxxxxxx/"))
        .unwrap();
    let said = hotel.exits(5, "sync");
    assert!(said.err.contains("портал недоступен"), "{}", said.err);
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_whose_words_cannot_be_written_is_done_all_the_same() {
    let hotel = Hotel::running();
    hotel.guest(2, "email = 'нет'");
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut sync = std::process::Command::new(env!("CARGO_BIN_EXE_ecvi-b24"));
    sync.args(["--config", hotel.path("ecvi-b24.toml").to_str().unwrap(), "sync"]);
    assert!(sync.stdout(full()).stderr(full()).status().unwrap().success());
    assert_eq!(hotel.status()["last_run"]["outcome"], "ok");
}

#[test]
fn lost_answers_with_one_in_between_end_no_run() {
    let hotel = Hotel::running();
    hotel.configure("portal.batch_size = 1");
    (2..8).for_each(|id| hotel.guest(id, ""));
    let mut calls = 0;
    hotel.server().faults(move |exchange| {
        calls += u32::from(exchange.calls("crm.contact.add"));
        (exchange.calls("crm.contact.add") && calls % 3 != 0).then_some(Fault::ResetAfter)
    });
    hotel.exits(5, "sync");
    assert_eq!(hotel.portal().count(Kind::Contact), 1 + 6);
}

/// Its field makes the portal fall silent.
#[test]
fn a_record_whose_call_is_never_answered_goes_alone_after_two_of_them() {
    let hotel = Hotel::running();
    hotel.configure("portal.settle_time = '0s'");
    let changes = |call: &Exchange| call.calls("crm.contact.update");
    hotel.server().faults(move |call| {
        let is_poisoned = changes(call) && call.params.json().contains("silence");
        is_poisoned.then_some(Fault::ResetBefore)
    });
    (2..=3).for_each(|id| hotel.guest(id, ""));
    hotel.sync();
    hotel.guest(1, "comment = 'silence'");
    (2..=3).for_each(|id| hotel.guest(id, "comment = 'x'"));
    let arrived =
        |hotel: &Hotel| (2..=3).filter(|id| hotel.contact(id).text("COMMENTS") == "x").count();
    for expected in [0, 0, 2] {
        hotel.exits(5, "sync");
        assert_eq!(arrived(&hotel), expected);
    }
    // After four of them it is put aside, with the reason of the last one.
    hotel.exits(5, "sync");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 1 NO_ANSWER"]);
    assert_ne!(hotel.status()["failures"][0]["message"], "");
}

/// A guest and a deal that changed, a deal whose guest did not, a booking with a guest of its own,
/// a guest whose card Ecvi names, and a booking that is gone.
#[test]
fn a_small_run_asks_all_its_questions_in_one_request() {
    let hotel = Hotel::running();
    hotel.guest(4, "");
    hotel.booking(4, "guest_id = 4");
    hotel.booking(2, "");
    hotel.sync();
    let card = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Старое"}));
    hotel.guest(1, "comment = 'x'");
    hotel.booking(1, "comment = 'x'");
    hotel.booking(4, "comment = 'x'");
    hotel.guest(3, "");
    hotel.booking(3, "guest_id = 3");
    hotel.guest(6, &format!("crm_id = {card}"));
    hotel.remove_booking(2);
    let requests = hotel.requests(|hotel| {
        let said =
            "sync: создано: гости 1, заявки 1; изменено: гости 2, заявки 2; удалено: заявки 1\n";
        assert_eq!(hotel.sync(), said);
    });
    // The questions, guests, bookings, the deletion, and once more the cards of the deals.
    assert_eq!(requests, 5);
}

#[test]
fn bookings_that_wait_for_somebody_who_does_not_come_cost_no_request() {
    let hotel = Hotel::running();
    hotel.guest(2, "birth_date = 'вчера'");
    hotel.company(1, "");
    (2..=3).for_each(|id| hotel.booking(id, "guest_id = 2, company_id = 1"));
    hotel.booking(4, "guest_id = 1");
    hotel.booking(5, "guest_id = 1");
    (4..=5).for_each(|id| hotel.stay(id, &[1, 2]));
    hotel.exits(1, "sync");
    (2..=3).for_each(|id| hotel.booking(id, "comment = 'x'"));
    assert_eq!(hotel.requests(|hotel| drop(hotel.sync())), 0);
}

/// How many commands the batches of a command have: those of guests, and those of deals.
fn batches(hotel: &Hotel, command: &str) -> [Vec<usize>; 2] {
    let batches = Arc::new(Mutex::new([Vec::new(), Vec::new()]));
    let seen = Arc::clone(&batches);
    hotel.server().before(move |call| {
        let lanes =
            [["crm.contact.add", "crm.contact.update"], ["crm.item.import", "crm.deal.update"]];
        let is_called = |lane: &[&str; 2]| lane.iter().any(|method| call.calls(method));
        if let Some(lane) = lanes.iter().position(is_called) {
            seen.lock().unwrap()[lane].push(call.params.argument("cmd").entries().len());
        }
    });
    hotel.says(command);
    batches.lock().unwrap().clone()
}

#[test]
fn batches_are_full_and_none_has_more_commands_than_may_be() {
    let hotel = Hotel::new();
    let funnel = hotel.portal().add_funnel("Закрытые");
    hotel.configure("portal.batch_size = 6");
    (1..=10).for_each(|id| hotel.guest(id, ""));
    (1..=6).for_each(|id| hotel.booking(id, "status = 'checked_out'"));
    // The deals, and then their closing dates.
    assert_eq!(batches(&hotel, "initial-export"), [vec![6, 4], vec![6, 6]]);
    // A deal in a final stage takes a second command for its closing date.
    assert_eq!(batches(&hotel, "sync --full"), [vec![6, 4], vec![6, 6]]);
    // So does one that is found where it was to be made.
    hotel.lose_state();
    assert_eq!(batches(&hotel, "initial-export"), [vec![6, 4], vec![6, 6]]);
    // Where there are several funnels, there has to be room for a move as well.
    hotel.configure(&format!("[deal.stages]\nconfirmed = 'C{funnel}:NEW'"));
    assert_eq!(batches(&hotel, "sync --full"), [vec![6, 4], vec![4, 4, 4]]);
}

/// People take our mark away while a run of minutes is under way.
#[test]
fn what_the_first_request_saw_counts_for_a_moment_only() {
    let hotel = Hotel::running();
    hotel.configure("portal.batch_size = 1");
    hotel.guest(2, "");
    hotel.sync();
    (1..=2).for_each(|id| hotel.guest(id, "comment = 'x'"));
    hotel.booking(1, "comment = 'x'");
    let card = hotel.contact(2).id;
    let clock = Clock::virtual_at(Utc::now());
    let mut is_done = false;
    let before = |_| {
        let updates = hotel.portal().counters.of("crm.contact.update");
        if updates == 1 && !std::mem::replace(&mut is_done, true) {
            clock.sleep(Duration::from_secs(31));
            hotel.edit(Kind::Contact, card, json!({"ORIGINATOR_ID": "", "ORIGIN_ID": ""}));
        }
    };
    hotel.run_disturbed(before, &RunOptions::new(RunKind::Sync), &clock, &mut ());
    assert_eq!(hotel.portal().get(Kind::Contact, card).unwrap().text("COMMENTS"), "");
    assert_eq!(hotel.issues("failures"), ["guest 2 NOT_OURS"]);
}

#[test]
fn a_creation_that_is_denied_to_a_run_of_cron_says_nothing_of_imports() {
    let hotel = Hotel::running();
    let denied = json!({"error": "ACCESS_DENIED", "error_description": "Access denied"});
    hotel.answers_each("crm.contact.add", "result_error", denied);
    hotel.guest(2, "");
    let said = hotel.exits(1, "sync").err;
    assert!(!said.contains("импорт"), "{said}");
    assert_eq!(hotel.issues("failures"), ["guest 2 ACCESS_DENIED"]);
}
