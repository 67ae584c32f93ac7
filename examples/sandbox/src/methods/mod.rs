//! The table of methods. A new one gets a line here, and a function in a module beside this.

pub(crate) mod batch;
pub(crate) mod bindings;
pub(crate) mod dictionaries;
pub(crate) mod duplicates;
pub(crate) mod filter;
pub(crate) mod import;
pub(crate) mod layouts;
pub(crate) mod legacy;
pub(crate) mod list;
pub(crate) mod messenger;
pub(crate) mod plain_list;
pub(crate) mod portal_info;
pub(crate) mod products;
pub(crate) mod references;
pub(crate) mod universal;
pub(crate) mod user_fields;

use crate::answer::{Outcome, ok};
use crate::data::record::Kind;
use crate::php::Php;
use crate::portal::Portal;

/// A method of its own: `scope`, `crm.item.add`.
type PlainMethod = fn(&mut Portal, &Php) -> Outcome;
/// A method that contacts, companies and deals have alike: `crm.contact.add`, `crm.deal.add`.
pub(crate) type KindMethod = fn(&mut Portal, Kind, &Php) -> Outcome;

/// What executes a method.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    Plain(PlainMethod),
    OfKind(Kind, KindMethod),
}

impl Handler {
    pub(crate) fn run(self, portal: &mut Portal, params: &Php) -> Outcome {
        match self {
            Handler::Plain(method) => method(portal, params),
            Handler::OfKind(kind, method) => method(portal, kind, params),
        }
    }
}

/// The handler of a method, given in lower case.
pub(crate) fn find_handler(method: &str) -> Option<Handler> {
    if let Some(plain) = find_plain(method) {
        return Some(Handler::Plain(plain));
    }
    let (word, verb) = method.strip_prefix("crm.")?.split_once('.')?;
    let kind = Kind::of_word(word)?;
    let method = find_of_kind(kind, verb)?;
    Some(Handler::OfKind(kind, method))
}

fn find_plain(method: &str) -> Option<PlainMethod> {
    Some(match method {
        // The commands of a batch are executed in `batch`, which knows the whole request.
        "batch" => |_, _| ok(Php::empty()),
        "app.info" => portal_info::app_info,
        "method.get" => portal_info::method_exists,
        "methods" => |_, _| ok(Php::list(method_names())),
        "profile" | "user.current" => portal_info::own_profile,
        "scope" => portal_info::list_scopes,
        "server.time" => |portal, _| ok(portal.time_now()),
        "user.admin" => |portal, _| ok(portal.settings.user.admin),
        "user.get" => portal_info::list_users,
        "crm.category.list" => dictionaries::list_funnels,
        "crm.currency.base.get" => |portal, _| ok(portal.dictionaries.base_currency()),
        "crm.currency.list" => dictionaries::list_currencies,
        "crm.duplicate.findbycomm" => duplicates::find_by_communication,
        "crm.entity.mergebatch" => duplicates::merge_batch,
        "crm.item.add" => universal::add_item,
        "crm.item.batchimport" => import::import_many,
        "crm.item.delete" => universal::delete_item,
        "crm.item.fields" => universal::describe_fields,
        "crm.item.get" => universal::get_item,
        "crm.item.import" => import::import_one,
        "crm.item.list" => universal::list_items,
        "crm.item.update" => universal::update_item,
        "crm.settings.mode.get" => |_, _| ok(2_i64),
        "crm.status.entity.items" => dictionaries::list_dictionary,
        "crm.status.entity.types" => dictionaries::list_dictionaries,
        "crm.status.list" => dictionaries::list_entries,
        "im.notify.system.add" => messenger::add_notice,
        "im.user.get" => messenger::get_user,
        _ => return None,
    })
}

/// The handler of `crm.{kind}.{verb}`.
fn find_of_kind(kind: Kind, verb: &str) -> Option<KindMethod> {
    Some(match verb {
        "add" => legacy::add_object,
        "delete" => legacy::delete_object,
        "fields" => legacy::describe_fields,
        "get" => legacy::get_object,
        "list" => list::list_objects,
        "update" => legacy::update_object,
        "details.configuration.forcecommonscopeforall" => |_, _, _| ok(true),
        "details.configuration.get" => layouts::get_layout,
        "details.configuration.set" | "details.configuration.reset" => layouts::set_layout,
        "productrows.get" if kind == Kind::Deal => products::get_rows,
        "productrows.set" if kind == Kind::Deal => products::set_rows,
        "userfield.add" => user_fields::add_field,
        "userfield.delete" => user_fields::delete_field,
        "userfield.get" => user_fields::get_field,
        "userfield.list" => user_fields::list_fields,
        "userfield.update" => user_fields::update_field,
        _ => return bindings::find_binding_method(kind, verb),
    })
}

/// The methods that `methods` names, but for those that all kinds have alike.
const NAMED: [&str; 23] = [
    "batch",
    "scope",
    "methods",
    "profile",
    "server.time",
    "method.get",
    "user.admin",
    "app.info",
    "im.notify.system.add",
    "im.user.get",
    "crm.status.list",
    "crm.category.list",
    "crm.currency.list",
    "crm.duplicate.findbycomm",
    "crm.entity.mergebatch",
    "crm.item.add",
    "crm.item.update",
    "crm.item.get",
    "crm.item.list",
    "crm.item.delete",
    "crm.item.fields",
    "crm.item.import",
    "crm.item.batchimport",
];
/// The methods of all kinds that `methods` names.
const NAMED_VERBS: [&str; 8] =
    ["add", "update", "get", "list", "delete", "fields", "userfield.add", "userfield.list"];

/// What `methods` answers; not every method is named there.
fn method_names() -> Vec<String> {
    let mut names = NAMED.map(str::to_owned).to_vec();
    for kind in Kind::ALL {
        for verb in NAMED_VERBS {
            names.push(format!("crm.{}.{verb}", kind.word()));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_that_is_named_exists() {
        for name in method_names() {
            assert!(find_handler(&name).is_some(), "{name}");
        }
    }
}
