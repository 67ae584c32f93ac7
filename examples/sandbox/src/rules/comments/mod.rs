//! What the portal makes of a comment (facts, section 1.8): BB codes for HTML, links, entities,
//! tags stripped, everything escaped, unknown brackets deleted.

mod html;

/// Bytes of the column; a database in strict mode would refuse what is longer.
const MAX: usize = 65_535;
/// Bracket groups that survive, by their first word.
const BB_CODES: [&str; 8] = ["b", "i", "u", "s", "list", "img", "url", "p"];

/// The stored form of a comment. Storing a stored one again changes nothing.
pub(crate) fn store(text: &str) -> String {
    let plain = decode(text).replace("&#39;", "'").replace('\u{a0}', " ");
    let bb = html::to_bb(&plain);
    let linked = wrap_links(&bb);
    let signs = replace_signs(&linked);
    let stripped = html::strip(&tidy(&signs));
    let mut stored = drop_brackets(&escape(stripped.trim()));
    while stored.len() > MAX {
        stored.pop();
    }
    if stored == "0" { String::new() } else { stored }
}

pub(crate) fn decode(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

fn escape(text: &str) -> String {
    let escaped =
        text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.replace("&amp;#91;", "&#91;").replace("&amp;#93;", "&#93;")
}

/// CRLF becomes LF, runs of spaces one space, `&nbsp;` nothing.
fn tidy(text: &str) -> String {
    let mut out = text.replace("\r\n", "\n").replace("&nbsp;", "");
    while out.contains("  ") {
        out = out.replace("  ", " ");
    }
    out
}

/// `(c)`, `(r)`, `(tm)` as numeric entities, which the escaping then breaks.
fn replace_signs(text: &str) -> String {
    let signs = [
        ("(c)", "&#169;"),
        ("(C)", "&#169;"),
        ("(r)", "&#174;"),
        ("(R)", "&#174;"),
        ("(tm)", "&#153;"),
        ("(TM)", "&#153;"),
    ];
    signs.iter().fold(text.to_owned(), |text, (sign, entity)| text.replace(sign, entity))
}

/// Bare addresses become `[url=X]X[/url]`; those that stand in a BB code or an attribute stay.
fn wrap_links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) =
        ["http://", "https://", "www."].iter().filter_map(|scheme| rest.find(scheme)).min()
    {
        let (before, link) = rest.split_at(at);
        let end =
            link.find(|c: char| c.is_whitespace() || "<>[]\"'".contains(c)).unwrap_or(link.len());
        let url = link[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
        out.push_str(before);
        if before.ends_with(|c: char| c.is_alphanumeric() || "=]\"'/".contains(c)) {
            out.push_str(url);
        } else {
            out.extend(["[url=", url, "]", url, "[/url]"]);
        }
        rest = &link[url.len()..];
    }
    out + rest
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
    let end = inner.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inner.len());
    end > 0 && !BB_CODES.contains(&inner[..end].to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::store;

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
            assert_eq!(store(sent), stored, "{sent}");
        }
    }

    #[test]
    fn a_stored_comment_is_stable() {
        for text in
            ["Tom & Jerry", "a < b", "(c)", "https://x.ru", "<b>x</b>", "&lt;b&gt;", "x [b]y[/b]"]
        {
            assert_eq!(store(&store(text)), store(text), "{text}");
        }
    }
}
