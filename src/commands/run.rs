//! From a parsed command line to the command: configuration, signals, and one short function for
//! each command.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chrono::Utc;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::commands::audit::Findings;
use crate::commands::check::Start;
use crate::commands::cli::{Cli, Command, ConfigCommand};
use crate::commands::{
    audit, check, cli, dry_run, init, load, monitoring, reset_id, retry, schedule,
    shell_and_manual, status,
};
use crate::config::{Config, ConfigFile};
use crate::domain::language::Language;
use crate::domain::messages::{Localized, OutputMessage};
use crate::domain::run_error::{Outcome, Result};
use crate::domain::visible_text;
use crate::output::progress::Progress;
use crate::output::{confirm, run_summary, stdout};
use crate::platform::clock::{Clock, require_possible_time};
use crate::platform::lock::Lock;
use crate::platform::sqlite_temp_store;
use crate::portal::http::Http;
use crate::portal::proxy::Proxy;
use crate::state::State;
use crate::sync::options::{RunKind, RunOptions};
use crate::sync::push::ProgressObserver;
use crate::sync::run_report::RunReport;
use crate::sync::{heartbeat, overdue, run};

/// Carries out a command. What people read goes to standard output; an error is for the caller to
/// show.
pub fn run(cli: &Cli, file: &ConfigFile, language: Language) -> Result<Outcome> {
    ignore_resource_signals()?;
    require_possible_time()?;
    let webhook = webhook_from_environment();
    let start = Start { config: file, webhook: webhook.as_deref(), language };
    match &cli.command {
        Command::Sync(options) => sync(&load_config(&start)?, options, &clock_with_signals()?),
        Command::InitialExport(shown) => {
            initial_export(&load_config(&start)?, shown, &clock_with_signals()?)
        }
        Command::Status(options) => status::run(&load_config(&start)?, options, Utc::now()),
        Command::ResetId(options) => reset_id::run(&load_config(&start)?, options, &plain_clock()),
        Command::Init(options) => init::run(options, &start, &clock_with_signals()?),
        Command::Check(options) => check(&start, options, &clock_with_signals()?),
        Command::Retry(options) => retry(&load_config(&start)?, options, &clock_with_signals()?),
        Command::Audit(options) => audit(&load_config(&start)?, options, &clock_with_signals()?),
        Command::Load(options) => load::run(&load_config(&start)?, options, &clock_with_signals()?),
        Command::Config(ConfigCommand::Show) => config_show(&load_config(&start)?, &start),
        Command::Completions { shell } => print(&shell_and_manual::completion_script(*shell)),
        Command::Man { command } => {
            let language = Language::for_help(|name| std::env::var(name).ok());
            print(&shell_and_manual::manual_page(command.as_deref(), language)?)
        }
    }
}

fn load_config(start: &Start<'_>) -> Result<Config> {
    let mut config = start.config.load(start.webhook)?;
    config.language = start.language;
    sqlite_temp_store::choose_folder(&config.state);
    Ok(config)
}

fn sync(config: &Config, options: &cli::Sync, clock: &Clock) -> Result<Outcome> {
    let cli::Sync { ref shown, full, retry_failed, max_deletes, time_limit } = *options;
    let run = RunOptions {
        full,
        retry_failed,
        max_deletes,
        time_limit,
        ..RunOptions::new(RunKind::Sync)
    };
    if shown.dry_run {
        return dry_run::run(config, &run, shown, clock);
    }
    run_sync(config, &run, clock, &mut ())
}

fn initial_export(config: &Config, shown: &cli::DryRun, clock: &Clock) -> Result<Outcome> {
    let run = RunOptions::new(RunKind::InitialExport);
    if shown.dry_run {
        return dry_run::run(config, &run, shown, clock);
    }
    run_sync(config, &run, clock, &mut Progress::new(clock, config.language))
}

fn run_sync(
    config: &Config,
    options: &RunOptions,
    clock: &Clock,
    observer: &mut dyn ProgressObserver,
) -> Result<Outcome> {
    let lock = State::try_lock(&config.state)
        .inspect_err(|error| monitoring::after_failed_start(config, error, clock.now()))?;
    let Some(lock) = lock else {
        observer.on_end();
        return Ok(report_busy(config, options, clock));
    };
    run_and_report(&lock, config, options, clock, observer)
}

/// Makes a run, and prints what it did.
fn run_and_report(
    lock: &Lock,
    config: &Config,
    options: &RunOptions,
    clock: &Clock,
    observer: &mut dyn ProgressObserver,
) -> Result<Outcome> {
    let report = make_run(lock, config, options, clock, observer)?;
    let name = options.kind.name();
    if let Some(summary) = run_summary::summary_line(name, &report.counts, config.language) {
        tell(&format!("{summary}\n"));
    }
    print_end(options.kind, &report, config);
    Ok(report.outcome)
}

fn make_run(
    lock: &Lock,
    config: &Config,
    options: &RunOptions,
    clock: &Clock,
    observer: &mut dyn ProgressObserver,
) -> Result<RunReport> {
    let report = Http::new(&config.portal).and_then(|mut portal| {
        run::run_locked(lock, config, options, &mut portal, clock, observer)
    });
    observer.on_end();
    let report =
        report.inspect_err(|error| monitoring::after_failed_start(config, error, clock.now()))?;
    monitoring::after_run(config, report.pending.as_ref(), clock.now());
    heartbeat::ping(config, report.outcome);
    Ok(report)
}

/// What failed, and why the run ended early.
fn print_end(kind: RunKind, report: &RunReport, config: &Config) {
    let language = config.language;
    for line in run_summary::failure_lines(&report.failures, language) {
        stdout::print_error(&line);
    }
    if kind == RunKind::InitialExport && matches!(report.outcome, Outcome::Ok | Outcome::Partial) {
        tell(&format!("{}\n", export_completed(report.counts.failed, language)));
        if std::io::stdout().is_terminal() {
            tell(&format!("{}\n", schedule::hint(config).localized(language)));
        }
    }
    if let Some(message) = &report.message {
        stdout::print_error(&message.text(language));
    }
}

/// The run is over and saved: that its report cannot be printed does not change its outcome.
fn tell(text: &str) {
    if let Err(error) = stdout::print(text) {
        log::warn!("{error:#}");
    }
}

/// The end of an initial export, and what comes next.
fn export_completed(failed: u64, language: Language) -> String {
    match failed {
        0 => OutputMessage::ExportCompleted.localized(language),
        failed => OutputMessage::ExportCompletedInPart { failed }.localized(language),
    }
}

/// Another run is under way. Cron is told so only when that run should have ended; a person is told
/// at once.
fn report_busy(config: &Config, options: &RunOptions, clock: &Clock) -> Outcome {
    let overdue = if *options == RunOptions::new(RunKind::Sync) {
        overdue::count_skipped_run(config, clock.now())
    } else {
        let command = options.kind.name().to_owned();
        stdout::print_error(&OutputMessage::Busy { command }.localized(config.language));
        overdue::overdue_notice(config, clock.now())
    };
    monitoring::beside_run(config, clock.now());
    let Some(notice) = overdue else { return Outcome::Ok };
    stdout::print_error(&notice.text(config.language));
    Outcome::Interrupted
}

/// Reads the configuration itself: that is the first thing it checks.
fn check(start: &Start<'_>, options: &cli::Check, clock: &Clock) -> Result<Outcome> {
    let (shown, outcome) = check::run(start, options, &check::over_http, clock);
    stdout::print(&shown)?;
    Ok(outcome)
}

fn retry(config: &Config, options: &cli::Retry, clock: &Clock) -> Result<Outcome> {
    if options.dry_run {
        return retry::show(config, options, clock);
    }
    let run = RunOptions::new(RunKind::Retry);
    let Some(lock) = State::try_lock(&config.state)? else {
        return Ok(report_busy(config, &run, clock));
    };
    retry::schedule_now(&lock, config, options, clock)?;
    run_and_report(&lock, config, &run, clock, &mut ())
}

fn audit(config: &Config, options: &cli::Audit, clock: &Clock) -> Result<Outcome> {
    let cli::Audit { repair, json, yes } = *options;
    let mut progress = Progress::on_stderr(clock, config.language);
    let findings = audit::run(config, json, &mut Http::new(&config.portal)?, clock, &mut progress);
    progress.on_end();
    let findings = findings?;
    if !repair || !findings.is_repairable() {
        if !json && let Some(remedy) = findings.remedy(config.language) {
            stdout::print(&remedy)?;
        }
        return Ok(findings.outcome());
    }
    if !yes && !confirm::confirm(config.language)? {
        stdout::print_error(&OutputMessage::NothingChanged.localized(config.language));
        return Ok(findings.outcome());
    }
    let lock = State::lock_or_fail(&config.state, clock)?;
    findings.schedule_resend(&lock, config, clock)?;
    let run = RunOptions::new(RunKind::Audit);
    let repair = if json {
        // Standard output holds the JSON document alone.
        let report = make_run(&lock, config, &run, clock, &mut ())?;
        print_end(run.kind, &report, config);
        report.outcome
    } else {
        run_and_report(&lock, config, &run, clock, &mut ())?
    };
    drop(lock);
    after_repair(config, &findings, repair, clock)
}

/// Compares the records once more that were sent again.
fn after_repair(
    config: &Config,
    findings: &Findings,
    repair: Outcome,
    clock: &Clock,
) -> Result<Outcome> {
    if !matches!(repair, Outcome::Ok | Outcome::Partial) {
        return Ok(repair);
    }
    let unrepaired = audit::unrepaired(findings, config, &mut Http::new(&config.portal)?, clock)?;
    if unrepaired > 0 {
        let warning = OutputMessage::NotRepaired { records: unrepaired };
        stdout::print_error(&warning.localized(config.language));
    }
    Ok(findings.outcome_after_repair(repair, unrepaired))
}

fn config_show(config: &Config, start: &Start<'_>) -> Result<Outcome> {
    let proxy = match Proxy::from_environment(&config.portal.webhook.address()) {
        Ok(proxy) => proxy.map(|proxy| comment(&format!("proxy: {proxy}"))).unwrap_or_default(),
        Err(error) => comment(&format!("proxy: {error}")),
    };
    let shown = start.config.shown(start.webhook)?;
    print(&format!("{}{proxy}{shown}", comment(&config.file.display().to_string())))
}

/// A comment of TOML, which ends with its line.
fn comment(text: &str) -> String {
    format!("# {}\n", visible_text::line(text))
}

fn print(text: &str) -> Result<Outcome> {
    stdout::print(text)?;
    Ok(Outcome::Ok)
}

fn webhook_from_environment() -> Option<String> {
    std::env::var("ECVI_B24_WEBHOOK").ok().filter(|value| !value.is_empty())
}

/// A file that grows beyond the limit of its size (`ulimit -f`) is then an error of the write;
/// without this the signal would end the process.
fn ignore_resource_signals() -> Result<()> {
    let too_large = rustix::process::Signal::XFSZ.as_raw();
    flag::register(too_large, Arc::default())?;
    Ok(())
}

/// For a command that a signal may end at once, also while it asks.
fn plain_clock() -> Clock {
    Clock::system(Arc::default())
}

/// A clock that SIGINT and SIGTERM stop: the request under way finishes and is saved. A second
/// signal ends the program at once, which loses nothing either.
fn clock_with_signals() -> Result<Clock> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 5, Arc::clone(&stop))?;
        flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(Clock::system(stop))
}
