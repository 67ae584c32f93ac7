//! The portal: one trait with one method, and what can come of a call.
//!
//! [`http`] is the only module that knows the network. [`client`] stands before it and keeps the portal's limits.

mod answer_size;
pub mod batch;
pub mod client;
pub mod dialect;
pub mod http;
pub mod limits;
mod plain_text;
mod private_words;
pub mod proxy;
mod resolver;
mod response;
mod shared_bucket;
mod tls;

pub use response::decode;
pub(crate) use response::object_id;

use chrono::{DateTime, Utc};
use serde_json::Value;
use thiserror::Error;

use crate::domain::display;
use crate::domain::messages::PortalMessage;
use crate::domain::run_error::{RunError, message_of};

/// A Bitrix24 portal behind its inbound webhook.
pub trait Portal {
    /// Calls a method with JSON parameters.
    ///
    /// # Errors
    /// [`CallError`] tells whether the call may have taken effect.
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError>;

    /// Gives up the connection that is kept open: what comes over it belongs to another request.
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

/// The portal's own words for a refusal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiError {
    /// `error`, often empty.
    pub code: String,
    /// `error_description`, in the portal's language.
    pub text: String,
}

/// What a refusal asks of us. Decided by the code; texts are localized.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorClass {
    /// The leaky bucket is full: slow down.
    RateLimited,
    /// The method's time budget is used up: wait for it.
    BudgetExceeded,
    /// The webhook, its rights or the portal itself: an administrator must act.
    Administrator,
    /// This one record.
    Record,
}

impl ApiError {
    /// The reaction that the code calls for (docs/bitrix24.md, Errors).
    pub fn class(&self) -> ErrorClass {
        match self.code.to_ascii_lowercase().as_str() {
            "query_limit_exceeded" => ErrorClass::RateLimited,
            "operation_time_limit" => ErrorClass::BudgetExceeded,
            "invalid_credentials"
            | "no_auth_found"
            | "insufficient_scope"
            | "authorization_error"
            | "allowed_only_intranet_user"
            | "invalid_request"
            | "payment_required"
            | "wrong_auth_type"
            | "portal_deleted"
            | "error_method_not_found"
            | "overload_limit"
            | "expired_token"
            | "invalid_token"
            | "user_access_error" => ErrorClass::Administrator,
            _ => ErrorClass::Record,
        }
    }

    /// Whether the user lacks a right; legacy methods say so in words only.
    pub fn is_access_denied(&self) -> bool {
        self.code.eq_ignore_ascii_case("access_denied") || self.text.to_lowercase().contains("access denied")
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code.as_str() {
            "" => f.write_str(&self.text),
            code => write!(f, "{code}: {}", self.text),
        }
    }
}

/// A call without a proper answer.
#[derive(Clone, PartialEq, Debug, Error)]
pub enum CallError {
    /// The portal answered that it did nothing.
    #[error("{0}")]
    Refused(ApiError),
    /// The connection was never opened, so nothing happened.
    #[error("not connected: {0}")]
    NotSent(String),
    /// The connection was never opened, and waiting does not help: a certificate, a protocol, a proxy.
    #[error("not connected: {0}")]
    Misconfigured(String),
    /// Anything else: the call may have taken effect, or may still.
    #[error("no proper answer: {0}")]
    UnknownOutcome(String),
    /// The portal lives elsewhere now.
    #[error("redirected to {0}")]
    Redirected(String),
    /// A limit of the portal that we would have to wait for longer than this run lasts.
    #[error("the portal's limit holds until {0}")]
    LimitedUntil(DateTime<Utc>),
    /// A signal or the time limit came before the call was made.
    #[error("stopped")]
    Cancelled,
    /// A file in which a call has to be noted cannot be written, so it was not made; in words for people.
    #[error("{0}")]
    NoteFailed(String),
}

impl CallError {
    /// The end of the work, in words for people.
    pub fn into_run_error(self) -> RunError {
        match self {
            CallError::Refused(refusal) => refused(&refusal),
            CallError::NotSent(reason) => {
                let message = PortalMessage::Unreachable { reason: reason.into() };
                RunError::interrupted(message).with_followup(PortalMessage::RestNextRun)
            }
            CallError::Misconfigured(reason) => {
                RunError::interrupted(PortalMessage::Misconfigured { reason: reason.into() })
            }
            CallError::UnknownOutcome(reason) => {
                let message = PortalMessage::NoProperAnswer { reason: reason.into() };
                RunError::interrupted(message).with_followup(PortalMessage::OutcomeFoundLater)
            }
            CallError::Redirected(address) => RunError::refused(PortalMessage::Moved { address }),
            CallError::LimitedUntil(until) => {
                let message = PortalMessage::LimitedUntil { time: display::format_time_of_day(until) };
                RunError::interrupted(message).with_followup(PortalMessage::RestNextRun)
            }
            CallError::NoteFailed(reason) => {
                RunError::failed(PortalMessage::NothingMoreSent { reason: reason.into() })
            }
            CallError::Cancelled => RunError::interrupted(PortalMessage::Interrupted)
                .with_followup(PortalMessage::RestNextRunSaved),
        }
    }
}

impl CallError {
    /// Why the portal does not serve us now, where nobody has to act.
    pub fn outage(&self) -> Option<String> {
        match self {
            CallError::UnknownOutcome(reason) | CallError::NotSent(reason) => Some(reason.clone()),
            CallError::Refused(refusal) => match refusal.class() {
                ErrorClass::RateLimited | ErrorClass::BudgetExceeded => Some(refusal.printable().to_string()),
                ErrorClass::Administrator | ErrorClass::Record => None,
            },
            CallError::Misconfigured(_) | CallError::Redirected(_) | CallError::LimitedUntil(_) => None,
            CallError::Cancelled | CallError::NoteFailed(_) => None,
        }
    }
}

/// What the portal did, in words for people; other errors stay as they are.
pub fn with_explanation(error: anyhow::Error) -> anyhow::Error {
    if error.is::<CallError>() { run_error_from(error).into() } else { error }
}

/// The end that an error stands for.
pub fn run_error_from(error: anyhow::Error) -> RunError {
    match error.downcast::<RunError>() {
        Ok(error) => error,
        Err(error) => match error.downcast::<CallError>() {
            Ok(error) => error.into_run_error(),
            Err(error) => RunError::failed(message_of(&error)),
        },
    }
}

fn refused(refusal: &ApiError) -> RunError {
    let printable = refusal.printable().to_string();
    match refusal.class() {
        ErrorClass::RateLimited | ErrorClass::BudgetExceeded => {
            RunError::interrupted(PortalMessage::AsksToWait { refusal: printable })
                .with_followup(PortalMessage::RestNextRun)
        }
        ErrorClass::Administrator | ErrorClass::Record => RunError::refused(PortalMessage::RefusesUs {
            refusal: printable.trim_end_matches('.').to_owned(),
            remedy: remedy(refusal).into(),
        }),
    }
}

/// What an administrator does about a refusal that concerns everything.
fn remedy(refusal: &ApiError) -> PortalMessage {
    match refusal.code.to_ascii_lowercase().as_str() {
        "invalid_credentials" | "no_auth_found" | "expired_token" | "invalid_token" | "wrong_auth_type" => {
            PortalMessage::WebhookNotAccepted
        }
        "insufficient_scope" => PortalMessage::ScopeMissing,
        "payment_required" => PortalMessage::PlanNotPaid,
        "overload_limit" => PortalMessage::RestBlocked,
        "access_denied" | "allowed_only_intranet_user" | "user_access_error" => PortalMessage::NoAccessToCrm,
        "error_method_not_found" => PortalMessage::MethodMissing,
        "portal_deleted" => PortalMessage::NoSuchPortal,
        _ => PortalMessage::CheckWebhook,
    }
}
