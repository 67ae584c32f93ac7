//! The webhook's address. Its path is the password to the whole CRM, so the type prints as hidden.

use std::fmt;

use url::{ParseError, Position, Url};

use super::is_loopback;
use crate::domain::messages::ConfigMessage;
use crate::platform::hash;

/// An inbound webhook, `https://hotel.bitrix24.ru/rest/1/secret/`.
///
/// Plain `http` is accepted for loopback addresses only.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    base: String,
    host_from: usize,
    host_to: usize,
}

impl Webhook {
    /// Checks an address as it was copied from the portal: with or without the slash at its end, in
    /// any case, with the mark that some editors put before a text.
    pub fn parse(text: &str) -> Result<Webhook, ConfigMessage> {
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.contains(char::is_whitespace) {
            return Err(ConfigMessage::WebhookHasBlank);
        }
        let mut url = Url::parse(text).map_err(unreadable)?;
        let segments = url.path_segments().map(|parts| parts.filter(|part| !part.is_empty()));
        let path: Vec<String> = segments.into_iter().flatten().map(str::to_owned).collect();
        let [.., rest, user, secret] = path.as_slice() else {
            return Err(ConfigMessage::WebhookForm);
        };
        // A name and a password before the host would show wherever the host does.
        let is_plain = url.username().is_empty() && url.password().is_none();
        let is_bare = url.query().is_none() && url.fragment().is_none();
        if rest != "rest"
            || !is_plain
            || !is_bare
            || user.parse::<u64>().is_err()
            || !is_secret(secret)
        {
            return Err(ConfigMessage::WebhookForm);
        }
        without_last_dot(&mut url)?;
        let place = &url[..Position::AfterPort];
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url[Position::BeforeHost..Position::AfterPort]) => {}
            _ => return Err(ConfigMessage::WebhookNotHttps),
        }
        let base = format!("{place}/{}/", path.join("/"));
        Ok(Webhook { base, host_from: url.scheme().len() + 3, host_to: place.len() })
    }

    /// The address of the portal itself, without the secret.
    pub fn address(&self) -> String {
        format!("{}/", &self.base[..self.host_to])
    }

    /// The address of a method. The only place where the secret leaves the type.
    pub fn method_url(&self, method: &str) -> String {
        format!("{}{method}.json", self.base)
    }

    /// An answer without the secret: error pages often repeat the address that was asked for.
    pub fn redact(&self, answer: Vec<u8>) -> Vec<u8> {
        let secret = self.base.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        if !answer.windows(secret.len()).any(|part| part == secret.as_bytes()) {
            return answer;
        }
        String::from_utf8_lossy(&answer).replace(secret, "***").into_bytes()
    }

    /// A number that changes when the address or the secret does, and tells neither.
    pub fn fingerprint(&self) -> u64 {
        hash::text_hash(&self.base)
    }

    /// Host and port, as in `hotel.bitrix24.ru:8443`.
    pub fn host(&self) -> &str {
        &self.base[self.host_from..self.host_to]
    }

    /// The address of an object's card, for people:
    /// `https://hotel.bitrix24.ru/crm/deal/details/42/`.
    pub fn card(&self, entity: &str, crm_id: i64) -> String {
        format!("{}/crm/{entity}/details/{crm_id}/", &self.base[..self.host_to])
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/rest/***", &self.base[..self.host_to])
    }
}

/// A name may end with a dot; a certificate's never does.
fn without_last_dot(url: &mut Url) -> Result<(), ConfigMessage> {
    match url.host_str().and_then(|host| host.strip_suffix('.')).map(str::to_owned) {
        Some(host) => url.set_host(Some(&host)).map_err(unreadable),
        None => Ok(()),
    }
}

/// Which part of the address is wrong, without quoting it.
fn unreadable(error: ParseError) -> ConfigMessage {
    match error {
        ParseError::InvalidPort => ConfigMessage::WebhookPort,
        ParseError::EmptyHost
        | ParseError::IdnaError
        | ParseError::InvalidDomainCharacter
        | ParseError::InvalidIpv4Address
        | ParseError::InvalidIpv6Address => ConfigMessage::WebhookHost,
        _ => ConfigMessage::WebhookForm,
    }
}

fn is_secret(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;
    use crate::domain::messages::Message;

    #[test]
    fn an_address_is_taken_with_or_without_its_last_slash() {
        for text in [
            "https://hotel.bitrix24.ru/rest/1/abc123/",
            " https://hotel.bitrix24.ru/rest/1/abc123\n",
        ] {
            let webhook = Webhook::parse(text).unwrap();
            assert_eq!(webhook.host(), "hotel.bitrix24.ru");
            assert_eq!(
                webhook.method_url("batch"),
                "https://hotel.bitrix24.ru/rest/1/abc123/batch.json"
            );
            assert_eq!(webhook.card("deal", 42), "https://hotel.bitrix24.ru/crm/deal/details/42/");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for loopback in ["127.0.0.1:8080", "localhost:1", "[::1]:80"] {
            assert!(
                Webhook::parse(&format!("http://{loopback}/rest/1/abc/")).is_ok(),
                "{loopback}"
            );
        }
        for other in ["hotel.bitrix24.ru", "127.0.0.1.evil.example", "10.0.0.1"] {
            assert!(Webhook::parse(&format!("http://{other}/rest/1/abc/")).is_err(), "{other}");
        }
    }

    #[test]
    fn an_answer_that_repeats_the_address_loses_the_secret() {
        let webhook = Webhook::parse("https://hotel.bitrix24.ru/rest/1/s3cr3t/").unwrap();
        assert_eq!(webhook.redact(b"no /rest/1/s3cr3t/x".to_vec()), b"no /rest/1/***/x");
        assert_eq!(webhook.redact(b"{}".to_vec()), b"{}");
    }

    #[test]
    fn neither_debug_nor_an_error_shows_the_secret() {
        let webhook = Webhook::parse("https://hotel.bitrix24.ru/rest/1/s3cr3t/").unwrap();
        assert_eq!(format!("{webhook:?}"), "https://hotel.bitrix24.ru/rest/***");
        for broken in [
            "ftp://h/rest/1/s3cr3t/",
            "https://u:s3cr3t@h/rest/1/abc/",
            "https://h/rest/s3cr3t/",
            "s3cr3t",
            "https://h/rest/1/s3cr3t?x",
        ] {
            let error = Message::from(Webhook::parse(broken).unwrap_err()).to_string();
            assert!(!error.contains("s3cr3t"), "{broken}: {error}");
        }
    }

    #[test]
    fn an_address_is_taken_as_people_write_it() {
        let punycode = "https://xn----7sbqwcnddkue2n.xn--p1ai/rest/1/abc/batch.json";
        for text in [
            "https://портал-отеля.рф/rest/1/abc/",
            "HTTPS://Портал-Отеля.РФ/rest/1/abc",
            "\u{feff}https://портал-отеля.рф./rest/1/abc/\r\n",
        ] {
            assert_eq!(Webhook::parse(text).unwrap().method_url("batch"), punycode, "{text}");
        }
        for (text, address) in [
            ("https://Hotel.Bitrix24.ru:443/rest/1/abc/", "https://hotel.bitrix24.ru/"),
            ("https://hotel.ru:8443//rest//1//abc//", "https://hotel.ru:8443/"),
            ("https://[FD00::7]:8443/rest/1/abc/", "https://[fd00::7]:8443/"),
            ("https://hotel.ru/b24/rest/1/abc/", "https://hotel.ru/"),
        ] {
            let webhook = Webhook::parse(text).unwrap();
            assert_eq!(webhook.address(), address, "{text}");
            assert!(webhook.method_url("x").ends_with("/rest/1/abc/x.json"), "{text}");
        }
    }

    #[test]
    fn a_malformed_address_says_which_part_is_wrong() {
        for (text, told) in [
            ("https://hotel.ru:port/rest/1/abc/", "порт"),
            ("https://hotel.ru:99999/rest/1/abc/", "порт"),
            ("https://ho tel.ru/rest/1/abc/", "пробел"),
            ("https://hotel.ru/rest/1/a\nbc/", "пробел"),
            ("https://ho|tel.ru/rest/1/abc/", "имя портала"),
            ("https:///rest/1/abc/", "адрес вебхука"),
            ("https://hotel.ru/rest/1/abc/?x=1", "должен иметь вид"),
            ("https://hotel.ru/rest/1/abc/#x", "должен иметь вид"),
            ("hotel.ru/rest/1/abc/", "должен иметь вид"),
            ("http://hotel.ru/rest/1/abc/", "https://"),
        ] {
            let error = Message::from(Webhook::parse(text).unwrap_err()).text(Language::Ru);
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
