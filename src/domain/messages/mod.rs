//! What the program tells people, kept as what it says and not as sentences, so that each reader
//! gets their language.
//!
//! A module's rules name a message and its arguments; the texts are here, in both languages side by
//! side, where somebody can read them aloud. The edge of the program calls [`Message::text`] with
//! the reader's language. The state keeps a message as JSON: `status` may speak another language
//! than the run that wrote it.

mod check;
mod command;
mod config;
mod crm;
mod flaw;
mod foreign_words;
mod init;
mod load;
mod mirror;
mod names;
mod notice;
mod output;
mod platform;
mod portal;
mod question;
mod reader;
mod setting;
mod state;
mod sync;
mod tls;

use std::fmt;

use chrono::{DateTime, Utc};
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};

pub use self::check::CheckMessage;
pub use self::command::CommandMessage;
pub use self::config::ConfigMessage;
pub use self::crm::CrmMessage;
pub use self::flaw::FlawMessage;
pub use self::init::InitMessage;
pub use self::load::LoadMessage;
pub use self::mirror::MirrorMessage;
pub use self::names::NameMessage;
pub use self::notice::NoticeMessage;
pub use self::output::OutputMessage;
pub use self::platform::PlatformMessage;
pub use self::portal::PortalMessage;
pub use self::question::QuestionMessage;
pub use self::reader::{PortalWords, Reader};
pub use self::setting::SettingMessage;
pub use self::state::StateMessage;
pub use self::sync::SyncMessage;
pub use self::tls::TlsMessage;
use super::display::{format_mirror_time, format_time};
use super::failure_code::FailureCode;
use super::language::Language;
use super::{shell, visible_text};

/// A value that can be part of a message.
pub trait Localized {
    /// The value for this reader.
    ///
    /// Values come from the mirror, the portal, paths and the environment. Each becomes one line
    /// here, so that a line break in what a person reads is always the program's own.
    fn shown_to(&self, reader: Reader) -> String;

    /// The value in the reader's language.
    fn localized(&self, language: Language) -> String {
        self.shown_to(Reader::of_commands(language))
    }
}

macro_rules! same_in_every_language {
    ($($plain:ty),*) => {
        $(impl Localized for $plain {
            fn shown_to(&self, _reader: Reader) -> String {
                self.to_string()
            }
        })*
    };
}
same_in_every_language!(i64, u64, u32, u16, usize);

impl Localized for String {
    fn shown_to(&self, _reader: Reader) -> String {
        visible_text::line(self).into_owned()
    }
}

impl Localized for Vec<u64> {
    fn shown_to(&self, _reader: Reader) -> String {
        self.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl Localized for DateTime<Utc> {
    fn shown_to(&self, reader: Reader) -> String {
        format_time(*self, reader.language)
    }
}

/// A time as the mirror has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MirrorTime(pub String);

impl Localized for MirrorTime {
    fn shown_to(&self, reader: Reader) -> String {
        format_mirror_time(&self.0, reader.language)
    }
}

/// A value within a command that is offered for copying.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShellArgument(pub String);

impl Localized for ShellArgument {
    fn shown_to(&self, _reader: Reader) -> String {
        shell::argument(&self.0).into_owned()
    }
}

impl Localized for Box<Message> {
    fn shown_to(&self, reader: Reader) -> String {
        self.as_ref().shown_to(reader)
    }
}

/// The messages of one module: `Variant { argument: Type } => "по-русски {argument}", "in English
/// {argument}";`
///
/// `pub enum Module => Source` makes a message of the module a
/// [`RunError`](crate::domain::run_error::RunError) of that source.
///
/// The compiler checks that both texts use arguments that are there. The English text is the
/// variant's documentation.
macro_rules! messages {
    (
        $(#[$about:meta])*
        pub enum $module:ident $(=> $source:ident)? {
            $($variant:ident $({ $($argument:ident: $type:ty),* $(,)? })? =>
                $ru:literal, $en:literal;)*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
        #[allow(missing_docs, reason = "an argument is explained by the text that uses it")]
        pub enum $module {
            $(#[doc = concat!("`", $en, "`")] $variant $({ $($argument: $type),* })?,)*
        }

        impl $crate::domain::messages::Localized for $module {
            fn shown_to(&self, reader: $crate::domain::messages::Reader) -> String {
                match self {
                    $($module::$variant $({ $($argument),* })? => {
                        $($(let $argument =
                            $crate::domain::messages::Localized::shown_to($argument, reader);)*)?
                        $crate::msg!(reader.language, $ru, $en)
                    })*
                }
            }
        }

        $(impl From<$module> for $crate::domain::run_error::RunError {
            fn from(message: $module) -> $crate::domain::run_error::RunError {
                $crate::domain::run_error::RunError::$source(message.into())
            }
        })?
    };
}
use messages;

fn joined(messages: &[Message], separator: &str, reader: Reader) -> String {
    let texts: Vec<String> = messages.iter().map(|message| message.shown_to(reader)).collect();
    texts.join(separator)
}

/// Makes [`Message`] of the messages of all modules.
macro_rules! message_of_any_module {
    ($($(#[$about:meta])* $variant:ident($module:ty),)*) => {
        /// Anything the program tells people.
        #[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
        pub enum Message {
            $($(#[$about])* $variant($module),)*
            /// Words that are not ours: the operating system's, `SQLite`'s, a gateway's. Only the
            /// usual ones have a translation.
            Foreign(String),
            /// What a failure code means and what to do.
            Remedy(FailureCode),
            /// Several things, a line each.
            Lines(Vec<Message>),
            /// Several things, with a semicolon between them. States of earlier versions hold what
            /// happened and what follows from it under another name.
            #[serde(alias = "WithFollowup")]
            Several(Vec<Message>),
            /// What happened, and after a colon each of its causes.
            Chain(Vec<Message>),
        }

        impl Message {
            /// The text in the reader's language.
            pub fn text(&self, language: Language) -> String {
                self.localized(language)
            }

            /// The text for a page, which more people read than a command's output.
            pub fn page_text(&self, language: Language) -> String {
                self.shown_to(Reader::of_page(language))
            }
        }

        impl Localized for Message {
            fn shown_to(&self, reader: Reader) -> String {
                match self {
                    $(Message::$variant(message) => message.shown_to(reader),)*
                    Message::Foreign(words) => foreign_words::shown(words, reader),
                    Message::Remedy(code) => code.remedy(reader.language).to_owned(),
                    Message::Lines(lines) => joined(lines, "\n", reader),
                    Message::Several(messages) => joined(messages, "; ", reader),
                    Message::Chain(links) => joined(links, ": ", reader),
                }
            }
        }

        $(
            impl From<$module> for Message {
                fn from(message: $module) -> Message {
                    Message::$variant(message)
                }
            }

            impl From<$module> for Box<Message> {
                fn from(message: $module) -> Box<Message> {
                    Box::new(message.into())
                }
            }
        )*
    };
}

message_of_any_module! {
    /// The findings of `check`.
    Check(CheckMessage),
    /// Records, cards and commands that a command line names.
    Command(CommandMessage),
    /// The configuration file and its keys.
    Config(ConfigMessage),
    /// The objects of the CRM.
    Crm(CrmMessage),
    /// What cannot be read in a report.
    Flaw(FlawMessage),
    /// Where `init` cannot go on.
    Init(InitMessage),
    /// The questions of `init`.
    Question(QuestionMessage),
    /// Report files, and filling the mirror from them.
    Load(LoadMessage),
    /// The mirror's file and its rows.
    Mirror(MirrorMessage),
    /// Values of the configuration that only the portal can judge.
    Setting(SettingMessage),
    /// The file of the state.
    State(StateMessage),
    /// What a record, an object or a length of time is called.
    Name(NameMessage),
    /// Messages to a user of the portal.
    Notice(NoticeMessage),
    /// The summary of a run, the progress of a long one, and questions to a person.
    Output(OutputMessage),
    /// This machine's side: files, locks, memory.
    Platform(PlatformMessage),
    /// Bitrix24's side: the connection, the limits, what the portal refuses.
    Portal(PortalMessage),
    /// A run: what it waits for, what it holds back, what it needs first.
    Sync(SyncMessage),
    /// Certificates, and why a handshake failed.
    Tls(TlsMessage),
}

impl fmt::Display for Message {
    /// In English, for logs. People get [`Message::text`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::En))
    }
}

impl From<String> for Message {
    fn from(words: String) -> Message {
        Message::Foreign(words)
    }
}

impl From<String> for Box<Message> {
    fn from(words: String) -> Box<Message> {
        Box::new(Message::Foreign(words))
    }
}

impl From<&str> for Message {
    fn from(words: &str) -> Message {
        Message::Foreign(words.to_owned())
    }
}

impl ToSql for Message {
    /// As JSON, so that it is read again in any language.
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let json = serde_json::to_string(self)
            .map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
        Ok(json.into())
    }
}

impl FromSql for Message {
    /// What is no JSON is a sentence that an earlier version of the program wrote.
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Message> {
        let text = value.as_str()?;
        Ok(serde_json::from_str(text).unwrap_or_else(|_| Message::Foreign(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn kept_and_read_again(stored: impl ToSql) -> Message {
        let connection = Connection::open_in_memory().unwrap();
        connection.query_row("SELECT ?1", [stored], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_kept_message_is_read_again_in_either_language() {
        let refused = PortalMessage::RefusesUs {
            refusal: "PAYMENT_REQUIRED".to_owned().into(),
            remedy: PortalMessage::NoSuchPortal.into(),
        };
        let message = kept_and_read_again(Message::from(refused));
        assert_eq!(
            message.text(Language::Ru),
            "портал отказывает нам: PAYMENT_REQUIRED. Такого портала больше нет: проверьте адрес в [portal] webhook"
        );
        assert_eq!(
            message.text(Language::En),
            "the portal refuses us: PAYMENT_REQUIRED. There is no such portal any more: check the address in [portal] webhook"
        );
    }

    #[test]
    fn what_follows_from_a_message_of_an_earlier_version_is_read_again() {
        let kept = r#"{"WithFollowup":[{"Foreign":"timeout"},{"Portal":"NoSuchPortal"}]}"#;
        assert_eq!(
            kept_and_read_again(kept).text(Language::En),
            "timeout; There is no such portal any more: check the address in [portal] webhook"
        );
    }

    #[test]
    fn a_sentence_of_an_earlier_version_stays_as_it_is() {
        let message = kept_and_read_again("портал недоступен (timeout)");
        assert_eq!(message.text(Language::En), "портал недоступен (timeout)");
    }
}
