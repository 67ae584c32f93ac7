//! A refusal concerns one record, or everything: what the portal does tells which, and not its words.

use bitrix24_sandbox::{Exchange, Fault, Kind, Php};
use serde_json::{Value, json};

use crate::hotel::{Hotel, same_replies};

/// Two changes and a new booking wait for the portal.
fn hotel() -> Hotel {
    let hotel = Hotel::running();
    hotel.guest(1, "comment = 'тихий номер'");
    hotel.guest(2, "");
    hotel.booking(2, "guest_id = 2");
    hotel
}

fn refusal(text: &str) -> Value {
    json!({"error": "", "error_description": text})
}

fn is_change(exchange: &Exchange) -> bool {
    let commands = exchange.params.argument("cmd");
    let changes = |command: &str| {
        let method = command.split('?').next().unwrap_or_default();
        [".add", ".update", ".delete", ".import"].iter().any(|verb| method.ends_with(verb))
    };
    commands.values().map(Php::text).any(|command| changes(&command))
}

/// The portal refuses every change with this text.
fn refuse_changes(hotel: &Hotel, text: &'static str) {
    hotel.server().faults(move |exchange| {
        let body = || same_replies(exchange, "result_error", &refusal(text));
        is_change(exchange).then(|| Fault::Answer { status: 200, body: body() })
    });
}

#[test]
fn a_full_disk_stops_the_pass_and_puts_nobody_aside() {
    let hotel = hotel();
    hotel.portal().settings.full_disk = true;
    let said = hotel.exits(4, "sync");
    assert!(
        said.err.contains("Disk resource exhausted") && said.err.contains("место на диске"),
        "{}",
        said.err
    );
    assert_eq!(hotel.flaws("failures"), [""; 0]);
    hotel.portal().settings.full_disk = false;
    assert_eq!(hotel.sync(), "sync: создано: гости 1, заявки 1; изменено: гости 1\n");
}

#[test]
fn a_full_disk_is_no_failure_of_the_only_record_that_changed() {
    let hotel = Hotel::running();
    hotel.guest(1, "comment = 'тихий номер'");
    hotel.portal().settings.full_disk = true;
    hotel.exits(4, "sync");
    assert_eq!(hotel.flaws("failures"), [""; 0]);
}

#[test]
fn what_refuses_everything_is_known_in_any_language() {
    let hotel = hotel();
    refuse_changes(&hotel, "Límite alcanzado");
    let said = hotel.exits(4, "sync");
    assert!(said.err.contains("Límite alcanzado"), "{}", said.err);
    assert_eq!(hotel.flaws("failures"), [""; 0]);
    hotel.server().faults(|_| None);
    hotel.sync();
    assert_eq!(hotel.deal(2).link_ids(), [hotel.contact(2).id]);
    hotel.rests();
}

#[test]
fn an_export_into_a_portal_that_takes_nothing_puts_nobody_aside() {
    let hotel = Hotel::new();
    (1..=3).for_each(|id| hotel.guest(id, ""));
    hotel.booking(1, "guest_id = 1");
    refuse_changes(&hotel, "Límite alcanzado");
    hotel.exits(4, "initial-export");
    assert_eq!(hotel.flaws("failures"), [""; 0]);
    hotel.server().faults(|_| None);
    hotel.export();
    assert_eq!(hotel.portal().count(Kind::Contact), 3);
}

#[test]
fn records_with_one_flaw_are_put_aside_though_nothing_else_is_sent() {
    let hotel = hotel();
    hotel.require(Kind::Contact, "BIRTHDATE");
    hotel.exits(1, "sync");
    assert_eq!(hotel.flaws("failures"), ["guest 1 PORTAL_REFUSED", "guest 2 PORTAL_REFUSED"]);
}

#[test]
fn a_flaw_of_a_batchs_last_records_is_theirs() {
    let hotel = Hotel::running();
    hotel.require(Kind::Contact, "BIRTHDATE");
    hotel.guest(2, "birth_date = '1990-01-01'");
    hotel.guest(3, "");
    hotel.guest(4, "");
    hotel.exits(1, "sync");
    assert_eq!(hotel.flaws("failures"), ["guest 3 PORTAL_REFUSED", "guest 4 PORTAL_REFUSED"]);
    assert_eq!(hotel.objects(Kind::Contact, &2).len(), 1);
}

#[test]
fn a_refusal_in_the_words_of_an_earlier_one_is_tried_again_before_it_is_believed() {
    for code in ["ERROR_CORE", "", "400"] {
        let hotel = Hotel::running();
        (2..=4).for_each(|id| hotel.guest(id, ""));
        let leaked = json!({"error": code, "error_description": "Поле заполнено неверно"});
        let mut once = Some(leaked);
        hotel.server().faults(move |exchange| {
            let leaked = exchange.calls("crm.contact.add").then(|| once.take()).flatten()?;
            Some(Fault::Answer { status: 200, body: same_replies(exchange, "result_error", &leaked) })
        });
        hotel.exits(1, "sync");
        assert_eq!(hotel.flaws("failures"), ["guest 2 PORTAL_REFUSED"], "{code}");
        assert_eq!(hotel.portal().count(Kind::Contact), 3);
    }
}

#[test]
fn a_method_that_the_portal_dropped_stops_everything_and_puts_nobody_aside() {
    let hotel = hotel();
    let missing = json!({"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"});
    hotel.answers_each("crm.contact.update", "result_error", missing);
    let said = hotel.exits(4, "sync");
    assert!(said.err.contains("обновите ecvi-b24"), "{}", said.err);
    assert_eq!(hotel.flaws("failures"), [""; 0]);
}

#[test]
fn an_unknown_code_with_401_or_403_is_a_refusal_in_sync_as_in_check() {
    for status in [401, 403] {
        let hotel = hotel();
        let body = r#"{"error": "SOMETHING_NEW", "error_description": "No"}"#;
        hotel.server().faults(move |_| Some(Fault::Answer { status, body: body.to_owned() }));
        for command in ["sync", "check"] {
            let said = hotel.exits(4, command);
            assert!(format!("{}{}", said.out, said.err).contains("Маркет"), "{command}: {}", said.out);
        }
        assert_eq!(hotel.flaws("failures"), [""; 0]);
    }
}
