//! The dictionaries of a Russian portal: stages, types, sources, currencies, funnels (facts,
//! section 6).

use crate::data::record::Kind;
use crate::data::user_field::UserField;
use crate::portal::Portal;

/// An entry of a dictionary, as `crm.status.list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DictionaryEntry {
    /// Its dictionary: `SOURCE`, `DEAL_STAGE`, `DEAL_STAGE_1`...
    pub(crate) dictionary: String,
    pub(crate) id: String,
    pub(crate) name: String,
    /// `P` (in progress), `S` (success), `F` (failure) for stages, empty for anything else.
    pub(crate) semantics: &'static str,
    /// It cannot be removed.
    pub(crate) system: bool,
}

/// A funnel of deals, with stages of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Funnel {
    pub(crate) id: i64,
    pub(crate) name: String,
}

/// All dictionaries, and the user fields.
#[derive(Debug, Clone)]
pub(crate) struct Dictionaries {
    pub(crate) entries: Vec<DictionaryEntry>,
    pub(crate) funnels: Vec<Funnel>,
    /// The first is the base currency.
    pub(crate) currencies: Vec<String>,
    pub(crate) user_fields: Vec<UserField>,
}

type IdAndName = (&'static str, &'static str);

const HONORIFIC: &[IdAndName] = &[("HNR_RU_1", "г-н"), ("HNR_RU_2", "г-жа")];
const CONTACT_TYPE: &[IdAndName] = &[
    ("CLIENT", "Клиенты"),
    ("SUPPLIER", "Поставщики"),
    ("PARTNER", "Партнёры"),
    ("OTHER", "Другое"),
];
const COMPANY_TYPE: &[IdAndName] = &[
    ("CUSTOMER", "Клиент"),
    ("SUPPLIER", "Поставщик"),
    ("COMPETITOR", "Конкурент"),
    ("PARTNER", "Партнёр"),
    ("OTHER", "Другое"),
];
const SOURCE: &[IdAndName] = &[
    ("CALL", "Звонок"),
    ("EMAIL", "Электронная почта"),
    ("WEB", "Веб-сайт"),
    ("ADVERTISING", "Реклама"),
    ("PARTNER", "Существующий клиент"),
    ("RECOMMENDATION", "По рекомендации"),
    ("TRADE_SHOW", "Выставка"),
    ("WEBFORM", "CRM-форма"),
    ("CALLBACK", "Обратный звонок"),
    ("RC_GENERATOR", "Генератор продаж"),
    ("STORE", "Интернет-магазин"),
    ("OTHER", "Другое"),
];
const DEAL_TYPE: &[IdAndName] = &[
    ("SALE", "Продажа"),
    ("COMPLEX", "Комплексная продажа"),
    ("GOODS", "Продажа товара"),
    ("SERVICES", "Услуги"),
    ("SERVICE", "Сервисное обслуживание"),
];
const INDUSTRY: &[IdAndName] = &[
    ("IT", "Информационные технологии"),
    ("TELECOM", "Телекоммуникации и связь"),
    ("MANUFACTURING", "Производство"),
    ("BANKING", "Банковские услуги"),
    ("CONSULTING", "Консалтинг"),
    ("FINANCE", "Финансы"),
    ("GOVERNMENT", "Правительство"),
    ("DELIVERY", "Доставка"),
    ("ENTERTAINMENT", "Развлечения"),
    ("NOTPROFIT", "Не для получения прибыли"),
    ("OTHER", "Другое"),
];
const EMPLOYEES: &[IdAndName] = &[
    ("EMPLOYEES_1", "менее 50"),
    ("EMPLOYEES_2", "50-250"),
    ("EMPLOYEES_3", "250-500"),
    ("EMPLOYEES_4", "более 500"),
];
const STAGES: &[(&str, &str, &str)] = &[
    ("NEW", "Новая", "P"),
    ("PREPARATION", "Подготовка документов", "P"),
    ("PREPAYMENT_INVOICE", "Cчёт на предоплату", "P"),
    ("EXECUTING", "В работе", "P"),
    ("FINAL_INVOICE", "Финальный счёт", "P"),
    ("WON", "Сделка успешна", "S"),
    ("LOSE", "Сделка провалена", "F"),
    ("APOLOGY", "Анализ причины провала", "F"),
];

const PLAIN_DICTIONARIES: [(&str, &[IdAndName]); 7] = [
    ("HONORIFIC", HONORIFIC),
    ("CONTACT_TYPE", CONTACT_TYPE),
    ("COMPANY_TYPE", COMPANY_TYPE),
    ("SOURCE", SOURCE),
    ("DEAL_TYPE", DEAL_TYPE),
    ("INDUSTRY", INDUSTRY),
    ("EMPLOYEES", EMPLOYEES),
];

impl Default for Dictionaries {
    fn default() -> Dictionaries {
        let mut dictionaries = Dictionaries {
            entries: Vec::new(),
            funnels: vec![Funnel { id: 0, name: "Общая".to_owned() }],
            currencies: ["RUB", "USD", "EUR"].map(str::to_owned).to_vec(),
            user_fields: Vec::new(),
        };
        for (dictionary, entries) in PLAIN_DICTIONARIES {
            for (id, name) in entries {
                dictionaries.add_entry(dictionary, id, name, "");
            }
        }
        dictionaries.add_stages(0);
        dictionaries
    }
}

/// The dictionary of a funnel's stages.
pub(crate) fn stage_dictionary(funnel: i64) -> String {
    if funnel == 0 { "DEAL_STAGE".to_owned() } else { format!("DEAL_STAGE_{funnel}") }
}

impl Dictionaries {
    /// The entries of a dictionary, in their order.
    pub(crate) fn entries_of(&self, dictionary: &str) -> impl Iterator<Item = &DictionaryEntry> {
        self.entries.iter().filter(move |entry| entry.dictionary == dictionary)
    }

    pub(crate) fn entry(&self, dictionary: &str, id: &str) -> Option<&DictionaryEntry> {
        self.entries_of(dictionary).find(|entry| entry.id == id)
    }

    /// The id of a dictionary's first entry.
    pub(crate) fn first_entry(&self, dictionary: &str) -> Option<String> {
        let first = self.entries_of(dictionary).next()?;
        Some(first.id.clone())
    }

    /// The stage of any funnel that has this id.
    pub(crate) fn find_stage(&self, id: &str) -> Option<&DictionaryEntry> {
        self.entries.iter().find(|entry| entry.id == id && !entry.semantics.is_empty())
    }

    /// `P`, `S` or `F` of a stage; `P` of one that no funnel has.
    pub(crate) fn stage_semantics(&self, stage: &str) -> &'static str {
        match self.find_stage(stage) {
            Some(stage) => stage.semantics,
            None => "P",
        }
    }

    /// The stage that a deal of this funnel gets: the wanted one if the funnel has it; else the old
    /// one; else, for a stage of another funnel, the first of the same semantics (facts, section
    /// 7.1).
    pub(crate) fn choose_stage(&self, funnel: i64, wanted: &str, old: Option<&str>) -> String {
        let dictionary = stage_dictionary(funnel);
        if self.entry(&dictionary, wanted).is_some() {
            return wanted.to_owned();
        }
        if let Some(old) = old {
            return old.to_owned();
        }
        let semantics = self.stage_semantics(wanted);
        let mut stages = self.entries_of(&dictionary);
        match stages.find(|stage| stage.semantics == semantics) {
            Some(stage) => stage.id.clone(),
            None => String::new(),
        }
    }

    pub(crate) fn has_funnel(&self, id: i64) -> bool {
        self.funnels.iter().any(|funnel| funnel.id == id)
    }

    pub(crate) fn base_currency(&self) -> String {
        self.currencies.first().cloned().unwrap_or_default()
    }

    pub(crate) fn next_user_field(&self) -> u64 {
        let largest = self.user_fields.iter().map(|field| field.id).max();
        largest.unwrap_or(0) + 1
    }

    pub(crate) fn user_fields(&self, kind: Kind) -> impl Iterator<Item = &UserField> {
        self.user_fields.iter().filter(move |field| field.kind == kind)
    }

    pub(crate) fn user_field(&self, kind: Kind, name: &str) -> Option<&UserField> {
        self.user_fields(kind).find(|field| field.name == name)
    }

    fn add_entry(&mut self, dictionary: &str, id: &str, name: &str, semantics: &'static str) {
        self.entries.push(DictionaryEntry {
            dictionary: dictionary.to_owned(),
            id: id.to_owned(),
            name: name.to_owned(),
            semantics,
            system: false,
        });
    }

    fn add_stages(&mut self, funnel: i64) {
        let prefix = if funnel == 0 { String::new() } else { format!("C{funnel}:") };
        for (id, name, semantics) in STAGES {
            self.entries.push(DictionaryEntry {
                dictionary: stage_dictionary(funnel),
                id: format!("{prefix}{id}"),
                name: (*name).to_owned(),
                semantics,
                system: matches!(*id, "NEW" | "WON" | "LOSE"),
            });
        }
    }
}

impl Portal {
    /// Adds a funnel with the usual stages (`C5:NEW`...), and returns its id.
    pub fn add_funnel(&mut self, name: &str) -> i64 {
        let largest = self.dictionaries.funnels.iter().map(|funnel| funnel.id).max();
        let id = largest.unwrap_or(0) + 1;
        self.dictionaries.funnels.push(Funnel { id, name: name.to_owned() });
        self.dictionaries.add_stages(id);
        id
    }

    /// Adds an entry to a dictionary (`HONORIFIC`, `SOURCE`, `DEAL_STAGE`...); a stage is an open
    /// one.
    pub fn add_status(&mut self, entity: &str, id: &str, name: &str) {
        let semantics = if entity.starts_with("DEAL_STAGE") { "P" } else { "" };
        self.dictionaries.add_entry(entity, id, name, semantics);
    }

    /// Removes an entry from a dictionary, as an administrator may do with all but system entries.
    pub fn remove_status(&mut self, entity: &str, id: &str) {
        self.dictionaries.entries.retain(|entry| entry.dictionary != entity || entry.id != id);
    }
}
