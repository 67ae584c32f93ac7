//! Custom fields: columns of the hotel's own, each in the form that the field's type asks for.
//!
//! The portal told the types when the configuration was verified. A value that the field cannot
//! hold is left out with a warning: the portal would drop it without one (docs/bitrix24.md, Custom
//! fields).

use std::collections::BTreeMap;

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{CrmFields, text, text_of_cell};
use crate::domain::failure_code::FailureCode;
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::mirror::values::{self, Decimal};

/// The types of the configured fields, by kind and by the portal's name.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FieldTypes(pub PerKind<BTreeMap<String, FieldType>>);

impl FieldTypes {
    /// The types of one kind's fields, by the portal's name.
    pub fn of(&self, kind: Kind) -> &BTreeMap<String, FieldType> {
        &self.0[kind]
    }
}

/// The type of a field.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FieldType {
    /// The form of one value; a text as long as the portal was not asked.
    pub form: ValueFormat,
    /// Whether the field holds a list of values.
    pub multiple: bool,
}

/// The form of one value.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum ValueFormat {
    /// A text, sent as it is.
    #[default]
    Text,
    /// A text in which commas belong to the value.
    Address,
    /// A whole number, also the number of a user or of an object.
    Integer,
    /// A number with a point before its fraction.
    Decimal,
    /// `123.45|RUB`, in this currency unless the column names another.
    Money(String),
    /// A day as `YYYY-MM-DD`.
    Date,
    /// `YYYY-MM-DDTHH:MM:SS`, without an offset: the hotel's wall clock, read by the portal as its
    /// own.
    DateTime,
    /// Yes or no, which each dialect of the portal spells in its own way.
    Boolean,
    /// Yes or no as `Y` or `N`.
    Flag,
    /// An item of a list, sent by its id.
    List(Vec<Item>),
}

/// An item of a list in the portal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Item {
    /// The portal's id of it, which is sent.
    pub id: String,
    /// The text that people see.
    pub text: String,
}

impl CrmFields {
    /// Fills `fields` (field -> column) from the row's own columns; an empty column clears the
    /// field.
    pub(super) fn custom(
        &mut self,
        fields: &BTreeMap<String, String>,
        extra: &Map<String, Value>,
        types: &BTreeMap<String, FieldType>,
    ) {
        let unknown = FieldType::default();
        let mut left_out = Vec::new();
        for (name, column) in fields {
            let field = types.get(name).unwrap_or(&unknown);
            let cell = match extra.get(column) {
                Some(cell) => cell_text(cell, &field.form),
                None => String::new(),
            };
            let (value, unfit) = convert(&cell, field);
            if let Some(value) = value {
                self.fields.insert(name.clone(), value);
            }
            for part in unfit {
                left_out.push(describe(name, column, part, &field.form));
            }
        }
        self.warn_left_out(FailureCode::FieldLeftOut, &left_out);
    }
}

/// A cell as text. The text `1.234` may mean a thousand, but the number 1.234 of a mirror does not,
/// so it gets a fourth decimal.
fn cell_text(cell: &Value, form: &ValueFormat) -> String {
    let text = text_of_cell(cell);
    let is_decimal = matches!(form, ValueFormat::Decimal | ValueFormat::Money(_));
    match text.split_once('.') {
        Some((_, fraction)) if fraction.len() == 3 && is_decimal && cell.is_number() => text + "0",
        _ => text,
    }
}

/// `UF_CRM_MEALS (meal_plan) = "FB+"`. Only the text of a list's item is shown: any other value may
/// be a person's data.
fn describe(name: &str, column: &str, value: &str, form: &ValueFormat) -> String {
    let value: String = value.chars().take(60).collect();
    match form {
        ValueFormat::List(_) => format!("{name} ({column}) = {value:?}"),
        ValueFormat::Text
        | ValueFormat::Address
        | ValueFormat::Integer
        | ValueFormat::Decimal
        | ValueFormat::Money(_)
        | ValueFormat::Date
        | ValueFormat::DateTime
        | ValueFormat::Boolean
        | ValueFormat::Flag => format!("{name} ({column})"),
    }
}

/// The value to send, none when nothing of the cell fits, and the parts that do not fit.
fn convert<'c>(cell: &'c str, field: &FieldType) -> (Option<Value>, Vec<&'c str>) {
    let cell = cell.trim();
    if cell.is_empty() {
        return (Some("".into()), Vec::new());
    }
    if !field.multiple {
        return match convert_value(cell, &field.form) {
            Some(value) => (Some(value), Vec::new()),
            None => (None, vec![cell]),
        };
    }
    let mut values = Vec::new();
    let mut unfit = Vec::new();
    for part in split_values(cell, &field.form) {
        match convert_value(part, &field.form) {
            Some(value) => values.push(value),
            None => unfit.push(part),
        }
    }
    let value = if values.is_empty() { None } else { Some(values.into()) };
    (value, unfit)
}

/// The values of a multiple field. An item of a list may have commas in its name.
fn split_values<'c>(cell: &'c str, form: &ValueFormat) -> Vec<&'c str> {
    let separators: &[char] = match form {
        ValueFormat::List(items) if match_list_item(cell, items).is_some() => &[],
        ValueFormat::Address => &[';'],
        _ => &[',', ';'],
    };
    cell.split(separators).map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn convert_value(value: &str, form: &ValueFormat) -> Option<Value> {
    match form {
        ValueFormat::Text | ValueFormat::Address => {
            Some(text::single_line(value, usize::MAX).into())
        }
        ValueFormat::Integer => integer(value).map(Value::from),
        ValueFormat::Decimal => decimal(value).map(Value::from),
        ValueFormat::Money(currency) => money(value, currency).map(Value::from),
        ValueFormat::Date => values::day(value).map(|date| date.to_string().into()),
        ValueFormat::DateTime => date_time(value).map(Value::from),
        ValueFormat::Boolean => values::flag(value).map(Value::from),
        ValueFormat::Flag => values::flag(value).map(|yes| if yes { "Y" } else { "N" }.into()),
        ValueFormat::List(items) => match_list_item(value, items).map(Value::from),
    }
}

fn integer(value: &str) -> Option<String> {
    let Decimal { is_negative, whole, fraction, .. } = values::decimal(value)?;
    let is_whole = fraction.bytes().all(|digit| digit == b'0');
    let number: i64 = whole.parse().ok().filter(|_| is_whole)?;
    Some(if is_negative { -number } else { number }.to_string())
}

fn decimal(value: &str) -> Option<String> {
    let Decimal { is_negative, whole, fraction, .. } = values::decimal(value)?;
    let sign = if is_negative { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

fn money(value: &str, currency: &str) -> Option<String> {
    let (amount, currency) = value.split_once('|').unwrap_or((value, currency));
    let currency = currency.trim();
    let is_code = !currency.is_empty() && currency.bytes().all(|byte| byte.is_ascii_alphabetic());
    decimal(amount.trim()).filter(|_| is_code).map(|amount| format!("{amount}|{currency}"))
}

fn date_time(value: &str) -> Option<String> {
    if let Ok(exact) = DateTime::parse_from_rfc3339(value) {
        return Some(exact.to_rfc3339());
    }
    let moment = values::moment(value)?;
    Some(moment.or_midnight().format("%Y-%m-%dT%H:%M:%S").to_string())
}

/// The id of the item with this text; else of the one whose text differs in case or blanks alone;
/// else of the one with this id.
fn match_list_item(value: &str, items: &[Item]) -> Option<String> {
    let lower = value.to_lowercase();
    let exact = items.iter().find(|item| item.text == value);
    let found = exact
        .or_else(|| items.iter().find(|item| item.text.trim().to_lowercase() == lower))
        .or_else(|| items.iter().find(|item| item.id == value))?;
    Some(found.id.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::warning::Warning;

    fn single(form: ValueFormat) -> FieldType {
        FieldType { form, multiple: false }
    }

    fn sent(cell: &str, form: ValueFormat) -> Option<Value> {
        convert(cell, &single(form)).0
    }

    fn meals() -> ValueFormat {
        let item = |id: &str, text: &str| Item { id: id.into(), text: text.into() };
        ValueFormat::List(vec![
            item("79", "Завтрак"),
            item("80", "Завтрак, ужин"),
            item("81", "3"),
            item("3", "Нет"),
        ])
    }

    #[test]
    fn an_empty_column_clears_the_field() {
        for form in [
            ValueFormat::Text,
            ValueFormat::Integer,
            ValueFormat::Date,
            ValueFormat::Boolean,
            meals(),
        ] {
            assert_eq!(sent("  ", form), Some(json!("")));
        }
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(sent("1 234", ValueFormat::Integer), Some(json!("1234")));
        assert_eq!(sent("5.0", ValueFormat::Integer), Some(json!("5")));
        assert_eq!(sent("5.5", ValueFormat::Integer), None);
        assert_eq!(sent("1\u{a0}234,50", ValueFormat::Decimal), Some(json!("1234.50")));
        assert_eq!(sent("1 234,567", ValueFormat::Decimal), Some(json!("1234.567")));
        assert_eq!(sent("1e5", ValueFormat::Decimal), None);
        for two_meanings in ["1,234", "1.234", "12 34", "1.234,5", "1'234"] {
            assert_eq!(sent(two_meanings, ValueFormat::Decimal), None, "{two_meanings}");
            assert_eq!(sent(two_meanings, ValueFormat::Integer), None, "{two_meanings}");
        }
        assert_eq!(sent("12.05.2024", ValueFormat::Decimal), None);
    }

    #[test]
    fn money_carries_its_currency() {
        assert_eq!(sent("123,45", ValueFormat::Money("RUB".into())), Some(json!("123.45|RUB")));
        assert_eq!(sent("10|USD", ValueFormat::Money("RUB".into())), Some(json!("10|USD")));
        assert_eq!(sent("много", ValueFormat::Money("RUB".into())), None);
    }

    #[test]
    fn a_date_is_sent_bare_and_a_time_without_an_offset() {
        for cell in ["2024-05-12", "2024-05-12 14:00", "2024-05-12T14:00:00", "12.05.2024"] {
            assert_eq!(sent(cell, ValueFormat::Date), Some(json!("2024-05-12")), "{cell}");
        }
        for cell in ["2024-05-12 14:00", "2024-05-12T14:00:00.000", "12.05.2024 14:00"] {
            assert_eq!(
                sent(cell, ValueFormat::DateTime),
                Some(json!("2024-05-12T14:00:00")),
                "{cell}"
            );
        }
        assert_eq!(sent("2024-05-12", ValueFormat::DateTime), Some(json!("2024-05-12T00:00:00")));
        assert_eq!(
            sent("2024-05-12T14:00:00+05:00", ValueFormat::DateTime),
            Some(json!("2024-05-12T14:00:00+05:00"))
        );
        for cell in ["2024-05-11T21:00:00Z", "2024-05-12 или 13", "01.02.03", "0000-00-00"] {
            assert_eq!(sent(cell, ValueFormat::Date), None, "{cell}");
        }
        for cell in ["2024-02-30", "вчера", "2024-05-12 25:00"] {
            assert_eq!(sent(cell, ValueFormat::DateTime), None, "{cell}");
        }
    }

    #[test]
    fn a_yes_and_a_no_are_known_in_both_languages() {
        assert_eq!(sent("Да", ValueFormat::Boolean), Some(json!(true)));
        assert_eq!(sent("0", ValueFormat::Boolean), Some(json!(false)));
        assert_eq!(sent("true", ValueFormat::Flag), Some(json!("Y")));
        assert_eq!(sent("может быть", ValueFormat::Boolean), None);
    }

    #[test]
    fn an_item_of_a_list_is_known_by_its_words_before_its_id() {
        assert_eq!(sent("завтрак", meals()), Some(json!("79")));
        assert_eq!(sent("79", meals()), Some(json!("79")));
        assert_eq!(sent("3", meals()), Some(json!("81")));
        assert_eq!(sent("Обед", meals()), None);
    }

    #[test]
    fn several_values_are_separated_by_commas_and_semicolons() {
        let multiple = |form| FieldType { form, multiple: true };
        assert_eq!(
            convert("a, b;c;", &multiple(ValueFormat::Text)).0,
            Some(json!(["a", "b", "c"]))
        );
        assert_eq!(
            convert("Омск, Мира 1; Тула", &multiple(ValueFormat::Address)).0,
            Some(json!(["Омск, Мира 1", "Тула"]))
        );
        assert_eq!(convert("завтрак, ужин", &multiple(meals())).0, Some(json!(["80"])));
        assert_eq!(
            convert("Завтрак; Обед", &multiple(meals())),
            (Some(json!(["79"])), vec!["Обед"])
        );
        assert_eq!(convert("Обед", &multiple(meals())), (None, vec!["Обед"]));
    }

    #[test]
    fn a_value_that_does_not_fit_is_left_out_with_one_warning_that_names_field_and_column() {
        let names = [("UF_CRM_MEALS", "meal"), ("UF_CRM_PASSPORT_DATE", "issued")];
        let fields = names.map(|(name, column)| (name.to_owned(), column.to_owned())).into();
        let types = BTreeMap::from([
            ("UF_CRM_MEALS".to_owned(), single(meals())),
            ("UF_CRM_PASSPORT_DATE".to_owned(), single(ValueFormat::Date)),
        ]);
        let Value::Object(extra) = json!({"meal": "Обед", "issued": "в мае"}) else {
            unreachable!()
        };
        let mut mapped = CrmFields::default();
        mapped.custom(&fields, &extra, &types);
        assert!(mapped.fields.is_empty());
        let message = "UF_CRM_MEALS (meal) = \"Обед\"; UF_CRM_PASSPORT_DATE (issued)".to_owned();
        assert_eq!(mapped.warnings, [Warning { code: FailureCode::FieldLeftOut, message }]);
    }

    #[test]
    fn a_number_of_the_mirror_has_one_meaning_whatever_its_decimals() {
        let Value::Object(extra) = json!({"rate": 1.234, "nights": 2.0}) else { unreachable!() };
        let names = [("UF_CRM_RATE", "rate"), ("UF_CRM_NIGHTS", "nights")];
        let fields = names.map(|(name, column)| (name.to_owned(), column.to_owned())).into();
        let types = BTreeMap::from([
            ("UF_CRM_RATE".to_owned(), single(ValueFormat::Decimal)),
            ("UF_CRM_NIGHTS".to_owned(), single(ValueFormat::Integer)),
        ]);
        let mut mapped = CrmFields::default();
        mapped.custom(&fields, &extra, &types);
        assert_eq!(mapped.warnings, []);
        assert_eq!(mapped.fields["UF_CRM_RATE"], "1.2340");
        assert_eq!(mapped.fields["UF_CRM_NIGHTS"], "2");
    }

    #[test]
    fn a_field_that_the_portal_was_not_asked_about_is_a_text() {
        let fields = BTreeMap::from([("UF_CRM_X".to_owned(), "x".to_owned())]);
        let Value::Object(extra) = json!({"x": "$result[0]"}) else { unreachable!() };
        let mut mapped = CrmFields::default();
        mapped.custom(&fields, &extra, &BTreeMap::new());
        assert_eq!(mapped.fields["UF_CRM_X"], "$\u{2060}result[0]");
    }
}
