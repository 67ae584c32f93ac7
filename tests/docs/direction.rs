//! A folder of `src/` uses only folders below it: whoever reads one need not have read what is
//! built on it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::path;

/// From the top of the house to its ground; `ARCHITECTURE.md` has the same list.
const LAYERS: [&str; 12] = [
    "commands", "output", "sync", "crm", "mapping", "state", "report_files", "mirror", "portal",
    "config", "platform", "domain",
];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        if file.is_dir() {
            found.extend(rust_files(&file));
        } else {
            found.push(file);
        }
    }
    found
}

/// The folders that a file names by `crate::`; tests may look everywhere.
fn folders_named_by(file: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let code = text.split("\nmod tests {").next().unwrap_or_default();
    let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let first_word = |rest: &str| -> String {
        rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect()
    };
    let mut named = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        // `crate::{a, b::C}` names a and b.
        match rest.strip_prefix('{') {
            Some(list) => {
                let list = list.split('}').next().unwrap_or_default();
                named.extend(list.split(", ").map(|item| first_word(item.trim())));
            }
            None => {
                named.insert(first_word(rest));
            }
        }
    }
    named
}

#[test]
fn a_folder_uses_only_folders_below_it() {
    let level = |folder: &str| LAYERS.iter().position(|layer| *layer == folder);
    let mut arrows = 0;
    for (height, folder) in LAYERS.iter().enumerate() {
        for file in rust_files(&path("src").join(folder)) {
            if file.ends_with("tests.rs") {
                continue;
            }
            for other in folders_named_by(&file) {
                let Some(depth) = level(&other) else { continue };
                assert!(depth >= height, "{} uses {other}, which stands above it", file.display());
                arrows += usize::from(depth > height);
            }
        }
    }
    assert!(arrows > 200, "the test sees hardly any use of another folder: {arrows}");
}

#[test]
fn mirror_and_portal_do_not_know_each_other() {
    for (folder, other) in [("mirror", "portal"), ("portal", "mirror")] {
        for file in rust_files(&path("src").join(folder)) {
            assert!(!folders_named_by(&file).contains(other), "{} uses {other}", file.display());
        }
    }
}

#[test]
fn the_architecture_page_lists_the_folders_in_this_order() {
    let page = std::fs::read_to_string(path("ARCHITECTURE.md")).unwrap();
    let places: Vec<Option<usize>> =
        LAYERS.iter().map(|folder| page.find(&format!("| `src/{folder}/` |"))).collect();
    assert!(places.iter().all(Option::is_some), "a folder is missing: {places:?}");
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn the_files_that_the_architecture_page_names_exist() {
    let page = std::fs::read_to_string(path("ARCHITECTURE.md")).unwrap();
    let named: Vec<&str> = page
        .split('`')
        .filter(|word| Path::new(word).extension().is_some_and(|end| end == "rs"))
        .collect();
    assert!(named.len() > 20, "{named:?}");
    for file in named {
        assert!(
            path("src").join(file).exists()
                || path(file).exists()
                || path("tests/pipeline").join(file).exists(),
            "{file}"
        );
    }
}
