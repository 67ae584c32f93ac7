//! What records are called: kinds, ids and keys; and how far a booking has come.

mod booking_status;
mod id_range;
mod kind;
mod record_id;
mod record_key;

pub use booking_status::BookingStatus;
pub use id_range::IdRange;
pub use kind::Kind;
pub use record_id::{RecordId, RecordIdRef};
pub use record_key::RecordKey;
