//! Files are recognised before they are touched: what is another program's keeps its bytes, its
//! permissions and its name, and what a crash left of the program's own is healed.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::hotel::{Hotel, SHARING};
use crate::scenes;

/// Commands that take the lock.
const LOCKING: [&str; 5] =
    ["sync", "initial-export", "retry", "audit --repair --yes", "reset-id --all --yes"];
/// Commands that look at the state.
const LOOKING: [&str; 3] = ["status", "check", "sync --dry-run"];

/// What somebody would miss of a file.
#[derive(PartialEq, Debug)]
struct Found {
    bytes: Vec<u8>,
    mode: u32,
    times: [i64; 2],
    inode: u64,
}

fn found(path: &Path) -> Found {
    let of = fs::metadata(path).unwrap();
    let bytes = fs::read(path).unwrap();
    Found { bytes, mode: of.mode(), times: [of.mtime(), of.mtime_nsec()], inode: of.ino() }
}

fn write_readable(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
}

/// A lock's first line, and the rest of one that nobody holds.
fn lock_note(first: &str) -> String {
    format!("{first:<24}\n{:45}\n", "")
}

#[test]
fn a_file_that_is_no_shared_bucket_keeps_its_bytes_and_its_permissions() {
    let theirs = [
        "https://hotel.example/rest/1/secret/\n".to_owned(),
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 root@hotel".to_owned(),
        "hotel-1\n".to_owned(),
        "4711\n".to_owned(),
        "4.5".to_owned(),
        "\n".to_owned(),
        "nonsense".to_owned(),
        "true".to_owned(),
        "\"text\"".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "[\"important\",1]".to_owned(),
        "{\"level\":\"debug\",\"password\":\"secret\"}".to_owned(),
        "{\"level\":\"debug".to_owned(),
        "{\"level\":5,\"password\":\"secret\"}".to_owned(),
        "{\"level\":5,\"password\":\"sec".to_owned(),
        "{\"level\":true}".to_owned(),
        "{\"level\":[\"important\",1]}".to_owned(),
        "{\"level\":5}\n{\"level\":6,\"message\":\"theirs\"}\n".to_owned(),
        "{\"level\":5} # a note\n".to_owned(),
        "theirs\0\0".to_owned(),
        lock_note(""),
        lock_note("2026-11-28T21:37:33.250Z"),
    ];
    for text in theirs {
        let hotel = scenes::newcomers().copy_with(SHARING);
        write_readable(&hotel.path("bucket"), text.as_bytes());
        let before = found(&hotel.path("bucket"));
        let ended = hotel.run("sync").expect(0);
        assert_eq!(ended.stderr.matches("shared bucket").count(), 1, "{text}: {}", ended.stderr);
        assert!(ended.stderr.contains("/bucket") || ended.stderr.contains(" bucket "), "{text}");
        assert_eq!(found(&hotel.path("bucket")), before, "{text}");
    }
}

#[test]
fn what_a_crash_leaves_of_a_shared_bucket_is_healed() {
    let whole =
        "{\"level\":3.5,\"filled_at\":\"2026-11-28T21:37:33.250Z\",\"methods\":{},\"labels\":{}}";
    let mut left: Vec<Vec<u8>> =
        (0..whole.len()).map(|length| whole.as_bytes()[..length].to_vec()).step_by(7).collect();
    left.push(format!("{whole}\"labels\":{{}}}}").into());
    left.push(format!("{}\0\0\0\0", &whole[..40]).into());
    left.push(format!("\0\0\0\0{}", &whole[..40]).into());
    left.push(b"\x01\x02\x03\x00".to_vec());
    left.push(b"{\n  \"level\": 4e2\n}\n".to_vec());
    left.push((0..=255).cycle().skip(99).take(400).collect());
    for bytes in left {
        let hotel = scenes::newcomers().copy_with(SHARING);
        fs::write(hotel.path("bucket"), &bytes).unwrap();
        let shown = String::from_utf8_lossy(&bytes);
        assert_eq!(hotel.run("sync").expect(0).stderr, "", "{shown}");
        let healed = fs::read_to_string(hotel.path("bucket")).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(&healed).is_ok(), "{shown}: {healed}");
    }
}

#[test]
fn a_lock_beside_another_programs_database_is_not_touched_and_none_is_made() {
    for state in ["database", "text"] {
        for lock in [None, Some(""), Some("theirs: process 4711\n")] {
            let hotel = Hotel::new();
            match state {
                "text" => fs::write(hotel.path("state.db"), "theirs\n".repeat(40)).unwrap(),
                _ => Connection::open(hotel.path("state.db"))
                    .and_then(|theirs| theirs.execute_batch("CREATE TABLE theirs (x)"))
                    .unwrap(),
            }
            let path = hotel.path("state.db.lock");
            if let Some(text) = lock {
                write_readable(&path, text.as_bytes());
            }
            let before = lock.map(|_| found(&path));
            for command in LOCKING {
                hotel.run(command).expect(3);
                let after = path.exists().then(|| found(&path));
                assert_eq!(after, before, "{state}, {lock:?}: {command}");
            }
        }
    }
}

#[test]
fn a_file_of_two_names_is_a_lock_only_where_it_reads_as_one() {
    let note = "2026-11-28T21:37:33.250Z";
    let theirs = [
        String::new(),
        "\n".to_owned(),
        format!("{note}\n"),
        format!("{note}\ntheirs\n"),
        format!("{}theirs\n", lock_note(note)),
        " ".repeat(71),
    ];
    for text in theirs {
        let hotel = scenes::newcomers().copy();
        write_readable(&hotel.path("theirs"), text.as_bytes());
        fs::hard_link(hotel.path("theirs"), hotel.path("state.db.lock")).unwrap();
        let before = found(&hotel.path("theirs"));
        for command in ["sync", "retry", "reset-id --all --yes"] {
            let ended = hotel.run(command).expect(3);
            assert!(ended.stderr.contains("state.db.lock"), "{text:?}: {}", ended.stderr);
            assert_eq!(found(&hotel.path("theirs")), before, "{text:?}: {command}");
        }
    }
}

#[test]
fn a_lock_file_that_somebody_else_wrote_is_left_to_them_where_there_is_no_state_yet() {
    for text in ["4711\n", "theirs", "2026-11-28T21:37:33.250Z\ntheirs\n", "{}"] {
        for has_empty_state in [false, true] {
            let hotel = Hotel::new();
            if has_empty_state {
                File::create(hotel.path("state.db")).unwrap();
            }
            write_readable(&hotel.path("state.db.lock"), text.as_bytes());
            let before = found(&hotel.path("state.db.lock"));
            for command in ["sync", "initial-export", "retry"] {
                let ended = hotel.run(command).expect(3);
                assert!(ended.stderr.contains("state.db.lock is unfit"), "{}", ended.stderr);
                assert_eq!(found(&hotel.path("state.db.lock")), before, "{text}: {command}");
                assert_eq!(hotel.path("state.db").exists(), has_empty_state, "{text}: {command}");
            }
        }
    }
}

#[test]
fn what_a_crash_leaves_of_a_lock_file_stops_nobody() {
    let note = "2026-11-28T21:37:33.250Z";
    let held = format!("{:24}\n{:45}\n", "", format!("{note} sync"));
    let left: [&[u8]; 7] = [
        b"",
        b"\0\0\0\0",
        b"\xff\xfe",
        &[note.as_bytes(), b"\n"].concat(),
        &[note.as_bytes(), b"\n\0\0\0"].concat(),
        held.as_bytes(),
        &lock_note(note).into_bytes(),
    ];
    for bytes in left {
        let hotel = Hotel::new();
        fs::write(hotel.path("state.db.lock"), bytes).unwrap();
        hotel.run("initial-export").expect(0);
    }
    let running = scenes::newcomers().copy();
    fs::write(running.path("state.db.lock"), "nonsense").unwrap();
    running.run("sync").expect(0);
}

/// The head of a journal of a database that had no page before.
fn journal_of_no_pages() -> Vec<u8> {
    let magic: [u32; 2] = [0xd9d5_05f9, 0x20a1_63d7];
    let [records, nonce, pages, sector, page]: [u32; 5] = [0, 7, 0, 512, 4096];
    let words = [magic[0], magic[1], records, nonce, pages, sector, page];
    let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_be_bytes).collect();
    bytes.resize(512, 0);
    bytes
}

/// The journal that a killed run left.
fn journal_of_a_state() -> Vec<u8> {
    let hotel = scenes::newcomers().copy();
    assert!(hotel.run_with(&[("FAULTS_KILL", "before:3")], "sync").was_killed());
    fs::read(hotel.path("state.db-journal")).unwrap()
}

#[test]
fn a_strangers_file_as_state_keeps_its_bytes_whatever_journal_is_beside_it() {
    let texts = ["shopping list\n".to_owned(), "id;crm_id\n".repeat(1000), "\u{1}\u{2}".repeat(99)];
    let journals = [None, Some(journal_of_no_pages()), Some(journal_of_a_state())];
    for (text, journal) in texts.iter().flat_map(|text| journals.iter().map(move |j| (text, j))) {
        let hotel = Hotel::new();
        write_readable(&hotel.path("state.db"), text.as_bytes());
        if let Some(journal) = journal {
            write_readable(&hotel.path("state.db-journal"), journal);
        }
        let before = found(&hotel.path("state.db"));
        for command in LOOKING.into_iter().chain(LOCKING) {
            let said = hotel.run(command).expect(3).output();
            assert!(said.contains("is no state of ecvi-b24"), "{command}: {said}");
            assert!(said.contains("[state] path"), "{command}: {said}");
            assert!(!said.contains("move the file away"), "{command}: {said}");
            assert_eq!(found(&hotel.path("state.db")), before, "{command}");
            assert_eq!(hotel.path("state.db-journal").exists(), journal.is_some(), "{command}");
        }
    }
}

#[test]
fn what_takes_the_place_of_the_journal_is_named_itself() {
    for is_link in [true, false] {
        let hotel = scenes::newcomers().copy();
        let journal = hotel.path("state.db-journal");
        fs::write(hotel.path("theirs"), "theirs").unwrap();
        if is_link {
            symlink(hotel.path("theirs"), &journal).unwrap();
        } else {
            fs::create_dir(&journal).unwrap();
        }
        for command in ["status", "sync", "check"] {
            let said = hotel.run(command).expect(3).output();
            let reason = if is_link { "it is a link" } else { "it is no regular file" };
            assert!(said.contains(&format!("state.db-journal: {reason}")), "{command}: {said}");
            assert!(!said.contains("[state] path"), "{command}: {said}");
        }
    }
}

/// The finding of a check on the shared bucket, and the outcome of all.
fn bucket_check(hotel: &Hotel) -> (String, String) {
    let document: serde_json::Value =
        serde_json::from_str(&hotel.run("check --json").expect(0).stdout).unwrap();
    let checks = document["checks"].as_array().unwrap();
    let of_bucket: Vec<_> =
        checks.iter().filter(|check| check["name"] == "shared_bucket").collect();
    assert_eq!(of_bucket.len(), 1, "{document:#}");
    let text = |key: &str| of_bucket[0][key].as_str().unwrap_or_default().to_owned();
    (text("result"), text("detail"))
}

#[test]
fn a_check_looks_at_the_shared_bucket() {
    let sharing = || scenes::newcomers().copy_with(SHARING);
    let hotel = sharing();
    assert_eq!(bucket_check(&hotel).0, "ok");
    assert_eq!(bucket_check(&hotel).0, "ok");

    let directory = sharing();
    fs::create_dir(directory.path("bucket")).unwrap();
    let foreign = sharing();
    fs::write(foreign.path("bucket"), "theirs\n").unwrap();
    let held = sharing();
    let holder = File::create(held.path("bucket")).unwrap();
    holder.lock().unwrap();
    for (hotel, reason) in [
        (directory, "it is no regular file"),
        (foreign, "it is another program's file"),
        (held, "another program holds it"),
    ] {
        let (result, detail) = bucket_check(&hotel);
        assert_eq!(result, "warning", "{detail}");
        assert!(detail.contains("bucket") && detail.contains(reason), "{detail}");
        let said = hotel.run("check").expect(0).stdout;
        assert!(said.contains(reason) && !said.contains("Everything is fine"), "{said}");
    }
}

#[test]
fn the_wait_for_a_held_bucket_is_no_answer_time_of_the_portal() {
    let hotel = scenes::newcomers().copy_with(SHARING);
    let holder = File::create(hotel.path("bucket")).unwrap();
    holder.lock().unwrap();
    let began = Instant::now();
    let said = hotel.run("check").expect(0).stdout;
    assert!(began.elapsed() > Duration::from_secs(2));
    let (_, time) = said.split_once(" answers in ").unwrap();
    let milliseconds: u64 = time.split(' ').next().unwrap().parse().unwrap();
    assert!(milliseconds < 1900, "{said}");
}
