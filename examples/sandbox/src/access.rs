//! Who is let in: the webhook's credentials, the portal's plan, the scopes (facts, section 8.3).

use crate::answer::Refusal;
use crate::settings::{Condition, Settings};

/// What a request says of who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Credentials {
    /// The user and the secret of the portal's webhook.
    #[default]
    Right,
    /// A user or a secret that the portal does not know.
    Wrong,
    /// Neither a user nor a secret stands in the address.
    Missing,
}

impl Settings {
    /// Errors that everybody gets who comes with this webhook.
    pub(crate) fn check_access(&self, credentials: Credentials) -> Result<(), Refusal> {
        match credentials {
            Credentials::Right => {}
            Credentials::Wrong => return Err(Refusal::wrong_credentials()),
            Credentials::Missing => {
                return Err(Refusal::new(401, "NO_AUTH_FOUND", "Wrong authorization data"));
            }
        }
        let (status, code, text) = match self.condition {
            Condition::Revoked => return Err(Refusal::wrong_credentials()),
            Condition::NoRest => {
                (401, "ACCESS_DENIED", "REST API is available only on commercial plans")
            }
            Condition::NoSubscription => {
                (401, "ACCESS_DENIED", "REST API is available only by subscription")
            }
            Condition::PaymentRequired => {
                (401, "PAYMENT_REQUIRED", "Payment required. Subscription has been ended")
            }
            Condition::Deleted => (403, "PORTAL_DELETED", "Portal was deleted"),
            Condition::Overloaded => (401, "OVERLOAD_LIMIT", "REST API is blocked due to overload"),
            Condition::Working | Condition::Maintenance(_) | Condition::Moved(_) => {
                if self.is_served() {
                    return Ok(());
                }
                (401, "authorization_error", "Unable to authorize user")
            }
        };
        Err(Refusal::new(status, code, text))
    }

    /// Refuses methods outside of the webhook's scopes.
    pub(crate) fn check_scope(&self, method: &str) -> Result<(), Refusal> {
        let sufficient: &[&str] = match method.split_once('.') {
            Some(("crm", _)) => &["crm"],
            Some(("im", _)) => &["im"],
            Some(("user", "get")) => &["user", "user_basic"],
            Some(("user", "current")) => &["user", "user_basic", "user_brief"],
            _ => return Ok(()),
        };
        if self.scopes.iter().any(|scope| sufficient.contains(&scope.as_str())) {
            Ok(())
        } else {
            Err(Refusal::missing_scope())
        }
    }
}
