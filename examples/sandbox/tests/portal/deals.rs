//! Stages, dates, money and contacts of deals.

use bitrix24_sandbox::Kind;
use serde_json::{Value, json};

use crate::Client;

fn text(client: &Client, id: u64, field: &str) -> String {
    client.portal.get(Kind::Deal, id).unwrap().text(field).to_owned()
}

fn contacts(client: &Client, id: u64) -> Vec<u64> {
    client.portal.get(Kind::Deal, id).unwrap().link_ids()
}

#[test]
fn a_new_deal_gets_its_defaults() {
    let mut client = Client::new();
    let id = client.add("deal", json!({}));
    let deal = client.get("deal", id);
    let expected = [
        ("TITLE", "Сделка #1"),
        ("STAGE_ID", "NEW"),
        ("STAGE_SEMANTIC_ID", "P"),
        ("CATEGORY_ID", "0"),
        ("CURRENCY_ID", "RUB"),
        ("BEGINDATE", "2026-11-24T03:00:00+03:00"),
        ("CLOSEDATE", "2026-12-01T03:00:00+03:00"),
        ("TYPE_ID", "SALE"),
        ("SOURCE_ID", "CALL"),
        ("OPENED", "Y"),
        ("CLOSED", "N"),
        ("ASSIGNED_BY_ID", "1"),
    ];
    for (name, value) in expected {
        assert_eq!(deal[name], value, "{name}");
    }
    assert!(deal.get("CONTACT_IDS").is_none());
}

#[test]
fn money_has_two_digits() {
    let mut client = Client::new();
    let id = client.add("deal", json!({ "OPPORTUNITY": 1000 }));
    assert_eq!(client.get("deal", id)["OPPORTUNITY"], "1000.00");
}

#[test]
fn reaching_a_final_stage_puts_today_over_a_sent_closing_date() {
    let mut client = Client::new();
    let id = client.add("deal", json!({ "CLOSEDATE": "2020-05-29" }));
    client.update("deal", id, json!({ "STAGE_ID": "WON", "CLOSEDATE": "2020-05-29" }));
    assert_eq!(text(&client, id, "CLOSEDATE"), "2026-11-24");
    client.update("deal", id, json!({ "STAGE_ID": "WON", "CLOSEDATE": "2020-05-29" }));
    assert_eq!(text(&client, id, "CLOSEDATE"), "2020-05-29");
    client.update("deal", id, json!({ "STAGE_ID": "NEW" }));
    assert_eq!(text(&client, id, "CLOSEDATE"), "2020-05-29");
    let id = client.add("deal", json!({ "STAGE_ID": "LOSE", "CLOSEDATE": "2020-05-29" }));
    assert_eq!(text(&client, id, "CLOSEDATE"), "2026-11-24");
    client.update("deal", id, json!({ "CLOSEDATE": "2020-05-29", "STAGE_ID": "APOLOGY" }));
    assert_eq!(text(&client, id, "CLOSEDATE"), "2020-05-29");
}

#[test]
fn the_closing_date_stays_when_the_portal_is_set_so() {
    let mut client = Client::new();
    client.portal.settings.close_date_sync = false;
    let id = client.add("deal", json!({ "STAGE_ID": "WON", "CLOSEDATE": "2020-05-29" }));
    assert_eq!(text(&client, id, "CLOSEDATE"), "2020-05-29");
}

#[test]
fn closed_follows_the_stage_whatever_is_sent() {
    let mut client = Client::new();
    let id = client.add("deal", json!({ "CLOSED": "Y" }));
    assert_eq!(text(&client, id, "CLOSED"), "N");
    client.update("deal", id, json!({ "STAGE_ID": "WON", "CLOSED": "N" }));
    assert_eq!(text(&client, id, "CLOSED"), "Y");
}

#[test]
fn an_unknown_stage_is_ignored_in_silence() {
    let mut client = Client::new();
    let funnel = client.portal.add_funnel("Группы");
    let id = client.add("deal", json!({ "STAGE_ID": "NOPE" }));
    assert_eq!(text(&client, id, "STAGE_ID"), "NEW");
    for stage in ["NOPE", "C1:WON"] {
        client.update("deal", id, json!({ "STAGE_ID": stage }));
        assert_eq!(text(&client, id, "STAGE_ID"), "NEW");
    }
    let id = client.add("deal", json!({ "CATEGORY_ID": funnel, "STAGE_ID": "WON" }));
    assert_eq!(text(&client, id, "STAGE_ID"), "C1:WON");
}

#[test]
fn a_funnel_is_chosen_once_and_an_unknown_one_is_the_general() {
    let mut client = Client::new();
    let funnel = client.portal.add_funnel("Группы");
    let id = client.add("deal", json!({ "CATEGORY_ID": 77 }));
    assert_eq!(text(&client, id, "CATEGORY_ID"), "0");
    client.update("deal", id, json!({ "CATEGORY_ID": funnel }));
    assert_eq!(text(&client, id, "CATEGORY_ID"), "0");
    let fields = json!({ "categoryId": funnel, "stageId": "C1:EXECUTING" });
    client.ok("crm.item.update", json!({ "entityTypeId": 2, "id": id, "fields": fields }));
    assert_eq!(text(&client, id, "STAGE_ID"), "C1:EXECUTING");
}

#[test]
fn probability_is_clamped_and_an_unknown_currency_refused() {
    let mut client = Client::new();
    let id = client.add("deal", json!({ "PROBABILITY": 300 }));
    assert_eq!(text(&client, id, "PROBABILITY"), "100");
    let fields = json!({ "CURRENCY_ID": "XXX" });
    assert_eq!(client.refused("crm.deal.add", json!({ "fields": fields })), (400, String::new()));
    let params = json!({ "entityTypeId": 2, "fields": { "currencyId": "XXX" } });
    assert_eq!(client.refused("crm.item.add", params).1, "CRM_FIELD_ERROR_VALUE_NOT_VALID");
}

#[test]
fn what_a_deal_must_have_is_never_emptied() {
    let mut client = Client::new();
    let id = client.add("deal", json!({ "TITLE": "Заявка", "BEGINDATE": "2020-05-20" }));
    client.update(
        "deal",
        id,
        json!({ "TITLE": "", "BEGINDATE": "", "CLOSEDATE": "", "CURRENCY_ID": "" }),
    );
    assert_eq!(
        (text(&client, id, "TITLE").as_str(), text(&client, id, "BEGINDATE").as_str()),
        ("Заявка", "2020-05-20")
    );
}

#[test]
fn contacts_are_replaced_as_a_whole_and_the_first_is_primary() {
    let mut client = Client::new();
    let id = client.add("deal", json!({ "CONTACT_IDS": [5, "6", 5, 0, -1], "CONTACT_ID": 9 }));
    assert_eq!(contacts(&client, id), [5, 6]);
    assert_eq!(client.get("deal", id)["CONTACT_ID"], "5");
    let rows = client.ok("crm.deal.contact.items.get", json!({ "id": id }));
    assert_eq!(rows[1], json!({ "CONTACT_ID": 6, "SORT": 20, "ROLE_ID": 0, "IS_PRIMARY": "N" }));
    client.update("deal", id, json!({ "CONTACT_ID": 6 }));
    assert_eq!(contacts(&client, id), [5, 6]);
    client.update("deal", id, json!({ "CONTACT_ID": 7 }));
    assert_eq!(contacts(&client, id), [7]);
    for empty in [json!([]), json!("")] {
        client.update("deal", id, json!({ "CONTACT_IDS": [5] }));
        client.update("deal", id, json!({ "CONTACT_IDS": empty }));
        assert!(contacts(&client, id).is_empty());
    }
}

#[test]
fn deleting_the_primary_contact_elects_no_other() {
    let mut client = Client::new();
    let guests: Vec<u64> = (0..2).map(|_| client.add("contact", json!({ "NAME": "Ян" }))).collect();
    let id = client.add("deal", json!({ "CONTACT_IDS": guests }));
    client.ok("crm.contact.delete", json!({ "id": guests[0] }));
    assert_eq!(contacts(&client, id), [guests[1]]);
    assert_eq!(client.get("deal", id)["CONTACT_ID"], json!(null));
}

#[test]
fn a_contact_is_bound_once() {
    let mut client = Client::new();
    let id = client.add("deal", json!({}));
    let bind = json!({ "id": id, "fields": { "CONTACT_ID": 3 } });
    assert_eq!(client.ok("crm.deal.contact.add", bind.clone()), true);
    assert_eq!(client.ok("crm.deal.contact.add", bind.clone()), false);
    assert_eq!(client.ok("crm.deal.contact.delete", bind), true);
    let items = json!([{ "CONTACT_ID": 4 }, { "CONTACT_ID": 5, "IS_PRIMARY": "Y" }]);
    client.ok("crm.deal.contact.items.set", json!({ "id": id, "items": items }));
    assert_eq!(client.get("deal", id)["CONTACT_ID"], "5");
    assert!(
        client.call("crm.deal.contact.items.get", json!({ "id": 99 })).body.contains("Not found.")
    );
}

#[test]
fn products_set_the_sum_unless_it_is_set_by_hand() {
    let mut client = Client::new();
    let rows = json!([{ "PRODUCT_NAME": "Номер", "PRICE": "100", "QUANTITY": 3 }]);
    for (by_hand, sum) in [("N", "300.00"), ("Y", "7.00")] {
        let id = client.add("deal", json!({ "OPPORTUNITY": 7, "IS_MANUAL_OPPORTUNITY": by_hand }));
        client.ok("crm.deal.productrows.set", json!({ "id": id, "rows": rows }));
        client.update("deal", id, json!({ "OPPORTUNITY": 7 }));
        assert_eq!(text(&client, id, "OPPORTUNITY"), sum);
    }
}

/// Facts, section 14.4.
#[test]
fn a_product_has_28_keys() {
    let mut client = Client::new();
    let id = client.add("deal", json!({}));
    let rows = json!([{ "PRODUCT_NAME": "Номер", "PRICE": 100 }]);
    client.ok("crm.deal.productrows.set", json!({ "id": id, "rows": rows }));
    let row = client.ok("crm.deal.productrows.get", json!({ "id": id }))[0].clone();
    assert_eq!(row.as_object().unwrap().len(), 28, "{row}");
    assert_eq!((&row["PRICE_NETTO"], &row["DISCOUNT_TYPE_ID"]), (&json!(100), &json!(2)));
    let rows = json!([{ "PRICE": "1000.00", "DISCOUNT_TYPE_ID": 1, "DISCOUNT_SUM": "500.12" }]);
    client.ok("crm.deal.productrows.set", json!({ "id": id, "rows": rows }));
    let row = client.ok("crm.deal.productrows.get", json!({ "id": id }))[0].clone();
    assert_eq!((&row["DISCOUNT_RATE"], &row["PRICE_BRUTTO"]), (&json!(33.34), &json!(1500.12)));
}

#[test]
fn rules_start_when_a_deal_is_added_or_moved_and_never_by_import() {
    let mut client = Client::new();
    let id = client.add("deal", json!({}));
    client.update("deal", id, json!({ "TITLE": "x" }));
    assert_eq!(client.portal.counters.robots, 1);
    client.update("deal", id, json!({ "STAGE_ID": "WON" }));
    assert_eq!(client.portal.counters.robots, 2);
    client.ok("crm.item.add", json!({ "entityTypeId": 2, "fields": {} }));
    assert_eq!(client.portal.counters.robots, 3);
    let data: Vec<Value> = vec![json!({ "stageId": "WON" }); 3];
    client.ok("crm.item.batchImport", json!({ "entityTypeId": 2, "data": data }));
    assert_eq!((client.portal.counters.robots, client.portal.count(Kind::Deal)), (3, 5));
}
