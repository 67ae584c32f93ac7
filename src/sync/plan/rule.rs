//! The rules that decide about a record. The log says how many records each rule decided about.

use std::fmt;

use enum_map::{Enum, EnumMap};
use strum::Display;

use super::Step;
use crate::domain::record::Kind;

/// What decided about a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Display, Enum)]
#[strum(serialize_all = "kebab-case")]
pub enum Rule {
    /// A call for it was never answered, and what became of it is not known yet.
    InDoubt,
    /// It failed, and waits for its next attempt.
    OnHold,
    /// Neither the mirror nor the state has it.
    Nowhere,
    /// Its row cannot be read.
    Unreadable,
    /// It was over before `bookings_from`, and never had a deal.
    History,
    /// As [`Rule::History`], but it failed or waited before it became history.
    WaitingHistory,
    /// It has no object.
    New,
    /// All its fields are to be sent again.
    Changed,
    /// Its closing date is to be sent, and its people may have changed in the CRM.
    CloseWithPeople,
    /// Its closing date is to be sent.
    CloseAlone,
    /// Its people may have changed in the CRM.
    PartiesChanged,
    /// It is as it was sent.
    AsSent,
    /// A guest or a company is gone from the mirror.
    Gone,
    /// A guest or a company is gone from the mirror, and the state has noted that already.
    KnownAsGone,
    /// A booking that never had a deal is gone.
    GoneWithoutDeal,
    /// A booking is gone, and its deal is to be deleted.
    GoneWithDeal,
    /// A booking is gone, but nothing may be deleted in this run.
    DeletionsHeld,
    /// It is missing, but the mirror shows only a window.
    OutsideTheWindow,
    /// It is missing, and may come back.
    MayComeBack,
}

impl Rule {
    /// What is done, if anything.
    pub fn step(self) -> Option<Step> {
        match self {
            Rule::Unreadable => Some(Step::Fail),
            Rule::New => Some(Step::Create),
            Rule::Changed | Rule::CloseWithPeople => Some(Step::Update),
            Rule::CloseAlone => Some(Step::SendCloseDate),
            Rule::PartiesChanged => Some(Step::Recheck),
            Rule::Gone => Some(Step::MarkAbsent),
            Rule::WaitingHistory | Rule::GoneWithoutDeal => Some(Step::DropRecord),
            Rule::GoneWithDeal => Some(Step::Delete),
            Rule::InDoubt
            | Rule::OnHold
            | Rule::Nowhere
            | Rule::History
            | Rule::AsSent
            | Rule::KnownAsGone
            | Rule::DeletionsHeld
            | Rule::OutsideTheWindow
            | Rule::MayComeBack => None,
        }
    }
}

/// The number of records of a kind that each rule decided about.
pub(super) struct RuleCounts {
    kind: Kind,
    counts: EnumMap<Rule, u64>,
}

impl RuleCounts {
    pub(super) fn of(kind: Kind) -> RuleCounts {
        RuleCounts { kind, counts: EnumMap::default() }
    }

    pub(super) fn count(&mut self, rule: Rule) {
        self.counts[rule] += 1;
    }

    /// Writes them into the log, if there are any.
    pub(super) fn log(&self) {
        if self.counts.values().any(|count| *count > 0) {
            log::debug!("planned: {self}");
        }
    }
}

impl fmt::Display for RuleCounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.kind)?;
        for (rule, count) in &self.counts {
            if *count > 0 {
                write!(formatter, " {rule}={count}")?;
            }
        }
        Ok(())
    }
}
