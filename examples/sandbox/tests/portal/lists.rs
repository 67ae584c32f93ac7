//! Filters, pages, selections, dictionaries, duplicates.

use bitrix24_sandbox::{Kind, ListOrder};
use serde_json::{Value, json};

use crate::Client;

fn ids(client: &mut Client, params: Value) -> Vec<u64> {
    let rows = client.ok("crm.contact.list", params);
    let ids = rows.as_array().unwrap().iter().map(|row| row["ID"].as_str().unwrap());
    ids.map(|id| id.parse().unwrap()).collect()
}

/// The whole answer of a list.
fn list_contacts(client: &mut Client, params: Value) -> Value {
    crate::body(&client.call("crm.contact.list", params))
}

/// Contacts 1 to 5 with ORIGIN_ID a1 to a5.
fn five() -> Client {
    let mut client = Client::new();
    for n in 1..=5 {
        let origin = format!("a{n}");
        client.add(
            "contact",
            json!({ "NAME": origin, "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": origin }),
        );
    }
    client
}

#[test]
fn each_prefix_of_a_filter() {
    let mut client = five();
    let cases = [
        (json!({ "ORIGIN_ID": "a2" }), vec![2]),
        (json!({ "=ORIGIN_ID": "a2" }), vec![2]),
        (json!({ "ORIGIN_ID": ["a2", "a4"] }), vec![2, 4]),
        (json!({ "@ORIGIN_ID": ["a2", "nope"] }), vec![2]),
        (json!({ "!@ORIGIN_ID": ["a2", "a4"] }), vec![1, 3, 5]),
        (json!({ "!ORIGIN_ID": "a2" }), vec![1, 3, 4, 5]),
        (json!({ "!=ORIGIN_ID": "a2" }), vec![1, 3, 4, 5]),
        (json!({ ">ID": 3 }), vec![4, 5]),
        (json!({ ">=ID": 3, "<ID": "5" }), vec![3, 4]),
        (json!({ "<=ID": 2 }), vec![1, 2]),
        (json!({ "@ID": [5, 1, 77] }), vec![1, 5]),
        (json!({ "%NAME": "3" }), vec![3]),
        (json!({ "=%NAME": "%4" }), vec![4]),
        (json!({ "ORIGINATOR_ID": "other" }), vec![]),
        (json!({ ">DATE_CREATE": "2030-01-01" }), vec![]),
    ];
    for (filter, expected) in cases {
        assert_eq!(ids(&mut client, json!({ "filter": filter })), expected, "{filter}");
    }
}

#[test]
fn texts_are_compared_without_case_and_trailing_blanks_but_not_as_numbers() {
    let mut client = five();
    assert_eq!(ids(&mut client, json!({ "filter": { "ORIGIN_ID": "A2 " } })), [2]);
    client.add("contact", json!({ "NAME": "x", "ORIGIN_ID": "007" }));
    assert!(ids(&mut client, json!({ "filter": { "ORIGIN_ID": "7" } })).is_empty());
}

#[test]
fn origin_is_not_unique() {
    let mut client = five();
    client.add("contact", json!({ "NAME": "twin", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "a1" }));
    assert_eq!(
        ids(&mut client, json!({ "filter": { "ORIGINATOR_ID": "ECVI", "@ORIGIN_ID": ["a1"] } })),
        [1, 6]
    );
}

#[test]
fn a_misspelt_field_and_an_empty_array_return_everything() {
    let mut client = five();
    for filter in
        [json!({ "ORIGN_ID": "a1" }), json!({ "@ORIGIN_ID": [] }), json!({ "origin_id": "a1" })]
    {
        assert_eq!(ids(&mut client, json!({ "filter": filter })).len(), 5, "{filter}");
    }
}

#[test]
fn an_empty_text_matches_what_is_empty() {
    let mut client = five();
    client.add("contact", json!({ "NAME": "free" }));
    assert_eq!(ids(&mut client, json!({ "filter": { "ORIGIN_ID": "" } })), [6]);
}

#[test]
fn pages_have_fifty_rows_and_start_minus_one_does_not_count() {
    let mut client = Client::new();
    client.portal.settings.bucket = None;
    for _ in 0..120 {
        client.add("contact", json!({ "NAME": "x" }));
    }
    let first = list_contacts(&mut client, json!({}));
    assert_eq!(
        (first["result"].as_array().unwrap().len(), &first["total"], &first["next"]),
        (50, &json!(120), &json!(50))
    );
    let last = list_contacts(&mut client, json!({ "start": 100 }));
    assert_eq!((last["result"].as_array().unwrap().len(), last.get("next")), (20, None));
    let walk = list_contacts(
        &mut client,
        json!({ "start": -1, "order": { "ID": "ASC" }, "filter": { ">ID": 60 } }),
    );
    assert_eq!(
        (&walk["result"][0]["ID"], &walk["total"], walk.get("next")),
        (&json!("61"), &json!(0), None)
    );
    let down = list_contacts(&mut client, json!({ "order": { "ID": "desc" } }));
    assert_eq!(down["result"][0]["ID"], "120");
}

/// Facts, section 14.2.
#[test]
fn a_start_within_a_page_is_rounded_down_and_beyond_the_end_page_1_comes_again() {
    let mut client = Client::new();
    client.portal.settings.bucket = None;
    for _ in 0..70 {
        client.add("contact", json!({ "NAME": "x" }));
    }
    assert_eq!(ids(&mut client, json!({ "start": 30 }))[0], 1);
    assert_eq!(ids(&mut client, json!({ "start": 60 }))[0], 51);
    let beyond = list_contacts(&mut client, json!({ "start": 100_000 }));
    assert_eq!((&beyond["result"][0]["ID"], &beyond["next"]), (&json!("1"), &json!(50)));
    let universal = client.ok("crm.item.list", json!({ "entityTypeId": 3, "start": 100_000 }));
    assert_eq!(universal["items"], json!([]));
}

#[test]
fn a_portal_may_not_keep_the_order_that_was_asked_for() {
    let mut client = five();
    let down = json!({ "order": { "ID": "DESC" }, "filter": { ">ID": 1 }, "start": -1 });
    assert_eq!(ids(&mut client, down.clone()), [5, 4, 3, 2]);
    client.portal.settings.list_order = ListOrder::Ascending;
    assert_eq!(ids(&mut client, down.clone()), [2, 3, 4, 5]);
    client.portal.settings.list_order = ListOrder::Scattered;
    let mut scattered = ids(&mut client, down);
    assert!(!scattered.is_sorted() && !scattered.iter().rev().is_sorted(), "{scattered:?}");
    scattered.sort_unstable();
    assert_eq!(scattered, [2, 3, 4, 5]);
}

#[test]
fn phones_come_only_when_they_are_selected_and_are_filtered_exactly() {
    let mut client = Client::new();
    client.portal.add_user_field(Kind::Contact, "CARD", "string", false, &[]);
    client.add(
        "contact",
        json!({ "NAME": "Ян", "PHONE": [{ "VALUE": "8 900" }], "UF_CRM_CARD": "7" }),
    );
    let mut row =
        |select: Value| client.ok("crm.contact.list", json!({ "select": select }))[0].clone();
    let plain = row(json!([]));
    assert!(plain.get("PHONE").is_none() && plain.get("UF_CRM_CARD").is_none());
    let starred = row(json!(["*", "UF_*"]));
    assert!(
        starred.get("PHONE").is_none() && starred["UF_CRM_CARD"] == "7" && starred["NAME"] == "Ян"
    );
    let named = row(json!(["PHONE", "EMAIL"]));
    assert_eq!(
        (&named["PHONE"][0]["VALUE"], named.get("EMAIL"), named.get("NAME")),
        (&json!("8 900"), None, None)
    );
    assert_eq!(ids(&mut client, json!({ "filter": { "PHONE": "8 900" } })), [1]);
    assert!(ids(&mut client, json!({ "filter": { "PHONE": "8900" } })).is_empty());
}

#[test]
fn contact_ids_are_neither_selected_nor_filtered_in_legacy_lists() {
    let mut client = Client::new();
    client.add("deal", json!({ "CONTACT_IDS": [1, 2] }));
    let rows = client.ok(
        "crm.deal.list",
        json!({ "select": ["ID", "CONTACT_IDS"], "filter": { "CONTACT_IDS": 9 } }),
    );
    assert_eq!(rows, json!([{ "ID": "1" }]));
    let found =
        client.ok("crm.item.list", json!({ "entityTypeId": 2, "filter": { "contactIds": 2 } }));
    assert_eq!(found["items"][0]["contactIds"], json!([1, 2]));
}

#[test]
fn universal_lists_refuse_unknown_fields_and_take_camel_case() {
    let mut client = five();
    let known = json!({ "originatorId": "ecvi", "@originId": ["a3", "A5"] });
    let params = json!({ "entityTypeId": 3, "filter": known, "select": ["id", "originId"] });
    let items = client.ok("crm.item.list", params)["items"].clone();
    assert_eq!(items, json!([{ "id": 3, "originId": "a3" }, { "id": 5, "originId": "a5" }]));
    let unknown = json!({ "entityTypeId": 3, "filter": { "orignId": "a3" } });
    let refused = client.refused("crm.item.list", unknown);
    assert_eq!(refused, (400, "INVALID_ARG_VALUE".to_owned()));
}

#[test]
fn dictionaries_are_read_whole() {
    let mut client = Client::new();
    client.portal.add_funnel("Группы");
    let stages = client.ok(
        "crm.status.list",
        json!({ "filter": { "ENTITY_ID": "DEAL_STAGE" }, "order": { "SORT": "ASC" } }),
    );
    assert_eq!(stages.as_array().unwrap().len(), 8);
    assert_eq!(
        (&stages[5]["STATUS_ID"], &stages[5]["SEMANTICS"], &stages[0]["SEMANTICS"]),
        (&json!("WON"), &json!("S"), &json!(null))
    );
    let honorific = client.ok("crm.status.list", json!({ "filter": { "ENTITY_ID": "HONORIFIC" } }));
    assert_eq!(honorific[1]["NAME"], "г-жа");
    assert_eq!(
        (&stages[0]["CATEGORY_ID"], &honorific[0]["CATEGORY_ID"]),
        (&json!(null), &json!(null))
    );
    let second = client.ok("crm.status.list", json!({ "filter": { "ENTITY_ID": "DEAL_STAGE_1" } }));
    assert_eq!(second[0]["CATEGORY_ID"], "1");
    let funnels = client.ok("crm.category.list", json!({ "entityTypeId": 2 }));
    assert_eq!(funnels["categories"][1]["id"], 1);
    let currencies = client.ok("crm.currency.list", json!({}));
    assert_eq!((&currencies[0]["CURRENCY"], &currencies[0]["BASE"]), (&json!("RUB"), &json!("Y")));
    let types = client.ok("crm.status.entity.types", json!({}));
    assert!(types.as_array().unwrap().iter().any(|entry| entry["ID"] == "DEAL_STAGE_1"));
}

/// Facts, section 6.
#[test]
fn some_fields_of_dictionaries_are_not_filtered_by_arrays() {
    let mut client = Client::new();
    for field in ["ENTITY_ID", "STATUS_ID", "SORT", "SEMANTICS"] {
        assert_eq!(
            client.refused("crm.status.list", json!({ "filter": { field: ["x"] } })).0,
            400,
            "{field}"
        );
    }
    let named = client.ok("crm.status.list", json!({ "filter": { "NAME": ["г-жа", "г-н"] } }));
    assert_eq!(named.as_array().unwrap().len(), 2);
}

/// Facts, section 14.3; the normal form itself is tested beside it.
#[test]
fn duplicates_are_found_by_normalised_phones() {
    let mut client = Client::new();
    client.add("contact", json!({ "NAME": "x", "PHONE": [{ "VALUE": "8 (900) 123-45-67" }] }));
    client.add("company", json!({ "TITLE": "x", "PHONE": [{ "VALUE": "+79001234567#12" }] }));
    client.add("company", json!({ "TITLE": "x", "PHONE": [{ "VALUE": "+79001234567 доб. 12" }] }));
    for (phone, expected) in
        [("+7 900 1234567", json!({ "CONTACT": [1], "COMPANY": [1] })), ("123", json!([]))]
    {
        let params = json!({ "type": "PHONE", "values": [phone] });
        assert_eq!(client.ok("crm.duplicate.findbycomm", params), expected, "{phone}");
    }
}

/// Facts, section 9.2.
#[test]
fn a_search_for_duplicates_needs_a_list_of_values_and_a_type_that_it_knows() {
    let mut client = Client::new();
    for values in [json!([]), json!("+79001234567"), json!([""])] {
        let params = json!({ "type": "PHONE", "values": values });
        let refused = client.refused("crm.duplicate.findbycomm", params);
        assert_eq!(refused.1, "Communication values is not defined");
    }
    let reply = client.call("crm.duplicate.findbycomm", json!({ "type": "FAX", "values": ["1"] }));
    let text = "Communication type 'FAX' is not supported in current context.";
    assert_eq!(crate::body(&reply), json!({ "error": "", "error_description": text }));
}

/// Facts, section 9.2.
#[test]
fn twenty_objects_are_found_for_each_value_and_contacts_come_first() {
    let mut client = Client::new();
    client.portal.settings.bucket = None;
    for _ in 0..25 {
        client.add("contact", json!({ "PHONE": [{ "VALUE": "+79001234567" }] }));
    }
    client.add(
        "company",
        json!({ "PHONE": [{ "VALUE": "+79001234567" }, { "VALUE": "+79007654321" }] }),
    );
    let mut find = |values: Value| {
        client.ok("crm.duplicate.findbycomm", json!({ "type": "PHONE", "values": values }))
    };
    let one = find(json!(["+79001234567"]));
    assert_eq!((one["CONTACT"].as_array().unwrap().len(), one.get("COMPANY")), (20, None));
    let both = find(json!(["+79001234567", "+79007654321"]));
    assert_eq!((both["CONTACT"].as_array().unwrap().len(), &both["COMPANY"]), (20, &json!([1])));
}

#[test]
fn a_merge_by_rest_reports_a_conflict_of_origins() {
    let mut client = five();
    client.add("contact", json!({ "NAME": "a1", "PHONE": [{ "VALUE": "1" }] }));
    let mut merge = |ids: Value| {
        let params = json!({ "entityTypeId": 3, "entityIds": ids });
        client.ok("crm.entity.mergeBatch", json!({ "params": params }))
    };
    assert_eq!(merge(json!([1, 2]))["STATUS"], "CONFLICT");
    assert_eq!(merge(json!([1, 6])), json!({ "STATUS": "SUCCESS", "ENTITY_IDS": [6] }));
    assert!(client.portal.get(Kind::Contact, 6).is_none());
}
