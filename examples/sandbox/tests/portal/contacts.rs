//! Values, texts, addresses, phones and names of contacts and companies.

use bitrix24_sandbox::Kind;
use serde_json::json;

use crate::Client;

#[test]
fn legacy_output_is_text_and_what_was_never_set_is_null() {
    let mut client = Client::new();
    let id = client.add("contact", json!({ "NAME": "Ян" }));
    let contact = client.get("contact", id);
    assert_eq!(contact["ID"], "1");
    assert_eq!(contact["POST"], json!(null));
    assert!(contact.get("PHONE").is_none());
}

#[test]
fn unknown_fields_are_ignored_and_names_are_case_sensitive_inside_fields() {
    let mut client = Client::new();
    let id =
        client.ok("crm.contact.add", json!({ "FIELDS": { "NAME": "Ян", "post": "x", "NOPE": 1 } }));
    assert_eq!(client.get("contact", id.as_u64().unwrap())["POST"], json!(null));
}

/// Facts, sections 1.1 and 14.2: a body that is no JSON is swallowed, and what is missing is empty.
#[test]
fn without_fields_an_empty_object_is_made_and_its_id_answered() {
    let mut client = Client::new();
    for id in 1..=2 {
        let params = json!({ "0": { "fields": { "TITLE": "x" } } });
        assert_eq!(client.ok("crm.deal.add", if id == 1 { json!({}) } else { params }), id);
        assert_eq!(
            client.portal.get(Kind::Deal, id).unwrap().text("TITLE"),
            format!("Сделка #{id}")
        );
    }
    client.add("contact", json!({ "NAME": "Ян" }));
    assert_eq!(client.ok("crm.contact.update", json!({ "id": 1 })), true);
    assert_eq!(client.batch(&[("a", "crm.deal.add?0[fields][TITLE]=x")])["result"]["a"], 3);
}

/// Facts, section 14.2.
#[test]
fn a_scalar_in_the_place_of_an_array_is_refused() {
    let mut client = Client::new();
    for (method, name) in [("crm.contact.add", "fields"), ("crm.contact.list", "filter")] {
        let reply = client.call(method, json!({ name: "x" }));
        let text = format!("Parameter '{name}' must be array.");
        assert_eq!(crate::body(&reply), json!({ "error": "", "error_description": text }));
    }
}

#[test]
fn over_long_texts_are_cut_in_silence() {
    let mut client = Client::new();
    let long = "Ж".repeat(300);
    let id = client.add("contact", json!({ "NAME": long, "POST": long }));
    let record = client.portal.get(Kind::Contact, id).unwrap();
    assert_eq!(record.text("NAME").chars().count(), 50);
    assert_eq!(record.text("POST").chars().count(), 255);
}

#[test]
fn an_empty_text_clears_null_is_stored_empty_and_an_array_is_the_word_array() {
    let mut client = Client::new();
    let id = client.add(
        "contact",
        json!({ "NAME": "Ян", "POST": "a", "SOURCE_DESCRIPTION": "b", "UTM_TERM": "c" }),
    );
    client.update("contact", id, json!({ "POST": "", "SOURCE_DESCRIPTION": null, "UTM_TERM": [] }));
    let contact = client.get("contact", id);
    assert_eq!((&contact["POST"], &contact["SOURCE_DESCRIPTION"]), (&json!(""), &json!("")));
    assert_eq!(contact["UTM_TERM"], "Array");
}

#[test]
fn null_does_not_clear_a_date_and_what_is_no_date_is_dropped() {
    let mut client = Client::new();
    let id = client.add("contact", json!({ "NAME": "Ян", "BIRTHDATE": "1980-05-20" }));
    for ignored in [json!(null), json!([]), json!("soon")] {
        client.update("contact", id, json!({ "BIRTHDATE": ignored }));
        assert_eq!(client.get("contact", id)["BIRTHDATE"], "1980-05-20T03:00:00+03:00");
    }
    client.update("contact", id, json!({ "BIRTHDATE": "" }));
    assert_eq!(client.get("contact", id)["BIRTHDATE"], "");
}

#[test]
fn a_date_with_another_offset_moves_to_the_day_before() {
    let mut client = Client::new();
    let id =
        client.add("contact", json!({ "NAME": "Ян", "BIRTHDATE": "2020-05-20T00:00:00+05:00" }));
    assert_eq!(client.portal.get(Kind::Contact, id).unwrap().text("BIRTHDATE"), "2020-05-19");
}

#[test]
fn a_dictionary_field_that_is_not_sent_gets_the_first_entry_and_anything_is_stored() {
    let mut client = Client::new();
    let id = client.add("contact", json!({ "NAME": "Ян" }));
    assert_eq!(client.get("contact", id)["HONORIFIC"], "HNR_RU_1");
    let id = client.add("contact", json!({ "NAME": "Ян", "HONORIFIC": "", "TYPE_ID": "NOPE" }));
    let contact = client.get("contact", id);
    assert_eq!((&contact["HONORIFIC"], &contact["TYPE_ID"]), (&json!(""), &json!("NOPE")));
}

/// Facts, section 14.3.
#[test]
fn an_empty_text_takes_the_default_on_add() {
    let mut client = Client::new();
    let cases = [
        ("contact", "SOURCE_ID", "CALL"),
        ("contact", "TYPE_ID", "CLIENT"),
        ("company", "COMPANY_TYPE", "CUSTOMER"),
        ("company", "INDUSTRY", "IT"),
        ("company", "EMPLOYEES", "EMPLOYEES_1"),
        ("deal", "TYPE_ID", "SALE"),
        ("deal", "SOURCE_ID", "CALL"),
    ];
    for (kind, field, first) in cases {
        let id = client.add(kind, json!({ field: "" }));
        assert_eq!(client.get(kind, id)[field], first, "{kind} {field}");
        client.update(kind, id, json!({ field: "" }));
        assert_eq!(client.get(kind, id)[field], "", "{kind} {field}");
    }
}

#[test]
fn a_nameless_contact_is_named_when_new_and_refused_when_it_loses_its_name() {
    let mut client = Client::new();
    let id = client.add("contact", json!({ "NAME": "" }));
    assert_eq!(client.get("contact", id)["LAST_NAME"], "Контакт #1");
    let blank = client.add("contact", json!({ "NAME": " " }));
    assert_eq!(client.get("contact", blank)["LAST_NAME"], json!(null));
    let params = json!({ "id": id, "fields": { "NAME": "", "LAST_NAME": "" } });
    assert_eq!(client.refused("crm.contact.update", params), (400, String::new()));
}

#[test]
fn a_company_without_a_name_gets_one_and_a_blank_name_is_ignored() {
    let mut client = Client::new();
    let id = client.add("company", json!({}));
    assert_eq!(client.get("company", id)["TITLE"], "Компания #1");
    client.update("company", id, json!({ "TITLE": " " }));
    assert_eq!(client.get("company", id)["TITLE"], "Компания #1");
}

#[test]
fn address_parts_that_are_not_sent_become_empty_and_an_all_empty_address_is_ignored() {
    let mut client = Client::new();
    let address = json!({ "NAME": "Ян", "ADDRESS_CITY": "Псков", "ADDRESS_COUNTRY": "Россия" });
    let id = client.add("contact", address);
    client.update(
        "contact",
        id,
        json!({ "ADDRESS_CITY": "", "ADDRESS_COUNTRY": "", "ADDRESS_PROVINCE": "" }),
    );
    assert_eq!(client.get("contact", id)["ADDRESS_CITY"], "Псков");
    client.update("contact", id, json!({ "ADDRESS_CITY": "Остров" }));
    let contact = client.get("contact", id);
    assert_eq!(
        (&contact["ADDRESS_CITY"], &contact["ADDRESS_COUNTRY"]),
        (&json!("Остров"), &json!(""))
    );
}

#[test]
fn comments_are_rewritten_and_titles_are_not() {
    let mut client = Client::new();
    let text = "Tom & <b>Jerry</b> [VIP]";
    let id = client.add("company", json!({ "TITLE": text, "COMMENTS": text }));
    let company = client.get("company", id);
    assert_eq!(company["TITLE"], text);
    assert_eq!(company["COMMENTS"], "Tom &amp; [b]Jerry[/b] ");
}

#[test]
fn rows_are_appended_without_an_id_and_an_exact_duplicate_is_recognised() {
    let mut client = Client::new();
    let phone = json!({ "VALUE": " +7900 ", "VALUE_TYPE": "WORK" });
    let id = client.add("contact", json!({ "PHONE": [phone] }));
    for phones in [
        json!([{ "VALUE": "+7900", "VALUE_TYPE": "WORK" }]),
        json!([{ "VALUE": "+7900", "VALUE_TYPE": "HOME" }]),
        json!([{ "VALUE": "8 900", "VALUE_TYPE": "WORK" }]),
        json!([]),
        json!("+7901"),
    ] {
        client.update("contact", id, json!({ "PHONE": phones }));
    }
    assert_eq!(
        client.portal.get(Kind::Contact, id).unwrap().values("PHONE"),
        ["+7900", "+7900", "8 900"]
    );
}

#[test]
fn a_row_is_changed_and_deleted_by_its_id_and_a_foreign_id_makes_a_new_row() {
    let mut client = Client::new();
    let id = client.add(
        "contact",
        json!({ "NAME": "Ян", "PHONE": [{ "VALUE": "1" }, { "VALUE": "2" }, { "VALUE": "3" }] }),
    );
    let rows = json!([
        { "ID": "1", "VALUE": "10", "VALUE_TYPE": "HOME" },
        { "ID": 2, "DELETE": "Y" },
        { "ID": 3, "VALUE": "" },
        { "ID": 99, "VALUE": "4" }
    ]);
    client.update("contact", id, json!({ "PHONE": rows }));
    let phones = client.get("contact", id)["PHONE"].clone();
    assert_eq!(
        phones[0],
        json!({ "ID": "1", "VALUE_TYPE": "HOME", "VALUE": "10", "TYPE_ID": "PHONE" })
    );
    assert_eq!((&phones[1]["VALUE"], phones.as_array().unwrap().len()), (&json!("4"), 2));
}

#[test]
fn an_old_row_without_a_value_is_deleted_without_a_type_becomes_work_and_delete_needs_an_id() {
    let mut client = Client::new();
    let rows =
        json!([{ "VALUE": "1", "VALUE_TYPE": "HOME" }, { "VALUE": "2", "VALUE_TYPE": "HOME" }]);
    let id = client.add("contact", json!({ "NAME": "Ян", "PHONE": rows }));
    let rows = json!([
        { "ID": 1, "VALUE_TYPE": "HOME" },
        { "ID": 2, "VALUE": "2" },
        { "VALUE": "3", "DELETE": "Y" }
    ]);
    client.update("contact", id, json!({ "PHONE": rows }));
    let contact = client.portal.get(Kind::Contact, id).unwrap();
    assert_eq!(contact.values("PHONE"), ["2", "3"]);
    assert_eq!(contact.rows[0].value_type, "WORK");
}

/// Facts, sections 5 and 14.3; the rule itself is tested beside it.
#[test]
fn one_invalid_email_refuses_the_whole_contact() {
    let mut client = Client::new();
    for wrong in ["нет", "a@b_c.ru", "a..b@x.ru", "a٣@x.ru"] {
        let fields = json!({ "NAME": "Ян", "EMAIL": [{ "VALUE": wrong }] });
        let refused = client.refused("crm.contact.add", json!({ "fields": fields }));
        assert_eq!(refused, (400, "ERROR_CORE".to_owned()), "{wrong}");
    }
    assert_eq!(client.portal.count(Kind::Contact), 0);
    let fine = json!([{ "VALUE": "a@xn--80a.xn--p1ai" }, { "VALUE": "Name <a@x.ru> x" }]);
    client.add("contact", json!({ "EMAIL": fine }));
}

/// Facts, section 5.
#[test]
fn phones_may_be_anything_of_250_characters() {
    let mut client = Client::new();
    client.add(
        "contact",
        json!({ "PHONE": [{ "VALUE": "спросить у жены" }, { "VALUE": "1".repeat(250) }] }),
    );
    let long = json!({ "PHONE": [{ "VALUE": "1".repeat(251) }] });
    assert_eq!(client.refused("crm.contact.add", json!({ "fields": long })).0, 400);
}

/// Facts, section 14.3.
#[test]
fn a_phone_0_refuses_the_whole_contact() {
    let mut client = Client::new();
    let zero = json!({ "NAME": "Ян", "PHONE": [{ "VALUE": "0" }] });
    assert_eq!(client.refused("crm.contact.add", json!({ "fields": zero })).0, 400);
    let id = client.add("contact", json!({ "NAME": "Ян" }));
    assert_eq!(client.refused("crm.contact.update", json!({ "id": id, "fields": zero })).0, 400);
}

/// Facts, section 14.3.
#[test]
fn one_bad_stored_row_refuses_every_change_until_it_goes() {
    let mut client = Client::new();
    for (type_id, value) in [("EMAIL", "a@b_c.ru"), ("PHONE", "0")] {
        let id = client.add("contact", json!({ "NAME": "Ян" }));
        assert!(client.portal.add_unchecked_row(Kind::Contact, id, type_id, value));
        let comment = json!({ "id": id, "fields": { "COMMENTS": "x" } });
        assert_eq!(client.refused("crm.contact.update", comment.clone()).0, 400);
        let item = json!({ "entityTypeId": 3, "id": id, "fields": { "comments": "x" } });
        assert_eq!(client.refused("crm.item.update", item).0, 400);
        let row = client.portal.get(Kind::Contact, id).unwrap().rows[0].id;
        client.update("contact", id, json!({ type_id: [{ "ID": row, "DELETE": "Y" }] }));
        client.ok("crm.contact.update", comment);
    }
}

#[test]
fn errors_of_missing_objects_differ_by_method_and_kind() {
    let mut client = Client::new();
    let texts = [
        ("crm.contact.get", "Not found"),
        ("crm.contact.update", "Contact is not found"),
        ("crm.company.update", "Company is not found"),
        ("crm.deal.update", "Элемент не найден"),
    ];
    for (method, text) in texts {
        let reply = client.call(method, json!({ "id": 7, "fields": {} }));
        assert_eq!(crate::body(&reply), json!({ "error": "", "error_description": text }));
    }
    assert_eq!(
        client.refused("crm.deal.delete", json!({ "id": 7 })),
        (400, "ERROR_CORE".to_owned())
    );
    let reply = client.call("crm.deal.get", json!({ "id": "x" }));
    assert!(reply.body.contains("ID is not defined or invalid."));
    client.portal.settings.user.admin = false;
    assert!(client.call("crm.deal.get", json!({ "id": 7 })).body.contains("Access denied."));
}

#[test]
fn user_fields_keep_their_types() {
    let mut client = Client::new();
    client.portal.add_user_field(Kind::Contact, "CARD", "string", false, &[]);
    client.portal.add_user_field(Kind::Contact, "SINCE", "date", false, &[]);
    client.portal.add_user_field(Kind::Contact, "MEALS", "enumeration", true, &["Завтрак", "Ужин"]);
    let fields = client.ok("crm.contact.fields", json!({}));
    assert_eq!(fields["UF_CRM_MEALS"]["items"][1], json!({ "ID": "302", "VALUE": "Ужин" }));
    let sent =
        json!({ "UF_CRM_CARD": "A1", "UF_CRM_SINCE": "2020-01-02", "UF_CRM_MEALS": ["302", "9"] });
    let id = client.add("contact", sent);
    let contact = client.get("contact", id);
    assert_eq!(contact["UF_CRM_CARD"], "A1");
    assert_eq!(contact["UF_CRM_SINCE"], "2020-01-02T03:00:00+03:00");
    assert_eq!(contact["UF_CRM_MEALS"], json!(["302"]));
}

#[test]
fn an_import_starts_no_business_process_and_needs_the_right() {
    let mut client = Client::new();
    for word in ["Y", "N"] {
        client.ok(
            "crm.contact.add",
            json!({ "fields": { "NAME": "Ян" }, "params": { "IMPORT": word } }),
        );
    }
    assert_eq!(client.portal.counters.processes, 0);
    client.add("contact", json!({ "NAME": "Ян" }));
    assert_eq!(client.portal.counters.processes, 1);
    client.portal.settings.user.admin = false;
    client.portal.settings.user.import_right = false;
    let params = json!({ "fields": { "NAME": "Ян" }, "params": { "IMPORT": "Y" } });
    assert_eq!(client.refused("crm.contact.add", params), (400, String::new()));
}

#[test]
fn a_required_field_is_checked_only_where_the_portal_is_set_so() {
    let mut client = Client::new();
    let name = client.portal.add_user_field(Kind::Contact, "CARD", "string", false, &[]);
    client.add("contact", json!({ "NAME": "Ян" }));
    client.portal.settings.required.push((Kind::Contact, name));
    assert_eq!(
        client.refused("crm.contact.add", json!({ "fields": { "NAME": "Ян" } })),
        (400, String::new())
    );
    let params = json!({ "entityTypeId": 3, "fields": { "name": "Ян" } });
    assert_eq!(client.refused("crm.item.add", params).1, "CRM_FIELD_ERROR_REQUIRED");
    client.add("contact", json!({ "NAME": "Ян", "UF_CRM_CARD": "1" }));
}
