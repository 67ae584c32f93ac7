//! What an export has done, what is left, and how long that will take: the numbers behind the
//! progress.
//!
//! Pure: time is passed in. The kinds go side by side, so the time left follows from the measured
//! speed of all together, waits included. That looks too good until the portal's time budgets of
//! the first ten minutes are used up, so the slowest of the budgets counts too.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::display;
use crate::domain::language::Language;
use crate::domain::messages::{Localized, OutputMessage};
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::output::run_summary::per_kind;
use crate::portal::limits::SUSTAINED_SHARE;

/// The numbers of one export.
#[derive(Clone, Debug, Default)]
pub(super) struct ExportStats {
    seen: PerKind<u64>,
    planned: PerKind<u64>,
    speeds: PerKind<Speed>,
    last_event: DateTime<Utc>,
}

/// How fast the records of one kind are sent.
#[derive(Clone, Copy, Debug, Default)]
struct Speed {
    done: u64,
    /// Seconds that they took, waits included.
    took: f64,
    /// Seconds that the portal charged for them.
    charged: f64,
    /// What the portal had charged in its window when last looked at.
    operating: f64,
}

impl Speed {
    /// Of one record; none before one was done.
    fn cost_per_record(&self) -> Option<Cost> {
        let done = self.done as f64;
        (self.done > 0).then(|| Cost { took: self.took / done, charged: self.charged / done })
    }
}

/// What one record costs, in seconds.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    /// Of our time, waits included.
    took: f64,
    /// Of the portal's time budget.
    charged: f64,
}

impl Cost {
    fn mean(costs: &[Cost]) -> Cost {
        let count = costs.len().max(1) as f64;
        let took = costs.iter().map(|cost| cost.took).sum::<f64>() / count;
        Cost { took, charged: costs.iter().map(|cost| cost.charged).sum::<f64>() / count }
    }
}

impl ExportStats {
    pub(super) fn seen(&mut self, kind: Kind) {
        self.seen[kind] += 1;
    }

    /// So many records are left: at the beginning all, later those to be tried again.
    pub(super) fn planned(&mut self, left: PerKind<u64>, now: DateTime<Utc>) {
        self.planned = PerKind::from_fn(|kind| self.speeds[kind].done + left[kind]);
        self.last_event = now;
    }

    /// `operating`: what the portal has charged for records of this kind in its window.
    pub(super) fn done(&mut self, kind: Kind, records: u64, operating: f64, now: DateTime<Utc>) {
        let speed = &mut self.speeds[kind];
        speed.done += records;
        speed.took += (now - self.last_event).num_milliseconds().max(0) as f64 / 1000.0;
        // What drops out of the window was charged all the same.
        speed.charged += (operating - speed.operating).max(0.0);
        speed.operating = operating;
        self.planned[kind] = self.planned[kind].max(speed.done);
        self.last_event = now;
    }

    /// Records done, of all kinds.
    pub(super) fn total_done(&self) -> u64 {
        self.speeds.values().map(|speed| speed.done).sum()
    }

    /// Records done and left, of all kinds.
    pub(super) fn total_planned(&self) -> u64 {
        self.planned.sum()
    }

    /// `гости 1200 из 3000, заявки 0 из 20000`
    pub(super) fn counts(&self, language: Language) -> String {
        let mut parts = Vec::new();
        for (kind, planned) in self.planned.iter() {
            if *planned > 0 {
                let records = display::plural_name(kind).into();
                let done = self.speeds[kind].done;
                let part = OutputMessage::DoneOf { records, done, planned: *planned };
                parts.push(part.localized(language));
            }
        }
        if parts.is_empty() {
            OutputMessage::NothingToSend.localized(language)
        } else {
            parts.join(", ")
        }
    }

    /// `85 в минуту, осталось около 2 ч 5 мин`; none while that is unknown.
    pub(super) fn rate_and_eta(&self, now: DateTime<Utc>) -> Option<OutputMessage> {
        let took: f64 = self.speeds.values().map(|speed| speed.took).sum();
        if took <= 0.0 {
            return None;
        }
        let per_minute = (self.total_done() as f64 * 60.0 / took).round() as u64;
        let left = self.time_left(now)?;
        Some(if left.is_zero() {
            OutputMessage::Rate { per_minute }
        } else if left < TimeDelta::seconds(30) {
            OutputMessage::RateAndLastMinute { per_minute }
        } else {
            OutputMessage::RateAndTimeLeft {
                per_minute,
                time: display::format_duration(left).into(),
            }
        })
    }

    /// What the inventory has found.
    pub(super) fn inventory(&self, language: Language) -> String {
        let found = per_kind(&self.seen, language).unwrap_or_default();
        OutputMessage::LookingAtCrm { found }.localized(language)
    }

    /// Kinds that did not begin are expected to go as fast as the others; none before a record was
    /// done.
    fn time_left(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let known: Vec<Cost> = self.speeds.values().filter_map(Speed::cost_per_record).collect();
        if known.is_empty() {
            return None;
        }
        let mean = Cost::mean(&known);
        let mut measured = 0.0;
        let mut slowest_budget: f64 = 0.0;
        for (kind, speed) in self.speeds.iter() {
            let records = (self.planned[kind] - speed.done) as f64;
            let cost = speed.cost_per_record().unwrap_or(mean);
            measured += records * cost.took;
            slowest_budget = slowest_budget.max(records * cost.charged / SUSTAINED_SHARE);
        }
        let left = TimeDelta::milliseconds((measured.max(slowest_budget) * 1000.0) as i64);
        Some((left - (now - self.last_event)).max(TimeDelta::zero()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    fn rate(stats: &ExportStats, now: DateTime<Utc>) -> String {
        stats.rate_and_eta(now).map(|message| message.localized(Language::Ru)).unwrap_or_default()
    }

    fn begun() -> ExportStats {
        let mut stats = ExportStats::default();
        stats.planned(PerKind::from([300, 0, 600]), at(0));
        stats
    }

    #[test]
    fn nothing_is_promised_before_something_was_done() {
        assert_eq!(begun().counts(Language::Ru), "гости 0 из 300, заявки 0 из 600");
        assert_eq!(rate(&begun(), at(5)), "");
        assert_eq!(ExportStats::default().counts(Language::Ru), "передавать нечего");
    }

    #[test]
    fn the_time_left_is_measured_with_the_waits() {
        let mut stats = begun();
        stats.done(Kind::Guest, 60, 0.0, at(10));
        stats.done(Kind::Guest, 60, 0.0, at(120));
        assert_eq!(rate(&stats, at(120)), "60 в минуту, осталось около 13 мин");
        stats.done(Kind::Guest, 180, 0.0, at(300));
        stats.done(Kind::Booking, 600, 0.0, at(600));
        assert_eq!(rate(&stats, at(600)), "90 в минуту");
        assert_eq!((stats.total_done(), stats.total_planned()), (900, 900));
    }

    #[test]
    fn a_budget_that_is_not_used_up_yet_is_foreseen() {
        let mut stats = begun();
        // A second of the portal's for each record, but nothing to wait for yet.
        stats.done(Kind::Guest, 100, 100.0, at(100));
        assert_eq!(rate(&stats, at(100)), "60 в минуту, осталось около 16 мин");
    }

    #[test]
    fn of_budgets_that_work_side_by_side_the_slowest_decides() {
        let mut stats = begun();
        stats.done(Kind::Guest, 100, 100.0, at(10));
        stats.done(Kind::Booking, 100, 200.0, at(20));
        // 200 guests need 200 s of their budget, 500 bookings 1,000 s of theirs, of which 0.633 are
        // free in a second.
        assert_eq!(rate(&stats, at(20)), "600 в минуту, осталось около 26 мин");
    }

    #[test]
    fn what_is_tried_again_is_added() {
        let mut stats = begun();
        stats.done(Kind::Guest, 300, 0.0, at(1));
        stats.done(Kind::Booking, 600, 0.0, at(2));
        stats.planned(PerKind::from([0, 0, 5]), at(3));
        assert_eq!(stats.counts(Language::Ru), "гости 300 из 300, заявки 600 из 605");
    }

    #[test]
    fn the_last_half_minute_is_not_about_less_than_a_minute() {
        let mut stats = begun();
        stats.done(Kind::Booking, 600, 0.0, at(60));
        stats.done(Kind::Guest, 250, 0.0, at(120));
        assert_eq!(rate(&stats, at(120)), "425 в минуту, осталось меньше минуты");
    }
}
