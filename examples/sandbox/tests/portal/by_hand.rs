//! What people do in the CRM, and what a client sees of it afterwards.

use bitrix24_sandbox::Kind;
use serde_json::json;

use crate::Client;

#[test]
fn a_deleted_object_is_gone_and_comes_back_under_a_new_id() {
    let mut client = Client::new();
    let id = client.add("deal", json!({ "ORIGIN_ID": "7", "CONTACT_IDS": [3] }));
    assert!(client.portal.delete(Kind::Deal, id));
    assert_eq!(client.refused("crm.deal.get", json!({ "id": id })), (400, String::new()));
    assert!(!client.portal.delete(Kind::Deal, id));
    let new = client.portal.restore(Kind::Deal, id).unwrap();
    assert_ne!(new, id);
    let deal = client.portal.get(Kind::Deal, new).unwrap();
    assert_eq!((deal.text("ORIGIN_ID"), deal.link_ids()), ("7", vec![3]));
    assert!(client.portal.restore(Kind::Deal, id).is_none());
}

#[test]
fn without_a_bin_nothing_comes_back() {
    let mut client = Client::new();
    client.portal.settings.recycle_bin = false;
    let id = client.add("deal", json!({}));
    client.portal.delete(Kind::Deal, id);
    assert!(client.portal.restore(Kind::Deal, id).is_none());
}

#[test]
fn a_merge_rebinds_deals_unites_phones_and_keeps_one_origin() {
    let mut client = Client::new();
    let keep = client
        .add("contact", json!({ "NAME": "Ян", "ORIGIN_ID": "1", "PHONE": [{ "VALUE": "1" }] }));
    let phones = json!([{ "VALUE": "1" }, { "VALUE": "2" }]);
    let drop = client.add(
        "contact",
        json!({ "NAME": "Иван", "POST": "повар", "ORIGIN_ID": "2", "PHONE": phones }),
    );
    let both = client.add("deal", json!({ "CONTACT_IDS": [drop, keep] }));
    let one = client.add("deal", json!({ "CONTACT_IDS": [drop] }));
    let now = client.now;
    assert!(client.portal.merge(Kind::Contact, keep, drop, now));
    let survivor = client.portal.get(Kind::Contact, keep).unwrap();
    assert_eq!(
        (survivor.text("NAME"), survivor.text("POST"), survivor.text("ORIGIN_ID")),
        ("Ян", "повар", "1")
    );
    assert_eq!(survivor.values("PHONE"), ["1", "2"]);
    for deal in [both, one] {
        let deal = client.portal.get(Kind::Deal, deal).unwrap();
        assert_eq!((deal.link_ids(), deal.primary()), (vec![keep], Some(keep)));
    }
    assert_eq!(client.refused("crm.contact.get", json!({ "id": drop })), (400, String::new()));
}

#[test]
fn a_survivor_without_an_origin_takes_it_over() {
    let mut client = Client::new();
    let now = client.now;
    let keep =
        client.portal.add_by_hand(Kind::Company, json!({ "TITLE": "Ромашка" }), now).unwrap();
    let drop = client.add(
        "company",
        json!({ "TITLE": "ООО Ромашка", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "5" }),
    );
    let deal = client.add("deal", json!({ "COMPANY_ID": drop }));
    client.portal.merge(Kind::Company, keep, drop, now);
    assert_eq!(client.portal.get(Kind::Company, keep).unwrap().text("ORIGIN_ID"), "5");
    assert_eq!(client.portal.get(Kind::Deal, deal).unwrap().text("COMPANY_ID"), keep.to_string());
}

#[test]
fn edits_by_hand_are_no_calls() {
    let mut client = Client::new();
    let now = client.now;
    let id = client.portal.add_by_hand(Kind::Deal, json!({ "TITLE": "x" }), now).unwrap();
    assert!(client.portal.edit(Kind::Deal, id, json!({ "STAGE_ID": "WON" }), now));
    assert!(client.portal.bind(id, 4) && !client.portal.bind(id, 4) && client.portal.bind(id, 5));
    assert!(client.portal.unbind(id, 4));
    let deal = client.portal.get(Kind::Deal, id).unwrap();
    assert_eq!((deal.link_ids(), deal.primary(), deal.text("STAGE_ID")), (vec![5], Some(5), "WON"));
    assert_eq!(client.portal.counters, bitrix24_sandbox::Counters::default());
}

#[test]
fn a_deferred_call_takes_effect_later() {
    let mut client = Client::new();
    let at = client.now + chrono::TimeDelta::seconds(50);
    client.portal.defer("crm.deal.add", json!({ "fields": {} }), at);
    assert_eq!(client.ok("crm.deal.list", json!({})), json!([]));
    client.wait(50);
    assert_eq!(client.ok("crm.deal.list", json!({})).as_array().unwrap().len(), 1);
}

#[test]
fn calls_are_recorded_and_counted() {
    let mut client = Client::new();
    client.portal.record_calls(true);
    client.batch(&[("a", "crm.deal.add?fields[TITLE]=x"), ("b", "crm.deal.list")]);
    let seen: Vec<(&str, Option<&str>)> = client
        .portal
        .calls()
        .iter()
        .map(|call| (call.method.as_str(), call.command.as_deref()))
        .collect();
    assert_eq!(seen, [("batch", None), ("crm.deal.add", Some("a")), ("crm.deal.list", Some("b"))]);
    let counters = &client.portal.counters;
    assert_eq!((counters.requests, counters.writes, counters.methods["crm.deal.add"]), (1, 1, 1));
}

/// Facts, section 9.1.
#[test]
fn a_portal_set_back_to_a_backup_gives_its_ids_out_anew() {
    let mut client = Client::new();
    client.add("contact", json!({ "NAME": "Ян", "ORIGIN_ID": "1" }));
    let backup = client.portal.clone();
    assert_eq!(client.add("contact", json!({ "NAME": "Ия", "ORIGIN_ID": "2" })), 2);
    client.portal.set_back_to(&backup);
    assert!(client.portal.get(Kind::Contact, 2).is_none());
    assert_eq!(client.add("contact", json!({ "NAME": "Ева", "ORIGIN_ID": "3" })), 2);
}
