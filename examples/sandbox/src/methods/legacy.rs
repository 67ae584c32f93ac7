//! `crm.contact.*`, `crm.company.*`, `crm.deal.*`: add, update, get, list, delete, fields.

use crate::answer::{Answer, Outcome, Refusal, ok};
use crate::data::record::Kind;
use crate::methods::list;
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::save::{How, Style};
use crate::values::legacy_output;

/// The handler of a verb.
pub(crate) fn find(verb: &str) -> Option<fn(&mut Portal, Kind, &Php) -> Outcome> {
    Some(match verb {
        "add" => add,
        "update" => update,
        "get" => get,
        "list" => list::legacy,
        "delete" => delete,
        "fields" => |portal, kind, _| ok(legacy_output::fields(portal, kind)),
        _ => return None,
    })
}

fn add(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let fields = array_of(params, "fields")?;
    // Any text that is not empty means yes, `N` as well.
    let import = kind != Kind::Deal && params.argument("params").get("IMPORT").truthy();
    if import && !portal.may_import() {
        return Err(Refusal::denied());
    }
    let mut change = portal.read_legacy(kind, fields, true);
    if import {
        portal.read_system(fields, "DATE_CREATE", "DATE_MODIFY", &mut change);
    }
    let id = portal.create(kind, change, How { style: Style::Legacy, automation: !import })?;
    portal.counters.writes += 1;
    ok(id)
}

fn update(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let id = portal.object_of(kind, params)?;
    let fields = array_of(params, "fields")?;
    if portal.get(kind, id).is_none() {
        return Err(portal.missing(match kind {
            Kind::Contact => Refusal::legacy("Contact is not found"),
            Kind::Company => Refusal::legacy("Company is not found"),
            Kind::Deal => Refusal::legacy("Элемент не найден"),
        }));
    }
    let change = portal.read_legacy(kind, fields, false);
    portal.change(kind, id, change, How { style: Style::Legacy, automation: true })?;
    portal.counters.writes += 1;
    ok(true)
}

fn get(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let id = portal.object_of(kind, params)?;
    match portal.get(kind, id) {
        Some(record) => {
            let result = legacy_output::full(portal, kind, record);
            Ok(Answer { result, harm: portal.harm_of_card(kind, id), ..Answer::default() })
        }
        None => Err(portal.missing(Refusal::legacy("Not found"))),
    }
}

fn delete(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let id = portal.object_of(kind, params)?;
    if !portal.delete(kind, id) {
        return Err(portal.missing(Refusal::core("Элемент не найден")));
    }
    portal.counters.writes += 1;
    ok(true)
}

/// An argument that is an array: nothing where it is missing, as when the body was no JSON (facts,
/// section 1.1).
pub(crate) fn array_of<'a>(params: &'a Php, name: &str) -> Result<&'a Php, Refusal> {
    let value = params.argument(name);
    if value.is_array() || value.is_null() {
        Ok(value)
    } else {
        Err(Refusal::legacy(format!("Parameter '{name}' must be array.")))
    }
}

/// The `id` of a call.
pub(crate) fn id_of(params: &Php) -> Result<u64, Refusal> {
    let id = params.argument("id");
    let numeric = !id.is_array() && id.text().trim().parse::<f64>().is_ok();
    u64::try_from(id.int()).ok().filter(|id| numeric && *id > 0).ok_or_else(Refusal::bad_id)
}

impl Portal {
    /// The `id` of a call about an object that the user may see, should it exist.
    fn object_of(&self, kind: Kind, params: &Php) -> Result<u64, Refusal> {
        let id = id_of(params)?;
        if self.hides(kind, id) { Err(Refusal::denied()) } else { Ok(id) }
    }

    /// A user without full rights is told "Access denied." instead of "not found" (facts, section
    /// 8.2).
    pub(crate) fn missing(&self, not_found: Refusal) -> Refusal {
        if self.settings.user.admin { not_found } else { Refusal::denied() }
    }

    pub(crate) fn may_import(&self) -> bool {
        self.settings.user.admin || self.settings.user.import_right
    }
}
