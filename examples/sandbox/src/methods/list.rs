//! Lists: filter, order, select, pages of fifty (facts, section 12).

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::answer::{Answer, Outcome};
use crate::data::record::{Kind, Record};
use crate::data::schema::{self, Type};
use crate::methods::filter::{self, FilterCondition, Test};
use crate::methods::legacy::array_argument;
use crate::php::Php;
use crate::portal::Portal;
use crate::settings::ListOrder;
use crate::values::{dates, legacy_output};

/// Rows of a page.
const PAGE: usize = 50;

/// One page of what was found, before it is written.
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) total: usize,
    pub(crate) next: Option<usize>,
}

/// The order and the offset of a call.
pub(crate) struct Paging {
    /// Fields by their legacy names; `true` is descending.
    pub(crate) order: Vec<(String, bool)>,
    /// -1: do not count.
    start: i64,
    /// Whether what is beyond the end is page 1 again.
    wraps: bool,
}

impl Paging {
    /// The universal methods count in rows.
    pub(crate) fn universal(params: &Php) -> Paging {
        let mut order = Vec::new();
        for (name, direction) in params.argument("order").entries() {
            let is_descending = direction.text().eq_ignore_ascii_case("desc");
            order.push((name.clone(), is_descending));
        }
        Paging { order, start: params.argument("start").int(), wraps: false }
    }

    /// The legacy methods count in whole pages, and begin again at the end (facts, section 14.2).
    fn legacy(params: &Php) -> Paging {
        let mut paging = Paging::universal(params);
        if paging.start >= 0 {
            paging.start -= paging.start % PAGE as i64;
        }
        Paging { wraps: true, ..paging }
    }

    pub(crate) fn is_counted(&self) -> bool {
        self.start >= 0
    }

    /// Rows before the page.
    fn skipped(&self, total: usize) -> usize {
        let start = usize::try_from(self.start).unwrap_or(0);
        if self.wraps && start >= total { 0 } else { start }
    }

    /// The page of all that was found.
    pub(crate) fn page_of<T>(&self, found: Vec<T>) -> Page<T> {
        let total = found.len();
        let skipped = self.skipped(total);
        let rows = found.into_iter().skip(skipped).take(PAGE).collect();
        let next = skipped + PAGE;
        let has_next = self.is_counted() && next < total;
        Page {
            rows,
            total: if self.is_counted() { total } else { 0 },
            next: if has_next { Some(next) } else { None },
        }
    }
}

/// `crm.contact.list` and the like.
pub(crate) fn list_objects(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let conditions = read_conditions(portal, kind, array_argument(params, "filter")?);
    let page = portal.find_page(kind, &conditions, &Paging::legacy(params));
    let select = params.argument("select").texts();
    let rows = page.rows.iter().map(|record| selected_fields(portal, kind, record, &select));
    let harm = portal.harm_of_list(kind, &page.rows);
    Ok(Answer { result: Php::list(rows), total: Some(page.total), next: page.next, harm })
}

/// Unknown fields add no condition: everything is returned.
fn read_conditions(portal: &Portal, kind: Kind, filter: &Php) -> Vec<FilterCondition> {
    let mut conditions = Vec::new();
    for (key, value) in filter.entries() {
        let (_, name) = filter::split_key(key);
        if is_filtered(portal, kind, name) {
            conditions.extend(portal.read_condition(kind, key, value));
        }
    }
    conditions
}

fn is_filtered(portal: &Portal, kind: Kind, name: &str) -> bool {
    match schema::find_field(kind, name) {
        Some(field) => !matches!(field.holds, Type::Contacts | Type::Companies),
        None => portal.dictionaries.user_field(kind, name).is_some(),
    }
}

impl Portal {
    /// A condition with its values brought into the form that is stored.
    pub(crate) fn read_condition(
        &self,
        kind: Kind,
        key: &str,
        value: &Php,
    ) -> Option<FilterCondition> {
        let mut condition = filter::read_condition(key, value)?;
        let Some(field) = schema::find_field(kind, &condition.field) else {
            return Some(condition);
        };
        for value in &mut condition.values {
            let stored = match field.holds {
                Type::Date => dates::read_day(value, self.zone()),
                Type::DateTime => dates::read_moment(value, self.zone()),
                _ => None,
            };
            if let Some(stored) = stored {
                *value = stored;
            }
        }
        // Parts of dictionary entries and links are not searched for: the whole is.
        let is_whole = matches!(field.holds, Type::Status(_) | Type::Company | Type::Contact);
        if is_whole && matches!(condition.test, Test::Contains | Test::Mask) {
            condition.test = Test::In;
        }
        condition.numeric = field.holds.is_number();
        Some(condition)
    }

    /// One page of the records that pass all conditions.
    pub(crate) fn find_page(
        &self,
        kind: Kind,
        conditions: &[FilterCondition],
        paging: &Paging,
    ) -> Page<&Record> {
        paging.page_of(self.find_ordered(kind, conditions, paging))
    }

    /// All records that pass, in the order that the portal gives them. Without counting, by id,
    /// the search stops when the page is full: that is why the walk by `>ID` and `start: -1` is
    /// cheap.
    fn find_ordered(
        &self,
        kind: Kind,
        conditions: &[FilterCondition],
        paging: &Paging,
    ) -> Vec<&Record> {
        let limit = if paging.is_counted() { usize::MAX } else { PAGE };
        let candidates = self.candidates(kind, conditions);
        let passing = candidates.filter(|record| self.passes_all(kind, record, conditions));
        match (self.settings.list_order, paging.order.as_slice()) {
            (ListOrder::Scattered, _) => scatter(passing.collect()),
            (ListOrder::Ascending, _) | (ListOrder::AsAsked, []) => passing.take(limit).collect(),
            (ListOrder::AsAsked, [(name, is_descending)]) if name == "ID" => {
                if *is_descending {
                    passing.rev().take(limit).collect()
                } else {
                    passing.take(limit).collect()
                }
            }
            (ListOrder::AsAsked, order) => self.sort(kind, passing.collect(), order),
        }
    }

    fn passes_all(&self, kind: Kind, record: &Record, conditions: &[FilterCondition]) -> bool {
        if self.hides(kind, record.id) {
            return false;
        }
        for condition in conditions {
            if !condition.passes(&self.filter_values(kind, record, &condition.field)) {
                return false;
            }
        }
        true
    }

    /// The records that may pass, in the order of ids: looked up by ID or ORIGIN_ID where the
    /// filter names them, else all.
    fn candidates<'a>(
        &'a self,
        kind: Kind,
        conditions: &[FilterCondition],
    ) -> Box<dyn DoubleEndedIterator<Item = &'a Record> + 'a> {
        let table = self.store.table(kind);
        if let Some(values) = values_of(conditions, "ID", Test::In) {
            let ids: BTreeSet<u64> =
                values.iter().filter_map(|id| id.trim().parse().ok()).collect();
            return Box::new(table.get_all(&ids).into_iter());
        }
        if let Some(origins) = values_of(conditions, "ORIGIN_ID", Test::In) {
            return Box::new(table.of_origins(origins).into_iter());
        }
        if let Some([id, ..]) = values_of(conditions, "ID", Test::Above)
            && let Ok(id) = id.trim().parse()
        {
            return Box::new(table.above(id));
        }
        Box::new(table.iter())
    }

    /// The values of a field that a filter compares.
    pub(crate) fn filter_values(&self, kind: Kind, record: &Record, name: &str) -> Vec<String> {
        let Some(field) = schema::find_field(kind, name) else {
            let value = record.field(name);
            return value.all_texts();
        };
        match field.holds {
            Type::Multi => record.rows_of(name).map(|row| row.value.clone()).collect(),
            Type::Contacts | Type::Companies => {
                record.links.iter().map(|link| link.id.to_string()).collect()
            }
            Type::Date => vec![record.text(name).to_owned()],
            _ => vec![legacy_output::field_value(self, kind, record, field).text()],
        }
    }

    fn sort<'a>(
        &self,
        kind: Kind,
        mut found: Vec<&'a Record>,
        order: &[(String, bool)],
    ) -> Vec<&'a Record> {
        found.sort_by(|left, right| {
            compare_in_order(order, |name| self.compare_records(kind, left, right, name))
        });
        found
    }

    fn compare_records(&self, kind: Kind, left: &Record, right: &Record, name: &str) -> Ordering {
        let left = self.filter_values(kind, left, name).concat();
        let right = self.filter_values(kind, right, name).concat();
        filter::compare_values(&left, &right)
    }
}

/// Compares by the fields of an order, the next one where all before it are equal.
pub(crate) fn compare_in_order(
    order: &[(String, bool)],
    compare: impl Fn(&str) -> Ordering,
) -> Ordering {
    for (name, is_descending) in order {
        let ordering = compare(name);
        if ordering.is_ne() {
            return if *is_descending { ordering.reverse() } else { ordering };
        }
    }
    Ordering::Equal
}

/// What the first condition of this field and this test compares with.
fn values_of<'a>(
    conditions: &'a [FilterCondition],
    field: &str,
    test: Test,
) -> Option<&'a [String]> {
    let condition = conditions.iter().find(|each| each.field == field && each.test == test)?;
    Some(&condition.values)
}

/// In an order that nobody asked for, the same every time.
fn scatter(mut found: Vec<&Record>) -> Vec<&Record> {
    found.sort_by_key(|record| record.id.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32));
    found
}

/// The fields asked for; without a selection all standard ones. PHONE and EMAIL come only when they
/// are named.
fn selected_fields(portal: &Portal, kind: Kind, record: &Record, select: &[String]) -> Php {
    if select.is_empty() {
        return legacy_output::standard_fields(portal, kind, record);
    }
    let has_star = is_selected(portal, kind, select, "*");
    let has_user_star = is_selected(portal, kind, select, "UF_*");
    let mut out = Php::map([("ID", record.id.to_string())]);
    for field in schema::fields_of(kind) {
        let is_named = is_selected(portal, kind, select, field.name);
        match field.holds {
            Type::Multi if is_named => legacy_output::put_rows(&mut out, record, field.name),
            Type::Multi | Type::Contacts | Type::Companies => {}
            _ if is_named || has_star => {
                out.set(field.name, legacy_output::field_value(portal, kind, record, field));
            }
            _ => {}
        }
    }
    for field in portal.dictionaries.user_fields(kind) {
        if has_user_star || is_selected(portal, kind, select, &field.name) {
            out.set(&field.name, portal.write_user_field(field, record));
        }
    }
    out
}

/// Whether a selection names a field, and the portal's lists show it at all.
fn is_selected(portal: &Portal, kind: Kind, select: &[String], name: &str) -> bool {
    let is_named = select.iter().any(|asked| asked == name);
    is_named && !portal.settings.unlisted.iter().any(|(of, field)| *of == kind && field == name)
}
