//! From the word on a command line to a record: its id in Ecvi, or a booking's number.

use crate::config::Config;
use crate::domain::messages::{CommandMessage, Message};
use crate::domain::record::{Kind, RecordKey};
use crate::domain::run_error::{Result, RunError};
use crate::domain::{shell, visible_text};
use crate::mirror::{Mirror, Row};
use crate::platform::clock::ReadLimit;
use crate::state::State;

/// A record that the mirror or the state has.
#[derive(Clone, PartialEq, Debug)]
pub struct FoundRecord {
    /// Its kind and its id in Ecvi.
    pub key: RecordKey,
    /// A booking's number, else empty or a name that is not to be shown.
    pub display_name: String,
    /// Its row in the mirror.
    pub row: Option<Row>,
    /// Whether Ecvi has it no more. False where the mirror cannot be read.
    pub absent_in_mirror: bool,
}

impl FoundRecord {
    /// Whether it is the booking with this number.
    fn has_number(&self, number: &str) -> bool {
        self.key.kind == Kind::Booking && self.display_name == number
    }
}

/// Where records are looked for. A mirror that cannot be read is an error only where the state has
/// no such record.
pub struct Lookup<'s> {
    state: &'s State,
    mirror: Result<Mirror, RunError>,
}

/// The word that names the record with this id on a command line, as a shell takes it.
pub fn word_for(id: &str) -> String {
    // An option, or what is read as a number or an id of its own.
    let is_other = id.starts_with(['-', '№']) || id.starts_with("id:");
    let word = if is_other { format!("id:{id}") } else { id.to_owned() };
    shell::argument(&word).into_owned()
}

/// What was typed: `3682`, `№3682`, or `id:5` for the id alone.
struct Query<'q> {
    text: &'q str,
    id_alone: bool,
}

impl Query<'_> {
    fn parse(typed: &str) -> Query<'_> {
        match typed.strip_prefix("id:") {
            Some(id) => Query { text: id, id_alone: true },
            None => Query { text: typed.strip_prefix('№').unwrap_or(typed), id_alone: false },
        }
    }
}

impl<'s> Lookup<'s> {
    /// Opens the mirror beside the state; reading it ends at the limit.
    pub fn new(config: &Config, state: &'s State, limit: &ReadLimit) -> Lookup<'s> {
        Lookup { state, mirror: Mirror::open_within(&config.mirror, limit) }
    }

    /// The mirror, where it can be read.
    pub fn mirror(&self) -> Option<&Mirror> {
        self.mirror.as_ref().ok()
    }

    /// Why the mirror cannot be read.
    pub fn mirror_error(&self) -> Option<Message> {
        self.mirror.as_ref().err().map(RunError::message)
    }

    /// All records that may be meant: a booking's number comes before an id.
    ///
    /// # Errors
    /// [`RunError::Usage`] when there is no such record.
    pub fn find_all(&self, kind: Kind, typed: &str) -> Result<Vec<FoundRecord>> {
        let query = Query::parse(typed);
        let mut found = self.candidates(kind, query.text)?;
        if query.id_alone {
            found.retain(|record| record.key.id.to_string() == query.text);
        } else if found.iter().any(|record| record.has_number(query.text)) {
            found.retain(|record| record.has_number(query.text));
        }
        if found.is_empty() {
            return Err(self.not_found(kind, query.text));
        }
        Ok(found)
    }

    /// As [`Lookup::find_all`]; a booking that is nowhere any more is looked for among those whose
    /// deals were deleted.
    pub fn find_including_deleted(&self, kind: Kind, typed: &str) -> Result<Vec<FoundRecord>> {
        let error = match self.find_all(kind, typed) {
            Err(error) if kind == Kind::Booking => error,
            found => return found,
        };
        let query = Query::parse(typed);
        let mut deleted = Vec::new();
        for (id, display_name) in self.state.find_deleted(query.text)? {
            if !query.id_alone || id.to_string() == query.text {
                let key = RecordKey { kind, id };
                deleted.push(FoundRecord { key, display_name, row: None, absent_in_mirror: true });
            }
        }
        if deleted.is_empty() { Err(error) } else { Ok(deleted) }
    }

    /// The one record that the typed word names.
    ///
    /// # Errors
    /// [`RunError::Usage`] when there is none, or when several may be meant.
    pub fn find_one(&self, kind: Kind, typed: &str) -> Result<FoundRecord> {
        let mut found = self.find_all(kind, typed)?;
        if found.len() == 1 {
            return Ok(found.remove(0));
        }
        let ids: Vec<String> = found.iter().map(|record| format!("id:{}", record.key.id)).collect();
        let ids = visible_text::name(&ids.join(", "));
        let query = visible_text::name(typed);
        Err(RunError::usage(CommandMessage::SeveralRecords { query, ids }))
    }

    fn candidates(&self, kind: Kind, text: &str) -> Result<Vec<FoundRecord>> {
        let mut found = Vec::new();
        for row in self.rows(kind, text)? {
            found.push(FoundRecord {
                key: RecordKey { kind, id: row.id.clone() },
                display_name: row.display_name.clone(),
                row: Some(row),
                absent_in_mirror: false,
            });
        }
        for id in self.state.find_ids(kind, text)? {
            if !found.iter().any(|record| record.key.id == id) {
                // The booking may carry another number by now.
                let row = self.rows(kind, &id.to_string())?.into_iter().find(|row| row.id == id);
                let key = RecordKey { kind, id };
                let display_name =
                    self.state.record(&key)?.unwrap_or_default().plan_record.display_name;
                let absent_in_mirror = row.is_none() && self.mirror.is_ok();
                found.push(FoundRecord { key, display_name, row, absent_in_mirror });
            }
        }
        found.sort_by(|a, b| a.key.id.cmp(&b.key.id));
        Ok(found)
    }

    fn rows(&self, kind: Kind, text: &str) -> Result<Vec<Row>> {
        match &self.mirror {
            Ok(mirror) => Ok(mirror.find(kind, text)?),
            Err(_) => Ok(Vec::new()),
        }
    }

    fn not_found(&self, kind: Kind, text: &str) -> RunError {
        if let Err(error) = &self.mirror {
            return RunError::Mirror(error.message());
        }
        let query = visible_text::name(text);
        let message = match kind {
            Kind::Guest => CommandMessage::NoSuchGuest { query },
            Kind::Company => CommandMessage::NoSuchCompany { query },
            Kind::Booking => CommandMessage::NoSuchBooking { query },
        };
        RunError::usage(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_on_a_command_line_means_the_id_and_nothing_else() {
        for (id, word) in [
            ("42", "42"),
            ("7;id", "'7;id'"),
            ("-y", "id:-y"),
            ("id:7", "id:id:7"),
            ("№7", "'id:№7'"),
        ] {
            assert_eq!(word_for(id), word);
            let typed = word.trim_matches('\'');
            assert_eq!(Query::parse(typed).text, id);
        }
    }
}
