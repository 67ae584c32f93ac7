//! The metrics, as Prometheus' textfile collector reads them (docs/operations.md). Names follow its
//! conventions: base units, `_total` for what only grows, `_timestamp_seconds` for times.

use chrono::{DateTime, Utc};
use strum::IntoEnumIterator;

use super::overview::Overview;
use super::{LastRun, RecordCounts};
use crate::domain::record::Kind;
use crate::domain::run_error::Outcome;
use crate::state::Totals;
use crate::sync::health::Problem;

/// How the file begins: by this it is known as ours.
pub(crate) const MARK: &str = "# HELP ecvi_b24_info ";

/// Metrics that are written one after another.
struct Metrics(String);

/// A label and its value. All values are words of this program.
type Label<'l> = (&'static str, &'l str);

/// The whole file. It says nothing of what is not known.
pub(crate) fn render(overview: &Overview) -> String {
    let mut metrics = Metrics(String::new());
    metrics.family("info", "gauge", "The version of the program.");
    metrics.sample("info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    problems(&mut metrics, overview);
    last_run(&mut metrics, overview.status.last_run.as_ref());
    times(&mut metrics, overview);
    // Where the state tells nothing, zeros would be a lie, and counters would begin anew.
    if overview.error.is_none() {
        records(&mut metrics, overview);
        totals(&mut metrics, &overview.totals);
    }
    metrics.0
}

impl Metrics {
    /// What the samples that follow are.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let lines =
            ["# HELP ecvi_b24_", name, " ", help, "\n# TYPE ecvi_b24_", name, " ", kind, "\n"];
        self.0.extend(lines);
    }

    fn sample(&mut self, name: &str, labels: &[Label<'_>], value: impl Into<i128>) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.0.extend(["ecvi_b24_", name, &labels, " ", &value.into().to_string(), "\n"]);
    }

    /// A family of one sample.
    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Into<i128>) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    /// A time, where there is one.
    fn time(&mut self, name: &str, help: &str, at: Option<DateTime<Utc>>) {
        if let Some(at) = at {
            self.single(name, "gauge", help, at.timestamp());
        }
    }
}

fn problems(metrics: &mut Metrics, overview: &Overview) {
    metrics.family("trouble", "gauge", "Whether a person has to look at something of this kind.");
    for problem in Problem::iter() {
        let is_there = match &overview.health {
            // Without a state there is no run either.
            None => overview.error.is_some() && problem == Problem::Unusable,
            Some(health) => health.problems.contains(&problem),
        };
        metrics.sample("trouble", &[("kind", problem.name())], u8::from(is_there));
    }
}

fn last_run(metrics: &mut Metrics, run: Option<&LastRun>) {
    let Some(LastRun { started_at, finished_at: Some(finished_at), outcome: Some(ended), .. }) =
        run
    else {
        return;
    };
    metrics.time("last_run_timestamp_seconds", "When the last run ended.", Some(*finished_at));
    let seconds = (*finished_at - *started_at).num_seconds().max(0);
    metrics.single("last_run_duration_seconds", "gauge", "How long the last run took.", seconds);
    metrics.family("last_run_outcome", "gauge", "How the last run ended: 1 at its outcome.");
    for outcome in Outcome::iter() {
        let is_it = ended.known() == Some(outcome);
        metrics.sample("last_run_outcome", &[("outcome", outcome.name())], u8::from(is_it));
    }
}

fn times(metrics: &mut Metrics, overview: &Overview) {
    let status = &overview.status;
    let help = "When the last run that was made to its end ended.";
    metrics.time("last_success_timestamp_seconds", help, status.last_success_at);
    let help = "When the mirror was written last.";
    metrics.time("mirror_written_timestamp_seconds", help, status.mirror.written_at);
    let oldest = status.failures.iter().map(|failure| failure.first_failed_at).min();
    let help = "Since when the oldest failed record fails.";
    metrics.time("oldest_failure_timestamp_seconds", help, oldest);
}

fn records(metrics: &mut Metrics, overview: &Overview) {
    metrics.family("records", "gauge", "Records by what became of them.");
    for (kind, counts) in &overview.status.records {
        let RecordCounts { synced, pending, failed, waiting } = *counts;
        let states = [
            ("synced", Some(synced)),
            ("pending", pending),
            ("failed", Some(failed)),
            ("waiting", Some(waiting)),
        ];
        for (state, count) in states {
            if let Some(count) = count {
                metrics.sample("records", &[("kind", kind.name()), ("state", state)], count);
            }
        }
    }
    let warnings = overview.status.warnings.len() as u64;
    metrics.single("warnings", "gauge", "Records that were sent, but not whole.", warnings);
}

fn totals(metrics: &mut Metrics, totals: &Totals) {
    let Totals { runs, created, updated, deleted, failed, requests } = totals;
    metrics.family("runs_total", "counter", "Runs by how they ended.");
    for outcome in Outcome::iter() {
        let count = runs.get(outcome.name()).copied().unwrap_or(0);
        metrics.sample("runs_total", &[("outcome", outcome.name())], count);
    }
    let help = "Requests made to the portal by runs.";
    metrics.single("requests_total", "counter", help, *requests);
    metrics.family("changes_total", "counter", "Objects of the CRM that were changed.");
    for kind in Kind::DISPLAY_ORDER {
        for (operation, counts) in [("create", created), ("update", updated)] {
            let labels = [("kind", kind.name()), ("operation", operation)];
            metrics.sample("changes_total", &labels, counts[kind]);
        }
    }
    let deals = [("kind", Kind::Booking.name()), ("operation", "delete")];
    metrics.sample("changes_total", &deals, *deleted);
    let help = "Attempts to send a record that failed.";
    metrics.single("failures_total", "counter", help, *failed);
}
