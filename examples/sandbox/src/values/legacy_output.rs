//! Objects as the legacy methods write them: nearly everything is a text (facts, section 1.3).

use crate::data::record::{Kind, Record, Row};
use crate::data::schema::{self, Access, Type};
use crate::php::Php;
use crate::portal::Portal;
use crate::values::dates;

/// The types of rows, in the order of `get`.
pub(crate) const ROW_TYPES: [&str; 5] = ["PHONE", "EMAIL", "WEB", "IM", "LINK"];

/// Everything that `get` returns: standard fields, user fields, rows.
pub(crate) fn full(portal: &Portal, kind: Kind, record: &Record) -> Php {
    let mut out = standard(portal, kind, record);
    for field in portal.dictionaries.user_fields(kind) {
        out.set(&field.name, portal.write_user_field(field, record));
    }
    for type_id in ROW_TYPES {
        put_rows(&mut out, record, type_id);
    }
    out
}

/// All standard fields.
pub(crate) fn standard(portal: &Portal, kind: Kind, record: &Record) -> Php {
    Php::map(
        schema::fields(kind)
            .filter(|field| !matches!(field.holds, Type::Multi | Type::Contacts | Type::Companies))
            .map(|field| (field.name, value(portal, kind, record, field.name, field.holds))),
    )
}

/// One standard field.
pub(crate) fn value(portal: &Portal, kind: Kind, record: &Record, name: &str, holds: Type) -> Php {
    let yes_no = |yes: bool| Php::from(if yes { "Y" } else { "N" });
    let has = |type_id: &str| yes_no(record.rows.iter().any(|row| row.type_id == type_id));
    match (name, holds) {
        ("ID", _) => Php::Str(record.id.to_string()),
        ("HAS_PHONE", _) => has("PHONE"),
        ("HAS_EMAIL", _) => has("EMAIL"),
        ("HAS_IMOL" | "IS_RECURRING" | "IS_RETURN_CUSTOMER" | "IS_REPEATED_APPROACH", _) => {
            yes_no(false)
        }
        ("IS_NEW", _) => yes_no(record.text("STAGE_ID").rsplit(':').next() == Some("NEW")),
        ("COMPANY_ID", Type::Company) if kind == Kind::Contact => primary(record),
        ("CONTACT_ID", Type::Contact) => primary(record),
        (_, Type::Date) => {
            Php::Str(dates::day_written(record.text(name), portal.settings.utc_offset_hours))
        }
        _ => record.field(name).clone(),
    }
}

fn primary(record: &Record) -> Php {
    record.primary().map(|id| id.to_string()).into()
}

/// The rows of one type; the key is missing when there are none.
pub(crate) fn put_rows(out: &mut Php, record: &Record, type_id: &str) {
    let rows: Vec<Php> = record.rows.iter().filter(|row| row.type_id == type_id).map(row).collect();
    if !rows.is_empty() {
        out.set(type_id, Php::list(rows));
    }
}

fn row(row: &Row) -> Php {
    Php::map([
        ("ID", row.id.to_string()),
        ("VALUE_TYPE", row.value_type.clone()),
        ("VALUE", row.value.clone()),
        ("TYPE_ID", row.type_id.clone()),
    ])
}

/// The answer of `*.fields`.
pub(crate) fn fields(portal: &Portal, kind: Kind) -> Php {
    let standard =
        schema::fields(kind).map(|field| (field.name.to_owned(), describe(portal, kind, field)));
    let own =
        portal.dictionaries.user_fields(kind).map(|field| (field.name.clone(), field.describe()));
    Php::map(standard.chain(own))
}

fn describe(portal: &Portal, kind: Kind, field: &schema::Field) -> Php {
    let many = matches!(field.holds, Type::Multi | Type::Contacts | Type::Companies);
    let required = match kind {
        Kind::Contact => matches!(field.name, "NAME" | "SECOND_NAME" | "LAST_NAME"),
        Kind::Company => field.name == "TITLE",
        Kind::Deal => false,
    };
    let required = required
        || portal.settings.required.iter().any(|(of, name)| *of == kind && name == field.name);
    let mut out = Php::map([
        ("type", Php::from(type_name(field))),
        ("isRequired", Php::Bool(required)),
        ("isReadOnly", Php::Bool(field.access == Access::ReadOnly)),
        ("isImmutable", Php::Bool(field.access == Access::Once)),
        ("isMultiple", Php::Bool(many)),
        ("isDynamic", Php::Bool(false)),
    ]);
    if let Type::Status(dictionary) = field.holds {
        out.set("statusType", dictionary);
    }
    out.set("title", field.title);
    out
}

fn type_name(field: &schema::Field) -> &'static str {
    match field.holds {
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
