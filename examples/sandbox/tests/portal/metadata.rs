//! What `*.fields` tells of the fields, and user fields with their labels (facts, section 14.4).

use bitrix24_sandbox::Kind;
use serde_json::{Value, json};

use crate::Client;

fn fields(kind: &str) -> Value {
    Client::new().ok(&format!("crm.{kind}.fields"), json!({}))
}

#[test]
fn the_names_of_a_contact_and_the_title_of_a_company_are_required() {
    let contact = fields("contact");
    for (name, required) in
        [("NAME", true), ("SECOND_NAME", true), ("LAST_NAME", true), ("POST", false)]
    {
        assert_eq!(contact[name]["isRequired"], required, "{name}");
    }
    assert_eq!(fields("company")["TITLE"]["isRequired"], true);
}

#[test]
fn what_is_computed_is_not_always_read_only() {
    let deal = fields("deal");
    for name in ["CLOSED", "IS_RECURRING", "IS_RETURN_CUSTOMER", "IS_REPEATED_APPROACH"] {
        assert_eq!(deal[name]["isReadOnly"], false, "{name}");
    }
    for name in ["ID", "LEAD_ID", "QUOTE_ID", "STAGE_SEMANTIC_ID"] {
        assert_eq!(deal[name]["isReadOnly"], true, "{name}");
    }
}

#[test]
fn fields_have_types_of_their_own() {
    let cases = [
        ("contact", "PHOTO", "file"),
        ("company", "LOGO", "file"),
        ("company", "ADDRESS_LEGAL", "string"),
        ("contact", "LEAD_ID", "crm_lead"),
        ("deal", "QUOTE_ID", "crm_quote"),
        ("deal", "LOCATION_ID", "location"),
    ];
    for (kind, name, holds) in cases {
        assert_eq!(fields(kind)[name]["type"], holds, "{kind} {name}");
    }
}

#[test]
fn a_binding_needs_the_other_object_and_has_no_role() {
    let cases = [
        ("contact.company", "COMPANY_ID"),
        ("deal.contact", "CONTACT_ID"),
        ("company.contact", "CONTACT_ID"),
    ];
    for (kind, name) in cases {
        let fields = fields(kind);
        assert_eq!(
            (&fields[name]["isRequired"], fields.get("ROLE_ID")),
            (&json!(true), None),
            "{kind}"
        );
    }
}

#[test]
fn a_label_is_told_in_the_portals_language_and_settings_are_carried() {
    let mut client = Client::new();
    let mut add = |name: &str, label: Value| {
        let fields = json!({
            "FIELD_NAME": name,
            "USER_TYPE_ID": "crm_status",
            "EDIT_FORM_LABEL": label,
            "SETTINGS": { "ENTITY_TYPE": "SOURCE" }
        });
        client.ok("crm.contact.userfield.add", json!({ "fields": fields }))
    };
    add("A", json!({ "ru": "Карта", "en": "Card" }));
    let id = add("B", json!("Card"));
    let fields = client.ok("crm.contact.fields", json!({}));
    assert_eq!(fields["UF_CRM_A"]["formLabel"], "Карта");
    assert_eq!(fields["UF_CRM_B"]["formLabel"], "Card");
    assert_eq!(fields["UF_CRM_A"]["settings"]["ENTITY_TYPE"], "SOURCE");
    let stored = client.ok("crm.contact.userfield.get", json!({ "id": id }));
    assert_eq!(stored["EDIT_FORM_LABEL"], json!({ "ru": "Card", "en": "Card" }));
}

#[test]
fn an_empty_multiple_field_is_false() {
    let mut client = Client::new();
    let name = client.portal.add_user_field(Kind::Contact, "CARDS", "string", true, &[]);
    let id = client.add("contact", json!({ "NAME": "Ян" }));
    assert_eq!(client.get("contact", id)[&name], false);
    client.update("contact", id, json!({ &name: ["1"] }));
    assert_eq!(client.get("contact", id)[&name], json!(["1"]));
    client.update("contact", id, json!({ &name: [] }));
    assert_eq!(client.get("contact", id)[&name], false);
    let item = client.ok("crm.item.get", json!({ "entityTypeId": 3, "id": id }))["item"].clone();
    assert_eq!(item["ufCrmCards"], json!([]));
}
