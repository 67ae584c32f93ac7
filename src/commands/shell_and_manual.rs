//! What a package installs beside the program: completion scripts and pages of the manual, made
//! from the command line's own description.

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::commands::cli::Cli;
use crate::commands::command_line;
use crate::domain::language::Language;
use crate::domain::messages::CommandMessage;
use crate::domain::run_error::Result;

const PROGRAM: &str = "ecvi-b24";

pub(super) fn completion_script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), PROGRAM, &mut script);
    let script = String::from_utf8_lossy(&script);
    // The generator takes the hyphen of the program's name for the border of a subcommand in one of
    // two places, and bash would then complete nothing behind a subcommand.
    script.replace("ecvi__subcmd__b24", "ecvi__b24")
}

/// A page of the manual: of the program, or of one of its commands, as `git` has a page for each.
///
/// # Errors
/// `RunError::Usage` where there is no such command.
pub(super) fn manual_page(name: Option<&str>, language: Language) -> Result<String> {
    let mut program = command_line::command(language).disable_help_subcommand(true);
    program.build();
    let command = match name {
        None => program,
        Some(name) => {
            let found = program.find_subcommand(name).filter(|command| !command.is_hide_set());
            found.ok_or_else(|| CommandMessage::NoSuchCommand { name: name.to_owned() })?.clone()
        }
    };
    let has_commands = command.has_subcommands();
    let synopsis = synopsis(command.clone());
    let version = concat!("ecvi-b24 ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command).source(version).manual("ecvi-b24");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    synopsis.to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if has_commands {
        man.render_subcommands_section(&mut page)?;
    }
    man.render_extra_section(&mut page)?;
    Ok(String::from_utf8_lossy(&page).replace(".SH EXTRA", ".SH NOTES"))
}

/// The usage line of `--help`: the one that `clap_mangen` writes leaves out the values of options.
fn synopsis(mut command: Command) -> Roff {
    let usage = command.render_usage().to_string();
    let mut section = Roff::new();
    section.control("SH", ["SYNOPSIS"]);
    for line in usage.trim_start_matches("Usage: ").lines() {
        section.text([roman(line.trim())]);
        section.control("br", []);
    }
    section
}
