//! Every statement of the state finds its rows by an index, or reads a table once, in order,
//! because it needs all of it: a run may not become slow with the years. The statements are taken
//! from the source, so that none is forgotten.

use rusqlite::Connection;

use super::State;
use super::history::RUN_COLUMNS;
use super::records::COLUMNS;
use super::writer::RESET_LINK_COLUMNS;
use crate::state::issues::ISSUES;

const SOURCES: [&str; 13] = [
    include_str!("activity.rs"),
    include_str!("blocks.rs"),
    include_str!("in_doubt.rs"),
    include_str!("history.rs"),
    include_str!("settings.rs"),
    include_str!("failures.rs"),
    include_str!("records.rs"),
    include_str!("reset.rs"),
    include_str!("statements.rs"),
    include_str!("issues.rs"),
    include_str!("missing_rows.rs"),
    include_str!("stays.rs"),
    include_str!("writer.rs"),
];

/// Read from end to end, as the source has it, and why that is right.
const WHOLE: [(&str, &str); 14] = [
    ("SELECT {RUN_COLUMNS} FROM runs ORDER BY", "the newest run is the first that is read"),
    (
        "SELECT {RUN_COLUMNS} FROM runs WHERE",
        "a week of the runs that are kept, for the status page",
    ),
    ("UPDATE records SET todo = todo | 1 WHERE crm_id IS NOT NULL", "a full run marks everything"),
    (
        "UPDATE records SET todo = todo | 8 WHERE kind = ?1 AND crm_id IS NOT NULL",
        "once, when stays are asked for",
    ),
    ("DELETE FROM stays", "once, when stays are asked for no more; by booking it goes by the key"),
    ("SELECT kind, id FROM touched", "it is empty between runs"),
    ("SELECT w.kind, w.id, r.crm_id FROM write_backs w", "it is empty between runs"),
    (
        "SELECT NOT EXISTS (SELECT 1 FROM blocks",
        "a block is 256 records, and one that is void is enough",
    ),
    ("UPDATE runs SET outcome = 'interrupted' WHERE outcome IS NULL", "12,000 runs are kept"),
    ("SELECT finished_at FROM runs WHERE outcome IN", "from the newest back to the last good one"),
    ("DELETE FROM troubles WHERE code = ?1", "an initial export alone does that"),
    ("SELECT t.kind, t.id, r.label", "the beginning of the next two"),
    ("{ISSUES} ORDER BY", "status shows all of a severity"),
    ("{ISSUES} AND t.code = ?2", "once a run; few records have an issue"),
];

/// The texts in a source that are SQL, and the same with the constants put in.
fn statements(source: &str) -> Vec<(&str, String)> {
    let is_sql = |(_, text): &(&str, String)| {
        ["SELECT ", "INSERT ", "UPDATE ", "DELETE "]
            .iter()
            .any(|verb| text.trim_start().starts_with(verb))
    };
    let whole = |text: &str| {
        text.replace("{COLUMNS}", COLUMNS)
            .replace("{RUN_COLUMNS}", RUN_COLUMNS)
            .replace("{RESET_LINK_COLUMNS}", RESET_LINK_COLUMNS)
            .replace("{ISSUES}", ISSUES)
    };
    source.split('"').map(|text| (text, whole(text))).filter(is_sql).collect()
}

/// Looks at every statement in the sources, but for those that begin as one of `whole`. Returns how
/// many there are.
pub(crate) fn assert_indexed(
    connection: &Connection,
    sources: &[&str],
    whole: &[(&str, &str)],
) -> usize {
    let mut seen = 0;
    for (source, sql) in sources.iter().copied().flat_map(statements) {
        let plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"));
        let mut plan = plan.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let parameters =
            rusqlite::params_from_iter(vec![rusqlite::types::Null; plan.parameter_count()]);
        let steps = plan.query_map(parameters, |row| row.get(3)).unwrap();
        let steps: Vec<String> = steps.collect::<rusqlite::Result<_>>().unwrap();
        let is_slow = |step: &&String| {
            let reads_one_row = step.starts_with("SCAN CONSTANT") || step.starts_with("SCAN (");
            step.contains("TEMP B-TREE") || (step.starts_with("SCAN") && !reads_one_row)
        };
        let slow: Vec<&String> = steps.iter().filter(is_slow).collect();
        let may = whole.iter().any(|(beginning, _)| source.starts_with(beginning));
        assert!(slow.is_empty() || may, "{sql}: {slow:?}");
        seen += 1;
    }
    seen
}

#[test]
fn every_statement_goes_by_an_index_or_reads_a_table_once() {
    let state = State::in_memory().unwrap();
    let seen = assert_indexed(&state.connection, &SOURCES, &WHOLE);
    assert!(seen > 40, "{seen} statements");
}
