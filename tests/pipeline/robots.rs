//! Robots of the portal bring phones and e-mails into one form after each save; nothing may pile up
//! behind them.

use bitrix24_sandbox::{Kind, Row};
use serde_json::{Value, json};

use crate::hotel::Hotel;

/// What a robot makes of a value.
type Robot = fn(&Row) -> String;

fn plus_seven(row: &Row) -> String {
    let digits: String = row.value.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix('8').filter(|_| digits.len() == 11) {
        _ if row.type_id == "EMAIL" => row.value.to_lowercase(),
        Some(rest) => format!("+7{rest}"),
        None => format!("+{digits}"),
    }
}

fn without_extension(row: &Row) -> String {
    let number = row.value.split(" доб").next().unwrap_or_default();
    plus_seven(&Row { value: number.to_owned(), ..row.clone() })
}

/// A portal would refuse every later save of a card with an e-mail of this form.
fn as_links(row: &Row) -> String {
    let prefix = if row.type_id == "EMAIL" { "" } else { "tel:" };
    format!("{prefix}{}", row.value.trim_start_matches(prefix))
}

/// The robot at work on one card, as after a save.
fn run(robot: Robot, hotel: &Hotel, kind: Kind, card: u64) {
    let rows = hotel.portal().get(kind, card).unwrap().rows.clone();
    let mut fields = json!({"PHONE": [], "EMAIL": []});
    for row in rows {
        let value = json!({"ID": row.id, "VALUE": robot(&row), "VALUE_TYPE": row.value_type});
        fields[&row.type_id].as_array_mut().unwrap().push(value);
    }
    hotel.edit(kind, card, fields);
}

/// A guest and a company, each with this phone and e-mail, behind a robot.
fn hotel(robot: Robot, phone: &str, email: &str) -> Hotel {
    let hotel = Hotel::new();
    hotel.guest(1, &format!("phone = '{phone}', email = '{email}'"));
    hotel.company(1, &format!("phone = '{phone}', email = '{email}'"));
    hotel.export();
    work(robot, &hotel);
    hotel
}

fn work(robot: Robot, hotel: &Hotel) {
    run(robot, hotel, Kind::Contact, hotel.contact(1).id);
    run(robot, hotel, Kind::Company, hotel.crm_company(1).id);
}

fn set(robot: Robot, hotel: &Hotel, columns: &str) {
    hotel.guest(1, columns);
    hotel.company(1, columns);
    hotel.sync();
    work(robot, hotel);
}

/// The phones and then the e-mails of both cards.
fn values(hotel: &Hotel) -> [Vec<String>; 2] {
    [hotel.contact(1), hotel.crm_company(1)].map(|card| {
        let all = [card.values("PHONE"), card.values("EMAIL")].concat();
        all.iter().map(ToString::to_string).collect()
    })
}

#[test]
fn a_value_that_a_robot_reformatted_is_replaced_and_nothing_piles_up() {
    let hotel = hotel(plus_seven, "8 (912) 345-67-89", "Ivan@Example.ru");
    for number in 1..=4 {
        let columns =
            format!("phone = '8 (912) 345-67-8{number}', email = 'Ivan{number}@Example.ru'");
        set(plus_seven, &hotel, &columns);
        let one = vec![format!("+7912345678{number}"), format!("ivan{number}@example.ru")];
        assert_eq!(values(&hotel), [one.clone(), one]);
        hotel.says("audit");
    }
}

#[test]
fn other_changes_leave_a_reformatted_value_alone() {
    let hotel = hotel(plus_seven, "8 (912) 345-67-89", "Ivan@Example.ru");
    let before = hotel.contact(1).rows;
    for comment in ["a", "b"] {
        set(plus_seven, &hotel, &format!("comment = '{comment}'"));
        assert_eq!(hotel.contact(1).rows, before);
    }
    hotel.says("audit");
    hotel.says("sync --full");
    assert_eq!(hotel.contact(1).rows, before);
}

#[test]
fn nor_does_anything_pile_up_behind_robots_that_cut_run_together_or_add() {
    let extension = "8 (812) 345-67-89 доб. 12";
    let robots: [(Robot, &str); 3] = [
        (without_extension, "+78123456789"),
        (plus_seven, "+8812345678912"),
        (as_links, "tel:8 (812) 345-67-89 доб. 12"),
    ];
    for (robot, reformatted) in robots {
        let hotel = hotel(robot, extension, "a@x.ru");
        set(robot, &hotel, "comment = 'x'");
        set(robot, &hotel, "comment = 'y'");
        assert_eq!(hotel.contact(1).values("PHONE"), [reformatted]);
        assert_eq!(hotel.contact(1).values("EMAIL").len(), 1);
        hotel.says("audit");
        set(robot, &hotel, "phone = '+7 999 000-00-00', email = 'b@x.ru'");
        assert_eq!(hotel.contact(1).rows.len(), 2, "{:?}", hotel.contact(1).rows);
        hotel.says("audit");
    }
}

#[test]
fn two_spellings_of_one_number_are_one_value() {
    let hotel = Hotel::new();
    hotel.guest(1, "phone = '8 (912) 345-67-89; +79123456789', email = 'A@x.ru, a@X.ru'");
    hotel.export();
    assert_eq!(hotel.contact(1).values("PHONE"), ["8 (912) 345-67-89"]);
    assert_eq!(hotel.contact(1).values("EMAIL"), ["A@x.ru"]);
    hotel.guest(1, "phone = '+79123456789; 8 (912) 345-67-89'");
    hotel.sync();
    assert_eq!(hotel.contact(1).values("PHONE"), ["+79123456789"]);
    hotel.says("audit");
}

#[test]
fn two_numbers_behind_a_robot_keep_their_places_in_any_order() {
    let hotel = hotel(plus_seven, "8 912 345-67-89; 8 921 000-11-22", "a@x.ru");
    set(plus_seven, &hotel, "phone = '8 921 000-11-22; 8 912 345-67-89'");
    assert_eq!(hotel.contact(1).values("PHONE"), ["+79123456789", "+79210001122"]);
    set(plus_seven, &hotel, "phone = '8 921 000-11-22'");
    assert_eq!(hotel.contact(1).values("PHONE"), ["+79210001122"]);
    hotel.says("audit");
}

#[test]
fn a_robot_that_deletes_doubles_takes_nothing_that_is_put_back() {
    let hotel = hotel(plus_seven, "8 912 345-67-89", "a@x.ru");
    let home = json!({"PHONE": [{"VALUE": "+79123456789", "VALUE_TYPE": "HOME"}]});
    hotel.edit(Kind::Contact, hotel.contact(1).id, home);
    let ours = hotel.contact(1).rows.into_iter().find(|row| row.type_id == "PHONE").unwrap();
    let gone = json!({"PHONE": [{"ID": ours.id, "DELETE": "Y"}]});
    hotel.edit(Kind::Contact, hotel.contact(1).id, gone);
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    assert_eq!(hotel.contact(1).values("PHONE"), ["+79123456789"]);
    hotel.says("audit");
}

/// A card that stood there before, with the number in a spelling of its own.
fn taken_over(mark: Value) -> Hotel {
    let hotel = Hotel::new();
    let mut card = json!({"LAST_NAME": "Белова", "PHONE": [{"VALUE": "8 (912) 345-67-89"}, {"VALUE": "+71"}],
        "EMAIL": [{"VALUE": "A@X.ru"}]});
    card.as_object_mut().unwrap().extend(mark.as_object().unwrap().clone());
    let card = hotel.by_hand(Kind::Contact, card);
    let columns = "last_name = 'Белова', phone = '+79123456789', email = 'a@x.ru'";
    hotel.guest(1, &format!("{columns}, crm_id = {card}"));
    hotel.export();
    hotel
}

#[test]
fn what_stands_on_a_card_in_another_spelling_is_not_added_at_a_takeover() {
    let hotel = taken_over(json!({}));
    assert_eq!(hotel.contact(1).values("PHONE"), ["8 (912) 345-67-89", "+71"]);
    assert_eq!(hotel.contact(1).values("EMAIL"), ["A@X.ru"]);
    hotel.says("audit");
}

#[test]
fn on_a_card_with_our_mark_what_means_the_same_as_in_ecvi_is_ours_and_all_else_is_peoples() {
    let hotel = taken_over(json!({"ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "1"}));
    assert_eq!(hotel.contact(1).values("PHONE"), ["8 (912) 345-67-89", "+71"]);
    hotel.guest(1, "phone = '+72', email = 'b@x.ru'");
    hotel.sync();
    assert_eq!(hotel.contact(1).values("PHONE"), ["+72", "+71"]);
    assert_eq!(hotel.contact(1).values("EMAIL"), ["b@x.ru"]);
    hotel.says("audit");
}

#[test]
fn after_a_lost_state_a_reformatted_number_of_ours_is_still_replaced() {
    let hotel = hotel(plus_seven, "8 (912) 345-67-89", "Ivan@Example.ru");
    hotel.lose_state();
    hotel.export();
    assert_eq!(hotel.contact(1).values("PHONE"), ["+79123456789"]);
    hotel.says("audit");
    set(plus_seven, &hotel, "phone = '8 (912) 000-00-00', email = 'Petr@Example.ru'");
    let one = vec!["+79120000000".to_owned(), "petr@example.ru".to_owned()];
    assert_eq!(values(&hotel), [one.clone(), one]);
    hotel.says("audit");
}

#[test]
fn after_reset_id_too() {
    let hotel = hotel(plus_seven, "8 (912) 345-67-89", "Ivan@Example.ru");
    hotel.says("reset-id guest 1 --yes");
    hotel.sync();
    hotel.guest(1, "phone = '8 (912) 000-00-00'");
    hotel.sync();
    assert_eq!(hotel.contact(1).values("PHONE"), ["8 (912) 000-00-00"]);
}
