//! Whole processes, measured: wall time, processor time, and the most memory that stood in RAM.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

/// Linux counts the processor time of processes in hundredths of a second.
const TICK: f64 = 0.01;
/// Pause between two looks at a process that runs.
const POLL_INTERVAL: Duration = Duration::from_micros(200);

/// A program with its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<String>,
}

/// What a process took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Seconds from its start to its end.
    pub(crate) wall: f64,
    /// Seconds of processor time.
    pub(crate) cpu: f64,
    pub(crate) megabytes: f64,
}

impl Program {
    pub(crate) fn new(path: impl Into<PathBuf>, arguments: &[&str]) -> Program {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Program { path: path.into(), arguments }
    }

    /// Runs it once, to a good end.
    pub(crate) fn run(&self) -> Result<Cost> {
        let cpu_before = cpu_of_children();
        let started = Instant::now();
        let mut child =
            Command::new(&self.path).args(&self.arguments).stdout(Stdio::null()).spawn()?;
        let mut kilobytes = 0.0f64;
        let status = loop {
            kilobytes = kilobytes.max(peak_kilobytes(child.id()));
            if let Some(status) = child.try_wait()? {
                break status;
            }
            thread::sleep(POLL_INTERVAL);
        };
        ensure!(status.success(), "{} {:?}: {status}", self.path.display(), self.arguments);
        let wall = started.elapsed().as_secs_f64();
        Ok(Cost { wall, cpu: cpu_of_children() - cpu_before, megabytes: kilobytes / 1024.0 })
    }
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

/// Runs all programs in turn, so many times: the [`Cost::least`] of each.
pub(crate) fn run_in_turn<const N: usize>(
    times: u32,
    programs: &[Program; N],
) -> Result<[Cost; N]> {
    let mut least = [None; N];
    for _ in 0..times {
        for (program, least) in programs.iter().zip(&mut least) {
            let cost = program.run()?;
            *least = Some(least.map_or(cost, |before: Cost| before.least(cost)));
        }
    }
    Ok(least.map(Option::unwrap_or_default))
}

/// Seconds of processor time of all children that have ended.
fn cpu_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let mut ticks = 0.0;
    for count in after_name.split_whitespace().skip(13).take(2) {
        ticks += count.parse::<f64>().unwrap_or(0.0);
    }
    ticks * TICK
}

/// The most memory that a process had in RAM so far.
fn peak_kilobytes(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    for line in status.lines() {
        if let Some(peak) = line.strip_prefix("VmHWM:") {
            return peak.trim().trim_end_matches(" kB").trim().parse().unwrap_or(0.0);
        }
    }
    0.0
}
