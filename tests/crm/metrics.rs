//! The figures for Prometheus: a strict reader of its text format takes them, and they count on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::env::TestEnv;

const METRICS: &str = "[monitoring]\nmetrics_file = \"ecvi.prom\"\n";

/// A family of metrics: its kind, and its samples by their labels.
#[derive(Default)]
struct Family {
    kind: String,
    samples: BTreeMap<String, u64>,
}

/// Reads the text format as strictly as Prometheus writes of it: HELP and TYPE before the samples,
/// once each, no sample twice, every line ended, nothing between.
fn parse(text: &str) -> BTreeMap<String, Family> {
    assert!(text.ends_with('\n') && !text.contains("\n\n") && !text.contains('\r'), "{text}");
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap();
            assert!(!help.is_empty() && !help.contains('\\'), "{line}");
            let kind = lines.next().unwrap().strip_prefix(&format!("# TYPE {name} ")).unwrap();
            assert!(["gauge", "counter"].contains(&kind), "{line}");
            let family = Family { kind: kind.to_owned(), ..Family::default() };
            assert!(families.insert(name.to_owned(), family).is_none(), "{name} twice");
            name.clone_into(&mut current);
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series
            .split_once('{')
            .map_or((series, ""), |(name, rest)| (name, rest.strip_suffix('}').unwrap()));
        assert_eq!(name, current, "a sample outside of its family");
        labels.split_terminator(',').for_each(assert_label);
        let family = families.get_mut(name).unwrap();
        assert!(
            family.samples.insert(labels.to_owned(), value.parse().unwrap()).is_none(),
            "{series} twice"
        );
    }
    families
}

fn assert_label(label: &str) {
    let (name, value) = label.split_once('=').unwrap();
    assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{label}");
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap();
    assert!(
        !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)),
        "{label}"
    );
}

fn families(hotel: &TestEnv) -> BTreeMap<String, Family> {
    parse(&fs::read_to_string(hotel.path("ecvi.prom")).unwrap())
}

fn value(hotel: &TestEnv, name: &str, labels: &str) -> u64 {
    families(hotel)[name].samples[labels]
}

#[test]
fn names_and_units_follow_the_conventions() {
    let hotel = TestEnv::exported(METRICS);
    hotel.sql("UPDATE bookings SET status = 'lost', modified_at = '2026'");
    hotel.run(1, "sync");
    let families = families(&hotel);
    assert!(families.len() > 10);
    for (name, family) in &families {
        assert!(name.starts_with("ecvi_b24_") && !family.samples.is_empty(), "{name}");
        assert_eq!(name.ends_with("_total"), family.kind == "counter", "{name}");
        let is_time = name.contains("timestamp") || name.contains("duration");
        assert_eq!(name.ends_with("_seconds"), is_time, "{name}");
        let unlike = ["minutes", "milliseconds", "hours", "count"];
        assert!(unlike.iter().all(|unit| !name.contains(unit)), "{name}");
        let label_names = |labels: &String| -> BTreeSet<String> {
            labels
                .split_terminator(',')
                .map(|label| label.split_once('=').unwrap().0.to_owned())
                .collect()
        };
        let sets: BTreeSet<BTreeSet<String>> = family.samples.keys().map(label_names).collect();
        assert_eq!(sets.len(), 1, "{name}: all samples have the same labels");
    }
}

#[test]
fn counters_only_grow_and_gauges_say_what_is() {
    let hotel = TestEnv::exported(METRICS);
    let requests = value(&hotel, "ecvi_b24_requests_total", "");
    assert!(requests > 0);
    assert_eq!(value(&hotel, "ecvi_b24_runs_total", "outcome=\"ok\""), 1);
    assert_eq!(value(&hotel, "ecvi_b24_changes_total", "kind=\"booking\",operation=\"create\""), 1);
    hotel.run(0, "sync");
    assert_eq!(value(&hotel, "ecvi_b24_requests_total", ""), requests);
    hotel.sql("UPDATE bookings SET status = 'lost', modified_at = '2026'");
    hotel.run(1, "sync");
    assert_eq!(value(&hotel, "ecvi_b24_runs_total", "outcome=\"ok\""), 2);
    assert_eq!(value(&hotel, "ecvi_b24_runs_total", "outcome=\"partial\""), 1);
    assert_eq!(value(&hotel, "ecvi_b24_failures_total", ""), 1);
    assert_eq!(value(&hotel, "ecvi_b24_trouble", "kind=\"records\""), 1);
    assert_eq!(value(&hotel, "ecvi_b24_last_run_outcome", "outcome=\"partial\""), 1);
    assert_eq!(value(&hotel, "ecvi_b24_records", "kind=\"booking\",state=\"failed\""), 1);
    assert!(families(&hotel).contains_key("ecvi_b24_oldest_failure_timestamp_seconds"));
}

#[test]
fn a_run_that_cannot_be_made_is_a_trouble_too() {
    let hotel = TestEnv::new(METRICS);
    fs::write(
        hotel.path("state.db"),
        "no database, and longer than the header of one is".repeat(9),
    )
    .unwrap();
    hotel.run(3, "sync");
    assert_eq!(value(&hotel, "ecvi_b24_trouble", "kind=\"unusable\""), 1);
    assert!(!families(&hotel).contains_key("ecvi_b24_last_success_timestamp_seconds"));
}

#[test]
fn a_name_that_the_collector_would_not_read_is_refused() {
    for name in ["ecvi.txt", "ecvi.prom.tmp", "prom"] {
        let hotel = TestEnv::new(&format!("[monitoring]\nmetrics_file = \"{name}\"\n"));
        assert!(hotel.complained(3, "sync").contains("must end with .prom"), "{name}");
    }
}

#[test]
fn a_file_that_cannot_be_written_fails_no_run() {
    let hotel = TestEnv::new("[monitoring]\nmetrics_file = \"missing/ecvi.prom\"\n");
    let said = hotel.complained(0, "initial-export");
    assert!(said.contains("[monitoring] metrics_file"), "{said}");
}
