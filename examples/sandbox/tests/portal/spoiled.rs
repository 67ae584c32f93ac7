//! Cards that spoil the answers which show them (facts, section 14.2).

use bitrix24_sandbox::{Harm, Kind, Spoiled};
use serde_json::json;

use crate::Client;

/// Three contacts, the second of which is spoiled.
fn client(spoiled: Spoiled) -> Client {
    let mut client = Client::new();
    for _ in 0..3 {
        client.add("contact", json!({ "NAME": "Ян" }));
    }
    client.portal.settings.spoiled.insert((Kind::Contact, 2), spoiled);
    client
}

#[test]
fn a_list_that_shows_a_spoiled_card_is_replaced_as_a_whole() {
    let cases = [
        (
            Harm::WrongEncoding,
            200,
            r#"{"error":"WRONG_ENCODING","error_description":"Wrong request encoding"}"#,
        ),
        (Harm::Empty, 200, ""),
    ];
    for (harm, status, body) in cases {
        let mut client = client(Spoiled::Lists(harm));
        for (method, params) in [
            ("crm.contact.list", json!({})),
            ("crm.contact.list", json!({ "filter": { "@ID": [2] }, "select": ["ID"] })),
            ("crm.item.list", json!({ "entityTypeId": 3 })),
        ] {
            let reply = client.call(method, params);
            assert_eq!((reply.status, reply.body.as_str()), (status, body), "{harm:?} {method}");
        }
        client.ok("crm.contact.list", json!({ "filter": { "!ID": 2 } }));
        client.ok("crm.contact.get", json!({ "id": 2 }));
        client.ok("crm.deal.list", json!({}));
    }
    let mut client = client(Spoiled::Lists(Harm::ServerError));
    assert_eq!(client.call("crm.contact.list", json!({})).status, 500);
}

#[test]
fn a_spoiled_command_spoils_the_whole_batch_and_what_it_did_stays() {
    let mut client = client(Spoiled::Lists(Harm::WrongEncoding));
    let cmd = json!({ "a": "crm.deal.add?fields[x]=", "b": "crm.contact.list" });
    assert!(client.call("batch", json!({ "cmd": cmd })).body.contains("WRONG_ENCODING"));
    assert_eq!(client.portal.count(Kind::Deal), 1);
}

#[test]
fn a_card_may_be_an_error_of_its_own_command_alone() {
    let mut client = client(Spoiled::Lists(Harm::Refused));
    let result = client.batch(&[("a", "scope"), ("b", "crm.contact.list"), ("c", "crm.deal.list")]);
    assert_eq!(result["result_error"]["b"]["error"], "INTERNAL_SERVER_ERROR");
    assert!(result["result"]["a"].is_array() && result["result"]["c"].is_array());
    assert_eq!(client.refused("crm.contact.list", json!({})).0, 500);
}

#[test]
fn a_card_may_spoil_the_answers_that_show_it_alone_as_well() {
    let mut client = client(Spoiled::Everywhere(Harm::Empty));
    assert_eq!(client.call("crm.contact.get", json!({ "id": 2 })).body, "");
    let item = json!({ "entityTypeId": 3, "id": 2, "fields": { "name": "Ия" } });
    assert_eq!(client.call("crm.item.update", item).body, "");
    assert_eq!(client.portal.get(Kind::Contact, 2).unwrap().text("NAME"), "Ия");
    client.update("contact", 2, json!({ "NAME": "Ян" }));
}
