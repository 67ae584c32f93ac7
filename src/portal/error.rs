//! What can come of a call that got no proper answer, and what that means for the run.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::domain::display;
use crate::domain::language::Language;
use crate::domain::messages::{Message, PortalMessage};
use crate::domain::run_error::{RunError, message_of};

/// A refusal of the portal, in its own words.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ApiError {
    /// `error`, often empty.
    pub code: String,
    /// `error_description`, in the portal's language.
    pub text: String,
    /// The text was removed, because it repeats personal data.
    pub is_hidden: bool,
}

/// What a refusal asks of us. The code decides, because texts are localized.
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
    /// A refusal with this code and text.
    pub fn new(code: impl Into<String>, text: impl Into<String>) -> ApiError {
        ApiError { code: code.into(), text: text.into(), is_hidden: false }
    }

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

    /// Whether the portal asks us to come again later.
    pub fn is_limit(&self) -> bool {
        matches!(self.class(), ErrorClass::RateLimited | ErrorClass::BudgetExceeded)
    }

    /// Whether the user lacks a right. Legacy methods say so in the text only.
    pub fn is_access_denied(&self) -> bool {
        self.code.eq_ignore_ascii_case("access_denied")
            || self.text.to_lowercase().contains("access denied")
    }

    /// The refusal for people.
    pub fn message(&self) -> Message {
        if self.is_hidden {
            PortalMessage::RefusalHidden.into()
        } else {
            Message::Foreign(self.to_string())
        }
    }

    /// What an administrator does about a refusal that concerns everything.
    fn remedy(&self) -> PortalMessage {
        match self.code.to_ascii_lowercase().as_str() {
            "invalid_credentials"
            | "no_auth_found"
            | "expired_token"
            | "invalid_token"
            | "wrong_auth_type" => PortalMessage::WebhookNotAccepted,
            "insufficient_scope" => PortalMessage::ScopeMissing,
            "payment_required" => PortalMessage::PlanNotPaid,
            "overload_limit" => PortalMessage::RestBlocked,
            "access_denied" | "allowed_only_intranet_user" | "user_access_error" => {
                PortalMessage::NoAccessToCrm
            }
            "error_method_not_found" => PortalMessage::MethodMissing,
            "portal_deleted" => PortalMessage::NoSuchPortal,
            _ => PortalMessage::CheckWebhook,
        }
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

/// A call without a proper answer. Its `Display` is for the log; people read
/// [`CallError::into_run_error`].
#[derive(Clone, PartialEq, Debug, Error)]
pub enum CallError {
    /// The portal answered that it did nothing.
    #[error("{0}")]
    Refused(ApiError),
    /// The connection was never opened, so nothing happened.
    #[error("not connected: {}", .0.text(Language::En))]
    NotSent(Message),
    /// The connection was never opened, and waiting does not help: a certificate, a protocol, a
    /// proxy.
    #[error("not connected: {}", .0.text(Language::En))]
    Misconfigured(Message),
    /// Anything else: the call may have taken effect, or may still.
    #[error("no proper answer: {}", .0.text(Language::En))]
    UnknownOutcome(Message),
    /// The portal has moved to this address.
    #[error("redirected to {0}")]
    Redirected(String),
    /// A limit of the portal that lasts longer than this run.
    #[error("the portal's limit holds until {0}")]
    LimitedUntil(DateTime<Utc>),
    /// A signal or the time limit came before the call was made.
    #[error("stopped")]
    Cancelled,
    /// The call was not made, because the file in which it has to be noted first cannot be written.
    #[error("{}", .0.text(Language::En))]
    NoteFailed(Message),
}

impl CallError {
    /// [`CallError::UnknownOutcome`] for this reason.
    pub fn unknown_outcome(reason: impl Into<Message>) -> CallError {
        CallError::UnknownOutcome(reason.into())
    }

    /// The end of the run that this error causes, for people.
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
                let message =
                    PortalMessage::LimitedUntil { time: display::format_time_of_day(until) };
                RunError::interrupted(message).with_followup(PortalMessage::RestNextRun)
            }
            CallError::Cancelled => RunError::interrupted(PortalMessage::Interrupted)
                .with_followup(PortalMessage::RestNextRunSaved),
            CallError::NoteFailed(reason) => {
                RunError::failed(PortalMessage::NothingMoreSent { reason: reason.into() })
            }
        }
    }

    /// Why the portal does not serve us now, where nobody has to act.
    pub fn outage(&self) -> Option<Message> {
        match self {
            CallError::UnknownOutcome(reason) | CallError::NotSent(reason) => Some(reason.clone()),
            CallError::Refused(refusal) if refusal.is_limit() => {
                Some(refusal.printable().message())
            }
            CallError::Refused(_)
            | CallError::Misconfigured(_)
            | CallError::Redirected(_)
            | CallError::LimitedUntil(_)
            | CallError::Cancelled
            | CallError::NoteFailed(_) => None,
        }
    }
}

fn refused(refusal: &ApiError) -> RunError {
    let mut printable = refusal.printable();
    if refusal.is_limit() {
        return RunError::interrupted(PortalMessage::AsksToWait {
            refusal: printable.message().into(),
        })
        .with_followup(PortalMessage::RestNextRun);
    }
    // The message goes on with a full stop of its own.
    printable.text.truncate(printable.text.trim_end_matches('.').len());
    RunError::refused(PortalMessage::RefusesUs {
        refusal: printable.message().into(),
        remedy: refusal.remedy().into(),
    })
}

/// Explains a [`CallError`] to people; other errors stay as they are.
pub fn with_explanation(error: anyhow::Error) -> anyhow::Error {
    if error.is::<CallError>() { run_error_from(error).into() } else { error }
}

/// The end of the run that an error causes.
pub fn run_error_from(error: anyhow::Error) -> RunError {
    match error.downcast::<RunError>() {
        Ok(error) => error,
        Err(error) => match error.downcast::<CallError>() {
            Ok(error) => error.into_run_error(),
            Err(error) => RunError::failed(message_of(&error)),
        },
    }
}
