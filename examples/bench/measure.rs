//! Whole processes, measured: wall time, processor time, and the most memory that stood in RAM.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

/// Linux counts the processor time of processes in hundredths of a second.
const TICK: f64 = 0.01;

/// What a process took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
    pub(crate) megabytes: f64,
}

impl Cost {
    /// The lesser time of two, for what disturbs a measurement only adds to it; the greater memory,
    /// for its peak is looked for between two looks.
    pub(crate) fn least(self, other: Cost) -> Cost {
        Cost {
            wall: self.wall.min(other.wall),
            cpu: self.cpu.min(other.cpu),
            megabytes: self.megabytes.max(other.megabytes),
        }
    }
}

/// Runs the program once.
pub(crate) fn run(program: &Path, words: &[String]) -> Result<Cost> {
    let (before, started) = (children(), Instant::now());
    let mut child = Command::new(program).args(words).stdout(Stdio::null()).spawn()?;
    let mut kilobytes = 0.0f64;
    let status = loop {
        kilobytes = kilobytes.max(peak(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_micros(200));
    };
    ensure!(status.success(), "{} {words:?}: {status}", program.display());
    let wall = started.elapsed().as_secs_f64();
    Ok(Cost { wall, cpu: children() - before, megabytes: kilobytes / 1024.0 })
}

/// Runs each of the programs in turn, so often, and returns the [`Cost::least`] of each.
pub(crate) fn in_turn(times: u32, programs: &[(&Path, Vec<String>)]) -> Result<Vec<Cost>> {
    let mut least: Vec<Option<Cost>> = vec![None; programs.len()];
    for _ in 0..times {
        for ((program, words), least) in programs.iter().zip(&mut least) {
            let cost = run(program, words)?;
            *least = Some(least.map_or(cost, |before| before.least(cost)));
        }
    }
    Ok(least.into_iter().flatten().collect())
}

/// Processor time of all children that have ended.
fn children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name
        .split_whitespace()
        .skip(13)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        * TICK
}

fn peak(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or(0.0)
}
