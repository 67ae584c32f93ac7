//! The part of an address that may be shown, and whether it leads to this machine.

use std::net::IpAddr;

/// Scheme and host, with its port. A name and a password before the host are left out, and the path
/// and what follows it, which may hold a token.
pub(crate) fn scheme_and_host(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next().filter(|host| !host.is_empty())?;
    Some((scheme, host))
}

/// Whether this host, which may have a port, is this machine: what is sent to it does not leave it.
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_scheme_and_host_is_left_of_an_address() {
        for url in [
            "https://a.ru:81", "https://a.ru:81/token", "https://a.ru:81?token",
            "https://u:p@a.ru:81#t",
        ] {
            assert_eq!(scheme_and_host(url), Some(("https", "a.ru:81")), "{url}");
        }
        for url in ["a.ru/token", "/token", "https:///token", "https://u:p@/token", ""] {
            assert_eq!(scheme_and_host(url), None, "{url}");
        }
    }
}
