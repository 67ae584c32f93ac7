//! The products of a deal (facts, sections 7.2 and 14.4).

use crate::answer::{Outcome, Refusal, ok};
use crate::data::record::{Kind, Record};
use crate::methods::legacy::id_argument;
use crate::php::Php;
use crate::portal::Portal;

pub(crate) fn set_rows(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let id = id_argument(params)?;
    let rows = params.argument("rows").values().cloned().collect();
    let is_found = portal.edit_stored(kind, id, |deal| {
        deal.products = rows;
        if !deal.field("IS_MANUAL_OPPORTUNITY").is_yes()
            && let Some(sum) = sum_of_products(deal)
        {
            deal.set("OPPORTUNITY", sum);
        }
    });
    if !is_found {
        return Err(Refusal::without_code("Not found"));
    }
    portal.counters.writes += 1;
    ok(true)
}

pub(crate) fn get_rows(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let id = id_argument(params)?;
    let Some(deal) = portal.get(kind, id) else {
        return Err(Refusal::without_code("Not found"));
    };
    let mut rows = Vec::new();
    for (product, number) in deal.products.iter().zip(1..) {
        rows.push(write_row(id, number, product));
    }
    ok(Php::list(rows))
}

/// All 28 keys of a row, in the portal's order.
fn write_row(deal: u64, number: i64, sent: &Php) -> Php {
    let price = number_or(sent, "PRICE", 0.0);
    let discount = number_or(sent, "DISCOUNT_SUM", 0.0);
    let full_price = price + discount;
    Php::map([
        ("ID", Php::Str(number.to_string())),
        ("OWNER_ID", Php::Str(deal.to_string())),
        ("OWNER_TYPE", Php::from("D")),
        ("PRODUCT_ID", sent_or(sent, "PRODUCT_ID", 0_i64)),
        ("PRODUCT_NAME", sent_or(sent, "PRODUCT_NAME", "")),
        ("ORIGINAL_PRODUCT_NAME", Php::Null),
        ("PRODUCT_DESCRIPTION", Php::Null),
        ("PRICE", Php::Float(price)),
        ("PRICE_EXCLUSIVE", Php::Float(price)),
        ("PRICE_NETTO", Php::Float(full_price)),
        ("PRICE_BRUTTO", Php::Float(full_price)),
        ("PRICE_ACCOUNT", Php::Str(format!("{price:.2}"))),
        ("QUANTITY", sent_or(sent, "QUANTITY", 1_i64)),
        ("DISCOUNT_TYPE_ID", sent_or(sent, "DISCOUNT_TYPE_ID", 2_i64)),
        ("DISCOUNT_RATE", sent_or(sent, "DISCOUNT_RATE", discount_percent(discount, full_price))),
        ("DISCOUNT_SUM", Php::Float(discount)),
        ("TAX_RATE", sent_or(sent, "TAX_RATE", Php::Null)),
        ("TAX_INCLUDED", sent_or(sent, "TAX_INCLUDED", "N")),
        ("CUSTOMIZED", sent_or(sent, "CUSTOMIZED", "Y")),
        ("MEASURE_CODE", sent_or(sent, "MEASURE_CODE", 796_i64)),
        ("MEASURE_NAME", sent_or(sent, "MEASURE_NAME", "шт")),
        ("SORT", sent_or(sent, "SORT", number * 10)),
        ("XML_ID", Php::Null),
        ("TYPE", Php::Int(1)),
        ("STORE_ID", Php::Null),
        ("RESERVE_ID", Php::Null),
        ("DATE_RESERVE_END", Php::Null),
        ("RESERVE_QUANTITY", Php::Null),
    ])
}

fn sent_or(sent: &Php, name: &str, default: impl Into<Php>) -> Php {
    match sent.find(name) {
        Some(value) => value.clone(),
        None => default.into(),
    }
}

fn number_or(sent: &Php, name: &str, default: f64) -> f64 {
    sent.get(name).text().parse().unwrap_or(default)
}

/// The share of a discount in the full price, with two digits.
fn discount_percent(discount: f64, full_price: f64) -> f64 {
    if full_price > 0.0 { (discount / full_price * 10_000.0).round() / 100.0 } else { 0.0 }
}

/// The sum of a deal's products, which a deal has unless its sum is set by hand; `None` for a deal
/// without products (facts, section 7.2).
pub(crate) fn sum_of_products(deal: &Record) -> Option<String> {
    if deal.products.is_empty() {
        return None;
    }
    let mut sum = 0.0;
    for row in &deal.products {
        sum += number_or(row, "PRICE", 0.0) * number_or(row, "QUANTITY", 1.0);
    }
    Some(format!("{sum:.2}"))
}
