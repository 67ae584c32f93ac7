//! The messenger: notices to users.

use bitrix24_sandbox::Notice;
use serde_json::{Value, json};

use crate::Client;

fn notice(user: u64, message: &str) -> Value {
    json!({"USER_ID": user, "MESSAGE": message})
}

/// Facts, section 15.
#[test]
fn a_notice_needs_its_scope_and_reaches_users_who_exist() {
    let mut client = Client::new();
    let method = "im.notify.system.add";
    assert_eq!(client.refused(method, notice(1, "x")), (401, "insufficient_scope".to_owned()));
    client.portal.settings.scopes.push("im".to_owned());
    client.portal.settings.colleagues.insert(12, true);
    assert!(client.ok(method, notice(12, "  Внимание!  ")).is_u64());
    assert_eq!(client.ok(method, notice(99, "x")), false);
    assert_eq!(client.refused(method, notice(0, "x")), (400, "USER_ID_EMPTY".to_owned()));
    assert_eq!(client.refused(method, notice(12, " ")), (400, "MESSAGE_EMPTY".to_owned()));
    assert_eq!(client.portal.notices, [Notice { user: 12, message: "Внимание!".to_owned() }]);
}

/// Facts, section 15.
#[test]
fn a_dismissed_user_is_known_and_not_active() {
    let mut client = Client::new();
    client.portal.settings.scopes.push("im".to_owned());
    client.portal.settings.colleagues.insert(12, false);
    assert_eq!(client.ok("im.user.get", json!({"ID": 12}))["active"], false);
    assert_eq!(client.ok("im.user.get", json!({"ID": 1}))["active"], true);
    assert_eq!(
        client.refused("im.user.get", json!({"ID": 99})),
        (400, "USER_NOT_EXISTS".to_owned())
    );
}
