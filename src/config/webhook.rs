//! The webhook's address. Its path is the password to the whole CRM, so the type prints as hidden.

use std::fmt;

use crate::{fingerprint, say};

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
    /// Checks an address as it was copied from the portal, with or without the slash at its end.
    pub fn parse(text: &str) -> Result<Webhook, String> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or_else(shape)?;
        let (authority, path) = rest.split_once('/').ok_or_else(shape)?;
        let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        let [.., "rest", user, secret] = parts.as_slice() else { return Err(shape()) };
        // A name and a password before the host would show wherever the host does.
        let is_host = !authority.is_empty() && !authority.contains('@');
        if !is_host || user.parse::<u64>().is_err() || !is_code(secret) {
            return Err(shape());
        }
        match scheme {
            "https" => {}
            "http" if is_loopback(authority) => {}
            _ => {
                return Err(say!(
                    "адрес вебхука должен начинаться с https://",
                    "the webhook must begin with https://"
                ));
            }
        }
        let host_from = scheme.len() + 3;
        let base = format!("{}/", text.trim_end_matches('/'));
        Ok(Webhook { base, host_from, host_to: host_from + authority.len() })
    }

    /// The address of a method. The only place where the secret leaves the type.
    pub fn expose_method(&self, method: &str) -> String {
        format!("{}{method}.json", self.base)
    }

    /// An answer without the secret: error pages like to repeat the address that was asked for.
    pub fn hide(&self, answer: Vec<u8>) -> Vec<u8> {
        let secret = self.base.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        if !answer.windows(secret.len()).any(|part| part == secret.as_bytes()) {
            return answer;
        }
        String::from_utf8_lossy(&answer).replace(secret, "***").into_bytes()
    }

    /// A number that changes when the address or the secret does, and tells neither.
    pub fn fingerprint(&self) -> u64 {
        fingerprint::of_text(&self.base)
    }

    /// Host and port.
    pub fn host(&self) -> &str {
        &self.base[self.host_from..self.host_to]
    }

    /// The address of an object's card, for people: `https://hotel.bitrix24.ru/crm/deal/details/42/`.
    pub fn card(&self, entity: &str, crm_id: i64) -> String {
        format!("{}/crm/{entity}/details/{crm_id}/", &self.base[..self.host_to])
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/rest/***", &self.base[..self.host_to])
    }
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

pub(super) fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Never quotes what was given: it may hold the secret.
fn shape() -> String {
    say!(
        "адрес вебхука должен иметь вид https://ПОРТАЛ/rest/НОМЕР/КОД/ (Битрикс24: Приложения, Разработчикам, Другое, Входящий вебхук)",
        "the webhook must have the form https://PORTAL/rest/NUMBER/CODE/ (Bitrix24: Applications, Developer resources, Other, Inbound webhook)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_with_or_without_its_last_slash() {
        for text in ["https://hotel.bitrix24.ru/rest/1/abc123/", " https://hotel.bitrix24.ru/rest/1/abc123\n"]
        {
            let webhook = Webhook::parse(text).unwrap();
            assert_eq!(webhook.host(), "hotel.bitrix24.ru");
            assert_eq!(webhook.expose_method("batch"), "https://hotel.bitrix24.ru/rest/1/abc123/batch.json");
            assert_eq!(webhook.card("deal", 42), "https://hotel.bitrix24.ru/crm/deal/details/42/");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for loopback in ["127.0.0.1:8080", "localhost:1", "[::1]:80"] {
            assert!(Webhook::parse(&format!("http://{loopback}/rest/1/abc/")).is_ok(), "{loopback}");
        }
        for other in ["hotel.bitrix24.ru", "127.0.0.1.evil.example", "10.0.0.1"] {
            assert!(Webhook::parse(&format!("http://{other}/rest/1/abc/")).is_err(), "{other}");
        }
    }

    #[test]
    fn an_answer_that_repeats_the_address_loses_the_secret() {
        let webhook = Webhook::parse("https://hotel.bitrix24.ru/rest/1/s3cr3t/").unwrap();
        assert_eq!(webhook.hide(b"no /rest/1/s3cr3t/x".to_vec()), b"no /rest/1/***/x");
        assert_eq!(webhook.hide(b"{}".to_vec()), b"{}");
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
            assert!(!Webhook::parse(broken).unwrap_err().contains("s3cr3t"), "{broken}");
        }
    }
}
