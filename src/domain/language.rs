//! The two languages of everything people read: Russian and English, side by side at each message.
//!
//! Logs, JSON, failure codes and `--help` have one language and do not pass through here. The choice is made
//! once, when the program starts; the hotel's cron usually has no `LANG`, and its people read Russian.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

/// A language that people can choose by `language = "ru"` in the configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// русский
    Ru,
    /// English
    En,
}

impl Language {
    /// The language of an environment: English where `LC_ALL`, `LC_MESSAGES` or `LANG` (the first that is
    /// set) begins with `en`, else Russian.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Language {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable).find(|v| !v.is_empty());
        if set.is_some_and(|value| value.starts_with("en")) { Language::En } else { Language::Ru }
    }
}

static ENGLISH: AtomicBool = AtomicBool::new(false);

/// Fixes the language of every later message.
pub fn set_language(language: Language) {
    ENGLISH.store(language == Language::En, Ordering::Relaxed);
}

/// Whether messages are English now.
pub fn is_english() -> bool {
    ENGLISH.load(Ordering::Relaxed)
}

/// The language of the messages now.
pub fn current_language() -> Language {
    if is_english() { Language::En } else { Language::Ru }
}

/// A message in the chosen language: `say!("найдено: {n}", "found: {n}")`.
#[macro_export]
macro_rules! say {
    ($ru:literal, $en:literal $(, $argument:expr)* $(,)?) => {
        if $crate::domain::language::is_english() { format!($en $(, $argument)*) } else { format!($ru $(, $argument)*) }
    };
}
