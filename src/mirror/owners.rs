//! Whose files `-wal` and `-shm` would be if this process made them, and whether whatever fills the mirror could go on
//! writing then.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::Errno;
use rustix::process::{getegid, geteuid};

use super::access::sidecars;
use crate::beside::folder;
use crate::say;

const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const SETGID: u32 = 0o2000;
const STICKY: u32 = 0o1000;

/// Why a mirror in WAL mode is not opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// `-wal` or `-shm` is there and this user may not read it.
    Unreadable(PathBuf),
    /// They are missing, on a file system that is mounted read-only.
    ReadOnlyMount,
    /// They are missing, and this user may make no files in the folder.
    ClosedFolder(PathBuf),
    /// They are missing, and the filler could not write those that we would make.
    StopsFiller,
}

/// A file or folder, and what it allows to whom.
#[derive(Clone, Copy, Debug)]
struct Owned {
    uid: u32,
    gid: u32,
    mode: u32,
}

/// Who runs this process.
#[derive(Clone, Copy, Debug)]
struct Reader {
    uid: u32,
    gid: u32,
}

/// What stands in the way of reading a mirror in WAL mode. It looks at names alone: opening and closing a file would
/// drop the locks on it.
pub(super) fn obstacle(path: &Path) -> Option<Obstacle> {
    let real = fs::canonicalize(path).ok()?;
    let sidecars = sidecars(&real);
    let unreadable = sidecars.iter().find(|file| file.exists() && may(file, Access::READ_OK).is_err());
    if let Some(file) = unreadable {
        return Some(Obstacle::Unreadable(file.clone()));
    }
    if sidecars.iter().all(|file| file.exists()) {
        return None;
    }
    let folder = folder(&real);
    match may(folder, Access::WRITE_OK | Access::EXEC_OK) {
        Err(Errno::ROFS) => return Some(Obstacle::ReadOnlyMount),
        Err(_) => return Some(Obstacle::ClosedFolder(folder.to_owned())),
        Ok(()) => {}
    }
    let reader = Reader { uid: geteuid().as_raw(), gid: getegid().as_raw() };
    let database = Owned::from(&fs::metadata(&real).ok()?);
    let owned_folder = Owned::from(&fs::metadata(folder).ok()?);
    let granted = is_granted(folder, database.uid);
    let goes_on = filler_goes_on(database, owned_folder, reader, granted);
    (!goes_on).then_some(Obstacle::StopsFiller)
}

fn may(path: &Path, access: Access) -> Result<(), Errno> {
    accessat(CWD, path, access, AtFlags::EACCESS)
}

/// Whether all who may write the database may write a file that `reader` makes beside it with the same permissions.
/// `granted`: the folder's default ACL gives new files to the database's owner.
fn filler_goes_on(database: Owned, folder: Owned, reader: Reader, granted: bool) -> bool {
    // What root makes, SQLite gives to the owner and the group of the database.
    if reader.uid == 0 {
        return true;
    }
    let group_writes = database.mode & GROUP_WRITES != 0;
    let others_write = group_writes && database.mode & OTHERS_WRITE != 0;
    let group = if folder.mode & SETGID != 0 { folder.gid } else { reader.gid };
    let in_group = group_writes && (group == database.gid || granted);
    if reader.uid == database.uid {
        return !group_writes || in_group || others_write;
    }
    (in_group || others_write) && !is_protected(folder, reader)
}

/// In a sticky folder Linux lets nobody open a file of somebody else's for creation (`fs.protected_regular`).
fn is_protected(folder: Owned, reader: Reader) -> bool {
    folder.mode & STICKY != 0 && folder.mode & (GROUP_WRITES | OTHERS_WRITE) != 0 && folder.uid != reader.uid
}

/// Whether the default ACL of a folder lets this user write new files there.
fn is_granted(folder: &Path, user: u32) -> bool {
    let mut buffer = [0; 4096];
    let read = rustix::fs::getxattr(folder, "system.posix_acl_default", &mut buffer[..]);
    read.is_ok_and(|length| grants(&buffer[..length], user))
}

/// The kernel's form: four bytes of version, then for each entry its tag, its permissions and whom it is about.
fn grants(acl: &[u8], user: u32) -> bool {
    const USER: [u8; 2] = [2, 0];
    const WRITE: u8 = 2;
    let entries = acl.get(4..).unwrap_or_default().chunks_exact(8);
    let names_user = |entry: &[u8]| entry[..2] == USER && entry[4..] == user.to_le_bytes();
    entries.into_iter().any(|entry| names_user(entry) && entry[2] & WRITE != 0)
}

impl From<&Metadata> for Owned {
    fn from(found: &Metadata) -> Owned {
        Owned { uid: found.uid(), gid: found.gid(), mode: found.mode() }
    }
}

impl Obstacle {
    /// What stands in the way, and what to do.
    pub(super) fn in_words(&self, path: &Path) -> String {
        let shown = path.display();
        match self {
            Obstacle::Unreadable(file) => {
                let file = file.display();
                say!(
                    "зеркало Ecvi {shown} в режиме WAL, а файл {file} этому пользователю нельзя читать: дайте право на чтение (docs/mirror.md)",
                    "the mirror {shown} is in WAL mode, and this user may not read {file}: grant that (docs/mirror.md)"
                )
            }
            Obstacle::ReadOnlyMount => say!(
                "зеркало Ecvi {shown} в режиме WAL, его диск подключён только для чтения, а файлов -wal и -shm рядом нет: переведите зеркало в journal_mode=DELETE или подключите диск с правом записи (docs/mirror.md)",
                "the mirror {shown} is in WAL mode on a file system that is mounted read-only, without -wal and -shm beside it: set journal_mode=DELETE, or mount it writable (docs/mirror.md)"
            ),
            Obstacle::ClosedFolder(folder) => {
                let folder = folder.display();
                say!(
                    "зеркало Ecvi {shown} в режиме WAL, а у этого пользователя нет права записи в папку {folder}: дайте обоим пользователям одну группу и ей право на папку, или переведите зеркало в journal_mode=DELETE (docs/mirror.md)",
                    "the mirror {shown} is in WAL mode, and this user may not write into the folder {folder}: give both users one group and it the folder, or set journal_mode=DELETE (docs/mirror.md)"
                )
            }
            Obstacle::StopsFiller => say!(
                "зеркало Ecvi {shown} в режиме WAL: при чтении здесь появились бы файлы -wal и -shm этого пользователя, и программа, которая наполняет зеркало, больше не смогла бы писать. Поэтому оно не открыто. Дайте обоим пользователям одну группу: файлу права 0660, папке 2770; или переведите зеркало в journal_mode=DELETE (docs/mirror.md)",
                "the mirror {shown} is in WAL mode: reading would leave -wal and -shm files of this user there, and what fills the mirror could not write any more. So it was not opened. Give both users one group, the file 0660 and the folder 2770; or set journal_mode=DELETE (docs/mirror.md)"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILLER: u32 = 1001;
    const READER: Reader = Reader { uid: 1002, gid: 1002 };
    const SHARED: u32 = 1003;

    fn database(gid: u32, mode: u32) -> Owned {
        Owned { uid: FILLER, gid, mode }
    }

    fn folder(gid: u32, mode: u32) -> Owned {
        Owned { uid: 0, gid, mode }
    }

    #[test]
    fn a_group_that_both_share_keeps_the_filler_going_and_nothing_less() {
        let setgid = folder(SHARED, 0o2770);
        for (mode, goes_on) in [(0o660, true), (0o664, true), (0o644, false), (0o640, false), (0o600, false)]
        {
            assert_eq!(filler_goes_on(database(SHARED, mode), setgid, READER, false), goes_on, "{mode:o}");
        }
        assert!(!filler_goes_on(database(SHARED, 0o660), folder(SHARED, 0o770), READER, false));
        let in_group = Reader { gid: SHARED, ..READER };
        assert!(filler_goes_on(database(SHARED, 0o660), folder(SHARED, 0o770), in_group, false));
        assert!(!filler_goes_on(database(FILLER, 0o660), setgid, READER, false));
    }

    #[test]
    fn what_all_may_write_stops_nobody_but_in_a_sticky_folder_of_somebody_elses() {
        assert!(filler_goes_on(database(FILLER, 0o666), folder(0, 0o777), READER, false));
        assert!(!filler_goes_on(database(FILLER, 0o666), folder(0, 0o1777), READER, false));
        let own = Owned { uid: READER.uid, gid: 0, mode: 0o1777 };
        assert!(filler_goes_on(database(FILLER, 0o666), own, READER, false));
    }

    #[test]
    fn the_owner_and_root_stop_nobody_unless_the_group_fills() {
        let own = Owned { uid: READER.uid, gid: SHARED, mode: 0o644 };
        assert!(filler_goes_on(own, folder(0, 0o755), READER, false));
        let of_group = Owned { mode: 0o660, ..own };
        assert!(!filler_goes_on(of_group, folder(0, 0o777), READER, false));
        assert!(filler_goes_on(of_group, folder(SHARED, 0o2770), READER, false));
        let root = Reader { uid: 0, gid: 0 };
        assert!(filler_goes_on(database(FILLER, 0o600), folder(0, 0o700), root, false));
    }

    #[test]
    fn a_default_acl_that_names_the_filler_keeps_it_going() {
        let entry = |tag: u8, permissions: u8, whom: u32| {
            [&[tag, 0, permissions, 0][..], &whom.to_le_bytes()].concat()
        };
        let acl = |permissions| {
            let version = 2_u32.to_le_bytes().to_vec();
            [version, entry(1, 7, u32::MAX), entry(2, permissions, FILLER), entry(16, 7, u32::MAX)].concat()
        };
        assert!(grants(&acl(6), FILLER));
        assert!(!grants(&acl(4), FILLER));
        assert!(!grants(&acl(6), SHARED));
        assert!(!grants(&[], FILLER));
        assert!(filler_goes_on(database(FILLER, 0o660), folder(0, 0o770), READER, true));
        assert!(!filler_goes_on(database(FILLER, 0o640), folder(0, 0o770), READER, true));
    }
}
