//! Rate, operating budgets, the length of a request, and what the portal answers to everybody.

use bitrix24_sandbox::{Accounting, Kind, Portal, Times};
use serde_json::json;

use crate::Client;

const ADD: &str = "crm.deal.add?fields[x]=";

fn slow(seconds: f64) -> Client {
    let mut client = Client::new();
    client.portal.settings.costs.insert("crm.deal.add".to_owned(), seconds);
    client
}

#[test]
fn the_51st_request_at_once_is_refused_and_two_a_second_pass() {
    let mut client = Client::new();
    for _ in 0..50 {
        client.ok("scope", json!({}));
    }
    assert_eq!(client.refused("scope", json!({})), (503, "QUERY_LIMIT_EXCEEDED".to_owned()));
    client.wait(1);
    client.ok("scope", json!({}));
    assert_eq!(client.portal.counters.refused, 1);
}

#[test]
fn a_method_is_blocked_after_its_budget_and_others_go_on() {
    let mut client = slow(50.0);
    for _ in 0..9 {
        client.add("deal", json!({}));
    }
    assert_eq!(
        client.refused("crm.deal.add", json!({ "fields": {} })),
        (429, "OPERATION_TIME_LIMIT".to_owned())
    );
    client.add("contact", json!({}));
    let inside = client.batch(&[("a", ADD), ("b", "scope")]);
    assert_eq!(inside["result_error"]["a"]["error"], "OPERATION_TIME_LIMIT");
    assert!(inside["result"]["b"].is_array());
    client.wait(600);
    client.add("deal", json!({}));
}

#[test]
fn time_tells_the_operating_and_when_it_falls() {
    let mut client = slow(2.0);
    let reply = client.call("crm.deal.add", json!({ "fields": {} }));
    let time = crate::body(&reply)["time"].clone();
    assert_eq!(time["operating"], 2);
    assert_eq!(time["operating_reset_at"].as_i64().unwrap(), client.now.timestamp() + 600);
    assert_eq!(time["date_start"], "2026-11-24T15:00:00+03:00");
    let inside = client.batch(&[("a", ADD)]);
    assert_eq!(inside["result_time"]["a"]["operating"], 4);
}

#[test]
fn failing_calls_and_short_ones_are_not_charged() {
    let mut client = slow(2.0);
    let wrong = json!({ "fields": { "CURRENCY_ID": "XXX" } });
    client.refused("crm.deal.add", wrong);
    client.add("contact", json!({}));
    let reply = client.call("crm.contact.list", json!({}));
    assert_eq!(crate::body(&reply)["time"]["operating"], 0);
    assert_eq!(client.batch(&[("a", ADD)])["result_time"]["a"]["operating"], 2);
}

#[test]
fn commands_of_batches_may_have_a_budget_apart_from_direct_calls() {
    let mut client = slow(50.0);
    client.portal.settings.accounting = Accounting::Separate;
    for _ in 0..9 {
        client.add("deal", json!({}));
    }
    assert_eq!(client.refused("crm.deal.add", json!({ "fields": {} })).0, 429);
    assert_eq!(client.batch(&[("a", ADD)])["result"]["a"], 10);
}

/// Facts, section 3.3.
#[test]
fn the_newest_builds_charge_half_of_the_time_to_batch_and_ban_it_for_300_seconds() {
    let mut client = Client::new();
    client.portal.settings.accounting = Accounting::Bans;
    client.portal.settings.cost = 20.0;
    let kinds =
        ["crm.deal.add?fields[x]=", "crm.contact.add?fields[x]=", "crm.company.add?fields[x]="];
    for _ in 0..15 {
        client.batch(&[("a", kinds[0]), ("b", kinds[1]), ("c", kinds[2])]);
    }
    let banned = client.refused("batch", json!({ "cmd": { "a": ADD } }));
    assert_eq!(banned, (429, "OPERATION_TIME_LIMIT".to_owned()));
    client.add("deal", json!({}));
    client.wait(300);
    assert!(client.batch(&[("a", ADD)])["result"]["a"].is_number());
}

/// Facts, section 14.2.
#[test]
fn the_newest_builds_ban_any_method_and_tell_when_the_ban_ends() {
    let mut client = slow(50.0);
    client.portal.settings.accounting = Accounting::Bans;
    let mut last = json!(null);
    for _ in 0..9 {
        last = crate::body(&client.call("crm.deal.add", json!({ "fields": {} })))["time"].clone();
    }
    let end = client.now.timestamp() + 300;
    assert_eq!((&last["operating"], &last["operating_reset_at"]), (&json!(0), &json!(end)));
    let refused = client.refused("crm.deal.add", json!({}));
    assert_eq!(refused, (429, "OPERATION_TIME_LIMIT".to_owned()));
    assert_eq!(client.batch(&[("a", ADD)])["result"]["a"], 10);
    client.wait(300);
    client.add("deal", json!({}));
}

/// Facts, section 14.2.
#[test]
fn the_newest_builds_share_the_budget_of_batches_among_all_webhooks() {
    let mut client = Client::new();
    client.portal.settings.accounting = Accounting::Bans;
    let now = client.now;
    client.portal.charge_elsewhere("crm.deal.add", 421.0, now);
    let inside = client.batch(&[("a", ADD), ("b", "crm.contact.add?fields[x]=")]);
    assert_eq!(inside["result_error"]["a"]["error"], "OPERATION_TIME_LIMIT");
    assert_eq!(inside["result"]["b"], 1);
    client.add("deal", json!({}));
}

#[test]
fn a_batch_over_60_seconds_is_cut_and_what_was_executed_stays() {
    let mut client = slow(25.0);
    let cmd = json!({ "a": ADD, "b": ADD, "c": ADD, "d": ADD });
    let reply = client.call("batch", json!({ "cmd": cmd }));
    assert_eq!(reply.status, 504);
    assert!(reply.body.starts_with("<html>"));
    assert_eq!(client.portal.count(Kind::Deal), 3);
}

#[test]
fn a_bulk_import_costs_by_the_record_and_takes_twenty() {
    let mut client = Client::new();
    client.portal.settings.costs.insert("crm.item.batchimport".to_owned(), 1.0);
    let data = |n: usize| json!({ "entityTypeId": 2, "data": vec![json!({ "title": "x" }); n] });
    assert!((client.call("crm.item.batchImport", data(20)).seconds - 20.0).abs() < 1e-9);
    assert_eq!(
        client.refused("crm.item.batchImport", data(21)).1,
        "MAX_IMPORT_BATCH_SIZE_EXCEEDED"
    );
}

#[test]
fn a_portal_of_ones_own_does_not_tell_the_operating_and_new_builds_round_the_beginning() {
    let mut client = slow(0.5);
    client.portal.settings.operating = None;
    client.portal.settings.times = Times::WholeSeconds;
    client.now += chrono::TimeDelta::milliseconds(700);
    let reply = client.call("crm.deal.add", json!({ "fields": {} }));
    let time = crate::body(&reply)["time"].clone();
    assert!(time.get("operating").is_none() && time.get("operating_reset_at").is_none());
    assert!((time["duration"].as_f64().unwrap() - 1.2).abs() < 1e-6 && time["processing"] == 0);
}

/// A client paces itself by what is reported, also where nothing is limited.
#[test]
fn a_portal_without_limits_does_not_tell_the_operating() {
    let mut portal = Portal::unlimited();
    let reply = portal.call("crm.deal.add", json!({ "fields": {} }), Client::new().now);
    assert!(crate::body(&reply)["time"].get("operating").is_none());
}
