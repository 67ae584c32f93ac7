//! What an export has done, what is left, and how long that will take: the numbers behind the progress.
//!
//! Pure: time is passed in. The time left is measured, waits included. As long as the portal's budget of the first
//! ten minutes is not used up, that looks too good, so what the portal charged counts too.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::display;
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::output::run_summary::per_kind;
use crate::portal::limits::SUSTAINED_SHARE;
use crate::say;

/// The numbers of one export, by [`Kind`].
#[derive(Clone, Debug, Default)]
pub(super) struct ExportStats {
    seen: PerKind<u64>,
    planned: PerKind<u64>,
    speeds: PerKind<Speed>,
    /// When something happened last.
    last: DateTime<Utc>,
    /// Of which kind.
    current: Option<Kind>,
}

/// How fast the records of one kind go.
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
    /// Seconds for one record in the long run; none before one was done.
    fn seconds(&self) -> Option<f64> {
        (self.done > 0).then(|| self.took.max(self.charged / SUSTAINED_SHARE) / self.done as f64)
    }
}

impl ExportStats {
    pub(super) fn seen(&mut self, kind: Kind) {
        self.seen[kind] += 1;
    }

    /// So many are left: at the beginning all, later what has to be tried again.
    pub(super) fn planned(&mut self, left: PerKind<u64>, now: DateTime<Utc>) {
        self.planned = PerKind::from_fn(|kind| self.speeds[kind].done + left[kind]);
        self.last = now;
    }

    /// `operating`: what the portal has charged for records of this kind in its window.
    pub(super) fn done(&mut self, kind: Kind, records: u64, operating: f64, now: DateTime<Utc>) {
        let speed = &mut self.speeds[kind];
        speed.done += records;
        speed.took += seconds(now - self.last);
        // What drops out of the window was charged all the same.
        speed.charged += (operating - speed.operating).max(0.0);
        speed.operating = operating;
        let planned = &mut self.planned[kind];
        *planned = speed.done.max(*planned);
        (self.last, self.current) = (now, Some(kind));
    }

    /// Records done, and all of them.
    pub(super) fn total(&self) -> (u64, u64) {
        (self.speeds.values().map(|speed| speed.done).sum(), self.planned.sum())
    }

    /// `гости 1200 из 3000, заявки 0 из 20000`
    pub(super) fn counts(&self) -> String {
        let part = |kind: Kind| {
            let (name, done) = (display::plural_name(kind), self.speeds[kind].done);
            let planned = self.planned[kind];
            (planned > 0).then(|| say!("{name} {done} из {planned}", "{name} {done} of {planned}"))
        };
        let parts: Vec<String> = Kind::DISPLAY_ORDER.into_iter().filter_map(part).collect();
        if parts.is_empty() {
            return say!("передавать нечего", "nothing to send");
        }
        parts.join(", ")
    }

    /// `85 в минуту, осталось около 2 ч 5 мин`; empty while that is unknown.
    pub(super) fn rate_and_eta(&self, now: DateTime<Utc>) -> String {
        let pace = self.current.map(|kind| self.speeds[kind]);
        let Some(pace) = pace.filter(|pace| pace.took > 0.0) else { return String::new() };
        let rate = (pace.done as f64 * 60.0 / pace.took).round();
        match self.left(now) {
            None => String::new(),
            Some(left) if left.is_zero() => say!("{rate} в минуту", "{rate} a minute"),
            Some(left) => {
                let left = display::format_duration(left);
                say!("{rate} в минуту, осталось около {left}", "{rate} a minute, about {left} left")
            }
        }
    }

    /// What the inventory has found.
    pub(super) fn inventory(&self) -> String {
        let found = per_kind(&self.seen).unwrap_or_default();
        say!("смотрим, что уже есть в CRM: {found}", "looking at what the CRM has: {found}")
    }

    /// Kinds that did not begin are taken to go as the others did.
    fn left(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let known: Vec<f64> = self.speeds.values().filter_map(Speed::seconds).collect();
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        if known.is_empty() {
            return None;
        }
        let each = self.speeds.values().zip(self.planned.values());
        let left =
            each.map(|(speed, planned)| (planned - speed.done) as f64 * speed.seconds().unwrap_or(mean));
        let left = TimeDelta::milliseconds((left.sum::<f64>() * 1000.0) as i64);
        Some((left - (now - self.last)).max(TimeDelta::zero()))
    }
}

fn seconds(delta: TimeDelta) -> f64 {
    delta.num_milliseconds().max(0) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    fn begun() -> ExportStats {
        let mut board = ExportStats::default();
        board.planned(PerKind::from([300, 0, 600]), at(0));
        board
    }

    #[test]
    fn nothing_is_promised_before_something_was_done() {
        assert_eq!(begun().counts(), "гости 0 из 300, заявки 0 из 600");
        assert_eq!(begun().rate_and_eta(at(5)), "");
        assert_eq!(ExportStats::default().counts(), "передавать нечего");
    }

    #[test]
    fn the_time_left_is_measured_with_the_waits() {
        let mut board = begun();
        board.done(Kind::Guest, 60, 0.0, at(10));
        board.done(Kind::Guest, 60, 0.0, at(120));
        assert_eq!(board.rate_and_eta(at(120)), "60 в минуту, осталось около 13 мин");
        board.done(Kind::Guest, 180, 0.0, at(300));
        board.done(Kind::Booking, 600, 0.0, at(600));
        assert_eq!(board.rate_and_eta(at(600)), "120 в минуту");
        assert_eq!(board.total(), (900, 900));
    }

    #[test]
    fn a_budget_that_is_not_used_up_yet_is_foreseen() {
        let mut board = begun();
        // A second of the portal's for each record, but nothing to wait for yet.
        board.done(Kind::Guest, 100, 100.0, at(100));
        assert_eq!(board.rate_and_eta(at(100)), "60 в минуту, осталось около 21 мин");
    }

    #[test]
    fn what_is_tried_again_is_added() {
        let mut board = begun();
        board.done(Kind::Guest, 300, 0.0, at(1));
        board.done(Kind::Booking, 600, 0.0, at(2));
        board.planned(PerKind::from([0, 0, 5]), at(3));
        assert_eq!(board.counts(), "гости 300 из 300, заявки 600 из 605");
    }
}
