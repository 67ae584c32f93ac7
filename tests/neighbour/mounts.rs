//! File systems that are mounted read-only: the mirror's, and that of temporary files.

use std::path::Path;
use std::process::Command;

use crate::filler::{End, WRITE};
use crate::folders::{FILLER, Place, ROOT, Said, is_root, open_to};

/// How the script says that it may not mount.
const NOT_HERE: i32 = 97;
const SCRIPT: &str = "for folder in $READ_ONLY; do \
    mount --bind $folder $folder && mount -o remount,ro,bind $folder || exit 97; done; exec \"$@\"";

/// The program, run by root where these folders are read-only; none where nothing can be mounted.
fn says(place: &Place, read_only: &[&Path], arguments: &str) -> Option<Said> {
    let folders: Vec<&str> = read_only.iter().map(|folder| folder.to_str().unwrap()).collect();
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", SCRIPT, "sh", env!("CARGO_BIN_EXE_ecvi-b24")]);
    command.args(arguments.split_whitespace()).current_dir(place.own(""));
    command.env_remove("TMPDIR").env("LANG", "en").env("READ_ONLY", folders.join(" "));
    let said = command.output().ok().map(Said::from);
    let said = said.filter(|said| said.code != Some(NOT_HERE) && !said.text.contains("unshare:"));
    if said.is_none() {
        eprintln!("nothing can be mounted here: read-only file systems are not tried");
    }
    said
}

fn place(journal: &str) -> Option<Place> {
    let place = is_root().then(|| Place::new(ROOT, 0o755, 0))?;
    open_to(&place.folder(), 0o755, FILLER);
    place.is_made_by(FILLER, journal, 0o644);
    Some(place)
}

#[test]
fn a_mirror_on_a_file_system_that_is_mounted_read_only_is_read_or_called_so() {
    let Some(wal) = place("WAL") else { return };
    let Some(said) = says(&wal, &[&wal.folder()], "check") else { return };
    said.has("in WAL mode on a file system that is mounted read-only");
    let open = FILLER.writes(&wal.mirror(), WRITE, End::Stays).unwrap();
    says(&wal, &[&wal.folder()], "check").unwrap().has("✓ Mirror, guests: 1");
    assert!(open.writes_again());
    let plain = place("DELETE").unwrap();
    says(&plain, &[&plain.folder()], "check").unwrap().has("✓ Mirror, guests: 1");
}

#[test]
fn where_no_usual_folder_takes_temporary_files_the_states_folder_does() {
    let Some(place) = place("DELETE") else { return };
    // Ids that are computed have no index: the rows are sorted, and do not fit into memory.
    let many = "WITH RECURSIVE n(i) AS (VALUES (10) UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
        INSERT INTO guests (id, last_name, comment, modified_at)
        SELECT i, 'Гостев', hex(randomblob(900)), '2026' FROM n";
    FILLER.writes(&place.mirror(), many, End::Closes).map(drop).unwrap();
    let query = "SELECT id + 0 AS id, last_name, comment, modified_at FROM guests";
    place.configure(&format!("mirror.queries.guests = \"{query}\""));
    let usual: Vec<&Path> = ["/tmp", "/var/tmp"].map(Path::new).to_vec();
    let Some(said) = says(&place, &usual, "check") else { return };
    said.has("✓ Mirror, guests: 8992");
}
