//! How fast the program is, as ratios measured side by side: `cargo run --release --example bench`, after
//! `cargo build --release`. What each line means stands in docs/performance.md.
//!
//! With a word it measures one thing: `idle`, `small`, `export`, `budget`, `cpu`. A number sets the bookings of `idle`.

mod hotel;
mod idle;
mod limits;
mod measure;
mod own_cost;

use std::env;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let bookings = words.get(1).and_then(|number| number.parse().ok()).unwrap_or(1_000_000);
    match words.first().map(String::as_str) {
        Some("idle") => idle::large(bookings),
        Some("small") => idle::small(),
        Some("export") => limits::bucket(),
        Some("budget") => limits::budget(),
        Some("cpu") => own_cost::contacts(4_000),
        Some(other) => bail!("{other}: not one of idle, small, export, budget, cpu"),
        None => {
            idle::large(bookings)?;
            idle::small()?;
            limits::bucket()?;
            limits::budget()?;
            own_cost::contacts(4_000)
        }
    }
}
