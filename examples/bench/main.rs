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

use std::env;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let size = words.get(1).and_then(|number| number.parse().ok()).unwrap_or(1_000_000);
    match words.first().map(String::as_str) {
        Some("idle") => idle::large(size),
        Some("small") => idle::small(),
        Some("export") => limits::bucket(),
        Some("budget") => limits::budget(),
        Some("mixes") => mixes::all(),
        Some("newest") => mixes::newest(size.min(100_000)),
        Some("requests") => mixes::requests(),
        Some("cpu") => own_cost::contacts(4_000),
        Some("memory") => own_cost::memory(10_000, size),
        Some(other) => {
            bail!(
                "{other}: not one of idle, small, export, budget, mixes, newest, requests, cpu, memory"
            )
        }
        None => {
            idle::large(size)?;
            idle::small()?;
            limits::bucket()?;
            limits::budget()?;
            mixes::all()?;
            mixes::newest(100_000)?;
            mixes::requests()?;
            own_cost::contacts(4_000)?;
            own_cost::memory(10_000, size)
        }
    }
}
