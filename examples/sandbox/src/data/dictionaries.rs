//! The dictionaries of a Russian portal: stages, types, sources, currencies, funnels (facts,
//! section 6).

use crate::data::record::Kind;
use crate::data::user_field::UserField;
use crate::portal::Portal;

/// An entry of a dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) entity: String,
    pub(crate) id: String,
    pub(crate) name: String,
    /// `P`, `S`, `F` for stages.
    pub(crate) semantics: &'static str,
    pub(crate) system: bool,
}

/// A funnel of deals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Category {
    pub(crate) id: i64,
    pub(crate) name: String,
}

/// All dictionaries.
#[derive(Debug, Clone)]
pub(crate) struct Dictionaries {
    pub(crate) statuses: Vec<Status>,
    pub(crate) categories: Vec<Category>,
    pub(crate) currencies: Vec<String>,
    pub(crate) user_fields: Vec<UserField>,
}

type Entry = (&'static str, &'static str);

const HONORIFIC: &[Entry] = &[("HNR_RU_1", "г-н"), ("HNR_RU_2", "г-жа")];
const CONTACT_TYPE: &[Entry] = &[
    ("CLIENT", "Клиенты"),
    ("SUPPLIER", "Поставщики"),
    ("PARTNER", "Партнёры"),
    ("OTHER", "Другое"),
];
const COMPANY_TYPE: &[Entry] = &[
    ("CUSTOMER", "Клиент"),
    ("SUPPLIER", "Поставщик"),
    ("COMPETITOR", "Конкурент"),
    ("PARTNER", "Партнёр"),
    ("OTHER", "Другое"),
];
const SOURCE: &[Entry] = &[
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
const DEAL_TYPE: &[Entry] = &[
    ("SALE", "Продажа"),
    ("COMPLEX", "Комплексная продажа"),
    ("GOODS", "Продажа товара"),
    ("SERVICES", "Услуги"),
    ("SERVICE", "Сервисное обслуживание"),
];
const INDUSTRY: &[Entry] = &[
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
const EMPLOYEES: &[Entry] = &[
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

impl Default for Dictionaries {
    fn default() -> Dictionaries {
        let plain = [
            ("HONORIFIC", HONORIFIC),
            ("CONTACT_TYPE", CONTACT_TYPE),
            ("COMPANY_TYPE", COMPANY_TYPE),
            ("SOURCE", SOURCE),
            ("DEAL_TYPE", DEAL_TYPE),
            ("INDUSTRY", INDUSTRY),
            ("EMPLOYEES", EMPLOYEES),
        ];
        let status = |entity: &str, id: &str, name: &str| Status {
            entity: entity.to_owned(),
            id: id.to_owned(),
            name: name.to_owned(),
            semantics: "",
            system: false,
        };
        let entries = plain
            .iter()
            .flat_map(|(entity, list)| list.iter().map(|(id, name)| status(entity, id, name)));
        Dictionaries {
            statuses: entries.chain(stages(0)).collect(),
            categories: vec![Category { id: 0, name: "Общая".to_owned() }],
            currencies: ["RUB", "USD", "EUR"].map(str::to_owned).to_vec(),
            user_fields: Vec::new(),
        }
    }
}

/// The dictionary of a funnel's stages.
pub(crate) fn stage_entity(funnel: i64) -> String {
    if funnel == 0 { "DEAL_STAGE".to_owned() } else { format!("DEAL_STAGE_{funnel}") }
}

fn stages(funnel: i64) -> impl Iterator<Item = Status> {
    let prefix = if funnel == 0 { String::new() } else { format!("C{funnel}:") };
    STAGES.iter().map(move |(id, name, semantics)| Status {
        entity: stage_entity(funnel),
        id: format!("{prefix}{id}"),
        name: (*name).to_owned(),
        semantics,
        system: matches!(*id, "NEW" | "WON" | "LOSE"),
    })
}

impl Dictionaries {
    /// The entries of a dictionary.
    pub(crate) fn of(&self, entity: &str) -> impl Iterator<Item = &Status> {
        self.statuses.iter().filter(move |status| status.entity == entity)
    }

    /// The first entry of a dictionary.
    pub(crate) fn first(&self, entity: &str) -> Option<String> {
        self.of(entity).next().map(|status| status.id.clone())
    }

    /// `P`, `S` or `F` of a stage.
    pub(crate) fn semantics(&self, stage: &str) -> &'static str {
        self.statuses
            .iter()
            .find(|status| status.id == stage && !status.semantics.is_empty())
            .map_or("P", |s| s.semantics)
    }

    /// The stage that a deal of this funnel gets: the wanted one if the funnel has it; else the old
    /// one; else, for a stage of another funnel, the first of the same semantics; else the first
    /// (facts, section 7.1).
    pub(crate) fn stage(&self, funnel: i64, wanted: Option<&str>, old: Option<&str>) -> String {
        let entity = stage_entity(funnel);
        let wanted = wanted.unwrap_or_default();
        if self.of(&entity).any(|status| status.id == wanted) {
            return wanted.to_owned();
        }
        let semantics = self.semantics(wanted);
        let first = || {
            self.of(&entity)
                .find(|status| status.semantics == semantics)
                .map(|status| status.id.clone())
        };
        old.map(str::to_owned).or_else(first).unwrap_or_default()
    }

    pub(crate) fn base_currency(&self) -> String {
        self.currencies.first().cloned().unwrap_or_default()
    }

    pub(crate) fn next_user_field(&self) -> u64 {
        self.user_fields.iter().map(|field| field.id).max().unwrap_or(0) + 1
    }

    pub(crate) fn user_fields(&self, kind: Kind) -> impl Iterator<Item = &UserField> {
        self.user_fields.iter().filter(move |field| field.kind == kind)
    }

    pub(crate) fn user_field(&self, kind: Kind, name: &str) -> Option<&UserField> {
        self.user_fields(kind).find(|field| field.name == name)
    }
}

impl Portal {
    /// Adds a funnel with the usual stages (`C5:NEW`...), and returns its id.
    pub fn add_funnel(&mut self, name: &str) -> i64 {
        let id =
            self.dictionaries.categories.iter().map(|category| category.id).max().unwrap_or(0) + 1;
        self.dictionaries.categories.push(Category { id, name: name.to_owned() });
        self.dictionaries.statuses.extend(stages(id));
        id
    }

    /// Adds an entry to a dictionary (`HONORIFIC`, `SOURCE`, `DEAL_STAGE`...); a stage is an open
    /// one.
    pub fn add_status(&mut self, entity: &str, id: &str, name: &str) {
        let semantics = if entity.starts_with("DEAL_STAGE") { "P" } else { "" };
        let (entity, id, name) = (entity.to_owned(), id.to_owned(), name.to_owned());
        self.dictionaries.statuses.push(Status { entity, id, name, semantics, system: false });
    }

    /// Removes an entry from a dictionary, as an administrator may do with all but system entries.
    pub fn remove_status(&mut self, entity: &str, id: &str) {
        self.dictionaries.statuses.retain(|status| status.entity != entity || status.id != id);
    }
}
