//! A webhook's address under another key: it would be quoted by whatever complains about that key,
//! and its path is the password to the whole CRM.

use toml::{Table, Value};

use crate::domain::messages::ConfigMessage;

/// Refuses a text that has such an address anywhere but in `[portal] webhook`.
pub(super) fn refuse_misplaced(text: &str) -> Result<(), ConfigMessage> {
    // A text that is no TOML is refused when it is parsed.
    let Ok(file) = toml::from_str::<Table>(text) else { return Ok(()) };
    for (section, value) in &file {
        if is_address(section) || value.as_str().is_some_and(is_address) {
            return Err(misplaced(section, None));
        }
        for (key, value) in value.as_table().into_iter().flatten() {
            let is_right_place = section == "portal" && key == "webhook" && value.is_str();
            if !is_right_place && holds((key, value)) {
                return Err(misplaced(section, Some(key)));
            }
        }
    }
    Ok(())
}

/// Names the place, ` ([portal] webhok)`, unless a part of that name is the address itself.
fn misplaced(section: &str, key: Option<&str>) -> ConfigMessage {
    let place = match key {
        _ if is_address(section) || key.is_some_and(is_address) => String::new(),
        Some(key) => format!(" ([{section}] {key})"),
        None => format!(" ({section})"),
    };
    ConfigMessage::WebhookMisplaced { place }
}

fn holds((key, value): (&String, &Value)) -> bool {
    is_address(key) || value_holds(value)
}

fn value_holds(value: &Value) -> bool {
    match value {
        Value::String(text) => is_address(text),
        Value::Array(items) => items.iter().any(value_holds),
        Value::Table(members) => members.iter().any(holds),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => false,
    }
}

/// Whether the text contains `/rest/1/secret/`, with any user and any secret.
fn is_address(text: &str) -> bool {
    text.split("/rest/").skip(1).any(begins_with_user_and_secret)
}

fn begins_with_user_and_secret(text: &str) -> bool {
    let Some((user, secret)) = text.split_once('/') else { return false };
    user.parse::<u64>().is_ok() && !secret.trim_matches('/').is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::messages::Message;

    #[test]
    fn a_webhook_under_another_key_is_refused_without_being_quoted() {
        let address = "https://hotel.bitrix24.ru/rest/1/s3cr3t/";
        for line in [
            format!("[contact]\nassigned_by_id = '{address}'"),
            format!("[contact]\nmatch_existing = ['{address}']"),
            format!("[portal]\nwebhook = ['{address}']"),
            format!("[mirror]\npath = '{address}'"),
            format!("[mirror.statuses]\n'{address}' = 'confirmed'"),
            format!("language = '{address}'"),
            format!("'{address}' = 1"),
        ] {
            let error = Message::from(refuse_misplaced(&line).unwrap_err()).to_string();
            assert!(!error.contains("s3cr3t"), "{line}");
        }
        let error = refuse_misplaced(&format!("[portal]\nwebhok = '{address}'")).unwrap_err();
        assert_eq!(
            error,
            ConfigMessage::WebhookMisplaced { place: " ([portal] webhok)".to_owned() }
        );
        assert!(
            refuse_misplaced(&format!("[portal]\nwebhook = '{address}'\nca_file = '/rest/here'"))
                .is_ok()
        );
    }
}
