//! The report of an audit, written while it is found.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Map, Value, json};

use super::drift::Drift;
use super::{Counts, text};
use crate::config::Config;
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::domain::run_error::Result;
use crate::domain::visible_text;

/// A report under way.
pub(super) struct Report<'o> {
    out: &'o mut dyn Write,
    config: &'o Config,
    json: bool,
    separator: &'static str,
}

impl<'o> Report<'o> {
    pub(super) fn begin(
        out: &'o mut dyn Write,
        config: &'o Config,
        json: bool,
    ) -> Result<Report<'o>> {
        if json {
            write!(out, "{{\"schema\": 1,\n \"drift\": [")?;
        }
        Ok(Report { out, config, json, separator: "\n  " })
    }

    pub(super) fn drift(&mut self, drift: &Drift) -> Result<()> {
        let Config { portal, language, .. } = self.config;
        if self.json {
            write!(self.out, "{}{}", self.separator, drift.document(*language))?;
            self.separator = ",\n  ";
        } else {
            let lines = text::drift_lines(drift, &portal.webhook, *language);
            writeln!(self.out, "{}", visible_text::lines(&lines))?;
        }
        Ok(())
    }

    pub(super) fn end(self, counts: &Counts, unread: &BTreeMap<(Kind, String), u64>) -> Result<()> {
        if self.json {
            writeln!(
                self.out,
                "],\n \"compared\": {},\n \"pending\": {},\n \"not_compared\": {}}}",
                per_kind(&counts.compared),
                per_kind(&counts.pending),
                unread_document(unread),
            )?;
        } else {
            let lines = text::summary(counts, unread, self.config.language);
            writeln!(self.out, "{}", visible_text::lines(&lines))?;
        }
        Ok(())
    }
}

fn unread_document(unread: &BTreeMap<(Kind, String), u64>) -> Value {
    let mut fields = Vec::new();
    for ((kind, field), cards) in unread {
        fields.push(json!({"kind": kind, "field": field, "cards": cards}));
    }
    fields.into()
}

fn per_kind(counts: &PerKind<u64>) -> Value {
    let mut document = Map::new();
    for (kind, count) in counts.iter() {
        document.insert(kind.name().to_owned(), (*count).into());
    }
    document.into()
}
