//! The modules use each other in one direction: whoever reads one need not have read what is built on it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::path;

/// For each module of the crate those that its code names; tests may look everywhere.
fn uses(folder: &Path, of: Option<&str>, found: &mut BTreeMap<String, BTreeSet<String>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = of.unwrap_or(&name);
        if file.is_dir() {
            uses(&file, Some(module), found);
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("\nmod tests {").next().unwrap_or_default();
        let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<String>();
        // `crate::{a, b::C}` names a and b.
        let named = code.split("crate::").skip(1).flat_map(|rest| match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default().split(", ").collect(),
            None => vec![rest],
        });
        let word = |text: &str| -> String {
            text.trim_start().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect()
        };
        found.entry(module.to_owned()).or_default().extend(named.map(word).filter(|other| *other != module));
    }
}

#[test]
fn no_module_is_used_by_what_it_uses() {
    let mut left = BTreeMap::new();
    uses(&path("src"), None, &mut left);
    assert!(left["pass"].contains("plan") && left["plan"].contains("mirror"));
    // Whoever uses nobody that is left goes, until nobody does.
    while let Some(free) = left.iter().find(|(_, uses)| !uses.iter().any(|one| left.contains_key(one))) {
        let free = free.0.clone();
        left.remove(&free);
    }
    assert!(left.is_empty(), "these use each other, or somebody who does: {:?}", left.keys());
}
