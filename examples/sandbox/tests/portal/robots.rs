//! What robots do to phones and e-mails after a save (facts, section 14.3).

use bitrix24_sandbox::{Kind, robots};
use serde_json::{Value, json};

use crate::Client;

fn add(client: &mut Client, phones: Value, emails: Value) -> u64 {
    client.add("contact", json!({ "NAME": "Ян", "PHONE": phones, "EMAIL": emails }))
}

fn values(client: &Client, id: u64, type_id: &str) -> Vec<String> {
    let values = client.portal.get(Kind::Contact, id).unwrap().values(type_id);
    values.into_iter().map(str::to_owned).collect()
}

#[test]
fn a_robot_brings_phones_and_e_mails_into_one_form_after_each_save() {
    let mut client = Client::new();
    client.portal.settings.robot = Some(robots::reformat);
    let phones = json!([{ "VALUE": "8 (912) 345-67-89" }, { "VALUE": "112" }]);
    let id = add(&mut client, phones, json!([{ "VALUE": "Jan@X.ru" }]));
    assert_eq!(values(&client, id, "PHONE"), ["+79123456789", "112"]);
    assert_eq!(values(&client, id, "EMAIL"), ["jan@x.ru"]);
    client.update("contact", id, json!({ "PHONE": [{ "VALUE": "8 (912) 345-67-89" }] }));
    assert_eq!(values(&client, id, "PHONE"), ["+79123456789", "112", "+79123456789"]);
}

#[test]
fn a_robot_may_remove_doubles() {
    let mut client = Client::new();
    client.portal.settings.robot = Some(robots::remove_doubles);
    let phones = json!([{ "VALUE": "1" }, { "VALUE": "1", "VALUE_TYPE": "HOME" }]);
    let id = add(&mut client, phones, json!([]));
    assert_eq!(values(&client, id, "PHONE"), ["1"]);
}

#[test]
fn an_import_is_reformatted_as_well() {
    let mut client = Client::new();
    client.portal.settings.robot = Some(robots::reformat);
    let fields = json!({ "name": "Ян", "PHONE": [{ "VALUE": "8 912 345 67 89" }] });
    client.ok("crm.item.import", json!({ "entityTypeId": 3, "fields": fields }));
    assert_eq!(values(&client, 1, "PHONE"), ["+79123456789"]);
}
