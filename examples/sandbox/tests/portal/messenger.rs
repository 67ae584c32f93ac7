//! The messenger: notices to users.

use bitrix24_sandbox::Notice;
use serde_json::{Value, json};

use crate::Desk;

fn notice(user: u64, message: &str) -> Value {
    json!({"USER_ID": user, "MESSAGE": message})
}

/// Facts, section 15.
#[test]
fn a_notice_needs_its_scope_and_reaches_users_who_exist() {
    let mut desk = Desk::new();
    let method = "im.notify.system.add";
    assert_eq!(desk.refused(method, notice(1, "x")), (401, "insufficient_scope".to_owned()));
    desk.portal.settings.scopes.push("im".to_owned());
    desk.portal.settings.colleagues.insert(12, true);
    assert!(desk.ok(method, notice(12, "  Внимание!  ")).is_u64());
    assert_eq!(desk.ok(method, notice(99, "x")), false);
    assert_eq!(desk.refused(method, notice(0, "x")), (400, "USER_ID_EMPTY".to_owned()));
    assert_eq!(desk.refused(method, notice(12, " ")), (400, "MESSAGE_EMPTY".to_owned()));
    assert_eq!(desk.portal.notices, [Notice { user: 12, message: "Внимание!".to_owned() }]);
}

/// Facts, section 15.
#[test]
fn a_dismissed_user_is_known_and_not_active() {
    let mut desk = Desk::new();
    desk.portal.settings.scopes.push("im".to_owned());
    desk.portal.settings.colleagues.insert(12, false);
    assert_eq!(desk.ok("im.user.get", json!({"ID": 12}))["active"], false);
    assert_eq!(desk.ok("im.user.get", json!({"ID": 1}))["active"], true);
    assert_eq!(desk.refused("im.user.get", json!({"ID": 99})), (400, "USER_NOT_EXISTS".to_owned()));
}
