//! How a card is laid out on the screen.

use crate::answer::{Outcome, ok};
use crate::data::record::Kind;
use crate::php::Php;
use crate::portal::Portal;

pub(crate) fn get_layout(portal: &mut Portal, kind: Kind, _: &Php) -> Outcome {
    ok(portal.layouts.get(&kind).cloned().unwrap_or_else(Php::empty))
}

/// `set` has `data`, `reset` has none.
pub(crate) fn set_layout(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    portal.layouts.insert(kind, params.argument("data").clone());
    portal.counters.writes += 1;
    ok(true)
}
