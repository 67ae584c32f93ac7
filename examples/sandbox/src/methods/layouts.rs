//! How a card is laid out.

use crate::answer::{Outcome, ok};
use crate::data::record::Kind;
use crate::php::Php;
use crate::portal::Portal;

/// The handler of a verb.
pub(crate) fn find(verb: &str) -> Option<fn(&mut Portal, Kind, &Php) -> Outcome> {
    Some(match verb {
        "details.configuration.get" => get_layout,
        "details.configuration.set" | "details.configuration.reset" => set_layout,
        "details.configuration.forcecommonscopeforall" => |_, _, _| ok(true),
        _ => return None,
    })
}

fn get_layout(portal: &mut Portal, kind: Kind, _: &Php) -> Outcome {
    ok(portal.layouts.get(&kind).cloned().unwrap_or_else(Php::empty))
}

/// `set` has `data`, `reset` has none.
fn set_layout(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    portal.layouts.insert(kind, params.argument("data").clone());
    portal.counters.writes += 1;
    ok(true)
}
