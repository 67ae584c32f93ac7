//! `crm.status.*`, `crm.category.list`, `crm.currency.*` (facts, section 6).

use crate::answer::{Answer, Outcome, Refusal, ok};
use crate::data::dictionaries::{Status, stage_entity};
use crate::methods::plain_list;
use crate::methods::universal::kind_of;
use crate::php::Php;
use crate::portal::Portal;

/// The handler of a method after `crm.`.
pub(crate) fn find(method: &str) -> Option<fn(&mut Portal, &Php) -> Outcome> {
    Some(match method {
        "status.list" => statuses,
        "status.entity.types" => entity_types,
        "status.entity.items" => entity_items,
        "category.list" => categories,
        "currency.list" => currencies,
        "currency.base.get" => |portal, _| ok(portal.dictionaries.base_currency()),
        _ => return None,
    })
}

/// Fields that are not filtered by arrays.
const SINGLE: [&str; 4] = ["ENTITY_ID", "STATUS_ID", "SORT", "SEMANTICS"];

/// All rows in one answer.
fn statuses(portal: &mut Portal, params: &Php) -> Outcome {
    let refused =
        |(name, value): &(String, Php)| value.is_array() && SINGLE.contains(&name.as_str());
    if params.argument("filter").entries().iter().any(refused) {
        return Err(Refusal::legacy("Filter by array is not supported."));
    }
    let all = portal.dictionaries.statuses.iter().enumerate();
    let rows =
        plain_list::matching(all.map(|(index, status)| status_row(portal, index, status)), params);
    let total = rows.len();
    Ok(Answer { result: Php::list(rows), total: Some(total), ..Answer::default() })
}

fn status_row(portal: &Portal, index: usize, status: &Status) -> Php {
    let semantics = Some(status.semantics).filter(|letter| matches!(*letter, "S" | "F"));
    let place =
        portal.dictionaries.of(&status.entity).position(|other| other.id == status.id).unwrap_or(0);
    let funnel = status.entity.strip_prefix("DEAL_STAGE_");
    let mut row = Php::map([
        ("ID", Php::Str((index + 1).to_string())),
        ("ENTITY_ID", Php::from(status.entity.as_str())),
        ("STATUS_ID", Php::from(status.id.as_str())),
        ("NAME", Php::from(status.name.as_str())),
        ("NAME_INIT", Php::from(if status.system { status.name.as_str() } else { "" })),
        ("SORT", Php::Str(((place + 1) * 10).to_string())),
        ("SYSTEM", Php::from(if status.system { "Y" } else { "N" })),
        ("COLOR", Php::Null),
        ("SEMANTICS", Php::from(semantics)),
        ("CATEGORY_ID", Php::from(funnel)),
    ]);
    if !status.semantics.is_empty() {
        let word = match (status.semantics, status.id.ends_with("APOLOGY")) {
            ("S", _) => "success",
            ("F", true) => "apology",
            ("F", false) => "failure",
            _ => "process",
        };
        row.set("EXTRA", Php::map([("SEMANTICS", word), ("COLOR", "#ACE9FB")]));
    }
    row
}

fn entity_types(portal: &mut Portal, _: &Php) -> Outcome {
    let plain = [
        ("SOURCE", "Источники"),
        ("HONORIFIC", "Обращения"),
        ("CONTACT_TYPE", "Типы контактов"),
        ("COMPANY_TYPE", "Типы компаний"),
        ("EMPLOYEES", "Кол-во сотрудников"),
        ("INDUSTRY", "Сферы деятельности"),
        ("DEAL_TYPE", "Типы сделок"),
    ];
    let entry = |id: &str, name: &str| Php::map([("ID", id), ("NAME", name)]);
    let mut types: Vec<Php> = plain.iter().map(|(id, name)| entry(id, name)).collect();
    for funnel in &portal.dictionaries.categories {
        let mut stages = entry(&stage_entity(funnel.id), "Стадии сделки");
        let ends = [
            ("START_FIELD", "NEW"),
            ("FINAL_SUCCESS_FIELD", "WON"),
            ("FINAL_UNSUCCESS_FIELD", "LOSE"),
        ];
        let mut info = Php::map(ends);
        info.set("FINAL_SORT", 60_i64);
        stages.set("SEMANTIC_INFO", info);
        if funnel.id > 0 {
            stages.set("PREFIX", format!("C{}", funnel.id));
            stages.set("CATEGORY_ID", funnel.id);
        }
        types.push(stages);
    }
    ok(Php::list(types))
}

fn entity_items(portal: &mut Portal, params: &Php) -> Outcome {
    let entity = params.argument("entityId").text();
    let item = |(status, place): (&Status, i64)| {
        Php::map([
            ("NAME", Php::from(status.name.as_str())),
            ("SORT", Php::Int(place * 10)),
            ("STATUS_ID", Php::from(status.id.as_str())),
        ])
    };
    ok(Php::list(portal.dictionaries.of(&entity).zip(1..).map(item)))
}

fn categories(portal: &mut Portal, params: &Php) -> Outcome {
    let kind = kind_of(params)?;
    let all = &portal.dictionaries.categories;
    let rows = all.iter().zip(1_i64..).map(|(funnel, place)| {
        let mut row = Php::map([
            ("id", Php::Int(funnel.id)),
            ("name", Php::from(funnel.name.as_str())),
            ("sort", Php::Int(place * 100)),
            ("entityTypeId", Php::Int(kind.entity_type_id())),
            ("isDefault", Php::from(if funnel.id == 0 { "Y" } else { "N" })),
        ]);
        if funnel.id > 0 {
            row.set("originId", "");
            row.set("originatorId", "");
        }
        row
    });
    Ok(Answer {
        result: Php::map([("categories", Php::list(rows))]),
        total: Some(all.len()),
        ..Answer::default()
    })
}

fn currencies(portal: &mut Portal, _: &Php) -> Outcome {
    let all = &portal.dictionaries.currencies;
    let rows = all.iter().enumerate().map(|(index, code)| {
        let base = if index == 0 { "Y" } else { "N" };
        let sort = ((index + 1) * 100).to_string();
        Php::map([
            ("CURRENCY", code.as_str()),
            ("AMOUNT_CNT", "1"),
            ("AMOUNT", if index == 0 { "1.0000" } else { "90.0000" }),
            ("SORT", sort.as_str()),
            ("BASE", base),
            ("FULL_NAME", full_name(code)),
            ("LID", "ru"),
            ("FORMAT_STRING", "# &#8381;"),
            ("DEC_POINT", "."),
            ("THOUSANDS_SEP", " "),
            ("DECIMALS", "2"),
        ])
    });
    Ok(Answer { result: Php::list(rows), total: Some(all.len()), ..Answer::default() })
}

fn full_name(code: &str) -> &str {
    match code {
        "RUB" => "Российский рубль",
        "USD" => "Доллар США",
        "EUR" => "Евро",
        other => other,
    }
}
