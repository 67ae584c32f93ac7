//! What the portal makes of a comment (facts, section 1.8).

/// The stored form of a comment.
pub(crate) fn store(text: &str) -> String {
    text.to_owned()
}
