//! An initial export on a terminal: the bar, what it waits for, and Ctrl-C.

use std::fs;

use crate::env::TestEnv;
use crate::pty::Terminal;

/// An initial export of this hotel, on a terminal of the usual eighty columns.
fn export(hotel: &TestEnv) -> Terminal {
    Terminal::start(&hotel.path(""), 80, &["initial-export"])
}

/// Twenty guests, of whom ten use up the portal's ten minutes.
fn limited() -> TestEnv {
    let hotel = TestEnv::new("");
    hotel.sql(
        "INSERT INTO guests (id, last_name, modified_at) SELECT value, 'Гость', '2020' FROM json_each(
           '[2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]')",
    );
    {
        let settings = &mut hotel.server.portal().settings;
        settings.operating = Some(480.0);
        settings.costs.insert("crm.contact.add".into(), 40.0);
        settings.max_request_seconds = 1000.0;
    }
    hotel
}

#[test]
fn the_bar_tells_each_kind_the_rate_the_time_left_and_what_is_waited_for_and_ctrl_c_how_to_go_on() {
    let hotel = limited();
    let mut terminal = export(&hotel);
    terminal.shows("guests 0 of 20, companies 0 of 1, bookings 0 of 1");
    terminal.shows("guests 10 of 20, companies 1 of 1, bookings 1 of 1");
    terminal.shows(" 55%");
    terminal.shows(" a minute, about ");
    terminal.shows(": the portal limits the working time of crm.contact.add");
    let (before, _) = terminal.shown.rsplit_once(": the portal limits").unwrap();
    let until = before.rsplit_once("waiting until ").unwrap().1;
    assert!(chrono::NaiveTime::parse_from_str(until, "%H:%M:%S").is_ok(), "{until:?}");
    terminal.presses_ctrl_c();
    terminal.shows("Interrupted. What was done is saved; to go on: ecvi-b24 initial-export");
    assert_eq!(terminal.exit_code(), Some(5));
}

#[test]
fn a_portal_that_cannot_be_reached_is_told_of_with_the_time_of_the_next_attempt() {
    let hotel = TestEnv::new("");
    let webhook = hotel.server.webhook();
    let text = fs::read_to_string(hotel.path("ecvi-b24.toml")).unwrap();
    fs::write(hotel.path("ecvi-b24.toml"), text.replace(&webhook, "http://127.0.0.1:9/rest/1/x/"))
        .unwrap();
    let mut terminal = export(&hotel);
    terminal.shows("the portal cannot be reached, next attempt at ");
    terminal.presses_ctrl_c();
    terminal.shows("to go on: ecvi-b24 initial-export");
    assert_eq!(terminal.exit_code(), Some(5));
}

#[test]
fn at_its_end_a_person_is_told_the_line_for_cron() {
    let hotel = TestEnv::new("");
    let mut terminal = export(&hotel);
    terminal.then_shows("The line for cron");
    terminal.then_shows("*/3 * * * * ");
    terminal.then_shows("ecvi-b24.toml sync");
    assert_eq!(terminal.exit_code(), Some(0));
}
