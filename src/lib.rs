//! Carries a hotel's guests, companies and bookings from Ecvi into Bitrix24, one way.
//!
//! Each folder uses only the folders below it in this list; `ARCHITECTURE.md` shows the way of a
//! record through them.

#[cfg(not(unix))]
compile_error!("owners, modes and locks of files are what the guarantees rest on: Unix only");

pub mod commands;
pub mod output;
pub mod sync;

pub mod crm;
pub mod mapping;

pub mod state;

pub mod report_files;

pub mod mirror;
pub mod portal;

pub mod config;
pub mod domain;
pub mod platform;
