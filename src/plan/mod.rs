//! The plan: mirror and state are merged, and what differs becomes a step. Nothing here touches the portal.

mod decide;
mod guard;
mod merge;
mod queue;

use std::collections::HashSet;

use anyhow::{Result, bail};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use decide::{Pair, Rules, Standing, Step, decide};
pub use guard::HeldBack;
pub use merge::Merge;
pub use queue::{Planned, Queue};

use crate::code::Code;
use crate::config::Config;
use crate::mirror::{BadRow, Body, Mirror, Row};
use crate::record::{Id, Kind};
use crate::say;
use crate::state::State;

/// The plan of a pass.
pub struct Plan {
    /// The steps.
    pub queue: Queue,
    /// What was seen on the way.
    pub survey: Survey,
    /// People and companies whose bookings are in the plan for their sake, and whom the state does not name yet.
    pub touched: Vec<(Kind, Id)>,
    /// What is not in it because nobody has said that it is right.
    pub held_back: Option<HeldBack>,
}

/// What the mirror looked like.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Survey {
    /// Rows, by [`Kind`].
    pub rows: [u64; 3],
    /// Rows of `booking_guests`.
    pub residents: u64,
    /// The newest `modified_at`, by [`Kind`].
    pub newest: [String; 3],
    /// Bookings that are known and in the mirror.
    #[serde(skip)]
    known_bookings: u64,
    /// Of these, how many carry another number than before.
    #[serde(skip)]
    renumbered: u64,
}

impl Plan {
    /// Reads mirror and state to the end and writes down what differs.
    ///
    /// # Errors
    /// A mirror that is damaged, empty, or not the one it was: nothing may be sent or deleted then.
    pub fn draw(mirror: &Mirror, state: &State, rules: &Rules, before: Option<&Survey>) -> Result<Plan> {
        let queue = Queue::new()?;
        let add = |kind, step, pair: Pair| queue.add(&Planned { kind, id: pair.id, step, row: pair.row });
        let (survey, touched) = compare(mirror, state, rules, before, add)?;
        Ok(Plan { queue, survey, touched, held_back: None })
    }
}

/// Reads mirror and state to the end and hands each record that differs to `found`. Returns what was seen, and
/// the people whose bookings differ for their sake.
///
/// # Errors
/// As [`Plan::draw`], which keeps what is found.
pub fn compare(
    mirror: &Mirror,
    state: &State,
    rules: &Rules,
    before: Option<&Survey>,
    found: impl FnMut(Kind, Step, Pair) -> Result<()>,
) -> Result<(Survey, Vec<(Kind, Id)>)> {
    let mut comparison = Comparison {
        survey: Survey::default(),
        touched: state.touched()?,
        renamed: Vec::new(),
        deals_stand: state.has_linked(Kind::Booking)?,
        found,
    };
    for kind in Kind::ALL {
        comparison.kind(kind, mirror, state, rules)?;
    }
    comparison.survey.check(before)?;
    Ok((comparison.survey, comparison.renamed))
}

struct Comparison<F> {
    survey: Survey,
    touched: HashSet<(Kind, Id)>,
    /// Of these, who was touched by this comparison.
    renamed: Vec<(Kind, Id)>,
    /// Some booking has a deal: one that names a newcomer may have gone without them.
    deals_stand: bool,
    found: F,
}

impl<F: FnMut(Kind, Step, Pair) -> Result<()>> Comparison<F> {
    fn kind(&mut self, kind: Kind, mirror: &Mirror, state: &State, rules: &Rules) -> Result<()> {
        let standing = Standing { doubts: state.doubts(kind)?, holds: state.holds(kind)? };
        let (mut scan, mut known) = (mirror.scan(kind)?, state.known(kind)?);
        let mut rows = scan.rows()?;
        for pair in Merge::new(rows.by_ref(), known.rows()?) {
            let pair = pair?;
            self.survey.see(kind, &pair);
            let has_touched = kind == Kind::Booking && is_touched(&pair, &self.touched);
            if let Some(step) = decide(kind, &pair, &standing, has_touched, rules) {
                if self.touches_bookings(kind, &pair) && self.touched.insert((kind, pair.id.clone())) {
                    self.renamed.push((kind, pair.id.clone()));
                }
                (self.found)(kind, step, pair)?;
            }
        }
        self.survey.rows[kind as usize] = rows.seen();
        self.survey.residents = self.survey.residents.max(rows.residents());
        if rows.nameless() > 0 {
            self.fail_nameless(kind, rows.nameless(), &standing, rules)?;
        }
        Ok(())
    }

    /// Whether a deal would read differently after this: another last name, a person who came, left or came back.
    fn touches_bookings(&self, kind: Kind, pair: &Pair) -> bool {
        match (kind, &pair.known) {
            (Kind::Booking, _) => false,
            (Kind::Guest | Kind::Company, None) => self.deals_stand,
            (Kind::Guest | Kind::Company, Some(known)) => {
                known.gone || pair.row.as_ref().is_none_or(|row| row.label != known.label)
            }
        }
    }

    /// Rows without an id cannot be told apart: they fail together, under the id that they do not have.
    fn fail_nameless(&mut self, kind: Kind, count: u64, standing: &Standing, rules: &Rules) -> Result<()> {
        let row = Row {
            id: Id::Text("NULL".into()),
            modified_at: String::new(),
            content: count,
            people: 0,
            label: String::new(),
            crm_id: None,
            extra: serde_json::Map::new(),
            body: Err(BadRow::new(Code::BadId, "id", &format!("{count} rows"))),
        };
        let pair = Pair { id: row.id.clone(), row: Some(row), known: None };
        if let Some(step) = decide(kind, &pair, standing, false, rules) {
            (self.found)(kind, step, pair)?;
        }
        Ok(())
    }
}

fn is_touched(pair: &Pair, touched: &HashSet<(Kind, Id)>) -> bool {
    let Some(Ok(Body::Booking(booking))) = pair.row.as_ref().map(|row| &row.body) else { return false };
    let has = |kind: Kind, id: &Id| touched.contains(&(kind, id.clone()));
    !touched.is_empty()
        && (booking.guest.iter().chain(&booking.residents).any(|id| has(Kind::Guest, id))
            || booking.company.iter().chain(&booking.payer).any(|id| has(Kind::Company, id)))
}

impl Rules {
    /// The rules of an ordinary pass of cron.
    pub fn usual(config: &Config, mirror: &Mirror, before: Option<&Survey>, now: DateTime<Utc>) -> Rules {
        Rules {
            now,
            full: false,
            retry_failed: false,
            deletes: true,
            windows: mirror.windows(),
            bookings_from: config.export.bookings_from,
            newest: before.map(|survey| survey.newest.clone()).unwrap_or_default(),
        }
    }
}

impl Survey {
    /// The records of a kind were let go of: that their table is empty now means nothing.
    pub fn forget(&mut self, kind: Kind) {
        self.rows[kind as usize] = 0;
        if kind == Kind::Booking {
            self.residents = 0;
        }
    }

    fn see(&mut self, kind: Kind, pair: &Pair) {
        let Some(row) = &pair.row else { return };
        let newest = &mut self.newest[kind as usize];
        if row.modified_at > *newest {
            newest.clone_from(&row.modified_at);
        }
        if let (Kind::Booking, Some(known)) = (kind, &pair.known)
            && known.crm_id.is_some()
        {
            self.known_bookings += 1;
            self.renumbered += u64::from(known.label != row.label && !known.label.is_empty());
        }
    }

    /// Refuses a mirror from which nothing may be concluded.
    fn check(&self, before: Option<&Survey>) -> Result<()> {
        if self.rows.iter().all(|count| *count == 0) {
            bail!(say!(
                "зеркало Ecvi пусто: нет ни гостей, ни компаний, ни заявок. Проверьте, чем оно наполняется",
                "the mirror is empty: no guests, no companies, no bookings. Check what fills it"
            ));
        }
        if let Some(before) = before {
            let tables = [("guests", 0), ("companies", 1), ("bookings", 2)];
            let emptied = tables.iter().find(|(_, at)| self.rows[*at] == 0 && before.rows[*at] > 0);
            let residents = (self.residents == 0 && before.residents > 0).then_some(&("booking_guests", 3));
            if let Some((table, at)) = emptied.or(residents) {
                let kind = [Kind::Guest, Kind::Company][..].get(*at).map_or("booking", |kind| kind.name());
                bail!(say!(
                    "в зеркале Ecvi опустела таблица {table}, в которой были записи. Проверьте, чем оно наполняется; если это не сбой, выполните ecvi-b24 reset-id {kind} --all",
                    "the table {table} of the mirror had rows and is empty now. Check what fills it; if that is no fault, run ecvi-b24 reset-id {kind} --all"
                ));
            }
        }
        if self.renumbered * 10 > self.known_bookings {
            let (other, known) = (self.renumbered, self.known_bookings);
            bail!(say!(
                "похоже, это зеркало другого отеля: у {other} из {known} известных заявок другой номер. Проверьте [mirror] path",
                "this looks like another hotel's mirror: {other} of {known} known bookings carry another number. Check [mirror] path"
            ));
        }
        Ok(())
    }
}
