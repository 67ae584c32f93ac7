//! The configuration as it is written: a mirror of the TOML file, nothing checked but its shape.
//!
//! A key that is not here is refused by name. `config show` prints this form with all defaults, so
//! that it can be read again; the checked form is [`super::Config`].

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::choices::{AmountOf, ExportMethod, MatchBy, OnMissing};
use super::shown::{FilePath, SecretAddress};
use super::stays::StayFigure;
use crate::domain::language::Language;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) language: Option<Language>,
    pub(super) mirror: Mirror,
    #[serde(default)]
    pub(super) state: State,
    #[serde(default)]
    pub(super) portal: Portal,
    #[serde(default)]
    pub(super) sync: Sync,
    #[serde(default)]
    pub(super) export: Export,
    #[serde(default, skip_serializing_if = "Monitoring::is_empty")]
    pub(super) monitoring: Monitoring,
    #[serde(default, skip_serializing_if = "Load::is_empty")]
    pub(super) load: Load,
    #[serde(default)]
    pub(super) contact: Contact,
    #[serde(default)]
    pub(super) company: Company,
    #[serde(default)]
    pub(super) deal: Deal,
}

impl File {
    /// The same, with every path from `folder` on.
    pub(super) fn in_folder(mut self, folder: &Path) -> File {
        let Portal { webhook_file, ca_file, shared_bucket, .. } = &mut self.portal;
        let LoadFiles { guests, companies, bookings, booking_guests } = &mut self.load.files;
        let reports = [guests, companies, bookings, booking_guests];
        let Monitoring { status_page, metrics_file, .. } = &mut self.monitoring;
        let single = [webhook_file, ca_file, shared_bucket, status_page, metrics_file];
        let optional = single.into_iter().chain(reports).flatten();
        for FilePath(path) in optional.chain([&mut self.mirror.path, &mut self.state.path]) {
            *path = folder.join(&path);
        }
        self
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mirror {
    pub(super) path: FilePath,
    pub(super) encoding: Option<String>,
    #[serde(default)]
    pub(super) write_back: bool,
    #[serde(default, skip_serializing_if = "Queries::is_empty")]
    pub(super) queries: Queries,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) statuses: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize, Default, PartialEq)]
#[serde(deny_unknown_fields)]
pub(super) struct Queries {
    pub(super) guests: Option<String>,
    pub(super) companies: Option<String>,
    pub(super) bookings: Option<String>,
    pub(super) booking_guests: Option<String>,
}

impl Queries {
    fn is_empty(&self) -> bool {
        *self == Queries::default()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct State {
    pub(super) path: FilePath,
}

impl Default for State {
    fn default() -> Self {
        State { path: FilePath("state.db".into()) }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Portal {
    pub(super) webhook: Option<SecretAddress>,
    pub(super) webhook_file: Option<FilePath>,
    pub(super) originator_id: String,
    pub(super) requests_per_second: f64,
    pub(super) burst: u32,
    pub(super) batch_size: i64,
    pub(super) request_target: String,
    pub(super) request_timeout: String,
    pub(super) settle_time: String,
    pub(super) ca_file: Option<FilePath>,
    pub(super) shared_bucket: Option<FilePath>,
}

impl Default for Portal {
    fn default() -> Self {
        Portal {
            webhook: None,
            webhook_file: None,
            originator_id: "ECVI".into(),
            requests_per_second: 2.0,
            burst: 50,
            batch_size: 50,
            request_target: "20s".into(),
            request_timeout: "75s".into(),
            settle_time: "75s".into(),
            ca_file: None,
            shared_bucket: None,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sync {
    pub(super) time_limit: String,
    pub(super) max_deletes: u64,
    pub(super) delete_after: String,
    pub(super) retry_after: String,
    pub(super) on_missing: OnMissing,
}

impl Default for Sync {
    fn default() -> Self {
        Sync {
            time_limit: "150s".into(),
            max_deletes: 25,
            delete_after: "2m".into(),
            retry_after: "15m".into(),
            on_missing: OnMissing::Relink,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Export {
    pub(super) method: ExportMethod,
    pub(super) bookings_from: Option<String>,
}

impl Default for Export {
    fn default() -> Self {
        Export { method: ExportMethod::Import, bookings_from: None }
    }
}

#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Monitoring {
    pub(super) heartbeat_url: Option<SecretAddress>,
    pub(super) max_mirror_age: Option<String>,
    pub(super) status_page: Option<FilePath>,
    pub(super) metrics_file: Option<FilePath>,
    pub(super) notify_user: Option<u64>,
}

impl Monitoring {
    fn is_empty(&self) -> bool {
        let Monitoring { heartbeat_url, max_mirror_age, status_page, metrics_file, notify_user } =
            self;
        let has_files = status_page.is_some() || metrics_file.is_some();
        heartbeat_url.is_none() && max_mirror_age.is_none() && !has_files && notify_user.is_none()
    }
}

#[derive(Serialize, Deserialize, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Load {
    pub(super) encoding: Option<String>,
    pub(super) amount_of: Option<AmountOf>,
    #[serde(skip_serializing_if = "LoadFiles::is_empty")]
    pub(super) files: LoadFiles,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) guests: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) companies: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) bookings: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) booking_guests: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LoadFiles {
    pub(super) guests: Option<FilePath>,
    pub(super) companies: Option<FilePath>,
    pub(super) bookings: Option<FilePath>,
    pub(super) booking_guests: Option<FilePath>,
}

impl Load {
    fn is_empty(&self) -> bool {
        *self == Load::default()
    }
}

impl LoadFiles {
    fn is_empty(&self) -> bool {
        *self == LoadFiles::default()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Contact {
    pub(super) assigned_by_id: Option<u64>,
    pub(super) source_id: Option<String>,
    pub(super) phone_type: String,
    pub(super) match_existing: Vec<MatchBy>,
    pub(super) comments: String,
    pub(super) honorific: Honorific,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) fields: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) stays: BTreeMap<String, StayFigure>,
}

impl Default for Contact {
    fn default() -> Self {
        Contact {
            assigned_by_id: None,
            source_id: None,
            phone_type: "WORK".into(),
            match_existing: Vec::new(),
            comments: "[{marks} ]{comment}".into(),
            honorific: Honorific::default(),
            fields: BTreeMap::new(),
            stays: BTreeMap::new(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Honorific {
    #[serde(rename = "M")]
    pub(super) male: String,
    #[serde(rename = "F")]
    pub(super) female: String,
}

impl Default for Honorific {
    fn default() -> Self {
        Honorific { male: "HNR_RU_1".into(), female: "HNR_RU_2".into() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Company {
    pub(super) assigned_by_id: Option<u64>,
    pub(super) source_id: Option<String>,
    pub(super) phone_type: String,
    pub(super) match_existing: Vec<MatchBy>,
    pub(super) comments: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) fields: BTreeMap<String, String>,
}

impl Default for Company {
    fn default() -> Self {
        Company {
            assigned_by_id: None,
            source_id: None,
            phone_type: "WORK".into(),
            match_existing: Vec::new(),
            comments: "{comment}".into(),
            fields: BTreeMap::new(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Deal {
    pub(super) category_id: u64,
    pub(super) currency: String,
    pub(super) assigned_by_id: Option<u64>,
    pub(super) source_id: Option<String>,
    pub(super) title: String,
    pub(super) comments: String,
    pub(super) stages: Stages,
    pub(super) probability: Probabilities,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) fields: BTreeMap<String, String>,
}

impl Default for Deal {
    fn default() -> Self {
        Deal {
            category_id: 0,
            currency: "RUB".into(),
            assigned_by_id: None,
            source_id: None,
            title: "Заявка №{number}[ ({last_name})] {arrival} - {departure}".into(),
            comments: "{comment}".into(),
            stages: Stages::default(),
            probability: Probabilities::default(),
            fields: BTreeMap::new(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Stages {
    pub(super) temporary: String,
    pub(super) confirmed: String,
    pub(super) checked_in: String,
    pub(super) checked_out: String,
    pub(super) cancelled: String,
    pub(super) no_show: String,
}

impl Default for Stages {
    fn default() -> Self {
        Stages {
            temporary: "NEW".into(),
            confirmed: "EXECUTING".into(),
            checked_in: "WON".into(),
            checked_out: "WON".into(),
            cancelled: "LOSE".into(),
            no_show: "LOSE".into(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Probabilities {
    pub(super) temporary: i64,
    pub(super) confirmed: i64,
    pub(super) checked_in: i64,
    pub(super) checked_out: i64,
    pub(super) cancelled: i64,
    pub(super) no_show: i64,
}

impl Default for Probabilities {
    fn default() -> Self {
        Probabilities {
            temporary: 30,
            confirmed: 60,
            checked_in: 100,
            checked_out: 100,
            cancelled: 0,
            no_show: 0,
        }
    }
}
