//! What the README tells people to type can be typed.

use std::path::Path;

use clap::{CommandFactory, Parser};
use ecvi_b24::commands::cli::Cli;
use ecvi_b24::mirror::Mirror;
use ecvi_b24::platform::clock::ReadLimit;

use crate::configuration::assert_reads;
use crate::markdown::{blocks, blocks_in, code};
use crate::{path, read};

const BOTH: [&str; 2] = ["README.md", "README.ru.md"];
const TEST: &str = "cargo test --workspace --locked";

/// Every document with commands in it.
const ALL: [&str; 10] = [
    "README.md", "README.ru.md", "docs/load.md", "docs/load.ru.md", "docs/operations.md",
    "docs/operations.ru.md", "docs/mirror.ru.md", "docs/configuration.md", "docs/codes.md",
    "docs/status.md",
];

/// Parses a command line as the program does; help and version are no failure.
pub(crate) fn assert_command(line: &str) {
    let line = line.split(['>', '|', '#']).next().unwrap().trim();
    let words: Vec<&str> = line.split_whitespace().collect();
    let program = words.iter().rposition(|word| word.ends_with("ecvi-b24")).unwrap();
    let words = std::iter::once(&"ecvi-b24").chain(&words[program + 1..]);
    if let Err(error) = Cli::try_parse_from(words) {
        assert!(!error.use_stderr(), "{line}: {error}");
    }
}

/// `COMMAND` stands for a command.
fn is_placeholder(line: &str) -> bool {
    line.contains("COMMAND") || line.contains('…')
}

#[test]
fn every_command_exists() {
    for name in ALL {
        let document = read(name);
        let spans =
            document.split('`').skip(1).step_by(2).filter(|span| span.starts_with("ecvi-b24 "));
        spans.filter(|span| !is_placeholder(span)).for_each(assert_command);
        for block in blocks(&document) {
            let is_program = |line: &&str| {
                line.split(' ')
                    .take_while(|word| !word.starts_with('#'))
                    .any(|word| word == "ecvi-b24" || word.ends_with("bin/ecvi-b24"))
            };
            let is_shell = ["sh", "console", "crontab"].contains(&block.language);
            let lines = block
                .text
                .lines()
                .filter(|line| block.language != "console" || line.starts_with("$ "));
            let lines =
                lines.filter(|line| !line.contains("install ") && !line.contains("adduser"));
            lines.filter(is_program).filter(|_| is_shell).for_each(assert_command);
        }
    }
}

#[test]
fn every_command_of_the_program_is_told() {
    for name in BOTH {
        let document = read(name);
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            assert!(
                document.contains(&format!("ecvi-b24 {}", command.get_name())),
                "{name}: {}",
                command.get_name()
            );
        }
    }
}

#[test]
fn the_configuration_can_be_read_and_has_about_ten_lines() {
    for name in BOTH {
        let document = read(name);
        let toml = blocks_in(&document, "toml");
        assert_eq!(toml.len(), 1, "{name}");
        assert_reads(toml[0]);
        let plain = |text: &str| {
            text.lines()
                .map(|line| line.split('#').next().unwrap().trim().to_owned())
                .collect::<Vec<_>>()
        };
        let english = read("README.md");
        assert_eq!(plain(toml[0]), plain(blocks_in(&english, "toml")[0]), "{name}");
        assert!(toml[0].lines().count() <= 12, "{name}");
    }
}

#[test]
fn the_crontab_line_starts_a_run_every_three_minutes() {
    for name in BOTH {
        let document = read(name);
        let crontab = blocks_in(&document, "crontab");
        assert_eq!(crontab, ["*/3 * * * * /usr/local/bin/ecvi-b24 sync\n"], "{name}");
        assert!(document.contains("target/release/ecvi-b24 /usr/local/bin/"), "{name}");
    }
}

/// Exit code and meaning, as `--help` tells them.
fn told_by_help() -> Vec<(String, String)> {
    let help = Cli::command().render_help().to_string();
    let mut codes: Vec<(String, String)> = Vec::new();
    for line in
        help.split_once("Exit codes:\n").unwrap().1.lines().filter(|line| !line.trim().is_empty())
    {
        match line.trim().split_once("  ") {
            Some((code, meaning)) => codes.push((code.into(), meaning.into())),
            None => codes.last_mut().unwrap().1.extend([" ", line.trim()]),
        }
    }
    codes
}

#[test]
fn the_exit_codes_are_those_of_the_help() {
    let help = told_by_help();
    assert_eq!(help.len(), 6);
    for name in BOTH {
        let document = read(name);
        let rows = document
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
        let rows: Vec<(String, String)> = rows
            .filter(|(code, _)| code.len() == 1)
            .map(|(code, meaning)| (code.to_owned(), meaning.to_owned()))
            .collect();
        if name == "README.md" {
            assert_eq!(rows, help);
        }
        assert!(rows.iter().map(|(code, _)| code).eq(help.iter().map(|(code, _)| code)), "{name}");
    }
}

#[test]
fn the_readme_and_the_gate_name_one_test_command() {
    assert!(read(".ci/run").lines().any(|line| line == TEST));
    for name in BOTH {
        let document = read(name);
        let commands: Vec<&str> =
            blocks_in(&document, "sh").into_iter().flat_map(str::lines).collect();
        let tests: Vec<&&str> =
            commands.iter().filter(|line| line.starts_with("cargo test")).collect();
        assert_eq!(tests, [&TEST], "{name}");
    }
}

#[test]
fn the_toolchain_is_that_of_the_manifest() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let version = manifest["workspace"]["package"]["rust-version"].as_str().unwrap().to_owned();
    for name in BOTH {
        assert!(read(name).contains(&format!("Rust {version}")), "{name}");
    }
}

#[test]
fn the_mirror_is_one_that_the_program_can_read() {
    let document = read("docs/mirror.md");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mirror.db");
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute_batch(blocks_in(&document, "sql")[0])
        .unwrap();
    let toml = "[mirror]\npath='mirror.db'\n[portal]\nwebhook='https://h/rest/1/x/'";
    let config = ecvi_b24::config::parse(toml, folder.path(), None).unwrap();
    Mirror::open_within(&config.mirror, &ReadLimit::default()).unwrap();
}

#[test]
fn the_files_that_are_named_in_code_exist() {
    for name in ALL {
        let document = read(name);
        let spans =
            document.split('`').skip(1).step_by(2).filter(|span| !span.contains([' ', '*', '\n']));
        for span in spans.filter(|span| {
            ["packaging/", "examples/", "docs/"].iter().any(|start| span.starts_with(start))
        }) {
            assert!(Path::new(&path(code(span))).exists(), "{name}: {span}");
        }
    }
}
