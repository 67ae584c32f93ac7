//! A range of ids: what is read of a table at once.

use super::RecordId;

/// The ids from one on, up to but not including another; open where there is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdRange {
    /// The first that belongs to it.
    pub start: Option<RecordId>,
    /// The first that does not belong to it.
    pub end: Option<RecordId>,
}

impl IdRange {
    /// The one range of all ids.
    pub const ALL: &'static [IdRange] = &[IdRange { start: None, end: None }];

    /// The range of one id.
    pub fn one(id: &RecordId) -> IdRange {
        let next = match id {
            RecordId::Number(number) => number.checked_add(1).map(RecordId::Number),
            RecordId::Text(text) => Some(RecordId::Text(format!("{text}\0"))),
        };
        // Behind the last number come the texts.
        let end = next.unwrap_or_else(|| RecordId::Text(String::new()));
        IdRange { start: Some(id.clone()), end: Some(end) }
    }

    /// Whether it ends before this id.
    pub fn ends_before(&self, id: &RecordId) -> bool {
        self.end.as_ref().is_some_and(|upto| upto <= id)
    }

    /// Whether it begins after this id.
    pub fn starts_after(&self, id: &RecordId) -> bool {
        self.start.as_ref().is_some_and(|from| from > id)
    }
}
