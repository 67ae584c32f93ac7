//! The one door to the network: JSON over blocking HTTP to the inbound webhook, and the address of a heartbeat.

use std::io::ErrorKind;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::Value;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Error};

use super::size::Bounds;
use super::{Answer, CallError, Portal, decode, resolver};
use crate::config::{PortalConfig, Webhook, scheme_and_host};
use crate::{private, say};

const CONNECT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("ecvi-b24/", env!("CARGO_PKG_VERSION"));
/// A server closes idle connections, and a request on a closed one would be a call without an answer.
const IDLE: Duration = Duration::from_secs(5);

/// A real portal.
pub struct Http {
    agent: Agent,
    webhook: Webhook,
}

impl Http {
    /// Prepares the connection; nothing is sent yet.
    pub fn new(config: &PortalConfig) -> Result<Http> {
        let roots = match &config.ca_file {
            None => RootCerts::PlatformVerifier,
            Some(path) => {
                let shown = path.display();
                let pem = std::fs::read(path).map_err(|error| {
                    let cure = private::cure(&error);
                    anyhow::Error::new(error).context(say!(
                        "не читается сертификат [portal] ca_file {shown}: {cure}",
                        "the certificate [portal] ca_file {shown} cannot be read: {cure}"
                    ))
                })?;
                let certificates = parse_pem(&pem).filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                });
                let certificates: Vec<_> = certificates.collect();
                ensure!(
                    !certificates.is_empty(),
                    say!(
                        "в файле {shown} нет сертификата в формате PEM",
                        "there is no certificate in PEM format in {shown}"
                    )
                );
                RootCerts::new_with_certs(&certificates)
            }
        };
        let settings = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            // Errors are JSON with any status, and a redirect followed would lose the body of a POST.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_age(IDLE)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(config.request_timeout))
            .user_agent(USER_AGENT)
            .build();
        let agent = resolver::agent(settings);
        Ok(Http { agent, webhook: config.webhook.clone() })
    }

    fn post(
        &self,
        method: &str,
        params: &Value,
        bounds: Bounds,
    ) -> Result<(u16, Option<String>, Vec<u8>), Error> {
        let mut response = self
            .agent
            .post(self.webhook.expose_method(method))
            .content_type("application/json")
            .header("Accept", "application/json")
            .send(params.to_string())?;
        let location = response.headers().get("location").and_then(|value| value.to_str().ok());
        let location = location.map(str::to_owned);
        let body = response.body_mut().with_config().limit(bounds.bytes).read_to_vec()?;
        Ok((response.status().as_u16(), location, self.webhook.hide(body)))
    }
}

impl Portal for Http {
    fn call(&mut self, method: &str, params: &Value) -> Result<Answer, CallError> {
        let bounds = Bounds::of(params);
        match self.post(method, params, bounds) {
            Ok((status @ 300..=399, location, _)) => {
                Err(CallError::Moved(place(status, location.as_deref().unwrap_or_default())))
            }
            Ok((_, _, body)) if !bounds.hold(&body) => Err(CallError::Lost(too_large())),
            Ok((status, _, body)) => decode(status, &body, method == "batch"),
            Err(error) if never_opened(&error) => Err(CallError::NotSent(words(&error))),
            Err(error) => Err(CallError::Lost(words(&error))),
        }
    }
}

/// Fetches an address that is not the portal's and drops what it says.
///
/// # Errors
/// Why it was not fetched, in words without the address, which may hold a token.
pub fn fetch(url: &str, patience: Duration) -> Result<(), String> {
    let settings = Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .http_status_as_error(false)
        .timeout_global(Some(patience))
        .user_agent(USER_AGENT)
        .build();
    let agent = resolver::agent(settings);
    let response = agent.get(url).call().map_err(|error| words(&error))?;
    if response.status().is_success() { Ok(()) } else { Err(format!("HTTP {}", response.status().as_u16())) }
}

/// Scheme and host alone: the path of a redirect may repeat the secret.
fn place(status: u16, location: &str) -> String {
    match scheme_and_host(location) {
        Some((scheme, host)) => format!("{scheme}://{host}/"),
        None => format!("HTTP {status}"),
    }
}

/// Whether the error arose before there was a connection. All that could come later counts as later.
fn never_opened(error: &Error) -> bool {
    match error {
        // Other errors of TLS are not here: they can also come while the answer is read.
        Error::HostNotFound | Error::ConnectionFailed => true,
        Error::BadUri(_) | Error::InvalidProxyUrl | Error::ConnectProxyFailed(_) => true,
        Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => true,
        // An unreachable host or network can also be told of a connection that stood.
        Error::Io(error) => {
            error.kind() == ErrorKind::ConnectionRefused
                || is_unknown_host(error)
                || private::is_out_of_descriptors(error)
                || distrust(error).is_some()
        }
        _ => false,
    }
}

/// The standard library has no kind for that, only these words.
fn is_unknown_host(error: &std::io::Error) -> bool {
    error.to_string().starts_with("failed to lookup address information")
}

/// Why the server's certificate was not accepted: nothing was said to it then.
fn distrust(error: &std::io::Error) -> Option<String> {
    let said = error.get_ref()?.to_string();
    said.strip_prefix("invalid peer certificate: ").map(str::to_owned)
}

/// ureq's words may hold the address, and that holds the secret.
fn words(error: &Error) -> String {
    match error {
        Error::BadUri(_) | Error::RequireHttpsOnly(_) => "bad address".into(),
        Error::Io(error) if is_unknown_host(error) => say!(
            "такого адреса в интернете не нашлось: проверьте адрес и связь",
            "no such address was found: check the address and the connection"
        ),
        Error::Io(error) if private::is_out_of_descriptors(error) => {
            private::exhausted(error).unwrap_or_default()
        }
        Error::Io(error) => distrust(error).map_or_else(|| broken_off(error.kind()), |why| untrusted(&why)),
        Error::BodyExceedsLimit(_) => too_large(),
        Error::Timeout(_) => say!("ответа не дождались", "it did not answer in time"),
        other => other.to_string(),
    }
}

fn too_large() -> String {
    say!("ответ больше, чем было спрошено", "the answer is larger than what was asked for")
}

fn broken_off(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::ConnectionRefused => say!("соединение не принято", "the connection was refused"),
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => say!("соединение оборвалось", "the connection broke off"),
        other => other.to_string(),
    }
}

fn untrusted(why: &str) -> String {
    if why.contains("CaUsedAsEndEntity") {
        return say!(
            "сертификат сервера выпущен как сертификат центра (CA:TRUE), таким сервер не может пользоваться; выпустите обычный",
            "the server's certificate is one of an authority (CA:TRUE), which no server may use; make an ordinary one"
        );
    }
    say!(
        "сертификат сервера не принят ({why}); если он у портала собственный, назовите его в [portal] ca_file",
        "the server's certificate is not accepted ({why}); where the portal has one of its own, name it in [portal] ca_file"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_not_accepted_is_told_and_leaves_no_doubt() {
        for (why, told) in [("UnknownIssuer", "ca_file"), ("Other(OtherError(CaUsedAsEndEntity))", "CA:TRUE")]
        {
            let error =
                std::io::Error::new(ErrorKind::InvalidData, format!("invalid peer certificate: {why}"));
            let error = Error::Io(error);
            assert!(never_opened(&error) && words(&error).contains(told), "{}", words(&error));
        }
        let torn = Error::Io(std::io::Error::new(ErrorKind::InvalidData, "received corrupt message"));
        assert!(!never_opened(&torn));
    }
}
