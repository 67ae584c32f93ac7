//! The table of methods.

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
pub(crate) mod universal;
pub(crate) mod user_fields;

use crate::answer::{Outcome, Refusal};
use crate::data::record::Kind;
use crate::php::Php;
use crate::portal::Portal;
use crate::settings::{Condition, Settings};

/// What executes a method.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// A method of its own.
    Plain(fn(&mut Portal, &Php) -> Outcome),
    /// A method that contacts, companies and deals have alike.
    Of(Kind, fn(&mut Portal, Kind, &Php) -> Outcome),
}

impl Handler {
    pub(crate) fn run(self, portal: &mut Portal, params: &Php) -> Outcome {
        match self {
            Handler::Plain(run) => run(portal, params),
            Handler::Of(kind, run) => run(portal, kind, params),
        }
    }
}

/// The handler of a method, given in lower case.
pub(crate) fn find(method: &str) -> Option<Handler> {
    if let Some(run) = portal_info::find(method) {
        return Some(Handler::Plain(run));
    }
    if let Some(run) = messenger::find(method) {
        return Some(Handler::Plain(run));
    }
    let crm = method.strip_prefix("crm.")?;
    let plain = match crm.strip_prefix("item.") {
        Some(verb) => universal::find(verb),
        None => dictionaries::find(crm).or_else(|| duplicates::find(crm)),
    };
    plain.map(Handler::Plain).or_else(|| {
        let (word, verb) = crm.split_once('.')?;
        let kind = Kind::of_word(word)?;
        of_kind(kind, verb).map(|run| Handler::Of(kind, run))
    })
}

/// The methods that `methods` names.
pub(crate) fn names() -> Vec<String> {
    let common = [
        "batch", "scope", "methods", "profile", "server.time", "method.get", "user.admin",
        "app.info",
    ];
    let crm = [
        "status.list", "category.list", "currency.list", "duplicate.findbycomm",
        "entity.mergebatch",
    ];
    let item = ["add", "update", "get", "list", "delete", "fields", "import", "batchimport"];
    let of_all =
        ["add", "update", "get", "list", "delete", "fields", "userfield.add", "userfield.list"];
    let of_kinds = Kind::ALL.map(|kind| of_all.map(|verb| format!("crm.{}.{verb}", kind.word())));
    let mut names: Vec<String> = common.map(str::to_owned).to_vec();
    names.extend(["im.notify.system.add", "im.user.get"].map(str::to_owned));
    names.extend(crm.map(|name| format!("crm.{name}")));
    names.extend(item.map(|verb| format!("crm.item.{verb}")));
    names.extend(of_kinds.into_iter().flatten());
    names
}

fn of_kind(kind: Kind, verb: &str) -> Option<fn(&mut Portal, Kind, &Php) -> Outcome> {
    match verb.strip_prefix("userfield.") {
        Some(verb) => user_fields::find(verb),
        None => legacy::find(verb)
            .or_else(|| bindings::find(kind, verb))
            .or_else(|| layouts::find(verb))
            .or_else(|| products::find(kind, verb)),
    }
}

impl Settings {
    /// Errors that everybody gets who comes with this webhook (facts, section 8.3).
    pub(crate) fn authorize(&self, known: Option<bool>) -> Result<(), Refusal> {
        match known {
            Some(true) => {}
            Some(false) => return Err(Refusal::credentials()),
            None => return Err(Refusal::new(401, "NO_AUTH_FOUND", "Wrong authorization data")),
        }
        match self.condition {
            Condition::Revoked => Err(Refusal::credentials()),
            Condition::NoRest => Err(Refusal::new(
                401,
                "ACCESS_DENIED",
                "REST API is available only on commercial plans",
            )),
            Condition::NoSubscription => Err(Refusal::new(
                401,
                "ACCESS_DENIED",
                "REST API is available only by subscription",
            )),
            Condition::PaymentRequired => Err(Refusal::new(
                401,
                "PAYMENT_REQUIRED",
                "Payment required. Subscription has been ended",
            )),
            Condition::Deleted => Err(Refusal::new(403, "PORTAL_DELETED", "Portal was deleted")),
            Condition::Overloaded => {
                Err(Refusal::new(401, "OVERLOAD_LIMIT", "REST API is blocked due to overload"))
            }
            Condition::Working | Condition::Maintenance(_) | Condition::Moved(_)
                if self.is_served() =>
            {
                Ok(())
            }
            Condition::Working | Condition::Maintenance(_) | Condition::Moved(_) => {
                Err(Refusal::new(401, "authorization_error", "Unable to authorize user"))
            }
        }
    }

    /// Methods outside of the webhook's scopes.
    pub(crate) fn check_scope(&self, method: &str) -> Result<(), Refusal> {
        let has = |scope: &str| self.scopes.iter().any(|known| known == scope);
        let allowed = match method.split_once('.') {
            Some(("crm", _)) => has("crm"),
            Some(("im", _)) => has("im"),
            Some(("user", "get")) => has("user") || has("user_basic"),
            Some(("user", "current")) => has("user") || has("user_basic") || has("user_brief"),
            _ => true,
        };
        if allowed { Ok(()) } else { Err(Refusal::scope()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_that_is_named_exists() {
        for name in names() {
            assert!(find(&name).is_some(), "{name}");
        }
    }
}
