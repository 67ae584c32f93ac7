//! `crm.item.*`: the same objects with typed values and other names (facts, section 4.2).

use crate::answer::{Answer, Outcome, Refusal, ok};
use crate::data::record::Kind;
use crate::methods::list::Paging;
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::draft::MethodFamily;
use crate::rules::save::SaveMode;
use crate::values::universal_output;

const MODE: SaveMode = SaveMode { family: MethodFamily::Universal, automation: true };

pub(crate) fn add_item(portal: &mut Portal, params: &Php) -> Outcome {
    let kind = kind_argument(params)?;
    let change = portal.read_universal_fields(kind, params.argument("fields"), true);
    let id = portal.create_object(kind, change, MODE)?;
    portal.counters.writes += 1;
    show_item(portal, kind, id, params)
}

pub(crate) fn update_item(portal: &mut Portal, params: &Php) -> Outcome {
    let (kind, id) = portal.visible_item(params)?;
    let change = portal.read_universal_fields(kind, params.argument("fields"), false);
    portal.change_object(kind, id, change, MODE)?;
    portal.counters.writes += 1;
    show_item(portal, kind, id, params)
}

pub(crate) fn get_item(portal: &mut Portal, params: &Php) -> Outcome {
    let (kind, id) = portal.visible_item(params)?;
    show_item(portal, kind, id, params)
}

pub(crate) fn delete_item(portal: &mut Portal, params: &Php) -> Outcome {
    let (kind, id) = portal.visible_item(params)?;
    portal.delete(kind, id);
    portal.counters.writes += 1;
    ok(Php::empty())
}

pub(crate) fn describe_fields(portal: &mut Portal, params: &Php) -> Outcome {
    let kind = kind_argument(params)?;
    ok(Php::map([("fields", universal_output::describe_fields(portal, kind))]))
}

pub(crate) fn list_items(portal: &mut Portal, params: &Php) -> Outcome {
    let kind = kind_argument(params)?;
    let mut conditions = Vec::new();
    for (key, value) in params.argument("filter").entries() {
        let (prefix, name) = split_prefix(key);
        let field = filter_field(portal, kind, name)?;
        conditions.extend(portal.read_condition(kind, &format!("{prefix}{field}"), value));
    }
    let mut paging = Paging::universal(params);
    for (name, _) in &mut paging.order {
        *name = filter_field(portal, kind, name)?;
    }
    let page = portal.find_page(kind, &conditions, &paging);
    let mut items = Vec::new();
    for record in &page.rows {
        items.push(universal_output::selected_item(portal, kind, record, params));
    }
    Ok(Answer {
        result: Php::map([("items", Php::list(items))]),
        total: if paging.is_counted() { Some(page.total) } else { None },
        next: page.next,
        harm: portal.harm_of_list(kind, &page.rows),
    })
}

fn show_item(portal: &Portal, kind: Kind, id: u64, params: &Php) -> Outcome {
    let record = portal.get(kind, id).ok_or_else(not_found)?;
    let mut item = universal_output::item_without_rows(portal, kind, record, params);
    if kind != Kind::Deal {
        item.set("fm", universal_output::write_fm(record));
    }
    let harm = portal.harm_of_card(kind, id);
    Ok(Answer { result: Php::map([("item", item)]), harm, ..Answer::default() })
}

/// The prefix of a filter's key, and the field's name.
fn split_prefix(key: &str) -> (&str, &str) {
    let name = key.trim_start_matches(['!', '=', '<', '>', '@', '%', '?']);
    key.split_at(key.len() - name.len())
}

/// The legacy name of a field that a filter or an order names.
fn filter_field(portal: &Portal, kind: Kind, name: &str) -> Result<String, Refusal> {
    let Some(field) = portal.legacy_name(kind, name) else {
        let text = format!("Invalid filter: field '{name}' is not allowed in filter");
        return Err(Refusal::new(400, "INVALID_ARG_VALUE", text));
    };
    Ok(field)
}

fn not_found() -> Refusal {
    Refusal::new(400, "NOT_FOUND", "Элемент не найден")
}

/// The kind that `entityTypeId` names.
pub(crate) fn kind_argument(params: &Php) -> Result<Kind, Refusal> {
    let Some(kind) = Kind::of_entity_type_id(params.argument("entityTypeId").int()) else {
        return Err(Refusal::new(400, "NOT_FOUND", "Smart process not found"));
    };
    Ok(kind)
}

impl Portal {
    /// The kind and the `id` of a call about an object that exists and that the user may see.
    fn visible_item(&self, params: &Php) -> Result<(Kind, u64), Refusal> {
        let kind = kind_argument(params)?;
        let id = u64::try_from(params.argument("id").int()).unwrap_or(0);
        // An object is looked for before the rights are (crm/lib/controller/item.php).
        if self.get(kind, id).is_none() {
            return Err(not_found());
        }
        if self.hides(kind, id) {
            return Err(Refusal::new(400, "ACCESS_DENIED", "Доступ запрещён"));
        }
        Ok((kind, id))
    }
}
