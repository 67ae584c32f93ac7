//! The program: parse, choose the language, log, run, exit code.

use std::io::Write;
use std::process::ExitCode;
use std::thread;

use ecvi_b24::commands::cli::Cli;
use ecvi_b24::commands::{command_line, run};
use ecvi_b24::config::ConfigFile;
use ecvi_b24::domain::language::Language;
use ecvi_b24::domain::messages::{CommandMessage, Localized};
use ecvi_b24::domain::visible_text::Visible;
use ecvi_b24::output::progress;
use ecvi_b24::output::stdout::{self, print_error};
use env_logger::Target;
use log::LevelFilter;

/// Enough for every command, whatever limit the system sets for the first thread of a process.
const STACK: usize = 8 * 1024 * 1024;

fn main() -> ExitCode {
    let own_stack = thread::Builder::new().name("main".into()).stack_size(STACK).spawn(program);
    match own_stack {
        Ok(program) => program.join().unwrap_or(ExitCode::from(101)),
        // No thread is to be had.
        Err(_) => program(),
    }
}

fn program() -> ExitCode {
    let help_language = Language::for_help(|name| std::env::var(name).ok());
    let cli = match command_line::parse(help_language) {
        Ok(cli) => cli,
        Err(error) => return explain(&error, help_language),
    };
    let file = ConfigFile::find(cli.config.as_deref());
    let language = language(&file);
    start_log(&cli, language);
    match run::run(&cli, &file, language) {
        Ok(outcome) => outcome.exit_code(),
        Err(error) => {
            print_error(&error.message().text(language));
            error.exit_code()
        }
    }
}

/// The language that people read: the configuration's, else the environment's.
fn language(file: &ConfigFile) -> Language {
    let from_environment = || Language::from_environment(|name| std::env::var(name).ok());
    file.language().unwrap_or_else(from_environment)
}

/// Help and version, or a command line that makes no sense; it may repeat what was typed.
fn explain(error: &clap::Error, language: Language) -> ExitCode {
    let text = command_line::explained(error, language);
    match language {
        _ if error.use_stderr() => drop(write!(Visible::new(std::io::stderr()), "{text}")),
        Language::Ru => drop(stdout::print(&text)),
        // With its colours.
        Language::En => drop(error.print()),
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// To standard error, our own modules alone; `RUST_LOG` wins over the options.
fn start_log(cli: &Cli, language: Language) {
    let level = match (cli.quiet, cli.verbose) {
        (true, _) => LevelFilter::Error,
        (false, 0) => LevelFilter::Warn,
        (false, 1) => LevelFilter::Info,
        (false, _) => LevelFilter::Debug,
    };
    let mut log = env_logger::Builder::new();
    let filter = std::env::var("RUST_LOG").unwrap_or_default();
    // `env_logger` prints what is wrong by itself, raw.
    let is_understood = env_filter::Builder::new().try_parse(&filter).is_ok();
    if is_understood && !filter.is_empty() {
        log.parse_filters(&filter);
    } else {
        log.filter_module("ecvi_b24", level);
    }
    if !is_understood {
        print_error(&CommandMessage::LogFilterWrong { filter }.localized(language));
    }
    log.format_target(false)
        .target(Target::Pipe(Box::new(Visible::new(progress::BarSafeWriter(std::io::stderr())))))
        .init();
}
