use bitrix24_sandbox::{Harm, Spoiled};

use super::*;
use crate::crm::answers::{Near, asked, asked_of};
use crate::domain::record::RecordKey;

/// A row of a list.
fn row(id: i64, originator: &str, origin: &str) -> Value {
    json!({"ID": id, "ORIGINATOR_ID": originator, "ORIGIN_ID": origin})
}

/// What objects with these ids look like on a page.
fn page(ids: impl IntoIterator<Item = i64>) -> Vec<Object> {
    ids.into_iter().map(|crm_id| Object { crm_id, ..Object::default() }).collect()
}

#[test]
fn only_a_refusal_of_rights_hides_a_card_and_any_other_error_leaves_it_unreadable() {
    let command = Command::new("q0", "crm.item.get", json!({}));
    let said = |code: &str, text: &str| {
        let refusal = ApiError::new(code, text);
        card_reply(&command, Some(Reply::Err(refusal))).unwrap()
    };
    assert!(matches!(said("NOT_FOUND", ""), Reading::Rows(rows) if rows.is_empty()));
    assert!(matches!(said("ACCESS_DENIED", ""), Reading::Rows(rows) if rows == [Unseen::Denied]));
    for (code, text) in [("ERROR_CORE", "Internal error"), ("", "Undefined index"), ("100", "x")] {
        assert!(
            matches!(said(code, text), Reading::Spoiled(reason) if reason.to_string().contains(text)),
            "{code}"
        );
    }
}

#[test]
fn a_question_that_nobody_may_ask_is_no_matter_of_its_cards() {
    let command = Command::new("q0", "crm.contact.list", json!({}));
    let refused =
        |code: &str, text: &str| result(&command, Some(Reply::Err(ApiError::new(code, text))));
    assert!(refused("ACCESS_DENIED", "").is_err() && refused("", "Access denied.").is_err());
    assert!(refused("ERROR_METHOD_NOT_FOUND", "").is_err());
    assert!(refused("ERROR_CORE", "Internal error").unwrap().is_err());
}

#[test]
fn questions_name_what_they_are_about() {
    let card = Question::universal("crm.item.get", json!({}), Kind::Booking, Scope::Card(7));
    assert_eq!(card.command("q".into()).params, json!({"entityTypeId": 2, "id": 7}));
    let later = of_ids(Kind::Guest, &[7, 9], &json!(["ID"])).behind(7);
    assert_eq!(later.above(), 7);
    assert_eq!(later.command("q".into()).params["filter"], json!({"@ID": [7, 9], ">ID": 7}));
}

/// A portal with contacts 1 to 3 of the guests 1 to 3, of which no answer can show the second.
fn spoiled() -> Near {
    let mut near = Near::new();
    for id in 1..=3 {
        let fields = json!({"LAST_NAME": "x", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": id});
        near.add("contact", &fields);
    }
    let card = (bitrix24_sandbox::Kind::Contact, 2);
    near.sandbox.settings.spoiled.insert(card, Spoiled::Everywhere(Harm::Refused));
    near
}

#[test]
fn a_card_that_no_answer_can_show_exists_all_the_same() {
    let found =
        asked_of(&mut spoiled(), |client| look(client, Kind::Guest, &[1, 2, 3, 4])).unwrap();
    assert_eq!(found.seen.into_keys().collect::<Vec<_>>(), [1, 3]);
    assert!(matches!(found.unseen[&2], Unseen::Unreadable(_)) && found.unseen.len() == 1);
    let ids = [1, 2, 4].map(RecordId::Number);
    let marked =
        asked_of(&mut spoiled(), |client| by_origin(client, Kind::Guest, "ECVI", &ids)).unwrap();
    assert_eq!(marked.found, BTreeMap::from([(RecordId::Number(1), vec![1])]));
    assert_eq!(marked.unclear.into_keys().collect::<Vec<_>>(), [RecordId::Number(2)]);
}

#[test]
fn a_deal_without_a_funnel_stands_in_the_first_one() {
    for (funnel, category) in [(json!(null), 0), (json!(""), 0), (json!("3"), 3)] {
        let mut row = row(7, "ECVI", "1");
        row["CATEGORY_ID"] = funnel;
        assert_eq!(rows(Kind::Booking, &json!([row])).unwrap()[0].category, category);
    }
}

#[test]
fn a_first_look_takes_a_list_for_each_kind_and_way_of_asking() {
    let mut wanted = first_look::Wanted::default();
    assert_eq!(wanted.questions(), 0);
    wanted.ids[Kind::Guest].extend([7, 8]);
    assert_eq!(wanted.questions(), 1);
    wanted.origins[Kind::Guest].insert(RecordId::Number(1));
    wanted.origins[Kind::Booking].extend([1, 2].map(RecordId::Number));
    assert_eq!(wanted.questions(), 3);
}

/// What is read as the people of deal 5, where the universal list answers so.
fn people_read(kind: Kind, fields: &[&str], item: &Value) -> Option<Value> {
    let fields = fields.iter().map(|name| (*name).to_owned()).collect();
    let answer = |command: &str| {
        if command.starts_with("crm.item.list") { item.clone() } else { json!([row(5, "", "")]) }
    };
    let found = asked(answer, |client| card::cards(client, kind, &[5], &fields)).unwrap();
    found.seen[&5].fields.get("CONTACT_IDS").cloned()
}

#[test]
fn a_deals_people_are_read_with_the_primary_one_first_and_only_where_they_are_wanted() {
    let told =
        |item: Value| people_read(Kind::Booking, &["CONTACT_IDS"], &json!({"items": [item]}));
    let people = json!({"id": 5, "contactId": 9, "contactIds": [7, 9, 8]});
    assert_eq!(told(people.clone()), Some(json!([9, 7, 8])));
    assert_eq!(told(json!({"id": 5, "contactId": null, "contactIds": []})), Some(json!([])));
    // Nobody is the primary one.
    assert_eq!(told(json!({"id": 5, "contactIds": [7, 8]})), Some(json!([0, 7, 8])));
    // This portal does not tell them, and that one tells of another deal.
    assert_eq!(told(json!({"id": 5, "contactId": 9})), None);
    assert_eq!(told(json!({"id": 6, "contactId": 9, "contactIds": [9]})), None);
    let items = json!({"items": [people]});
    assert_eq!(people_read(Kind::Booking, &["TITLE"], &items), None);
    assert_eq!(people_read(Kind::Guest, &["CONTACT_IDS"], &items), None);
}

#[test]
fn objects_that_were_not_asked_for_are_no_answer() {
    for rows in [json!([row(8, "", "")]), json!([row(7, "", ""), row(8, "", "")])] {
        let seen = |rows: &Value| rows.clone();
        assert!(asked(|_| seen(&rows), |client| by_id(client, Kind::Guest, &[7])).is_err());
        let fields = BTreeSet::new();
        let read = asked(|_| seen(&rows), |client| card::cards(client, Kind::Guest, &[7], &fields));
        assert!(read.is_err());
        let mut wanted = first_look::Wanted::default();
        wanted.ids[Kind::Guest].insert(7);
        let look = asked(|_| seen(&rows), |client| first_look::first_look(client, "ECVI", &wanted));
        assert!(look.is_err());
    }
    let seen = asked(|_| json!([row(7, "", "")]), |client| by_id(client, Kind::Guest, &[7]));
    assert_eq!(seen.unwrap().into_keys().collect::<Vec<_>>(), [7]);
}

#[test]
fn a_mark_counts_letter_by_letter_and_a_foreign_one_is_no_answer() {
    let found = |originator: &str, origin: &str| {
        let rows = json!([row(7, originator, origin)]);
        asked(
            |_| rows.clone(),
            |client| by_origin(client, Kind::Guest, "ECVI", &[RecordId::Number(1)]),
        )
    };
    let ours = found("ECVI", "1").unwrap().found;
    assert_eq!(ours[&RecordId::Number(1)], [7]);
    assert!(found("ecvi ", "1").unwrap().found.is_empty());
    assert!(found("ÉCVI", "1").unwrap().found.is_empty());
    assert!(found("ECVI", "1a").unwrap().found.is_empty());
    assert!(found("OTHER", "1").is_err() && found("ECVI", "").is_err());
}

/// A portal's database takes them for the same, so that its filter lets them pass.
#[test]
fn a_mark_of_other_accents_or_case_is_another_hotels_and_no_reason_to_stop() {
    for originator in ["HOTEL-É", "hotel-e", "HOTEL-E "] {
        assert!(equal_under_collation(originator, "HOTEL-E"), "{originator}");
    }
    assert!(equal_under_collation("Отель Ёлка", "отель елка"));
    assert!(!equal_under_collation("HOTEL-F", "HOTEL-E"));
}

#[test]
fn a_card_that_a_list_shows_twice_is_one_card() {
    let one = RecordId::Number(1);
    let rows = json!([row(8, "ECVI", "1"), row(7, "ECVI", "1"), row(8, "ECVI", "1")]);
    let ids = std::slice::from_ref(&one);
    let found = asked(|_| rows.clone(), |client| by_origin(client, Kind::Guest, "ECVI", ids));
    assert_eq!(found.unwrap().found[&one], [7, 8]);

    let mut wanted = first_look::Wanted::default();
    wanted.origins[Kind::Guest].insert(one.clone());
    let look = asked(|_| rows.clone(), |client| first_look::first_look(client, "ECVI", &wanted));
    assert_eq!(look.unwrap().origins[&RecordKey::new(Kind::Guest, one)], [7, 8]);
}

#[test]
fn all_objects_of_one_mark_are_found_though_they_fill_more_than_a_page() {
    let pages = |command: &str| {
        let above = command.split_once("[%3EID]=").map_or("0", |(_, rest)| rest);
        let above: i64 = above.split('&').next().unwrap().parse().unwrap();
        let rows: Vec<Value> =
            (above + 1..=120).take(PAGE).map(|id| row(id, "ECVI", "1")).collect();
        rows.into()
    };
    let one = [RecordId::Number(1)];
    let found = asked(pages, |client| by_origin(client, Kind::Guest, "ECVI", &one)).unwrap().found;
    assert_eq!(found[&one[0]], (1..=120).collect::<Vec<_>>());
}

#[test]
fn a_page_that_does_not_go_on_from_the_one_before_is_no_answer() {
    assert!(is_read_to_its_end(0, &page([])) && is_read_to_its_end(1, &page([3, 2])));
    assert!(!is_read_to_its_end(2, &page([3, 2])));
    assert!(is_read_to_its_end(1, &page((2..=50).rev())));
    assert!(is_read_to_its_end(1, &page(2..=51)));
    assert!(!is_read_to_its_end(2, &page(2..=51)));
    assert!(!is_read_to_its_end(1, &page((2..=51).rev())));
    assert!(!is_next_page(1, &page([2, 2])));
    let mut falling: Vec<i64> = (1..=50).collect();
    falling.swap(48, 49);
    for ids in [falling, (1..=50).rev().collect()] {
        let rows: Value = ids.iter().map(|id| row(*id, "ECVI", "1")).collect();
        let one = [RecordId::Number(1)];
        let found = asked(|_| rows.clone(), |client| by_origin(client, Kind::Guest, "ECVI", &one));
        assert!(found.is_err());
    }
}

#[test]
fn the_first_look_leaves_a_full_page_to_a_question_of_its_own() {
    let look = |rows: Value| {
        let mut wanted = first_look::Wanted::default();
        wanted.origins[Kind::Guest].insert(RecordId::Number(1));
        asked(|_| rows.clone(), |client| first_look::first_look(client, "ECVI", &wanted))
    };
    let marked = |ids: Vec<i64>| look(ids.iter().map(|id| row(*id, "ECVI", "1")).collect());
    let short = marked(vec![9, 4]).unwrap().origins;
    assert_eq!(short.into_values().collect::<Vec<_>>(), [[4, 9]]);
    assert!(marked((1..=50).collect()).unwrap().origins.is_empty());
    assert!(marked((1..=50).rev().collect()).is_err());
    assert_eq!(look(json!(false)), Ok(first_look::FirstLook::default()));
}

#[test]
fn an_unseen_object_is_named_with_what_the_portal_said_of_it() {
    assert_eq!(Unseen::Denied.message(7), "7");
    assert_eq!(Unseen::Unreadable("broken".to_owned().into()).message(7), "7: broken");
}

#[test]
fn the_fields_that_would_make_the_portal_refuse_a_card_are_named() {
    let value = |value: &str| {
        vec![MultifieldRow { id: "1".into(), value: value.into(), value_type: String::new() }]
    };
    let fields = |phone: &str, email: &str| {
        Object { phones: value(phone), emails: value(email), ..Object::default() }
            .unsavable_fields()
    };
    assert_eq!(fields("+7 900 123-45-67", "a@x.ru"), [""; 0]);
    assert_eq!(fields("0", "a@x.ru"), ["PHONE"]);
    assert_eq!(fields("+7 900 123-45-67", "нет"), ["EMAIL"]);
}

#[test]
fn a_row_without_its_mark_its_number_or_its_phones_is_no_answer() {
    let with = |key: &str, value: Value| {
        let mut row = row(7, "ECVI", "1");
        row[key] = value;
        rows(Kind::Guest, &json!([row])).map(|mut rows| rows.remove(0).phones.len())
    };
    for (key, value, phones) in [
        ("PHONE", json!(null), 0),
        ("PHONE", json!(""), 0),
        ("PHONE", json!([{"ID": "1", "VALUE": "+7"}]), 1),
        ("PHONE", json!({"3": {"ID": 1, "VALUE": "+7"}}), 1),
    ] {
        assert_eq!(with(key, value.clone()), Ok(phones), "{key} {value}");
    }
    for (key, value) in [
        ("ID", json!(0)),
        ("ID", json!(null)),
        ("ORIGIN_ID", json!(true)),
        ("PHONE", json!("+7")),
        ("PHONE", json!([{"ID": "1"}])),
        ("PHONE", json!([{"VALUE": "+7"}])),
    ] {
        assert!(with(key, value.clone()).is_err(), "{key} {value}");
    }
    for mark in MARKS {
        let mut row = row(7, "ECVI", "1");
        row.as_object_mut().unwrap().remove(mark);
        assert!(rows(Kind::Guest, &json!([row])).is_err(), "{mark}");
    }
}
