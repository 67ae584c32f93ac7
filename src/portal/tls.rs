//! Certificates: whose word is taken for a portal's, and why a handshake failed, in words.

use std::path::Path;

use anyhow::{Result, bail};
use rustls::{AlertDescription, CertificateError, Error};
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

use crate::platform::private_files;
use crate::say;

/// DER begins so, whatever the file is called.
const DER: &[u8] = &[0x30, 0x82];

/// The certificates that a portal's is checked against: the machine's, or those of `ca_file`.
pub(super) fn roots(ca_file: Option<&Path>) -> Result<RootCerts> {
    let Some(path) = ca_file else { return Ok(RootCerts::PlatformVerifier) };
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| {
        let cure = private_files::io_hint(&error);
        anyhow::Error::new(error).context(say!(
            "не читается сертификат [portal] ca_file {shown}: {cure}",
            "the certificate [portal] ca_file {shown} cannot be read: {cure}"
        ))
    })?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let certificates = certificates(bytes);
    let mut usable = rustls::RootCertStore::empty();
    let ders = certificates.iter().map(|certificate| certificate.der().to_vec().into());
    let (added, _) = usable.add_parsable_certificates(ders);
    if added == 0 {
        bail!("{}: {shown}", unusable(bytes, !certificates.is_empty()));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

fn certificates(bytes: &[u8]) -> Vec<Certificate<'static>> {
    if bytes.starts_with(DER) {
        return vec![Certificate::from_der(bytes).to_owned()];
    }
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    parse_pem(bytes).filter_map(certificate).collect()
}

fn unusable(bytes: &[u8], has_certificates: bool) -> String {
    let text = String::from_utf8_lossy(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        say!("файл [portal] ca_file пуст", "the file [portal] ca_file is empty")
    } else if has_certificates || text.contains("BEGIN CERTIFICATE") || bytes.starts_with(DER) {
        say!(
            "сертификат в [portal] ca_file повреждён, выгрузите его заново",
            "the certificate in [portal] ca_file is damaged, export it anew"
        )
    } else if text.contains("PRIVATE KEY") {
        say!(
            "в [portal] ca_file закрытый ключ, а нужен сертификат центра",
            "[portal] ca_file holds a private key, and the authority's certificate is wanted"
        )
    } else {
        say!(
            "в [portal] ca_file нет сертификата в формате PEM или DER",
            "[portal] ca_file holds no certificate in PEM or DER format"
        )
    }
}

/// The reason of TLS in an error of the client.
pub(super) fn reason(error: &ureq::Error) -> Option<&Error> {
    match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}

/// Alerts of a handshake. With TLS 1.3 one can come when the request is on its way already; it was not read then.
pub(super) fn is_handshake(error: &Error) -> bool {
    use AlertDescription as Alert;
    match error {
        Error::InvalidCertificate(_) | Error::PeerIncompatible(_) => true,
        Error::AlertReceived(alert) => matches!(
            alert,
            Alert::HandshakeFailure
                | Alert::CertificateRequired
                | Alert::NoCertificate
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::ProtocolVersion
                | Alert::InsufficientSecurity
                | Alert::UnrecognisedName
        ),
        _ => false,
    }
}

/// Why TLS failed, and what to do about it.
pub(super) fn words(error: &Error) -> String {
    use AlertDescription as Alert;
    match error {
        Error::InvalidCertificate(why) => certificate(why),
        Error::PeerIncompatible(_) | Error::AlertReceived(Alert::ProtocolVersion) => say!(
            "портал не знает TLS 1.2 и 1.3, без них соединения нет: обновите его веб-сервер",
            "the portal knows neither TLS 1.2 nor 1.3, which a connection needs: update its web server"
        ),
        Error::AlertReceived(Alert::CertificateRequired | Alert::NoCertificate) => say!(
            "портал требует сертификат клиента, а программа его не предъявляет: снимите это требование для REST",
            "the portal demands a certificate of the client, which this program has not: lift that for REST"
        ),
        Error::AlertReceived(Alert::HandshakeFailure) => say!(
            "портал прервал установление TLS: проверьте настройки его веб-сервера (шифры, требование сертификата клиента)",
            "the portal broke off the TLS handshake: check its web server (ciphers, a demanded client certificate)"
        ),
        Error::AlertReceived(Alert::UnrecognisedName) => say!(
            "сервер не знает такого имени: проверьте адрес в [portal] webhook",
            "the server does not know this name: check the address in [portal] webhook"
        ),
        Error::InvalidMessage(_) => say!(
            "по этому адресу отвечают не по TLS: проверьте порт в [portal] webhook",
            "what answers at this address is not TLS: check the port in [portal] webhook"
        ),
        Error::General(why) if why.contains("No CA certificates") => say!(
            "на этой машине нет сертификатов доверенных центров: установите пакет ca-certificates",
            "this machine has no certificates of trusted authorities: install the package ca-certificates"
        ),
        other => say!("TLS не установлен ({other})", "TLS could not be set up ({other})"),
    }
}

fn certificate(why: &CertificateError) -> String {
    use CertificateError as HoldReason;
    match why {
        HoldReason::Expired | HoldReason::ExpiredContext { .. } => say!(
            "срок действия сертификата портала истёк: его обновляет администратор портала; проверьте и часы этой машины",
            "the portal's certificate has expired: its administrator renews it; check this machine's clock too"
        ),
        HoldReason::NotValidYet | HoldReason::NotValidYetContext { .. } => say!(
            "сертификат портала ещё не действует: скорее всего, отстают часы этой машины, исправьте дату и время",
            "the portal's certificate is not valid yet: most likely this machine's clock is behind, set date and time"
        ),
        HoldReason::NotValidForName | HoldReason::NotValidForNameContext { .. } => say!(
            "сертификат сервера выдан другому имени: проверьте адрес в [portal] webhook",
            "the server's certificate is for another name: check the address in [portal] webhook"
        ),
        HoldReason::Revoked => {
            say!("сертификат портала отозван", "the portal's certificate was revoked")
        }
        HoldReason::UnknownIssuer => say!(
            "сертификат сервера не принят (UnknownIssuer); если он у портала собственный, назовите его в [portal] ca_file",
            "the server's certificate is not accepted (UnknownIssuer); where the portal has one of its own, name it in [portal] ca_file"
        ),
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => say!(
            "сертификат сервера выпущен как сертификат центра (CA:TRUE), таким сервер не может пользоваться; выпустите обычный",
            "the server's certificate is one of an authority (CA:TRUE), which no server may use; make an ordinary one"
        ),
        other => say!(
            "сертификат сервера не принят ({other:?})",
            "the server's certificate is not accepted ({other:?})"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::OtherError;

    use super::*;

    #[test]
    fn each_flaw_of_a_certificate_has_its_own_remedy() {
        let as_end_entity = std::io::Error::other("CaUsedAsEndEntity");
        for (why, told) in [
            (CertificateError::UnknownIssuer, "ca_file"),
            (CertificateError::Expired, "истёк"),
            (CertificateError::NotValidYet, "часы"),
            (CertificateError::NotValidForName, "webhook"),
            (CertificateError::Other(OtherError(Arc::new(as_end_entity))), "CA:TRUE"),
        ] {
            let said = words(&Error::InvalidCertificate(why));
            assert!(said.contains(told), "{said}");
            assert_eq!(said.contains("ca_file"), told == "ca_file", "{said}");
        }
    }

    #[test]
    fn a_ca_file_without_a_certificate_says_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let damaged = "-----BEGIN CERTIFICATE-----\r\nAAAA\r\n-----END CERTIFICATE-----\r\n";
        for (held, told) in [
            ("", "пуст"),
            ("\u{feff}\r\n", "пуст"),
            ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "закрытый ключ"),
            (damaged, "повреждён"),
            ("hello", "нет сертификата"),
        ] {
            std::fs::write(&path, held).unwrap();
            let error = roots(Some(&path)).unwrap_err().to_string();
            assert!(error.contains(told), "{held}: {error}");
        }
    }
}
