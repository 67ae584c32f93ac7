//! The rows of the mirror: how many of each kind there are, which a run would refuse, and of which it would warn.

use std::collections::BTreeMap;

use anyhow::Result;
use chrono::{DateTime, Utc};

use super::CheckResult;
use crate::commands::check::modified_at::Moments;
use crate::config::Config;
use crate::domain::display::plural_name;
use crate::domain::failure_code::FailureCode;
use crate::domain::language::current_language;
use crate::domain::record::{IdRange, Kind, RecordId};
use crate::mapping::custom_fields::FieldTypes;
use crate::mapping::deal::DealLinks;
use crate::mapping::mapped;
use crate::mirror::{Mirror, Row, RowError, RowWarning, is_time};
use crate::say;

/// More ids would not help to find the cause.
const IDS_SHOWN: usize = 3;
/// Of so many different values of one column one each is shown.
const EXAMPLES_SHOWN: usize = 5;

/// What the rows of one kind look like.
#[derive(Default)]
struct Sample {
    rows: u64,
    nameless: u64,
    newest: String,
    moments: Moments,
    /// By code and column.
    refused: BTreeMap<(FailureCode, String), Flaw>,
    warned: BTreeMap<(FailureCode, String), Flaw>,
}

/// Rows with one flaw.
#[derive(Default)]
struct Flaw {
    count: u64,
    /// The first of them.
    ids: Vec<RecordId>,
    /// By their form: values that look alike have one cause.
    examples: BTreeMap<String, String>,
}

/// What is to be said of the rows of a kind. No clock is later than `latest`.
///
/// # Errors
/// The mirror cannot be read.
pub(super) fn lines(
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
        sample.moments.see(&row.modified_at, &row.id, latest);
        sample.note(row, config);
    }
    (sample.rows, sample.nameless) = (rows.seen(), rows.nameless());
    Ok(sample.lines(kind))
}

impl Flaw {
    fn note(&mut self, id: &RecordId) {
        self.count += 1;
        if self.ids.len() < IDS_SHOWN {
            self.ids.push(id.clone());
        }
    }
}

impl Sample {
    fn note(&mut self, row: Row, config: &Config) {
        for RowWarning { code, column } in &row.warnings {
            self.warned.entry((*code, column.clone())).or_default().note(&row.id);
        }
        // The types of custom fields are the portal's: what does not fit them is not known here.
        let mapped = mapped(&row, &DealLinks::default(), config, &FieldTypes::default());
        for warning in mapped.into_iter().flat_map(|mapped| mapped.warnings) {
            let column = match warning.code {
                FailureCode::EmailLeftOut => "email",
                FailureCode::PhoneLeftOut => "phone",
                _ => continue,
            };
            self.warned.entry((warning.code, column.to_owned())).or_default().note(&row.id);
        }
        if let Err(bad) = row.body {
            self.refuse(bad, &row.id);
        }
        if row.modified_at > self.newest {
            self.newest = row.modified_at;
        }
    }

    fn refuse(&mut self, bad: RowError, id: &RecordId) {
        let RowError { code, column, message, form } = bad;
        // A status word says what to add to the configuration; other values may be a person's data.
        let key = if code == FailureCode::UnknownStatus { message.clone() } else { column.clone() };
        let flaw = self.refused.entry((code, key)).or_default();
        flaw.note(id);
        if !form.is_empty() && flaw.examples.len() < EXAMPLES_SHOWN {
            let example = if message == column { format!("{column} = {form}") } else { message };
            flaw.examples.entry(form).or_insert(example);
        }
    }

    fn lines(&self, kind: Kind) -> Vec<CheckResult> {
        let mut lines = vec![self.count(kind)];
        lines.extend(self.moments.lines(kind));
        lines.extend((self.nameless > 0).then(|| self.without_id(kind)));
        lines.extend(self.refused.iter().map(|((code, column), flaw)| refused(kind, *code, column, flaw)));
        lines.extend(self.warned.iter().map(|((code, column), flaw)| warned(kind, *code, column, flaw)));
        lines
    }

    fn count(&self, kind: Kind) -> CheckResult {
        let Sample { rows, newest, .. } = self;
        let what = plural_name(kind);
        if self.rows == 0 && kind != Kind::Company {
            return CheckResult::warning(
                "mirror_rows",
                say!("Зеркало, {what}: нет ни одной строки", "Mirror, {what}: not one row"),
                say!("Проверьте, наполнено ли зеркало", "See whether the mirror was filled"),
            );
        }
        // One that joins columns may hold a person's data.
        let text = if is_time(newest) {
            say!(
                "Зеркало, {what}: {rows}, последнее изменение {newest}",
                "Mirror, {what}: {rows}, newest change {newest}"
            )
        } else {
            say!("Зеркало, {what}: {rows}", "Mirror, {what}: {rows}")
        };
        CheckResult::ok("mirror_rows", text)
    }

    fn without_id(&self, kind: Kind) -> CheckResult {
        let (what, count) = (plural_name(kind), self.nameless);
        CheckResult::warning(
            "mirror_rows",
            say!("Зеркало, {what}: строк без id: {count}", "Mirror, {what}: rows without an id: {count}"),
            FailureCode::BadId.remedy(current_language()).to_owned(),
        )
    }
}

fn refused(kind: Kind, code: FailureCode, column: &str, flaw: &Flaw) -> CheckResult {
    let Flaw { count, ids, examples } = flaw;
    let what = plural_name(kind);
    let shown: Vec<String> = [listed(ids)].into_iter().chain(examples.values().cloned()).collect();
    let shown = shown.join("; ");
    CheckResult::warning(
        "mirror_rows",
        say!(
            "Зеркало, {what}: не читается строк: {count}, {code}, {column} (id {shown})",
            "Mirror, {what}: rows that cannot be read: {count}, {code}, {column} (id {shown})"
        ),
        code.remedy(current_language()).to_owned(),
    )
}

fn warned(kind: Kind, code: FailureCode, column: &str, flaw: &Flaw) -> CheckResult {
    let Flaw { count, ids, examples: _ } = flaw;
    let (what, ids) = (plural_name(kind), listed(ids));
    CheckResult::warning(
        "mirror_rows",
        say!(
            "Зеркало, {what}: строк, которые уйдут не целиком: {count}, {code}, {column} (id {ids})",
            "Mirror, {what}: rows that would not be sent whole: {count}, {code}, {column} (id {ids})"
        ),
        code.remedy(current_language()).to_owned(),
    )
}

fn listed(ids: &[RecordId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
