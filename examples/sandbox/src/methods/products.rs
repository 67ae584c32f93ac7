//! The products of a deal (facts, sections 7.2 and 14.4).

use crate::answer::{Outcome, Refusal, ok};
use crate::data::record::{Kind, Record};
use crate::methods::legacy::id_of;
use crate::php::Php;
use crate::portal::Portal;
use crate::values::legacy_input::Change;

/// The handler of a verb.
pub(crate) fn find(kind: Kind, verb: &str) -> Option<fn(&mut Portal, Kind, &Php) -> Outcome> {
    Some(match (kind, verb) {
        (Kind::Deal, "productrows.set") => set_rows,
        (Kind::Deal, "productrows.get") => get_rows,
        _ => return None,
    })
}

fn set_rows(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let id = id_of(params)?;
    let not_found = || Refusal::legacy("Not found");
    let mut deal = portal.get(kind, id).cloned().ok_or_else(not_found)?;
    deal.products = params.argument("rows").values().cloned().collect();
    let mut change = Change::default();
    recount(Some(&deal), &mut change);
    if let Some(sum) = change.get("OPPORTUNITY") {
        deal.set("OPPORTUNITY", sum.clone());
    }
    portal.store.table_mut(kind).put(deal);
    portal.counters.writes += 1;
    ok(true)
}

fn get_rows(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let id = id_of(params)?;
    let deal = portal.get(kind, id).ok_or_else(|| Refusal::legacy("Not found"))?;
    ok(Php::list(deal.products.iter().zip(1..).map(|(product, number)| row(id, number, product))))
}

/// All 28 keys of a row, in the portal's order.
fn row(deal: u64, number: i64, sent: &Php) -> Php {
    let given = |name: &str, default: Php| sent.find(name).cloned().unwrap_or(default);
    let price = given("PRICE", Php::Int(0)).text().parse::<f64>().unwrap_or(0.0);
    let discount = given("DISCOUNT_SUM", Php::Int(0)).text().parse::<f64>().unwrap_or(0.0);
    let full_price = price + discount;
    let rate =
        if full_price > 0.0 { (discount / full_price * 10_000.0).round() / 100.0 } else { 0.0 };
    Php::map([
        ("ID", Php::Str(number.to_string())),
        ("OWNER_ID", Php::Str(deal.to_string())),
        ("OWNER_TYPE", Php::from("D")),
        ("PRODUCT_ID", given("PRODUCT_ID", Php::Int(0))),
        ("PRODUCT_NAME", given("PRODUCT_NAME", Php::from(""))),
        ("ORIGINAL_PRODUCT_NAME", Php::Null),
        ("PRODUCT_DESCRIPTION", Php::Null),
        ("PRICE", Php::Float(price)),
        ("PRICE_EXCLUSIVE", Php::Float(price)),
        ("PRICE_NETTO", Php::Float(full_price)),
        ("PRICE_BRUTTO", Php::Float(full_price)),
        ("PRICE_ACCOUNT", Php::Str(format!("{price:.2}"))),
        ("QUANTITY", given("QUANTITY", Php::Int(1))),
        ("DISCOUNT_TYPE_ID", given("DISCOUNT_TYPE_ID", Php::Int(2))),
        ("DISCOUNT_RATE", given("DISCOUNT_RATE", Php::Float(rate))),
        ("DISCOUNT_SUM", Php::Float(discount)),
        ("TAX_RATE", given("TAX_RATE", Php::Null)),
        ("TAX_INCLUDED", given("TAX_INCLUDED", Php::from("N"))),
        ("CUSTOMIZED", given("CUSTOMIZED", Php::from("Y"))),
        ("MEASURE_CODE", given("MEASURE_CODE", Php::Int(796))),
        ("MEASURE_NAME", given("MEASURE_NAME", Php::from("шт"))),
        ("SORT", given("SORT", Php::Int(number * 10))),
        ("XML_ID", Php::Null),
        ("TYPE", Php::Int(1)),
        ("STORE_ID", Php::Null),
        ("RESERVE_ID", Php::Null),
        ("DATE_RESERVE_END", Php::Null),
        ("RESERVE_QUANTITY", Php::Null),
    ])
}

/// The sum of a deal with products, unless it is set by hand (facts, section 7.2).
pub(crate) fn recount(deal: Option<&Record>, change: &mut Change) {
    let Some(deal) = deal.filter(|deal| !deal.products.is_empty()) else { return };
    let by_hand =
        change.get("IS_MANUAL_OPPORTUNITY").unwrap_or_else(|| deal.field("IS_MANUAL_OPPORTUNITY"));
    if by_hand.text() == "Y" {
        return;
    }
    let number = |row: &Php, name: &str| row.get(name).text().parse::<f64>().ok();
    let price =
        |row: &Php| number(row, "PRICE").unwrap_or(0.0) * number(row, "QUANTITY").unwrap_or(1.0);
    let sum: f64 = deal.products.iter().map(price).sum();
    change.set("OPPORTUNITY", format!("{sum:.2}"));
}
