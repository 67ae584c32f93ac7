//! From a parsed command line to the command: configuration, signals, and one short function for each command.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Result, bail};
use chrono::Utc;
use clap::CommandFactory;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::cli::{self, Cli, Command, ConfigCommand};
use crate::clock::Clock;
use crate::config::{self, Config, PortalConfig};
use crate::portal::Portal;
use crate::portal::http::Http;
use crate::stop::Outcome;
use crate::{check, report, reset, status};

/// Carries out a command. What people read goes to standard output; an error is for the caller to show.
pub fn run(cli: &Cli) -> Result<Outcome> {
    let config = || config::load(&config::locate(cli.config.as_deref()), webhook().as_deref());
    match &cli.command {
        Command::Sync(options) => sync(&config()?, options, &interruptible()?),
        Command::InitialExport(options) => initial_export(&config()?, options, &interruptible()?),
        Command::Status(options) => status::run(&config()?, options, Utc::now()),
        Command::ResetId(options) => reset::run(&config()?, options, &uninterrupted()),
        Command::Check(options) => check(cli, options, &interruptible()?),
        Command::Retry(options) => retry(&config()?, options, &interruptible()?),
        Command::Audit(options) => audit(&config()?, options, &interruptible()?),
        Command::Config(ConfigCommand::Show) => show(&config()?),
        Command::Completions { shell } => completions(*shell),
        Command::Man => man(),
    }
}

fn sync(_config: &Config, _options: &cli::Sync, _clock: &Clock) -> Result<Outcome> {
    bail!("not built yet")
}

fn initial_export(_config: &Config, _options: &cli::InitialExport, _clock: &Clock) -> Result<Outcome> {
    bail!("not built yet")
}

/// Reads the configuration itself: that is the first thing it checks.
fn check(cli: &Cli, options: &cli::Check, clock: &Clock) -> Result<Outcome> {
    let webhook = webhook();
    let (config, webhook) = (cli.config.as_deref(), webhook.as_deref());
    let options = check::Options { config, webhook, json: options.json, probe: options.probe };
    let connect = |portal: &PortalConfig| Ok(Box::new(Http::new(portal)?) as Box<dyn Portal>);
    let mut outcome = Outcome::Ok;
    report::print_with(|out| {
        outcome = check::run(&options, &connect, clock, out)?;
        Ok(())
    })?;
    Ok(outcome)
}

fn retry(_config: &Config, _options: &cli::Retry, _clock: &Clock) -> Result<Outcome> {
    bail!("not built yet")
}

fn audit(_config: &Config, _options: &cli::Audit, _clock: &Clock) -> Result<Outcome> {
    bail!("not built yet")
}

fn show(config: &Config) -> Result<Outcome> {
    report::print(&config.to_string())?;
    Ok(Outcome::Ok)
}

fn completions(shell: clap_complete::Shell) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ecvi-b24", &mut script);
    report::print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Ok)
}

fn man() -> Result<Outcome> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    report::print(&String::from_utf8_lossy(&page))?;
    Ok(Outcome::Ok)
}

fn webhook() -> Option<String> {
    std::env::var("ECVI_B24_WEBHOOK").ok().filter(|value| !value.is_empty())
}

/// For a command that a signal may end at once, also while it asks.
fn uninterrupted() -> Clock {
    Clock::System { stop: Arc::default() }
}

/// A clock that SIGINT and SIGTERM stop: the request under way finishes and is saved. A second signal ends the
/// program at once, which loses nothing either.
fn interruptible() -> Result<Clock> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 5, Arc::clone(&stop))?;
        flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(Clock::System { stop })
}
