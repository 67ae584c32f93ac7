//! `crm.contact.*`, `crm.company.*`, `crm.deal.*`: add, update, get, delete, fields.

use crate::answer::{Answer, Outcome, Refusal, ok};
use crate::data::record::Kind;
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::draft::MethodFamily;
use crate::rules::save::SaveMode;
use crate::values::legacy_output;

pub(crate) fn add_object(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let fields = array_argument(params, "fields")?;
    // Any text that is not empty means yes, `N` as well.
    let is_import = kind != Kind::Deal && params.argument("params").get("IMPORT").truthy();
    if is_import && !portal.may_import() {
        return Err(Refusal::access_denied());
    }
    let mut change = portal.read_legacy_fields(kind, fields, true);
    if is_import {
        portal.read_system_times(fields, "DATE_CREATE", "DATE_MODIFY", &mut change);
    }
    let mode = SaveMode { family: MethodFamily::Legacy, automation: !is_import };
    let id = portal.create_object(kind, change, mode)?;
    portal.counters.writes += 1;
    ok(id)
}

pub(crate) fn update_object(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let id = portal.visible_id(kind, params)?;
    let fields = array_argument(params, "fields")?;
    if portal.get(kind, id).is_none() {
        let text = match kind {
            Kind::Contact => "Contact is not found",
            Kind::Company => "Company is not found",
            Kind::Deal => "Элемент не найден",
        };
        return Err(portal.missing_object(Refusal::without_code(text)));
    }
    let change = portal.read_legacy_fields(kind, fields, false);
    let mode = SaveMode { family: MethodFamily::Legacy, automation: true };
    portal.change_object(kind, id, change, mode)?;
    portal.counters.writes += 1;
    ok(true)
}

pub(crate) fn get_object(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let id = portal.visible_id(kind, params)?;
    let Some(record) = portal.get(kind, id) else {
        return Err(portal.missing_object(Refusal::without_code("Not found")));
    };
    let result = legacy_output::whole_object(portal, kind, record);
    Ok(Answer { result, harm: portal.harm_of_card(kind, id), ..Answer::default() })
}

pub(crate) fn delete_object(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let id = portal.visible_id(kind, params)?;
    if !portal.delete(kind, id) {
        return Err(portal.missing_object(Refusal::core_error("Элемент не найден")));
    }
    portal.counters.writes += 1;
    ok(true)
}

pub(crate) fn describe_fields(portal: &mut Portal, kind: Kind, _: &Php) -> Outcome {
    ok(legacy_output::describe_fields(portal, kind))
}

/// An argument that is an array: nothing where it is missing, as when the body was no JSON (facts,
/// section 1.1).
pub(crate) fn array_argument<'a>(params: &'a Php, name: &str) -> Result<&'a Php, Refusal> {
    let value = params.argument(name);
    if value.is_array() || value.is_null() {
        Ok(value)
    } else {
        Err(Refusal::without_code(format!("Parameter '{name}' must be array.")))
    }
}

/// The `id` of a call.
pub(crate) fn id_argument(params: &Php) -> Result<u64, Refusal> {
    let id = params.argument("id");
    if id.is_array() || id.number().is_none() {
        return Err(Refusal::bad_id());
    }
    id.positive_id().ok_or_else(Refusal::bad_id)
}

impl Portal {
    /// The `id` of a call about an object that the user may see, should it exist.
    fn visible_id(&self, kind: Kind, params: &Php) -> Result<u64, Refusal> {
        let id = id_argument(params)?;
        if self.hides(kind, id) { Err(Refusal::access_denied()) } else { Ok(id) }
    }

    /// A user without full rights is told "Access denied." instead of "not found" (facts, section
    /// 8.2).
    pub(crate) fn missing_object(&self, not_found: Refusal) -> Refusal {
        if self.settings.user.admin { not_found } else { Refusal::access_denied() }
    }

    pub(crate) fn may_import(&self) -> bool {
        self.settings.user.admin || self.settings.user.import_right
    }
}
