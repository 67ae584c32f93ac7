//! The command line in the reader's language: parsing it, its help, and what is wrong with it.

use clap::{Command, CommandFactory, Parser};

use super::cli::Cli;
use super::{help_ru, usage_error_ru};
use crate::domain::language::Language;
use crate::domain::visible_text;

/// The command line as clap knows it, with its texts in this language.
pub(super) fn command(language: Language) -> Command {
    match language {
        Language::Ru => help_ru::translated(Cli::command()),
        Language::En => Cli::command(),
    }
}

/// Parses the arguments of this process.
///
/// # Errors
/// Help and version too, as clap has it. The texts in Russian are put together only for those: most
/// commands show none of them.
pub fn parse(language: Language) -> Result<Cli, clap::Error> {
    Cli::try_parse().map_err(|error| {
        command(language).try_get_matches_from(visible_arguments()).err().unwrap_or(error)
    })
}

/// What was typed, each argument on one line: clap repeats it in what it says.
fn visible_arguments() -> impl Iterator<Item = String> {
    std::env::args_os().map(|typed| visible_text::line(&typed.to_string_lossy()).into_owned())
}

/// Help, or what is wrong with the command line.
pub fn explained(error: &clap::Error, language: Language) -> String {
    let text = error.render().to_string();
    match language {
        Language::Ru if error.use_stderr() => usage_error_ru::translated(&text),
        Language::Ru => help_ru::with_russian_frame(&text),
        Language::En => text,
    }
}
