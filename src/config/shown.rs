//! How values that are secret, or that a TOML text cannot hold, look in what `config show` prints.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};

use super::{Webhook, scheme_and_host};

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
