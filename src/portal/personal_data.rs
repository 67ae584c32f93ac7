//! Keeps personal data that the portal repeats out of what is printed and logged by default.
//!
//! A refusal may repeat what was sent: "Приходько: the phone +7… is wrong". Such a text is shown by
//! `status` of that record and by `-v` only. A text about the portal itself, such as "Disk resource
//! exhausted", is printed.

use serde_json::Value;

use super::ApiError;
use super::batch::Command;
use crate::domain::contact_data::{PHONE_DIGITS, digits, number_runs};

/// Shorter values occur in too many texts that do not mean them.
const SHORTEST_VALUE: usize = 4;

impl ApiError {
    /// The refusal of these calls as it may be printed.
    pub(crate) fn printable_for(&self, sent: &[Command]) -> ApiError {
        let text = self.to_string();
        let repeats = sent.iter().any(|command| repeats(&text, "", &command.params));
        if repeats { self.hidden() } else { self.printable() }
    }
}

/// Whether the text repeats personal data of these parameters.
fn repeats(text: &str, field: &str, value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(field, value)| repeats(text, field, value)),
        Value::Array(values) => values.iter().any(|value| repeats(text, field, value)),
        Value::String(value) => repeats_value(text, &plain_field(field), value),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Universal methods spell the names of fields in camel case.
fn plain_field(field: &str) -> String {
    field.replace('_', "").to_uppercase()
}

fn repeats_value(text: &str, field: &str, value: &str) -> bool {
    if is_technical(field) {
        return false;
    }
    let is_name = matches!(field, "NAME" | "LASTNAME" | "SECONDNAME");
    let name = if is_name { value } else { in_parentheses(value) };
    let text_words = words(text);
    let is_named =
        words(name).iter().any(|word| word.chars().count() > 1 && text_words.contains(word));
    is_named || contains_words(&text_words, &words(value)) || contains_phone(text, value)
}

/// Fields whose values are the portal's own words, ids and numbers.
fn is_technical(field: &str) -> bool {
    let names = [
        "HONORIFIC", "OPENED", "CLOSED", "EXPORT", "IMPORT", "PROBABILITY", "OPPORTUNITY",
        "BEGINDATE",
    ];
    let endings = ["ID", "IDS", "TYPE", "CLOSEDATE", "OPPORTUNITY"];
    names.contains(&field) || endings.iter().any(|ending| field.ends_with(ending))
}

/// The guest's last name in a deal's title.
fn in_parentheses(title: &str) -> &str {
    let Some((_, rest)) = title.split_once('(') else { return "" };
    rest.split_once(')').map_or("", |(name, _)| name)
}

fn contains_words(text: &[String], value: &[String]) -> bool {
    let length: usize = value.iter().map(|word| word.chars().count()).sum();
    length >= SHORTEST_VALUE && text.windows(value.len()).any(|part| part == value)
}

/// Whether the text contains a phone however it is written. Its last ten digits count, without the
/// country's.
fn contains_phone(text: &str, phone: &str) -> bool {
    let digits = digits(phone);
    let national = &digits[digits.len().saturating_sub(10)..];
    national.len() >= PHONE_DIGITS
        && number_runs(text).any(|run| self::digits(run).contains(national))
}

fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_alphanumeric());
    parts.filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(text: &str) -> ApiError {
        ApiError::new("", text)
    }

    fn sent() -> Vec<Command> {
        let contact = json!({"fields": {
            "LAST_NAME": "Приходько-Ли", "NAME": "Анна", "BIRTHDATE": "1980-02-29", "TYPE_ID": "CLIENT",
            "ORIGINATOR_ID": "DISK", "PHONE": [{"VALUE": "8 (495) 123-45-67", "VALUE_TYPE": "WORK"}],
            "EMAIL": [{"VALUE": "anna@localhost"}], "COMMENTS": "вид на море",
        }});
        let deal = json!({"fields": {"title": "Заявка №7 (Лебедев) 01.04.2026", "stageId": "WON"}});
        vec![Command::new("a", "crm.contact.add", contact), Command::new("b", "crm.item.add", deal)]
    }

    #[test]
    fn a_text_that_repeats_what_was_sent_of_a_person_is_not_printed() {
        for text in [
            "Контакт ПРИХОДЬКО не сохранён",
            "Ли: ошибка",
            "wrong name \"Анна\"",
            "Лебедев уже есть",
            "bad date 1980-02-29",
            "+7 495 1234567 is wrong",
            "4951234567",
            "comment <вид на море> too long",
            "anna@localhost",
        ] {
            let printable = refusal(text).printable_for(&sent());
            assert!(printable.is_hidden && printable.text.is_empty(), "{text}: {printable}");
        }
    }

    #[test]
    fn what_looks_like_a_phone_or_an_email_is_not_printed_whoever_sent_it() {
        for text in [
            "taken by ivan@example.ru.",
            "<ivan@example.ru>",
            "phone +79161112233",
            "8 (916) 111-22-33",
            "9161112233",
        ] {
            assert_ne!(refusal(text).printable(), refusal(text), "{text}");
        }
    }

    #[test]
    fn a_text_about_the_portal_is_printed() {
        for text in [
            "Disk resource exhausted",
            "Заявка не сохранена: на диске нет места",
            "Required client type WORK is missing, stage WON",
            "Blocked until 2026-11-24 10:00:00 (id 1234567)",
            "limit 5000 of 10.0.0.1, 1780000000",
        ] {
            assert_eq!(refusal(text).printable_for(&sent()), refusal(text), "{text}");
        }
    }
}
