//! The report of an audit, written as it is found.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::Tally;
use super::drift::Drift;
use crate::config::Webhook;
use crate::domain::display;
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::say;

/// A report under way.
pub(super) struct Report<'o> {
    out: &'o mut dyn Write,
    webhook: &'o Webhook,
    json: bool,
    separator: &'static str,
}

impl<'o> Report<'o> {
    pub(super) fn begin(out: &'o mut dyn Write, webhook: &'o Webhook, json: bool) -> Result<Report<'o>> {
        if json {
            write!(out, "{{\"schema\": 1,\n \"drift\": [")?;
        }
        Ok(Report { out, webhook, json, separator: "\n  " })
    }

    pub(super) fn drift(&mut self, drift: &Drift) -> Result<()> {
        if self.json {
            write!(self.out, "{}{}", self.separator, drift.document())?;
            self.separator = ",\n  ";
        } else {
            writeln!(self.out, "{}", drift.lines(self.webhook).join("\n"))?;
        }
        Ok(())
    }

    pub(super) fn end(self, tally: &Tally, unread: &BTreeMap<(Kind, String), u64>) -> Result<()> {
        if self.json {
            let (compared, pending) = (document(&tally.compared), document(&tally.pending));
            let unread = unread_document(unread);
            writeln!(
                self.out,
                "],\n \"compared\": {compared},\n \"pending\": {pending},\n \"not_compared\": {unread}}}"
            )?;
            return Ok(());
        }
        let (compared, found) = (counts(&tally.compared), tally.found());
        match found {
            0 if !unread.is_empty() => writeln!(
                self.out,
                "{}",
                say!(
                    "Сверено: {compared}. В том, что портал показал, расхождений нет.",
                    "Compared: {compared}. Nothing differs in what the portal showed."
                )
            )?,
            0 => writeln!(
                self.out,
                "{}",
                say!("Сверено: {compared}. Расхождений нет.", "Compared: {compared}. Nothing differs.")
            )?,
            _ => writeln!(
                self.out,
                "{}",
                say!(
                    "Сверено: {compared}. Расхождений: {found}.",
                    "Compared: {compared}. Differences: {found}."
                )
            )?,
        }
        if tally.pending.values().any(|count| *count > 0) {
            let pending = counts(&tally.pending);
            let line = say!(
                "Не сверялось, потому что ещё не передано или не удалось передать: {pending}.",
                "Not compared, because it is still to be sent or failed: {pending}."
            );
            writeln!(self.out, "{line}")?;
        }
        for ((kind, field), cards) in unread {
            let kind = display::plural_name(*kind);
            let line = say!(
                "Не сверялось, потому что портал этого не показывает: {kind}, поле {field}, карточек: {cards}.",
                "Not compared, because the portal does not show it: {kind}, field {field}, cards: {cards}."
            );
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }
}

fn unread_document(unread: &BTreeMap<(Kind, String), u64>) -> Value {
    let field = |((kind, field), cards): (&(Kind, String), &u64)| json!({"kind": kind, "field": field, "cards": cards});
    unread.iter().map(field).collect()
}

fn counts(counts: &PerKind<u64>) -> String {
    let part = |(kind, count): (Kind, &u64)| format!("{} {count}", display::plural_name(kind));
    let parts: Vec<String> = counts.iter().map(part).collect();
    parts.join(", ")
}

fn document(counts: &PerKind<u64>) -> Value {
    let count = |(kind, count): (Kind, &u64)| (kind.name().to_owned(), (*count).into());
    Value::Object(counts.iter().map(count).collect::<Map<_, _>>())
}
