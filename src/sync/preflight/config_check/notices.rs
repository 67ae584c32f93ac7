//! Notices that the portal sends to a responsible user: one for each card that somebody else's
//! webhook makes, and an initial export makes thousands (docs/bitrix24.md, Import).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::config::Config;
use crate::domain::messages::{Message, SettingMessage};
use crate::portal::client::Client;
use crate::portal::object_id;
use crate::sync::preflight::config_check::queries::users;

/// A responsible user who will be sent notices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notified {
    /// Where the configuration names the user: `[contact] assigned_by_id, [deal] assigned_by_id`.
    pub keys: String,
    /// The responsible user's number.
    pub user: u64,
    /// The webhook's user, who makes the cards.
    pub own: u64,
}

/// The responsible users of the configuration who are not the webhook's own, of whom `profile`
/// tells.
pub fn notified(config: &Config, profile: &Value) -> Vec<Notified> {
    let own = profile.get("ID").and_then(object_id).and_then(|id| u64::try_from(id).ok());
    let Some(own) = own else { return Vec::new() };
    let mut keys: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for (key, user) in users(config).filter(|(_, user)| *user != own) {
        keys.entry(user).or_default().push(key);
    }
    keys.into_iter().map(|(user, keys)| Notified { keys: keys.join(", "), user, own }).collect()
}

/// Asks whose the webhook is, where the configuration names somebody. A portal that does not say
/// has said so to `check`.
pub fn ask_notified(config: &Config, client: &mut Client<'_>) -> Vec<Notified> {
    if users(config).next().is_none() {
        return Vec::new();
    }
    client
        .read("profile", &json!({}))
        .map(|answer| notified(config, &answer.result))
        .unwrap_or_default()
}

impl Notified {
    /// Says that notices will be sent, and to whom.
    pub fn detail(&self) -> Message {
        let Notified { keys, user, own } = self.clone();
        SettingMessage::NoticesSent { keys, user, own }.into()
    }

    /// Says how to avoid the notices.
    pub fn remedy(&self) -> Message {
        SettingMessage::AvoidNotices { user: self.user }.into()
    }
}
