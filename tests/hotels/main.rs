//! The example hotels of `examples/hotels`, each before a portal of its own, and Ecvi's oddities: through the program.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod fields;
mod funnels;
mod hotel;
mod picture;
mod shapes;
