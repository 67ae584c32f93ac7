//! The messenger: notices to users of the portal (facts, section 15).

use crate::answer::{Outcome, Refusal, ok};
use crate::php::Php;
use crate::portal::Portal;

/// A notice that a user got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whom it was sent to.
    pub user: u64,
    /// Its text, without blanks around it.
    pub message: String,
}

/// A user who does not exist gets nothing, and the answer is `false`.
pub(crate) fn add_notice(portal: &mut Portal, params: &Php) -> Outcome {
    let user = params.argument("USER_ID").text().parse().unwrap_or(0);
    let message = params.argument("MESSAGE").text().trim().to_owned();
    if user == 0 {
        return Err(Refusal::new(400, "USER_ID_EMPTY", "User ID can't be empty"));
    }
    if message.is_empty() {
        return Err(Refusal::new(400, "MESSAGE_EMPTY", "Message can't be empty"));
    }
    if portal.settings.is_active(user).is_none() {
        return ok(false);
    }
    portal.notices.push(Notice { user, message });
    ok(portal.notices.len() as i64)
}

pub(crate) fn get_user(portal: &mut Portal, params: &Php) -> Outcome {
    let user = params.argument("ID").text().parse().unwrap_or(portal.settings.user.id);
    let Some(is_active) = portal.settings.is_active(user) else {
        return Err(Refusal::new(400, "USER_NOT_EXISTS", "User does not exist"));
    };
    ok(Php::map([("id", Php::from(user)), ("active", Php::Bool(is_active))]))
}
