//! Lists of plain rows (user fields, dictionaries): the same filters, order and pages as lists of
//! objects.

use crate::answer::Answer;
use crate::methods::filter;
use crate::php::Php;

/// One page of fifty; an unknown field in the filter passes everything.
pub(crate) fn page(rows: impl Iterator<Item = Php>, params: &Php) -> Answer {
    let found = matching(rows, params);
    let start = usize::try_from(params.argument("start").int()).unwrap_or(0);
    let total = found.len();
    let counted = params.argument("start").int() >= 0;
    let rows: Vec<Php> = found.into_iter().skip(start).take(50).collect();
    let next = Some(start + 50).filter(|next| counted && *next < total);
    Answer {
        result: Php::list(rows),
        total: Some(if counted { total } else { 0 }),
        next,
        harm: None,
    }
}

/// All rows that pass the filter, in order.
pub(crate) fn matching(rows: impl Iterator<Item = Php>, params: &Php) -> Vec<Php> {
    let conditions: Vec<_> = params
        .argument("filter")
        .entries()
        .iter()
        .filter_map(|(key, value)| filter::read(key, value))
        .map(|condition| filter::Condition { numeric: condition.field == "ID", ..condition })
        .collect();
    let passes = |row: &Php| {
        conditions
            .iter()
            .all(|test| row.find(&test.field).is_none_or(|value| test.passes(&[value.text()])))
    };
    let mut found: Vec<Php> = rows.filter(passes).collect();
    for (name, way) in params.argument("order").entries().iter().rev() {
        let descending = way.text().eq_ignore_ascii_case("desc");
        found.sort_by(|a, b| {
            let ordering = filter::order(&a.get(name).text(), &b.get(name).text());
            if descending { ordering.reverse() } else { ordering }
        });
    }
    found
}
