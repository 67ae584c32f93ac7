//! The messenger: notices to users of the portal (facts, section 15).

use crate::answer::{Outcome, Refusal, ok};
use crate::php::Php;
use crate::portal::Portal;

/// A notice that a user got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The user.
    pub user: u64,
    /// Its text.
    pub message: String,
}

/// The handler of a method of the messenger.
pub(crate) fn find(method: &str) -> Option<fn(&mut Portal, &Php) -> Outcome> {
    Some(match method {
        "im.notify.system.add" => notify,
        "im.user.get" => user_get,
        _ => return None,
    })
}

/// A user who does not exist gets nothing, and the answer is `false`.
fn notify(portal: &mut Portal, params: &Php) -> Outcome {
    let user = params.argument("USER_ID").text().parse().unwrap_or(0);
    let message = params.argument("MESSAGE").text().trim().to_owned();
    if user == 0 {
        return Err(Refusal::new(400, "USER_ID_EMPTY", "User ID can't be empty"));
    }
    if message.is_empty() {
        return Err(Refusal::new(400, "MESSAGE_EMPTY", "Message can't be empty"));
    }
    if is_active(portal, user).is_none() {
        return ok(false);
    }
    portal.notices.push(Notice { user, message });
    ok(portal.notices.len() as i64)
}

fn user_get(portal: &mut Portal, params: &Php) -> Outcome {
    let user = params.argument("ID").text().parse().unwrap_or(portal.settings.user.id);
    match is_active(portal, user) {
        Some(active) => {
            ok(Php::map([("id", Php::Int(user.cast_signed())), ("active", Php::Bool(active))]))
        }
        None => Err(Refusal::new(400, "USER_NOT_EXISTS", "User does not exist")),
    }
}

/// Whether the user may still log in; none where there is no such user.
fn is_active(portal: &Portal, user: u64) -> Option<bool> {
    let settings = &portal.settings;
    if user == settings.user.id {
        return Some(settings.user.active);
    }
    settings.colleagues.get(&user).copied()
}
