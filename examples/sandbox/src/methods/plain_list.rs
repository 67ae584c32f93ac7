//! Lists of plain rows (user fields, dictionaries): the same filters, order and pages as lists of
//! objects.

use std::cmp::Ordering;

use crate::answer::Answer;
use crate::methods::filter::{self, FilterCondition};
use crate::methods::list::{self, Paging};
use crate::php::Php;

/// One page of fifty; an unknown field in the filter passes everything.
pub(crate) fn find_page(rows: impl Iterator<Item = Php>, params: &Php) -> Answer {
    let page = Paging::universal(params).page_of(find_rows(rows, params));
    Answer { result: Php::list(page.rows), total: Some(page.total), next: page.next, harm: None }
}

/// All rows that pass the filter, in order.
pub(crate) fn find_rows(rows: impl Iterator<Item = Php>, params: &Php) -> Vec<Php> {
    let conditions = read_conditions(params.argument("filter"));
    let mut found: Vec<Php> = rows.filter(|row| passes_all(row, &conditions)).collect();
    let order = Paging::universal(params).order;
    found.sort_by(|left, right| {
        list::compare_in_order(&order, |name| compare_rows(left, right, name))
    });
    found
}

fn read_conditions(filter: &Php) -> Vec<FilterCondition> {
    let mut conditions = Vec::new();
    for (key, value) in filter.entries() {
        if let Some(condition) = filter::read_condition(key, value) {
            let numeric = condition.field == "ID";
            conditions.push(FilterCondition { numeric, ..condition });
        }
    }
    conditions
}

fn passes_all(row: &Php, conditions: &[FilterCondition]) -> bool {
    for condition in conditions {
        if let Some(value) = row.find(&condition.field)
            && !condition.passes(&[value.text()])
        {
            return false;
        }
    }
    true
}

fn compare_rows(left: &Php, right: &Php, name: &str) -> Ordering {
    filter::compare_values(&left.get(name).text(), &right.get(name).text())
}
