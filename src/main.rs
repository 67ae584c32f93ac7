//! ecvi-b24.
fn main() {}
