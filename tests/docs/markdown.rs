//! The little of Markdown that the documents use.

/// A fenced block.
pub(crate) struct Block<'t> {
    /// `toml`, `sh`, `text`
    pub(crate) language: &'t str,
    pub(crate) text: &'t str,
}

/// The fenced blocks of a document.
pub(crate) fn blocks(document: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut rest = document;
    while let Some((_, after)) = rest.split_once("\n```") {
        let (language, after) = after.split_once('\n').expect("a block goes on");
        let (text, after) = after.split_once("```").expect("a block ends");
        blocks.push(Block { language, text });
        rest = after;
    }
    blocks
}

/// The blocks in one language.
pub(crate) fn blocks_in<'t>(document: &'t str, language: &str) -> Vec<&'t str> {
    blocks(document)
        .into_iter()
        .filter(|block| block.language == language)
        .map(|block| block.text)
        .collect()
}

/// The headings, without their marks and numbers: `### 1.8 Texts` is `Texts`.
pub(crate) fn headings(document: &str) -> Vec<&str> {
    let number = |c: char| c.is_ascii_digit() || c == '.' || c == ' ';
    document
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim_start_matches(number))
        .collect()
}

/// The first cells of a table's rows that are code, with the section that they stand in.
pub(crate) fn rows(document: &str) -> Vec<(&str, Vec<&str>)> {
    let (mut section, mut rows) = ("", Vec::new());
    for line in document.lines() {
        if line.starts_with('#') {
            section = line.trim_start_matches('#').trim();
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if line.starts_with("| `") {
            rows.push((section, cells));
        }
    }
    rows
}

/// `` `text` `` -> `text`
pub(crate) fn code(cell: &str) -> &str {
    cell.trim_matches('`')
}
