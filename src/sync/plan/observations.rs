//! What a run notes of records that need no step: which are missing, which are back, and values
//! that the state does not have yet.

use chrono::{DateTime, Utc};
use rusqlite::Row;

use super::decide::{Pair, PlanOptions, is_too_early_to_give_up};
use crate::domain::record::{Kind, RecordKey};
use crate::domain::run_error;
use crate::state::statements::{execute, for_each};
use crate::state::{GivenUp, Note, PlanRecord, Result, Stay, record_key};
use crate::sync::plan::store::PlanStore;

/// The records of a kind that are missing and not given up yet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MissingForNow {
    /// How many records are missing.
    pub count: u64,
    /// When the first of them may be given up.
    pub earliest_removal: Option<DateTime<Utc>>,
}

/// What happens to the missing records of a kind.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RemovalVerdict {
    /// They are given up in this run without a confirmation.
    pub given_up: Vec<GivenUp>,
    /// An administrator has allowed it: records that were given up before do not count any more.
    pub is_allowed: bool,
    /// A guard holds them back: the time for which they are missing does not count.
    pub is_held: bool,
}

impl MissingForNow {
    /// Counts one who is missing, where it is too early to give them up.
    pub(super) fn count(&mut self, record: &RecordKey, stored: &PlanRecord, options: &PlanOptions) {
        if !is_too_early_to_give_up(record, stored, options) {
            return;
        }
        self.count += 1;
        let removal_delay = options.removal_delay.unwrap_or_default()[record.kind];
        let until = stored.missing_since.unwrap_or(options.now) + removal_delay;
        self.earliest_removal = Some(self.earliest_removal.unwrap_or(until).min(until));
    }
}

/// Whether a record without a row is missing: it has something to lose, and no window hides it.
pub(super) fn is_missing(kind: Kind, stored: &PlanRecord, options: &PlanOptions) -> bool {
    let has_something = match kind {
        Kind::Guest | Kind::Company => !stored.absent_in_mirror,
        Kind::Booking => stored.crm_id.is_some() && options.deletes,
    };
    has_something && !options.windows[kind]
}

/// What the state is to know of the record, whatever step it takes.
pub(super) fn note_of(kind: Kind, pair: &Pair, options: &PlanOptions) -> Option<Note> {
    let stored = pair.stored.as_ref()?;
    let Some(row) = &pair.row else {
        // In the future it was noted by a clock that ran ahead.
        let is_noted = stored.missing_since.is_some_and(|since| since <= options.now);
        return (is_missing(kind, stored, options) && !is_noted).then_some(Note::Missing);
    };
    let stay = Stay::of_row(row).or(stored.stay);
    let changed_columns = options.changed_columns[kind] && !row.modified_at.is_empty();
    let content = if changed_columns { row.content_hash } else { stored.content_hash };
    let is_known = stored.missing_since.is_none()
        && (stored.crm_id.is_none() || stored.stay == stay && stored.content_hash == content);
    (!is_known).then_some(Note::Read { content, stay })
}

impl PlanStore {
    /// Keeps what the state is to know of a record.
    pub fn note(&self, key: &RecordKey, note: Note) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO notes (kind, id, note) VALUES (?1, ?2, ?3)";
        execute(&self.connection, sql, (key.kind, &key.id, serde_json::to_string(&note)?))
    }

    /// Shows what is kept of a kind's records to `show`.
    pub fn each_note(
        &self,
        kind: Kind,
        mut show: impl FnMut(&RecordKey, Note) -> run_error::Result<()>,
    ) -> run_error::Result<()> {
        let sql = "SELECT kind, id, note FROM notes WHERE kind = ?1 ORDER BY id";
        for_each(&self.connection, sql, [kind], read_note, |(key, note)| show(&key, note))
    }
}

fn read_note(row: &Row<'_>) -> Result<(RecordKey, Note)> {
    let note: String = row.get(2)?;
    Ok((record_key(row)?, serde_json::from_str(&note)?))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::per_kind::PerKind;
    use crate::domain::record::RecordId;
    use crate::mirror::Row;
    use crate::sync::plan::decide::tests::{options, row, stored};

    #[test]
    fn only_who_has_something_to_lose_and_is_hidden_by_no_window_is_missing() {
        assert!(is_missing(Kind::Booking, &stored(), &options()));
        assert!(!is_missing(Kind::Booking, &PlanRecord::default(), &options()));
        assert!(!is_missing(
            Kind::Booking,
            &stored(),
            &PlanOptions { deletes: false, ..options() }
        ));
        let absent = PlanRecord { absent_in_mirror: true, ..stored() };
        assert!(is_missing(Kind::Guest, &stored(), &options()));
        assert!(!is_missing(Kind::Guest, &absent, &options()));
        let window = PlanOptions { windows: PerKind::all(true), ..options() };
        assert!(!is_missing(Kind::Guest, &stored(), &window));
    }

    #[test]
    fn who_is_missing_is_noted_once_unless_the_clock_ran_ahead() {
        let now = options().now;
        let note = |missing_since| {
            let stored = PlanRecord { missing_since, ..stored() };
            let pair = Pair { id: RecordId::Number(1), row: None, stored: Some(stored) };
            note_of(Kind::Booking, &pair, &options())
        };
        assert_eq!(note(None), Some(Note::Missing));
        assert_eq!(note(Some(now)), None);
        assert_eq!(note(Some(now + TimeDelta::seconds(1))), Some(Note::Missing));
    }

    #[test]
    fn contents_of_other_columns_are_learnt_where_modified_at_would_tell_a_change() {
        let note = |row: Row, learns| {
            let pair = Pair { id: RecordId::Number(1), row: Some(row), stored: Some(stored()) };
            let options = PlanOptions { changed_columns: PerKind::all(learns), ..options() };
            note_of(Kind::Booking, &pair, &options)
        };
        let other = Row { content_hash: 11, ..row() };
        let timeless = Row { modified_at: String::new(), ..other.clone() };
        assert_eq!(note(row(), true), None);
        assert_eq!(note(other.clone(), true), Some(Note::Read { content: 11, stay: None }));
        assert_eq!(note(other, false), None);
        assert_eq!(note(timeless, true), None);
    }

    #[test]
    fn of_a_record_without_an_object_only_its_return_is_noted() {
        let note = |missing_since| {
            let new = PlanRecord { missing_since, ..PlanRecord::default() };
            let pair = Pair { id: RecordId::Number(1), row: Some(row()), stored: Some(new) };
            let learns = PlanOptions { changed_columns: PerKind::all(true), ..options() };
            note_of(Kind::Guest, &pair, &learns)
        };
        assert_eq!(note(None), None);
        assert!(note(Some(options().now)).is_some());
    }

    #[test]
    fn whoever_was_given_up_is_not_noted_as_missing_again() {
        let gone = PlanRecord { absent_in_mirror: true, ..stored() };
        let pair = Pair { id: RecordId::Number(1), row: None, stored: Some(gone) };
        assert_eq!(note_of(Kind::Guest, &pair, &options()), None);
    }

    #[test]
    fn whoever_may_come_back_counts_until_the_first_of_them_is_given_up() {
        let now = options().now;
        let minutes = TimeDelta::minutes;
        let patient = PlanOptions { removal_delay: Some(PerKind::all(minutes(10))), ..options() };
        let key = RecordKey::new(Kind::Guest, RecordId::Number(1));
        let mut seen = MissingForNow::default();
        let mut count = |missing_since| {
            seen.count(&key, &PlanRecord { missing_since, ..stored() }, &patient);
            (seen.count, seen.earliest_removal)
        };
        assert_eq!(count(Some(now - minutes(10))), (0, None));
        assert_eq!(count(None), (1, Some(now + minutes(10))));
        assert_eq!(count(Some(now - minutes(4))), (2, Some(now + minutes(6))));
        assert_eq!(count(Some(now - minutes(1))), (3, Some(now + minutes(6))));
    }
}
