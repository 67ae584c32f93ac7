//! Creating and changing an object: checks, defaults, the rules of its kind, stamps, automation.

use crate::answer::Refusal;
use crate::data::record::{Kind, Record};
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::address;
use crate::rules::comments;
use crate::rules::multifield;
use crate::values::legacy_input::Change;

/// The family of methods that a call came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Legacy,
    Universal,
}

/// How an object is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct How {
    pub(crate) style: Style,
    /// Whether automation rules and business processes start.
    pub(crate) automation: bool,
}

impl Style {
    /// A refused value: old methods have no code for it.
    pub(crate) fn field_error(self, code: &str, text: &str) -> Refusal {
        match self {
            Style::Legacy => Refusal::legacy(text),
            Style::Universal => Refusal::new(400, code, text),
        }
    }
}

impl Portal {
    /// Makes an object and returns its id.
    pub(crate) fn create(
        &mut self,
        kind: Kind,
        mut change: Change,
        how: How,
    ) -> Result<u64, Refusal> {
        self.prepare(kind, None, &mut change, how.style)?;
        let id = self.store.table_mut(kind).next_id();
        self.fill_defaults(kind, id, &mut change, how.style);
        let mut record = Record { id, ..Record::default() };
        self.stamp_new(&mut record);
        self.apply(kind, &mut record, change);
        self.run_robot(kind, &mut record);
        self.store.table_mut(kind).put(record);
        self.started(kind, how.automation);
        Ok(id)
    }

    /// Changes an object that exists.
    pub(crate) fn change(
        &mut self,
        kind: Kind,
        id: u64,
        mut change: Change,
        how: How,
    ) -> Result<(), Refusal> {
        let Some(old) = self.get(kind, id).cloned() else { return Ok(()) };
        self.prepare(kind, Some(&old), &mut change, how.style)?;
        let mut record = old.clone();
        self.apply(kind, &mut record, change);
        if record == old && how.style == Style::Universal {
            return Ok(());
        }
        let stage_moved = record.text("STAGE_ID") != old.text("STAGE_ID");
        record.set("DATE_MODIFY", self.time_now());
        record.set("MODIFY_BY_ID", self.settings.user.id.to_string());
        self.run_robot(kind, &mut record);
        self.store.table_mut(kind).put(record);
        self.started(kind, how.automation && (kind != Kind::Deal || stage_moved));
        Ok(())
    }

    /// Checks a change and brings it into the form that the portal stores.
    fn prepare(
        &self,
        kind: Kind,
        old: Option<&Record>,
        change: &mut Change,
        style: Style,
    ) -> Result<(), Refusal> {
        if self.settings.full_disk {
            return Err(Refusal::legacy(self.settings.full_disk_text.as_str()));
        }
        check_rows(old, change)?;
        if let Some(text) = change.get("COMMENTS").map(Php::text) {
            change.set("COMMENTS", comments::store(&text));
        }
        match kind {
            Kind::Contact => prepare_contact(old, change)?,
            Kind::Company => prepare_company(old, change),
            Kind::Deal => self.prepare_deal(old, change, style)?,
        }
        address::complete(kind, change);
        self.check_required(kind, old, change, style)
    }

    /// A field that must be filled, where the portal checks that at all.
    fn check_required(
        &self,
        kind: Kind,
        old: Option<&Record>,
        change: &Change,
        style: Style,
    ) -> Result<(), Refusal> {
        let required = self
            .settings
            .required
            .iter()
            .filter(|(of, _)| *of == kind)
            .map(|(_, name)| name.as_str());
        for name in required {
            let row = change.rows.iter().any(|row| row.type_id == name);
            let value = change.get(name).or_else(|| old.map(|record| record.field(name)));
            if !row && value.is_none_or(Php::is_blank) {
                let text = format!("Не заполнено обязательное поле «{name}»");
                return Err(style.field_error("CRM_FIELD_ERROR_REQUIRED", &text));
            }
        }
        Ok(())
    }

    /// What a new object gets where nothing was given (facts, section 1.6).
    fn fill_defaults(&self, kind: Kind, id: u64, change: &mut Change, style: Style) {
        let mut default = |name: &str, value: String| {
            if change.get(name).is_none_or(|value| matches!(value.text().trim(), "" | "0")) {
                change.set(name, value);
            }
        };
        default("ASSIGNED_BY_ID", self.settings.user.id.to_string());
        default("OPENED", "Y".to_owned());
        match kind {
            Kind::Contact => default("EXPORT", "Y".to_owned()),
            Kind::Company => default("TITLE", format!("Компания #{id}")),
            Kind::Deal => {
                default("TITLE", format!("Сделка #{id}"));
                default("BEGINDATE", self.today(0));
                default("CLOSEDATE", self.today(7));
                default("CURRENCY_ID", self.dictionaries.base_currency());
                default("OPPORTUNITY", "0.00".to_owned());
                default("IS_MANUAL_OPPORTUNITY", "N".to_owned());
            }
        }
        if kind == Kind::Contact && is_nameless(None, change) {
            change.set("LAST_NAME", format!("Контакт #{id}"));
        }
        self.fill_dictionaries(kind, change, style);
    }

    /// A dictionary's first entry, for a field that was not sent or is empty (facts, section 14.3);
    /// an empty HONORIFIC that was sent stays empty.
    fn fill_dictionaries(&self, kind: Kind, change: &mut Change, style: Style) {
        let fields: &[(&str, &str)] = match kind {
            Kind::Contact if style == Style::Universal => {
                &[("TYPE_ID", "CONTACT_TYPE"), ("SOURCE_ID", "SOURCE")]
            }
            Kind::Contact => {
                &[("TYPE_ID", "CONTACT_TYPE"), ("SOURCE_ID", "SOURCE"), ("HONORIFIC", "HONORIFIC")]
            }
            Kind::Company => &[
                ("COMPANY_TYPE", "COMPANY_TYPE"),
                ("INDUSTRY", "INDUSTRY"),
                ("EMPLOYEES", "EMPLOYEES"),
            ],
            Kind::Deal => &[("TYPE_ID", "DEAL_TYPE"), ("SOURCE_ID", "SOURCE")],
        };
        for (name, dictionary) in fields {
            let keeps_empty = *name == "HONORIFIC" && change.get(name).is_some();
            if !keeps_empty
                && change.get(name).is_none_or(Php::is_blank)
                && let Some(first) = self.dictionaries.first(dictionary)
            {
                change.set(name, first);
            }
        }
    }

    fn stamp_new(&self, record: &mut Record) {
        let (now, user) = (self.time_now(), self.settings.user.id.to_string());
        for name in ["DATE_CREATE", "DATE_MODIFY", "LAST_ACTIVITY_TIME"] {
            record.set(name, now.as_str());
        }
        for name in ["CREATED_BY_ID", "MODIFY_BY_ID", "LAST_ACTIVITY_BY"] {
            record.set(name, user.as_str());
        }
    }

    fn apply(&mut self, kind: Kind, record: &mut Record, change: Change) {
        for (name, value) in change.fields {
            record.set(&name, value);
        }
        let store = &mut self.store;
        multifield::apply(record, &change.rows, || store.next_row());
        if let Some(ids) = change.links {
            record.link_to(&ids);
        } else if let Some(id) = change.link.filter(|_| kind != Kind::Company) {
            let bound = record.links.iter().any(|link| link.id.cast_signed() == id);
            if !bound {
                record.link_to(&[id]);
            }
        }
    }

    fn run_robot(&self, kind: Kind, record: &mut Record) {
        if let Some(robot) = self.settings.robot.filter(|_| kind != Kind::Deal) {
            robot(&mut record.rows);
        }
    }

    fn started(&mut self, kind: Kind, automation: bool) {
        match (automation, kind) {
            (false, _) => {}
            (true, Kind::Deal) => self.counters.robots += 1,
            (true, Kind::Contact | Kind::Company) => self.counters.processes += 1,
        }
    }
}

/// The rows that an object has once a change is made.
fn check_rows(old: Option<&Record>, change: &Change) -> Result<(), Refusal> {
    let mut record = old.cloned().unwrap_or_default();
    multifield::apply(&mut record, &change.rows, || 0);
    multifield::check(&record.rows)
}

/// A contact may lose its name only when it is new (facts, section 1.6).
fn prepare_contact(old: Option<&Record>, change: &Change) -> Result<(), Refusal> {
    if old.is_some() && is_nameless(old, change) {
        return Err(Refusal::legacy("Не заполнено ни одно из полей: «Имя», «Фамилия»"));
    }
    Ok(())
}

/// A blank name of a company is ignored.
fn prepare_company(old: Option<&Record>, change: &mut Change) {
    if old.is_some() && change.get("TITLE").is_some_and(|title| title.text().trim().is_empty()) {
        change.drop("TITLE");
    }
}

fn is_nameless(old: Option<&Record>, change: &Change) -> bool {
    let blank = |name: &str| {
        let value = change.get(name).or_else(|| old.map(|contact| contact.field(name)));
        value.is_none_or(|value| value.text().is_empty())
    };
    blank("NAME") && blank("LAST_NAME")
}
