//! A refusal concerns one record, or everything: what the portal does tells which, and not its
//! words.

use std::sync::Arc;

use bitrix24_sandbox::{Exchange, Fault, Kind, Php};
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::sync::options::{RunKind, RunOptions};
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

/// A card is sent that changes nothing: it carries this mark already.
fn is_trial(exchange: &Exchange) -> bool {
    let commands = exchange.params.argument("cmd");
    let is_mark_alone =
        |text: String| text.contains("ORIGINATOR_ID") && !text.contains("ORIGIN_ID");
    is_change(exchange) && commands.values().map(Php::text).all(is_mark_alone)
}

/// The portal refuses every change with this text.
fn refuse_changes(hotel: &Hotel, text: &'static str) {
    hotel.server().faults(move |exchange| {
        let body = || same_replies(exchange, "result_error", &refusal(text));
        is_change(exchange).then(|| Fault::Answer { status: 200, body: body() })
    });
}

#[test]
fn a_full_disk_stops_the_run_and_puts_nobody_aside() {
    let hotel = hotel();
    hotel.portal().settings.full_disk = true;
    let said = hotel.exits(4, "sync");
    assert!(
        said.err.contains("Disk resource exhausted") && said.err.contains("место на диске"),
        "{}",
        said.err
    );
    assert_eq!(hotel.issues("failures"), [""; 0]);
    hotel.portal().settings.full_disk = false;
    assert_eq!(hotel.sync(), "sync: создано: гости 1, заявки 1; изменено: гости 1\n");
}

#[test]
fn a_full_disk_is_no_failure_of_the_only_record_that_changed() {
    let hotel = Hotel::running();
    hotel.guest(1, "comment = 'тихий номер'");
    hotel.portal().settings.full_disk = true;
    hotel.exits(4, "sync");
    assert_eq!(hotel.issues("failures"), [""; 0]);
}

/// A full run that finds the disk full when it comes to the deals: they are left to the next one.
fn resend_until_the_disk_is_full(hotel: &Hotel) {
    let fill_disk = |_| {
        let mut portal = hotel.portal();
        portal.settings.full_disk = portal.counters.methods.contains_key("crm.contact.update");
    };
    let full = RunOptions { full: true, ..RunOptions::new(RunKind::Sync) };
    let ended = hotel.run_disturbed(fill_disk, &full, &Clock::system(Arc::default()), &mut ());
    assert_eq!((ended.outcome, ended.counts.updated.sum()), (Outcome::Refused, 1));
}

#[test]
fn a_deletion_that_a_full_disk_allows_says_nothing_of_the_changes_that_it_refuses() {
    let hotel = Hotel::running();
    (2..=4).for_each(|id| hotel.booking(id, "guest_id = 1"));
    hotel.sync();
    resend_until_the_disk_is_full(&hotel);
    hotel.remove_booking(4);
    hotel.exits(4, "sync");
    assert_eq!(hotel.portal().count(Kind::Deal), 3);
    assert_eq!(hotel.issues("failures"), [""; 0]);
    hotel.portal().settings.full_disk = false;
    assert_eq!(hotel.sync(), "sync: изменено: заявки 3\n");
    hotel.runs_idle();
}

#[test]
fn a_trial_without_an_answer_to_it_puts_nobody_aside() {
    let limit = json!({"error": "OPERATION_TIME_LIMIT", "error_description": "Method is blocked"});
    for (part, reply) in [("result_error", limit), ("result_time", json!({}))] {
        let hotel = hotel();
        hotel.server().faults(move |exchange| {
            let body = if is_trial(exchange) {
                same_replies(exchange, part, &reply)
            } else {
                same_replies(exchange, "result_error", &refusal("Límite alcanzado"))
            };
            is_change(exchange).then_some(Fault::Answer { status: 200, body })
        });
        hotel.exits(5, "sync");
        assert_eq!(hotel.issues("failures"), [""; 0]);
        hotel.server().faults(|_| None);
        hotel.sync();
        assert_eq!(hotel.deal(2).link_ids(), [hotel.contact(2).id]);
    }
}

#[test]
fn what_refuses_everything_is_known_in_any_language() {
    let hotel = hotel();
    refuse_changes(&hotel, "Límite alcanzado");
    let said = hotel.exits(4, "sync");
    assert!(said.err.contains("Límite alcanzado"), "{}", said.err);
    assert_eq!(hotel.issues("failures"), [""; 0]);
    hotel.server().faults(|_| None);
    hotel.sync();
    assert_eq!(hotel.deal(2).link_ids(), [hotel.contact(2).id]);
    hotel.runs_idle();
}

#[test]
fn an_export_into_a_portal_that_takes_nothing_puts_nobody_aside() {
    let hotel = Hotel::new();
    (1..=3).for_each(|id| hotel.guest(id, ""));
    hotel.booking(1, "guest_id = 1");
    refuse_changes(&hotel, "Límite alcanzado");
    hotel.exits(4, "initial-export");
    assert_eq!(hotel.issues("failures"), [""; 0]);
    hotel.server().faults(|_| None);
    hotel.export();
    assert_eq!(hotel.portal().count(Kind::Contact), 3);
}

#[test]
fn records_with_one_flaw_are_put_aside_though_nothing_else_is_sent() {
    let hotel = hotel();
    hotel.require(Kind::Contact, "BIRTHDATE");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 1 PORTAL_REFUSED", "guest 2 PORTAL_REFUSED"]);
}

#[test]
fn a_flaw_of_a_batchs_last_records_is_theirs() {
    let hotel = Hotel::running();
    hotel.require(Kind::Contact, "BIRTHDATE");
    hotel.guest(2, "birth_date = '1990-01-01'");
    hotel.guest(3, "");
    hotel.guest(4, "");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 3 PORTAL_REFUSED", "guest 4 PORTAL_REFUSED"]);
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
            Some(Fault::Answer {
                status: 200,
                body: same_replies(exchange, "result_error", &leaked),
            })
        });
        hotel.exits(1, "sync");
        assert_eq!(hotel.issues("failures"), ["guest 2 PORTAL_REFUSED"], "{code}");
        assert_eq!(hotel.portal().count(Kind::Contact), 3);
    }
}

/// A card is deleted by somebody just before it is tried.
#[test]
fn a_trial_that_fails_for_a_reason_of_its_own_puts_nobody_aside() {
    let hotel = hotel();
    hotel.company(1, "");
    hotel.sync();
    hotel.portal().settings.full_disk = true;
    (1..=2).for_each(|id| hotel.booking(id, "comment = 'x'"));
    let mut once = Some(refusal("Not found"));
    hotel.server().faults(move |exchange| {
        let gone = is_trial(exchange).then(|| once.take()).flatten()?;
        Some(Fault::Answer { status: 200, body: same_replies(exchange, "result_error", &gone) })
    });
    hotel.exits(4, "sync");
    assert_eq!(hotel.issues("failures"), [""; 0]);
    hotel.server().faults(|_| None);
    hotel.portal().settings.full_disk = false;
    hotel.sync();
    hotel.runs_idle();
}

#[test]
fn a_role_that_may_not_change_a_kind_says_nothing_of_a_full_disk() {
    for kind in ["company", "contact"] {
        let hotel = hotel();
        hotel.company(1, "");
        hotel.sync();
        hotel.portal().settings.full_disk = true;
        hotel.portal().settings.denied.insert(format!("crm.{kind}.update"));
        (1..=2).for_each(|id| hotel.booking(id, "comment = 'x'"));
        hotel.exits(4, "sync");
        assert_eq!(hotel.issues("failures"), [""; 0], "{kind}");
    }
}

#[test]
fn a_role_that_may_change_no_people_refuses_these_and_not_everything() {
    let hotel = hotel();
    (1..=2).for_each(|id| hotel.company(id, ""));
    hotel.sync();
    for kind in ["company", "contact"] {
        hotel.portal().settings.denied.insert(format!("crm.{kind}.update"));
    }
    (1..=2).for_each(|id| hotel.company(id, "comment = 'x'"));
    hotel.guest(1, "comment = 'x'");
    hotel.exits(1, "sync");
    let denied = ["guest 1 ACCESS_DENIED", "company 1 ACCESS_DENIED", "company 2 ACCESS_DENIED"];
    assert_eq!(hotel.issues("failures"), denied);
}

/// Guest 1 and company 1 have cards that the portal does not save, and change in Ecvi.
fn two_cards_that_cannot_be_saved() -> Hotel {
    let hotel = Hotel::running();
    hotel.company(1, "");
    hotel.sync();
    let cards = [(Kind::Contact, hotel.contact(1).id), (Kind::Company, hotel.crm_company(1).id)];
    for (kind, card) in cards {
        hotel.portal().add_unchecked_row(kind, card, "EMAIL", "нет адреса");
    }
    hotel.guest(1, "comment = 'x'");
    hotel.company(1, "comment = 'x'");
    hotel
}

const UNSAVABLE: [&str; 2] = ["guest 1 BAD_CONTACT_IN_CRM", "company 1 BAD_CONTACT_IN_CRM"];

#[test]
fn cards_of_two_kinds_that_cannot_be_saved_are_no_refusal_of_everything() {
    let hotel = two_cards_that_cannot_be_saved();
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), UNSAVABLE);
}

#[test]
fn nor_are_they_where_the_portal_has_no_other_card_of_ours() {
    let hotel = two_cards_that_cannot_be_saved();
    let deal = hotel.deal(1).id;
    hotel.portal().delete(Kind::Deal, deal);
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), UNSAVABLE);
}

#[test]
fn a_full_disk_puts_no_such_card_aside() {
    let hotel = two_cards_that_cannot_be_saved();
    let deal = hotel.deal(1).id;
    hotel.portal().settings.full_disk = true;
    for _ in 0..2 {
        hotel.exits(4, "sync");
        assert_eq!(hotel.issues("failures"), [""; 0]);
        hotel.portal().delete(Kind::Deal, deal);
    }
}

#[test]
fn a_field_that_two_kinds_have_to_fill_is_no_refusal_of_everything() {
    let hotel = hotel();
    hotel.company(1, "");
    hotel.sync();
    for kind in [Kind::Contact, Kind::Company] {
        hotel.require(kind, "ADDRESS_CITY");
    }
    (1..=2).for_each(|id| hotel.guest(id, "comment = 'x'"));
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 1 PORTAL_REFUSED", "guest 2 PORTAL_REFUSED"]);
}

#[test]
fn a_method_that_the_portal_dropped_stops_everything_and_puts_nobody_aside() {
    let hotel = hotel();
    let missing =
        json!({"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"});
    hotel.answers_each("crm.contact.update", "result_error", missing);
    let said = hotel.exits(4, "sync");
    assert!(said.err.contains("обновите ecvi-b24"), "{}", said.err);
    assert_eq!(hotel.issues("failures"), [""; 0]);
}

#[test]
fn an_unknown_code_with_401_or_403_is_a_refusal_in_sync_as_in_check() {
    for status in [401, 403] {
        let hotel = hotel();
        let body = r#"{"error": "SOMETHING_NEW", "error_description": "No"}"#;
        hotel.server().faults(move |_| Some(Fault::Answer { status, body: body.to_owned() }));
        for command in ["sync", "check"] {
            let said = hotel.exits(4, command);
            assert!(
                format!("{}{}", said.out, said.err).contains("Маркет"),
                "{command}: {}",
                said.out
            );
        }
        assert_eq!(hotel.issues("failures"), [""; 0]);
    }
}

#[test]
fn a_deal_that_people_took_our_mark_from_is_not_sent_to_see_what_the_portal_accepts() {
    let hotel = Hotel::running();
    let deal = hotel.deal(1).id;
    hotel.guest(1, "birth_date = '1990-01-01'");
    hotel.sync();
    hotel.edit(Kind::Deal, deal, json!({"ORIGINATOR_ID": "", "ORIGIN_ID": ""}));
    hotel.require(Kind::Contact, "BIRTHDATE");
    (2..=3).for_each(|id| hotel.guest(id, ""));
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 2 PORTAL_REFUSED", "guest 3 PORTAL_REFUSED"]);
    assert_eq!(hotel.portal().get(Kind::Deal, deal).unwrap().text("ORIGINATOR_ID"), "");
}
