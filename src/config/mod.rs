//! The configuration, checked: every value has its real type, every path is absolute or relative to here.

mod fields;
mod file;
mod show;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;

pub(crate) use fields::is_written;
pub use file::{Match, Method, OnMissing};
pub use webhook::Webhook;

use crate::lang::Language;
use crate::mapping::deal::NAMES;
use crate::mapping::template::Template;
use crate::mirror::Status;
use crate::record::Kind;
use crate::say;

/// Everything the program was told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The language of messages, where the file names one.
    pub language: Option<Language>,
    /// What to read.
    pub mirror: MirrorConfig,
    /// The state's file.
    pub state: PathBuf,
    /// Where to send.
    pub portal: PortalConfig,
    /// How a pass behaves.
    pub sync: SyncConfig,
    /// The initial export.
    pub export: ExportConfig,
    /// An address fetched after a good pass.
    pub heartbeat: Option<String>,
    /// Guest -> contact.
    pub contact: PersonConfig,
    /// Company -> company.
    pub company: PersonConfig,
    /// Booking -> deal.
    pub deal: DealConfig,
}

/// The mirror's file and shape.
#[derive(Clone, Debug)]
pub struct MirrorConfig {
    /// The `SQLite` file.
    pub path: PathBuf,
    /// A table's name or a `SELECT` in parentheses, in the order guests, companies, bookings, residents.
    pub sources: [String; 4],
    /// The hotel's own status codes.
    pub statuses: BTreeMap<String, Status>,
    /// New ids of the CRM are written into the mirror's `crm_id`.
    pub write_back: bool,
}

/// The portal and the pace it is used at.
#[derive(Clone, Debug)]
pub struct PortalConfig {
    /// Address and password.
    pub webhook: Webhook,
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

/// The initial export.
#[derive(Clone, Debug)]
pub struct ExportConfig {
    /// How it creates.
    pub method: Method,
    /// Bookings that were over before this day are not carried over, here and in later passes.
    pub bookings_from: Option<NaiveDate>,
}

/// How a pass behaves.
#[derive(Clone, Debug)]
pub struct SyncConfig {
    /// No request begins after this.
    pub time_limit: Duration,
    /// More missing bookings than this: delete none.
    pub max_deletes: u64,
    /// First pause before a failed record is tried again.
    pub retry_after: Duration,
    /// Objects that vanished from the CRM.
    pub on_missing: OnMissing,
}

/// What a contact or a company gets beside its own data.
#[derive(Clone, Debug)]
pub struct PersonConfig {
    /// `HONORIFIC` of men and women; empty for companies.
    pub honorific: [String; 2],
    /// The responsible user.
    pub assigned_by_id: Option<u64>,
    /// `SOURCE_ID`.
    pub source_id: Option<String>,
    /// `VALUE_TYPE` of phones and e-mails.
    pub phone_type: String,
    /// How people who already stand in the CRM are recognised.
    pub match_existing: Vec<Match>,
    /// `COMMENTS`.
    pub comments: Template,
    /// Field of the portal -> column of the mirror.
    pub fields: BTreeMap<String, String>,
}

/// What a deal gets beside its booking's data.
#[derive(Clone, Debug)]
pub struct DealConfig {
    /// `CURRENCY_ID`.
    pub currency: String,
    /// The responsible user.
    pub assigned_by_id: Option<u64>,
    /// `SOURCE_ID`.
    pub source_id: Option<String>,
    /// `TITLE`.
    pub title: Template,
    /// `COMMENTS`.
    pub comments: Template,
    /// Stage, in full (`C5:NEW`), and probability of each status, in the order of [`Status::ALL`].
    pub stages: [(String, u8); 6],
    /// Field of the portal -> column of the mirror.
    pub fields: BTreeMap<String, String>,
}

impl DealConfig {
    /// Stage and probability of a status.
    pub fn stage(&self, status: Status) -> (&str, u8) {
        let (stage, probability) = &self.stages[status as usize];
        (stage, *probability)
    }

    /// The funnel of a status: its stage says it, `C5:NEW`. The general funnel is 0 and has no prefix.
    pub fn funnel(&self, status: Status) -> u64 {
        let prefix = self.stage(status).0.strip_prefix('C').and_then(|rest| rest.split_once(':'));
        prefix.and_then(|(number, _)| number.parse().ok()).unwrap_or(0)
    }

    /// The funnels of all statuses. When there are several, bookings move between them.
    pub fn funnels(&self) -> BTreeSet<u64> {
        Status::ALL.into_iter().map(|status| self.funnel(status)).collect()
    }
}

impl Config {
    /// The columns beyond the usual ones that fields and templates ask for, of guests, companies and bookings.
    pub fn extra_columns(&self) -> [Vec<String>; 3] {
        let Config { contact, company, deal, .. } = self;
        [
            extra(&contact.fields, &[&contact.comments], &["marks", "comment"]),
            extra(&company.fields, &[&company.comments], &["comment"]),
            extra(&deal.fields, &[&deal.title, &deal.comments], &NAMES),
        ]
    }
}

fn extra(fields: &BTreeMap<String, String>, templates: &[&Template], usual: &[&str]) -> Vec<String> {
    let named = templates.iter().flat_map(|template| template.names()).filter(|name| !usual.contains(name));
    let columns: BTreeSet<&str> = fields.values().map(String::as_str).chain(named).collect();
    columns.into_iter().map(str::to_owned).collect()
}

/// The file to use: `--config`, else `$ECVI_B24_CONFIG`, else `ecvi-b24.toml` here, else in `/etc`.
pub fn locate(option: Option<&Path>) -> PathBuf {
    let here = Path::new("ecvi-b24.toml");
    match option {
        Some(path) => path.to_owned(),
        None if here.exists() => here.to_owned(),
        None => PathBuf::from("/etc/ecvi-b24.toml"),
    }
}

/// Reads and checks a configuration file.
///
/// `webhook` is the value of `$ECVI_B24_WEBHOOK`; the file's own `webhook` wins over it.
pub fn load(path: &Path, webhook: Option<&str>) -> Result<Config> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| {
        say!("не читается файл конфигурации {shown}", "the configuration file {shown} cannot be read")
    })?;
    warn_when_readable_by_others(path);
    parse(&text, path.parent().unwrap_or(Path::new("")), webhook).with_context(|| {
        say!("ошибка в файле конфигурации {shown}", "the configuration file {shown} is wrong")
    })
}

/// Checks the text of a configuration; relative paths are relative to `folder`.
pub fn parse(text: &str, folder: &Path, webhook: Option<&str>) -> Result<Config> {
    let file: file::File = toml::from_str(text).map_err(|error| anyhow::anyhow!(without_secret(&error)))?;
    if let Some(language) = file.language {
        crate::lang::speak(language);
    }
    Ok(Config {
        language: file.language,
        mirror: mirror(file.mirror, folder)?,
        state: folder.join(file.state.path),
        portal: portal(file.portal, folder, webhook)?,
        sync: sync(&file.sync)?,
        export: export(&file.export)?,
        heartbeat: file.monitoring.heartbeat_url,
        contact: contact(file.contact)?,
        company: company(file.company)?,
        deal: deal(file.deal)?,
    })
}

/// A TOML error quotes the line it stands in, and that may be the webhook's: only its words are kept.
fn without_secret(error: &toml::de::Error) -> String {
    error.message().to_owned()
}

fn mirror(mirror: file::Mirror, folder: &Path) -> Result<MirrorConfig> {
    let file::Queries { guests, companies, bookings, booking_guests } = mirror.queries;
    if mirror.write_back && [&guests, &companies, &bookings].iter().any(|query| query.is_some()) {
        bail!(say!(
            "[mirror] write_back пишет только в таблицы guests, companies и bookings, а в [mirror.queries] вместо них заданы запросы",
            "[mirror] write_back writes into the tables guests, companies and bookings alone, and [mirror.queries] replaces them"
        ));
    }
    let source = |query: Option<String>, table: &str| match query {
        Some(query) => format!("({})", query.trim().trim_end_matches(';')),
        None => table.to_owned(),
    };
    let mut statuses = BTreeMap::new();
    for (code, word) in mirror.statuses {
        let Some(status) = Status::from_word(&word) else {
            bail!(say!(
                "[mirror.statuses] \"{code}\" = \"{word}\": такого состояния нет; бывают temporary, confirmed, checked_in, checked_out, cancelled, no_show",
                "[mirror.statuses] \"{code}\" = \"{word}\": no such status; there are temporary, confirmed, checked_in, checked_out, cancelled, no_show"
            ));
        };
        statuses.insert(code, status);
    }
    Ok(MirrorConfig {
        path: folder.join(mirror.path),
        sources: [
            source(guests, "guests"),
            source(companies, "companies"),
            source(bookings, "bookings"),
            source(booking_guests, "booking_guests"),
        ],
        statuses,
        write_back: mirror.write_back,
    })
}

fn export(export: &file::Export) -> Result<ExportConfig> {
    let day = |text: &String| {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().with_context(|| {
            say!(
                "[export] bookings_from: «{text}» не дата; пишите, например, 2024-01-01",
                "[export] bookings_from: \"{text}\" is no date; write 2024-01-01"
            )
        })
    };
    let bookings_from = export.bookings_from.as_ref().map(day).transpose()?;
    Ok(ExportConfig { method: export.method, bookings_from })
}

fn portal(portal: file::Portal, folder: &Path, environment: Option<&str>) -> Result<PortalConfig> {
    if !(1..=50).contains(&portal.batch_size) {
        bail!(say!("[portal] batch_size: от 1 до 50", "[portal] batch_size: from 1 to 50"));
    }
    if !portal.requests_per_second.is_finite() || portal.requests_per_second <= 0.0 || portal.burst == 0 {
        bail!(say!(
            "[portal] requests_per_second и burst должны быть больше нуля",
            "[portal] requests_per_second and burst must be greater than zero"
        ));
    }
    let originator = portal.originator_id.trim();
    if originator.is_empty() || originator.chars().count() > 255 {
        bail!(say!(
            "[portal] originator_id: от 1 до 255 знаков",
            "[portal] originator_id: from 1 to 255 characters"
        ));
    }
    Ok(PortalConfig {
        webhook: webhook(portal.webhook.as_deref(), portal.webhook_file.as_deref(), folder, environment)?,
        originator: originator.to_owned(),
        requests_per_second: portal.requests_per_second,
        burst: portal.burst,
        batch_size: portal.batch_size.into(),
        request_target: duration("[portal] request_target", &portal.request_target)?,
        request_timeout: duration("[portal] request_timeout", &portal.request_timeout)?,
        settle_time: duration("[portal] settle_time", &portal.settle_time)?,
        ca_file: portal.ca_file.map(|path| folder.join(path)),
        shared_bucket: portal.shared_bucket.map(|path| folder.join(path)),
    })
}

fn webhook(
    inline: Option<&str>,
    file: Option<&Path>,
    folder: &Path,
    environment: Option<&str>,
) -> Result<Webhook> {
    let text = match (inline, file, environment) {
        (Some(_), Some(_), _) => bail!(say!(
            "[portal]: задайте либо webhook, либо webhook_file",
            "[portal]: give either webhook or webhook_file"
        )),
        (Some(text), None, _) => text.to_owned(),
        (None, Some(path), _) => {
            let path = folder.join(path);
            warn_when_readable_by_others(&path);
            let shown = path.display();
            std::fs::read_to_string(&path).with_context(|| {
                say!("не читается файл вебхука {shown}", "the webhook file {shown} cannot be read")
            })?
        }
        (None, None, Some(text)) => text.to_owned(),
        (None, None, None) => bail!(say!(
            "нет адреса вебхука: задайте [portal] webhook, webhook_file или переменную ECVI_B24_WEBHOOK",
            "no webhook: give [portal] webhook, webhook_file or the variable ECVI_B24_WEBHOOK"
        )),
    };
    Webhook::parse(&text).map_err(|message| anyhow::anyhow!("[portal] webhook: {message}"))
}

fn sync(sync: &file::Sync) -> Result<SyncConfig> {
    Ok(SyncConfig {
        time_limit: duration("[sync] time_limit", &sync.time_limit)?,
        max_deletes: sync.max_deletes,
        retry_after: duration("[sync] retry_after", &sync.retry_after)?,
        on_missing: sync.on_missing,
    })
}

fn contact(contact: file::Contact) -> Result<PersonConfig> {
    let file::Contact { honorific, assigned_by_id, source_id, phone_type, match_existing, comments, fields } =
        contact;
    let honorific = [honorific.male, honorific.female];
    fields::check_phone_type(Kind::Guest, &phone_type)?;
    check_fields(Kind::Guest, &fields, assigned_by_id, source_id.as_deref())?;
    let comments = Template::parse(&comments);
    Ok(PersonConfig { honorific, assigned_by_id, source_id, phone_type, match_existing, comments, fields })
}

fn company(company: file::Company) -> Result<PersonConfig> {
    let file::Company { assigned_by_id, source_id, phone_type, match_existing, comments, fields } = company;
    fields::check_phone_type(Kind::Company, &phone_type)?;
    check_fields(Kind::Company, &fields, assigned_by_id, source_id.as_deref())?;
    let honorific = Default::default();
    let comments = Template::parse(&comments);
    Ok(PersonConfig { honorific, assigned_by_id, source_id, phone_type, match_existing, comments, fields })
}

fn deal(deal: file::Deal) -> Result<DealConfig> {
    let file::Deal {
        category_id,
        currency,
        assigned_by_id,
        source_id,
        title,
        comments,
        stages,
        probability,
        fields,
    } = deal;
    check_fields(Kind::Booking, &fields, assigned_by_id, source_id.as_deref())?;
    let file::Stages { temporary, confirmed, checked_in, checked_out, cancelled, no_show } = stages;
    let stages = [
        (temporary, probability.temporary),
        (confirmed, probability.confirmed),
        (checked_in, probability.checked_in),
        (checked_out, probability.checked_out),
        (cancelled, probability.cancelled),
        (no_show, probability.no_show),
    ];
    if stages.iter().any(|(_, probability)| *probability > 100) {
        bail!(say!("[deal.probability]: от 0 до 100", "[deal.probability]: from 0 to 100"));
    }
    let stages = stages.map(|(stage, probability)| (fields::full_stage(category_id, stage), probability));
    let (title, comments) = (Template::parse(&title), Template::parse(&comments));
    Ok(DealConfig { currency, assigned_by_id, source_id, title, comments, stages, fields })
}

fn check_fields(
    kind: Kind,
    fields: &BTreeMap<String, String>,
    assigned_by_id: Option<u64>,
    source_id: Option<&str>,
) -> Result<()> {
    let keyed = fields::Keyed { assigned_by_id: assigned_by_id.is_some(), source_id: source_id.is_some() };
    fields::check(kind, fields, &keyed)
}

/// Reads a duration such as `90s`, `15m` or `1h 30m`.
pub fn duration(key: &str, text: &str) -> Result<Duration> {
    humantime::parse_duration(text).ok().with_context(|| {
        say!(
            "{key}: «{text}» не читается как время; пишите, например, 90s, 15m или 2h",
            "{key}: \"{text}\" is not a duration; write 90s, 15m or 2h"
        )
    })
}

fn warn_when_readable_by_others(path: &Path) {
    if is_readable_by_others(path) {
        log::warn!("{} can be read by everyone on this machine: chmod 600", path.display());
    }
}

/// Whether everyone on this machine can read a file that holds the webhook's secret.
#[cfg(unix)]
pub fn is_readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o007 != 0)
}

/// Whether everyone on this machine can read a file that holds the webhook's secret.
#[cfg(not(unix))]
pub fn is_readable_by_others(_: &Path) -> bool {
    false
}
