//! Finds tables and columns of a mirror of another shape by their names, and the custom field of
//! the portal that fits a column. These are proposals: a person confirms them.

use crate::domain::column_names::{is_called, plain_name};
use crate::domain::mirror_table::MirrorTable;
use crate::mirror::survey::{FoundTable, quoted};
use crate::sync::preflight::config_check::PortalOption;

/// Parts of the names that hotels give to a table.
const TABLE_NAMES: [(MirrorTable, &[&str]); 4] = [
    (MirrorTable::Guests, &["guest", "person", "client", "customer", "гост", "клиент", "физлиц"]),
    (
        MirrorTable::Companies,
        &["compan", "organi", "firm", "agent", "компани", "организаци", "юрлиц", "контрагент"],
    ),
    (MirrorTable::Bookings, &["booking", "reserv", "order", "брон", "заявк", "заказ"]),
    (
        MirrorTable::BookingGuests,
        &[
            "bookingguest", "stay", "resident", "orderperson", "прожива", "гостиброн", "гостизаяв",
            "ктоживет",
        ],
    ),
];

/// Columns that no custom field is for.
const NOT_FOR_FIELDS: [&str; 3] = ["id", "modified_at", "crm_id"];

/// Words of custom fields beside what their columns are called.
const FIELD_NAMES: [(&str, &[&str]); 5] = [
    ("tariff", &["тариф"]),
    ("meal_plan", &["питание", "типпитания"]),
    ("source", &["источник", "источникброни"]),
    ("loyalty_card", &["картагостя", "картлояльности", "карталояльности"]),
    ("rooms", &["номера", "комнаты"]),
];

/// The table that is read as one of the mirror's, and which of its columns is which.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Matches {
    /// Column of the mirror, column of the table.
    pub(super) columns: Vec<(&'static str, String)>,
    /// Needed, and called by no name that is known.
    pub(super) missing: Vec<&'static str>,
}

/// Finds the columns of the mirror among those of a hotel's table.
pub(super) fn match_columns(table: MirrorTable, found: &FoundTable) -> Matches {
    let mut matches = Matches { columns: Vec::new(), missing: Vec::new() };
    for wanted in table.columns() {
        let exact = found.columns.iter().find(|column| column == wanted);
        match exact.or_else(|| found.columns.iter().find(|column| is_called(column, wanted))) {
            Some(column) => matches.columns.push((wanted, column.clone())),
            None if table.required_columns().contains(wanted) => matches.missing.push(wanted),
            None => {}
        }
    }
    matches
}

/// The table that seems to hold these rows, by its name; none where no name fits.
pub(super) fn best_table(table: MirrorTable, found: &[FoundTable]) -> Option<usize> {
    let named = found.iter().enumerate().filter(|(_, candidate)| is_named(table, &candidate.name));
    let best = named.max_by_key(|(_, candidate)| {
        let matches = match_columns(table, candidate);
        (matches.missing.is_empty(), matches.columns.len())
    });
    best.map(|(at, _)| at)
}

/// A table of guests of bookings is called by both words, and is none of guests.
fn is_named(table: MirrorTable, name: &str) -> bool {
    let name = plain_name(name);
    let is_of_both = has_part(&name, MirrorTable::Bookings) && has_part(&name, MirrorTable::Guests);
    match table {
        MirrorTable::BookingGuests => has_part(&name, table) || is_of_both,
        MirrorTable::Guests | MirrorTable::Bookings => has_part(&name, table) && !is_of_both,
        MirrorTable::Companies => has_part(&name, table),
    }
}

fn has_part(name: &str, table: MirrorTable) -> bool {
    let own = TABLE_NAMES.iter().find(|(of, _)| *of == table);
    own.is_some_and(|(_, parts)| parts.iter().any(|part| name.contains(part)))
}

/// The query that reads a table of another shape. All its columns stay available to custom fields.
pub(super) fn query(found: &FoundTable, columns: &[(&str, String)]) -> String {
    let renamed = columns.iter().filter(|(wanted, column)| wanted != column);
    let renamed: Vec<String> =
        renamed.map(|(wanted, column)| format!(", {} AS {wanted}", quoted(column))).collect();
    format!("SELECT *{} FROM {}", renamed.concat(), quoted(&found.name))
}

/// The query of a hotel that has no such rows.
pub(super) fn empty_query(table: MirrorTable) -> String {
    let columns: Vec<String> =
        table.required_columns().iter().map(|column| format!("NULL AS {column}")).collect();
    format!("SELECT {} WHERE 0", columns.join(", "))
}

/// The column that a custom field of the portal seems to be for.
pub(super) fn column_for<'c>(field: &PortalOption, columns: &'c [String]) -> Option<&'c String> {
    let own = plain_name(field.id.trim_start_matches("UF_CRM_"));
    let label = plain_name(&field.name);
    columns.iter().find(|column| {
        let words = FIELD_NAMES.iter().find(|(known, _)| known == column);
        let is_word = words.is_some_and(|(_, words)| words.contains(&label.as_str()));
        let is_meant = plain_name(column) == own || is_word || is_called(&label, column);
        is_meant && !NOT_FOR_FIELDS.contains(&column.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, columns: &[&str]) -> FoundTable {
        FoundTable {
            name: name.to_owned(),
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn of_another_shape() -> Vec<FoundTable> {
        vec![
            table("Гости", &["Код", "Фамилия", "Имя", "Карта"]),
            table("Гости брони", &["Заявка", "Гость"]),
            table("Заявки", &["Код", "Номер", "Состояние", "Заезд", "Выезд", "Гость"]),
            table("Организации", &["Код", "Название"]),
            table("log", &["id"]),
        ]
    }

    #[test]
    fn tables_are_known_by_their_names_in_both_languages() {
        let found = of_another_shape();
        let best = MirrorTable::ALL.map(|table| best_table(table, &found));
        assert_eq!(best, [Some(0), Some(3), Some(2), Some(1)]);
        let english = [table("order_persons", &[]), table("orders", &[]), table("persons", &[])];
        let best = MirrorTable::ALL.map(|table| best_table(table, &english));
        assert_eq!(best, [Some(2), None, Some(1), Some(0)]);
    }

    #[test]
    fn columns_are_known_by_their_names_and_the_query_renames_them() {
        let found = of_another_shape();
        let bookings = match_columns(MirrorTable::Bookings, &found[2]);
        assert!(bookings.missing.is_empty(), "{bookings:?}");
        assert_eq!(
            query(&found[2], &bookings.columns),
            "SELECT *, \"Код\" AS id, \"Номер\" AS number, \"Состояние\" AS status, \"Заезд\" AS arrival, \
             \"Выезд\" AS departure, \"Гость\" AS guest_id FROM \"Заявки\""
        );
        let guests = table("guests", &["id", "surname", "born"]);
        let matches = match_columns(MirrorTable::Guests, &guests);
        assert_eq!(
            query(&guests, &matches.columns),
            "SELECT *, \"surname\" AS last_name, \"born\" AS birth_date FROM \"guests\""
        );
        let strange = match_columns(MirrorTable::BookingGuests, &table("x", &["a", "b"]));
        assert_eq!(strange.missing, ["booking_id", "guest_id"]);
    }

    #[test]
    fn a_field_fits_a_column_by_its_code_its_label_or_a_word_of_hotels() {
        let columns = ["id", "tariff", "loyalty_card", "arrival", "Питание"].map(str::to_owned);
        let field = |id: &str, name: &str| PortalOption {
            id: id.into(),
            name: name.into(),
            semantics: None,
        };
        for (field, column) in [
            (field("UF_CRM_LOYALTY_CARD", ""), Some("loyalty_card")),
            (field("UF_CRM_1700000000", "Тариф"), Some("tariff")),
            (field("UF_CRM_1700000001", "Дата заезда"), Some("arrival")),
            (field("UF_CRM_1700000002", "питание"), Some("Питание")),
            (field("UF_CRM_ID", "Код"), None),
            (field("UF_CRM_OTHER", "Другое"), None),
        ] {
            assert_eq!(column_for(&field, &columns).map(String::as_str), column, "{field:?}");
        }
    }
}
