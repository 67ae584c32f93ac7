//! The inventory at the start of an initial export: everything in the portal that has our
//! originator.
//!
//! All ids are divided into ranges, and fifty ranges are asked for in one request. The rest of a
//! range that held more than a page is divided again, by the density of the ids on that page.
//! 200,000 objects cost about a hundred requests instead of four thousand.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::crm::objects::spoiled_lists::{Question, Range, Scope, ask_in_parts, list_reply};
use crate::crm::objects::{
    MARKS, Object, PAGE, UNREACHED, equal_under_collation, is_next_page, not_filtered, query_each,
    rows, spoiled_ids,
};
use crate::domain::record::Kind;
use crate::domain::run_error::Result;
use crate::portal::CallError;
use crate::portal::batch::{self, Command};
use crate::portal::client::Client;

/// Rows that a range should hold: fewer than a page, because the guess may be wrong.
const TARGET_ROWS: i64 = 35;
/// A guess from one page is too weak for more parts than this.
const MOST_PARTS: i64 = 50;

/// The cards that spoil every list that shows them, and why. Which records they belong to is not
/// known.
pub type Gaps = BTreeMap<(Kind, i64), String>;

/// Calls `each` for every object under `originator`.
pub fn for_each_object(
    client: &mut Client<'_>,
    originator: &str,
    mut each: impl FnMut(Kind, &Object) -> Result<()>,
) -> Result<Gaps> {
    let mut gaps = Gaps::new();
    for kind in Kind::SEND_ORDER {
        for (crm_id, reason) in walk_kind(client, kind, originator, &mut each)? {
            gaps.insert((kind, crm_id), reason);
        }
    }
    Ok(gaps)
}

fn walk_kind(
    client: &mut Client<'_>,
    kind: Kind,
    originator: &str,
    each: &mut impl FnMut(Kind, &Object) -> Result<()>,
) -> Result<BTreeMap<i64, String>> {
    let Newest { crm_id, page_size } = newest(client, kind, originator)?;
    let mut open = split_range(Range { above: 0, upto: crm_id }, (MOST_PARTS - 2) * TARGET_ROWS);
    // A portal that does not sort as it was asked to may have objects with higher ids.
    open.push(Range { above: crm_id, upto: UNREACHED });
    let mut gaps = BTreeMap::new();
    while !open.is_empty() {
        let mut questions = Vec::new();
        for range in open.drain(..open.len().min(batch::MAX_COMMANDS)) {
            questions.push(question(kind, originator, range));
        }
        let answers = ask_in_parts(client, kind, questions, |command, reply| {
            list_reply(command, reply, |page| rows(kind, page))
        })?;
        gaps.extend(spoiled_ids(answers.spoiled));
        for (question, page) in answers.read {
            let Scope::Range(range) = question.scope else { continue };
            check(kind, originator, range, &page)?;
            for object in &page {
                if object.originator == originator {
                    each(kind, object)?;
                }
            }
            open.extend(remaining_range(range, &page, page_size));
        }
    }
    Ok(gaps)
}

fn question(kind: Kind, originator: &str, range: Range) -> Question {
    Question::list(kind, &json!({"ORIGINATOR_ID": originator}), Scope::Range(range), &narrow())
}

/// The fields that an inventory needs. The fewer are asked for, the fewer cards can spoil a list.
fn narrow() -> Value {
    let mut names = vec!["ID"];
    names.extend(MARKS);
    json!(names)
}

/// Refuses a page that holds what was not asked for, or in another order.
fn check(kind: Kind, originator: &str, range: Range, page: &[Object]) -> Result<(), CallError> {
    let is_inside = page.last().is_none_or(|last| last.crm_id <= range.upto);
    let is_ours = page.iter().all(|object| equal_under_collation(&object.originator, originator));
    if is_inside && is_ours && is_next_page(range.above, page) {
        Ok(())
    } else {
        Err(not_filtered(kind))
    }
}

/// What the list of the newest objects shows.
struct Newest {
    /// The highest id; 0 where none was shown.
    crm_id: i64,
    /// Rows of a page. Where there are fewer objects than that, asking behind a page that is not
    /// full costs nothing.
    page_size: usize,
}

/// The newest object under `originator`, by one list.
fn newest(client: &mut Client<'_>, kind: Kind, originator: &str) -> Result<Newest, CallError> {
    let params = json!({
        "filter": {"ORIGINATOR_ID": originator},
        "order": {"ID": "DESC"},
        "select": narrow(),
        "start": -1,
    });
    let newest = Command::new("newest", kind.method("list"), params);
    let page = match query_each(client, &[newest]) {
        Ok(mut answers) => match answers.pop() {
            Some(Ok(page)) if page.is_array() => rows(kind, &page)?,
            // One of the newest cards may spoil it: asking for the ranges finds out which.
            _ => Vec::new(),
        },
        // Asking for the ranges finds out whether the portal answers.
        Err(CallError::UnknownOutcome(_)) => Vec::new(),
        Err(error) => return Err(error),
    };
    let crm_id = page.iter().map(|object| object.crm_id).max().unwrap_or(0);
    let page_size = if page.is_empty() { PAGE } else { page.len().min(PAGE) };
    Ok(Newest { crm_id, page_size })
}

/// Cuts a range into parts that hold about [`TARGET_ROWS`] of its `count` objects each.
fn split_range(Range { above, upto }: Range, count: i64) -> Vec<Range> {
    let span = upto - above;
    let parts = (count / TARGET_ROWS + 1).min(MOST_PARTS);
    let mut ranges = Vec::new();
    let mut start = above;
    for part in 1..=parts {
        let offset = i128::from(span) * i128::from(part) / i128::from(parts);
        let end = above + i64::try_from(offset).unwrap_or(span);
        if start < end {
            ranges.push(Range { above: start, upto: end });
        }
        start = end;
    }
    ranges
}

/// What is left of a range behind a full page, divided by the density of the ids on the page.
fn remaining_range(Range { above, upto }: Range, page: &[Object], page_size: usize) -> Vec<Range> {
    let Some(last) = page.last().filter(|_| page.len() >= page_size) else { return Vec::new() };
    let seen = (last.crm_id - above).max(1);
    let left = upto - last.crm_id;
    split_range(Range { above: last.crm_id, upto }, left.saturating_mul(page.len() as i64) / seen)
}

#[cfg(test)]
mod tests {
    use bitrix24_sandbox::{Harm, Spoiled};

    use super::*;
    use crate::crm::answers::{Near, asked, asked_of};
    use crate::portal::{Portal, Response};

    #[test]
    fn the_parts_of_a_range_cover_it_without_a_gap() {
        for (above, upto, count) in [(0, 100, 500), (7, 8, 50), (0, 1_000_000, 1), (3, 1000, 999)] {
            let parts = split_range(Range { above, upto }, count);
            assert_eq!((parts[0].above, parts[parts.len() - 1].upto), (above, upto));
            assert!(parts.windows(2).all(|pair| pair[0].upto == pair[1].above), "{parts:?}");
        }
        assert!(split_range(Range { above: 0, upto: 0 }, 0).is_empty());
    }

    #[test]
    fn a_full_page_is_followed_by_what_is_left_of_its_range() {
        let page: Vec<Object> =
            (1..=50).map(|crm_id| Object { crm_id, ..Object::default() }).collect();
        let range = Range { above: 0, upto: 200 };
        let left = remaining_range(range, &page, PAGE);
        assert_eq!((left[0].above, left[left.len() - 1].upto), (50, 200));
        assert!(left.len() > 3);
        assert!(remaining_range(range, &page[..49], PAGE).is_empty());
        assert!(remaining_range(Range { above: 0, upto: 50 }, &page, PAGE).is_empty());
    }

    #[test]
    fn a_page_that_holds_something_else_than_its_range_is_no_answer() {
        let range = Range { above: 2, upto: 5 };
        let is_right = |marks: &[(i64, &str)]| {
            let object = |(crm_id, originator): &(i64, &str)| Object {
                crm_id: *crm_id,
                originator: (*originator).to_owned(),
                ..Object::default()
            };
            let page: Vec<Object> = marks.iter().map(object).collect();
            check(Kind::Guest, "ECVI", range, &page).is_ok()
        };
        assert!(is_right(&[]) && is_right(&[(3, "ECVI"), (5, "ecvi ")]));
        assert!(!is_right(&[(3, "ECVI"), (6, "ECVI")]) && !is_right(&[(2, "ECVI")]));
        assert!(!is_right(&[(4, "ECVI"), (3, "ECVI")]) && !is_right(&[(3, "OTHER")]));
    }

    #[test]
    fn an_inventory_asks_for_marks_within_its_range_and_for_nothing_else() {
        let command =
            question(Kind::Guest, "ECVI", Range { above: 2, upto: 5 }).command("q".into());
        assert_eq!(command.method, "crm.contact.list");
        let filter = json!({"ORIGINATOR_ID": "ECVI", ">ID": 2, "<=ID": 5});
        assert_eq!(command.params["filter"], filter);
        assert_eq!(command.params["select"], json!(["ID", "ORIGINATOR_ID", "ORIGIN_ID"]));
    }

    /// A portal whose pages are short, or that cannot list the newest objects.
    struct Odd {
        near: Near,
        page_size: usize,
        lists_newest: bool,
    }

    impl Portal for Odd {
        fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
            let mut response = self.near.call(method, params)?;
            let is_newest = params["cmd"].to_string().contains("=DESC");
            for page in response.result["result"].as_object_mut().unwrap().values_mut() {
                match page {
                    Value::Array(_) if is_newest && !self.lists_newest => *page = json!(false),
                    Value::Array(rows) => rows.truncate(self.page_size),
                    _ => {}
                }
            }
            Ok(response)
        }
    }

    /// The guests of an inventory, and the gaps that it has.
    fn guests(portal: &mut dyn Portal) -> Result<(Vec<i64>, Gaps)> {
        let mut seen = Vec::new();
        let note = |kind: Kind, object: &Object| {
            assert_eq!(kind, Kind::Guest);
            seen.push(object.crm_id);
            Ok(())
        };
        let gaps = asked_of(portal, |client| for_each_object(client, "ECVI", note))?;
        seen.sort_unstable();
        Ok((seen, gaps))
    }

    /// A portal with so many guests, each with the card of somebody else after it.
    fn portal(guests: i64) -> Near {
        let mut near = Near::new();
        for id in 1..=guests {
            let ours = json!({"LAST_NAME": "x", "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": id});
            near.add("contact", &ours);
            near.add("contact", &json!({"LAST_NAME": "x"}));
        }
        near
    }

    #[test]
    fn every_object_is_found_once_whatever_the_pages_hold() {
        for (page_size, lists_newest) in [(PAGE, true), (2, true), (PAGE, false)] {
            let mut odd = Odd { near: portal(130), page_size, lists_newest };
            let (seen, gaps) = guests(&mut odd).unwrap();
            let expected: Vec<i64> = (1..=130).map(|id| 2 * id - 1).collect();
            assert_eq!((seen, gaps.len()), (expected, 0), "{page_size} {lists_newest}");
        }
    }

    #[test]
    fn a_card_that_no_list_can_show_is_a_gap_and_all_others_are_found() {
        let mut near = portal(3);
        let spoiled = (bitrix24_sandbox::Kind::Contact, 3);
        near.sandbox.settings.spoiled.insert(spoiled, Spoiled::Lists(Harm::Refused));
        let (seen, gaps) = guests(&mut near).unwrap();
        assert_eq!(seen, [1, 5]);
        assert_eq!(gaps.into_keys().collect::<Vec<_>>(), [(Kind::Guest, 3)]);
    }

    #[test]
    fn an_inventory_of_other_objects_is_none() {
        let foreign = json!([{"ID": 1, "ORIGINATOR_ID": "OTHER", "ORIGIN_ID": "41"}]);
        let nothing = |_: Kind, _: &Object| Ok(());
        let inventory =
            asked(|_| foreign.clone(), |client| for_each_object(client, "ECVI", nothing));
        assert!(inventory.is_err());
    }

    #[test]
    fn the_ranges_are_asked_for_where_the_newest_objects_cannot_be_listed() {
        let answer = |command: &str| match command {
            newest if newest.contains("=DESC") => json!(false),
            guests if guests.starts_with("crm.contact") => json!([
                {"ID": 1, "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "41"},
                {"ID": 2, "ORIGINATOR_ID": "ecvi", "ORIGIN_ID": "42"},
            ]),
            _ => json!([]),
        };
        let mut seen = Vec::new();
        let note = |kind: Kind, object: &Object| {
            seen.push((kind, object.crm_id));
            Ok(())
        };
        let gaps = asked(answer, |client| for_each_object(client, "ECVI", note)).unwrap();
        assert!(gaps.is_empty());
        assert_eq!(seen, [(Kind::Guest, 1)]);
    }
}
