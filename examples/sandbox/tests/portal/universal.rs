//! `crm.item.*`.

use bitrix24_sandbox::Kind;
use serde_json::json;

use crate::Client;

#[test]
fn items_are_typed_and_named_in_camel_case() {
    let mut client = Client::new();
    let fields = json!({
        "title": "x",
        "opportunity": 1000.5,
        "contactIds": [3, 4],
        "closedate": "2020-05-29",
        "isManualOpportunity": true
    });
    let item = client.add_item(2, fields);
    let expected = [
        ("id", json!(1)),
        ("title", json!("x")),
        ("opportunity", json!(1000.5)),
        ("contactId", json!(3)),
        ("contactIds", json!([3, 4])),
        ("categoryId", json!(0)),
        ("isManualOpportunity", json!("Y")),
        ("closedate", json!("2020-05-29T03:00:00+03:00")),
        ("assignedById", json!(1)),
        ("entityTypeId", json!(2)),
    ];
    for (name, value) in expected {
        assert_eq!(item[name], value, "{name}");
    }
    assert!(item.get("createdTime").is_some() && item.get("TITLE").is_none());
}

#[test]
fn empty_values_clear_dates_too_and_what_is_no_date_is_dropped() {
    let mut client = Client::new();
    let id = client.add("contact", json!({ "NAME": "Ян", "BIRTHDATE": "1980-05-20", "POST": "x" }));
    let mut update = |fields| {
        client.ok("crm.item.update", json!({ "entityTypeId": 3, "id": id, "fields": fields }))["item"]
            .clone()
    };
    assert_eq!(update(json!({ "birthdate": "soon" }))["birthdate"], "1980-05-20T03:00:00+03:00");
    let item = update(json!({ "birthdate": null, "post": [] }));
    assert_eq!((&item["birthdate"], &item["post"]), (&json!(null), &json!(null)));
}

#[test]
fn an_update_without_effect_changes_nothing() {
    let mut client = Client::new();
    let id = client.add("contact", json!({ "NAME": "Ян" }));
    let before = client.portal.get(Kind::Contact, id).unwrap().clone();
    client.wait(60);
    client
        .ok("crm.item.update", json!({ "entityTypeId": 3, "id": id, "fields": { "name": "Ян" } }));
    assert_eq!(*client.portal.get(Kind::Contact, id).unwrap(), before);
}

#[test]
fn rows_are_given_as_fm() {
    let mut client = Client::new();
    let fm =
        json!([{ "typeId": "PHONE", "valueType": "WORK", "value": "1" }, { "value": "no type" }]);
    let item = client.add_item(3, json!({ "name": "Ян", "fm": fm }));
    assert_eq!(
        item["fm"],
        json!([{ "id": 1, "valueType": "WORK", "value": "1", "typeId": "PHONE" }])
    );
    let fm = json!({
        "1": { "typeId": "PHONE", "value": "" },
        "n0": { "typeId": "EMAIL", "value": "a@b.ru" }
    });
    client.ok("crm.item.update", json!({ "entityTypeId": 3, "id": 1, "fields": { "fm": fm } }));
    let record = client.portal.get(Kind::Contact, 1).unwrap();
    assert_eq!((record.values("PHONE"), record.values("EMAIL")), (vec![], vec!["a@b.ru"]));
}

/// Facts, section 14.4.
#[test]
fn fm_is_listed_when_it_is_named_or_with_a_star_and_deals_have_none() {
    let mut client = Client::new();
    client.add("contact", json!({ "NAME": "Ян", "PHONE": [{ "VALUE": "1" }] }));
    client.add("deal", json!({}));
    let cases = [
        (json!([]), false),
        (json!(["*"]), true),
        (json!(["id", "fm"]), true),
        (json!(["id"]), false),
    ];
    for (select, has) in cases {
        let found = client.ok("crm.item.list", json!({ "entityTypeId": 3, "select": select }));
        assert_eq!(found["items"][0].get("fm").is_some(), has, "{select}");
    }
    let deals = client.ok("crm.item.list", json!({ "entityTypeId": 2, "select": ["*"] }));
    assert!(deals["items"][0].get("fm").is_none());
    let deal = client.ok("crm.item.get", json!({ "entityTypeId": 2, "id": 1 }));
    assert!(deal["item"].get("fm").is_none());
}

/// Facts, section 14.4.
#[test]
fn upper_case_names_are_understood_and_only_what_is_selected_comes() {
    let mut client = Client::new();
    client.ok("crm.item.add", json!({ "entityTypeId": 3, "fields": { "NAME": "Ян" } }));
    let mut list = |select: serde_json::Value| {
        let params = json!({
            "entityTypeId": 3, "filter": { "ID": 1 }, "order": { "ID": "ASC" }, "select": select
        });
        client.ok("crm.item.list", params)["items"][0].clone()
    };
    assert_eq!(list(json!(["ID", "NAME"])), json!({ "id": 1, "name": "Ян" }));
    assert_eq!(list(json!(["name"])), json!({ "name": "Ян" }));
}

#[test]
fn addresses_do_not_exist_here() {
    let mut client = Client::new();
    let fields = json!({ "name": "Ян", "addressCity": "Псков", "ADDRESS_CITY": "Псков" });
    let item = client.add_item(3, fields);
    assert!(item.get("addressCity").is_none());
    assert_eq!(client.get("contact", 1)["ADDRESS_CITY"], json!(null));
}

#[test]
fn missing_items_and_types() {
    let mut client = Client::new();
    for method in ["crm.item.get", "crm.item.update", "crm.item.delete"] {
        let missing = json!({ "entityTypeId": 2, "id": 7, "fields": {} });
        assert_eq!(client.refused(method, missing), (400, "NOT_FOUND".to_owned()), "{method}");
    }
    let reply = client.call("crm.item.get", json!({ "entityTypeId": 200, "id": 7 }));
    assert!(reply.body.contains("Smart process not found"));
    let id = client.add("deal", json!({}));
    assert_eq!(client.ok("crm.item.delete", json!({ "entityTypeId": 2, "id": id })), json!([]));
}

#[test]
fn a_bulk_import_answers_each_record_under_its_key() {
    let mut client = Client::new();
    let data = json!({
        "a": {
            "name": "Ян",
            "PHONE": [{ "VALUE": "1" }],
            "fm": [{ "typeId": "PHONE", "value": "2" }],
            "createdTime": "2020-01-01"
        },
        "b": { "name": "Ия", "EMAIL": [{ "VALUE": "wrong" }] }
    });
    let items =
        client.ok("crm.item.batchImport", json!({ "entityTypeId": 3, "data": data }))["items"]
            .clone();
    assert_eq!(items["a"], json!({ "item": { "id": 1 } }));
    assert_eq!(items["b"]["error"], "ERROR_CORE");
    let record = client.portal.get(Kind::Contact, 1).unwrap();
    assert_eq!(record.values("PHONE"), ["1"]);
    assert_eq!(record.text("DATE_CREATE"), "2020-01-01T00:00:00+03:00");
}

#[test]
fn an_import_needs_its_right() {
    let mut client = Client::new();
    client.portal.settings.user.admin = false;
    client.ok("crm.item.import", json!({ "entityTypeId": 2, "fields": { "title": "x" } }));
    client.portal.settings.user.import_right = false;
    let refused = client.refused("crm.item.import", json!({ "entityTypeId": 2, "fields": {} }));
    assert_eq!(refused.1, "ACCESS_DENIED");
}

#[test]
fn user_fields_have_two_names() {
    let mut client = Client::new();
    client.portal.add_user_field(Kind::Deal, "1700", "double", false, &[]);
    let fields = json!({ "ufCrm_1700": "1.5" });
    let item = client.add_item(2, fields);
    assert_eq!(item["ufCrm_1700"], 1.5);
    let params = json!({ "entityTypeId": 2, "id": 1, "useOriginalUfNames": "Y" });
    assert_eq!(client.ok("crm.item.get", params)["item"]["UF_CRM_1700"], 1.5);
}

/// Facts, section 14.3.
#[test]
fn a_custom_boolean_takes_other_words_for_yes_than_in_the_legacy_methods() {
    let mut client = Client::new();
    let name = client.portal.add_user_field(Kind::Contact, "VIP", "boolean", false, &[]);
    let cases = [
        (json!("1"), false),
        (json!(1), false),
        (json!("Y"), true),
        (json!(true), true),
        (json!("y"), true),
    ];
    for (sent, yes) in cases {
        let fields = json!({ "name": "Ян", "ufCrmVip": sent });
        let id = client.ok("crm.item.import", json!({ "entityTypeId": 3, "fields": fields }))["item"]
            ["id"]
            .clone();
        let stored = client.get("contact", id.as_u64().unwrap())[&name].clone();
        assert_eq!(stored, if yes { "1" } else { "0" }, "{sent}");
    }
    for (sent, stored) in [("1", "1"), ("0", "0")] {
        let id = client.add("contact", json!({ "NAME": "Ян", &name: sent }));
        assert_eq!(client.get("contact", id)[&name], stored);
    }
}

#[test]
fn what_the_user_may_not_see_is_left_out_of_lists_and_told_apart_from_what_is_not_there() {
    let mut client = Client::new();
    client.ok("crm.deal.add", json!({ "fields": { "TITLE": "x" } }));
    client.portal.settings.user.admin = false;
    client.portal.settings.hidden = vec![(Kind::Deal, 1)];
    assert_eq!(client.ok("crm.deal.list", json!({ "filter": { "@ID": [1] } })), json!([]));
    for id in [1, 2] {
        assert_eq!(client.refused("crm.deal.get", json!({ "id": id })), (400, String::new()));
    }
    let mut item =
        |id: u64| client.refused("crm.item.get", json!({ "entityTypeId": 2, "id": id })).1;
    assert_eq!([item(1), item(2)], ["ACCESS_DENIED", "NOT_FOUND"]);
}
