//! How values that are secret, or that a TOML text cannot hold, look in what `config show` prints.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};
use toml_edit::{DocumentMut, Item, Key, Table, Value};

use super::file::File;
use super::{Webhook, scheme_and_host};
use crate::domain::visible_text;

/// All keys as TOML. Letters that a terminal does not show are escaped within the quotes, so that
/// what is shown means what was read.
pub(super) fn toml_text(file: &File) -> String {
    let text = toml::to_string(file).unwrap_or_else(|error| error.to_string());
    if visible_text::text(&text) == text {
        return text;
    }
    let Ok(mut document) = text.parse::<DocumentMut>() else { return text };
    escape_table(document.as_table_mut());
    document.to_string()
}

fn escape_table(table: &mut Table) {
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(inner) => escape_table(inner),
            Item::Value(value) => escape_value(value),
            Item::None | Item::ArrayOfTables(_) => {}
        }
    }
    let keys: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        let Some(escaped) = escaped(&key).and_then(|quoted| quoted.parse::<Key>().ok()) else {
            continue;
        };
        if let Some(item) = table.remove(&key) {
            table.insert_formatted(&escaped, item);
        }
    }
}

fn escape_value(value: &mut Value) {
    if let Some(texts) = value.as_array_mut() {
        texts.iter_mut().for_each(escape_value);
    }
    let quoted = value.as_str().and_then(escaped);
    if let Some(escaped) = quoted.and_then(|quoted| quoted.parse::<Value>().ok()) {
        *value = escaped.decorated(" ", "");
    }
}

/// The text in the quotes that know escapes; none where it hides nothing.
fn escaped(text: &str) -> Option<String> {
    let is_visible = visible_text::text(text) == text;
    (!is_visible).then(|| format!("\"{}\"", visible_text::escaped_in_quotes(text, '"')))
}

/// An address that is a password: neither `Debug` nor `config show` tells more than its host.
#[derive(Deserialize, PartialEq)]
#[serde(transparent)]
pub(super) struct SecretAddress(pub(super) String);

impl fmt::Display for SecretAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Ok(webhook) = Webhook::parse(&self.0) {
            return write!(f, "{webhook:?}");
        }
        match scheme_and_host(&self.0) {
            Some((scheme, host)) => write!(f, "{scheme}://{host}/***"),
            None => f.write_str("***"),
        }
    }
}

impl fmt::Debug for SecretAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for SecretAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A path. What is not UTF-8 in it is shown as well as it can be.
#[derive(Deserialize, PartialEq)]
#[serde(transparent)]
pub(super) struct FilePath(pub(super) PathBuf);

impl Serialize for FilePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.display())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::shown_text;

    const FULL: &str = r#"
        language = "ru"
        [mirror]
        path = "mirror.db"
        [mirror.queries]
        guests = "SELECT * FROM \"Гости\""
        [mirror.statuses]
        7 = "confirmed"
        [portal]
        webhook = "https://hotel.bitrix24.ru/rest/1/s3cr3t/"
        ca_file = "ca.pem"
        [monitoring]
        heartbeat_url = "https://user:pw@hc.example/s3cr3t"
        max_mirror_age = "1h 30m"
        [contact]
        match_existing = ["phone"]
        [contact.fields]
        UF_CRM_CARD = "card"
        [deal]
        assigned_by_id = 5
        [deal.stages]
        temporary = "C7:NEW"
    "#;

    #[test]
    fn what_is_shown_can_be_read_again_and_hides_the_secrets() {
        let shown = shown_text(FULL, Path::new("/srv"), None).unwrap();
        assert!(!shown.contains("s3cr3t") && !shown.contains("pw@"), "{shown}");
        assert!(shown.contains(r#"webhook = "https://hotel.bitrix24.ru/rest/***""#), "{shown}");
        assert!(shown.contains(r#"heartbeat_url = "https://hc.example/***""#), "{shown}");
        let readable = shown.replace("/rest/***", "/rest/1/other/");
        let again = shown_text(&readable, Path::new(""), None).unwrap();
        assert_eq!(again, shown);
        assert!(
            shown.contains("category_id = 0") && shown.contains(r#"confirmed = "EXECUTING""#),
            "{shown}"
        );
    }

    #[test]
    fn what_is_shown_of_hidden_letters_is_what_is_read() {
        let hidden = "SELECT '\u{202e}\u{e0041}\u{1b}' AS \"a\\b\"\n-- \u{200b}";
        let text = format!(
            "mirror.path = \"m\\u202e'\\\"\"\nportal.webhook = 'https://h/rest/1/x/'\n\
             [mirror.queries]\nguests = {}\n[mirror.statuses]\n'7\u{200b}' = 'confirmed'\n",
            toml::Value::from(hidden)
        );
        let shown = shown_text(&text, Path::new(""), None).unwrap();
        assert_eq!(crate::domain::visible_text::text(&shown), shown);
        let again: toml::Table = shown.parse().unwrap();
        assert_eq!(again["mirror"]["queries"]["guests"].as_str(), Some(hidden));
        assert_eq!(again["mirror"]["path"].as_str(), Some("m\u{202e}'\""));
        assert_eq!(again["mirror"]["statuses"]["7\u{200b}"].as_str(), Some("confirmed"));
    }

    #[test]
    fn a_webhook_from_a_file_is_shown_by_its_portal_and_a_relative_path_by_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("webhook"), "https://hotel.bitrix24.ru/rest/1/s3cr3t/")
            .unwrap();
        let text = "mirror.path = 'mirror.db'\nportal.webhook_file = 'webhook'";
        let shown = shown_text(text, folder.path(), None).unwrap();
        assert!(shown.contains(r#"webhook = "https://hotel.bitrix24.ru/rest/***""#), "{shown}");
        assert!(shown.contains(&folder.path().join("mirror.db").display().to_string()), "{shown}");
    }
}
