//! The clock of a served portal: wall time, possibly set, possibly faster.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// Wall time on other terms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin: DateTime<Utc>,
    since: Instant,
    scale: f64,
    /// Real seconds slept for each virtual second of work.
    pub(crate) sleep: f64,
}

impl Default for Clock {
    fn default() -> Clock {
        Clock { origin: Utc::now(), since: Instant::now(), scale: 1.0, sleep: 0.0 }
    }
}

impl Clock {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let elapsed = self.since.elapsed().as_secs_f64() * self.scale;
        self.origin + TimeDelta::microseconds((elapsed * 1e6) as i64)
    }

    pub(crate) fn set(&mut self, now: DateTime<Utc>) {
        self.origin = now;
        self.since = Instant::now();
    }

    pub(crate) fn set_scale(&mut self, scale: f64) {
        self.set(self.now());
        self.scale = scale;
    }

    /// What so many virtual seconds of work cost in real time.
    pub(crate) fn pause(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64((seconds * self.sleep).clamp(0.0, 3600.0))
    }
}
