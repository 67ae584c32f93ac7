//! The program: parse, choose the language, log, run, exit code.

use std::process::ExitCode;

use clap::Parser;
use ecvi_b24::cli::Cli;
use ecvi_b24::lang::{Language, speak};
use ecvi_b24::report::{complain, progress};
use ecvi_b24::run;
use ecvi_b24::stop::{Usage, outcome_of};
use env_logger::Target;
use log::LevelFilter;

fn main() -> ExitCode {
    speak(Language::of_environment(|name| std::env::var(name).ok()));
    let cli = Cli::parse();
    start_log(&cli);
    match run::run(&cli) {
        Ok(outcome) => outcome.exit_code(),
        Err(error) => {
            complain(&format!("{error:#}"));
            if error.is::<Usage>() { ExitCode::from(2) } else { outcome_of(&error).exit_code() }
        }
    }
}

/// To standard error, our own modules alone; `RUST_LOG` wins over the options.
fn start_log(cli: &Cli) {
    let level = match (cli.quiet, cli.verbose) {
        (true, _) => LevelFilter::Error,
        (false, 0) => LevelFilter::Warn,
        (false, 1) => LevelFilter::Info,
        (false, _) => LevelFilter::Debug,
    };
    let mut log = env_logger::Builder::new();
    match std::env::var("RUST_LOG") {
        Ok(filter) if !filter.is_empty() => log.parse_filters(&filter),
        Ok(_) | Err(_) => log.filter_module("ecvi_b24", level),
    };
    log.format_target(false).target(Target::Pipe(Box::new(progress::Above(std::io::stderr())))).init();
}
