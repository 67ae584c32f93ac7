//! A question of `init`: how a person reads it, and which option answers it in a script.

use crate::domain::language::Language;
use crate::domain::messages::{Localized, QuestionMessage};
use crate::domain::mirror_table::MirrorTable;
use crate::domain::record::BookingStatus;

/// A question of `init`.
pub(super) struct Question {
    pub(super) text: QuestionMessage,
    /// What helps to answer it.
    pub(super) help: QuestionMessage,
    /// The option that answers it.
    pub(super) flag: String,
}

impl Question {
    /// One that is answered by choosing.
    pub(super) fn new(text: QuestionMessage, flag: impl Into<String>) -> Question {
        Question { text, help: QuestionMessage::HelpToChoose, flag: flag.into() }
    }

    pub(super) fn with_help(self, help: QuestionMessage) -> Question {
        Question { help, ..self }
    }

    pub(super) fn text(&self, language: Language) -> String {
        self.text.localized(language)
    }
}

/// The option that names the query of a table.
pub(super) fn query_flag(table: MirrorTable) -> String {
    format!("--query {}=\"SELECT …\"", table.name())
}

pub(super) fn stage_flag(status: BookingStatus) -> String {
    format!("--stage {}=STAGE", status.word())
}
