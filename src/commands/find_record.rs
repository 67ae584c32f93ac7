//! From the word on a command line to a record: its id in Ecvi, or a booking's number.

use anyhow::Result;

use crate::config::Config;
use crate::domain::record::{Kind, RecordKey};
use crate::domain::run_error::{RunError, UsageError};
use crate::domain::visible_text;
use crate::mirror::{Mirror, Row};
use crate::platform::clock::ReadLimit;
use crate::say;
use crate::state::State;

/// A record that somebody knows.
#[derive(Clone, PartialEq, Debug)]
pub struct FoundRecord {
    /// Which record.
    pub key: RecordKey,
    /// A booking's number, else empty or a name that is not to be shown.
    pub label: String,
    /// Its row in the mirror.
    pub row: Option<Row>,
    /// Whether it is gone from Ecvi. A mirror that cannot be read says nothing.
    pub gone: bool,
}

/// Where records are looked for. A mirror that cannot be read is an error only where the state knows nothing.
pub struct Lookup<'s> {
    state: &'s State,
    mirror: Result<Mirror, RunError>,
}

impl<'s> Lookup<'s> {
    /// Opens the mirror beside the state.
    pub fn new(config: &Config, state: &'s State) -> Lookup<'s> {
        let limit = ReadLimit::lasting(config.sync.time_limit);
        Lookup { state, mirror: Mirror::open_within(&config.mirror, &limit) }
    }

    /// The mirror, where it can be asked.
    pub fn mirror(&self) -> Option<&Mirror> {
        self.mirror.as_ref().ok()
    }

    /// Why the mirror cannot be asked.
    pub fn mirror_error(&self) -> Option<String> {
        self.mirror.as_ref().err().map(ToString::to_string)
    }

    /// All records that a word may mean: a booking's number before an id. `id:5` means the id alone.
    ///
    /// # Errors
    /// [`UsageError`] when nobody knows such a record.
    pub fn find_all(&self, kind: Kind, word: &str) -> Result<Vec<FoundRecord>> {
        let (id_alone, word) = parse_query(word);
        let mut found = self.known(kind, word)?;
        let numbered = |one: &FoundRecord| kind == Kind::Booking && one.label == word;
        if id_alone {
            found.retain(|one| one.key.id.to_string() == word);
        } else if found.iter().any(numbered) {
            found.retain(numbered);
        }
        if found.is_empty() {
            return Err(self.not_found(kind, word));
        }
        Ok(found)
    }

    /// As [`Lookup::find_all`]; if nobody knows the booking any more, those whose deals were deleted.
    pub fn find_including_deleted(&self, kind: Kind, word: &str) -> Result<Vec<FoundRecord>> {
        let error = match self.find_all(kind, word) {
            Err(error) if kind == Kind::Booking => error,
            found => return found,
        };
        let (id_alone, word) = parse_query(word);
        let mut past = self.state.find_deleted(word)?;
        past.retain(|(id, _)| !id_alone || id.to_string() == word);
        let gone = |(id, label)| FoundRecord { key: RecordKey { kind, id }, label, row: None, gone: true };
        if past.is_empty() { Err(error) } else { Ok(past.into_iter().map(gone).collect()) }
    }

    /// The one record that a word means.
    ///
    /// # Errors
    /// [`UsageError`] when nobody knows it, or when it may be several.
    pub fn find_one(&self, kind: Kind, word: &str) -> Result<FoundRecord> {
        let mut found = self.find_all(kind, word)?;
        match (found.pop(), found.as_slice()) {
            (Some(one), []) => Ok(one),
            (last, others) => {
                let ids: Vec<String> =
                    others.iter().chain(&last).map(|one| format!("id:{}", one.key.id)).collect();
                let ids = visible_text::name(&ids.join(", "));
                let word = visible_text::name(word);
                let message = say!(
                    "под «{word}» значится несколько записей; укажите одну: {ids}",
                    "several records are called {word}; name one: {ids}"
                );
                Err(UsageError(message).into())
            }
        }
    }

    fn known(&self, kind: Kind, word: &str) -> Result<Vec<FoundRecord>> {
        let named = |row: Row| FoundRecord {
            key: RecordKey { kind, id: row.id.clone() },
            label: row.display_name.clone(),
            row: Some(row),
            gone: false,
        };
        let mut found: Vec<FoundRecord> = self.rows(kind, word)?.into_iter().map(named).collect();
        for id in self.state.find(kind, word)? {
            if !found.iter().any(|one| one.key.id == id) {
                // The booking may carry another number by now.
                let row = self.rows(kind, &id.to_string())?.into_iter().find(|row| row.id == id);
                let key = RecordKey { kind, id };
                let label = self.state.record(&key)?.unwrap_or_default().plan_record.display_name;
                let gone = row.is_none() && self.mirror.is_ok();
                found.push(FoundRecord { key, label, row, gone });
            }
        }
        found.sort_by(|a, b| a.key.id.cmp(&b.key.id));
        Ok(found)
    }

    fn rows(&self, kind: Kind, word: &str) -> Result<Vec<Row>> {
        match &self.mirror {
            Ok(mirror) => Ok(mirror.find(kind, word)?),
            Err(_) => Ok(Vec::new()),
        }
    }

    fn not_found(&self, kind: Kind, word: &str) -> anyhow::Error {
        if let Some(error) = self.mirror_error() {
            return anyhow::anyhow!(error);
        }
        let word = visible_text::name(word);
        let message = match kind {
            Kind::Guest => {
                say!(
                    "гостя «{word}» нет ни в зеркале Ecvi, ни среди переданных; проверьте id",
                    "guest {word} is neither in the mirror nor among the records sent; check the id"
                )
            }
            Kind::Company => {
                say!(
                    "компании «{word}» нет ни в зеркале Ecvi, ни среди переданных; проверьте id",
                    "company {word} is neither in the mirror nor among the records sent; check the id"
                )
            }
            Kind::Booking => {
                say!(
                    "заявки «{word}» нет ни в зеркале Ecvi, ни среди переданных; проверьте номер",
                    "booking {word} is neither in the mirror nor among the records sent; check the number"
                )
            }
        };
        UsageError(message).into()
    }
}

/// Whether the id alone is meant, and the bare word.
fn parse_query(word: &str) -> (bool, &str) {
    match word.strip_prefix("id:") {
        Some(id) => (true, id),
        None => (false, word.strip_prefix('№').unwrap_or(word)),
    }
}
