//! Who is let in: plans, webhooks, users, and what the portal refuses to everybody.

use bitrix24_sandbox::{Condition, Kind};
use serde_json::json;

use crate::Client;

/// Facts, sections 8.3 and 14.1.
#[test]
fn what_everybody_is_told() {
    let cases = [
        (Condition::Revoked, 401, "INVALID_CREDENTIALS"),
        (Condition::NoRest, 401, "ACCESS_DENIED"),
        (Condition::NoSubscription, 401, "ACCESS_DENIED"),
        (Condition::PaymentRequired, 401, "PAYMENT_REQUIRED"),
        (Condition::Deleted, 403, "PORTAL_DELETED"),
        (Condition::Overloaded, 401, "OVERLOAD_LIMIT"),
    ];
    for (condition, status, code) in cases {
        let mut client = Client::new();
        client.portal.settings.condition = condition;
        assert_eq!(client.refused("crm.deal.list", json!({})), (status, code.to_owned()));
        assert_eq!(
            client.refused("crm.nope", json!({})),
            (404, "ERROR_METHOD_NOT_FOUND".to_owned())
        );
    }
    let mut client = Client::new();
    client.portal.settings.user.active = false;
    assert_eq!(client.refused("scope", json!({})), (401, "authorization_error".to_owned()));
}

#[test]
fn a_renamed_portal_redirects_and_maintenance_is_a_page() {
    let mut client = Client::new();
    client.portal.settings.condition = Condition::Moved("https://new.bitrix24.ru".to_owned());
    let reply = client.call("scope", json!({}));
    assert_eq!((reply.status, reply.location.as_deref()), (302, Some("https://new.bitrix24.ru")));
    client.portal.settings.condition = Condition::Maintenance(503);
    let reply = client.call("scope", json!({}));
    assert!(reply.status == 503 && reply.body.starts_with("<html>"));
}

/// Facts, section 14.1.
#[test]
fn a_kept_integration_goes_on_under_the_system_user() {
    let mut client = Client::new();
    client.portal.settings.user.active = false;
    client.portal.settings.kept_as = Some(77);
    assert_eq!(client.ok("profile", json!({}))["ID"], "77");
    client.add("deal", json!({}));
}

#[test]
fn a_role_that_may_not_change_contacts_is_denied_that_alone() {
    let mut client = Client::new();
    let id = client.add("contact", json!({ "NAME": "Ян" }));
    client.portal.settings.denied.insert("crm.contact.update".to_owned());
    let fields = json!({ "id": id, "fields": { "NAME": "Ия" } });
    assert_eq!(client.refused("crm.contact.update", fields), (400, String::new()));
    assert_eq!(client.get("contact", id)["NAME"], "Ян");
    client.add("contact", json!({ "NAME": "Ия" }));
}

/// Facts, section 14.2.
#[test]
fn a_full_disk_refuses_every_write_and_no_question() {
    let mut client = Client::new();
    let id = client.add("contact", json!({ "NAME": "Ян" }));
    client.portal.settings.full_disk = true;
    let fields = json!({ "id": id, "fields": { "NAME": "Ия" } });
    for method in ["crm.contact.add", "crm.contact.update", "crm.deal.add"] {
        assert_eq!(client.refused(method, fields.clone()), (400, String::new()), "{method}");
    }
    client.portal.settings.full_disk_text = "Исчерпан лимит дискового пространства".to_owned();
    let item = json!({ "entityTypeId": 3, "fields": { "name": "Ия" } });
    assert!(client.call("crm.item.import", item).body.contains("Исчерпан лимит"));
    client.get("contact", id);
    client.ok("crm.contact.delete", json!({ "id": id }));
}

/// Facts, section 14.4.
#[test]
fn a_deal_with_a_running_process_stays_in_its_funnel() {
    let mut client = Client::new();
    let funnel = client.portal.add_funnel("Группы");
    let id = client.add("deal", json!({}));
    client.portal.settings.running_processes.insert(id);
    let item = |fields| json!({ "entityTypeId": 2, "id": id, "fields": fields });
    let refused = client.refused("crm.item.update", item(json!({ "categoryId": funnel })));
    assert_eq!(refused, (400, "CRM_ITEM_HAS_RUNNING_WORKFLOWS".to_owned()));
    client.ok("crm.item.update", item(json!({ "categoryId": 0, "title": "x" })));
    assert_eq!(client.portal.get(Kind::Deal, id).unwrap().text("TITLE"), "x");
}

/// Facts, section 11.
#[test]
fn the_probes_answer() {
    let mut client = Client::new();
    assert_eq!(client.ok("profile", json!({}))["ADMIN"], true);
    assert_eq!(client.ok("server.time", json!({})), "2026-11-24T15:00:00+03:00");
    assert_eq!(client.ok("user.admin", json!({})), true);
    let known = client.ok("method.get", json!({ "name": "crm.contact.add" }));
    assert_eq!(known, json!({ "isExisting": true, "isAvailable": true }));
    assert_eq!(client.refused("user.current", json!({})), (401, "insufficient_scope".to_owned()));
}

/// Facts, section 14.2.
#[test]
fn a_webhook_may_ask_for_its_scopes_and_for_all() {
    let mut client = Client::new();
    assert_eq!(client.ok("scope", json!({})), json!(["crm"]));
    let all = client.ok("scope", json!({ "full": true }));
    assert!(all.as_array().unwrap().contains(&json!("telephony")), "{all}");
    assert_eq!(
        client.ok("app.info", json!({})),
        json!({ "SCOPE": ["crm"], "LICENSE": "ru_basic" })
    );
}

/// Facts, section 11.
#[test]
fn the_methods_are_named() {
    let methods = Client::new().ok("methods", json!({}));
    assert!(methods.as_array().unwrap().contains(&json!("crm.contact.add")), "{methods}");
}
