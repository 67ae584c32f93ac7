//! The configuration as it is written: a mirror of the TOML file, nothing checked but its shape.
//!
//! A key that is not here is refused by name. `config show` prints this form with all defaults, so
//! that it can be read again; the checked form is [`super::Config`].

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::choices::{AmountOf, ExportMethod, MatchBy, OnMissing};
use super::shown::{FilePath, SecretAddress};
use super::stays::StayFigure;
use super::template::Template;
use crate::domain::language::Language;
use crate::domain::mirror_table::MirrorTable;

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
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) monitoring: Monitoring,
    #[serde(default, skip_serializing_if = "is_default")]
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
        let Monitoring { status_page, metrics_file, .. } = &mut self.monitoring;
        let optional = [webhook_file, ca_file, shared_bucket, status_page, metrics_file];
        let required = [&mut self.mirror.path, &mut self.state.path];
        let reports = self.load.files.values_mut();
        for FilePath(path) in optional.into_iter().flatten().chain(required).chain(reports) {
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
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) queries: BTreeMap<MirrorTable, String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) statuses: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub(super) struct State {
    #[default(FilePath("state.db".into()))]
    pub(super) path: FilePath,
}

#[derive(Serialize, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Portal {
    pub(super) webhook: Option<SecretAddress>,
    pub(super) webhook_file: Option<FilePath>,
    #[default = "ECVI"]
    pub(super) originator_id: String,
    #[default = 2.0]
    pub(super) requests_per_second: f64,
    #[default = 50]
    pub(super) burst: u32,
    #[default = 50]
    pub(super) batch_size: i64,
    #[default = "20s"]
    pub(super) request_target: String,
    #[default = "75s"]
    pub(super) request_timeout: String,
    #[default = "75s"]
    pub(super) settle_time: String,
    pub(super) ca_file: Option<FilePath>,
    pub(super) shared_bucket: Option<FilePath>,
}

#[derive(Serialize, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sync {
    #[default = "150s"]
    pub(super) time_limit: String,
    #[default = 25]
    pub(super) max_deletes: u64,
    #[default = "2m"]
    pub(super) delete_after: String,
    #[default = "15m"]
    pub(super) retry_after: String,
    #[default(OnMissing::Relink)]
    pub(super) on_missing: OnMissing,
}

#[derive(Serialize, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Export {
    #[default(ExportMethod::Import)]
    pub(super) method: ExportMethod,
    pub(super) bookings_from: Option<String>,
}

#[derive(Serialize, Deserialize, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Monitoring {
    pub(super) heartbeat_url: Option<SecretAddress>,
    pub(super) max_mirror_age: Option<String>,
    pub(super) status_page: Option<FilePath>,
    pub(super) metrics_file: Option<FilePath>,
    pub(super) notify_user: Option<u64>,
}

#[derive(Serialize, Deserialize, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Load {
    pub(super) encoding: Option<String>,
    pub(super) amount_of: Option<AmountOf>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) files: BTreeMap<MirrorTable, FilePath>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) guests: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) companies: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) bookings: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) booking_guests: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Contact {
    pub(super) assigned_by_id: Option<u64>,
    pub(super) source_id: Option<String>,
    #[default = "WORK"]
    pub(super) phone_type: String,
    pub(super) match_existing: Vec<MatchBy>,
    #[default(Template::parse("[{marks} ]{comment}"))]
    pub(super) comments: Template,
    pub(super) honorific: Honorific,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) fields: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) stays: BTreeMap<String, StayFigure>,
}

#[derive(Serialize, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Honorific {
    #[serde(rename = "M")]
    #[default = "HNR_RU_1"]
    pub(super) male: String,
    #[serde(rename = "F")]
    #[default = "HNR_RU_2"]
    pub(super) female: String,
}

#[derive(Serialize, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Company {
    pub(super) assigned_by_id: Option<u64>,
    pub(super) source_id: Option<String>,
    #[default = "WORK"]
    pub(super) phone_type: String,
    pub(super) match_existing: Vec<MatchBy>,
    #[default(Template::parse("{comment}"))]
    pub(super) comments: Template,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) fields: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Deal {
    pub(super) category_id: u64,
    #[default = "RUB"]
    pub(super) currency: String,
    pub(super) assigned_by_id: Option<u64>,
    pub(super) source_id: Option<String>,
    #[default(Template::parse("Заявка №{number}[ ({last_name})] {arrival} - {departure}"))]
    pub(super) title: Template,
    #[default(Template::parse("{comment}"))]
    pub(super) comments: Template,
    pub(super) stages: Stages,
    pub(super) probability: Probabilities,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) fields: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Stages {
    #[default = "NEW"]
    pub(super) temporary: String,
    #[default = "EXECUTING"]
    pub(super) confirmed: String,
    #[default = "WON"]
    pub(super) checked_in: String,
    #[default = "WON"]
    pub(super) checked_out: String,
    #[default = "LOSE"]
    pub(super) cancelled: String,
    #[default = "LOSE"]
    pub(super) no_show: String,
}

#[derive(Serialize, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Probabilities {
    #[default = 30]
    pub(super) temporary: i64,
    #[default = 60]
    pub(super) confirmed: i64,
    #[default = 100]
    pub(super) checked_in: i64,
    #[default = 100]
    pub(super) checked_out: i64,
    pub(super) cancelled: i64,
    pub(super) no_show: i64,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
