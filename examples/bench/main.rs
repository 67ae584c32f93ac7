//! How fast the program is, as ratios measured side by side: `cargo run --release --example bench`,
//! after `cargo build --release`. What each line means stands in docs/performance.md.
//!
//! With a word it measures one thing: `idle`, `small`, `export`, `budget`, `mixes`, `newest`,
//! `requests`, `cpu`, `memory`. A number sets the bookings of `idle`, the guests of `newest`, the
//! contacts of `memory`.

mod hotel;
mod idle;
mod limits;
mod measure;
mod mixes;
mod own_cost;
mod timed_portal;

use std::env;

use anyhow::{Result, bail};

/// The measurements that can be asked for alone.
const NAMES: &str = "idle, small, export, budget, mixes, newest, requests, cpu, memory";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let size = arguments.get(1).and_then(|number| number.parse().ok()).unwrap_or(1_000_000);
    match arguments.first().map(String::as_str) {
        Some("idle") => idle::measure_large(size),
        Some("small") => idle::measure_small(),
        Some("export") => limits::measure_bucket(),
        Some("budget") => limits::measure_budget(),
        Some("mixes") => mixes::measure_all(),
        Some("newest") => mixes::measure_newest(size.min(100_000)),
        Some("requests") => mixes::measure_requests(),
        Some("cpu") => own_cost::measure_contacts(4_000),
        Some("memory") => own_cost::measure_memory(10_000, size),
        Some(other) => bail!("{other}: not one of {NAMES}"),
        None => {
            idle::measure_large(size)?;
            idle::measure_small()?;
            limits::measure_bucket()?;
            limits::measure_budget()?;
            mixes::measure_all()?;
            mixes::measure_newest(100_000)?;
            mixes::measure_requests()?;
            own_cost::measure_contacts(4_000)?;
            own_cost::measure_memory(10_000, size)
        }
    }
}
