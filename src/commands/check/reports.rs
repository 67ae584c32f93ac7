//! The reports from which `load` fills the mirror: are they there, are their headings those of the
//! configuration, and how old are they.

use chrono::{DateTime, Utc};

use super::CheckResult;
use super::mirror::is_old;
use crate::config::{Config, ReportConfig};
use crate::domain::display;
use crate::domain::messages::CheckMessage;
use crate::domain::run_error::Result;
use crate::report_files::{Reading, Report, Source};

/// One finding for each report that the configuration names.
pub(super) fn check(config: &Config, now: DateTime<Utc>) -> Vec<CheckResult> {
    let reports = config.load.reports.iter();
    reports.map(|report| check_report(report, config, now)).collect()
}

fn check_report(report: &ReportConfig, config: &Config, now: DateTime<Utc>) -> CheckResult {
    let source = match find_with_headings(report, config) {
        Ok(source) => source,
        Err(error) => {
            let reason = error.message().into();
            let detail = CheckMessage::ReportUnusable { reason };
            return CheckResult::unusable("report", &error, detail);
        }
    };
    let table = report.table.plural_name().into();
    let path = source.shown();
    let written_at = source.written_at().map(DateTime::<Utc>::from);
    let written =
        written_at.map(|at| display::format_time(at, config.language)).unwrap_or_default();
    if written_at.is_some_and(|at| is_old(at, config, now)) {
        let old = CheckResult::warning("report", CheckMessage::ReportOld { table, path, written });
        return old.with_remedy(CheckMessage::CheckExport);
    }
    CheckResult::ok("report", CheckMessage::ReportFound { table, path, written })
}

/// The file, if `load` would find its headings in it. Its rows are read by `load` alone.
fn find_with_headings(report: &ReportConfig, config: &Config) -> Result<Source> {
    let source = Source::find(&report.file)?;
    let encoding = config.load.encoding;
    let reading = Reading { config: report, encoding, is_trusted: false, is_status: &|_| true };
    Report::open(&source, reading)?;
    Ok(source)
}
