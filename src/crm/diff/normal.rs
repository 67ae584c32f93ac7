//! One form for what was sent and for what a portal reads back (docs/bitrix24.md, Values, Texts,
//! Custom fields).

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta};
use serde_json::Value;

use crate::mapping::custom_fields::{FieldType, ValueFormat};

/// In seconds. All offsets from Greenwich are whole quarters.
const QUARTER_OF_AN_HOUR: i64 = 900;

/// Whether a field reads as it was written.
pub(crate) fn values_equal(
    field: &str,
    custom: Option<&FieldType>,
    ours: &Value,
    theirs: &Value,
) -> bool {
    match (field, custom) {
        // The portal computes it from the stage.
        ("CLOSED", _) => true,
        (_, Some(kind)) if kind.multiple => {
            normalize_list(ours, &kind.form) == normalize_list(theirs, &kind.form)
        }
        (_, Some(FieldType { form: ValueFormat::DateTime, .. })) => {
            same_time(&text(ours), &text(theirs))
        }
        (_, Some(FieldType { form, .. })) => {
            normalize_scalar(&text(ours), form) == normalize_scalar(&text(theirs), form)
        }
        ("COMMENTS", _) => comment(&text(ours)) == comment(&text(theirs)),
        ("BIRTHDATE" | "BEGINDATE" | "CLOSEDATE", _) => day(&text(ours)) == day(&text(theirs)),
        ("OPPORTUNITY" | "PROBABILITY" | "COMPANY_ID", _) => {
            number(&text(ours)) == number(&text(theirs))
        }
        ("CONTACT_IDS", _) => people(ours) == people(theirs),
        _ => text(ours).trim() == text(theirs).trim(),
    }
}

/// A value as people read it.
pub(crate) fn display_value(field: &str, value: &Value) -> String {
    match field {
        "COMMENTS" => comment(&text(value)),
        "BIRTHDATE" | "BEGINDATE" | "CLOSEDATE" => day(&text(value)),
        "COMPANY_ID" if text(value) == "0" => String::new(),
        _ => text(value),
    }
}

/// What is empty comes as null, as an empty text or list, or as `false`.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::Bool(true) => "Y".into(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// The primary contact, and the others sorted: their order does not count, since people change it.
fn people(value: &Value) -> (String, Vec<String>) {
    let Some([first, others @ ..]) = value.as_array().map(Vec::as_slice) else {
        return (String::new(), Vec::new());
    };
    let mut others: Vec<String> = others.iter().map(text).collect();
    others.sort();
    (text(first), others)
}

/// A date is read back as midnight of some place, often written in another time zone:
/// `2020-05-20T03:00:00+03:00`, west of Greenwich the evening before, or in UTC
/// `2020-05-19T21:00:00+00:00`. A midnight in its own zone has its date; of all others the nearest
/// midnight of UTC has it.
fn day(text: &str) -> String {
    match DateTime::parse_from_rfc3339(text) {
        Ok(moment) if moment.time() == NaiveTime::MIN => moment.date_naive().to_string(),
        Ok(moment) => (moment.to_utc() + TimeDelta::hours(12)).date_naive().to_string(),
        Err(_) => text.chars().take(10).collect(),
    }
}

/// A time without an offset means the portal's own time zone. The portal answers in that zone, or
/// in UTC.
fn same_time(ours: &str, theirs: &str) -> bool {
    let shown = DateTime::parse_from_rfc3339(theirs);
    match (DateTime::parse_from_rfc3339(ours), shown) {
        (Ok(ours), Ok(theirs)) => ours == theirs,
        (Err(_), Ok(theirs)) if theirs.offset().local_minus_utc() == 0 => {
            match NaiveDateTime::parse_from_str(ours, "%Y-%m-%dT%H:%M:%S") {
                Ok(ours) => is_zone(ours - theirs.naive_utc()),
                Err(_) => false,
            }
        }
        _ => ours.get(..19).unwrap_or(ours) == theirs.get(..19).unwrap_or(theirs),
    }
}

/// Whether a time zone that is so far ahead of UTC exists. Where the portal answers in UTC, its own
/// zone is not known.
fn is_zone(ahead: TimeDelta) -> bool {
    let is_on_earth = (TimeDelta::hours(-12)..=TimeDelta::hours(14)).contains(&ahead);
    is_on_earth && ahead.num_seconds() % QUARTER_OF_AN_HOUR == 0
}

/// `13050.00`, `13050`: without the zeros that mean nothing.
fn number(text: &str) -> String {
    let text = text.trim();
    let whole = match text.split_once('.') {
        Some((_, rest)) if rest.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.trim_end_matches('0').trim_end_matches('.')
        }
        _ => text,
    };
    if matches!(whole, "" | "-0") { "0".into() } else { whole.to_owned() }
}

/// Undoes what the portal does to a comment: it escapes HTML, wraps links in `[url]` tags and turns
/// several blanks into one.
fn comment(text: &str) -> String {
    let plain = text.replace("\r\n", "\n").replace('\u{a0}', " ");
    let mut plain =
        strip_url_tags(&plain).replace("&#91;", "[").replace("&#93;", "]").replace("&#39;", "'");
    for (entity, sign) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
        plain = plain.replace(entity, sign);
    }
    while plain.contains("  ") {
        plain = plain.replace("  ", " ");
    }
    plain.trim().to_owned()
}

/// `[url=X]Y[/url]` -> `Y`
fn strip_url_tags(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[url=") {
        out.push_str(before);
        let inside = link.split_once(']').and_then(|(_, behind)| behind.split_once("[/url]"));
        let Some((name, after)) = inside else { return out + "[url=" + link };
        out.push_str(name);
        rest = after;
    }
    out + rest
}

fn normalize_scalar(value: &str, form: &ValueFormat) -> String {
    let value = value.trim();
    match form {
        // The portal adds where on the map it is.
        ValueFormat::Address => value.split('|').next().unwrap_or_default().trim().to_owned(),
        ValueFormat::Integer | ValueFormat::Decimal | ValueFormat::List(_) => number(value),
        ValueFormat::Money(_) => match value.split_once('|') {
            Some((amount, currency)) => format!("{}|{currency}", number(amount)),
            None => value.to_owned(),
        },
        ValueFormat::Date => day(value),
        ValueFormat::DateTime => value.chars().take(19).collect(),
        ValueFormat::Boolean | ValueFormat::Flag => {
            if matches!(value, "1" | "Y" | "y" | "true") {
                "Y".into()
            } else {
                "N".into()
            }
        }
        ValueFormat::Text => value.to_owned(),
    }
}

/// The values of a multiple field, sorted. One value may come without a list around it, and an
/// empty list as an empty text.
fn normalize_list(value: &Value, form: &ValueFormat) -> Vec<String> {
    let single = std::slice::from_ref(value);
    let values = match value {
        Value::Array(values) => values,
        _ if text(value).is_empty() => return Vec::new(),
        _ => single,
    };
    let mut normal = Vec::new();
    for value in values {
        normal.push(normalize_scalar(&text(value), form));
    }
    normal.sort();
    normal
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(field: &str, ours: &Value, theirs: &Value) -> bool {
        values_equal(field, None, ours, theirs)
    }

    #[test]
    fn a_date_is_its_day_wherever_the_portal_stands() {
        let midnights = [
            "2020-05-20T03:00:00+03:00",
            "2020-05-20T00:00:00+03:00",
            "2020-05-20T00:00:00-05:00",
            "2020-05-20T00:00:00+14:00",
            "2020-05-19T19:00:00-05:00",
            "2020-05-19T20:00:00-04:00",
            "2020-05-19T21:00:00+00:00",
            "2020-05-19T12:00:00+00:00",
            "2020-05-20T11:59:00+00:00",
            "2020-05-20T05:00:00+00:00",
            "2020-05-19T21:00:00Z",
            "2020-05-19T23:00:00+02:00",
            "2020-05-20T01:00:00+03:00",
            "2020-05-20",
            "2020-05-20 00:00:00",
        ];
        for theirs in midnights {
            assert!(plain("BEGINDATE", &json!("2020-05-20"), &json!(theirs)), "{theirs}");
        }
        assert!(!plain("BEGINDATE", &json!("2020-05-20"), &json!("2020-05-21T03:00:00+03:00")));
        assert!(plain("BIRTHDATE", &json!(""), &json!(null)));
    }

    #[test]
    fn numbers_are_equal_whatever_their_zeros() {
        assert!(plain("OPPORTUNITY", &json!("13050.00"), &json!("13050")));
        assert!(plain("OPPORTUNITY", &json!("0.00"), &json!(null)));
        assert!(plain("PROBABILITY", &json!(100), &json!("100")));
        assert!(plain("COMPANY_ID", &json!(""), &json!("0")));
        assert!(!plain("OPPORTUNITY", &json!("100"), &json!("1")));
        assert!(!plain("OPPORTUNITY", &json!("1.a0"), &json!("1.a")));
        assert_eq!(display_value("COMPANY_ID", &json!("0")), "");
        assert_eq!(display_value("COMMENTS", &json!("a &amp; b")), "a & b");
    }

    #[test]
    fn a_text_is_equal_without_its_outer_blanks_and_a_closed_deal_always() {
        assert!(plain("TITLE", &json!("A b"), &json!(" A b ")));
        assert!(!plain("TITLE", &json!("A b"), &json!("Ab")));
        assert!(plain("CLOSED", &json!("Y"), &json!("N")));
    }

    #[test]
    fn a_comment_is_compared_as_people_read_it() {
        assert!(plain(
            "COMMENTS",
            &json!("Tom & \"Jerry\"\na  b"),
            &json!("Tom &amp; &quot;Jerry&quot;\r\na b")
        ));
        assert!(plain(
            "COMMENTS",
            &json!("см. https://x.ru"),
            &json!("см. [url=https://x.ru]https://x.ru[/url]")
        ));
        assert!(!plain("COMMENTS", &json!("a"), &json!("b")));
    }

    #[test]
    fn the_primary_contact_counts_and_the_order_of_the_others_does_not() {
        assert!(plain("CONTACT_IDS", &json!([1, 2, 3]), &json!([1, 3, 2])));
        assert!(!plain("CONTACT_IDS", &json!([1, 2]), &json!([2, 1])));
        assert!(plain("CONTACT_IDS", &json!(""), &json!([])));
    }

    #[test]
    fn custom_fields_are_compared_by_their_type() {
        let custom = |form, multiple, ours: &Value, theirs: &Value| {
            values_equal("UF_CRM_X", Some(&FieldType { form, multiple }), ours, theirs)
        };
        assert!(custom(ValueFormat::Boolean, false, &json!("1"), &json!("Y")));
        assert!(custom(ValueFormat::Boolean, false, &json!("0"), &json!(null)));
        assert!(custom(
            ValueFormat::Money("RUB".into()),
            false,
            &json!("12.50|RUB"),
            &json!("12.5|RUB")
        ));
        assert!(custom(ValueFormat::List(vec![]), true, &json!(["7", "5"]), &json!([5, 7])));
        assert!(!custom(ValueFormat::List(vec![]), true, &json!(["7", "5"]), &json!([5])));
        assert!(custom(ValueFormat::Text, true, &json!(""), &json!(false)));
        assert!(custom(ValueFormat::Text, true, &json!("a"), &json!(["a"])));
        assert!(custom(ValueFormat::Text, true, &json!(""), &json!([])));
        assert!(!custom(ValueFormat::Boolean, false, &json!("1"), &json!(null)));
        assert!(custom(
            ValueFormat::DateTime,
            false,
            &json!("2026-05-01T10:00:00+03:00"),
            &json!("2026-05-01T10:00:00")
        ));
        let times = |second| json!([format!("2026-05-01T10:00:0{second}+03:00")]);
        let at_ten = json!(["2026-05-01T10:00:00"]);
        assert!(custom(ValueFormat::DateTime, true, &at_ten, &times(0)));
        assert!(!custom(ValueFormat::DateTime, true, &at_ten, &times(1)));
        assert!(!custom(
            ValueFormat::DateTime,
            false,
            &json!("2026-05-01T10:00:00+05:00"),
            &json!("2026-05-01T10:00:00+03:00")
        ));
        assert!(custom(
            ValueFormat::DateTime,
            false,
            &json!("2026-05-01T10:00:00"),
            &json!("2026-05-01T10:00:00+03:00")
        ));
        assert!(custom(
            ValueFormat::DateTime,
            false,
            &json!("2026-05-01T10:00:00+05:00"),
            &json!("2026-05-01T08:00:00+03:00")
        ));
        let ten = json!("2026-05-01T10:00:00");
        for theirs in
            ["2026-05-01T07:00:00+00:00", "2026-05-01T07:00:00Z", "2026-05-01T04:15:00+00:00"]
        {
            assert!(custom(ValueFormat::DateTime, false, &ten, &json!(theirs)), "{theirs}");
        }
        for theirs in
            ["2026-05-01T07:05:00+00:00", "2026-05-02T07:00:00+00:00", "2026-05-01T07:00:00+03:00"]
        {
            assert!(!custom(ValueFormat::DateTime, false, &ten, &json!(theirs)), "{theirs}");
        }
        assert!(custom(ValueFormat::Address, false, &json!("Омск"), &json!("Омск|55.0;73.3")));
        assert!(!custom(
            ValueFormat::Date,
            false,
            &json!("2026-05-01"),
            &json!("2026-05-02T03:00:00+03:00")
        ));
    }

    #[test]
    fn the_clocks_of_earth_are_twelve_hours_behind_greenwich_to_fourteen_ahead() {
        let quarter = TimeDelta::minutes(15);
        for (edge, beyond) in [(TimeDelta::hours(-12), -quarter), (TimeDelta::hours(14), quarter)] {
            assert!(is_zone(edge) && !is_zone(edge + beyond));
        }
    }
}
