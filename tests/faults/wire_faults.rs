//! What can go wrong with one request, and what a run has to make of it.

use bitrix24_sandbox::{Exchange, Fault};
use serde_json::{Map, Value, json};

use crate::hotel::{HASTY, LATE, PATIENT};

/// What a fault means for the run that meets it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Means {
    /// Nobody knows what took effect: a question is asked once more, a change stays in doubt.
    Doubt,
    /// A proper answer that says nothing: as doubtful, but a question is left to the next run.
    Silence,
    /// We were too fast: after a pause it is tried again in the same run.
    Pause,
    /// The portal asks us to wait longer than a run lasts.
    Wait,
    /// An administrator must act.
    Refusal,
}

pub(crate) struct WireFault {
    pub(crate) name: &'static str,
    pub(crate) means: Means,
    /// Lines of `[portal]`.
    pub(crate) portal: &'static str,
    pub(crate) fault: fn(&Exchange) -> Fault,
}

const fn fault(name: &'static str, means: Means, fault: fn(&Exchange) -> Fault) -> WireFault {
    WireFault { name, means, portal: PATIENT, fault }
}

const fn hasty(name: &'static str, fault: fn(&Exchange) -> Fault) -> WireFault {
    WireFault { name, means: Means::Doubt, portal: HASTY, fault }
}

/// The answer is lost, with and without an effect of the call.
pub(crate) const LOST: &[WireFault] = &[
    fault("reset before", Means::Doubt, |_| Fault::ResetBefore),
    fault("reset after", Means::Doubt, |_| Fault::ResetAfter),
    fault("cut in the header", Means::Doubt, |_| Fault::CutHeader),
    fault("cut in the body", Means::Doubt, |_| Fault::CutBody),
    fault("garbled", Means::Doubt, |_| Fault::Garbled),
    fault("empty", Means::Doubt, |_| Fault::Empty),
    fault("HTML 200 before", Means::Doubt, |_| Fault::Html { status: 200, executed: false }),
    fault("HTML 200 after", Means::Doubt, |_| Fault::Html { status: 200, executed: true }),
    fault("HTML 502 before", Means::Doubt, |_| Fault::Html { status: 502, executed: false }),
    fault("HTML 502 after", Means::Doubt, |_| Fault::Html { status: 502, executed: true }),
    fault("HTML 503 before", Means::Doubt, |_| Fault::Html { status: 503, executed: false }),
    fault("HTML 504 before", Means::Doubt, |_| Fault::Html { status: 504, executed: false }),
    fault("HTML 504 after", Means::Doubt, |_| Fault::Html { status: 504, executed: true }),
    fault("one command, reset", Means::Doubt, |_| Fault::ResetAfter.after_commands(1)),
    fault("one command, HTML 504", Means::Doubt, |_| gateway().after_commands(1)),
    fault("two commands, HTML 504", Means::Doubt, |_| gateway().after_commands(2)),
    fault("internal error", Means::Doubt, |_| Fault::status(500, "INTERNAL_SERVER_ERROR")),
    fault("an unknown error", Means::Doubt, |_| Fault::status(400, "ERROR_CORE")),
    fault("no result", Means::Doubt, |_| answer("{}")),
    fault("null", Means::Doubt, |_| answer("{\"result\":null}")),
    fault("silence about every command", Means::Silence, |_| {
        answer("{\"result\":{\"result\":[],\"result_error\":[]}}")
    }),
];

/// No answer within the client's patience.
pub(crate) const SILENT: &[WireFault] = &[
    hasty("never answered, not executed", |_| Fault::Silent { executed: false }),
    hasty("never answered, executed", |_| Fault::Silent { executed: true }),
    hasty("executed when the client has gone", |_| Fault::Late { after: LATE }),
];

/// The portal says that it did nothing.
pub(crate) const REFUSED: &[WireFault] = &[
    fault("too fast", Means::Pause, |_| Fault::status(503, "QUERY_LIMIT_EXCEEDED")),
    fault("over budget", Means::Wait, |_| Fault::status(429, "OPERATION_TIME_LIMIT")),
    fault("every command over budget", Means::Wait, over_budget),
    fault("webhook revoked", Means::Refusal, |_| Fault::status(401, "INVALID_CREDENTIALS")),
    fault("no scope", Means::Refusal, |_| Fault::status(401, "insufficient_scope")),
    fault("blocked by the vendor", Means::Refusal, |_| Fault::status(503, "OVERLOAD_LIMIT")),
    fault("renamed", Means::Refusal, |_| Fault::Redirect("https://new.example".into())),
];

/// One of each sort, for scenes beside the main ones.
pub(crate) const FEW: &[WireFault] = &[
    fault("reset before", Means::Doubt, |_| Fault::ResetBefore),
    fault("HTML 502 after", Means::Doubt, |_| Fault::Html { status: 502, executed: true }),
    fault("one command, HTML 504", Means::Doubt, |_| gateway().after_commands(1)),
    hasty("executed when the client has gone", |_| Fault::Late { after: LATE }),
    fault("every command over budget", Means::Wait, over_budget),
    fault("webhook revoked", Means::Refusal, |_| Fault::status(401, "INVALID_CREDENTIALS")),
];

fn gateway() -> Fault {
    Fault::Html { status: 504, executed: true }
}

fn answer(body: &str) -> Fault {
    Fault::Answer { status: 200, body: body.to_owned() }
}

fn over_budget(exchange: &Exchange) -> Fault {
    refuse_all(exchange, "OPERATION_TIME_LIMIT", "")
}

/// HTTP 200, and in it this refusal of each command.
pub(crate) fn refuse_all(exchange: &Exchange, code: &str, words: &str) -> Fault {
    let commands = exchange.params.argument("cmd");
    let refusal = || json!({"error": code, "error_description": words});
    let errors: Map<String, Value> =
        commands.entries().iter().map(|(name, _)| (name.clone(), refusal())).collect();
    answer(&json!({"result": {"result": [], "result_error": errors}}).to_string())
}

/// HTTP 200, and in it this result of each command.
pub(crate) fn return_all(exchange: &Exchange, result: &Value) -> Fault {
    let commands = exchange.params.argument("cmd");
    let results: Map<String, Value> =
        commands.entries().iter().map(|(name, _)| (name.clone(), result.clone())).collect();
    answer(&json!({"result": {"result": results, "result_error": []}}).to_string())
}
