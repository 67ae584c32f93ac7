//! The part of an address that may be shown, and whether it leads to this machine.

use url::{Host, Url};

/// Scheme and host, with its port. A name and a password before the host are left out, and the path
/// and what follows it, which may hold a token.
pub(crate) fn scheme_and_host(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next().filter(|host| !host.is_empty())?;
    Some((scheme, host))
}

/// Whether the address is this machine's own, so that nothing sent to it leaves the machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
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
