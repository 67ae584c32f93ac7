//! The probes that every webhook may call (facts, section 11).

use crate::answer::{Outcome, ok};
use crate::methods;
use crate::php::Php;
use crate::portal::Portal;
use crate::values::dates;

/// The first and last name of the webhook's user.
pub(crate) const USER: [&str; 2] = ["Анна", "Портье"];

/// The scopes that the portal knows.
const SCOPES: &str = "ai_admin appform baas biconnector bizproc booking calendar calendarmobile call cashbox \
    catalog catalogmobile configuration.import contact_center crm delivery department disk \
    documentgenerator entity faceid forum humanresources.hcmlink iblock im im.import imbot \
    imconnector imopenlines intranet landing landing_cloud lists log mailservice main \
    messageservice mobile notifications pay_system placement pull pull_channel rating rest rpa \
    sale salescenter sign.b2e smile socialnetwork sonet_group task tasks tasks_extended \
    tasksmobile telephony timeman user user.userfield user_basic user_brief userconsent \
    userfieldconfig vote";

/// The handler of a common method.
pub(crate) fn find(method: &str) -> Option<fn(&mut Portal, &Php) -> Outcome> {
    Some(match method {
        // Executed by the portal itself, which knows the request.
        "batch" => |_, _| ok(Php::empty()),
        "scope" => scope,
        "methods" => |_, _| ok(Php::list(methods::names())),
        "profile" => profile,
        "server.time" => |portal, _| ok(portal.time_now()),
        "method.get" => method_get,
        "user.admin" => |portal, _| ok(portal.settings.user.admin),
        "user.current" => profile,
        "user.get" => user_get,
        "app.info" => app_info,
        "crm.settings.mode.get" => |_, _| ok(2_i64),
        _ => return None,
    })
}

/// The webhook's scopes, or with `full` all that the portal knows (facts, section 14.2).
fn scope(portal: &mut Portal, params: &Php) -> Outcome {
    if params.argument("full").truthy() {
        ok(Php::list(SCOPES.split(' ')))
    } else {
        ok(Php::list(portal.settings.scopes.clone()))
    }
}

/// A webhook is answered with its scopes and the portal's plan (facts, section 14.2).
fn app_info(portal: &mut Portal, _: &Php) -> Outcome {
    let scopes = Php::list(portal.settings.scopes.clone());
    ok(Php::map([("SCOPE", scopes), ("LICENSE", Php::from("ru_basic"))]))
}

fn profile(portal: &mut Portal, _: &Php) -> Outcome {
    let user = portal.settings.user;
    let id = portal.settings.kept_as.unwrap_or(user.id);
    ok(Php::map([
        ("ID", Php::Str(id.to_string())),
        ("ADMIN", Php::Bool(user.admin)),
        ("NAME", Php::from(USER[0])),
        ("LAST_NAME", Php::from(USER[1])),
        ("PERSONAL_GENDER", Php::from("F")),
        ("TIME_ZONE", Php::from("Europe/Moscow")),
        ("TIME_ZONE_OFFSET", Php::Int(0)),
    ]))
}

/// The webhook's user and the colleagues; a filter that names somebody else finds nobody.
fn user_get(portal: &mut Portal, params: &Php) -> Outcome {
    let settings = &portal.settings;
    let own = std::iter::once((&settings.user.id, &settings.user.active));
    let wanted = params.argument("ID").text();
    let only_active = params.argument("FILTER").get("ACTIVE").text() == "Y";
    let users = own.chain(&settings.colleagues).filter(|(id, active)| {
        (wanted.is_empty() || wanted == id.to_string()) && (**active || !only_active)
    });
    ok(Php::list(users.map(|(id, active)| {
        let unnamed = if *id == settings.user.id { USER } else { ["", ""] };
        let [first, last] = settings.colleague_names.get(id).unwrap_or(&unnamed);
        Php::map([
            ("ID", Php::Str(id.to_string())),
            ("ACTIVE", Php::Bool(*active)),
            ("NAME", Php::from(*first)),
            ("LAST_NAME", Php::from(*last)),
        ])
    })))
}

/// Names are known in lower case only.
fn method_get(portal: &mut Portal, params: &Php) -> Outcome {
    let name = params.argument("name").text();
    let exists = methods::find(&name).is_some();
    let available = exists && portal.settings.check_scope(&name).is_ok();
    ok(Php::map([("isExisting", exists), ("isAvailable", available)]))
}

impl Portal {
    /// The moment now, as the portal writes it.
    pub(crate) fn time_now(&self) -> String {
        dates::written(self.now, dates::zone(self.settings.utc_offset_hours))
    }
}
