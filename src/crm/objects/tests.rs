use super::*;
use crate::crm::answers::asked;
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
    assert!(found("ECVI", "1a").unwrap().found.is_empty());
    assert!(found("OTHER", "1").is_err() && found("ECVI", "").is_err());
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
