//! What hotels call the columns of the mirror, in their databases and in the reports of Ecvi.
//!
//! Such a name is a proposal and never an answer: a person confirms it.

use super::mirror_table::MirrorTable;

/// A cell with all three names of a guest.
const WHOLE_NAME: (&str, &str) = ("фио", "last_name first_name middle_name");

const NAMES: &[(&str, &[&str])] = &[
    ("id", &["код", "ид", "идентификатор", "uuid", "guid"]),
    (
        "modified_at",
        &["изменен", "изменена", "изменено", "дата изменения", "modified", "changed", "updated"],
    ),
    ("last_name", &["фамилия", "surname", "family name"]),
    ("first_name", &["имя", "given name"]),
    ("middle_name", &["отчество", "patronymic"]),
    ("birth_date", &["дата рождения", "день рождения", "birthday", "born"]),
    ("phone", &["телефон", "телефоны", "мобильный", "phones", "mobile"]),
    ("email", &["e-mail", "почта", "эл. почта", "электронная почта", "emails", "mail"]),
    ("country", &["страна", "гражданство"]),
    ("region", &["область", "регион"]),
    ("city", &["город", "town"]),
    ("sex", &["пол", "gender"]),
    ("comment", &["комментарий", "примечание", "comments", "note", "notes"]),
    ("is_vip", &["vip", "вип"]),
    ("is_blacklisted", &["черный список", "blacklisted", "blacklist"]),
    ("name", &["название", "наименование", "title"]),
    ("address", &["адрес", "street"]),
    ("postal_code", &["индекс", "zip"]),
    ("number", &["номер", "номер заявки", "номер брони", "booking number"]),
    ("status", &["статус", "состояние", "state"]),
    ("arrival", &["заезд", "дата заезда", "время заезда", "check in", "date from"]),
    ("departure", &["выезд", "дата выезда", "время выезда", "check out", "date to"]),
    ("amount", &["сумма", "стоимость", "итого", "sum", "total", "price"]),
    ("guest_id", &["гость", "код гостя", "guest", "person id", "client id", "customer id"]),
    ("company_id", &["компания", "код компании", "организация", "company"]),
    ("payer_company_id", &["плательщик", "код плательщика", "payer", "payer id"]),
    ("booking_id", &["бронь", "заявка", "код заявки", "booking", "order id", "reservation id"]),
    ("room", &["комната", "номер комнаты", "room number"]),
    ("position", &["порядок"]),
    ("crm_id", &["id crm", "bitrix id"]),
];

/// `Дата рождения` -> `датарождения`
pub fn plain_name(name: &str) -> String {
    let mut plain = name.to_lowercase().replace('ё', "е");
    plain.retain(char::is_alphanumeric);
    plain
}

/// Whether hotels call a column so.
pub fn is_called(name: &str, column: &str) -> bool {
    let name = plain_name(name);
    plain_name(column) == name || names_of(column).iter().any(|known| plain_name(known) == name)
}

fn names_of(column: &str) -> &'static [&'static str] {
    let own = NAMES.iter().find(|(known, _)| *known == column);
    own.map_or(&[], |(_, names)| *names)
}

/// The column of a table that is called so, or the columns that the words of its cells are for.
pub fn columns_called(name: &str, table: MirrorTable) -> Option<&'static str> {
    let (whole, parts) = WHOLE_NAME;
    if table == MirrorTable::Guests && plain_name(name) == whole {
        return Some(parts);
    }
    table.columns().iter().find(|column| is_called(name, column)).copied()
}

/// Every name that a column of a table may have.
pub fn names_in(table: MirrorTable) -> Vec<&'static str> {
    let mut names = vec![WHOLE_NAME.0];
    for column in table.columns() {
        names.push(column);
        names.extend(names_of(column));
    }
    names
}
