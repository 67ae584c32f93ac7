//! What can come of a call that got no proper answer, and what that means for the run.

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::contact_data::holds_contact;
use super::display;
use super::language::Language;
use super::messages::{Message, PortalMessage, PortalWords};
use super::run_error::Outcome;

/// A refusal of the portal, in its own words.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ApiError {
    /// `error` of the answer, often empty.
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
    /// Only this record is refused.
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

    /// The refusal as it may be printed, where it is unknown what was sent.
    pub(crate) fn printable(&self) -> ApiError {
        if holds_contact(&self.to_string()) { self.hidden() } else { self.clone() }
    }

    /// The refusal without its text, which the log keeps.
    pub(crate) fn hidden(&self) -> ApiError {
        log::info!("{self}");
        ApiError { is_hidden: true, ..ApiError::default() }
    }

    /// The refusal for people.
    pub fn message(&self) -> Message {
        if self.is_hidden {
            PortalMessage::RefusalHidden.into()
        } else {
            PortalMessage::Refusal { words: PortalWords(self.to_string()) }.into()
        }
    }

    /// Whether a refusal's code is one of the portal's, and not any text.
    pub(crate) fn is_known_code(code: &str) -> bool {
        let refusal = ApiError::new(code, "");
        refusal.class() != ErrorClass::Record || refusal.is_access_denied()
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
/// [`CallError::message`].
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

    /// How a run ends that meets this error.
    pub fn outcome(&self) -> Outcome {
        match self {
            CallError::Refused(refusal) if refusal.is_limit() => Outcome::Interrupted,
            CallError::Refused(_) | CallError::Redirected(_) => Outcome::Refused,
            CallError::NotSent(_)
            | CallError::Misconfigured(_)
            | CallError::UnknownOutcome(_)
            | CallError::LimitedUntil(_)
            | CallError::Cancelled => Outcome::Interrupted,
            CallError::NoteFailed(_) => Outcome::Failed,
        }
    }

    /// What happened and what to do, for people.
    pub fn message(&self) -> Message {
        let message = match self {
            CallError::Refused(refusal) => return refused(refusal),
            CallError::NotSent(reason) => PortalMessage::Unreachable { reason: boxed(reason) },
            CallError::Misconfigured(reason) => {
                PortalMessage::Misconfigured { reason: boxed(reason) }
            }
            CallError::UnknownOutcome(reason) => {
                PortalMessage::NoProperAnswer { reason: boxed(reason) }
            }
            CallError::Redirected(address) => PortalMessage::Moved { address: address.clone() },
            CallError::LimitedUntil(until) => {
                PortalMessage::LimitedUntil { time: display::format_time_of_day(*until) }
            }
            CallError::Cancelled => PortalMessage::Interrupted,
            CallError::NoteFailed(reason) => {
                PortalMessage::NothingMoreSent { reason: boxed(reason) }
            }
        };
        message.into()
    }

    /// What the next runs of cron do about the rest, where the work of a run was cut short.
    pub fn followup(&self) -> Option<PortalMessage> {
        match self {
            CallError::Refused(refusal) if refusal.is_limit() => Some(PortalMessage::RestNextRun),
            CallError::NotSent(_) | CallError::LimitedUntil(_) => Some(PortalMessage::RestNextRun),
            CallError::UnknownOutcome(_) => Some(PortalMessage::OutcomeFoundLater),
            CallError::Cancelled => Some(PortalMessage::RestNextRunSaved),
            CallError::Refused(_)
            | CallError::Misconfigured(_)
            | CallError::Redirected(_)
            | CallError::NoteFailed(_) => None,
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

fn boxed(reason: &Message) -> Box<Message> {
    Box::new(reason.clone())
}

fn refused(refusal: &ApiError) -> Message {
    let mut printable = refusal.printable();
    if refusal.is_limit() {
        return PortalMessage::AsksToWait { refusal: printable.message().into() }.into();
    }
    // The message goes on with a full stop of its own.
    printable.text.truncate(printable.text.trim_end_matches('.').len());
    let remedy = refusal.remedy().into();
    PortalMessage::RefusesUs { refusal: printable.message().into(), remedy }.into()
}
