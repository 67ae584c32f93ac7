//! The one door to the network: JSON over blocking HTTP to the inbound webhook, and the address of a heartbeat.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::{ConnectionDetails, Connector, DefaultConnector, Transport};
use ureq::{Agent, Error};
use url::Url;

use super::proxy::Proxy;
use super::{CallError, Portal, Response, decode, resolver, tls};
use crate::config::{PortalConfig, Webhook};
use crate::domain::messages::{Message, PortalMessage};
use crate::domain::run_error::message_of;
use crate::platform::private_files;
use crate::portal::answer_size::Bounds;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("ecvi-b24/", env!("CARGO_PKG_VERSION"));
/// A server closes idle connections, and a request on a closed one would be a call without an answer.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// A real portal.
pub struct Http {
    agent: Agent,
    config: ureq::config::Config,
    webhook: Webhook,
    proxy: Option<Proxy>,
    /// The last connection could not be set up, so nothing was said to the portal.
    unconnected: Arc<AtomicBool>,
}

/// Notes whether a connection could be set up, with its proxy and its TLS: what fails there was never sent.
#[derive(Debug)]
struct Noting {
    connector: DefaultConnector,
    failed: Arc<AtomicBool>,
}

impl Connector<()> for Noting {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<()>) -> Result<Option<Self::Out>, Error> {
        let connected = self.connector.connect(details, chained);
        self.failed.store(connected.is_err(), Ordering::Relaxed);
        connected
    }
}

impl Http {
    /// Prepares the connection; nothing is sent yet.
    pub fn new(config: &PortalConfig) -> Result<Http> {
        let roots = tls::roots(config.ca_file.as_deref())?;
        let proxy = Proxy::of_environment(&config.webhook.address())?;
        let config_of_agent = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .proxy(proxy.as_ref().map(Proxy::to_ureq))
            // Errors are JSON with any status, and a redirect followed would lose the body of a POST.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_age(IDLE_TIMEOUT)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(config.request_timeout))
            .user_agent(USER_AGENT)
            .build();
        let unconnected = Arc::new(AtomicBool::new(false));
        let agent = agent(&config_of_agent, &unconnected);
        Ok(Http { agent, config: config_of_agent, webhook: config.webhook.clone(), proxy, unconnected })
    }

    fn post(
        &self,
        method: &str,
        params: &Value,
        bounds: Bounds,
    ) -> Result<(u16, Option<String>, Vec<u8>), Error> {
        let mut response = self
            .agent
            .post(self.webhook.method_url(method))
            .content_type("application/json")
            .header("Accept", "application/json")
            .send(params.to_string())?;
        let location = response.headers().get("location").and_then(|value| value.to_str().ok());
        let location = location.map(str::to_owned);
        let body = response.body_mut().with_config().limit(bounds.bytes).read_to_vec()?;
        Ok((response.status().as_u16(), location, self.webhook.redact(body)))
    }

    fn failed(&self, error: &Error) -> CallError {
        let unconnected = self.unconnected.load(Ordering::Relaxed);
        let tls = tls::error_of(error);
        let is_handshake = tls.is_some_and(tls::is_handshake);
        if !unconnected && !is_handshake && !failed_before_connect(error) {
            return CallError::UnknownOutcome(reason(error));
        }
        let reason = match &self.proxy {
            Some(proxy) if tls.is_none() => through_proxy(proxy, error),
            _ => reason(error),
        };
        let needs_a_person = is_handshake || is_without_roots(tls) || is_login(error);
        if needs_a_person { CallError::Misconfigured(reason) } else { CallError::NotSent(reason) }
    }
}

impl Portal for Http {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        self.unconnected.store(false, Ordering::Relaxed);
        let bounds = Bounds::of(params);
        match self.post(method, params, bounds) {
            Ok((status @ 300..=399, location, _)) => {
                Err(redirected(status, &self.webhook.address(), location.as_deref().unwrap_or_default()))
            }
            Ok((_, _, body)) if !bounds.hold(&body) => {
                Err(CallError::unknown_outcome(PortalMessage::AnswerTooLarge))
            }
            Ok((status, _, body)) => decode(status, &body, method == "batch"),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn reconnect(&mut self) {
        self.agent = agent(&self.config, &self.unconnected);
    }
}

fn agent(config: &ureq::config::Config, failed: &Arc<AtomicBool>) -> Agent {
    let connector = Noting { connector: DefaultConnector::new(), failed: Arc::clone(failed) };
    resolver::agent(config.clone(), connector)
}

/// Fetches an address that is not the portal's and drops what it says.
///
/// # Errors
/// Why it was not fetched, in words without the address, which may hold a token.
pub fn fetch(url: &str, timeout: Duration) -> Result<(), Message> {
    let proxy = Proxy::of_environment(url).map_err(|error| message_of(&error))?;
    let settings = Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .proxy(proxy.as_ref().map(Proxy::to_ureq))
        .http_status_as_error(false)
        .timeout_global(Some(timeout))
        .user_agent(USER_AGENT)
        .build();
    let agent = resolver::agent(settings, DefaultConnector::new());
    let response = agent.get(url).call().map_err(|error| reason(&error))?;
    if response.status().is_success() {
        Ok(())
    } else {
        Err(format!("HTTP {}", response.status().as_u16()).into())
    }
}

/// A redirect to another host is a move. Its scheme and host alone are shown: the path may repeat the secret.
fn redirected(status: u16, asked: &str, location: &str) -> CallError {
    let asked = Url::parse(asked).ok();
    let target = asked.as_ref().and_then(|asked| asked.join(location).ok());
    let place = |url: &Url| (url.host_str().map(str::to_owned), url.port());
    match (asked, target) {
        (Some(asked), Some(target)) if target.has_host() && place(&asked) != place(&target) => {
            CallError::Redirected(format!("{}/", &target[..url::Position::AfterPort]))
        }
        _ => CallError::unknown_outcome(format!("HTTP {status}, a redirect within the portal")),
    }
}

/// Whether the error arose before there was a connection, though not while one was set up.
fn failed_before_connect(error: &Error) -> bool {
    match error {
        Error::HostNotFound | Error::BadUri(_) | Error::InvalidProxyUrl => true,
        Error::Timeout(ureq::Timeout::Resolve) => true,
        Error::Io(error) => {
            error.kind() == ErrorKind::ConnectionRefused
                || is_unknown_host(error)
                || private_files::is_out_of_descriptors(error)
        }
        _ => false,
    }
}

fn is_without_roots(error: Option<&rustls::Error>) -> bool {
    matches!(error, Some(rustls::Error::General(_)))
}

/// The proxy wants to know who asks.
fn is_login(error: &Error) -> bool {
    matches!(error, Error::ConnectProxyFailed(said) if said.contains("407"))
}

/// What the proxy did, which is all that this machine sees.
fn through_proxy(proxy: &Proxy, error: &Error) -> Message {
    let reason = match error {
        _ if is_login(error) => PortalMessage::ProxyWantsLogin.into(),
        Error::ConnectProxyFailed(text) => {
            let status = text.rsplit(' ').next().and_then(|last| last.split('/').next()).unwrap_or(text);
            PortalMessage::ProxyDoesNotConnect { status: status.to_owned() }.into()
        }
        other => reason(other),
    };
    PortalMessage::Proxy { proxy: proxy.to_string(), reason: reason.into() }.into()
}

/// The standard library has no kind for that, only these words.
fn is_unknown_host(error: &std::io::Error) -> bool {
    error.to_string().starts_with("failed to lookup address information")
}

/// Why a request failed. ureq's own text may contain the address, and with it the secret.
fn reason(error: &Error) -> Message {
    if let Some(error) = tls::error_of(error) {
        return tls::reason(error).into();
    }
    match error {
        Error::BadUri(_) | Error::RequireHttpsOnly(_) => "bad address".to_owned().into(),
        Error::Io(error) if is_unknown_host(error) => PortalMessage::HostNotFound.into(),
        Error::Io(error) => private_files::exhausted(error).unwrap_or_else(|| broken_off(error.kind())),
        Error::BodyExceedsLimit(_) => PortalMessage::AnswerTooLarge.into(),
        Error::Timeout(_) => PortalMessage::NoAnswerInTime.into(),
        other => other.to_string().into(),
    }
}

fn broken_off(kind: ErrorKind) -> Message {
    match kind {
        ErrorKind::ConnectionRefused => PortalMessage::ConnectionRefused.into(),
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => PortalMessage::ConnectionBroken.into(),
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_a_move_where_it_leads_to_another_host() {
        let asked = "https://hotel.bitrix24.ru/";
        for (location, moved) in [
            ("https://new.bitrix24.ru/rest/1/s3cr3t/batch.json", Some("https://new.bitrix24.ru/")),
            ("//new.bitrix24.ru/x", Some("https://new.bitrix24.ru/")),
            ("https://hotel.bitrix24.ru:8443/x", Some("https://hotel.bitrix24.ru:8443/")),
            ("/auth/?back=/rest/1/s3cr3t/", None),
            ("https://HOTEL.bitrix24.ru/auth/", None),
            ("http://hotel.bitrix24.ru/", None),
            ("", None),
        ] {
            match (redirected(302, asked, location), moved) {
                (CallError::Redirected(place), Some(expected)) => assert_eq!(place, expected),
                (CallError::UnknownOutcome(_), None) => {}
                (other, _) => panic!("{location}: {other}"),
            }
        }
    }

    #[test]
    fn what_was_torn_later_than_the_handshake_leaves_doubt() {
        let torn = |reason| Error::Io(std::io::Error::new(ErrorKind::InvalidData, reason));
        let is_sure = |error: &Error| {
            tls::error_of(error).is_some_and(tls::is_handshake) || failed_before_connect(error)
        };
        assert!(!is_sure(&torn(rustls::Error::DecryptError)));
        let demanded = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
        assert!(is_sure(&torn(demanded)));
    }
}
