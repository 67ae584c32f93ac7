//! Links between documents lead somewhere.

use std::path::Path;

use crate::{path, read};

const DOCUMENTS: [&str; 32] = [
    "README.md",
    "README.ru.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/bitrix24.md",
    "docs/codes.md",
    "docs/configuration.md",
    "docs/decisions/0001-legacy-methods.md",
    "docs/decisions/0002-blocking-http.md",
    "docs/decisions/0003-rollback-journal.md",
    "docs/decisions/0004-in-doubt-before-the-call.md",
    "docs/decisions/0005-block-digests.md",
    "docs/decisions/0006-two-languages-in-code.md",
    "docs/decisions/0007-no-batch-import.md",
    "docs/decisions/README.md",
    "docs/hotels.md",
    "docs/init.md",
    "docs/init.ru.md",
    "docs/load.md",
    "docs/load.ru.md",
    "docs/mirror.md",
    "docs/mirror.ru.md",
    "docs/operations.md",
    "docs/operations.ru.md",
    "docs/performance.md",
    "docs/release.md",
    "docs/reliability-history.md",
    "docs/reliability.md",
    "docs/status.md",
    "examples/sandbox/README.md",
];

/// `### The package: a try` -> `the-package-a-try`, as GitHub does it.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    text.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
}

fn assert_leads_somewhere(from: &str, link: &str) {
    let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
    let folder = Path::new(from).parent().unwrap();
    let target = if file.is_empty() { from.into() } else { folder.join(file) };
    assert!(path(target.to_str().unwrap()).exists(), "{from}: {link}");
    if !fragment.is_empty() {
        let document = std::fs::read_to_string(path(target.to_str().unwrap())).unwrap();
        let headings = document.lines().filter(|line| line.starts_with('#'));
        assert!(headings.map(anchor).any(|anchor| anchor == fragment), "{from}: {link}");
    }
}

#[test]
fn every_link_between_documents_resolves() {
    for name in DOCUMENTS {
        let document = read(name);
        let links = document.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        links
            .filter(|link| !link.contains("://"))
            .for_each(|link| assert_leads_somewhere(name, link));
    }
}

#[test]
fn every_document_is_in_the_list() {
    for folder in ["docs", "docs/decisions"] {
        let entries = std::fs::read_dir(path(folder)).unwrap().map(Result::unwrap);
        for entry in entries.filter(|entry| entry.path().is_file()) {
            let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            assert!(DOCUMENTS.contains(&name.as_str()), "{name}");
        }
    }
}
