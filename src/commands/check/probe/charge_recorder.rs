//! Records how much time the portal charged for each call.

use std::cell::Cell;
use std::rc::Rc;

use serde_json::Value;

use crate::portal::{CallError, Portal, Response};

/// What the portal charged, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Charges {
    /// The most seen on a `batch`.
    pub(super) batch: f64,
    /// The sum over their commands.
    pub(super) commands: f64,
}

/// A portal whose charges are recorded.
pub(super) struct ChargeRecorder<'p> {
    portal: &'p mut dyn Portal,
    charges: Rc<Cell<Charges>>,
}

impl<'p> ChargeRecorder<'p> {
    pub(super) fn new(portal: &'p mut dyn Portal) -> ChargeRecorder<'p> {
        ChargeRecorder { portal, charges: Rc::default() }
    }

    /// What was charged so far, to be read at any time.
    pub(super) fn charges(&self) -> Rc<Cell<Charges>> {
        Rc::clone(&self.charges)
    }
}

impl Portal for ChargeRecorder<'_> {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        let response = self.portal.call(method, params)?;
        let times = response.result.get("result_time").and_then(Value::as_object);
        let commands: f64 = times.into_iter().flatten().map(|(_, time)| operating(time)).sum();
        let so_far = self.charges.get();
        self.charges.set(Charges {
            batch: so_far.batch.max(operating(&response.time)),
            commands: so_far.commands + commands,
        });
        Ok(response)
    }
}

fn operating(time: &Value) -> f64 {
    time.get("operating").and_then(Value::as_f64).unwrap_or_default()
}
