//! Objects as the legacy methods write them: nearly everything is a text (facts, section 1.3).

use crate::data::record::{Kind, Record, Row};
use crate::data::schema::{self, Access, Field, Type};
use crate::php::Php;
use crate::portal::Portal;
use crate::values::dates;

/// The types of rows, in the order of `get`.
pub(crate) const ROW_TYPES: [&str; 5] = ["PHONE", "EMAIL", "WEB", "IM", "LINK"];

/// Everything that `get` returns: standard fields, user fields, rows.
pub(crate) fn whole_object(portal: &Portal, kind: Kind, record: &Record) -> Php {
    let mut out = standard_fields(portal, kind, record);
    for field in portal.dictionaries.user_fields(kind) {
        out.set(&field.name, portal.write_user_field(field, record));
    }
    for type_id in ROW_TYPES {
        put_rows(&mut out, record, type_id);
    }
    out
}

/// All standard fields, without rows and links.
pub(crate) fn standard_fields(portal: &Portal, kind: Kind, record: &Record) -> Php {
    let mut entries = Vec::new();
    for field in schema::fields_of(kind) {
        if !field.holds.is_multiple() {
            entries.push((field.name, field_value(portal, kind, record, field)));
        }
    }
    Php::map(entries)
}

/// The value of one standard field that is no row and no list of links.
pub(crate) fn field_value(portal: &Portal, kind: Kind, record: &Record, field: &Field) -> Php {
    match (field.name, field.holds) {
        ("ID", _) => Php::Str(record.id.to_string()),
        ("HAS_PHONE", _) => Php::yes_no(record.has_row("PHONE")),
        ("HAS_EMAIL", _) => Php::yes_no(record.has_row("EMAIL")),
        ("HAS_IMOL" | "IS_RECURRING" | "IS_RETURN_CUSTOMER" | "IS_REPEATED_APPROACH", _) => {
            Php::yes_no(false)
        }
        ("IS_NEW", _) => Php::yes_no(is_first_stage(record.text("STAGE_ID"))),
        ("COMPANY_ID", Type::Company) if kind == Kind::Contact => primary_link(record),
        ("CONTACT_ID", Type::Contact) => primary_link(record),
        (_, Type::Date) => {
            let day = record.text(field.name);
            Php::Str(dates::write_day(day, portal.settings.utc_offset_hours))
        }
        _ => record.field(field.name).clone(),
    }
}

/// `NEW`, or `C1:NEW` in another funnel.
fn is_first_stage(stage: &str) -> bool {
    stage.rsplit(':').next() == Some("NEW")
}

fn primary_link(record: &Record) -> Php {
    Php::from(record.primary().map(|id| id.to_string()))
}

/// The rows of one type; the key is missing when there are none.
pub(crate) fn put_rows(out: &mut Php, record: &Record, type_id: &str) {
    if record.has_row(type_id) {
        out.set(type_id, Php::list(record.rows_of(type_id).map(write_row)));
    }
}

fn write_row(row: &Row) -> Php {
    Php::map([
        ("ID", row.id.to_string()),
        ("VALUE_TYPE", row.value_type.clone()),
        ("VALUE", row.value.clone()),
        ("TYPE_ID", row.type_id.clone()),
    ])
}

/// The answer of `*.fields`.
pub(crate) fn describe_fields(portal: &Portal, kind: Kind) -> Php {
    let mut entries = Vec::new();
    for field in schema::fields_of(kind) {
        entries.push((field.name, describe_field(portal, kind, field)));
    }
    for field in portal.dictionaries.user_fields(kind) {
        entries.push((&field.name, field.describe()));
    }
    Php::map(entries)
}

fn describe_field(portal: &Portal, kind: Kind, field: &Field) -> Php {
    let mut out = Php::map([
        ("type", Php::from(type_name(field.holds))),
        ("isRequired", Php::Bool(is_required(portal, kind, field.name))),
        ("isReadOnly", Php::Bool(field.access == Access::ReadOnly)),
        ("isImmutable", Php::Bool(field.access == Access::Once)),
        ("isMultiple", Php::Bool(field.holds.is_multiple())),
        ("isDynamic", Php::Bool(false)),
    ]);
    if let Type::Status(dictionary) = field.holds {
        out.set("statusType", dictionary);
    }
    out.set("title", field.title);
    out
}

fn is_required(portal: &Portal, kind: Kind, name: &str) -> bool {
    let always = match kind {
        Kind::Contact => matches!(name, "NAME" | "SECOND_NAME" | "LAST_NAME"),
        Kind::Company => name == "TITLE",
        Kind::Deal => false,
    };
    always || portal.settings.required.iter().any(|(of, field)| *of == kind && field == name)
}

fn type_name(holds: Type) -> &'static str {
    match holds {
        Type::Integer => "integer",
        Type::Text(_) | Type::Comments => "string",
        Type::Flag => "char",
        Type::Status(_) => "crm_status",
        Type::Date => "date",
        Type::DateTime => "datetime",
        Type::Money => "double",
        Type::User => "user",
        Type::Contact | Type::Contacts => "crm_contact",
        Type::Company | Type::Companies => "crm_company",
        Type::Currency => "crm_currency",
        Type::Category => "crm_category",
        Type::Multi => "crm_multifield",
        Type::File => "file",
        Type::Location => "location",
        Type::Lead => "crm_lead",
        Type::Quote => "crm_quote",
    }
}
