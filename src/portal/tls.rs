//! Certificates: which ones a portal's is checked against, and why a handshake failed.

use std::path::Path;

use rustls::{AlertDescription, CertificateError, Error};
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

use crate::domain::messages::TlsMessage;
use crate::domain::run_error::{Result, RunError, explained};
use crate::platform::{private_files, regular_file};

/// All the authorities of a system are one megabyte.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// A file in DER format begins so.
const DER: &[u8] = &[0x30, 0x82];

/// The certificates that a portal's is checked against: the machine's, or those of `ca_file`.
pub(super) fn roots(ca_file: Option<&Path>) -> Result<RootCerts> {
    let Some(path) = ca_file else { return Ok(RootCerts::PlatformVerifier) };
    let shown = path.display().to_string();
    let read = regular_file::read_behind_links(path)
        .and_then(|file| regular_file::read_whole(&file, MOST_BYTES));
    let bytes = read.map_err(|error| {
        let hint = private_files::io_hint(&error).into();
        let unreadable = TlsMessage::CaFileUnreadable { path: shown.clone(), hint };
        RunError::Config(explained(unreadable, error))
    })?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let certificates = certificates(bytes);
    let ders = certificates.iter().map(|certificate| certificate.der().to_vec().into());
    let (usable, _) = rustls::RootCertStore::empty().add_parsable_certificates(ders);
    if usable == 0 {
        return Err(unusable(bytes, !certificates.is_empty(), shown).into());
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

fn certificates(bytes: &[u8]) -> Vec<Certificate<'static>> {
    if bytes.starts_with(DER) {
        return vec![Certificate::from_der(bytes).to_owned()];
    }
    let mut certificates = Vec::new();
    for item in parse_pem(bytes) {
        if let Ok(PemItem::Certificate(certificate)) = item {
            certificates.push(certificate);
        }
    }
    certificates
}

fn unusable(bytes: &[u8], has_certificates: bool, path: String) -> TlsMessage {
    let text = String::from_utf8_lossy(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        TlsMessage::CaFileEmpty { path }
    } else if has_certificates || text.contains("BEGIN CERTIFICATE") || bytes.starts_with(DER) {
        TlsMessage::CaFileDamaged { path }
    } else if text.contains("PRIVATE KEY") {
        TlsMessage::CaFileIsKey { path }
    } else {
        TlsMessage::CaFileWithoutCertificate { path }
    }
}

/// The error of TLS in an error of ureq.
pub(super) fn error_of(error: &ureq::Error) -> Option<&Error> {
    match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}

/// Whether the handshake failed. With TLS 1.3 its alert may come after the request was sent; the
/// server has not read it then.
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
pub(super) fn reason(error: &Error) -> TlsMessage {
    use AlertDescription as Alert;
    match error {
        Error::InvalidCertificate(error) => certificate_reason(error),
        Error::PeerIncompatible(_) | Error::AlertReceived(Alert::ProtocolVersion) => {
            TlsMessage::VersionUnknown
        }
        Error::AlertReceived(Alert::CertificateRequired | Alert::NoCertificate) => {
            TlsMessage::ClientCertificateWanted
        }
        Error::AlertReceived(Alert::HandshakeFailure) => TlsMessage::HandshakeBrokenOff,
        Error::AlertReceived(Alert::UnrecognisedName) => TlsMessage::NameUnknown,
        Error::InvalidMessage(_) => TlsMessage::NotTls,
        Error::General(text) if text.contains("No CA certificates") => {
            TlsMessage::NoTrustedAuthorities
        }
        other => TlsMessage::NotSetUp { reason: other.to_string() },
    }
}

fn certificate_reason(error: &CertificateError) -> TlsMessage {
    use CertificateError as Flaw;
    match error {
        Flaw::Expired | Flaw::ExpiredContext { .. } => TlsMessage::Expired,
        Flaw::NotValidYet | Flaw::NotValidYetContext { .. } => TlsMessage::NotValidYet,
        Flaw::NotValidForName | Flaw::NotValidForNameContext { .. } => TlsMessage::ForAnotherName,
        Flaw::Revoked => TlsMessage::Revoked,
        Flaw::UnknownIssuer => TlsMessage::UnknownIssuer,
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            TlsMessage::AuthorityAsServer
        }
        other => TlsMessage::NotAccepted { reason: format!("{other:?}") },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::OtherError;

    use super::*;
    use crate::domain::language::Language;
    use crate::domain::messages::Localized;

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
            let said = reason(&Error::InvalidCertificate(why)).localized(Language::Ru);
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
            let error = roots(Some(&path)).unwrap_err().message().text(Language::Ru);
            assert!(error.contains(told), "{held}: {error}");
        }
    }
}
