//! A run in the test's own process.

use std::thread::sleep;
use std::time::Duration;

use ecvi_b24::config::Config;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::platform::lock::Lock;
use ecvi_b24::portal::Portal;
use ecvi_b24::sync::options::RunOptions;
use ecvi_b24::sync::push::ProgressObserver;
use ecvi_b24::sync::run::run_locked;
use ecvi_b24::sync::run_report::RunReport;

/// Makes a run as soon as the lock is free: a process that another test starts holds our lock for
/// the moment between its fork and its exec.
pub(crate) fn run_once(
    config: &Config,
    options: &RunOptions,
    portal: &mut dyn Portal,
    clock: &Clock,
    observer: &mut dyn ProgressObserver,
) -> anyhow::Result<RunReport> {
    for _ in 0..500 {
        if let Some(lock) = Lock::try_acquire(&config.state)? {
            return Ok(run_locked(&lock, config, options, portal, clock, observer)?);
        }
        sleep(Duration::from_millis(10));
    }
    anyhow::bail!("the lock of a dead process holds")
}
