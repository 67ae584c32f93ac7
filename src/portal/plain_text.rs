//! Texts of portals and gateways made short and plain: without markup, and without the webhook's
//! address.

/// Longer texts are a database's or a page's, and contain more than a reason.
const LONGEST: usize = 300;
/// How much is quoted of a body that is no answer.
const QUOTED: usize = 80;
/// Bytes or characters that are read: a page, and an error, say their reason near their beginning.
const READ: usize = 4000;

/// An error text of the portal, for people.
pub(super) fn error_text(text: &str) -> String {
    let beginning: String = text.chars().take(READ).collect();
    let readable = without_address(&without_markup(&beginning));
    cut(without_statement(&readable).trim(), LONGEST)
}

/// The beginning of a body that is no answer. What looks like data is left out, because it may be
/// personal.
pub(super) fn beginning(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(READ)]);
    let text = title(&text).unwrap_or(&text);
    let before_data = text.split(['{', '[']).next().unwrap_or_default();
    let plain = without_address(&without_markup(before_data));
    let words: Vec<&str> = plain.split_whitespace().collect();
    if words.is_empty() || before_data.contains(is_binary) {
        return format!("{} bytes", body.len());
    }
    cut(&words.join(" "), QUOTED)
}

fn is_binary(c: char) -> bool {
    c == '\u{fffd}' || (c.is_control() && !c.is_whitespace())
}

fn title(page: &str) -> Option<&str> {
    let title = page.split_once("<title>")?.1.split_once("</title>")?.0;
    Some(title).filter(|title| !title.trim().is_empty())
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text.to_owned(),
    }
}

/// A database quotes its statement in an error, with the values of the record in it.
fn without_statement(text: &str) -> String {
    let verbs = ["INSERT INTO", "UPDATE ", "SELECT ", "DELETE FROM", "REPLACE INTO"];
    match verbs.iter().filter_map(|verb| text.find(verb)).min() {
        Some(at) => format!("{} …", text[..at].trim_end_matches([' ', '[', '(', '\n', '<'])),
        None => text.to_owned(),
    }
}

/// Line breaks and paragraphs become lines, other tags are removed, and entities become their
/// characters.
fn without_markup(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        plain += before;
        if let Some(tag) = tag(after) {
            plain += if is_line_break(tag) { "\n" } else { "" };
            rest = &after[tag.len() + 1..];
        } else {
            plain.push('<');
            rest = after;
        }
    }
    plain += rest;
    html_escape::decode_html_entities(&plain).into_owned()
}

/// The tag whose bracket was opened before this text.
fn tag(text: &str) -> Option<&str> {
    let inside = text.split_once('>')?.0;
    inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!').then_some(inside)
}

fn is_line_break(tag: &str) -> bool {
    let name = tag.trim_matches('/').split([' ', '/']).next().unwrap_or_default();
    ["br", "p", "div", "li", "tr", "h1", "hr"].iter().any(|block| name.eq_ignore_ascii_case(block))
}

/// A gateway may quote the address that was called, and the webhook's secret is in its path.
fn without_address(text: &str) -> String {
    let mut parts = text.split("/rest/");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end =
            part.find(|c: char| c.is_whitespace() || "\"'<>)".contains(c)).unwrap_or(part.len());
        kept += "/rest/…";
        kept += &part[end..];
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_entities_become_text() {
        for (said, plain) in [
            ("Поле &quot;Имя&quot; обязательно<br />", "Поле \"Имя\" обязательно"),
            ("<p>Первое</p><p class='x'>Второе</p>", "Первое\n\nВторое"),
            ("a<BR/>b<br>c", "a\nb\nc"),
            ("&laquo;Ромашка&raquo; &amp; Co", "«Ромашка» & Co"),
            ("<b>жирно</b> и 1 < 2", "жирно и 1 < 2"),
            ("&amp;lt;", "&lt;"),
        ] {
            assert_eq!(error_text(said), plain, "{said}");
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        let text = error_text(&"щ".repeat(7000));
        assert_eq!(text.chars().count(), LONGEST + 1);
        assert!(text.ends_with('…'));
    }

    /// Looking for the end of each tag would take hours in a text of megabytes.
    #[test]
    fn of_a_huge_text_only_the_beginning_is_read() {
        let text = error_text(&"<b".repeat(8_000_000));
        assert!(text.starts_with("<b<b") && text.ends_with('…'), "{text}");
    }

    #[test]
    fn the_values_of_a_databases_statement_are_not_shown() {
        let said = "MySQL Query Error: INSERT INTO b_crm_contact VALUES ('Приходько') [[(1406) Data too long]]";
        assert_eq!(error_text(said), "MySQL Query Error: …");
        let said =
            "(1406) Data too long for column 'NAME' [UPDATE b_crm_contact SET NAME='Приходько']";
        assert_eq!(error_text(said), "(1406) Data too long for column 'NAME' …");
    }

    #[test]
    fn a_body_is_quoted_up_to_what_may_be_data() {
        for (body, quoted) in [
            (
                "<html><title>413 Request Entity Too Large</title></html>",
                "413 Request Entity Too Large",
            ),
            ("<html><body><h1>Портал на обслуживании</h1></body></html>", "Портал на обслуживании"),
            ("Warning: foo in /x.php\n{\"result\":[{\"NAME\":\"Smith", "Warning: foo in /x.php"),
            ("{\"result\":[{\"NAME\":\"Smith", "25 bytes"),
            ("", "0 bytes"),
        ] {
            assert_eq!(beginning(body.as_bytes()), quoted, "{body}");
        }
        assert_eq!(beginning(b"\x1f\x8b\x08\x00\x00"), "5 bytes");
    }

    #[test]
    fn the_address_that_was_called_is_not_shown() {
        assert_eq!(without_address("at /rest/1/x/batch (nginx)"), "at /rest/… (nginx)");
    }
}
