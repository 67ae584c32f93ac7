//! HTML in comments: some tags become BB codes, the others are stripped as PHP does.

/// A piece of a text: a tag with its inside, or anything else.
enum Piece<'a> {
    Text(&'a str),
    Tag(&'a str),
}

/// Splits a text at its tags: `<` before anything but a space opens one, and without a `>` it goes
/// to the end.
fn split_at_tags(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = find_tag(rest) {
        out.push(Piece::Text(&rest[..at]));
        let inside = &rest[at + 1..];
        let (tag, after) = inside.split_once('>').unwrap_or((inside, ""));
        out.push(Piece::Tag(tag));
        rest = after;
    }
    out.push(Piece::Text(rest));
    out
}

/// Where the first tag opens.
fn find_tag(text: &str) -> Option<usize> {
    for (at, _) in text.match_indices('<') {
        if text[at + 1..].starts_with(|next: char| !next.is_whitespace()) {
            return Some(at);
        }
    }
    None
}

/// Turns the tags that have a BB code into it, and leaves the others.
pub(super) fn to_bb_codes(text: &str) -> String {
    let mut out = String::new();
    for piece in split_at_tags(text) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Tag(tag) => match bb_code(tag) {
                Some(code) => out.push_str(&code),
                None => out.extend(["<", tag, ">"]),
            },
        }
    }
    out
}

/// Removes every tag: a quote within one hides the `>` after it, and tags may stand within tags.
pub(super) fn strip_tags(text: &str) -> String {
    let mut out = String::new();
    let mut depth = 0;
    let mut quote = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let opens = letter == '<' && letters.peek().is_none_or(|next| !next.is_ascii_whitespace());
        match letter {
            _ if opens && quote.is_none() => depth += 1,
            _ if depth == 0 => out.push(letter),
            '>' if depth > 1 || quote.is_none() => depth -= 1,
            '"' | '\'' if quote.is_none() => quote = Some(letter),
            '"' | '\'' if quote == Some(letter) => quote = None,
            _ => {}
        }
    }
    out
}

/// The BB code of a tag, given by what stands between `<` and `>`.
fn bb_code(tag: &str) -> Option<String> {
    let (slash, tag) = match tag.strip_prefix('/') {
        Some(tag) => ("/", tag),
        None => ("", tag),
    };
    let end = tag.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(tag.len());
    let name = tag[..end].to_lowercase();
    Some(match (name.as_str(), slash) {
        ("br", _) => "\n".to_owned(),
        ("b" | "i" | "u" | "s" | "p" | "quote" | "table" | "tr" | "td" | "font", _) => {
            format!("[{slash}{name}]")
        }
        ("ul" | "ol", _) => format!("[{slash}list]"),
        ("li", "") => "[*]".to_owned(),
        ("li", _) => String::new(),
        ("a", "/") => "[/url]".to_owned(),
        ("a", _) => format!("[url={}]", attribute(tag, "href")?),
        ("img", _) => format!("[img]{}[/img]", attribute(tag, "src")?),
        _ => return None,
    })
}

/// The value of a tag's attribute, with or without quotes.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = tag.split_once(&format!("{name}="))?;
    let value = value.trim_start_matches(['"', '\'']);
    value.split(['"', '\'', ' ']).next()
}
