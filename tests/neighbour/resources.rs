//! A machine that gives too little: each limit is told in words with an exit code of its own, and
//! none is a panic.

use std::fs;
use std::process::Stdio;

use bitrix24_sandbox::{Portal, Server};

use crate::folders::{FILLER, Place, READER, Said, is_root};

/// The program under a limit of `prlimit`; none where there is no such program.
fn limited(place: &Place, limit: &str, arguments: &str) -> Option<Said> {
    let mut command = READER.command("/usr/bin/prlimit");
    command
        .arg(limit)
        .arg("--")
        .arg(env!("CARGO_BIN_EXE_ecvi-b24"))
        .args(arguments.split_whitespace());
    command.current_dir(place.own("")).env("LANG", "en").stdin(Stdio::null());
    match command.output() {
        Ok(output) => Some(Said::from(output)),
        Err(error) => {
            eprintln!("prlimit cannot be run ({error}): no limits are tried");
            None
        }
    }
}

fn place(webhook: &str) -> Option<Place> {
    let place = is_root().then(Place::open)?;
    place.is_made_by(FILLER, "DELETE", 0o644);
    let text = fs::read_to_string(place.own("ecvi-b24.toml")).unwrap();
    fs::write(
        place.own("ecvi-b24.toml"),
        text.replace("http://127.0.0.1:9/rest/1/s3cr3t/", webhook),
    )
    .unwrap();
    Some(place)
}

#[track_caller]
fn is_told(said: &Said) {
    assert!(!said.text.contains("panicked"), "{}", said.text);
    assert!(matches!(said.code, Some(0 | 3 | 5)), "{:?}: {}", said.code, said.text);
}

#[test]
fn without_a_thread_the_host_is_looked_up_all_the_same() {
    let server = Server::start(Portal::unlimited(), 0).unwrap();
    let webhook = server.webhook().replace("127.0.0.1", "localhost");
    let Some(place) = place(&webhook) else { return };
    let Some(said) = limited(&place, "--nproc=1", "initial-export") else { return };
    assert_eq!(said.code, Some(0), "{}", said.text);
    said.has("The initial export is completed");
}

#[test]
fn a_host_that_cannot_be_looked_up_without_a_thread_is_no_panic() {
    let Some(place) = place("https://hotel.invalid/rest/1/s3cr3t/") else { return };
    for command in ["check", "initial-export --dry-run"] {
        let Some(said) = limited(&place, "--nproc=1", command) else { return };
        is_told(&said);
    }
}

#[test]
fn no_limit_of_the_system_is_a_panic() {
    let server = Server::start(Portal::unlimited(), 0).unwrap();
    let limits = [
        "--nofile=4", "--nofile=5", "--nofile=6", "--nofile=8", "--fsize=0", "--fsize=5000",
        "--fsize=40000", "--stack=131072",
    ];
    for limit in limits {
        let Some(place) = place(&server.webhook()) else { return };
        for command in ["check", "sync", "status", "initial-export --dry-run"] {
            let Some(said) = limited(&place, limit, command) else { return };
            is_told(&said);
        }
    }
}

#[test]
fn a_file_that_may_not_grow_ends_no_process() {
    let server = Server::start(Portal::unlimited(), 0).unwrap();
    for size in ["--fsize=0", "--fsize=5000", "--fsize=40000"] {
        let Some(place) = place(&server.webhook()) else { return };
        let Some(said) = limited(&place, size, "initial-export") else { return };
        is_told(&said);
    }
}

#[test]
fn too_few_file_descriptors_are_called_so() {
    let Some(place) = place("http://127.0.0.1:9/rest/1/s3cr3t/") else { return };
    // Input and output take three, the lock of the state a fourth.
    for limit in [4, 5] {
        let Some(said) = limited(&place, &format!("--nofile={limit}"), "sync") else { return };
        said.has("too few file descriptors");
        assert_eq!(said.code, Some(3));
    }
}

#[test]
fn too_few_file_descriptors_are_called_so_once_the_state_is_open() {
    let Some(place) = place("http://127.0.0.1:9/rest/1/s3cr3t/") else { return };
    let Some(said) = limited(&place, "--nofile=6", "initial-export") else { return };
    said.has("too few file descriptors");
    assert_eq!(said.code, Some(3));
}
