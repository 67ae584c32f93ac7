//! Who reads a message: whoever gives a command, or everybody who opens the page of the reception.
//!
//! The portal may repeat the values of a record in a refusal. `status` and the log keep such words,
//! and a page says in their place where they are.

use serde::{Deserialize, Serialize};

use super::{Localized, NameMessage};
use crate::domain::call_error::ApiError;
use crate::domain::language::Language;
use crate::domain::visible_text;

/// Who reads a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reader {
    pub(super) language: Language,
    is_page: bool,
}

impl Reader {
    /// Who gives commands, and reads everything.
    pub(super) fn of_commands(language: Language) -> Reader {
        Reader { language, is_page: false }
    }

    /// Who reads no words of others.
    pub(super) fn of_page(language: Language) -> Reader {
        Reader { language, is_page: true }
    }

    /// Words of others on one line. A page has `for_page` of them, or says where they are.
    pub(super) fn words(self, words: &str, for_page: Option<&str>) -> String {
        match (self.is_page, for_page) {
            (false, _) => visible_text::on_one_line(words),
            (true, Some(harmless)) => visible_text::on_one_line(harmless),
            (true, None) => NameMessage::MoreInStatus.localized(self.language),
        }
    }
}

/// A refusal in the portal's own words. On a page its code alone is read, where it is a known one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PortalWords(pub String);

impl Localized for PortalWords {
    fn shown_to(&self, reader: Reader) -> String {
        let code = self.0.split(": ").next().filter(|code| ApiError::is_known_code(code));
        reader.words(&self.0, code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::messages::{Message, PortalMessage};

    #[test]
    fn a_page_repeats_no_words_but_those_that_the_program_knows() {
        for (words, on_the_page) in [
            ("ACCESS_DENIED: Контакт Приходько закрыт", "ACCESS_DENIED"),
            ("PAYMENT_REQUIRED: ", "PAYMENT_REQUIRED"),
            ("PRIKHODKO: закрыт", "ecvi-b24 status tells more"),
            ("no such table: Приходько", "ecvi-b24 status tells more"),
        ] {
            let said = PortalMessage::Refusal { words: PortalWords(words.to_owned()) };
            assert_eq!(Message::from(said).page_text(Language::En), on_the_page);
        }
        for (words, on_the_page) in [
            ("Permission denied (os error 13)", "Permission denied (os error 13)"),
            ("HTTP 502, no JSON: Приходько Анна", "ecvi-b24 status tells more"),
        ] {
            assert_eq!(Message::from(words).page_text(Language::En), on_the_page);
            assert_eq!(Message::from(words).text(Language::En), words);
        }
    }
}
