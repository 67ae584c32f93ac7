//! What an ordinary run plans by, and how much of the mirror it reads.

use std::collections::HashSet;
use std::hash::Hasher;

use chrono::{DateTime, NaiveDate, Utc};

use super::blocks::BlockOptions;
use super::{MIRROR_STATS, PlanOptions, Resend, StayRules};
use crate::config::Config;
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::domain::run_error::Result;
use crate::mirror::Mirror;
use crate::platform::hash::Fingerprint;
use crate::state::State;
use crate::state::settings::CONTENTS;

impl PlanOptions {
    /// The options of an ordinary run of cron.
    pub fn for_sync(
        config: &Config,
        mirror: &Mirror,
        state: &State,
        now: DateTime<Utc>,
    ) -> Result<PlanOptions> {
        let previous_stats = state.get(&MIRROR_STATS)?.unwrap_or_default();
        let bookings_from = config.export.bookings_from;
        let stays = StayRules::new(config, state, now)?;
        let contents = state.get(&CONTENTS)?;
        let changed_columns = PerKind::from_fn(|kind| match contents {
            Some(contents) => contents[kind] != mirror.content_terms(kind),
            None => true,
        });
        let schema = mirror.schema_fingerprint()?;
        Ok(PlanOptions {
            now,
            resend: Resend::Marked,
            retry_failed: false,
            deletes: true,
            windows: mirror.windows(),
            bookings_from,
            // In a window the guests who stay may change without a change of the mirror.
            full_read: previous_stats.is_full_read_due(now)
                || mirror.are_booking_guests_windowed()
                || stays.is_some_and(|stays| stays.fills_all),
            changed_columns,
            previous_stats,
            reading_fingerprint: reading_fingerprint(
                env!("CARGO_PKG_VERSION"),
                bookings_from,
                schema,
            ),
            stays,
            removal_delay: None,
            moved_records: HashSet::new(),
            allowed_removals: 0,
        })
    }

    /// Whether every row is read, whatever its block looks like.
    pub(super) fn reads_all(&self) -> bool {
        self.full_read || self.resend == Resend::All
    }

    /// How the blocks of a kind are compared. Two queries through one window may show different
    /// rows, so its outline does not count.
    pub(super) fn look(&self, kind: Kind) -> BlockOptions {
        BlockOptions {
            reads_all: self.reads_all() || self.windows[kind] || self.changed_columns[kind],
            is_reading_new: self.previous_stats.reading_fingerprint != self.reading_fingerprint,
            now: self.now,
        }
    }
}

/// By what terms rows are read: another `version` of this program may read them in another way.
fn reading_fingerprint(version: &str, bookings_from: Option<NaiveDate>, schema: u64) -> u64 {
    let mut fingerprint = Fingerprint::default();
    fingerprint.text(version);
    fingerprint.text(&bookings_from.map(|day| day.to_string()).unwrap_or_default());
    fingerprint.write_u64(schema);
    fingerprint.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::platform::clock::ReadLimit;
    use crate::sync::plan::MirrorStats;
    use crate::sync::plan::fast_and_whole::World;

    #[test]
    fn rows_are_read_anew_by_another_version_from_another_day_on_or_of_other_columns() {
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        let stood = reading_fingerprint("1.0", day, 7);
        assert_eq!(stood, reading_fingerprint("1.0", day, 7));
        assert_ne!(stood, reading_fingerprint("1.1", day, 7));
        assert_ne!(stood, reading_fingerprint("1.0", None, 7));
        assert_ne!(stood, reading_fingerprint("1.0", day, 8));
    }

    /// What an ordinary run is to do in a hotel that was read completely just now.
    fn ordinary(contents: impl Fn(&Mirror) -> PerKind<u64>, queries: &str) -> PlanOptions {
        let world = World::new();
        let config = format!(
            "mirror.path = 'mirror.db'\nportal.webhook = 'http://127.0.0.1/rest/1/x/'\n{queries}"
        );
        let config = parse(&config, world.folder.path(), None).unwrap();
        let mirror = Mirror::open_within(&config.mirror, &ReadLimit::default()).unwrap();
        let state = State::in_memory().unwrap();
        state.set(&CONTENTS, &contents(&mirror)).unwrap();
        let read = MirrorStats { full_read_at: world.now, ..MirrorStats::default() };
        state.set(&MIRROR_STATS, &read).unwrap();
        PlanOptions::for_sync(&config, &mirror, &state, world.now).unwrap()
    }

    fn same_columns(mirror: &Mirror) -> PerKind<u64> {
        PerKind::from_fn(|kind| mirror.content_terms(kind))
    }

    #[test]
    fn where_the_hotels_columns_are_others_only_modified_at_shows_a_change() {
        let changed =
            |contents: fn(&Mirror) -> PerKind<u64>| ordinary(contents, "").changed_columns;
        assert_eq!(changed(same_columns), PerKind::all(false));
        assert_eq!(changed(|_| PerKind::all(0)), PerKind::all(true));
    }

    #[test]
    fn where_the_guests_who_stay_are_seen_through_a_window_every_row_is_read() {
        assert!(!ordinary(same_columns, "").full_read);
        let recent = "SELECT * FROM booking_guests WHERE date('now') > '2026-01-01' LIMIT 9";
        let window = format!("[mirror.queries]\nbooking_guests = \"{recent}\"");
        assert!(ordinary(same_columns, &window).full_read);
    }
}
