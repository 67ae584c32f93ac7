//! What went wrong with single records: failures, warnings, and bookings that wait.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::{Params, Row};
use strum::{EnumString, IntoStaticStr};

use super::columns::{Stored, Time};
use super::records::record_key;
use super::statements::query_all;
use super::stored_record::Operation;
use super::{Result, State};
use crate::domain::failure_code::FailureCode;
use crate::domain::issue_detail::IssueDetail;
use crate::domain::record::{Kind, RecordId, RecordKey};

/// Whether a record with an issue was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Severity {
    /// The record was not sent.
    Failure,
    /// It was sent, but not whole.
    Warning,
    /// It waits until its guest has a contact.
    Waiting,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Severity; 3] = [Severity::Failure, Severity::Waiting, Severity::Warning];

    /// The word of the state.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What is wrong with one record, as `status` shows it.
#[derive(Clone, PartialEq, Debug)]
pub struct Issue {
    /// The record that it is about.
    pub key: RecordKey,
    /// Last name or number; empty when unknown.
    pub display_name: String,
    /// Its object in the CRM, where it has one.
    pub crm_id: Option<i64>,
    /// What was tried; none where the row cannot be read.
    pub operation: Option<Operation>,
    /// How often it was tried.
    pub attempts: u64,
    /// When it was found first.
    pub first_at: DateTime<Utc>,
    /// When it was found last.
    pub last_at: DateTime<Utc>,
    /// When it is tried again; warnings are not.
    pub next_at: Option<DateTime<Utc>>,
    /// The code of docs/codes.md.
    pub code: Stored<FailureCode>,
    /// The field, the cards or the portal's text that it is about.
    pub detail: IssueDetail,
}

/// The issues of a severity, with the columns that [`read_issue`] reads.
pub(super) const ISSUES: &str =
    "SELECT t.kind, t.id, r.label, r.crm_id, t.operation, t.attempts, t.first_at, t.last_at,
        t.next_at, t.code, t.message
 FROM troubles t LEFT JOIN records r ON r.kind = t.kind AND r.id = t.id
 WHERE t.severity = ?1";

fn read_issue(row: &Row<'_>) -> rusqlite::Result<Issue> {
    let code: Stored<FailureCode> = row.get(9)?;
    let detail: String = row.get(10)?;
    Ok(Issue {
        key: record_key(row)?,
        display_name: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
        crm_id: row.get(3)?,
        operation: row.get::<_, Stored<Operation>>(4)?.known(),
        attempts: row.get(5)?,
        first_at: row.get::<_, Time>(6)?.0,
        last_at: row.get::<_, Time>(7)?.0,
        next_at: row.get::<_, Option<Time>>(8)?.map(|Time(at)| at),
        detail: IssueDetail::read(code.known(), &detail),
        code,
    })
}

impl State {
    /// All issues of a severity, ordered by kind and id.
    pub fn issues(&self, severity: Severity) -> Result<Vec<Issue>> {
        self.query_issues(&format!("{ISSUES} ORDER BY t.kind, t.id, t.code"), [severity])
    }

    /// Objects that are known to be gone, of records that failed for that.
    pub fn missing_objects(&self) -> Result<Vec<(Kind, i64)>> {
        let sql = format!("{ISSUES} AND t.code = ?2 ORDER BY t.kind, t.id");
        let mut objects = Vec::new();
        for issue in self.query_issues(&sql, (Severity::Failure, FailureCode::ObjectMissing))? {
            objects.extend(issue.crm_id.map(|crm_id| (issue.key.kind, crm_id)));
        }
        Ok(objects)
    }

    fn query_issues(&self, sql: &str, parameters: impl Params) -> Result<Vec<Issue>> {
        query_all(&self.connection, sql, parameters, read_issue)
    }

    /// The records of a kind that failed or wait.
    pub fn failed_or_waiting(&self, kind: Kind) -> Result<HashSet<RecordId>> {
        let sql = "SELECT id FROM troubles WHERE kind = ?1 AND severity IN ('failure', 'waiting')";
        query_all(&self.connection, sql, [kind], |row| row.get(0))
    }

    /// The issues of one record, failures first.
    pub fn issues_of(&self, key: &RecordKey) -> Result<Vec<(Severity, Issue)>> {
        let sql = format!("{ISSUES} AND t.kind = ?2 AND t.id = ?3 ORDER BY t.code");
        let mut found = Vec::new();
        for severity in Severity::ALL {
            let all = self.query_issues(&sql, (severity, key.kind, &key.id))?;
            found.extend(all.into_iter().map(|issue| (severity, issue)));
        }
        Ok(found)
    }

    /// How many records of a kind have an issue of a severity.
    pub fn count_issues(&self, kind: Kind, severity: Severity) -> Result<u64> {
        let sql = "SELECT count(DISTINCT id) FROM troubles WHERE kind = ?1 AND severity = ?2";
        Ok(self.connection.prepare_cached(sql)?.query_row((kind, severity), |row| row.get(0))?)
    }
}
