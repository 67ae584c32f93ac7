//! `[monitoring]`: who is told how the runs go.

use std::path::PathBuf;
use std::time::Duration;

use super::file;
use super::shown::{FilePath, SecretAddress};
use super::{duration, is_loopback, scheme_and_host};
use crate::domain::messages::ConfigMessage;

/// Who is told how the runs go.
#[derive(Clone, Debug, Default)]
pub struct MonitoringConfig {
    /// An address fetched after a good run.
    pub heartbeat: Option<String>,
    /// A mirror that was written longer ago than this is no longer filled.
    pub max_mirror_age: Option<Duration>,
    /// A page for a browser, written after each run.
    pub status_page: Option<PathBuf>,
    /// Figures for Prometheus, written after each run.
    pub metrics_file: Option<PathBuf>,
    /// The user of the portal who gets a message when something begins to fail.
    pub notify_user: Option<u64>,
}

pub(super) fn monitoring(section: file::Monitoring) -> Result<MonitoringConfig, ConfigMessage> {
    let file::Monitoring { heartbeat_url, max_mirror_age, status_page, metrics_file, notify_user } =
        section;
    if notify_user == Some(0) {
        return Err(ConfigMessage::NoUser { key: "[monitoring] notify_user".to_owned() });
    }
    if let Some(FilePath(path)) = &metrics_file
        && path.extension() != Some("prom".as_ref())
    {
        return Err(ConfigMessage::MetricsUnread);
    }
    let max_mirror_age = max_mirror_age.map(|text| duration("[monitoring] max_mirror_age", &text));
    Ok(MonitoringConfig {
        heartbeat: heartbeat_url.map(heartbeat).transpose()?,
        max_mirror_age: max_mirror_age.transpose()?,
        status_page: status_page.map(|FilePath(path)| path),
        metrics_file: metrics_file.map(|FilePath(path)| path),
        notify_user,
    })
}

/// Never quotes what was given: it may hold a token.
fn heartbeat(SecretAddress(url): SecretAddress) -> Result<String, ConfigMessage> {
    match scheme_and_host(&url) {
        Some(("https", _)) => Ok(url),
        Some(("http", host)) if is_loopback(host) => Ok(url),
        Some(_) | None => Err(ConfigMessage::HeartbeatNotHttps),
    }
}
