//! A folder with a mirror of one user, and a folder with the program's files of another.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::filler::{End, User};

pub(crate) const FILLER: User = User { uid: 3001, gid: 3001 };
pub(crate) const READER: User = User { uid: 3002, gid: 3002 };
pub(crate) const ROOT: User = User { uid: 0, gid: 0 };
pub(crate) const SHARED: u32 = 3003;

pub(crate) struct Place {
    root: TempDir,
    reader: User,
}

/// What the program said, and its exit code.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
}

/// Whether these tests can be other users; says so where they cannot.
pub(crate) fn is_root() -> bool {
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if !is_root {
        eprintln!("not run as root: files of several users are not tried");
    }
    is_root
}

impl Place {
    /// The folder of the mirror has this mode and this group; the program's is its user's alone.
    pub(crate) fn new(reader: User, mode: u32, group: u32) -> Place {
        // In memory where the system offers that, and not in a folder for temporary files.
        let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        open_to(root.path(), 0o755, ROOT);
        let place = Place { root, reader };
        fs::create_dir(place.folder()).unwrap();
        open_to(&place.folder(), mode, User { gid: group, ..ROOT });
        fs::create_dir(place.own("")).unwrap();
        let text = format!(
            "mirror.path = '{}'\nportal.webhook = 'http://127.0.0.1:9/rest/1/s3cr3t/'\n",
            place.mirror().display()
        );
        fs::write(place.own("ecvi-b24.toml"), text).unwrap();
        open_to(&place.own("ecvi-b24.toml"), 0o600, reader);
        open_to(&place.own(""), 0o700, reader);
        place
    }

    /// A folder that anybody may write into.
    pub(crate) fn open() -> Place {
        Place::new(READER, 0o777, 0)
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.root.path().join("ecvi")
    }

    pub(crate) fn mirror(&self) -> PathBuf {
        self.folder().join("mirror.db")
    }

    pub(crate) fn sidecars(&self) -> [PathBuf; 2] {
        ["mirror.db-wal", "mirror.db-shm"].map(|name| self.folder().join(name))
    }

    pub(crate) fn own(&self, name: &str) -> PathBuf {
        self.root.path().join("own").join(name)
    }

    pub(crate) fn configure(&self, line: &str) {
        let path = self.own("ecvi-b24.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, format!("{text}{line}\n")).unwrap();
    }

    /// The filler makes the mirror, with one guest and one booking, and closes it.
    pub(crate) fn is_made_by(&self, filler: User, journal: &str, mode: u32) {
        let schema = include_str!("../../fixtures/schema.sql");
        let sql = format!(
            "PRAGMA journal_mode = {journal}; {schema};
             INSERT INTO guests (id, last_name, modified_at) VALUES (1, 'Приходько', '2026-11-24 10:00');
             INSERT INTO bookings (id, number, status, arrival, departure, guest_id, modified_at) VALUES
               (1, '3682', 'confirmed', '2026-12-01 14:00', '2026-12-05 12:00', 1, '2026-11-24 10:00')"
        );
        filler.writes(&self.mirror(), &sql, End::Closes).unwrap();
        open_to(&self.mirror(), mode, filler);
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = self.reader.command(env!("CARGO_BIN_EXE_ecvi-b24"));
        command.current_dir(self.own("")).env("LANG", "en");
        command
    }

    pub(crate) fn says(&self, arguments: &str) -> Said {
        Said::from(self.command().args(arguments.split_whitespace()).output().unwrap())
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        let text = [output.stdout, output.stderr].concat();
        Said { code: output.status.code(), text: String::from_utf8(text).unwrap() }
    }
}

impl Said {
    #[track_caller]
    pub(crate) fn has(&self, words: &str) {
        assert!(self.text.contains(words), "no {words:?} in: {}", self.text);
    }
}

pub(crate) fn open_to(path: &Path, mode: u32, owner: User) {
    chown(path, Some(owner.uid), Some(owner.gid)).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
