//! `docs/bitrix24.md` has the sections that the code refers to.

use std::path::Path;

use crate::markdown::headings;
use crate::{path, read};

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

/// Comments, joined: a reference may go over the end of a line.
fn comments() -> String {
    let mut files = Vec::new();
    for folder in ["src", "examples"] {
        sources(&path(folder), &mut files);
    }
    let comment = |line: &str| {
        line.split_once("//").map(|(_, text)| text.trim_matches(['/', '!', ' ']).to_owned())
    };
    files.iter().flat_map(|file| file.lines()).filter_map(comment).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_section_that_the_code_names_exists() {
    let document = read("docs/bitrix24.md");
    let headings = headings(&document);
    let comments = comments();
    let named = comments
        .split("docs/bitrix24.md, ")
        .skip(1)
        .map(|rest| rest.split([')', ';', '.']).next().unwrap());
    let mut count = 0;
    for name in named.flat_map(|names| names.split(", ")) {
        count += 1;
        assert!(headings.contains(&name), "docs/bitrix24.md has no section {name}");
    }
    assert!(count > 3, "no references found");
}

#[test]
fn every_section_that_the_sandbox_numbers_exists() {
    let document = read("docs/bitrix24.md");
    let comments = comments().to_lowercase();
    let numbered = |number: &str| {
        document.lines().any(|line| {
            let heading = line.trim_start_matches('#').trim();
            line.starts_with('#')
                && heading.split(' ').next().unwrap().trim_end_matches('.') == number
        })
    };
    for rest in comments.split("facts, section").skip(1) {
        for number in
            numbers(rest.trim_start_matches('s')).into_iter().filter(|number| !number.is_empty())
        {
            assert!(numbered(number), "docs/bitrix24.md has no section {number}");
        }
    }
}

/// ` 9.2 and 12; more` -> `9.2`, `12`
fn numbers(text: &str) -> Vec<&str> {
    let mut numbers = Vec::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let number = word.trim_end_matches(|c: char| !c.is_ascii_digit());
        numbers.push(number);
        if number != word || words.next() != Some("and") {
            break;
        }
    }
    numbers
}
