//! The document of `status --json`, as the state fills it. Fields are only ever added (docs/status.md).

use anyhow::Result;
use serde::Serialize;

use super::pending::Pending;
use crate::code::Code;
use crate::record::Kind;
use crate::state::{Counts, Run, Severity, State, Trouble};

/// Raised when a field changes its meaning or goes; new fields do not raise it.
pub(super) const SCHEMA: u32 = 1;

/// The document of `status --json`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Status {
    /// The version of this document.
    pub schema: u32,
    /// None before it was completed.
    pub initial_export: Option<InitialExport>,
    /// The newest pass, also one that is running: then without its end.
    pub last_run: Option<LastRun>,
    /// When the last pass that ran through ended.
    pub last_success_at: Option<String>,
    /// How many records, by kind.
    pub records: Records,
    /// Records that were not sent.
    pub failures: Vec<Flaw>,
    /// Records that were sent, but not whole.
    pub warnings: Vec<Flaw>,
    /// Bookings that wait for their guest; the document counts them alone.
    #[serde(skip)]
    pub waiting: Vec<Flaw>,
    /// Why `pending` is unknown.
    #[serde(skip)]
    pub mirror_error: Option<String>,
    /// What stands in the CRM is by another mapping than the configuration's.
    #[serde(skip)]
    pub remapped: bool,
}

/// The initial export.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct InitialExport {
    /// RFC 3339.
    pub completed_at: String,
}

/// A pass.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct LastRun {
    /// `sync`, `initial-export`, `retry` or `audit`.
    pub command: String,
    /// RFC 3339.
    pub started_at: String,
    /// RFC 3339.
    pub finished_at: Option<String>,
    /// The word of an [`Outcome`].
    pub outcome: Option<String>,
    /// Why it ended early.
    pub message: Option<String>,
    /// Created objects.
    pub created: PerKind,
    /// Updated objects.
    pub updated: PerKind,
    /// Deleted objects.
    pub deleted: Deleted,
    /// Records that were tried and failed.
    pub failed: u64,
    /// Requests made.
    pub requests: u64,
}

/// A number for each kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct PerKind {
    guest: u64,
    company: u64,
    booking: u64,
}

/// Deals alone are ever deleted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Deleted {
    booking: u64,
}

/// The records by kind; only the one that was asked for, where one was.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Records {
    /// гости
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guest: Option<Tally>,
    /// компании
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<Tally>,
    /// заявки
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booking: Option<Tally>,
}

/// How many records of a kind; each counts in one place (docs/status.md).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Tally {
    /// In the CRM as Ecvi has them.
    pub synced: u64,
    /// To be sent with the next pass; none when the mirror cannot be read.
    pub pending: Option<u64>,
    /// Tried and refused.
    pub failed: u64,
    /// Bookings that wait for their guest.
    pub waiting: u64,
}

/// What is wrong with one record.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Flaw {
    /// The record.
    pub kind: Kind,
    /// Its id in Ecvi, as text.
    pub id: String,
    /// A booking's number.
    pub number: Option<String>,
    /// The object, where there is one.
    pub crm_id: Option<i64>,
    /// `create`, `update`, `delete` or `read`.
    pub operation: String,
    /// How often it was tried.
    pub attempts: u64,
    /// RFC 3339.
    pub first_failed_at: String,
    /// RFC 3339.
    pub last_failed_at: String,
    /// RFC 3339; none for warnings.
    pub next_attempt_at: Option<String>,
    /// The name of a [`crate::code::Code`].
    pub code: String,
    /// The portal's words, or the column.
    pub message: String,
}

impl Status {
    /// What the state says.
    pub fn read(state: &State, kind: Option<Kind>) -> Result<Status> {
        let flaws = |severity| -> Result<Vec<Flaw>> {
            let troubles =
                state.troubles(severity)?.into_iter().filter(|found| kind.is_none_or(|k| k == found.kind));
            let mut flaws: Vec<Flaw> = troubles.map(Flaw::of).collect();
            flaws.sort_by_key(|flaw| flaw.kind);
            Ok(flaws)
        };
        Ok(Status {
            schema: SCHEMA,
            initial_export: state.initial_export()?.map(|completed_at| InitialExport { completed_at }),
            last_run: state.last_run()?.map(LastRun::of),
            last_success_at: state.last_success()?,
            records: Records::read(state, kind)?,
            failures: flaws(Severity::Failure)?,
            warnings: flaws(Severity::Warning)?,
            waiting: flaws(Severity::Waiting)?,
            mirror_error: None,
            remapped: false,
        })
    }
}

impl LastRun {
    pub(super) fn counts(&self) -> Counts {
        let all = |per: &PerKind| [per.guest, per.company, per.booking];
        let (created, updated) = (all(&self.created), all(&self.updated));
        Counts { created, updated, deleted: self.deleted.booking, failed: self.failed }
    }

    pub(super) fn of(run: Run) -> LastRun {
        let Run { command, started_at, finished_at, outcome, message, counts, requests } = run;
        LastRun {
            command,
            started_at,
            finished_at,
            outcome,
            message,
            created: PerKind::of(counts.created),
            updated: PerKind::of(counts.updated),
            deleted: Deleted { booking: counts.deleted },
            failed: counts.failed,
            requests,
        }
    }
}

impl PerKind {
    pub(super) fn of([guest, company, booking]: [u64; 3]) -> PerKind {
        PerKind { guest, company, booking }
    }
}

impl Records {
    fn read(state: &State, asked: Option<Kind>) -> Result<Records> {
        let mut records = Records::default();
        for kind in Kind::SHOWN.into_iter().filter(|kind| asked.is_none_or(|asked| asked == *kind)) {
            let tally = Tally {
                synced: state.count_settled(kind)?,
                pending: None,
                failed: state.count_troubles(kind, Severity::Failure)?,
                waiting: state.count_troubles(kind, Severity::Waiting)?,
            };
            *records.of_mut(kind) = Some(tally);
        }
        Ok(records)
    }

    /// A record that is to be sent again does not count as sent.
    pub(super) fn add(&mut self, pending: &Pending) {
        for kind in Kind::SHOWN {
            if let Some(tally) = self.of_mut(kind) {
                tally.pending = Some(pending.total[kind as usize]);
                tally.synced = tally.synced.saturating_sub(pending.linked[kind as usize]);
            }
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut Option<Tally> {
        match kind {
            Kind::Guest => &mut self.guest,
            Kind::Company => &mut self.company,
            Kind::Booking => &mut self.booking,
        }
    }

    /// The kinds that were asked for.
    pub fn each(&self) -> impl Iterator<Item = (Kind, Tally)> {
        let Records { guest, company, booking } = *self;
        Kind::SHOWN
            .into_iter()
            .zip([guest, company, booking])
            .filter_map(|(kind, tally)| Some((kind, tally?)))
    }
}

impl Flaw {
    pub(super) fn of(trouble: Trouble) -> Flaw {
        let Trouble {
            kind,
            id,
            label,
            crm_id,
            operation,
            attempts,
            first_at,
            last_at,
            next_at,
            code,
            message,
        } = trouble;
        // The value is a person's data: the id says where to look.
        let quotes_a_person = matches!(Code::from_name(&code), Some(Code::PhoneLeftOut | Code::EmailLeftOut));
        let message = if quotes_a_person { String::new() } else { message };
        Flaw {
            kind,
            id: id.to_string(),
            number: (kind == Kind::Booking && !label.is_empty()).then_some(label),
            crm_id,
            operation,
            attempts,
            first_failed_at: first_at,
            last_failed_at: last_at,
            next_attempt_at: next_at,
            code,
            message,
        }
    }
}
