//! Reads an answer: the JSON first and the HTTP status second, because one error comes with
//! different statuses.

use serde_json::Value;

use super::{ApiError, CallError, ErrorClass, Response};
use crate::domain::contact_data::holds_contact;
use crate::domain::messages::PortalMessage;
use crate::portal::plain_text::{beginning, error_text};

/// In a body that begins with warnings, so many places are tried at which the answer may begin.
const STARTS: usize = 20;

/// What a body with its HTTP status means. Of a batch, a part may have been executed before it
/// failed.
pub fn decode(status: u16, body: &[u8], is_batch: bool) -> Result<Response, CallError> {
    let Some(mut answer) = document(body) else {
        return Err(CallError::unknown_outcome(format!(
            "HTTP {status}, no JSON: {}",
            summary(body)
        )));
    };
    if answer.get("error").is_some() {
        return Err(refused(status, refusal(&answer), is_batch));
    }
    let time = answer.get_mut("time").map(Value::take).unwrap_or_default();
    match answer.get_mut("result").map(Value::take) {
        Some(result) if status == 200 => Ok(Response { result, time }),
        _ => Err(CallError::unknown_outcome(format!("HTTP {status}, neither result nor error"))),
    }
}

/// The beginning of the body, or its size where the beginning may contain personal data.
fn summary(body: &[u8]) -> String {
    let beginning = beginning(body);
    if holds_contact(&beginning) { format!("{} bytes", body.len()) } else { beginning }
}

fn document(body: &[u8]) -> Option<Value> {
    let mut parsed = documents(body).filter_map(|json| serde_json::from_slice(json).ok());
    parsed.find(Value::is_object)
}

/// What the JSON of an answer may be: all of it but a byte order mark, or what follows the warnings
/// that PHP may print before it (docs/bitrix24.md, The answer).
pub(super) fn documents(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let rests = (1..body.len()).map(|at| &body[at..]);
    let later =
        rests.filter(|rest| rest.starts_with(b"{\"result\"") || rest.starts_with(b"{\"error\""));
    std::iter::once(body).chain(later.take(STARTS))
}

/// `error` and `error_description` of an answer or of one command of a batch.
pub(super) fn refusal(answer: &Value) -> ApiError {
    let code = answer.get("error").map(text).unwrap_or_default();
    let description = answer.get("error_description").map(text).unwrap_or_default();
    ApiError::new(code, description)
}

/// Codes and texts are strings, but a code may be a number, and an error of REST v3 an object.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => error_text(text),
        other => error_text(&other.to_string()),
    }
}

fn refused(status: u16, refusal: ApiError, is_batch: bool) -> CallError {
    // With 401 or 403 the portal refuses every call with this webhook, whatever the code.
    let refuses_us = refusal.class() != ErrorClass::Record || status == 401 || status == 403;
    let refuses_call = status < 500 && (!is_batch || refusal.is_access_denied());
    if refuses_us || refuses_call {
        return CallError::Refused(refusal);
    }
    let refusal = refusal.printable().message().into();
    CallError::unknown_outcome(PortalMessage::HttpError { status, refusal })
}

/// An id, which comes as a number or as a text.
pub(crate) fn object_id(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, body: &str) -> CallError {
        decode(status, body.as_bytes(), true).unwrap_err()
    }

    #[test]
    fn an_error_is_read_with_any_status() {
        for status in [200, 400, 401, 503] {
            let body =
                r#"{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}"#;
            let CallError::Refused(refusal) = error(status, body) else { panic!("{status}") };
            assert_eq!(refusal.class(), ErrorClass::RateLimited);
        }
    }

    #[test]
    fn everything_without_a_proper_answer_leaves_doubt() {
        for (status, body) in [
            (200, ""),
            (200, "{\"result\":"),
            (200, "[]"),
            (200, "{}"),
            (504, "<html><title>504 Gateway Time-out</title></html>"),
            (503, "<html><title>503 Service Temporarily Unavailable</title></html>"),
            (500, r#"{"error":"INTERNAL_SERVER_ERROR","error_description":""}"#),
            (400, r#"{"error":"ERROR_CORE","error_description":"?"}"#),
            (500, r#"{"result":true}"#),
        ] {
            assert!(matches!(error(status, body), CallError::UnknownOutcome(_)), "{status} {body}");
        }
    }

    #[test]
    fn a_gateways_page_is_shown_by_its_title() {
        let page = "<html>\n<head><title>504 Gateway\nTime-out</title></head>";
        assert_eq!(
            error(504, page),
            CallError::unknown_outcome("HTTP 504, no JSON: 504 Gateway Time-out".to_owned())
        );
    }

    #[test]
    fn the_address_that_a_gateway_names_is_not_shown() {
        for page in [
            "<title>502 for /rest/1/s3cr3t/batch.json</title>",
            "cannot GET https://h/rest/1/s3cr3t/x now",
        ] {
            let shown = error(502, page).to_string();
            assert!(!shown.contains("s3cr3t"), "{shown}");
        }
    }

    #[test]
    fn data_that_broke_off_are_not_shown() {
        let body = r#"{"result":[{"LAST_NAME":"Smith"#;
        assert_eq!(
            error(200, body),
            CallError::unknown_outcome("HTTP 200, no JSON: 30 bytes".to_owned())
        );
    }

    #[test]
    fn one_call_that_was_refused_leaves_no_doubt() {
        let body = br#"{"error":"","error_description":"Not found"}"#;
        assert!(matches!(decode(400, body, false), Err(CallError::Refused(_))));
    }

    #[test]
    fn what_stands_before_the_json_is_stepped_over() {
        let json = r#"{"result":{"a":{"result":1}},"time":{}}"#;
        let warning = "<br />\n<b>Warning</b>: x {\"result\": in /y.php on line 3<br />\n";
        for before in ["\u{feff}", " \r\n", warning, "\u{feff}Notice: {\"a\"} in z\n"] {
            let answer = decode(200, format!("{before}{json}").as_bytes(), true).unwrap();
            assert_eq!(answer.result["a"]["result"], 1, "{before}");
        }
        let refused = format!("{warning}{}", r#"{"error":"NO_AUTH_FOUND","error_description":""}"#);
        assert!(matches!(error(401, &refused), CallError::Refused(_)));
    }

    #[test]
    fn an_unknown_code_with_401_or_403_refuses_everything() {
        let body = r#"{"error":"SOMETHING_NEW","error_description":"no"}"#;
        assert!(
            [401, 403].iter().all(|status| matches!(error(*status, body), CallError::Refused(_)))
        );
        assert!(
            [400, 500]
                .iter()
                .all(|status| matches!(error(*status, body), CallError::UnknownOutcome(_)))
        );
    }
}
