//! HTML in comments: some tags become BB codes, the others are stripped as PHP does.

/// A piece of a text: a tag with its inside, or anything else.
enum Piece<'a> {
    Text(&'a str),
    Tag(&'a str),
}

/// Splits a text at its tags: `<` before anything but a space opens one, and without a `>` it goes
/// to the end.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = opening(rest) {
        out.push(Piece::Text(&rest[..at]));
        let inside = &rest[at + 1..];
        let (tag, after) = inside.split_once('>').unwrap_or((inside, ""));
        out.push(Piece::Tag(tag));
        rest = after;
    }
    out.push(Piece::Text(rest));
    out
}

fn opening(text: &str) -> Option<usize> {
    let opens =
        |at: &usize| text[at + 1..].chars().next().is_some_and(|next| !next.is_whitespace());
    text.match_indices('<').map(|(at, _)| at).find(opens)
}

/// Turns the tags that have a BB code into it, and leaves the others.
pub(super) fn to_bb(text: &str) -> String {
    let mut out = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Tag(tag) => match bb(tag) {
                Some(code) => out.push_str(&code),
                None => out.extend(["<", tag, ">"]),
            },
        }
    }
    out
}

/// Removes every tag: a quote within one hides the `>` after it, and tags may stand within tags.
pub(super) fn strip(text: &str) -> String {
    let mut out = String::new();
    let (mut depth, mut quote) = (0, None);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let opens = letter == '<' && letters.peek().is_none_or(|next| !next.is_ascii_whitespace());
        match letter {
            _ if opens && quote.is_none() => depth += 1,
            _ if depth == 0 => out.push(letter),
            '>' if depth > 1 || quote.is_none() => depth -= 1,
            '"' | '\'' if quote.is_none_or(|open| open == letter) => {
                quote = if quote.is_none() { Some(letter) } else { None };
            }
            _ => {}
        }
    }
    out
}

fn bb(tag: &str) -> Option<String> {
    let (closing, tag) = tag.strip_prefix('/').map_or(("", tag), |tag| ("/", tag));
    let name = tag
        .split(|c: char| c.is_whitespace() || c == '/')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let attribute = |key: &str| {
        let value = tag.split_once(&format!("{key}="))?.1.trim_start_matches(['"', '\'']);
        value.split(['"', '\'', ' ']).next().map(str::to_owned)
    };
    Some(match (name.as_str(), closing) {
        ("br", _) => "\n".to_owned(),
        ("b" | "i" | "u" | "s" | "p" | "quote" | "table" | "tr" | "td" | "font", _) => {
            format!("[{closing}{name}]")
        }
        ("ul" | "ol", _) => format!("[{closing}list]"),
        ("li", "") => "[*]".to_owned(),
        ("li", _) => String::new(),
        ("a", "/") => "[/url]".to_owned(),
        ("a", _) => format!("[url={}]", attribute("href")?),
        ("img", _) => format!("[img]{}[/img]", attribute("src")?),
        _ => return None,
    })
}
