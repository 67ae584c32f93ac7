//! The document of `status --json`, as the state fills it. Fields are only ever added
//! (docs/status.md).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use super::pending::Pending;
use crate::domain::display;
use crate::domain::failure_code::FailureCode;
use crate::domain::issue_detail::IssueDetail;
use crate::domain::language::Language;
use crate::domain::messages::Message;
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::domain::run_error::{Outcome, Result};
use crate::state::{Counts, Issue, Operation, Run, Severity, State, Stored};
use crate::sync::options::RunKind;

/// Raised when a field changes its meaning or goes; new fields do not raise it.
pub(super) const SCHEMA: u32 = 1;

/// The document of `status --json`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Status {
    /// The version of this document.
    pub schema: u32,
    /// None before it was completed.
    pub initial_export: Option<InitialExport>,
    /// The newest run, also one that is under way: then without its end.
    pub last_run: Option<LastRun>,
    /// When the last run that completed ended.
    pub last_success_at: Option<DateTime<Utc>>,
    /// How many records; of the kind alone that was asked for, where one was.
    pub records: BTreeMap<Kind, RecordCounts>,
    /// Records that were not sent.
    pub failures: Vec<IssueReport>,
    /// Records that were sent, but not whole.
    pub warnings: Vec<IssueReport>,
    /// The mirror as its files show it.
    pub mirror: MirrorFile,
    /// Why the state could not be read, so that what stands above is empty; absent where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_error: Option<String>,
    /// Bookings that wait for their guest; the document counts them alone.
    #[serde(skip)]
    pub waiting: Vec<IssueReport>,
    /// Why `pending` is unknown.
    #[serde(skip)]
    pub mirror_error: Option<Message>,
    /// The mapping of the configuration was changed since the records were sent.
    #[serde(skip)]
    pub is_mapping_changed: bool,
    /// A run is under way that should have ended.
    #[serde(skip)]
    pub overdue: Option<Message>,
}

/// The mirror as its files show it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct MirrorFile {
    /// When it was written last; none where that cannot be seen.
    pub written_at: Option<DateTime<Utc>>,
}

/// The initial export, once it was completed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct InitialExport {
    /// When it was completed.
    pub completed_at: DateTime<Utc>,
}

/// A run, as `last_run` of the document.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct LastRun {
    /// `sync`, `initial-export`, `retry` or `audit`.
    pub command: String,
    /// When the run began.
    pub started_at: DateTime<Utc>,
    /// When it ended; none while it is under way, or when it was killed.
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended; none while it is under way, or when it was killed.
    pub outcome: Option<Stored<Outcome>>,
    /// Why it ended early, or what a guard holds back, in the reader's language.
    pub message: Option<String>,
    /// Likewise for a page, which more people read.
    #[serde(skip)]
    pub page_message: Option<String>,
    created: BTreeMap<Kind, u64>,
    updated: BTreeMap<Kind, u64>,
    deleted: BTreeMap<Kind, u64>,
    failed: u64,
    requests: u64,
    /// The numbers above, as the state has them.
    #[serde(skip)]
    pub counts: Counts,
}

/// How many records of a kind; each counts in one place (docs/status.md).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct RecordCounts {
    /// In the CRM as Ecvi has them.
    pub synced: u64,
    /// To be sent with the next run; none when the mirror cannot be read.
    pub pending: Option<u64>,
    /// Tried, and refused by the portal or not readable.
    pub failed: u64,
    /// Bookings that wait for their guest.
    pub waiting: u64,
}

/// What is wrong with one record.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct IssueReport {
    /// The kind of the record.
    pub kind: Kind,
    /// Its id in Ecvi, as text.
    pub id: String,
    /// The number of a booking; none for other kinds.
    pub number: Option<String>,
    /// The object, where there is one.
    pub crm_id: Option<i64>,
    /// What was tried; `read` where the row cannot be read.
    #[serde(serialize_with = "operation_or_read")]
    pub operation: Option<Operation>,
    /// How often it was tried.
    pub attempts: u64,
    /// When it failed first.
    pub first_failed_at: DateTime<Utc>,
    /// When it failed last.
    pub last_failed_at: DateTime<Utc>,
    /// When it is tried again; none for warnings.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Why it failed or waits.
    pub code: Stored<FailureCode>,
    /// What it is about: the portal's refusal, a column, cards, other records.
    #[serde(rename = "message")]
    pub detail: IssueDetail,
}

impl LastRun {
    fn new(run: Run, language: Language) -> LastRun {
        let Run { command, started_at, finished_at, outcome, message, counts, requests } = run;
        LastRun {
            command,
            started_at,
            finished_at,
            outcome,
            page_message: message.as_ref().map(|message| message.page_text(language)),
            message: message.map(|message| message.text(language)),
            created: by_kind(counts.created),
            updated: by_kind(counts.updated),
            // Only deals are ever deleted.
            deleted: BTreeMap::from([(Kind::Booking, counts.deleted)]),
            failed: counts.failed,
            requests,
            counts,
        }
    }
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for this form"
)]
fn operation_or_read<S: Serializer>(
    operation: &Option<Operation>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(operation.map_or("read", Operation::name))
}

fn by_kind(counts: PerKind<u64>) -> BTreeMap<Kind, u64> {
    counts.iter().map(|(kind, count)| (kind, *count)).collect()
}

impl Status {
    /// What the state says.
    pub fn read(state: &State, kind: Option<Kind>, language: Language) -> Result<Status> {
        Ok(Status {
            schema: SCHEMA,
            initial_export: state
                .initial_export()?
                .map(|completed_at| InitialExport { completed_at }),
            last_run: state.last_run()?.map(|run| LastRun::new(run, language)),
            last_success_at: state.last_success()?,
            records: record_counts(state, kind)?,
            failures: issues(state, kind, Severity::Failure)?,
            warnings: issues(state, kind, Severity::Warning)?,
            mirror: MirrorFile::default(),
            state_error: None,
            waiting: issues(state, kind, Severity::Waiting)?,
            mirror_error: None,
            is_mapping_changed: false,
            overdue: None,
        })
    }

    /// Whether the newest run is an initial export.
    pub(super) fn is_last_run_export(&self) -> bool {
        let last_run = self.last_run.as_ref();
        last_run.is_some_and(|run| run.command == RunKind::InitialExport.name())
    }

    /// A record that is to be sent again does not count as sent.
    pub(super) fn add(&mut self, pending: &Pending) {
        for (kind, counts) in &mut self.records {
            counts.pending = Some(pending.total[*kind]);
            counts.synced = counts.synced.saturating_sub(pending.linked[*kind]);
        }
    }
}

fn issues(state: &State, asked: Option<Kind>, severity: Severity) -> Result<Vec<IssueReport>> {
    let mut issues = state.issues(severity)?;
    issues.retain(|issue| asked.is_none_or(|kind| kind == issue.key.kind));
    let mut reports: Vec<IssueReport> = issues.into_iter().map(IssueReport::new).collect();
    reports.sort_by_key(|report| report.kind);
    Ok(reports)
}

fn record_counts(state: &State, asked: Option<Kind>) -> Result<BTreeMap<Kind, RecordCounts>> {
    let mut counts = BTreeMap::new();
    for kind in Kind::DISPLAY_ORDER {
        if asked.is_some_and(|asked| asked != kind) {
            continue;
        }
        let of_kind = RecordCounts {
            synced: state.count_settled(kind)?,
            pending: None,
            failed: state.count_issues(kind, Severity::Failure)?,
            waiting: state.count_issues(kind, Severity::Waiting)?,
        };
        counts.insert(kind, of_kind);
    }
    Ok(counts)
}

impl IssueReport {
    pub(super) fn new(issue: Issue) -> IssueReport {
        let Issue {
            key,
            display_name,
            crm_id,
            operation,
            attempts,
            first_at,
            last_at,
            next_at,
            code,
            detail,
        } = issue;
        // The value is a person's data: the id says where to look.
        let quotes_a_person =
            matches!(code.known(), Some(FailureCode::PhoneLeftOut | FailureCode::EmailLeftOut));
        let detail = if quotes_a_person { IssueDetail::Text(String::new()) } else { detail };
        IssueReport {
            kind: key.kind,
            id: key.id.to_string(),
            number: display::shown_number(key.kind, &display_name).map(str::to_owned),
            crm_id,
            operation,
            attempts,
            first_failed_at: first_at,
            last_failed_at: last_at,
            next_attempt_at: next_at,
            code,
            detail,
        }
    }
}
