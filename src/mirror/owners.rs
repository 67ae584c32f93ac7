//! Who would own the files `-wal` and `-shm` if this process made them, and whether the program
//! that fills the mirror could still write then.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::Errno;
use rustix::process::{getegid, geteuid};

use super::access::sidecars;
use crate::domain::messages::MirrorMessage;
use crate::platform::sidecar_path::parent_dir;

const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const SETGID: u32 = 0o2000;
const STICKY: u32 = 0o1000;

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

/// Whether the database's owner may write new files in its folder.
#[derive(Clone, Copy, Debug, Default)]
struct Ties {
    /// The folder's default ACL lets the owner write them.
    is_granted: bool,
    /// The owner is known not to belong to the database's group: a folder with the setgid bit gave
    /// it to the file.
    is_outsider: bool,
}

/// What prevents reading a mirror in WAL mode. No file is opened here: closing it would drop the
/// locks on it.
pub(super) fn obstacle(mirror: &Path) -> Option<MirrorMessage> {
    let path = mirror.display().to_string();
    let real = fs::canonicalize(mirror).ok()?;
    let sidecars = sidecars(&real);
    for file in &sidecars {
        if file.exists() && may(file, Access::READ_OK).is_err() {
            let file = file.display().to_string();
            return Some(MirrorMessage::SidecarDenied { path, file });
        }
    }
    if sidecars.iter().all(|file| file.exists()) {
        return None;
    }
    let folder = parent_dir(&real);
    match may(folder, Access::WRITE_OK | Access::EXEC_OK) {
        Err(Errno::ROFS) => return Some(MirrorMessage::ReadOnlyMount { path }),
        Err(_) => {
            let folder = folder.display().to_string();
            return Some(MirrorMessage::ClosedFolder { path, folder });
        }
        Ok(()) => {}
    }
    let reader = Reader { uid: geteuid().as_raw(), gid: getegid().as_raw() };
    let database = Owned::from(&fs::metadata(&real).ok()?);
    let owned_folder = Owned::from(&fs::metadata(folder).ok()?);
    let is_granted = is_granted(folder, database.uid);
    let ties = Ties { is_granted, is_outsider: is_outsider(database) };
    if filler_goes_on(database, owned_folder, reader, ties) {
        return None;
    }
    Some(MirrorMessage::StopsFiller { path })
}

fn may(path: &Path, access: Access) -> Result<(), Errno> {
    accessat(CWD, path, access, AtFlags::EACCESS)
}

/// Whether all users who may write the database may also write a file that `reader` makes beside it
/// with the same permissions.
fn filler_goes_on(database: Owned, folder: Owned, reader: Reader, ties: Ties) -> bool {
    // What root makes, SQLite gives to the owner and the group of the database.
    if reader.uid == 0 {
        return true;
    }
    let group_writes = database.mode & GROUP_WRITES != 0;
    let others_write = group_writes && database.mode & OTHERS_WRITE != 0;
    let group = if folder.mode & SETGID != 0 { folder.gid } else { reader.gid };
    let keeps_group = group == database.gid;
    let group_goes_on = !group_writes || others_write || keeps_group || ties.is_granted;
    if reader.uid == database.uid {
        return group_goes_on;
    }
    let through_group = group_writes && (ties.is_granted || (keeps_group && !ties.is_outsider));
    let owner_goes_on = database.uid == 0 || others_write || through_group;
    owner_goes_on && group_goes_on && !is_protected(folder, reader)
}

/// Whether the folder is sticky: there Linux lets no program open another user's file for creation
/// (`fs.protected_regular`).
fn is_protected(folder: Owned, reader: Reader) -> bool {
    folder.mode & STICKY != 0
        && folder.mode & (GROUP_WRITES | OTHERS_WRITE) != 0
        && folder.uid != reader.uid
}

/// Whether the default ACL of a folder lets this user write new files there.
fn is_granted(folder: &Path, user: u32) -> bool {
    let mut buffer = [0; 4096];
    let read = rustix::fs::getxattr(folder, "system.posix_acl_default", &mut buffer[..]);
    read.is_ok_and(|length| grants(&buffer[..length], user))
}

/// Whether this machine knows the owner and the group of a file, and the owner is not in the group.
fn is_outsider(file: Owned) -> bool {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    is_no_member(&users, &groups, file)
}

fn is_no_member(users: &str, groups: &str, file: Owned) -> bool {
    let Some(user) = find_entry(users, file.uid) else { return false };
    let Some(group) = find_entry(groups, file.gid) else { return false };
    user[3] != group[2] && !group[3].split(',').any(|member| member == user[0])
}

/// The fields of a user or a group: `name:password:uid:gid:…`, `name:password:gid:members`.
fn find_entry(table: &str, id: u32) -> Option<Vec<&str>> {
    for line in table.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        if fields.len() > 3 && fields[2] == id.to_string() {
            return Some(fields);
        }
    }
    None
}

/// Whether an ACL lets the user write. The kernel's form: four bytes of version, then eight bytes
/// an entry: its tag, its permissions and its user.
fn grants(acl: &[u8], user: u32) -> bool {
    const USER: [u8; 2] = [2, 0];
    const WRITE: u8 = 2;
    for entry in acl.get(4..).unwrap_or_default().chunks_exact(8) {
        if entry[..2] == USER && entry[4..] == user.to_le_bytes() && entry[2] & WRITE != 0 {
            return true;
        }
    }
    false
}

impl From<&Metadata> for Owned {
    fn from(found: &Metadata) -> Owned {
        Owned { uid: found.uid(), gid: found.gid(), mode: found.mode() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILLER: u32 = 1001;
    const READER: Reader = Reader { uid: 1002, gid: 1002 };
    const SHARED: u32 = 1003;

    const GRANTED: Ties = Ties { is_granted: true, is_outsider: false };

    fn database(gid: u32, mode: u32) -> Owned {
        Owned { uid: FILLER, gid, mode }
    }

    fn folder(gid: u32, mode: u32) -> Owned {
        Owned { uid: 0, gid, mode }
    }

    #[test]
    fn a_group_that_both_share_keeps_the_filler_going_and_nothing_less() {
        let setgid = folder(SHARED, 0o2770);
        for (mode, goes_on) in
            [(0o660, true), (0o664, true), (0o644, false), (0o640, false), (0o600, false)]
        {
            assert_eq!(
                filler_goes_on(database(SHARED, mode), setgid, READER, Ties::default()),
                goes_on,
                "{mode:o}"
            );
        }
        assert!(!filler_goes_on(
            database(SHARED, 0o660),
            folder(SHARED, 0o770),
            READER,
            Ties::default()
        ));
        let in_group = Reader { gid: SHARED, ..READER };
        assert!(filler_goes_on(
            database(SHARED, 0o660),
            folder(SHARED, 0o770),
            in_group,
            Ties::default()
        ));
        assert!(!filler_goes_on(database(FILLER, 0o660), setgid, READER, Ties::default()));
    }

    #[test]
    fn what_all_may_write_stops_nobody_but_in_a_sticky_folder_of_somebody_elses() {
        assert!(filler_goes_on(database(FILLER, 0o666), folder(0, 0o777), READER, Ties::default()));
        assert!(!filler_goes_on(
            database(FILLER, 0o666),
            folder(0, 0o1777),
            READER,
            Ties::default()
        ));
        let own = Owned { uid: READER.uid, gid: 0, mode: 0o1777 };
        assert!(filler_goes_on(database(FILLER, 0o666), own, READER, Ties::default()));
    }

    #[test]
    fn the_owner_and_root_stop_nobody_unless_the_group_fills() {
        let own = Owned { uid: READER.uid, gid: SHARED, mode: 0o644 };
        assert!(filler_goes_on(own, folder(0, 0o755), READER, Ties::default()));
        let of_group = Owned { mode: 0o660, ..own };
        assert!(!filler_goes_on(of_group, folder(0, 0o777), READER, Ties::default()));
        assert!(filler_goes_on(of_group, folder(SHARED, 0o2770), READER, Ties::default()));
        let root = Reader { uid: 0, gid: 0 };
        assert!(filler_goes_on(database(FILLER, 0o600), folder(0, 0o700), root, Ties::default()));
    }

    #[test]
    fn an_owner_that_is_not_in_the_group_of_its_file_would_be_stopped() {
        let outsider = Ties { is_outsider: true, ..Ties::default() };
        assert!(!filler_goes_on(database(SHARED, 0o664), folder(SHARED, 0o2770), READER, outsider));
        assert!(filler_goes_on(database(SHARED, 0o666), folder(SHARED, 0o2777), READER, outsider));
        let users = "root:x:0:0::/root:/bin/sh\nfiller:x:1001:1001::/:/bin/sh\n";
        let file = database(SHARED, 0o664);
        assert!(is_no_member(users, "shared:x:1003:other,reader\n", file));
        assert!(!is_no_member(users, "shared:x:1003:other,filler\n", file));
        assert!(!is_no_member(users, "filler:x:1001:\n", database(1001, 0o664)), "his first group");
        assert!(!is_no_member("", "shared:x:1003:\n", file), "a user of a directory service");
        assert!(!is_no_member(users, "", file), "a group of a directory service");
    }

    #[test]
    fn what_root_fills_it_goes_on_filling() {
        let of_root = Owned { uid: 0, gid: 0, mode: 0o644 };
        assert!(filler_goes_on(of_root, folder(0, 0o777), READER, Ties::default()));
        assert!(!filler_goes_on(of_root, folder(0, 0o1777), READER, Ties::default()));
    }

    #[test]
    fn a_default_acl_that_names_the_filler_keeps_it_going() {
        let entry = |tag: u8, permissions: u8, whom: u32| {
            [&[tag, 0, permissions, 0][..], &whom.to_le_bytes()].concat()
        };
        let acl = |permissions| {
            let version = 2_u32.to_le_bytes().to_vec();
            [version, entry(1, 7, u32::MAX), entry(2, permissions, FILLER), entry(16, 7, u32::MAX)]
                .concat()
        };
        assert!(grants(&acl(6), FILLER));
        assert!(!grants(&acl(4), FILLER));
        assert!(!grants(&acl(6), SHARED));
        assert!(!grants(&[], FILLER));
        assert!(filler_goes_on(database(FILLER, 0o660), folder(0, 0o770), READER, GRANTED));
        assert!(!filler_goes_on(database(FILLER, 0o640), folder(0, 0o770), READER, GRANTED));
    }
}
