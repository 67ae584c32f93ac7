//! What people do in the CRM, and what a client sees of it afterwards.

use bitrix24_sandbox::Kind;
use serde_json::json;

use crate::Desk;

#[test]
fn a_deleted_object_is_gone_and_comes_back_under_a_new_id() {
    let mut desk = Desk::new();
    let id = desk.add("deal", json!({ "ORIGIN_ID": "7", "CONTACT_IDS": [3] }));
    assert!(desk.portal.delete(Kind::Deal, id));
    assert_eq!(desk.refused("crm.deal.get", json!({ "id": id })), (400, String::new()));
    assert!(!desk.portal.delete(Kind::Deal, id));
    let new = desk.portal.restore(Kind::Deal, id).unwrap();
    assert_ne!(new, id);
    let deal = desk.portal.get(Kind::Deal, new).unwrap();
    assert_eq!((deal.text("ORIGIN_ID"), deal.link_ids()), ("7", vec![3]));
    assert!(desk.portal.restore(Kind::Deal, id).is_none());
}

#[test]
fn without_a_bin_nothing_comes_back() {
    let mut desk = Desk::new();
    desk.portal.settings.recycle_bin = false;
    let id = desk.add("deal", json!({}));
    desk.portal.delete(Kind::Deal, id);
    assert!(desk.portal.restore(Kind::Deal, id).is_none());
}

#[test]
fn a_merge_rebinds_deals_unites_phones_and_keeps_one_origin() {
    let mut desk = Desk::new();
    let keep =
        desk.add("contact", json!({ "NAME": "Ян", "ORIGIN_ID": "1", "PHONE": [{ "VALUE": "1" }] }));
    let phones = json!([{ "VALUE": "1" }, { "VALUE": "2" }]);
    let drop = desk.add(
        "contact",
        json!({ "NAME": "Иван", "POST": "повар", "ORIGIN_ID": "2", "PHONE": phones }),
    );
    let both = desk.add("deal", json!({ "CONTACT_IDS": [drop, keep] }));
    let one = desk.add("deal", json!({ "CONTACT_IDS": [drop] }));
    let now = desk.now;
    assert!(desk.portal.merge(Kind::Contact, keep, drop, now));
    let survivor = desk.portal.get(Kind::Contact, keep).unwrap();
    assert_eq!(
        (survivor.text("NAME"), survivor.text("POST"), survivor.text("ORIGIN_ID")),
        ("Ян", "повар", "1")
    );
    assert_eq!(survivor.values("PHONE"), ["1", "2"]);
    for deal in [both, one] {
        let deal = desk.portal.get(Kind::Deal, deal).unwrap();
        assert_eq!((deal.link_ids(), deal.primary()), (vec![keep], Some(keep)));
    }
    assert_eq!(desk.refused("crm.contact.get", json!({ "id": drop })), (400, String::new()));
}

#[test]
fn a_survivor_without_an_origin_takes_it_over() {
    let mut desk = Desk::new();
    let now = desk.now;
    let keep = desk.portal.add_by_hand(Kind::Company, json!({ "TITLE": "Ромашка" }), now).unwrap();
    let drop = desk.add(
        "company",
        json!({ "TITLE": "ООО Ромашка", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "5" }),
    );
    let deal = desk.add("deal", json!({ "COMPANY_ID": drop }));
    desk.portal.merge(Kind::Company, keep, drop, now);
    assert_eq!(desk.portal.get(Kind::Company, keep).unwrap().text("ORIGIN_ID"), "5");
    assert_eq!(desk.portal.get(Kind::Deal, deal).unwrap().text("COMPANY_ID"), keep.to_string());
}

#[test]
fn edits_by_hand_are_no_calls() {
    let mut desk = Desk::new();
    let now = desk.now;
    let id = desk.portal.add_by_hand(Kind::Deal, json!({ "TITLE": "x" }), now).unwrap();
    assert!(desk.portal.edit(Kind::Deal, id, json!({ "STAGE_ID": "WON" }), now));
    assert!(desk.portal.bind(id, 4) && !desk.portal.bind(id, 4) && desk.portal.bind(id, 5));
    assert!(desk.portal.unbind(id, 4));
    let deal = desk.portal.get(Kind::Deal, id).unwrap();
    assert_eq!((deal.link_ids(), deal.primary(), deal.text("STAGE_ID")), (vec![5], Some(5), "WON"));
    assert_eq!(desk.portal.counters, bitrix24_sandbox::Counters::default());
}

#[test]
fn a_deferred_call_takes_effect_later() {
    let mut desk = Desk::new();
    let at = desk.now + chrono::TimeDelta::seconds(50);
    desk.portal.defer("crm.deal.add", json!({ "fields": {} }), at);
    assert_eq!(desk.ok("crm.deal.list", json!({})), json!([]));
    desk.wait(50);
    assert_eq!(desk.ok("crm.deal.list", json!({})).as_array().unwrap().len(), 1);
}

#[test]
fn calls_are_recorded_and_counted() {
    let mut desk = Desk::new();
    desk.portal.record_calls(true);
    desk.batch(&[("a", "crm.deal.add?fields[TITLE]=x"), ("b", "crm.deal.list")]);
    let seen: Vec<(&str, Option<&str>)> = desk
        .portal
        .calls()
        .iter()
        .map(|call| (call.method.as_str(), call.command.as_deref()))
        .collect();
    assert_eq!(seen, [("batch", None), ("crm.deal.add", Some("a")), ("crm.deal.list", Some("b"))]);
    let counters = &desk.portal.counters;
    assert_eq!((counters.requests, counters.writes, counters.methods["crm.deal.add"]), (1, 1, 1));
}

/// Facts, section 9.1.
#[test]
fn a_portal_set_back_to_a_backup_gives_its_ids_out_anew() {
    let mut desk = Desk::new();
    desk.add("contact", json!({ "NAME": "Ян", "ORIGIN_ID": "1" }));
    let backup = desk.portal.clone();
    assert_eq!(desk.add("contact", json!({ "NAME": "Ия", "ORIGIN_ID": "2" })), 2);
    desk.portal.set_back_to(&backup);
    assert!(desk.portal.get(Kind::Contact, 2).is_none());
    assert_eq!(desk.add("contact", json!({ "NAME": "Ева", "ORIGIN_ID": "3" })), 2);
}
