//! HTML: escaping, tables, the frame.

use crate::data::record::Kind;

const STYLE: &str = "
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;
max-width:1200px;padding:0 1rem;color:#333}
h1{font-size:1.5rem} h2{margin-top:2rem;font-size:1.2rem} small{color:#888;font-weight:normal}
table{border-collapse:collapse;width:100%} th{text-align:left;color:#666;font-weight:500}
th,td{padding:.4rem .6rem;border-bottom:1px solid #e3e6e9;vertical-align:top}
td.sum{text-align:right;white-space:nowrap} a{color:#2067b0;text-decoration:none}
a:hover{text-decoration:underline}
.stage{padding:.1rem .5rem;border-radius:1rem;background:#e3f2fd;white-space:nowrap}
.stage.S{background:#d8f3d0} .stage.F{background:#fbdcdc} .gone{color:#999}
dl{display:grid;grid-template-columns:minmax(8rem,16rem) 1fr;gap:.5rem 1rem}
dt{color:#666} dd{margin:0}
";

/// A page with its head, its style and its title on top; `body` is HTML.
pub(super) fn whole_page(title: &str, body: &str) -> String {
    let title = escape_text(title);
    format!(
        "<!DOCTYPE html><html lang=\"ru\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
    )
}

/// A text as HTML that shows it, with its line breaks.
pub(super) fn escape_text(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.replace('"', "&quot;").replace('\'', "&#39;").replace('\n', "<br>")
}

/// A link to the card of an object.
pub(super) fn object_link(kind: Kind, id: u64, caption: &str) -> String {
    format!("<a href=\"/crm/{}/details/{id}/\">{}</a>", kind.word(), escape_text(caption))
}

/// A cell of a table, around HTML.
pub(super) fn cell(html: &str) -> String {
    format!("<td>{html}</td>")
}

/// A table, around rows of cells.
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut head = String::new();
    for heading in headings {
        head.extend(["<th>", &escape_text(heading), "</th>"]);
    }
    let mut body = String::new();
    for cells in rows {
        body.extend(["<tr>", &cells.concat(), "</tr>"]);
    }
    format!("<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
}
