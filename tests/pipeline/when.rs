//! When a record goes, and when it does not.

use std::time::Duration;

use bitrix24_sandbox::Kind;
use chrono::Utc;
use ecvi_b24::domain::record::Kind as RecordKind;
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use serde_json::json;

use crate::hotel::{Hotel, fields};

#[test]
fn a_new_record_is_created_and_a_changed_one_is_updated() {
    let hotel = Hotel::running();
    hotel.guest(2, "");
    hotel.company(1, "");
    hotel.booking(2, "guest_id = 2");
    assert_eq!(hotel.sync(), "sync: создано: гости 1, компании 1, заявки 1\n");
    hotel.guest(2, "comment = 'x'");
    hotel.company(1, "comment = 'x'");
    hotel.booking(2, "comment = 'x'");
    assert_eq!(hotel.sync(), "sync: изменено: гости 1, компании 1, заявки 1\n");
}

#[test]
fn an_older_modified_at_is_a_change_too() {
    let hotel = Hotel::running();
    hotel.sql("UPDATE guests SET comment = 'из копии', modified_at = '1999-01-01'");
    hotel.sync();
    assert_eq!(hotel.contact(1).text("COMMENTS"), "из копии");
}

#[test]
fn an_idle_run_costs_no_request_and_says_nothing() {
    let hotel = Hotel::running();
    let requests = hotel.requests(|hotel| assert_eq!(hotel.sync(), ""));
    assert_eq!(requests, 0);
}

#[test]
fn all_fields_go_at_once_and_overwrite_what_people_changed() {
    let hotel = Hotel::running();
    hotel.guest(2, "");
    hotel.sync();
    let (deal, stranger) = (hotel.deal(1).id, hotel.contact(2).id);
    let by_hand = json!({"TITLE": "Наша сделка", "OPPORTUNITY": "1", "STAGE_ID": "LOSE", "CONTACT_IDS": [stranger]});
    hotel.edit(Kind::Deal, deal, by_hand);
    hotel.booking(1, "comment = 'x'");
    hotel.sync();
    let shown = fields(&hotel.deal(1), ["OPPORTUNITY", "STAGE_ID", "COMMENTS", "CLOSEDATE"]);
    assert_eq!(shown, ["0.00", "EXECUTING", "x", "2026-12-05"]);
    assert!(hotel.deal(1).text("TITLE").starts_with("Заявка №3682 (Приходько)"));
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
}

#[test]
fn what_people_change_is_left_alone_until_the_record_changes() {
    let hotel = Hotel::running();
    hotel.edit(Kind::Deal, hotel.deal(1).id, json!({"TITLE": "Наша сделка"}));
    hotel.runs_idle();
    assert_eq!(hotel.deal(1).text("TITLE"), "Наша сделка");
}

#[test]
fn a_booking_goes_again_when_who_stays_in_it_changed() {
    let hotel = Hotel::running();
    hotel.guest(2, "");
    hotel.stay(1, &[1, 2]);
    hotel.sync();
    assert_eq!(hotel.deal(1).link_ids(), [1, 2].map(|guest| hotel.contact(guest).id));
    hotel.stay(1, &[2]);
    assert_eq!(hotel.sync(), "sync: изменено: заявки 1\n");
    hotel.stay(1, &[]);
    hotel.sql("INSERT INTO booking_guests (booking_id, guest_id) VALUES (99, 1)");
    hotel.sync();
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(1).id]);
}

#[test]
fn a_booking_goes_again_when_its_companies_changed() {
    let hotel = Hotel::running();
    hotel.company(1, "");
    hotel.sql("UPDATE bookings SET payer_company_id = 1");
    hotel.sync();
    assert_eq!(hotel.deal(1).text("COMPANY_ID"), hotel.crm_company(1).id.to_string());
}

#[test]
fn a_booking_goes_again_when_its_guest_has_another_last_name_and_only_then() {
    let hotel = Hotel::running();
    hotel.guest(1, "first_name = 'Ольга'");
    assert_eq!(hotel.sync(), "sync: изменено: гости 1\n");
    hotel.guest(1, "last_name = 'Лебедева'");
    assert_eq!(hotel.sync(), "sync: изменено: гости 1, заявки 1\n");
    assert!(hotel.deal(1).text("TITLE").starts_with("Заявка №3682 (Лебедева) "));
    assert_eq!(hotel.status()["records"]["booking"]["pending"], 0);
    assert!(hotel.says("sync --dry-run").contains("Делать нечего"));
    hotel.runs_idle();
}

#[test]
fn the_last_name_of_a_companion_changes_no_title() {
    let hotel = Hotel::running();
    hotel.guest(2, "");
    hotel.stay(1, &[1, 2]);
    hotel.sync();
    hotel.guest(2, "last_name = 'Лебедева'");
    assert_eq!(hotel.sync(), "sync: изменено: гости 1\n");
}

#[test]
fn a_booking_goes_again_when_its_guest_or_company_got_another_crm_id() {
    let hotel = Hotel::running();
    hotel.company(1, "");
    hotel.booking(1, "company_id = 1");
    hotel.sync();
    let contact = hotel.by_hand(Kind::Contact, json!({"LAST_NAME": "Приходько"}));
    let company = hotel.by_hand(Kind::Company, json!({"TITLE": "Ромашка"}));
    hotel.says(&format!("reset-id guest 1 --crm-id {contact} --yes"));
    hotel.says(&format!("reset-id company 1 --crm-id {company} --yes"));
    hotel.sync();
    assert_eq!(hotel.deal(1).link_ids(), [contact]);
    assert_eq!(hotel.deal(1).text("COMPANY_ID"), company.to_string());
}

#[test]
fn a_second_change_within_the_same_second_is_seen() {
    let hotel = Hotel::running();
    hotel.booking(1, "amount = '100'");
    hotel.sync();
    hotel.sql("UPDATE bookings SET amount = '200'");
    assert_eq!(hotel.sync(), "sync: изменено: заявки 1\n");
    assert_eq!(hotel.deal(1).text("OPPORTUNITY"), "200.00");
    hotel.runs_idle();
}

#[test]
fn a_mapped_column_counts_as_content_within_the_same_second() {
    let hotel = Hotel::new();
    hotel.sql("ALTER TABLE bookings ADD COLUMN source TEXT");
    hotel.configure("deal.fields.SOURCE_DESCRIPTION = 'source'");
    hotel.booking(1, "source = 'сайт'");
    hotel.export();
    assert_eq!(hotel.deal(1).text("SOURCE_DESCRIPTION"), "сайт");
    hotel.sql("UPDATE bookings SET source = 'звонок'");
    hotel.sync();
    assert_eq!(hotel.deal(1).text("SOURCE_DESCRIPTION"), "звонок");
}

#[test]
fn a_guest_whose_row_comes_after_the_booking_completes_the_deal() {
    let hotel = Hotel::running();
    hotel.booking(2, "guest_id = 2, company_id = 1");
    hotel.sync();
    assert_eq!(hotel.deal(2).link_ids(), [0; 0]);
    hotel.guest(2, "last_name = 'Белова'");
    hotel.company(1, "");
    assert_eq!(hotel.sync(), "sync: создано: гости 1, компании 1; изменено: заявки 1\n");
    assert_eq!(hotel.deal(2).link_ids(), [hotel.contact(2).id]);
    assert!(hotel.deal(2).text("TITLE").contains("(Белова)"));
    assert_eq!(hotel.deal(2).text("COMPANY_ID"), hotel.crm_company(1).id.to_string());
}

#[test]
fn a_guest_who_is_gone_stays_in_the_crm_and_leaves_the_deal() {
    let hotel = Hotel::running();
    hotel.guest(2, "last_name = 'Белова'");
    hotel.booking(1, "guest_id = 2");
    hotel.sync();
    hotel.sql("DELETE FROM guests WHERE id = 2");
    assert_eq!(hotel.sync(), "sync: изменено: заявки 1\n");
    assert_eq!(hotel.deal(1).link_ids(), [0; 0]);
    assert_eq!(hotel.contact(2).text("LAST_NAME"), "Белова");
    hotel.guest(2, "last_name = 'Белова'");
    assert_eq!(hotel.sync(), "sync: изменено: гости 1, заявки 1\n");
    assert_eq!(hotel.deal(1).link_ids(), [hotel.contact(2).id]);
}

#[test]
fn guests_and_companies_go_before_the_bookings_that_need_them() {
    let hotel = Hotel::running();
    hotel.portal().record_calls(true);
    hotel.booking(2, "guest_id = 2, company_id = 1");
    hotel.guest(2, "");
    hotel.company(1, "");
    hotel.sync();
    let portal = hotel.portal();
    let added: Vec<&str> = portal
        .calls()
        .iter()
        .map(|call| call.method.as_str())
        .filter(|name| name.split('.').next_back() == Some("add"))
        .collect();
    assert_eq!(added, ["crm.company.add", "crm.contact.add", "crm.deal.add"]);
}

/// Else a change of the configuration would keep today's bookings waiting for hours.
#[test]
fn what_is_new_goes_before_what_is_only_sent_again() {
    let hotel = Hotel::running();
    hotel.guest(2, "");
    hotel.sync();
    hotel.guest(3, "last_name = 'Новый'");
    hotel.booking(3, "guest_id = 3");
    hotel.portal().record_calls(true);
    // It does not get to anything; the next one goes on with it.
    hotel.exits(5, "sync --full --time-limit 0s");
    hotel.sync();
    let portal = hotel.portal();
    let place =
        |method: &str| portal.calls().iter().position(|call| call.method == method).unwrap();
    assert!(place("crm.deal.add") < place("crm.contact.update"));
}

#[test]
fn a_cancellation_does_not_wait_for_guests_who_change_with_every_run() {
    let hotel = Hotel::running();
    hotel.configure("portal.batch_size = 5");
    (2..=80).for_each(|id| hotel.guest(id, ""));
    hotel.sync();
    for round in 1..=3 {
        hotel.sql(&format!("UPDATE guests SET comment = '{round}', modified_at = 'z{round}'"));
        let status = ["cancelled", "confirmed"][round % 2];
        hotel.booking(1, &format!("status = '{status}'"));
        // A run of two minutes at a portal that takes ten seconds a request.
        let clock = Clock::virtual_at(Utc::now());
        let options = RunOptions {
            time_limit: Some(Duration::from_secs(120)),
            ..RunOptions::new(RunKind::Sync)
        };
        let ended = hotel.run_disturbed(
            |_| clock.sleep(Duration::from_secs(10)),
            &options,
            &clock,
            &mut (),
        );
        assert_eq!(ended.outcome, Outcome::Interrupted);
        assert!((1..80).contains(&ended.counts.updated[RecordKind::Guest]), "{:?}", ended.counts);
        let stage = if status == "cancelled" { "LOSE" } else { "EXECUTING" };
        assert_eq!(hotel.deal(1).text("STAGE_ID"), stage);
    }
}

#[test]
fn a_deal_that_went_before_its_guest_is_looked_at_again() {
    let hotel = Hotel::running();
    hotel.configure("portal.batch_size = 5");
    (2..=50).for_each(|id| hotel.guest(id, ""));
    // Those who stay are sent before it: so many take more than half of the time.
    hotel.booking(1, "guest_id = 50");
    hotel.stay(1, &(1..=50).collect::<Vec<u32>>());
    hotel.sync();
    hotel.sql("UPDATE guests SET comment = 'x', modified_at = 'z'");
    hotel.sql("UPDATE guests SET last_name = 'Новикова' WHERE id = 50");
    hotel.booking(1, "comment = 'x'");
    let clock = Clock::virtual_at(Utc::now());
    let options =
        RunOptions { time_limit: Some(Duration::from_secs(300)), ..RunOptions::new(RunKind::Sync) };
    let ended =
        hotel.run_disturbed(|_| clock.sleep(Duration::from_secs(10)), &options, &clock, &mut ());
    assert_eq!((ended.outcome, ended.counts.updated), (Outcome::Ok, [50, 0, 1].into()));
    assert!(!hotel.deal(1).text("TITLE").contains("Новикова"), "it went before its guest");
    hotel.sync();
    assert!(hotel.deal(1).text("TITLE").contains("Новикова"));
    hotel.runs_idle();
}
