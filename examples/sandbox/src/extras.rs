//! What belongs to a card besides its fields: the products of a deal, and how the card is laid out.

use crate::answer::{Outcome, Refusal, ok};
use crate::input::Change;
use crate::legacy::id_of;
use crate::php::Php;
use crate::portal::Portal;
use crate::record::{Kind, Record};

/// The handler of a verb.
pub(crate) fn find(kind: Kind, verb: &str) -> Option<fn(&mut Portal, Kind, &Php) -> Outcome> {
    Some(match (kind, verb) {
        (Kind::Deal, "productrows.set") => set_rows,
        (Kind::Deal, "productrows.get") => get_rows,
        (_, "details.configuration.get") => get_layout,
        (_, "details.configuration.set" | "details.configuration.reset") => set_layout,
        (_, "details.configuration.forcecommonscopeforall") => |_, _, _| ok(true),
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
    let row = |(index, product): (usize, &Php)| {
        let mut row = Php::map([("ID", (index + 1).to_string()), ("OWNER_ID", id.to_string())]);
        row.set("OWNER_TYPE", "D");
        for (name, value) in product.entries() {
            row.set(name, value.clone());
        }
        row
    };
    ok(Php::list(deal.products.iter().enumerate().map(row)))
}

/// The sum of a deal with products, unless it is set by hand (facts, section 7.2).
pub(crate) fn recount(deal: Option<&Record>, change: &mut Change) {
    let Some(deal) = deal.filter(|deal| !deal.products.is_empty()) else { return };
    let by_hand = change.get("IS_MANUAL_OPPORTUNITY").unwrap_or_else(|| deal.field("IS_MANUAL_OPPORTUNITY"));
    if by_hand.text() == "Y" {
        return;
    }
    let number = |row: &Php, name: &str| row.get(name).text().parse::<f64>().ok();
    let price = |row: &Php| number(row, "PRICE").unwrap_or(0.0) * number(row, "QUANTITY").unwrap_or(1.0);
    let sum: f64 = deal.products.iter().map(price).sum();
    change.set("OPPORTUNITY", format!("{sum:.2}"));
}

fn get_layout(portal: &mut Portal, kind: Kind, _: &Php) -> Outcome {
    ok(portal.layouts.get(&kind).cloned().unwrap_or_else(Php::empty))
}

/// `set` has `data`, `reset` has none.
fn set_layout(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    portal.layouts.insert(kind, params.argument("data").clone());
    portal.counters.writes += 1;
    ok(true)
}
