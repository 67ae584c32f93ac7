//! Who owns the mirror, in which journal mode, in which folder: the table of docs/mirror.md, line
//! by line.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use crate::filler::{End, LONG_WRITE, User, WRITE};
use crate::folders::{FILLER, Place, READER, ROOT, SHARED, is_root, open_to};

const OF_GROUP: User = User { gid: SHARED, ..FILLER };
const READER_OF_GROUP: User = User { gid: SHARED, ..READER };

/// The program reads the mirror; the filler has written before and writes afterwards, also as a new
/// process.
#[track_caller]
fn reads(place: &Place, filler: User) {
    place.says("check").has("✓ Mirror, guests: 1");
    filler.writes(&place.mirror(), WRITE, End::Closes).map(drop).unwrap();
    place.says("check").has("✓ Mirror, guests: 1");
    filler.writes(&place.mirror(), WRITE, End::Closes).map(drop).unwrap();
}

/// The program does not open the mirror and says why; nothing lies there afterwards, and the filler
/// goes on.
#[track_caller]
fn refuses(place: &Place, filler: User, why: &str) {
    let before = names(&place.folder());
    let said = place.says("check");
    said.has(why);
    assert_eq!(said.code, Some(3), "{}", said.text);
    assert_eq!(names(&place.folder()), before);
    filler.writes(&place.mirror(), WRITE, End::Closes).map(drop).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_log_that_the_filler_could_not_write_is_never_made() {
    if !is_root() {
        return;
    }
    for mode in [0o604, 0o644, 0o664] {
        let place = Place::open();
        place.is_made_by(FILLER, "WAL", mode);
        refuses(&place, FILLER, "reading would leave -wal and -shm");
    }
    let sticky = Place::new(READER, 0o1777, 0);
    sticky.is_made_by(FILLER, "WAL", 0o666);
    refuses(&sticky, FILLER, "reading would leave -wal and -shm");
}

#[test]
fn no_command_leaves_a_log_that_the_filler_could_not_write() {
    if !is_root() {
        return;
    }
    for command in
        ["check", "sync", "initial-export --dry-run", "status", "status guest 1", "audit"]
    {
        let place = Place::open();
        place.is_made_by(FILLER, "WAL", 0o644);
        place.says(command);
        assert_eq!(names(&place.folder()), ["mirror.db"], "{command}");
        FILLER.writes(&place.mirror(), WRITE, End::Closes).map(drop).unwrap();
    }
}

#[test]
fn one_group_a_writable_file_and_a_folder_of_the_group_keep_both_going() {
    if !is_root() {
        return;
    }
    let setgid = Place::new(READER, 0o2777, SHARED);
    setgid.is_made_by(OF_GROUP, "WAL", 0o664);
    reads(&setgid, OF_GROUP);
    let group = Place::new(READER_OF_GROUP, 0o770, SHARED);
    group.is_made_by(OF_GROUP, "WAL", 0o660);
    reads(&group, OF_GROUP);
    let whole = Place::new(READER_OF_GROUP, 0o2770, SHARED);
    whole.is_made_by(OF_GROUP, "WAL", 0o660);
    reads(&whole, OF_GROUP);
    let all = Place::open();
    all.is_made_by(FILLER, "WAL", 0o666);
    reads(&all, FILLER);
}

#[test]
fn a_filler_through_the_group_goes_on_though_the_program_owns_the_file() {
    if !is_root() {
        return;
    }
    let filler = User { uid: FILLER.uid, gid: SHARED };
    let place = Place::new(READER, 0o777, 0);
    place.is_made_by(User { gid: SHARED, ..READER }, "WAL", 0o660);
    refuses(&place, filler, "reading would leave -wal and -shm");
    let setgid = Place::new(READER, 0o2777, SHARED);
    setgid.is_made_by(User { gid: SHARED, ..READER }, "WAL", 0o660);
    reads(&setgid, filler);
}

#[test]
fn a_log_that_is_there_already_is_read_and_stays_its_owners() {
    if !is_root() {
        return;
    }
    for mode in [0o644, 0o664, 0o666] {
        let place = Place::open();
        place.is_made_by(FILLER, "WAL", mode);
        let open = FILLER.writes(&place.mirror(), WRITE, End::Stays).unwrap();
        place.says("check").has("✓ Mirror, guests: 1");
        for file in place.sidecars() {
            assert_eq!(fs::metadata(file).unwrap().uid(), FILLER.uid);
        }
        assert!(open.writes_again(), "{mode:o}");
        FILLER.writes(&place.mirror(), WRITE, End::Closes).map(drop).unwrap();
    }
}

#[test]
fn the_log_of_a_filler_that_was_killed_is_read() {
    if !is_root() {
        return;
    }
    let place = Place::open();
    place.is_made_by(FILLER, "WAL", 0o644);
    FILLER.writes(&place.mirror(), WRITE, End::Dies).map(drop).unwrap();
    place.says("check").has("✓ Mirror, guests: 1, newest change 2026-11-25 10:00");
    FILLER.writes(&place.mirror(), WRITE, End::Closes).map(drop).unwrap();
    let [_, index] = place.sidecars();
    FILLER.writes(&place.mirror(), WRITE, End::Dies).map(drop).unwrap();
    fs::remove_file(index).unwrap();
    refuses(&place, FILLER, "reading would leave -wal and -shm");
}

#[test]
fn a_log_that_may_not_be_read_is_named() {
    if !is_root() {
        return;
    }
    for at in [0, 1] {
        let place = Place::open();
        place.is_made_by(FILLER, "WAL", 0o644);
        let open = FILLER.writes(&place.mirror(), WRITE, End::Stays).unwrap();
        let file = &place.sidecars()[at];
        fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
        let said = place.says("check");
        said.has(&format!("this user may not read {}", file.display()));
        assert_eq!(said.code, Some(3));
        assert!(open.writes_again());
    }
}

#[test]
fn a_folder_that_is_not_the_programs_to_write_is_named() {
    if !is_root() {
        return;
    }
    let place = Place::new(READER, 0o755, 0);
    open_to(&place.folder(), 0o755, FILLER);
    place.is_made_by(FILLER, "WAL", 0o644);
    refuses(&place, FILLER, "this user may not write into the folder");
}

#[test]
fn root_leaves_nothing_that_is_roots() {
    if !is_root() {
        return;
    }
    for mode in [0o644, 0o600, 0o660] {
        let place = Place::new(ROOT, 0o755, 0);
        open_to(&place.folder(), 0o755, FILLER);
        place.is_made_by(FILLER, "WAL", mode);
        reads(&place, FILLER);
        FILLER.writes(&place.mirror(), WRITE, End::Dies).map(drop).unwrap();
        fs::remove_file(&place.sidecars()[1]).unwrap();
        reads(&place, FILLER);
    }
}

#[test]
fn the_owner_reads_its_own_mirror() {
    if !is_root() {
        return;
    }
    let place = Place::new(READER, 0o755, 0);
    open_to(&place.folder(), 0o755, READER);
    place.is_made_by(READER, "WAL", 0o600);
    reads(&place, READER);
}

#[test]
fn rollback_journals_need_no_rights_but_to_read() {
    if !is_root() {
        return;
    }
    for journal in ["DELETE", "TRUNCATE", "PERSIST", "MEMORY", "OFF"] {
        let place = Place::new(READER, 0o755, 0);
        open_to(&place.folder(), 0o755, FILLER);
        place.is_made_by(FILLER, journal, 0o644);
        reads(&place, FILLER);
        let open = FILLER.writes(&place.mirror(), WRITE, End::Stays).unwrap();
        place.says("check").has("✓ Mirror, guests: 1");
        assert!(open.writes_again(), "{journal}");
    }
}

#[test]
fn a_filler_that_was_killed_in_the_middle_of_a_write_is_named_and_mends_it_itself() {
    if !is_root() {
        return;
    }
    for journal in ["DELETE", "TRUNCATE", "PERSIST"] {
        let place = Place::open();
        place.is_made_by(FILLER, journal, 0o644);
        let write = format!("PRAGMA journal_mode = {journal}; {LONG_WRITE}");
        FILLER.writes(&place.mirror(), &write, End::Dies).map(drop).unwrap();
        refuses(&place, FILLER, "broke off in the middle of a write and left");
        place.says("check").has("✓ Mirror, guests: 1");
    }
}

#[test]
fn behind_a_link_the_files_beside_the_mirror_itself_count() {
    if !is_root() {
        return;
    }
    let place = Place::open();
    place.is_made_by(FILLER, "WAL", 0o644);
    symlink(place.mirror(), place.own("link.db")).unwrap();
    let text = fs::read_to_string(place.own("ecvi-b24.toml")).unwrap();
    let linked = text.replace(place.mirror().to_str().unwrap(), "link.db");
    fs::write(place.own("ecvi-b24.toml"), linked).unwrap();
    refuses(&place, FILLER, "reading would leave -wal and -shm");
    let open = FILLER.writes(&place.mirror(), WRITE, End::Stays).unwrap();
    place.says("check").has("✓ Mirror, guests: 1");
    assert!(open.writes_again());
}

#[test]
fn a_mirror_that_is_held_alone_is_called_busy() {
    if !is_root() {
        return;
    }
    for journal in ["WAL", "DELETE"] {
        let place = Place::open();
        place.is_made_by(FILLER, journal, 0o666);
        let alone = format!("PRAGMA locking_mode = EXCLUSIVE; {WRITE}");
        let open = FILLER.writes(&place.mirror(), &alone, End::Stays).unwrap();
        place.says("check").has("is held by another program");
        assert!(open.writes_again(), "{journal}");
    }
}
