//! `crm.item.*`: the same objects with typed values and other names (facts, section 4.2).

use crate::answer::{Answer, Outcome, Refusal, ok};
use crate::data::record::Kind;
use crate::methods::import;
use crate::methods::list::Ask;
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::save::{How, Style};
use crate::values::names;
use crate::values::universal_output as output;

const NOT_VALID: &str = "INVALID_ARG_VALUE";

/// The handler of a verb after `crm.item.`.
pub(crate) fn find(verb: &str) -> Option<fn(&mut Portal, &Php) -> Outcome> {
    Some(match verb {
        "add" => add,
        "update" => update,
        "get" => get,
        "list" => list,
        "delete" => delete,
        "fields" => fields,
        "import" => import::one,
        "batchimport" => import::many,
        _ => return None,
    })
}

fn add(portal: &mut Portal, params: &Php) -> Outcome {
    let kind = kind_of(params)?;
    let change = portal.read_universal(kind, params.argument("fields"), true);
    let id = portal.create(kind, change, How { style: Style::Universal, automation: true })?;
    portal.counters.writes += 1;
    item(portal, kind, id, params)
}

fn update(portal: &mut Portal, params: &Php) -> Outcome {
    let (kind, id) = portal.item_of(params)?;
    let change = portal.read_universal(kind, params.argument("fields"), false);
    portal.change(kind, id, change, How { style: Style::Universal, automation: true })?;
    portal.counters.writes += 1;
    item(portal, kind, id, params)
}

fn get(portal: &mut Portal, params: &Php) -> Outcome {
    let (kind, id) = portal.item_of(params)?;
    item(portal, kind, id, params)
}

fn delete(portal: &mut Portal, params: &Php) -> Outcome {
    let (kind, id) = portal.item_of(params)?;
    portal.delete(kind, id);
    portal.counters.writes += 1;
    ok(Php::empty())
}

fn fields(portal: &mut Portal, params: &Php) -> Outcome {
    let kind = kind_of(params)?;
    ok(Php::map([("fields", output::fields(portal, kind))]))
}

fn item(portal: &Portal, kind: Kind, id: u64, params: &Php) -> Outcome {
    let record = portal.get(kind, id).ok_or_else(not_found)?;
    let mut item = output::item(portal, kind, record, original_names(params));
    if kind != Kind::Deal {
        item.set("fm", output::rows(record));
    }
    let harm = portal.harm_of_card(kind, id);
    Ok(Answer { result: Php::map([("item", item)]), harm, ..Answer::default() })
}

fn list(portal: &mut Portal, params: &Php) -> Outcome {
    let kind = kind_of(params)?;
    let mut conditions = Vec::new();
    for (key, value) in params.argument("filter").entries() {
        let (prefix, name) = split_prefix(key);
        let field = portal.legacy_name(kind, name).ok_or_else(|| unknown_field(name))?;
        conditions.extend(portal.condition(kind, &format!("{prefix}{field}"), value));
    }
    let mut ask = Ask::of(params);
    for (name, _) in &mut ask.order {
        *name = portal.legacy_name(kind, name).ok_or_else(|| unknown_field(name))?;
    }
    let page = portal.find_page(kind, &conditions, &ask);
    let items = page.records.iter().map(|record| output::selected(portal, kind, record, params));
    let total = (ask.start >= 0).then_some(page.total);
    let harm = portal.harm_of_list(kind, &page.records);
    Ok(Answer { result: Php::map([("items", Php::list(items))]), total, next: page.next, harm })
}

fn split_prefix(key: &str) -> (&str, &str) {
    let at = key.find(|c: char| !"!=<>@%?".contains(c)).unwrap_or(key.len());
    key.split_at(at)
}

fn unknown_field(name: &str) -> Refusal {
    Refusal::new(400, NOT_VALID, format!("Invalid filter: field '{name}' is not allowed in filter"))
}

/// Whether user fields are to be named `UF_CRM_...`.
pub(crate) fn original_names(params: &Php) -> bool {
    params.argument("useOriginalUfNames").text().eq_ignore_ascii_case("y")
}

fn not_found() -> Refusal {
    Refusal::new(400, "NOT_FOUND", "Элемент не найден")
}

/// The kind that `entityTypeId` names.
pub(crate) fn kind_of(params: &Php) -> Result<Kind, Refusal> {
    let wrong = || Refusal::new(400, "NOT_FOUND", "Smart process not found");
    Kind::of_entity_type_id(params.argument("entityTypeId").int()).ok_or_else(wrong)
}

impl Portal {
    fn item_of(&self, params: &Php) -> Result<(Kind, u64), Refusal> {
        let kind = kind_of(params)?;
        let id = u64::try_from(params.argument("id").int()).unwrap_or(0);
        // An object is looked for before the rights are (crm/lib/controller/item.php).
        match self.get(kind, id) {
            None => Err(not_found()),
            Some(_) if self.hides(kind, id) => {
                Err(Refusal::new(400, "ACCESS_DENIED", "Доступ запрещён"))
            }
            Some(_) => Ok((kind, id)),
        }
    }

    /// The legacy name of a field that a universal method names, user fields by either name.
    pub(crate) fn legacy_name(&self, kind: Kind, name: &str) -> Option<String> {
        let standard = names::legacy(kind, name)
            .or_else(|| names::upper(kind, name))
            .filter(|legacy| !crate::data::schema::is_address(legacy));
        let own = || {
            let mut fields = self.dictionaries.user_fields(kind);
            fields.find(|field| field.name == name || names::camel(&field.name) == name)
        };
        standard.map(str::to_owned).or_else(|| own().map(|field| field.name.clone()))
    }
}
