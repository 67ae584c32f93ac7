//! The words that all other folders share: kinds, ids and statuses, failure codes, how a run ends,
//! and the languages.

pub mod call_error;
pub mod column_names;
pub mod contact_data;
pub mod display;
pub mod failure_code;
pub mod issue_detail;
pub mod language;
pub mod messages;
pub mod mirror_table;
pub mod owned_values;
pub(crate) mod pattern;
pub mod per_kind;
pub mod record;
pub mod run_error;
pub(crate) mod shell;
pub mod timestamp;
pub mod visible_text;
pub mod warning;
