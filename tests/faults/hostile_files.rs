//! What others put in the place of the program's files: nothing foreign is touched, nothing is
//! waited for, and what hangs is seen.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use rusqlite::Connection;
use rustix::fs::{Mode, mkfifoat};

use crate::hotel::{Hotel, SHARING};
use crate::scenes;

const COMMANDS: [&str; 6] =
    ["sync", "initial-export", "retry", "status", "reset-id --all", "check"];

/// A file's bytes and what its owner would miss.
#[derive(PartialEq, Debug)]
struct Untouched {
    bytes: Vec<u8>,
    of: (u32, u32, u32, i64, i64, u64),
}

fn untouched(path: &Path) -> Untouched {
    let found: Metadata = fs::metadata(path).unwrap();
    let of =
        (found.mode(), found.uid(), found.gid(), found.mtime(), found.mtime_nsec(), found.ino());
    Untouched { bytes: fs::read(path).unwrap(), of }
}

/// Something that is no regular file, or another's, and the place that it takes.
const UNFIT: [&str; 7] = ["link", "hard link", "dangling", "void", "directory", "fifo", "socket"];

fn put(hotel: &Hotel, what: &str, place: &str) -> Option<UnixListener> {
    let path = hotel.path(place);
    let _ = fs::remove_file(&path);
    match what {
        "link" => symlink(hotel.path("theirs"), path).unwrap(),
        "hard link" => fs::hard_link(hotel.path("theirs"), path).unwrap(),
        "dangling" => symlink(hotel.path("nothing"), path).unwrap(),
        "void" => symlink("/dev/null", path).unwrap(),
        "directory" => fs::create_dir(path).unwrap(),
        "fifo" => mkfifoat(rustix::fs::CWD, path, Mode::RWXU).unwrap(),
        "socket" => return Some(UnixListener::bind(path).unwrap()),
        other => panic!("{other}"),
    }
    None
}

fn with_a_strangers_file() -> Hotel {
    let hotel = scenes::newcomers().copy();
    fs::write(hotel.path("theirs"), "theirs: a configuration, say\nin two lines\n").unwrap();
    hotel
}

#[test]
fn what_takes_the_place_of_the_state_is_refused_and_left_as_it_is() {
    for what in UNFIT {
        let hotel = with_a_strangers_file();
        let _held = put(&hotel, what, "state.db");
        let before = untouched(&hotel.path("theirs"));
        for command in COMMANDS {
            let ended = hotel.run(command).expect(3);
            assert!(ended.output().contains("state.db"), "{what}: {}", ended.output());
        }
        assert_eq!(untouched(&hotel.path("theirs")), before, "{what}");
        assert!(!hotel.path("nothing").exists(), "{what}");
    }
}

#[test]
fn what_takes_the_place_of_the_lock_is_refused_and_left_as_it_is() {
    for what in UNFIT {
        let hotel = with_a_strangers_file();
        let _held = put(&hotel, what, "state.db.lock");
        let before = untouched(&hotel.path("theirs"));
        for command in ["sync", "initial-export", "retry", "reset-id --all"] {
            let ended = hotel.run(command).expect(3);
            assert!(ended.stderr.contains("state.db.lock"), "{what}: {}", ended.stderr);
        }
        hotel.run("status").expect(0);
        assert_eq!(untouched(&hotel.path("theirs")), before, "{what}");
        assert!(!hotel.path("nothing").exists(), "{what}");
    }
}

#[test]
fn what_takes_the_place_of_the_journal_is_refused_and_left_as_it_is() {
    for what in ["link", "dangling", "void", "directory", "fifo", "socket"] {
        let hotel = with_a_strangers_file();
        let _held = put(&hotel, what, "state.db-journal");
        let before = untouched(&hotel.path("theirs"));
        for command in ["sync", "status"] {
            let ended = hotel.run(command).expect(3);
            assert!(ended.stderr.contains("state.db"), "{what}: {}", ended.stderr);
        }
        assert_eq!(untouched(&hotel.path("theirs")), before, "{what}");
    }
}

/// Another program's database as its process left it when it was killed: what its journal holds is
/// still to be put back.
fn killed_database(path: &Path) {
    let connection = Connection::open(path.with_extension("lived")).unwrap();
    let sql = "PRAGMA cache_size = 5; CREATE TABLE theirs (x); INSERT INTO theirs VALUES (zeroblob(90000));
               BEGIN; UPDATE theirs SET x = zeroblob(90001); INSERT INTO theirs SELECT x FROM theirs";
    connection.execute_batch(sql).unwrap();
    fs::copy(path.with_extension("lived"), path).unwrap();
    fs::copy(path.with_extension("lived-journal"), path.with_extension("db-journal")).unwrap();
}

#[test]
fn another_programs_database_is_recognised_before_it_is_touched() {
    let hotel = Hotel::new();
    killed_database(&hotel.path("state.db"));
    fs::set_permissions(hotel.path("state.db"), fs::Permissions::from_mode(0o644)).unwrap();
    let files = ["state.db", "state.db-journal"].map(|name| hotel.path(name));
    let before = files.each_ref().map(|file| untouched(file));
    for command in COMMANDS {
        let ended = hotel.run(command).expect(3);
        assert!(
            ended.output().contains("belongs to another program"),
            "{command}: {}",
            ended.output()
        );
        assert_eq!(files.each_ref().map(|file| untouched(file)), before, "{command}");
    }
}

#[test]
fn a_file_that_is_no_database_keeps_its_bytes_and_its_rights() {
    for text in ["x", "shopping list", "SQLite format 3\0"] {
        let hotel = Hotel::new();
        fs::write(hotel.path("state.db"), text).unwrap();
        fs::set_permissions(hotel.path("state.db"), fs::Permissions::from_mode(0o644)).unwrap();
        let before = untouched(&hotel.path("state.db"));
        for command in COMMANDS {
            hotel.run(command).expect(3);
            assert_eq!(untouched(&hotel.path("state.db")), before, "{command}");
        }
    }
}

#[test]
fn an_empty_state_is_a_new_one() {
    let hotel = Hotel::new();
    File::create(hotel.path("state.db")).unwrap();
    hotel.run("status").expect(0);
    hotel.run("initial-export").expect(0);
}

#[test]
fn a_check_of_a_new_state_leaves_the_files_beside_it_alone() {
    let hotel = Hotel::new();
    for name in ["state.db.check", "theirs"] {
        fs::write(hotel.path(name), "theirs").unwrap();
    }
    let before = untouched(&hotel.path("state.db.check"));
    hotel.run("check").expect(0);
    assert_eq!(untouched(&hotel.path("state.db.check")), before);
}

#[test]
fn a_state_of_two_names_is_worked_on_by_one_run_alone() {
    let hotel = scenes::newcomers().copy();
    fs::hard_link(hotel.path("state.db"), hotel.path("other.db")).unwrap();
    let configuration = fs::read_to_string(hotel.path("ecvi-b24.toml")).unwrap();
    fs::write(hotel.path("other.toml"), format!("{configuration}[state]\npath = \"other.db\"\n"))
        .unwrap();
    let lock = ecvi_b24::platform::lock::Lock::try_acquire(&hotel.path("other.db")).unwrap();
    let requests = hotel.server.requests();
    assert_eq!(hotel.run("sync").expect(0).output(), "");
    assert_eq!(hotel.server.requests(), requests);
    drop(lock);
    hotel.run("--config other.toml sync").expect(0);
}

#[test]
fn runs_that_always_find_the_lock_held_say_so() {
    let hotel = scenes::newcomers().copy();
    File::create(hotel.path("state.db.lock")).unwrap();
    let held = File::open(hotel.path("state.db.lock")).unwrap();
    held.lock().unwrap();
    for _ in 0..2 {
        assert_eq!(hotel.run("sync").expect(0).output(), "");
    }
    let ended = hotel.run("sync").expect(5);
    assert!(ended.stderr.contains("has not ended since") && ended.stderr.contains("left out: 3"));
    let checked = hotel.run("status --check --max-age 36500days").expect(1);
    assert!(checked.stdout.contains("has not ended since"), "{}", checked.output());
    hotel.run("status --check --json --max-age 36500days").expect(1);
    drop(held);
    hotel.run("sync").expect(0);
    hotel.run("status --check --max-age 36500days").expect(0);
}

#[test]
fn a_shared_bucket_that_cannot_be_had_costs_speed_and_a_warning() {
    for what in UNFIT {
        let hotel = with_a_strangers_file().copy_with(SHARING);
        fs::write(hotel.path("theirs"), "theirs: a configuration, say\nin two lines\n").unwrap();
        let _held = put(&hotel, what, "bucket");
        let before = untouched(&hotel.path("theirs"));
        let ended = hotel.run("sync").expect(0);
        assert_eq!(ended.stderr.matches("shared bucket").count(), 1, "{what}: {}", ended.stderr);
        assert_eq!(untouched(&hotel.path("theirs")), before, "{what}");
        assert!(!hotel.path("nothing").exists(), "{what}");
    }
}

#[test]
fn a_shared_bucket_that_somebody_holds_keeps_no_run() {
    let hotel = scenes::newcomers().copy_with(SHARING);
    let held = File::create(hotel.path("bucket")).unwrap();
    held.lock().unwrap();
    let ended = hotel.run("sync").expect(0);
    assert_eq!(ended.stderr.matches("shared bucket").count(), 1, "{}", ended.stderr);
}

#[test]
fn nonsense_in_a_shared_bucket_is_healed() {
    let nonsense: [&[u8]; 5] =
        [b"{\"level\":1e9}", b"\xff\xfe\x00", b"\0\0\0\0", b"{\"level\":", b""];
    for bytes in nonsense {
        let hotel = scenes::newcomers().copy_with(SHARING);
        fs::write(hotel.path("bucket"), bytes).unwrap();
        assert_eq!(hotel.run("sync").expect(0).stderr, "", "{bytes:?}");
        assert!(
            fs::read_to_string(hotel.path("bucket")).unwrap().starts_with("{\"level\":"),
            "{bytes:?}"
        );
    }
}
