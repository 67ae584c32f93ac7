//! The two languages of everything people read: Russian and English, side by side at each message.
//!
//! Logs for engineers, keys of JSON and failure codes are English and do not pass through here.
//! `main` works the reader's language out once and hands it to the command, which hands it to
//! whatever renders a text.

use serde::{Deserialize, Serialize};

/// A language that people can choose by `language = "ru"` in the configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// русский: the hotel's cron usually has no `LANG`, and its people read Russian.
    #[default]
    Ru,
    /// English: chosen in the configuration or by the environment.
    En,
}

impl Language {
    /// As the configuration says it.
    pub fn code(self) -> &'static str {
        match self {
            Language::Ru => "ru",
            Language::En => "en",
        }
    }

    /// The language of an environment: English where `LC_ALL`, `LC_MESSAGES` or `LANG` (the first
    /// that is set) begins with `en`, else Russian.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Language {
        match locale(variable) {
            Some(locale) if locale.starts_with("en") => Language::En,
            Some(_) | None => Language::Ru,
        }
    }

    /// The language of `--help`, which is asked for before there is a configuration: Russian where
    /// the environment begins with `ru`, else English, as other programs have it.
    pub fn for_help(variable: impl Fn(&str) -> Option<String>) -> Language {
        match locale(variable) {
            Some(locale) if locale.starts_with("ru") => Language::Ru,
            Some(_) | None => Language::En,
        }
    }
}

fn locale(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let variables = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter();
    variables.filter_map(variable).find(|value| !value.is_empty())
}

/// One text in the reader's language: `msg!(language, "найдено: {n}", "found: {n}")`.
#[macro_export]
macro_rules! msg {
    ($language:expr, $ru:literal, $en:literal $(,)?) => {
        match $language {
            $crate::domain::language::Language::Ru => format!($ru),
            $crate::domain::language::Language::En => format!($en),
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_names_the_language() {
        for (variables, language) in [
            (&[][..], Language::Ru),
            (&[("LANG", "en_US.UTF-8")], Language::En),
            (&[("LANG", "de_DE.UTF-8")], Language::Ru),
            (&[("LC_MESSAGES", "ru_RU"), ("LANG", "en_US")], Language::Ru),
            (&[("LC_ALL", "en_GB"), ("LC_MESSAGES", "ru_RU"), ("LANG", "ru_RU")], Language::En),
            (&[("LC_ALL", ""), ("LC_MESSAGES", ""), ("LANG", "en")], Language::En),
            (&[("LC_ALL", "C"), ("LANG", "en")], Language::Ru),
        ] {
            let value = |name: &str| {
                let found = variables.iter().find(|(variable, _)| *variable == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(Language::from_environment(value), language, "{variables:?}");
        }
    }
}
