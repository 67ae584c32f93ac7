//! Locks on bytes of an opened file. They belong to the file, whatever its name, and the system
//! releases them when it is closed.
//!
//! `SQLite` uses such locks on other bytes of its files (<https://www.sqlite.org/lockingv3.html>),
//! so neither disturbs the other, also on a network file system. On systems without such locks
//! nothing is locked here.

use std::fs::File;
use std::io;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    first: i64,
    length: i64,
}

/// Held by the run that works on a state. Far behind the bytes that `SQLite` locks.
pub(crate) const RUN: Range = Range { first: 1 << 61, length: 1 };
/// All bytes that `SQLite` locks. While they are held, no other program reads or writes the
/// database.
pub(crate) const DATABASE: Range = Range { first: 0x4000_0000, length: 512 };
/// A program that writes into the database holds this byte.
pub(crate) const WRITER: Range = Range { first: 0x4000_0001, length: 1 };

/// Takes a lock until the file is closed; false when another program holds it.
#[cfg(target_os = "linux")]
pub(crate) fn try_lock(file: &File, range: Range) -> io::Result<bool> {
    use nix::fcntl::{FcntlArg, fcntl};
    outcome(fcntl(file, FcntlArg::F_OFD_SETLK(&range.exclusive())))
}

/// Whether the lock is ours, by what the system said.
#[cfg(target_os = "linux")]
fn outcome(tried: nix::Result<i32>) -> io::Result<bool> {
    use nix::errno::Errno;
    match tried {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        // A file system without such locks.
        Err(Errno::EINVAL | Errno::ENOLCK | Errno::EOPNOTSUPP | Errno::ENOSYS) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Whether another program holds one of these bytes.
#[cfg(target_os = "linux")]
pub(crate) fn is_held(file: &File, range: Range) -> bool {
    use nix::fcntl::{FcntlArg, fcntl};
    let mut asked = range.exclusive();
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut asked)).is_ok()
        && asked.l_type != nix::libc::F_UNLCK as nix::libc::c_short
}

#[cfg(target_os = "linux")]
impl Range {
    fn exclusive(self) -> nix::libc::flock {
        nix::libc::flock {
            l_type: nix::libc::F_WRLCK as nix::libc::c_short,
            l_whence: nix::libc::SEEK_SET as nix::libc::c_short,
            l_start: self.first,
            l_len: self.length,
            l_pid: 0,
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn try_lock(_: &File, _: Range) -> io::Result<bool> {
    Ok(true)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn is_held(_: &File, _: Range) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{Seek, SeekFrom};

    use rusqlite::Connection;

    use super::*;

    #[test]
    fn what_sqlite_locks_is_seen_and_the_byte_of_a_run_is_none_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE t (x)").unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        assert!(try_lock(&file, RUN).unwrap());
        connection.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)").unwrap();
        assert!(is_held(&file, WRITER) && !try_lock(&file, DATABASE).unwrap());
        connection.execute_batch("COMMIT").unwrap();
        assert!(!is_held(&file, WRITER) && try_lock(&file, DATABASE).unwrap());
        assert!(connection.execute_batch("INSERT INTO t VALUES (2)").is_err());
    }

    #[test]
    fn a_file_system_without_such_locks_keeps_no_run_away() {
        use nix::errno::Errno;
        for missing in [Errno::EINVAL, Errno::ENOLCK, Errno::EOPNOTSUPP, Errno::ENOSYS] {
            assert!(outcome(Err(missing)).unwrap(), "{missing}");
        }
        for held in [Errno::EAGAIN, Errno::EACCES] {
            assert!(!outcome(Err(held)).unwrap(), "{held}");
        }
        assert!(outcome(Err(Errno::EBADF)).is_err());
    }

    #[test]
    fn a_file_that_cannot_be_asked_about_its_locks_is_held_by_nobody() {
        use std::os::unix::fs::OpenOptionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        File::create(&path).unwrap();
        let name_only = nix::fcntl::OFlag::O_PATH.bits();
        let file = File::options().read(true).custom_flags(name_only).open(&path).unwrap();
        assert!(!is_held(&file, WRITER) && try_lock(&file, RUN).is_err());
    }

    #[test]
    fn a_file_of_two_names_has_one_lock() {
        let folder = tempfile::tempdir().unwrap();
        let names = [folder.path().join("one"), folder.path().join("two")];
        File::create(&names[0]).unwrap();
        std::fs::hard_link(&names[0], &names[1]).unwrap();
        let [one, two] = names.map(|name| File::options().write(true).open(name).unwrap());
        // The bytes are counted from the file's beginning, wherever it was read last.
        (&one).seek(SeekFrom::Start(100)).unwrap();
        assert!(try_lock(&one, RUN).unwrap() && !try_lock(&two, RUN).unwrap());
        drop(one);
        assert!(try_lock(&two, RUN).unwrap());
    }
}
