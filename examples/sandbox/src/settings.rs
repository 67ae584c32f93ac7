//! What an administrator, a tariff or a mishap decides about a portal.

use std::collections::{BTreeMap, BTreeSet};

use crate::data::record::{Kind, Row};
use crate::spoiled_cards::Spoiled;

/// The settings of a portal; all may be changed while it runs.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that have nothing to do with each other"
)]
pub struct Settings {
    /// The rate limit; `None` switches it off (facts, section 3.1).
    pub bucket: Option<Bucket>,
    /// Seconds of execution a method may use in ten minutes (facts, section 3.3); `None` as on a
    /// portal of one's own: no limit, and answers do not tell what was used.
    pub operating: Option<f64>,
    /// How commands of a batch are charged.
    pub accounting: Accounting,
    /// Virtual seconds that one call of a method takes, by the method's name.
    pub costs: BTreeMap<String, f64>,
    /// Virtual seconds of a method that `costs` does not name.
    pub cost: f64,
    /// After so many virtual seconds a request is cut with an HTML 504; what was executed stays
    /// (facts, section 3.2).
    pub max_request_seconds: f64,
    /// How exactly answers tell the time they took.
    pub times: Times,
    /// Fields that must not be empty, where an administrator made the portal check that for REST as
    /// well (facts, section 4.2); user fields mostly.
    pub required: Vec<(Kind, String)>,
    /// Whether reaching a final stage puts today's date into CLOSEDATE (facts, section 7.1).
    pub close_date_sync: bool,
    /// What the webhook may do: `crm`, `im`, `user`...
    pub scopes: Vec<String>,
    /// The user that made the webhook.
    pub user: User,
    /// The other users of the portal, and whether each is still there or was dismissed.
    pub colleagues: BTreeMap<u64, bool>,
    /// First and last names of colleagues.
    pub colleague_names: BTreeMap<u64, [&'static str; 2]>,
    /// Objects that this user may not see, because the role shows their own alone, or not every
    /// funnel. Lists leave them out (facts, section 8.2).
    pub hidden: Vec<(Kind, u64)>,
    /// Methods that this user's role does not allow, in lower case.
    pub denied: BTreeSet<String>,
    /// The secret in the webhook's address.
    pub secret: String,
    /// Whether the portal works at all.
    pub condition: Condition,
    /// The tariff's disk space is used up: nothing can be added or changed (facts, section 14.2).
    pub full_disk: bool,
    /// What the portal says then, in its own language.
    pub full_disk_text: String,
    /// Whether what fails after an `ERROR_CORE` in a batch fails with its code and text (facts,
    /// section 14.2).
    pub leaking_errors: bool,
    /// Whether lists come in the order that was asked for.
    pub list_order: ListOrder,
    /// Fields that no list shows: builds differ.
    pub unlisted: Vec<(Kind, String)>,
    /// Cards that no answer can show.
    pub spoiled: BTreeMap<(Kind, u64), Spoiled>,
    /// What happens to the phones and e-mails of a contact or company after each save, see
    /// [`crate::rules::robots`].
    pub robot: Option<fn(&mut Vec<Row>)>,
    /// Deals with a business process that runs: they cannot be moved into another funnel (facts,
    /// section 14.4).
    pub running_processes: BTreeSet<u64>,
    /// An administrator kept the integrations of the dismissed user: the webhook goes on under the
    /// system user of this id (facts, section 14.1).
    pub kept_as: Option<u64>,
    /// Whether deleted objects go to a bin, from which they can be restored.
    pub recycle_bin: bool,
    /// The portal's time zone, hours east of Greenwich.
    pub utc_offset_hours: i32,
}

/// In which order lists come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListOrder {
    /// The order that was asked for.
    AsAsked,
    /// By ascending ids, whatever was asked for.
    Ascending,
    /// In an order that nobody asked for, the same every time.
    Scattered,
}

/// The leaky bucket: what drains in a second and what it holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Requests that drain in a second.
    pub per_second: f64,
    /// Requests that it holds.
    pub burst: f64,
}

/// How the commands of a batch are charged (facts, section 3.3): builds differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accounting {
    /// (a) each command to its own method, together with direct calls.
    Documented,
    /// (b) each command to its own method, apart from direct calls.
    Separate,
    /// (c) as (b), and half of the batch's time to `batch`; what is used up is banned for 300 s
    /// (facts, section 14.2).
    Bans,
}

/// How exactly answers tell the time they took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// All times to the microsecond.
    Exact,
    /// Builds of 2026: the beginning in whole seconds, so that `duration` is wrong by up to one
    /// (facts, section 1.2).
    WholeSeconds,
}

/// The user behind the webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// Its id, a part of the webhook's address.
    pub id: u64,
    /// An administrator of the portal; anybody else gets "Access denied" for what is missing.
    pub admin: bool,
    /// Has the right to import; an administrator always does.
    pub import_right: bool,
    /// Still works here: not dismissed.
    pub active: bool,
}

/// What the portal answers to everybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Condition {
    /// It answers every call.
    #[default]
    Working,
    /// The gateway answers with an HTML page and this status (502, 503).
    Maintenance(u16),
    /// The portal was renamed: HTTP 302 to this host, e.g. `https://new.bitrix24.ru`.
    Moved(String),
    /// The webhook was deleted, or its secret changed.
    Revoked,
    /// The tariff does not include REST.
    NoRest,
    /// The subscription to the Market, which REST needs as well, ended.
    NoSubscription,
    /// The subscription of the portal ended.
    PaymentRequired,
    /// The portal was deleted by its owner or the vendor.
    Deleted,
    /// REST was blocked by the vendor.
    Overloaded,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            bucket: Some(Bucket { per_second: 2.0, burst: 50.0 }),
            operating: Some(420.0),
            accounting: Accounting::Documented,
            costs: BTreeMap::new(),
            cost: 0.05,
            max_request_seconds: 60.0,
            times: Times::Exact,
            required: Vec::new(),
            colleagues: BTreeMap::new(),
            hidden: Vec::new(),
            denied: BTreeSet::new(),
            close_date_sync: true,
            scopes: vec!["crm".to_owned()],
            user: User { id: 1, admin: true, import_right: true, active: true },
            colleague_names: BTreeMap::new(),
            secret: "sandbox".to_owned(),
            condition: Condition::Working,
            full_disk: false,
            full_disk_text: "Disk resource exhausted".to_owned(),
            leaking_errors: false,
            list_order: ListOrder::AsAsked,
            unlisted: Vec::new(),
            spoiled: BTreeMap::new(),
            robot: None,
            running_processes: BTreeSet::new(),
            kept_as: None,
            recycle_bin: true,
            utc_offset_hours: 3,
        }
    }
}

impl Settings {
    /// Virtual seconds that one call of this method takes.
    pub fn cost_of(&self, method: &str) -> f64 {
        self.costs.get(method).copied().unwrap_or(self.cost)
    }

    /// The webhook's user and the colleagues: their ids, and whether each is still there.
    pub(crate) fn users(&self) -> Vec<(u64, bool)> {
        let mut users = vec![(self.user.id, self.user.active)];
        for (id, is_active) in &self.colleagues {
            users.push((*id, *is_active));
        }
        users
    }

    /// Whether a user may still log in; `None` where there is no such user.
    pub(crate) fn is_active(&self, user: u64) -> Option<bool> {
        if user == self.user.id {
            return Some(self.user.active);
        }
        self.colleagues.get(&user).copied()
    }

    /// Whether these are the user and the secret in the webhook's address.
    pub(crate) fn knows_webhook(&self, user: &str, secret: &str) -> bool {
        user == self.user.id.to_string() && secret == self.secret
    }

    /// Whether the webhook's user is there, or the integrations of a dismissed one were kept.
    pub(crate) fn is_served(&self) -> bool {
        self.user.active || self.kept_as.is_some()
    }

    /// Without any limit, and without a word of what was used, as on a portal of one's own; for
    /// tests that are about something else.
    #[must_use]
    pub fn unlimited(mut self) -> Settings {
        self.bucket = None;
        self.operating = None;
        self.max_request_seconds = f64::INFINITY;
        self
    }
}
