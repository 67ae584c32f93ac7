//! Lists in the portal's answers that are not what they ought to be.

use bitrix24_sandbox::Kind;
use chrono::TimeDelta;
use ecvi_b24::portal::Response;
use serde_json::Value;

use crate::invariants::ORIGINATOR;
use crate::world::World;

/// What is odd about a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Oddity {
    /// Its first row is missing.
    Short,
    /// Its first row comes twice.
    Repeated,
    /// It comes the other way round.
    Reversed,
    /// It does not show what was made just now.
    Lagging,
}

/// One request, and what its answer was like.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Asked {
    /// It may change something.
    pub(crate) writes: bool,
    /// The rows of its longest list.
    pub(crate) rows: usize,
    /// A list shows what was made just now.
    pub(crate) is_fresh: bool,
}

/// So far a list may lag behind: a call takes effect within a minute, and `settle_time` waits for
/// so much longer. A portal's lists show at once what was made.
const LAG: TimeDelta = TimeDelta::seconds(15);

/// The lists of cards in an answer.
fn lists<'r>(
    method: &str,
    params: &Value,
    result: &'r mut Value,
) -> Vec<(Kind, &'r mut Vec<Value>)> {
    let Some(commands) = params["cmd"].as_object().filter(|_| method == "batch") else {
        return list(method, &params.to_string(), result).into_iter().collect();
    };
    let Some(results) = result.get_mut("result").and_then(Value::as_object_mut) else {
        return Vec::new();
    };
    let named = results.iter_mut().filter_map(|(name, result)| {
        let (method, query) = commands.get(name)?.as_str()?.split_once('?')?;
        list(method, query, result)
    });
    named.collect()
}

fn list<'r>(
    method: &str,
    query: &str,
    result: &'r mut Value,
) -> Option<(Kind, &'r mut Vec<Value>)> {
    let kind = match method {
        "crm.contact.list" => Kind::Contact,
        "crm.company.list" => Kind::Company,
        "crm.deal.list" => Kind::Deal,
        "crm.item.list" if query.contains("entityTypeId=2") => Kind::Deal,
        _ => return None,
    };
    let rows = if result.is_array() { Some(result) } else { result.get_mut("items") };
    Some((kind, rows?.as_array_mut()?))
}

fn id_of(row: &Value) -> Option<u64> {
    let id = row.get("ID").or_else(|| row.get("id"))?;
    id.as_u64().or_else(|| id.as_str()?.parse().ok())
}

impl World {
    /// Notes which lists an answer has.
    pub(crate) fn note_lists(&mut self, method: &str, params: &Value, answer: &Response) {
        if !self.watching {
            return;
        }
        let mut result = answer.result.clone();
        let lists = lists(method, params, &mut result);
        let rows = lists.iter().map(|(_, rows)| rows.len()).max().unwrap_or(0);
        let is_fresh =
            lists.iter().any(|(kind, rows)| rows.iter().any(|row| self.is_fresh(*kind, row)));
        if let Some(asked) = self.asked.last_mut() {
            asked.rows = rows;
            asked.is_fresh = is_fresh;
        }
    }

    fn is_fresh(&self, kind: Kind, row: &Value) -> bool {
        let born = id_of(row).and_then(|id| self.invariants.born.get(&(kind, id)));
        born.is_some_and(|born| self.portal_now() - *born < LAG)
    }

    /// The answer with odd lists.
    pub(crate) fn odd(
        &mut self,
        oddity: Oddity,
        method: &str,
        params: &Value,
        mut answer: Response,
    ) -> Response {
        for (kind, rows) in lists(method, params, &mut answer.result) {
            match oddity {
                Oddity::Short if !rows.is_empty() => {
                    let row = rows.remove(0);
                    self.hide(kind, &row);
                }
                Oddity::Repeated => rows.extend(rows.first().cloned()),
                Oddity::Reversed => rows.reverse(),
                Oddity::Lagging => rows.retain(|row| !self.is_fresh(kind, row)),
                Oddity::Short => {}
            }
        }
        answer
    }

    /// An answer that is well formed and false cannot be seen through: what stands there and is
    /// not shown when it is looked for may be made once more.
    fn hide(&mut self, kind: Kind, row: &Value) {
        let (originator, origin) = (&row["ORIGINATOR_ID"], &row["ORIGIN_ID"]);
        if originator == ORIGINATOR
            && let Some(origin) = origin.as_str()
        {
            self.invariants.permit((kind, origin.to_owned()));
            self.invariants.restored((kind, origin.to_owned()), self.portal_now());
        }
    }
}
