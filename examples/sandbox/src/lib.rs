//! A Bitrix24 portal in one process, for trying out a client and for testing it.
//!
//! [`Portal`] is a state machine without I/O and without a clock: it answers calls as the CRM's REST interface does,
//! strict where that is strict and silent where that is silent, with its limits. [`Server`] puts it
//! behind real sockets of this machine and can break every answer on purpose ([`Fault`]).
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
//! "Facts, section N" in comments means the project's `docs/bitrix24.md`.

#![allow(
    clippy::unnecessary_wraps,
    reason = "every method has the signature of the table of methods"
)]

mod address;
mod answer;
mod batch;
mod bindings;
mod clock;
mod comments;
mod connection;
mod dates;
mod deal;
mod dictionaries;
mod dictionary_methods;
mod duplicates;
mod email;
mod fault;
mod filter;
mod gate;
mod http;
mod import;
mod input;
mod layouts;
mod legacy;
mod limits;
mod list;
mod messenger;
mod methods;
mod multifield;
mod names;
mod output;
mod page;
mod people;
mod phone;
mod php;
mod portal;
mod products;
mod record;
pub mod robots;
mod rows;
mod save;
mod schema;
mod server;
mod settings;
mod spoiled;
mod store;
mod system;
mod universal;
mod universal_input;
mod universal_output;
mod userfield;
mod userfield_methods;

pub use fault::Fault;
pub use messenger::Notice;
pub use php::Php;
pub use portal::{Call, Counters, Portal, Reply};
pub use record::{Kind, Link, Record, Row};
pub use server::{Exchange, Server};
pub use settings::{Accounting, Bucket, Condition, ListOrder, Settings, Times, User};
pub use spoiled::{Harm, Spoiled};
