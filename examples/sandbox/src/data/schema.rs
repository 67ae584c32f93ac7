//! The fields of contacts, companies and deals: name, type, who may write them, and the Russian
//! caption.
//!
//! Sources: `crm.contact.fields`, `crm.company.fields`, `crm.deal.fields` of the official
//! documentation; lengths are those of the database's columns (facts, section 1.7).

use crate::data::record::Kind;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Integer,
    /// A text cut at so many characters.
    Text(usize),
    Comments,
    Flag,
    /// An entry of this dictionary.
    Status(&'static str),
    Date,
    DateTime,
    Money,
    User,
    Contact,
    Company,
    Contacts,
    Companies,
    Currency,
    Category,
    /// Phones and the like.
    Multi,
    /// An image; the sandbox keeps no files.
    File,
    /// A place of the directory of places.
    Location,
    /// A lead, which the sandbox does not know.
    Lead,
    /// A quote, which the sandbox does not know.
    Quote,
}

impl Type {
    /// Whether the database compares it as a number.
    pub(crate) fn is_number(self) -> bool {
        match self {
            Type::Integer | Type::Money | Type::User | Type::Contact | Type::Company => true,
            Type::Contacts | Type::Companies | Type::Category | Type::Lead | Type::Quote => true,
            Type::Text(_)
            | Type::Comments
            | Type::Flag
            | Type::Status(_)
            | Type::Date
            | Type::DateTime => false,
            Type::Currency | Type::Multi | Type::File | Type::Location => false,
        }
    }
}

/// Who may write a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Open,
    ReadOnly,
    /// Only when the object is made.
    Once,
}

/// A field of the standard schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) holds: Type,
    pub(crate) access: Access,
    pub(crate) title: &'static str,
}

const fn open(name: &'static str, holds: Type, title: &'static str) -> Field {
    Field { name, holds, access: Access::Open, title }
}

const fn fixed(name: &'static str, holds: Type, title: &'static str) -> Field {
    Field { name, holds, access: Access::ReadOnly, title }
}

use Type::{
    Category, Comments, Companies, Company, Contact, Contacts, Currency, Date, DateTime, File,
    Flag, Integer, Lead, Location, Money, Multi, Quote, Status, Text, User,
};

const COMMON: &[Field] = &[
    fixed("ID", Integer, "ID"),
    open("OPENED", Flag, "Доступен для всех"),
    open("COMMENTS", Comments, "Комментарий"),
    open("ASSIGNED_BY_ID", User, "Ответственный"),
    fixed("CREATED_BY_ID", User, "Кем создан"),
    fixed("MODIFY_BY_ID", User, "Кем изменён"),
    fixed("DATE_CREATE", DateTime, "Дата создания"),
    fixed("DATE_MODIFY", DateTime, "Дата изменения"),
    fixed("LEAD_ID", Lead, "Лид"),
    open("ORIGINATOR_ID", Text(255), "Внешний источник"),
    open("ORIGIN_ID", Text(255), "Идентификатор элемента во внешнем источнике"),
    open("UTM_SOURCE", Text(255), "Рекламная система"),
    open("UTM_MEDIUM", Text(255), "Тип трафика"),
    open("UTM_CAMPAIGN", Text(255), "Обозначение рекламной кампании"),
    open("UTM_CONTENT", Text(255), "Содержание кампании"),
    open("UTM_TERM", Text(255), "Условие поиска кампании"),
    fixed("LAST_ACTIVITY_BY", User, "Кем последний раз изменено"),
    fixed("LAST_ACTIVITY_TIME", DateTime, "Последняя активность"),
];

const PERSON: &[Field] = &[
    open("PHONE", Multi, "Телефон"),
    open("EMAIL", Multi, "E-mail"),
    open("WEB", Multi, "Сайт"),
    open("IM", Multi, "Мессенджер"),
    open("LINK", Multi, "LINK"),
    fixed("HAS_PHONE", Flag, "Задан телефон"),
    fixed("HAS_EMAIL", Flag, "Задан e-mail"),
    fixed("HAS_IMOL", Flag, "Задана открытая линия"),
    open("ORIGIN_VERSION", Text(255), "Версия данных во внешней системе"),
    open("ADDRESS", Text(1024), "Улица, дом, корпус, строение"),
    open("ADDRESS_2", Text(1024), "Квартира, офис, комната, этаж"),
    open("ADDRESS_CITY", Text(128), "Город"),
    open("ADDRESS_POSTAL_CODE", Text(16), "Почтовый индекс"),
    open("ADDRESS_REGION", Text(128), "Район"),
    open("ADDRESS_PROVINCE", Text(128), "Область"),
    open("ADDRESS_COUNTRY", Text(128), "Страна"),
    open("ADDRESS_COUNTRY_CODE", Text(100), "Код страны"),
    open("ADDRESS_LOC_ADDR_ID", Integer, "Идентификатор адреса местоположения"),
];

const CONTACT: &[Field] = &[
    open("HONORIFIC", Status("HONORIFIC"), "Обращение"),
    open("NAME", Text(50), "Имя"),
    open("SECOND_NAME", Text(50), "Отчество"),
    open("LAST_NAME", Text(50), "Фамилия"),
    open("PHOTO", File, "Фотография"),
    open("BIRTHDATE", Date, "Дата рождения"),
    open("TYPE_ID", Status("CONTACT_TYPE"), "Тип контакта"),
    open("SOURCE_ID", Status("SOURCE"), "Источник"),
    open("SOURCE_DESCRIPTION", Text(65535), "Дополнительно об источнике"),
    open("POST", Text(255), "Должность"),
    open("EXPORT", Flag, "Участвует в экспорте контактов"),
    open("COMPANY_ID", Company, "Компания"),
    open("COMPANY_IDS", Companies, "Компании"),
    open("FACE_ID", Integer, "Привязка к лицам из Face-трекера"),
];

const COMPANY: &[Field] = &[
    open("TITLE", Text(255), "Название компании"),
    open("COMPANY_TYPE", Status("COMPANY_TYPE"), "Тип компании"),
    open("LOGO", File, "Логотип"),
    open("REG_ADDRESS", Text(1024), "Юридический адрес"),
    open("REG_ADDRESS_2", Text(1024), "Юридический адрес (квартира, офис)"),
    open("REG_ADDRESS_CITY", Text(128), "Город юридического адреса"),
    open("REG_ADDRESS_POSTAL_CODE", Text(16), "Индекс юридического адреса"),
    open("REG_ADDRESS_REGION", Text(128), "Район юридического адреса"),
    open("REG_ADDRESS_PROVINCE", Text(128), "Область юридического адреса"),
    open("REG_ADDRESS_COUNTRY", Text(128), "Страна юридического адреса"),
    open("REG_ADDRESS_COUNTRY_CODE", Text(100), "Код страны юридического адреса"),
    open("REG_ADDRESS_LOC_ADDR_ID", Integer, "Идентификатор юридического адреса"),
    open("ADDRESS_LEGAL", Text(1024), "Юридический адрес"),
    open("BANKING_DETAILS", Text(65535), "Банковские реквизиты"),
    open("INDUSTRY", Status("INDUSTRY"), "Сфера деятельности"),
    open("EMPLOYEES", Status("EMPLOYEES"), "Кол-во сотрудников"),
    open("CURRENCY_ID", Currency, "Валюта"),
    open("REVENUE", Money, "Годовой оборот"),
    open("IS_MY_COMPANY", Flag, "Моя компания"),
    open("CONTACT_ID", Contacts, "Контакт"),
];

const DEAL: &[Field] = &[
    open("TITLE", Text(255), "Название"),
    open("TYPE_ID", Status("DEAL_TYPE"), "Тип"),
    Field { name: "CATEGORY_ID", holds: Category, access: Access::Once, title: "Воронка" },
    open("STAGE_ID", Status("DEAL_STAGE"), "Стадия сделки"),
    fixed("STAGE_SEMANTIC_ID", Text(1), "Группа стадии"),
    fixed("IS_NEW", Flag, "Новая сделка"),
    open("IS_RECURRING", Flag, "Регулярная сделка"),
    open("IS_RETURN_CUSTOMER", Flag, "Повторная сделка"),
    open("IS_REPEATED_APPROACH", Flag, "Повторное обращение"),
    open("PROBABILITY", Integer, "Вероятность"),
    open("CURRENCY_ID", Currency, "Валюта"),
    open("OPPORTUNITY", Money, "Сумма"),
    open("IS_MANUAL_OPPORTUNITY", Flag, "Ручной режим расчёта суммы"),
    open("TAX_VALUE", Money, "Ставка налога"),
    open("COMPANY_ID", Company, "Компания"),
    open("CONTACT_ID", Contact, "Контакт"),
    open("CONTACT_IDS", Contacts, "Контакты"),
    fixed("QUOTE_ID", Quote, "Предложение"),
    open("BEGINDATE", Date, "Дата начала"),
    open("CLOSEDATE", Date, "Дата завершения"),
    open("CLOSED", Flag, "Сделка закрыта"),
    open("SOURCE_ID", Status("SOURCE"), "Источник"),
    open("SOURCE_DESCRIPTION", Text(65535), "Дополнительно об источнике"),
    open("ADDITIONAL_INFO", Text(65535), "Дополнительная информация"),
    open("LOCATION_ID", Location, "Местоположение"),
    fixed("MOVED_BY_ID", User, "Кем изменена стадия"),
    fixed("MOVED_TIME", DateTime, "Дата изменения стадии"),
];

/// All standard fields of a kind.
pub(crate) fn fields(kind: Kind) -> impl Iterator<Item = &'static Field> {
    let (own, shared) = match kind {
        Kind::Contact => (CONTACT, PERSON),
        Kind::Company => (COMPANY, PERSON),
        Kind::Deal => (DEAL, &[] as &[Field]),
    };
    own.iter().chain(shared).chain(COMMON)
}

/// A standard field by its exact legacy name.
pub(crate) fn find(kind: Kind, name: &str) -> Option<&'static Field> {
    fields(kind).find(|field| field.name == name)
}

/// Whether this is one of the parts of an address (facts, section 4.4).
pub(crate) fn is_address(name: &str) -> bool {
    name.starts_with("ADDRESS") || name.starts_with("REG_ADDRESS")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_version_exists_on_contacts_and_companies_but_not_on_deals() {
        assert!(find(Kind::Contact, "ORIGIN_VERSION").is_some());
        assert!(find(Kind::Company, "ORIGIN_VERSION").is_some());
        assert!(find(Kind::Deal, "ORIGIN_VERSION").is_none());
    }
}
