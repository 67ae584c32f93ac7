//! Everything about one record: its row in Ecvi, its card in the CRM, what is still to be done, and
//! its history.
//!
//! No names, phones, e-mails and comments: the answer may be copied into a support ticket.

use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::IssueReport;
use super::document::SCHEMA;
use crate::commands::find_record::FoundRecord;
use crate::config::Webhook;
use crate::domain::display;
use crate::domain::messages::Message;
use crate::domain::record::{Kind, RecordKey};
use crate::domain::run_error::Result;
use crate::mirror::{Entity, Row, is_time};
use crate::state::{HistoryEntry, Operation, PendingWork, Severity, State, StoredRecord};
use crate::sync::plan::{Deferred, Pair, PlanOptions, Step, decide, is_history};

/// The document of `status KIND ID --json`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RecordStatus {
    /// The version of this document.
    pub schema: u32,
    /// The kind of the record.
    pub kind: Kind,
    /// Its id in Ecvi, as text.
    pub id: String,
    /// The number of a booking; none for other kinds.
    pub number: Option<String>,
    /// The object, once it exists.
    pub crm_id: Option<i64>,
    /// The address of its card.
    pub url: Option<String>,
    /// Its row; none where Ecvi has it no more or the mirror cannot be read.
    pub mirror: Option<RowSummary>,
    /// `modified_at` of the row as last sent, empty where it is no time.
    pub sent_modified_at: Option<String>,
    /// What is still to be done though the row did not change: `resend`, `close`, `recheck`,
    /// `stays`.
    pub todo: Vec<&'static str>,
    /// A call without an answer.
    pub doubt: Option<OpenCall>,
    /// What the next run does, if anything.
    pub next_step: Option<Step>,
    /// Why it was not sent.
    pub failures: Vec<IssueReport>,
    /// What it waits for.
    pub waiting: Vec<IssueReport>,
    /// What was left out.
    pub warnings: Vec<IssueReport>,
    /// What was done, oldest first.
    pub history: Vec<HistoryEntry>,
    /// Why nothing is due although the CRM does not have it as Ecvi has it.
    #[serde(skip)]
    pub(super) skip_reason: Option<SkipReason>,
    /// Why the last run ended early, or what a guard holds back.
    #[serde(skip)]
    pub(super) last_message: Option<Message>,
}

/// Why a record is not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SkipReason {
    /// The mirror's query shows a window of rows only, and the row fell out of it: the card stays.
    Window,
    /// The booking was over before `[export] bookings_from`.
    History,
}

/// What the mirror says.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RowSummary {
    /// Empty where it is no time.
    pub modified_at: String,
    /// What the built-in exchange of Ecvi knows.
    pub crm_id: Option<i64>,
    /// Why the row cannot be read.
    pub error: Option<String>,
    /// By column; of phones and e-mails the count alone.
    pub values: Map<String, Value>,
}

/// A call without an answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OpenCall {
    /// What the call was to do.
    pub operation: Operation,
    /// When, to the second.
    pub at: DateTime<Utc>,
}

impl RecordStatus {
    /// Reads state and mirror. `options`: those of the next run, where the mirror can be read.
    pub(super) fn read(
        state: &State,
        found: &FoundRecord,
        webhook: &Webhook,
        options: Option<&PlanOptions>,
    ) -> Result<RecordStatus> {
        let FoundRecord { key, display_name, row, absent_in_mirror: _ } = found;
        let RecordKey { kind, id } = key;
        let stored = state.record(key)?;
        let next_step =
            options.map(|options| next_step(state, found, stored.as_ref(), options)).transpose()?;
        let sent = stored.map(|stored| stored.plan_record).unwrap_or_default();
        let mut status = RecordStatus {
            schema: SCHEMA,
            kind: *kind,
            id: id.to_string(),
            number: display::shown_number(*kind, display_name).map(str::to_owned),
            crm_id: sent.crm_id,
            url: sent.crm_id.map(|crm_id| webhook.card(kind.crm_entity(), crm_id)),
            mirror: row.as_ref().map(RowSummary::new),
            sent_modified_at: sent.modified_at.as_deref().map(shown_time),
            todo: pending_work(sent.pending),
            doubt: open_call(state, key)?,
            next_step: next_step.flatten(),
            failures: Vec::new(),
            waiting: Vec::new(),
            warnings: Vec::new(),
            history: state.history(key)?,
            skip_reason: options.and_then(|options| skip_reason(found, sent.crm_id, options)),
            last_message: state.last_run()?.and_then(|run| run.message),
        };
        for (severity, issue) in state.issues_of(key)? {
            status.issues_mut(severity).push(IssueReport::new(issue));
        }
        Ok(status)
    }

    fn issues_mut(&mut self, severity: Severity) -> &mut Vec<IssueReport> {
        match severity {
            Severity::Failure => &mut self.failures,
            Severity::Waiting => &mut self.waiting,
            Severity::Warning => &mut self.warnings,
        }
    }
}

fn pending_work(work: PendingWork) -> Vec<&'static str> {
    let PendingWork { resend, close, recheck, stays } = work;
    let names = [(resend, "resend"), (close, "close"), (recheck, "recheck"), (stays, "stays")];
    names.into_iter().filter_map(|(is_due, name)| is_due.then_some(name)).collect()
}

fn skip_reason(
    found: &FoundRecord,
    crm_id: Option<i64>,
    options: &PlanOptions,
) -> Option<SkipReason> {
    match &found.row {
        None => options.windows[found.key.kind].then_some(SkipReason::Window),
        Some(row) => (crm_id.is_none() && is_history(row, options)).then_some(SkipReason::History),
    }
}

fn open_call(state: &State, key: &RecordKey) -> Result<Option<OpenCall>> {
    let doubt = state.doubts(key.kind)?.remove(&key.id);
    Ok(doubt.map(|doubt| OpenCall { operation: doubt.operation, at: doubt.at.trunc_subsecs(0) }))
}

fn next_step(
    state: &State,
    found: &FoundRecord,
    stored: Option<&StoredRecord>,
    options: &PlanOptions,
) -> Result<Option<Step>> {
    let FoundRecord { key, row, .. } = found;
    let deferred = Deferred::for_kind(key.kind, state)?;
    let stored = stored.map(|stored| stored.plan_record.clone());
    let pair = Pair { id: key.id.clone(), row: row.clone(), stored };
    Ok(decide(key.kind, &pair, &deferred, false, options))
}

impl RowSummary {
    fn new(row: &Row) -> RowSummary {
        RowSummary {
            modified_at: shown_time(&row.modified_at),
            crm_id: row.crm_id,
            error: row.body.as_ref().err().map(|bad| bad.message.clone()),
            values: row.body.as_ref().map(values).unwrap_or_default(),
        }
    }
}

/// A `modified_at` that joins columns may hold a person's data, and is not shown.
fn shown_time(modified_at: &str) -> String {
    if is_time(modified_at) { modified_at.to_owned() } else { String::new() }
}

fn values(entity: &Entity) -> Map<String, Value> {
    let object = match entity {
        Entity::Guest(guest) => json!({
            "country": guest.country, "region": guest.region, "city": guest.city,
            "phones": guest.phones.len(), "emails": guest.emails.len(),
            "is_vip": guest.vip, "is_blacklisted": guest.blacklisted,
        }),
        Entity::Company(company) => json!({
            "name": company.name, "country": company.country, "city": company.city,
            "phones": company.phones.len(), "emails": company.emails.len(),
        }),
        Entity::Booking(booking) => json!({
            "status": booking.status.word(),
            "arrival": booking.arrival.to_string(),
            "departure": booking.departure.to_string(),
            "amount": booking.amount, "guest_id": booking.guest, "company_id": booking.company,
            "payer_company_id": booking.payer, "guests": booking.staying_guests,
        }),
    };
    object.as_object().cloned().unwrap_or_default()
}
