//! The inventory at the start of an initial export: everything that stands in the portal under our originator.
//!
//! The span of ids is cut into ranges, and fifty of them are asked for in one request. A range that was fuller than
//! a page is cut again behind it, by the density that the page showed. 200,000 objects cost about a
//! hundred requests instead of four thousand.

use serde_json::{Value, json};

use super::{Object, PAGE, ask, collates, goes_on, not_filtered, pages, rows, select};
use crate::portal::CallError;
use crate::portal::batch::{self, Command};
use crate::portal::gate::Gate;
use crate::record::Kind;

/// Rows that a range should hold: room to be wrong before a page is full.
const AIM: i64 = 35;
/// A guess from one page is not trusted further than this.
const MOST_PARTS: i64 = 50;

/// A range of ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Range {
    /// Below its first.
    above: i64,
    /// Its last.
    upto: i64,
}

/// Calls `each` for every object under `originator`.
pub fn walk(
    gate: &mut Gate<'_>,
    originator: &str,
    mut each: impl FnMut(Kind, &Object) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    Kind::ALL.into_iter().try_for_each(|kind| walk_kind(gate, kind, originator, &mut each))
}

fn walk_kind(
    gate: &mut Gate<'_>,
    kind: Kind,
    originator: &str,
    each: &mut impl FnMut(Kind, &Object) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut open = cut(Range { above: 0, upto: highest(gate, kind, originator)? }, MOST_PARTS * AIM);
    while !open.is_empty() {
        let now: Vec<Range> = open.drain(..open.len().min(batch::MOST)).collect();
        let filter =
            |Range { above, upto }: &Range| json!({"ORIGINATOR_ID": originator, ">ID": above, "<=ID": upto});
        let filters: Vec<Value> = now.iter().map(filter).collect();
        for (range, page) in now.into_iter().zip(pages(gate, kind, &filters)?) {
            if !goes_on(range.above, &page) || page.last().is_some_and(|last| last.crm_id > range.upto) {
                return Err(not_filtered(kind).into());
            }
            for object in &page {
                if !collates(&object.originator, originator) {
                    return Err(not_filtered(kind).into());
                }
                if object.originator == originator {
                    each(kind, object)?;
                }
            }
            open.extend(rest(range, &page));
        }
    }
    Ok(())
}

/// The highest id under `originator`; 0 where there is none.
fn highest(gate: &mut Gate<'_>, kind: Kind, originator: &str) -> Result<i64, CallError> {
    let params = json!({
        "filter": {"ORIGINATOR_ID": originator}, "order": {"ID": "DESC"}, "select": select(kind), "start": -1,
    });
    let newest = Command::new("newest", format!("crm.{}.list", kind.entity()), params);
    let page = ask(gate, &[newest])?;
    // Only an empty list means that nothing stands there: anything else that cannot be read must not look so.
    let newest = rows(kind, page.first().unwrap_or(&Value::Null))?;
    Ok(newest.first().map_or(0, |object| object.crm_id))
}

/// Cuts a range into parts that hold about [`AIM`] of its `count` objects each.
fn cut(Range { above, upto }: Range, count: i64) -> Vec<Range> {
    let span = upto - above;
    let parts = (count / AIM + 1).min(MOST_PARTS).clamp(1, span.max(1));
    let edge = |part: i64| {
        above + i64::try_from(i128::from(span) * i128::from(part) / i128::from(parts)).unwrap_or(span)
    };
    let cut = |part| Range { above: edge(part), upto: edge(part + 1) };
    (0..parts).map(cut).filter(|part| part.above < part.upto).collect()
}

/// What is left of a range behind a full page, cut by the density that the page showed.
fn rest(Range { above, upto }: Range, page: &[Object]) -> Vec<Range> {
    let Some(last) = page.last().filter(|last| page.len() >= PAGE && last.crm_id < upto) else {
        return Vec::new();
    };
    let (seen, left) = ((last.crm_id - above).max(1), upto - last.crm_id);
    cut(Range { above: last.crm_id, upto }, left.saturating_mul(page.len() as i64) / seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_range_cover_it_without_a_gap() {
        for (above, upto, count) in [(0, 100, 500), (7, 8, 50), (0, 1_000_000, 1), (3, 1000, 999)] {
            let parts = cut(Range { above, upto }, count);
            assert_eq!((parts[0].above, parts[parts.len() - 1].upto), (above, upto));
            assert!(parts.windows(2).all(|pair| pair[0].upto == pair[1].above), "{parts:?}");
        }
        assert!(cut(Range { above: 0, upto: 0 }, 0).is_empty());
    }

    #[test]
    fn a_full_page_is_followed_by_what_is_left_of_its_range() {
        let page: Vec<Object> = (1..=50).map(|crm_id| Object { crm_id, ..Object::default() }).collect();
        let range = Range { above: 0, upto: 200 };
        let left = rest(range, &page);
        assert_eq!((left[0].above, left[left.len() - 1].upto), (50, 200));
        assert!(left.len() > 3);
        assert!(rest(range, &page[..49]).is_empty());
        assert!(rest(Range { above: 0, upto: 50 }, &page).is_empty());
    }
}
