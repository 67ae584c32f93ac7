//! What the runs of the last day and week did, hour by hour and day by day.

use chrono::{DateTime, Duration, DurationRound, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};

use crate::domain::run_error::Outcome;
use crate::state::{Counts, Run, Stored};

const HOURS: i32 = 24;
const DAYS: i32 = 7;
/// So far back runs are read: the first day is whole.
pub(super) const WEEK: TimeDelta = TimeDelta::days(DAYS as i64 + 1);

/// What the runs that began in some span of time did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Sums {
    /// Runs that were made whole.
    pub(super) good: u64,
    /// Runs that were cut short, or in which something failed or was held back.
    pub(super) partial: u64,
    /// Runs that the portal refused, or that could not be made.
    pub(super) bad: u64,
    /// Objects that were created, updated or deleted.
    pub(super) records: u64,
    /// Requests to the portal.
    pub(super) requests: u64,
}

/// A span of time and what was done in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Bar {
    /// When it begins; it ends where the next one begins.
    pub(super) from: DateTime<Utc>,
    pub(super) sums: Sums,
}

/// The last day and the last week.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Activity {
    /// The hour that is now is the last one.
    pub(super) hours: Vec<Bar>,
    /// Today is the last one.
    pub(super) days: Vec<Bar>,
}

impl Activity {
    /// Of these runs, by the reader's clock.
    pub(super) fn from_runs<Z: TimeZone>(runs: &[Run], now: &DateTime<Z>) -> Activity {
        Activity { hours: bars(runs, hour_starts(now)), days: bars(runs, day_starts(now)) }
    }
}

impl Sums {
    fn from_run(run: &Run) -> Sums {
        let Counts { created, updated, deleted, failed: _ } = run.counts;
        let records = created.sum() + updated.sum() + deleted;
        let sums = Sums { records, requests: run.requests, ..Sums::default() };
        match run.outcome.as_ref().and_then(Stored::known) {
            Some(Outcome::Ok) => Sums { good: 1, ..sums },
            Some(Outcome::Partial | Outcome::Interrupted) | None => Sums { partial: 1, ..sums },
            Some(Outcome::Failed | Outcome::Refused) => Sums { bad: 1, ..sums },
        }
    }

    fn plus(self, other: Sums) -> Sums {
        Sums {
            good: self.good + other.good,
            partial: self.partial + other.partial,
            bad: self.bad + other.bad,
            records: self.records + other.records,
            requests: self.requests + other.requests,
        }
    }

    /// All runs, however they ended.
    pub(super) fn runs(&self) -> u64 {
        self.good + self.partial + self.bad
    }
}

/// What these spans add up to.
pub(super) fn total(bars: &[Bar]) -> Sums {
    bars.iter().fold(Sums::default(), |total, bar| total.plus(bar.sums))
}

/// What began before the first span is in none; what a wrong clock dated in the future is in the
/// last one.
fn bars(runs: &[Run], starts: Vec<DateTime<Utc>>) -> Vec<Bar> {
    let mut bars: Vec<Bar> =
        starts.into_iter().map(|from| Bar { from, sums: Sums::default() }).collect();
    for run in runs {
        if let Some(bar) = bars.iter_mut().rev().find(|bar| bar.from <= run.started_at) {
            bar.sums = bar.sums.plus(Sums::from_run(run));
        }
    }
    bars
}

fn hour_starts<Z: TimeZone>(now: &DateTime<Z>) -> Vec<DateTime<Utc>> {
    let hour =
        now.clone().duration_trunc(Duration::hours(1)).map_or(now.to_utc(), |hour| hour.to_utc());
    (0..HOURS).rev().map(|ago| hour - Duration::hours(ago.into())).collect()
}

fn day_starts<Z: TimeZone>(now: &DateTime<Z>) -> Vec<DateTime<Utc>> {
    let zone = now.timezone();
    let mut starts = Vec::new();
    for ago in (0..DAYS).rev() {
        let day = now.date_naive() - Duration::days(ago.into());
        starts.extend(start_of_day(day, &zone));
    }
    starts
}

/// Midnight of the reader's clock. Where the clock is put forward at midnight, the day begins an
/// hour later.
fn start_of_day<Z: TimeZone>(day: NaiveDate, zone: &Z) -> Option<DateTime<Utc>> {
    let midnight = day.and_time(NaiveTime::MIN);
    let start = match zone.from_local_datetime(&midnight).earliest() {
        Some(start) => start,
        None => zone.from_local_datetime(&(midnight + Duration::hours(1))).earliest()?,
    };
    Some(start.to_utc())
}

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;

    use super::*;
    use crate::domain::timestamp::parse_rfc3339;

    fn run(started_at: &str, outcome: Option<Outcome>) -> Run {
        let counts =
            Counts { created: [1, 0, 1].into(), updated: [0, 1, 0].into(), deleted: 1, failed: 7 };
        Run {
            command: "sync".to_owned(),
            started_at: parse_rfc3339(started_at),
            finished_at: None,
            outcome: outcome.map(Into::into),
            message: None,
            counts,
            requests: 5,
        }
    }

    #[test]
    fn each_run_is_in_its_hour_and_in_its_day_by_the_readers_clock() {
        let moscow = FixedOffset::east_opt(3 * 3_600).unwrap();
        // 00:30 on the 29th in Moscow.
        let now = parse_rfc3339("2026-11-28T21:30:00Z").with_timezone(&moscow);
        let runs = [
            run("2026-11-20T10:00:00Z", Some(Outcome::Ok)),
            run("2026-11-28T20:59:59Z", Some(Outcome::Ok)),
            run("2026-11-28T21:00:00Z", Some(Outcome::Refused)),
            run("2026-11-28T21:27:00Z", None),
        ];
        let Activity { hours, days } = Activity::from_runs(&runs, &now);
        assert_eq!((hours.len(), days.len()), (24, 7));
        assert_eq!(
            (hours[0].from, days[0].from),
            ("2026-11-27T22:00:00Z".parse().unwrap(), "2026-11-22T21:00:00Z".parse().unwrap())
        );
        let of_two = Sums { good: 0, partial: 1, bad: 1, records: 8, requests: 10 };
        let of_one = Sums { good: 1, partial: 0, bad: 0, records: 4, requests: 5 };
        assert_eq!((hours[23].sums, hours[22].sums), (of_two, of_one));
        assert_eq!((days[6].sums, days[5].sums), (of_two, of_one));
        assert_eq!(total(&hours).runs(), 3);
    }

    #[test]
    fn half_hours_of_a_time_zone_are_hours_of_its_clock() {
        let kabul = FixedOffset::east_opt(4 * 3_600 + 1_800).unwrap();
        let now = parse_rfc3339("2026-11-28T21:45:00Z").with_timezone(&kabul);
        let last = Activity::from_runs(&[], &now).hours[23].from;
        assert_eq!(last, "2026-11-28T21:30:00Z".parse::<DateTime<Utc>>().unwrap());
    }
}
