//! `[portal]`: where to send, and the pace at which the portal is used.

use std::path::PathBuf;
use std::time::Duration;

use super::error::{ConfigError, webhook_file_unreadable};
use super::shown::{FilePath, SecretAddress};
use super::{Webhook, bounded_int, duration, file};
use crate::domain::messages::ConfigMessage;
use crate::platform::regular_file;

/// A webhook is one line.
const MOST_BYTES: u64 = 1024 * 1024;

/// The portal and the pace it is used at.
#[derive(Clone, Debug)]
pub struct PortalConfig {
    /// The portal's address and password.
    pub webhook: Webhook,
    /// Where the webhook was given.
    pub source: WebhookSource,
    /// `ORIGINATOR_ID` of everything that is ours.
    pub originator: String,
    /// Drain of the leaky bucket.
    pub requests_per_second: f64,
    /// Size of the leaky bucket.
    pub burst: u32,
    /// Commands in a batch, at most.
    pub batch_size: usize,
    /// How long one request may take.
    pub request_target: Duration,
    /// When an answer is given up.
    pub request_timeout: Duration,
    /// How long an unanswered call may still take effect.
    pub settle_time: Duration,
    /// A certificate authority of the hotel's own.
    pub ca_file: Option<PathBuf>,
    /// Where several hotels on one host count their requests together.
    pub shared_bucket: Option<PathBuf>,
}

impl PortalConfig {
    /// Half of the bucket, for what asks while a run of cron may run.
    #[must_use]
    pub fn with_half_burst(&self) -> PortalConfig {
        PortalConfig { burst: self.burst.div_ceil(2), ..self.clone() }
    }
}

/// Where the webhook comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WebhookSource {
    /// In the configuration file.
    Configuration,
    /// In a file of its own.
    File(PathBuf),
    /// In the environment, `$ECVI_B24_WEBHOOK`.
    Environment,
}

impl WebhookSource {
    fn key(&self) -> String {
        match self {
            WebhookSource::Configuration => "[portal] webhook".to_owned(),
            WebhookSource::File(path) => format!("[portal] webhook_file {}", path.display()),
            WebhookSource::Environment => "ECVI_B24_WEBHOOK".to_owned(),
        }
    }
}

/// Takes the webhook from its place, and leaves its address where the file may have it.
pub(super) fn take_webhook(
    portal: &mut file::Portal,
    environment: Option<&str>,
) -> Result<(Webhook, WebhookSource), ConfigError> {
    let (text, source) = match (portal.webhook.take(), portal.webhook_file.take(), environment) {
        (Some(_), Some(_), _) => return Err(ConfigMessage::TwoWebhooks.into()),
        (Some(SecretAddress(text)), None, _) => (text, WebhookSource::Configuration),
        (None, Some(FilePath(path)), _) => {
            let text = regular_file::read_behind_links(&path)
                .and_then(|file| regular_file::read_text(&file, MOST_BYTES))
                .map_err(|error| webhook_file_unreadable(&path, &error))?;
            (text, WebhookSource::File(path))
        }
        (None, None, Some(text)) => (text.to_owned(), WebhookSource::Environment),
        (None, None, None) => return Err(ConfigMessage::NoWebhook.into()),
    };
    let webhook = Webhook::parse(&text).map_err(|reason| ConfigMessage::WebhookWrong {
        key: source.key(),
        reason: reason.into(),
    })?;
    portal.webhook = Some(SecretAddress(text));
    Ok((webhook, source))
}

pub(super) fn portal(
    portal: file::Portal,
    webhook: Webhook,
    source: WebhookSource,
) -> Result<PortalConfig, ConfigMessage> {
    let batch_size = bounded_int("[portal] batch_size", portal.batch_size, 1..=50)?;
    if !portal.requests_per_second.is_finite()
        || portal.requests_per_second <= 0.0
        || portal.burst == 0
    {
        return Err(ConfigMessage::RatesNotPositive);
    }
    let request_timeout = duration("[portal] request_timeout", &portal.request_timeout)?;
    if request_timeout.is_zero() {
        return Err(ConfigMessage::TimeoutZero);
    }
    let originator = portal.originator_id.trim();
    if originator.is_empty() || originator.chars().count() > 255 {
        return Err(ConfigMessage::OriginatorLength);
    }
    // The portal would put another answer of the batch in the place of such a reference.
    if originator.contains("$result") || originator.chars().any(char::is_control) {
        return Err(ConfigMessage::OriginatorUnusable);
    }
    Ok(PortalConfig {
        webhook,
        source,
        originator: originator.to_owned(),
        requests_per_second: portal.requests_per_second,
        burst: portal.burst,
        batch_size: batch_size.into(),
        request_target: duration("[portal] request_target", &portal.request_target)?,
        request_timeout,
        settle_time: duration("[portal] settle_time", &portal.settle_time)?,
        ca_file: portal.ca_file.map(|path| path.0),
        shared_bucket: portal.shared_bucket.map(|path| path.0),
    })
}
