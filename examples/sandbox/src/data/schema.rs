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
    /// Phones, e-mails and the like: rows with ids.
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
    /// Whether an object has several of it: phones and other rows, contacts, companies.
    pub(crate) fn is_multiple(self) -> bool {
        matches!(self, Type::Multi | Type::Contacts | Type::Companies)
    }

    /// Whether the database compares it as a number.
    pub(crate) fn is_number(self) -> bool {
        match self {
            Type::Integer | Type::Money | Type::User | Type::Contact | Type::Company => true,
            Type::Contacts | Type::Companies | Type::Category | Type::Lead | Type::Quote => true,
            Type::Text(_) | Type::Comments | Type::Flag | Type::Status(_) => false,
            Type::Date | Type::DateTime => false,
            Type::Currency | Type::Multi | Type::File | Type::Location => false,
        }
    }
}

/// Who may write a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Writable,
    ReadOnly,
    /// Writable only when the object is made.
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

const fn writable(name: &'static str, holds: Type, title: &'static str) -> Field {
    Field { name, holds, access: Access::Writable, title }
}

const fn read_only(name: &'static str, holds: Type, title: &'static str) -> Field {
    Field { name, holds, access: Access::ReadOnly, title }
}

use Type::{
    Category, Comments, Companies, Company, Contact, Contacts, Currency, Date, DateTime, File,
    Flag, Integer, Lead, Location, Money, Multi, Quote, Status, Text, User,
};

/// Fields that objects of all kinds have.
const COMMON: &[Field] = &[
    read_only("ID", Integer, "ID"),
    writable("OPENED", Flag, "Доступен для всех"),
    writable("COMMENTS", Comments, "Комментарий"),
    writable("ASSIGNED_BY_ID", User, "Ответственный"),
    read_only("CREATED_BY_ID", User, "Кем создан"),
    read_only("MODIFY_BY_ID", User, "Кем изменён"),
    read_only("DATE_CREATE", DateTime, "Дата создания"),
    read_only("DATE_MODIFY", DateTime, "Дата изменения"),
    read_only("LEAD_ID", Lead, "Лид"),
    writable("ORIGINATOR_ID", Text(255), "Внешний источник"),
    writable("ORIGIN_ID", Text(255), "Идентификатор элемента во внешнем источнике"),
    writable("UTM_SOURCE", Text(255), "Рекламная система"),
    writable("UTM_MEDIUM", Text(255), "Тип трафика"),
    writable("UTM_CAMPAIGN", Text(255), "Обозначение рекламной кампании"),
    writable("UTM_CONTENT", Text(255), "Содержание кампании"),
    writable("UTM_TERM", Text(255), "Условие поиска кампании"),
    read_only("LAST_ACTIVITY_BY", User, "Кем последний раз изменено"),
    read_only("LAST_ACTIVITY_TIME", DateTime, "Последняя активность"),
];

/// Fields that contacts and companies have alike.
const CONTACT_AND_COMPANY: &[Field] = &[
    writable("PHONE", Multi, "Телефон"),
    writable("EMAIL", Multi, "E-mail"),
    writable("WEB", Multi, "Сайт"),
    writable("IM", Multi, "Мессенджер"),
    writable("LINK", Multi, "LINK"),
    read_only("HAS_PHONE", Flag, "Задан телефон"),
    read_only("HAS_EMAIL", Flag, "Задан e-mail"),
    read_only("HAS_IMOL", Flag, "Задана открытая линия"),
    writable("ORIGIN_VERSION", Text(255), "Версия данных во внешней системе"),
    writable("ADDRESS", Text(1024), "Улица, дом, корпус, строение"),
    writable("ADDRESS_2", Text(1024), "Квартира, офис, комната, этаж"),
    writable("ADDRESS_CITY", Text(128), "Город"),
    writable("ADDRESS_POSTAL_CODE", Text(16), "Почтовый индекс"),
    writable("ADDRESS_REGION", Text(128), "Район"),
    writable("ADDRESS_PROVINCE", Text(128), "Область"),
    writable("ADDRESS_COUNTRY", Text(128), "Страна"),
    writable("ADDRESS_COUNTRY_CODE", Text(100), "Код страны"),
    writable("ADDRESS_LOC_ADDR_ID", Integer, "Идентификатор адреса местоположения"),
];

const CONTACT: &[Field] = &[
    writable("HONORIFIC", Status("HONORIFIC"), "Обращение"),
    writable("NAME", Text(50), "Имя"),
    writable("SECOND_NAME", Text(50), "Отчество"),
    writable("LAST_NAME", Text(50), "Фамилия"),
    writable("PHOTO", File, "Фотография"),
    writable("BIRTHDATE", Date, "Дата рождения"),
    writable("TYPE_ID", Status("CONTACT_TYPE"), "Тип контакта"),
    writable("SOURCE_ID", Status("SOURCE"), "Источник"),
    writable("SOURCE_DESCRIPTION", Text(65535), "Дополнительно об источнике"),
    writable("POST", Text(255), "Должность"),
    writable("EXPORT", Flag, "Участвует в экспорте контактов"),
    writable("COMPANY_ID", Company, "Компания"),
    writable("COMPANY_IDS", Companies, "Компании"),
    writable("FACE_ID", Integer, "Привязка к лицам из Face-трекера"),
];

const COMPANY: &[Field] = &[
    writable("TITLE", Text(255), "Название компании"),
    writable("COMPANY_TYPE", Status("COMPANY_TYPE"), "Тип компании"),
    writable("LOGO", File, "Логотип"),
    writable("REG_ADDRESS", Text(1024), "Юридический адрес"),
    writable("REG_ADDRESS_2", Text(1024), "Юридический адрес (квартира, офис)"),
    writable("REG_ADDRESS_CITY", Text(128), "Город юридического адреса"),
    writable("REG_ADDRESS_POSTAL_CODE", Text(16), "Индекс юридического адреса"),
    writable("REG_ADDRESS_REGION", Text(128), "Район юридического адреса"),
    writable("REG_ADDRESS_PROVINCE", Text(128), "Область юридического адреса"),
    writable("REG_ADDRESS_COUNTRY", Text(128), "Страна юридического адреса"),
    writable("REG_ADDRESS_COUNTRY_CODE", Text(100), "Код страны юридического адреса"),
    writable("REG_ADDRESS_LOC_ADDR_ID", Integer, "Идентификатор юридического адреса"),
    writable("ADDRESS_LEGAL", Text(1024), "Юридический адрес"),
    writable("BANKING_DETAILS", Text(65535), "Банковские реквизиты"),
    writable("INDUSTRY", Status("INDUSTRY"), "Сфера деятельности"),
    writable("EMPLOYEES", Status("EMPLOYEES"), "Кол-во сотрудников"),
    writable("CURRENCY_ID", Currency, "Валюта"),
    writable("REVENUE", Money, "Годовой оборот"),
    writable("IS_MY_COMPANY", Flag, "Моя компания"),
    writable("CONTACT_ID", Contacts, "Контакт"),
];

const DEAL: &[Field] = &[
    writable("TITLE", Text(255), "Название"),
    writable("TYPE_ID", Status("DEAL_TYPE"), "Тип"),
    Field { name: "CATEGORY_ID", holds: Category, access: Access::Once, title: "Воронка" },
    writable("STAGE_ID", Status("DEAL_STAGE"), "Стадия сделки"),
    read_only("STAGE_SEMANTIC_ID", Text(1), "Группа стадии"),
    read_only("IS_NEW", Flag, "Новая сделка"),
    writable("IS_RECURRING", Flag, "Регулярная сделка"),
    writable("IS_RETURN_CUSTOMER", Flag, "Повторная сделка"),
    writable("IS_REPEATED_APPROACH", Flag, "Повторное обращение"),
    writable("PROBABILITY", Integer, "Вероятность"),
    writable("CURRENCY_ID", Currency, "Валюта"),
    writable("OPPORTUNITY", Money, "Сумма"),
    writable("IS_MANUAL_OPPORTUNITY", Flag, "Ручной режим расчёта суммы"),
    writable("TAX_VALUE", Money, "Ставка налога"),
    writable("COMPANY_ID", Company, "Компания"),
    writable("CONTACT_ID", Contact, "Контакт"),
    writable("CONTACT_IDS", Contacts, "Контакты"),
    read_only("QUOTE_ID", Quote, "Предложение"),
    writable("BEGINDATE", Date, "Дата начала"),
    writable("CLOSEDATE", Date, "Дата завершения"),
    writable("CLOSED", Flag, "Сделка закрыта"),
    writable("SOURCE_ID", Status("SOURCE"), "Источник"),
    writable("SOURCE_DESCRIPTION", Text(65535), "Дополнительно об источнике"),
    writable("ADDITIONAL_INFO", Text(65535), "Дополнительная информация"),
    writable("LOCATION_ID", Location, "Местоположение"),
    read_only("MOVED_BY_ID", User, "Кем изменена стадия"),
    read_only("MOVED_TIME", DateTime, "Дата изменения стадии"),
];

/// All standard fields of a kind.
pub(crate) fn fields_of(kind: Kind) -> impl Iterator<Item = &'static Field> {
    let (own, shared) = match kind {
        Kind::Contact => (CONTACT, CONTACT_AND_COMPANY),
        Kind::Company => (COMPANY, CONTACT_AND_COMPANY),
        Kind::Deal => (DEAL, [].as_slice()),
    };
    own.iter().chain(shared).chain(COMMON)
}

/// A standard field by its exact legacy name.
pub(crate) fn find_field(kind: Kind, name: &str) -> Option<&'static Field> {
    fields_of(kind).find(|field| field.name == name)
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
        assert!(find_field(Kind::Contact, "ORIGIN_VERSION").is_some());
        assert!(find_field(Kind::Company, "ORIGIN_VERSION").is_some());
        assert!(find_field(Kind::Deal, "ORIGIN_VERSION").is_none());
    }
}
