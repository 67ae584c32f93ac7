//! Carries a hotel's guests, companies and bookings from Ecvi into Bitrix24, one way.
//!
//! A pass is a pipeline, each stage a module, and a record flows forward only:
//! [`lock`] -> [`state`] -> [`settle`] -> [`mirror`] -> [`plan`] -> [`verify`] -> [`push`] (saving after every answer) ->
//! [`report`]. [`pass`] tells it as a story.

pub mod ask;
pub mod audit;
mod beside;
pub mod check;
pub mod cli;
pub mod clock;
pub mod code;
pub mod config;
pub mod difference;
pub mod fingerprint;
pub mod foresight;
pub mod heartbeat;
pub mod idle;
pub mod lang;
pub mod lock;
pub mod lookup;
pub mod mapping;
pub mod mirror;
pub mod objects;
pub mod orders;
mod overdue;
pub mod pass;
pub mod plan;
pub mod portal;
mod private;
pub mod push;
mod range_lock;
pub mod recognise;
pub mod record;
mod regular;
pub mod remap;
pub mod report;
pub mod reset;
pub mod retry;
pub mod run;
pub mod settle;
pub mod state;
pub mod status;
pub mod stop;
mod temporary;
pub mod verify;
pub mod visible;
pub mod words;
