//! Objects that the CRM holds already: by the id that Ecvi knows, by origin, by phone and e-mail.

use bitrix24_sandbox::Kind;
use ecvi_b24::domain::record;
use ecvi_b24::domain::record::RecordKey;
use ecvi_b24::state::State;
use serde_json::json;

use crate::hotel::Hotel;

#[test]
fn a_row_with_a_crm_id_is_taken_over_not_created() {
    let hotel = Hotel::new();
    let contact = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Старое", "POST": "директор"}));
    let company = hotel.by_hand(Kind::Company, json!({"TITLE": "Старое"}));
    let deal = hotel.by_hand(Kind::Deal, json!({"TITLE": "Старое", "STAGE_ID": "NEW"}));
    hotel.guest(1, &format!("last_name = 'Белова', crm_id = {contact}"));
    hotel.company(1, &format!("crm_id = {company}"));
    hotel.booking(
        1,
        &format!("guest_id = 1, company_id = 1, status = 'checked_out', crm_id = {deal}"),
    );
    assert!(hotel.export().contains("initial-export: изменено: гости 1, компании 1, заявки 1\n"));
    assert_eq!(
        [hotel.contact(1).id, hotel.crm_company(1).id, hotel.deal(1).id],
        [contact, company, deal]
    );
    assert_eq!(
        [hotel.contact(1).text("LAST_NAME"), hotel.contact(1).text("POST")],
        ["Белова", "директор"]
    );
    assert_eq!(
        [hotel.deal(1).text("STAGE_ID"), hotel.deal(1).text("CLOSEDATE")],
        ["WON", "2026-12-05"]
    );
    assert_eq!(hotel.deal(1).link_ids(), [contact]);
}

#[test]
fn a_later_run_takes_over_too() {
    let hotel = Hotel::running();
    let contact = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Старое"}));
    hotel.guest(2, &format!("crm_id = {contact}"));
    assert_eq!(hotel.sync(), "sync: изменено: гости 1\n");
    assert_eq!(hotel.contact(2).id, contact);
}

#[test]
fn an_object_found_by_origin_wins_over_the_crm_id() {
    let hotel = Hotel::new();
    let ours = json!({"LAST_NAME": "Наш", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "1"});
    let (ours, other) =
        (hotel.by_hand(Kind::Contact, ours), hotel.by_hand(Kind::Contact, json!({"NAME": "x"})));
    hotel.guest(1, &format!("crm_id = {other}"));
    hotel.export();
    assert_eq!(hotel.contact(1).id, ours);
    assert_eq!(hotel.portal().get(Kind::Contact, other).unwrap().text("NAME"), "x");
}

#[test]
fn nothing_is_created_that_carries_our_origin_already() {
    let hotel = Hotel::running();
    let ours = |id: &str| json!({"TITLE": "x", "LAST_NAME": "x", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": id});
    let standing = Kind::ALL.map(|kind| hotel.by_hand(kind, ours("2")));
    hotel.guest(2, "");
    hotel.company(2, "");
    hotel.booking(2, "");
    assert_eq!(hotel.sync(), "sync: изменено: гости 1, компании 1, заявки 1\n");
    assert_eq!([hotel.contact(2).id, hotel.crm_company(2).id, hotel.deal(2).id], standing);
    assert_eq!(hotel.issues("warnings"), [""; 0]);
}

#[test]
fn of_several_objects_with_our_origin_the_oldest_is_used_with_a_warning() {
    let hotel = Hotel::running();
    let ours = json!({"LAST_NAME": "x", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "2"});
    let (first, second) =
        (hotel.by_hand(Kind::Contact, ours.clone()), hotel.by_hand(Kind::Contact, ours));
    hotel.guest(2, "last_name = 'Белова'");
    hotel.sync();
    let names = [first, second]
        .map(|id| hotel.portal().get(Kind::Contact, id).unwrap().text("LAST_NAME").to_owned());
    assert_eq!(names, ["Белова", "x"]);
    assert_eq!(hotel.issues("warnings"), ["guest 2 SEVERAL_IN_CRM"]);
    let status = hotel.says("status");
    for card in [first, second] {
        assert!(
            status.contains(&format!("контакт {card}")) && status.contains(&format!("/{card}/")),
            "{status}"
        );
    }
}

#[test]
fn of_two_rows_with_one_crm_id_the_second_is_reported_not_merged() {
    let hotel = Hotel::new();
    let contact = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Старое"}));
    hotel.guest(1, &format!("last_name = 'Первая', crm_id = {contact}"));
    hotel.guest(2, &format!("last_name = 'Вторая', crm_id = {contact}"));
    hotel.exits(1, "initial-export");
    assert_eq!(hotel.contact(1).id, contact);
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "Первая");
    assert_eq!(hotel.issues("failures"), ["guest 2 CRM_ID_TAKEN"]);
    assert_eq!(hotel.portal().count(Kind::Contact), 1);
}

/// The row with this id is gone, and another one names the card that it had.
fn give_card_to_another(hotel: &Hotel, table: &str, card: u64) {
    hotel.sql(&format!("DELETE FROM {table} WHERE id = 1"));
    match table {
        "guests" => hotel.guest(9, &format!("crm_id = {card}")),
        _ => hotel.company(9, &format!("crm_id = {card}")),
    }
}

#[test]
fn a_deal_leaves_whom_its_booking_names_in_vain_when_another_row_has_the_card() {
    for table in ["guests", "companies"] {
        let hotel = Hotel::new();
        hotel.be_patient();
        hotel.guest(1, "");
        hotel.guest(2, "");
        hotel.company(1, "");
        hotel.company(2, "");
        hotel.booking(1, "guest_id = 2, company_id = 1");
        hotel.stay(1, &[1]);
        hotel.export();
        let (guest, other, firm) =
            (hotel.contact(1).id, hotel.contact(2).id, hotel.crm_company(1).id);
        let (contacts, company) = match table {
            "guests" => (vec![other], firm.to_string()),
            _ => (vec![other, guest], "0".to_owned()),
        };
        give_card_to_another(&hotel, table, if table == "guests" { guest } else { firm });
        hotel.sync();
        assert_eq!([Kind::Contact, Kind::Company].map(|kind| hotel.portal().count(kind)), [2, 2]);
        assert_eq!(hotel.deal(1).link_ids(), contacts, "{table}");
        assert_eq!(hotel.deal(1).text("COMPANY_ID"), company, "{table}");
        assert_eq!(hotel.issues("warnings"), ["booking 1 UNKNOWN_REFERENCE"]);
        hotel.runs_idle();
    }
}

#[test]
fn the_history_tells_what_was_made_from_what_was_taken_over_and_what_was_changed() {
    let hotel = Hotel::new();
    let card = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Старое"}));
    hotel.guest(1, "");
    hotel.guest(2, &format!("crm_id = {card}"));
    hotel.export();
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    let state = State::open(&hotel.path("state.db")).unwrap();
    let words = |guest| {
        let events = state.history(&RecordKey::new(record::Kind::Guest, guest)).unwrap();
        events.into_iter().map(|event| event.event.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(words(1), ["created", "updated"]);
    assert_eq!(words(2), ["adopted"]);
}

#[test]
fn a_card_that_a_guest_has_is_not_given_to_another_though_our_mark_was_erased_from_it() {
    let hotel = Hotel::running();
    let contact = hotel.contact(1).id;
    hotel.edit(Kind::Contact, contact, json!({"ORIGINATOR_ID": "", "ORIGIN_ID": ""}));
    hotel.guest(2, &format!("last_name = 'Вторая', crm_id = {contact}"));
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 2 CRM_ID_TAKEN"]);
    assert_eq!(hotel.portal().get(Kind::Contact, contact).unwrap().text("LAST_NAME"), "Приходько");
}

#[test]
fn a_card_with_another_guests_mark_is_that_guests_whatever_the_crm_id_says() {
    let hotel = Hotel::new();
    let marked = json!({"LAST_NAME": "Старое", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "1"});
    let contact = hotel.by_hand(Kind::Contact, marked);
    hotel.guest(1, "last_name = 'Первая'");
    hotel.guest(2, &format!("last_name = 'Вторая', crm_id = {contact}"));
    hotel.exits(1, "initial-export");
    assert_eq!((hotel.contact(1).id, hotel.contact(1).text("LAST_NAME")), (contact, "Первая"));
    assert_eq!(hotel.issues("failures"), ["guest 2 CRM_ID_TAKEN"]);
}

#[test]
fn the_mark_of_another_system_is_no_guest_of_ours() {
    let hotel = Hotel::new();
    let marked = json!({"LAST_NAME": "Старое", "ORIGINATOR_ID": "1C", "ORIGIN_ID": "1"});
    let contact = hotel.by_hand(Kind::Contact, marked);
    hotel.guest(1, "last_name = 'Первая'");
    hotel.guest(2, &format!("last_name = 'Вторая', crm_id = {contact}"));
    hotel.export();
    assert_eq!((hotel.contact(2).id, hotel.contact(2).text("LAST_NAME")), (contact, "Вторая"));
}

#[test]
fn a_crm_id_that_no_longer_exists_counts_as_none() {
    let hotel = Hotel::new();
    hotel.guest(1, "crm_id = 4242");
    hotel.booking(1, "guest_id = 1, crm_id = 4243");
    assert!(hotel.export().contains("initial-export: создано: гости 1, заявки 1\n"));
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
}

#[test]
fn a_crm_id_in_the_mirror_of_a_known_record_changes_nothing() {
    let hotel = Hotel::running();
    let other = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Чужой"}));
    let ours = hotel.contact(1).id;
    hotel.guest(1, &format!("crm_id = {other}"));
    hotel.sync();
    assert_eq!(hotel.contact(1).id, ours);
}

#[test]
fn the_objects_of_another_hotel_of_the_chain_are_not_ours() {
    let hotel = Hotel::new();
    hotel.configure("portal.originator_id = 'HOTEL-2'");
    hotel.by_hand(
        Kind::Contact,
        json!({"LAST_NAME": "x", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "1"}),
    );
    hotel.guest(1, "");
    hotel.export();
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "x");
    assert_eq!(hotel.portal().with_origin(Kind::Contact, "HOTEL-2", "1").len(), 1);
}

/// A hotel that looks for people who stand there already, and a card of one.
fn matching(card: serde_json::Value) -> (Hotel, u64) {
    let hotel = Hotel::new();
    hotel.configure("contact.match_existing = ['phone', 'email']");
    let card = hotel.by_hand(Kind::Contact, card);
    (hotel, card)
}

fn belova() -> serde_json::Value {
    json!({"LAST_NAME": "Белова", "PHONE": [{"VALUE": "8 (900) 123-45-67"}], "EMAIL": [{"VALUE": "b@b.ru"}]})
}

#[test]
fn the_crm_id_wins_over_a_card_with_the_same_phone() {
    let (hotel, card) = matching(belova());
    let named = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Старое"}));
    hotel.guest(1, &format!("last_name = 'Белова', phone = '+79001234567', crm_id = {named}"));
    hotel.export();
    assert_eq!(hotel.contact(1).id, named);
    assert_eq!(hotel.portal().get(Kind::Contact, card).unwrap().text("ORIGIN_ID"), "");
}

#[test]
fn a_guest_whose_contact_was_deleted_is_looked_for_like_a_new_one() {
    let hotel = Hotel::new();
    hotel.configure("contact.match_existing = ['phone']");
    hotel.guest(1, "last_name = 'Белова', phone = '+79001234567'");
    hotel.export();
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    let card = hotel.by_hand(Kind::Contact, belova());
    // Two with this phone: the name decides.
    hotel.by_hand(
        Kind::Contact,
        json!({"LAST_NAME": "Чернова", "PHONE": [{"VALUE": "+79001234567"}]}),
    );
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    assert_eq!(hotel.contact(1).id, card);
}

#[test]
fn one_card_with_this_phone_or_email_and_last_name_is_taken_over() {
    for reach in ["phone = '+79001234567'", "email = 'B@b.ru'"] {
        let (hotel, card) = matching(belova());
        hotel.guest(1, &format!("last_name = 'БЕЛОВА', {reach}"));
        hotel.export();
        assert_eq!(hotel.contact(1).id, card, "{reach}");
        assert_eq!(hotel.issues("warnings"), [""; 0]);
    }
}

#[test]
fn nobody_is_looked_for_unless_the_hotel_wants_it() {
    let hotel = Hotel::new();
    let card = hotel.by_hand(Kind::Contact, belova());
    hotel.guest(1, "last_name = 'Белова', phone = '8 (900) 123-45-67'");
    hotel.export();
    assert_ne!(hotel.contact(1).id, card);
    assert_eq!(hotel.issues("warnings"), [""; 0]);
}

#[test]
fn a_doubtful_match_is_created_with_a_warning() {
    let another_name = json!({"LAST_NAME": "Чернова", "PHONE": [{"VALUE": "+79001234567"}]});
    let anothers = json!({"LAST_NAME": "Белова", "PHONE": [{"VALUE": "+79001234567"}], "ORIGINATOR_ID": "1C",
                          "ORIGIN_ID": "7"});
    for card in [another_name, anothers] {
        let (hotel, card) = matching(card);
        hotel.guest(1, "last_name = 'Белова', phone = '+79001234567'");
        hotel.export();
        assert_ne!(hotel.contact(1).id, card);
        assert_eq!(hotel.issues("warnings"), ["guest 1 DOUBTFUL_MATCH"]);
        assert!(hotel.says("status").contains(&format!("контакт {card}")));
    }
}

#[test]
fn whom_no_card_is_like_is_created_and_that_is_no_doubt() {
    let (hotel, _) = matching(belova());
    hotel.guest(1, "last_name = 'Белова', phone = '+79000000000'");
    hotel.export();
    assert_eq!(hotel.portal().count(Kind::Contact), 2);
    assert_eq!(hotel.issues("warnings"), [""; 0]);
}

#[test]
fn two_cards_that_fit_are_a_doubtful_match() {
    let (hotel, first) = matching(belova());
    let second = hotel.by_hand(Kind::Contact, belova());
    hotel.guest(1, "last_name = 'Белова', phone = '+79001234567'");
    hotel.export();
    assert!(![first, second].contains(&hotel.contact(1).id));
    assert_eq!(hotel.issues("warnings"), ["guest 1 DOUBTFUL_MATCH"]);
}

#[test]
fn a_family_with_one_phone_takes_over_one_card_once() {
    let (hotel, card) = matching(belova());
    hotel.guest(1, "last_name = 'Белова', first_name = 'Алла', phone = '+79001234567'");
    hotel.guest(2, "last_name = 'Белова', first_name = 'Нина', phone = '+79001234567'");
    hotel.export();
    assert_eq!(hotel.contact(1).id, card);
    assert_ne!(hotel.contact(2).id, card);
}

#[test]
fn companies_are_looked_for_by_their_name() {
    let hotel = Hotel::new();
    hotel.configure("company.match_existing = ['phone']");
    let card = hotel
        .by_hand(Kind::Company, json!({"TITLE": "Ромашка", "PHONE": [{"VALUE": "+73812000001"}]}));
    hotel.company(1, "name = 'ромашка', phone = '8 3812 00-00-01'");
    hotel.export();
    assert_eq!(hotel.crm_company(1).id, card);
}

#[test]
fn a_phone_without_a_digit_is_not_looked_for_and_stops_nobody() {
    for phone in ["нет", "-", "()", "доб. 12", "٣٣٣", "$result[q0]"] {
        let hotel = Hotel::new();
        hotel.configure("contact.match_existing = ['phone']");
        hotel.guest(1, &format!("phone = '{phone}'"));
        hotel.guest(2, "phone = '+7 900 000-00-02'");
        hotel.export();
        assert_eq!(hotel.portal().count(Kind::Contact), 2, "{phone}");
        // Nor where its card is looked for.
        let card = hotel.contact(1).id;
        hotel.portal().delete(Kind::Contact, card);
        hotel.guest(1, "comment = 'x'");
        hotel.sync();
        assert_eq!(hotel.contact(1).text("COMMENTS"), "x", "{phone}");
    }
}

#[test]
fn another_portal_is_refused_by_whatever_would_ask_it() {
    let (hotel, other) = (Hotel::running(), Hotel::new());
    let file = hotel.path("ecvi-b24.toml");
    let another = other.server().webhook().replace("127.0.0.1", "localhost");
    let text = std::fs::read_to_string(&file).unwrap().replace(&hotel.server().webhook(), &another);
    std::fs::write(&file, text).unwrap();
    for command in ["sync", "sync --dry-run", "check", "audit"] {
        let said = hotel.exits(3, command);
        let told = "состояние относится к порталу 127.0.0.1";
        assert!(
            said.err.contains(told) || said.out.contains(told),
            "{command}: {}{}",
            said.out,
            said.err
        );
    }
    assert_eq!(other.portal().count(Kind::Contact), 0);
}

#[test]
fn a_changed_mark_is_refused_for_nothing_would_be_found_by_it() {
    let hotel = Hotel::running();
    hotel.configure("portal.originator_id = 'ECVI-SOCHI'");
    hotel.guest(1, "comment = 'x'");
    assert_eq!(hotel.writes(|hotel| drop(hotel.exits(3, "sync"))), 0);
    for command in ["sync --dry-run", "check", "audit"] {
        hotel.exits(3, command);
    }
}

#[test]
fn a_guest_whose_phone_the_portal_refuses_to_look_for_fails_and_stops_nobody() {
    let hotel = Hotel::running();
    hotel.configure("contact.match_existing = ['phone']");
    let refusal = json!({"error": "", "error_description": "Invalid value"});
    hotel.answers_each("crm.duplicate.findbycomm", "result_error", refusal);
    hotel.guest(2, "phone = '+79161112233'");
    hotel.guest(3, "");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 2 PORTAL_REFUSED"]);
    assert!(hotel.objects(Kind::Contact, &2).is_empty());
    assert_eq!(hotel.objects(Kind::Contact, &3).len(), 1);
}

#[test]
fn a_card_of_another_guest_is_neither_taken_nor_a_doubt_and_not_taken_without_its_mark_either() {
    for is_erased in [false, true] {
        let hotel = Hotel::running();
        hotel.configure("contact.match_existing = ['phone']");
        hotel.guest(1, "last_name = 'Белова', phone = '+79161112233'");
        hotel.sync();
        let card = hotel.contact(1).id;
        if is_erased {
            hotel.edit(Kind::Contact, card, json!({"ORIGINATOR_ID": "", "ORIGIN_ID": ""}));
        }
        hotel.guest(2, "last_name = 'Белова', phone = '+79161112233'");
        hotel.sync();
        assert_ne!(hotel.contact(2).id, card);
        let doubts: &[&str] = if is_erased { &["guest 2 DOUBTFUL_MATCH"] } else { &[] };
        assert_eq!(hotel.issues("warnings"), doubts);
    }
}
