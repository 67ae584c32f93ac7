//! Methods about the portal, the webhook and the users (facts, section 11).

use crate::answer::{Outcome, ok};
use crate::methods::find_handler;
use crate::php::Php;
use crate::portal::Portal;
use crate::settings::Settings;

/// The first and last name of the webhook's user.
pub(crate) const USER_NAME: [&str; 2] = ["Анна", "Портье"];

/// The scopes that the portal knows.
const SCOPES: &str = "\
    ai_admin appform baas biconnector bizproc booking calendar calendarmobile call cashbox \
    catalog catalogmobile configuration.import contact_center crm delivery department disk \
    documentgenerator entity faceid forum humanresources.hcmlink iblock im im.import imbot \
    imconnector imopenlines intranet landing landing_cloud lists log mailservice main \
    messageservice mobile notifications pay_system placement pull pull_channel rating rest rpa \
    sale salescenter sign.b2e smile socialnetwork sonet_group task tasks tasks_extended \
    tasksmobile telephony timeman user user.userfield user_basic user_brief userconsent \
    userfieldconfig vote";

/// The webhook's scopes, or with `full` all that the portal knows (facts, section 14.2).
pub(crate) fn list_scopes(portal: &mut Portal, params: &Php) -> Outcome {
    if params.argument("full").truthy() {
        ok(Php::list(SCOPES.split(' ')))
    } else {
        ok(Php::list(portal.settings.scopes.clone()))
    }
}

/// A webhook is answered with its scopes and the portal's plan (facts, section 14.2).
pub(crate) fn app_info(portal: &mut Portal, _: &Php) -> Outcome {
    let scopes = Php::list(portal.settings.scopes.clone());
    ok(Php::map([("SCOPE", scopes), ("LICENSE", Php::from("ru_basic"))]))
}

pub(crate) fn own_profile(portal: &mut Portal, _: &Php) -> Outcome {
    let user = portal.settings.user;
    let id = portal.settings.kept_as.unwrap_or(user.id);
    let [first_name, last_name] = USER_NAME;
    ok(Php::map([
        ("ID", Php::Str(id.to_string())),
        ("ADMIN", Php::Bool(user.admin)),
        ("NAME", Php::from(first_name)),
        ("LAST_NAME", Php::from(last_name)),
        ("PERSONAL_GENDER", Php::from("F")),
        ("TIME_ZONE", Php::from("Europe/Moscow")),
        ("TIME_ZONE_OFFSET", Php::Int(0)),
    ]))
}

/// The webhook's user and the colleagues; a filter that names somebody else finds nobody.
pub(crate) fn list_users(portal: &mut Portal, params: &Php) -> Outcome {
    let settings = &portal.settings;
    let wanted_id = params.argument("ID").text();
    let only_active = params.argument("FILTER").get("ACTIVE").is_yes();
    let mut rows = Vec::new();
    for (id, is_active) in settings.users() {
        let is_wanted = wanted_id.is_empty() || wanted_id == id.to_string();
        if !is_wanted || (only_active && !is_active) {
            continue;
        }
        let [first_name, last_name] = user_name(settings, id);
        rows.push(Php::map([
            ("ID", Php::Str(id.to_string())),
            ("ACTIVE", Php::Bool(is_active)),
            ("NAME", Php::from(first_name)),
            ("LAST_NAME", Php::from(last_name)),
        ]));
    }
    ok(Php::list(rows))
}

/// The first and the last name of a user; both empty where nobody gave any.
fn user_name(settings: &Settings, id: u64) -> [&'static str; 2] {
    match settings.colleague_names.get(&id) {
        Some(name) => *name,
        None if id == settings.user.id => USER_NAME,
        None => ["", ""],
    }
}

/// Names are known in lower case only.
pub(crate) fn method_exists(portal: &mut Portal, params: &Php) -> Outcome {
    let name = params.argument("name").text();
    let exists = find_handler(&name).is_some();
    let is_available = exists && portal.settings.check_scope(&name).is_ok();
    ok(Php::map([("isExisting", exists), ("isAvailable", is_available)]))
}
