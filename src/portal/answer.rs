//! Reading an answer: JSON first, the HTTP status second, because one error comes with different statuses.

use serde_json::Value;

use super::{Answer, CallError, Meaning, Refusal};

/// What a body with its HTTP status means. `several` says that the call was a batch, of which a part may have been
/// executed before it failed.
pub fn decode(status: u16, body: &[u8], several: bool) -> Result<Answer, CallError> {
    let Ok(mut answer @ Value::Object(_)) = serde_json::from_slice(body) else {
        return Err(CallError::Lost(format!("HTTP {status}, no JSON: {}", glimpse(body))));
    };
    if answer.get("error").is_some() {
        return Err(refused(status, refusal(&answer), several));
    }
    let mut part = |name: &str| answer.get_mut(name).map(Value::take);
    match part("result") {
        Some(result) if status == 200 => Ok(Answer { result, time: part("time").unwrap_or_default() }),
        _ => Err(CallError::Lost(format!("HTTP {status}, neither result nor error"))),
    }
}

/// `error` and `error_description`, as an answer has them, or one command of a batch.
pub(super) fn refusal(answer: &Value) -> Refusal {
    let part = |name: &str| answer.get(name).map(words).unwrap_or_default();
    Refusal { code: part("error"), text: part("error_description") }
}

fn refused(status: u16, refusal: Refusal, several: bool) -> CallError {
    let proper = match refusal.meaning() {
        Meaning::TooFast | Meaning::OverBudget | Meaning::Administrator => true,
        Meaning::Record => status < 500 && (!several || refusal.is_access_denied()),
    };
    if proper { CallError::Refused(refusal) } else { CallError::Lost(format!("HTTP {status}, {refusal}")) }
}

/// An id, which comes as a number or as a text.
pub(crate) fn object_id(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Codes and texts are strings, but a code may be a number, and a v3 error an object.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => without_address(text).replace("<br>", "\n").trim().to_owned(),
        other => without_address(&other.to_string()),
    }
}

/// The first words of a body that is no JSON: the title of a gateway's page, not its markup. Of anything else only
/// the length, because it may be data about people.
fn glimpse(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(2000)]).into_owned();
    if !text.trim_start().starts_with('<') {
        return format!("{} bytes", body.len());
    }
    let inside = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    let Some((title, _)) = inside else { return format!("{} bytes", body.len()) };
    let text = without_address(title);
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(60).collect()
}

/// A gateway may name the address that was called, and the webhook's secret is in its path.
fn without_address(text: &str) -> String {
    let mut parts = text.split("/rest/");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_whitespace() || "\"'<>)".contains(c)).unwrap_or(part.len());
        kept += "/rest/…";
        kept += &part[end..];
    }
    kept
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
            let body = r#"{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}"#;
            let CallError::Refused(refusal) = error(status, body) else { panic!("{status}") };
            assert_eq!(refusal.meaning(), Meaning::TooFast);
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
            (500, r#"{"error":"INTERNAL_SERVER_ERROR","error_description":""}"#),
            (400, r#"{"error":"ERROR_CORE","error_description":"?"}"#),
            (500, r#"{"result":true}"#),
        ] {
            assert!(matches!(error(status, body), CallError::Lost(_)), "{status} {body}");
        }
    }

    #[test]
    fn a_gateways_page_is_shown_by_its_title() {
        let page = "<html>\n<head><title>504 Gateway\nTime-out</title></head>";
        assert_eq!(error(504, page), CallError::Lost("HTTP 504, no JSON: 504 Gateway Time-out".into()));
    }

    #[test]
    fn the_address_that_a_gateway_names_is_not_shown() {
        for page in
            ["<title>502 for /rest/1/s3cr3t/batch.json</title>", "cannot GET https://h/rest/1/s3cr3t/x now"]
        {
            let shown = error(502, page).to_string();
            assert!(!shown.contains("s3cr3t"), "{shown}");
        }
        assert_eq!(without_address("at /rest/1/x/batch (nginx)"), "at /rest/… (nginx)");
    }

    #[test]
    fn data_that_broke_off_are_not_shown() {
        let body = r#"{"result":[{"LAST_NAME":"Smith"#;
        assert_eq!(error(200, body), CallError::Lost("HTTP 200, no JSON: 30 bytes".into()));
    }

    #[test]
    fn one_call_that_was_refused_leaves_no_doubt() {
        let body = br#"{"error":"","error_description":"Not found"}"#;
        assert!(matches!(decode(400, body, false), Err(CallError::Refused(_))));
    }
}
