//! A Bitrix24 portal in one process, for trying out a client and for testing it.
//!
//! [`Portal`] is a state machine without I/O and without a clock: it answers calls as the CRM's
//! REST interface does, strict where that is strict and silent where that is silent, with its
//! limits. [`Server`] puts it behind real sockets of this machine and can break every answer on
//! purpose ([`Fault`]).
//!
//! ```
//! use bitrix24_sandbox::{Fault, Kind, Portal, Server};
//!
//! let server = Server::start(Portal::new(), 0)?;
//! server.queue([Some(Fault::ResetAfter)]); // the first answer is lost
//! println!("{}crm.deal.add", server.webhook());
//! assert_eq!(server.portal().count(Kind::Deal), 0);
//! # std::io::Result::Ok(())
//! ```
//!
//! Where things are:
//!
//! | what | place |
//! |---|---|
//! | the way of a call: access, limits, execution, answer | [`request`], and [`methods::batch`] |
//! | a method is added | the table in [`methods`], and a function in a module beside it |
//! | what a method makes of values, and how it writes them | [`values`] |
//! | what the portal does to an object that is saved | [`rules::save`] and its neighbours |
//! | a deal that is closed | [`rules::deal`], `set_stage` |
//! | limits are counted | [`limits`]; [`Settings`] says how much is allowed |
//! | a fault is chosen, and happens | [`server::fault`]; [`server::connection`] |
//! | objects, fields, dictionaries | [`data`] |
//! | edits, deletions and merges by the CRM's users | [`by_hand`] |
//!
//! "Facts, section N" in comments means the project's `docs/bitrix24.md`.

#![allow(
    clippy::unnecessary_wraps,
    reason = "every method has the signature of the table of methods"
)]

mod access;
mod answer;
mod by_hand;
mod data;
mod limits;
mod methods;
mod page;
mod php;
mod portal;
mod request;
mod rules;
mod server;
mod settings;
mod spoiled_cards;
mod values;

pub use data::record::{Kind, Link, Record, Row};
pub use methods::messenger::Notice;
pub use php::Php;
pub use portal::{Call, Counters, Portal, Reply};
pub use rules::robots;
pub use server::fault::Fault;
pub use server::{Exchange, Server};
pub use settings::{Accounting, Bucket, Condition, ListOrder, Settings, Times, User};
pub use spoiled_cards::{Harm, Spoiled};
