//! Bitrix24's rules, and the one place that knows how its methods and fields are spelled.
//!
//! [`http`] is the only module that uses the network. [`client`] is used by all others and keeps
//! the portal's limits.

mod answer_size;
pub mod batch;
pub mod client;
pub mod dialect;
pub mod http;
pub mod limits;
mod personal_data;
mod plain_text;
pub mod proxy;
mod resolver;
mod response;
pub(crate) mod shared_bucket;
mod tls;
mod unanswered;

use serde_json::Value;

pub use crate::domain::call_error::{ApiError, CallError, ErrorClass};
pub use response::decode;
pub(crate) use response::object_id;

/// A Bitrix24 portal behind its inbound webhook.
pub trait Portal {
    /// Calls a method with JSON parameters.
    ///
    /// # Errors
    /// [`CallError`] says whether the call may have taken effect.
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError>;

    /// Drops the connection that is kept open, because what comes over it answers another request.
    fn reconnect(&mut self) {}
}

/// A proper answer: `{"result": …, "time": {…}}`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Response {
    /// What the method returned.
    pub result: Value,
    /// `time`: `operating` and `operating_reset_at` among others; null when absent.
    pub time: Value,
}
