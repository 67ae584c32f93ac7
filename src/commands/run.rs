//! From a parsed command line to the command: configuration, signals, and one short function for each command.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use chrono::{TimeDelta, Utc};
use clap::ValueEnum;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::commands::cli::{Cli, Command, ConfigCommand};
use crate::commands::dry_run::{ChangePreview, Only, plan_report};
use crate::commands::find_record::{FoundRecord, Lookup};
use crate::commands::{audit, check, cli, load, reset_id, retry, shell_and_manual, status};
use crate::config::{self, Config, PortalConfig};
use crate::domain::display;
use crate::domain::language::current_language;
use crate::domain::messages::{Localized, OutputMessage};
use crate::domain::record::Kind;
use crate::domain::run_error::{Outcome, UsageError};
use crate::output::progress::Progress;
use crate::output::{confirm, run_summary, stdout};
use crate::platform::clock::Clock;
use crate::platform::lock::Lock;
use crate::platform::sqlite_temp_store;
use crate::portal::client::Client;
use crate::portal::http::Http;
use crate::portal::proxy::Proxy;
use crate::portal::{self, CallError, Portal};
use crate::say;
use crate::state::State;
use crate::state::settings::PACE;
use crate::sync::options::{RunKind, RunOptions};
use crate::sync::preflight::portal_identity;
use crate::sync::push::ProgressObserver;
use crate::sync::run::RunReport;
use crate::sync::{heartbeat, overdue, run};

/// How long a dry run asks the portal at most.
const DRY_RUN_DEADLINE: TimeDelta = TimeDelta::hours(1);

/// Carries out a command. What people read goes to standard output; an error is for the caller to show.
pub fn run(cli: &Cli) -> Result<Outcome> {
    command(cli).map_err(portal::with_explanation)
}

fn command(cli: &Cli) -> Result<Outcome> {
    let path = config::find_config_file(cli.config.as_deref());
    watch_resource_signals()?;
    let config = || -> Result<Config> {
        let config = config::load(&path, webhook_from_environment().as_deref())?;
        sqlite_temp_store::choose_folder(&config.state);
        Ok(config)
    };
    match &cli.command {
        Command::Sync(options) => sync(&config()?, options, &clock_with_signals()?),
        Command::InitialExport(options) => initial_export(&config()?, options, &clock_with_signals()?),
        Command::Status(options) => status::run(&config()?, options, Utc::now()),
        Command::ResetId(options) => reset_id::run(&config()?, options, &plain_clock()),
        Command::Check(options) => check(cli, options, &clock_with_signals()?),
        Command::Retry(options) => retry(&config()?, options, &clock_with_signals()?),
        Command::Audit(options) => audit(&config()?, options, &clock_with_signals()?),
        Command::Load(options) => load::run(&config()?, options, &clock_with_signals()?),
        Command::Config(ConfigCommand::Show) => config_show(&path, &config()?),
        Command::Completions { shell } => print(&shell_and_manual::completion_script(*shell)),
        Command::Man { command } => print(&shell_and_manual::manual_page(command.as_deref())?),
    }
}

fn sync(config: &Config, options: &cli::Sync, clock: &Clock) -> Result<Outcome> {
    let cli::Sync { dry_run, full, retry_failed, max_deletes, time_limit, json, ref only } = *options;
    let orders = RunOptions { full, retry_failed, max_deletes, time_limit, ..RunOptions::new(RunKind::Sync) };
    if dry_run {
        return show_plan(config, &orders, json, only, clock);
    }
    run_sync(config, &orders, clock, &mut ())
}

fn initial_export(config: &Config, options: &cli::InitialExport, clock: &Clock) -> Result<Outcome> {
    let orders = RunOptions::new(RunKind::InitialExport);
    if options.dry_run {
        return show_plan(config, &orders, options.json, &options.only, clock);
    }
    run_sync(config, &orders, clock, &mut Progress::new(clock, current_language()))
}

fn show_plan(
    config: &Config,
    orders: &RunOptions,
    json: bool,
    only: &[String],
    clock: &Clock,
) -> Result<Outcome> {
    let (state, plan) = run::preview(config, orders, clock)?;
    let only = only_record(config, &state, only)?;
    let mut portal = Http::new(&config.portal)?;
    let (pace, end) = (state.get(PACE)?.unwrap_or_default(), clock.now() + DRY_RUN_DEADLINE);
    let mut gate = Client::new(&mut portal, clock.clone(), &config.portal.with_half_burst(), pace, Some(end));
    match portal_identity::verify_portal(config, &state, &mut gate) {
        // One that does not answer is told of beside the plan.
        Err(error) if !error.is::<CallError>() => return Err(error),
        _ => {}
    }
    let mut foresight = ChangePreview::new(config, &state, &plan.queue, gate).only(only);
    if orders.kind == RunKind::InitialExport {
        foresight = foresight.with_samples();
    }
    let show = if json { plan_report::json } else { plan_report::text };
    stdout::print_with(|out| show(&plan, &state, Some(&mut foresight), out))?;
    Ok(Outcome::Ok)
}

/// The record that `--only` names by its kind and its id, or by a booking's number.
fn only_record(config: &Config, state: &State, words: &[String]) -> Result<Option<Only>> {
    let [kind, word] = words else { return Ok(None) };
    let kind = Kind::from_str(kind, false).map_err(UsageError)?;
    let FoundRecord { key, label, .. } = Lookup::new(config, state).find_one(kind, word)?;
    let name = display::record_name(&key, &label).to_string();
    Ok(Some(Only { key, name }))
}

fn run_sync(
    config: &Config,
    orders: &RunOptions,
    clock: &Clock,
    watch: &mut dyn ProgressObserver,
) -> Result<Outcome> {
    let Some(lock) = Lock::try_acquire(&config.state)? else {
        watch.over();
        return Ok(report_busy(config, orders, clock));
    };
    run_sync_locked(&lock, config, orders, clock, watch, true)
}

/// `aloud`: what the run did goes to standard output, which is no document.
fn run_sync_locked(
    lock: &Lock,
    config: &Config,
    orders: &RunOptions,
    clock: &Clock,
    watch: &mut dyn ProgressObserver,
    aloud: bool,
) -> Result<Outcome> {
    let mut portal = Http::new(&config.portal)?;
    let ended = run::run_locked(lock, config, orders, &mut portal, clock, watch);
    watch.over();
    let ended = ended?;
    heartbeat::ping(config, ended.outcome);
    if let Err(error) = print_report(orders.kind, &ended, aloud) {
        // The run is over and saved: where its words go makes it no other.
        log::warn!("{error:#}");
    }
    Ok(ended.outcome)
}

fn print_report(errand: RunKind, ended: &RunReport, aloud: bool) -> Result<()> {
    if let Some(line) =
        run_summary::summary_line(errand.name(), &ended.counts, current_language()).filter(|_| aloud)
    {
        stdout::print(&format!("{line}\n"))?;
    }
    for line in run_summary::failure_lines(&ended.failures, current_language()) {
        stdout::print_error(&line);
    }
    if errand == RunKind::InitialExport && matches!(ended.outcome, Outcome::Ok | Outcome::Partial) {
        stdout::print(&format!("{}\n", export_completed(ended.counts.failed)))?;
    }
    if let Some(message) = &ended.message {
        stdout::print_error(&message.to_string());
    }
    Ok(())
}

/// The end of an initial export, and what comes next.
fn export_completed(failed: u64) -> String {
    match failed {
        0 => say!(
            "Первичная выгрузка завершена. Дальше: ecvi-b24 sync каждые три минуты, из cron или таймером systemd.",
            "The initial export is completed. Next: ecvi-b24 sync every three minutes, by cron or a systemd timer."
        ),
        failed => say!(
            "Первичная выгрузка прошла до конца, но не передано записей: {failed}. Причины и что делать: ecvi-b24 status. Дальше: ecvi-b24 sync каждые три минуты, из cron или таймером systemd; он передаст и исправленное.",
            "The initial export went through, but records were not sent: {failed}. For the reasons and what to do run ecvi-b24 status. Next: ecvi-b24 sync every three minutes, by cron or a systemd timer; it also sends what was corrected."
        ),
    }
}

/// Somebody else's pass is under way: cron is told once it does not end; whoever asked for something of his own is at
/// once.
fn report_busy(config: &Config, orders: &RunOptions, clock: &Clock) -> Outcome {
    let overdue = if *orders == RunOptions::new(RunKind::Sync) {
        overdue::count(config, clock.now())
    } else {
        let command = orders.kind.name();
        stdout::print_error(&say!(
            "Идёт другой запуск; {command} ничего не делает, повторите позже",
            "Another pass is under way; {command} does nothing, try again later"
        ));
        overdue::look(config, clock.now())
    };
    let Some(notice) = overdue else { return Outcome::Ok };
    stdout::print_error(&notice);
    Outcome::Interrupted
}

/// Reads the configuration itself: that is the first thing it checks.
fn check(cli: &Cli, options: &cli::Check, clock: &Clock) -> Result<Outcome> {
    let webhook = webhook_from_environment();
    let (config, webhook) = (cli.config.as_deref(), webhook.as_deref());
    let options = check::Options { config, webhook, json: options.json, probe: options.probe };
    let connect = |portal: &PortalConfig| Ok(Box::new(Http::new(portal)?) as Box<dyn Portal>);
    let (shown, outcome) = check::run(&options, &connect, clock);
    stdout::print(&shown)?;
    Ok(outcome)
}

fn retry(config: &Config, options: &cli::Retry, clock: &Clock) -> Result<Outcome> {
    if options.dry_run {
        return retry::show(config, options);
    }
    let orders = RunOptions::new(RunKind::Retry);
    let Some(lock) = Lock::try_acquire(&config.state)? else {
        return Ok(report_busy(config, &orders, clock));
    };
    retry::schedule_now(&lock, config, options, clock)?;
    run_sync_locked(&lock, config, &orders, clock, &mut (), true)
}

fn audit(config: &Config, options: &cli::Audit, clock: &Clock) -> Result<Outcome> {
    let cli::Audit { repair, json, yes } = *options;
    let mut progress = Progress::on_stderr(clock, current_language());
    let findings = audit::run(config, json, &mut Http::new(&config.portal)?, clock, &mut progress);
    progress.over();
    let findings = findings?;
    if !repair || !findings.is_mendable() {
        if let Some(remedy) = findings.remedy().filter(|_| !json) {
            stdout::print(&remedy)?;
        }
        return Ok(findings.outcome());
    }
    if !yes && !confirm::confirm(current_language())? {
        stdout::print_error(&OutputMessage::NothingChanged.localized(current_language()));
        return Ok(findings.outcome());
    }
    let lock = Lock::acquire_or_fail(&config.state, clock)?;
    findings.schedule_resend(&lock, config, clock)?;
    let orders = RunOptions::new(RunKind::Audit);
    let repaired = run_sync_locked(&lock, config, &orders, clock, &mut (), !json)?;
    drop(lock);
    if !matches!(repaired, Outcome::Ok | Outcome::Partial) {
        return Ok(repaired);
    }
    let unrepaired = audit::unrepaired(&findings, config, &mut Http::new(&config.portal)?, clock)?;
    if unrepaired > 0 {
        stdout::print_error(&say!(
            "Не исправлено записей: {unrepaired}. Причины: ecvi-b24 status, расхождения: ecvi-b24 audit",
            "Records not repaired: {unrepaired}. For the reasons run ecvi-b24 status, for what differs ecvi-b24 audit"
        ));
    }
    Ok(findings.outcome_after_repair(repaired, unrepaired))
}

fn config_show(path: &Path, config: &Config) -> Result<Outcome> {
    let proxy = match Proxy::of_environment(&config.portal.webhook.address()) {
        Ok(proxy) => proxy.map(|proxy| format!("# proxy: {proxy}\n")).unwrap_or_default(),
        Err(error) => format!("# proxy: {error}\n"),
    };
    stdout::print(&format!("# {}\n{proxy}{config}", path.display()))?;
    Ok(Outcome::Ok)
}

fn print(text: &str) -> Result<Outcome> {
    stdout::print(text)?;
    Ok(Outcome::Ok)
}

fn webhook_from_environment() -> Option<String> {
    std::env::var("ECVI_B24_WEBHOOK").ok().filter(|value| !value.is_empty())
}

/// A file that grows beyond the limit of its size (`ulimit -f`) is then an error of the write and ends no process.
#[cfg(unix)]
fn watch_resource_signals() -> Result<()> {
    let too_large = rustix::process::Signal::XFSZ.as_raw();
    flag::register(too_large, Arc::default())?;
    Ok(())
}

#[cfg(not(unix))]
fn watch_resource_signals() -> Result<()> {
    Ok(())
}

/// For a command that a signal may end at once, also while it asks.
fn plain_clock() -> Clock {
    Clock::system(Arc::default())
}

/// A clock that SIGINT and SIGTERM stop: the request under way finishes and is saved. A second signal ends the
/// program at once, which loses nothing either.
fn clock_with_signals() -> Result<Clock> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 5, Arc::clone(&stop))?;
        flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(Clock::system(stop))
}
