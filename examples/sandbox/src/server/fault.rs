//! What can go wrong between a client and the portal.

use std::time::Duration;

/// What happens to one request instead of a proper answer.
///
/// Those with `executed` may happen after the portal executed the call (the answer is lost) or
/// before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection is reset before the portal sees the call.
    ResetBefore,
    /// The call is executed, then the connection is reset.
    ResetAfter,
    /// Executed; the answer breaks off within the HTTP header.
    CutHeader,
    /// Executed; the answer breaks off within the body.
    CutBody,
    /// Executed; the body is whole but no JSON.
    Garbled,
    /// Executed; HTTP 200 with an empty body.
    Empty,
    /// A page of the gateway with this status.
    Html {
        /// The HTTP status: 502, 504...
        status: u16,
        /// Whether the call was executed.
        executed: bool,
    },
    /// No answer ever comes: the connection stays open until the client gives up.
    Silent {
        /// Whether the call was executed.
        executed: bool,
    },
    /// No answer ever comes, and the call takes effect only after this time of the portal's clock.
    Late {
        /// Counted from the request.
        after: Duration,
    },
    /// Only so many commands of the batch are executed, then the other fault happens.
    Partial {
        /// How many commands are executed, from the first one.
        commands: usize,
        /// How the answer is lost; its own `executed` does not matter.
        then: Box<Fault>,
    },
    /// Not executed: a JSON error with this status and code.
    Status {
        /// The HTTP status: 401, 403, 429, 500, 503...
        status: u16,
        /// The error: `QUERY_LIMIT_EXCEEDED`, `INTERNAL_SERVER_ERROR`...
        code: String,
    },
    /// Not executed: a redirect to the same path of this host, e.g. `https://new.bitrix24.ru`.
    Redirect(String),
    /// A proper answer, but only after this wall-clock time.
    Slow(Duration),
    /// A proper answer, then the connection is closed, as by a server that keeps none open.
    Close,
    /// Not executed: the client gets this answer.
    Answer {
        /// The HTTP status of the answer.
        status: u16,
        /// JSON, or anything else.
        body: String,
    },
}

impl Fault {
    /// A JSON error with this status and code; the call is not executed.
    pub fn status(status: u16, code: &str) -> Fault {
        Fault::Status { status, code: code.to_owned() }
    }

    /// A batch of which so many commands are executed before this fault.
    #[must_use]
    pub fn after_commands(self, commands: usize) -> Fault {
        Fault::Partial { commands, then: Box::new(self) }
    }

    /// How many commands of the call are executed: `None` for all.
    pub(crate) fn executed_commands(&self) -> Option<usize> {
        match self {
            Fault::Partial { commands, .. } => Some(*commands),
            Fault::ResetBefore | Fault::Late { .. } => Some(0),
            Fault::Status { .. } | Fault::Redirect(_) | Fault::Answer { .. } => Some(0),
            Fault::Html { executed, .. } | Fault::Silent { executed } => {
                if *executed {
                    None
                } else {
                    Some(0)
                }
            }
            Fault::ResetAfter | Fault::CutHeader | Fault::CutBody | Fault::Garbled => None,
            Fault::Empty | Fault::Slow(_) | Fault::Close => None,
        }
    }
}
