//! `crm.status.*`, `crm.category.list`, `crm.currency.*` (facts, section 6).

use crate::answer::{Answer, Outcome, Refusal, ok};
use crate::data::dictionaries::{DictionaryEntry, Funnel, stage_dictionary};
use crate::data::record::Kind;
use crate::methods::plain_list;
use crate::methods::universal::kind_argument;
use crate::php::Php;
use crate::portal::Portal;

/// Fields that are not filtered by arrays.
const SINGLE_VALUED: [&str; 4] = ["ENTITY_ID", "STATUS_ID", "SORT", "SEMANTICS"];

/// The dictionaries that are no stages, by their names.
const DICTIONARY_NAMES: [(&str, &str); 7] = [
    ("SOURCE", "Источники"),
    ("HONORIFIC", "Обращения"),
    ("CONTACT_TYPE", "Типы контактов"),
    ("COMPANY_TYPE", "Типы компаний"),
    ("EMPLOYEES", "Кол-во сотрудников"),
    ("INDUSTRY", "Сферы деятельности"),
    ("DEAL_TYPE", "Типы сделок"),
];

/// `crm.status.list`: all rows in one answer.
pub(crate) fn list_entries(portal: &mut Portal, params: &Php) -> Outcome {
    for (name, value) in params.argument("filter").entries() {
        if value.is_array() && SINGLE_VALUED.contains(&name.as_str()) {
            return Err(Refusal::without_code("Filter by array is not supported."));
        }
    }
    let entries = portal.dictionaries.entries.iter().zip(1..);
    let rows = entries.map(|(entry, number)| write_entry(portal, number, entry));
    let found = plain_list::find_rows(rows, params);
    Ok(whole_list(found))
}

fn write_entry(portal: &Portal, number: u64, entry: &DictionaryEntry) -> Php {
    let mut others = portal.dictionaries.entries_of(&entry.dictionary);
    let place = others.position(|other| other.id == entry.id).unwrap_or(0);
    let semantics = match entry.semantics {
        "S" | "F" => Php::from(entry.semantics),
        _ => Php::Null,
    };
    let mut row = Php::map([
        ("ID", Php::Str(number.to_string())),
        ("ENTITY_ID", Php::from(entry.dictionary.as_str())),
        ("STATUS_ID", Php::from(entry.id.as_str())),
        ("NAME", Php::from(entry.name.as_str())),
        ("NAME_INIT", Php::from(if entry.system { entry.name.as_str() } else { "" })),
        ("SORT", Php::Str(((place + 1) * 10).to_string())),
        ("SYSTEM", Php::yes_no(entry.system)),
        ("COLOR", Php::Null),
        ("SEMANTICS", semantics),
        ("CATEGORY_ID", Php::from(entry.dictionary.strip_prefix("DEAL_STAGE_"))),
    ]);
    if !entry.semantics.is_empty() {
        let word = semantics_word(entry);
        row.set("EXTRA", Php::map([("SEMANTICS", word), ("COLOR", "#ACE9FB")]));
    }
    row
}

fn semantics_word(stage: &DictionaryEntry) -> &'static str {
    match stage.semantics {
        "S" => "success",
        "F" if stage.id.ends_with("APOLOGY") => "apology",
        "F" => "failure",
        _ => "process",
    }
}

/// `crm.status.entity.types`: which dictionaries there are.
pub(crate) fn list_dictionaries(portal: &mut Portal, _: &Php) -> Outcome {
    let mut rows = Vec::new();
    for (id, name) in DICTIONARY_NAMES {
        rows.push(Php::map([("ID", id), ("NAME", name)]));
    }
    for funnel in &portal.dictionaries.funnels {
        rows.push(write_stage_dictionary(funnel));
    }
    ok(Php::list(rows))
}

fn write_stage_dictionary(funnel: &Funnel) -> Php {
    let info = Php::map([
        ("START_FIELD", Php::from("NEW")),
        ("FINAL_SUCCESS_FIELD", Php::from("WON")),
        ("FINAL_UNSUCCESS_FIELD", Php::from("LOSE")),
        ("FINAL_SORT", Php::Int(60)),
    ]);
    let mut row = Php::map([
        ("ID", Php::Str(stage_dictionary(funnel.id))),
        ("NAME", Php::from("Стадии сделки")),
        ("SEMANTIC_INFO", info),
    ]);
    if funnel.id > 0 {
        row.set("PREFIX", format!("C{}", funnel.id));
        row.set("CATEGORY_ID", funnel.id);
    }
    row
}

/// `crm.status.entity.items`: what one dictionary holds.
pub(crate) fn list_dictionary(portal: &mut Portal, params: &Php) -> Outcome {
    let dictionary = params.argument("entityId").text();
    let mut rows = Vec::new();
    for (entry, place) in portal.dictionaries.entries_of(&dictionary).zip(1..) {
        rows.push(Php::map([
            ("NAME", Php::from(entry.name.as_str())),
            ("SORT", Php::Int(place * 10)),
            ("STATUS_ID", Php::from(entry.id.as_str())),
        ]));
    }
    ok(Php::list(rows))
}

pub(crate) fn list_funnels(portal: &mut Portal, params: &Php) -> Outcome {
    let kind = kind_argument(params)?;
    let mut rows = Vec::new();
    for (funnel, place) in portal.dictionaries.funnels.iter().zip(1..) {
        rows.push(write_funnel(kind, place, funnel));
    }
    let total = Some(rows.len());
    let result = Php::map([("categories", Php::list(rows))]);
    Ok(Answer { result, total, ..Answer::default() })
}

fn write_funnel(kind: Kind, place: i64, funnel: &Funnel) -> Php {
    let mut row = Php::map([
        ("id", Php::Int(funnel.id)),
        ("name", Php::from(funnel.name.as_str())),
        ("sort", Php::Int(place * 100)),
        ("entityTypeId", Php::Int(kind.entity_type_id())),
        ("isDefault", Php::yes_no(funnel.id == 0)),
    ]);
    if funnel.id > 0 {
        row.set("originId", "");
        row.set("originatorId", "");
    }
    row
}

pub(crate) fn list_currencies(portal: &mut Portal, _: &Php) -> Outcome {
    let mut rows = Vec::new();
    for (code, place) in portal.dictionaries.currencies.iter().zip(1..) {
        rows.push(write_currency(code, place));
    }
    Ok(whole_list(rows))
}

fn write_currency(code: &str, place: u64) -> Php {
    let is_base = place == 1;
    Php::map([
        ("CURRENCY", Php::from(code)),
        ("AMOUNT_CNT", Php::from("1")),
        ("AMOUNT", Php::from(if is_base { "1.0000" } else { "90.0000" })),
        ("SORT", Php::Str((place * 100).to_string())),
        ("BASE", Php::yes_no(is_base)),
        ("FULL_NAME", Php::from(currency_name(code))),
        ("LID", Php::from("ru")),
        ("FORMAT_STRING", Php::from("# &#8381;")),
        ("DEC_POINT", Php::from(".")),
        ("THOUSANDS_SEP", Php::from(" ")),
        ("DECIMALS", Php::from("2")),
    ])
}

fn currency_name(code: &str) -> &str {
    match code {
        "RUB" => "Российский рубль",
        "USD" => "Доллар США",
        "EUR" => "Евро",
        other => other,
    }
}

/// An answer without pages.
fn whole_list(rows: Vec<Php>) -> Answer {
    let total = Some(rows.len());
    Answer { result: Php::list(rows), total, ..Answer::default() }
}
