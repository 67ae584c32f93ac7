//! What a method returns, and the refusals of the portal (facts, section 8).

use crate::php::Php;
use crate::spoiled_cards::Harm;

/// What a method answers when it worked.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Answer {
    pub(crate) result: Php,
    pub(crate) total: Option<usize>,
    pub(crate) next: Option<usize>,
    /// How a spoiled card that it shows damages it.
    pub(crate) harm: Option<Harm>,
}

/// An error: `{"error": code, "error_description": text}` with an HTTP status.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) text: String,
}

pub(crate) type Outcome = Result<Answer, Refusal>;

/// An answer without paging.
pub(crate) fn ok(result: impl Into<Php>) -> Outcome {
    Ok(Answer { result: result.into(), ..Answer::default() })
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &str, text: impl Into<String>) -> Refusal {
        Refusal { status, code: code.to_owned(), text: text.into() }
    }

    /// An error of the legacy methods: very often without a code.
    pub(crate) fn without_code(text: impl Into<String>) -> Refusal {
        Refusal::new(400, "", text)
    }

    /// An error that a legacy method left behind for the core to report, in the portal's language.
    pub(crate) fn core_error(text: impl Into<String>) -> Refusal {
        Refusal::new(400, "ERROR_CORE", text)
    }

    pub(crate) fn no_method() -> Refusal {
        Refusal::new(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
    }

    pub(crate) fn wrong_credentials() -> Refusal {
        Refusal::new(401, "INVALID_CREDENTIALS", "Invalid request credentials")
    }

    pub(crate) fn missing_scope() -> Refusal {
        let text = "The request requires higher privileges than provided by the webhook token";
        Refusal::new(401, "insufficient_scope", text)
    }

    pub(crate) fn over_budget() -> Refusal {
        Refusal::new(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.")
    }

    pub(crate) fn bad_id() -> Refusal {
        Refusal::without_code("ID is not defined or invalid.")
    }

    pub(crate) fn access_denied() -> Refusal {
        Refusal::without_code("Access denied.")
    }

    /// The body of the answer, and a command's entry in `result_error`.
    pub(crate) fn body(&self) -> Php {
        Php::map([("error", self.code.as_str()), ("error_description", self.text.as_str())])
    }
}
