//! Report files as a hotel exports them: CSV in some encoding, with some separator, or a workbook.
//!
//! Reading goes through these steps: which file it is ([`source`]), how its letters are written
//! ([`encoding`]), its lines put together to records ([`records`]) or the rows of a sheet
//! ([`workbook`]), where the headings are ([`layout`]), which rows are rows of the hotel
//! ([`rows`]), and what their cells mean ([`cells`]). Several rows of one booking are joined in
//! [`rooms`]. All but the first and the last reader are pure.

mod cells;
mod encoding;
mod layout;
mod reader;
mod records;
mod refusal;
pub mod rooms;
mod rows;
mod source;
pub mod survey;
mod workbook;

pub use reader::{FileEnd, Reading, Report};
pub use refusal::unreadable_file;
pub use rows::{Finding, Flaw, ReportRow};
pub use source::Source;
