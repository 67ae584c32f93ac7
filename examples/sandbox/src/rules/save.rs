//! Creating and changing an object: checks, defaults, the rules of its kind, stamps, automation.

use crate::answer::Refusal;
use crate::data::record::{Kind, Record};
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::draft::{Change, Draft, MethodFamily};
use crate::rules::{address, comments, multifield};

/// How an object is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SaveMode {
    pub(crate) family: MethodFamily,
    /// Whether automation rules and business processes start.
    pub(crate) automation: bool,
}

impl Portal {
    /// Makes an object and returns its id.
    pub(crate) fn create_object(
        &mut self,
        kind: Kind,
        change: Change,
        mode: SaveMode,
    ) -> Result<u64, Refusal> {
        let mut draft = Draft { kind, old: None, change, family: mode.family };
        self.check_and_normalize(&mut draft)?;
        let id = self.store.table_mut(kind).next_id();
        self.fill_defaults(id, &mut draft);
        let mut record = Record { id, ..Record::default() };
        self.stamp_new(&mut record);
        self.apply_change(kind, &mut record, draft.change);
        self.run_robot(kind, &mut record);
        self.store.table_mut(kind).put(record);
        if mode.automation {
            self.count_automation(kind);
        }
        Ok(id)
    }

    /// Changes an object; one that does not exist is left at that.
    pub(crate) fn change_object(
        &mut self,
        kind: Kind,
        id: u64,
        change: Change,
        mode: SaveMode,
    ) -> Result<(), Refusal> {
        let Some(old) = self.get(kind, id).cloned() else { return Ok(()) };
        let mut draft = Draft { kind, old: Some(&old), change, family: mode.family };
        self.check_and_normalize(&mut draft)?;
        let mut record = old.clone();
        self.apply_change(kind, &mut record, draft.change);
        if record == old && mode.family == MethodFamily::Universal {
            return Ok(());
        }
        let stage_moved = record.text("STAGE_ID") != old.text("STAGE_ID");
        record.set("DATE_MODIFY", self.time_now());
        record.set("MODIFY_BY_ID", self.settings.user.id.to_string());
        self.run_robot(kind, &mut record);
        self.store.table_mut(kind).put(record);
        if mode.automation && (kind != Kind::Deal || stage_moved) {
            self.count_automation(kind);
        }
        Ok(())
    }

    /// Checks a change and brings it into the form that the portal stores.
    fn check_and_normalize(&self, draft: &mut Draft) -> Result<(), Refusal> {
        if self.settings.full_disk {
            return Err(Refusal::without_code(self.settings.full_disk_text.as_str()));
        }
        check_rows(draft)?;
        if let Some(comment) = draft.change.get("COMMENTS") {
            let stored = comments::stored_form(&comment.text());
            draft.change.set("COMMENTS", stored);
        }
        match draft.kind {
            Kind::Contact => check_contact(draft)?,
            Kind::Company => keep_company_name(draft),
            Kind::Deal => self.check_deal(draft)?,
        }
        address::complete_address(draft.kind, &mut draft.change);
        self.check_required(draft)
    }

    /// A field that must be filled, where the portal checks that at all.
    fn check_required(&self, draft: &Draft) -> Result<(), Refusal> {
        for (kind, name) in &self.settings.required {
            if *kind != draft.kind {
                continue;
            }
            let sends_row = draft.change.rows.iter().any(|row| row.type_id == *name);
            if !sends_row && draft.value(name).is_none_or(Php::is_blank) {
                let text = format!("Не заполнено обязательное поле «{name}»");
                return Err(draft.field_error("CRM_FIELD_ERROR_REQUIRED", &text));
            }
        }
        Ok(())
    }

    /// What a new object gets where nothing was given (facts, section 1.6).
    fn fill_defaults(&self, id: u64, draft: &mut Draft) {
        fill_default(draft, "ASSIGNED_BY_ID", self.settings.user.id.to_string());
        fill_default(draft, "OPENED", "Y");
        match draft.kind {
            Kind::Contact => fill_default(draft, "EXPORT", "Y"),
            Kind::Company => fill_default(draft, "TITLE", format!("Компания #{id}")),
            Kind::Deal => {
                fill_default(draft, "TITLE", format!("Сделка #{id}"));
                fill_default(draft, "BEGINDATE", self.date_in_days(0));
                fill_default(draft, "CLOSEDATE", self.date_in_days(7));
                fill_default(draft, "CURRENCY_ID", self.dictionaries.base_currency());
                fill_default(draft, "OPPORTUNITY", "0.00");
                fill_default(draft, "IS_MANUAL_OPPORTUNITY", "N");
            }
        }
        if draft.kind == Kind::Contact && is_nameless(draft) {
            draft.change.set("LAST_NAME", format!("Контакт #{id}"));
        }
        self.fill_dictionary_fields(draft);
    }

    /// A dictionary's first entry, for a field that was not sent or is empty (facts, section 14.3);
    /// an empty HONORIFIC that was sent stays empty.
    fn fill_dictionary_fields(&self, draft: &mut Draft) {
        for (name, dictionary) in dictionary_fields(draft.kind, draft.family) {
            let sent = draft.change.get(name);
            let keeps_empty = *name == "HONORIFIC" && sent.is_some();
            if keeps_empty || !sent.is_none_or(Php::is_blank) {
                continue;
            }
            if let Some(first) = self.dictionaries.first_entry(dictionary) {
                draft.change.set(name, first);
            }
        }
    }

    fn stamp_new(&self, record: &mut Record) {
        let now = self.time_now();
        let user = self.settings.user.id.to_string();
        for name in ["DATE_CREATE", "DATE_MODIFY", "LAST_ACTIVITY_TIME"] {
            record.set(name, now.as_str());
        }
        for name in ["CREATED_BY_ID", "MODIFY_BY_ID", "LAST_ACTIVITY_BY"] {
            record.set(name, user.as_str());
        }
    }

    fn apply_change(&mut self, kind: Kind, record: &mut Record, change: Change) {
        for (name, value) in change.fields {
            record.set(&name, value);
        }
        let store = &mut self.store;
        multifield::apply_rows(record, &change.rows, || store.next_row());
        if let Some(ids) = change.links {
            record.link_to(&ids);
        } else if let Some(id) = change.link
            && kind != Kind::Company
            && !record.is_linked_to(id.cast_unsigned())
        {
            record.link_to(&[id]);
        }
    }

    fn run_robot(&self, kind: Kind, record: &mut Record) {
        if let Some(robot) = self.settings.robot
            && kind != Kind::Deal
        {
            robot(&mut record.rows);
        }
    }

    fn count_automation(&mut self, kind: Kind) {
        match kind {
            Kind::Deal => self.counters.robots += 1,
            Kind::Contact | Kind::Company => self.counters.processes += 1,
        }
    }
}

/// Fields of a kind that hold an entry of a dictionary, and the dictionary.
fn dictionary_fields(kind: Kind, family: MethodFamily) -> &'static [(&'static str, &'static str)] {
    match (kind, family) {
        (Kind::Contact, MethodFamily::Universal) => {
            &[("TYPE_ID", "CONTACT_TYPE"), ("SOURCE_ID", "SOURCE")]
        }
        (Kind::Contact, MethodFamily::Legacy) => {
            &[("TYPE_ID", "CONTACT_TYPE"), ("SOURCE_ID", "SOURCE"), ("HONORIFIC", "HONORIFIC")]
        }
        (Kind::Company, _) => &[
            ("COMPANY_TYPE", "COMPANY_TYPE"),
            ("INDUSTRY", "INDUSTRY"),
            ("EMPLOYEES", "EMPLOYEES"),
        ],
        (Kind::Deal, _) => &[("TYPE_ID", "DEAL_TYPE"), ("SOURCE_ID", "SOURCE")],
    }
}

fn fill_default(draft: &mut Draft, name: &str, value: impl Into<Php>) {
    let is_empty = match draft.change.get(name) {
        Some(sent) => matches!(sent.text().trim(), "" | "0"),
        None => true,
    };
    if is_empty {
        draft.change.set(name, value);
    }
}

/// The rows that an object has once a change is made.
fn check_rows(draft: &Draft) -> Result<(), Refusal> {
    let mut record = draft.old.cloned().unwrap_or_default();
    multifield::apply_rows(&mut record, &draft.change.rows, || 0);
    multifield::check_rows(&record.rows)
}

/// A contact may lose its name only when it is new (facts, section 1.6).
fn check_contact(draft: &Draft) -> Result<(), Refusal> {
    if !draft.is_new() && is_nameless(draft) {
        return Err(Refusal::without_code("Не заполнено ни одно из полей: «Имя», «Фамилия»"));
    }
    Ok(())
}

/// A blank name of a company is ignored.
fn keep_company_name(draft: &mut Draft) {
    let Some(name) = draft.change.get("TITLE") else { return };
    if name.text().trim().is_empty() && !draft.is_new() {
        draft.change.remove("TITLE");
    }
}

fn is_nameless(draft: &Draft) -> bool {
    let is_empty = |name| draft.value(name).is_none_or(|value| value.text().is_empty());
    is_empty("NAME") && is_empty("LAST_NAME")
}
