//! Objects that vanish from the CRM: what is made anew, and what is waited for.

use bitrix24_sandbox::{Fault, Harm, Kind, Spoiled};
use ecvi_b24::domain::per_kind::PerKind;
use serde_json::json;

use crate::hotel::Hotel;

#[test]
fn a_contact_that_was_deleted_is_created_anew_and_its_deals_point_at_it() {
    let hotel = Hotel::with_two_guests();
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    hotel.sync();
    assert_ne!(hotel.contact(1).id, old);
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
    assert!(hotel.says("status guest id:1").contains("карточки нет в CRM"));
    hotel.runs_idle();
}

#[test]
fn a_deal_never_points_at_a_contact_that_is_gone() {
    let hotel = Hotel::with_two_guests();
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    hotel.booking(1, "comment = 'x'");
    hotel.sync();
    hotel.sync();
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
    assert_eq!(hotel.deal(1).text("COMMENTS"), "x");
}

#[test]
fn a_deal_waits_for_a_guest_whose_card_goes_between_two_looks() {
    let hotel = Hotel::with_two_guests();
    let older = hotel.copy_of_state();
    hotel.guest(3, "last_name = 'Новикова'");
    hotel.booking(3, "guest_id = 3");
    hotel.sync();
    // The older state knows neither of them. The first request finds the card by its origin, the
    // second looks at it.
    hotel.put_back(&older);
    let old = hotel.contact(3).id;
    let ended = hotel.sync_disturbed(|request| {
        if request == 2 {
            hotel.portal().delete(Kind::Contact, old);
        }
    });
    assert_eq!((ended.counts.created, ended.counts.updated), (PerKind::all(0), PerKind::all(0)));
    assert_eq!(hotel.status()["records"]["booking"]["waiting"], 1);
    hotel.sync();
    assert_eq!(hotel.portal().count(Kind::Deal), 3);
    assert_eq!(hotel.deal(3).link_ids(), [hotel.contact(3).id]);
    hotel.runs_idle();
}

#[test]
fn whoever_of_a_deals_people_is_gone_it_points_at_none_of_them_for_not_even_one_run() {
    for gone in [vec![Kind::Contact], vec![Kind::Company], vec![Kind::Contact, Kind::Company]] {
        let hotel = Hotel::new();
        hotel.guest(1, "");
        hotel.company(1, "");
        hotel.booking(1, "guest_id = 1, company_id = 1");
        hotel.export();
        let (contact, company) = (hotel.contact(1).id, hotel.crm_company(1).id);
        for kind in &gone {
            hotel.portal().delete(*kind, if *kind == Kind::Contact { contact } else { company });
        }
        hotel.booking(1, "comment = 'x'");
        hotel.sync();
        let deal = hotel.deal(1);
        assert!(!gone.contains(&Kind::Contact) || deal.link_ids().is_empty(), "{gone:?}: {deal:?}");
        assert!(
            !gone.contains(&Kind::Company) || matches!(deal.text("COMPANY_ID"), "" | "0"),
            "{gone:?}: {deal:?}"
        );
        hotel.sync();
        let deal = hotel.deal(1);
        assert_eq!(deal.link_ids(), [hotel.contact(1).id], "{gone:?}");
        assert_eq!(deal.text("COMPANY_ID"), hotel.crm_company(1).id.to_string(), "{gone:?}");
    }
}

#[test]
fn a_deal_that_was_deleted_is_created_anew_when_its_booking_changes() {
    let hotel = Hotel::with_two_guests();
    let old = hotel.deal(1).id;
    hotel.portal().delete(Kind::Deal, old);
    hotel.booking(1, "status = 'checked_out'");
    assert_eq!(hotel.sync(), "sync: создано: заявки 1\n");
    assert_eq!(hotel.deal(1).text("CLOSEDATE"), "2026-12-05");
}

#[test]
fn an_object_that_was_restored_under_a_new_id_is_found_by_its_origin() {
    let hotel = Hotel::with_two_guests();
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    let new = hotel.portal().restore(Kind::Contact, old).unwrap();
    hotel.guest(1, "comment = 'x'");
    hotel.sync();
    hotel.sync();
    assert_eq!(hotel.contact(1).id, new);
    assert_eq!(hotel.deal(1).link_ids(), [new]);
    assert!(hotel.says("status guest id:1").contains("найдена другая карточка"));
}

#[test]
fn where_the_hotel_wants_to_know_a_vanished_object_is_a_failure() {
    let hotel = Hotel::with_two_guests();
    hotel.configure("sync.on_missing = 'fail'");
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    hotel.guest(1, "comment = 'x'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 1 OBJECT_MISSING"]);
    assert!(hotel.objects(Kind::Contact, &1).is_empty());
    hotel.says("reset-id guest 1 --yes");
    hotel.sync();
    assert_eq!(hotel.objects(Kind::Contact, &1).len(), 1);
}

#[test]
fn where_the_hotel_wants_to_know_the_deals_of_a_vanished_contact_wait_for_it() {
    let hotel = Hotel::with_two_guests();
    hotel.configure("sync.on_missing = 'fail'");
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    hotel.booking(1, "comment = 'x'");
    hotel.sync();
    for _ in 0..2 {
        assert_eq!((hotel.deal(1).text("COMMENTS"), hotel.deal(1).link_ids()), ("", vec![]));
        hotel.exits(1, "sync --retry-failed");
    }
    hotel.says("reset-id guest 1 --yes");
    hotel.sync();
    assert_eq!(hotel.deal(1).text("COMMENTS"), "x");
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
}

#[test]
fn where_the_hotel_wants_to_know_a_guest_who_cannot_be_read_is_not_made_anew_either() {
    let hotel = Hotel::with_two_guests();
    hotel.configure("sync.on_missing = 'fail'");
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    hotel.guest(1, "birth_date = 'вчера'");
    for comment in ["x", "y"] {
        hotel.booking(1, &format!("comment = '{comment}'"));
        hotel.exits(1, "sync --retry-failed");
    }
    hotel.guest(1, "birth_date = '1990-01-01'");
    hotel.exits(1, "sync");
    assert!(hotel.objects(Kind::Contact, &1).is_empty());
    assert_eq!(hotel.issues("failures"), ["guest 1 OBJECT_MISSING"]);
}

/// Guest 1 or company 1 whom booking 1 names has lost their card, and is not to be made anew.
fn without_card(kind: Kind, named_as: &str) -> Hotel {
    let hotel = Hotel::with_two_guests();
    hotel.configure("sync.on_missing = 'fail'");
    hotel.company(1, "phone = '+73'");
    hotel.booking(1, named_as);
    hotel.stay(1, &[1, 2]);
    hotel.booking(3, "company_id = 1");
    hotel.sync();
    let card = if kind == Kind::Company { hotel.crm_company(1).id } else { hotel.contact(1).id };
    hotel.portal().delete(kind, card);
    hotel.booking(1, "comment = 'x'");
    hotel
}

#[test]
fn a_card_that_is_gone_is_not_asked_for_in_every_run_while_its_row_cannot_be_read() {
    let named = [
        (Kind::Company, "guest_id = 2, company_id = 1"),
        (Kind::Company, "guest_id = 2, payer_company_id = 1"),
        (Kind::Contact, "guest_id = 1"),
        (Kind::Contact, "guest_id = 2"),
    ];
    for (kind, named_as) in named {
        let hotel = without_card(kind, named_as);
        let table = if kind == Kind::Company { "companies" } else { "guests" };
        hotel.sql(&format!("UPDATE {table} SET modified_at = '' WHERE id = 1"));
        hotel.exits(1, "sync");
        hotel.sync();
        hotel.runs_idle();
        hotel.runs_idle();
        hotel.sql(&format!("UPDATE {table} SET modified_at = '2026-12-01' WHERE id = 1"));
        hotel.exits(1, "sync");
        assert!(hotel.issues("failures")[0].ends_with(" 1 OBJECT_MISSING"), "{named_as}");
    }
}

#[test]
fn nor_while_a_guard_waits_for_somebody_to_say_that_its_row_is_gone() {
    let hotel = without_card(Kind::Company, "company_id = 1");
    (2..=7).for_each(|id| hotel.company(id, ""));
    hotel.sync();
    hotel.sql("DELETE FROM companies WHERE id <= 4");
    hotel.booking(3, "comment = 'x'");
    hotel.exits(1, "sync");
    hotel.exits(1, "sync");
    for _ in 0..2 {
        assert_eq!(hotel.requests(|hotel| drop(hotel.exits(1, "sync"))), 0);
    }
}

#[test]
fn nor_while_the_card_that_may_have_taken_its_place_cannot_be_shown() {
    let hotel = Hotel::running();
    hotel.company(1, "");
    hotel.booking(1, "company_id = 1");
    hotel.sync();
    let old = hotel.crm_company(1).id;
    hotel.portal().delete(Kind::Company, old);
    let mark = json!({"TITLE": "Ромашка", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "1"});
    let restored = hotel.by_hand(Kind::Company, mark);
    let unreadable = Spoiled::Everywhere(Harm::WrongEncoding);
    hotel.portal().settings.spoiled.insert((Kind::Company, restored), unreadable);
    hotel.company(1, "comment = 'x'");
    hotel.booking(1, "comment = 'x'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["company 1 CARD_UNREADABLE"]);
    hotel.booking(1, "comment = 'y'");
    hotel.sync();
    hotel.sync();
    hotel.runs_idle();
    hotel.portal().settings.spoiled.clear();
    hotel.says("retry");
    hotel.sync();
    assert_eq!(hotel.deal(1).text("COMPANY_ID"), restored.to_string());
    hotel.runs_idle();
}

#[test]
fn after_reset_id_an_object_that_still_exists_is_taken_over() {
    let hotel = Hotel::with_two_guests();
    let before = hotel.contact(1).id;
    hotel.says("reset-id guest 1 --yes");
    assert_eq!(hotel.sync(), "sync: изменено: гости 1\n");
    assert_eq!(hotel.contact(1).id, before);
}

/// The company's card was found by its mark: that its update is not answered changes nothing of
/// whose it is.
#[test]
fn a_deal_keeps_its_company_when_that_is_found_again_and_its_update_not_answered() {
    let hotel = Hotel::with_two_guests();
    hotel.configure("portal.settle_time = '0s'");
    hotel.company(1, "");
    hotel.booking(1, "company_id = 1");
    hotel.sync();
    let company = hotel.deal(1).text("COMPANY_ID").to_owned();
    hotel.says("reset-id --all --yes");
    let mut lost = Some(Fault::ResetAfter);
    hotel
        .server()
        .faults(move |call| call.calls("crm.company.update").then(|| lost.take()).flatten());
    hotel.exits(5, "sync");
    assert_eq!(hotel.deal(1).text("COMPANY_ID"), company);
    hotel.sync();
    assert_eq!(hotel.deal(1).text("COMPANY_ID"), company);
    assert_eq!(hotel.portal().count(Kind::Company), 1);
}

#[test]
fn after_reset_id_of_everything_nothing_is_doubled() {
    let hotel = Hotel::with_two_guests();
    hotel.says("reset-id --all --yes");
    hotel.sync();
    hotel.sync();
    assert_eq!([Kind::Contact, Kind::Deal].map(|kind| hotel.portal().count(kind)), [2, 2]);
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
}

#[test]
fn an_object_that_has_lost_our_mark_is_neither_changed_nor_made_again_until_somebody_says_whose_it_is()
 {
    let hotel = Hotel::running();
    let erased =
        json!({"ORIGINATOR_ID": "", "ORIGIN_ID": "", "LAST_NAME": "Поставщик", "TITLE": "Банкет"});
    let (contact, deal) = (hotel.contact(1).id, hotel.deal(1).id);
    hotel.edit(Kind::Contact, contact, erased.clone());
    hotel.edit(Kind::Deal, deal, erased);
    hotel.guest(1, "comment = 'x'");
    hotel.booking(1, "comment = 'x'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["guest 1 NOT_OURS", "booking 1 NOT_OURS"]);
    assert_eq!(hotel.portal().get(Kind::Contact, contact).unwrap().text("LAST_NAME"), "Поставщик");
    assert_eq!(hotel.portal().get(Kind::Deal, deal).unwrap().text("TITLE"), "Банкет");
    hotel.says("reset-id guest 1 --yes");
    hotel.says(&format!("reset-id booking 1 --crm-id {deal} --yes"));
    hotel.sync();
    assert_ne!(hotel.contact(1).id, contact);
    assert_eq!(hotel.deal(1).id, deal);
    assert_eq!(hotel.issues("failures"), [""; 0]);
}

#[test]
fn nor_does_it_get_a_closing_date_that_is_still_owed() {
    let hotel = Hotel::running();
    hotel
        .server()
        .faults(|call| call.calls("crm.deal.update").then(|| Fault::status(401, "expired_token")));
    hotel.booking(2, "status = 'checked_out'");
    hotel.exits(4, "sync");
    hotel.server().faults(|_| None);
    let deal = hotel.deal(2).id;
    let erased = json!({"ORIGINATOR_ID": "", "ORIGIN_ID": "", "CLOSEDATE": "2030-01-01"});
    hotel.edit(Kind::Deal, deal, erased);
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["booking 2 NOT_OURS"]);
    assert_eq!(hotel.portal().get(Kind::Deal, deal).unwrap().text("CLOSEDATE"), "2030-01-01");
}

#[test]
fn a_deal_that_was_restored_under_another_id_goes_with_its_booking() {
    let hotel = Hotel::with_two_guests();
    let deal = hotel.deal(2).id;
    hotel.portal().delete(Kind::Deal, deal);
    hotel.by_hand(Kind::Deal, json!({"ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "2"}));
    hotel.remove_booking(2);
    assert_eq!(hotel.sync(), "sync: удалено: заявки 1\n");
    assert_eq!(hotel.portal().count(Kind::Deal), 1);
}

#[test]
fn also_where_it_was_missed_before() {
    let hotel = Hotel::with_two_guests();
    hotel.configure("sync.on_missing = 'fail'");
    let deal = hotel.deal(2).id;
    hotel.portal().delete(Kind::Deal, deal);
    hotel.booking(2, "comment = 'x'");
    hotel.exits(1, "sync");
    assert_eq!(hotel.issues("failures"), ["booking 2 OBJECT_MISSING"]);
    hotel.by_hand(Kind::Deal, json!({"ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "2"}));
    hotel.remove_booking(2);
    assert_eq!(hotel.sync(), "sync: удалено: заявки 1\n");
    assert_eq!(hotel.portal().count(Kind::Deal), 1);
}

#[test]
fn a_card_that_people_delete_at_the_last_moment_is_made_anew() {
    let hotel = Hotel::with_two_guests();
    let old = hotel.contact(1).id;
    hotel.server().people(move |call, portal| {
        if call.calls("crm.contact.update") {
            portal.delete(Kind::Contact, old);
        }
    });
    hotel.guest(1, "comment = 'x'");
    assert!(hotel.sync().starts_with("sync: создано: гости 1"));
    hotel.sync();
    assert_eq!(hotel.contact(1).text("COMMENTS"), "x");
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
    assert_eq!(hotel.issues("failures"), [""; 0]);
    hotel.runs_idle();
}

#[test]
fn whoever_was_let_go_of_is_made_anew_without_a_doubt() {
    let hotel = Hotel::with_two_guests();
    hotel.card("Белова", "+71");
    let old = hotel.contact(1).id;
    hotel.portal().delete(Kind::Contact, old);
    hotel.says("reset-id guest 1 --yes");
    assert_eq!(hotel.sync(), "sync: создано: гости 1; изменено: заявки 1\n");
    assert_eq!(hotel.issues("warnings"), [""; 0]);
}
