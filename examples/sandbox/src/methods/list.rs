//! Lists: filter, order, select, pages of fifty (facts, section 12).

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::answer::{Answer, Outcome};
use crate::data::record::{Kind, Record};
use crate::data::schema::{self, Type};
use crate::methods::filter::{self, Condition, Test};
use crate::methods::legacy::array_of;
use crate::php::Php;
use crate::portal::Portal;
use crate::settings::ListOrder;
use crate::values::dates;
use crate::values::legacy_output;

/// Rows of a page.
const PAGE: usize = 50;

/// What was found, before it is written.
pub(crate) struct Page<'a> {
    pub(crate) records: Vec<&'a Record>,
    pub(crate) total: usize,
    pub(crate) next: Option<usize>,
}

type Candidates<'a> = Box<dyn DoubleEndedIterator<Item = &'a Record> + 'a>;

/// The order and the offset of a call.
pub(crate) struct Ask {
    /// Fields by their legacy names; `true` is descending.
    pub(crate) order: Vec<(String, bool)>,
    /// -1: do not count.
    pub(crate) start: i64,
    /// Whether what is beyond the end is page 1 again.
    wraps: bool,
}

impl Ask {
    pub(crate) fn of(params: &Php) -> Ask {
        let descending = |way: &Php| way.text().eq_ignore_ascii_case("desc");
        let order = params.argument("order").entries().iter();
        let order = order.map(|(name, way)| (name.clone(), descending(way))).collect();
        Ask { order, start: params.argument("start").int(), wraps: false }
    }

    /// The legacy methods count in whole pages, and begin again at the end (facts, section 14.2).
    fn legacy(params: &Php) -> Ask {
        let ask = Ask::of(params);
        let page = ask.start - ask.start.rem_euclid(PAGE as i64);
        Ask { start: if ask.start < 0 { ask.start } else { page }, wraps: true, ..ask }
    }
}

/// `crm.contact.list` and the like.
pub(crate) fn legacy(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let conditions = legacy_conditions(portal, kind, array_of(params, "filter")?);
    let page = portal.find_page(kind, &conditions, &Ask::legacy(params));
    let select = params.argument("select");
    let rows = page.records.iter().map(|record| selected(portal, kind, record, select));
    let harm = portal.harm_of_list(kind, &page.records);
    Ok(Answer { result: Php::list(rows), total: Some(page.total), next: page.next, harm })
}

/// Unknown fields add no condition: everything is returned.
fn legacy_conditions(portal: &Portal, kind: Kind, filter: &Php) -> Vec<Condition> {
    let known = |name: &str| {
        schema::find(kind, name)
            .is_some_and(|field| !matches!(field.holds, Type::Contacts | Type::Companies))
            || portal.dictionaries.user_field(kind, name).is_some()
    };
    let entries = filter.entries().iter().filter(|(key, _)| known(filter::split(key).1));
    entries.filter_map(|(key, value)| portal.condition(kind, key, value)).collect()
}

impl Portal {
    /// A condition with its values brought into the form that is stored.
    pub(crate) fn condition(&self, kind: Kind, key: &str, value: &Php) -> Option<Condition> {
        let mut condition = filter::read(key, value)?;
        let holds = schema::find(kind, &condition.field).map(|field| field.holds);
        let zone = dates::zone(self.settings.utc_offset_hours);
        let normal: fn(&str, _) -> Option<String> = match holds {
            Some(Type::Date) => dates::day,
            Some(Type::DateTime) => dates::stamp,
            _ => |_, _| None,
        };
        for value in &mut condition.values {
            if let Some(stored) = normal(value, zone) {
                *value = stored;
            }
        }
        // Parts of dictionary entries and links are not searched for: the whole is.
        let whole = matches!(holds, Some(Type::Status(_) | Type::Company | Type::Contact));
        if whole && matches!(condition.test, Test::Contains | Test::Mask) {
            condition.test = Test::In;
        }
        condition.numeric = holds.is_some_and(Type::is_number);
        Some(condition)
    }

    /// One page of the records that pass all conditions. Without counting, by id, it stops when the
    /// page is full: that is why the walk by `>ID` and `start: -1` is cheap.
    pub(crate) fn find_page(&self, kind: Kind, conditions: &[Condition], ask: &Ask) -> Page<'_> {
        let passes = |record: &&Record| {
            !self.hides(kind, record.id)
                && conditions
                    .iter()
                    .all(|test| test.passes(&self.filter_values(kind, record, &test.field)))
        };
        let counted = ask.start >= 0;
        let most = if counted { usize::MAX } else { PAGE };
        let candidates = self.candidates(kind, conditions);
        let order = match self.settings.list_order {
            ListOrder::AsAsked => ask.order.as_slice(),
            ListOrder::Ascending | ListOrder::Scattered => &[],
        };
        let found: Vec<&Record> = match order {
            [] if self.settings.list_order == ListOrder::Scattered => {
                scattered(candidates.filter(passes))
            }
            [] => candidates.filter(passes).take(most).collect(),
            [(name, false)] if name == "ID" => candidates.filter(passes).take(most).collect(),
            [(name, true)] if name == "ID" => candidates.rev().filter(passes).take(most).collect(),
            order => self.sorted(kind, candidates.filter(passes).collect(), order),
        };
        let total = found.len();
        let skip =
            usize::try_from(ask.start).ok().filter(|skip| *skip < total || !ask.wraps).unwrap_or(0);
        let records: Vec<&Record> = found.into_iter().skip(skip).take(PAGE).collect();
        let next = Some(skip + PAGE).filter(|next| counted && *next < total);
        Page { records, total: if counted { total } else { 0 }, next }
    }

    /// Few records that may pass, in the order of ids: by ORIGIN_ID, by ID, else all.
    fn candidates<'a>(&'a self, kind: Kind, conditions: &[Condition]) -> Candidates<'a> {
        let table = self.store.table(kind);
        let of =
            |name: &str, test: Test| conditions.iter().find(|c| c.field == name && c.test == test);
        if let Some(ids) = of("ID", Test::In) {
            let ids: BTreeSet<u64> =
                ids.values.iter().filter_map(|id| id.trim().parse().ok()).collect();
            return Box::new(ids.into_iter().filter_map(|id| table.get(id)));
        }
        if let Some(origins) = of("ORIGIN_ID", Test::In) {
            return Box::new(table.of_origins(&origins.values).into_iter());
        }
        let above =
            of("ID", Test::Above).and_then(|above| above.values.first()?.trim().parse().ok());
        above.map_or_else(|| Box::new(table.iter()) as Candidates, |id| Box::new(table.above(id)))
    }

    /// The values of a field that a filter compares.
    pub(crate) fn filter_values(&self, kind: Kind, record: &Record, name: &str) -> Vec<String> {
        match schema::find(kind, name).map(|field| field.holds) {
            Some(Type::Multi) => record.values(name).into_iter().map(str::to_owned).collect(),
            Some(Type::Contacts | Type::Companies) => {
                record.links.iter().map(|link| link.id.to_string()).collect()
            }
            Some(Type::Date) => vec![record.text(name).to_owned()],
            Some(holds) => vec![legacy_output::value(self, kind, record, name, holds).text()],
            None => match record.field(name) {
                Php::Array(items) => items.iter().map(|(_, value)| value.text()).collect(),
                single => vec![single.text()],
            },
        }
    }

    fn sorted<'a>(
        &self,
        kind: Kind,
        mut found: Vec<&'a Record>,
        order: &[(String, bool)],
    ) -> Vec<&'a Record> {
        let key = |record: &Record, name: &str| self.filter_values(kind, record, name).concat();
        found.sort_by(|a, b| {
            let by = order.iter().map(|(name, descending)| {
                let ordering = filter::order(&key(a, name), &key(b, name));
                if *descending { ordering.reverse() } else { ordering }
            });
            by.fold(Ordering::Equal, Ordering::then)
        });
        found
    }
}

/// In an order that nobody asked for, the same every time.
fn scattered<'a>(found: impl Iterator<Item = &'a Record>) -> Vec<&'a Record> {
    let mut found: Vec<&Record> = found.collect();
    found.sort_by_key(|record| record.id.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32));
    found
}

/// The fields asked for; without a selection all standard ones. PHONE and EMAIL come only when they
/// are named.
fn selected(portal: &Portal, kind: Kind, record: &Record, select: &Php) -> Php {
    let names: Vec<String> = select.values().map(Php::text).collect();
    let is_unlisted = |name: &str| {
        portal.settings.unlisted.iter().any(|(of, field)| *of == kind && field == name)
    };
    let asks = |name: &str| names.iter().any(|asked| asked == name) && !is_unlisted(name);
    if names.is_empty() {
        return legacy_output::standard(portal, kind, record);
    }
    let mut out = Php::map([("ID", record.id.to_string())]);
    for field in schema::fields(kind).filter(|field| asks("*") || asks(field.name)) {
        match field.holds {
            Type::Multi if asks(field.name) => {
                legacy_output::put_rows(&mut out, record, field.name);
            }
            Type::Multi | Type::Contacts | Type::Companies => {}
            holds => {
                out.set(field.name, legacy_output::value(portal, kind, record, field.name, holds));
            }
        }
    }
    for field in
        portal.dictionaries.user_fields(kind).filter(|field| asks("UF_*") || asks(&field.name))
    {
        out.set(&field.name, portal.write_user_field(field, record));
    }
    out
}
