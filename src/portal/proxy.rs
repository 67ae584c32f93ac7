//! The proxies of the environment, and which of them a request takes.
//!
//! `https_proxy` comes first, then `all_proxy` and `http_proxy`, in lower or upper case. An address
//! of this machine is never reached through a proxy, nor what `no_proxy` lists: host names with
//! everything below them, addresses, networks as `10.0.0.0/8`, with or without a port, separated by
//! commas or blanks; `*` is everything.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Position, Url};

use crate::config::{is_loopback, scheme_and_host};
use crate::domain::messages::PortalMessage;
use crate::domain::run_error::{Result, RunError};

const VARIABLES: [&str; 6] =
    ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy", "HTTP_PROXY"];

/// A proxy, and the variable that names it.
#[derive(Clone, Debug)]
pub struct Proxy {
    variable: &'static str,
    /// Scheme, host and port; never a name and a password.
    address: String,
    inner: ureq::Proxy,
}

impl Proxy {
    /// The proxy that requests to this address take; none where they go directly.
    ///
    /// # Errors
    /// A variable that names no usable proxy. Its value is not shown: it may contain a password.
    pub fn from_environment(target: &str) -> Result<Option<Proxy>> {
        Proxy::from_variables(target, |name| std::env::var(name).ok())
    }

    fn from_variables(
        target: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Proxy>> {
        let Ok(target) = Url::parse(target) else { return Ok(None) };
        let no_proxy = first_filled(["no_proxy", "NO_PROXY"], &variable);
        let exempt = no_proxy.map(|(_, value)| value).unwrap_or_default();
        // A portal of this machine may use plain HTTP: through a proxy its secret would leave the
        // machine unencrypted.
        let is_local = is_loopback(&target[Position::BeforeHost..Position::AfterPort]);
        if is_local || is_exempt(&target, &exempt) {
            return Ok(None);
        }
        let Some((name, value)) = first_filled(VARIABLES, &variable) else { return Ok(None) };
        match parse(name, value.trim()) {
            Ok(proxy) => Ok(Some(proxy)),
            Err(unusable) => Err(RunError::Config(unusable.into())),
        }
    }

    /// The same for ureq.
    pub(super) fn to_ureq(&self) -> ureq::Proxy {
        self.inner.clone()
    }
}

/// For people: `http://proxy.lan:3128 (HTTPS_PROXY)`.
impl std::fmt::Display for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.address, self.variable)
    }
}

/// The first of these variables that is not blank, and its value.
fn first_filled<const N: usize>(
    names: [&'static str; N],
    variable: impl Fn(&str) -> Option<String>,
) -> Option<(&'static str, String)> {
    for name in names {
        if let Some(value) = variable(name)
            && !value.trim().is_empty()
        {
            return Some((name, value));
        }
    }
    None
}

fn parse(variable: &'static str, value: &str) -> Result<Proxy, PortalMessage> {
    let unreadable = PortalMessage::ProxyUnreadable { variable: variable.to_owned() };
    let value = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let Some((scheme, host)) = scheme_and_host(&value) else { return Err(unreadable) };
    let scheme = scheme.to_ascii_lowercase();
    if scheme.starts_with("socks") {
        return Err(PortalMessage::ProxyIsSocks { variable: variable.to_owned() });
    }
    let is_readable = Url::parse(&value).is_ok() && (scheme == "http" || scheme == "https");
    match ureq::Proxy::new(&value) {
        Ok(inner) if is_readable => {
            Ok(Proxy { variable, address: format!("{scheme}://{host}"), inner })
        }
        _ => Err(unreadable),
    }
}

fn is_exempt(target: &Url, no_proxy: &str) -> bool {
    let entries = no_proxy.split(|c: char| c == ',' || c.is_whitespace());
    entries.filter(|entry| !entry.is_empty()).any(|entry| matches_entry(target, entry))
}

fn matches_entry(target: &Url, entry: &str) -> bool {
    if entry == "*" {
        return true;
    }
    let (host, port) = host_and_port(entry);
    if port.is_some_and(|port| target.port_or_known_default() != Some(port)) {
        return false;
    }
    match target.host() {
        Some(Host::Domain(name)) => is_below(name, host),
        Some(Host::Ipv4(address)) => is_address_in(IpAddr::V4(address), host),
        Some(Host::Ipv6(address)) => is_address_in(IpAddr::V6(address), host),
        None => false,
    }
}

/// `network` is one address or a network such as `10.0.0.0/8`.
fn is_address_in(address: IpAddr, network: &str) -> bool {
    match network.parse::<IpNet>() {
        Ok(network) => network.contains(&address),
        Err(_) => network.parse() == Ok(address),
    }
}

/// `host`, `host:81`, `[::1]:81` and `::1`.
fn host_and_port(entry: &str) -> (&str, Option<u16>) {
    if let Some((address, rest)) = entry.strip_prefix('[').and_then(|entry| entry.split_once(']')) {
        return (address, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match entry.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, port.parse().ok()),
        _ => (entry, None),
    }
}

fn is_below(name: &str, entry: &str) -> bool {
    let entry = entry.trim_start_matches('*').trim_matches('.').to_lowercase();
    // As the target is written: a name in letters of another language is compared in its ASCII
    // form.
    let parsed = Host::parse(&entry).map(|host| host.to_string()).unwrap_or(entry);
    !parsed.is_empty() && (name == parsed || name.ends_with(&format!(".{parsed}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTAL: &str = "https://hotel.bitrix24.ru/";

    /// The proxy of the portal in this environment.
    fn shown(target: &str, variables: &[(&str, &str)]) -> Option<String> {
        let value = |name: &str| {
            variables.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned())
        };
        Proxy::from_variables(target, value).unwrap().map(|proxy| proxy.to_string())
    }

    #[test]
    fn the_first_variable_that_is_set_names_the_proxy() {
        for (variables, expected) in [
            (&[("HTTPS_PROXY", "http://p:3128")][..], Some("http://p:3128 (HTTPS_PROXY)")),
            (
                &[("https_proxy", "p:3128"), ("HTTPS_PROXY", "http://q:1")],
                Some("http://p:3128 (https_proxy)"),
            ),
            (
                &[("HTTP_PROXY", "http://h:1"), ("ALL_PROXY", "http://a:1")],
                Some("http://a:1 (ALL_PROXY)"),
            ),
            (&[("http_proxy", " http://h:1 ")], Some("http://h:1 (http_proxy)")),
            (&[("HTTPS_PROXY", "")], None),
            (&[], None),
        ] {
            assert_eq!(shown(PORTAL, variables).as_deref(), expected, "{variables:?}");
        }
    }

    #[test]
    fn a_name_and_a_password_are_not_shown() {
        let shown = shown(PORTAL, &[("HTTPS_PROXY", "http://user:s3cr3t@p:3128/")]);
        assert_eq!(shown.as_deref(), Some("http://p:3128 (HTTPS_PROXY)"));
        for broken in [
            "http://user:s3cr3t@", "ftp://user:s3cr3t@p:21", "socks5://user:s3cr3t@p",
            "http://s3cr3t p",
        ] {
            let error =
                Proxy::from_variables(PORTAL, |name| (name == "ALL_PROXY").then(|| broken.into()))
                    .unwrap_err();
            let error = error.to_string();
            assert!(error.contains("ALL_PROXY") && !error.contains("s3cr3t"), "{error}");
        }
    }

    #[test]
    fn this_machine_is_never_asked_for_through_a_proxy() {
        for local in
            ["http://127.0.0.1:8080/", "http://localhost/", "http://[::1]:1/", "http://127.9.9.9/"]
        {
            assert_eq!(
                shown(local, &[("ALL_PROXY", "http://p:1"), ("HTTP_PROXY", "http://p:1")]),
                None,
                "{local}"
            );
        }
    }

    #[test]
    fn what_no_proxy_lists_is_asked_for_directly() {
        let direct = |target: &str, no_proxy: &str| {
            shown(target, &[("HTTPS_PROXY", "http://p:1"), ("no_proxy", no_proxy)]).is_none()
        };
        for entry in [
            "*", "bitrix24.ru", ".bitrix24.ru", "*.bitrix24.ru", "HOTEL.bitrix24.ru",
            "hotel.bitrix24.ru:443", "bitrix24.ru.",
        ] {
            assert!(direct(PORTAL, &format!("localhost, {entry}")), "{entry}");
        }
        for entry in
            ["", "ru24", "other.bitrix24.ru", "hotel.bitrix24.ru:8443", "trix24.ru", "10.0.0.0/8"]
        {
            assert!(!direct(PORTAL, entry), "{entry}");
        }
        for entry in ["10.1.2.3", "10.0.0.0/8", "10.1.2.0/24", "0.0.0.0/0", "a.ru 10.1.2.3:443"] {
            assert!(direct("https://10.1.2.3/", entry), "{entry}");
        }
        assert!(
            !direct("https://10.1.2.3/", "10.2.0.0/16")
                && !direct("https://10.1.2.3/", "10.0.0.0/99")
        );
        assert!(
            direct("https://[fd00::7]/", "fd00::/8")
                && direct("https://[fd00::7]/", "[fd00::7]:443")
        );
        assert!(direct("https://xn--80a.xn--p1ai/", "а.рф"));
    }
}
