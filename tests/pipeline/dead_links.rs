//! Cards that people merge or delete while deals are on their way to them.

use std::sync::Arc;

use bitrix24_sandbox::{Kind, Portal, Record};
use chrono::Utc;
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::sync::options::{RunKind, RunOptions};

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
fn once_before_the_deals(hotel: &Hotel, method: &'static str, deed: fn(&mut Portal)) {
    let mut is_done = false;
    hotel.server().people(move |call, portal| {
        if !is_done && call.calls(method) {
            is_done = true;
            deed(portal);
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

#[test]
fn a_card_that_goes_between_the_people_and_the_deals_of_an_export_leaves_no_deal_on_a_dead_id() {
    for deed in [merge, delete] {
        let hotel = hotel();
        once_before_the_deals(&hotel, "crm.item.import", deed);
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
    for deed in [merge, delete] {
        let hotel = hotel();
        hotel.export();
        once_before_the_deals(&hotel, "crm.deal.update", deed);
        (1..=6).for_each(|id| hotel.booking(id, "comment = 'x'"));
        (0..3).for_each(|_| drop(hotel.sync()));
        assert_eq!(dead_links(&hotel), [0; 0]);
        assert!(hotel.portal().records(Kind::Deal).all(|deal| deal.link_ids().len() == 1));
        hotel.runs_idle();
    }
}
