//! Cards that no answer can show: with broken bytes in one of them, the whole answer cannot be
//! written as JSON (facts, section 14.2).

use crate::answer::{Answer, Outcome, Refusal};
use crate::data::record::{Kind, Record};
use crate::portal::{Portal, Reply};
use crate::request::Request;

/// What becomes of an answer that shows such a card. What was asked for is carried out all the
/// same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// `{"error":"WRONG_ENCODING"}` in place of the whole answer.
    WrongEncoding,
    /// HTTP 200 with an empty body.
    Empty,
    /// HTTP 500 with a JSON error.
    ServerError,
    /// An error for this call, or for this command of a batch.
    Refused,
}

/// Which answers a card spoils.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoiled {
    /// Lists that show it; asked for alone, it is answered.
    Lists(Harm),
    /// Every answer that shows it.
    Everywhere(Harm),
}

impl Portal {
    /// What a list suffers from the first spoiled card that it shows.
    pub(crate) fn harm_of_list(&self, kind: Kind, shown: &[&Record]) -> Option<Harm> {
        let spoiled = &self.settings.spoiled;
        match shown.iter().find_map(|record| spoiled.get(&(kind, record.id)))? {
            Spoiled::Lists(harm) | Spoiled::Everywhere(harm) => Some(*harm),
        }
    }

    /// What an answer suffers that shows this card alone.
    pub(crate) fn harm_of_card(&self, kind: Kind, id: u64) -> Option<Harm> {
        match self.settings.spoiled.get(&(kind, id)) {
            Some(Spoiled::Everywhere(harm)) => Some(*harm),
            Some(Spoiled::Lists(_)) | None => None,
        }
    }
}

impl Request {
    /// Takes an answer in; what spoils it spoils the whole request, unless it is an error of this
    /// call alone.
    pub(crate) fn accept_answer(&mut self, answer: Answer) -> Outcome {
        match answer.harm {
            Some(Harm::Refused) => {
                return Err(Refusal::new(500, "INTERNAL_SERVER_ERROR", "Internal server error"));
            }
            Some(harm) => self.harm = Some(harm),
            None => {}
        }
        Ok(answer)
    }
}

/// The answer in place of the one that cannot be written.
pub(crate) fn spoiled_reply(harm: Harm, seconds: f64) -> Reply {
    let (status, body) = match harm {
        Harm::WrongEncoding => {
            (200, r#"{"error":"WRONG_ENCODING","error_description":"Wrong request encoding"}"#)
        }
        Harm::Empty => (200, ""),
        Harm::ServerError | Harm::Refused => (
            500,
            r#"{"error":"INTERNAL_SERVER_ERROR","error_description":"Internal server error"}"#,
        ),
    };
    Reply { status, body: body.to_owned(), location: None, seconds }
}
