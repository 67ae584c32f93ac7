//! The configuration, checked: every value has its real type, every path is absolute or relative to
//! here.

mod address;
mod choices;
mod config_file;
mod error;
mod fields;
mod file;
mod leaked_webhook;
mod link;
mod load;
mod mirror;
mod monitoring;
mod objects;
mod ownership;
mod paths;
mod portal;
mod shown;
mod stays;
pub mod template;
mod webhook;

use std::fs::Metadata;
use std::ops::RangeInclusive;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::NaiveDate;

pub(crate) use address::{is_loopback, scheme_and_host};
pub use choices::{AmountOf, ExportMethod, MatchBy, OnMissing};
pub use config_file::{ConfigFile, SYSTEM_CONFIG};
pub use error::ConfigError;
pub(crate) use fields::is_program_field;
pub use link::Link;
pub use load::{Heading, LoadConfig, ReportConfig, plain_heading};
pub use mirror::MirrorConfig;
pub use monitoring::MonitoringConfig;
pub use objects::{DealConfig, PartyConfig};
pub use portal::{PortalConfig, WebhookSource};
pub use stays::StayFigure;
pub use webhook::Webhook;

use crate::domain::language::Language;
use crate::domain::messages::ConfigMessage;
use crate::domain::record::Kind;
use crate::platform::hash;
use file::File;

/// Everything the program was told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The language of what people read.
    pub language: Language,
    /// Which file is read, and how.
    pub mirror: MirrorConfig,
    /// The file of the state.
    pub state: PathBuf,
    /// Where the data is sent.
    pub portal: PortalConfig,
    /// How a run behaves.
    pub sync: SyncConfig,
    /// How the initial export works.
    pub export: ExportConfig,
    /// The report files that fill the mirror.
    pub load: LoadConfig,
    /// Who is told how the runs go.
    pub monitoring: MonitoringConfig,
    /// What the contact of a guest gets.
    pub contact: PartyConfig,
    /// What the company of a company gets.
    pub company: PartyConfig,
    /// What the deal of a booking gets.
    pub deal: DealConfig,
    /// The file that was read.
    pub file: PathBuf,
    /// Files with a secret in them that everyone on this machine could read when they were loaded.
    pub exposed: Vec<PathBuf>,
    /// Where the configuration was reached by a link.
    pub link: Option<Link>,
}

/// How the initial export works.
#[derive(Clone, Debug)]
pub struct ExportConfig {
    /// How it creates objects.
    pub method: ExportMethod,
    /// Bookings that were over before this day are not carried over, here and in later runs.
    pub bookings_from: Option<NaiveDate>,
}

/// How a run behaves.
#[derive(Clone, Debug)]
pub struct SyncConfig {
    /// No request begins after this.
    pub time_limit: Duration,
    /// More bookings than this gone within a day: delete none.
    pub max_deletes: u64,
    /// A booking has to be missing this long, seen by two runs, before its deal is deleted.
    pub delete_after: Duration,
    /// First pause before a failed record is tried again.
    pub retry_after: Duration,
    /// Objects that vanished from the CRM.
    pub on_missing: OnMissing,
}

impl Config {
    /// A fingerprint of settings, which are given as their `Debug` shows them, and of what that
    /// leaves out: the secret of the webhook, which `Debug` hides, and the version of this program,
    /// which may make another thing of them.
    pub fn fingerprint(&self, settings: &str) -> u64 {
        let version = env!("CARGO_PKG_VERSION");
        let secret = self.portal.webhook.fingerprint();
        hash::text_hash(&format!("{version} {secret} {settings}"))
    }

    /// The settings of guests or of companies.
    pub fn party(&self, kind: Kind) -> Option<&PartyConfig> {
        match kind {
            Kind::Guest => Some(&self.contact),
            Kind::Company => Some(&self.company),
            Kind::Booking => None,
        }
    }
}

/// Reads and checks a configuration file that is named.
///
/// `webhook` is the value of `$ECVI_B24_WEBHOOK`; the file's own `webhook` wins over it.
pub fn load(path: &Path, webhook: Option<&str>) -> Result<Config, ConfigError> {
    ConfigFile::named(path).load(webhook)
}

/// [`ConfigFile::shown`] of the text of a configuration; relative paths are relative to `folder`.
pub fn shown_text(text: &str, folder: &Path, webhook: Option<&str>) -> Result<String, ConfigError> {
    let Given { file, .. } = read(text, folder, webhook)?;
    Ok(shown::toml_text(&file))
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}

/// The keys that have a default, as a file would say them.
pub fn defaults() -> toml::Table {
    let smallest = toml::from_str::<File>("mirror.path = ''");
    let mut defaults =
        smallest.ok().and_then(|file| toml::Table::try_from(&file).ok()).unwrap_or_default();
    if let Some(mirror) = defaults.get_mut("mirror").and_then(toml::Value::as_table_mut) {
        mirror.remove("path");
    }
    defaults
}

/// Checks the text that is to be written into a file.
pub fn parse_file(path: &Path, text: &str, webhook: Option<&str>) -> Result<Config, ConfigError> {
    parse(text, folder_of(path), webhook).map_err(|error| error.in_file(path))
}

/// Checks the text of a configuration; relative paths are relative to `folder`.
pub fn parse(text: &str, folder: &Path, webhook: Option<&str>) -> Result<Config, ConfigError> {
    let Given { file, webhook, source } = read(text, folder, webhook)?;
    let contact = objects::contact(file.contact)?;
    let company = objects::company(file.company)?;
    let deal = objects::deal(file.deal)?;
    let mirror = mirror::mirror(file.mirror, mirror::own_columns(&contact, &company, &deal))?;
    Ok(Config {
        language: file.language.unwrap_or_default(),
        load: load::load(file.load, &mirror.columns)?,
        mirror,
        state: file.state.path.0,
        portal: portal::portal(file.portal, webhook, source)?,
        sync: sync(&file.sync)?,
        export: export(&file.export)?,
        monitoring: monitoring::monitoring(file.monitoring)?,
        contact,
        company,
        deal,
        file: PathBuf::new(),
        exposed: Vec::new(),
        link: None,
    })
}

/// The keys as they are given, and the webhook, which may have a file of its own.
struct Given {
    file: File,
    webhook: Webhook,
    source: WebhookSource,
}

fn read(text: &str, folder: &Path, webhook: Option<&str>) -> Result<Given, ConfigError> {
    leaked_webhook::refuse_misplaced(text)?;
    let file: File = toml::from_str(text).map_err(|error| without_secret(text, &error))?;
    let mut file = file.in_folder(folder);
    paths::refuse_clash(&file)?;
    let (webhook, source) = portal::take_webhook(&mut file.portal, webhook)?;
    Ok(Given { file, webhook, source })
}

/// A TOML error quotes its line, and that may be the webhook's: only the words of the error are
/// kept.
fn without_secret(text: &str, error: &toml::de::Error) -> ConfigError {
    let message = error.message().to_owned();
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            ConfigMessage::LineWrong { line, error: message.into() }.into()
        }
        None => ConfigError::Wrong(message.into()),
    }
}

fn export(export: &file::Export) -> Result<ExportConfig, ConfigMessage> {
    let mut bookings_from = None;
    if let Some(text) = &export.bookings_from {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d");
        bookings_from = Some(day.map_err(|_| ConfigMessage::NoDate { text: text.clone() })?);
    }
    Ok(ExportConfig { method: export.method, bookings_from })
}

fn sync(sync: &file::Sync) -> Result<SyncConfig, ConfigMessage> {
    Ok(SyncConfig {
        time_limit: duration("[sync] time_limit", &sync.time_limit)?,
        max_deletes: sync.max_deletes,
        delete_after: duration("[sync] delete_after", &sync.delete_after)?,
        retry_after: duration("[sync] retry_after", &sync.retry_after)?,
        on_missing: sync.on_missing,
    })
}

/// The longest duration that a configuration may give.
const YEAR: Duration = Duration::from_secs(366 * 86_400);

/// A whole number within bounds.
fn bounded_int(key: &str, number: i64, bounds: RangeInclusive<u8>) -> Result<u8, ConfigMessage> {
    match u8::try_from(number) {
        Ok(bounded) if bounds.contains(&bounded) => Ok(bounded),
        Ok(_) | Err(_) => Err(ConfigMessage::OutOfBounds {
            key: key.to_owned(),
            number,
            least: (*bounds.start()).into(),
            most: (*bounds.end()).into(),
        }),
    }
}

/// Reads a duration such as `90s`, `15m` or `1h 30m`.
pub fn duration(key: &str, text: &str) -> Result<Duration, ConfigMessage> {
    match humantime::parse_duration(text) {
        Ok(time) if time <= YEAR => Ok(time),
        Ok(_) | Err(_) => {
            Err(ConfigMessage::NoDuration { key: key.to_owned(), text: text.to_owned() })
        }
    }
}

/// Files with a secret in them that everyone may read. `own` is the configuration's file.
fn exposed_files(config: &Config, own: &Path, is_own_readable: bool) -> Vec<PathBuf> {
    let mut exposed = Vec::new();
    // The address of a heartbeat is a secret too: with it, anybody can send one.
    let has_heartbeat = config.monitoring.heartbeat.is_some();
    let has_secret = has_heartbeat || config.portal.source == WebhookSource::Configuration;
    if has_secret && is_own_readable {
        exposed.push(own.to_owned());
    }
    if let WebhookSource::File(path) = &config.portal.source
        && std::fs::metadata(path).is_ok_and(|found| is_readable_by_others(&found))
    {
        exposed.push(path.clone());
    }
    exposed
}

fn is_readable_by_others(found: &Metadata) -> bool {
    found.mode() & 0o007 != 0
}
