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
use crate::domain::run_error::RunError;
use crate::say;

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
            CallError::NotSent(reason) => RunError::interrupted(say!(
                "портал недоступен ({reason})",
                "the portal cannot be reached ({reason})"
            ))
            .with_followup(with_the_next_pass()),
            CallError::Misconfigured(reason) => RunError::interrupted(say!(
                "соединение с порталом не устанавливается: {reason}",
                "no connection to the portal can be set up: {reason}"
            )),
            CallError::UnknownOutcome(reason) => RunError::interrupted(say!(
                "портал не ответил как следует ({reason})",
                "the portal gave no proper answer ({reason})"
            ))
            .with_followup(say!(
                "следующие запуски выяснят, что успело выполниться",
                "the next passes find out what took effect"
            )),
            CallError::Redirected(place) => RunError::refused(say!(
                "портал сменил адрес: {place}. Проверьте адрес и исправьте вебхук в конфигурации",
                "the portal has moved to {place}. Make sure that this is right and correct the webhook in the configuration"
            )),
            CallError::LimitedUntil(until) => {
                let until = display::format_time_of_day(until);
                RunError::interrupted(say!(
                    "лимиты портала не пускают дальше до {until}",
                    "the portal's limits hold until {until}"
                ))
                .with_followup(with_the_next_pass())
            }
            CallError::NoteFailed(reason) => RunError::failed(say!(
                "{reason}, поэтому ничего больше не передано; проверьте место на диске и права",
                "{reason}, so nothing more was sent; check the disk space and the permissions"
            )),
            CallError::Cancelled => RunError::interrupted(say!(
                "запуск прерван или вышло его время",
                "the pass was interrupted or its time is up"
            ))
            .with_followup(say!(
                "сделанное сохранено, остальное уйдёт со следующим запуском",
                "what was done is saved, the rest goes with the next pass"
            )),
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
        Ok(stop) => stop,
        Err(error) => match error.downcast::<CallError>() {
            Ok(error) => error.into_run_error(),
            Err(error) => RunError::failed(format!("{error:#}")),
        },
    }
}

fn refused(refusal: &ApiError) -> RunError {
    let printable = refusal.printable();
    match refusal.class() {
        ErrorClass::RateLimited | ErrorClass::BudgetExceeded => RunError::interrupted(say!(
            "портал просит подождать ({printable})",
            "the portal asks us to wait ({printable})"
        ))
        .with_followup(with_the_next_pass()),
        ErrorClass::Administrator | ErrorClass::Record => {
            let remedy = remedy(refusal);
            let refused = printable.to_string();
            let refused = refused.trim_end_matches('.');
            RunError::refused(say!(
                "портал отказывает нам: {refused}. {remedy}",
                "the portal refuses us: {refused}. {remedy}"
            ))
        }
    }
}

/// What an administrator does about a refusal that concerns everything.
fn remedy(refusal: &ApiError) -> String {
    match refusal.code.to_ascii_lowercase().as_str() {
        "invalid_credentials" | "no_auth_found" | "expired_token" | "invalid_token" | "wrong_auth_type" => {
            say!(
                "Битрикс24 не принимает этот вебхук: проверьте, что адрес в [portal] webhook скопирован целиком; если вебхук удалён или истёк, создайте новый (или верните доступ его владельцу) и выполните ecvi-b24 check",
                "Bitrix24 does not accept this webhook: see that the address in [portal] webhook was copied whole; if it was deleted or expired, make a new one (or give its owner access again) and run ecvi-b24 check"
            )
        }
        "insufficient_scope" => say!(
            "У вебхука нет права CRM (crm): отметьте его в настройках вебхука в Битрикс24",
            "The webhook lacks the right CRM (crm): tick it in the webhook's settings in Bitrix24"
        ),
        "payment_required" => say!(
            "Тариф портала не оплачен или не даёт REST: продлите тариф и подписку Битрикс24 Маркет",
            "The portal's plan is not paid, or has no REST: renew the plan and the subscription to Bitrix24 Market"
        ),
        "overload_limit" => say!(
            "Битрикс24 заблокировал REST этого портала из-за нагрузки: обратитесь в поддержку Битрикс24",
            "Bitrix24 has blocked REST in this portal because of load: ask Bitrix24's support"
        ),
        "access_denied" | "allowed_only_intranet_user" | "user_access_error" => say!(
            "Входящим вебхукам нужны оплаченный тариф и действующая подписка Битрикс24 Маркет, а владельцу вебхука доступ к CRM: проверьте тариф, подписку и права владельца",
            "Inbound webhooks need a paid plan and an active subscription to Bitrix24 Market, and the webhook's owner needs access to the CRM: check the plan, the subscription and the owner's rights"
        ),
        "error_method_not_found" => say!(
            "Этот портал не знает метода, который нужен программе: обновите ecvi-b24 (свой портал обновите тоже) и выполните ecvi-b24 check; ни одна запись не отложена",
            "This portal lacks a method that the program needs: update ecvi-b24 (and a portal of your own) and run ecvi-b24 check; no record was put aside"
        ),
        "portal_deleted" => say!(
            "Такого портала больше нет: проверьте адрес в [portal] webhook",
            "There is no such portal any more: check the address in [portal] webhook"
        ),
        _ => say!(
            "Проверьте вебхук: действует ли он, есть ли у него право CRM, не уволен ли его владелец и видит ли он CRM, оплачены ли тариф и подписка Битрикс24 Маркет",
            "Check the webhook: that it is valid, has the right CRM, that its owner is active and may see the CRM, and that the plan and the subscription to Bitrix24 Market are paid"
        ),
    }
}

fn with_the_next_pass() -> String {
    say!("остальное уйдёт со следующим запуском", "the rest goes with the next pass")
}
