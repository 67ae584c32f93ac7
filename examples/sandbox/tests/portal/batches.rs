//! Batches: decoding, order, references, containers.

use bitrix24_sandbox::{Kind, Php};
use serde_json::{Value, json};

use crate::Client;

#[test]
fn a_command_decodes_as_php_does() {
    let mut client = Client::new();
    let command = concat!(
        "crm.contact.add?fields[NAME]=A+B%26C",
        "&fields%5BPHONE%5D[0][VALUE]=%2B79&fields[POST]=a\nb#c",
    );
    let result = client.batch(&[("c1", command)]);
    assert_eq!(result["result"]["c1"], 1);
    let contact = client.portal.get(Kind::Contact, 1).unwrap();
    assert_eq!((contact.text("NAME"), contact.text("POST")), ("A B&C", "a_b"));
    assert_eq!(contact.values("PHONE"), ["+79"]);
}

#[test]
fn empty_containers_are_lists_and_a_failed_command_has_no_result() {
    let mut client = Client::new();
    let result =
        client.batch(&[("a", "crm.deal.get?id=1"), ("b", "crm.nope"), ("c", "batch?cmd[x]=scope")]);
    for container in ["result", "result_total", "result_next", "result_time"] {
        assert_eq!(result[container], json!([]), "{container}");
    }
    assert_eq!(
        result["result_error"]["a"],
        json!({ "error": "", "error_description": "Not found" })
    );
    assert_eq!(result["result_error"]["b"]["error"], "ERROR_METHOD_NOT_FOUND");
    assert_eq!(result["result_error"]["c"]["error"], "ERROR_BATCH_METHOD_NOT_ALLOWED");
}

#[test]
fn numeric_names_collapse_into_a_list() {
    let mut client = Client::new();
    let result = client.batch(&[("0", "scope"), ("1", "scope")]);
    assert!(result["result"].is_array());
    let result = client.batch(&[("0", "crm.nope"), ("1", "scope")]);
    assert!(result["result"].is_object());
}

#[test]
fn commands_beyond_fifty_are_refused_one_by_one() {
    let mut client = Client::new();
    let names: Vec<String> = (0..52).map(|n| format!("c{n}")).collect();
    let commands: Vec<(&str, &str)> =
        names.iter().map(|name| (name.as_str(), "crm.deal.add?fields[x]=")).collect();
    let result = client.batch(&commands);
    assert_eq!(client.portal.count(Kind::Deal), 50);
    assert_eq!(result["result_error"]["c51"]["error"], "ERROR_BATCH_LENGTH_EXCEEDED");
}

#[test]
fn halt_stops_at_the_first_error_and_what_is_no_text_is_skipped() {
    let mut client = Client::new();
    let reply = client.portal.call_json(
        "batch",
        r#"{"halt":1,"cmd":{
            "z":"crm.deal.add?fields[x]=", "n":5, "y":"crm.nope", "a":"crm.deal.add?fields[x]="
        }}"#,
        client.now,
    );
    let result = crate::body(&reply)["result"].clone();
    assert_eq!(result["result"], json!({ "z": 1 }));
    assert_eq!(result["result_error"].as_object().unwrap().len(), 1);
    assert_eq!(client.portal.count(Kind::Deal), 1);
}

#[test]
fn references_take_earlier_results() {
    let mut client = Client::new();
    let commands = [
        ("c1", "crm.contact.add?fields[NAME]=A"),
        ("i", "crm.item.add?entityTypeId=4&fields[title]=Co"),
        (
            "d",
            "crm.deal.add?fields[CONTACT_ID]=$result[c1]&fields[COMPANY_ID]=$result[i][item][id]",
        ),
        ("t", "crm.deal.update?id=$result[d]&fields[TITLE]=was $result[c1] here"),
    ];
    client.batch(&commands);
    let deal = client.portal.get(Kind::Deal, 1).unwrap();
    assert_eq!(
        (deal.link_ids(), deal.text("COMPANY_ID"), deal.text("TITLE")),
        (vec![1], "1", "was 1 here")
    );
}

#[test]
fn a_reference_to_a_failed_command_is_all_results_and_binds_contact_1() {
    let mut client = Client::new();
    let commands = [
        ("c0", "crm.contact.add?fields[NAME]=A"),
        ("c1", "crm.contact.add?fields[EMAIL][0][VALUE]=wrong"),
        ("d", "crm.deal.add?fields[CONTACT_ID]=$result[c1]&fields[TITLE]=for $result[c1]"),
    ];
    client.batch(&commands);
    let deal = client.portal.get(Kind::Deal, 1).unwrap();
    assert_eq!((deal.link_ids(), deal.text("TITLE")), (vec![1], "for $result[c1]"));
}

#[test]
fn text_of_a_guest_that_looks_like_a_reference_is_replaced() {
    let mut client = Client::new();
    client.batch(&[
        ("a", "crm.contact.list"),
        ("b", "crm.contact.add?fields[NAME]=$total[a]&fields[POST]=$total"),
    ]);
    let contact = client.portal.get(Kind::Contact, 1).unwrap();
    assert_eq!((contact.text("NAME"), contact.text("POST")), ("0", "$total"));
}

#[test]
fn a_batch_that_breaks_off_leaves_the_first_commands_executed() {
    let mut client = Client::new();
    let cmd = Php::map((0..5).map(|n| (format!("c{n}"), "crm.deal.add?fields[x]=")));
    let now = client.now;
    client.portal.call_at_most(2, "batch", Php::map([("cmd", cmd)]), now);
    assert_eq!(client.portal.count(Kind::Deal), 2);
}

#[test]
fn a_batch_may_be_sent_as_a_form_with_a_second_encoding() {
    let mut client = Client::new();
    let body = Php::map([("cmd", Php::map([("a", "crm.contact.add?fields[NAME]=%2B1")]))]);
    client.call("batch", body);
    assert_eq!(client.portal.get(Kind::Contact, 1).unwrap().text("NAME"), "+1");
}

#[test]
fn a_method_outside_of_the_scopes_fails_within_the_batch() {
    let mut client = Client::new();
    client.portal.settings.scopes = vec!["user_basic".to_owned()];
    let result: Value = client.batch(&[("a", "crm.deal.list"), ("b", "scope")]);
    assert_eq!(result["result_error"]["a"]["error"], "insufficient_scope");
    assert_eq!(result["result"]["b"], json!(["user_basic"]));
}

#[test]
fn a_reference_within_a_text_is_replaced_by_numbers_and_texts_only_and_in_another_case_by_nothing()
{
    let mut client = Client::new();
    let commands = [
        ("d", "crm.deal.add?fields[x]="),
        ("u", "crm.deal.update?id=1&fields[x]="),
        (
            "c",
            concat!(
                "crm.contact.add?fields[NAME]=$RESULT[d]",
                "&fields[LAST_NAME]=is $result[u]&fields[POST]=no $Total[d]",
            ),
        ),
    ];
    client.batch(&commands);
    let contact = client.portal.get(Kind::Contact, 1).unwrap();
    let texts = ["NAME", "LAST_NAME", "POST"].map(|name| contact.text(name));
    assert_eq!(texts, ["", "is $result[u]", "no $Total[d]"]);
}

/// Facts, section 14.2.
#[test]
fn an_error_may_leak_into_what_fails_after_it() {
    let mut client = Client::new();
    let commands = [
        ("a", "crm.deal.get?id=7"),
        ("b", "crm.contact.add?fields[EMAIL][0][VALUE]=wrong"),
        ("c", "crm.deal.get?id=7"),
        ("d", "crm.deal.add?fields[x]="),
        ("e", "crm.nope"),
    ];
    let own = client.batch(&commands)["result_error"].clone();
    assert_eq!((&own["c"], &own["e"]["error"]), (&own["a"], &json!("ERROR_METHOD_NOT_FOUND")));
    client.portal.settings.leaking_errors = true;
    let result = client.batch(&commands);
    let errors = &result["result_error"];
    assert_eq!((&errors["a"], errors["b"]["error"].as_str()), (&own["a"], Some("ERROR_CORE")));
    assert_eq!((&errors["c"], &errors["e"]), (&errors["b"], &errors["b"]));
    assert!(result["result"]["d"].is_number());
    assert_eq!(client.batch(&[("a", "crm.deal.get?id=7")])["result_error"]["a"], own["a"]);
}

/// Facts, section 14.2.
#[test]
fn a_no_break_space_does_not_end_a_reference() {
    let mut client = Client::new();
    client.batch(&[
        ("c", "crm.contact.add?fields[NAME]=A"),
        ("d", "crm.deal.add?fields[TITLE]=$result%C2%A0[c]"),
        ("e", "crm.deal.add?fields[TITLE]=$result%20[c]"),
    ]);
    let titles: Vec<&str> =
        client.portal.records(Kind::Deal).map(|deal| deal.text("TITLE")).collect();
    assert_eq!(titles, ["1", "$result [c]"]);
}
