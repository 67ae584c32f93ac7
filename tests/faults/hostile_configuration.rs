//! A configuration that is no file, and what it names: nothing is waited for, and nothing without
//! an end is read.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, Mode, mkfifoat};

use crate::env::CONFIG;
use crate::hotel::Hotel;

const COMMANDS: [&str; 10] = [
    "sync", "initial-export", "load", "retry", "audit", "status", "status --check", "check",
    "config show", "init --yes",
];

const NO_FILES: [&str; 5] = ["fifo", "directory", "socket", "endless", "stdin"];

fn put(hotel: &Hotel, what: &str, place: &str) -> Option<UnixListener> {
    let path = hotel.path(place);
    let _ = fs::remove_file(&path);
    match what {
        "fifo" => mkfifoat(CWD, path, Mode::RWXU).unwrap(),
        "directory" => fs::create_dir(path).unwrap(),
        "socket" => return Some(UnixListener::bind(path).unwrap()),
        "endless" => symlink("/dev/zero", path).unwrap(),
        "stdin" => symlink("/dev/stdin", path).unwrap(),
        other => panic!("{other}"),
    }
    None
}

/// Without the webhook, and with another line of `[portal]`.
fn with_line(line: &str) -> Hotel {
    let hotel = Hotel::new();
    let webhook = hotel.server.webhook();
    hotel.replace(CONFIG, &format!("webhook = \"{webhook}\"\n"), &format!("{line}\n"));
    hotel
}

#[test]
fn a_configuration_that_is_no_file_is_refused_at_once() {
    for what in NO_FILES {
        let hotel = Hotel::new();
        let _held = put(&hotel, what, CONFIG);
        let commands = if what == "fifo" { &COMMANDS[..] } else { &["sync", "check"] };
        for command in commands {
            let said = hotel.run(command).expect(3).output();
            assert!(
                said.contains("ecvi-b24.toml cannot be read: it is no regular file"),
                "{what}, {command}: {said}"
            );
        }
        let named = hotel.run("--config ./ecvi-b24.toml sync").expect(3).stderr;
        assert!(named.contains("no regular file"), "{what}: {named}");
    }
}

#[test]
fn a_file_of_the_webhook_that_is_no_file_is_refused_at_once() {
    for what in NO_FILES {
        let hotel = with_line("webhook_file = \"webhook\"");
        let _held = put(&hotel, what, "webhook");
        for command in ["sync", "status --check", "check", "config show"] {
            let said = hotel.run(command).expect(3).output();
            assert!(said.contains("webhook_file"), "{what}, {command}: {said}");
            assert!(said.contains("it is no regular file"), "{what}, {command}: {said}");
        }
    }
}

#[test]
fn a_file_of_certificates_that_is_no_file_is_refused_at_once() {
    for what in NO_FILES {
        let hotel = Hotel::with_portal("ca_file = \"ca\"\n");
        let _held = put(&hotel, what, "ca");
        for command in ["sync", "check"] {
            let said = hotel.run(command).expect(3).output();
            assert!(said.contains("ca_file"), "{what}, {command}: {said}");
            assert!(said.contains("it is no regular file"), "{what}, {command}: {said}");
        }
    }
}

/// Most of these files is a hole, which takes no place on the disk.
#[test]
fn no_more_is_read_than_such_a_file_can_hold() {
    const TERABYTE: u64 = 1 << 40;
    let huge = |hotel: &Hotel, name: &str| {
        File::create(hotel.path(name)).unwrap().set_len(TERABYTE).unwrap();
    };
    let hotel = Hotel::new();
    huge(&hotel, CONFIG);
    let said = hotel.run("sync").expect(3).stderr;
    assert!(said.contains("ecvi-b24.toml cannot be read: the file is larger than 1 MiB"), "{said}");
    let hotel = with_line("webhook_file = \"webhook\"");
    huge(&hotel, "webhook");
    let said = hotel.run("sync").expect(3).stderr;
    assert!(said.contains("[portal] webhook_file webhook cannot be read"), "{said}");
    assert!(said.contains("the file is larger than 1 MiB"), "{said}");
    let hotel = Hotel::with_portal("ca_file = \"ca\"\n");
    huge(&hotel, "ca");
    let said = hotel.run("sync").expect(3).stderr;
    assert!(said.contains("the file is larger than 16 MiB"), "{said}");
}

/// Administrators link what they configure, and keep secrets where another program puts them.
#[test]
fn links_to_a_configuration_and_to_its_webhook_are_followed() {
    let hotel = with_line("webhook_file = \"webhook\"");
    hotel.write("secret", hotel.server.webhook());
    symlink("secret", hotel.path("webhook")).unwrap();
    fs::rename(hotel.path(CONFIG), hotel.path("hotel.toml")).unwrap();
    symlink("hotel.toml", hotel.path(CONFIG)).unwrap();
    hotel.run("initial-export").expect(0);
}
