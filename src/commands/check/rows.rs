//! The rows of the mirror: how many of each kind there are, which a run would refuse, and of which
//! it would warn.

use std::collections::BTreeMap;
use std::iter;

use chrono::{DateTime, Utc};

use super::CheckResult;
use super::modified_at::ModificationTimes;
use crate::config::Config;
use crate::domain::display::plural_name;
use crate::domain::failure_code::FailureCode;
use crate::domain::messages::{CheckMessage, Message, MirrorTime};
use crate::domain::record::{IdRange, Kind, RecordId};
use crate::domain::run_error::Result;
use crate::domain::visible_text;
use crate::mapping::custom_fields::FieldTypes;
use crate::mapping::deal::DealLinks;
use crate::mapping::mapped;
use crate::mirror::{Mirror, Row, RowError, RowWarning, is_time};

/// More ids would not help to find the cause.
const IDS_SHOWN: usize = 3;
/// Of so many different values of one column one each is shown.
const EXAMPLES_SHOWN: usize = 5;

/// What the rows of one kind look like.
#[derive(Default)]
struct Sample {
    count: u64,
    without_id: u64,
    newest: String,
    times: ModificationTimes,
    unreadable: BTreeMap<Flaw, FlawedRows>,
    not_whole: BTreeMap<Flaw, FlawedRows>,
}

/// Why rows cannot be read, or are not sent whole.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Flaw {
    code: FailureCode,
    column: String,
}

/// The rows with one flaw.
#[derive(Default)]
struct FlawedRows {
    count: u64,
    /// The first of them.
    ids: Vec<RecordId>,
    /// By their form: values that look alike have one cause.
    examples: BTreeMap<String, Message>,
}

/// Reads the rows of a kind. No clock is later than `latest`.
///
/// # Errors
/// The mirror cannot be read.
pub(super) fn check(
    mirror: &Mirror,
    kind: Kind,
    config: &Config,
    latest: DateTime<Utc>,
) -> Result<Vec<CheckResult>> {
    let mut sample = Sample::default();
    let mut scan = mirror.scan(kind)?;
    let mut rows = scan.rows(IdRange::ALL)?;
    for row in rows.by_ref() {
        let row = row?;
        sample.times.add(&row.modified_at, &row.id, latest);
        sample.add(row, config);
    }
    sample.count = rows.seen();
    sample.without_id = rows.without_id();
    Ok(sample.results(kind))
}

impl FlawedRows {
    fn add(&mut self, id: &RecordId) {
        self.count += 1;
        if self.ids.len() < IDS_SHOWN {
            self.ids.push(id.clone());
        }
    }

    fn ids(&self) -> String {
        let ids: Vec<String> = self.ids.iter().map(ToString::to_string).collect();
        visible_text::line(&ids.join(", ")).into_owned()
    }
}

impl Sample {
    fn add(&mut self, row: Row, config: &Config) {
        for RowWarning { code, column } in &row.warnings {
            self.add_not_whole(*code, column, &row.id);
        }
        // The types of custom fields are the portal's: a value that does not fit them is not known
        // here.
        let mapped = mapped(&row, &DealLinks::default(), None, config, &FieldTypes::default());
        for warning in mapped.into_iter().flat_map(|mapped| mapped.warnings) {
            match warning.code {
                FailureCode::EmailLeftOut => self.add_not_whole(warning.code, "email", &row.id),
                FailureCode::PhoneLeftOut => self.add_not_whole(warning.code, "phone", &row.id),
                _ => {}
            }
        }
        if let Err(error) = row.body {
            self.add_unreadable(error, &row.id);
        }
        if row.modified_at > self.newest {
            self.newest = row.modified_at;
        }
    }

    fn add_not_whole(&mut self, code: FailureCode, column: &str, id: &RecordId) {
        self.not_whole.entry(Flaw { code, column: column.to_owned() }).or_default().add(id);
    }

    fn add_unreadable(&mut self, error: RowError, id: &RecordId) {
        let RowError { code, column, message, form } = error;
        // A status code says what to add to the configuration; other values may be a person's data.
        let shown =
            if code == FailureCode::UnknownStatus { message.clone() } else { column.clone() };
        let rows = self.unreadable.entry(Flaw { code, column: shown }).or_default();
        rows.add(id);
        if !form.is_empty() && rows.examples.len() < EXAMPLES_SHOWN {
            let example = if message == column {
                CheckMessage::ValueOfForm { column, form: form.clone() }.into()
            } else {
                Message::from(message)
            };
            rows.examples.entry(form).or_insert(example);
        }
    }

    fn results(&self, kind: Kind) -> Vec<CheckResult> {
        let mut results = vec![self.count(kind)];
        results.extend(self.times.results(kind));
        let records: Box<Message> = plural_name(kind).into();
        if self.without_id > 0 {
            let records = records.clone();
            let detail = CheckMessage::RowsWithoutId { records, count: self.without_id };
            results.push(warning(detail, FailureCode::BadId));
        }
        for (Flaw { code, column }, rows) in &self.unreadable {
            let examples = rows.examples.values().cloned();
            let examples = iter::once(rows.ids().into()).chain(examples).collect();
            let detail = CheckMessage::RowsUnreadable {
                records: records.clone(),
                count: rows.count,
                code: code.to_string(),
                column: column.clone(),
                examples: Message::Several(examples).into(),
            };
            results.push(warning(detail, *code));
        }
        for (Flaw { code, column }, rows) in &self.not_whole {
            let detail = CheckMessage::RowsNotWhole {
                records: records.clone(),
                count: rows.count,
                code: code.to_string(),
                column: column.clone(),
                ids: rows.ids(),
            };
            results.push(warning(detail, *code));
        }
        results
    }

    fn count(&self, kind: Kind) -> CheckResult {
        let records = plural_name(kind).into();
        if self.count == 0 && kind != Kind::Company {
            let none = CheckResult::warning("mirror_rows", CheckMessage::NoRows { records });
            return none.with_remedy(CheckMessage::SeeWhetherFilled);
        }
        let count = self.count;
        let newest = self.newest.clone();
        // A `modified_at` that joins columns may hold a person's data.
        let detail = if is_time(&newest) {
            CheckMessage::RowsAndNewest { records, count, newest: MirrorTime(newest) }
        } else {
            CheckMessage::Rows { records, count }
        };
        CheckResult::ok("mirror_rows", detail)
    }
}

fn warning(detail: CheckMessage, code: FailureCode) -> CheckResult {
    CheckResult::warning("mirror_rows", detail).with_remedy(Message::Remedy(code))
}
