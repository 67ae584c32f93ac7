//! Sentences of others that are always built alike, with names in them.

/// The translation of the first pattern that fits, with its names translated too.
pub(crate) fn translated(
    words: &str,
    patterns: &[(&str, &str)],
    translated_name: impl Fn(&str) -> String,
) -> Option<String> {
    for (pattern, translation) in patterns {
        if let Some(names) = names(words, pattern) {
            return Some(filled(translation, names.into_iter().map(translated_name)));
        }
    }
    None
}

/// The parts of the words where the pattern has its stars; none where the pattern does not fit.
fn names<'w>(words: &'w str, pattern: &str) -> Option<Vec<&'w str>> {
    let mut parts = pattern.split('*');
    let mut rest = words.strip_prefix(parts.next()?)?;
    let mut names = Vec::new();
    for part in parts {
        let end = if part.is_empty() { rest.len() } else { rest.find(part)? };
        names.push(&rest[..end]);
        rest = &rest[end + part.len()..];
    }
    rest.is_empty().then_some(names)
}

/// The text with the names in the place of its stars.
fn filled(text: &str, names: impl IntoIterator<Item = String>) -> String {
    let mut filled = text.to_owned();
    for name in names {
        filled = filled.replacen('*', &name, 1);
    }
    filled
}
