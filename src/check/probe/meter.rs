//! Reads off every answer how much the portal charged for it.

use std::cell::Cell;
use std::rc::Rc;

use serde_json::Value;

use crate::portal::{Answer, CallError, Portal};

/// A portal whose charges are read off.
pub(super) struct Meter<'p> {
    portal: &'p mut dyn Portal,
    charges: Rc<Cell<(f64, f64)>>,
}

impl<'p> Meter<'p> {
    pub(super) fn new(portal: &'p mut dyn Portal) -> Meter<'p> {
        Meter { portal, charges: Rc::default() }
    }

    /// The most seconds seen on a `batch`, and the sum of those on its commands.
    pub(super) fn charges(&self) -> Rc<Cell<(f64, f64)>> {
        Rc::clone(&self.charges)
    }
}

impl Portal for Meter<'_> {
    fn call(&mut self, method: &str, params: &Value) -> Result<Answer, CallError> {
        let answer = self.portal.call(method, params)?;
        let times = answer.result.get("result_time").and_then(Value::as_object);
        let commands: f64 = times.into_iter().flatten().map(|(_, time)| operating(time)).sum();
        let (batch, so_far) = self.charges.get();
        self.charges.set((batch.max(operating(&answer.time)), so_far + commands));
        Ok(answer)
    }
}

fn operating(time: &Value) -> f64 {
    time.get("operating").and_then(Value::as_f64).unwrap_or_default()
}
