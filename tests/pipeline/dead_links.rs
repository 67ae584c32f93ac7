//! Cards that people merge or delete while deals are on their way to them.

use std::sync::Arc;

use bitrix24_sandbox::{Fault, Harm, Kind, Portal, Record, Spoiled};
use chrono::Utc;
use ecvi_b24::domain::per_kind::PerKind;
use ecvi_b24::domain::record::Kind as RecordKind;
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::portal::client::Client;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use ecvi_b24::sync::push::ProgressObserver;
use ecvi_b24::sync::run_report::RunReport;
use serde_json::json;

use crate::hotel::Hotel;

/// Guests and companies 1 to 6, and a booking of each.
fn hotel() -> Hotel {
    let hotel = Hotel::new();
    for id in 1..=6 {
        hotel.guest(id, &format!("last_name = 'Гость{id}', phone = '+7900000000{id}'"));
        hotel.company(id, &format!("name = 'Фирма{id}'"));
        hotel.booking(id, &format!("guest_id = {id}, company_id = {id}"));
    }
    hotel
}

fn dead_links(hotel: &Hotel) -> Vec<u64> {
    let portal = hotel.portal();
    let is_dead = |id: &u64| portal.get(Kind::Contact, *id).is_none();
    let mut dead: Vec<u64> =
        portal.records(Kind::Deal).flat_map(Record::link_ids).filter(is_dead).collect();
    let companies =
        portal.records(Kind::Deal).filter_map(|deal| deal.text("COMPANY_ID").parse::<u64>().ok());
    dead.extend(companies.filter(|id| *id > 0 && portal.get(Kind::Company, *id).is_none()));
    dead
}

/// People do this once, right before the deals are sent.
fn once_before_the_deals(hotel: &Hotel, method: &'static str, change: fn(&mut Portal)) {
    let mut is_done = false;
    hotel.server().people(move |call, portal| {
        if !is_done && call.calls(method) {
            is_done = true;
            change(portal);
        }
    });
}

fn merge(portal: &mut Portal) {
    for (keep, lost) in [(1, 4), (2, 5)] {
        assert!(portal.merge(Kind::Contact, keep, lost, Utc::now()));
        assert!(portal.merge(Kind::Company, keep, lost, Utc::now()));
    }
}

fn delete(portal: &mut Portal) {
    assert!(portal.delete(Kind::Contact, 3) && portal.delete(Kind::Company, 6));
}

fn delete_a_contact(portal: &mut Portal) {
    assert!(portal.delete(Kind::Contact, 3));
}

#[test]
fn a_card_that_goes_between_the_people_and_the_deals_of_an_export_leaves_no_deal_on_a_dead_id() {
    for change in [merge, delete, delete_a_contact] {
        let hotel = hotel();
        once_before_the_deals(&hotel, "crm.item.import", change);
        let options = RunOptions::new(RunKind::InitialExport);
        let ended = hotel.run_observed(&options, &Clock::system(Arc::default()), &mut ());
        assert_eq!(ended.outcome, Outcome::Ok, "{ended:?}");
        assert_eq!(dead_links(&hotel), [0; 0]);
        hotel.sync();
        assert_eq!(dead_links(&hotel), [0; 0]);
        assert!(hotel.portal().records(Kind::Deal).all(|deal| deal.link_ids().len() == 1));
    }
}

#[test]
fn nor_does_one_that_goes_in_the_midst_of_a_run_of_cron() {
    for change in [merge, delete] {
        let hotel = hotel();
        hotel.export();
        once_before_the_deals(&hotel, "crm.deal.update", change);
        (1..=6).for_each(|id| hotel.booking(id, "comment = 'x'"));
        (0..3).for_each(|_| drop(hotel.sync()));
        assert_eq!(dead_links(&hotel), [0; 0]);
        assert!(hotel.portal().records(Kind::Deal).all(|deal| deal.link_ids().len() == 1));
        hotel.runs_idle();
    }
}

/// The cards of its deals are looked at by whoever comes next.
#[test]
fn nor_does_one_that_goes_in_a_run_that_ends_before_it_looks_back() {
    let hotel = hotel();
    hotel.export();
    once_before_the_deals(&hotel, "crm.deal.update", delete);
    let mut is_sent = false;
    hotel.server().faults(move |call| {
        let ends = is_sent;
        is_sent |= call.calls("crm.deal.update");
        ends.then(|| Fault::status(401, "expired_token"))
    });
    (1..=6).for_each(|id| hotel.booking(id, "comment = 'x'"));
    hotel.exits(4, "sync");
    assert_eq!(dead_links(&hotel).len(), 2);
    hotel.server().faults(|_| None);
    hotel.booking(7, "");
    (0..2).for_each(|_| drop(hotel.sync()));
    assert_eq!(dead_links(&hotel), [0; 0]);
    hotel.runs_idle();
}

/// People work while the export is about to send.
struct AtWork<F>(F);

impl<F: FnMut()> ProgressObserver for AtWork<F> {
    fn on_planned(&mut self, _: PerKind<u64>) {
        self.0();
    }
    fn on_batch_done(&mut self, _: RecordKind, _: u64, _: &Client<'_>) {}
}

fn export_while(hotel: &Hotel, change: impl FnMut()) -> RunReport {
    let options = RunOptions::new(RunKind::InitialExport);
    hotel.run_observed(&options, &Clock::system(Arc::default()), &mut AtWork(change))
}

#[test]
fn a_known_card_that_goes_after_the_inventory_is_made_anew_by_the_same_export() {
    let hotel = hotel();
    hotel.export();
    let ended = export_while(&hotel, || delete(&mut hotel.portal()));
    assert_eq!(ended.outcome, Outcome::Ok, "{ended:?}");
    assert_eq!(
        (hotel.objects(Kind::Contact, &3).len(), hotel.objects(Kind::Company, &6).len()),
        (1, 1)
    );
    hotel.sync();
    assert_eq!(dead_links(&hotel), [0; 0]);
    hotel.runs_idle();
}

#[test]
fn a_card_that_another_program_marks_after_the_inventory_is_not_written_to() {
    let hotel = hotel();
    hotel.export();
    hotel.lose_state();
    (1..=6).for_each(|id| hotel.guest(id, "comment = 'x'"));
    let card = hotel.contact(2).id;
    let mark = json!({"ORIGINATOR_ID": "1C", "ORIGIN_ID": "5"});
    let ended = export_while(&hotel, || hotel.edit(Kind::Contact, card, mark.clone()));
    assert_eq!(ended.outcome, Outcome::Ok, "{ended:?}");
    // Its deal waits for the guest, who comes with the next run.
    assert_eq!(hotel.issues("warnings"), [""; 0]);
    hotel.sync();
    let theirs = hotel.portal().get(Kind::Contact, card).unwrap().clone();
    assert_eq!((theirs.text("ORIGIN_ID"), theirs.text("COMMENTS")), ("5", ""));
    assert_eq!(hotel.deal(2).link_ids(), [hotel.contact(2).id]);
    hotel.runs_idle();
}

/// What the inventory could not read is asked for once more before anything is made.
#[test]
fn a_card_that_can_be_read_again_after_the_inventory_is_not_made_twice() {
    let hotel = hotel();
    hotel.export();
    hotel.lose_state();
    let card = hotel.contact(2).id;
    hotel.portal().settings.spoiled.insert((Kind::Contact, card), Spoiled::Everywhere(Harm::Empty));
    let ended = export_while(&hotel, || hotel.portal().settings.spoiled.clear());
    assert_eq!(ended.outcome, Outcome::Ok, "{ended:?}");
    assert_eq!((hotel.contact(2).id, hotel.portal().count(Kind::Contact)), (card, 6));
}
