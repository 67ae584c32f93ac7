//! The webhook's secret never shows, personal data not at the default level.

use bitrix24_sandbox::{Condition, Kind};

use crate::hotel::Hotel;

/// A part of the address that nobody may see.
const SECRET: &str = "/sandbox";

/// A run with a failure, a warning and a lost portal, at some level of detail.
fn logs(options: &str) -> String {
    let hotel = Hotel::new();
    assert!(hotel.server().webhook().contains(SECRET));
    hotel.require(Kind::Contact, "BIRTHDATE");
    hotel.guest(1, "last_name = 'Приходько', phone = '+79010000001', email = 'нет почты'");
    hotel.guest(
        2,
        "last_name = 'Белова', birth_date = '1990-01-01', email = 'belova@@x', phone = '+79010000002'",
    );
    hotel.company(1, "name = 'Ромашка'");
    let mut logs = hotel.exits(1, &format!("{options} initial-export")).err;
    for condition in [
        Condition::Revoked,
        Condition::Maintenance(502),
        Condition::Moved("https://n.bitrix24.ru".into()),
    ] {
        hotel.company(1, "comment = 'x'");
        hotel.portal().settings.condition = condition.clone();
        let code = if condition == Condition::Maintenance(502) { 5 } else { 4 };
        logs += &hotel.exits(code, &format!("{options} sync")).err;
    }
    logs += &hotel.says("config show");
    logs
}

#[test]
fn names_phones_and_emails_are_not_logged_at_the_default_level() {
    let logs = logs("");
    for personal in ["Приходько", "Белова", "Ромашка", "9010000001", "belova", "нет почты"]
    {
        assert!(!logs.contains(personal), "{personal}: {logs}");
    }
}

#[test]
fn the_state_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(Hotel::running().path("state.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_secret_shows_at_no_level() {
    for options in ["", "-v", "-vv", "-vvv"] {
        let logs = logs(options);
        assert!(!logs.contains(SECRET), "{options}: {logs}");
    }
}
