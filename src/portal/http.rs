//! The one module that uses the network: JSON over blocking HTTP to the inbound webhook, and the
//! address of a heartbeat.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{anyhow, ensure};
use serde_json::Value;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::{ConnectionDetails, Connector, DefaultConnector, Transport};
use ureq::{Agent, Error};
use url::Url;

use super::answer_size::SizeLimit;
use super::proxy::Proxy;
use super::response::documents;
use super::{CallError, Portal, Response, decode, resolver, tls};
use crate::config::{PortalConfig, Webhook};
use crate::domain::messages::{Message, PortalMessage};
use crate::domain::run_error::Result;
use crate::platform::private_files;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("ecvi-b24/", env!("CARGO_PKG_VERSION"));
/// A server closes idle connections, and a request on a closed one would be a call without an
/// answer.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// A portal that is reached over the network.
pub struct Http {
    agent: Agent,
    config: ureq::config::Config,
    webhook: Webhook,
    proxy: Option<Proxy>,
    connect_failed: Arc<AtomicBool>,
}

/// Notes whether the last connection failed while it was set up, proxy and TLS included: nothing
/// was sent then.
#[derive(Debug)]
struct NotingConnector {
    connector: DefaultConnector,
    failed: Arc<AtomicBool>,
}

impl Connector<()> for NotingConnector {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        let connected = self.connector.connect(details, chained);
        self.failed.store(connected.is_err(), Ordering::Relaxed);
        connected
    }
}

struct Answer {
    status: u16,
    /// Where a redirect leads.
    location: String,
    body: Vec<u8>,
}

impl Http {
    /// Prepares the connection; nothing is sent yet.
    pub fn new(config: &PortalConfig) -> Result<Http> {
        let roots = tls::roots(config.ca_file.as_deref())?;
        let proxy = Proxy::from_environment(&config.webhook.address())?;
        let agent_config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .proxy(proxy.as_ref().map(Proxy::to_ureq))
            // Errors are JSON with any status, and a redirect followed would lose the body of a
            // POST.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_age(IDLE_TIMEOUT)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(config.request_timeout))
            .user_agent(USER_AGENT)
            .build();
        let connect_failed = Arc::new(AtomicBool::new(false));
        Ok(Http {
            agent: agent(&agent_config, &connect_failed),
            config: agent_config,
            webhook: config.webhook.clone(),
            proxy,
            connect_failed,
        })
    }

    fn post(&self, method: &str, params: &Value, limit: SizeLimit) -> Result<Answer, Error> {
        let mut response = self
            .agent
            .post(self.webhook.method_url(method))
            .content_type("application/json")
            .header("Accept", "application/json")
            .send(params.to_string())?;
        let location = response.headers().get("location").and_then(|value| value.to_str().ok());
        let location = location.unwrap_or_default().to_owned();
        let body = response.body_mut().with_config().limit(limit.bytes).read_to_vec()?;
        Ok(Answer { status: response.status().as_u16(), location, body: self.webhook.redact(body) })
    }

    fn call_error(&self, error: &Error) -> CallError {
        let tls = tls::error_of(error);
        let is_handshake = tls.is_some_and(tls::is_handshake);
        let connect_failed = self.connect_failed.load(Ordering::Relaxed);
        if !connect_failed && !is_handshake && !failed_before_connect(error) {
            return CallError::UnknownOutcome(reason(error));
        }
        let reason = match &self.proxy {
            Some(proxy) if tls.is_none() => proxy_reason(proxy, error),
            _ => reason(error),
        };
        let has_no_roots = matches!(tls, Some(rustls::Error::General(_)));
        if is_handshake || has_no_roots || is_proxy_login(error) {
            CallError::Misconfigured(reason)
        } else {
            CallError::NotSent(reason)
        }
    }
}

impl Portal for Http {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        self.connect_failed.store(false, Ordering::Relaxed);
        let limit = SizeLimit::for_request(params);
        let answer = self.post(method, params, limit).map_err(|error| self.call_error(&error))?;
        if (300..=399).contains(&answer.status) {
            return Err(redirected(answer.status, &self.webhook.address(), &answer.location));
        }
        if documents(&answer.body).any(|json| !limit.allows(json)) {
            return Err(CallError::unknown_outcome(PortalMessage::AnswerTooLarge));
        }
        decode(answer.status, &answer.body, method == "batch")
    }

    fn reconnect(&mut self) {
        self.agent = agent(&self.config, &self.connect_failed);
    }
}

fn agent(config: &ureq::config::Config, connect_failed: &Arc<AtomicBool>) -> Agent {
    let failed = Arc::clone(connect_failed);
    let connector = NotingConnector { connector: DefaultConnector::new(), failed };
    resolver::agent(config.clone(), connector)
}

/// Fetches an address that is not the portal's, and ignores the answer.
///
/// # Errors
/// Why it was not fetched, without the address, which may contain a token.
pub fn fetch(url: &str, timeout: Duration) -> anyhow::Result<()> {
    let proxy = Proxy::from_environment(url)?;
    let config = Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .proxy(proxy.as_ref().map(Proxy::to_ureq))
        .http_status_as_error(false)
        .timeout_global(Some(timeout))
        .user_agent(USER_AGENT)
        .build();
    let agent = resolver::agent(config, DefaultConnector::new());
    let response = agent.get(url).call().map_err(|error| anyhow!(reason(&error)))?;
    let status = response.status();
    ensure!(status.is_success(), "HTTP {}", status.as_u16());
    Ok(())
}

/// A redirect to another host means that the portal has moved. Only scheme and host of the target
/// are shown, because the path may repeat the secret.
fn redirected(status: u16, address: &str, location: &str) -> CallError {
    match moved_to(address, location) {
        Some(target) => CallError::Redirected(target),
        None => CallError::unknown_outcome(format!("HTTP {status}, a redirect within the portal")),
    }
}

fn moved_to(address: &str, location: &str) -> Option<String> {
    let address = Url::parse(address).ok()?;
    let target = address.join(location).ok()?;
    let is_same_place = target.host_str() == address.host_str() && target.port() == address.port();
    if is_same_place || !target.has_host() {
        return None;
    }
    Some(format!("{}/", &target[..url::Position::AfterPort]))
}

/// Whether the error arose before a connection was even tried.
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

/// The proxy wants a name and a password.
fn is_proxy_login(error: &Error) -> bool {
    matches!(error, Error::ConnectProxyFailed(text) if text.contains("407"))
}

/// What the proxy did, which is all that this machine sees.
fn proxy_reason(proxy: &Proxy, error: &Error) -> Message {
    let reason = match error {
        _ if is_proxy_login(error) => PortalMessage::ProxyWantsLogin.into(),
        Error::ConnectProxyFailed(text) => {
            let status =
                text.rsplit(' ').next().and_then(|last| last.split('/').next()).unwrap_or(text);
            PortalMessage::ProxyDoesNotConnect { status: status.to_owned() }.into()
        }
        other => reason(other),
    };
    PortalMessage::Proxy { proxy: proxy.to_string(), reason: reason.into() }.into()
}

/// The standard library has no error kind for that, only this text.
fn is_unknown_host(error: &std::io::Error) -> bool {
    error.to_string().starts_with("failed to lookup address information")
}

/// Why a request failed. ureq's own text may contain the address, and with it the secret.
fn reason(error: &Error) -> Message {
    if let Some(error) = tls::error_of(error) {
        return tls::reason(error).into();
    }
    match error {
        Error::BadUri(_) | Error::RequireHttpsOnly(_) => "bad address".into(),
        Error::Io(error) if is_unknown_host(error) => PortalMessage::HostNotFound.into(),
        Error::Io(error) => {
            private_files::exhausted(error).unwrap_or_else(|| io_reason(error.kind()))
        }
        Error::BodyExceedsLimit(_) => PortalMessage::AnswerTooLarge.into(),
        Error::Timeout(_) => PortalMessage::NoAnswerInTime.into(),
        other => other.to_string().into(),
    }
}

fn io_reason(kind: ErrorKind) -> Message {
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
