//! Texts as HTML shows them: nothing in them is markup, and nothing in them is hidden.

use crate::domain::visible_text;

/// A text within an element or an attribute.
pub(super) fn text(text: &str) -> String {
    html_escape::encode_quoted_attribute(&*visible_text::line(text)).into_owned()
}

/// A text of several lines.
pub(super) fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(self::text).collect();
    lines.join("<br>")
}

/// `<p class="note">…</p>`; the text is one.
pub(super) fn paragraph(class: &str, text: &str) -> String {
    format!("<p class=\"{class}\">{}</p>\n", lines(text))
}

/// An element around a text: `<th>…</th>`.
pub(super) fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", self::text(text))
}

/// A link to a card.
pub(super) fn link(address: &str, name: &str) -> String {
    format!("<a href=\"{}\">{}</a>", text(address), text(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup_and_nothing_in_it_is_hidden() {
        for (raw, shown) in [
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("a\" onclick='x' &lt;", "a&quot; onclick=&#x27;x&#x27; &amp;lt;"),
            ("7\u{202e}\u{1b}[2J\nб", "7\\u202e\\u001b[2J\\nб"),
        ] {
            assert_eq!(text(raw), shown);
        }
        assert_eq!(lines("<a>\nb\u{7}"), "&lt;a&gt;<br>b\\u0007");
        assert_eq!(
            link("https://h/?a=\"&b", "<7>"),
            "<a href=\"https://h/?a=&quot;&amp;b\">&lt;7&gt;</a>"
        );
    }
}
