//! What the portal makes of a comment (facts, section 1.8): BB codes for HTML, links, entities,
//! tags stripped, everything escaped, unknown brackets deleted.

mod html;

/// Bytes of the column; a database in strict mode would refuse what is longer.
const MAX_BYTES: usize = 65_535;
/// Signs that people type, and the entities that the portal puts in their place.
const SIGNS: [(&str, &str); 6] = [
    ("(c)", "&#169;"),
    ("(C)", "&#169;"),
    ("(r)", "&#174;"),
    ("(R)", "&#174;"),
    ("(tm)", "&#153;"),
    ("(TM)", "&#153;"),
];
/// How a bare address begins.
const LINK_STARTS: [&str; 3] = ["http://", "https://", "www."];
/// Bracket groups that survive, by their first word.
const BB_CODES: [&str; 8] = ["b", "i", "u", "s", "list", "img", "url", "p"];

/// The stored form of a comment. Storing a stored one again changes nothing.
pub(crate) fn stored_form(text: &str) -> String {
    let plain = decode_entities(text).replace("&#39;", "'").replace('\u{a0}', " ");
    let bb = html::to_bb_codes(&plain);
    let linked = wrap_links(&bb);
    let signs = replace_signs(&linked);
    let stripped = html::strip_tags(&tidy_blanks(&signs));
    let mut stored = drop_brackets(&escape_html(stripped.trim()));
    while stored.len() > MAX_BYTES {
        stored.pop();
    }
    if stored == "0" { String::new() } else { stored }
}

pub(crate) fn decode_entities(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

fn escape_html(text: &str) -> String {
    let escaped =
        text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.replace("&amp;#91;", "&#91;").replace("&amp;#93;", "&#93;")
}

/// CRLF becomes LF, runs of spaces one space, `&nbsp;` nothing.
fn tidy_blanks(text: &str) -> String {
    let mut out = text.replace("\r\n", "\n").replace("&nbsp;", "");
    while out.contains("  ") {
        out = out.replace("  ", " ");
    }
    out
}

/// `(c)`, `(r)`, `(tm)` as numeric entities, which the escaping then breaks.
fn replace_signs(text: &str) -> String {
    let mut out = text.to_owned();
    for (sign, entity) in SIGNS {
        out = out.replace(sign, entity);
    }
    out
}

/// Bare addresses become `[url=X]X[/url]`; those that stand in a BB code or an attribute stay.
fn wrap_links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = LINK_STARTS.iter().filter_map(|start| rest.find(start)).min() {
        let (before, link) = rest.split_at(at);
        let url = leading_url(link);
        let is_inside = before.ends_with(|c: char| c.is_alphanumeric() || "=]\"'/".contains(c));
        out.push_str(before);
        if is_inside {
            out.push_str(url);
        } else {
            out.extend(["[url=", url, "]", url, "[/url]"]);
        }
        rest = &link[url.len()..];
    }
    out + rest
}

/// The address at the beginning of a text, without the signs of a sentence behind it.
fn leading_url(text: &str) -> &str {
    let end = text.find(|c: char| c.is_whitespace() || "<>[]\"'".contains(c));
    let url = &text[..end.unwrap_or(text.len())];
    url.trim_end_matches(['.', ',', ';', ':', '!', '?', ')'])
}

/// Deletes `[VIP]`, `[12.05.2024]`, `[/code]`; keeps `[b]`, `[ VIP ]`, `[+7]`, `[*]`, and what is
/// not closed.
fn drop_brackets(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, group)) = rest.split_once('[') {
        out.push_str(before);
        match group.split_once(']') {
            Some((inner, after)) if is_deleted(inner) => rest = after,
            _ => {
                out.push('[');
                rest = group;
            }
        }
    }
    out + rest
}

fn is_deleted(inner: &str) -> bool {
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    let end = inner.find(|c: char| !c.is_alphanumeric() && c != '_');
    let first_word = inner[..end.unwrap_or(inner.len())].to_lowercase();
    !first_word.is_empty() && !BB_CODES.contains(&first_word.as_str())
}

#[cfg(test)]
mod tests {
    use super::stored_form;

    #[test]
    fn each_step_of_the_pipeline() {
        let cases = [
            ("it&#39;s\u{a0}so", "it's so"),
            ("a<br>b<br />c", "a\nb\nc"),
            ("<b>x</b><ul><li>y</ul>", "[b]x[/b][list][*]y[/list]"),
            ("<a href=\"https://x.ru\">сайт</a>", "[url=https://x.ru]сайт[/url]"),
            ("см. https://x.ru/a, да", "см. [url=https://x.ru/a]https://x.ru/a[/url], да"),
            ("(c) 2020", "&amp;#169; 2020"),
            ("  a   b\r\nc&nbsp; ", "a b\nc"),
            ("Ivan <i@x.ru> ждёт", "Ivan  ждёт"),
            ("price <100 and more", "price"),
            ("5 <it's> a <b", "5"),
            ("a < b > c", "a &lt; b &gt; c"),
            ("<script>alert(1)</script>", "alert(1)"),
            ("Tom & \"Jerry\"", "Tom &amp; &quot;Jerry&quot;"),
            ("[VIP] [12.05.2024 14:00] [ВИП гость] [/code]x", "   x"),
            ("[b]x[/b] [ VIP ] [+7900] [*]", "[b]x[/b] [ VIP ] [+7900] [*]"),
            ("&#91;VIP&#93;", "&#91;VIP&#93;"),
            ("0", ""),
            ("{ VIP } # % $", "{ VIP } # % $"),
        ];
        for (sent, stored) in cases {
            assert_eq!(stored_form(sent), stored, "{sent}");
        }
    }

    #[test]
    fn a_stored_comment_is_stable() {
        for text in
            ["Tom & Jerry", "a < b", "(c)", "https://x.ru", "<b>x</b>", "&lt;b&gt;", "x [b]y[/b]"]
        {
            assert_eq!(stored_form(&stored_form(text)), stored_form(text), "{text}");
        }
    }
}
