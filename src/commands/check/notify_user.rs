//! Whether the user of `[monitoring] notify_user` can be sent a message (docs/bitrix24.md, The
//! messenger).

use serde_json::{Value, json};

use super::CheckResult;
use crate::config::Config;
use crate::domain::messages::CheckMessage;
use crate::portal::CallError;
use crate::portal::client::Client;

/// Never an error: runs work without the message.
pub(super) fn check(config: &Config, client: &mut Client<'_>) -> Option<CheckResult> {
    let user = config.monitoring.notify_user?;
    let answer = client.read("im.user.get", &json!({"ID": user}));
    let (detail, remedy) = match answer {
        Ok(answer) if answer.result.get("active") == Some(&Value::Bool(false)) => {
            (CheckMessage::NotifiedUserDismissed { user }, CheckMessage::NameOtherUser)
        }
        Ok(_) => {
            return Some(CheckResult::ok("notify_user", CheckMessage::UserIsNotified { user }));
        }
        Err(error) => refused(user, &error),
    };
    Some(CheckResult::warning("notify_user", detail).with_remedy(remedy))
}

fn refused(user: u64, error: &CallError) -> (CheckMessage, CheckMessage) {
    let code = match error {
        CallError::Refused(refusal) => refusal.code.to_ascii_lowercase(),
        _ => String::new(),
    };
    match code.as_str() {
        "insufficient_scope" => {
            (CheckMessage::MessagesNeedScope { user }, CheckMessage::TickMessages)
        }
        "user_not_exists" => {
            (CheckMessage::NotifiedUserUnknown { user }, CheckMessage::NameOtherUser)
        }
        _ => {
            let reason = Box::new(error.message());
            (CheckMessage::NotifiedUserUnclear { user, reason }, CheckMessage::NameOtherUser)
        }
    }
}
